"""The benchmarks still run: small, and without a word on time."""

import importlib
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    names = [path.stem for path in FOLDER.glob("*.py")]
    for name in names:
        sys.modules.pop(name, None)
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)


def test_the_long_table(benchmark):
    long = benchmark("long_table")
    assert long.part("linear", 50).startswith("       50 units:")
    assert "ms" in long.part("explain", 50)
    text, coded = (long.score(long.values(50, kind, shuffled=False)).results for kind in ("text", "category"))
    assert text.equals(coded)
    shuffled = long.score(long.values(50, "text", shuffled=True)).results
    assert shuffled.sort_values("unit_id", ignore_index=True).equals(text)
    assert text["grade"].notna().all()


def test_the_wide_table(benchmark):
    wide = benchmark("wide_table")
    grades = wide.graded(wide.table(200))
    assert len(grades) == 200
    assert grades["grade"].notna().all()
    assert wide.weights_drawn(30, 20).startswith("20 draws of the weights on 30 x 20")


def test_the_draw(benchmark):
    drawing = benchmark("drawing")
    frame = drawing.Frame(2_000)
    for method in drawing.METHODS:
        rows, inclusion, weight = frame.draw(method).T
        assert len(set(rows)) == 200
        assert (inclusion * weight).round(9).tolist() == [1] * 200
    assert "numbers and pareto" in drawing.beside_a_hash(2_000, "pareto")
    assert drawing.whole(2_000, "pareto").startswith("    2,000 units, pareto from a frame")
    assert drawing.grows(1_000, "pareto").startswith("    1,000 -> 10,000 units, pareto")
    assert "times (" in drawing.beside_a_sum(2_000, "pareto")


def test_the_domains(benchmark):
    domains = benchmark("domains")
    found = domains.means(domains.rows(5_000))
    assert len(found) == domains.DOMAINS
    assert found["se"].gt(0).all()
    assert domains.linear(2_000).startswith("    2,000 rows:")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="CPU seconds are read from /proc")
def test_the_pipeline(benchmark, tmp_path, monkeypatch):
    pipeline = benchmark("pipeline")
    monkeypatch.chdir(pipeline.ROOT)
    (unit,) = pipeline.units(1)
    pipeline.by_warm_kernels(unit, tmp_path)
    assert "重点绩效评价" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert pipeline.empty(3).startswith("3 empty reports, 1 process: 0.")
    assert set(pipeline.WAYS) == {"warm", "plain", "papermill", "cli"}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_memory_is_seen(benchmark):
    measuring = benchmark("measuring")
    assert measuring.extra_memory(lambda: bytearray(80_000_000)) > 60_000_000
    assert benchmark("domains").bootstrapped(40, 20).startswith("20 bootstrap replicates of the grade shares of 40")


def test_the_scale(benchmark):
    scale = benchmark("scale")
    held = scale.costs(20)
    assert held.line(20).startswith("       20 empty reports, one process: plan ")
    assert len(held.memory) == 5
    assert scale.dispatch_seconds(20) > 0
    # 1,000,000 reports of 0.3 s on 10 cores: 30,000 s, 8.33 h; given out at 1,000 a second by one: 0.28 h.
    free = scale.Costs(0, 0, 0, 0, [])
    (one, *_) = scale.forecast(free, {"one Dask scheduler": 0.001}, 0.3)
    assert "10 cores, one Dask scheduler:  8.33 h, of which cores 8.33 h" in one
    assert " 0.28 h, of which giving out 0.28 h" in scale.forecast(free, {"one Dask scheduler": 0.001}, 0.3)[-1]
