"""Sample sizes: PracTools, jfa and MUS, the AICPA's tables, the 2021 work report, and what must hold for any goal."""

import json
import math
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from perfkit.errors import SampleError
from perfkit.sampling import size

SHARE = st.floats(0.01, 0.99)


def oracle(shared, name):
    return json.loads((shared / "oracles" / name / "expected.json").read_text(encoding="utf-8"))


# Precision


def test_practools(shared):
    want = oracle(shared, "sample_size_formulas")
    found = {
        "nCont_CV05_CVpop2": size.for_mean(2, se=0.05),
        "nCont_CV05_CVpop2_N500": size.for_mean(2, se=0.05, units=500),
        "nProp_CV05_p01": size.for_proportion(0.01, cv=0.05),
        # V0 = (0.005 / 1.96)^2 for p = 0.01 gives the printed number: 0.0099 * 392^2.
        "nProp_V0": size.for_proportion(0.01, se=0.005 / 1.96),
        "nContMoe": size.for_mean(math.sqrt(2), margin=0.05),
        "nContMoe_N200": size.for_mean(math.sqrt(2), margin=0.05, units=200),
        "srs_p5_moe05_N5688": size.for_proportion(0.5, margin=0.05, units=5688),
        "srs_p5_moe04_N5688": size.for_proportion(0.5, margin=0.04, units=5688),
    }
    for name, need in found.items():
        assert need.exact == pytest.approx(want[name], rel=want["tolerance"]), name
    for margin, n in zip(want["nPropMoe_e"], want["nPropMoe_n"], strict=True):
        assert size.for_proportion(0.5, margin=margin).exact == pytest.approx(n, rel=1e-9)
    wilson = size.for_proportion(0.04, margin=0.01, interval="wilson")
    assert wilson.exact == pytest.approx(want["nWilson"]["n.sam"], rel=1e-9)
    assert size.margin_of(600, 5688) == pytest.approx(want["moe_of_600_out_of_5688"], rel=1e-9)


def test_practools_typed():
    # PracTools 1.7.5, R 4.2.2: nCont, nProp, nPropMoe, nWilson.
    assert size.for_mean(2, se=0.05, units=500).exact == pytest.approx(380.952380952381)
    assert size.for_proportion(0.01, cv=0.05).exact == pytest.approx(39600)
    assert size.for_proportion(0.5, margin=0.04).exact == pytest.approx(600.227940733457)
    assert size.for_proportion(0.04, margin=0.01, interval="wilson").exact == pytest.approx(1492.15142205481)


def test_the_work_report_of_2021(shared):
    # 5,688 self-evaluated, 600 spot-checked, at least a tenth.
    want = oracle(shared, "zhejiang_2021_report")
    need = size.floor(want["min_required_rate"], want["self_evaluated"])
    assert need.n == want["min_n"] == 569
    assert want["spot_checked"] / want["self_evaluated"] == pytest.approx(want["rate"])
    margin = size.margin_of(want["spot_checked"], want["self_evaluated"])
    assert margin == pytest.approx(want["moe_95_p50_fpc"], rel=1e-12)


def test_the_wilson_interval_at_the_size_is_that_wide():
    need = size.for_proportion(0.04, margin=0.01, interval="wilson")
    z, n = stats.norm.ppf(0.975), need.exact
    half = z / (1 + z**2 / n) * math.sqrt(0.04 * 0.96 / n + z**2 / (4 * n**2))
    assert half == pytest.approx(0.01, rel=1e-12)


@given(SHARE, st.floats(0.005, 0.2), st.integers(2, 10**6), st.sampled_from(["normal", "wilson"]))
def test_a_proportion_never_asks_for_more_than_there_is(proportion, margin, units, interval):
    finite = size.for_proportion(proportion, margin=margin, units=units, interval=interval)
    infinite = size.for_proportion(proportion, margin=margin, interval=interval)
    assert finite.exact <= min(units, infinite.exact) * (1 + 1e-12) + 1
    assert 1 <= finite.n <= units


@given(st.floats(0.1, 100), st.floats(0.01, 1), st.floats(1.01, 3), st.integers(10, 10**6))
def test_a_closer_target_asks_for_more(sd, se, factor, units):
    near, far = (size.for_mean(sd, se=target, units=units).exact for target in (se, se * factor))
    assert near >= far
    assert near <= units * (1 + 1e-12)


@given(st.floats(0.1, 100), st.floats(0.01, 1), st.integers(10, 10**6))
def test_the_variance_at_the_size_is_the_target(sd, se, units):
    n = size.for_mean(sd, se=se, units=units).exact
    assert (1 - n / units) * sd**2 / n == pytest.approx(se**2, rel=1e-6)


