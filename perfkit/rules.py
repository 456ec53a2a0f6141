"""Load a rule pack as it stood on a day.

A pack is a folder: ``pack.yaml`` (what it is), ``sources.yaml`` (every document cited, once), ``parameters.yaml``
(dated values, each with its source) and ``indicators/<effective-date>.csv`` (the library as issued). No number that
comes from law or regulation stands in Python code; it stands in a pack.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from perfkit import tables
from perfkit.errors import Problem, RuleError, fail_if_any

Authority = Literal["national", "local", "published", "secondary", "kit"]
AUTHORITIES = {
    "national": ("国家规定", "national rule"),
    "local": ("地方规定", "local rule"),
    "published": ("公开发布", "published"),
    "secondary": ("二手资料", "second hand"),
    "kit": ("工具设定", "configured"),
}
OFFICIAL = ("national", "local", "published")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Source(_Part):
    """One document: title, number, issuer, authority, and the days it was issued, came into force, was repealed."""

    title: str
    en: str
    number: str = ""
    issuer: str = ""
    authority: Authority
    issued: dt.date | None = None
    effective: dt.date | None = None
    repealed: dt.date | None = None
    where: str = ""
    note: str = ""


class Citation(_Part):
    """A source of the pack and the article in it."""

    id: str
    article: str = ""


class Entry(_Part):
    """A value in force from a day on, until the next entry begins."""

    since: dt.date = Field(alias="from")
    source: Citation
    value: Any
    note: str = ""


class Parameter(_Part):
    """A named value of the pack through time."""

    zh: str
    en: str
    entries: tuple[Entry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _dates_rise(self) -> Parameter:
        days = [entry.since for entry in self.entries]
        if days != sorted(set(days)):
            raise ValueError("entries must stand in order of 'from', each day once")
        return self


class Band(_Part):
    """A grade: from ``min`` points on (inclusive)."""

    grade: str
    en: str
    min: float


class ScoringRule(BaseModel):
    """How a value becomes a share of the points: a function of ``measure.scoring`` and its numbers."""

    model_config = ConfigDict(frozen=True, extra="allow")

    function: str
    zh: str
    en: str


class Pack(_Part):
    """What a pack is."""

    id: str
    zh: str
    en: str
    level: Literal["national", "provincial", "city", "county", "international", "teaching"]
    jurisdiction: str
    status: str
    invented: bool = False


_VALUES: dict[str, TypeAdapter[Any]] = {
    "grade_bands": TypeAdapter(list[Band]),
    "schemes": TypeAdapter(dict[str, dict[str, str]]),
    "rule_": TypeAdapter(ScoringRule),
}


class _UniqueKeys(yaml.SafeLoader):
    """YAML that refuses a key standing twice, where PyYAML would keep the last silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]  # type: ignore[no-untyped-call]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


