"""Shrunken departments: R sae's fresh milk of 43 areas, coverage, ranks, and what is said of one with two checks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.estimation import Design, fay_herriot, ranked_departments, smoothed_variances

# Expenditure on fresh milk in the United States, 1989 (Arora and Lahiri 1997; You and Chapman 2006), as R sae 1.3
# carries it (data set milk): direct estimate and standard deviation of 43 areas, in four major areas.
YI = """
1.099 1.075 1.105 0.628 0.753 0.981 1.257 1.095 1.405 1.356 0.615 1.46 1.338 0.854 1.176 1.111 1.257
1.43 1.278 1.292 1.002 1.183 1.044 1.267 1.193 0.791 0.795 0.759 0.796 0.565 0.886 0.952 0.807 0.582
0.684 0.787 0.44 0.759 0.77 0.8 0.756 0.865 0.64
"""
SD = """
0.163 0.08 0.083 0.109 0.119 0.141 0.202 0.127 0.168 0.178 0.1 0.201 0.148 0.143 0.149 0.145 0.135 0.172
0.137 0.163 0.125 0.247 0.14 0.171 0.106 0.121 0.121 0.259 0.106 0.089 0.225 0.205 0.119 0.067 0.106
0.126 0.092 0.132 0.1 0.113 0.083 0.121 0.129
"""
MAJOR = [1] * 7 + [2] * 7 + [3] * 11 + [4] * 18
# mseFH(yi ~ as.factor(MajorArea), SD^2) of R sae, as printed in the tests of samplics (sae, EblupAreaModel).
COEFFICIENTS = [0.9681890, 0.1327801, 0.2269462, -0.2413011]
ERRORS = [0.06936208, 0.10300072, 0.09232981, 0.08161707]
EBLUP = """
1.0219703 1.0476018 1.0679513 0.7608170 0.8461574 0.9743727 1.0584523 1.0977762 1.2215449 1.1951455
0.7852155 1.2139456 1.2096593 0.9834967 1.1864247 1.1556982 1.2263411 1.2856486 1.2363247 1.2349600
1.0903019 1.1923057 1.1216470 1.2230296 1.1938054 0.7627195 0.7649550 0.7338443 0.7699294 0.6134418
0.7695558 0.7958250 0.7723187 0.6102302 0.7001782 0.7592787 0.5298867 0.7434466 0.7548996 0.7701918
0.7481164 0.8040773 0.6810870
"""
MSE = """
0.013460220 0.005372876 0.005701990 0.008541740 0.009579594 0.011670632 0.015926137 0.010586518
0.014184043 0.014901472 0.007694262 0.016336469 0.012562726 0.012117378 0.012031229 0.011709147
0.010859780 0.013690860 0.011034674 0.013079686 0.009948636 0.017243977 0.011292325 0.013625297
0.008065787 0.009205133 0.009205133 0.016476912 0.007800626 0.006098668 0.015441564 0.014657866
0.009024699 0.003870786 0.007800626 0.009646139 0.006404335 0.010155645 0.007209937 0.008470277
0.005484860 0.009205133 0.009903626
"""


def numbers(text):
    return np.array(text.split(), dtype=float)


def milk(method="reml"):
    columns = np.column_stack([np.ones(43), *[np.array(MAJOR) == major for major in (2, 3, 4)]]).astype(float)
    return fay_herriot(numbers(YI), numbers(SD) ** 2, columns, method=method)


def test_fresh_milk_as_r_sae_has_it():
    model = milk()
    # R sae stops its scoring at 1e-4 of the variance, which moves the fourth to fifth decimal.
    np.testing.assert_allclose(model.coefficients, COEFFICIENTS, atol=2e-5)
    np.testing.assert_allclose(model.errors, ERRORS, atol=2e-5)
    np.testing.assert_allclose(model.estimates, numbers(EBLUP), atol=5e-5)
    np.testing.assert_allclose(model.mse, numbers(MSE), rtol=1e-3)


def test_adjusted_variance_lies_above_reml():
    assert milk("adjusted").variance > milk().variance > 0


def test_equal_errors_by_hand():
    # REML of equal errors: spread of the figures, over k - 1, less their error: 40 / 4 - 4 = 6; weight 6 / 10.
    model = fay_herriot([1.0, 3.0, 5.0, 7.0, 9.0], [4.0] * 5)
    assert model.variance == pytest.approx(6, rel=1e-6)
    assert model.own.tolist() == pytest.approx([0.6] * 5, rel=1e-6)
    # Prasad and Rao: .6 * 4 + .16 * 10 / 5 + 2 * 16 / 1000 * 2 / (5 / 100).
    assert model.mse.tolist() == pytest.approx([2.4 + 0.32 + 1.28] * 5, rel=1e-6)


def test_no_more_spread_than_chance_gives_all_the_same():
    model = fay_herriot([4.9, 5.0, 5.1, 5.0, 5.0], [4.0] * 5)
    assert model.variance == 0
    np.testing.assert_allclose(model.estimates, 5.0)
    assert fay_herriot([4.9, 5.0, 5.1, 5.0, 5.0], [4.0] * 5, method="adjusted").variance > 0


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.floats(-20, 20), st.floats(0.01, 50)), min_size=4, max_size=15),
    st.sampled_from(["reml", "adjusted"]),
)
def test_shrunken_lies_between_own_and_common(areas, method):
    own, variance = np.array(areas).T
    model = fay_herriot(own, variance, method=method)
    assert (model.estimates >= np.minimum(own, model.fitted) - 1e-9).all()
    assert (model.estimates <= np.maximum(own, model.fitted) + 1e-9).all()
    # The surer an area's own figure, the more it counts.
    assert (np.diff(model.own[np.argsort(variance)]) <= 1e-12).all()


def test_intervals_cover_departments():
    draw = np.random.default_rng(8)
    held, better = [], []
    for _ in range(80):
        variance = 16.0 / draw.integers(1, 20, 15)
        truth = 5 + draw.normal(0, 1.2, 15)
        own = truth + draw.normal(0, np.sqrt(variance))
        model = fay_herriot(own, variance, method="adjusted")
        held.append((np.abs(model.estimates - truth) <= 1.96 * np.sqrt(model.mse)).mean())
        better.append(((model.estimates - truth) ** 2).sum() / ((own - truth) ** 2).sum())
    assert 0.93 <= np.mean(held) <= 0.985
    assert np.mean(better) < 0.8


def test_smoothed_variances_by_hand():
    # Differences 1, 3 | 5, 9 | 7: pooled (2 + 8) / 2 = 5; one in ten drawn: 5 * .9 / n.
    design = Design.simple(5, 50)
    found = smoothed_variances([1, 3, 5, 9, 7], design, list("aabbc"), ["c", "a", "z"])
    assert found[:2].tolist() == pytest.approx([4.5, 2.25])
    assert np.isnan(found[2])


def test_one_project_does_not_shame_a_department():
    draw = np.random.default_rng(0)
    sizes = {"水利": 1, "农业": 2, "民政": 40} | {f"部门{at}": 40 for at in range(9)}
    by = np.repeat(list(sizes), list(sizes.values()))
    gap = np.where(by == "民政", 12.0, 5.0) + draw.normal(0, 6, len(by))
    gap[by == "水利"] = 17.0
    areas = ["林业", *sizes]
    found = ranked_departments(80 + gap, np.full(len(gap), 80.0), Design.simple(len(gap), 4000), by, areas)
    tables.check(found, "ranking")
    at = found.set_index("domain")
    # Its one project was 17 points inflated, most of all by its own figure; it is drawn to the others, no rank sure.
    assert at["own"].idxmax() == "水利"
    assert at["shrunk"].idxmax() == "民政"
    assert at.loc["水利", "own_weight"] < 0.25 < 0.6 < at.loc["民政", "own_weight"]
    assert at.loc["水利", ["rank_low", "rank_high"]].tolist() == [1, 13]
    assert "1 个项目" in at.loc["水利", "note_zh"]
    assert "不宜单独通报" in at.loc["农业", "note_zh"]
    assert at.loc["部门1", "note_zh"] == ""
    # A department without checks has the common figure and may have any rank.
    assert at.loc["林业", ["n", "own_weight", "rank_low", "rank_high"]].tolist() == [0, 0, 1, 13]
    assert at.loc["林业", "se"] > at.loc["部门1", "se"]
    # Forty checks seven points above the others are enough to say so: only those with few checks may lie above.
    assert at.loc["民政", ["rank_low", "rank_high"]].tolist() == [1, 4]
    assert at.loc["部门1", "rank_low"] == 2
    assert ((found["rank_low"] <= found["rank"]) & (found["rank"] <= found["rank_high"])).all()


def test_ranks_hold_all_at_once():
    # Two departments share a rank; of 60 draws all five rank intervals hold at least 95 % of the time.
    draw = np.random.default_rng(5)
    truth = np.array([1.0, 2.0, 2.0, 4.0, 8.0])
    by = np.repeat(list("abcde"), 15)
    above = (truth[None, :] > truth[:, None]).sum(axis=1) + 1
    below = 5 - (truth[None, :] < truth[:, None]).sum(axis=1)
    held = []
    for _ in range(60):
        gap = np.repeat(truth, 15) + draw.normal(0, 4, 75)
        found = ranked_departments(gap, np.zeros(75), Design.simple(75, 7500), by).sort_values("domain")
        held.append(((found["rank_low"] <= above) & (found["rank_high"] >= below)).all())
    assert np.mean(held) >= 0.95


def test_what_cannot_be_ranked_is_said():
    with pytest.raises(SampleError, match="too few areas"):
        ranked_departments([1, 2, 3, 4], [0] * 4, Design.simple(4), list("aabb"))
    with pytest.raises(SampleError, match="no area has two"):
        smoothed_variances([1, 2, 3], Design.simple(3), list("abc"))
    with pytest.raises(SampleError, match="not among the areas"):
        ranked_departments([1, 2, 3, 4], [0] * 4, Design.simple(4), list("aabb"), ["a"])
    with pytest.raises(SampleError, match="above zero"):
        fay_herriot([1, 2, 3, 4], [1, 1, 0, 1])