def test_a_total_is_units_times_a_mean():
    total = size.for_total(12.0, 5688, se=5688 * 0.4)
    assert total.exact == pytest.approx(size.for_mean(12.0, se=0.4, units=5688).exact)


def test_a_ratio_is_linearised():
    # Residuals y - R x of a population typed here: their relvariance equals the formula in cv and correlation.
    x, y = np.array([4.0, 6, 10, 20, 30]), np.array([3.0, 7, 8, 15, 30])
    ratio = y.sum() / x.sum()
    residual = np.std(y - ratio * x, ddof=1) / y.mean()
    cv = [np.std(each, ddof=1) / each.mean() for each in (y, x)]
    found = size.for_ratio(*cv, np.corrcoef(x, y)[0, 1], se=0.05, units=200)
    assert found.exact == pytest.approx(size.for_mean(residual, se=0.05, units=200).exact)


def test_domains():
    # By hand: n0 = (1.959964 * 8 / 2)^2 = 61.463; 900: 61.463 / (1 + 61.463 / 900) = 57.534; 100: 38.066.
    found = size.for_domains(pd.DataFrame({"domain": ["a", "b"], "units": [900, 100], "sd": [8.0, 8.0]}), margin=2)
    assert found["exact"].tolist() == pytest.approx([57.534, 38.066], abs=5e-4)
    assert found["n"].tolist() == [58, 39]
    # 58 of 900 is 64.4 of 1,000, 39 of 100 is 390 of 1,000.
    assert found["whole"].tolist() == [65, 390]
    with pytest.raises(SampleError, match="a column is missing"):
        size.for_domains(pd.DataFrame({"domain": ["a"]}), margin=2)
    with pytest.raises(SampleError, match="b · expected"):
        size.for_domains(pd.DataFrame({"domain": ["a", "b"], "units": [9, 9], "sd": [1.0, None]}), margin=2)


# Power


@pytest.mark.parametrize(("sides", "alternative"), [(1, "larger"), (2, "two-sided")])
@pytest.mark.parametrize("inflation", [0.5, 2, 9])
def test_power_of_statsmodels(sides, alternative, inflation):
    from statsmodels.stats.power import TTestPower

    want = TTestPower().solve_power(inflation / 8, alpha=0.05, power=0.8, alternative=alternative)
    assert size.for_inflation(inflation, 8, sides=sides).exact == pytest.approx(np.atleast_1d(want)[0], rel=1e-6)


def test_power_of_a_share_of_statsmodels():
    from statsmodels.stats.power import normal_sample_size_one_tail

    want = normal_sample_size_one_tail(0.05, 0.8, 0.05, std_null=0.3, std_alternative=math.sqrt(0.15 * 0.85))
    assert size.for_share(0.15, 0.10).exact == pytest.approx(want)
    # N n0 / (N - 1 + n0) of it.
    assert size.for_share(0.15, 0.10, units=1000).exact == pytest.approx(1000 * want / (999 + want))


@given(st.floats(0.5, 10), st.integers(5, 5000), st.sampled_from([1, 2]))
def test_power_in_a_finite_population(inflation, units, sides):
    finite = size.for_inflation(inflation, 8, units=units, sides=sides)
    assert 2 <= finite.n <= units
    assert finite.exact <= size.for_inflation(inflation, 8, sides=sides).exact * (1 + 1e-9)


def test_simulated_power():
    rng = np.random.default_rng(3)
    population = rng.normal(0, 8, 300)
    population += 2 - population.mean()
    population = (population - 2) * 8 / population.std(ddof=1) + 2
    n = size.for_inflation(2, 8, units=300).n
    drawn = np.array([rng.choice(population, n, replace=False) for _ in range(4000)])
    t = drawn.mean(axis=1) / (drawn.std(axis=1, ddof=1) * math.sqrt((1 - n / 300) / n))
    assert (t > stats.t.ppf(0.95, n - 1)).mean() == pytest.approx(0.8, abs=0.025)


# Two stages


def test_two_stages_of_practools(shared):
    want = oracle(shared, "sample_size_formulas")
    for name, target in (("clusOpt2_cost", {"budget": 100_000}), ("clusOpt2_cv", {"cv": 0.05})):
        case = want[name]
        found = size.two_stage(case["C1"], case["C2"], case["delta"], relvariance=case["unit relvar"], **target)
        printed = round(found.clusters, 1), round(found.each, 1), round(found.cv, 4)
        assert printed == (case["m.opt"], case["n.opt"], case["CV"])
        assert found.cost == pytest.approx(case["cost"], rel=1e-9)


