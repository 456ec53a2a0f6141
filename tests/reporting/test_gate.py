"""The gate: what it holds, what it lets through, and that each reason can be read in two languages.

A Word file is written here part by part and a PDF by matplotlib, so that nothing depends on how the kit makes them.
"""

import importlib
import io
import json
import re
import zipfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from perfkit import readers, rules
from perfkit.cycle import evaluation
from perfkit.measure import scorecard
from perfkit.reporting import export, figures, gate
from perfkit.reporting.gate.fulfilled import unfulfilled
from perfkit.reporting.gate.numbers import counted, not_shown, numbers
from perfkit.reporting.gate.reading import read

ROOT = Path(__file__).resolve().parents[2]
ITEMS = pd.DataFrame({"item": ["甲", "乙", "丙"], "points": [9.5, 40.25, 30.0]})


def shown(thing, **metadata):
    output = new_output("execute_result", data=thing._repr_mimebundle_(), metadata=metadata)
    return new_code_cell("x", outputs=[output])


def report(items=ITEMS, total=79.75, text="综合得分 79.75 分。", cells=(), **declared):
    """Return a notebook that has run: a section, a table, a sentence, and what it declares."""
    page = figures.Document("zh")
    parts = {"name": ("得分", "points"), "parts": list(items["points"]), "total": total}
    table = shown(page.table(items, ("评分表", "Scores")))
    wanted = {"sections": [("一、结论", "1. Result")], "tables": [("评分表", "Scores")], "sums": [parts]} | declared
    made = [new_markdown_cell("# 报告\n\n## 一、结论"), table, shown(page.text(text)), *cells]
    return new_notebook(cells=[*made, shown(page.declare(**wanted))])


def held(notebook, change=lambda page: page):
    return [zh for zh, _ in gate.problems(notebook, {"html": change(export.html(notebook))})]


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"


def docx(*parts):
    """Return a Word file of paragraphs (text) and tables (lists of rows)."""

    def p(text, style=""):
        look = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
        return f"<w:p>{look}<w:r><w:t>{text}</w:t></w:r></w:p>"

    def table(rows):
        lines = ["".join(f"<w:tc>{p(cell)}</w:tc>" for cell in row) for row in rows]
        return f"<w:tbl>{''.join(f'<w:tr>{line}</w:tr>' for line in lines)}</w:tbl>"

    body = "".join(
        table(each) if isinstance(each, list) else p(*[each] if isinstance(each, str) else each) for each in parts
    )
    text = f'<w:document xmlns:w="{W}" xmlns:wp="{WP}"><w:body>{body}</w:body></w:document>'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("word/document.xml", text)
    return made.getvalue()


ROWS = [["item", "points"], ["甲", "9.50"], ["乙", "40.25"], ["丙", "30.00"]]
TOC = [("一、结论　1", "TOC1")]


def word(rows=ROWS, said="综合得分 79.75 分。"):
    return docx("报告", *TOC, "一、结论", "表 1　评分表", rows, said)


def test_a_report_that_is_as_declared_is_let_through():
    notebook = report()
    assert gate.problems(notebook, {"html": export.html(notebook), "docx": word()}) == []


def test_what_is_declared_is_not_printed():
    page = export.html(report())
    assert "sections:" not in page
    assert "application/vnd" not in page


def test_the_side_file_is_small_and_plain():
    record = gate.declared(report(names=["甲", "None 项目"], due_on=pd.Timestamp("2023-03-31")))
    assert json.loads(json.dumps(record)) == record
    assert record["names"] == ["None 项目"]
    assert record["due_on"] == "2023-03-31"
    assert record["shown"] == {"table": ["评分表"], "figure": []}
    assert record["sums"] == [{"name": "得分", "parts": [9.5, 40.25, 30.0], "total": 79.75}]


