"""A library brought up to date: proposals checked one by one, those accepted carried out, all of them reported."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from perfkit import tables
from perfkit.errors import TableError, fail_if_any
from perfkit.measure.indicators import faults
from perfkit.measure.indicators.codes import next_code
from perfkit.measure.indicators.comparison import names_of, said_of, shown
from perfkit.measure.indicators.integrity import Uneven, library_faults, library_problems, uneven
from perfkit.measure.indicators.rows import by_code, rows_of
from perfkit.measure.indicators.versions import as_day, filled, in_force, with_names
from perfkit.tables.library import PARTS

_ABOUT = ("indicator_id", "since", "until", "action", "proposed_by", "reason", "clears")
_WEIGHING = {"points", "extends", "budgets", "part", "field"}
# A change of any other field leaves a whole library whole.
_BEARING = {"part", "extends", "level1", "level2", "level3", "kind"}
_Said = tuple[str, str]


@dataclass(frozen=True)
class Merged:
    """The library after the proposals (table ``library``), and what came of each (table ``library_review``)."""

    library: pd.DataFrame
    report: pd.DataFrame


@dataclass(frozen=True)
class _Proposal:
    row: int
    code: str
    action: str
    sets: Mapping[str, Any]
    clears: tuple[str, ...]

    @property
    def touches(self) -> set[str]:
        return {*self.sets, *self.clears}


def merge(
    library: pd.DataFrame, changes: pd.DataFrame, on: str | dt.date, *, full_points: float | None = None
) -> Merged:
    """Bring a library up to date from the day ``on``.

    Parameters
    ----------
    library
        Table ``library``, whole (see :func:`library_problems`).
    changes
        Table ``library_changes``. A change states the fields that change; ``clears`` names those to be emptied.
    on
        The first day of the new versions; the versions they replace end the day before.
    full_points
        What the points of a scope add up to; by default sums are not checked.

    Returns
    -------
    Merged
        The new library (nothing is deleted from it; new codes stand at the end) and the review, one row a proposal
        in their order: accepted, flagged (carried out, or without effect, but somebody should look) or refused,
        and why.

    Raises
    ------
    TableError
        If the library is not whole before the changes, or ``on`` is not a day.

    Notes
    -----
    Refused: to add a code that exists or ever existed; to change or retire a code that is unknown, retired, not yet
    in force or already has a version that begins on ``on`` or later; two proposals for one code that set or clear
    the same field, retire and change it, or add it twice (each of them is refused); and whatever would leave the
    library not whole, such as retiring an indicator that another still extends, or giving a code another name. Of
    proposals that only together are at fault each is refused. Flagged: a change without effect, fields filled in
    where they are not used, and whatever touches points of a scope that no longer add up. The order of the rows
    does not matter.
    """
    day = as_day(on)
    where = str(library.attrs.get("where", "library"))
    fail_if_any(TableError, where, library_problems(library))
    asked = _read(changes, library)
    refusals: dict[int, list[_Said]] = defaultdict(list)
    for each in asked:
        refusals[each.row] += _refused_at_sight(each, library, changes, day)
    for row, said in _at_odds(asked):
        refusals[row].append(said)
    while True:
        accepted = [each for each in asked if not refusals[each.row]]
        merged = _carried_out(library, accepted, day)
        found = _faults_of(accepted, merged)
        if not found:
            break
        for row, said in found:
            refusals[row].append(said)
    flags = _flags(accepted, library, merged, day, full_points)
    return Merged(merged, _review(changes, asked, library, refusals, flags, day))


def _read(changes: pd.DataFrame, library: pd.DataFrame) -> list[_Proposal]:
    fields = [name for name in library.columns if name in changes.columns and name not in _ABOUT]
    numbered = changes.index.is_unique and pd.api.types.is_integer_dtype(changes.index)
    rows = changes.index if numbered else range(1, len(changes) + 1)
    return [
        _Proposal(
            int(row),
            said["indicator_id"],
            said["action"],
            {name: said[name] for name in fields if said[name] is not None},
            tuple(_cleared(str(said["clears"] or ""))),
        )
        for row, said in zip(rows, rows_of(changes), strict=True)
    ]


def _cleared(text: str) -> list[str]:
    """Return the fields named in ``clears`` by name or title; a name nobody knows stays as it is."""
    held = tables.contract("library")
    names: dict[str, str] = {}
    for name in held.columns:
        for called in (name, held.title(name), held.title(name, "en")):
            names.setdefault(tables.folded(called), name)
    parts = [part.strip() for part in text.replace(";", "；").replace("、", "；").split("；")]
    return [names.get(tables.folded(part), part) for part in parts if part]


def _refused_at_sight(each: _Proposal, library: pd.DataFrame, changes: pd.DataFrame, day: str) -> list[_Said]:
    """Say why a proposal cannot be carried out, whatever the others are."""
    versions = library[library["indicator_id"].eq(each.code)].sort_values("since")
    found: list[_Said] = []
    if each.action == "add":
        if len(versions):
            found.append(_code_used(each.code, versions, library, changes))
        if "part" not in each.sets:
            found.append(("the part of the library is blank", "未填写指标库类别"))
    elif not len(versions):
        found.append((f"there is no indicator {each.code}", f"指标库中没有编码 {each.code}"))
    else:
        last = versions.iloc[-1]
        if pd.notna(last["until"]) and last["until"] < day:
            found.append(
                (f"{each.code} was retired after {last['until']}", f"{each.code} 有效期至 {last['until']}，已停用")
            )
        elif last["since"] >= day:
            found.append(
                (
                    f"{each.code} has a version that begins on {last['since']}, not before {day}",
                    f"{each.code} 已有自 {last['since']} 启用的版本，不早于 {day}",
                )
            )
    fixed = [
        name
        for name in each.clears
        if name not in library.columns or name in ("indicator_id", "since", "until", "part")
    ]
    if each.clears and each.action != "change":
        found.append(("only a change clears fields", "只有修改可以清空字段"))
    elif fixed:
        found.append((f"cannot be cleared: {', '.join(fixed)}", f"不能清空：{'、'.join(fixed)}"))
    both = [tables.contract("library").title(name) for name in each.clears if name in each.sets]
    if both:
        found.append((f"both set and cleared: {', '.join(both)}", f"既填写又清空：{'、'.join(both)}"))
    return found


def _code_used(code: str, versions: pd.DataFrame, library: pd.DataFrame, changes: pd.DataFrame) -> _Said:
    said = (f"the code {code} has been used", f"编码 {code} 已使用过")
    last = by_code(with_names(in_force(library, versions["since"].max())))[code]
    taken = {*library["indicator_id"], *changes["indicator_id"]}
    try:
        free = next_code(library[library["part"].eq(last["part"])], last["level1"], taken=taken)
    except TableError:
        return said
    return f"{said[0]}; the next free code is {free}", f"{said[1]}，可用新编码 {free}"


def _at_odds(asked: list[_Proposal]) -> list[tuple[int, _Said]]:
    """Say which proposals contradict each other."""
    by_code = defaultdict(list)
    for each in asked:
        by_code[each.code].append(each)
    found: list[tuple[int, _Said]] = []
    for code, several in by_code.items():
        changing = [each for each in several if each.action != "add"]
        adding = [each for each in several if each.action == "add"]
        for group in (changing, adding):
            whole = group is adding or any(each.action == "retire" for each in group)
            for each in group:
                others = [other for other in group if other is not each and (whole or other.touches & each.touches)]
                if others:
                    rows = [str(other.row) for other in others]
                    found.append(
                        (
                            each.row,
                            (
                                f"another proposal for {code} is at odds with it: row {', '.join(rows)}",
                                f"与第 {'、'.join(rows)} 行对 {code} 的建议冲突",
                            ),
                        )
                    )
    return found


def _carried_out(library: pd.DataFrame, accepted: list[_Proposal], day: str) -> pd.DataFrame:
    """Return the library with the proposals carried out; rows follow the order of codes, then of days."""
    live = dict(zip(in_force(library, day)["indicator_id"], in_force(library, day).index, strict=True))
    records = dict(zip(library.index, rows_of(library), strict=True))
    fresh: dict[str, dict[str, Any]] = {}
    for each in accepted:
        if each.action == "add":
            fresh[each.code] = {
                **dict.fromkeys(library.columns),
                **each.sets,
                "indicator_id": each.code,
                "since": day,
            }
        elif each.action == "retire":
            records[live[each.code]]["until"] = faults.day_before(day)
        elif _has_effect(each, records[live[each.code]]):
            now = fresh.setdefault(each.code, {**records[live[each.code]], "since": day})
            now.update({**each.sets, **dict.fromkeys(each.clears)})
    for code, now in fresh.items():
        if code in live:
            now["until"] = records[live[code]]["until"]
            records[live[code]]["until"] = faults.day_before(day)
    rank = {code: at for at, code in enumerate(dict.fromkeys([*library["indicator_id"], *sorted(fresh)]))}
    rows = sorted([*records.values(), *fresh.values()], key=lambda row: (rank[row["indicator_id"]], row["since"]))
    return tables.check(pd.DataFrame(rows, columns=library.columns).astype(object), "library")


def _has_effect(each: _Proposal, now: Mapping[str, Any]) -> bool:
    return any(now[name] != value for name, value in each.sets.items()) or any(
        now[name] is not None for name in each.clears
    )


def _faults_of(accepted: list[_Proposal], merged: pd.DataFrame) -> list[tuple[int, _Said]]:
    """Say which proposals leave the library not whole, each with the first of its faults."""
    found: dict[int, _Said] = {}
    for fault in library_faults(merged):
        got = f"（{fault.got}）" if fault.got else ""
        for each in accepted:
            if each.code not in fault.codes or (each.action == "change" and not each.touches & _BEARING):
                continue
            code = str(merged.loc[fault.row, "indicator_id"])
            said = (f"{fault.what[0]} ({fault.got})", f"{fault.what[1]}{got}")
            if each.action == "retire" and code != each.code:
                said = (f"{code} still extends it", f"{code} 仍细化该指标")
            found.setdefault(each.row, said)
    return list(found.items())


def _flags(
    accepted: list[_Proposal], library: pd.DataFrame, merged: pd.DataFrame, day: str, full: float | None
) -> dict[int, list[_Said]]:
    """Say what somebody should look at in what was carried out."""
    before, after = in_force(library, day), in_force(merged, day)
    stated, was, now = by_code(before), by_code(filled(before)), by_code(filled(after))
    off = {(each.part, each.field): each for each in uneven(after, full)} if full is not None else {}
    newly = off.keys() - {(each.part, each.field) for each in uneven(before, full)} if full is not None else set()
    flags: dict[int, list[_Said]] = defaultdict(list)
    for each in accepted:
        if each.action == "change" and each.code in stated and not _has_effect(each, stated[each.code]):
            flags[each.row].append(("it changes nothing", "与现行版本一致，没有变化"))
            continue
        if each.action == "retire" and each.sets:
            flags[each.row].append(("the fields filled in are not used", "停用时其余字段不采用"))
        if each.action == "change" and not each.touches & _WEIGHING:
            continue
        rows = [side[each.code] for side in (was, now) if each.code in side]
        scopes = {(str(row["part"]), str(row["field"] or "")) for row in rows}
        # What a field does not extend it shares with the common part.
        scopes |= newly if any(part == "common" for part, _ in scopes) else set()
        flags[each.row] += [_no_longer_even(off[scope], full) for scope in sorted(scopes & off.keys())]
    return flags


def _no_longer_even(scope: Uneven, full: float | None) -> _Said:
    en, zh = (f"{word} {scope.field}".strip() for word in reversed(PARTS[scope.part]))
    if not scope.sums:
        return f"{en}: some indicators have no points", f"{zh}：部分指标没有分值"
    return (
        f"{en}: points add up to {scope.sums[0]:g}, not {full:g}",
        f"{zh}：分值合计 {scope.sums[0]:g}，不等于 {full:g}",
    )


def _review(
    changes: pd.DataFrame,
    asked: list[_Proposal],
    library: pd.DataFrame,
    refusals: Mapping[int, list[_Said]],
    flags: Mapping[int, list[_Said]],
    day: str,
) -> pd.DataFrame:
    names = by_code(filled(in_force(library, day)))
    rows = []
    for at, each in enumerate(asked):
        refused, flagged = refusals.get(each.row, []), flags.get(each.row, [])
        why = refused or flagged
        now = names.get(each.code, {"indicator_id": each.code})
        content = _content(each, now)
        rows.append(
            {
                "proposal": each.row,
                "indicator_id": each.code,
                "level3": each.sets.get("level3") if each.action == "add" else now.get("level3"),
                "action": each.action,
                "content_zh": content[1],
                "content_en": content[0],
                "reason": changes["reason"].iloc[at],
                "proposed_by": changes["proposed_by"].iloc[at],
                "outcome": "refused" if refused else "flagged" if flagged else "accepted",
                "why_zh": "；".join(zh for _, zh in why) or f"自 {day} 起执行",
                "why_en": "; ".join(en for en, _ in why) or f"in force from {day}",
            }
        )
    columns = list(tables.contract("library_review").columns)
    report = pd.DataFrame(rows, columns=columns).astype(object)
    unknown = [name for name in changes.columns if name not in tables.contract("library_changes").columns]
    beside = changes[[name for name in unknown if name not in columns]].set_axis(report.index)
    return tables.check(report.join(beside), "library_review")


def _content(each: _Proposal, now: Mapping[str, Any]) -> _Said:
    """Return what is proposed, every field of it, in words."""
    held = tables.contract("library")
    if each.action == "change":
        changed = [said_of(*names_of(now), name, now.get(name), value) for name, value in each.sets.items()]
        changed += [(f"{held.title(name, 'en')} is cleared", f"清空{held.title(name)}") for name in each.clears]
        return "; ".join(en for en, _ in changed), "；".join(zh for _, zh in changed)
    fields = [(name, *shown(name, value)) for name, value in each.sets.items()]
    en = "; ".join(f"{held.title(name, 'en')} {value}" for name, value, _ in fields)
    zh = "；".join(f"{held.title(name)} {value}" for name, _, value in fields)
    return en, zh