@given(st.integers(1, 2000), st.integers(1, 500), st.floats(0.005, 0.5), st.floats(0.02, 0.3))
def test_whole_two_stages(cost_cluster, cost_each, homogeneity, cv):
    exact = size.two_stage(cost_cluster, cost_each, homogeneity, cv=cv)
    whole = size.two_stage(cost_cluster, cost_each, homogeneity, cv=cv, whole=True)
    assert whole.cv <= cv * (1 + 1e-6)
    assert whole.cost >= exact.cost * (1 - 1e-6)
    assert float(whole.clusters).is_integer()
    assert float(whole.each).is_integer()
    spent = size.two_stage(cost_cluster, cost_each, homogeneity, budget=whole.cost, whole=True)
    assert spent.cost <= whole.cost
    assert spent.cv <= whole.cv * (1 + 1e-9)


# Audit


def test_attributes_of_practools(shared):
    want = oracle(shared, "sample_size_formulas")
    for case in (want["nAuditAttr_5pct"], want["nAuditAttr_5688"]):
        asked = {"tolerable": case["Tol.Dev.Rate"], "errors": case["Acceptable.Errors"]}
        assert size.for_attributes(**asked, units=case["Pop.Size"]).n == case["Sample.Size.Hypergeometric"]
        assert size.for_attributes(**asked).n == case["Sample.Size.Binomial"]


def test_attributes_by_hand():
    # 0.95^58 = 0.0510 is above 0.05, 0.95^59 = 0.0485 is not.
    assert size.for_attributes(0.05).n == 59
    # 2 of 10 wrong: none among 7 has chance (3 * 2) / (10 * 9) = 0.067, among 8 (2 * 1) / 90 = 0.022.
    assert size.for_attributes(0.2, units=10).n == 8


@given(st.floats(0.01, 0.3), st.integers(0, 4), st.integers(200, 3000), st.sampled_from([0.8, 0.9, 0.95]))
def test_attributes_are_the_fewest(tolerable, errors, units, confidence):
    deviations = math.floor(tolerable * units + 1e-9)
    assume(deviations > errors)
    n = size.for_attributes(tolerable, errors=errors, units=units, confidence=confidence).n
    risk = 1 - confidence + 1e-12
    assert stats.hypergeom.cdf(errors, units, deviations, n) <= risk
    assert stats.hypergeom.cdf(errors, units, deviations, n - 1) > risk


def test_confidence_factors(shared):
    table = pd.read_csv(shared / "oracles" / "audit_mus_sample_size" / "confidence_factors.csv")
    found = [size.confidence_factor(conf, k) for conf, k in zip(table["conf"], table["k"], strict=True)]
    assert found == pytest.approx(table["factor"].tolist(), rel=1e-12)
    want = oracle(shared, "audit_mus_sample_size")
    found = [size.confidence_factor(0.95, k) for k in range(6)]
    assert found == pytest.approx(want["confidence_factor_095"], rel=1e-12)


def test_confidence_factors_as_printed():
    # AICPA Audit Guide, table C-3, 5 % risk; the guide rounds up.
    printed = [3.00, 4.75, 6.30, 7.76, 9.16, 10.52]
    assert [math.ceil(size.confidence_factor(0.95, k) * 100) / 100 for k in range(6)] == printed


def test_aicpa_table(shared):
    table = pd.read_csv(shared / "oracles" / "audit_mus_sample_size" / "aicpa_c1_poisson.csv")
    tall = table.melt(["risk", "ratio_expected_tolerable"], var_name="tolerable", value_name="n")
    assert len(tall) == 17 * 11
    for risk, ratio, name, n in tall.itertuples(index=False):
        tolerable = float(name.removeprefix("tol_"))
        need = size.for_monetary_units(tolerable, ratio * tolerable, confidence=1 - risk)
        assert need.n == n, (risk, ratio, name)
    want = oracle(shared, "audit_mus_sample_size")["expected_ratio_0_risk5"]
    shares = [0.5, 0.3, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01, 0.005]
    assert [size.for_monetary_units(each).n for each in shares] == want


def test_aicpa_rows_typed():
    # AICPA Audit Guide, table C-1: 5 % risk, ratio 0.2; 10 % risk, ratio 0.5.
    shares = [0.5, 0.1, 0.05, 0.01]
    assert [size.for_monetary_units(each, 0.2 * each).n for each in shares] == [10, 47, 93, 463]
    assert [size.for_monetary_units(each, 0.5 * each, confidence=0.9).n for each in shares] == [16, 80, 160, 799]


def test_mus_package(shared):
    table = pd.read_csv(shared / "oracles" / "audit_mus_sample_size" / "mus_pkg_conservative.csv")
    for confidence, tolerable, expected, book, n in table.itertuples(index=False):
        need = size.for_monetary_units(tolerable / book, expected / book, confidence=confidence, conservative=True)
        assert need.n == n


