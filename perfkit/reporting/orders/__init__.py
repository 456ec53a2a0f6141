"""An order: which notebook to run, with which parameters, how often. Checked whole before anything runs.

An order is a YAML file beside the folder that it builds::

    title: 2022 年度重点绩效评价
    notebook: notebooks/42_key_evaluation.ipynb
    formats: [html, docx, pdf]
    common: {pack: cn-project-2020, on: "2022-12-31", data: data/samples/forms}
    runs: [{unit_id: "001"}, {unit_id: "002"}]

``runs`` may also be ``{each: unit_id, from: units.csv}`` (a table's column), ``{each: unit_id, values: ["a", "b"]}``
or ``{each: data, glob: "forms/*.xlsx"}`` (a run for each file, given by its path); instead of ``notebook``,
``common`` and ``runs`` there may be ``parts``, a list of them. ``reference`` names a Word document whose styles the
Word reports take. Paths are relative to the root: the first folder, from the order's own upwards, in which the
notebooks are found.
"""

from __future__ import annotations

import hashlib
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from perfkit import rules
from perfkit.errors import OrderError, RuleError, fail_if_any
from perfkit.reporting import export
from perfkit.reporting.orders import form, names
from perfkit.reporting.orders.checking import Checking, meant
from perfkit.reporting.orders.listing import listed
from perfkit.reporting.signatures import ParameterSpec, fitted, inspect, signature

__all__ = ["Job", "Order", "ParameterSpec", "load", "signature"]


@dataclass(frozen=True)
class Job:
    """One report to make.

    ``parameters`` are those the order gives, ``settings`` all that the notebook will see (with its defaults),
    ``slug`` a file name that no other run shares, ``title`` a hint until the report names itself, ``heading`` what
    the index lists it under.
    """

    notebook: Path
    parameters: Mapping[str, Any]
    settings: Mapping[str, Any]
    slug: str
    title: str
    heading: str = ""

    @property
    def lang(self) -> str:
        """The language the report is printed in."""
        return "en" if self.settings.get("lang") == "en" else "zh"


@dataclass(frozen=True)
class Order:
    """An order that can be carried out: ``root`` is the folder that notebooks run in, ``sha256`` that of the file.

    ``reference`` is the document that Word reports are written on; None: the one that comes with the kit.
    """

    path: Path
    sha256: str
    root: Path
    title: str
    formats: tuple[str, ...]
    jobs: tuple[Job, ...]
    reference: Path | None = None


def load(path: str | Path) -> Order:
    """Read an order and check all of it: form, notebooks, every parameter of every run.

    Raises
    ------
    OrderError
        If it cannot be carried out as written; all problems at once.
    """
    file = Path(path).resolve()
    checking = Checking(file.name, file.parent)
    if file.suffix.lower() not in (".yaml", ".yml"):
        # Without its ending it would have the name of the folder it builds.
        checking.say(("not the name of an order", "不是任务单文件名"), "", "*.yaml", file.name)
        fail_if_any(OrderError, file.name, checking.problems)
    shape = form.read(file, checking)
    parts = shape.parts if isinstance(shape, form.Parts) else [shape] if shape is not None else []
    jobs: list[Job] = []
    reference: Path | None = None
    if shape is not None:
        checking.root = _root(file.parent, [part.notebook for part in parts])
        reference = checking.root / shape.reference if shape.reference else None
        checking.problems.extend(export.unfit(shape.formats, reference, checking.name))
        if not parts:
            checking.say(("no parts", "没有任何部分"), "parts")
        for at, part in enumerate(parts, start=1):
            jobs.extend(_jobs(part, f"parts[{at}] › " if isinstance(shape, form.Parts) else "", checking))
        _check_duplicates(jobs, checking)
        _check_settings(jobs, checking)
    fail_if_any(OrderError, file.name, checking.problems)
    if shape is None:
        raise OrderError((f"{file.name} is empty", f"{file.name} 是空的"))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    formats = tuple(dict.fromkeys(shape.formats))
    return Order(file, digest, checking.root, shape.title, formats, tuple(jobs), reference)


def _root(home: Path, notebooks: list[str]) -> Path:
    for folder in (home, *home.parents):
        if notebooks and all((folder / each).is_file() for each in notebooks):
            return folder
    return home