def test_a_notebook_that_declares_nothing_gets_the_general_checks():
    plain = new_notebook(cells=[new_markdown_cell("# 甲\n\n正文 2022")])
    assert gate.declared(plain) == {}
    assert held(plain) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        # By hand: 9.5 + 40.25 + 30 = 79.75.
        ({"total": 80.0, "text": "综合得分 80 分。"}, "“得分”各项相加为 79.75，与合计 80 不符"),
        ({"total": float("nan")}, "“得分”有 1 个数值缺失"),
        ({"text": "综合得分见下。"}, "HTML 未印出“得分”的 79.75"),
        ({"sections": ["二、建议"]}, "HTML 缺少“二、建议”部分"),
        ({"tables": ["对照表"]}, "HTML 缺少表“对照表”"),
        ({"figures": ["分布图"]}, "HTML 缺少图“分布图”"),
        ({"numbers": [12.5]}, "HTML 未印出“numbers”的 12.5"),
        # The grade 优 begins at 90, and 79.75 is not there; 80 is no longer within [60, 80).
        ({"bounds": [{"name": "优", "value": 79.75, "low": 90, "high": None}]}, "“优”为 79.75，不在 [90, ∞) 之内"),
        (
            {"bounds": [{"name": "中", "value": 80, "low": 60, "high": 80}], "numbers": []},
            "“中”为 80，不在 [60, 80) 之内",
        ),
    ],
)
def test_what_is_not_as_declared_is_held(change, reason):
    assert reason in held(report(**change))


def test_a_bound_belongs_to_the_band_above_it():
    edge = [{"name": "良", "value": 79.75, "low": 79.75, "high": 90}]
    assert held(report(bounds=edge)) == []


def test_a_declared_table_without_rows_is_held():
    empty = report(items=ITEMS.head(0), total=0.0, text="综合得分 0 分。")
    assert "HTML 缺少表“评分表”" not in held(empty)
    assert any("没有内容" in reason for reason in held(empty))


def test_a_table_lost_on_the_way_is_held():
    def lose(page):
        return re.sub("<table>.*</table>", "", page, flags=re.DOTALL)

    reasons = held(report(), lose)
    assert "HTML 缺少表“评分表”" in reasons
    assert any("未印出" in reason for reason in reasons)


@pytest.mark.parametrize("gap", ["nan", "NaN", "NaT", "None", "<NA>", "-nan"])
def test_a_cell_that_is_a_gap_is_held(gap):
    page = figures.Document("zh")
    bad = shown(page.table(pd.DataFrame({"名称": ["甲", gap]}), "名单"))
    assert held(report(cells=[bad])) == [f"HTML 表“表1　名单”中出现“{gap}”"]


def test_an_empty_cell_is_held():
    assert held(report(), lambda page: page.replace(">丙</td>", "></td>")) == ["HTML 表“表1　评分表”有 1 个空单元格"]


@pytest.mark.parametrize(
    "text",
    [
        "完成率 nan%，得 10 分。",
        "共 None 个项目。",
        "得分为 3，完成 nan 元。",
        "目标 ≥nan 人次。",
        "mean nan points",
        "5～NaN",
    ],
)
def test_a_gap_in_the_place_of_a_number_is_held(text):
    assert held(report(text=f"{text}综合得分 79.75 分。")) == [f"HTML 文中出现空值：“{text}综合得分 79.75 分。”"]


@pytest.mark.parametrize(
    "text",
    [
        "None of the projects was late.",
        "填报单位在备注栏写“nan 分”，原样保留。",
        "Nanjing、Fernando、banana 元、Nonesuch 个。",
        "项目名称为 None，见附件。",
        "see the file nan_table.csv for details",
    ],
)
def test_words_that_only_look_like_gaps_are_let_through(text):
    assert held(report(text=f"{text}综合得分 79.75 分。")) == []


