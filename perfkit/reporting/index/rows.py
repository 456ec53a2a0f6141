"""The rows of an index: what is printed, what is sorted by, which columns may be filtered or drawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict
from urllib.parse import quote

from perfkit.reporting import cells
from perfkit.reporting.index.words import DONE, MISSING

# A column with up to this many different values can be filtered by choosing one.
_CHOICES = 60
_FEW_NUMBERS = 12


class Row(TypedDict, total=False):
    """One report of a batch; only ``title`` and ``outcome`` are needed.

    ``outcome`` is ok, missing (not run), or the name of a failure, which ``error`` explains; ``links`` are paths by
    format (html, docx, pdf, ipynb), relative to the index, the one to open at the front; ``fields`` are what the
    report says of itself; ``failed`` is the page that shows why, with the ``cell`` (counted from 1) that failed;
    ``due_on`` and ``made_on`` are days in ISO form.
    """

    title: str
    outcome: str
    heading: str
    links: Mapping[str, str]
    fields: Mapping[str, Any]
    error: str
    warnings: int
    seconds: float
    failed: str
    cell: int | None
    due_on: str | None
    made_on: str | None


@dataclass(frozen=True)
class Group:
    """The reports under one heading: the columns' ``names``, which of them hold ``numbers``, and the ``entries``."""

    heading: str
    names: tuple[str, ...]
    numbers: tuple[bool, ...]
    entries: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Tally:
    """How many reports are done, failed, not run, and how many of them are late."""

    done: int = 0
    failed: int = 0
    missing: int = 0
    late: int = 0

    def add(self, entry: Mapping[str, Any]) -> None:
        """Count one report."""
        self.done += entry["o"] == DONE
        self.missing += entry["o"] == MISSING
        self.failed += entry["o"] not in (DONE, MISSING)
        self.late += entry["l"]


def grouped(rows: Sequence[Row], lang: str, today: str) -> list[Group]:
    """Return the rows by heading, in their order, ready to print and to write as JSON.

    An entry has the title ``t``, its link ``h``, the links of the other formats ``f``, the values ``v``, their print
    ``s``, outcome ``o``, error ``e``, warnings ``w``, seconds ``n``, the page of the failure ``c``, its cell ``k``,
    and whether it is late ``l``.
    """
    found = []
    for heading, mine in by_heading(rows).items():
        names = tuple(dict.fromkeys(name for row in mine for name in row.get("fields", {})))
        numbers = tuple(all(_is_number(v) for v in _known(mine, name)) and bool(_known(mine, name)) for name in names)
        group = Group(heading, names, numbers)
        group.entries.extend(_entry(row, names, lang, today) for row in mine)
        found.append(group)
    return found


def by_heading(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows of each heading, in their order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.get("heading", ""), []).append(row)
    return found


def tally(groups: Iterable[Group]) -> Tally:
    """Return how far the reports of ``groups`` have come."""
    found = Tally()
    for group in groups:
        for entry in group.entries:
            found.add(entry)
    return found


def choices(groups: Sequence[Group]) -> dict[str, list[str]]:
    """Return the columns to filter by, with their values: those of words that repeat, and years and the like."""
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(name for group in groups for name in group.names):
        values: list[Any] = []
        shown: list[str] = []
        for group in groups:
            if name in group.names:
                at = group.names.index(name)
                there = [entry for entry in group.entries if entry["v"][at] is not None]
                values += [entry["v"][at] for entry in there]
                shown += [entry["s"][at] for entry in there]
        different = sorted(set(shown))
        numbers = all(_is_number(each) for each in values)
        few = _FEW_NUMBERS if numbers and all(cells.is_whole(each) for each in values) else 0 if numbers else _CHOICES
        if 1 < len(different) <= few and 2 * len(different) <= len(values):
            found[name] = different
    return found


def drawable(groups: Sequence[Group]) -> list[str]:
    """Return the columns of numbers that have a distribution worth drawing; years have none."""
    found = []
    for group in groups:
        for at, name in enumerate(group.names):
            known = {entry["v"][at] for entry in group.entries if entry["v"][at] is not None}
            if group.numbers[at] and len(known) > 1 and cells.kind("", name, None) != "year":
                found.append(name)
    return list(dict.fromkeys(found))


def _known(rows: Sequence[Row], name: str) -> list[Any]:
    held = (row.get("fields", {}).get(name) for row in rows)
    return [each for each in held if not cells.is_missing(each)]


def _entry(row: Row, names: Sequence[str], lang: str, today: str) -> dict[str, Any]:
    fields = row.get("fields", {})
    values = [fields.get(name) for name in names]
    # Quoted, what stands in a name is never a scheme, a query or an anchor.
    links = [(kind, quote(path)) for kind, path in row.get("links", {}).items()]
    cell = row.get("cell")
    failed = quote(row.get("failed", "")) + (f"#cell-{cell}" if cell else "")
    front, others = (failed, links) if failed or not links else (links[0][1], links[1:])
    due, made = row.get("due_on"), row.get("made_on") if row["outcome"] == DONE else None
    return {
        "t": row["title"],
        "h": front,
        "f": others,
        "v": [_plain(each) for each in values],
        "s": [_printed(name, each, lang) for name, each in zip(names, values, strict=True)],
        "o": row["outcome"],
        "e": _brief(row.get("error", "")),
        "w": row.get("warnings", 0),
        "n": round(row["seconds"], 1) if "seconds" in row else None,
        "c": failed,
        "k": cell,
        "l": bool(due) and str(made or today) > str(due),
    }


def _brief(error: str) -> str:
    """Return the first two lines: in two languages what is wrong; the page of the failure has the rest."""
    lines = error.splitlines()
    return "\n".join(lines[:2]) + (" …" if len(lines) > 2 else "")


def _plain(value: Any) -> Any:
    if cells.is_missing(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    # JSON knows no infinity.
    return value if abs(value) < float("inf") else str(value)


def _printed(name: str, value: Any, lang: str) -> str:
    if isinstance(value, str) and value:
        return value
    places = 0 if cells.is_whole(value) else 2
    return cells.value(value, decimals=places, what=cells.kind("", name, None), lang=lang)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def today() -> str:
    """Return the day, in ISO form."""
    return dt.datetime.now(dt.UTC).astimezone().date().isoformat()
