"""The document: what a cleaned page holds, as blocks that a writer can set without knowing HTML.

Nothing on the page is lost: an element without a meaning of its own gives its text as a paragraph.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

_BLOCK_TAGS = """
address article blockquote caption dd details div dl dt figcaption figure footer header h1 h2 h3 h4 h5 h6 hr img li
main nav ol p pre section summary table tbody td tfoot th thead tr ul
"""
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_MARKS = {
    "b": "bold",
    "strong": "bold",
    "em": "italic",
    "i": "italic",
    "var": "italic",
    "code": "mono",
    "kbd": "mono",
    "sub": "sub",
    "sup": "sup",
    "s": "strike",
    "del": "strike",
    "u": "underline",
    "ins": "underline",
}
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_PICTURE = re.compile(r"data:image/([\w+.-]+);base64,(.*)", re.DOTALL)


@dataclass(frozen=True)
class Run:
    """Text set alike: ``marks`` are of bold, italic, mono, sub, sup, strike, underline; a line break is in it."""

    text: str
    marks: frozenset[str] = frozenset()
    link: str = ""


Runs = tuple[Run, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the highest below the title, and no level is skipped on the way down."""

    level: int
    runs: Runs


@dataclass(frozen=True)
class Paragraph:
    """Text; ``kind`` is body, note (below a table), nothing (in place of one), caption, quote or subtitle."""

    runs: Runs
    kind: str = "body"


@dataclass(frozen=True)
class Notice:
    """A banner; ``kind`` is simulated, configured or warning."""

    runs: Runs
    kind: str


@dataclass(frozen=True)
class Preformatted:
    """Text whose lines and blanks stand as they are."""

    text: str
    error: bool


@dataclass(frozen=True)
class Item:
    """An entry of a list, and what stands below its first paragraph (a list in the list)."""

    runs: Runs
    below: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Items:
    """A list; an ordered one counts from ``start``."""

    items: tuple[Item, ...]
    ordered: bool
    start: int = 1


@dataclass(frozen=True)
class Cell:
    """A cell, ``rows`` high and ``columns`` wide; a ``number`` stands at the right."""

    runs: Runs
    rows: int = 1
    columns: int = 1
    heading: bool = False
    number: bool = False

    @property
    def text(self) -> str:
        """The words alone."""
        return plain(self.runs)


@dataclass(frozen=True)
class Table:
    """A table: ``grid`` has a row a line and in each place a cell, or None where one reaches in from above or left.

    The first ``heads`` rows are its header; ``facts`` are pairs of a label and a value.
    """

    caption: Runs
    grid: tuple[tuple[Cell | None, ...], ...]
    heads: int
    facts: bool = False


@dataclass(frozen=True)
class Figure:
    """A picture: its bytes, their kind (svg, png, jpeg, gif, webp), what it says in words, and its caption."""

    data: bytes
    kind: str
    alt: str
    caption: Runs = ()


@dataclass(frozen=True)
class Contents:
    """Where the list of contents stands."""


@dataclass(frozen=True)
class Rule:
    """A line across."""


Block = Heading | Paragraph | Notice | Preformatted | Items | Table | Figure | Contents | Rule


@dataclass(frozen=True)
class Report:
    """A whole document in one language (``zh`` or ``en``); its ``name`` is its title, or stands for one."""

    title: str
    name: str
    lang: str
    blocks: tuple[Block, ...]


def read(page: Any, lang: str) -> Report:
    """Return the document that a cleaned page (see :mod:`perfkit.reporting.export.page`) holds."""
    heading = page.header.find("h1")
    title = plain(_runs(heading)) if heading is not None else ""
    body = [block for child in page.main.children for block in _read(child) if block != Paragraph(())]
    below = [block for block in body if not (isinstance(block, Heading) and block.level == 0)]
    return Report(title, page.title.get_text(), lang, tuple(_descending(below)))


def plain(runs: Iterable[Run]) -> str:
    """Return the words alone."""
    return "".join(run.text for run in runs)


def _descending(blocks: list[Block]) -> Iterator[Block]:
    """Yield the blocks with the levels that are used numbered from 1 on, none skipped on the way down."""
    used = sorted({block.level for block in blocks if isinstance(block, Heading)})
    before = 0
    for block in blocks:
        if isinstance(block, Heading):
            before = min(used.index(block.level) + 1, before + 1)
            yield replace(block, level=before)
        else:
            yield block


