"""A batch from end to end, with three kernels: a report that comes about, a cell that fails, a kernel killed."""

import hashlib
import json
import re
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from perfkit.errors import OrderError
from perfkit.reporting import batch, execution, export, figures, manifest, orders

EVIL = "<script>alert(1)</script>"
NAME = f"""甲“小学”"'\\ {EVIL}"""

LISTED = {"index.html", "index.csv", "index.xlsx"}

SOURCES = [
    "import os, sys\nfrom perfkit.reporting.figures import Document, summary\nprint('错', file=sys.stderr)",
    "assert os.path.samefile(os.getcwd(), os.environ['PERFKIT_TEST_ROOT'])",
    "if how == 'bad': raise ValueError(f'坏了 {name}')",
    "if how == 'kill': os._exit(3)",
    "Document().text(name)",
    "summary(name, 得分=92.345, 等级='优', 评语=name)",
]


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    root = tmp_path_factory.mktemp("办公室 {x}")
    for folder in ("notebooks", "reports", "forms"):
        (root / folder).mkdir()
    (root / "forms/a.csv").write_text("x\n1\n")
    declared = (
        'name: str = ""  # required\nhow: str = "good"\npack: str = "cn-project-2020"\non: str = "2022-12-31"\n'
        'data: str = ""\nrate: float | None = 0.5'
    )
    cells = [new_markdown_cell("# 评价报告"), new_code_cell(declared, metadata={"tags": ["parameters"]})]
    cells += [new_code_cell(source) for source in SOURCES]
    nbformat.write(new_notebook(cells=cells), root / "notebooks/42_key.ipynb")
    text = f"""
title: 2022 年度 {EVIL}
notebook: notebooks/42_key.ipynb
common: {{data: forms, on: 2022-12-31, rate: null}}
runs:
  - name: {json.dumps(NAME, ensure_ascii=False)}
  - {{name: 乙, how: bad}}
  - {{name: 丙, how: kill}}
"""
    (root / "reports/key.yaml").write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def made(office):
    lines = []
    planned = orders.load(office / "reports/key.yaml").jobs
    folder = office / "reports/key"
    folder.mkdir()
    # What a formerly good run of the second report left.
    (folder / f"{planned[1].slug}.html").write_text("stale")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERFKIT_TEST_ROOT", str(office))
        done = batch.run(office / "reports/key.yaml", show=lines.append)
    return done, lines, json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_each_run_ends_as_it_ended(made):
    done, lines, _ = made
    assert [each.outcome for each in done.outcomes] == ["ok", "cell error", "killed"]
    assert done.exit_code == 1
    assert [line.split(" · ")[1] for line in lines] == ["ok", "cell error", "killed"]
    assert done.outcomes[1].error == "ValueError: 坏了 乙"
    assert done.outcomes[0].warnings == 1


def test_the_folder_holds_what_the_outcomes_say_and_nothing_else(made):
    done, _, _ = made
    good, bad, killed = (each.job.slug for each in done.outcomes)
    found = {path.relative_to(done.folder).as_posix() for path in done.folder.rglob("*") if path.is_file()}
    found -= {path.relative_to(done.folder).as_posix() for path in (done.folder / "journal").iterdir()}
    assert found == {
        "manifest.json",
        f"{good}.html",
        f"notebooks/{good}.ipynb",
        f"failed/{bad}.ipynb",
        f"failed/{bad}.html",
        f"failed/{killed}.ipynb",
        f"failed/{killed}.html",
        *LISTED,
    }
    assert {name for each in done.outcomes for name in each.outputs} | {"manifest.json", *LISTED} == found


def test_the_report_says_the_name_as_text(made):
    done, _, _ = made
    text = (done.folder / done.outcomes[0].outputs[0]).read_text(encoding="utf-8")
    page = BeautifulSoup(text, "html.parser")
    assert page.main.find("p", string=NAME)
    assert page.title.get_text() == page.h1.get_text() == "评价报告"
    assert page.header.find("p", class_="subtitle").get_text() == NAME
    assert "<script" not in text
    assert "http" not in text
    assert "os._exit" not in text


