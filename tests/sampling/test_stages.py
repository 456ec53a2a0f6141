"""Two stages: departments, then projects; how often each comes in, and certain departments as strata."""

import numpy as np
import pandas as pd
import pytest

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.estimation import Design
from perfkit.sampling import inclusion_probabilities, two_stage

DEPARTMENTS = np.repeat(list("ABCDE"), [2, 3, 4, 5, 6])
FRAME = pd.DataFrame(
    {
        "unit_id": [f"P{at:02d}" for at in range(20)],
        "department": DEPARTMENTS,
        "budget": np.arange(1.0, 21),
        "points": 60 + np.arange(20.0),
    }
)
SEEDS = 80


@pytest.mark.parametrize("method", ["srs", "pps_systematic", "sampford"])
def test_projects_come_in_as_often_as_stated(method):
    by_size = method != "srs"
    sums = FRAME.groupby("department")["budget"].sum()
    first = inclusion_probabilities(sums, 2) if by_size else np.full(5, 2 / 5)
    pi = pd.Series(first, sums.index)[DEPARTMENTS].to_numpy() * np.minimum(
        3 / FRAME.groupby("department")["unit_id"].transform("size"), 1
    )
    hits, totals = pd.Series(0, index=FRAME["unit_id"]), []
    for seed in range(SEEDS):
        sample = two_stage(FRAME, 2, 3, seed=seed, method=method, size="budget" if by_size else None)
        hits[sample["unit_id"]] += 1
        at = sample["unit_id"].str[1:].astype(int)
        assert sample["inclusion"].to_numpy() == pytest.approx(pi[at].to_numpy())
        totals.append((sample["weight"] * FRAME["points"].to_numpy()[at]).sum())
    assert (np.abs(hits.to_numpy() / SEEDS - pi) <= 4.5 * np.sqrt(pi * (1 - pi) / SEEDS)).all()
    assert abs(np.mean(totals) - FRAME["points"].sum()) < 4 * np.std(totals) / np.sqrt(SEEDS)


def test_by_number_of_projects_all_have_the_same_chance():
    """Two of five departments by size, then one project each: 2 · M / 20 · 1 / M = 1 / 10."""
    sample = two_stage(FRAME, 2, 1, seed="s", method="pps_systematic")
    assert sample["inclusion"].tolist() == pytest.approx([0.1, 0.1])
    assert sample["cluster_inclusion"].to_numpy() == pytest.approx(
        sample["cluster"].map({d: 2 * m / 20 for d, m in zip("ABCDE", [2, 3, 4, 5, 6], strict=True)})
    )
    tables.check(sample, "sample")


def test_a_certain_department_is_a_stratum():
    frame = FRAME.assign(budget=np.where(FRAME["department"] == "E", 1000, FRAME["budget"]))
    sample = two_stage(frame, 2, 3, seed="s", method="pareto", size="budget")
    sure = sample[sample["stratum"] == "全部/E"]
    assert sure["cluster"].isna().all()
    assert sure["inclusion"].tolist() == pytest.approx([0.5, 0.5, 0.5])
    other = sample[sample["stratum"] == "全部"]
    assert len(set(other["cluster"])) == 1
    assert len(np.unique(Design.of(sample).strata)) == 2


def test_recommended_projects_are_certain_wherever_they_are():
    frame = FRAME.assign(recommended=FRAME["unit_id"].isin(["P00", "P19"]))
    sample = two_stage(frame, 2, 2, seed="s", reserve=1).set_index("unit_id")
    assert sample.loc[["P00", "P19"], "part"].tolist() == ["recommended"] * 2
    assert sample.loc[["P00", "P19"], "cluster"].isna().all()
    assert sample["part"].eq("recommended").sum() == 2
    random = sample[sample["part"] == "random"]
    left = {"A": 1, "B": 3, "C": 4, "D": 5, "E": 5}
    expected = [0.4 * min(2 / left[name], 1) for name in random["cluster"]]
    assert random["inclusion"].tolist() == pytest.approx(expected)


def test_departments_in_strata():
    frame = FRAME.assign(level=FRAME["department"].map({"A": "省级", "B": "省级"}).fillna("市县"))
    sample = two_stage(frame, {"省级": 1, "市县": 2}, 2, seed="s", strata="level")
    assert sample.groupby("stratum")["cluster"].nunique().to_dict() == {"市县": 2, "省级": 1}
    pd.testing.assert_frame_equal(two_stage(frame[::-1], {"省级": 1, "市县": 2}, 2, seed="s", strata="level"), sample)


@pytest.mark.parametrize(
    ("frame", "first", "second", "message"),
    [
        (FRAME, 9, 1, "the sample is larger than the stratum · 全部 · expected ≤ 5 · got 9"),
        (FRAME, 5, {"A": 1}, "a department drawn has no number of projects · B"),
        (FRAME, 5, dict.fromkeys("ABCDEF", 1), "no such department in the frame · F · expected A, B, C, D, E"),
        (FRAME, 2, 0, "a department drawn has no number of projects"),
        (FRAME.assign(department=[None, *DEPARTMENTS[1:]]), 2, 1, r"no stratum · frame › department \[0\] \(P00\)"),
    ],
)
def test_what_cannot_be_drawn_is_said(frame, first, second, message):
    with pytest.raises(SampleError, match=message):
        two_stage(frame, first, second, seed="s")


def test_a_department_in_two_strata_is_refused():
    with pytest.raises(SampleError, match="a department lies in several strata · A · expected 1 · got x, y"):
        two_stage(FRAME.assign(level=["x"] + ["y"] * 19), {"x": 1, "y": 1}, 1, seed="s", strata="level")
