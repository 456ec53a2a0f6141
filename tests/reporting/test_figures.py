"""What a notebook shows: numbering, escaping, printing of values, fonts, charts."""

import base64
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from perfkit.errors import FontError, PerfkitError
from perfkit.reporting import cells, drawing, fonts
from perfkit.reporting.figures import (
    SUMMARY_MIME,
    Document,
    bars,
    distribution,
    lines,
    steps,
    summary,
    use_chinese_font,
)

EVIL = "<script>alert(1)</script>"
SCORES = pd.DataFrame(
    {
        "unit_id": ["007", "008"],
        "year": [2022, 2023],
        "share": [0.862, None],
        "points": [1234.565, 3.0],
        "target": [735.0, 2000.0],
        "kind": ["quantitative", None],
        "why_zh": ["第一行\n第二行", EVIL],
    }
)


def picture(shown):
    return base64.b64decode(re.search(r'base64,([^"]+)"', shown.markup)[1])


def rows(shown):
    found = re.findall(r"<tr>(.*?)</tr>", shown.markup)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in found]


def test_a_contract_gives_titles_labels_rates_and_years():
    printed = rows(Document("zh").table(SCORES, "评分表", name="scores"))
    assert printed[0] == ["单位或项目编码", "年度", "得分率", "得分", "指标数值", "指标性质", "计分说明"]
    assert printed[1] == ["007", "2022", "86.20%", "1,234.57", "735", "定量", "第一行<br>第二行"]
    assert printed[2][2] == "—"
    assert printed[2][3] == "3.00"
    assert printed[2][5] == "—"


def test_english_titles_and_labels():
    printed = rows(Document("en").table(SCORES, ("评分表", "Scores"), name="scores"))
    assert printed[0][:3] == ["unit code", "year", "share"]
    assert printed[1][5] == "quantitative"


def test_columns_are_chosen_by_their_names_and_may_be_given_titles():
    shown = Document("zh").table(SCORES, "表", name="scores", columns=["points", "unit_id"])
    assert rows(shown)[0] == ["得分", "单位或项目编码"]
    given = Document("en").table(SCORES, "t", columns={"points": ("得分", "Marks")})
    assert rows(given) == [["Marks"], ["1,234.57"], ["3.00"]]


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(PerfkitError, match="got pionts"):
        Document().table(SCORES, "表", columns=["pionts"])


def test_numbers_stand_right_and_words_do_not():
    markup = Document().table(SCORES, "表", name="scores", columns=["unit_id", "points"]).markup
    assert '<td class="num">1,234.57</td>' in markup
    assert '<th scope="col" class="num">得分</th>' in markup
    assert "007</td>" in markup
    assert 'class="num">007' not in markup


def test_an_unlabelled_code_prints_as_it_is_and_an_empty_table_says_so():
    odd = pd.DataFrame({"kind": ["unheard_of"]})
    assert rows(Document().table(odd, "表", name="scores"))[1] == ["unheard_of"]
    empty = Document("zh").table(SCORES.iloc[:0], "无数据", name="scores").markup
    assert "表1　无数据" in empty
    assert "（无）" in empty
    assert "(none)" in Document("en").table(SCORES.iloc[:0], "none").markup


def test_chinese_columns_give_way_to_their_english_twins_in_english():
    frame = pd.DataFrame({"why_zh": ["因"], "why_en": ["cause"], "zh": ["名"], "en": ["name"], "only_zh": ["独"]})
    wanted = ["why_zh", "zh", "only_zh"]
    assert rows(Document("zh").table(frame, "表", columns=wanted))[1] == ["因", "名", "独"]
    assert rows(Document("en").table(frame, "t", columns=wanted))[1] == ["cause", "name", "独"]
    titled = Document("en").table(frame, "t", columns={"why_zh": ("理由", "Why"), "zh": ("名称", "Name")})
    assert rows(titled) == [["Why", "Name"], ["cause", "name"]]


