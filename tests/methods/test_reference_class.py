"""Optimism bias and reference classes against published worked examples, a real ledger, and seeded simulation."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.errors import ScoreError
from perfkit.methods import optimism, reference_class


def expected(shared, case):
    return json.loads((shared / "oracles" / case / "expected.json").read_text(encoding="utf-8"))


class TestOptimismBias:
    """Mott MacDonald (2002), Review of Large Public Procurement in the UK, table 2 and worked examples."""

    @pytest.fixture
    def mott(self, shared):
        table = pd.read_csv(shared / "oracles" / "optimism_bias_mott" / "table2.csv")

        def bounds(quantity):
            return pd.DataFrame(
                {
                    "project_type": table["project_type"],
                    "upper": table[f"{quantity}_upper"] / 100,
                    "lower": table[f"{quantity}_lower"] / 100,
                }
            )

        return bounds, expected(shared, "optimism_bias_mott")

    @pytest.mark.parametrize("quantity", ["capex", "duration"])
    def test_a_building_of_two_types(self, mott, quantity):
        bounds, wanted = mott
        printed = wanted["published"][f"combined_building_{quantity}"]
        shares = dict(zip(("Non-standard Buildings", "Standard Buildings"), printed["shares"], strict=True))
        found = optimism.optimism_bias(bounds(quantity), shares)
        assert (100 * found.by_type["upper"]).tolist() == pytest.approx(printed["upper"])
        assert (100 * found.by_type["upper_part"]).tolist() == pytest.approx(printed["contrib"])
        assert 100 * found.upper == pytest.approx(printed["resultant"])
        assert 100 * found.upper == pytest.approx(wanted["verified"][f"combined_{quantity}"])
        assert found.mitigated == found.upper

    def test_mitigated(self, mott):
        bounds, wanted = mott
        printed = wanted["published"]["mitigated"]
        areas = pd.DataFrame({"area": ["采购", "项目特点"], "weight": [0.6, 0.4], "mitigation": [1.0, 0.8]})
        found = optimism.optimism_bias(bounds("capex"), {"Non-standard Buildings": 1.0}, areas)
        assert 100 * found.managed == pytest.approx(printed["managed_pct"])
        assert 100 * found.mitigated == pytest.approx(wanted["verified"]["mitigated_exact_pct"])
        assert round(100 * found.mitigated) == printed["resultant_rounded"]
        assert found.by_area["reduction"].sum() == pytest.approx(found.upper - found.mitigated)
        base, cost = printed["npc_base_m"], printed["risk_mgmt_cost_m"]
        exact = optimism.optimism_amounts(base, found.upper, found.mitigated, cost).set_index("stage")["amount"]
        assert exact["mitigated"] == pytest.approx(wanted["verified"]["npc_exact"])
        rounded = optimism.optimism_amounts(base, found.upper, round(found.mitigated, 2), cost)["amount"].tolist()
        assert rounded[2:] == pytest.approx([printed["npc_after_ob_m"], printed["npc_final_m"]])

    def test_a_bound_the_source_does_not_have_is_refused(self, mott):
        bounds, _ = mott
        with pytest.raises(ScoreError, match="no bound"):
            optimism.optimism_bias(bounds("duration"), {"Outsourcing (OPEX)": 1.0})

    def test_never_under_the_lower_bound(self, mott):
        bounds, _ = mott
        areas = pd.DataFrame({"area": ["全部"], "weight": [1.0], "mitigation": [1.0]})
        found = optimism.optimism_bias(bounds("capex"), {"Standard Buildings": 1.0}, areas)
        assert found.mitigated == pytest.approx(0.02)
        assert found.at_the_bound
        assert "按下限计 2%" in found.text[0]
        assert "lower bound" in found.text[1]

    def test_everything_wrong_is_named_at_once(self, mott):
        bounds, _ = mott
        with pytest.raises(ScoreError) as caught:
            optimism.optimism_bias(bounds("duration"), {"Outsourcing (OPEX)": 0.5, "桥": 0.4})
        assert len(caught.value.problems) == 3
        areas = pd.DataFrame({"area": ["a", "b"], "weight": [0.8, 0.7], "mitigation": [2.0, 0.1]})
        with pytest.raises(ScoreError) as caught:
            optimism.optimism_bias(bounds("capex"), {"Standard Buildings": 1.0}, areas)
        assert len(caught.value.problems) == 2

    @given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
    def test_between_the_bounds(self, share, weight, mitigation):
        bounds = pd.DataFrame({"project_type": ["x", "y"], "upper": [0.5, 0.2], "lower": [0.05, 0.01]})
        areas = pd.DataFrame({"area": ["a"], "weight": [weight], "mitigation": [mitigation]})
        found = optimism.optimism_bias(bounds, {"x": share, "y": 1 - share}, areas)
        assert found.lower - 1e-12 <= found.mitigated <= found.upper + 1e-12
        assert found.upper + 1e-12 >= 0.2
        assert found.upper <= 0.5 + 1e-12


class TestPublishedTable:
    """Transport Scotland, STAG table 13.4 (Flyvbjerg 2004; Mott MacDonald 2002)."""

    @pytest.fixture
    def stag(self, shared):
        wide = pd.read_csv(shared / "oracles" / "reference_class_transport" / "stag_table13_4.csv")
        tidy = wide.melt("category", var_name="stage", value_name="uplift")
        return tidy.assign(uplift=tidy["uplift"] / 100, source="STAG 13.4")

    @pytest.mark.parametrize(("category", "name"), [("Roads", "roads"), ("Fixed links", "fixed_links")])
    def test_stage_two(self, shared, stag, category, name):
        printed = expected(shared, "reference_class_transport")["published"][f"{name}_stage2_p50"]
        found = reference_class.from_table(stag, 200.0, category=category, stage="stage2")
        assert found.estimate == pytest.approx(200 * (1 + printed / 100))
        assert f"{printed}%" in found.text[0]
        assert np.isnan(found.low)

    @pytest.mark.parametrize(("category", "stage"), [("Building projects", "stage2"), ("机场", "stage1")])
    def test_where_the_table_is_silent_it_is_refused(self, stag, category, stage):
        found = reference_class.from_table(stag, 200.0, category=category, stage=stage)
        assert found.refused
        assert category in found.text[0]


class TestLedger:
    """ADB's success rates database (AER 2024): approved and actual cost, planned and actual closing."""

    @pytest.fixture
    def adb(self, shared):
        data = pd.read_csv(shared / "oracles" / "adb_self_vs_independent" / "data.csv", dtype={"tag": str})
        rated = data[data["tag"].isin(["1", "1,9", "11"]) & data["final"].notna()]
        closing = [pd.to_datetime(rated[f"close_{when}"]) for when in ("est", "act")]
        late = (closing[1] - closing[0]).dt.days / 365.25
        cost = pd.DataFrame(
            {"project_id": rated["project"], "approved": rated["cost_app"], "final": rated["cost_act"]}
        )
        time = pd.DataFrame({"project_id": rated["project"], "approved": 0.0, "final": late})
        both = [each.assign(reference_class="ADB", year=rated["report_year"]).dropna() for each in (cost, time)]
        return *both, expected(shared, "adb_self_vs_independent")["verified"]

    def test_cost(self, adb):
        cost, _, wanted = adb
        over = reference_class.overruns(cost)
        for level, value in wanted["cost_overrun_percentiles"].items():
            assert np.quantile(over, float(level)) == pytest.approx(value, abs=1e-6)
        assert over.mean() == pytest.approx(wanted["cost_overrun_mean"], abs=1e-6)
        found = reference_class.forecast(cost, "ADB", 100.0)
        seen = found.tables["seen"].set_index("level")["overrun"]
        for level in (0.5, 0.6, 0.8, 0.9):
            assert seen[level] == pytest.approx(wanted["cost_overrun_percentiles"][str(level)], abs=1e-6)
        # The uplift for one more project lies within a rank of the percentile seen.
        uplift = found.tables["uplift"].set_index("level")
        assert uplift.loc[0.8, "uplift"] == pytest.approx(seen[0.8], abs=0.002)
        assert found.estimate == pytest.approx(100 * (1 + seen[0.5]), abs=0.05)
        assert "批复数减 4.8" in found.text[0]
        assert "P80 103." in found.text[0]

    def test_delay(self, adb):
        _, time, wanted = adb
        over = reference_class.overruns(time, "difference")
        assert len(over) == wanted["delay_years"]["count"]
        assert over.mean() == pytest.approx(wanted["delay_years"]["mean"], abs=1e-6)
        assert over.std() == pytest.approx(wanted["delay_years"]["std"], abs=1e-6)
        found = reference_class.forecast(time, "ADB", 0.0, measure="difference", units=("年", "years"))
        seen = found.tables["seen"].set_index("level")["overrun"]
        assert seen[0.5] == pytest.approx(wanted["delay_years"]["50%"], abs=1e-6)
        assert seen[0.8] == pytest.approx(wanted["delay_years"]["80%"], abs=1e-6)
        assert found.estimate == pytest.approx(wanted["delay_years"]["50%"], abs=0.01)

    def test_calibrated_when_left_out(self, adb):
        cost, _, _ = adb
        found = reference_class.forecast(cost, "ADB", 100.0)
        rows = found.tables["calibration"]
        assert set(rows["scheme"]) == {"leave one out", "earlier only"}
        assert rows.loc[rows["scheme"] == "leave one out", "holds"].all()


