"""A notebook as one HTML file: what stays, what goes, and that nothing in it runs or is fetched."""

import re

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from perfkit.errors import PerfkitError
from perfkit.reporting import export
from perfkit.reporting.figures import Document, bars, summary

EVIL = "<script>alert(1)</script>"


def code(*shown, tags=(), source="secret_source"):
    outputs = [new_output("execute_result", data=each._repr_mimebundle_(), execution_count=7) for each in shown]
    return new_code_cell(source, outputs=outputs, metadata={"tags": list(tags)})


def html_output(markup):
    return new_code_cell("x", outputs=[new_output("display_data", data={"text/html": markup})])


def soup(*cells, **settings):
    return BeautifulSoup(export.html(new_notebook(cells=list(cells)), **settings), "html.parser")


def test_code_prompts_and_stderr_go_and_stdout_stays():
    cell = new_code_cell(
        "secret_source",
        execution_count=7,
        outputs=[
            new_output("stream", name="stderr", text="secret_warning"),
            new_output("stream", name="stdout", text="\x1b[31mprinted\x1b[0m <i>"),
        ],
    )
    page = soup(cell, code(Document().text("正文")))
    assert "secret" not in str(page)
    assert "[7]" not in page.get_text()
    assert page.pre.get_text() == "printed <i>"
    assert page.find("p", string="正文")


@pytest.mark.parametrize("tag", ["note", "parameters", "injected-parameters", "remove"])
def test_tagged_cells_go(tag):
    page = soup(code(Document().text("留"), tags=["other"]), code(Document().text("去"), tags=[tag]))
    assert "留" in page.get_text()
    assert "去" not in page.get_text()


def test_of_two_languages_one_stays():
    cells = [
        new_markdown_cell(text, metadata={"tags": [text]} if text != "both" else {}) for text in ("zh", "en", "both")
    ]
    chinese, english = soup(*cells), soup(*cells, lang="en")
    assert [p.get_text() for p in chinese.main("p")] == ["zh", "both"]
    assert [p.get_text() for p in english.main("p")] == ["en", "both"]
    assert chinese.html["lang"] == "zh-CN"
    assert english.html["lang"] == "en"
    with pytest.raises(PerfkitError, match=r"zh \| en"):
        soup(lang="zh-CN")


