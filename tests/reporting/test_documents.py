"""One report, three formats: that they say the same, look as they should, and that text stays text.

Word files are read back with python-docx and as XML, PDF with pypdf: other programs than wrote them.
"""

import base64
import html
import io
import itertools
import os
import re
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import docx
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from pypdf import PdfReader

from perfkit.errors import FontError, OrderError, PerfkitError
from perfkit.reporting import batch, execution, export, orders
from perfkit.reporting.export import blocks, reference, widths
from perfkit.reporting.figures import Document, bars

STYLE = Path(export.TEMPLATES / "report/style.css").read_text(encoding="utf-8")

RARE = "䶮㛃喆堃镕珺翀赟￥≥①Ⅰ㎡"
LONG = "A" * 300
HOSTILE = {
    "html": "<script>alert(1)</script>",
    "typst": '#import "@preview/x:1.0.0": y; $x^2$ *b* `r` \\ #{1+1} @ref <lab> // c',
    "word": "</w:t></w:r><w:p/> &amp; ]]>",
    "formula": '=HYPERLINK("http://x","y")',
    "path": "../../etc/passwd",
    "long": LONG,
    "right to left": "אבג עברית",
}


def code(*shown):
    return new_code_cell("x", outputs=[new_output("execute_result", data=each._repr_mimebundle_()) for each in shown])


def output(metadata=None, **data):
    data = {name.replace("__", "/").replace("_", "+"): held for name, held in data.items()}
    return new_code_cell("x", outputs=[new_output("display_data", data=data, metadata=metadata or {})])


