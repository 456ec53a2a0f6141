"""A report as a Word document, on a reference document that brings styles, page, header and footer."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from perfkit.errors import PerfkitError, Problem
from perfkit.reporting.export import pictures, reference
from perfkit.reporting.export.blocks import (
    Block,
    Cell,
    Contents,
    Figure,
    Heading,
    Items,
    Notice,
    Paragraph,
    Preformatted,
    Report,
    Run,
    Runs,
    Table,
    plain,
)
from perfkit.reporting.export.widths import GROUP, LARGEST, Fit, ems, fitted

_EMU = 12700
_LISTED = 2
_DEEPEST = 4
# A picture takes no more of a page's height than this.
_TALLEST = 0.85
# What the properties of a document can hold.
_TITLE = 255
_MONO = "Consolas"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_IMAGE, _LINK = f"{_RELATIONS}/image", f"{_RELATIONS}/hyperlink"
_SPACES = f'xmlns:w="{reference.MAIN}" xmlns:r="{_RELATIONS}"'
_LOW = '<w:spacing w:before="0" w:after="0" w:line="160" w:lineRule="exact"/>'
_LOOSE = '<w:keepNext w:val="0"/>'
_LINE = '<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="1" w:color="AAAAAA"/></w:pBdr>'
_BORDERS = (
    '<w:tblBorders><w:top w:val="single" w:sz="12" w:color="000000"/><w:bottom w:val="single" w:sz="12" '
    'w:color="000000"/><w:insideH w:val="single" w:sz="2" w:color="AAAAAA"/></w:tblBorders>'
)
_MARGINS = (
    '<w:tblCellMar><w:top w:w="40" w:type="dxa"/><w:left w:w="70" w:type="dxa"/><w:bottom w:w="40" w:type="dxa"/>'
    '<w:right w:w="70" w:type="dxa"/></w:tblCellMar>'
)
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_INLINE = (
    f'<wp:inline xmlns:wp="{_DRAWING}/wordprocessingDrawing" distT="0" distB="0" distL="0" distR="0">'
    '<wp:extent cx="{wide}" cy="{high}"/><wp:docPr id="{at}" name="Picture {at}" descr={alt}/>'
    f'<a:graphic xmlns:a="{_DRAWING}/main"><a:graphicData uri="{_DRAWING}/picture">'
    f'<pic:pic xmlns:pic="{_DRAWING}/picture"><pic:nvPicPr>'
    '<pic:cNvPr id="{at}" name="Picture {at}" descr={alt}/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
    '<a:blip r:embed="{name}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>'
    '<a:off x="0" y="0"/><a:ext cx="{wide}" cy="{high}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
    "</pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline>"
)
_STYLE_OF = {
    "body": "Body Text",
    "note": "Table Note",
    "nothing": "caption",
    "caption": "caption",
    "quote": "Quote",
    "subtitle": "Subtitle",
}
_MARKS = {
    "bold": "<w:b/>",
    "italic": "<w:i/>",
    "strike": "<w:strike/>",
    "underline": '<w:u w:val="single"/>',
    "sub": '<w:vertAlign w:val="subscript"/>',
    "sup": '<w:vertAlign w:val="superscript"/>',
}
_SIGNS = {"\n": "<w:br/>", "\t": "<w:tab/>"}
_BEFORE_SIZE = ("bold", "italic", "strike")


def written(report: Report, given: Path | None = None) -> bytes:
    """Return ``report`` as a Word document on the document ``given``; the same report gives the same bytes.

    Raises
    ------
    PerfkitError
        If a picture cannot be read, or the reference is no Word document or lacks a style.
    """
    document = opened(given, report.lang)
    return _normal(_Writer(document, report.lang, own_look=given is None).saved(report))


def opened(given: Path | None, lang: str = "zh") -> Any:
    """Return a reference document, read by python-docx and found fit to write on.

    Raises
    ------
    PerfkitError
        If it is no Word document or lacks styles; the message names them.
    """
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    if given is None:
        return docx.Document(io.BytesIO(reference.default(lang)))
    try:
        document = docx.Document(str(given))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise PerfkitError(
            (f"{given.name} cannot be written on", f"{given.name} 不能用作参照文档"),
            [Problem(("not a Word document", "不是 Word 文档"), given.name, ".docx", str(error)[:200])],
        ) from error
    held = {_plain_name(style.name) for style in document.styles if style.name}
    lacking = [name for name in reference.NAMES if _plain_name(name) not in held]
    if lacking:
        raise PerfkitError(
            (f"{given.name} lacks styles that a report needs", f"{given.name} 缺少报告所需的样式"),
            [
                Problem(
                    ("no such style", "没有该样式"),
                    given.name,
                    name,
                    do=(
                        "start from a report that this program made, and change its styles in Word",
                        "请用本程序生成的报告作底稿，在 Word 中修改其样式",
                    ),
                    column="styles",
                )
                for name in lacking
            ],
        )
    return document


def _plain_name(name: str) -> str:
    # Word writes "heading 1", python-docx reads "Heading 1"; a second name follows a comma.
    return name.split(",")[0].strip().casefold()


class _Writer:
    """Writes blocks as the XML of a document's body; holds what they share: pictures, links, bookmarks."""

    def __init__(self, document: Any, lang: str, *, own_look: bool) -> None:
        self.document = document
        self.lang = lang
        self.own_look = own_look
        self.ids = {_plain_name(style.name): style.style_id for style in document.styles if style.name}
        self.listed: list[Heading] = []
        self.passed = self.drawn = 0
        section = document.sections[-1]
        self.width = (section.page_width - section.left_margin - section.right_margin) / _EMU
        self.height = (section.page_height - section.top_margin - section.bottom_margin) / _EMU

    def saved(self, report: Report) -> bytes:
        """Return the document with ``report`` in place of what it held."""
        from docx.oxml import parse_xml

        body, part = self.document.element.body, self.document.part
        for child in [each for each in body if each is not body.sectPr]:
            body.remove(child)
        for name, relation in list(part.rels.items()):
            if relation.reltype in (_IMAGE, _LINK):
                # What the reference showed is not shown here.
                del part.rels[name]
        self.listed = [each for each in report.blocks if isinstance(each, Heading) and each.level <= _LISTED]
        inside = [self._title(report.title)] if report.title else []
        inside += [self._block(block) for block in report.blocks]
        new = parse_xml(f"<w:body {_SPACES}>{''.join(inside)}</w:body>")
        for at, child in enumerate(list(new)):
            body.insert(at, child)
        core = self.document.core_properties
        core.title, core.language = report.name[:_TITLE], "zh-CN" if self.lang == "zh" else "en-GB"
        held = io.BytesIO()
        self.document.save(held)
        return held.getvalue()

    def _title(self, title: str) -> str:
        look = ""
        if self.own_look:
            # Lines of about one length: a title does not leave one character for the last.
            size = reference.TITLE if self.lang == "zh" else reference.TITLE * reference.SMALLER
            lines = math.ceil(ems(title) * size / self.width)
            side = max(0.0, (self.width - (ems(title) / max(lines, 1) + 1) * size) / 2) if lines > 1 else 0.0
            look = f'<w:ind w:left="{round(side * 20)}" w:right="{round(side * 20)}"/>'
        return self._paragraph("Title", self._runs((Run(title),)), look)

    def _block(self, block: Block) -> str:
        match block:
            case Heading():
                return self._heading(block)
            case Paragraph(kind="caption") | Paragraph(kind="nothing"):
                keep = "" if block.kind == "caption" else _LOOSE
                return self._paragraph("caption", self._runs(block.runs), before=keep)
            case Paragraph():
                return self._paragraph(_STYLE_OF[block.kind], self._runs(block.runs))
            case Notice():
                return self._paragraph("Notice", self._runs(block.runs))
            case Preformatted():
                return self._paragraph("Preformatted", self._runs((Run(block.text, frozenset({"mono"})),)))
            case Items():
                return "".join(self._items(block, 0))
            case Table():
                return self._table(block)
            case Figure():
                return self._figure(block)
            case Contents():
                return "".join(self._contents())
            case _:
                return self._paragraph("Body Text", "", before=_LINE)

    def _paragraph(self, style: str, inside: str, look: str = "", before: str = "") -> str:
        """Return a paragraph; ``before`` and ``look`` are settings, in the order that Word asks for."""
        name = quoteattr(self.ids[style.casefold()])
        return f"<w:p><w:pPr><w:pStyle w:val={name}/>{before}{look}</w:pPr>{inside}</w:p>"

    def _runs(self, runs: Runs, size: float | None = None) -> str:
        return "".join(self._run(run, size) for run in runs)

    def _run(self, run: Run, size: float | None) -> str:
        # In a Chinese text quotation marks and the like are Chinese, whatever stands around them.
        hint = ' w:hint="eastAsia"' if self.lang == "zh" else ""
        mono = f' w:ascii="{_MONO}" w:hAnsi="{_MONO}"' if "mono" in run.marks else ""
        look = [f"<w:rFonts{hint}{mono}/>"] if hint or mono else []
        look += [xml for mark, xml in _MARKS.items() if mark in run.marks and mark in _BEFORE_SIZE]
        look += ['<w:color w:val="1F3F6E"/>'] if run.link else []
        look += [f'<w:sz w:val="{round(size * 2)}"/><w:szCs w:val="{round(size * 2)}"/>'] if size is not None else []
        look += [xml for mark, xml in _MARKS.items() if mark in run.marks and mark not in _BEFORE_SIZE]
        said = "<w:br/>".join(
            "<w:tab/>".join(
                f'<w:t xml:space="preserve">{escape(each)}</w:t>' if each else "" for each in line.split("\t")
            )
            for line in run.text.split("\n")
        )
        made = f"<w:r><w:rPr>{''.join(look)}</w:rPr>{said}</w:r>"
        if not run.link:
            return made
        name = self.document.part.relate_to(run.link, _LINK, is_external=True)
        return f'<w:hyperlink r:id="{name}">{made}</w:hyperlink>'

    def _heading(self, heading: Heading) -> str:
        style = f"heading {min(heading.level, _DEEPEST)}"
        if heading.level > _LISTED:
            return self._paragraph(style, self._runs(heading.runs))
        self.passed += 1
        start = f'<w:bookmarkStart w:id="{self.passed}" w:name="{_mark(self.passed)}"/>'
        return self._paragraph(style, f'{start}{self._runs(heading.runs)}<w:bookmarkEnd w:id="{self.passed}"/>')

    def _contents(self) -> Iterator[str]:
        """Yield a field that Word can bring up to date, filled with what it would find.

        Without page numbers: they are Word's to know, and a field that is filled on opening asks the reader first.
        """
        yield self._paragraph("TOC Heading", self._runs((Run("目　录" if self.lang == "zh" else "Contents"),)))
        begin = (
            f'{_field("begin")}<w:r><w:instrText xml:space="preserve"> TOC \\o "1-{_LISTED}" \\n \\h \\z \\u '
            f"</w:instrText></w:r>{_field('separate')}"
        )
        for at, heading in enumerate(self.listed, start=1):
            link = f'<w:hyperlink w:anchor="{_mark(at)}">{self._runs(heading.runs)}</w:hyperlink>'
            end = _field("end") if at == len(self.listed) else ""
            yield self._paragraph(f"toc {heading.level}", (begin if at == 1 else "") + link + end)

    def _items(self, items: Items, depth: int) -> Iterator[str]:
        look = f'<w:ind w:leftChars="{depth * 200}" w:left="{depth * 640}"/>' if depth else ""
        for at, item in enumerate(items.items, start=items.start):
            lead = Run(f"{at}. " if items.ordered else "• ")
            yield self._paragraph("List Paragraph", self._runs((lead, *item.runs)), look)
            for below in item.below:
                if isinstance(below, Items):
                    yield from self._items(below, depth + 1)
                else:
                    yield self._block(below)

    def _figure(self, figure: Figure) -> str:
        from docx.image.exceptions import UnrecognizedImageError

        drawn = pictures.png(figure)
        try:
            name, image = self.document.part.get_or_add_image(io.BytesIO(drawn))
        except UnrecognizedImageError as error:
            raise pictures.unreadable(figure, error) from error
        # What was drawn for this page has as many pixels an inch as asked for; a picture of its own says so itself.
        inch = image.horz_dpi if figure.kind in pictures.KEPT else pictures.PPI
        wide, high = image.px_width * 72 / inch, image.px_height * 72 / inch
        scale = min(1.0, self.width / wide, self.height * _TALLEST / high)
        self.drawn += 1
        inline = _INLINE.format(
            at=self.drawn,
            name=name,
            wide=round(wide * scale * _EMU),
            high=round(high * scale * _EMU),
            alt=quoteattr(figure.alt),
        )
        keep = "" if figure.caption else _LOOSE
        shown = self._paragraph("Figure", f"<w:r><w:drawing>{inline}</w:drawing></w:r>", before=keep)
        below = self._paragraph("caption", self._runs(figure.caption), before=_LOOSE) if figure.caption else ""
        return shown + below

    def _table(self, table: Table) -> str:
        head = self._paragraph("caption", self._runs(table.caption)) if table.caption else ""
        if not table.grid:
            return head
        fit = fitted(table, self.width)
        widths = [round(share * self.width * 20) for share in fit.shares]
        columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
        said = f"<w:tblCaption w:val={quoteattr(plain(table.caption))}/>" if table.caption else ""
        look = (
            f'<w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>{_BORDERS}'
            f'<w:tblLayout w:type="fixed"/>{_MARGINS}<w:tblLook w:firstRow="1"/>{said}</w:tblPr>'
        )
        rows = "".join(self._rows(table, widths, fit))
        return f"{head}<w:tbl>{look}<w:tblGrid>{columns}</w:tblGrid>{rows}</w:tbl>{self._gap()}"

    def _gap(self) -> str:
        """Return room below a table; without a paragraph between them two tables become one."""
        return self._paragraph(
            "Table Note", "", '<w:spacing w:before="0" w:after="0" w:line="160" w:lineRule="exact"/>'
        )

    def _rows(self, table: Table, widths: list[int], fit: Fit) -> Iterator[str]:
        # The largest size is that of the style.
        size = None if fit.size == LARGEST else fit.size
        kept = {
            above
            for at, row in enumerate(table.grid)
            for cell in row
            if cell is not None and cell.rows <= GROUP
            for above in range(at, at + cell.rows - 1)
        }
        open_: dict[int, tuple[int, int]] = {}
        for at, row in enumerate(table.grid):
            keep = at in kept or at < table.heads or (fit.together and at < len(table.grid) - 1)
            cells = []
            for column, cell in enumerate(row):
                left, wide = open_.get(column, (0, 1))
                if cell is not None:
                    open_[column] = (cell.rows - 1, cell.columns)
                    width = sum(widths[column : column + cell.columns])
                    last_head = at + cell.rows == table.heads
                    cells.append(self._cell(cell, table, width, size, last_head=last_head, keep=keep))
                elif left:
                    open_[column] = (left - 1, wide)
                    width = sum(widths[column : column + wide])
                    inside = self._paragraph("Table Text", "")
                    cells.append(f"<w:tc>{_cell_look(width, wide, '<w:vMerge/>')}{inside}</w:tc>")
            repeated = "<w:tblHeader/>" if at < table.heads else ""
            yield f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{''.join(cells)}</w:tr>"

    def _cell(self, cell: Cell, table: Table, width: int, size: float | None, *, last_head: bool, keep: bool) -> str:
        look = '<w:vMerge w:val="restart"/>' if cell.rows > 1 else ""
        look += '<w:tcBorders><w:bottom w:val="single" w:sz="6" w:color="000000"/></w:tcBorders>' if last_head else ""
        side = "right" if cell.number else "left" if cell.heading and table.facts else ""
        inside = self._paragraph(
            "Table Heading" if cell.heading else "Table Text",
            self._runs(cell.runs, size),
            f'<w:jc w:val="{side}"/>' if side else "",
            "<w:keepNext/>" if keep else "",
        )
        return f"<w:tc>{_cell_look(width, cell.columns, look)}{inside}</w:tc>"


def _pieces(text: str) -> list[str]:
    return [each for each in re.split("([\n\t])", text) if each]


def _cell_look(width: int, columns: int, more: str) -> str:
    span = f'<w:gridSpan w:val="{columns}"/>' if columns > 1 else ""
    return f'<w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{span}{more}<w:vAlign w:val="center"/></w:tcPr>'


def _field(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def _mark(at: int) -> str:
    return f"_Toc{at:08d}"


def _normal(package: bytes) -> bytes:
    """Return a package whose bytes tell nothing of when and where it was packed."""
    with zipfile.ZipFile(io.BytesIO(package)) as held:
        return reference.zipped({name: held.read(name) for name in held.namelist()})