def test_a_name_is_a_name_whatever_it_looks_like():
    page = figures.Document("zh")
    cells = [shown(page.table(pd.DataFrame({"名称": ["None"]}), "名单"))]
    text = "None 项目得 79.75 分。"
    assert len(held(report(text=text, cells=cells))) == 2
    assert held(report(text=text, cells=cells, names=["None"])) == []
    given_name = report(text=text, cells=cells)
    given_name.metadata["papermill"] = {"parameters": {"unit_id": "None", "year": 2022}}
    assert held(given_name) == []
    titled = report(text=text, cells=[*cells, shown(figures.summary("None"))])
    assert held(titled) == []


def test_a_character_without_a_glyph_is_held():
    assert held(report(text="龙\ufffd村得 79.75 分。")) == ["HTML 有字符无法显示：“龙\ufffd村得 79.75 分。”"]


def test_a_heading_that_leaves_out_a_level_is_held():
    notebook = report(cells=[new_markdown_cell("#### 小节")])
    assert held(notebook) == ["HTML 标题“小节”跳级（第 2 级后为第 4 级）"]


def test_a_picture_without_words_is_held():
    png = {"image/png": "iVBORw0KGgo="}
    bare = new_code_cell("x", outputs=[new_output("display_data", data=png)])
    said = new_code_cell("x", outputs=[new_output("display_data", data=png, metadata={"image/png": {"alt": "甲"}})])
    assert held(report(cells=[said])) == []
    assert held(report(cells=[bare])) == ["第 4 个单元格的图没有替代文字"]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (word([*ROWS[:3], ["丙", "31.00"]]), "缺少 30.00"),
        (word([*ROWS[:3], ["丙", "31.00"]]), "多出 31.00"),
        (word([*ROWS[:3], ["丙", "-30.00"]]), "多出 -30.00"),
        (word(said="综合得分 97.75 分。"), "缺少 79.75"),
        (word([*ROWS, ["丁", "9.50"]]), "多出 9.50"),
    ],
)
def test_numbers_that_differ_between_formats_are_held(made, reason):
    notebook = report()
    reasons = [zh for zh, _ in gate.problems(notebook, {"html": export.html(notebook), "docx": made})]
    assert any("数字不一致" in each and reason in each for each in reasons), reasons


def test_a_format_that_lacks_a_section_is_named():
    notebook = report()
    lacking = docx("报告", "表 1　评分表", ROWS, "综合得分 79.75 分。")
    assert ("DOCX 缺少“一、结论”部分", "DOCX lacks the section '一、结论'") in gate.problems(
        notebook, {"docx": lacking}
    )


def test_a_number_that_stands_twice_for_once_is_held():
    notebook = report()
    twice = word(said="综合得分 79.75 分，即 79.75 分。")
    ((zh, _),) = gate.problems(notebook, {"html": export.html(notebook), "docx": twice})
    assert zh == "DOCX 与 HTML 的数字不一致：多出 79.75"


def test_the_continuation_of_a_merged_cell_is_not_empty():
    text = f'<w:document xmlns:w="{W}"><w:body><w:tbl>'
    for merge in ('<w:vMerge w:val="restart"/>', "<w:vMerge/>"):
        said = "<w:r><w:t>甲</w:t></w:r>" if "restart" in merge else ""
        text += f"<w:tr><w:tc><w:tcPr>{merge}</w:tcPr><w:p>{said}</w:p></w:tc></w:tr>"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("word/document.xml", f"{text}</w:tbl></w:body></w:document>")
    assert read("docx", made.getvalue()).cells == ["甲"]


def pdf(lines):
    """Return a PDF whose pages say ``lines`` and their own number."""
    import matplotlib as mpl
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

    made = io.BytesIO()
    with mpl.rc_context({"pdf.fonttype": 42}), PdfPages(made) as held_pages:
        for number, page in enumerate(lines, start=1):
            figure = Figure()
            for at, line in enumerate([*page, str(number)]):
                figure.text(0.1, 0.9 - at / 20, line)
            held_pages.savefig(figure)
    return made.getvalue()


