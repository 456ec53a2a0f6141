"""What the next stage reads: causes, what moves the grade, numbered findings, the budget consequence by each rule.

Expected consequences are those of the regulations' texts: 财预〔2020〕10号 article 27, Henan's measures for the use
of results article 15 (10 to 30 %, 30 % and more), Zhejiang's report on 2021 section 4 (2).
"""

import re

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import rules, tables
from perfkit.cycle import evaluation
from perfkit.measure import scorecard

NATIONAL = rules.load("cn-project-2020", "2022-12-31")
HENAN = rules.load("henan-project", "2025-12-31")
ZHEJIANG = rules.load("zhejiang-self-evaluation", "2022-12-31")


def table(name, rows):
    return tables.check(pd.DataFrame(rows).reindex(columns=list(tables.contract(name).columns)), name)


def scored(actuals, rule_set=NATIONAL, statuses=None, **known):
    """Score indicators a, b, ... with targets of 100 and equal points; the total is the mean of the actuals."""
    codes = "abcdefghij"[: len(actuals)]
    indicators = table(
        "indicators",
        [
            {"indicator_id": code, "level1": "产出", "level3": f"指标{code}", "name_en": f"item {code}",
             "kind": "quantitative", "direction": "ge", "target": 100.0, "points": 100 / len(codes)}
            for code in codes
        ],
    )  # fmt: skip
    values = table(
        "values",
        [
            {"unit_id": "u", "indicator_id": code, "year": 2022, "actual": actual,
             "status": (statuses or {}).get(code)}
            for code, actual in zip(codes, actuals, strict=True)
        ],
    )  # fmt: skip
    units = table("units", [{"unit_id": "u", "name": "甲", "year": 2022, "budget": 2_000_000.0, **known}])
    card = scorecard.score(values, indicators, rule_set, units=units).of("u")
    return card, evaluation.unit_row(units, "u")


def words(pairs):
    return "".join(zh for zh, _ in pairs), " ".join(en for _, en in pairs)


class TestCauses:
    def test_they_add_up_to_all_points_lost(self):
        # 20 points each: 80 % scores 16, the missing one nothing: 4 + 20 of 24 lost.
        card, _ = scored([100.0, 100, 100, 80, float("nan")], statuses={"e": "missing"})
        found = evaluation.lost_by_cause(card).set_index("cause_zh")
        assert found["lost"].to_dict() == pytest.approx({"缺完成值": 20, "指标值未达目标": 4})
        assert found["lost_share"].sum() == pytest.approx(1)
        assert "共扣 24 分：缺完成值 20 分（83.33%）" in evaluation.causes_text(found.reset_index())[0]

    def test_nothing_lost(self):
        card, _ = scored([100.0, 100])
        assert evaluation.causes_text(evaluation.lost_by_cause(card))[0] == "没有扣分。"


class TestWhatMovesTheGrade:
    def test_one_indicator_would_do(self):
        # 85: a lost 10, b lost 5; 5 points are lacking to 90.
        zh, en = words(evaluation.would_move(scored([80.0, 90])[0]))
        assert "距“优”尚差 5 分；下列任何一项得满分即可达到：指标a、指标b" in zh
        assert "再少超过 5 分即降一级" in zh
        assert "item a, item b" in en

    def test_it_takes_several(self):
        # 50 of 100: 10 points are lacking to 60; each of ten lost 5.
        zh, _ = words(evaluation.would_move(scored([50.0] * 10)[0]))
        assert "任何单项得满分都不足以达到，至少须 2 项同时得满分（如指标a、指标b）" in zh
        assert "降一级" not in zh  # there is none below

    def test_at_the_floor_and_at_the_top(self):
        assert "恰为本等级下限" in words(evaluation.would_move(scored([80.0, 80])[0]))[0]
        assert words(evaluation.would_move(scored([100.0, 100])[0]))[0].startswith("已是最高等级")

    def test_without_a_total(self):
        card, _ = scored([1.0], statuses={"a": "not_applicable"})
        assert words(evaluation.would_move(card))[0].startswith("没有总分")

    @settings(max_examples=25)
    @given(st.lists(st.integers(0, 100), min_size=1, max_size=10))
    def test_what_it_names_does_raise_the_grade(self, actuals):
        card, _ = scored([float(each) for each in actuals])
        zh = evaluation.would_move(card)[0][0]
        names = [f"指标{code}" for code in "abcdefghij"[: len(actuals)] if f"指标{code}" in zh]
        before = card.results["grade"].iloc[0]
        if "任何一项" in zh:
            for name in names:
                at = "abcdefghij".index(name[-1])
                better = [100.0 if each == at else float(old) for each, old in enumerate(actuals)]
                assert scored(better)[0].results["grade"].iloc[0] != before
        elif "同时" in zh:
            full = {"abcdefghij".index(name[-1]) for name in names}
            better = [100.0 if each in full else float(old) for each, old in enumerate(actuals)]
            assert scored(better)[0].results["grade"].iloc[0] != before
        else:
            assert before == "优"


