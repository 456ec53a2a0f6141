"""An order: which notebook to run, with which parameters, how often. Checked whole before anything runs.

An order is a YAML file beside the folder that it builds::

    title: 2022 年度重点绩效评价
    notebook: notebooks/42_key_evaluation.ipynb
    formats: [html, docx, pdf]
    common: {pack: cn-project-2020, on: "2022-12-31", data: data/samples/forms}
    runs: [{unit_id: "001"}, {unit_id: "002"}]

``runs`` may also be ``{each: unit_id, from: units.csv}`` or ``{each: unit_id, values: ["a", "b"]}``; instead of
``notebook``, ``common`` and ``runs`` there may be ``parts``, a list of them. ``reference`` names a Word document
whose styles the Word reports take. Paths are relative to the root: the first folder, from the order's own upwards,
in which the notebooks are found.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import keyword
import re
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from perfkit import rules, tables
from perfkit.errors import OrderError, Problem, RuleError, fail_if_any
from perfkit.reporting import export
from perfkit.reporting.signatures import ParameterSpec, fitted, inspect, signature
from perfkit.rules.notation import UniqueKeys, parse

__all__ = ["Job", "Order", "ParameterSpec", "load", "signature"]

_SLUG_LENGTH = 60
_HASH_LENGTH = 8


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


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Part(_Strict):
    notebook: str
    heading: str = ""
    common: dict[str, Any] = {}
    runs: list[dict[str, Any]] | dict[str, Any]


class _Parts(_Strict):
    title: str
    formats: list[str] = ["html"]
    reference: str = ""
    parts: list[_Part]


class _Single(_Part):
    title: str
    formats: list[str] = ["html"]
    reference: str = ""


@dataclass
class _Checking:
    """What is known of an order while it is read: problems gather here, to be told all at once."""

    name: str
    root: Path
    problems: list[Problem] = field(default_factory=list)

    def say(self, what: tuple[str, str], where: str, expected: str = "", got: str = "", **more: Any) -> None:
        place = " › ".join(part for part in (self.name, where) if part)
        self.problems.append(Problem(what, place, expected, got, **more))


def load(path: str | Path) -> Order:
    """Read an order and check all of it: form, notebooks, every parameter of every run.

    Raises
    ------
    OrderError
        If it cannot be carried out as written; all problems at once.
    """
    file = Path(path).resolve()
    checking = _Checking(file.name, file.parent)
    if file.suffix.lower() not in (".yaml", ".yml"):
        # Without its ending it would have the name of the folder it builds.
        checking.say(("not the name of an order", "不是任务单文件名"), "", "*.yaml", file.name)
        fail_if_any(OrderError, file.name, checking.problems)
    shape = _shaped(_yaml(file, checking), checking)
    parts = shape.parts if isinstance(shape, _Parts) else [shape] if shape is not None else []
    jobs: list[Job] = []
    reference: Path | None = None
    if shape is not None:
        checking.root = _root(file.parent, [part.notebook for part in parts])
        reference = checking.root / shape.reference if shape.reference else None
        checking.problems.extend(export.unfit(shape.formats, reference, checking.name))
        if not parts:
            checking.say(("no parts", "没有任何部分"), "parts")
        for at, part in enumerate(parts, start=1):
            jobs.extend(_jobs(part, f"parts[{at}] › " if isinstance(shape, _Parts) else "", checking))
        _check_duplicates(jobs, checking)
        _check_settings(jobs, checking)
    fail_if_any(OrderError, file.name, checking.problems)
    if shape is None:
        raise OrderError((f"{file.name} is empty", f"{file.name} 是空的"))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return Order(
        file, digest, checking.root, shape.title, tuple(dict.fromkeys(shape.formats)), tuple(jobs), reference
    )


class _Yaml(UniqueKeys):
    """YAML in which only true and false are yes and no.

    By the letter of YAML 1.1 the key ``on`` is the value true, and a unit called ``no`` is false.
    """


_BOOL = "tag:yaml.org,2002:bool"
_Yaml.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in held if tag != _BOOL]
    for first, held in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Yaml.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def _yaml(file: Path, checking: _Checking) -> Any:
    try:
        return parse(file.read_text(encoding="utf-8-sig"), _Yaml)
    except OSError:
        checking.say(("no such file", "没有该文件"), "", got=str(file))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, TypeError) as error:
        checking.say(("not valid YAML", "不是有效的 YAML"), "", got=" ".join(str(error).split()))
    fail_if_any(OrderError, file.name, checking.problems)
    return None


def _shaped(content: Any, checking: _Checking) -> _Single | _Parts | None:
    kind: type[_Single] | type[_Parts] = _Parts if isinstance(content, dict) and "parts" in content else _Single
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        known = ", ".join(kind.model_fields)
        for each in error.errors():
            where = " › ".join(str(step) for step in each["loc"] if not str(step).startswith(("list[", "dict[")))
            if each["type"] == "extra_forbidden":
                checking.say(
                    ("unknown key", "未知的键"), where, known, **_meant(str(each["loc"][-1]), known.split(", "))
                )
            elif each["type"] == "missing":
                checking.say(("key missing", "缺少键"), where)
            else:
                checking.say(("wrong value", "值不对"), where, each["msg"], repr(each["input"])[:80])
        return None


def _root(home: Path, notebooks: list[str]) -> Path:
    for folder in (home, *home.parents):
        if notebooks and all((folder / each).is_file() for each in notebooks):
            return folder
    return home


def _jobs(part: _Part, where: str, checking: _Checking) -> list[Job]:
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
    runs = [(spot, _values(run, specs, spot, checking)) for spot, run in _runs(part.runs, specs, where, checking)]
    _check_required(specs, common, runs, where, checking)
    return [replace(_job(part.notebook, notebook, declared, common, run), heading=part.heading) for _, run in runs]


def _runs(
    runs: list[dict[str, Any]] | dict[str, Any], specs: Mapping[str, ParameterSpec], where: str, checking: _Checking
) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] | None
    if isinstance(runs, list):
        found = [(f"{where}runs[{at}]", run) for at, run in enumerate(runs, start=1)]
    else:
        found = _each(runs, specs, f"{where}runs", checking)
    if found is None:
        return []
    if not found:
        checking.say(("no runs at all", "没有任何一次运行"), f"{where}runs")
    return found


def _each(
    runs: dict[str, Any], specs: Mapping[str, ParameterSpec], where: str, checking: _Checking
) -> list[tuple[str, dict[str, Any]]] | None:
    name, given = runs.get("each"), set(runs)
    if not isinstance(name, str) or given not in ({"each", "from"}, {"each", "values"}):
        checking.say(
            ("runs are not written as they should be", "runs 写法不对"),
            where,
            "a list of runs, {each, from} or {each, values}",
            ", ".join(sorted(map(str, given))),
        )
        return None
    if "values" in runs:
        if not isinstance(runs["values"], list):
            checking.say(("values are not a list", "values 不是列表"), where, '["a", "b"]', repr(runs["values"])[:80])
            return None
        return [(f"{where} › values[{at}]", {name: each}) for at, each in enumerate(runs["values"], start=1)]
    column = _column(checking.root / str(runs["from"]), name, where, checking)
    if column is None:
        return None
    kind = specs[name].type if name in specs else "str"
    return [(f"{runs['from']} › {text}", {name: _from_text(text, kind)}) for text in column]


def _column(file: Path, name: str, where: str, checking: _Checking) -> list[str] | None:
    """Return the values of a column as text, each once; codes keep their zeros."""
    try:
        frames = _text_frames(file)
    except (OSError, ValueError, ImportError, pd.errors.ParserError, zipfile.BadZipFile) as error:
        checking.say(("cannot read the file", "无法读取文件"), f"{where} › from", got=f"{file.name}: {error}"[:200])
        return None
    spellings = tables.spellings(name)
    for frame in frames:
        for title in frame.columns:
            if tables.folded(title) in spellings:
                return list(dict.fromkeys(text for each in frame[title].dropna() if (text := str(each).strip())))
    checking.say(
        ("the file has no such column", "文件没有该列"),
        f"{where} › from › {file.name}",
        name,
        ", ".join(str(title) for frame in frames for title in frame.columns),
    )
    return None


def _text_frames(file: Path) -> list[pd.DataFrame]:
    """Return the sheets of a workbook, or the one table of any other file, all as text."""
    if file.suffix.lower() in (".xlsx", ".xlsm"):
        return list(pd.read_excel(file, dtype=str, keep_default_na=False, sheet_name=None).values())
    if file.suffix.lower() == ".parquet":
        return [pd.read_parquet(file)]
    try:
        return [pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")]
    except UnicodeDecodeError:
        # What Excel on a Chinese Windows writes as CSV.
        return [pd.read_csv(file, dtype=str, keep_default_na=False, encoding="gb18030")]


def _from_text(text: str, kind: str) -> Any:
    for base, number in (("int", int), ("float", float)):
        if kind.startswith(base):
            try:
                return number(text)
            except ValueError:
                return text
    return text


def _values(
    given: Mapping[Any, Any], specs: Mapping[str, ParameterSpec], where: str, checking: _Checking
) -> dict[str, Any]:
    taken: dict[str, Any] = {}
    for name, value in given.items():
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
            checking.say(("not a name of a parameter", "不是参数名"), where, "a Python identifier", repr(name))
        elif name not in specs:
            checking.say(("unknown parameter", "未知的参数"), where, got=name, **_meant(name, list(specs)))
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


def _check_settings(jobs: list[Job], checking: _Checking) -> None:
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


def _meant(name: str, known: list[str]) -> dict[str, Any]:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return {"do": (f"did you mean {close[0]}?", f"是否应为 {close[0]}？"), "column": name}
    return {"do": (f"known: {', '.join(known)}", f"可用：{'、'.join(known)}"), "column": name}


def _check_required(
    specs: Mapping[str, ParameterSpec],
    common: Mapping[str, Any],
    runs: list[tuple[str, dict[str, Any]]],
    where: str,
    checking: _Checking,
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


def _check_duplicates(jobs: list[Job], checking: _Checking) -> None:
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
        slug=_slug([kind, *words], {"notebook": Path(name).as_posix(), "parameters": parameters}),
        title=" ".join([kind, *words]),
    )


def _slug(words: list[str], identity: Mapping[str, Any]) -> str:
    """Return a file name safe on every system; the hash at its end tells runs apart and rules out reserved names."""
    text = unicodedata.normalize("NFC", "-".join(words))
    plain = re.sub(r"-{2,}", "-", re.sub(r"[^\w-]", "-", text))[:_SLUG_LENGTH].strip("-_") or "report"
    canonical = json.dumps(identity, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{plain}-{hashlib.sha256(canonical.encode('utf-8', 'backslashreplace')).hexdigest()[:_HASH_LENGTH]}"