def test_a_pdf_is_compared_number_by_number():
    pytest.importorskip("pypdfium2", reason="pypdfium2, which reads PDF, is not installed")
    notebook = new_notebook(cells=[new_markdown_cell("# Report\n\nIn all 1,234.50 yuan, 12 units.\n\n- 7 late")])
    page = export.html(notebook, lang="en")
    same = pdf([["Report", "In all 1,234.50 yuan,"], ["12 units.", "7 late"]])
    assert gate.problems(notebook, {"html": page, "pdf": same}) == []
    wrong = pdf([["Report", "In all 1,234.05 yuan,"], ["12 units.", "7 late"]])
    ((zh, en),) = gate.problems(notebook, {"html": page, "pdf": wrong})[:1]
    assert "缺少 1,234.5" in zh
    assert "1,234.5" in en
    assert len(gate.problems(notebook, {"html": page, "pdf": wrong})) == 2


@given(st.lists(st.decimals(0, 99_999, places=2), min_size=1, max_size=20))
def test_numbers_are_found_again_however_they_stand(values):
    said = "；".join(f"得 {value:,} 分（{value}%）" for value in values)
    assert counted([said]) == counted([f"{value}" for value in values for _ in "ab"])
    assert numbers(said) == [each for value in values for each in (value, value)]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=20), st.integers(-300, 300))
def test_a_total_stands_only_if_the_parts_add_up(cents, off):
    parts = [each / 100 for each in cents]
    record = {"sums": [{"name": "x", "parts": parts, "total": (sum(cents) + off) / 100}]}
    assert bool(unfulfilled(record, {})) == (off != 0)


def test_a_value_may_be_printed_rounded_but_not_cut():
    # 92.345 is 92.35 rounded half up; 92.34 is cut off.
    assert not_shown([92.345], counted(["92.35"])) == []
    assert not_shown([92.345], counted(["92.34"])) == [92.345]
    assert not_shown([10, 10], counted(["满分 10 分"])) == [10]


@pytest.fixture(scope="module")
def scored():
    source = readers.open_data(str(ROOT / "data/samples/california"), need=["units", "indicators", "values"])
    rule_set = rules.load("cn-project-2020", "2022-12-31")
    card = scorecard.score(source["values"], source["indicators"], rule_set, units=source["units"])
    return source["units"], card


def test_every_evaluation_adds_up_and_has_the_grade_of_its_points(scored):
    units, card = scored
    for unit_id in units["unit_id"].head(40):
        record = figures.Document("zh").declare(
            **evaluation.declared(evaluation.unit_row(units, unit_id), card.of(unit_id))
        )
        assert unfulfilled(record.held, {}) == []


def test_a_grade_that_does_not_fit_is_held(scored):
    units, card = scored
    unit_id = units["unit_id"].iloc[0]
    mine = card.of(unit_id)
    said = evaluation.declared(evaluation.unit_row(units, unit_id), mine)
    for each in said["bounds"]:
        each["value"] -= 100
    ((zh, _),) = unfulfilled(figures.Document("zh").declare(**said).held, {})
    assert f"等级“{mine.results['grade'].iloc[0]}”的得分" in zh


@pytest.mark.parametrize(
    ("name", "room"),
    [
        ("42_key_evaluation", "evaluation"),
        ("10_ex_ante", "ex_ante"),
        ("40_self_evaluation", "self_evaluation"),
        ("41_spot_check", "spot_check"),
    ],
)
def test_a_notebook_declares_the_sections_that_it_has(name, room):
    cells = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells
    lines = [line for cell in cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    sections = importlib.import_module(f"perfkit.cycle.{room}.declared").SECTIONS
    assert sorted(each for pair in sections for each in pair) == sorted(
        line[3:] for line in lines if line.startswith("## ")
    )
