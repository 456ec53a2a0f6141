"""Totals, means, ratios, shares and quantiles against R survey 4.1.1, and what must hold of any of them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.estimation import Design, mean, pooled_mean, quantile, ratio, shares, total


@pytest.mark.parametrize("name", ["srs", "strat", "clus1"])
def test_schools_as_r_survey_has_them(name, schools, agrees):
    s = schools(name)
    rows, design, expected = s.rows, s.design, s.expected
    agrees(mean(rows["api00"], design), expected["mean_api00"])
    agrees(total(rows["enroll"], design), expected["total_enroll"])
    agrees(shares(rows["stype"], design), expected["prop_stype"])
    agrees(ratio(rows["api.stu"], rows["enroll"], design), expected["ratio_api_stu_enroll"])
    by_type = mean(rows["api00"], design, by=rows["stype"])
    assert by_type["domain"].tolist() == expected["by_stype_mean"]["level"]
    agrees(by_type, expected["by_stype_mean"])
    wide = total(rows["enroll"], design, by=rows["sch.wide"]).set_index("domain").loc[["Yes"]]
    agrees(wide, expected["domain_total_schwide_yes"])
    agrees(quantile(rows["api00"], design), expected["quantiles"])
    for interval in ("t", "normal"):
        found = mean(rows["api00"], design, interval=interval)
        np.testing.assert_allclose(found[["low", "high"]].iloc[0], expected[f"ci_mean_{interval}"], rtol=1e-9)
        assert found["df"].item() == expected["df"]


def test_without_finite_population_correction(schools, agrees):
    s = schools("strat")
    open_ = Design(s.design.weights, s.design.strata, s.design.clusters, np.zeros(200))
    agrees(mean(s.rows["api00"], open_), s.expected["nofpc_mean"])


def test_a_stratified_mean_by_hand():
    # Strata of 4 and 6 units, two drawn from each: 10, 14 and 20, 26. Mean (4 * 12 + 6 * 23) / 10 = 18.6; variance
    # 0.4² * (1 - 2/4) * 8 / 2 + 0.6² * (1 - 2/6) * 18 / 2 = 0.32 + 2.16.
    design = Design.simple(4, strata=["a", "a", "b", "b"], sizes=[4, 4, 6, 6])
    found = mean([10, 14, 20, 26], design).iloc[0]
    assert found["estimate"] == pytest.approx(18.6)
    assert found["se"] == pytest.approx(np.sqrt(2.48))
    assert (found["n"], found["units"], found["df"]) == (4, 10, 2)


def test_rows_of_the_table_estimates():
    design = Design.simple(4, 10)
    found = pd.concat([mean([1, 2, 3, 4], design), shares(["x", "y", "x", "x"], design)], ignore_index=True)
    checked = tables.check(found.assign(measure=found["measure"].fillna("score")), "estimates")
    assert len(checked) == 3


def _clustered(rng, rows):
    strata = np.repeat([0, 1], rows // 2)
    clusters = np.arange(rows) // 3 + 100 * strata
    clusters = np.unique(clusters, return_inverse=True)[1]
    chance = rng.uniform(0.1, 0.9, clusters.max() + 1)[clusters]
    return Design(rng.uniform(1, 9, rows), strata, clusters, chance)


@pytest.mark.parametrize("clustered", [False, True])
def test_domain_variances_are_the_diagonal_of_the_covariance(clustered):
    rng = np.random.default_rng(1)
    rows, k = 60, 4
    design = (
        _clustered(rng, rows) if clustered else Design.simple(rows, strata=np.arange(rows) % 3, sizes=[40] * rows)
    )
    z, codes = rng.normal(100, 5, rows), rng.integers(0, k, rows)
    columns = np.column_stack([np.where(codes == each, z, 0) for each in range(k)])
    variance, df = design.variances(z, codes, k)
    np.testing.assert_allclose(variance, design.covariance(columns).diagonal(), rtol=1e-10)
    np.testing.assert_allclose(df, design.observed_df(columns), rtol=1e-8)


def test_domains_keep_a_certain_and_a_lonely_stratum():
    rng = np.random.default_rng(2)
    inclusion = np.array([1, 1, 0.5, 0.5, 0.5, 0.2])
    design = Design(1 / inclusion, np.array([0, 0, 1, 1, 1, 2]), np.arange(6), inclusion, ("c", "a", "b"), "centre")
    z, codes = rng.normal(10, 2, 6), np.array([0, 1, 0, 1, 0, 1])
    columns = np.column_stack([z * (codes == 0), z * (codes == 1)])
    np.testing.assert_allclose(design.variances(z, codes, 2)[0], design.covariance(columns).diagonal())
    with pytest.raises(SampleError, match="one unit was drawn"):
        mean(z, Design(1 / inclusion, design.strata, design.clusters, inclusion, ("c", "a", "b")), by=codes)


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=30), st.integers(1, 5))
def test_domain_totals_add_up_and_means_move_with_the_values(values, k):
    design = Design.simple(len(values), 100)
    by = [f"d{at % k}" for at in range(len(values))]
    whole = total(values, design)["estimate"].item()
    assert total(values, design, by=by)["estimate"].sum() == pytest.approx(whole, rel=1e-9, abs=1e-3)
    one = mean(values, design)
    moved = mean(2 * np.array(values) + 3, design)
    assert moved["estimate"].item() == pytest.approx(2 * one["estimate"].item() + 3, rel=1e-9, abs=1e-3)
    assert moved["se"].item() == pytest.approx(2 * one["se"].item(), rel=1e-6, abs=1e-3)
    assert (one["low"] <= one["estimate"]).all()


def test_certain_units_have_no_error():
    sample = pd.DataFrame(
        {"unit_id": ["a", "b"], "stratum": "x", "part": "recommended", "inclusion": 1.0, "weight": 1.0}
    )
    found = mean([60, 70], Design.of(sample)).iloc[0]
    assert (found["estimate"], found["se"], found["low"], found["high"]) == (65, 0, 65, 65)
    assert "no sampling error" in found["note_en"]


def test_the_pooled_mean_of_the_model_province_is_refused(shared, spot_check):
    case = spot_check
    with pytest.raises(SampleError, match="100 recommended or certain units would be mixed with 500 random ones"):
        pooled_mean(case.rows["spot"], case.sample)
    biased = pooled_mean(case.rows["spot"], case.sample, accept_bias=True).iloc[0]
    assert biased["estimate"] == pytest.approx(case.expected["naive_pooled_mean_biased"], abs=1e-10)
    assert biased["note_en"].startswith("biased")
    assert biased["note_zh"].startswith("有偏")


def test_the_model_province(spot_check, agrees):
    case, rows = spot_check, spot_check.rows
    design, expected = Design.of(case.sample), case.expected
    agrees(mean(rows["spot"], design), expected["stratified_expansion"])
    agrees(mean(rows["diff"], design), expected["difference_self_minus_spot"])
    five = shares(np.where(rows["diff"] >= 5, "yes", "no"), design, levels=["no", "yes"])
    agrees(five, expected["share_inflated_ge5"])
    agrees(ratio(rows["spot"] * rows["budget"], rows["budget"], design), expected["budget_weighted_ratio"])
    by_department = mean(rows["diff"], design, by=rows["dept"])
    assert by_department["domain"].tolist() == expected["by_dept"]["dept"]
    agrees(by_department, expected["by_dept"])
    no_money = shares(rows["g_spot"].isin(["中", "差"]), design, levels=[False, True])
    agrees(no_money, expected["sanction_share"])


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda d: mean([1, 2, 3], d), "differ in number"),
        (lambda d: mean([1, 2, 3, None], d), "row 4"),
        (lambda d: mean([1, 2, "x", 4], d), "no finite number"),
        (lambda d: mean([1, 2, 3, 4], d, by=["a", None, "b", "b"]), "no label"),
        (lambda d: ratio([1, 2, 3, 4], [0, 0, 0, 0], d), "adds up to zero"),
        (lambda d: shares(["a", "b", "b", "c"], d, levels=["a", "b"]), "not among the levels"),
        (lambda d: quantile([1, 2, 3, 4], d, [1.5]), "between 0 and 1"),
        (lambda d: mean([1, 2, 3, 4], d, confidence=95), "confidence"),
        (lambda d: mean([1, 2, 3, 4], d, interval="exact"), "no such interval"),
    ],
)
def test_what_cannot_be_estimated_is_refused(call, word):
    with pytest.raises(SampleError, match=word):
        call(Design.simple(4, 10))


def test_a_domain_with_one_random_unit_has_no_error_to_show():
    found = mean([2, 4, 9], Design.simple(3, 30), by=["a", "a", "b"]).set_index("domain")
    assert found.loc["b", "estimate"] == 9
    assert found.loc["b", ["se", "low", "high"]].isna().all()
    assert "one random check" in found.loc["b", "note_en"]
    assert found.loc["a", "se"] > 0
