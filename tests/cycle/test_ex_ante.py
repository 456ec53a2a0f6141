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
    sat = panel(points) if points is not None else panel().iloc[:0]
    scored = ex_ante.panel_scores(sat, "a", HELD)
    money = ex_ante.economy(flows(("甲", nets)) if nets else flows(), "a", HELD, "general")
    return ex_ante.conclude(proposal(**more), sat, scored, money, ex_ante.cost_review(costs(*items), "a"), HELD)


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
        assert dimensions["points"].tolist() == pytest.approx([15.6, 16, 16, 16, 16])
        for table in (scored, dimensions):
            assert set(table["pack"]) == {"cn-ex-ante"}
            assert set(table["on"]) == {"2024-12-31"}

    def test_every_item_keeps_its_check_points(self):
        # Zhengzhou art. 12: what the experts look at stands beside their scores.
        scored = ex_ante.panel_scores(panel(), "a", HELD).set_index("indicator_id")
        assert scored.loc["EX-11", "check_points"] == "依据充分；合法合规"
        assert scored["check_points"].to_dict() == ITEMS.set_index("indicator_id")["check_points"].to_dict()
        assert scored["check_points"].notna().all()

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
        assert ex_ante.panel_facts(panel(), "b", HELD)[0] == (
            "未提供专家评分，五个维度不打分，本报告只作经济性分析。",
            "No panel has scored this proposal: the dimensions are not scored and no overall conclusion is given.",
        )
        assert {"check_points", "pack", "on"} <= set(scored.columns)

    @pytest.mark.parametrize(("experts", "ok"), [(5, True), (6, True), (4, False), (2, False)])
    def test_composition(self, experts, ok):
        # Henan, annex 1-1 二（四）: at least five, subject, management and finance experts.
        document = "《河南省省级预算项目政策事前绩效评估管理办法》附件1-1 二（四）"
        who, *verdict = [zh for zh, _ in ex_ante.panel_facts(panel(experts=experts), "a", HELD)]
        assert who.startswith(f"专家组共 {experts} 人：")
        if ok:
            assert verdict == [f"专家组组成符合{document}的要求。"]
        else:
            assert verdict[0] == f"专家组 {experts} 人，少于{document}要求的 5 人，应补足后重新评分。"
            assert not any("符合" in line for line in verdict[:1])
        assert any("缺财政财务专家" in line for line in verdict) is (experts == 2)

    def test_three_kinds_are_needed(self):
        held = panel().assign(expert_kind="business")
        (_, (zh, _)) = ex_ante.panel_facts(held, "a", HELD)
        assert zh.startswith("专家组缺管理专家、财政财务专家，不符合《河南省省级预算项目政策事前绩效评估管理办法》")


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
        assert got.requested == 1000

    @pytest.mark.parametrize("arguments", [{"points": 3.49}, {"documents_complete": False}])
    def test_reject(self, arguments):
        got = concluded(**arguments)
        assert (got.code, got.words[0], got.recommended) == ("reject", "建议不予支持", 0)

    def test_missing_documents_reject_even_without_a_panel(self):
        got = concluded(None, documents_complete=False)
        assert got.code == "reject"
        assert got.reasons[0][0] == (
            "限期（5 个工作日）补充后资料仍不齐全，提请专家组讨论，拟定结论为“建议不予支持”"
            "（《河南省省级预算项目政策事前绩效评估管理办法》附件1-1 二（八））。"
        )

    def test_cost_items_that_do_not_add_up_are_a_reason_to_adjust(self):
        # 10 x 90 + 10 x 9 = 990 of 1,000 requested; 10 x 100 is the whole.
        got = concluded(items=[{"unit_cost": 90}, {"unit_cost": 9}])
        assert (got.code, got.recommended) == ("adjust", 990)
        assert any(
            zh.startswith("费用明细合计 990 万元，与申请金额 1,000 万元 不一致，请核实") for zh, _ in got.reasons
        )
        whole = concluded(items=[{"unit_cost": 100}])
        assert (whole.code, whole.recommended) == ("support", 1000)
        assert not any("不一致" in zh for zh, _ in whole.reasons)

    def test_without_a_requested_amount_nothing_is_compared(self):
        got = concluded(items=[{"unit_cost": 90}], requested=None)
        assert got.code == "support"
        assert np.isnan(got.requested)

    def test_the_packs_order_and_rules_decide(self, own_pack):
        # As shipped a refused item makes "part" and a high price "adjust", and "part" is the stricter.
        items = [{"unit_cost": 50, "supported": False}, {"unit_cost": 50, "standard": 40}]

        def by(**change):
            def edit(held):
                held["conclusion_rules"]["entries"][0]["value"].update(change)

            return edit

        def code(held):
            scored = ex_ante.panel_scores(panel(5), "a", held)
            money = ex_ante.economy(flows(("甲", (-100, 200))), "a", held, "general")
            review = ex_ante.cost_review(costs(*items), "a")
            return ex_ante.conclude(proposal(), panel(5), scored, money, review, held).code

        assert code(HELD) == "part"
        weaker = rules.load(own_pack(by(order=["support", "part", "adjust", "reject"]), "cn-ex-ante"), "2024-12-31")
        assert code(weaker) == "adjust"

    def test_a_panel_that_is_not_composed_as_asked_is_no_plain_support(self):
        money, review = ex_ante.economy(flows(), "a", HELD, "general"), ex_ante.cost_review(costs(), "a")
        for experts, code in ((5, "support"), (4, "adjust"), (2, "adjust")):
            sat = panel(5, experts=experts)
            scored = ex_ante.panel_scores(sat, "a", HELD)
            assert ex_ante.conclude(proposal(), sat, scored, money, review, HELD).code == code

    def test_a_pack_may_be_stricter_on_prices(self, own_pack):
        def edit(held):
            held["conclusion_rules"]["entries"][0]["value"]["above_standard"] = "reject"

        held = rules.load(own_pack(edit, "cn-ex-ante"), "2024-12-31")
        scored = ex_ante.panel_scores(panel(5), "a", held)
        money = ex_ante.economy(flows(), "a", held, "general")
        review = ex_ante.cost_review(costs({"unit_cost": 100, "standard": 90}), "a")
        assert ex_ante.conclude(proposal(), panel(5), scored, money, review, held).code == "reject"

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
        assert "经济净现值 1.25（为正），经济内部收益率 8.1%，经济效益费用比" in got.facts[0][0]
        assert "为正" in got.facts[0][0]

    def test_green_book_options(self, data):
        # Green Book 2003, box "Options A and B": A -0.82, B 0.51; B is the better one.
        got = ex_ante.economy(data["flows"], "greenbook-options", HELD, "greenbook")
        assert got.options["npv"].round(2).tolist() == [-0.82, 0.51]
        assert got.best == "方案 B"
        assert got.facts[-1][0] == "经济净现值最高的方案为“方案 B”。"
        assert set(got.options["pack"]) == {"cn-ex-ante"}
        assert set(got.options["on"]) == {"2024-12-31"}

    def test_examples_are_called_examples_and_ask_for_no_money(self, data):
        proposals = data["proposals"].set_index("unit_id")
        assert set(proposals["reality"]) == {"example"}
        assert proposals["requested"].isna().all()
        assert set(data["flows"].query("unit_id == 'water-supply'")["option_id"]) == {"算例方案"}
        assert set(data["published"].query("unit_id == 'water-supply'")["option_id"]) == {"算例方案"}

    def test_every_rate_of_return_is_listed(self):
        # Lorie and Savage (1955): the oil pump returns 25 % and 400 %.
        got = ex_ante.economy(flows(("泵", [-1600, 10000, -10000])), "a", HELD, "general")
        assert got.options["irr_shown"].tolist() == ["25%、400%"]
        assert "经济内部收益率 25%、400%（有多个，应以经济净现值为准）" in got.facts[0][0]
        none = ex_ante.economy(flows(("无", [-100, *[20] * 9, -120])), "a", HELD, "general")
        assert none.options["irr_shown"].tolist() == ["—"]
        assert "经济内部收益率不存在" in none.facts[0][0]

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
        assert got["rate"].tolist() == ["7%", "9%", "7%～9%"]
        assert tables.contract("published_check").columns["measure"].metadata["choices"] == {
            "npv": ("经济净现值（ENPV）", "economic net present value (ENPV)"),
            "irr": ("经济内部收益率（EIRR）", "economic internal rate of return (EIRR)"),
            "irr_interpolated": (
                "经济内部收益率（EIRR，内插法）",
                "economic internal rate of return (EIRR), interpolated",
            ),
            "bcr": ("经济效益费用比（EBCR）", "economic benefit-cost ratio (EBCR)"),
        }
        assert set(got["pack"]) == {"cn-ex-ante"}
        assert set(got["on"]) == {"2024-12-31"}
        assert got["published"].tolist() == ["15.52", "-10.89", "8.2%"]
        assert got["computed"].tolist() == ["15.498", "-10.899", "8.10%"]
        assert got["by_hand"].tolist()[2] == "8.17%"
        assert got["agrees"].tolist() == [False, False, True]

    def test_green_book(self, data):
        got = self.check(data, "greenbook-options", "greenbook")
        assert got["agrees"].all()
        assert got["computed"].tolist() == ["-0.817", "0.510"]
        assert got["rate"].isna().all()  # the pack's own schedule

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
        items = [{"unit_cost": 12, "standard": 10}, {"unit_cost": 9, "supported": False}]
        steps = ex_ante.reductions(got, concluded(items=items, requested=210))
        assert [value for _, value in steps] == [210, -20, -90, 100]
        assert ex_ante.reductions(got.iloc[:0], concluded(requested=210)) == []
        # Requested 200, items of 210: the waterfall begins at what was requested, and its steps add up.
        steps = [value for _, value in ex_ante.reductions(got, concluded(items=items, requested=200))]
        assert steps == [200, 10, -20, -90, 100]
        # Nothing is recommended: nothing to show.
        assert ex_ante.reductions(got, concluded(3, items=items, requested=210)) == []

    def test_never_more_is_recommended_than_requested(self):
        got = concluded(items=[{"unit_cost": 90}], requested=800)
        assert (got.code, got.recommended) == ("adjust", 800)

    def test_no_items(self):
        assert len(ex_ante.cost_review(costs(), "a")) == 0


