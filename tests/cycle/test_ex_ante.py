"""Ex-ante assessment: the panel, the money, the standards and the four conclusions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from perfkit import readers, rules, tables
from perfkit.cycle import ex_ante
from perfkit.errors import PerfkitError, ScoreError
from perfkit.methods import appraisal

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
HELD = rules.load("cn-ex-ante", "2024-12-31")
ITEMS = HELD.indicators()
KINDS = ["business", "management", "finance", "business", "finance"]


def panel(points=5.0, experts=5, change=None):
    """A panel whose experts give every item ``points``; ``change`` maps (expert, item) to other points."""
    rows = [
        {
            "unit_id": "a",
            "expert_id": f"E{e}",
            "expert_kind": KINDS[e % 5],
            "indicator_id": code,
            "points": (change or {}).get((f"E{e}", code), points),
        }
        for e in range(experts)
        for code in ITEMS["indicator_id"]
    ]
    return tables.check(pd.DataFrame([row for row in rows if row["points"] is not None]), "panel")


def proposal(**more):
    row = {"unit_id": "a", "name": "甲", "requested": 1000, "money_unit": "万元", **more}
    return tables.check(pd.DataFrame([row]), "proposals").iloc[0]


def flows(*by_option):
    rows = [
        {"unit_id": "a", "option_id": option, "year": year, "investment": max(-net, 0), "benefit": max(net, 0)}
        for option, nets in by_option
        for year, net in enumerate(nets)
    ]
    columns = list(tables.contract("flows").columns)
    return tables.check(pd.DataFrame(rows, columns=None if rows else columns), "flows")


def costs(*rows):
    base = {"unit_id": "a", "unit": "项", "quantity": 10}
    frame = pd.DataFrame([{**base, "item_id": f"C{i}", "item": f"费用{i}", **row} for i, row in enumerate(rows)])
    columns = list(tables.contract("unit_costs").columns)
    return tables.check(frame if len(frame) else pd.DataFrame(columns=columns), "unit_costs")


def concluded(points=5.0, nets=(-100, 200), items=(), **more):
    scored = ex_ante.panel_scores(panel(points) if points is not None else panel().iloc[:0], "a", HELD)
    money = ex_ante.economy(flows(("甲", nets)) if nets else flows(), "a", HELD, "general")
    return ex_ante.conclude(proposal(**more), scored, money, ex_ante.cost_review(costs(*items), "a"), HELD)


class TestPanel:
    def test_means_and_totals(self):
        code = ITEMS["indicator_id"].iloc[0]
        scored = ex_ante.panel_scores(panel(4, change={("E0", code): 2}), "a", HELD)
        row = scored.iloc[0]
        assert row[["points", "low", "high", "experts"]].tolist() == [3.6, 2, 4, 5]
        assert scored["points"].sum() == pytest.approx(19 * 4 + 3.6)
        dimensions = ex_ante.by_dimension(scored)
        assert dimensions["level1"].tolist() == HELD.value("dimensions")
        assert dimensions["points"].sum() == pytest.approx(scored["points"].sum())

    def test_disagreement_begins_beyond_the_packs_spread(self):
        code = ITEMS["indicator_id"].iloc[0]
        for low, split in ((4.0, False), (3.9, True)):  # spread 0.2 of 5 points is 1 point
            scored = ex_ante.panel_scores(panel(5, change={("E0", code): low}), "a", HELD)
            assert bool(scored["split"].iloc[0]) is split
        assert "分歧" in ex_ante.dissent(panel(), scored, "a")[0][0]

    def test_faults_all_at_once(self, tmp_path):
        held = panel(5, change={("E1", "EX-54"): None, ("E0", "EX-11"): 6})
        held.loc[held.index[1], "indicator_id"] = "EX-99"
        path = tables.write({"panel": held}, tmp_path / "专家.xlsx")
        with pytest.raises(ScoreError) as caught:
            ex_ante.panel_scores(tables.read(path, "panel"), "a", HELD)
        found = {p.what[0]: p for p in caught.value.problems}
        assert set(found) == {"unknown indicator code", "more points than the item has", "an expert left items out"}
        assert found["unknown indicator code"].where == "专家.xlsx › 专家评分 › D3"
        over = found["more points than the item has"]
        assert (over.where, over.expected, over.got) == ("专家.xlsx › 专家评分 › E2", "≤ 5", "6")
        left = [p for p in caught.value.problems if p.what[0] == "an expert left items out"]
        assert [(p.expected, p.got) for p in left] == [("EX-12", "E0"), ("EX-54", "E1")]

    def test_nobody_scored(self):
        scored = ex_ante.panel_scores(panel(), "b", HELD)
        assert len(scored) == 0
        assert "不出具总体结论" in ex_ante.panel_facts(panel(), "b", HELD)[0][0]

    @pytest.mark.parametrize(("experts", "ok"), [(5, True), (6, True), (4, False), (2, False)])
    def test_composition(self, experts, ok):
        # Henan, annex 1-1 二（四）: at least five, subject, management and finance experts.
        zh, en = ex_ante.panel_facts(panel(experts=experts), "a", HELD)[0]
        assert f"{experts} 人" in zh
        assert ("不符合" not in zh) is ok
        assert ("not as the rule asks" not in en) is ok

    def test_three_kinds_are_needed(self):
        held = panel().assign(expert_kind="business")
        assert "不符合" in ex_ante.panel_facts(held, "a", HELD)[0][0]


class TestConclusion:
    """Henan art. 22: four wordings; the cuts 90 and 70 are the pack's, not official."""

    def test_support(self):
        got = concluded(4.5)
        assert (got.code, got.words[0]) == ("support", "建议予以支持")
        assert (got.points, got.requested, got.recommended) == (90, 1000, 1000)

    @pytest.mark.parametrize(
        "arguments",
        [
            {"points": 4.49},
            {"points": 3.5},
            {"nets": (-100, 50)},
            {"items": [{"unit_cost": 11, "standard": 10}]},
        ],
    )
    def test_adjust(self, arguments):
        got = concluded(**arguments)
        assert (got.code, got.words[0]) == ("adjust", "建议调整完善后予以支持")

    def test_part_names_the_part(self):
        got = concluded(items=[{"unit_cost": 5}, {"unit_cost": 7, "supported": False, "item": "展示中心"}])
        assert (got.code, got.words[0]) == ("part", "建议部分支持")
        assert any("展示中心" in zh and "70" in zh for zh, _ in got.reasons)
        assert got.recommended == 50

    @pytest.mark.parametrize("arguments", [{"points": 3.49}, {"documents_complete": False}])
    def test_reject(self, arguments):
        got = concluded(**arguments)
        assert (got.code, got.words[0], got.recommended) == ("reject", "建议不予支持", 0)

    def test_missing_documents_reject_even_without_a_panel(self):
        assert concluded(None, documents_complete=False).code == "reject"

    def test_the_worst_reason_decides(self):
        items = [{"unit_cost": 7, "supported": False}, {"unit_cost": 11, "standard": 10}]
        assert concluded(4, items=items).code == "part"
        assert concluded(3, items=items).code == "reject"

    def test_none_without_a_panel(self):
        got = concluded(None)
        assert got.code == "none"
        assert np.isnan(got.points)
        assert np.isnan(got.recommended)
        assert "不出具总体结论" in got.text[0]

    def test_without_flows_the_money_does_not_decide(self):
        assert concluded(5, nets=()).code == "support"

    def test_reasons_say_that_the_cuts_are_not_official(self):
        assert any("非官方" in zh for zh, _ in concluded(4).reasons)