class RuleSet(_Part):
    """The rules of one pack in force on one day. Frozen: what it hands out are copies."""

    pack: Pack
    on: dt.date
    sources: dict[str, Source]
    parameters: dict[str, Parameter]
    indicator_rows: tuple[dict[str, Any], ...] = ()
    indicators_since: dt.date | None = None

    def entry(self, name: str) -> Entry:
        """Return the entry of parameter ``name`` in force on the day.

        Raises
        ------
        RuleError
            If the pack has no such parameter, or it begins later: the message names its first day.
        """
        if name not in self.parameters:
            raise RuleError(
                (f"pack {self.pack.id} has no parameter {name!r}", f"规则包 {self.pack.id} 没有参数“{name}”"),
                [Problem(("unknown parameter", "未知参数"), expected=", ".join(sorted(self.parameters)), got=name)],
            )
        held = self.parameters[name]
        begun = [entry for entry in held.entries if entry.since <= self.on]
        if not begun:
            first = held.entries[0].since
            raise RuleError(
                (f"{name} is in force from {first} only", f"“{held.zh}”自 {first} 起施行"),
                [
                    Problem(
                        ("nothing in force on the day", "当日尚无规定"),
                        f"{self.pack.id} › {name}",
                        f"≥ {first}",
                        str(self.on),
                        ("ask for a later day", "请改用较晚的日期"),
                    )
                ],
            )
        return begun[-1]

    def value(self, name: str) -> Any:
        """Return a copy of the value of parameter ``name`` on the day (see :meth:`entry` for the errors)."""
        return copy.deepcopy(self.entry(name).value)

    def source(self, name: str) -> Source:
        """Return the document that parameter ``name`` rests on."""
        return self.sources[self.entry(name).source.id]

    def is_official(self, name: str) -> bool:
        """Say whether somebody official has published the value of ``name``."""
        return self.source(name).authority in OFFICIAL

    def in_force(self, prefix: str = "") -> list[str]:
        """Return the names of the parameters in force on the day, in the pack's order."""
        return [
            name
            for name, held in self.parameters.items()
            if name.startswith(prefix) and held.entries[0].since <= self.on
        ]

    def bases(self, names: Iterable[str] | None = None) -> pd.DataFrame:
        """Return the table ``bases``: for each parameter the document, article and authority it rests on."""
        rows = []
        for name in dict.fromkeys(self.in_force() if names is None else names):
            entry, held = self.entry(name), self.parameters[name]
            source = self.sources[entry.source.id]
            rows.append(
                {
                    "parameter": name,
                    "zh": held.zh,
                    "en": held.en,
                    "document": source.title,
                    "number": source.number,
                    "article": entry.source.article,
                    "authority": source.authority,
                    "since": entry.since.isoformat(),
                    "note": entry.note or source.note,
                    "pack": self.pack.id,
                    "on": self.on.isoformat(),
                }
            )
        return tables.check(pd.DataFrame(rows, columns=list(tables.contract("bases").columns)), "bases")

    def indicators(self) -> pd.DataFrame:
        """Return the pack's indicator library on the day, as the table ``indicators``.

        Raises
        ------
        RuleError
            If the pack has none in force.
        """
        if not self.indicator_rows:
            raise RuleError(
                (
                    f"pack {self.pack.id} has no indicators on {self.on}",
                    f"规则包 {self.pack.id} 在 {self.on} 没有指标",
                )
            )
        return tables.check(pd.DataFrame(list(self.indicator_rows)), "indicators", where=self.pack.id)


def roots() -> list[Path]:
    """Return the folders that hold packs: of this checkout, or else of the installed wheel."""
    here = Path(__file__).resolve().parent
    checkout = here.parent / "data" / "rules"
    return [folder for folder in (checkout, here / "data" / "rules") if folder.is_dir()][:1]


def available() -> pd.DataFrame:
    """Return one row a pack that ships with perfkit: id, zh, en, level, jurisdiction, status, first_day."""
    rows = []
    for pack in sorted(p.parent.name for root in roots() for p in root.glob("*/pack.yaml")):
        what, _, parameters = _parts(folder(pack))
        first = min(entry.since for held in parameters.values() for entry in held.entries)
        rows.append({**what.model_dump(), "first_day": first.isoformat()})
    return pd.DataFrame(rows)


def folder(pack: str | Path) -> Path:
    """Return the folder of ``pack``: the id of one that ships, or a path to one's own.

    Raises
    ------
    RuleError
        If there is none; the message lists the packs there are.
    """
    for candidate in [*(root / pack for root in roots()), Path(pack)]:
        if (candidate / "pack.yaml").is_file():
            return candidate
    known = ", ".join(sorted(p.parent.name for root in roots() for p in root.glob("*/pack.yaml")))
    raise RuleError(
        (f"no rule pack {str(pack)!r}", f"没有规则包“{pack}”"),
        [Problem(("unknown pack", "未知的规则包"), expected=known, got=str(pack))],
    )


