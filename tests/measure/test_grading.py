"""Grades and rounding: the bounds of the regulation, OMB's bands, and what must hold for any points."""

import json
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit import rules
from perfkit.errors import ScoreError
from perfkit.measure import grading, weighting

BANDS = rules.load("cn-project-2020", "2022-12-31").value("grade_bands")
RANK = {band["grade"]: band["min"] for band in BANDS}


def test_bounds_of_the_regulation(shared):
    # Case budget_target_scoring, after 财预〔2020〕10号 art. 18: lower bounds included, nothing rounded up first.
    file = shared / "oracles" / "budget_target_scoring" / "expected.json"
    grades = json.loads(file.read_text(encoding="utf-8"))["grades"]
    assert [[b["grade"], b["min"]] for b in BANDS] == [[name, low] for name, low, _ in grades["rule"]]
    points, names = zip(*grades["tests"], strict=True)
    assert grading.grade(points, BANDS)["grade"].tolist() == list(names)


def test_float_dust_costs_no_grade():
    # The same case, "float_traps": a sum that is 90 but for float error is 优.
    assert grading.grade([90 - 1e-13, sum([0.1] * 900)], BANDS)["grade"].tolist() == ["优", "优"]


def test_omb_part(shared):
    # Case omb_part: weighted sections and bands 85/70/50 of OMB's Program Assessment Rating Tool.
    expected = json.loads((shared / "oracles" / "omb_part" / "expected.json").read_text(encoding="utf-8"))
    bands = [{"grade": name, "en": name, "min": low} for name, low in expected["bands"]]
    points = pd.Series(expected["weights"]) * 100
    weights = weighting.given(points).to_numpy()
    scores = np.array([np.dot(weights, case["sections"]) for case in expected["cases"]])
    assert scores.tolist() == pytest.approx([c["score"] for c in expected["cases"]], abs=expected["tolerance"])
    assert grading.grade(scores, bands)["grade"].tolist() == [case["rating"] for case in expected["cases"]]


def test_bands_in_any_order():
    points = [95, 85, 65, 10]
    pd.testing.assert_frame_equal(grading.grade(points, BANDS[::-1]), grading.grade(points, BANDS))


def test_distances():
    # 87 of the Sanmen bond projects (published 2025-06-26): 良, 3 points below 优, 7 above the floor.
    row = grading.grade([87], BANDS).iloc[0]
    assert row.tolist() == ["良", "good", "优", 3, 7]
    top = grading.grade([96.5], BANDS).iloc[0]
    assert top["grade"] == "优"
    assert pd.isna(top["next_grade"])
    assert pd.isna(top["to_next"])


def test_missing_points_have_no_grade():
    row = grading.grade([np.nan], BANDS).iloc[0]
    assert row.isna().all()


def test_below_the_lowest_band_there_is_no_grade():
    assert grading.grade([10], BANDS[:2])["grade"].isna().all()


@given(st.floats(0, 100), st.floats(0, 100))
def test_more_points_never_a_lower_grade(one, another):
    low, high = grading.grade(sorted([one, another]), BANDS)["grade"]
    assert RANK[low] <= RANK[high]


@given(st.floats(0, 100).map(lambda x: round(x, 6)))
def test_the_distances_fit_the_bands(points):
    row = grading.grade([points], BANDS).iloc[0]
    assert row["above_floor"] >= 0
    assert row["above_floor"] == pytest.approx(points - RANK[row["grade"]], abs=1e-8)
    if row["next_grade"] is not None and not pd.isna(row["next_grade"]):
        assert row["to_next"] > 0
        assert grading.grade([points + row["to_next"]], BANDS)["grade"].iloc[0] == row["next_grade"]


@given(st.decimals(-1000, 1000, places=4), st.integers(0, 3))
def test_half_up_as_by_hand(value, decimals):
    # Python's decimal module is the hand.
    by_hand = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    got = grading.round_points([float(value)], decimals=decimals, mode="half_up")[0]
    assert got == pytest.approx(float(by_hand), abs=1e-9)


def test_half_up_and_half_even():
    assert grading.round_points([0.5, 1.5, 2.5, -0.5], decimals=0, mode="half_up").tolist() == [1, 2, 3, -1]
    assert grading.round_points([0.5, 1.5, 2.5], decimals=0, mode="half_even").tolist() == [0, 2, 2]
    assert np.isnan(grading.round_points([np.nan], decimals=2, mode="half_up")).all()


REVIEW = rules.load("zhengzhou-target-review", "2025-12-31").value("qualitative_rule")
GRADES = REVIEW["order"]


def reviewed(*words):
    return grading.grade_by_counts([list(word) for word in words], **REVIEW).tolist()


class TestGradeByCounts:
    """Zhengzhou 附件2-6 二（二）1: eight items, at least six of a grade, and how bad the others may be."""

    @pytest.mark.parametrize(
        ("items", "grade"),
        [
            ("优优优优优优优优", "优"),
            ("优优优优优优良良", "优"),  # six 优, the other two neither 中 nor 差
            ("优优优优优优良中", "良"),  # six 优, but a 中: seven are 良 or better, none 差
            ("优优优优优良良良", "良"),  # only five 优
            ("良良良良良良中中", "良"),  # six 良, the others not 差
            ("良良良良良良中差", "中"),  # a 差 among them: seven are 中 or better
            ("优优优优优优优差", "中"),  # seven 优 do not make up for one 差
            ("优优优优优中中中", "中"),  # five 良 or better
            ("中中中中中中差差", "中"),  # six 中
            ("优优优优优优差差", "中"),
            ("中中中中中差差差", "差"),  # only five 中
            ("优优优优优差差差", "差"),
            ("差差差差差差差差", "差"),
        ],
    )
    def test_by_hand(self, items, grade):
        assert reviewed(items) == [grade]

    def test_the_order_of_the_items_does_not_matter(self):
        assert reviewed("优优优优优优良中", "中优优良优优优优") == ["良", "良"]

    def test_without_a_grade_for_each_item_there_is_none(self):
        gap = [*"优优优优优优优", None]
        assert grading.grade_by_counts([gap, [*"优优优优优优优", np.nan]], **REVIEW).tolist() == [None, None]

    def test_nobody_reviewed(self):
        assert grading.grade_by_counts(np.empty((0, 8), dtype=object), **REVIEW).tolist() == []

    @pytest.mark.parametrize("grades", [[list("优优优")], list("优优优优优优优优"), [[]]])
    def test_another_number_of_items_is_refused(self, grades):
        with pytest.raises(ScoreError, match="n × 8"):
            grading.grade_by_counts(grades, **REVIEW)

    def test_every_unknown_grade_is_named(self):
        with pytest.raises(ScoreError) as caught:
            reviewed("优优优优优优优优", "好优优优优优优劣")
        assert [(p.where, p.got) for p in caught.value.problems] == [("2 › 1", "好"), ("2 › 8", "劣")]

    @given(st.lists(st.sampled_from(GRADES), min_size=8, max_size=8), st.integers(0, 7))
    def test_a_better_item_never_lowers_the_grade(self, items, at):
        better = items.copy()
        better[at] = GRADES[max(GRADES.index(items[at]) - 1, 0)]
        before, after = reviewed(items, better)
        assert GRADES.index(after) <= GRADES.index(before)
