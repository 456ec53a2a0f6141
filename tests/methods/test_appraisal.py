"""Appraisal of cash flows against published cases, another program's figures, and closed forms."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import rules
from perfkit.methods import appraisal

HELD = rules.load("cn-ex-ante", "2024-12-31")
GREENBOOK = HELD.value("discount_rates_uk")["greenbook"]["steps"]


def flat(rate):
    return [{"from_year": 0, "rate": rate}]


def oracle(shared, case):
    folder = shared / "oracles" / case
    return folder, json.loads((folder / "expected.json").read_text(encoding="utf-8"))


def flows_of(years, benefit=0.0, investment=0.0, operation=0.0, option="甲"):
    frame = pd.DataFrame({"year": years, "benefit": benefit, "investment": investment, "operation": operation})
    return frame.assign(option_id=option)


class TestWaterSupply:
    """Case china_water_eirr: a textbook's water supply, its figures verified with numpy-financial 1.0.0."""

    @pytest.fixture
    def case(self, shared):
        folder, expected = oracle(shared, "china_water_eirr")
        table = pd.read_csv(folder / "cashflow.csv")
        return flows_of(table["year"], table["benefit"], table["investment"], table["om_cost"]), expected

    def test_present_values(self, case):
        flows, expected = case
        yearly = appraisal.net(flows)
        for percent in (6, 7, 8, 9):
            got = appraisal.present_value(yearly, flat(percent / 100))
            assert got == pytest.approx(expected["verified"][f"ENPV_{percent}"], abs=1e-7)

    def test_published_figures_to_their_digits(self, case):
        # The book prints 15.52 where exact factors give 15.498 (its interest tables have four decimals), and -10.89.
        flows, expected = case
        yearly = appraisal.net(flows)
        assert appraisal.present_value(yearly, flat(0.09)) == pytest.approx(expected["published"]["ENPV_9"], abs=0.01)
        assert appraisal.present_value(yearly, flat(0.07)) == pytest.approx(
            expected["published"]["ENPV_7"], abs=0.025
        )
        by_hand = appraisal.interpolated_rate(yearly, 0.07, 0.09)
        assert round(by_hand, 3) == expected["published"]["EIRR_interpolated"]
        assert by_hand == pytest.approx(expected["verified"]["EIRR_linear_interp"], abs=1e-10)

    def test_rate_of_return_and_ratio(self, case):
        flows, expected = case
        (rate,) = appraisal.rates_of_return(appraisal.net(flows))
        assert rate == pytest.approx(expected["verified"]["EIRR_exact"], abs=1e-9)
        row = appraisal.appraise(flows, flat(0.08)).iloc[0]
        assert row["bcr"] == pytest.approx(expected["verified"]["EBCR_8"], abs=1e-9)
        assert row["npv"] == pytest.approx(expected["verified"]["ENPV_8"], abs=1e-8)

    def test_reservoir(self, shared):
        # The same case: present values B = 12150.7 and C = 17221.9 give ENPV = -5071.2 and EBCR = 0.7055.
        expected = oracle(shared, "china_water_eirr")[1]
        printed = expected["published"]["reservoir"]
        row = appraisal.appraise(flows_of([0], printed["B"], printed["C"]), flat(0.12)).iloc[0]
        assert row["npv"] == pytest.approx(printed["ENPV"], abs=0.05)
        assert round(row["bcr"], 4) == printed["EBCR"]
        assert row["bcr"] == pytest.approx(expected["verified"]["reservoir_EBCR"], abs=1e-9)


class TestGreenBook:
    def test_factors(self, shared):
        folder, expected = oracle(shared, "greenbook_discounting")
        table = pd.read_csv(folder / "discount_factors.csv")
        factors = appraisal.discount_factors(500, GREENBOOK)
        assert factors[table["year"]] == pytest.approx(table["df"], abs=1e-9)
        for year in (1, 10, 30):  # as printed in Annex 6
            assert round(factors[year], 4) == expected["published"][f"df_{year}"]

    def test_options_a_and_b(self, shared):
        # Green Book 2003, box "Options A and B": A -0.82, B 0.51 (million pounds).
        folder, expected = oracle(shared, "greenbook_discounting")
        table = pd.read_csv(folder / "options.csv")
        for option in ("A", "B"):
            got = appraisal.present_value(table[option], GREENBOOK)
            assert round(got, 2) == expected["published"][f"options_{option}_npv"]
            assert got == pytest.approx(expected["verified"][option], abs=1e-9)


