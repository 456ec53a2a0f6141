"""Money that a rule moves: against calibration to known budgets, by hand, by repeated sampling, and in words."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.estimation import (
    Design,
    corrected_distribution,
    graded,
    inflation,
    money_at_risk,
    money_moved,
    post_stratify,
    ranked_departments,
    reported_distribution,
    say_department,
    say_grades,
    say_groups,
    say_inflation,
    say_money,
    say_risk,
    second_check,
    total,
)

CUTS = {"优": 90, "良": 80, "中": 60, "差": 0}


def test_without_certain_units_it_is_post_stratification_of_money():
    # post_stratify reproduces R survey; counted in yuan (weight times budget) it meets each self-grade's budget.
    draw = np.random.default_rng(5)
    own, seen = draw.choice(["优", "良"], 120), draw.choice(["优", "良", "中"], 120)
    budget = draw.lognormal(3, 1, 120)
    strata = draw.choice(["a", "b"], 120)
    design = Design.simple(120, strata=strata, sizes=np.where(strata == "a", 300, 900))
    known = {"优": 14_000.0, "良": 11_000.0}
    found = money_moved(own, seen, budget, design, known, CUTS, ["中", "差"]).set_index("measure").loc["moved"]
    lost = np.isin(seen, ["中", "差"])
    met = post_stratify(design.weighted(design.weights * budget), own, known)
    other = total(lost.astype(float), met)
    assert found[["estimate", "se"]].tolist() == pytest.approx(other[["estimate", "se"]].iloc[0].tolist())


def test_certain_units_count_as_found():
    # The certain project of 500 was found 差, the random ones of 优 lose a quarter of their money: 500 + 1,500 / 4.
    design = Design.simple(5, strata=["c", *"rrrr"], sizes=[1, 40, 40, 40, 40])
    found = money_moved(
        ["优"] * 5,
        ["差", "优", "优", "优", "中"],
        [500.0, 10, 10, 10, 10],
        design,
        {"优": 2000.0},
        CUTS,
        ["中", "差"],
    ).set_index("measure")
    assert found["estimate"].to_dict() == pytest.approx({"found": 510, "moved": 875, "not yet found": 365})
    assert found.loc["found", ["low", "high"]].tolist() == [510, 510]
    assert 510 <= found.loc["moved", "low"] < 875 < found.loc["moved", "high"] <= 2000
    tables.check(found.reset_index(), "estimates")


def test_spot_check(spot_check):
    rows, design, frame = spot_check.rows, Design.of(spot_check.sample), spot_check.population
    known = frame.groupby(graded(frame["self"], CUTS))["budget"].sum()
    found = money_moved(rows["g_self"], rows["g_spot"], rows["budget"], design, known, CUTS, ["中", "差"])
    moved = found.set_index("measure").loc["moved"]
    # Plain expansion of the same money knows no budgets of the population: near, with twice the error or more.
    plain = total(rows["budget"] * rows["g_spot"].isin(["中", "差"]), design).iloc[0]
    assert abs(moved["estimate"] - plain["estimate"]) < plain["se"]
    assert moved["se"] < plain["se"] / 2


def test_limits_cover_the_truth():
    draw = np.random.default_rng(9)
    own = draw.choice(["优", "良", "中"], 1500, p=[0.4, 0.4, 0.2])
    chance = pd.Series(own).map({"优": 0.05, "良": 0.4, "中": 0.9}).to_numpy()
    seen = np.where(draw.random(1500) < chance, "中", "良")
    budget = draw.lognormal(3, 1, 1500)
    truth = budget[seen == "中"].sum()
    known = pd.Series(budget).groupby(own).sum()
    held = []
    for _ in range(100):
        at = draw.choice(1500, 200, replace=False)
        found = money_moved(own[at], seen[at], budget[at], Design.simple(200, 1500), known, CUTS, ["中"]).iloc[1]
        held.append(found["low"] <= truth <= found["high"])
    assert 0.9 <= np.mean(held) <= 0.99


def test_a_second_check_by_hand():
    # Two of ten, a standard deviation of two points. At 60 + 1 the check says below 60 with Phi(-.5), at 60 - 3 it
    # says 60 or more with Phi(-1.5); each stands for five units.
    cut, keep = stats.norm.cdf(-0.5), stats.norm.cdf(-1.5)
    found = second_check([61.0, 57.0], [100.0, 40.0], Design.simple(2, 10), {"中": 60, "差": 0}, ["差"], 2.0)
    tables.check(found, "estimates")
    units = found[found["estimator"].eq("units")].set_index("measure")["estimate"]
    money = found[found["estimator"].eq("yuan")].set_index("measure")["estimate"]
    assert units.to_dict() == pytest.approx(
        {"false cut": 5 * cut, "false keep": 5 * keep, "listed": 5, "cut": 5 * (cut + 1 - keep)}
    )
    assert money.to_dict() == pytest.approx(
        {"false cut": 500 * cut, "false keep": 200 * keep, "listed": 200, "cut": 500 * cut + 200 * (1 - keep)}
    )


def test_an_exact_check_errs_nowhere():
    found = second_check([60.0, 59.9, 95.0], [1.0] * 3, Design.simple(3), CUTS, ["差"], 0.0)
    assert found.set_index(["estimator", "measure"]).loc["yuan", "estimate"].to_dict() == {
        "false cut": 0,
        "false keep": 0,
        "listed": 1,
        "cut": 1,
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda d: money_moved(["优"] * 2, ["优"] * 2, [1.0, -2.0], d, {"优": 9.0}, CUTS, ["中"]), "金额为负"),
        (lambda d: money_moved(["优"] * 2, ["优"] * 2, [5.0, 6.0], d, {"优": 9.0}, CUTS, ["中"]), "more was checked"),
        (lambda d: money_moved(["优"] * 2, ["优"] * 2, [1.0, 2.0], d, {"优": 9.0}, CUTS, ["下"]), "没有这个等级"),
        (lambda d: second_check([80.0, 90.0], [1.0, 1.0], d, CUTS, ["中"], -1.0), "标准差不能为负"),
    ],
)
def test_what_does_not_fit_is_said(wrong, said):
    with pytest.raises(SampleError, match=said):
        wrong(Design.simple(2, 10))


def test_findings_in_words(spot_check):
    rows, design, frame = spot_check.rows, Design.of(spot_check.sample), spot_check.population
    own = graded(frame["self"], CUTS)
    zh, en = say_inflation(inflation(rows["self"], rows["spot"], design))
    # 5.025 ± 1.9648 * 0.1694 (R survey; t on 495).
    assert "自评平均比抽评高 5.0 分（95% 置信区间 4.7 至 5.4 分）" in zh
    assert "600 checks stand for 5,688 units" in en
    by = inflation(rows["self"], rows["spot"], design, rows["dept"], against="all")
    assert say_groups(by)[0].endswith("与总体平均有差异的：无。")
    counts = pd.Series(own).value_counts()
    corrected = corrected_distribution(rows["g_self"], rows["g_spot"], design, counts, CUTS)
    zh, _ = say_grades(corrected, reported_distribution(counts, CUTS))
    assert zh.startswith("若全部抽查，各等级占比：优 17.5%")
    assert "自评 36.4%" in zh  # 2,070 of 5,688
    known = frame.groupby(own)["budget"].sum()
    money = money_moved(rows["g_self"], rows["g_spot"], rows["budget"] * 1e4, design, known * 1e4, CUTS, ["中", "差"])
    assert "抽评为中、差的项目预算合计" in say_money(money, ["中", "差"])[0]
    ranks = ranked_departments(rows["self"], rows["spot"], design, rows["dept"])
    zh, en = say_department(ranks.iloc[0], len(ranks))
    assert zh.startswith("agriculture：随机抽查 124 个")
    assert en.endswith("rank 1 to 5 of 5.")
    assert "不超过 4.87 万元" in say_risk(money_at_risk([100.0] * 60, [0.0] * 60, 1e6))[0]


def test_below_is_said_as_below():
    zh, en = say_inflation(inflation([80, 82, 84], [85, 85, 90], Design.simple(3, 30)))
    # Differences -5, -3, -6: mean 4.7 below.
    assert "低 4.7 分" in zh
    assert "4.7 points below" in en