class TestBudgetConsequence:
    @pytest.mark.parametrize(
        ("actual", "rule_set", "by", "act", "cut", "amounts"),
        [
            (95.0, HENAN, "key", "support", None, None),
            (85.0, HENAN, "key", "rectify", None, None),
            (70.0, HENAN, "key", "cut", (0.1, 0.3), (200_000, 600_000)),
            (40.0, HENAN, "key", "cut", (0.3, 1.0), (600_000, 2_000_000)),
            (70.0, NATIONAL, "key", "cut", None, None),
            (85.0, NATIONAL, "key", "support", None, None),
            (40.0, ZHEJIANG, "self", "stop", (1.0, 1.0), (2_000_000, 2_000_000)),
            (70.0, ZHEJIANG, "self", "cut", None, None),
            (70.0, ZHEJIANG, "checked", "stop", (1.0, 1.0), (2_000_000, 2_000_000)),
            (70.0, ZHEJIANG, "key", "cut", None, None),
        ],
    )
    def test_by_the_rule_of_each_place(self, actual, rule_set, by, act, cut, amounts):
        card, unit = scored([actual], rule_set)
        found = evaluation.budget_consequence(card, unit, by=by)
        row = found.iloc[0]
        assert row["act"] == act
        shown = [None if pd.isna(row[name]) else row[name] for name in ("cut_low", "cut_high")]
        assert shown == ([None, None] if cut is None else pytest.approx(list(cut)))
        money = [None if pd.isna(row[name]) else row[name] for name in ("amount_low", "amount_high")]
        assert money == ([None, None] if amounts is None else pytest.approx(list(amounts)))
        zh, en = words(evaluation.consequence_text(found))
        assert not re.search(r"\bnan\b", zh + en)
        assert ("扣减比例未规定" in zh) == (act == "cut" and cut is None)
        assert ("不再安排预算" in zh) == (act == "stop" or (rule_set is ZHEJIANG and by == "key"))

    def test_henan_in_words(self):
        card, unit = scored([70.0], HENAN)
        zh, en = words(evaluation.consequence_text(evaluation.budget_consequence(card, unit)))
        assert "等级为“中”，依据《河南省省级预算绩效评价结果应用管理办法》第十五条" in zh
        assert "被评价年度预算 2,000,000 元，扣减 10% 至 30%，即 200,000 至 600,000 元" in zh
        assert "由主管机关决定" in zh
        assert "a cut of 10% to 30%, that is 200,000 to 600,000" in en

    def test_henan_names_sixty_days_and_the_nation_none(self):
        assert "60 日内报送" in words(evaluation.rectification_text(HENAN))[0]
        assert evaluation.rectification_text(NATIONAL) == []

    def test_without_a_budget_there_is_a_share_and_no_amount(self):
        card, unit = scored([70.0], HENAN, budget=None)
        found = evaluation.budget_consequence(card, unit)
        assert found["amount_low"].isna().all()
        assert "预算数缺失" in words(evaluation.consequence_text(found))[0]

    def test_without_a_grade_or_a_rule_nothing_is_proposed(self):
        card, unit = scored([1.0], statuses={"a": "not_applicable"})
        found = evaluation.budget_consequence(card, unit)
        assert found["act"].tolist() == ["none"]
        assert words(evaluation.consequence_text(found))[0] == "没有等级，不提出预算安排建议。"
        card, unit = scored([70.0], rules.load("teaching-demo", "2024-12-31"))
        assert "没有规定该等级" in words(evaluation.consequence_text(evaluation.budget_consequence(card, unit)))[0]

    def test_a_grade_that_hangs_on_what_is_missing_says_so(self):
        # 3 of 4 full, one missing: 75, up to 100.
        card, unit = scored([100.0, 100, 100, float("nan")], HENAN, statuses={"d": "missing"})
        zh, en = words(evaluation.consequence_text(evaluation.budget_consequence(card, unit)))
        assert "总分在 75 至 100 分之间，等级可在“中”至“优”之间" in zh
        assert "between 'fair' and 'excellent'" in en


