"""The index of a batch: a page to search, filter and sort the reports, and the same rows as CSV and XLSX.

It knows rows of plain values (:class:`Row`) and nothing of how the reports come about.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from perfkit import tables
from perfkit.reporting import manifest
from perfkit.reporting.index.failed import failed_page, failing_cell
from perfkit.reporting.index.pages import as_script, rendered
from perfkit.reporting.index.rows import Group, Row, Tally, by_heading, choices, drawable, grouped, tally, today
from perfkit.reporting.index.words import counts, outcomes, words

__all__ = ["Row", "failed_page", "failing_cell", "write"]

# Rows that stand in the page itself, as a plain table; of more, each file of data holds as many.
BLOCK = 2_000
# Rows that one page searches; of more, each page has its own address and index.html leads to them.
PAGE = 20_000
_DATA = "index-data"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_SHEET = 31  # characters that the name of a sheet may have


def write(
    folder: Path, title: str, rows: Sequence[Row], *, lang: str = "zh", on: str = "", beside: Sequence[str] = ()
) -> Path:
    """Write ``index.html``, ``index.csv`` and ``index.xlsx`` into ``folder``, and return the page.

    More than 2,000 rows are kept in files of data in ``index-data/``, which the page loads as it goes and which also
    stand there as plain tables; more than 20,000 are parted into pages and workbooks of their own.

    Parameters
    ----------
    folder
        Where the reports are; links are relative to it.
    title
        Of the batch.
    rows
        The reports in their order, those that failed or were not run among them.
    lang
        ``zh`` or ``en``.
    on
        The day (ISO) against which reports that are not done are late; by default today.
    beside
        Names of further files in ``folder`` to link at the foot.
    """
    held = list(rows)
    said = {"title": title, "lang": lang, "words": words(lang), "outcomes": outcomes(lang)}
    parts = [held[at : at + PAGE] for at in range(0, len(held), PAGE)] or [[]]
    stems = ["index"] if len(parts) == 1 else [f"index-{at:04d}" for at in range(1, len(parts) + 1)]
    written = {manifest.write(folder / "index.csv", _csv(held, lang))}
    totals = []
    for stem, part in zip(stems, parts, strict=True):
        groups = grouped(part, lang, on or today())
        totals.append(tally(groups))
        files = ["index.csv", f"{stem}.xlsx", *beside]
        written |= _page(folder, stem, groups, totals[-1], {**said, "files": files, "up": len(parts) > 1})
        written.add(_workbook(folder / f"{stem}.xlsx", part, groups, lang))
    if len(parts) > 1:
        written.add(_overview(folder, stems, parts, totals, {**said, "files": ["index.csv", *beside]}))
    for old in [*folder.glob("index-*.*"), *(folder / _DATA).glob("index*"), folder / "index.xlsx"]:
        if old not in written:
            old.unlink(missing_ok=True)
    return folder / "index.html"


def _page(folder: Path, stem: str, groups: list[Group], total: Tally, said: dict[str, Any]) -> set[Path]:
    """Write one page and its files of data."""
    blocks = list(_blocks(groups))
    whole = len(blocks) <= 1
    names = [f"{_DATA}/{stem}-{at:02d}" for at in range(1, len(blocks) + 1)] if not whole else []
    written = set()
    for at, (name, block) in enumerate(zip(names, blocks, strict=False)):
        data = [[number, entry] for number, group in block for entry in group.entries]
        written.add(manifest.write(folder / f"{name}.js", f"perfkit.take({at},{as_script(data)});\n"))
        plain = rendered("plain.html.j2", **said, groups=[group for _, group in block], back=f"../{stem}.html")
        written.add(manifest.write(folder / f"{name}.html", plain))
    about = {
        "lang": said["lang"],
        "words": said["words"],
        "outcomes": said["outcomes"],
        "groups": [{"heading": g.heading, "names": g.names, "numbers": g.numbers} for g in groups],
        "choices": choices(groups),
        "drawable": drawable(groups),
        "blocks": [f"{name}.js" for name in names],
        "rows": sum(len(group.entries) for group in groups),
    }
    inline = [[number, entry] for number, group in enumerate(groups) for entry in group.entries] if whole else None
    page = rendered(
        "page.html.j2",
        **said,
        groups=groups,
        tallies=[tally([group]) for group in groups],
        whole=whole,
        plain=[f"{name}.html" for name in names],
        total=total,
        sentence=_sentence(total, said["lang"]),
        about=as_script(about),
        rows=as_script(inline) if inline is not None else "",
    )
    return written | {manifest.write(folder / f"{stem}.html", page)}


def _blocks(groups: list[Group]) -> Iterator[list[tuple[int, Group]]]:
    """Yield the rows in blocks, each row with its group and the group's number."""
    block: list[tuple[int, Group]] = []
    room = BLOCK
    for number, group in enumerate(groups):
        at = 0
        while at < len(group.entries):
            taken = group.entries[at : at + room]
            block.append((number, Group(group.heading, group.names, group.numbers, taken)))
            at, room = at + len(taken), room - len(taken)
            if not room:
                yield block
                block, room = [], BLOCK
    if block:
        yield block


