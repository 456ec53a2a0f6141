"""Heaping at cut-offs: restaurant inspections computed apart, hand arithmetic, no alarm where nothing heaps."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.estimation import heaping

# Scores 87 to 97 of 27,178 restaurant inspections (PyPI causaldata, restaurant_inspections).
COUNTS = {87: 751, 88: 757, 89: 963, 90: 1117, 91: 1337, 92: 1308, 93: 1583, 94: 1394, 95: 1773, 96: 1421, 97: 1188}
TESTED = {90: (0.532898763, 0.361574744), 95: (0.4940809901, 7.326076113e-14)}


def scores(counts):
    return np.repeat(list(counts), list(counts.values()))


def test_inspections_as_computed_apart(shared):
    folder = shared / "oracles" / "heaping_scores_inspections"
    rows = pd.read_csv(folder / "score_counts.csv")
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["verified"]
    found = heaping(np.repeat(rows["score"], rows["n"]), {"A": 95, "B": 90, "C": 0}, donuts=[0])
    for row, name in zip(found.itertuples(), ["test_T90", "test_T95"], strict=True):
        assert [row.at, row.under] == expected[name]["obs"]
        assert row.expected_share == pytest.approx(expected[name]["p0"], abs=1e-9)
        assert row.p == pytest.approx(expected[name]["p_exact"], rel=1e-9)
    tables.check(found, "heaping")


def test_inspections_typed():
    found = heaping(scores(COUNTS), {"A": 95, "B": 90, "C": 0}, donuts=[0]).set_index("cut")
    for cut, (expected, p) in TESTED.items():
        assert found.loc[cut, "expected_share"] == pytest.approx(expected, abs=1e-9)
        assert found.loc[cut, "p"] == pytest.approx(p, rel=1e-8)


def test_excess_by_hand():
    # Flat surroundings of 20: half is expected at 90. Of 40, 32 stand there: 12 too many;
    # probability of 32 or more heads in 40 throws.
    found = heaping(scores({87: 20, 88: 20, 89: 8, 90: 32, 91: 20, 92: 20}), {"优": 90, "差": 0}, donuts=[0]).iloc[0]
    assert found["excess"] == pytest.approx(12)
    assert found["p"] == pytest.approx(stats.binom.sf(31, 40, 0.5))
    # Variance: 40 * .8 * .2 + (40 / 4)^2 * sum of x^2 / 17^2 / 20, x = 2.5, 1.5, 1.5, 2.5.
    reach = 1.959964 * np.sqrt(6.4 + 100 * 17 / 17**2 / 20)
    assert found[["low", "high"]].tolist() == pytest.approx([12 - reach, 12 + reach], rel=1e-6)
    assert found["cut_ratio"] == pytest.approx(4)


def test_half_points_are_the_same_question():
    counts = {87: 20, 88: 25, 89: 8, 90: 32, 91: 20, 92: 24}
    half = {90 + (score - 90) / 2: count for score, count in counts.items()}
    whole = heaping(scores(counts), {"优": 90, "差": 0}, donuts=[0]).iloc[0]
    finer = heaping(scores(half), {"优": 90, "差": 0}, step=0.5, donuts=[0]).iloc[0]
    assert finer[["p", "excess", "low", "high"]].tolist() == pytest.approx(
        whole[["p", "excess", "low", "high"]].tolist()
    )


def test_round_numbers_that_are_no_cut_offs_are_the_control():
    # Every multiple of five draws twice its share: 80 and 90 do no more than 75, 85 and 95.
    smooth = dict.fromkeys(range(70, 100), 100)
    twice = {score: count * (2 if score % 5 == 0 else 1) for score, count in smooth.items()}
    found = heaping(scores(twice), {"优": 90, "良": 80, "差": 0}, donuts=[0])
    assert found["p"].max() < 1e-6
    assert found["round_numbers"].tolist() == [3, 3]
    assert found["round_ratio"].tolist() == pytest.approx([2, 2])
    assert found["p_round"].min() == pytest.approx(0.5)
    # Where the cut-off draws eight times its share it exceeds what round numbers do.
    found = heaping(scores({**twice, 90: 800}), {"优": 90, "差": 0}, donuts=[0]).iloc[0]
    assert found["p_round"] < 0.01


def test_a_donut_finds_those_who_were_lifted_from_further_below():
    # Lifted from 87 to 89, a few from each: next to the gap the surroundings are thinned too.
    counts = {84: 100, 85: 100, 86: 100, 87: 80, 88: 70, 89: 50, 90: 200, 91: 100, 92: 100, 93: 100, 94: 100}
    found = heaping(scores(counts), {"优": 90, "差": 0}, donuts=[0, 2]).set_index("donut")
    assert found.loc[2, "expected_share"] == pytest.approx(0.5)
    assert found.loc[2, "excess"] == pytest.approx(75)
    assert found.loc[0, "excess"] < found.loc[2, "excess"]


def test_no_alarm_where_nothing_heaps():
    draw = np.random.default_rng(12)
    raised = []
    for _ in range(150):
        found = heaping(np.round(draw.normal(86, 7, 5000).clip(60, 100)), {"优": 90, "良": 80, "差": 0}, donuts=[0])
        raised += (found["p"] < 0.05).tolist()
    # The exact test takes the expectation as known, so it is a little eager.
    assert 0.03 <= np.mean(raised) <= 0.13


def test_too_few_and_continuous_scores_are_refused():
    cuts = {"优": 90, "良": 80, "差": 0}
    with pytest.raises(SampleError) as caught:
        heaping(scores({79: 30, 80: 30, 90: 3}), cuts)
    assert [problem.where for problem in caught.value.problems] == ["80", "90"]
    with pytest.raises(SampleError, match="连续得分须用密度检验"):
        heaping([90.0, 88.37, np.nan], cuts)