class TestMoney:
    @pytest.fixture
    def data(self):
        return readers.open_data(SAMPLES / "appraisals")

    def test_water_supply_at_8_percent(self, data, shared):
        # Case china_water_eirr: at 8 % ENPV 1.2534 (numpy-financial), accepted; EIRR 8.096 %.
        got = ex_ante.economy(data["flows"], "water-supply", HELD, "general")
        row = got.options.iloc[0]
        assert row["npv"] == pytest.approx(1.253419948, abs=1e-8)
        assert row["irr_shown"] == "8.1%"
        assert "8%" in got.rate_words[0]
        assert "1.25" in got.facts[0][0]
        assert "为正" in got.facts[0][0]

    def test_green_book_options(self, data):
        # Green Book 2003, box "Options A and B": A -0.82, B 0.51; B is the better one.
        got = ex_ante.economy(data["flows"], "greenbook-options", HELD, "greenbook")
        assert got.options["npv"].round(2).tolist() == [-0.82, 0.51]
        assert got.best == "方案 B"

    def test_every_rate_of_return_is_listed(self):
        # Lorie and Savage (1955): the oil pump returns 25 % and 400 %.
        got = ex_ante.economy(flows(("泵", [-1600, 10000, -10000])), "a", HELD, "general")
        assert got.options["irr_shown"].tolist() == ["25%、400%"]
        assert "应以净现值为准" in got.facts[0][0]
        none = ex_ante.economy(flows(("无", [-100, *[20] * 9, -120])), "a", HELD, "general")
        assert none.options["irr_shown"].tolist() == ["—"]
        assert "不存在" in none.facts[0][0]

    def test_switching_values_make_the_present_value_zero(self, data):
        for unit, rate in (("water-supply", "general"), ("greenbook-options", "greenbook")):
            mine = data["flows"][data["flows"]["unit_id"] == unit]
            options = ex_ante.economy(mine, unit, HELD, rate).options
            steps = next(HELD.value(n)[rate] for n in HELD.in_force("discount_rates") if rate in HELD.value(n))[
                "steps"
            ]
            for row in options.itertuples():
                one = mine[mine["option_id"] == row.option_id]
                for part in ("benefit", "investment"):
                    moved = one.assign(**{part: one[part] * (1 + getattr(row, f"switch_{part}"))})
                    assert appraisal.present_value(appraisal.net(moved), steps) == pytest.approx(0, abs=1e-9)

    def test_no_flows_and_no_such_rate(self):
        got = ex_ante.economy(flows(), "a", HELD, "general")
        assert got.best is None
        assert "未提供现金流量" in got.facts[0][0]
        with pytest.raises(ScoreError) as caught:
            ex_ante.economy(flows(("甲", [-1, 2])), "a", HELD, "highest")
        assert set(caught.value.problems[0].expected.split(", ")) == {"general", "flood", "greenbook"}


