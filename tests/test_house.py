"""The house keeps its plan: floors and imports, size, words, numbers of law, clean text.

Every check is a function that returns the problems it finds, and has a bad example that it must catch.
"""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = {
    "errors": 0,
    "tables": 1,
    "rules": 2,
    "readers": 2,
    "measure": 3,
    "sampling": 3,
    "estimation": 3,
    "reliability": 3,
    "methods": 3,
    "cycle": 4,
    "reporting": 4,
    "teaching": 4,
    "cli": 5,
    "__main__": 6,
}
# Rooms whose files are ideas of their own; any other folder is one module that has grown.
ROOMS = ("measure", "methods", "cycle")
# The shape in which every method answers: the one file of methods/ that the others may name.
SHAPE = ("methods", "result")
CLOSED = {
    "reporting": ("measure", "methods", "cycle"),
    **dict.fromkeys(("methods", "sampling", "estimation", "reliability"), ("rules",)),
}
POSIX_ONLY = {"fcntl", "resource", "pwd", "grp", "termios", "pty", "tty"}
VAGUE = {"util", "utils", "helper", "helpers", "manager", "managers", "misc", "common"}
LAW = {90, 80, 70, 60, 0.9, 0.8, 0.7, 0.6, 0.08, 0.06, 50, 40, 30, 20, 0.3, 500, 5_000_000}
LINES = 420
# Written with classes so that this file does not find itself.
UNCLEAN = {
    "a path of one machine": re.compile(r"(?<![\w.])/w[o]rk/"),
    "a private package index": re.compile(
        r"pypi[-.]m[i]rror|m[i]rror[-.]pypi|//[\w.-]+\.(?:internal|local|lan|corp)\b|//(?:10\.|192\.168\.)|/o[p]t/pypi"
    ),
    "unfinished": re.compile(r"\bT[O]DO\b|\bF[I]XME\b"),
}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(source: str, name: str, known: set[str], is_package: bool = False) -> set[str]:
    """Return the modules of perfkit that the module ``name`` names in its imports, wherever they stand."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            home = name.split(".")
            home = home[: len(home) - node.level + is_package] if node.level else []
            base = ".".join([*home, *([node.module] if node.module else [])])
            for alias in node.names:
                longer = f"{base}.{alias.name}"
                found.add(longer if longer in known else base)
    return {each for each in found if each.split(".")[0] == "perfkit"}


def idea(name: str) -> tuple[str, ...]:
    """Return the idea a module belongs to: ("measure", "scoring"), ("tables",), () for perfkit itself."""
    parts = tuple(name.split(".")[1:])
    return parts[:2] if parts[:1] and parts[0] in ROOMS else parts[:1]


def import_problems(graph: dict[str, set[str]]) -> list[str]:
    """Return every import that goes up or sideways, and every circle."""
    problems = []
    for name, targets in sorted(graph.items()):
        here = idea(name)
        if here and here[0] not in FLOORS:
            problems.append(f"{name} stands on no floor")
            continue
        for target in sorted(targets):
            there = idea(target)
            if there in (here, ()):
                continue
            if not here:
                problems.append(f"{name} imports {target}: perfkit itself imports nothing")
            elif there[0] not in FLOORS:
                problems.append(f"{name} imports {target}, which stands on no floor")
            elif there[0] in CLOSED.get(here[0], ()):
                problems.append(f"{name} imports {target}: {here[0]} knows nothing of {there[0]}")
            elif FLOORS[there[0]] >= FLOORS[here[0]] and not (
                (here == ("measure", "scorecard") and there[0] == "measure")
                or (here[0] == "methods" and there == SHAPE)
            ):
                problems.append(f"{name} (floor {FLOORS[here[0]]}) imports {target} (floor {FLOORS[there[0]]})")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        problems.append("a circle: " + " -> ".join(circle.args[1]))
    return problems


def at_the_top(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs when the file is imported."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from at_the_top(child)


def public_parts(tree: ast.Module | ast.ClassDef) -> Iterator[ast.AST]:
    """Yield the functions, classes and methods that a user may call."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
            yield node
            yield from public_parts(node) if isinstance(node, ast.ClassDef) else ()


