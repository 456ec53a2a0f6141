"""Intervals against statsmodels, R survey's formulas and tables, and how often they cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from perfkit.errors import SampleError
from perfkit.estimation import Design, exact_share, limits, mean, shares, total


@pytest.mark.parametrize(("hits", "n"), [(0, 20), (1, 20), (7, 20), (20, 20), (3, 400)])
def test_shares_of_many_draws_as_statsmodels_has_them(hits, n):
    # A simple sample with spread over n has the effective size n; at a very large df t is normal.
    p = hits / n
    se = np.sqrt(p * (1 - p) / n)
    for ours, theirs, df in (("wilson", "wilson", 1e9), ("korn_graubard", "beta", n - 1)):
        low, high = limits(p, se, df, interval=ours, effective=n)
        assert (low.item(), high.item()) == pytest.approx(proportion_confint(hits, n, 0.05, theirs), abs=1e-8)


def test_korn_and_graubard_as_r_survey_computes_them(schools):
    # svyciprop(method = "beta"): n* = p (1 - p) / v * (t(n - 1) / t(df))², then beta quantiles.
    s = schools("clus1")
    yes = s.rows["sch.wide"].eq("Yes").to_numpy()
    row = shares(yes, s.design, levels=[False, True], interval="korn_graubard").iloc[1]
    p, v, n = row["estimate"], row["se"] ** 2, len(yes)
    size = p * (1 - p) / v * (stats.t.ppf(0.975, n - 1) / stats.t.ppf(0.975, 14)) ** 2
    assert row["low"] == pytest.approx(stats.beta.ppf(0.025, size * p, size * (1 - p) + 1), rel=1e-9)
    assert row["high"] == pytest.approx(stats.beta.ppf(0.975, size * p + 1, size * (1 - p)), rel=1e-9)


def test_the_log_interval_is_the_t_interval_of_logs():
    low, high = limits(100.0, 20.0, 10, interval="log")
    reach = stats.t.ppf(0.975, 10) * 0.2
    assert np.log(low.item()) == pytest.approx(np.log(100) - reach)
    assert np.log(high.item()) == pytest.approx(np.log(100) + reach)


@given(
    st.floats(0, 1),
    st.integers(2, 400),
    st.sampled_from(["wilson", "korn_graubard", "logit"]),
    st.floats(0.5, 0.99),
)
def test_shares_stay_within_their_bounds_and_around_the_estimate(p, n, interval, confidence):
    se = np.sqrt(p * (1 - p) / n)
    low, high = limits(p, se, n - 1, interval=interval, effective=n, confidence=confidence)
    assert 0 <= low.item() <= p + 1e-9
    assert p - 1e-9 <= high.item() <= 1
    wide = limits(p, se, n - 1, interval=interval, effective=n, confidence=(1 + confidence) / 2)
    assert wide[0].item() <= low.item() + 1e-9
    assert wide[1].item() >= high.item() - 1e-9


def test_none_of_twenty_is_not_certainly_none():
    # Rule of three: with none of n the upper limit is about 3.7 / n for two sides.
    row = shares(["ok"] * 20, Design.simple(20), levels=["ok", "bad"], interval="korn_graubard").iloc[1]
    assert (row["estimate"], row["low"]) == (0, 0)
    assert row["high"] == pytest.approx(1 - 0.025 ** (1 / 20))


@pytest.mark.parametrize(("n", "p"), [(20, 0.03), (30, 0.1), (50, 0.5), (15, 0.9)])
def test_small_samples_and_rare_shares_are_covered(n, p):
    # Every possible number of hits with its binomial chance: no Monte Carlo.
    hits = np.arange(n + 1)
    chance = stats.binom.pmf(hits, n, p)
    covered = {}
    for interval in ("t", "wilson", "korn_graubard"):
        found = hits / n
        se = np.sqrt(found * (1 - found) / (n - 1))
        low, high = limits(found, se, np.full(n + 1, n - 1), interval=interval, effective=np.full(n + 1, n))
        covered[interval] = chance[(low <= p) & (p <= high)].sum()
    assert covered["korn_graubard"] >= 0.95 - 1e-9
    assert covered["wilson"] >= 0.93
    if p == 0.03:
        assert covered["t"] < 0.5


def test_few_large_units_leave_few_degrees_of_freedom():
    even = mean(np.arange(50.0), Design.simple(50)).iloc[0]
    assert even["df"] == 49
    skewed = np.append(np.ones(48), [900.0, 1000.0])
    usual, own = total(skewed, Design.simple(50), interval="t").iloc[0], total(skewed, Design.simple(50)).iloc[0]
    assert usual["df"] == 49
    # Two units make up the variance: 2 (a + b)² / (a² + b²) is about 4.
    assert own["df"] == pytest.approx(4.2, abs=0.3)
    assert own["high"] - own["low"] > 1.3 * (usual["high"] - usual["low"])
    log = total(skewed, Design.simple(50), interval="log").iloc[0]
    assert log["low"] > 0 > own["low"]


@pytest.mark.parametrize("seed", [4])
def test_skewed_money_is_covered_better(seed):
    # 40 of 400 log-normal amounts: the few degrees of freedom left, and the skewed limits, make up for some of what t
    # falls short of.
    rng = np.random.default_rng(seed)
    money = rng.lognormal(0, 1.2, 400)
    covered = dict.fromkeys(("t", "satterthwaite", "log"), 0)
    draws = 400
    for _ in range(draws):
        y = money[rng.permutation(400)[:40]]
        for interval in covered:
            row = total(y, Design.simple(40, 400), interval=interval)
            covered[interval] += row["low"].item() <= money.sum() <= row["high"].item()
    assert covered["t"] < covered["satterthwaite"] < covered["log"]
    assert covered["log"] / draws > 0.9


@pytest.mark.parametrize("interval", ["exact", ""])
def test_unknown_intervals_are_refused(interval):
    with pytest.raises(SampleError, match="no such interval"):
        limits(1, 1, 1, interval=interval)


@pytest.mark.parametrize(("n", "units"), [(5, 12), (8, 40), (30, 31), (1, 6), (6, 6)])
def test_the_exact_interval_covers_every_small_population(n, units):
    limits_of = [exact_share(hits, n, units)[["low", "high"]].iloc[0].tolist() for hits in range(n + 1)]
    for true in range(units + 1):
        chance = stats.hypergeom.pmf(np.arange(n + 1), units, true, n)
        covered = sum(c for c, (low, high) in zip(chance, limits_of, strict=True) if low <= true / units <= high)
        assert covered >= 0.95 - 1e-9
    if n == units:
        assert all(low == high == hits / n for hits, (low, high) in enumerate(limits_of))


def test_the_exact_interval_nears_clopper_and_pearson_in_a_large_population():
    row = exact_share(3, 40, 1_000_000).iloc[0]
    assert (row["low"], row["high"]) == pytest.approx(proportion_confint(3, 40, 0.05, "beta"), abs=1e-4)
    assert exact_share(3, 40, 80)["high"].item() < row["high"]
    with pytest.raises(SampleError, match="do not go together"):
        exact_share(5, 4, 80)


def test_a_rare_share_keeps_its_degrees_of_freedom_and_uneven_weights_lose_them():
    one = np.arange(100) == 0
    row = shares(one, Design.simple(100), levels=[True, False]).iloc[0]
    assert row["df"] == 99
    assert row["high"] < 0.06
    pi = np.where(np.arange(100) < 4, 0.004, 0.5)
    uneven = Design(1 / pi, np.zeros(100, dtype=int), np.arange(100), pi)
    assert shares(one, uneven, levels=[True, False])["df"].iloc[0] == pytest.approx(3, abs=0.1)