class TestNumberedFindings:
    CHECKS = table(
        "check_findings",
        [
            {"unit_id": "u", "finding_id": "F1", "problem": "档案不全", "evidence": "抽查", "weight": "minor"},
            {"unit_id": "u", "finding_id": "F2", "problem": "重复申报", "evidence": "名册", "weight": "serious",
             "indicator_id": "a", "amount": 5000.0, "rule_broken": "某办法第三条", "advice": "追回",
             "due_on": "2023-06-30"},
            {"unit_id": "v", "finding_id": "F1", "problem": "别家的", "evidence": "无", "weight": "serious"},
        ],
    )  # fmt: skip

    def found(self, actuals, checks=CHECKS):
        card, unit = scored(actuals)
        units = pd.DataFrame([unit])
        return evaluation.numbered_findings(card, unit, evaluation.recheck(card, unit, units), checks), unit

    def test_the_gravest_first_each_loss_told_once(self):
        made, unit = self.found([80.0, 90, 100, 100])
        assert made["number"].tolist() == [1, 2, 3]
        assert made["origin"].tolist() == ["check", "check", "shortfall"]
        assert made["problem_zh"].tolist()[:2] == ["重复申报", "档案不全"]
        # 20 % and 10 % of 25 points: a's loss stands with the problem that names it.
        assert made["lost"].fillna(0).tolist() == pytest.approx([5, 0, 2.5])
        assert made["basis"].tolist()[0] == "某办法第三条"
        assert "第十六条" in made["basis"].tolist()[2]
        assert made["advice_zh"].tolist()[1].startswith("待补充")
        zh, en = evaluation.findings_text(made, unit)
        assert zh.startswith(
            "问题共 3 项（严重 1 项、轻微 1 项、未定严重程度 1 项），其中 1 项涉及金额，合计 5,000 元"
        )
        assert "not yet judged 1" in en

    def test_nothing_found(self):
        made, unit = self.found([100.0], None)
        assert made.empty
        assert evaluation.findings_text(made, unit)[0] == "没有列入清单的问题。"


def test_what_else_a_report_shows_is_among_its_bases():
    card, unit = scored([70.0], HENAN)
    found = evaluation.bases(card, unit, ["panel_rule", "budget_consequence"]).set_index("parameter")
    assert found.loc["panel_rule", "authority"] == "kit"
    assert found.loc["budget_consequence", ["authority", "article"]].tolist() == ["local", "第十五条"]


def test_results_are_read_back_and_formulas_stay_text(tmp_path):
    card, unit = scored([70.0, 90], HENAN)
    checks = TestNumberedFindings.CHECKS.assign(problem="=HYPERLINK(1)")
    findings = evaluation.recheck(card, unit, pd.DataFrame([unit]))
    frames = {
        "results": card.results,
        "numbered_findings": evaluation.numbered_findings(card, unit, findings, checks),
        "budget_consequence": evaluation.budget_consequence(card, unit),
    }
    paths = evaluation.write_results(frames, tmp_path / "out")
    assert [path.name for path in paths] == [*(f"{name}.csv" for name in frames), "results.xlsx"]
    for name, frame in frames.items():
        again = tables.read(tmp_path / "out" / f"{name}.csv", name)
        assert len(again) == len(frame)
    assert tables.read(paths[2], "budget_consequence")["unit_id"].tolist() == ["u"]
    book = openpyxl.load_workbook(paths[-1])
    assert book.sheetnames == ["评价结果", "问题清单", "预算安排建议"]
    cells = [cell for row in book["问题清单"] for cell in row if str(cell.value).startswith("=HYP")]
    assert cells
    assert {cell.data_type for cell in cells} == {"s"}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in paths)
