"""The ground the project stands on: what is installed, from where, and what the wheel carries."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import perfkit

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
CONDA_NAMES = {"matplotlib": "matplotlib-base", "pandera": "pandera-pandas"}
HEAVY = ("statsmodels", "sklearn", "papermill", "matplotlib")

# Asked of the wheel and of the checkout alike: every pack, every value in force, the library.
ASK_RULES = """
import json, pathlib, perfkit
from perfkit import rules
answer = {"at": str(pathlib.Path(perfkit.__file__).parent), "packs": {}}
for pack in rules.available()["id"]:
    held = rules.load(pack, on="2099-12-31")
    library = held.indicators() if held.indicator_rows else None
    answer["packs"][pack] = {
        "values": {name: held.value(name) for name in held.in_force()},
        "indicators": None if library is None else library.to_csv(index=False),
    }
print(json.dumps(answer, default=str))
"""


def bounds(lines) -> dict[str, str]:
    """Return name -> specifier of requirements, names in the canonical spelling."""
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(each.name): str(each.specifier) for each in requirements}


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def python(code: str, cwd: Path, **environment: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_environment_yml_keeps_step_with_pyproject():
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [line for line in content["dependencies"] if isinstance(line, str) and line != "pip"]
    (by_pip,) = [line["pip"] for line in content["dependencies"] if isinstance(line, dict)]
    assert "-e ." in by_pip
    wanted = {f"python{PROJECT['requires-python']}", *PROJECT["dependencies"], *EXTRAS["samples"], *EXTRAS["lab"]}
    named = {CONDA_NAMES.get(name, name): bound for name, bound in bounds(wanted).items()}
    assert bounds([*conda, *(line for line in by_pip if line != "-e .")]) == named
    assert content["name"] == "perfkit"
    assert content["channels"] == ["conda-forge"]


def test_constraints_hold_versions_and_nothing_else():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    odd = [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.!+]*|# [^@]*", line)]
    assert odd == []
    assert [line for line in lines if "://" in line or "perfkit==" in line] == []


def test_constraints_cover_all_that_is_asked_for():
    held = {canonicalize_name(name): version for name, version in pins().items()}
    asked = bounds([*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)])
    assert set(asked) <= set(held)
    unmet = [name for name, bound in asked.items() if not Requirement(f"x{bound}").specifier.contains(held[name])]
    assert unmet == []


def test_pre_commit_uses_the_versions_that_the_tests_use():
    content = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repo in content["repos"] for hook in repo["hooks"]]
    used = dict(line.split("==") for hook in hooks for line in hook["additional_dependencies"])
    held = pins()
    assert {name: used[name] for name in ("ruff", "nbstripout")} == {n: held[n] for n in ("ruff", "nbstripout")}


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_alone_lists_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)[1].split()
    assert {"help", "report", "test", "lab", "lint", "bench"} <= set(targets)
    defined = re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE)
    run = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    listed = re.findall(r"^  make (\S+) +\S", run.stdout, re.MULTILINE)
    assert sorted(listed) == sorted(targets) == sorted(defined)


def test_wheel_carries_every_file_and_the_same_rules(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    run = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stderr
    (wheel,) = tmp_path.glob("*.whl")
    inside, elsewhere = tmp_path / "wheel", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(inside)
    from_wheel, from_checkout = (
        json.loads(python(ASK_RULES, elsewhere, PYTHONPATH=str(place), PYTHONUTF8="1")) for place in (inside, ROOT)
    )
    assert Path(from_wheel["at"]) == (inside / "perfkit").resolve()
    assert Path(from_checkout["at"]) == ROOT / "perfkit"
    assert set(from_wheel["packs"]) >= {"cn-project-2020", "cn-ex-ante", "teaching-demo"}
    assert from_wheel["packs"] == from_checkout["packs"]
    files = [path for path in (ROOT / "perfkit").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert [path for path in files if not (inside / path.relative_to(ROOT)).is_file()] == []


def test_import_perfkit_is_light(tmp_path):
    ask = f"import sys, perfkit; print(*({set(HEAVY)} & sys.modules.keys()))"
    assert python(ask, tmp_path, PYTHONPATH=str(ROOT)).split() == []
    loaded = python(ask.replace("perfkit;", "matplotlib;", 1), tmp_path).split()
    assert loaded == ["matplotlib"]


def test_version_is_the_newest_heading_of_the_changelog():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[?(\d[^\s\]]*)", text, re.MULTILINE)
    assert versions, "CHANGELOG.md has no '## VERSION' heading"
    assert versions[0] == perfkit.__version__
    assert versions == sorted(versions, key=Version, reverse=True)
    newest = re.split(r"^## ", text, flags=re.MULTILINE)[1]
    assert re.findall(r"^### (.*)$", newest, re.MULTILINE) == ["Rules", "Code"]


def test_every_pin_installs_on_the_oldest_python():
    """Debian 12 has Python 3.11.2; ``make constraints`` on a newer one may pin what needs more."""
    from importlib import metadata

    from packaging.specifiers import SpecifierSet

    wanting = []
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        name, _, version = line.partition("==")
        try:
            held = metadata.metadata(name)
        except (metadata.PackageNotFoundError, ValueError):
            continue  # a peer of the benchmarks, not installed here
        needs = held.get("Requires-Python") if held["Version"] == version else None
        if needs and not SpecifierSet(needs).contains("3.11.2"):
            wanting.append(f"{line}: {needs}")
    assert wanting == []