def test_titles_and_notices_are_escaped_and_told_in_the_language_of_the_document():
    said = Document("en").title(("甲", EVIL), subtitle=("乙", "B & C"))
    assert said.markup == '<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1><p class="subtitle">B &amp; C</p>'
    assert said.plain == f"{EVIL}\nB & C"
    assert Document().title("甲").markup == "<h1>甲</h1>"
    doc = Document()
    both = doc.notices([(EVIL, "warning"), ("模拟", "simulated")])
    assert both.markup == doc.notice(EVIL).markup + doc.notice("模拟", "simulated").markup
    assert doc.notices([]).markup == ""
    with pytest.raises(PerfkitError, match="shout"):
        doc.notices([("x", "shout")])


EMPTY = {
    "bars": lambda doc, **more: doc.bars(pd.DataFrame(), ("a", "b", "c"), "甲", "替代", xlabel="x", **more),
    "distribution": lambda doc, **more: doc.distribution([None, float("nan")], 1.0, "甲", "替代", xlabel="x", **more),
    "lines": lambda doc, **more: doc.lines(pd.DataFrame(), "甲", "替代", xlabel="x", ylabel="y", **more),
    "steps": lambda doc, **more: doc.steps([], "甲", "替代", unit="元", **more),
}


@pytest.mark.parametrize("kind", EMPTY)
@pytest.mark.parametrize(("lang", "none"), [("zh", "（无）"), ("en", "(none)")])
def test_a_chart_without_data_says_so_and_takes_no_number(kind, lang, none):
    doc = Document(lang)
    assert EMPTY[kind](doc).markup == ""
    shown = EMPTY[kind](doc, optional=False)
    assert shown.markup == f'<p class="caption">甲</p><p class="nothing">{none}</p>' == doc.nothing("甲").markup
    assert "<img" not in shown.markup
    assert shown.plain == f"甲\n{none}"
    chart = doc.figure(bars(["a"], [1.0], xlabel="x"), "乙", "替代").plain
    assert chart.startswith("图1" if lang == "zh" else "Figure 1.")


def test_charts_are_drawn_numbered_and_described_in_one_call():
    doc = Document("en")
    curve = pd.DataFrame({"甲": [5.0, 1.0, -3.0], "乙": [2.0, 1.5, 1.0]}, index=[0.0, 0.05, 0.1])
    parts = pd.DataFrame({"level": ["a", "b"], "got": [1.0, 2.0], "full": [3.0, 3.0]})
    shown = [
        doc.bars(parts, ("level", "got", "full"), ("条", "Bars"), ("替代", "bars <1>"), xlabel=("分", "points")),
        doc.distribution([70.0, None, 80.0], 75.0, "Spread", "spread", xlabel="points", cuts=[(78.0, "good")]),
        doc.lines(curve, "Curve", "curve", xlabel="rate", ylabel="value", at=0.049),
        doc.steps([("asked", 10.0), ("cut", -3.0), ("left", 7.0)], "Steps", "steps", unit="yuan"),
    ]
    for at, (each, alt) in enumerate(zip(shown, ["bars <1>", "spread", "curve", "steps"], strict=True), start=1):
        assert picture(each).startswith(b"<?xml")
        assert each.plain.startswith(f"Figure {at}. ")
        assert each.plain.endswith(f": {alt}")
    assert 'alt="bars &lt;1&gt;"' in shown[0].markup


def test_a_curve_is_marked_at_the_nearest_x(monkeypatch):
    drawn = {}

    def spy(*_given, **named):
        drawn.update(named)
        return bars(["a"], [1.0], xlabel="x")

    monkeypatch.setattr(drawing.charts, "lines", spy)
    curve = pd.DataFrame({"甲": [5.0, 1234.567, -3.0]}, index=[0.0, 0.05, 0.1])
    Document().lines(curve, "图", "替代", xlabel="x", ylabel="y", at=0.06)
    assert drawn["marks"] == [(0.06, 1234.567, "1,234.57")]
    Document().lines(curve, "图", "替代", xlabel="x", ylabel="y")
    assert drawn["marks"] == []