def _read(node: Any) -> Iterator[Block]:
    """Yield the blocks of one child of a container."""
    name, kinds = node.name, set(node.get("class", ())) if node.name else set()
    if name is None:
        if text := _text(node).strip():
            yield Paragraph((Run(text),))
    elif name in _HEADINGS:
        # Level 0 is the title's, which stands in the page's header.
        yield Heading(0 if node.parent.name == "header" else int(name[1]), _runs(node))
    elif name in _READERS:
        yield from _READERS[name](node)
    elif _holds_blocks(node):
        yield from _mixed(node, "quote" if name == "blockquote" else "body")
    else:
        yield _paragraph(node, kinds)


def _paragraph(node: Any, kinds: set[str]) -> Block:
    runs = _runs(node)
    if "notice" in kinds:
        kind = next((each.removeprefix("notice-") for each in kinds if each.startswith("notice-")), "warning")
        return Notice(runs, kind)
    named = next((each for each in ("note", "nothing", "caption", "subtitle") if each in kinds), "body")
    return Paragraph(runs, "quote" if node.name == "blockquote" else named)


def _mixed(node: Any, kind: str = "body") -> Iterator[Block]:
    """Yield the blocks of a container in which text and blocks may stand side by side."""
    loose: list[Any] = []
    for child in [*node.children, None]:
        if child is not None and not _is_block(child):
            loose.append(child)
            continue
        if runs := _trimmed(run for each in loose for run in _inline(each)):
            yield Paragraph(runs, kind)
        loose = []
        for block in _read(child) if child is not None else ():
            yield replace(block, kind=kind) if isinstance(block, Paragraph) and block.kind == "body" else block


def _is_block(node: Any) -> bool:
    return node.name in _BLOCKS or (node.name is not None and _holds_blocks(node))


def _holds_blocks(node: Any) -> bool:
    return any(each.name in _BLOCKS for each in node.descendants)


def _items(node: Any) -> Items:
    items = []
    for entry in node.find_all("li", recursive=False):
        match [block for block in _mixed(entry) if block != Paragraph(())]:
            case [Paragraph(runs=first), *rest]:
                items.append(Item(first, tuple(rest)))
            case rest:
                items.append(Item((), tuple(rest)))
    start = str(node.get("start", ""))
    return Items(tuple(items), node.name == "ol", int(start) if start.isdecimal() else 1)


def _figures(node: Any) -> Iterator[Block]:
    """Yield the pictures of a figure, the last with the caption; one without bytes is told by its words."""
    caption = node.find("figcaption") if node.name == "figure" else None
    words = _runs(caption) if caption is not None else ()
    pictures = [node] if node.name == "img" else node.find_all("img")
    for at, picture in enumerate(pictures, start=1):
        alt, found = str(picture.get("alt", "")).strip(), _PICTURE.fullmatch(picture.get("src", ""))
        own = words if at == len(pictures) else ()
        if found is None:
            yield Paragraph((Run(alt),), "nothing")
            if own:
                yield Paragraph(own, "caption")
            continue
        yield Figure(base64.b64decode(found[2]), found[1].removesuffix("+xml"), alt or plain(words), own)


def _table(node: Any) -> Table:
    caption = node.find("caption", recursive=False)
    sections: dict[str, list[Any]] = {"thead": [], "tbody": [], "tfoot": []}
    for child in node.find_all(["thead", "tbody", "tfoot", "tr"], recursive=False):
        rows = [child] if child.name == "tr" else child.find_all("tr", recursive=False)
        sections["tbody" if child.name == "tr" else child.name].extend(rows)
    placed = [_placed(rows) for rows in sections.values()]
    width = 1 + max((column for places in placed for _, column in places), default=-1)
    grid = [
        tuple(places.get((at, column), Cell(())) for column in range(width))
        for places, rows in zip(placed, sections.values(), strict=True)
        for at in range(len(rows))
    ]
    heads = len(sections["thead"])
    return Table(
        _runs(caption) if caption is not None else (),
        tuple(grid) if width else (),
        heads=heads if len(grid) > heads else 0,
        facts="facts" in node.get("class", ()),
    )