def _overview(
    folder: Path, stems: list[str], parts: list[list[Row]], totals: list[Tally], said: dict[str, Any]
) -> Path:
    total = Tally(*(sum(getattr(each, name) for each in totals) for name in ("done", "failed", "missing", "late")))
    pages = [
        {"href": f"{stem}.html", "first": part[0]["title"], "last": part[-1]["title"], "tally": each}
        for stem, part, each in zip(stems, parts, totals, strict=True)
    ]
    page = rendered("overview.html.j2", **said, pages=pages, total=total, sentence=_sentence(total, said["lang"]))
    return manifest.write(folder / "index.html", page)


def _sentence(total: Tally, lang: str) -> str:
    return counts(total.done, total.failed, total.missing, total.late, lang)


def _flat(rows: Sequence[Row], names: Sequence[str], lang: str) -> list[list[Any]]:
    said = outcomes(lang)
    return [
        [
            row["title"],
            *(row.get("fields", {}).get(name) for name in names),
            said.get(row["outcome"], row["outcome"]),
            row.get("error", ""),
            row.get("warnings", 0),
            row.get("seconds"),
            next(iter(row.get("links", {}).values()), row.get("failed", "")),
        ]
        for row in rows
    ]


def _titles(names: Sequence[str], lang: str) -> list[str]:
    held = words(lang)
    file = "文件" if lang == "zh" else "File"
    return [held["report"], *names, *(held[each] for each in ("outcome", "error", "warnings", "seconds")), file]


def _csv(rows: Sequence[Row], lang: str) -> bytes:
    """Return the rows as CSV that Excel opens as they are: in UTF-8 with its mark, text never a formula."""
    names = list(dict.fromkeys(name for row in rows for name in row.get("fields", {})))
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow([words(lang)["heading"], *map(_harmless, _titles(names, lang))])
    for row, line in zip(rows, _flat(rows, names, lang), strict=True):
        writer.writerow([_harmless(each) for each in (row.get("heading", ""), *line)])
    return made.getvalue().encode("utf-8-sig", "backslashreplace")


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _workbook(path: Path, rows: Sequence[Row], groups: Sequence[Group], lang: str) -> Path:
    """Write the rows as a workbook, a sheet for each heading."""
    sheets = {}
    for number, (group, mine) in enumerate(zip(groups, by_heading(rows).values(), strict=True), start=1):
        name = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", f"{number} {group.heading or words(lang)['reports']}")
        flat = _flat(mine, group.names, lang)
        sheets[name[:_SHEET].strip("' ")] = pd.DataFrame(flat, columns=_titles(group.names, lang), dtype=object)
    return tables.write(sheets or {"1": pd.DataFrame(columns=_titles([], lang))}, path, lang=lang)
