"""Find, read and check rule packs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import TypeAdapter, ValidationError

from perfkit import tables
from perfkit.errors import Problem, RuleError, fail_if_any
from perfkit.rules import notation
from perfkit.rules.packs import Band, Gaps, OverFulfilment, Pack, Parameter, Rounding, RuleSet, ScoringRule, Source

_INPUT_SHOWN = 100

_VALUES: dict[str, TypeAdapter[Any]] = {
    "grade_bands": TypeAdapter(list[Band]),
    "missing_evidence": TypeAdapter(Gaps),
    "rounding": TypeAdapter(Rounding),
    "over_fulfilment": TypeAdapter(OverFulfilment),
    "schemes": TypeAdapter(dict[str, dict[str, str]]),
    "rule_": TypeAdapter(ScoringRule),
}


def roots() -> list[Path]:
    """Return the folders that hold packs: of this checkout, or else of the installed wheel."""
    here = Path(__file__).resolve().parents[1]
    checkout = here.parent / "data" / "rules"
    return [folder for folder in (checkout, here / "data" / "rules") if folder.is_dir()][:1]


def available() -> pd.DataFrame:
    """Return one row a pack that ships with perfkit: id, zh, en, level, jurisdiction, status, first_day."""
    rows = []
    for pack in sorted(p.parent.name for root in roots() for p in root.glob("*/pack.yaml")):
        what, _, parameters = _parts(folder(pack))
        first = _first_of(parameters)
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
    first = _first_of(parameters)
    if day < first:
        raise RuleError(
            (f"{what.id} begins on {first}", f"规则包 {what.id} 自 {first} 起施行"),
            [Problem(("nothing in force on the day", "当日尚无规定"), what.id, f"≥ {first}", str(day))],
        )
    since, rows = _library(home, day)
    return RuleSet(
        pack=what, on=day, sources=sources, parameters=parameters, indicator_rows=rows, indicators_since=since
    )


def first_day(pack: str | Path) -> dt.date:
    """Return the first day on which anything of ``pack`` is in force (see :func:`load` for the errors).

    Examples
    --------
    >>> str(first_day("cn-project-2020"))
    '2020-02-25'
    """
    return _first_of(_parts(folder(pack))[2])


def _first_of(parameters: dict[str, Parameter]) -> dt.date:
    return min(entry.since for held in parameters.values() for entry in held.entries)


def _day(on: str | dt.date) -> dt.date:
    if isinstance(on, dt.datetime):
        return on.date()
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
            if name.startswith("grade_bands"):
                problems.extend(_open_below(entry.value, where))
    if not problems and not parameters:
        problems.append(Problem(("the pack has no parameters", "规则包没有参数"), f"{home.name} › parameters.yaml"))
    fail_if_any(RuleError, f"rule pack {home.name}", problems)
    return what, sources, parameters


def _valid(path: Path, shape: TypeAdapter[Any], problems: list[Problem]) -> Any:
    where = f"{path.parent.name} › {path.name}"
    try:
        return shape.validate_python(notation.parse(path.read_text(encoding="utf-8")))
    except OSError:
        problems.append(Problem(("file missing", "缺少文件"), where))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problems.append(Problem(("not valid YAML", "不是有效的 YAML"), where, got=" ".join(str(error).split())))
    except ValidationError as error:
        problems.extend(_from_pydantic(error, where))
    return None


def _open_below(bands: Any, where: str) -> list[Problem]:
    """Grades must reach down to zero points: else a low score has none."""
    found = [band.get("min") for band in bands if isinstance(band, dict)] if isinstance(bands, list) else []
    lows = [low for low in found if isinstance(low, int | float)]
    if not lows or min(lows) <= 0:
        return []
    return [Problem(("the lowest grade does not begin at 0", "最低等级没有从 0 分起"), where, "0", str(min(lows)))]


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
            repr(each["input"])[:_INPUT_SHOWN],
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