def _placed(rows: list[Any]) -> dict[tuple[int, int], Cell | None]:
    """Lay out the cells of a section as a browser does; None: a larger cell reaches in from above or left."""
    taken: dict[tuple[int, int], Cell | None] = {}
    for at, row in enumerate(rows):
        column = 0
        for cell in row.find_all(["td", "th"], recursive=False):
            while (at, column) in taken:
                column += 1
            high = min(_span(cell, "rowspan") or len(rows), len(rows) - at)
            asked = _span(cell, "colspan") or 1
            wide = next((each for each in range(1, asked) if (at, column + each) in taken), asked)
            for below in range(at, at + high):
                for right in range(column, column + wide):
                    taken.setdefault((below, right), None)
            taken[at, column] = Cell(_cell_runs(cell), high, wide, cell.name == "th", "num" in cell.get("class", ()))
            column += wide
    return taken


def _span(cell: Any, name: str) -> int:
    held = str(cell.get(name, "1"))
    # More is nothing a report can need, and a way to fill the memory.
    return min(int(held), 1000) if held.isdecimal() else 1


def _cell_runs(cell: Any) -> Runs:
    """Return what a cell holds as text, a block a line: a picture is told by its words."""
    if not _holds_blocks(cell):
        return _runs(cell)
    lines: list[Run] = []
    for block in _mixed(cell):
        lines += [Run("\n")] * bool(lines) + list(_lines(block))
    return tuple(lines)


def _lines(block: Block) -> Iterator[Run]:
    match block:
        case Heading() | Paragraph() | Notice():
            yield from block.runs
        case Preformatted():
            yield Run(block.text)
        case Figure():
            yield Run(block.alt)
        case Items():
            for at, item in enumerate(block.items, start=block.start):
                lead = f"{at}. " if block.ordered else "• "
                yield Run(("\n" if at > block.start else "") + lead)
                yield from item.runs
                for below in item.below:
                    yield Run("\n")
                    yield from _lines(below)
        case Table():
            for number, row in enumerate(block.grid):
                yield Run(("\n" if number else "") + " ".join(cell.text for cell in row if cell is not None))
        case _:
            return


def _runs(node: Any) -> Runs:
    return _trimmed(run for child in node.children for run in _inline(child))


def _inline(node: Any, marks: frozenset[str] = frozenset(), link: str = "") -> Iterator[Run]:
    if node.name is None:
        yield Run(_text(node), marks, link)
    elif node.name == "br":
        yield Run("\n", marks, link)
    elif node.name == "img":
        yield Run(str(node.get("alt", "")), marks, link)
    else:
        mark = _MARKS.get(node.name)
        inside = marks | {mark} if mark else marks
        address = str(node.get("href", "")) if node.name == "a" else link
        # A place on the page is reached through the contents.
        address = "" if address.startswith("#") else address
        for child in node.children:
            yield from _inline(child, inside, address)


def _text(node: Any) -> str:
    from bs4.element import NavigableString

    # Comments and the like are strings of a kind of their own.
    return _BLANKS.sub(" ", str(node)) if type(node) is NavigableString else ""


def _trimmed(runs: Iterable[Run]) -> Runs:
    """Join runs set alike, and drop the blanks at both ends and around line breaks."""
    joined: list[Run] = []
    for run in runs:
        text = run.text
        ends_blank = not joined or joined[-1].text.endswith((" ", "\n"))
        if ends_blank and text.startswith(" "):
            text = text[1:]
        if text.startswith("\n") and joined:
            joined[-1] = replace(joined[-1], text=joined[-1].text.rstrip(" "))
        if not text:
            continue
        if joined and (joined[-1].marks, joined[-1].link) == (run.marks, run.link):
            joined[-1] = replace(joined[-1], text=joined[-1].text + text)
        else:
            joined.append(replace(run, text=text))
    if joined:
        joined[-1] = replace(joined[-1], text=joined[-1].text.rstrip())
    return tuple(run for run in joined if run.text)


_READERS: dict[str, Callable[[Any], Iterable[Block]]] = {
    "nav": lambda node: [Contents()],
    "pre": lambda node: [Preformatted(node.get_text().strip("\n"), "error" in node.get("class", ()))],
    "ul": lambda node: [_items(node)],
    "ol": lambda node: [_items(node)],
    "table": lambda node: [_table(node)],
    "figure": _figures,
    "img": _figures,
    "hr": lambda node: [Rule()],
}
