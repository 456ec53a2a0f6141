"""Allocations: PracTools, R survey's population, brute force over all whole allocations, what always holds."""

import itertools
import json
import math
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.sampling import allocation
from perfkit.sampling.allocation import Target

HOSPITALS = pd.DataFrame(
    {
        "stratum": list("ABCDEF"),
        "units": [215, 65, 252, 50, 149, 144],
        "sd": [26787207, 10645109, 6909676, 11085034, 9817762, 44553355],
        "cost": [1400, 200, 300, 600, 450, 1000],
    }
)
STRATUM = st.tuples(st.integers(1, 40), st.floats(0.1, 50), st.floats(0.5, 20))
STRATA = st.lists(STRATUM, min_size=1, max_size=6).map(
    lambda rows: pd.DataFrame(
        [(f"S{at}", *row) for at, row in enumerate(rows)], columns=["stratum", "units", "sd", "cost"]
    )
)
SMALL = st.lists(st.tuples(st.integers(1, 7), st.integers(0, 9), st.integers(1, 4)), min_size=2, max_size=3).map(
    lambda rows: pd.DataFrame(
        [(f"S{at}", *row) for at, row in enumerate(rows)], columns=["stratum", "units", "sd", "cost"]
    )
)
RULES = ["proportional", "neyman", "optimal", "power"]


def oracle(shared, name):
    return json.loads((shared / "oracles" / name / "expected.json").read_text(encoding="utf-8"))


def every(strata, minimum=2):
    """All whole allocations within minimum and cap."""
    ranges = [range(min(minimum, units), units + 1) for units in strata["units"]]
    return (pd.Series(n, index=strata["stratum"]) for n in itertools.product(*ranges))


# By formula


def test_practools(shared):
    want = oracle(shared, "allocation_neyman_cost")
    strata = pd.DataFrame({"stratum": list("ABCDEF"), "units": want["Nh"], "sd": want["Sh"], "cost": want["ch"]})
    mean = strata["units"].sum()
    fixed_n = allocation.neyman(strata, 100)
    budget = allocation.optimal(strata, budget=100_000)
    for found, case in ((fixed_n, want["neyman_n100"]), (budget, want["totcost_100000"])):
        assert found.to_numpy() == pytest.approx(case["nh"], rel=want["tolerance"])
        assert math.sqrt(allocation.variance(strata, found)) / mean == pytest.approx(case["se"], rel=1e-12)
    case = want["totvar_cv05_ybar11664181"]
    precise = allocation.optimal(strata, se=0.05 * 11664181)
    assert precise.to_numpy() == pytest.approx(case["nh"], rel=want["tolerance"])
    assert math.sqrt(allocation.variance(strata, precise)) / mean == pytest.approx(case["se"], rel=1e-9)
    assert (precise / strata["units"].to_numpy()).max() == pytest.approx(want["totvar_max_fraction"], rel=1e-9)
    assert allocation.proportional(strata, 100).to_numpy() == pytest.approx(want["proportional_n100"], rel=1e-12)


def test_practools_typed():
    # PracTools 1.7.5, strAlloc: Neyman n = 100 and total cost 100,000, hospital data.
    assert allocation.neyman(HOSPITALS, 100)[["A", "F"]].tolist() == pytest.approx([34.6416828, 38.5901079])
    assert allocation.optimal(HOSPITALS, budget=1e5)[["A", "F"]].tolist() == pytest.approx([30.6054034, 40.3403013])


def test_californian_schools(shared):
    # R survey's apipop; strata E, H, M.
    want = oracle(shared, "api_population")
    population = pd.read_csv(shared / "oracles" / "api_population" / "apipop.csv")
    by = population.groupby("stype")
    for variable in ("api00", "enroll"):
        strata = pd.DataFrame({"units": by.size(), "sd": by[variable].std()}).rename_axis("stratum").reset_index()
        assert strata["stratum"].tolist() == want["strata"]
        assert strata["units"].tolist() == want["N"]
        assert strata["sd"].tolist() == pytest.approx(want[f"S_{variable}"], rel=1e-9)
        found = allocation.neyman(strata, 200)
        assert found.tolist() == pytest.approx(want[f"neyman_n200_{variable}"], rel=1e-9)
    strata = strata.assign(sd=by["api00"].std().to_numpy())
    for name, exact in (("prop", allocation.proportional(strata, 200)), ("neyman", allocation.neyman(strata, 200))):
        variance = allocation.variance(strata, exact) / 6194**2
        assert variance == pytest.approx(want[f"var_mean_{name}_api00"], rel=1e-9)
    assert allocation.proportional(strata, 200).tolist() == pytest.approx(want["prop_n200"], rel=1e-12)
    whole = allocation.allocate(strata, 200)
    assert whole["drawn"].sum() == 200
    # The exact optimum of whole numbers lies beside Neyman's 147.2, 20.6, 32.2.
    assert whole["drawn"].tolist() == [147, 21, 32]


