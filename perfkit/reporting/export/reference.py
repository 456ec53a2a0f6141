"""The Word document that reports are written on: styles, page and footer of an official document (GB/T 9704).

Who wants another look restyles any report in Word and names it as the reference: styles are found by their names.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from functools import cache
from xml.sax.saxutils import quoteattr

# A typeface, and what Word takes where it is not installed.
_FONTS = {
    "仿宋": "FangSong,仿宋_GB2312,FangSong_GB2312,STFangsong,Noto Serif CJK SC,Noto Serif SC",
    "楷体": "KaiTi,楷体_GB2312,KaiTi_GB2312,STKaiti,Noto Serif CJK SC,Noto Serif SC",
    "宋体": "SimSun,STSong,Noto Serif CJK SC,Noto Serif SC",
    "黑体": "SimHei,STHeiti,Noto Sans CJK SC,Noto Sans SC",
    "方正小标宋简体": "FZXiaoBiaoSong-B05S,方正小标宋_GBK,华文中宋,STZhongsong,Noto Serif CJK SC,Noto Serif SC",
}
_LATIN = "Times New Roman"
MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
# The same moment in every file, so that the same report is the same file; the first that a zip file can hold.
EPOCH = (1980, 1, 1, 0, 0, 0)
# The title's size in points, and how much smaller English is set, as its letters are.
TITLE, SMALLER = 22, 0.75


@dataclass(frozen=True)
class _Style:
    """A paragraph style: sizes and lengths in points, the indent of the first line in characters.

    ``zh`` is a second name for those that Word does not translate itself; ``exact`` the height of a line; ``side``
    room at both sides for a frame.
    """

    name: str
    font: str
    size: float
    align: str = "left"
    zh: str = ""
    indent: int = 0
    left: int = 0
    before: float = 0
    after: float = 0
    exact: float = 0
    outline: int | None = None
    keep: bool = False
    frame: str = ""
    side: float = 0


_BOX = "".join(
    f'<w:{side} w:val="single" w:sz="6" w:space="4" w:color="000000"/>' for side in ("top", "left", "bottom", "right")
)
_BODY = _Style("Body Text", "仿宋", 16, "both", indent=2, exact=28)
_HEADING = replace(_BODY, align="left", keep=True)
STYLES = (
    _Style("Title", "方正小标宋简体", TITLE, "center", after=14, exact=35, keep=True),
    _Style("Subtitle", "楷体", 16, "center", after=10, exact=28),
    replace(_HEADING, name="heading 1", font="黑体", outline=0),
    replace(_HEADING, name="heading 2", font="楷体", outline=1),
    replace(_HEADING, name="heading 3", outline=2),
    replace(_HEADING, name="heading 4", outline=3),
    _BODY,
    replace(_BODY, name="List Paragraph"),
    replace(_BODY, name="Quote", font="楷体", indent=0, left=2),
    _Style("caption", "黑体", 12, "center", before=8, after=6, keep=True),
    _Style("Figure", "宋体", 12, "center", zh="图片", before=8, keep=True),
    _Style("Table Text", "宋体", 10.5, zh="表格文字"),
    _Style("Table Heading", "黑体", 10.5, "center", zh="表格标题行"),
    _Style("Table Note", "宋体", 10.5, zh="表注", before=4, after=6),
    _Style("Notice", "楷体", 12, zh="提示", before=6, after=6, frame=f"<w:pBdr>{_BOX}</w:pBdr>", side=5),
    _Style("Preformatted", "宋体", 10, zh="原样文本", frame='<w:shd w:val="clear" w:color="auto" w:fill="F3F3F3"/>'),
    _Style("TOC Heading", "黑体", 14, "center", before=10, after=6, keep=True),
    _Style("toc 1", "宋体", 12, exact=20),
    _Style("toc 2", "宋体", 12, exact=20, left=2),
)
NAMES = tuple(style.name for style in STYLES)


@cache
def default(lang: str) -> bytes:
    """Return the document that reports in ``lang`` are written on if the user gives none."""
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations(
            ("officeDocument", "word/document.xml"), ("extended-properties", "docProps/app.xml")
        ).replace(
            "</Relationships>",
            f'<Relationship Id="core" Type="{_PACKAGE}/relationships/metadata/core-properties" '
            'Target="docProps/core.xml"/></Relationships>',
        ),
        "docProps/core.xml": _DECLARATION + f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"/>',
        "docProps/app.xml": _DECLARATION
        + '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
        "<Application>perfkit</Application></Properties>",
        "word/_rels/document.xml.rels": _relations(
            ("styles", "styles.xml"),
            ("settings", "settings.xml"),
            ("fontTable", "fontTable.xml"),
            ("footer", "footer1.xml"),
            ("footer", "footer2.xml"),
        ),
        "word/document.xml": _document(),
        "word/styles.xml": _styles(lang),
        "word/settings.xml": _part(
            "settings",
            '<w:zoom w:percent="100"/><w:defaultTabStop w:val="420"/><w:evenAndOddHeaders/>'
            '<w:characterSpacingControl w:val="compressPunctuation"/><w:compat><w:compatSetting w:name='
            '"compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>',
        ),
        "word/fontTable.xml": _part(
            "fonts",
            "".join(
                f'<w:font w:name="{name}"><w:altName w:val="{others}"/><w:charset w:val="86"/></w:font>'
                for name, others in _FONTS.items()
            ),
        ),
        # The number stands outside: at the right on odd pages, at the left on even ones.
        "word/footer1.xml": _footer("right"),
        "word/footer2.xml": _footer("left"),
    }
    return zipped({name: text.encode() for name, text in parts.items()})


def zipped(parts: dict[str, bytes]) -> bytes:
    """Return the parts as a package whose bytes depend on nothing else."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as package:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            package.writestr(entry, content)
    return held.getvalue()


