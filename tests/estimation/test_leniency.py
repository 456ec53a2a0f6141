"""Leniency of reviewers who shared no project: statsmodels' least squares, chance discounted, who compares."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.estimation import reviewer_leniency


def checks(seed=0, n=240, reviewers=8, spread=2.0):
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({"own": draw.uniform(70, 100, n).round(1), "dept": draw.choice(list("abcd"), n)})
    frame["who"] = draw.choice([f"r{at}" for at in range(reviewers)], n)
    effect = pd.Series(draw.normal(0, spread, reviewers), index=[f"r{at}" for at in range(reviewers)])
    weak = frame["dept"].map({"a": 0.0, "b": -4.0, "c": 3.0, "d": 0.0})
    frame["seen"] = 0.9 * frame["own"] + weak + frame["who"].map(effect) + draw.normal(0, 3, n)
    return frame, effect - effect.mean()


def test_as_statsmodels_has_it():
    frame, _ = checks()
    found = reviewer_leniency(frame["own"], frame["seen"], frame["who"], frame["dept"]).set_index("reviewer_id")
    tables.check(found.reset_index(), "leniency")
    fit = ols("seen ~ own + C(dept) + C(who, Sum)", frame).fit()
    names = sorted(frame["who"].unique())
    for name in names[:-1]:
        term = f"C(who, Sum)[S.{name}]"
        assert found.loc[name, "own"] == pytest.approx(fit.params[term])
        assert found.loc[name, "own_se"] == pytest.approx(fit.bse[term])
        assert found.loc[name, "p"] == pytest.approx(fit.pvalues[term])
    assert found["own"].sum() == pytest.approx(0)
    assert found["n"].sum() == 240


def test_chance_is_discounted():
    frame, _ = checks(spread=0.0)
    found = reviewer_leniency(frame["own"], frame["seen"], frame["who"], frame["dept"])
    assert (found["shrunk"].abs() < found["own"].abs()).all()
    assert (found["low"] < 0).all()
    assert (found["high"] > 0).all()
    held = []
    for seed in range(25):
        frame, truth = checks(seed)
        found = reviewer_leniency(frame["own"], frame["seen"], frame["who"], frame["dept"]).set_index("reviewer_id")
        true = truth[found.index]
        held.append(((found["low"] <= true) & (true <= found["high"])).mean())
    assert 0.9 <= np.mean(held) <= 0.99


def test_a_weak_department_is_not_held_against_its_reviewer():
    frame, _ = checks(spread=0.0)
    # r0 is mostly sent to b, which is four points weaker.
    frame.loc[frame["dept"].eq("b") & (np.arange(240) % 3 > 0), "who"] = "r0"
    mixed = reviewer_leniency(frame["own"], frame["seen"], frame["who"]).set_index("reviewer_id")
    fair = reviewer_leniency(frame["own"], frame["seen"], frame["who"], frame["dept"]).set_index("reviewer_id")
    assert mixed.loc["r0", "own"] < -1.5
    assert mixed.loc["r0", "p_holm"] < 0.05
    assert abs(fair.loc["r0", "own"]) < 1
    assert fair.loc["r0", "p_holm"] > 0.05


def test_reviewers_nothing_joins_cannot_be_compared():
    own, seen = np.linspace(70, 95, 12), np.linspace(66, 90, 12)
    with pytest.raises(SampleError, match=r"丁, 丙 \| 乙, 甲") as caught:
        reviewer_leniency(own, seen, ["甲", "乙", "丙", "丁"] * 3, ["a", "a", "b", "b"] * 3)
    assert "no department in common" in str(caught.value)
    found = reviewer_leniency(own, seen, ["甲", "乙", "丙", "丁"] * 3)
    assert len(found) == 4


def test_too_few_of_anything_is_said():
    with pytest.raises(SampleError, match="fewer than 2 reviewers"):
        reviewer_leniency([90, 80, 85], [85, 80, 80], ["甲"] * 3)
    with pytest.raises(SampleError, match="too few checks"):
        reviewer_leniency([90, 80], [85, 80], ["甲", "乙"])
    few = reviewer_leniency([90, 80, 85, 95], [85, 80, 80, 91], ["甲", "乙"] * 2)
    assert few["shrunk"].isna().all()
    assert few["own"].notna().all()
