"""Unit cost benchmarks and overlap of projects: hand arithmetic, closed forms, seeded coverage, extreme texts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.errors import ScoreError
from perfkit.methods import overlap, unit_costs

RNG = np.random.default_rng(3)
PEERS = pd.DataFrame({"item": "土方", "unit_cost": np.exp(RNG.normal(np.log(100), 0.1, 40)), "length": 1.0})


class TestSpread:
    def test_by_hand(self):
        peers = pd.DataFrame({"item": ["a"] * 5 + ["b"], "unit_cost": [5.0, 1, 4, 2, 3, 7]})
        table = unit_costs.spread(peers)
        assert table.to_numpy().tolist() == [["a", 5, 1, 2, 3, 4, 5], ["b", 1, 7, 7, 7, 7, 7]]

    def test_prices_of_one_year(self):
        peers = pd.DataFrame({"year": [2019, 2021], "unit_cost": [50.0, 60.0]})
        assert unit_costs.indexed(peers, {2019: 100, 2021: 120}, 2021)["unit_cost"].tolist() == [60, 60]
        with pytest.raises(ScoreError) as caught:
            unit_costs.indexed(peers, {2021: 120}, 2024)
        assert len(caught.value.problems) == 2


class TestExpectedCost:
    def test_a_power_law_is_found_in_spite_of_outliers(self):
        # 50 x length^-0.3 with 5 % noise; 4 of 40 projects cost three times as much.
        rng = np.random.default_rng(1)
        length = np.linspace(1, 20, 40)
        cost = 50 * length**-0.3 * np.exp(rng.normal(0, 0.05, 40))
        cost[::10] *= 3
        peers = pd.DataFrame({"unit_cost": cost, "length": length})
        found = unit_costs.expected_cost(peers, {"length": 10.0})
        fit = found.tables["fit"].set_index("term")
        assert fit.loc["length", "coefficient"] == pytest.approx(-0.3, abs=0.03)
        assert found.estimate == pytest.approx(50 * 10**-0.3, rel=0.03)
        assert sorted(found.tables["peers"]["weight"].nsmallest(4).index) == [0, 10, 20, 30]
        assert "离群" in found.diagnostics[1].name[0]

    def test_without_outliers_it_is_the_mean_of_logarithms(self):
        # Symmetric logs without outliers: Huber's level is their mean.
        logs = np.log(100) + np.array([-0.2, -0.15, -0.1, -0.05, -0.02, 0, 0, 0.02, 0.05, 0.1, 0.15, 0.2])
        found = unit_costs.expected_cost(pd.DataFrame({"unit_cost": np.exp(logs)}))
        assert found.estimate == pytest.approx(100, rel=1e-9)
        assert found.low * found.high == pytest.approx(100**2)

    @pytest.mark.parametrize(("n", "spoilt"), [(12, 0), (20, 2), (40, 4)])
    def test_intervals_cover_one_more_project(self, n, spoilt):
        # Lognormal costs, a tenth of them tripled: about 95 % of clean new projects lie within.
        rng = np.random.default_rng(n)
        inside = 0
        for _ in range(400):
            costs = np.exp(rng.normal(0, 0.2, n + 1))
            peers = costs[:n].copy()
            peers[:spoilt] *= 3
            found = unit_costs.expected_cost(pd.DataFrame({"unit_cost": peers}))
            inside += found.low <= costs[n] <= found.high
        assert 0.91 <= inside / 400 <= 0.99

    def test_refusals(self):
        few = unit_costs.expected_cost(PEERS.head(11))
        more = unit_costs.expected_cost(PEERS.head(16), {"length": 1.0})
        same = unit_costs.expected_cost(PEERS.assign(unit_cost=9.0))
        flat = unit_costs.expected_cost(PEERS, {"length": 1.0})
        assert [f.refused for f in (few, more, same, flat)] == [True] * 4
        assert ["11" in few.text[0], "17" in more.text[0], "相同" in same.text[0], "没有变化" in flat.text[0]] == [
            True
        ] * 4

    def test_figures_that_cannot_be_used(self):
        bad = PEERS.assign(unit_cost=[0.0, -1.0, *PEERS["unit_cost"].iloc[2:]])
        with pytest.raises(ScoreError) as caught:
            unit_costs.expected_cost(bad, {"length": -1.0, "height": 2.0})
        assert len(caught.value.problems) == 4

    def test_beyond_the_range_warns(self):
        peers = PEERS.assign(length=np.linspace(1, 2, 40))
        assert unit_costs.expected_cost(peers, {"length": 3.0}).diagnostics[0].verdict == "warn"
        assert unit_costs.expected_cost(peers, {"length": 1.5}).diagnostics[0].verdict == "pass"


class TestBenchmark:
    def test_each_reason(self):
        high = unit_costs.expected_cost(PEERS).high
        lines = pd.DataFrame(
            [
                ("1", "土方", 10.0, 120.0, 100.0),  # above the standard by 20 %
                ("2", "土方", 10.0, 2 * high, np.nan),  # above the peers
                ("3", "土方", 10.0, 10.0, np.nan),  # suspiciously low
                ("4", "土方", 10.0, 90.0, 100.0),  # within the standard
                ("5", "土方", 10.0, 100.0, np.nan),  # within the peers
                ("6", "护面", 10.0, 100.0, np.nan),  # nothing to compare with
            ],
            columns=["item_id", "item", "quantity", "unit_cost", "standard"],
        )
        table = unit_costs.benchmark(lines, PEERS).set_index("item_id")
        assert table["reason"].tolist() == list(unit_costs.REASONS)
        assert table["cut"].tolist() == pytest.approx([200, 10 * high, 0, 0, 0, 0])
        assert table["n"].tolist() == [40] * 5 + [0]
        assert "20%" in table.loc["1", "reason_zh"]
        assert "100%" in table.loc["2", "reason_en"]
        assert "漏项" in table.loc["3", "reason_zh"]
        assert "不作比较" in table.loc["6", "reason_zh"]

    def test_above_p75_alone_is_no_reason(self):
        p75 = unit_costs.spread(PEERS)["p75"].iloc[0]
        line = pd.DataFrame({"item_id": ["1"], "item": ["土方"], "quantity": [1.0], "unit_cost": [p75 * 1.01]})
        assert unit_costs.benchmark(line, PEERS).iloc[0]["cut"] == 0

    @settings(max_examples=60)
    @given(st.floats(0, 1e4), st.floats(0, 1e6), st.one_of(st.just(np.nan), st.floats(0, 1e4)))
    def test_cuts_are_never_negative_and_words_agree(self, quantity, cost, standard):
        line = pd.DataFrame(
            {"item_id": ["1"], "item": ["土方"], "quantity": [quantity], "unit_cost": [cost], "standard": [standard]}
        )
        row = unit_costs.benchmark(line, PEERS).iloc[0]
        assert 0 <= row["cut"] <= quantity * cost
        assert ("核定" in row["reason_zh"]) == (row["accepted"] < cost) == ("cut to" in row["reason_en"])
        if not np.isnan(standard):
            assert ("不高于支出标准" in row["reason_zh"]) == (cost <= standard)

    def test_lines_without_numbers_are_named(self):
        lines = pd.DataFrame({"item_id": ["1"], "item": ["土方"], "quantity": [np.nan], "unit_cost": [-1.0]})
        with pytest.raises(ScoreError) as caught:
            unit_costs.benchmark(lines, PEERS)
        assert len(caught.value.problems) == 2


REGISTER = pd.DataFrame(
    {
        "unit_id": ["a", "b", "c", "d"],
        "name": ["海宁市百里钱塘海塘安澜工程", "农村小学营养改善计划", "Rural road upgrading, phase 2", None],
    }
)


class TestOverlap:
    def test_alike_comes_first_and_unlike_is_left_out(self):
        asked = pd.DataFrame(
            {"unit_id": ["n", "m"], "name": ["钱塘海塘安澜工程（海宁段）", "Rural Road Upgrading phase 3"]}
        )
        found = overlap.overlap(asked, REGISTER)
        assert found[["unit_id", "other_id"]].to_numpy().tolist() == [["n", "a"], ["m", "c"]]
        assert "海塘安澜工程" in found["shared"].iloc[0]
        assert found["similarity"].between(0.4, 1).all()

    def test_the_same_text_is_one_and_itself_is_left_out(self):
        twin = REGISTER.head(1).assign(unit_id="x", name="海宁市 百里钱塘，海塘安澜工程")
        found = overlap.overlap(twin, REGISTER)
        assert found["similarity"].tolist() == pytest.approx([1.0])
        assert overlap.overlap(REGISTER.head(2), REGISTER).empty

    def test_purpose_counts_and_most_limits(self):
        many = pd.concat([REGISTER.head(1).assign(unit_id=str(i)) for i in range(9)])
        assert len(overlap.overlap(REGISTER.head(1), many, most=3)) == 3
        told = pd.DataFrame({"unit_id": ["p"], "name": ["项目甲"], "purpose": ["改善农村小学生营养"]})
        assert overlap.overlap(told, REGISTER, least=0.3)["other_id"].tolist() == ["b"]

    @pytest.mark.parametrize("name", [None, "", "！！", "=1+1", "<b>"])
    def test_empty_and_odd_names(self, name):
        found = overlap.overlap(pd.DataFrame({"unit_id": ["n"], "name": [name]}), REGISTER)
        assert found.empty
        assert overlap.overlap(pd.DataFrame({"unit_id": ["n"], "name": [name]}), REGISTER.iloc[:0]).empty

    def test_words(self):
        found = overlap.overlap(REGISTER.head(1).assign(unit_id="x"), REGISTER)
        zh, en = overlap.say(found, len(REGISTER))
        assert all(word in zh for word in ("1 个", "百里钱塘", "100%", "由人判断"))
        assert "1 reads alike" in en
        assert "未作比较" in overlap.say(found.iloc[:0], 0)[0]
        assert "未见" in overlap.say(found.iloc[:0], 4)[0]
