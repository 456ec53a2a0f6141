"""Options, sensitivity, shadow prices, conventions: published cases, hand arithmetic, properties."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from perfkit.errors import ScoreError
from perfkit.methods import appraisal
from perfkit.methods.appraisal import Convention

AMOUNTS = st.floats(-1000, 1000).map(lambda x: round(x, 2))
RATES = st.floats(-0.05, 0.5)


def flat(rate):
    return [{"from_year": 0, "rate": rate}]


def flows_of(years, benefit=0.0, investment=0.0, operation=0.0, option="甲"):
    frame = pd.DataFrame({"year": years, "benefit": benefit, "investment": investment, "operation": operation})
    return frame.assign(option_id=option)


class TestConvention:
    def test_the_three_timings(self):
        # Social Cost-Benefit Analysis (University of Queensland), chapter 3: 10,000 now, 5,000 in each of three years
        # at 5 %. By hand: end 5000 x 2.723248; start 5000 x (1 + 1/1.05 + 1/1.05^2); middle = end x sqrt(1.05).
        flows = pd.Series([-10000.0, 5000, 5000, 5000])
        got = [appraisal.present_value(flows, flat(0.05), Convention(timing=t)) for t in ("end", "mid", "start")]
        assert got == pytest.approx([3616.24, 3952.49, 4297.05], abs=0.005)

    def test_a_first_year_that_is_discounted_once(self):
        # The two readings of one list: 1,100 in the first year is 1,100 (year 0) or 1,000 (year 1) at 10 %.
        flows = pd.Series([1100.0])
        assert appraisal.present_value(flows, flat(0.1)) == 1100
        assert appraisal.present_value(flows, flat(0.1), Convention(base_year=-1)) == pytest.approx(1000)

    @given(st.lists(AMOUNTS, min_size=1, max_size=12), RATES, st.floats(0, 0.1))
    def test_nominal_and_real_agree(self, amounts, rate, inflation):
        real = pd.Series(amounts)
        nominal = real * (1 + inflation) ** np.arange(len(real))
        straight = appraisal.present_value(real, flat(rate))
        through = appraisal.present_value(nominal, flat(rate), Convention(inflation=inflation))
        assert through == pytest.approx(straight, rel=1e-9, abs=1e-6)

    @given(st.lists(st.floats(0, 0.3), min_size=1, max_size=5), st.integers(0, 200))
    def test_factors_never_rise(self, rates, years):
        steps = [{"from_year": 20 * i, "rate": r} for i, r in enumerate(rates)]
        factors = appraisal.discount_factors(years, steps)
        assert len(factors) == years + 1
        assert factors[0] == 1
        assert (np.diff(factors) <= 0).all()

    def test_the_middle_under_a_declining_schedule(self):
        # By hand: year 2 lies in the step at 2 %: 1 / (1.04 x sqrt(1.02)).
        steps = [{"from_year": 0, "rate": 0.04}, {"from_year": 2, "rate": 0.02}]
        got = appraisal.present_value(pd.Series({2: 1.0}), steps, Convention(timing="mid"))
        assert got == pytest.approx(1 / (1.04 * 1.02**0.5))

    def test_bad_rates_and_past_flows_are_refused(self):
        for steps in ([], flat(-1.0), flat(float("nan")), flat(float("inf"))):
            with pytest.raises(ScoreError):
                appraisal.discount_factors(3, steps)
        with pytest.raises(ScoreError, match="before the base year"):
            appraisal.present_value(pd.Series({0: 1.0}), flat(0.1), Convention(base_year=2))

    def test_words_name_what_was_done(self):
        zh, en = Convention(base_year=-1, timing="mid", inflation=0.02).words
        assert all(word in zh for word in ("年中", "名义", "2%", "-1"))
        assert all(word in en for word in ("middle", "nominal", "2%", "-1"))


class TestReturns:
    @pytest.mark.parametrize(
        "name", ["numpy_financial_28", "numpy_financial_44", "pump", "no_root", "seawall_decommission"]
    )
    def test_modified_rates_and_signs(self, shared, name):
        # Case irr_multiple_roots: modified rates of numpy-financial 1.0.0.
        folder = shared / "oracles" / "irr_multiple_roots"
        wanted = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["verified"][name]
        flows = pd.DataFrame({"year": range(len(wanted["cashflow"])), "benefit": wanted["cashflow"]})
        row = appraisal.returns(flows.assign(investment=0.0, operation=0.0, option_id=name), 0.08).iloc[0]
        assert row["modified"] == pytest.approx(wanted["mirr_8_8"], abs=1e-6)
        assert row["sign_changes"] == wanted["sign_changes"]
        roots = wanted["all_irr_roots_gt_-1"]
        assert row["roots"] == pytest.approx(roots, abs=1e-6)
        assert row["status"] == ("none", "one", "several")[len(roots)]
        shown = [f"{100 * root:.2f}".rstrip("0").rstrip(".") + "%" for root in roots]
        assert all(each in row["why_zh"] and each in row["why_en"] for each in shown)
        assert ("修正内部收益率" in row["why_zh"]) == (len(roots) != 1)

    def test_published_several_rates(self, shared):
        # numpy-financial issue 28: Excel gives 185 %; issue 44: the development version 100.427 %.
        folder = shared / "oracles" / "irr_multiple_roots"
        published = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["published"]
        table = pd.read_csv(folder / "cashflows.csv")
        assert appraisal.rates_of_return(table["pump"].dropna()) == pytest.approx(published["pump_roots"])
        highest = [appraisal.rates_of_return(table[f"numpy_financial_{n}"].dropna())[-1] for n in (28, 44)]
        assert round(highest[0], 2) == published["numpy_financial_28_excel"]
        assert round(highest[1], 5) == published["numpy_financial_44_dev"]

    @settings(max_examples=150)
    @given(st.lists(AMOUNTS, min_size=2, max_size=30), st.sampled_from(["end", "mid", "start"]))
    def test_the_present_value_at_a_root_is_zero(self, amounts, timing):
        convention = Convention(timing=timing)
        flows = pd.Series(amounts)
        for root in appraisal.rates_of_return(flows, convention):
            assume(root > -0.999)
            factors = np.abs(appraisal.discount_factors(len(amounts), flat(root)))
            scale = np.abs(amounts).max() * max(factors.max(), 1.0) * len(amounts)
            assert abs(appraisal.present_value(flows, flat(root), convention)) <= 1e-6 * scale

    @given(st.lists(st.floats(1, 100), min_size=1, max_size=100), st.floats(1, 1000))
    def test_a_conventional_project_has_exactly_one(self, returned, paid):
        flows = pd.Series([-paid, *returned])
        found = appraisal.rates_of_return(flows)
        assert len(found) == 1
        assert (found[0] > 0) == (sum(returned) > paid) or found[0] == pytest.approx(0, abs=1e-9)

    def test_a_long_life(self):
        # 500 years of 5 on 100: practically a perpetuity, 5 %.
        assert appraisal.rates_of_return(pd.Series([-100.0, *[5.0] * 500])) == pytest.approx([0.05], abs=1e-9)

    def test_two_roots_of_a_product(self):
        # (x - 1.1)(x - 1.2)(x - 1.3) multiplied out: -1, 3.6, -4.31, 1.716.
        found = appraisal.rates_of_return(pd.Series([-1000.0, 3600, -4310, 1716]))
        assert found == pytest.approx([0.1, 0.2, 0.3], abs=1e-7)

    @given(st.lists(AMOUNTS, min_size=2, max_size=10), st.integers(0, 5), st.integers(0, 5))
    def test_empty_years_at_the_ends_change_no_rate(self, amounts, before, after):
        padded = pd.Series([0.0] * before + amounts + [0.0] * after)
        plain = pd.Series(amounts)
        expected = appraisal.modified_rate(plain, 0.08, 0.1)
        assert appraisal.modified_rate(padded, 0.08, 0.1) == pytest.approx(expected, nan_ok=True)
        assert appraisal.rates_of_return(padded) == pytest.approx(appraisal.rates_of_return(plain))

    def test_none_says_why(self):
        both = pd.concat([flows_of([0, 1], [0, 0], [5, 5]), flows_of([0], option="乙")])
        table = appraisal.returns(both, 0.08)
        assert table["status"].tolist() == ["none", "none"]
        assert table["why_zh"].str.contains("不变号").all()
        assert table["modified"].isna().all()
        assert not table["why_en"].str.contains("modified").any()


class TestAnnual:
    def test_the_sum_of_printed_factors(self):
        # HM Treasury's discount factors at 3.5 %, years 1 to 15 (public private partnership tables, table 1). The
        # annuity factor printed there for 15 years, 11.5281, is not their sum.
        printed = [
            *(0.9662, 0.9335, 0.9019, 0.8714, 0.8420, 0.8135, 0.7860, 0.7594, 0.7337, 0.7089),
            *(0.6849, 0.6618, 0.6394, 0.6178, 0.5969),
        ]
        row = appraisal.annual_equivalents(flows_of(range(1, 16), operation=1.0), flat(0.035)).iloc[0]
        assert row["annuity_factor"] == pytest.approx(sum(printed), abs=15 * 0.00005)
        assert row["annuity_factor"] == pytest.approx((1 - 1.035**-15) / 0.035)
        assert row[["annual_cost", "annual_value"]].tolist() == pytest.approx([1, -1])

    def test_rising_costs(self):
        # By hand at 8.1 %: 5,406 to 9,850 in steps of 1,111 are worth 29,688.92, over 3.98221: 7,455.39 a year.
        flows = flows_of(range(1, 6), operation=[5406, 6517, 7628, 8739, 9850])
        row = appraisal.annual_equivalents(flows, flat(0.081)).iloc[0]
        assert row["annuity_factor"] == pytest.approx(3.98221, abs=5e-6)
        assert row["annual_cost"] == pytest.approx(7455.39, abs=0.01)

    def test_unequal_lives(self):
        # By hand at 10 %: 100 for 2 years = 100 / 1.735537; 130 for 3 years = 130 / 2.486852: the longer is cheaper.
        flows = pd.concat(
            [
                flows_of([0, 2], investment=[100, 0], option="两年"),
                flows_of([0, 3], investment=[130, 0], option="三年"),
            ]
        )
        got = appraisal.annual_equivalents(flows, flat(0.1))["annual_cost"]
        assert got.tolist() == pytest.approx([57.61905, 52.27492], abs=1e-5)

    def test_nothing_after_the_base_year(self):
        assert np.isnan(appraisal.annual_equivalents(flows_of([0], 1.0), flat(0.1)).iloc[0]["annual_cost"])


class TestPayback:
    def test_by_hand(self):
        # 55,000 back in 13,000 a year at 7 %: after five years 53,303 (13,000 x 4.1002), 8,662 in the sixth:
        # 5 + 1,697 / 8,662 = 5.196; not discounted 55 / 13 = 4.2308.
        flows = flows_of(range(9), [0, *[13000] * 8], [55000, *[0] * 8])
        row = appraisal.payback(flows, flat(0.07)).iloc[0]
        assert row["payback"] == pytest.approx(55 / 13)
        assert row["discounted_payback"] == pytest.approx(5.196, abs=5e-4)
        assert row["stays"]

    def test_never_always_and_lost_again(self):
        flows = pd.concat(
            [
                flows_of([0, 1], [0, 5], [10, 0], option="从不"),
                flows_of([0, 1], [5, 5], option="一直"),
                flows_of([0, 1, 2], [0, 12, 0], [10, 0, 5], option="又失"),
            ]
        )
        table = appraisal.payback(flows, flat(0.0)).set_index("option_id")
        assert np.isnan(table.loc["从不", "payback"])
        assert not table.loc["从不", "stays"]
        assert table.loc["一直", "payback"] == 0
        assert table.loc["又失", "payback"] == pytest.approx(10 / 12)
        assert not table.loc["又失", "stays"]

    @given(st.lists(st.floats(1, 100), min_size=1, max_size=20), st.floats(1, 500), st.floats(0, 0.3))
    def test_discounting_never_shortens(self, returned, paid, rate):
        row = appraisal.payback(
            flows_of(range(len(returned) + 1), [0, *returned], [paid, *[0] * len(returned)]), flat(rate)
        )
        plain, discounted = row.iloc[0][["payback", "discounted_payback"]]
        assert np.isnan(discounted) or discounted >= plain - 1e-9


class TestIncremental:
    @pytest.fixture
    def three(self):
        # At 0 %: costs 10, 20, 40; benefits 15, 32, 45: values 5, 12, 5.
        return pd.concat(
            [
                flows_of([0, 1], [0, b], [c, 0], option=o)
                for o, c, b in (("小", 10, 15), ("中", 20, 32), ("大", 40, 45))
            ]
        )

    def test_by_hand(self, three):
        table = appraisal.incremental(three, flat(0.0))
        dearer = table[table["basis"] == "next dearer"].set_index("option_id")
        assert dearer["against"].to_dict() == {"中": "小", "大": "中"}
        assert dearer["d_npv"].to_dict() == {"中": 7, "大": -7}
        assert dearer["d_bcr"].to_dict() == pytest.approx({"中": 1.7, "大": 0.65})
        assert [r[0] for r in dearer["d_irr"]] == pytest.approx([0.7, -0.35])
        assert dearer["better"].to_dict() == {"中": True, "大": False}
        best = table[table["basis"] == "next best"].set_index("option_id")
        assert best["against"].to_dict() == {"小": "中", "中": "小", "大": "中"}
        nothing = table[table["basis"] == "do nothing"]
        assert nothing["d_npv"].tolist() == [5, 12, 5]

    def test_a_minimum_that_costs_something(self, three):
        table = appraisal.incremental(three, flat(0.0), do_nothing="小")
        against = table[table["basis"] == "do nothing"].set_index("option_id")
        assert against["d_npv"].to_dict() == {"中": 7, "大": 0}
        assert not against.loc["大", "better"]

    def test_one_option_has_only_nothing_to_be_compared_with(self):
        assert appraisal.incremental(flows_of([0, 1], [0, 3], [2, 0]), flat(0.0))["basis"].tolist() == ["do nothing"]

    def test_an_unknown_minimum_is_refused(self, three):
        with pytest.raises(ScoreError, match="无"):
            appraisal.incremental(three, flat(0.0), do_nothing="无")

    @settings(max_examples=50)
    @given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=6))
    def test_the_chain_ends_at_the_best(self, options):
        flows = pd.concat([flows_of([0], b, c, option=str(i)) for i, (c, b) in enumerate(options)])
        table = appraisal.incremental(flows, flat(0.05))
        chain = table[(table["basis"] == "next dearer") & table["better"]]
        values = appraisal.appraise(flows, flat(0.05)).set_index("option_id")
        last = chain["option_id"].iloc[-1] if len(chain) else values["pv_cost"].sort_values(kind="stable").index[0]
        assert values.loc[last, "npv"] == pytest.approx(values["npv"].max(), abs=1e-9)


class TestSideBySide:
    def test_water_supply_under_every_rate(self, shared):
        # Case china_water_eirr: positive at 6, 7, 8 %, negative at 9 %.
        folder = shared / "oracles" / "china_water_eirr"
        case = pd.read_csv(folder / "cashflow.csv")
        wanted = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["verified"]
        flows = flows_of(case["year"], case["benefit"], case["investment"], case["om_cost"])
        table = appraisal.side_by_side(flows, {f"{r} %": flat(r / 100) for r in (6, 7, 8, 9)})
        assert table["npv"].tolist() == pytest.approx([wanted[f"ENPV_{r}"] for r in (6, 7, 8, 9)], abs=1e-6)
        assert not table["settled"].any()
        assert table["best"].all()
        assert appraisal.side_by_side(flows, {"6": flat(0.06), "8": flat(0.08)})["settled"].all()


class TestShadowPrices:
    def test_transfers_and_sunk_costs_are_left_out_and_shown(self):
        # By hand: 100 x 1.08 + 50 x 0.5; the tax of 9 and the 7 already spent do not count; benefit 200 x 1.
        items = pd.DataFrame(
            [
                ("甲", "设备", "investment", 0, 100.0, False, False),
                ("甲", "增值税", "investment", 0, 9.0, True, False),
                ("甲", "前期费", "investment", 0, 7.0, False, True),
                ("甲", "人工", "operation", 1, 50.0, None, None),
                ("甲", "减灾", "benefit", 1, 200.0, False, False),
            ],
            columns=["option_id", "item", "component", "year", "amount", "transfer", "sunk"],
        )
        made = appraisal.economic(items, {"设备": 1.08, "operation": 0.5})
        assert made.flows[["year", "investment", "operation", "benefit"]].to_numpy().tolist() == [
            [0, 108, 0, 0],
            [1, 0, 25, 200],
        ]
        shown = made.items.set_index("item")
        assert shown["counted"].to_dict() == {
            "设备": True,
            "增值税": False,
            "前期费": False,
            "人工": True,
            "减灾": True,
        }
        assert shown["amount"].sum() == 366
        assert "转移支付" in shown.loc["增值税", "reason_zh"]
        assert "沉没" in shown.loc["前期费", "reason_zh"]
        assert "1.08" in shown.loc["设备", "reason_zh"]
        assert appraisal.appraise(made.flows, flat(0.0)).iloc[0]["npv"] == pytest.approx(67)

    def test_bad_items_and_factors_are_all_named(self):
        items = pd.DataFrame(
            {"option_id": "甲", "item": ["a", "b"], "component": ["x", "benefit"], "year": 0, "amount": [1, np.nan]}
        )
        with pytest.raises(ScoreError) as caught:
            appraisal.economic(items)
        assert len(caught.value.problems) == 2
        with pytest.raises(ScoreError) as caught:
            appraisal.shadow_priced(flows_of([0]), {"人工": 1.0, "benefit": float("nan")})
        assert len(caught.value.problems) == 2

    @given(st.floats(0, 3), st.floats(0, 3))
    def test_factors_scale_their_component_alone(self, of_cost, of_benefit):
        flows = flows_of([0, 1], [0, 30], [10, 0], [0, 4])
        got = appraisal.appraise(
            appraisal.shadow_priced(flows, {"investment": of_cost, "benefit": of_benefit}), flat(0.0)
        ).iloc[0]
        assert got["npv"] == pytest.approx(30 * of_benefit - 10 * of_cost - 4)


class TestSensitivity:
    def test_by_the_banks_definitions(self):
        # By hand: benefit 120, investment 80, operation 15: value 25. -10 % benefit: 13. SI = (12 / 25) / 0.1 = 4.8;
        # SV = 25 / 12 x -10 % = -20.83 %.
        table = appraisal.sensitivity(flows_of([0], 120.0, 80.0, 15.0), flat(0.08), 0.1).set_index("component")
        assert table["npv_changed"].to_dict() == pytest.approx({"benefit": 13, "investment": 17, "operation": 23.5})
        assert table["indicator"].to_dict() == pytest.approx({"benefit": 4.8, "investment": 3.2, "operation": 0.6})
        assert table["switching_value"].to_dict() == pytest.approx(
            {"benefit": -25 / 120, "investment": 25 / 80, "operation": 25 / 15}
        )
        assert "降低 20.83%" in table.loc["benefit", "text_zh"]
        assert "up by 31.25%" in table.loc["investment", "text_en"]

    @given(*[st.floats(0, 1000).map(lambda x: round(x, 2))] * 3)
    def test_texts_agree_with_the_numbers(self, benefit, investment, operation):
        table = appraisal.sensitivity(flows_of([0], benefit, investment, operation), flat(0.08), 0.1)
        assert set(table["component"]) == {
            c for c, v in (("benefit", benefit), ("investment", investment), ("operation", operation)) if v
        }
        for row in table.itertuples():
            if row.npv == 0:
                assert "已为零" in row.text_zh
                assert np.isnan(row.indicator)
            elif row.switching_value < -1:
                assert ("不可能" in row.text_zh, "no change" in row.text_en, row.possible) == (True, True, False)
            else:
                assert ("提高" in row.text_zh) == (row.switching_value > 0) == (" up " in row.text_en)
                assert row.indicator == pytest.approx(1 / abs(row.switching_value))


class TestModel:
    @given(*[st.floats(0, 2)] * 3)
    def test_factors_scale_the_present_values(self, b, i, o):
        flows = flows_of([0, 1, 2], [0, 60, 60], [90, 0, 0], [0, 3, 3])
        value = appraisal.npv_model(flows, flat(0.08))
        moved = flows.assign(benefit=flows["benefit"] * b, investment=flows["investment"] * i)
        moved["operation"] *= o
        expected = appraisal.appraise(moved, flat(0.08)).iloc[0]["npv"]
        got = value(pd.DataFrame({"benefit": [b], "investment": [i], "operation": [o]}))
        assert got == pytest.approx([expected], abs=1e-9)

    def test_a_delay_moves_benefits_only(self):
        # By hand at 10 %: 110 a year late is 100 / 1.1 = 90.909; half a year lies half way: 95.4545.
        value = appraisal.npv_model(flows_of([0, 1], [0, 110], [100, 0]), flat(0.1))
        got = value(pd.DataFrame({"delay": [0.0, 0.5, 1.0]}))
        assert got == pytest.approx([0, -4.545454, -9.090909], abs=1e-5)

    def test_what_it_does_not_know_is_refused(self):
        value = appraisal.npv_model(flows_of([0], 1.0), flat(0.1))
        with pytest.raises(ScoreError, match="利率"):
            value(pd.DataFrame({"利率": [1.0]}))
        for delay in (-1.0, float("nan")):
            with pytest.raises(ScoreError):
                value(pd.DataFrame({"delay": [delay]}))
        with pytest.raises(ScoreError, match="one option"):
            appraisal.npv_model(pd.concat([flows_of([0]), flows_of([0], option="乙")]), flat(0.1))


class TestCostEffectiveness:
    def test_published_league_table(self):
        # Australia and New Zealand Health Policy 2005, 2:10, table 7: cost, life years gained, ICER.
        published = [
            ("FOBT2", 140_117_791, 3551, 39_459),
            ("DCBE5", 248_112_291, 6023, 43_687),
            ("DCBE3", 304_301_903, 6720, 80_616),
            ("FOBT1+DCBE5", 370_181_240, 7076, 185_054),
            ("FOBT1+DCBE3", 422_777_702, 7299, 235_859),
        ]
        flows = pd.concat([flows_of([0], investment=c, option=o) for o, c, _, _ in [("now", 0, 0, 0), *published]])
        effects = pd.DataFrame(
            [("now", 0, 0.0), *[(o, 0, e) for o, _, e, _ in published]], columns=["option_id", "year", "effect"]
        )
        table = appraisal.cost_effectiveness(flows, effects, flat(0.03)).set_index("option_id")
        assert (table["status"] == "frontier").all()
        for option, cost, effect, icer in published:
            # Effects are printed without decimals, so the last ratios hold to about one part in 200.
            assert table.loc[option, "icer"] == pytest.approx(icer, rel=0.005)
            assert table.loc[option, "cost_per_effect"] == pytest.approx(cost / effect)
        assert round(table.loc["FOBT2", "cost_per_effect"]) == 39_459

    def test_published_dominance(self):
        # JNCI Cancer Spectrum 2020 4(2) pkaa004, table 1: strategy 2 costs more than 3 and achieves less.
        costs = {"1": 1695.865, "2": 12224.17, "3": 12118.17}
        years = {"1": 8.570992, "2": 8.583273, "3": 8.590681}
        flows = pd.concat([flows_of([0], investment=c, option=o) for o, c in costs.items()])
        effects = pd.DataFrame({"option_id": list(years), "year": 0, "effect": list(years.values())})
        table = appraisal.cost_effectiveness(flows, effects, flat(0.03)).set_index("option_id")
        assert table["status"].to_dict() == {"1": "frontier", "2": "dominated", "3": "frontier"}
        assert table.loc["3", "d_cost"] == pytest.approx(10422.31, abs=0.01)
        assert table.loc["3", "d_effect"] == pytest.approx(0.019688, abs=1e-6)
        assert table.loc["3", "icer"] == pytest.approx(529365.8, rel=1e-4)
        assert np.isnan(table.loc["2", "icer"])

    def test_extended_dominance_by_hand(self):
        # 10 for 1, 30 for 2 (20 each), 40 for 4 (5 each): a mix of the first and the last beats the middle.
        flows = pd.concat([flows_of([0], investment=c, option=o) for o, c in (("a", 10), ("b", 30), ("c", 40))])
        effects = pd.DataFrame({"option_id": ["a", "b", "c"], "year": 0, "effect": [1.0, 2.0, 4.0]})
        table = appraisal.cost_effectiveness(flows, effects, flat(0.0)).set_index("option_id")
        assert table["status"].to_dict() == {"a": "frontier", "b": "extended dominated", "c": "frontier"}
        assert table.loc["c", "icer"] == 10

    def test_no_effect_is_refused(self):
        with pytest.raises(ScoreError, match="乙"):
            appraisal.cost_effectiveness(
                flows_of([0], option="乙"), pd.DataFrame(columns=["option_id", "year", "effect"]), flat(0.0)
            )

    @settings(max_examples=60)
    @given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 20)), min_size=1, max_size=8))
    def test_the_frontier_rises_and_its_ratios_too(self, options):
        flows = pd.concat([flows_of([0], investment=c, option=str(i)) for i, (c, _) in enumerate(options)])
        effects = pd.DataFrame({"option_id": [str(i) for i in range(len(options))], "year": 0})
        effects["effect"] = [float(e) for _, e in options]
        table = appraisal.cost_effectiveness(flows, effects, flat(0.0))
        front = table[table["status"] == "frontier"]
        assert front["pv_effect"].is_monotonic_increasing
        assert (front["icer"].dropna().diff().dropna() > 0).all()


class TestScaleCurve:
    def test_by_hand(self):
        flows = pd.concat(
            [
                flows_of([0], b, c, option=o)
                for o, b, c in (("大", 45, 40), ("小", 15, 10), ("中", 32, 20), ("更大", 46, 41))
            ]
        )
        table = appraisal.scale_curve(flows, {"小": 1, "中": 2, "大": 4, "更大": 5}, flat(0.0))
        assert table["option_id"].tolist() == ["小", "中", "大", "更大"]
        assert table["d_npv"].tolist() == [5, 7, -7, 0]
        assert table["per_unit"].tolist() == [5, 7, -3.5, 0]
        assert table["worth_it"].tolist() == [True, True, False, False]
        assert [w in t for w, t in zip(("增加 5", "增加 7", "减少 7", "不变"), table["text_zh"], strict=True)] == [
            True
        ] * 4
        assert table["d_npv"].sum() == pytest.approx(table["npv"].iloc[-1])

    def test_scales_must_be_known_and_differ(self):
        both = pd.concat([flows_of([0], option="a"), flows_of([0], option="b"), flows_of([0], option="c")])
        with pytest.raises(ScoreError) as caught:
            appraisal.scale_curve(both, {"a": 1, "b": 1}, flat(0.0))
        assert len(caught.value.problems) == 3