def scores(rows=40):
    return pd.DataFrame(
        {
            "一级指标": ["产出指标" if at < rows // 2 else "效益指标" for at in range(rows)],
            "三级指标": [f"指标{at}" for at in range(rows)],
            "得分": [at + 0.25 for at in range(rows)],
        }
    )


def report(rows=40, name=f"甲{RARE}"):
    """Return a notebook with one of everything."""
    doc = Document()
    return new_notebook(
        cells=[
            new_markdown_cell("# 绩效评价报告"),
            code(doc.notice("模拟数据", "simulated")),
            new_markdown_cell("## 一、基本情况\n\n### （一）概况\n\n正文 **重点** [链接](https://www.gov.cn/x)。"),
            code(
                doc.facts([("名称", name), ("金额", 1234567.5)], caption="基本情况"),
                doc.table(scores(rows), "评分表", merge=["一级指标"], note="注：单位为分"),
            ),
            new_markdown_cell("## 二、建议"),
            code(
                doc.items(["第一条", "第二条"]),
                doc.figure(bars(["决策"], [1.0], xlabel="得分"), "得分", "决策得 1 分"),
            ),
        ]
    )


def parts(content):
    with zipfile.ZipFile(io.BytesIO(content)) as held:
        return {name: held.read(name).decode("utf-8", "replace") for name in held.namelist()}


def word(content):
    return docx.Document(io.BytesIO(content))


def word_text(content):
    """Return what a Word document says, table cells and all, in its order."""
    body = parts(content)["word/document.xml"]
    said = (re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>|(<w:br/>)", each) for each in body.split("</w:p>"))
    return [html.unescape("".join(text or "\n" * bool(end) for text, end in each)) for each in said]


def pictures(content):
    held = word(content).part.related_parts.values()
    return [part.blob for part in held if str(part.partname).startswith("/word/media/")]


def pdf_text(content):
    """Return what the pages of a PDF say, without their numbers."""
    pages = (page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return "".join(re.sub(r"— ?\d+ ?—\s*$", "", page) for page in pages)


def bare(text):
    """Return ``text`` without blanks, at which a line may have broken."""
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module")
def made():
    return export.render(report())


@pytest.mark.parametrize("kind", export.FORMATS)
def test_the_same_notebook_is_the_same_file(made, kind):
    assert export.render(report(), [kind])[kind] == made[kind]


def test_three_formats_say_the_same(made):
    page = BeautifulSoup(made["html"], "html.parser")
    said = [
        bare(cell.get_text()) for cell in page.main.find_all(["h1", "h2", "h3", "th", "td", "caption", "p", "li"])
    ]
    assert "39.25" in said
    assert f"甲{RARE}" in said
    in_word, in_pdf = bare("".join(word_text(made["docx"]))), bare(pdf_text(made["pdf"]))
    assert [each for each in said if each not in in_word] == []
    assert [each for each in said if each not in in_pdf] == []
    # Numbers are counted, not only found: none is dropped or said twice.
    for number in ("0.25", "17.25", "39.25", "1,234,567.5"):
        assert in_word.count(number) == in_pdf.count(number) == bare(page.main.get_text()).count(number)


def test_a_format_that_is_not_there_is_refused():
    with pytest.raises(PerfkitError, match=r"expected html, docx, pdf · got odt"):
        export.render(report(), ["html", "odt"])


# Text stays text


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_lands_as_text_in_all_formats(text):
    doc = Document()
    frame = pd.DataFrame({"名称": [text], text: [1]})
    shown = [doc.text(text), doc.notice(text), doc.items([text]), doc.facts([(text, text)], caption=text)]
    shown += [doc.table(frame, text), doc.figure(bars(["甲"], [1.0], xlabel="x"), text, text)]
    cells = [code(doc.title(text)), code(*shown), output(text__html=frame.to_html())]
    cells.append(new_code_cell("x", outputs=[new_output("stream", name="stdout", text=text)]))
    made = export.render(new_notebook(cells=cells))
    page = BeautifulSoup(made["html"], "html.parser")
    assert not page.find_all("script")
    count = bare(page.main.get_text()).count(bare(text))
    # Title, text, notice, item, three in facts, caption, two in the table, figure, two in the foreign table, stdout.
    assert count == 14
    assert bare("".join(word_text(made["docx"]))).count(bare(text)) == count
    if text != HOSTILE["right to left"]:
        # What is read from right to left is kept in a PDF as it is drawn.
        assert bare(pdf_text(made["pdf"])).count(bare(text)) == count
    for name, content in parts(made["docx"]).items():
        if name.endswith((".xml", ".rels")):
            ElementTree.fromstring(content)  # noqa: S314  # our own file
    assert word(made["docx"]).core_properties.title == text[:255]


def test_marks_that_no_document_may_hold_show_as_a_sign():
    bad = "甲\x01\x0b\ud800乙\u202e丙\u2066丁"
    shown = code(Document().text(bad))
    made = export.render(
        new_notebook(cells=[shown, new_markdown_cell("戊&#x202e;己&#8238;庚")]), title="题\u202e\x02"
    )
    seen = "甲\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}乙�丙�丁"
    for text in (made["html"].decode(), "".join(word_text(made["docx"])), bare(pdf_text(made["pdf"]))):
        assert seen in text
        assert "戊�己�庚" in text
        assert "题��" in text
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)


def test_a_long_word_stays_on_the_page():
    doc = Document()
    cells = code(doc.text(LONG), doc.table(pd.DataFrame({"a": [LONG], "b": ["短"], "c": [LONG]}), "表"))
    made = export.render(new_notebook(cells=[cells, output(text__plain=LONG)]))
    right = []
    for page in PdfReader(io.BytesIO(made["pdf"])).pages:
        page.extract_text(visitor_text=lambda text, _, place, *__: right.append((place[4], len(text), text)))
    ends = [x + 4.0 * length for x, length, text in right if "A" in text]
    assert ends
    # A capital A is more than 4 points wide in the smallest text; the field ends 26 mm from the right edge.
    assert max(ends) < 595 - 26 / 25.4 * 72
    widths_ = [int(cell.get(qn("w:w"))) for cell in word(made["docx"]).element.body.iter(qn("w:gridCol"))]
    assert abs(sum(widths_) - 156 / 25.4 * 1440) < 10


# Pictures


def test_a_picture_of_any_kind_comes_through():
    drawn = io.BytesIO()
    Image.new("RGB", (100, 50), "red").save(drawn, "PNG", dpi=(72, 72))
    png = base64.b64encode(drawn.getvalue()).decode()
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><rect width="90" height="30"/></svg>'
    made = export.render(
        new_notebook(
            cells=[
                output({"image/png": {"alt": "红"}}, image__png=png),
                output({"image/svg+xml": {"alt": "黑"}}, image__svg_xml=svg),
            ]
        )
    )
    document = word(made["docx"])
    assert [shape._inline.docPr.get("descr") for shape in document.inline_shapes] == ["红", "黑"]
    # 100 pixels at 72 an inch are 100 points; 90 CSS pixels are 67.5.
    assert [round(shape.width.pt, 0) for shape in document.inline_shapes] == [100, 68]
    assert drawn.getvalue() in {
        part.blob for part in document.part.related_parts.values() if part.partname.endswith("png")
    }


def test_a_picture_that_is_none_is_named():
    broken = new_notebook(cells=[output({"image/png": {"alt": "坏图"}}, image__png="AAAA")])
    for kind in ("docx", "pdf"):
        with pytest.raises(PerfkitError, match="not a picture · 坏图"):
            export.render(broken, [kind])


def test_a_picture_brings_nothing_from_outside(tmp_path):
    outside = tmp_path / "x.png"
    Image.new("RGB", (10, 10), "red").save(outside)
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="10" height="10">'
        f'<image xlink:href="{outside}" href="https://evil.example/x.png" width="10" height="10"/></svg>'
    )
    made = export.render(new_notebook(cells=[output(image__svg_xml=svg)]), ["docx", "pdf"])
    (picture,) = [
        part.blob for part in word(made["docx"]).part.related_parts.values() if part.partname.endswith("png")
    ]
    assert Image.open(io.BytesIO(picture)).convert("RGB").getcolors()[0][1] == (255, 255, 255)


# Blocks


def read(*cells):
    from perfkit.reporting.export import page

    return blocks.read(page.clean(new_notebook(cells=list(cells)), lang="zh"), "zh").blocks


def test_levels_of_headings_are_used_from_the_first_on_and_none_is_skipped():
    found = read(new_markdown_cell("# 题\n\n### 甲\n\n##### 乙\n\n## 丙\n\n##### 丁"))
    # Used are 2, 3 and 5: a third-level heading may come first, but then stands at the top.
    assert [(each.level, blocks.plain(each.runs)) for each in found if isinstance(each, blocks.Heading)] == [
        (1, "甲"),
        (2, "乙"),
        (1, "丙"),
        (2, "丁"),
    ]


def test_markdown_keeps_its_marks_lists_and_quotes():
    found = read(
        new_markdown_cell("甲 **乙** *丙* `丁` [戊](https://www.gov.cn)\n\n> 引\n\n3. 三\n   - 里\n4. 四\n\n---")
    )
    paragraph, quote, items, rule = found
    assert [(run.text.strip(), *sorted(run.marks), run.link) for run in paragraph.runs if run.text.strip()] == [
        ("甲", ""),
        ("乙", "bold", ""),
        ("丙", "italic", ""),
        ("丁", "mono", ""),
        ("戊", "https://www.gov.cn"),
    ]
    assert (quote.kind, blocks.plain(quote.runs)) == ("quote", "引")
    assert (items.ordered, items.start, [blocks.plain(item.runs) for item in items.items]) == (True, 3, ["三", "四"])
    assert blocks.plain(items.items[0].below[0].items[0].runs) == "里"
    assert isinstance(rule, blocks.Rule)


def test_a_frame_of_pandas_keeps_its_merged_headers():
    columns = pd.MultiIndex.from_tuples([("得分", "自评"), ("得分", "复核"), ("等级", "复核")])
    (table,) = read(output(text__html=pd.DataFrame([[1, 2, "优"]], index=["甲"], columns=columns).to_html()))
    assert table.heads == 2
    assert [[None if cell is None else (cell.text, cell.columns) for cell in row] for row in table.grid] == [
        [("", 1), ("得分", 2), None, ("等级", 1)],
        [("", 1), ("自评", 1), ("复核", 1), ("复核", 1)],
        [("甲", 1), ("1", 1), ("2", 1), ("优", 1)],
    ]


spans = st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=4), min_size=1, max_size=5)