def test_power_between_neyman_and_equal_precision():
    strata = HOSPITALS.assign(mean=[2e7, 1e7, 5e6, 9e6, 8e6, 3e7])
    strata["size"] = strata["units"] * strata["mean"]
    # Exponent 1: X S / mean = N S, Neyman's. Exponent 0: S / mean.
    assert allocation.power(strata, 100, 1).to_numpy() == pytest.approx(allocation.neyman(strata, 100).to_numpy())
    even = allocation.power(strata, 100, 0)
    variation = strata["sd"] / strata["mean"]
    assert even.to_numpy() == pytest.approx((100 * variation / variation.sum()).to_numpy())


# In whole numbers


def test_rounding_and_caps(shared):
    for case in oracle(shared, "allocation_rounding_caps")["cases"]:
        strata = pd.DataFrame(
            {"stratum": [f"S{at}" for at in range(len(case["N"]))], "units": case["N"], "sd": case["S"]}
        )
        found = allocation.allocate(strata, case["n"])
        assert found["drawn"].tolist() == case["integer_optimum"] == case["wright_greedy"]
        drawn = found.set_index("stratum")["drawn"]
        assert allocation.variance(strata, drawn) == pytest.approx(case["variance_total"], rel=1e-9)
        assert allocation.neyman(strata, case["n"]).tolist() == pytest.approx(case["continuous_neyman"], rel=1e-9)


def test_rounding_and_caps_typed():
    # R 4.2.2, exhaustive search: Wright's shape, and a small stratum with a large spread.
    first = pd.DataFrame({"stratum": list("abc"), "units": [47, 61, 41], "sd": [10, 8, 6]})
    second = pd.DataFrame({"stratum": list("abcd"), "units": [5, 60, 200, 12], "sd": [400, 30, 5, 90]})
    assert allocation.allocate(first, 40)["drawn"].tolist() == [16, 16, 8]
    assert allocation.allocate(second, 30)["drawn"].tolist() == [5, 12, 6, 7]


@settings(max_examples=30)
@given(SMALL, st.integers(1, 21), st.integers(1, 3))
def test_neyman_is_the_best_of_all_whole_allocations(strata, n, minimum):
    assume(strata["sd"].any())
    least = int(np.minimum(strata["units"], minimum).sum())
    assume(least <= n <= strata["units"].sum())
    found = allocation.allocate(strata, n, minimum=minimum).set_index("stratum")["drawn"]
    best = min(allocation.variance(strata, each) for each in every(strata, minimum) if each.sum() == n)
    assert allocation.variance(strata, found) == pytest.approx(best, rel=1e-12, abs=1e-9)


@given(STRATA, st.integers(0, 10**6), st.sampled_from(RULES), st.integers(1, 3))
def test_any_allocation_adds_up_within_its_limits(strata, pick, by, minimum):
    least = int(np.minimum(strata["units"], minimum).sum())
    n = least + pick % (int(strata["units"].sum()) - least + 1)
    found = allocation.allocate(strata, n, by, minimum=minimum)
    drawn = found["drawn"]
    assert drawn.dtype.kind == "i"
    assert drawn.sum() == n
    assert (drawn <= strata["units"]).all()
    assert (drawn >= np.minimum(strata["units"], minimum)).all()
    turned = allocation.allocate(strata.iloc[::-1], n, by, minimum=minimum).set_index("stratum")["drawn"]
    assert turned.loc[strata["stratum"]].tolist() == drawn.tolist()


@given(STRATA, st.integers(0, 10**6))
def test_neyman_never_draws_fewer_when_n_grows(strata, pick):
    least = int(np.minimum(strata["units"], 2).sum())
    assume(least < strata["units"].sum())
    n = least + pick % (int(strata["units"].sum()) - least)
    now, then = (allocation.allocate(strata, each)["drawn"] for each in (n, n + 1))
    assert (then >= now).all()
    assert (then - now).sum() == 1


@given(STRATA, st.integers(0, 10**6))
def test_proportional_stays_within_a_unit_of_its_share(strata, pick):
    n = 1 + pick % int(strata["units"].sum())
    assume(n >= len(strata))
    exact = allocation.proportional(strata, n)
    assume((exact >= 1).all())
    found = allocation.allocate(strata, n, "proportional", minimum=1)["drawn"]
    assert (np.abs(found.to_numpy() - exact.to_numpy()) < 1).all()