def load(pack: str | Path, on: str | dt.date) -> RuleSet:
    """Load the rules of ``pack`` in force on the day ``on``.

    Parameters
    ----------
    pack
        The id of a pack that ships with perfkit, or the path of a folder.
    on
        A day, as a date or "2021-12-31".

    Raises
    ------
    RuleError
        If the pack is unknown or broken (all problems at once), or nothing of it is in force on that day: the
        message names the first day.

    Examples
    --------
    >>> load("cn-project-2020", on="2021-12-31").value("grade_bands")[0]["grade"]
    '优'
    """
    day = _day(on)
    home = folder(pack)
    what, sources, parameters = _parts(home)
    first = min(entry.since for held in parameters.values() for entry in held.entries)
    if day < first:
        raise RuleError(
            (f"{what.id} begins on {first}", f"规则包 {what.id} 自 {first} 起施行"),
            [Problem(("nothing in force on the day", "当日尚无规定"), what.id, f"≥ {first}", str(day))],
        )
    since, rows = _library(home, day)
    return RuleSet(
        pack=what, on=day, sources=sources, parameters=parameters, indicator_rows=rows, indicators_since=since
    )


def _day(on: str | dt.date) -> dt.date:
    if isinstance(on, dt.date):
        return on
    try:
        return dt.date.fromisoformat(on)
    except (ValueError, TypeError):
        raise RuleError(
            (f"{on!r} is not a day", f"“{on}”不是日期"),
            [Problem(("not a date", "不是日期"), expected="2021-12-31", got=str(on))],
        ) from None


def _parts(home: Path) -> tuple[Pack, dict[str, Source], dict[str, Parameter]]:
    problems: list[Problem] = []
    what = _valid(home / "pack.yaml", TypeAdapter(Pack), problems)
    sources = _valid(home / "sources.yaml", TypeAdapter(dict[str, Source]), problems) or {}
    parameters = _valid(home / "parameters.yaml", TypeAdapter(dict[str, Parameter]), problems) or {}
    for name, held in parameters.items():
        for entry in held.entries:
            where = f"{home.name} › parameters.yaml › {name} › {entry.since}"
            if entry.source.id not in sources:
                problems.append(Problem(("unknown source", "未知的来源"), where, ", ".join(sources), entry.source.id))
            shape = _VALUES.get(name) or (_VALUES["rule_"] if name.startswith("rule_") else None)
            if shape:
                problems.extend(_misfits(shape, entry.value, where))
    fail_if_any(RuleError, f"rule pack {home.name}", problems)
    return what, sources, parameters


def _valid(path: Path, shape: TypeAdapter[Any], problems: list[Problem]) -> Any:
    where = f"{path.parent.name} › {path.name}"
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506
        return shape.validate_python(content)
    except OSError:
        problems.append(Problem(("file missing", "缺少文件"), where))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problems.append(Problem(("not valid YAML", "不是有效的 YAML"), where, got=" ".join(str(error).split())))
    except ValidationError as error:
        problems.extend(_from_pydantic(error, where))
    return None


def _misfits(shape: TypeAdapter[Any], value: Any, where: str) -> list[Problem]:
    try:
        shape.validate_python(value)
    except ValidationError as error:
        return _from_pydantic(error, where)
    return []


def _from_pydantic(error: ValidationError, where: str) -> list[Problem]:
    return [
        Problem(
            ("wrong value", "值不对"),
            " › ".join([where, *(str(step) for step in each["loc"])]),
            each["msg"],
            repr(each["input"])[:80],
        )
        for each in error.errors()
    ]


def _library(home: Path, day: dt.date) -> tuple[dt.date | None, tuple[dict[str, Any], ...]]:
    versions = {}
    for path in (home / "indicators").glob("*.csv"):
        try:
            versions[dt.date.fromisoformat(path.stem)] = path
        except ValueError:
            raise RuleError(
                (f"{path.name} is not named after a day", f"{path.name} 没有以日期命名"),
                [Problem(("wrong file name", "文件名不对"), str(path), "2020-02-25.csv", path.name)],
            ) from None
    begun = [since for since in versions if since <= day]
    if not begun:
        return None, ()
    since = max(begun)
    frame = tables.read(versions[since], "indicators").astype(object)
    rows = frame.where(frame.notna(), None).to_dict("records")
    return since, tuple({str(k): v for k, v in row.items()} for row in rows)
