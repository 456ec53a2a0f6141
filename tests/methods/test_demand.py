"""Demand forecasts: closed forms, seeded coverage, refusals, and words that agree with the numbers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from perfkit.errors import ScoreError
from perfkit.methods import demand


def series(values, first=2000):
    return pd.Series(np.asarray(values, dtype=float), index=range(first, first + len(values)))


class TestForecast:
    def test_a_straight_line_goes_on(self):
        found = demand.forecast(series(10 + 2.0 * np.arange(15)), 2019)
        assert found.tables["forecast"]["demand"].tolist() == pytest.approx([40, 42, 44, 46, 48])
        assert found.tables["forecast"]["year"].tolist() == [2015, 2016, 2017, 2018, 2019]
        assert (found.low, found.high) == pytest.approx((48, 48))

    def test_trend_interval_by_the_formula(self):
        # s^2 (1 + 1/n + (x0 - mean)^2 / Sxx), n - 2 degrees of freedom; residuals that alternate: no autocorrelation.
        wobble = np.tile([1.0, -1.0], 8)
        values = 50 + 3.0 * np.arange(16) + wobble
        found = demand.forecast(series(values), 2018, confidence=0.9)
        x = np.arange(16.0)
        slope, level = np.polyfit(x, values, 1)
        s = np.sqrt(((values - level - slope * x) ** 2).sum() / 14)
        se = s * np.sqrt(1 + 1 / 16 + (18 - 7.5) ** 2 / ((x - 7.5) ** 2).sum())
        assert found.estimate == pytest.approx(level + 18 * slope)
        assert found.high - found.estimate == pytest.approx(stats.t.ppf(0.95, 14) * se)
        assert found.method[0] == "直线趋势"

    def test_drift_by_the_formula(self):
        # A walk: 1, 3, 6 ... steps that themselves do not repeat; last + h x mean step, s sqrt(h (1 + h / 15)).
        steps = np.array([5.0, 9, 2, 7, 1, 8, 4, 6, 3, 9, 20, 30, 25, 28, 31])
        values = 100 + np.concatenate([[0.0], np.cumsum(steps)])
        found = demand.forecast(series(values), 2018)
        assert found.method[1] == "random walk with drift"
        assert found.estimate == pytest.approx(values[-1] + 3 * steps.mean())
        assert found.se == pytest.approx(steps.std(ddof=1) * np.sqrt(3 * (1 + 3 / 15)))
        assert found.diagnostics[0].verdict == "warn"

    @pytest.mark.parametrize(("kind", "floor"), [("trend", 0.91), ("walk", 0.87)])
    def test_intervals_cover(self, kind, floor):
        rng = np.random.default_rng(5)
        inside = 0
        for _ in range(300):
            noise = rng.normal(0, 5, 18)
            values = 300 + 3 * np.arange(18) + (noise if kind == "trend" else np.cumsum(noise))
            found = demand.forecast(series(values[:15]), 2017)
            inside += found.low <= values[17] <= found.high
        assert inside / 300 >= floor

    def test_capacity_against_the_interval(self):
        values = 50 + 3.0 * np.arange(16) + np.tile([1.0, -1.0], 8)
        small, fit, large = (demand.forecast(series(values), 2018, capacity=c) for c in (80.0, 104.0, 150.0))
        assert "规模不足" in small.text[0]
        assert "规模偏大" in large.text[0]
        assert "够用的概率" in fit.text[0]
        row = fit.tables["forecast"].iloc[-1]
        assert row["chance_enough"] == pytest.approx(stats.t.cdf((104 - fit.estimate) / fit.se, 14))
        assert large.tables["forecast"]["chance_enough"].iloc[-1] > 0.999

    def test_short_and_far_are_refused(self):
        short = demand.forecast(series([1.0] * 11), 2012)
        far = demand.forecast(series([1.0] * 12), 2030)
        assert (short.refused, far.refused) == (True, True)
        assert "11 年" in short.text[0]
        assert "不作预测" in far.text[0]
        assert np.isnan(short.high)

    def test_far_ahead_warns(self):
        values = series(50 + 3.0 * np.arange(16) + np.tile([1.0, -1.0], 8))
        assert demand.forecast(values, 2018).diagnostics[1].verdict == "pass"
        assert demand.forecast(values, 2026).diagnostics[1].verdict == "warn"

    def test_a_turn_at_the_end_shows_in_the_years_held_out(self):
        values = np.concatenate([100 + 5.0 * np.arange(12) + np.tile([1, -1], 6), [50, 40, 30, 20]])
        found = demand.forecast(series(values), 2017)
        assert found.tables["held_out"]["within"].sum() == 0
        assert found.diagnostics[2].verdict == "warn"

    def test_everything_wrong_is_named_at_once(self):
        bad = pd.Series([1.0, -1.0, np.nan, 2.0], index=[2001, 2002, 2004, 2004])
        with pytest.raises(ScoreError) as caught:
            demand.forecast(bad, 2004)
        assert len(caught.value.problems) == 5
        with pytest.raises(ScoreError, match="no history"):
            demand.forecast(pd.Series(dtype=float), 2020)

    @settings(max_examples=40)
    @given(st.lists(st.floats(0, 1e6), min_size=12, max_size=25), st.integers(1, 10), st.floats(0, 1e6))
    def test_words_agree_with_the_numbers(self, values, ahead, capacity):
        assume(ahead <= len(values))
        found = demand.forecast(series(values), 1999 + len(values) + ahead, capacity=capacity)
        assert 0 <= found.low <= found.estimate <= found.high
        assert ("偏大" in found.text[0]) == (capacity > found.high) == ("more than demand" in found.text[1])
        assert ("不足" in found.text[0]) == (capacity < found.low) == ("not enough" in found.text[1])
        assert found.tables["forecast"]["chance_enough"].between(0, 1).all()
        widths = found.tables["forecast"]["high"] - found.tables["forecast"]["low"]
        assert (widths >= 0).all()

    @pytest.mark.parametrize("level", [0.0, 7.0])
    def test_all_equal(self, level):
        found = demand.forecast(series([level] * 14), 2016, capacity=level)
        assert (found.low, found.estimate, found.high) == pytest.approx((level, level, level))
        assert "偏大" not in found.text[0]
        assert "不足" not in found.text[0]

    def test_order_of_years_does_not_matter(self):
        values = series(50 + 3.0 * np.arange(16) + np.tile([1.0, -1.0], 8))
        assert demand.forecast(values.iloc[::-1], 2018).estimate == demand.forecast(values, 2018).estimate