def test_the_injected_cell_is_readable(made):
    done, _, _ = made
    kept = nbformat.read(done.folder / done.outcomes[0].outputs[1], as_version=4)
    injected = next(cell for cell in kept.cells if "injected-parameters" in cell.metadata.get("tags", []))
    assert "甲“小学”" in injected.source
    assert "rate = None" in injected.source
    assert "on = '2022-12-31'" in injected.source


def test_a_failed_notebook_keeps_its_error(made):
    done, _, _ = made
    kept = nbformat.read(done.folder / done.outcomes[1].outputs[1], as_version=4)
    errors = [output for cell in kept.cells for output in cell.get("outputs", []) if output.output_type == "error"]
    assert [error.ename for error in errors] == ["ValueError"]


def test_the_manifest_can_reproduce_it(made, office):
    _, _, held = made
    first = held["runs"][0]
    digest = hashlib.sha256((office / "notebooks/42_key.ipynb").read_bytes()).hexdigest()
    assert first["notebook"] == {"path": "notebooks/42_key.ipynb", "sha256": digest}
    assert first["parameters"] == {"data": "forms", "on": "2022-12-31", "rate": None, "name": NAME}
    assert (first["pack"], first["on"]) == ("cn-project-2020", "2022-12-31")
    assert re.fullmatch("[0-9a-f]{64}", first["pack_sha256"])
    (base,) = first["pack_extends"]
    assert base["pack"] == "kit"
    assert re.fullmatch("[0-9a-f]{64}", base["sha256"])
    assert [each["path"] for each in first["inputs"]] == ["forms"]
    assert first["summary"] == {"得分": 92.345, "等级": "优", "评语": NAME}
    assert first["seconds"] > 0
    assert held["order"]["sha256"] == hashlib.sha256((office / "reports/key.yaml").read_bytes()).hexdigest()
    assert {"perfkit", "papermill", "pandas", "python"} <= set(held["versions"])
    assert held["started"] <= held["finished"]
    assert held["started"].endswith("+00:00")
    assert [run["outcome"] for run in held["runs"]] == ["ok", "cell error", "killed"]


def test_the_index_lists_all_and_its_links_lead_somewhere(made):
    done, _, _ = made
    page = BeautifulSoup(done.index.read_text(encoding="utf-8"), "html.parser")
    assert page.h1.get_text() == f"2022 年度 {EVIL}"
    assert "共 3 份：完成 1，失败 2" in page.get_text()
    rows = page.select("#reports tbody tr")
    assert [td.get_text() for td in rows[0]("td")][:5] == [NAME, "92.35", "优", NAME, "完成警告 1"]
    assert "ValueError: 坏了 乙" in rows[1].get_text()
    # Counted from 1 with the injected parameters: title, parameters, injected, imports, root, bad.
    links = [unquote(a["href"]) for a in page("a")]
    assert f"failed/{done.outcomes[1].job.slug}.html#cell-6" in links
    assert f"failed/{done.outcomes[2].job.slug}.html#cell-7" in links
    assert all((done.folder / link.partition("#")[0]).is_file() for link in links)


def test_a_report_that_the_gate_holds_is_not_delivered(made, office, monkeypatch):
    def stand_in(notebook, parameters, *, root, kept, timeout=None, inputs=""):
        shown = figures.Document().declare(sections=["一、结论"], due_on="2022-01-31")
        cell = new_code_cell("page.declare()", outputs=[new_output("execute_result", data=shown._repr_mimebundle_())])
        return execution.Ran(new_notebook(cells=[new_markdown_cell("# 甲"), cell]), execution.OK, "", 0.1)

    monkeypatch.setattr(batch, "execute", stand_in)
    done = batch.run(office / "reports/key.yaml", out=office / "reports/held", show=lambda _: None)
    first = done.outcomes[0]
    assert (first.outcome, first.error) == ("gate failed", "HTML 缺少“一、结论”部分")
    slug = first.job.slug
    held_back = f"failed/{slug}.held.html"
    assert first.outputs == (f"failed/{slug}.html", held_back, f"failed/{slug}.ipynb", f"checks/{slug}.json")
    assert not (done.folder / f"{slug}.html").exists()
    held = json.loads((done.folder / f"checks/{slug}.json").read_text(encoding="utf-8"))
    assert held["problems"] == [["HTML 缺少“一、结论”部分", "HTML lacks the section '一、结论'"]]
    assert held["declared"]["due_on"] == "2022-01-31"
    assert "缺少“一、结论”部分" in (done.folder / f"failed/{slug}.html").read_text(encoding="utf-8")
    assert "逾期" in done.index.read_text(encoding="utf-8")
    assert done.exit_code == 1


