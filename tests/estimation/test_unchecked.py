"""Scores to expect at units not checked: refitted row by row, and covered as often as promised."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.estimation import Design, expected_scores, grade_probabilities, model_checked, prediction_coverage

CUTS = {"优": 90, "良": 80, "中": 60, "差": 0}


def made(n, seed=0, spread=3.0):
    draw = np.random.default_rng(seed)
    own = draw.uniform(60, 100, n).round(1)
    return own, (0.95 * own - 1 + draw.normal(0, spread, n)).round(1), draw


def test_the_line_and_what_each_row_is_off_without_itself():
    own, seen, draw = made(60)
    group = draw.choice(["a", "b", "c"], 60)
    weights = draw.uniform(5, 15, 60)
    design = Design.simple(60, 600).weighted(weights)
    model = model_checked(own, seen, design, group)
    columns = np.column_stack([group == name for name in "abc"] + [own]).astype(float)
    fit = sm.WLS(seen, columns, weights=weights).fit()
    assert [*model.levels.values(), model.slope] == pytest.approx(fit.params.tolist())
    off = []
    for row in range(60):
        keep = np.arange(60) != row
        other = sm.WLS(seen[keep], columns[keep], weights=weights[keep]).fit()
        off.append(seen[row] - columns[row] @ other.params)
    np.testing.assert_allclose(model.errors, np.sort(off), atol=1e-9)


def test_recommended_units_do_not_move_the_line():
    own, seen, _ = made(60)
    design = Design.simple(60, strata=["c"] * 10 + ["r"] * 50, sizes=[10] * 10 + [500] * 50)
    worse = np.where(np.arange(60) < 10, seen - 30, seen)
    assert model_checked(own, worse, design).slope == model_checked(own, seen, design).slope
    assert model_checked(own, worse, design).n == 50


def test_intervals_cover_units_that_were_not_checked():
    held = []
    for seed in range(60):
        own, seen, _ = made(500, seed)
        design = Design.simple(100, 500)
        model = model_checked(own[:100], seen[:100], design)
        left = pd.Series(own[100:], index=[f"p{at}" for at in range(400)])
        found = expected_scores(model, left, CUTS, full=100.0)
        held.append(((found["low"] <= seen[100:].clip(0, 100)) & (seen[100:].clip(0, 100) <= found["high"])).mean())
    assert 0.94 <= np.mean(held) <= 0.985
    tables.check(found, "expected")
    # Of one sample, coverage by folds is near the truth it cannot see.
    told = prediction_coverage(own[:100], seen[:100], design)["estimate"].item()
    assert abs(told - held[-1]) < 0.06


def test_probabilities_are_shares_of_errors():
    own, seen, _ = made(80)
    model = model_checked(own, seen, Design.simple(80, 800))
    left = pd.Series([92.0, 75.0], index=["p1", "p2"])
    found = grade_probabilities(model, left, CUTS)
    line = model.levels[""] + model.slope * 92.0
    assert found.loc["p1", "优"] == pytest.approx(np.mean(line + model.errors >= 90))
    assert found.loc["p1", "差"] == pytest.approx(np.mean(line + model.errors < 60))
    assert list(found.columns) == ["优", "良", "中", "差"]
    assert expected_scores(model, left, CUTS)["grade"].tolist() == found.idxmax(axis=1).tolist()


@given(st.lists(st.floats(0, 120), min_size=1, max_size=10))
def test_probabilities_add_up_and_a_better_score_is_no_worse(own):
    x, y, _ = made(50)
    model = model_checked(x, y, Design.simple(50))
    found = grade_probabilities(model, pd.Series(sorted(own)), CUTS)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert found["优"].is_monotonic_increasing
    assert found["差"].is_monotonic_decreasing


def test_spot_check_holds_what_it_promises(spot_check):
    rows, design = spot_check.rows, Design.of(spot_check.sample)
    told = prediction_coverage(rows["self"], rows["spot"], design)
    assert told["low"].item() < 0.95 < told["high"].item()
    by_grade = prediction_coverage(rows["self"], rows["spot"], design, groups=rows["g_self"])
    assert by_grade["n"].sum() == 500
    tables.check(by_grade, "estimates")


def test_too_few_checks_for_the_confidence_are_refused():
    own, seen, _ = made(38)
    model = model_checked(own, seen, Design.simple(38))
    with pytest.raises(SampleError, match="≥ 39"):
        expected_scores(model, pd.Series([90.0]), CUTS)
    assert len(expected_scores(model, pd.Series([90.0]), CUTS, confidence=0.9)) == 1
    with pytest.raises(SampleError, match="too few"):
        model_checked([90, 80], [80, 70], Design.simple(2))


def test_unknown_groups_and_missing_scores_are_said_together():
    own, seen, _ = made(60)
    model = model_checked(own, seen, Design.simple(60), ["a", "b"] * 30)
    with pytest.raises(SampleError) as caught:
        expected_scores(model, pd.Series([90.0, None]), CUTS, pd.Series(["a", "z"]))
    assert {problem.column for problem in caught.value.problems} == {"group", "points_reported"}