def file_problems(source: str, name: str) -> list[str]:
    """Return what is wrong within one file of the package."""
    tree, problems = ast.parse(source), []
    if len(source.splitlines()) > LINES:
        problems.append(f"{name}: {len(source.splitlines())} lines, more than {LINES}: split it by idea")
    if VAGUE & set(name.split(".")):
        problems.append(f"{name}: a vague name")
    for node in at_the_top(tree):
        names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
        names |= {node.module} if isinstance(node, ast.ImportFrom) else set()
        problems.extend(
            f"{name}:{node.lineno}: {each} is missing on Windows" for each in sorted(names & POSIX_ONLY, key=str)
        )
    for node in [tree, *public_parts(tree)]:
        if not ast.get_docstring(node):
            problems.append(f"{name}: {getattr(node, 'name', 'the module')} has no docstring")
    asserts = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    return problems + [f"{name}:{line}: assert is for tests" for line in asserts]


def law_problems(source: str, name: str) -> list[str]:
    """Return the numbers that look like law: they belong in a rule pack."""
    constants = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    numbers = [node for node in constants if type(node.value) in (int, float) and node.value in LAW]
    return [f"{name}:{node.lineno}: {node.value} belongs in a rule pack" for node in numbers]


def cells_of(text: str) -> str:
    """Return the code of a notebook as one source."""
    cells = json.loads(text)["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def text_problems(text: str, where: str) -> list[str]:
    return [
        f"{where}:{number}: {what}: {line.strip()[:80]}"
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in UNCLEAN.items()
        if pattern.search(line)
    ]


def project_texts() -> dict[str, str]:
    """Return the text files that git tracks or would track."""
    ask = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    run = subprocess.run(ask, cwd=ROOT, capture_output=True, check=False)
    if run.returncode:
        pytest.skip("git knows nothing of this folder")
    paths = [ROOT / name for name in run.stdout.decode().split("\0") if name]
    raw = {path: path.read_bytes() for path in paths if path.is_file()}
    return {
        str(path.relative_to(ROOT)): data.decode(errors="replace") for path, data in raw.items() if b"\0" not in data
    }


SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "perfkit").rglob("*.py"))}


def test_imports_go_down_only():
    known = {module_name(path) for path in SOURCES}
    graph = {
        module_name(path): imported(source, module_name(path), known, path.name == "__init__.py")
        for path, source in SOURCES.items()
    }
    assert graph
    assert import_problems(graph) == []


@pytest.mark.parametrize("path", SOURCES, ids=[module_name(path) for path in SOURCES])
def test_file_is_in_order(path):
    assert file_problems(SOURCES[path], module_name(path)) == []


def test_no_number_of_law_in_code():
    lawful = [path for path in SOURCES if re.match(r"perfkit\.(measure|cycle|rules)\b", module_name(path))]
    assert lawful
    assert [problem for path in lawful for problem in law_problems(SOURCES[path], module_name(path))] == []


def test_no_number_of_law_in_notebooks():
    notebooks = [p for p in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts]
    assert notebooks
    sources = {path.stem: cells_of(path.read_text(encoding="utf-8")) for path in notebooks}
    assert all(sources.values())
    assert [problem for name, source in sources.items() for problem in law_problems(source, name)] == []