class TestProposal:
    @pytest.mark.parametrize(
        ("amount", "henan", "zhengzhou"),
        # In 10,000 yuan. Henan art. 7: new fund of 500; Zhengzhou: 500 a year, 1,500 in all, 20,000 invested;
        # assessed by the finance bureau itself: 2,000 a year, 50,000 invested.
        [
            (499, [], []),
            (499.99, [], []),
            (500, ["新增专项资金 500 万元"], ["年度资金 500 万元"]),
            (1500, ["新增专项资金 500 万元"], ["年度资金 500 万元", "资金总额 1,500 万元"]),
            (
                2000,
                ["新增专项资金 500 万元"],
                ["年度资金 500 万元", "资金总额 1,500 万元", "财政部门组织评估的年度资金 2,000 万元"],
            ),
            (
                20000,
                ["新增专项资金 500 万元"],
                [
                    "年度资金 500 万元",
                    "资金总额 1,500 万元",
                    "财政部门组织评估的年度资金 2,000 万元",
                    "政府投资项目 20,000 万元",
                ],
            ),
            (
                50000,
                ["新增专项资金 500 万元"],
                [
                    "年度资金 500 万元",
                    "资金总额 1,500 万元",
                    "财政部门组织评估的年度资金 2,000 万元",
                    "政府投资项目 20,000 万元",
                    "财政部门组织评估的政府投资项目 50,000 万元",
                ],
            ),
        ],
    )
    def test_thresholds(self, amount, henan, zhengzhou):
        lines = [zh for zh, _ in ex_ante.threshold_facts(proposal(requested=amount), HELD)]
        cited = {
            "河南省": (henan, "《河南省省级预算项目政策事前绩效评估管理办法》第七条"),
            "郑州市": (zhengzhou, "《郑州市市级新增重大支出政策和项目事前绩效评估管理实施暂行办法》"),
        }
        assert len(lines) == 2
        for line, (place, (reached, document)) in zip(lines, cited.items(), strict=True):
            if reached:
                assert line.startswith(f"申请金额达到{place}下列数额标准：{'、'.join(reached)}（{document}")
                assert line.endswith("；是否适用由主管部门认定。")
            else:
                assert line == f"申请金额低于{place}各项评估门槛（{document}）。"
            assert "应开展" not in line

    def test_thresholds_are_in_yuan_whatever_the_proposal_counts_in(self):
        same = [
            ex_ante.threshold_facts(proposal(requested=amount, money_unit=unit), HELD)
            for amount, unit in ((15_000_000, "元"), (15_000_000, None), (1500, "万元"), (0.15, "亿元"))
        ]
        assert same[0] == same[1] == same[2] == same[3]

    def test_other_money_is_not_judged(self):
        (line,) = ex_ante.threshold_facts(proposal(money_unit="百万英镑"), HELD)
        assert line[0] == "申请金额未以人民币计量，不比较评估门槛。"

    def test_no_requested_amount_is_not_judged(self):
        (line,) = ex_ante.threshold_facts(proposal(requested=None), HELD)
        assert line[0] == "未列申请金额，不比较评估门槛。"

    def test_unknown_proposal(self):
        held = tables.check(pd.DataFrame([{"unit_id": "a", "name": "甲"}]), "proposals")
        with pytest.raises(ScoreError, match="no proposal 'b'"):
            ex_ante.proposal_row(held, "b")
        assert ex_ante.named_rate(ex_ante.proposal_row(held, "a")) == "general"

    def bases(self, rate="general", sat=True, items=(), **more):
        held = panel() if sat else panel().iloc[:0]
        scored, review = ex_ante.panel_scores(held, "a", HELD), ex_ante.cost_review(costs(*items), "a")
        return set(ex_ante.bases(proposal(**more), HELD, rate, scored, review)["parameter"])

    ALWAYS = frozenset({"dimensions", "conclusions", "negative_npv"})
    PANEL = frozenset({"full_points", "experts", "panel_rule", "rounding", "conclusion_cuts", "conclusion_rules"})
    MONEY = frozenset({"threshold_henan", "threshold_zhengzhou"})

    def test_bases_hold_the_rate_that_was_used(self):
        assert self.bases("flood") == self.ALWAYS | self.PANEL | self.MONEY | {"discount_rates_flood"}
        assert self.bases() == self.ALWAYS | self.PANEL | self.MONEY | {"discount_rates_general"}

    def test_bases_hold_nothing_that_was_not_used(self):
        none = self.bases("greenbook", sat=False, requested=None)
        assert none == self.ALWAYS | {"discount_rates_uk"}
        assert self.bases(sat=False, money_unit="百万英镑") == self.ALWAYS | {"discount_rates_general"}
        items = [{"unit_cost": 1}]
        assert self.bases(sat=False, requested=None, items=items) - none == {
            "conclusion_rules",
            "discount_rates_general",
        }
        assert "documents_rule" in self.bases(documents_complete=False)
        assert "documents_rule" not in self.bases(documents_complete=True)