class TestPublishedFigures:
    @pytest.fixture
    def data(self):
        return readers.open_data(SAMPLES / "appraisals")

    def check(self, data, unit, rate, published=None):
        held = data["published"] if published is None else published
        return ex_ante.published_check(data["flows"], held, unit, HELD, rate)

    def test_water_supply(self, data):
        # The textbook prints 15.52 (exact: 15.498), -10.89 (exact: -10.899) and 8.2 % by interpolation (8.174 %).
        got = self.check(data, "water-supply", "general")
        assert got["published"].tolist() == ["15.52", "-10.89", "8.2%"]
        assert got["computed"].tolist() == ["15.498", "-10.899", "8.10%"]
        assert got["by_hand"].tolist()[2] == "8.17%"
        assert got["agrees"].tolist() == [False, False, True]

    def test_green_book(self, data):
        got = self.check(data, "greenbook-options", "greenbook")
        assert got["agrees"].all()
        assert got["computed"].tolist() == ["-0.817", "0.510"]

    def test_a_wrong_figure_does_not_agree(self, data):
        wrong = data["published"].assign(value=data["published"]["value"] + 1)
        assert not self.check(data, "greenbook-options", "greenbook", wrong)["agrees"].any()

    def test_an_option_without_flows_is_refused_in_words(self, data):
        wrong = data["published"].assign(option_id="没有这个方案")
        with pytest.raises(PerfkitError, match="没有这个方案"):
            self.check(data, "water-supply", "general", wrong)

    def test_a_rate_that_is_not_there_is_refused_in_words(self, data):
        with pytest.raises(PerfkitError, match="highest"):
            self.check(data, "water-supply", "highest")