def test_numbering_follows_captions_not_calls():
    doc = Document("zh")
    assert "表1　甲" in doc.table(SCORES, "甲").markup
    assert "表2　乙" in doc.table(SCORES, "乙").markup
    assert "表1　甲" in doc.table(SCORES, "甲").markup
    assert "表3　丙" in doc.facts([("a", 1)], caption="丙").markup
    chart = bars(["a"], [1.0], xlabel="x")
    assert "图1　甲" in doc.figure(chart, "甲", "替代").markup
    assert "Table 1. A" in Document("en").table(SCORES, ("甲", "A")).markup


def test_everything_is_escaped():
    doc = Document("zh")
    shown = [
        doc.text(EVIL),
        doc.items([EVIL]),
        doc.items([EVIL], ordered=False),
        doc.notice(EVIL, "simulated"),
        doc.facts([(EVIL, EVIL)], caption=EVIL),
        doc.table(pd.DataFrame({EVIL: [EVIL]}), EVIL, note=EVIL),
        doc.table(pd.DataFrame({EVIL: []}), EVIL, note=EVIL),
        doc.figure(bars([EVIL], [1.0], xlabel=EVIL), EVIL, f'"{EVIL}'),
    ]
    for each in shown:
        assert "<script" not in each.markup
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in each.markup
        assert each._repr_mimebundle_()["text/html"] == each._repr_html_() == each.markup


def test_facts_print_each_value_on_its_own():
    pairs = [("项目", "甲"), ("预算", 1234567.5), ("数量", 12), ("年度", 2022), ("无", None), ("完成", True)]
    assert [row[1] for row in rows(Document().facts(pairs))] == ["甲", "1,234,567.50", "12", "2022", "—", "是"]


@pytest.mark.parametrize(
    ("value", "decimals", "printed"),
    [
        (2.675, 2, "2.68"),
        (-0.001, 2, "0.00"),
        (1e30, 0, "1" + ",000" * 10),
        (float("inf"), 2, "∞"),
        (pd.NA, 2, "—"),
        (pd.Timestamp("2022-12-31"), 2, "2022-12-31"),
        ([1, 2], 2, "[1, 2]"),
    ],
)
def test_values_print_as_people_round_them(value, decimals, printed):
    assert cells.value(value, decimals=decimals) == printed


def test_floating_point_noise_is_not_decimals():
    assert rows(Document().table(pd.DataFrame({"p": [0.1 + 0.2 + 29.7, 5.0]}), "表"))[1:] == [["30"], ["5"]]


def test_a_figure_needs_alternative_text():
    with pytest.raises(PerfkitError, match="alternative text"):
        Document().figure(bars(["a"], [1.0], xlabel="x"), "图", "  ")


def test_the_same_figure_is_the_same_bytes():
    first, second = (
        picture(Document().figure(bars(["决策", "过程"], [18.5, None], [20, 20], xlabel="得分"), "图", "替代"))
        for _ in range(2)
    )
    assert first == second
    assert b"<dc:date>" not in first
    assert b"<text" not in first, "text is drawn as paths, so that no reader needs the font"
    doc, fig = Document(), steps(["申请", "核减", "建议"], [10, -3, 7], unit="万元")
    assert doc.figure(fig, "图", "替代").markup == doc.figure(fig, "图", "替代").markup


def test_charts_draw_every_case():
    doc = Document()
    charts = [
        bars(["很长很长很长很长很长很长很长很长的指标名称", "b"], [-5.0, 3.0], xlabel="$差额$", unit="分"),
        distribution(list(range(40)), 12, xlabel="得分", mark_label="本项目", cuts={"优": 30}, ylabel="项目数"),
        distribution([70, 80, 80], None, xlabel="得分", mark_label="本项目"),
        lines(
            [0.01, 0.1],
            {"甲": [5.0, -5.0], "乙": [3.0, None]},
            xlabel="折现率",
            ylabel="净现值",
            marks=[(0.05, 0, "IRR")],
        ),
    ]
    for at, chart in enumerate(charts):
        assert picture(doc.figure(chart, str(at), "替代")).startswith(b"<?xml")


