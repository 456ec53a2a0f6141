"""Find, read and check rule packs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import pandas as pd
import yaml
from pydantic import TypeAdapter, ValidationError

from perfkit import tables
from perfkit.errors import Problem, RuleError, fail_if_any
from perfkit.rules import notation
from perfkit.rules.packs import (
    Band,
    Gaps,
    Limit,
    OverFulfilment,
    Pack,
    Parameter,
    Rounding,
    RuleSet,
    ScoringRule,
    Source,
    Uncertainty,
)

_INPUT_SHOWN = 100

_VALUES: dict[str, TypeAdapter[Any]] = {
    "grade_bands": TypeAdapter(list[Band]),
    "missing_evidence": TypeAdapter(Gaps),
    "rounding": TypeAdapter(Rounding),
    "grade_limits": TypeAdapter(list[Limit]),
    "over_fulfilment": TypeAdapter(OverFulfilment),
    "uncertainty": TypeAdapter(Uncertainty),
    "schemes": TypeAdapter(dict[str, dict[str, str]]),
    "rule_": TypeAdapter(ScoringRule),
}


def roots() -> list[Path]:
    """Return the folders that hold packs: of this checkout, or else of the installed wheel."""
    here = Path(__file__).resolve().parents[1]
    checkout = here.parent / "data" / "rules"
    return [folder for folder in (checkout, here / "data" / "rules") if folder.is_dir()][:1]


def available() -> pd.DataFrame:
    """Return one row a pack that ships with perfkit: id, zh, en, level, jurisdiction, status ..., first_day."""
    rows = []
    for pack in _shipped():
        parts = _parts(folder(pack))
        rows.append({**parts.what.model_dump(), "first_day": parts.first_day.isoformat()})
    return pd.DataFrame(rows)


def folder(pack: str | Path) -> Path:
    """Return the folder of ``pack``: the id of one that ships, or a path to one's own.

    Raises
    ------
    RuleError
        If there is none; the message lists the packs there are.
    """
    found = _found(pack, Path())
    if found is None:
        raise RuleError(
            (f"no rule pack {str(pack)!r}", f"没有规则包“{pack}”"),
            [Problem(("unknown pack", "未知的规则包"), expected=", ".join(_shipped()), got=str(pack))],
        )
    return found


def lineage(pack: str | Path) -> list[Path]:
    """Return the folders that ``pack`` rests on: its own, then that of the pack it extends, and so on.

    Raises
    ------
    RuleError
        If ``pack`` or one that it extends is unknown, or they extend each other in a circle.

    Examples
    --------
    >>> [home.name for home in lineage("cn-project-2020")]
    ['cn-project-2020', 'kit']
    """
    problems: list[Problem] = []
    chain = _chain(folder(pack), problems)
    fail_if_any(RuleError, f"rule pack {chain[0][0].name}", problems)
    return [home for home, _ in chain]


def _shipped() -> list[str]:
    return sorted(path.parent.name for root in roots() for path in root.glob("*/pack.yaml"))


def _found(pack: str | Path, beside: Path) -> Path | None:
    candidates = [*(root / pack for root in roots()), beside / pack]
    return next((each for each in candidates if (each / "pack.yaml").is_file()), None)


def _chain(home: Path, problems: list[Problem]) -> list[tuple[Path, Pack | None]]:
    """Return the pack in ``home`` and those it extends, nearest first: shipped ones by id, others by their folder."""
    chain: list[tuple[Path, Pack | None]] = []
    base: Path | None = home
    while base is not None:
        what = _valid(base / "pack.yaml", TypeAdapter(Pack), problems)
        chain.append((base, what))
        if what is None or not what.extends:
            break
        where = f"{base.name} › pack.yaml › extends"
        base = _found(what.extends, base.parent)
        if base is None:
            problems.append(Problem(("unknown pack", "未知的规则包"), where, ", ".join(_shipped()), what.extends))
        elif base.resolve() in [each.resolve() for each, _ in chain]:
            circle = " → ".join([*(each.name for each, _ in chain), base.name])
            problems.append(Problem(("packs extend each other in a circle", "规则包循环沿用"), where, got=circle))
            break
    return chain


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
    parts = _parts(folder(pack))
    what, first = parts.what, parts.first_day
    if day < first:
        raise RuleError(
            (f"{what.id} begins on {first}", f"规则包 {what.id} 自 {first} 起收录"),
            [Problem(("nothing in force on the day", "当日尚无规定"), what.id, f"≥ {first}", str(day))],
        )
    since, rows = _library(parts.homes, day)
    return RuleSet(
        pack=what,
        on=day,
        sources=parts.sources,
        parameters=parts.parameters,
        indicator_rows=rows,
        indicators_since=since,
    )


def first_day(pack: str | Path) -> dt.date:
    """Return the first day on which anything of ``pack`` is in force (see :func:`load` for the errors).

    Examples
    --------
    >>> str(first_day("cn-project-2020"))
    '2020-02-25'
    """
    return _parts(folder(pack)).first_day


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


class _Parts(NamedTuple):
    """A pack put together with what it extends; ``homes`` are the folders, its own first."""

    what: Pack
    sources: dict[str, Source]
    parameters: dict[str, Parameter]
    first_day: dt.date
    homes: list[Path]


def _parts(home: Path) -> _Parts:
    problems: list[Problem] = []
    chain = _chain(home, problems)
    sources: dict[str, Source] = {}
    parameters: dict[str, Parameter] = {}
    days: list[dt.date] = []
    for each, _ in reversed(chain):
        known = _valid(each / "sources.yaml", TypeAdapter(dict[str, Source]), problems) or {}
        problems.extend(
            Problem(
                ("a source of the extended pack stands again", "重复了所沿用规则包的来源"),
                f"{each.name} › sources.yaml",
                got=twice,
            )
            for twice in sorted(known.keys() & sources.keys())
        )
        sources |= known
        own = _valid(each / "parameters.yaml", TypeAdapter(dict[str, Parameter]), problems) or {}
        for name, held in own.items():
            problems.extend(_misfits_of(name, held, f"{each.name} › parameters.yaml › {name}", sources))
        # Its own come first and win; a pack begins on the first day that it says something of its own.
        parameters = {**own, **{name: held for name, held in parameters.items() if name not in own}}
        days = [entry.since for held in own.values() for entry in held.entries] or days
    if not problems and not parameters:
        problems.append(Problem(("the pack has no parameters", "规则包没有参数"), f"{home.name} › parameters.yaml"))
    fail_if_any(RuleError, f"rule pack {home.name}", problems)
    return _Parts(cast(Pack, chain[0][1]), sources, parameters, min(days), [each for each, _ in chain])


def _misfits_of(name: str, held: Parameter, where: str, sources: dict[str, Source]) -> Iterator[Problem]:
    shape = _VALUES.get(name) or (_VALUES["rule_"] if name.startswith("rule_") else None)
    for entry in held.entries:
        at = f"{where} › {entry.since}"
        if entry.source.id not in sources:
            yield Problem(("unknown source", "未知的来源"), at, ", ".join(sources), entry.source.id)
        if shape:
            yield from _misfits(shape, entry.value, at)
        if name.startswith("grade_bands"):
            yield from _open_below(entry.value, at)


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


def _library(homes: list[Path], day: dt.date) -> tuple[dt.date | None, tuple[dict[str, Any], ...]]:
    """Return the library of the nearest pack that has one, in its version of the day."""
    versions = {}
    files = (list((home / "indicators").glob("*.csv")) for home in homes)
    for path in next(filter(None, files), []):
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
