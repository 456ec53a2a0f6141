"""The index: its numbers against hand counts, its files, and in headless Chromium what a reader can do with it."""

import csv
import io
import json
import re
import shutil
import subprocess

import openpyxl
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from perfkit.reporting import index
from perfkit.reporting.index.pages import as_script
from perfkit.reporting.index.rows import choices, drawable, grouped, tally

EVIL = "<script>window.broken = 1</script>"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
in_a_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine: the page's script is not run"
)


def batch(n=240):
    """Return rows of which the counts are plain: every 8th failed in cell 7, every 12th of the rest was not run."""
    rows = []
    for at in range(n):
        row = index.Row(
            title=f"项目 {at:04d}", outcome="ok", heading="甲部分" if at % 2 else "乙部分", seconds=at / 10
        )
        if at % 8 == 0:
            row |= {"outcome": "cell error", "error": f"ValueError: 坏了 {EVIL}", "cell": 7}
            row |= {"failed": f"failed/p-{at}.html"}
        elif at % 12 == 1:
            row |= {"outcome": "missing"}
        else:
            score = None if at == 3 else 60 + (at * 7) % 40
            fields = {
                "年度": 2022,
                "部门": ["教育局", "水利局", "卫健委"][at % 3],
                "得分": score,
                "备注": f"第{at}号",
            }
            row |= {"fields": fields, "links": {"html": f"p {at}#?.html", "pdf": f"p-{at}.pdf"}}
            row |= {"due_on": "2023-03-31", "made_on": "2023-04-01" if at % 10 == 5 else "2023-03-31"}
        rows.append(row)
    return rows


# Counted by another way than the page does: 30 of 240 are multiples of 8; 1, 13, ..., 229 are 20, none of them even.
FAILED, MISSING, LATE = 30, 20, sum(at % 10 == 5 and at % 12 != 1 for at in range(1, 240, 2))


def test_the_sentence_counts_what_came_about(tmp_path):
    page = BeautifulSoup(
        index.write(tmp_path, f"批 {EVIL}", batch(), on="2023-05-01").read_text("utf-8"), "html.parser"
    )
    assert page.select_one(".counts").get_text() == f"共 240 份：完成 190，失败 30，未运行 20；逾期 {LATE}。"
    assert page.h1.get_text() == f"批 {EVIL}"
    cells = [[cell.get_text() for cell in row(["th", "td"])] for row in page.select("#coverage-table tbody tr")]
    assert cells == [
        ["乙部分", "90", "30", "0", "0"],
        ["甲部分", "100", "0", "20", str(LATE)],
        ["合计", "190", "30", "20", str(LATE)],
    ]


def test_without_a_script_it_is_a_plain_table(tmp_path):
    page = BeautifulSoup(
        index.write(tmp_path, "批", batch(), beside=["manifest.json"]).read_text("utf-8"), "html.parser"
    )
    rows = page.select("#reports tbody tr")
    assert len(rows) == 240
    assert page.select_one("#find").has_attr("hidden")
    fifth = next(row for row in rows if "项目 0005" in row.get_text())
    assert [cell.get_text() for cell in fifth("td")][1:4] == ["2022", "卫健委", "95"]
    # What stands in a name is never a query or an anchor.
    assert fifth.a["href"] == "p%205%23%3F.html"
    failed = next(row for row in rows if "项目 0008" in row.get_text())
    assert failed.a["href"] == "failed/p-8.html#cell-7"
    assert EVIL in failed.get_text()
    assert [a["href"] for a in page.select(".note a")][-3:] == ["index.csv", "index.xlsx", "manifest.json"]
    assert {th.get("scope") for th in page("th")} <= {"col", "row"}


def test_nothing_is_fetched_and_no_text_becomes_markup(tmp_path):
    text = index.write(tmp_path, f"批 {EVIL}", batch()).read_text("utf-8")
    assert EVIL not in text
    assert not re.search(r"https?:|//[a-z]", re.sub(r'"http://www.w3.org/2000/svg"|^\s*//.*$', "", text, flags=re.M))
    assert "default-src 'none'" in text