class TestCosts:
    def test_every_case(self):
        got = ex_ante.cost_review(
            costs(
                {"unit_cost": 12, "standard": 10},
                {"unit_cost": 10, "standard": 10},
                {"unit_cost": 8, "standard": 10},
                {"unit_cost": 9},
                {"unit_cost": 9, "supported": False, "note": "重复"},
                {"unit_cost": 12, "standard": 10, "supported": False},
            ),
            "a",
        )
        assert got["amount"].tolist() == [120, 100, 80, 90, 90, 120]
        assert got["accepted"].tolist() == [100, 100, 80, 90, 0, 0]
        assert got["cut"].tolist() == [20, 0, 0, 0, 90, 120]
        assert got["above"].iloc[0] == pytest.approx(0.2)
        assert got["above"].iloc[1:4].isna().all()
        zh = got["reason_zh"].tolist()
        assert "20%" in zh[0]
        assert "无标准" in zh[3]
        assert "不予支持" in zh[4]
        assert "重复" in zh[4]

    def test_the_waterfall_adds_up(self):
        got = ex_ante.cost_review(costs({"unit_cost": 12, "standard": 10}, {"unit_cost": 9, "supported": False}), "a")
        steps = ex_ante.reductions(got)
        assert [value for _, value in steps] == [210, -20, -90, 100]
        assert ex_ante.reductions(got.iloc[:0]) == []

    def test_no_items(self):
        assert len(ex_ante.cost_review(costs(), "a")) == 0


class TestProposal:
    @pytest.mark.parametrize(
        ("amount", "henan", "zhengzhou"),
        # Henan art. 7: new fund of 5 million yuan; Zhengzhou: 5 million a year, 15 in all, 200 invested.
        [(499, 0, 0), (500, 1, 1), (1500, 1, 2), (20000, 1, 3)],
    )
    def test_thresholds(self, amount, henan, zhengzhou):
        lines = ex_ante.threshold_facts(proposal(requested=amount), HELD)
        texts = {place: zh for place in ("河南", "郑州") for zh, _ in lines if place in zh}
        for place, reached in (("河南", henan), ("郑州", zhengzhou)):
            assert ("应开展" in texts[place]) == (reached > 0)
            assert texts[place].count("万元") == reached

    def test_other_money_is_not_judged(self):
        (line,) = ex_ante.threshold_facts(proposal(money_unit="百万英镑"), HELD)
        assert "不判断" in line[0]

    def test_unknown_proposal(self):
        held = tables.check(pd.DataFrame([{"unit_id": "a", "name": "甲"}]), "proposals")
        with pytest.raises(ScoreError, match="no proposal 'b'"):
            ex_ante.proposal_row(held, "b")
        assert ex_ante.named_rate(ex_ante.proposal_row(held, "a")) == "general"

    def test_bases_hold_the_rate_that_was_used(self):
        bases = ex_ante.bases(HELD, "flood")["parameter"].tolist()
        assert "discount_rates_flood" in bases
        assert "discount_rates_general" not in bases
        assert "conclusion_cuts" in bases


def test_simulated_seawall_is_assessed_as_a_whole():
    data = readers.open_data(SAMPLES / "seawall-simulated")
    row = ex_ante.proposal_row(data["proposals"], "seawall-simulated")
    scored = ex_ante.panel_scores(data["panel"], "seawall-simulated", HELD)
    money = ex_ante.economy(data["flows"], "seawall-simulated", HELD, ex_ante.named_rate(row))
    review = ex_ante.cost_review(data["unit_costs"], "seawall-simulated")
    got = ex_ante.conclude(row, scored, money, review, HELD)
    assert got.points == pytest.approx(scored["points"].sum())
    assert got.recommended == pytest.approx(review["accepted"].sum())
    assert review["amount"].sum() == pytest.approx(row["requested"])
    refused = review[review["supported"].eq(False)]
    assert (got.code == "part") == (len(refused) > 0 and got.points >= 70)
    assert any("模拟" in zh for (zh, _), _ in ex_ante.notices(row, HELD, got))
