"""Self-scores against checked scores: R survey's figures, ADB's two ratings, hand arithmetic, and what must hold."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.estimation import (
    Design,
    agreement,
    agreement_limits,
    confusion,
    downgraded_to,
    from_worst,
    graded,
    inflation,
    money_inflation,
    share_inflated,
)
from perfkit.estimation.inflation import holm

CUTS = {"优": 90, "良": 80, "中": 60, "差": 0}


def test_spot_check_as_r_survey_has_it(spot_check, agrees):
    rows, design, expected = spot_check.rows, Design.of(spot_check.sample), spot_check.expected
    agrees(inflation(rows["self"], rows["spot"], design), expected["difference_self_minus_spot"])
    by = inflation(rows["self"], rows["spot"], design, rows["dept"])
    assert by["domain"].tolist() == expected["by_dept"]["dept"]
    agrees(by, expected["by_dept"])
    five = share_inflated(rows["self"], rows["spot"], design, 5)
    agrees(five, {key: value[1] for key, value in expected["share_inflated_ge5"].items()})
    money = money_inflation(rows["self"], rows["spot"], rows["budget"], design).set_index("measure")
    agrees(money.loc[["checked"]], expected["budget_weighted_ratio"])
    assert money.loc["inflation", "estimate"] == pytest.approx(
        money.loc["reported", "estimate"] - money.loc["checked", "estimate"]
    )
    assert money.loc["reported over checked", "estimate"] == pytest.approx(
        money.loc["reported", "estimate"] / money.loc["checked", "estimate"]
    )
    for found in (by, inflation(rows["self"], rows["spot"], design, rows["dept"], against="all")):
        assert tables.check(found, "inflation").shape[0] == 5


def test_spot_check_grades_as_r_survey_has_them(spot_check, agrees):
    rows, design, expected = spot_check.rows, Design.of(spot_check.sample), spot_check.expected
    assert from_worst(CUTS) == expected["grade_levels"]
    assert (graded(rows["self"], CUTS) == rows["g_self"]).all()
    cells = confusion(rows["g_self"], rows["g_spot"], design, CUTS)
    np.testing.assert_allclose(cells, expected["grade_confusion_weighted"], atol=1e-9)
    found = agreement(rows["g_self"], rows["g_spot"], design, CUTS).set_index("measure")["estimate"]
    assert found["kappa"] == pytest.approx(expected["weighted_kappa_quadratic_design"], abs=1e-12)
    assert found["agreement"] == pytest.approx(expected["agreement"], abs=1e-12)
    assert found["downgraded"] == pytest.approx(expected["downgraded_share"], abs=1e-12)
    assert found[["agreement", "downgraded", "upgraded"]].sum() == pytest.approx(1)
    tables.check(agreement(rows["g_self"], rows["g_spot"], design, CUTS), "estimates")
    listed = downgraded_to(rows["g_self"], rows["g_spot"], design, CUTS, ["中", "差"]).set_index("domain")
    sanction = float(listed["estimate"] @ listed["units"] / listed["units"].sum())
    assert sanction == pytest.approx(expected["sanction_share"]["est"][1])
    # Eight projects called themselves 差 and all of them had been recommended: nothing is known of the others.
    assert listed["low"].isna().to_dict() == {"优": False, "良": False, "中": False, "差": True}


def test_banks_own_and_independent_ratings(shared):
    folder = shared / "oracles" / "adb_self_vs_independent"
    known = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["verified"]
    rows = pd.read_csv(folder / "data.csv").dropna(subset=["self", "valid"])
    rows = rows[rows["tag"].isin(["1", "1,9", "11"])]  # those the bank counts in its success rates
    census = Design.simple(len(rows), len(rows))
    found = inflation(rows["self"], rows["valid"], census)
    assert found[["n", "estimate", "se"]].iloc[0].tolist() == [
        known["agreement"]["n"],
        pytest.approx(known["agreement"]["mean_diff"], abs=1e-9),
        0,
    ]
    by = inflation(rows["self"], rows["valid"], census, rows["dept"])
    assert by["domain"].tolist() == [each["dept"] for each in known["by_department"]]
    np.testing.assert_allclose(by["estimate"], [each["mean_diff"] for each in known["by_department"]], atol=1e-9)
    assert by["se"].eq(0).all()
    names = {0.0: "0", 1.0: "1", 2.0: "2", 3.0: "3"}
    both = agreement(
        rows["self"].map(names), rows["valid"].map(names), census, {name: at for at, name in names.items()}
    )
    figures = both.set_index("measure")["estimate"]
    assert figures["agreement"] == pytest.approx(known["agreement"]["exact"], abs=1e-9)
    assert figures["downgraded"] == pytest.approx(known["agreement"]["inflated"], abs=1e-9)
    assert figures["upgraded"] == pytest.approx(known["agreement"]["deflated"], abs=1e-9)
    assert figures["kappa"] == pytest.approx(known["agreement"]["kappa_q"], abs=1e-9)


def test_limits_of_agreement_of_peak_flow(shared):
    folder = shared / "oracles" / "bland_altman_pefr"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    rows = pd.read_csv(folder / "pefr.csv")
    found = agreement_limits(rows["wright"], rows["mini"], Design.simple(17))
    assert found["estimate"].tolist() == pytest.approx([expected["mean_diff"], *expected["loa_1_96"]], abs=1e-9)
    assert found.loc[0, ["low", "high"]].tolist() == pytest.approx(expected["ci_mean"], abs=1e-9)
    tables.check(found, "estimates")


def test_a_stratified_difference_by_hand():
    # Two of ten and two of forty; differences 2, 4 and 1, 3: means 3 and 2, (10 * 3 + 40 * 2) / 50 = 2.2.
    # Variance (1/50)^2 [100 (1 - .2) 2 / 2 + 1600 (1 - .05) 2 / 2] = 1600 / 2500 = 0.64.
    design = Design.simple(4, strata=["a", "a", "b", "b"], sizes=[10, 10, 40, 40])
    found = inflation([82, 84, 91, 93], [80, 80, 90, 90], design)
    assert found[["estimate", "se", "df"]].iloc[0].tolist() == pytest.approx([2.2, 0.8, 2])
    # Student's t 2.75 on two degrees: p = 1 - 2.75 / sqrt(2 + 2.75^2).
    assert found["p"].item() == pytest.approx(1 - 2.75 / np.sqrt(2 + 2.75**2))


def test_against_all_is_one_contrast():
    # With equal weights and no correction: differences a 1, 3 and b 5, 7; overall 4; group means less it -2 and 2.
    # z of a: (1 - 2) / 2 + 3 / 4 = .25, (3 - 2) / 2 + 1 / 4 = .75, -.25, -.75: its variance 4 / 3 * 1.25.
    found = inflation([1, 3, 5, 7], [0, 0, 0, 0], Design.simple(4), list("aabb"), against="all")
    assert found["estimate"].tolist() == [-2, 2]
    assert found["se"].tolist() == pytest.approx([np.sqrt(4 / 3 * 1.25)] * 2)


def test_one_check_has_no_error():
    gap = [2.0, 4.0, 9.0]
    found = inflation(gap, [0, 0, 0], Design.simple(3, 30), ["a", "a", "b"]).set_index("domain")
    assert found.loc["b", "estimate"] == 9
    assert found.loc["b", ["se", "low", "high", "p", "p_holm", "low_joint"]].isna().all()
    assert found.loc["b", "note_zh"] == "只随机抽查了一个单位，无法估计误差"
    # Of two groups one is tested: nothing to adjust.
    assert found.loc["a", "p_holm"] == found.loc["a", "p"]
    assert found.loc["a", "low_joint"] == pytest.approx(found.loc["a", "low"])


def test_certain_units_alone_speak_for_themselves():
    design = Design.simple(4, strata=["c", "c", "r", "r"], sizes=[2, 2, 20, 20])
    found = inflation([5, 6, 2, 3], [0] * 4, design, ["a", "a", "b", "b"]).set_index("domain")
    assert found.loc["a", "estimate"] == 5.5
    assert np.isnan(found.loc["a", "se"])
    assert "必查" in found.loc["a", "note_zh"]


def test_holm_as_statsmodels_has_it():
    p = np.random.default_rng(4).beta(0.5, 2, 40)
    p[3] = p[7]
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_adjusting_never_lowers_p_and_leaves_gaps_alone(p):
    found = holm([np.nan, *p])
    assert np.isnan(found[0])
    assert (found[1:] >= np.array(p)).all()
    assert found[1:].min() == pytest.approx(min(len(p) * min(p), 1))


def test_joint_intervals_hold_together():
    draw = np.random.default_rng(7)
    by = np.repeat(list("abcdef"), 12)
    held = np.zeros(2)
    for _ in range(120):
        found = inflation(draw.normal(3, 4, 72), np.zeros(72), Design.simple(72), by)
        held += [
            ((found["low_joint"] <= 3) & (found["high_joint"] >= 3)).all(),
            ((found["low"] <= 3) & (found["high"] >= 3)).all(),
        ]
    # Six intervals of 95 % hold together about .95^6 = 73.5 % of the time; the joint ones 95 %.
    assert 0.9 <= held[0] / 120 <= 0.98
    assert held[1] / 120 < 0.85


def test_kappa_error_against_the_jackknife():
    draw = np.random.default_rng(3)
    own = draw.integers(0, 4, 120)
    seen = (own - (draw.random(120) < 0.4)).clip(0)
    names = np.array(from_worst(CUTS))
    found = agreement(names[own], names[seen], Design.simple(120, 1000), CUTS).set_index("measure").loc["kappa"]
    apart = np.subtract.outer(own, seen) ** 2

    def kappa(keep):
        return 1 - apart.diagonal()[keep].mean() / apart[np.ix_(keep, keep)].mean()

    left = np.array([kappa(np.arange(120) != row) for row in range(120)])
    assert found["estimate"] == pytest.approx(kappa(np.full(120, True)))
    spread = np.sqrt(119 / 120 * ((left - left.mean()) ** 2).sum() * (1 - 120 / 1000))
    assert found["se"] == pytest.approx(spread, rel=0.03)


def test_printed_scores_are_compared_as_printed():
    # 90.1 - 85.1 is 4.999999999999986 in binary.
    assert share_inflated([90.1, 90.0], [85.1, 85.1], Design.simple(2), 5)["estimate"].item() == 0.5
    assert graded([89.99999999999999, 89.999], CUTS).tolist() == ["优", "良"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda d: inflation([90, None], [80, 70], d), "no finite number"),
        (lambda d: inflation([90], [80, 70], d), "differ in number"),
        (lambda d: inflation([90, 80], [80, 70], d, ["a", None]), "no label"),
        (lambda d: confusion(["优", "甲"], ["优", "优"], d, CUTS), "甲"),
        (lambda d: downgraded_to(["优", "良"], ["优", "优"], d, CUTS, ["下"]), "没有这个等级"),
    ],
)
def test_what_does_not_fit_is_said(wrong, said):
    with pytest.raises(SampleError, match=said):
        wrong(Design.simple(2))


def test_row_order_does_not_matter(spot_check):
    rows, design = spot_check.rows, Design.of(spot_check.sample)
    order = np.random.default_rng(1).permutation(len(rows))
    turned = rows.iloc[order].reset_index(drop=True)
    shuffled = replace(
        design,
        weights=design.weights[order],
        strata=design.strata[order],
        inclusion=design.inclusion[order],
    )
    columns = ["estimate", "se", "low_joint", "high_joint", "p_holm"]
    np.testing.assert_allclose(
        inflation(turned["self"], turned["spot"], shuffled, turned["dept"])[columns],
        inflation(rows["self"], rows["spot"], design, rows["dept"])[columns],
        rtol=1e-10,
    )
