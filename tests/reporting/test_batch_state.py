"""What is made stays made and nothing is made twice: resuming, shards, limits, the journal. No kernel runs."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.errors import OrderError
from perfkit.reporting import batch, journal, orders
from perfkit.reporting.orders import names
from perfkit.reporting.planning import Selection

UNITS = ["a", "b", "c", "d"]


@pytest.fixture
def run(office, stand_in):
    def call(what="unfinished", shard=(1, 1), limit=None, **more):
        return batch.run(
            office.order, selection=Selection(what, shard, limit), **{"runner": stand_in.quick, "show": str, **more}
        )

    return call


def why(office, what="unfinished"):
    _, planned = batch.preview(office.order, selection=Selection(what))
    return {each.job.parameters["unit"]: each.why for each in planned}


def test_what_is_there_is_not_made_again(office, run):
    office.asks_for(*UNITS)
    assert run().made == 4
    before = {path: path.stat().st_mtime_ns for path in office.out.rglob("*.html") if path.stem != "index"}
    again = run()
    assert (again.made, again.exit_code, len(again.outcomes)) == (0, 0, 4)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert office.begun() == dict.fromkeys(UNITS, 1)


def test_one_input_changes_one_report_and_the_notebook_changes_all(office, run):
    office.asks_for(*UNITS)
    run()
    (office.root / "data/c.txt").write_text("2")
    assert why(office) == {"c": "changed"}
    run()
    assert office.begun() == {"a": 1, "b": 1, "c": 2, "d": 1}
    assert why(office) == {}
    # As many bytes, and the old time of change: only the content tells.
    file = office.root / "data/a.txt"
    seen = file.stat()
    file.write_text("7")
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert why(office) == {"a": "changed"}
    notebook = office.root / "notebooks/a.ipynb"
    notebook.write_text(notebook.read_text(encoding="utf-8").replace("报告", "评价报告"), encoding="utf-8")
    assert why(office) == dict.fromkeys(UNITS, "changed")


def test_a_pack_that_changes_makes_its_reports_anew(office, run, own_pack):
    office.asks_for("a")
    pack = own_pack(lambda parameters: None)
    moved = office.root / "rules"
    pack.rename(moved)
    notebook = office.root / "notebooks/a.ipynb"
    declared = 'data: str = \\"\\"\\npack: str = \\"rules\\"'
    notebook.write_text(
        notebook.read_text(encoding="utf-8").replace('data: str = \\"\\"', declared), encoding="utf-8"
    )
    run()
    assert why(office) == {}
    (moved / "sources.yaml").write_text((moved / "sources.yaml").read_text(encoding="utf-8") + "\n# x\n", "utf-8")
    assert why(office) == {"a": "changed"}


@pytest.mark.parametrize("harm", ["changed", "removed"])
@pytest.mark.parametrize("kind", ["*.html", "notebooks/*.ipynb"])
def test_a_report_that_is_not_as_it_was_written_is_made_again(office, run, harm, kind):
    office.asks_for("a")
    run()
    file = next(path for path in office.out.glob(kind) if path.stem != "index")
    good = file.read_bytes()
    file.write_bytes(good + b" ") if harm == "changed" else file.unlink()
    assert why(office) == {"a": "files changed or missing"}
    run()
    assert file.read_bytes() == good


def test_only_failed_and_what_they_leave(office, run, stand_in):
    office.asks_for("a", "bad1")
    (office.root / "data/a.txt").write_text("2")
    done = run()
    assert (done.exit_code, done.counts) == (1, {"ok": 1, "cell error": 1})
    assert why(office) == {"bad1": "failed before"}
    office.asks_for("a", "bad1", "new")
    (office.root / "data/a.txt").write_text("3")
    assert why(office) == {"a": "changed", "bad1": "failed before", "new": "new"}
    assert why(office, "failed") == {"bad1": "failed before"}

    def mended(notebook, parameters, **more):
        return stand_in.Ran(stand_in.quick(notebook, parameters, **more).notebook, "ok", "", 0.1)

    assert run("failed", runner=mended).made == 1
    assert why(office, "failed") == {}
    assert not list((office.out / "failed").iterdir())


def test_starting_over_makes_all_again_even_if_interrupted(office, run):
    office.asks_for(*UNITS)
    run()

    def stop(line):
        if line.startswith("2/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("fresh", show=stop)
    assert office.begun() == {"a": 2, "b": 2, "c": 1, "d": 1}
    assert len(json.loads((office.out / "manifest.json").read_text(encoding="utf-8"))["runs"]) == 2
    assert why(office) == {"c": "new", "d": "new"}
    run()
    assert office.begun() == dict.fromkeys(UNITS, 2)


def test_limits(office, run):
    office.asks_for(*UNITS)
    done = run(limit=1)
    assert (done.made, done.counts, done.exit_code) == (1, {"ok": 1, "": 3}, 0)
    assert run(limit=2).made == 2
    assert run(limit=2).made == 1
    office.asks_for("bad1", "bad2", "x", "bad3", "y")
    done = run(max_failures=2)
    assert (done.made, done.counts, done.exit_code) == (2, {"cell error": 2, "": 3}, 1)


def test_a_dry_run_writes_nothing(office):
    office.asks_for("a")
    assert why(office) == {"a": "new"}
    assert not office.out.exists()


def test_a_torn_line_is_passed_over_and_its_run_made_again(office, run):
    office.asks_for(*UNITS)
    run()
    (file,) = (office.out / "journal").glob("*.jsonl")
    whole = file.read_bytes()
    torn = whole.rstrip(b"\n")[:-20]
    assert json.loads(whole.splitlines()[-1])["title"] == "a d data/d.txt"
    file.write_bytes(torn)
    assert why(office) == {"d": "new"}
    # The next writer has a file of its own, or the line after the torn one would be lost too.
    journal._own_name.cache_clear()
    run()
    assert file.read_bytes() == torn
    assert why(office) == {}
    # Even if all of it but the end of the line is there.
    file.write_bytes(whole.rstrip(b"\n"))
    assert [at for at, _ in journal._records(file)] == [at for at, _ in list(journal._records(file))[:3]]


def test_after_a_write_that_failed_a_new_file_begins(tmp_path, monkeypatch):
    record = {"session": 1, "slug": "a-00000000", "outcome": "ok", "fingerprint": ""}
    journal.append(tmp_path, record)

    def fail(_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        journal.append(tmp_path, record)
    monkeypatch.undo()
    journal.append(tmp_path, record)
    assert len(list((tmp_path / "journal").iterdir())) == 2


def test_shards_make_the_whole(office, run):
    office.asks_for(*(f"u{at}" for at in range(12)))
    whole = run(out=office.root / "whole")
    shards = [run(shard=(at, 3)) for at in (1, 2, 3)]
    assert [shard.index is None for shard in shards] == [True, True, False]
    assert sum(shard.made for shard in shards) == 12
    assert all(shard.made for shard in shards)
    assert office.begun() == {f"u{at}": 2 for at in range(12)}
    one, other = (
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["runs"]
        for folder in (whole.folder, office.out)
    )
    assert one == other
    files = {path.relative_to(whole.folder) for path in whole.folder.rglob("*.*") if path.parent.name != "journal"}
    differing = {each for each in files if (whole.folder / each).read_bytes() != (office.out / each).read_bytes()}
    assert {path.name for path in differing} <= {"manifest.json"}
    assert run().made == 0


def test_a_shard_leaves_alone_what_another_is_at(office, run):
    office.asks_for(*(f"u{at}" for at in range(8)))
    jobs = orders.load(office.order).jobs
    (office.out / "notebooks").mkdir(parents=True)
    for job in jobs:
        (office.out / f".{job.slug}.html.abcdefgh.part").write_text("half")
        (office.out / f"notebooks/.{job.slug}.part.ipynb").write_text("half")
    run(shard=(2, 2), limit=1)
    theirs = sum(names.is_of(job.slug, (1, 2)) for job in jobs)
    assert 0 < theirs < 8
    assert len(office.unfinished()) == 2 * theirs
    run(limit=1)
    assert office.unfinished() == []


def test_nobody_works_on_a_folder_that_another_is_at(office, run):
    office.asks_for("a", "b", "c", "d")

    def begin_again(line):
        for shard in ((1, 1), (1, 2)):
            with pytest.raises(OrderError, match="is being worked on"):
                run(shard=shard)

    def begin_another_shard(line):
        with pytest.raises(OrderError, match="正在生成中"):
            run()
        with pytest.raises(OrderError, match="another perfkit report"):
            run(shard=(1, 2))
        assert run(shard=(2, 2), limit=1).made <= 1

    run(limit=1, show=begin_again)
    run("fresh", shard=(1, 2), limit=1, show=begin_another_shard)
    assert run().counts == {"ok": 4}


@given(st.lists(st.text(), max_size=3), st.integers(1, 9))
def test_every_run_belongs_to_one_shard(words, of):
    slug = names.slug(words, {"words": words})
    assert sum(names.is_of(slug, (at, of)) for at in range(1, of + 1)) == 1


@pytest.mark.parametrize("shard", [(0, 5), (6, 5), (1, 0)])
def test_a_shard_that_there_is_not(shard):
    with pytest.raises(OrderError, match="no shard"):
        Selection(shard=shard)


def test_many_runs_get_subfolders_and_the_index_leads_there(office, run, monkeypatch):
    office.asks_for("a", "b", "bad1")
    flat = run().outcomes
    monkeypatch.setattr(names, "_CROWD", 2)
    # Another way to lie on disk is no reason to make a report again.
    assert run().made == 1
    done = run("fresh")
    for before, after in zip(flat, done.outcomes, strict=True):
        sub = after.job.slug[-8:-6]
        parts = [path.rpartition("/") for path in before.outputs]
        assert list(after.outputs) == [f"{home}{slash}{sub}/{name}" for home, slash, name in parts]
        assert all((office.out / path).is_file() for path in after.outputs)
        assert not any((office.out / path).exists() for path in before.outputs)
    page = done.index.read_text(encoding="utf-8")
    assert all(each.outputs[0] in page for each in done.outcomes)


def test_a_report_that_the_gate_refuses_is_kept_apart(office, run, stand_in):
    office.asks_for("a", "b")
    run()
    done = run("fresh", gate=stand_in.refuse_b)
    assert [each.outcome for each in done.outcomes] == ["ok", "gate failed"]
    assert done.outcomes[1].error == "no total 无合计"
    slug = done.outcomes[1].job.slug
    held_back = f"failed/{slug}.held.html"
    assert done.outcomes[1].outputs == (f"failed/{slug}.html", held_back, f"failed/{slug}.ipynb")
    assert not (office.out / f"{slug}.html").exists()
    assert why(office) == {"b": "failed before"}


def test_an_order_of_another_folder_cannot_be_talked_into_removing_files(office, run):
    office.asks_for("a")
    run()
    (office.root / "precious.txt").write_text("x")
    (file,) = (office.out / "journal").glob("*.jsonl")
    slug = orders.load(office.order).jobs[0].slug
    file.write_text(file.read_text(encoding="utf-8").replace(f'"{slug}.html"', '"../../precious.txt"'), "utf-8")
    run("fresh")
    assert (office.root / "precious.txt").exists()