def test_the_english_page_has_no_chinese_of_its_own(tmp_path):
    rows = [index.Row(title="A", outcome="ok", fields={"grade": "good", "score": 81.5}, links={"html": "a.html"})]
    rows += [index.Row(title="B", outcome="timeout", error="slow", failed="failed/b.html")]
    text = index.write(tmp_path, "Batch", rows, lang="en").read_text("utf-8")
    assert "2 in all: 1 done, 1 failed." in text
    assert not re.search("[\u4e00-\u9fff]", text.replace("zh-CN", ""))


def test_an_empty_batch_has_an_index(tmp_path):
    assert "共 0 份" in index.write(tmp_path, "批", []).read_text("utf-8")
    assert (tmp_path / "index.csv").exists()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"])
def test_a_formula_stays_text_in_csv_and_workbook(text, tmp_path):
    rows = [index.Row(title=text, outcome="ok", fields={"=得分": 1.5, "部门": text, "降": -2.5}, heading=text)]
    index.write(tmp_path, "批", rows)
    raw = (tmp_path / "index.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    head, line = csv.reader(io.StringIO(raw.decode("utf-8-sig")))
    assert head[2] == "'=得分"
    assert line[:5] == [f"'{text}", f"'{text}", "1.5", f"'{text}", "-2.5"]
    sheet = openpyxl.load_workbook(tmp_path / "index.xlsx").active
    assert [cell.data_type for cell in sheet[2]][:4] == ["s", "n", "s", "n"]
    assert sheet["A2"].value == text


def test_a_workbook_has_a_sheet_a_heading_whatever_it_is_called(tmp_path):
    headings = ["units", "a/b:c*[d]?\\", "长" * 40, "units", ""]
    rows = [index.Row(title=str(at), outcome="ok", heading=heading) for at, heading in enumerate(headings)]
    index.write(tmp_path, "批", rows)
    names = openpyxl.load_workbook(tmp_path / "index.xlsx").sheetnames
    assert [name[:1] for name in names] == ["1", "2", "3", "4"]
    assert max(map(len, names)) <= 31


def test_columns_that_repeat_can_be_filtered_and_numbers_drawn():
    groups = grouped(batch(), "zh", "2023-05-01")
    assert choices(groups) == {"部门": ["卫健委", "教育局", "水利局"]}
    assert drawable(groups) == ["得分"]
    found = tally(groups)
    assert (found.done, found.failed, found.missing, found.late) == (190, FAILED, MISSING, LATE)


def test_a_report_is_late_if_made_after_its_day_or_not_made_by_then():
    rows = [
        index.Row(title="a", outcome="ok", due_on="2023-03-31", made_on="2023-03-31"),
        index.Row(title="b", outcome="ok", due_on="2023-03-31", made_on="2023-04-01"),
        index.Row(title="c", outcome="missing", due_on="2023-03-31"),
        index.Row(title="d", outcome="missing", due_on="2023-04-30"),
        index.Row(title="e", outcome="missing"),
    ]
    (group,) = grouped(rows, "zh", "2023-04-10")
    assert [entry["l"] for entry in group.entries] == [False, True, True, False, False]


@given(st.text())
def test_no_text_ends_the_script_it_stands_in(text):
    script = as_script({"a": text})
    assert "<" not in script
    if not any("\ud800" <= each <= "\udfff" for each in text):
        assert json.loads(script) == {"a": text}


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(index, "BLOCK", 50)
    monkeypatch.setattr(index, "PAGE", 500)


def test_many_rows_lie_in_blocks_that_hold_each_once(small_blocks, tmp_path):
    page = index.write(tmp_path, "批", batch()).read_text("utf-8")
    assert 'id="rows"' not in page
    titles = []
    for at in range(5):
        text = (tmp_path / f"index-data/index-0{at + 1}.js").read_text("utf-8")
        rows = json.loads(re.fullmatch(r"perfkit\.take\(\d,(.*)\);\n", text, re.DOTALL)[1])
        titles += [entry["t"] for _, entry in rows]
        plain = BeautifulSoup((tmp_path / f"index-data/index-0{at + 1}.html").read_text("utf-8"), "html.parser")
        assert [a.get_text() for a in plain.select("td.title > a:first-child")] == [e["t"] for _, e in rows if e["h"]]
        assert all(a["href"].startswith("../") for a in plain("a"))
    assert sorted(titles) == [f"项目 {at:04d}" for at in range(240)]
    assert 'href="index-data/index-05.html"' in page
    index.write(tmp_path, "批", batch(20))
    assert not list((tmp_path / "index-data").iterdir())


def test_very_many_rows_have_several_pages(small_blocks, tmp_path):
    page = BeautifulSoup(index.write(tmp_path, "批", batch(1200)).read_text("utf-8"), "html.parser")
    hrefs = [a["href"] for a in page("a")]
    assert hrefs[:3] == ["index-0001.html", "index-0002.html", "index-0003.html"]
    assert all((tmp_path / href).is_file() for href in hrefs)
    sheets = [openpyxl.load_workbook(tmp_path / f"index-000{at}.xlsx") for at in (1, 2, 3)]
    assert sum(sheet.max_row - 1 for book in sheets for sheet in book) == 1200
    assert not (tmp_path / "index.xlsx").exists()
    assert len((tmp_path / "index.csv").read_text("utf-8-sig").splitlines()) == 1201


def notebook(*outputs, source="坏 = 1 / 0  # <b>"):
    good = new_code_cell(
        "print('甲')", execution_count=1, outputs=[new_output("stream", text="甲\x1b[31m红\x1b[0m\n")]
    )
    return new_notebook(cells=[new_markdown_cell("# 报告"), good, new_code_cell(source, outputs=list(outputs))])


def test_a_failed_notebook_opens_at_the_cell():
    error = new_output("error", ename="ZeroDivisionError", evalue=EVIL, traceback=[f"\x1b[0;31m{EVIL}\x1b[0m"])
    failed = notebook(error)
    assert index.failing_cell(failed) == 3
    text = index.failed_page(failed, title=EVIL, outcome="cell error", error=EVIL, lang="zh", back="../index.html")
    assert EVIL not in text
    assert "\x1b" not in text
    page = BeautifulSoup(text, "html.parser")
    assert page.select_one("#cell-3.failing pre.code").get_text() == "坏 = 1 / 0  # <b>"
    assert page.select_one("#cell-3 pre.error").get_text() == EVIL
    assert page.select_one("#cell-2 pre.output").get_text() == "甲红"
    assert [a["href"] for a in page("a")] == ["#cell-3", "../index.html"]
    assert not page("script")


def test_the_cell_that_ran_when_the_kernel_died_is_the_one():
    assert index.failing_cell(notebook()) == 3
    dead = notebook()
    # As papermill leaves them: all completed, though only the first of the two was begun.
    for cell, begun in zip(dead.cells[1:], ("2023-05-01T08:00:00", None), strict=True):
        cell.metadata["papermill"] = {"status": "completed", "start_time": begun}
    assert index.failing_cell(dead) == 2


def test_what_the_gate_held_has_no_failing_cell():
    text = index.failed_page(notebook(), title="甲", outcome="gate failed", error="缺\n空", lang="zh")
    assert not BeautifulSoup(text, "html.parser").select(".failing")


def in_browser(folder, page, script):
    """Return what ``script`` finds in headless Chromium, where every request over the network is refused."""
    text = (folder / page).read_text("utf-8")
    driver = f"""<script>
    const visible = () => [...document.querySelectorAll("section.group:not([hidden]) tbody tr")];
    const texts = (at) => visible().map((row) => row.cells[at].textContent);
    const rest = (ms) => new Promise((done) => setTimeout(done, ms));
    const set = async (id, value) => {{
      const control = document.getElementById(id);
      control.value = value;
      control.dispatchEvent(new Event(control.tagName === "INPUT" ? "input" : "change"));
      await rest(200);
    }};
    addEventListener("load", async () => {{
      await rest(500);
      const found = await (async () => {{ {script} }})().catch((error) => String(error));
      const out = document.createElement("pre");
      out.id = "found";
      const resources = performance.getEntriesByType("resource").map((each) => each.name);
      out.textContent = JSON.stringify({{ found, broken: window.broken, resources }});
      document.body.append(out);
    }});
    </script>"""
    (folder / "driven.html").write_text(text.replace("</body>", driver + "</body>"), "utf-8")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    options += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=20000", "--dump-dom"]
    run = subprocess.run(
        [CHROMIUM, *options, (folder / "driven.html").as_uri()], capture_output=True, timeout=120, check=True
    )
    held = BeautifulSoup(run.stdout.decode("utf-8"), "html.parser").select_one("#found")
    assert held is not None, run.stderr.decode("utf-8", "replace")[-2000:]
    said = json.loads(held.get_text())
    assert "broken" not in said
    assert [name for name in said["resources"] if not name.startswith("file:")] == []
    return said["found"]


DRIVE = """
const out = { first: document.getElementById("status").textContent, rows: visible().length };
await set("q", "０１２３");
out.search = texts(0);
document.getElementById("find").reset();
await rest(50);
await set("outcome", "cell error");
out.failed = document.getElementById("status").textContent;
out.link = visible()[0].querySelector("a").getAttribute("href");
await set("outcome", "*late");
out.late = visible().length;
document.getElementById("find").reset();
await rest(50);
await set("field-0", "教育局");
out.filter = [...new Set(texts(2))];
out.covered = document.querySelector("#coverage-table .total").textContent;
await set("by", "部门");
out.by = document.querySelector("#coverage-table thead th").textContent;
const second = document.querySelectorAll("section.group")[1];
const head = second.querySelectorAll("thead th")[3];
const column = () => [...second.querySelectorAll("tbody tr")].map((row) => row.cells[3].textContent);
out.unsorted = head.getAttribute("aria-sort");
head.querySelector("button").click();
out.up = [head.getAttribute("aria-sort"), column()];
head.querySelector("button").click();
out.down = [head.getAttribute("aria-sort"), column()];
out.chart = document.querySelector("#chart svg").getAttribute("aria-label");
out.bars = [...document.querySelectorAll("#chart rect title")].map((each) => each.textContent);
await set("q", "没有这样的");
out.nothing = [document.getElementById("status").textContent, visible().length];
return out;
"""


@in_a_browser
def test_search_filter_and_sort_change_what_is_shown(tmp_path):
    index.write(tmp_path, f"批 {EVIL}", batch(), on="2023-05-01")
    found = in_browser(tmp_path, "index.html", DRIVE)
    assert found["first"] == "显示 240 份，共 240 份"
    assert found["rows"] == 200  # two parts of 120, a hundred rows to a page
    assert found["search"] == ["项目 0123 pdf"]
    assert found["failed"] == "显示 30 份，共 240 份"
    assert found["link"] == "failed/p-0.html#cell-7"
    assert found["late"] == LATE
    assert found["filter"] == ["教育局"]
    education = [row for row in batch() if row.get("fields", {}).get("部门") == "教育局"]
    assert found["covered"].startswith(f"合计{len(education)}00")
    assert found["by"] == "部门"
    # Part two has the odd rows; the one without a score comes last, whichever way.
    scores = sorted(
        row["fields"]["得分"] for row in education if row["heading"] == "甲部分" and row["fields"]["得分"]
    )
    shown = [str(score) for score in scores]
    gap = ["—"] * sum(row["fields"]["得分"] is None for row in education)
    assert found["unsorted"] == "none"
    assert found["up"] == ["ascending", shown + gap]
    assert found["down"] == ["descending", shown[::-1] + gap]
    every = sorted(row["fields"]["得分"] for row in education if row["fields"]["得分"] is not None)
    assert found["chart"].startswith(f"得分 · {len(every)} 份：最低 {every[0]}，")
    assert sum(int(re.search(r"(\d+) 份$", bar)[1]) for bar in found["bars"]) == len(every)
    assert found["nothing"] == ["显示 0 份，共 240 份 · 没有符合条件的报告。", 0]


@in_a_browser
def test_blocks_of_data_are_loaded_from_the_folder(small_blocks, tmp_path):
    index.write(tmp_path, "批", batch())
    script = 'await set("q", "0239"); return [document.getElementById("status").textContent, texts(0)];'
    assert in_browser(tmp_path, "index.html", script) == ["显示 1 份，共 240 份", ["项目 0239 pdf"]]
