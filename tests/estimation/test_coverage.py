"""Real ratings drawn many times: 95 % intervals cover the known truth. The whole table: benchmarks/coverage.py."""

import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
DRAWS = 60


@pytest.fixture
def coverage(monkeypatch, shared):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("coverage_of_intervals")


@pytest.mark.parametrize(
    ("design", "target"), [("simple random", 0), ("stratified by department", 1), ("to amount, with a floor", 2)]
)
def test_every_estimator_covers(coverage, design, target):
    frame = coverage.adb_frame()
    assert len(frame) == 1039
    found = coverage.coverage(frame, design, coverage.TARGETS[target], DRAWS, seed=7).set_index("estimator")
    # Four binomial standard errors of 0.95 in 60 draws: the benchmark, with more, has the narrower ones.
    assert found["cover"].min() > 0.95 - 4 * (0.95 * 0.05 / DRAWS) ** 0.5, found["cover"]
    assert found.loc["GREG", "width"] < 0.9 * found.loc["expansion (HT)", "width"]
    assert found["bias"].abs().max() < 0.6
    assert found["refused"].max() == 0


def test_the_world_banks_regions_are_covered(coverage):
    found = coverage.regions(60, seed=3)
    assert found["cover"].min() > 0.95 - 4 * (0.95 * 0.05 / 60) ** 0.5