class TestAround:
    def test_notices(self):
        kinds = [kind for _, kind in ex_ante.notices(proposal(), concluded(5))]
        assert kinds == ["configured"]
        found = ex_ante.notices(proposal(reality="simulated"), concluded(None))
        assert [kind for _, kind in found] == ["simulated", "warning", "configured"]
        assert found[1][0][0] == "未提供专家评分，本报告不出具总体结论。"
        assert "第五部分" in found[2][0][0]

    def test_advice_names_each_cut_and_the_weak_items(self):
        # 10 x (12 - 10) is cut; EX-24 has a mean of 4.4 of 5; the rest is full.
        sat = panel(5, change={("E0", "EX-24"): 2})
        scored = ex_ante.panel_scores(sat, "a", HELD)
        review = ex_ante.cost_review(costs({"unit_cost": 12, "standard": 10}, {"unit_cost": 8, "standard": 9}), "a")
        money = ex_ante.economy(flows(("甲", (-100, 200)), ("乙", (-100, 300))), "a", HELD, "general")
        row = proposal(requested=200)
        got = ex_ante.conclude(row, sat, scored, money, review, HELD)
        assert [zh for zh, _ in ex_ante.advice(row, scored, money, review, got)] == [
            "“费用0”核减 20 万元（单价高于标准 20%，按标准核定）。",
            "就“成本与效益匹配”一项（投入经济性，得 4.4 分，满分 5 分）补充论证材料。",
            "在所列方案中优先采用“乙”。",
        ]

    def test_advice_without_a_panel(self):
        scored = ex_ante.panel_scores(panel().iloc[:0], "a", HELD)
        money, review = ex_ante.economy(flows(), "a", HELD, "general"), ex_ante.cost_review(costs(), "a")
        lines = ex_ante.advice(proposal(), scored, money, review, concluded(None, nets=()))
        assert [zh for zh, _ in lines] == ["组织专家组评分后再出具总体结论。"]