@given(spans)
def test_whatever_is_merged_the_grid_is_covered_once(rows):
    cells = ["".join(f'<td rowspan="{high}" colspan="{wide}">x</td>' for high, wide in row) for row in rows]
    table = BeautifulSoup("<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>", "html.parser").table
    grid = blocks._table(table).grid
    covered = [
        (at + down, column + right)
        for at, row in enumerate(grid)
        for column, cell in enumerate(row)
        if cell is not None
        for down, right in itertools.product(range(cell.rows), range(cell.columns))
    ]
    every = [(at, column) for at in range(len(grid)) for column in range(len(grid[0]))] if grid else []
    assert sorted(covered) == every
    held = blocks.Report("", "甲", "zh", (blocks.Table((), grid, 0),))
    from perfkit.reporting.export import word as writer

    for row in word(writer.written(held)).element.body.iter(qn("w:tr")):
        wide = [cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}") for cell in row.iter(qn("w:tc"))]
        assert sum(1 if each is None else int(each.get(qn("w:val"))) for each in wide) == len(grid[0])


@given(st.lists(st.lists(st.text("甲a1 ", max_size=60), min_size=4, max_size=4), min_size=1, max_size=4))
def test_columns_share_the_whole_width(rows):
    grid = tuple(tuple(blocks.Cell((blocks.Run(text),)) for text in row) for row in rows)
    fit = widths.fitted(blocks.Table((), grid, 0), 442)
    assert abs(sum(fit.shares) - 1) < 0.001
    assert min(fit.shares) > 0


