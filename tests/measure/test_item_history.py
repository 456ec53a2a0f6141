"""Standards from history: a textbook's intervals, numpy, scipy, hand arithmetic, and what must hold for any past."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from perfkit import tables
from perfkit.errors import ScoreError
from perfkit.measure import items

pytestmark = pytest.mark.filterwarnings("error")

FISH = [32.5, 27.6, 29.3, 30.1, 15.5, 21.7, 22.8, 21.2, 19.0]
PAST = pd.DataFrame(
    {"满意度": [70, 75, 80, 82, 85, 88, 90, 92, 95], "天数": [9, 8, 7, 7, 6, 5, 5, 4, 3]},
    index=[f"u{i}" for i in range(9)],
)
WAYS = {"满意度": "ge", "天数": "le"}


def one(own, level, way="ge", **more):
    table = items.standards(pd.DataFrame({"x": own}), {"x": way}, least=1, levels=[level], **more)
    assert len(table) == 1
    return table.iloc[0]


# Intervals for the median as textbooks print them (lower and upper place, confidence in per cent).
@pytest.mark.parametrize(
    ("n", "low", "high", "per_cent"), [(9, 2, 8, 96.1), (10, 2, 9, 97.9), (15, 4, 12, 96.5), (20, 6, 15, 95.9)]
)
def test_the_intervals_for_the_median_in_print(n, low, high, per_cent):
    found = one(np.arange(1, n + 1), 0.5)
    assert (found["low"], found["high"]) == (low, high)
    assert 100 * found["coverage"] == pytest.approx(per_cent, abs=0.05)


def test_the_fish_by_hand():
    # Hogg & Tanis: of nine, the second and the eighth: (9 + 36 + 84 + 126 + 126 + 84 + 36 - 9) / 512 = 0.9609.
    found = one(FISH, 0.5)
    assert (found["target"], found["low"], found["high"]) == (22.8, 19.0, 30.1)
    assert found["coverage"] == pytest.approx(492 / 512)


def test_a_quartile_by_hand():
    # n = 27, p = 1/4: P(B <= 2) = 0.0214 and P(B <= 1) fits below 2.5 %, P(B >= 12) = 0.0246: places 3 and 12.
    drawn = stats.binom(27, 0.25)
    assert drawn.cdf(2) <= 0.025 < drawn.cdf(3)
    assert drawn.sf(11) <= 0.025 < drawn.sf(10)
    found = one(np.arange(1, 28), 0.25)
    assert (found["low"], found["high"]) == (3, 12)
    assert found["coverage"] == pytest.approx(sum(drawn.pmf(k) for k in range(3, 12)))


@pytest.mark.parametrize(("n", "p"), [(12, 0.5), (40, 0.25), (60, 0.75), (101, 0.3)])
def test_scipy_agrees(n, p):
    own = np.random.default_rng(n).normal(size=n)
    ends = stats.quantile_test(own, p=p).confidence_interval(0.95)
    found = one(own, p)
    assert (found["low"], found["high"]) == (ends.low, ends.high)


def test_less_is_better_asks_for_the_low_side():
    table = items.standards(PAST, WAYS, least=5)
    days = table[table["indicator_id"].eq("天数")].set_index("level")
    assert days["percentile"].to_dict() == {0.25: 0.75, 0.5: 0.5, 0.75: 0.25}
    # 3 4 5 5 6 7 7 8 9: places 1 + 8 p.
    assert days["target"].to_dict() == {0.25: 7.0, 0.5: 6.0, 0.75: 5.0}
    assert days["met"].round(6).to_dict() == {0.25: round(7 / 9, 6), 0.5: round(5 / 9, 6), 0.75: round(4 / 9, 6)}
    assert days["basis"][0.75] == "历史标准：全部 9 个历史值的第 25 百分位数 5，历史值中 44.4% 达到"


def test_groups_and_too_few():
    groups = pd.Series(["甲"] * 6 + ["乙"] * 2 + [None], index=PAST.index)
    table = items.standards(PAST, WAYS, least=5, groups=groups, levels=[0.5])
    first = table[table["indicator_id"].eq("满意度")].set_index("group")
    assert first["n"].tolist() == [9, 2, 6]
    assert first["target"].loc["甲"] == np.median([70, 75, 80, 82, 85, 88])
    assert np.isnan(first["target"].loc["乙"])
    assert first["note_en"].loc["乙"] == "2 values, fewer than 5: none is proposed"
    assert pd.isna(first["basis"].loc["乙"])
    # Six values: the first and the last cover the median with 1 - 2/64.
    assert first["coverage"].loc["甲"] == pytest.approx(1 - 2 / 64)


def test_few_values_give_no_end():
    found = one([1, 2, 3, 4, 5], 0.5)
    # Two sides of five: 1 - 2/32 = 93.75 % is all there is.
    assert np.isnan([found["low"], found["high"], found["coverage"]]).all()
    assert found["note_en"].startswith("too few values")
    assert found["target"] == 3


def test_years_of_one_unit_are_no_independent_values():
    stacked = pd.concat([PAST, PAST + 1])
    found = items.standards(stacked, WAYS, least=5, levels=[0.5])
    assert found["note_en"].str.contains("too narrow").all()
    drawn = items.standards(stacked, WAYS, least=5, levels=[0.5], interval="bootstrap", seed=3)
    assert drawn["note_en"].eq("").all()
    wide = drawn["high"] - drawn["low"]
    assert (wide > found["high"] - found["low"] - 1e-9).all()


def test_the_bootstrap_finds_the_spread_of_the_median():
    # The median of n normal values has standard deviation sqrt(pi / 2n): with 400, 0.0627; 95 % is 0.2456 wide.
    own = stats.norm.ppf((np.arange(400) + 0.5) / 400)
    found = one(own, 0.5, interval="bootstrap", seed=1)
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * np.sqrt(np.pi / 800), rel=0.1)
    again = one(own[::-1], 0.5, interval="bootstrap", seed=1)
    assert found["low"] != one(own, 0.5, interval="bootstrap", seed=2)["low"]
    assert again["target"] == found["target"]


def test_the_bootstrap_does_not_see_the_order_of_rows():
    stacked = pd.concat([PAST, PAST + 1])
    ask = {"least": 5, "interval": "bootstrap", "seed": 3}
    left, right = items.standards(stacked, WAYS, **ask), items.standards(stacked[::-1], WAYS, **ask)
    pd.testing.assert_frame_equal(left, right)


def test_into_the_table_indicators(tmp_path):
    words = {"level1": "效益", "kind": "quantitative", "target": 90.0, "target_text": "≥90"}
    rows = [
        {"indicator_id": "满意度", "level3": "满意度", "direction": "ge", **words},
        {"indicator_id": "天数", "level3": "天数", "direction": "le", **words},
        {"indicator_id": "其他", "level3": "其他", "direction": "ge", **words},
    ]
    proposed = items.standards(PAST, WAYS, least=5)
    made = items.with_standards(pd.DataFrame(rows), proposed, 0.75)
    tables.write({"indicators": made}, tmp_path / "指标.xlsx")
    back = tables.read(tmp_path / "指标.xlsx", "indicators").set_index("indicator_id")
    assert back["target"].to_dict() == {"满意度": 90.0, "天数": 5.0, "其他": 90.0}
    assert back["basis"].loc["天数"].startswith("历史标准：")
    assert pd.isna(back["basis"].loc["其他"])
    assert back["target_text"].loc["其他"] == "≥90"
    assert pd.isna(back["target_text"].loc["天数"])
    with pytest.raises(ScoreError, match="the other direction"):
        items.with_standards(pd.DataFrame(rows).assign(direction="ge"), proposed, 0.75)
    for level, group in ((0.6, None), (0.75, "甲")):
        with pytest.raises(ScoreError, match="nothing is proposed"):
            items.with_standards(pd.DataFrame(rows), proposed, level, group)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ({"least": 0}, "least is out of range"),
        ({"levels": [1.0]}, "levels is out of range"),
        ({"levels": [0.0]}, "levels is out of range"),
        ({"confidence": 1.0}, "confidence is out of range"),
        ({"interval": "normal"}, "interval must be one of"),
        ({"interval": "bootstrap"}, "takes a seed"),
        ({"seed": 1}, "takes a seed"),
        ({"groups": pd.Series(["甲"] * 3)}, "groups must stand on the rows"),
        ({"directions": {"满意度": "ge"}}, "天数"),
        ({"directions": {**WAYS, "天数": "eq"}}, "天数"),
        ({"values": PAST.assign(天数="三")}, "not a number"),
        ({"values": PAST.iloc[:0]}, "too few units"),
    ],
)
def test_what_is_refused(ask, said):
    with pytest.raises(ScoreError, match=said):
        items.standards(**{"values": PAST, "directions": WAYS, "least": 5, **ask})


@settings(max_examples=60)
@given(
    st.lists(st.integers(-5, 20), min_size=1, max_size=30),
    st.sampled_from(["ge", "le"]),
    st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)),
)
def test_what_must_hold(own, way, levels):
    own, (easy, hard) = np.array(own, dtype=float), sorted(levels)
    lax, strict = one(own, easy, way), one(own, hard, way)
    assert lax["target"] == pytest.approx(np.quantile(own, easy if way == "ge" else 1 - easy))
    # The harder level is met by no more, and lies on the better side.
    assert strict["met"] <= lax["met"]
    assert (strict["target"] - lax["target"]) * (1 if way == "ge" else -1) >= -1e-9
    for found in (lax, strict):
        if np.isfinite(found["coverage"]):
            assert found["low"] <= found["target"] <= found["high"]
            assert 0.95 - 1e-12 <= found["coverage"] <= 1
    # Turning the values turns the standard.
    other = one(-own, hard, "le" if way == "ge" else "ge")
    assert other["target"] == pytest.approx(-strict["target"])
    assert other["met"] == strict["met"]
