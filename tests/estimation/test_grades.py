"""The corrected distribution of grades: against R survey's post-stratification, by hand, and by repeated sampling."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.estimation import (
    Design,
    corrected_distribution,
    grade_counts,
    graded,
    post_stratify,
    reported_distribution,
    shares,
)

CUTS = {"优": 90, "良": 80, "中": 60, "差": 0}


def test_without_certain_units_it_is_post_stratification():
    # post_stratify reproduces R survey; beside it the same share and error from the kit's confusion.
    draw = np.random.default_rng(5)
    own, seen = draw.choice(["优", "良", "中"], 200), draw.choice(["优", "良", "中", "差"], 200)
    strata = draw.choice(["a", "b", "c"], 200)
    sizes = pd.Series(strata).map({"a": 400, "b": 700, "c": 900})
    design = Design.simple(200, strata=strata, sizes=sizes)
    known = {"优": 900, "良": 700, "中": 400}
    found = corrected_distribution(own, seen, design, known, CUTS)
    other = shares(seen, post_stratify(design, own, known), levels=["优", "良", "中", "差"])
    np.testing.assert_allclose(found[["estimate", "se"]], other[["estimate", "se"]], rtol=1e-10)


def test_certain_units_by_hand():
    # Certain: one 优 checked 差, one 良 checked 良. Left of the population: 59 优, 39 良.
    # Random 优: two stay, two fall to 良; random 良: both stay. 优 59 / 2 = 29.5, 良 29.5 + 39 + 1 = 69.5, 差 1.
    own, seen = ["优", "良"] + ["优"] * 4 + ["良"] * 2, ["差", "良"] + ["优", "优", "良", "良"] + ["良"] * 2
    design = Design.simple(8, strata=["c"] * 2 + ["r"] * 6, sizes=[2] * 2 + [98] * 6)
    found = corrected_distribution(own, seen, design, {"优": 60, "良": 40}, CUTS).set_index("domain")
    assert (found["estimate"] * 100).to_dict() == pytest.approx({"优": 29.5, "良": 69.5, "中": 0, "差": 1})
    assert found["n"].to_dict() == {"优": 2, "良": 5, "中": 0, "差": 1}
    # One unit was found 差: the share cannot be less; 中 was not seen, which six random checks do not rule out.
    assert found.loc["差", "low"] == pytest.approx(0.01)
    assert found.loc["差", "high"] > 0.2
    assert found.loc["中", "low"] == 0
    assert found.loc["中", "high"] > 0.2
    assert found["note_zh"].eq("").all()


def test_spot_check(spot_check):
    rows, design = spot_check.rows, Design.of(spot_check.sample)
    known = grade_counts(graded(spot_check.population["self"], CUTS))
    found = corrected_distribution(rows["g_self"], rows["g_spot"], design, known, CUTS)
    tables.check(found, "estimates")
    assert found["estimate"].sum() == pytest.approx(1)
    assert found["note_zh"].eq("随机抽查过少的自评等级并入相邻等级：差→中").all()
    # Against Hájek's share of 中 and 差, which knows no self-grades (R survey): near, with a smaller error.
    sanction = spot_check.expected["sanction_share"]
    below = found[found["domain"].isin(["中", "差"])]["estimate"].sum()
    assert abs(below - sanction["est"][1]) < 2 * sanction["se"][1]
    assert found.loc[found["domain"].eq("中"), "se"].item() < sanction["se"][1]
    drawn = corrected_distribution(rows["g_self"], rows["g_spot"], design, known, CUTS, replicates=4000, seed=1)
    np.testing.assert_allclose(drawn["se"], found["se"], rtol=0.06)
    assert (np.abs(drawn[["low", "high"]] - found[["low", "high"]]) < 0.006).all(axis=None)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_shares_add_up_and_stay_within_limits(seed):
    draw = np.random.default_rng(seed)
    n = int(draw.integers(8, 60))
    own, seen = draw.choice(["优", "良"], n, p=[0.7, 0.3]), draw.choice(list(CUTS), n)
    own[:4] = ["优", "优", "良", "良"]
    known = {"优": int((own == "优").sum() * 9), "良": int((own == "良").sum() * 5)}
    found = corrected_distribution(own, seen, Design.simple(n, sum(known.values())), known, CUTS, replicates=20)
    plain = corrected_distribution(own, seen, Design.simple(n, sum(known.values())), known, CUTS)
    assert found["estimate"].sum() == pytest.approx(1)
    assert (plain["low"] <= plain["estimate"] + 1e-12).all()
    assert (plain["estimate"] <= plain["high"] + 1e-12).all()
    assert plain["low"].ge(0).all()
    assert plain["high"].le(1 + 1e-12).all()


def test_a_census_is_exact():
    seen = ["优", "良", "良", "中"]
    found = corrected_distribution(["优", "优", "良", "良"], seen, Design.simple(4, 4), {"优": 2, "良": 2}, CUTS)
    assert found["estimate"].tolist() == [0.25, 0.5, 0.25, 0]
    np.testing.assert_array_equal(found["low"], found["estimate"])
    np.testing.assert_array_equal(found["high"], found["estimate"])


def test_limits_cover_the_truth():
    # A population of 2,000 of which 1 % would be 差; samples of 200 drawn 100 times.
    draw = np.random.default_rng(11)
    own = draw.choice(["优", "良", "中"], 2000, p=[0.4, 0.4, 0.2])
    fall = draw.random(2000)
    seen = np.where(own == "优", np.where(fall < 0.45, "优", np.where(fall < 0.95, "良", "中")), "")
    seen = np.where(own == "良", np.where(fall < 0.5, "良", "中"), seen)
    seen = np.where(own == "中", np.where(fall < 0.95, "中", "差"), seen)
    truth = pd.Series(seen).value_counts(normalize=True).reindex(["优", "良", "中", "差"]).to_numpy()
    known = grade_counts(own)
    held = np.zeros((2, 4))
    for seed in range(100):
        at = draw.choice(2000, 200, replace=False)
        for way, more in enumerate(({}, {"replicates": 200, "seed": seed})):
            found = corrected_distribution(own[at], seen[at], Design.simple(200, 2000), known, CUTS, **more)
            held[way] += (found["low"] <= truth + 1e-12) & (truth <= found["high"] + 1e-12)
    assert truth[3] == pytest.approx(0.01, abs=0.005)
    assert (held[0] / 100 >= 0.93).all()
    assert (held[1, :3] / 100 >= 0.91).all()
    # The bootstrap knows only what was seen: of a grade that is one in a hundred it promises too much.
    assert held[1, 3] < held[0, 3]


def test_bootstrap_takes_clusters_whole():
    # 20 of 40 departments of 5 projects, all alike within: the error of 20 draws, not of 100.
    draw = np.random.default_rng(2)
    fell = np.repeat(draw.random(20) < 0.5, 5)
    seen = np.where(fell, "良", "优")
    design = Design(
        np.full(100, 2.0), np.zeros(100, dtype=np.int64), np.repeat(np.arange(20), 5), np.full(100, 0.5), ("all",)
    )
    found = corrected_distribution(["优"] * 100, seen, design, {"优": 200}, CUTS)
    drawn = corrected_distribution(["优"] * 100, seen, design, {"优": 200}, CUTS, replicates=4000)
    p = fell.mean()
    by_hand = np.sqrt(p * (1 - p) / 19 * (1 - 0.5))  # twenty means of 0 or 1 out of forty
    assert found["se"].iloc[0] == pytest.approx(by_hand)
    assert drawn["se"].iloc[0] == pytest.approx(by_hand, rel=0.05)


def test_reported_beside_corrected():
    found = reported_distribution(pd.Series({"未报": 10, "差": 10, "优": 80}), CUTS)
    assert found["domain"].tolist() == ["优", "差", "未报"]
    assert found["estimate"].tolist() == [0.8, 0.1, 0.1]


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"优": 60}, "unknown size"),
        ({"优": 60, "良": 1}, "more was checked"),
        ({"优": 60, "良": 40, "未报": 5}, "未报"),
    ],
)
def test_counts_that_do_not_fit_are_said(known, said):
    own = ["优"] * 4 + ["良"] * 4
    with pytest.raises(SampleError, match=said):
        corrected_distribution(own, own, Design.simple(8, 100), known, CUTS)


def test_one_stratum_with_one_check_is_refused():
    design = Design.simple(3, strata=["a", "a", "b"], sizes=[10, 10, 5])
    with pytest.raises(SampleError, match="one unit was drawn"):
        corrected_distribution(["优"] * 3, ["优"] * 3, design, {"优": 15}, CUTS)
