"""Audit bounds: the published tests of R jfa, the factors of audit tables, and coverage by simulation."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.estimation import (
    Design,
    attribute_bound,
    audited_difference,
    moment_bound,
    money_at_risk,
    stringer_bound,
)


def test_rates_as_jfa_has_them():
    # koenderks/jfa, tests/testthat/test-evaluation.R: f3-v0.1.0-t1, t3, t6 and f3-v0.6.5 (x = 1, n = 10, N = 20).
    assert attribute_bound(0, 60, form="poisson") == pytest.approx(0.04992887, abs=1e-8)
    assert attribute_bound(0, 60) == pytest.approx(0.04870291, abs=1e-8)
    assert attribute_bound(0, 60, form="hypergeometric", units=1000) == 0.047
    assert attribute_bound(1, 10, form="hypergeometric", units=20) == 0.3


def test_poisson_factors_of_audit_tables():
    # Confidence factors for monetary-unit sampling, AICPA Audit Guide Audit Sampling: 5 % and 10 % risk.
    for confidence, factors in ((0.95, [3.00, 4.75, 6.30, 7.76, 9.16]), (0.9, [2.31, 3.89, 5.33, 6.69, 8.00])):
        found = [attribute_bound(j, 1000, confidence=confidence, form="poisson") * 1000 for j in range(5)]
        assert found == pytest.approx(factors, abs=0.0101)


def test_stringer_as_jfa_has_it():
    # f3-v0.1.0-t7: 60 units without error. t9: three taints of 0.6, the bound less 3 * 0.5 / 60 for understatements
    # (the LTA adjustment) is 0.06899349. f3-v0.7.0-t1: Poisson.
    assert stringer_bound([], 60) == pytest.approx(0.04870291, abs=1e-8)
    assert stringer_bound([0.6] * 3, 60) - 3 * 0.5 / 60 == pytest.approx(0.06899349, abs=1e-8)
    assert stringer_bound([0.0] * 60, 60, form="poisson") == pytest.approx(0.04992887, abs=1e-8)


def test_moment_bound_as_jfa_has_it():
    # f3-v0.1.0-t12.
    assert moment_bound([], 60) == pytest.approx(0.04916021, abs=1e-8)
    assert moment_bound([], 60, kind="inventory") == pytest.approx(0.04916021, abs=1e-8)
    assert moment_bound([0.5], 60) == pytest.approx(0.03730203, abs=1e-8)
    assert moment_bound([0.5], 60, kind="inventory") == pytest.approx(0.03656485, abs=1e-8)


def test_a_textbook_limit_by_hand():
    # Interval 8,000, ninety hits; taints 500/1500, 1200/2400, 600/6000; at 5 % risk factors 3.00, 4.75, 6.30, 7.76.
    # 8,000 * (3.00 + 1.75 * .5 + 1.55 * 1/3 + 1.46 * .1) = 8,000 * 4.537667 = 36,301.
    book = [1500.0, 2400.0, 6000.0, *[5000.0] * 87]
    wrong = [500.0, 1200.0, 600.0, *[0.0] * 87]
    found = money_at_risk(book, wrong, 720_000.0, bounds=["poisson"]).iloc[0]
    assert found["upper"] == pytest.approx(36_301, rel=0.002)  # the factors are rounded to two places
    assert found["likely"] == pytest.approx(8000 * (0.5 + 1 / 3 + 0.1))
    assert found["found"] == 2300


def test_items_taken_whole_add_what_was_found():
    # The rest, 1,000,000 - 200,000, has sixty clean hits; of the item taken whole 30,000 are questioned.
    book, wrong = [200_000.0, *[1000.0] * 60], [30_000.0, *[0.0] * 60]
    found = money_at_risk(book, wrong, 1e6, certain=[True] + [False] * 60, bounds=["binomial"]).iloc[0]
    assert found["upper"] == pytest.approx(30_000 + 800_000 * 0.04870291, abs=0.01)
    assert found["likely"] == 30_000
    assert found["n"] == 60


def test_hits_count_as_often_as_they_fell():
    twice = money_at_risk([100.0, 50.0], [60.0, 0.0], 1e4, hits=[2, 1])
    listed = money_at_risk([100.0, 100.0, 50.0], [60.0, 60.0, 0.0], 1e4)
    assert twice["upper"].tolist() == listed["upper"].tolist()
    assert twice["found"].tolist() == [60.0] * 3
    assert tables.check(twice, "audit_bounds")["bound"].tolist() == ["binomial", "poisson", "moment"]


def test_understatements_are_not_set_off():
    plain = money_at_risk([100.0] * 60, [0.0] * 60, 1e6)
    under = money_at_risk([100.0] * 60, [-90.0, *[0.0] * 59], 1e6)
    assert under["upper"].tolist() == plain["upper"].tolist()
    assert under["note_zh"].iloc[0].startswith("1 个项目少计")


def test_variables_sampling_as_jfa_has_it(shared):
    # f3-v0.1.0-t13 to t16: the first 100 of 3,500 items of BuildIt, without the finite population correction; total
    # books as jfa's data set has them.
    rows = pd.read_csv(shared / "oracles" / "audit_mus_selection" / "population.csv").head(100)
    design = Design.simple(100, 3500)
    books = 1_403_220.82
    plain = audited_difference(
        rows["bookValue"], rows["auditValue"], replace(design, inclusion=np.zeros(100)), books
    ).set_index("estimator")
    printed = {
        "mean_per_unit": (59580.62, -59050.61, 178211.9),
        "difference": (34298.6, 3437.26, 65159.94),
        "regression": (33872, 3069.264, 64674.73),
    }
    for name, figures in printed.items():
        assert plain.loc[name, ["overstated", "low", "high"]].tolist() == pytest.approx(figures, rel=1e-6)
    # Its quotient estimator is centred on the difference; the precision is the ratio's.
    assert plain.loc["ratio", "precision"] == pytest.approx((65458.64 - 3138.557) / 2, rel=1e-6)
    found = audited_difference(rows["bookValue"], rows["auditValue"], design, books).set_index("estimator")
    tables.check(found.reset_index(), "audit_differences")
    assert found["n_wrong"].eq(5).all()
    assert round(plain.loc["difference", "precision"]) == 30_861
    assert round(found.loc["difference", "precision"]) == 30_417


@given(st.lists(st.floats(0, 1), max_size=12), st.integers(30, 200), st.sampled_from(["binomial", "poisson"]))
def test_stringer_lies_between_the_rates(taints, n, form):
    found = stringer_bound(taints, n, form=form)
    wrong = sum(taint > 0 for taint in taints)
    assert attribute_bound(0, n, form=form) - 1e-12 <= found <= attribute_bound(wrong, n, form=form) + 1e-12
    assert found >= sum(taints) / n
    assert stringer_bound([*taints, 0.5], n, form=form) >= found


def test_bounds_hold_at_least_as_often_as_they_say():
    # 2,000 budgets of which 8 % hold questioned money, from a tenth to all of it; 100 hits drawn 300 times.
    draw = np.random.default_rng(6)
    book = draw.lognormal(4, 1, 2000)
    taint = np.where(draw.random(2000) < 0.08, draw.uniform(0.1, 1, 2000), 0)
    truth = float((book * taint).sum() / book.sum())
    held = {"binomial": 0, "poisson": 0, "moment": 0}
    for _ in range(300):
        seen = taint[np.searchsorted(np.cumsum(book), draw.uniform(0, book.sum(), 100))]
        held["binomial"] += stringer_bound(seen, 100) >= truth
        held["poisson"] += stringer_bound(seen, 100, form="poisson") >= truth
        held["moment"] += moment_bound(seen, 100) >= truth
    assert held["binomial"] / 300 >= 0.95
    assert held["poisson"] >= held["binomial"]
    assert held["moment"] / 300 >= 0.92


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: money_at_risk([100.0, 0.0], [0.0, 0.0], 1000.0), "worth nothing"),
        (lambda: money_at_risk([100.0], [101.0], 1000.0), "more is in error"),
        (lambda: money_at_risk([100.0], [0.0], 50.0), "more than the population"),
        (lambda: money_at_risk([100.0], [0.0], 500.0, hits=[0.5]), "whole numbers"),
        (lambda: money_at_risk([100.0], [0.0], 500.0, certain=[True]), "no item was drawn"),
        (lambda: stringer_bound([1.2], 60), "share of one"),
        (lambda: stringer_bound([0.5] * 3, 2), "more taints"),
        (lambda: attribute_bound(3, 2), "0 … 2"),
        (lambda: attribute_bound(0, 60, form="hypergeometric"), "≥ 60"),
        (lambda: attribute_bound(0, 60, confidence=95), "between 0 and 1"),
        (lambda: audited_difference([0.0, 0.0], [0.0, 0.0], Design.simple(2), 10.0), "add up to zero"),
    ],
)
def test_what_does_not_fit_is_said(wrong, said):
    with pytest.raises(SampleError, match=said):
        wrong()