def test_names_that_are_markup_land_as_text_wherever_they_stand():
    doc = Document()
    page = soup(
        new_markdown_cell(f"# 报告 {EVIL}\n\n## 一 {EVIL}\n\n## 二\n\n{EVIL}\n\n段落 {EVIL}"),
        code(doc.text(EVIL), doc.notice(EVIL), doc.figure(bars([EVIL], [1.0], xlabel="x"), EVIL, EVIL)),
        html_output(f"<p onclick='x()'>甲{EVIL}<img src=x onerror=alert(1)></p><iframe src='//evil'></iframe>"),
        new_code_cell("x", outputs=[new_output("display_data", data={"text/markdown": f"**乙** {EVIL}"})]),
        new_code_cell("x", outputs=[new_output("display_data", data={"application/javascript": "alert(1)"})]),
        new_code_cell("x", outputs=[new_output("display_data", data={"text/plain": EVIL})]),
        code(summary(f"甲小学{EVIL}")),
    )
    assert not page.find_all(["script", "iframe", "object"])
    assert not [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
    assert page.main.get_text().count(EVIL) >= 10
    assert page.title.get_text() == page.h1.get_text() == f"报告 {EVIL}"
    assert page.header.find(class_="subtitle").get_text() == f"甲小学{EVIL}"


def test_harmful_links_and_foreign_pictures_lose_their_address():
    page = soup(
        new_markdown_cell("[a](javascript:alert(1)) [b](https://www.gov.cn/x) ![c](https://evil.example/x.png)"),
        html_output("<a href='data:text/html,x'>d</a><img alt='e' src='data:image/png;base64,AAAA'>"),
    )
    assert {a.get_text(): a.get("href") for a in page("a")} == {"a": None, "b": "https://www.gov.cn/x", "d": None}
    assert {img["alt"]: img.get("src") for img in page("img")} == {"c": None, "e": "data:image/png;base64,AAAA"}


def test_nothing_is_fetched_and_the_template_is_small():
    doc = Document()
    chart = doc.figure(bars(["决策"], [1.0], xlabel="得分"), "得分", "替代")
    text = export.html(new_notebook(cells=[new_markdown_cell("# 报告\n\n正文 $x$"), code(chart)]))
    bare = re.sub(r'base64,[^"]+', "", text)
    assert "http" not in bare
    assert "url(" not in bare
    assert "@import" not in bare
    assert len(bare.encode()) < 40_000


def test_every_entry_of_the_contents_leads_somewhere():
    page = soup(
        new_markdown_cell("# 绩效评价报告\n\n## 一、基本情况（一）\n\n### 1. 立项 & 预算\n\n## 二、完成率 100%"),
        html_output("<h2>二、完成率 100%</h2><h2>？</h2>"),
    )
    links = [a["href"].removeprefix("#") for a in page.nav("a")]
    assert [a.get_text() for a in page.nav("a")][:2] == ["一、基本情况（一）", "1. 立项 & 预算"]
    assert len(links) == len(set(links)) == 5
    assert all(page.main.find(["h2", "h3"], id=link) for link in links)
    assert page.nav["aria-label"] == "目录"
    assert soup(new_markdown_cell("## 一")).nav is None


@pytest.mark.parametrize(
    ("heading", "named", "first", "second"),
    [
        ("# 绩效评价报告", "甲小学", "绩效评价报告", "甲小学"),
        ("# 绩效评价报告", "甲小学绩效评价报告", "甲小学绩效评价报告", None),
        ("# 甲小学绩效评价报告", "甲小学", "甲小学绩效评价报告", None),
        ("", "甲小学", "甲小学", None),
        ("# 绩效评价报告", "", "绩效评价报告", None),
    ],
)
def test_one_title_and_what_it_does_not_say_below(heading, named, first, second):
    page = soup(new_markdown_cell(heading + "\n\n正文"), code(summary(named, 得分=1)))
    assert [h.get_text() for h in page("h1")] == [first]
    assert page.title.get_text() == first
    assert page.h1.parent is page.header
    below = page.find(class_="subtitle")
    assert (below.get_text() if below else None) == second
    assert "得分" not in page.get_text(), "the summary is for the index"


@pytest.mark.parametrize(("lang", "said"), [("zh", ("报告 <甲>", "依据 <乙>")), ("en", ("Report <A>", "By <B>"))])
def test_a_title_that_the_notebook_shows_heads_the_page_with_its_subtitle(lang, said):
    doc = Document(lang)
    shown = doc.title(("报告 <甲>", "Report <A>"), subtitle=("依据 <乙>", "By <B>"))
    page = soup(code(shown), code(doc.text("正文")), code(summary("甲")) if lang == "zh" else new_markdown_cell("x"))
    assert [h.get_text() for h in page("h1")] == [page.title.get_text()] == [said[0]]
    assert [each.get_text() for each in page.header.find_all(["h1", "p"])] == list(said)
    assert page.header.find("p")["class"] == ["subtitle"]
    assert len(page(class_="subtitle")) == 1
    assert not soup(code(doc.title("甲"))).find(class_="subtitle")


def test_the_name_stands_between_the_title_and_its_subtitle():
    page = soup(code(Document().title("绩效评价报告", subtitle="规则：甲")), code(summary("某小学")))
    assert [each.get_text() for each in page.header.find_all(True)] == ["绩效评价报告", "某小学", "规则：甲"]


def test_notices_are_read_before_the_contents_and_these_before_the_first_section():
    doc = Document()
    page = soup(
        code(doc.title("报告", subtitle="下行")),
        code(doc.notices([("模拟", "simulated"), ("设定", "configured")])),
        new_markdown_cell("## 一\n\n甲\n\n### （一）\n\n乙\n\n## 二"),
    )
    order = page.main.find_all(["header", "nav", "h2", "h3", lambda tag: "notice" in tag.get("class", [])])
    assert [each.name for each in order] == ["header", "p", "p", "nav", "h2", "h3", "h2"]
    assert [each["class"] for each in page(class_="notice")] == [
        ["notice", "notice-simulated"],
        ["notice", "notice-configured"],
    ]


def test_a_title_asked_for_goes_before_the_summary():
    assert soup(code(summary("甲")), title="乙").title.get_text() == "乙"


def test_frames_of_pandas_scroll_and_bring_no_style_sheet():
    page = soup(html_output("<style scoped>.a{color:red}</style><table><tr><td>1</td></tr></table>"))
    assert "color:red" not in str(page)
    assert "wide" in page.table.parent["class"]


def test_a_picture_without_words_says_so():
    def shown(metadata, **data):
        return new_code_cell("x", outputs=[new_output("display_data", data=data, metadata=metadata)])

    page = soup(
        shown({}, **{"image/png": "AAAA"}),
        shown({"image/png": {"alt": 'a "b"'}}, **{"image/png": "AAAA"}),
        shown({}, **{"image/svg+xml": "<svg onload='alert(1)'/>"}),
        html_output('<img src="data:image/png;base64,AAAA">'),
    )
    assert [img["alt"] for img in page("img")] == [
        "（图无文字说明）",
        'a "b"',
        "（图无文字说明）",
        "（图无文字说明）",
    ]
    assert all(img["src"].startswith("data:image/") for img in page("img"))


def test_the_last_summary_counts():
    held = new_notebook(cells=[code(summary("甲", a=1)), code(summary("乙", b=2))])
    assert export.summary_of(held) == {"title": "乙", "fields": {"b": 2}}
    assert export.summary_of(new_notebook()) is None