# HTML


def luminance(colour):
    """Relative luminance as WCAG 2.2 defines it."""
    digits = colour.removeprefix("#")
    digits = "".join(2 * each for each in digits) if len(digits) == 3 else digits
    parts_ = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts_]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_in_both_themes(theme):
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6});", re.findall(r":root \{[^}]*\}", STYLE)[theme]))
    # WCAG 2.2, 1.4.3: 4.5 to 1 for text.
    for ink, paper in itertools.product(("ink", "soft", "link", "warn"), ("paper", "band")):
        light, dark = sorted((luminance(colours[ink]), luminance(colours[paper])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)


def test_the_page_can_be_read_without_eyes_or_mouse(made):
    page = BeautifulSoup(made["html"], "html.parser")
    assert page.html["lang"] == "zh-CN"
    levels = [int(each.name[1]) for each in page.find_all(re.compile("^h[1-6]$"))]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert {each["scope"] for each in page.find_all("th")} == {"col", "row"}
    assert all(each["alt"] for each in page.find_all("img"))
    assert all(each["tabindex"] == "0" for each in page.find_all(class_="wide"))
    foreign = BeautifulSoup(
        export.html(new_notebook(cells=[output(text__html=pd.DataFrame({"a": [1]}).to_html())])), "html.parser"
    )
    assert [(each.get_text(), each["scope"]) for each in foreign.find_all("th")] == [("a", "col"), ("0", "row")]
    assert foreign.find(class_="wide")["tabindex"] == "0"


def test_the_page_is_small_and_asks_for_nothing(made):
    bare_page = re.sub(rb'base64,[^"]+', b"", made["html"])
    assert len(bare_page) < 80_000
    assert re.findall(rb'(?:src|href)="(?!#|data:)([^"]*)', bare_page) == [b"https://www.gov.cn/x"]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on this machine")
def test_a_narrow_screen_needs_no_scrolling_sideways(tmp_path):
    doc = Document()
    held = new_notebook(cells=[*report().cells, code(doc.text(LONG), doc.facts([(LONG, LONG)], caption="长"))])
    root = "document.documentElement"
    ask = f"<script>document.title = {root}.scrollWidth - {root}.clientWidth</script>"
    page = tmp_path / "page.html"
    page.write_text(export.html(held).replace("</body>", f"{ask}</body>"), encoding="utf-8")
    run = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=500,900", "--dump-dom"]
    seen = subprocess.run([*run, page.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    assert "<title>0</title>" in seen.stdout


# Word


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_style_names_its_chinese_typeface_and_none_follows_the_theme(lang):
    styles = ElementTree.fromstring(parts(reference.default(lang))["word/styles.xml"])  # noqa: S314
    fonts = list(styles.iter(qn("w:rFonts")))
    assert len(fonts) >= len(reference.NAMES)
    assert {each.get(qn("w:eastAsia")) for each in fonts} <= {"仿宋", "楷体", "宋体", "黑体", "方正小标宋简体"}
    assert "theme" not in parts(reference.default(lang))["word/styles.xml"].casefold()
    assert styles.find(f".//{qn('w:docDefaults')}//{qn('w:lang')}").get(qn("w:eastAsia")) == "zh-CN"
    fallbacks = re.findall(r'w:altName w:val="([^"]+)"', parts(reference.default(lang))["word/fontTable.xml"])
    assert len(fallbacks) == 5
    assert all("Noto" in each for each in fallbacks)


def test_a_word_report_looks_like_an_official_document(made):
    document = word(made["docx"])
    looks = {style.name: style for style in document.styles if style.type == 1}
    east = {name: looks[name].element.rPr.rFonts.get(qn("w:eastAsia")) for name in looks}
    # GB/T 9704-2012: the title in size 2 (22 pt) xiaobiaosong, text in size 3 (16 pt) fangsong, headings hei and kai.
    assert (east["Title"], looks["Title"].font.size.pt) == ("方正小标宋简体", 22)
    assert (east["Heading 1"], east["Heading 2"], east["Body Text"]) == ("黑体", "楷体", "仿宋")
    assert looks["Body Text"].font.size.pt == 16
    assert looks["Body Text"].element.pPr.find(qn("w:ind")).get(qn("w:firstLineChars")) == "200"
    # The field is 156 mm by 225 mm on A4, with 37 mm above and 28 mm to the left.
    (section,) = document.sections
    assert round(docx.shared.Length(section.page_width - section.left_margin - section.right_margin).mm) == 156
    assert round(docx.shared.Length(section.page_height - section.top_margin - section.bottom_margin).mm) == 225
    assert (round(section.top_margin.mm), round(section.left_margin.mm)) == (37, 28)
    names = [paragraph.style.name for paragraph in document.paragraphs]
    assert names[0] == "Title"
    assert [p.text for p in document.paragraphs if p.style.name.startswith("Heading")] == [
        "一、基本情况",
        "（一）概况",
        "二、建议",
    ]
    # The number of the page stands outside.
    held = parts(made["docx"])
    assert "<w:evenAndOddHeaders/>" in held["word/settings.xml"]
    sides = [re.search(r'w:jc w:val="(\w+)"', held[f"word/footer{at}.xml"])[1] for at in (1, 2)]
    assert sides == ["right", "left"]
    assert all(" PAGE " in held[f"word/footer{at}.xml"] for at in (1, 2))


def test_tables_and_figures_in_word(made):
    document = word(made["docx"])
    body = list(document.element.body)
    facts, table = document.tables
    for each, caption in ((facts, "表1　基本情况"), (table, "表2　评分表")):
        above = body[body.index(each._element) - 1]
        assert above.text == caption
        assert above.pPr.keepNext is None  # by its style
    repeated = [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows]
    assert repeated == [True] + [False] * 40
    assert table.cell(1, 0)._tc is table.cell(20, 0)._tc
    assert table.cell(20, 0)._tc is not table.cell(21, 0)._tc
    assert [table.cell(1, column).paragraphs[0].alignment for column in (1, 2)] == [None, 2]
    (picture,) = document.inline_shapes
    assert picture._inline.docPr.get("descr") == "决策得 1 分"
    paragraphs = document.paragraphs
    (at,) = [at for at, each in enumerate(paragraphs) if each.style.name == "Figure"]
    assert paragraphs[at + 1].text == "图1　得分"
    assert document.styles["Figure"].paragraph_format.line_spacing_rule is None


def test_the_contents_of_a_word_report_lead_somewhere(made):
    body = parts(made["docx"])["word/document.xml"]
    anchors = re.findall(r'w:anchor="(\w+)"', body)
    assert len(anchors) == 3
    assert [f'w:name="{each}"' in body for each in anchors] == [True] * 3
    assert body.count('w:fldCharType="begin"') == body.count('w:fldCharType="end"') == 1


def restyled(tmp_path, made, edit):
    document = word(made["docx"])
    edit(document)
    path = tmp_path / "own.docx"
    document.save(path)
    return path


def test_a_report_restyled_by_its_reader_is_a_reference(made, tmp_path):
    def edit(document):
        document.styles["Body Text"].font.size = docx.shared.Pt(13)
        document.sections[0].left_margin = docx.shared.Mm(40)

    own = restyled(tmp_path, made, edit)
    again = export.render(report(rows=5, name="乙"), ["docx"], reference=own)["docx"]
    document = word(again)
    assert document.styles["Body Text"].font.size.pt == 13
    assert round(document.sections[0].left_margin.mm) == 40
    text = "".join(word_text(again))
    assert "乙" in text
    assert RARE not in text, "what the reference said is not said again"
    assert len([name for name in parts(again) if "media" in name]) == 1
    assert export.render(report(rows=5, name="乙"), ["docx"], reference=own)["docx"] == again


def test_a_reference_that_lacks_styles_is_refused_by_name(made, tmp_path):
    def edit(document):
        for name in ("Notice", "Table Text"):
            document.styles[name].delete()

    with pytest.raises(PerfkitError, match=r"own\.docx lacks styles") as caught:
        export.render(report(), ["docx"], reference=restyled(tmp_path, made, edit))
    assert [each.expected for each in caught.value.problems] == ["Table Text", "Notice"]
    (tmp_path / "no.docx").write_text("no")
    with pytest.raises(PerfkitError, match="not a Word document"):
        export.render(report(), ["docx"], reference=tmp_path / "no.docx")


# PDF


def test_a_pdf_can_be_listened_to(made):
    reader = PdfReader(io.BytesIO(made["pdf"]))
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "zh-CN"
    assert root["/MarkInfo"]["/Marked"]
    assert "pdfuaid:part" in root["/Metadata"].get_data().decode()
    assert reader.metadata.title == "绩效评价报告"
    assert reader.metadata.creation_date is None
    kinds, words = set(), set()

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, dict):
            kinds.add(node.get("/S"))
            words.add(node.get("/Alt"))
            if "/K" in node:
                walk(node["/K"])

    walk(root["/StructTreeRoot"]["/K"])
    assert {"/Figure", "/Table", "/TH", "/TD", "/H1", "/H2", "/L", "/Caption", "/TOC"} <= kinds
    assert "决策得 1 分" in words
    assert [each.title for each in itertools.chain(*map(flat, reader.outline))] == [
        "一、基本情况",
        "（一）概况",
        "二、建议",
    ]


def flat(entry):
    return [each for inner in entry for each in flat(inner)] if isinstance(entry, list) else [entry]


def test_a_pdf_brings_its_fonts_and_only_what_it_needs_of_them(made):
    reader = PdfReader(io.BytesIO(made["pdf"]))
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"].get("/Font", {}).values()]
    assert fonts
    for font in fonts:
        assert re.match(r"/[A-Z]{6}\+", font["/BaseFont"])
        inner = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(inner)
    assert len(made["pdf"]) < 500_000


def test_pages_are_numbered_and_headers_of_tables_repeated(made):
    pages = [bare(page.extract_text()) for page in PdfReader(io.BytesIO(made["pdf"])).pages]
    assert len(pages) > 2
    assert all(f"—{at}—" in page for at, page in enumerate(pages, 1))
    with_rows = [page for page in pages if re.search(r"指标\d+", page)]
    assert len(with_rows) > 1
    assert all("三级指标" in page for page in with_rows)


def test_rare_characters_are_printed_and_what_no_font_has_is_named(made):
    assert RARE in bare(pdf_text(made["pdf"]))
    # Outside GBK and the Noto fonts' set: a variant of 吉 (U+20BB7).
    with pytest.raises(FontError, match=re.escape("𠮷 (U+20BB7)")):
        export.render(new_notebook(cells=[code(Document().text("𠮷"))]), ["pdf"])


# Orders and batches


@pytest.fixture
def office(tmp_path, monkeypatch):
    """An order whose notebook is not run but comes back with a report in it."""
    cells = [new_code_cell("unit_id: str = ''  # 编码", metadata={"tags": ["parameters"]}), *report(rows=5).cells]
    import nbformat

    nbformat.write(new_notebook(cells=cells), tmp_path / "n.ipynb")
    path = tmp_path / "o.yaml"

    def stand_in(notebook, parameters, *, root, kept, timeout=None, inputs=""):
        return execution.Ran(nbformat.read(notebook, as_version=4), execution.OK, "", 0.1)

    monkeypatch.setattr(batch, "execute", stand_in)

    def order(more):
        path.write_text(f"title: t\nnotebook: n.ipynb\nruns: [{{unit_id: a}}]\n{more}\n", encoding="utf-8")
        return path

    return order


def test_a_batch_writes_every_format_and_clears_what_is_no_longer_asked_for(office):
    done = batch.run(office("formats: [html, docx, pdf]"), show=lambda _: None)
    (outcome,) = done.outcomes
    assert [name.rsplit(".")[-1] for name in outcome.outputs] == ["html", "docx", "pdf", "ipynb"]
    assert [(done.folder / name).read_bytes()[:4] for name in outcome.outputs[1:3]] == [b"PK\x03\x04", b"%PDF"]
    done = batch.run(office("formats: [pdf]"), show=lambda _: None)
    assert sorted(path.suffix for path in done.folder.iterdir() if path.stem.startswith("n-")) == [".pdf"]


def test_an_order_with_a_reference_that_does_not_do_is_refused(office, made, tmp_path):
    def refused(more):
        with pytest.raises(OrderError) as caught:
            orders.load(office(more))
        return str(caught.value)

    own = restyled(tmp_path, made, lambda document: document.styles["Notice"].delete())
    assert "no such style · own.docx · expected Notice" in refused(f"formats: [docx]\nreference: {own.name}")
    assert "not a Word document" in refused("formats: [docx]\nreference: absent.docx")
    own = restyled(tmp_path, made, lambda document: None)
    assert "but no Word reports" in refused(f"formats: [html]\nreference: {own.name}")
    assert orders.load(office(f"formats: [docx]\nreference: {own.name}")).reference == own


def test_threads_do_not_disturb_one_another():
    held = report(rows=5)
    once = export.render(held)
    with ThreadPoolExecutor(3) as threads:
        assert all(each == once for each in threads.map(lambda _: export.render(held), range(6)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_process_forked_too_late_says_so_and_does_not_hang(made):
    code_ = (
        "import os, sys, nbformat.v4 as v\n"
        "from perfkit.errors import PerfkitError\n"
        "from perfkit.reporting import export\n"
        "held = v.new_notebook(cells=[v.new_markdown_cell('# x')])\n"
        "export.render(held)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    try:\n"
        "        export.render(held)\n"
        "    except PerfkitError as error:\n"
        "        print(error, flush=True)\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0)\n"
    )
    run = subprocess.run([sys.executable, "-c", code_], capture_output=True, text=True, timeout=120, check=True)
    assert "a forked process cannot set PDFs" in run.stdout
