"""The gate: a report is delivered only if it is complete, shows no gaps, and reads the same in every format.

What there is to check is declared by the notebook (see :meth:`perfkit.reporting.figures.Document.declare`); a
notebook that declares nothing gets the general checks alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from nbformat import NotebookNode

from perfkit.reporting.gate.fulfilled import Pair, unfulfilled
from perfkit.reporting.gate.numbers import counted, numbers, without_count
from perfkit.reporting.gate.reading import Seen, read
from perfkit.reporting.recorded import DECLARED_MIME, GAPS, SUMMARY_MIME

__all__ = ["declared", "problems"]

_VOID = f"(?:{'|'.join(GAPS)})"
_ALONE = re.compile(rf"[+−-]?{_VOID}")
_ENGLISH_UNIT = r"(?:points?|yuan|percent|days?|projects?|units?)(?![A-Za-z])|of\s+\d"
_UNIT = rf"(?:[%％分元个项人份家户次件年月日天倍名]|[万亿]元|{_ENGLISH_UNIT})"
# Where a number would stand: before a unit, beside a sign of arithmetic, after a verb of counting.
_IN_PLACE = re.compile(
    rf"(?<![A-Za-z0-9_.<]){_VOID}\s*(?:{_UNIT}|[=＝≥≤×÷/~～–])"
    rf"|(?:[=＝≥≤×÷±~～–]\s*|[得共达至]\s*){_VOID}(?![A-Za-z0-9_])"
)
_QUOTED = re.compile(r"“[^”]*”|‘[^’]*’|「[^」]*」|《[^》]*》|\"[^\"]*\"|`[^`]*`")
# What stands where a font has no picture of a character, or a text was decoded wrongly.
_NO_GLYPH = re.compile("[\x00\ufffd\ufffe\uffff]")
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")


def declared(notebook: NotebookNode) -> dict[str, Any]:
    """Return what the notebook declared of itself, the last time it did; empty if it declares nothing."""
    found: dict[str, Any] = {}
    for held in _held(notebook, DECLARED_MIME):
        found = held
    return found


def problems(notebook: NotebookNode, rendered: Mapping[str, bytes | str]) -> list[Pair]:
    """Return why a report must not be delivered, each reason as (zh, en); empty: deliver it.

    Parameters
    ----------
    notebook
        As it ran.
    rendered
        The report by format: ``html``, ``docx``, ``pdf``, whichever there are.

    Notes
    -----
    Declared: sections, tables and figures are there in every format; parts re-add to their total within half a unit
    of the second decimal; a value lies within its bounds; the numbers declared are shown.

    Everywhere: headings leave out no level; pictures say what they show; no cell is empty; no character is without a
    glyph. ``nan``, ``None``, ``NaT`` and ``<NA>`` are gaps where they are a whole cell of a table or stand where a
    number would (before a unit, beside an arithmetic sign), but not inside a word, in quotation marks, or in a name
    that the notebook declared or was given as a parameter: a project may be called None, and a note may quote one.
    What a notebook merely prints is not looked through.

    The formats carry the same numbers if the tables of HTML and DOCX hold the same ones equally often, if every
    number of the HTML is as often in the others, and if these have none more often but for what counts pages, entries
    of a list, tables and figures, or is repeated: headings in the contents, headers of tables on each page.
    """
    held = declared(notebook)
    seen = {kind: read(kind, content) for kind, content in rendered.items()}
    names = _names(notebook, held)
    found = unfulfilled(held, seen) + _pictures_without_words(notebook)
    for kind, each in seen.items():
        said = [*_gaps(each, names), *_unreadable(each), *_headings(each)]
        found += [(f"{kind.upper()} {zh}", f"{kind.upper()}: {en}") for zh, en in said]
    return list(dict.fromkeys(found + _compared(seen)))


def _held(notebook: NotebookNode, kind: str) -> Iterable[dict[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            held = output.get("data", {}).get(kind)
            if isinstance(held, Mapping):
                yield dict(held)


def _names(notebook: NotebookNode, held: Mapping[str, Any]) -> list[str]:
    """Return the texts that are names whatever they look like, the longest first."""
    given = notebook.metadata.get("papermill", {}).get("parameters", {})
    names = [str(each) for each in held.get("names", [])]
    names += [str(each) for each in given.values() if isinstance(each, str)]
    names += [str(each.get("title")) for each in _held(notebook, SUMMARY_MIME)]
    return sorted({each for each in names if re.search(_VOID, each)}, key=len, reverse=True)


def _gaps(seen: Seen, names: list[str]) -> list[Pair]:
    found: list[Pair] = []
    for table in seen.tables:
        where = _cut(table.caption)
        cells = [cell for row in table.rows for cell in row if cell is not None]
        if empty := sum(not cell for cell in cells):
            found.append((f"表“{where}”有 {empty} 个空单元格", f"the table {where!r} has {empty} empty cells"))
        for cell in cells:
            if cell not in names and (_ALONE.fullmatch(cell) or _is_gap(cell, names)):
                found.append((f"表“{where}”中出现“{_cut(cell)}”", f"the table {where!r} shows {_cut(cell)!r}"))
    said = [*seen.texts, *seen.captions, *seen.alts]
    return found + [
        (f"文中出现空值：“{_cut(each)}”", f"a gap in the text: {_cut(each)!r}")
        for each in said
        if _is_gap(each, names)
    ]


def _is_gap(text: str, names: list[str]) -> bool:
    if _IN_PLACE.search(text) is None:
        return False
    for name in names:
        text = text.replace(name, "")
    return _IN_PLACE.search(_QUOTED.sub("", text)) is not None


def _unreadable(seen: Seen) -> list[Pair]:
    broken = [each for each in [*seen.texts, *seen.captions, *seen.cells, *seen.alts] if _NO_GLYPH.search(each)]
    return [(f"有字符无法显示：“{_cut(each)}”", f"a character cannot be shown: {_cut(each)!r}") for each in broken]


def _headings(seen: Seen) -> list[Pair]:
    found, before = [], 0
    for level, text in seen.headings:
        if before and level > before + 1:
            found.append(
                (
                    f"标题“{_cut(text)}”跳级（第 {before} 级后为第 {level} 级）",
                    f"the heading {_cut(text)!r} leaves out a level ({before} to {level})",
                )
            )
        before = level
    return found


def _pictures_without_words(notebook: NotebookNode) -> list[Pair]:
    found = []
    for at, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", []):
            kinds, about = output.get("data", {}), output.get("metadata", {})
            if "text/html" in kinds:
                bare = re.search(r"<img\b(?![^>]*\balt=\"[^\"]*\S)", str(kinds["text/html"])) is not None
            else:
                drawn = [kind for kind in _PICTURES if kind in kinds]
                bare = bool(drawn) and not any(str(_alt(about, kind)).strip() for kind in drawn)
            if bare:
                found.append(
                    (f"第 {at} 个单元格的图没有替代文字", f"the figure of cell {at} has no alternative text")
                )
    return found


def _alt(about: Mapping[str, Any], kind: str) -> Any:
    own = about.get(kind)
    return (own.get("alt") if isinstance(own, Mapping) else None) or about.get("alt") or ""


def _compared(seen: Mapping[str, Seen]) -> list[Pair]:
    """Compare each other format with the HTML, or with the first there is."""
    first = "html" if "html" in seen else next(iter(seen), "")
    found: list[Pair] = []
    for kind in seen:
        if kind != first:
            found += [
                (f"{kind.upper()} 与 {first.upper()} 的数字不一致：{zh}", f"{kind.upper()} and {first.upper()}: {en}")
                for zh, en in _different(seen[first], seen[kind])
            ]
    return found


def _different(one: Seen, other: Seen) -> list[Pair]:
    """Return the numbers that ``other`` lacks, or has more often than what it may repeat explains."""
    said, room = _without_counts(one), _repeated(one, other)
    if one.tables and other.tables:
        pairs = [(counted(one.cells), counted(other.cells), Counter[Decimal]())]
        pairs.append((counted(said), counted(other.running), room))
    else:
        # Where a line may break anywhere, a sign may have been parted from its number.
        pairs = [(counted([*said, *one.cells], signed=False), counted([other.whole], signed=False), room)]
    missing = [each for here, there, _ in pairs for each in (here - there).elements()]
    own = [each for here, there, room in pairs for each in (there - here - room).elements()]
    broken = [word for word in re.findall(r"[A-Za-z0-9]+", one.whole) if re.search(r"[A-Za-z]", word)]
    # A long code that is broken at the end of a line leaves pieces that look like numbers.
    own = [each for each in own if not any(word.startswith(str(each)) or word.endswith(str(each)) for word in broken)]
    both = [(missing, "缺少", "lacks"), (own, "多出", "adds")]
    return [(f"{zh} {_listed(held)}", f"the former {en} {_listed(held)}") for held, zh, en in both if held]


def _without_counts(seen: Seen) -> list[str]:
    """Return what can be read outside tables without the numbers that a format may leave to itself."""
    headings = {text for _, text in seen.headings}
    return [without_count(text, heading=text in headings) for text in seen.running]


def _repeated(one: Seen, other: Seen) -> Counter[Decimal]:
    """Return what ``other`` may print beyond the numbers of ``one``.

    That is: numbers of list entries, tables and figures, of pages in feet and in the contents, headings repeated in
    the contents, headers of tables repeated on each page.
    """
    room: Counter[Decimal] = Counter()
    counts = [*one.lists, len(one.tables), len(one.alts)]
    room.update(Decimal(at) for count in counts for at in range(1, count + 1))
    room += counted(one.running, signed=False) - counted(_without_counts(one), signed=False)
    if other.pages:
        for at in range(1, other.pages + 1):
            room[Decimal(at)] += 1 + len(one.headings)
        room[Decimal(other.pages)] += other.pages
        for _, text in one.headings:
            room.update(numbers(text))
        for table in one.tables:
            for text in table.headers:
                room.update(dict.fromkeys(numbers(text), other.pages))
    return room


def _listed(held: list[Decimal]) -> str:
    some = ", ".join(f"{each:,}" for each in sorted(set(held))[:5])
    return some + (" …" if len(set(held)) > 5 else "")


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