def test_largest_remainders_by_hand():
    # 10 of 30, 20, 50 thirds: 3.33, 1.67 and 5; the .67 is served first.
    strata = pd.DataFrame({"stratum": ["a", "b", "c"], "units": [20, 10, 30]})
    assert allocation.allocate(strata, 10, "proportional")["drawn"].tolist() == [3, 2, 5]
    # A minimum of two takes from the others: 8 over 20 and 30 is 3.2 and 4.8.
    strata = pd.DataFrame({"stratum": ["a", "b", "c"], "units": [20, 5, 30]})
    assert allocation.allocate(strata, 10, "proportional")["drawn"].tolist() == [3, 2, 5]


def test_units_without_share_come_last():
    strata = pd.DataFrame({"stratum": ["a", "b"], "units": [5, 50], "sd": [3.0, 0.0], "cost": [1, 1]})
    for by in ("neyman", "optimal"):
        assert allocation.allocate(strata, 30, by)["drawn"].tolist() == [5, 25]


def test_certain_units_are_not_drawn_again():
    strata = pd.DataFrame(
        {"stratum": ["a", "b"], "units": [40, 60], "recommended": [5, None], "certain": [15, 0], "sd": [1, 1]}
    )
    # 20 and 60 are open to the draw: 5 and 15 of 20; 25 of 40 and 15 of 60 are checked.
    found = allocation.allocate(strata, 20, "proportional")
    assert found["drawn"].tolist() == [5, 15]
    assert found["rate"].tolist() == [25 / 40, 15 / 60]
    tables.check(found, "strata")


def test_a_stratum_of_one_unit_is_taken_and_said():
    strata = pd.DataFrame({"stratum": ["甲", "乙", "丙"], "units": [1, 50, 0], "sd": [5, 5, None]})
    found = allocation.allocate(strata, 10)
    assert found["drawn"].tolist() == [1, 9, 0]
    assert found["note_en"].tolist() == [
        "fewer units (1) than the minimum of 2: all taken",
        "",
        "nothing is open to the random draw",
    ]
    assert found["note_zh"][0] == "单位数（1）少于每层下限 2，全部抽取"


# For money


def test_budget_by_hand():
    # N S / sqrt(cost) is 180 in both: as many of each, 18 (1 + 4) = 90.
    strata = pd.DataFrame({"stratum": ["a", "b"], "units": [90, 60], "sd": [2, 6], "cost": [1, 4]})
    assert allocation.allocate_budget(strata, 90)["drawn"].tolist() == [18, 18]


@settings(max_examples=30)
@given(SMALL, st.integers(4, 60))
def test_no_allocation_for_less_money_is_better_by_more_than_the_dearest_unit(strata, budget):
    assume(strata["sd"].any())
    lowest = np.minimum(strata["units"], 2)
    assume((lowest * strata["cost"]).sum() <= budget)
    found = allocation.allocate_budget(strata, budget).set_index("stratum")["drawn"]
    cost = strata.set_index("stratum")["cost"]
    spent = (found * cost).sum()
    assert spent <= budget
    # What is left pays for no further unit.
    open_ = found < strata.set_index("stratum")["units"]
    assert (cost[open_] > budget - spent).all()
    dearest = cost.max()
    poorer = [each for each in every(strata) if (each * cost).sum() <= spent - dearest]
    assert all(
        allocation.variance(strata, each) >= allocation.variance(strata, found) * (1 - 1e-12) for each in poorer
    )


# For several precisions


def test_one_target_is_practools_rounded():
    exact = allocation.optimal(HOSPITALS, se=0.05 * 11664181)
    found = allocation.allocate_for(HOSPITALS, [Target(0.05 * 11664181)]).set_index("stratum")["drawn"]
    assert (np.abs(found - exact) < 1.5).all()
    mean_se = math.sqrt(allocation.variance(HOSPITALS, found)) / HOSPITALS["units"].sum()
    assert mean_se <= 0.05 * 11664181 * (1 + 1e-9)
    cost = HOSPITALS.set_index("stratum")["cost"]
    assert (found * cost).sum() == pytest.approx((exact * cost).sum(), rel=0.01)


def reached(strata, targets, drawn):
    for target in targets:
        inside = strata[strata["stratum"].isin(target.strata or strata["stratum"])]
        one = inside.assign(sd=inside[target.sd])
        if one["sd"].any():
            error = math.sqrt(allocation.variance(one, drawn)) / inside["units"].sum()
            if error > target.se * (1 + 1e-6):
                return False
    return True