@pytest.fixture
def without_kernels(monkeypatch, office):
    """Run nothing: every notebook comes back as it went in."""

    def stand_in(notebook, parameters, *, root, kept, timeout=None, inputs=""):
        return execution.Ran(nbformat.read(notebook, as_version=4), execution.OK, "", 0.1)

    monkeypatch.setattr(batch, "execute", stand_in)
    return office / "reports/key.yaml"


def test_a_report_that_cannot_be_printed_is_an_outcome(without_kernels, monkeypatch, tmp_path):
    def fail(*_, **__):
        raise RuntimeError(f"nope {EVIL}")

    monkeypatch.setattr(export, "render", fail)
    done = batch.run(without_kernels, out=tmp_path / "out", show=lambda _: None)
    assert {each.outcome for each in done.outcomes} == {"export error"}
    assert done.exit_code == 1
    assert EVIL not in done.index.read_text(encoding="utf-8")
    assert len(list((tmp_path / "out/failed").glob("*.ipynb"))) == 3


def test_all_good_is_zero_and_quiet_in_a_pipe(without_kernels, tmp_path, capsys):
    done = batch.run(without_kernels, out=tmp_path / "out")
    assert done.exit_code == 0
    assert capsys.readouterr() == ("", "")


def test_interrupted_it_records_what_was_made(without_kernels, tmp_path):
    def stop(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch.run(without_kernels, out=tmp_path / "out", show=stop)
    assert len(json.loads((tmp_path / "out/manifest.json").read_text(encoding="utf-8"))["runs"]) == 1
    assert "未运行 2" in (tmp_path / "out/index.html").read_text(encoding="utf-8")


def test_nothing_runs_if_the_order_is_wrong(office, tmp_path):
    wrong = office / "reports/wrong.yaml"
    wrong.write_text("title: x\nnotebook: notebooks/42_key.ipynb\nruns: [{nam: a}]")
    with pytest.raises(OrderError, match="did you mean name"):
        batch.run(wrong, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = manifest.write(tmp_path / "a/b.txt", "旧")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        manifest.write(path, "新")
    assert path.read_text(encoding="utf-8") == "旧"
    assert [each.name for each in path.parent.iterdir()] == ["b.txt"]


def test_a_folders_hash_follows_names_and_bytes_only(tmp_path):
    def folder(name, **files):
        for file, content in files.items():
            manifest.write(tmp_path / name / file, content)
        return manifest.Hashes().of(tmp_path / name)

    assert folder("a", x="1", y="2") == folder("b", y="2", x="1")
    assert folder("c", x="12", y="") != folder("d", x="1", y="2")
    assert folder("e", z="1", y="2") != folder("a")


def test_the_manifest_covers_the_packs_that_a_pack_extends(tmp_path):
    def provenance():
        settings = {"pack": "town", "on": "2022-12-31"}
        job = orders.Job(tmp_path / "a.ipynb", {}, settings, slug="a", title="a")
        return manifest.Hashes().provenance(job, tmp_path)

    manifest.write(tmp_path / "a.ipynb", "{}")
    for pack, base in (("town", "county"), ("county", "kit")):
        what = f"{{id: {pack}, zh: 自有, en: own, level: county, jurisdiction: 某县, status: 试行, extends: {base}}}"
        manifest.write(tmp_path / pack / "pack.yaml", what)
    before = provenance()
    assert [each["pack"] for each in before["pack_extends"]] == ["county", "kit"]
    manifest.write(tmp_path / "county" / "sources.yaml", "{}")
    after = provenance()
    assert after["pack_sha256"] == before["pack_sha256"]
    assert after["pack_extends"][0] != before["pack_extends"][0]
    assert after["pack_extends"][1] == before["pack_extends"][1]