def test_simulated_seawall_is_assessed_as_a_whole():
    data = readers.open_data(SAMPLES / "seawall-simulated")
    row = ex_ante.proposal_row(data["proposals"], "seawall-simulated")
    scored = ex_ante.panel_scores(data["panel"], "seawall-simulated", HELD)
    money = ex_ante.economy(data["flows"], "seawall-simulated", HELD, ex_ante.named_rate(row))
    review = ex_ante.cost_review(data["unit_costs"], "seawall-simulated")
    got = ex_ante.conclude(row, data["panel"], scored, money, review, HELD)
    # By hand from the five experts' points, four items a dimension: sums 92.5, 84, 91.5, 93.5, 94.5, a fifth each.
    assert ex_ante.by_dimension(scored)["points"].tolist() == pytest.approx([18.5, 16.8, 18.3, 18.7, 18.9])
    assert got.points == 91.2
    assert not scored["split"].any()  # the widest opinions lie 1 of 5 points apart
    # 7,200 x 4.6 + 7,200 x 2.45 + 3 x 1,850 + 96 x 38 + 7.2 x 320 + 860 + 2,400 x 0.42 + 180 + 160 = 64,470.
    assert review["amount"].tolist() == [33120, 17640, 5550, 3648, 2304, 860, 1008, 180, 160]
    # 7,200 x (2.45 - 2.2), 3 x (1,850 - 1,720), 2,400 x (0.42 - 0.35), and the second study not at all.
    assert review.set_index("item_id")["cut"].to_dict() == {
        **dict.fromkeys(["C1", "C4", "C5", "C6", "C8"], 0),
        "C2": 1800,
        "C3": 390,
        "C7": 168,
        "C9": 160,
    }
    assert review["cut"].sum() == 2518
    assert (got.requested, got.recommended) == (64470, 61952)
    assert (got.code, got.words[0]) == ("part", "建议部分支持")
    # At 6 %, flows at the ends of the years, year 0 undiscounted: 40 years of benefit less running costs.
    v = 1 / 1.06
    later = sum(v**year for year in range(4, 44))
    best = (6450 - 773.64) * later - 19341 * v - 25788 * v**2 - 19341 * v**3
    least = (1750 - 285.6) * sum(v**year for year in range(3, 43)) - 14280 * v - 9520 * v**2
    npv = money.options.set_index("option_id")["npv"]
    assert npv["加固方案"] == pytest.approx(best)
    assert npv["最小方案（仅除险）"] == pytest.approx(least)
    assert money.best == "加固方案"
    reasons = " ".join(zh for zh, _ in got.reasons)
    assert "专家组综合评分 91.2 分，达到 90 分" in reasons
    assert "不支持的内容：专题研究（潮位复核），计 160 万元" in reasons
    assert "单价高于支出标准的有：护岸及消浪结构、水闸改建、管理用房，核减 2,358 万元" in reasons
    assert "不一致" not in reasons
    assert ex_ante.notices(row, got)[0] == (
        ("本报告所用数据为模拟数据，不反映任何真实项目。", "Simulated data: no real project is described."),
        "simulated",
    )
    amounts = {zh: value for (zh, _), value in ex_ante.amounts(row, got)}
    assert amounts == {
        "申请金额（万元）": 64470,
        "较申请额核减（万元）": 2518,
        "建议金额（万元）": 61952,
        "较申请额核减比例": "3.91%",
    }


class TestWhatAThirdReadingFound:
    def test_a_published_rate_with_few_decimals_prints(self):
        held = rules.load("cn-ex-ante", "2024-06-30")
        money = flows(("一", (-100, 120)))
        figure = {
            "unit_id": "a",
            "option_id": "一",
            "measure": "irr",
            "value": 0.2,
            "decimals": 1,
        }
        published = tables.check(pd.DataFrame([figure]), "published")
        found = ex_ante.published_check(money, published, "a", held, "general")
        assert found[["published", "agrees"]].to_numpy().tolist() == [["20%", True]]

    def test_flows_with_nothing_to_switch_make_whole_sentences(self):
        held = rules.load("cn-ex-ante", "2024-06-30")
        said = ex_ante.economy(flows(("一", (0, 0))), "a", held, "general")
        assert "没有单项变化能使经济净现值为零" in said.facts[0][0]
        assert "—" not in said.facts[0][0]
        assert "（为零）" in said.facts[0][0]
        assert "不过零点" in ex_ante.curve_text(said)[0]