def _part(name: str, inside: str) -> str:
    return f'{_DECLARATION}<w:{name} xmlns:w="{MAIN}" xmlns:r="{_RELATIONS}">{inside}</w:{name}>'


def _relations(*targets: tuple[str, str]) -> str:
    inside = "".join(
        f'<Relationship Id="rId{at}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(targets, start=1)
    )
    return f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>'


def _content_types() -> str:
    main = {
        "document": "document.main",
        "styles": "styles",
        "settings": "settings",
        "fontTable": "fontTable",
        "footer1": "footer",
        "footer2": "footer",
    }
    parts = {f"/word/{name}.xml": f"{_TYPE}.{kind}+xml" for name, kind in main.items()}
    parts["/docProps/core.xml"] = "application/vnd.openxmlformats-package.core-properties+xml"
    parts["/docProps/app.xml"] = "application/vnd.openxmlformats-officedocument.extended-properties+xml"
    inside = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in parts.items())
    return (
        f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{inside}</Types>'
    )


def _document() -> str:
    return _part(
        "document",
        '<w:body><w:sectPr><w:footerReference w:type="default" r:id="rId4"/>'
        '<w:footerReference w:type="even" r:id="rId5"/><w:pgSz w:w="11906" w:h="16838"/>'
        # 37, 26, 35 and 28 mm: a field of 156 by 225 mm, as the standard has it.
        '<w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1588" w:header="851" w:footer="1588" '
        'w:gutter="0"/></w:sectPr></w:body>',
    )


def _footer(side: str) -> str:
    def run(inside: str) -> str:
        return f'<w:r><w:rPr><w:rFonts w:hint="eastAsia"/></w:rPr>{inside}</w:r>'

    field = "".join(
        [
            run('<w:fldChar w:fldCharType="begin"/>'),
            run('<w:instrText xml:space="preserve"> PAGE </w:instrText>'),
            run('<w:fldChar w:fldCharType="separate"/>'),
            run("<w:t>1</w:t>"),
            run('<w:fldChar w:fldCharType="end"/>'),
        ]
    )
    before, after = run('<w:t xml:space="preserve">— </w:t>'), run('<w:t xml:space="preserve"> —</w:t>')
    look = f'<w:pPr><w:pStyle w:val="footer"/><w:ind w:left="280" w:right="280"/><w:jc w:val="{side}"/></w:pPr>'
    return _part("ftr", f"<w:p>{look}{before}{field}{after}</w:p>")


def _styles(lang: str) -> str:
    defaults = (
        f'<w:docDefaults><w:rPrDefault><w:rPr>{_faces("仿宋")}<w:sz w:val="32"/>'
        '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
        "<w:pPrDefault/></w:docDefaults>"
    )
    normal = (
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/>'
        f'<w:pPr><w:widowControl w:val="0"/></w:pPr><w:rPr>{_faces("仿宋")}</w:rPr></w:style>'
    )
    table = (
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
        '<w:uiPriority w:val="99"/></w:style>'
    )
    footer = _Style("footer", "宋体", 14)
    return _part("styles", defaults + normal + table + "".join(_style(each, lang) for each in (*STYLES, footer)))


def _faces(font: str) -> str:
    latin = f'w:ascii="{_LATIN}" w:hAnsi="{_LATIN}" w:cs="{_LATIN}"'
    return f'<w:rFonts {latin} w:eastAsia="{font}"/>'


def _style(style: _Style, lang: str) -> str:
    size = style.size if lang == "zh" or style.size < 14 else style.size * SMALLER
    indent = style.indent if lang == "zh" else 0
    line = f' w:line="{round(style.exact * 20)}" w:lineRule="exact"' if style.exact and lang == "zh" else ""
    room = f'<w:spacing w:before="{round(style.before * 20)}" w:after="{round(style.after * 20)}"{line}/>'
    inset = (
        f'<w:ind w:firstLineChars="{indent * 100}" w:firstLine="{round(indent * size * 20)}" '
        f'w:leftChars="{style.left * 100}" w:left="{round(style.left * size * 20)}"/>'
        if indent or style.left
        else f'<w:ind w:left="{round(style.side * 20)}" w:right="{round(style.side * 20)}"/>'
    )
    outline = f'<w:outlineLvl w:val="{style.outline}"/>' if style.outline is not None else ""
    zh = f"<w:aliases w:val={quoteattr(style.zh)}/>" if style.zh else ""
    keep = "<w:keepNext/>" if style.keep else ""
    bold = (
        "<w:b/>" if lang == "en" and (style.outline is not None or style.name in ("Title", "Table Heading")) else ""
    )
    sizes = f'<w:sz w:val="{round(size * 2)}"/><w:szCs w:val="{round(size * 2)}"/>'
    return (
        f'<w:style w:type="paragraph" w:styleId={quoteattr(style.name.replace(" ", ""))}>'
        f'<w:name w:val={quoteattr(style.name)}/>{zh}<w:basedOn w:val="Normal"/><w:qFormat/>'
        f'<w:pPr>{keep}{style.frame}{room}{inset}<w:jc w:val="{style.align}"/>{outline}</w:pPr>'
        f"<w:rPr>{_faces(style.font)}{bold}{sizes}</w:rPr></w:style>"
    )
