"""Does an indicator drift: R's published regression, hand arithmetic, and what must hold for any years."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.errors import ScoreError
from perfkit.measure import items

pytestmark = pytest.mark.filterwarnings("error")

# R's data set women: heights 58 ... 72, and these weights. summary(lm(weight ~ height)) prints 3.45000 and 0.09114.
WEIGHTS = [115, 117, 120, 123, 126, 129, 132, 135, 139, 142, 146, 150, 154, 159, 164]
WOMEN = pd.DataFrame({"year": range(58, 73), "weight": WEIGHTS})
THREE = pd.DataFrame(
    {
        "year": [2021, 2021, 2021, 2022, 2022, 2022, 2023, 2023, 2023],
        "产出": [0.5, 0.7, 0.9, 0.8, 1.0, 0.9, 1.0, 1.0, 1.0],
        "效益": [0.2, 0.4, 0.6, 0.2, 0.6, 0.4, 0.6, 0.2, 0.4],
    }
)


def row(table, indicator, figure):
    found = table[table["indicator_id"].eq(indicator) & table["figure"].eq(figure)]
    assert len(found) == 1
    return found.iloc[0]


def test_the_slope_that_r_publishes():
    found = row(items.drift(WOMEN, None), "weight", "mean")
    assert found["slope"] == pytest.approx(3.45, abs=5e-6)
    assert found["se"] == pytest.approx(0.09114, abs=5e-6)
    # confint(): 2.160369 is the t quantile of 13 degrees of freedom.
    assert found["low"] == pytest.approx(3.45 - 2.160369 * 0.09114, abs=1e-4)
    assert (found["verdict_en"], found["verdict_zh"], found["years"]) == ("rises", "上升", 15)


def test_years_by_hand():
    table = items.by_year(THREE)
    out = table[table["indicator_id"].eq("产出")]
    assert out["mean"].round(9).tolist() == [0.7, 0.9, 1.0]
    assert out["ceiling"].round(9).tolist() == [0.0, round(1 / 3, 9), 1.0]
    # 2021 both rise together; 2022 is (-1, 1, 0) x (-2, 2, 0) up to scale: one; in 2023 nothing varies.
    assert out["discrimination"].round(9).tolist()[:2] == [1.0, 1.0]
    assert np.isnan(out["discrimination"].iloc[2])
    assert "same share" in out["note_en"].iloc[2]


def test_a_trend_by_hand():
    # 0.7, 0.9, 1.0 on -1, 0, 1: slope 0.3 / 2; residuals -1/60, 2/60, -1/60, squares 6/3600; one degree of freedom;
    # se = sqrt(6/3600 / 2) = 0.028868; t(0.975, 1) = 12.7062, so that nothing is clear.
    found = row(items.drift(THREE), "产出", "mean")
    assert found["slope"] == pytest.approx(0.15)
    assert found["se"] == pytest.approx(0.0288675, abs=1e-7)
    assert found["high"] == pytest.approx(0.15 + 12.7062 * 0.0288675, abs=1e-5)
    assert found["verdict_en"] == "no clear trend"
    # At 80 % the quantile is 3.0777: 0.15 - 0.0888 > 0.
    assert row(items.drift(THREE, confidence=0.8), "产出", "mean")["verdict_en"] == "rises"
    assert row(items.drift(THREE), "效益", "mean")["verdict_en"] == "does not change"


def test_one_year_and_two():
    one = items.drift(THREE[THREE["year"].eq(2021)])
    assert one["slope"].isna().all()
    assert one["note_en"].str.contains("one year only").all()
    assert one["note_zh"].ne("").all()
    two = row(items.drift(THREE[THREE["year"].le(2022)]), "产出", "mean")
    assert two["slope"] == pytest.approx(0.2)
    assert np.isnan(two["se"])
    assert (two["verdict_en"], two["note_en"][:14]) == ("cannot be told", "two years only")


def test_values_have_a_mean_only():
    found = items.drift(WOMEN, None)
    assert found["figure"].tolist() == ["mean", "ceiling", "discrimination"]
    assert found["years"].tolist() == [15, 0, 0]
    assert items.by_year(WOMEN, None)["note_en"].str.contains("no full mark").all()


def test_a_year_without_a_value():
    gap = THREE.assign(效益=THREE["效益"].where(THREE["year"].ne(2022)))
    table = items.by_year(gap)
    empty = table[table["n"].eq(0)].iloc[0]
    assert (empty["indicator_id"], empty["year"], empty["note_en"]) == ("效益", 2022, "no unit has a value")
    assert row(items.drift(gap), "效益", "mean")["years"] == 2


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (THREE.drop(columns="year"), "one column of years"),
        (THREE.assign(year=2021.5), "a year must be a whole number"),
        (THREE.assign(year=None), "a year must be a whole number"),
        (THREE.assign(产出="好"), "not a number"),
        (THREE.assign(产出=1.2), "not a share of full points"),
        (THREE[["year"]], "too few indicators"),
    ],
)
def test_what_is_refused(table, said):
    with pytest.raises(ScoreError, match=said):
        items.drift(table)


def test_an_odd_full_mark_is_refused():
    with pytest.raises(ScoreError, match="full must be a number"):
        items.drift(THREE, 0)
    with pytest.raises(ScoreError, match="confidence is out of range"):
        items.drift(THREE, confidence=1)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(2018, 2023), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=20))
def test_the_order_of_rows_does_not_matter_and_turning_turns(rows):
    table = (
        pd.DataFrame(rows, columns=["year", "a", "b"])
        .astype({"a": float, "b": float})
        .assign(a=lambda each: each["a"] / 4, b=lambda each: each["b"] / 4)
    )
    found, back = items.drift(table), items.drift(table[::-1])
    pd.testing.assert_frame_equal(found, back, atol=1e-9, rtol=1e-9)
    missing = found[["slope", "se"]].isna().any(axis=1)
    assert (~missing | found["note_en"].ne("")).all()
    turned = items.drift(table.assign(a=1 - table["a"]))
    mean, other = row(found, "a", "mean"), row(turned, "a", "mean")
    assert np.isclose(mean["slope"], -other["slope"], equal_nan=True, atol=1e-12)