def _jobs(part: form.Part, where: str, checking: Checking) -> list[Job]:
    notebook = checking.root / part.notebook
    if not notebook.is_file():
        checking.say(
            ("no such notebook", "没有该 notebook"),
            f"{where}notebook",
            got=part.notebook,
            do=("give the path from a folder above the order", "请写出自上级某文件夹起的路径"),
        )
        return []
    declared, wrong = inspect(notebook)
    checking.problems.extend(wrong)
    if wrong:
        return []
    specs = {spec.name: spec for spec in declared}
    common = _values(part.common, specs, f"{where}common", checking)
    runs = [(spot, _values(run, specs, spot, checking)) for spot, run in listed(part.runs, specs, where, checking)]
    _check_required(specs, common, runs, where, checking)
    return [replace(_job(part.notebook, notebook, declared, common, run), heading=part.heading) for _, run in runs]


def _values(
    given: Mapping[Any, Any], specs: Mapping[str, ParameterSpec], where: str, checking: Checking
) -> dict[str, Any]:
    taken: dict[str, Any] = {}
    for name, value in given.items():
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
            checking.say(("not a name of a parameter", "不是参数名"), where, "a Python identifier", repr(name))
        elif name not in specs:
            checking.say(("unknown parameter", "未知的参数"), where, got=name, **meant(name, list(specs)))
        else:
            taken[name], wrong = fitted(value, specs[name], f"{checking.name} › {where} › {name}")
            checking.problems.extend(wrong)
            if specs[name].required and taken[name] == "" and not wrong:
                checking.say((f"required parameter {name} is empty", f"必填参数“{name}”为空"), f"{where} › {name}")
            if name == "data" and not wrong and taken[name] and not (checking.root / str(taken[name])).exists():
                checking.say(
                    ("no such data", "没有该数据"), f"{where} › data", f"a path under {checking.root}", taken[name]
                )
    return taken


def _check_settings(jobs: list[Job], checking: Checking) -> None:
    """Refuse what would fail in every run: a language or a rule pack and day that are not there, an empty code."""
    loaded: dict[tuple[str, str], RuleError | None] = {}
    for job in jobs:
        seen = job.settings
        if "lang" in seen and seen["lang"] not in ("zh", "en"):
            checking.say(("unknown language", "未知的语言"), job.title, "zh | en", str(seen["lang"]), column="lang")
        if "pack" in seen and "on" in seen:
            key = (str(seen["pack"]), str(seen["on"]))
            if key not in loaded:
                loaded[key] = _refused(*key)
            error = loaded[key]
            if error is not None:
                checking.say((error.head[0], error.head[1]), job.title, got=" @ ".join(key), column="pack")


def _refused(pack: str, on: str) -> RuleError | None:
    try:
        rules.load(pack, on)
    except RuleError as error:
        return error
    return None


def _check_required(
    specs: Mapping[str, ParameterSpec],
    common: Mapping[str, Any],
    runs: list[tuple[str, dict[str, Any]]],
    where: str,
    checking: Checking,
) -> None:
    for name in [spec.name for spec in specs.values() if spec.required and spec.name not in common]:
        lacking = [spot for spot, run in runs if name not in run]
        # Told once where no run names it.
        for spot in [f"{where}common"] if lacking and len(lacking) == len(runs) else lacking:
            checking.say(
                (f"required parameter {name} is missing", f"缺少必填参数“{name}”"),
                spot,
                specs[name].type,
                do=(specs[name].comment, specs[name].comment),
                column=name,
            )


def _check_duplicates(jobs: list[Job], checking: Checking) -> None:
    seen: set[str] = set()
    for job in jobs:
        if job.slug in seen:
            checking.say(("the same run stands twice", "同一运行出现两次"), job.title, got=str(dict(job.parameters)))
        seen.add(job.slug)


def _job(
    name: str, notebook: Path, declared: list[ParameterSpec], common: Mapping[str, Any], run: Mapping[str, Any]
) -> Job:
    parameters = {**common, **run}
    words = [str(value) for value in run.values() if value not in (None, "", [])]
    kind = re.sub(r"^\d+[_-]*", "", notebook.stem) or notebook.stem
    return Job(
        notebook=notebook,
        parameters=parameters,
        settings={**{spec.name: spec.default for spec in declared}, **parameters},
        slug=names.slug([kind, *words], {"notebook": Path(name).as_posix(), "parameters": parameters}),
        title=" ".join([kind, *words]),
    )