class TestRatesOfReturn:
    CASES = ("numpy_financial_28", "numpy_financial_44", "pump", "no_root", "seawall_decommission")

    @pytest.mark.parametrize("name", CASES)
    def test_all_of_them(self, shared, name):
        # Case irr_multiple_roots: numpy-financial issues 28 and 44, Lorie and Savage's oil pump (1955).
        folder, expected = oracle(shared, "irr_multiple_roots")
        yearly = pd.read_csv(folder / "cashflows.csv")[name].dropna()
        wanted = expected["verified"][name]
        assert yearly.tolist() == wanted["cashflow"]
        assert appraisal.rates_of_return(yearly) == pytest.approx(wanted["all_irr_roots_gt_-1"], abs=1e-6)
        assert appraisal.present_value(yearly, flat(0.08)) == pytest.approx(wanted["npv_8pct_year0"], rel=1e-9)

    @pytest.mark.parametrize("flows", [[0, 0], [100, 50], [-100, -5], [-5], []])
    def test_none(self, flows):
        assert appraisal.rates_of_return(pd.Series(flows, dtype=float)) == []

    @given(
        st.floats(1, 1e6),
        st.integers(1, 60),
        st.floats(-0.2, 0.6).filter(lambda rate: abs(rate) > 1e-4),
    )
    def test_an_annuity_returns_its_rate(self, investment, years, rate):
        # Closed form: an investment recovered by `years` equal amounts at `rate`.
        amount = investment * rate / (1 - (1 + rate) ** -years)
        found = appraisal.rates_of_return(pd.Series([-investment, *[amount] * years]))
        assert found == pytest.approx([rate], abs=1e-5)


class TestAppraise:
    def test_years_without_a_flow_count(self):
        yearly = appraisal.net(flows_of([0, 3], [0, 10], [5, 0]))
        assert yearly.to_dict() == {0: -5, 1: 0, 2: 0, 3: 10}

    def test_rows_of_a_year_are_added_and_gaps_are_nothing(self):
        yearly = appraisal.net(flows_of([0, 1, 1], [np.nan, 2, 3], [5, np.nan, 0], [0, 1, np.nan]))
        assert yearly.to_dict() == {0: -5, 1: 4}

    def test_year_0_is_not_discounted(self):
        assert appraisal.present_value(pd.Series([100.0, 110.0]), flat(0.1)) == pytest.approx(200)

    def test_order_of_rows_does_not_matter(self):
        flows = flows_of([0, 1, 2], [0, 4, 5], [6, 0, 0])
        straight, turned = (appraisal.appraise(f, GREENBOOK) for f in (flows, flows.iloc[::-1]))
        pd.testing.assert_frame_equal(straight, turned)

    def test_options_are_kept_apart(self):
        both = pd.concat([flows_of([0, 1], [0, 9], [5, 0]), flows_of([0, 1], [0, 3], [5, 0], option="乙")])
        table = appraisal.appraise(both, flat(0.05))
        assert table["option_id"].tolist() == ["甲", "乙"]
        assert table["npv"].tolist() == pytest.approx([9 / 1.05 - 5, 3 / 1.05 - 5])

    @settings(max_examples=40)
    @given(
        st.lists(st.tuples(*[st.floats(0, 1000).map(lambda x: round(x, 2))] * 3), min_size=2, max_size=12),
        st.sampled_from([0.0, 0.035, 0.08]),
    )
    def test_switching_values_make_the_present_value_zero(self, rows, rate):
        investment, operation, benefit = (list(column) for column in zip(*rows, strict=True))
        flows = flows_of(range(len(rows)), benefit, investment, operation)
        row = appraisal.appraise(flows, flat(rate)).iloc[0]
        scale = row["pv_benefit"] + row["pv_cost"] + 1
        for component in ("benefit", "investment", "operation"):
            change = row[f"switch_{component}"]
            if not np.isnan(change) and abs(change) < 1e6:
                moved = flows.assign(**{component: flows[component] * (1 + change)})
                assert appraisal.appraise(moved, flat(rate)).iloc[0]["npv"] == pytest.approx(0, abs=1e-6 * scale)

    def test_a_component_that_is_not_there_has_no_switching_value(self):
        row = appraisal.appraise(flows_of([0, 1], [0, 9], [5, 0]), flat(0.05)).iloc[0]
        assert np.isnan(row["switch_operation"])

    def test_the_curve_is_the_present_value_at_each_rate(self):
        flows = flows_of([0, 1], [0, 110], [100, 0])
        curve = appraisal.npv_curve(flows, [0.0, 0.1, 0.2])
        assert curve["甲"].tolist() == pytest.approx([10, 0, 110 / 1.2 - 100])