def test_mus_package_typed():
    # jfa's test against MUS 0.1.6 says where the rounded factor asks for one more: MUS 300 of tolerable 0.01, and
    # MUS 463 of expected 0.002.
    found = [size.for_monetary_units(0.01, expected, conservative=True).n for expected in (0, 0.002)]
    assert found == [300, 463]


@given(st.floats(0.01, 0.3), st.floats(0, 0.6), st.sampled_from([0.5, 0.8, 0.95]))
def test_monetary_units_keep_the_rule(tolerable, ratio, confidence):
    expected = ratio * tolerable
    need = size.for_monetary_units(tolerable, expected, confidence=confidence)
    quantile = [stats.gamma.ppf(confidence, 1 + expected * n, scale=1 / n) for n in (need.n, need.n - 1) if n]
    assert quantile[0] <= tolerable * (1 + 1e-9)
    assert all(each > tolerable * (1 - 1e-9) for each in quantile[1:])
    binomial = size.for_monetary_units(tolerable, expected, confidence=confidence, likelihood="binomial")
    assert binomial.exact <= need.exact * (1 + 1e-9)
    upper = stats.beta.ppf(confidence, 1 + expected * binomial.exact, (1 - expected) * binomial.exact)
    assert upper == pytest.approx(tolerable, rel=1e-6)


@given(st.floats(0.05, 0.3), st.sampled_from([0.0, 0.1, 0.3]), st.integers(200, 2000))
def test_hypergeometric_monetary_units_are_the_fewest(tolerable, ratio, book):
    expected, wrong = ratio * tolerable, math.floor(tolerable * book + 1e-9)
    need = size.for_monetary_units(tolerable, expected, likelihood="hypergeometric", book=book)

    def chance(n):
        return stats.hypergeom.cdf(math.ceil(expected * n - 1e-9), book, wrong, n)

    fits = [n for n in range(1, need.n + 1) if chance(n) <= 0.05 + 1e-12]
    assert fits == ([need.n] if need.n < book or chance(book) <= 0.05 else [])


# Several goals


def test_the_goal_that_binds():
    goals = {
        "rate": size.floor(0.10, 5688),
        "precision": size.for_proportion(0.5, margin=0.04, units=5688),
        "assurance": size.for_attributes(0.05, units=5688),
    }
    found = size.binding(goals)
    assert found["n"].tolist() == [569, 544, 59]
    assert found["binds"].tolist() == [True, False, False]
    assert found["note_en"][0] == "at least 0.1 of the units: 569 units, this goal binds"
    assert found["note_zh"][1] == "比例误差不超过 ±0.04（置信水平 95%）：需 544 个，569 个已满足"


def test_goals_that_ask_for_the_same_both_bind():
    assert size.binding({"a": size.floor(0.1, 30), "b": size.floor(0.3, 10)})["binds"].all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: size.binding({}), "no goal is given"),
        (lambda: size.floor(0, 10), "rate"),
        (lambda: size.floor(0.1, 0), "units"),
        (lambda: size.for_mean(2), "exactly one target"),
        (lambda: size.for_mean(2, se=1, margin=1), "exactly one target"),
        (lambda: size.for_mean(-2, se=0), "2 problems"),
        (lambda: size.for_mean(math.nan, se=1), "sd"),
        (lambda: size.for_total(2, math.inf, se=1), "units"),
        (lambda: size.for_ratio(1, 1, 2, se=1), "correlation"),
        (lambda: size.for_proportion(1, margin=0.1), "proportion"),
        (lambda: size.for_proportion(0.5, se=0.1, interval="wilson"), "interval"),
        (lambda: size.for_proportion(0.5, margin=0.6, interval="wilson"), "margin"),
        (lambda: size.margin_of(600, 500), "n"),
        (lambda: size.for_inflation(0, 8), "inflation"),
        (lambda: size.for_inflation(1, 8, sides=3), "sides"),
        (lambda: size.for_share(0.1, 0.1), "the same"),
        (lambda: size.two_stage(750, 100, 0.05, budget=10), "budget"),
        (lambda: size.two_stage(750, 100, 0, cv=0.05), "homogeneity"),
        (lambda: size.for_attributes(0.05, errors=3, units=60), "tolerable deviations"),
        (lambda: size.confidence_factor(0.95, -1), "errors"),
        (lambda: size.planning_factor(0.95, 1), "ratio"),
        (lambda: size.for_monetary_units(0.05, 0.05), "misstatement expected"),
        (lambda: size.for_monetary_units(0.05, likelihood="hypergeometric"), "book"),
        (lambda: size.for_monetary_units(0.05, likelihood="binomial", conservative=True), "conservative"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(SampleError, match=words) as caught:
        call()
    assert any("一" <= char <= "鿿" for char in str(caught.value))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - its own bytes