@settings(max_examples=15)
@given(SMALL, st.integers(1, 9), st.floats(0.3, 3), st.floats(0.3, 3))
def test_targets_are_reached_at_nearly_the_least_cost(strata, other, se_all, se_one):
    strata = strata.assign(sd_money=[float(other), *range(1, len(strata))])
    targets = [Target(se_all), Target(se_one, "sd_money"), Target(se_one, strata=["S0"])]
    found = allocation.allocate_for(strata, targets).set_index("stratum")["drawn"]
    assert reached(strata, targets, found)
    cost = strata.set_index("stratum")["cost"]
    for name in strata["stratum"]:
        fewer = found.copy()
        fewer[name] -= 1
        floor = min(2, int(strata.set_index("stratum")["units"][name]))
        assert fewer[name] < floor or not reached(strata, targets, fewer)
    best = min((each * cost).sum() for each in every(strata) if reached(strata, targets, each))
    assert (found * cost).sum() <= best + cost.max()


def test_many_strata_and_targets():
    rng = np.random.default_rng(5)
    strata = pd.DataFrame(
        {
            "stratum": [f"{at:03d}" for at in range(120)],
            "units": rng.integers(1, 200, 120),
            "sd": rng.gamma(3, 3, 120),
        }
    ).assign(failing=0.4)
    domains = [strata["stratum"].iloc[at : at + 20].tolist() for at in range(0, 120, 20)]
    targets = [Target(0.3), Target(0.02, "failing"), *[Target(1.0, strata=domain) for domain in domains]]
    found = allocation.allocate_for(strata, targets)
    drawn = found.set_index("stratum")["drawn"]
    assert reached(strata, targets, drawn)
    # The relaxed optimum is a floor for the cost; rounding may add less than half a unit a stratum.
    loose = allocation.allocate_for(strata, targets, minimum=1)
    assert loose["drawn"].sum() <= drawn.sum() <= loose["drawn"].sum() + 60


# What is refused

GOOD = {"stratum": ["a", "b"], "units": [10, 20], "sd": [1.0, 2.0], "cost": [1.0, 1.0]}


@pytest.mark.parametrize(
    ("change", "call", "words"),
    [
        ({}, lambda s: allocation.allocate(s, 31), "larger than what is open"),
        ({}, lambda s: allocation.allocate(s, 3), "too small for 2 a stratum"),
        ({}, lambda s: allocation.allocate(s, 10.5), "no whole number"),
        ({}, lambda s: allocation.allocate(s, 10, minimum=0), "minimum a stratum"),
        ({}, lambda s: allocation.allocate(s, 10, "equal"), "no such allocation"),
        ({"sd": [0, 0]}, lambda s: allocation.allocate(s, 10), "zero in every stratum"),
        ({"sd": [1, None]}, lambda s: allocation.allocate(s, 10), "no standard deviation"),
        ({"sd": [1, -1]}, lambda s: allocation.neyman(s, 10), "no standard deviation"),
        ({"cost": [1, -2]}, lambda s: allocation.optimal(s, n=10), "cost is not above zero"),
        ({"cost": [1, 0]}, lambda s: allocation.allocate_budget(s, 10), "cost is not above zero"),
        ({}, lambda s: allocation.allocate_budget(s, 3), "budget does not pay"),
        ({}, lambda s: allocation.optimal(s, n=1, budget=1), "exactly one target"),
        ({"units": [10, -1]}, lambda s: allocation.proportional(s, 10), "no whole number ≥ 0"),
        ({"units": [10, 2.5]}, lambda s: allocation.proportional(s, 10), "no whole number ≥ 0"),
        ({"units": [0, 0]}, lambda s: allocation.proportional(s, 10), "nothing is open"),
        ({"recommended": [11, 0]}, lambda s: allocation.proportional(s, 10), "less certain ones"),
        ({"stratum": ["a", "a"]}, lambda s: allocation.proportional(s, 10), "named twice"),
        ({"size": [0, 1]}, lambda s: allocation.power(s, 10), "not above zero"),
        ({}, lambda s: allocation.power(s, 10, 2), "exponent"),
        ({}, lambda s: allocation.proportional(s.drop(columns="units"), 10), "a column is missing"),
        ({}, lambda s: allocation.variance(s, pd.Series({"a": 2})), "lacks a stratum"),
        ({}, lambda s: allocation.allocate_for(s, []), "no target is given"),
        (
            {},
            lambda s: allocation.allocate_for(s, [Target(0), Target(1, "x"), Target(1, strata=["c"])]),
            "3 problems",
        ),
        ({"sd": [1, None]}, lambda s: allocation.allocate_for(s, [Target(1)]), "no standard deviation"),
    ],
)
def test_refusals(change, call, words):
    strata = pd.DataFrame({**GOOD, **change})
    with pytest.raises(SampleError, match=words) as caught:
        call(strata)
    assert any("一" <= char <= "鿿" for char in str(caught.value))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - its own bytes


def test_all_faults_are_named_at_once():
    strata = pd.DataFrame({"stratum": ["a", "a"], "units": [1.5, -1], "sd": [None, -1]})
    with pytest.raises(SampleError) as caught:
        allocation.neyman(strata, 1)
    assert len(caught.value.problems) == 5