def test_bars_of_whole_and_half_points_begin_at_whole_points():
    # 89.5 is below a cut-off of 90 and 90 above it: no bar may hold both, and none may be empty between two days.
    points = [88, 88.5, 89, 89.5, 89.5, 90, 90, 90, 91] * 5
    drawn = distribution(points, None, xlabel="得分", mark_label="本项目").axes[0].patches
    assert {bar.get_x(): bar.get_height() for bar in drawn} == {88: 10, 89: 15, 90: 15, 91: 5}
    days = list(range(-4, 4)) * 30
    assert {bar.get_height() for bar in distribution(days, None, xlabel="天", mark_label="x").axes[0].patches} == {30}
    # Shares and amounts keep edges of their own.
    rates = [0.101 + 0.01 * at for at in range(30)]
    assert any(bar.get_x() % 1 for bar in distribution(rates, None, xlabel="率", mark_label="x").axes[0].patches)


def test_a_chart_of_nothing_and_a_waterfall_that_leaks_are_refused():
    with pytest.raises(PerfkitError, match="labels: 2, values: 1"):
        bars(["a", "b"], [1.0], xlabel="x")
    with pytest.raises(PerfkitError, match="nothing to draw"):
        distribution([float("nan")], 1, xlabel="x", mark_label="y")
    with pytest.raises(PerfkitError, match="expected 13"):
        steps(["申请", "核减", "建议"], [10, 3, 7], unit="元")


def test_a_character_that_no_font_has_is_named():
    with pytest.raises(FontError, match=r"U\+1F9FF"):
        Document().figure(bars(["\U0001f9ff"], [1.0], xlabel="x"), "图", "替代")


@pytest.mark.usefixtures("no_system_fonts")
def test_the_packaged_font_serves_where_there_is_no_other(monkeypatch, tmp_path):
    monkeypatch.setenv("PERFKIT_FONT_DIR", str(tmp_path))
    assert fonts.chinese_font().name == "NotoSansSC-Regular.otf"
    import matplotlib as mpl

    with mpl.rc_context():
        assert use_chinese_font() == "Noto Sans SC"
        assert mpl.rcParams["font.family"][0] == "Noto Sans SC"


@pytest.mark.usefixtures("no_system_fonts")
def test_ones_own_font_goes_first_if_it_has_chinese(monkeypatch, tmp_path):
    import matplotlib as mpl

    dejavu = Path(mpl.get_data_path(), "fonts/ttf/DejaVuSans.ttf")
    shutil.copy(dejavu, tmp_path / "a.ttf")
    (tmp_path / "b.otf").write_bytes(b"not a font")
    monkeypatch.setenv("PERFKIT_FONT_DIR", str(tmp_path))
    assert fonts.chinese_font().name == "NotoSansSC-Regular.otf"
    shutil.copy(fonts.chinese_font(), tmp_path / "c.otf")
    assert fonts.chinese_font() == tmp_path / "c.otf"


@pytest.mark.usefixtures("no_system_fonts")
def test_no_font_at_all_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PERFKIT_FONT_DIR", str(tmp_path))
    monkeypatch.setattr(fonts, "_packaged_font", lambda: None)
    with pytest.raises(FontError, match="pip install pylopdf-fonts-zh-cn") as caught:
        use_chinese_font()
    assert "请安装" in str(caught.value)


def test_a_summary_is_plain_data():
    import datetime as dt

    import numpy as np

    bundle = summary("甲小学", 得分=np.float64(92.5), 日期=dt.date(2022, 12, 31), 无=float("nan"))._repr_mimebundle_()
    assert bundle[SUMMARY_MIME] == {
        "title": "甲小学",
        "fields": [("得分", 92.5), ("日期", "2022-12-31"), ("无", None)],
    }
    assert bundle["text/plain"].startswith("甲小学")


def test_unknown_languages_and_notices_are_refused():
    with pytest.raises(PerfkitError, match="fr"):
        Document("fr")
    with pytest.raises(PerfkitError, match=r"simulated \| configured \| warning"):
        Document().notice("x", "shout")


def test_importing_it_loads_no_matplotlib():
    code = "import sys, perfkit.reporting.figures; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
