"""What a rendered report shows, whatever its format: headings, tables, pictures and text."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

# Nothing in these is shown as the report's own text: the contents repeat the headings.
_UNREAD = frozenset({"script", "style", "title", "nav", "template"})
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = frozenset(
    {"p", "div", "li", "dt", "dd", "td", "th", "caption", "figcaption", "pre", "blockquote", "br", "tr", "table"}
    | {"ul", "ol", "figure", "header", "main", "section", *_HEADINGS}
)
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"


@dataclass
class Table:
    """A table as shown: caption, rows of cells (a header cell without text is None), and the texts of its headers."""

    caption: str = ""
    rows: list[list[str | None]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)


@dataclass
class Seen:
    """What a reader of one format sees.

    ``texts`` is everything outside tables, a paragraph each, in order, but for what stands ``verbatim``; ``headings``
    are (level, text), ``alts`` the pictures' alternative texts and ``lists`` how many entries each numbered list has,
    where the format tells them; ``pages`` is 0 where there are none.
    """

    texts: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    alts: list[str] = field(default_factory=list)
    verbatim: list[str] = field(default_factory=list)
    lists: list[int] = field(default_factory=list)
    pages: int = 0

    @property
    def cells(self) -> list[str]:
        """The text of every cell of every table."""
        return [cell for table in self.tables for row in table.rows for cell in row if cell]

    @property
    def captions(self) -> list[str]:
        """The captions of the tables."""
        return [table.caption for table in self.tables if table.caption]

    @property
    def whole(self) -> str:
        """All that can be read, a paragraph or a cell a line."""
        return "\n".join([*self.running, *self.cells])

    @property
    def running(self) -> list[str]:
        """All that can be read outside the cells of tables."""
        return [*self.texts, *self.verbatim, *self.captions]


def read(kind: str, content: str | bytes) -> Seen:
    """Return what a report in the format ``kind`` (html, docx or pdf) shows.

    Examples
    --------
    >>> read("html", "<h1>甲</h1><table><tr><th>得分</th><td>9.5</td></tr></table>").cells
    ['得分', '9.5']
    """
    return _READERS[kind](content)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = Seen()
        self._unread = 0
        self._open: list[str] = []
        self._text: list[str] = []
        self._tables: list[Table] = []
        self._picture = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD:
            self._unread += 1
        elif not self._unread:
            if tag in _BLOCKS:
                self._flush()
            if tag == "img":
                self._picture = True
                self.seen.alts.append((dict(attrs).get("alt") or "").strip())
            elif tag == "table":
                self._tables.append(Table())
            elif tag == "tr" and self._tables:
                self._tables[-1].rows.append([])
            elif tag == "ol":
                self.seen.lists.append(0)
            elif tag == "li" and self.seen.lists:
                # One in a list without numbers counts for the numbered list before it: a little room too much.
                self.seen.lists[-1] += 1
            if tag in ("td", "th", "caption", "pre", *_HEADINGS):
                self._open.append(tag)
                self._picture = False

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._unread = max(0, self._unread - 1)
        elif not self._unread:
            if tag in _BLOCKS:
                self._flush(closing=tag)
            if tag == "table" and self._tables:
                self.seen.tables.append(self._tables.pop())

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._text.append(data)

    def _flush(self, closing: str = "") -> None:
        """End a paragraph, or the cell, caption, heading or listing that ``closing`` closes."""
        where = self._open[-1] if self._open else ""
        if where and closing != where:
            self._text.append("\n")
            return
        said, self._text = _tidy("".join(self._text)), []
        if where:
            self._open.pop()
        if where in ("td", "th") and self._tables and self._tables[-1].rows:
            self._tables[-1].headers += [said] if where == "th" and said else []
            self._tables[-1].rows[-1].append(said or ("" if where == "td" and not self._picture else None))
        elif where == "caption" and self._tables:
            self._tables[-1].caption = said
        elif where == "pre" and said:
            self.seen.verbatim.append(said)
        elif said:
            self.seen.texts.append(said)
            if where in _HEADINGS:
                self.seen.headings.append((int(where[1]), said))


def _html(content: str | bytes) -> Seen:
    page = _Page()
    page.feed(content.decode("utf-8") if isinstance(content, bytes) else content)
    page.close()
    return page.seen


def _docx(content: str | bytes) -> Seen:
    with zipfile.ZipFile(io.BytesIO(_bytes(content))) as held:
        body = ElementTree.fromstring(held.read("word/document.xml"))  # noqa: S314  # a file this package has just made
    seen = Seen()
    seen.alts = [(each.get("descr") or "").strip() for each in body.iter(f"{_DRAWING}docPr")]
    _gather(body, seen)
    return seen


def _gather(element: Any, seen: Seen) -> None:
    for child in element:
        if child.tag == f"{_WORD}tbl":
            rows = [
                [
                    _tidy("\n".join(map(_said, cell.iter(f"{_WORD}p"))))
                    for cell in row.iter(f"{_WORD}tc")
                    if _own(cell)
                ]
                for row in child.iter(f"{_WORD}tr")
            ]
            seen.tables.append(Table(rows=[list[str | None](row) for row in rows]))
        elif child.tag == f"{_WORD}p":
            style = child.find(f"{_WORD}pPr/{_WORD}pStyle")
            of_contents = style is not None and str(style.get(f"{_WORD}val")).upper().startswith("TOC")
            if (said := _tidy(_said(child))) and not of_contents:
                seen.texts.append(said)
        else:
            _gather(child, seen)


def _said(paragraph: Any) -> str:
    parts = {f"{_WORD}t": None, f"{_WORD}tab": "\t", f"{_WORD}br": "\n"}
    return "".join(parts[each.tag] or each.text or "" for each in paragraph.iter() if each.tag in parts)


def _own(cell: Any) -> bool:
    """Say whether a cell is one of its own: not the continuation of the cell above, and without a picture."""
    merged = cell.find(f"{_WORD}tcPr/{_WORD}vMerge")
    continued = merged is not None and merged.get(f"{_WORD}val") != "restart"
    return not continued and cell.find(f".//{_DRAWING}docPr") is None


def _pdf(content: str | bytes) -> Seen:
    import pypdfium2

    document = pypdfium2.PdfDocument(_bytes(content))
    try:
        pages = [document[at].get_textpage().get_text_range() for at in range(len(document))]
    finally:
        document.close()
    lines = [said for page in pages for line in page.splitlines() if (said := _tidy(line))]
    return Seen(texts=lines, pages=len(pages))


def _bytes(content: str | bytes) -> bytes:
    return content.encode("latin-1") if isinstance(content, str) else content


def _tidy(text: str) -> str:
    return re.sub(
        r"[ \t\r\f\v\xa0]*\n\s*|[ \t\r\f\v\xa0]+", _one, re.sub("[\u200b\u2060\ufeff\u00ad]", "", text)
    ).strip()


def _one(gap: re.Match[str]) -> str:
    return "\n" if "\n" in gap[0] else " "


_READERS: dict[str, Callable[[str | bytes], Seen]] = {"html": _html, "docx": _docx, "pdf": _pdf}