def test_text_is_clean():
    texts = project_texts()
    assert texts
    assert [problem for name, text in texts.items() for problem in text_problems(text, name)] == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("perfkit.errors", "from perfkit import tables"),
        ("perfkit.tables.reading", "import perfkit.rules"),
        ("perfkit.rules", "from perfkit import readers"),
        ("perfkit.measure.scoring", "from perfkit.measure import grading"),
        ("perfkit.measure.scoring", "from . import grading"),
        ("perfkit.measure.scoring", "def f():\n    from perfkit.measure.scorecard import score"),
        ("perfkit.sampling", "from perfkit import rules"),
        ("perfkit.methods.panel", "from perfkit.rules import load"),
        ("perfkit.methods.panel", "from perfkit.methods import did"),
        ("perfkit.cycle.targets", "from perfkit.cycle.monitoring import watch"),
        ("perfkit.cycle.targets", "from perfkit import reporting"),
        ("perfkit.reporting.batch", "from perfkit.measure import scorecard"),
        ("perfkit.reporting.batch", "from perfkit.methods import did"),
        ("perfkit.reporting.batch", "from perfkit.cli import main"),
        ("perfkit", "from perfkit import tables"),
        ("perfkit.attic", "import json"),
    ],
)
def test_an_import_that_goes_up_is_caught(name, source):
    known = {"perfkit.measure.grading", "perfkit.measure.scorecard", "perfkit.tables", "perfkit.rules"}
    known |= {"perfkit.readers", "perfkit.methods.did", "perfkit.reporting"}
    assert import_problems({name: imported(source, name, known)})


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("perfkit.tables.reading", "from perfkit.tables.contracts import contract"),
        ("perfkit.measure.scorecard", "from perfkit.measure import grading, scoring"),
        ("perfkit.reporting.batch", "from perfkit.reporting.orders import Order"),
        ("perfkit.methods.panel", "from perfkit.methods.result import Result"),
        ("perfkit.cycle.targets", "from perfkit import rules, tables\nfrom perfkit.measure import scorecard"),
        ("perfkit.reporting.manifest", "from perfkit import __version__"),
        ("perfkit.cli", "from perfkit.cycle import targets\nfrom perfkit.reporting import batch"),
    ],
)
def test_an_import_that_goes_down_is_let_through(name, source):
    known = {"perfkit.measure.grading", "perfkit.measure.scorecard", "perfkit.measure.scoring", "perfkit.rules"}
    known |= {"perfkit.tables", "perfkit.cycle.targets", "perfkit.reporting.batch"}
    assert import_problems({name: imported(source, name, known)}) == []


def test_a_circle_is_caught():
    graph = {"perfkit.tables.a": {"perfkit.tables.b"}, "perfkit.tables.b": {"perfkit.tables.a"}}
    assert import_problems(graph)[0].startswith("a circle")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("", "perfkit.x"),
        ('"""D."""\nimport fcntl', "perfkit.x"),
        ('"""D."""\ntry:\n    from resource import getrusage\nexcept ImportError:\n    pass', "perfkit.x"),
        ('"""D."""\ndef f(): ...', "perfkit.x"),
        ('"""D."""\nclass C: ...', "perfkit.x"),
        ('"""D."""\nclass C:\n    """D."""\n    def f(self): ...', "perfkit.x"),
        ('"""D."""\ndef _f(x):\n    assert x', "perfkit.x"),
        ('"""D."""\n' + "1\n" * LINES, "perfkit.x"),
        ('"""D."""', "perfkit.utils"),
    ],
)
def test_a_file_out_of_order_is_caught(source, name):
    assert len(file_problems(source, name)) == 1


def test_a_file_in_order_is_let_through():
    assert file_problems('"""D."""\nclass _C:\n    def f(self): ...', "perfkit.x") == []
    assert file_problems('"""D."""\ndef _f():\n    import fcntl\n    return fcntl', "perfkit.x") == []


def test_a_number_of_law_is_caught():
    assert len(law_problems("limit = 90 if share >= 0.8 else 5_000_000.0", "x")) == 3
    assert law_problems('"""Not 90."""\nshare = 0.85 * 100', "x") == []


def test_a_number_of_law_in_a_notebook_is_caught():
    code = [{"cell_type": "code", "source": ["x = 1\n", "if points >= 90:\n", "    x = 2"]}]
    text = json.dumps({"cells": [{"cell_type": "markdown", "source": "90 is 优"}, *code]})
    assert law_problems(cells_of(text), "n") == ["n:2: 90 belongs in a rule pack"]


def test_unclean_text_is_caught():
    bad = [
        "see /wo" + "rk/main",
        "https://pypi-mi" + "rror.example",
        "# TO" + "DO later",
        "http://pip.co" + "rp/simple",
    ]
    assert [len(text_problems(line, "x")) for line in bad] == [1, 1, 1, 1]
    assert text_problems("https://pypi.org/simple and network/work/life", "x") == []