def ledger_of(over, year=None):
    over = np.asarray(over, dtype=float)
    frame = pd.DataFrame({"project_id": range(len(over)), "approved": 100.0, "final": 100 * (1 + over)})
    return frame.assign(reference_class="堤防", **({} if year is None else {"year": year}))


class TestForecast:
    def test_by_hand(self):
        # Overruns 1 %, 2 % ... 39 %: at rank 40 x 0.5 = 20 and 40 x 0.8 = 32: 20 % and 32 %.
        found = reference_class.forecast(ledger_of(np.arange(1, 40) / 100), "堤防", 50.0, budget=60.0)
        at = found.tables["uplift"].set_index("level")["uplift"]
        assert (at[0.5], at[0.8]) == pytest.approx((0.20, 0.32))
        assert (found.low, found.estimate, found.high) == pytest.approx((52, 60, 68))
        assert found.n == 39
        assert "51.28% 不超过" in found.text[0]  # 20 of 39 stayed within 60
        assert found.tables["curve"]["share"].iloc[-1] == 1

    def test_small_classes_are_refused(self):
        found = reference_class.forecast(ledger_of([0.1] * 19), "堤防", 50.0)
        assert found.refused
        assert "19" in found.text[0]
        assert np.isnan(found.low)
        assert reference_class.forecast(ledger_of([0.1] * 30), "桥梁", 50.0).refused

    def test_bad_figures_are_all_named(self):
        ledger = ledger_of(np.zeros(30)).assign(approved=[0.0, np.nan, *[1.0] * 28])
        with pytest.raises(ScoreError) as caught:
            reference_class.forecast(ledger, "堤防", 1.0)
        assert len(caught.value.problems) == 2

    def test_intervals_and_p80_cover_one_more_project(self):
        # Skewed overruns; classes of 25: one more project stays within P80 in 80 %, in P10 to P90 in 80 % of 2,000.
        rng = np.random.default_rng(1)
        within, inside = 0, 0
        for _ in range(400):
            over = np.exp(rng.normal(0.1, 0.3, 26)) - 1
            found = reference_class.forecast(ledger_of(over[:25]), "堤防", 1.0)
            p80 = found.tables["uplift"].set_index("level").loc[0.8, "uplift"]
            within += over[25] <= p80
            inside += found.low <= 1 + over[25] <= found.high
        assert 0.75 < within / 400 < 0.85
        assert 0.75 < inside / 400 < 0.85

    def test_a_past_that_no_longer_holds_warns(self):
        over = np.concatenate([np.linspace(0, 0.1, 40), np.linspace(0.3, 0.5, 40)])
        found = reference_class.forecast(ledger_of(over, year=[2001] * 40 + [2020] * 40), "堤防", 1.0)
        rows = found.tables["calibration"].set_index(["scheme", "level"])
        assert rows.loc[("earlier only", 0.8), "share_within"] == 0
        assert found.verdict == "warn"

    def test_without_years_the_check_is_not_run(self):
        verdicts = [
            d.verdict for d in reference_class.forecast(ledger_of(np.arange(50.0) / 50), "堤防", 1.0).diagnostics
        ]
        assert verdicts == ["pass", "pass", "not run"]

    @given(st.lists(st.floats(-0.5, 2).map(lambda x: round(x, 3)), min_size=20, max_size=60), st.floats(1, 1000))
    def test_levels_rise_and_texts_agree(self, over, base):
        found = reference_class.forecast(ledger_of(over), "堤防", base)
        table = found.tables["uplift"]
        assert table["uplift"].is_monotonic_increasing
        assert (table["low"] <= table["uplift"] + 1e-9).all()
        assert (table["uplift"] <= table["high"] + 1e-9).all()
        p50 = table.set_index("level").loc[0.5, "uplift"]
        half = found.text[0].split("，80%")[0]
        assert ("批复数加" in half) == (p50 > 0)
        assert ("批复数减" in half) == (p50 < 0)

    def test_all_equal(self):
        found = reference_class.forecast(ledger_of(np.zeros(40)), "堤防", 7.0)
        assert (found.low, found.estimate, found.high) == (7, 7, 7)
        assert "一半不超过批复数（" in found.text[0]
