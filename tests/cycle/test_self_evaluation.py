"""A year's self-evaluations: coverage, timeliness, grades, execution, heaping, the year before, what follows."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from perfkit import readers, rules, tables
from perfkit.cycle import self_evaluation
from perfkit.errors import RuleError, ScoreError, TableError
from perfkit.reporting import figures

ROOT = Path(__file__).resolve().parents[2]
HELD = rules.load("zhejiang-self-evaluation", "2021-12-31")
PROVINCE = "data/samples/province-simulated"

# Six projects of two departments; what follows from them is worked out by hand beside each test.
ROWS = [
    # unit_id, department, fund_type, budget, spent, points, grade, due, submitted
    ("a", "甲局", "专项资金", 1_000_000, 1_000_000, 95.0, "优", "2022-03-31", "2022-03-31"),
    ("b", "甲局", "专项资金", 2_000_000, 1_000_000, 96.0, "优秀", "2022-03-31", "2022-04-02"),
    ("c", "甲局", "部门预算", 3_000_000, 2_700_000, 89.99, "优", "2022-03-31", "2022-04-10"),
    ("d", "乙局", "部门预算", 4_000_000, 4_400_000, 59.5, None, "2022-03-31", None),
    ("e", "乙局", "部门预算", 5_000_000, 5_000_000, None, None, "2022-03-31", None),
    ("f", "乙局", "部门预算", 500_000, None, None, "差", "2022-03-31", "2022-03-01"),
]
MONEY = ["budget", "spent"]
NAMES = ["unit_id", "department", "fund_type", *MONEY, "points_reported", "grade_reported", "due_on", "submitted_on"]


def frame(rows=ROWS, **more):
    made = pd.DataFrame(rows, columns=NAMES).assign(year=2021, **more)
    return tables.check(made, "frame")


def year(rows=ROWS, held=HELD, **more):
    return self_evaluation.of_frame(frame(rows, **more), held)


def simple(points, **more):
    """One project a score, all of one department and in time."""
    rows = [(f"p{at:04d}", "甲局", None, 1e4, 9e3, each, None, None, None) for at, each in enumerate(points)]
    return year(rows, **more)


@pytest.fixture(scope="module")
def province():
    return self_evaluation.of_frame(readers.open_data(ROOT / PROVINCE, ["frame"])["frame"], HELD)


def shown(folder, lang="zh"):
    """Run the notebook's cells in this process and return the HTML that each shows."""
    cells = json.loads((ROOT / "notebooks" / "40_self_evaluation.ipynb").read_text(encoding="utf-8"))["cells"]
    shell, found = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}})), []
    for cell in [cell for cell in cells if cell["cell_type"] == "code"]:
        ran = shell.run_cell("".join(cell["source"]))
        ran.raise_error()
        found += [ran.result.markup] if isinstance(ran.result, figures.Shown) else []
        if "parameters" in cell["metadata"].get("tags", []):
            shell.push({"data": str(folder), "lang": lang})
    return found


def words_of(markup):
    """Return the text of HTML without tags and pictures."""
    return re.sub(r"<[^>]*>", " ", re.sub(r'src="[^"]*"', "", "\n".join(markup)))


class TestCoverage:
    def test_handed_in_is_a_day_a_score_or_a_grade(self):
        # e has none of the three; d only a score; f only a grade and a day.
        assert year().projects.set_index("unit_id")["handed_in"].tolist() == [True, True, True, True, False, True]

    def test_counts_and_money(self):
        # 甲局: 3 of 3, 600 万. 乙局: 2 of 3, 450 of 950 万. All: 5 of 6, 1,050 of 1,550 万.
        found = self_evaluation.coverage(year()).set_index("group_zh")
        tables.check(found.reset_index(), "self_coverage")
        assert found.loc["甲局", ["projects", "handed_in", "missing"]].tolist() == [3, 3, 0]
        assert found.loc["乙局", ["projects", "handed_in", "missing"]].tolist() == [3, 2, 1]
        assert found.loc["合计", ["budget", "budget_handed_in"]].tolist() == [1550, 1050]
        assert found.loc["合计", "share"] == pytest.approx(5 / 6)
        assert found.loc["合计", "budget_share"] == pytest.approx(1050 / 1550)
        assert set(found["pack"]) == {"zhejiang-self-evaluation"}

    def test_missing_are_listed_the_largest_first(self):
        rows = [*ROWS, ("g", None, None, 9e6, None, None, None, None, None)]
        assert self_evaluation.missing(year(rows)).rows["unit_id"].tolist() == ["g", "e"]
        assert "未填主管部门的 1 个" in self_evaluation.coverage_text(year(rows))[-1][0]

    def test_a_long_list_says_how_many_it_leaves_out(self):
        lacking = [(f"p{at:02d}", "甲局", None, 1.0, None, None, None, None, None) for at in range(25)]
        listed = self_evaluation.missing(year([*ROWS, *lacking]))
        assert (len(listed.rows), listed.count) == (20, 26)  # the pack shows 20
        assert listed.note == ("共 26 个，列前 20 个。", "26 in all, the first 20 are shown.")
        assert self_evaluation.missing(year()).note == ("", "")

    def test_parts_add_up_to_the_whole(self, province):
        found = self_evaluation.coverage(province)
        parts, whole = found.iloc[:-1], found.iloc[-1]
        for name in ("projects", "handed_in", "missing", "budget", "budget_handed_in"):
            assert parts[name].sum() == pytest.approx(whole[name])


class TestTimeliness:
    def test_late_by_days(self):
        # a came on the due day, b two days and c ten days late, f 30 days early; d has no day of submission.
        held = year().projects.set_index("unit_id")["days_late"]
        assert held[["a", "b", "c", "f"]].tolist() == [0, 2, 10, -30]
        found = self_evaluation.timeliness(year()).set_index("group_zh")
        assert found.loc["合计", ["handed_in", "on_time", "late", "undated"]].tolist() == [5, 2, 2, 1]
        assert found.loc["合计", ["on_time_share", "days_median", "days_most"]].tolist() == [0.5, 6, 10]
        assert self_evaluation.late(year()).rows["unit_id"].tolist() == ["c", "b"]
        assert self_evaluation.days_late(year())["group_zh"].tolist() == ["1～3 天", "8～14 天"]

    def test_missing_days_are_said(self):
        assert self_evaluation.timeliness_text(year())[-1][0] == (
            "缺报送日期的 1 个、缺应报日期的 0 个，不计入按期率。"
        )

    def test_no_days_at_all(self):
        held = simple([80, 90])
        assert "不能判断是否按期" in self_evaluation.timeliness_text(held)[0][0]
        assert self_evaluation.timeliness(held).empty
        assert self_evaluation.days_late(held).empty


class TestGrades:
    def test_by_count_and_money(self):
        # 优: a, b (300 万); 良: c, its 89.99 is no 90; 差: d by its 59.5, f by the word; e has none.
        found = self_evaluation.grades(year()).set_index("grade_zh")
        tables.check(found.reset_index(), "self_grades")
        assert found["projects"].to_dict() == {"优": 2, "良": 1, "中": 0, "差": 2, "合计": 5}
        assert found["budget"].to_dict() == {"优": 300, "良": 300, "中": 0, "差": 450, "合计": 1050}
        assert found.loc["差", "share"] == 0.4
        assert found.loc["差", "budget_share"] == pytest.approx(450 / 1050)
        assert "其中 1 个没有可用得分，按填报等级计" in self_evaluation.grades_text(year())[-1][0]

    def test_the_grade_given_against_that_of_the_score(self):
        # a and b agree (优秀 is a word for 优), c claims 优 with 89.99.
        found = self_evaluation.pairs(year())
        assert found[["given_zh", "grade_zh", "projects", "agrees"]].to_numpy().tolist() == [
            ["优", "优", 2, True],
            ["优", "良", 1, False],
        ]
        assert "3 个项目中，1 个" in self_evaluation.pairs_text(year())[0]

    def test_few_scores_are_no_average(self):
        rows = [(f"x{at}", "大局", "甲", 1.0, 1.0, 80.0 + at, None, None, None) for at in range(10)]
        rows += [(f"y{at}", "小局", "甲", 1.0, 1.0, 10.0, None, None, None) for at in range(9)]
        found = self_evaluation.scores(year(rows), "department").set_index("group_zh")
        tables.check(found.reset_index(), "self_scores")
        # 80 to 89: mean and median 84.5, quartiles 82.25 and 86.75.
        assert found.loc["大局", ["projects", "mean", "low", "median", "high"]].tolist() == [
            10,
            84.5,
            82.25,
            84.5,
            86.75,
        ]
        assert found.loc["小局", "projects"] == 9
        assert found.loc["小局", ["mean", "median", "share_best", "share_worst"]].isna().all()
        assert found.loc["合计", "share_worst"] == pytest.approx(9 / 19)
        assert "不足 10 个的 1 个分组" in self_evaluation.scores_note(year(rows), found.reset_index())[0]

    def test_groups_stand_in_order_of_size_not_of_score(self, province):
        found = self_evaluation.scores(province, "department")["projects"].iloc[:-1]
        assert found.is_monotonic_decreasing


class TestFindings:
    def test_what_contradicts_itself(self):
        rows = [
            *ROWS,
            ("g", "甲局", None, 1e4, 1e4, 105.0, None, "2022-03-31", "2022-03-31"),
            ("h", "甲局", None, 1e4, 1e4, 85.0, "甲等", "2022-03-31", "2022-03-31"),
            ("i", "甲局", None, 1e4, 1e4, None, None, "2022-03-31", "2022-03-31"),
        ]
        found = self_evaluation.findings(year(rows))
        tables.check(found, "findings")
        assert found[["unit_id", "kind"]].to_numpy().tolist() == [
            ["g", "points_above_full"],
            ["h", "grade_unknown"],
            ["c", "grade_does_not_follow"],
            ["d", "over_budget"],
            ["f", "total_missing"],
            ["i", "total_missing"],
        ]
        # Nothing is changed, and a score that cannot be is not counted among the scores.
        assert year(rows).projects["points_reported"].tolist()[6] == 105
        assert len(year(rows).scored) == 5
        assert "超过满分 100 分" in found["message_zh"].iloc[0]

    def test_nothing_to_find(self, province):
        found = self_evaluation.findings(province)
        assert found.empty
        assert "未发现不符" in self_evaluation.findings_text(province, found)[0]


class TestExecution:
    def test_high_score_with_little_spent(self):
        # b: 96 points, 50 % spent, 100 万 unspent; a has spent all; the pack asks from 95 points and under 80 %.
        listed = self_evaluation.to_explain(year())
        assert listed.rows[["unit_id", "execution", "unspent"]].to_numpy().tolist() == [["b", 0.5, 100]]
        assert "2 个项目中，1 个执行率低于 80%，未执行 100 万元" in self_evaluation.to_explain_text(year())[0]

    def test_classes_hold_their_lower_bound(self):
        # a 100 %, b 50 %, c 90 %, d 110 %; e and f have no score.
        found = self_evaluation.execution(year())
        tables.check(found, "self_execution")
        assert found[["group_zh", "projects"]].to_numpy().tolist() == [
            ["不足 60%", 1],
            ["90%～100%（不含）", 1],
            ["100% 及以上", 2],
        ]

    @pytest.mark.parametrize(
        ("points", "said"),
        [
            (range(50, 62), "秩相关系数为 1.00（1 为完全同序，0 为无关）：执行率高的项目自评得分总体也高"),
            (range(61, 49, -1), "秩相关系数为 −1.00（1 为完全同序，0 为无关）：执行率高的项目自评得分总体反而低"),
            ([70] * 12, "过少或没有差异，不计算相关"),
        ],
    )
    def test_rank_correlation_in_words(self, points, said):
        rows = [
            (f"p{at:02d}", "甲局", None, 100.0, 50.0 + at, float(each), None, None, None)
            for at, each in enumerate(points)
        ]
        assert said in self_evaluation.execution_text(year(rows))[1][0]

    def test_no_money(self):
        rows = [("a", "甲局", None, None, None, 90.0, None, None, None), ("b", "甲局", None, 0, 5, 80.0, *[None] * 3)]
        assert "不作执行率分析" in self_evaluation.execution_text(year(rows))[0][0]
        assert self_evaluation.execution(year(rows)).empty
        assert self_evaluation.to_explain(year(rows)).count == 0


class TestHeaping:
    def test_half_points_count_with_their_whole_point(self):
        # 20 scores in each of 87, 88, 91, 92; 8 in 89 and 32 in 90: no trend, so half of the 40 should be at 90 and
        # 32 - 20 = 12 are too many (the example of estimation.heaping). Half of all scores stand half a point higher.
        counts = {87: 20, 88: 20, 89: 8, 90: 32, 91: 20, 92: 20, 93: 20, 86: 20}
        scores = np.repeat([float(each) for each in counts], list(counts.values()))
        scores[::2] += 0.5
        found = self_evaluation.heaping(simple(scores))
        first = found.iloc[0]
        assert first[["cut", "donut", "at", "under", "expected_share"]].tolist() == [90, 0, 32, 8, 0.5]
        assert first["excess"] == pytest.approx(12)
        assert found["cut"].unique().tolist() == [90]
        lines = self_evaluation.heaping_text(simple(scores), found)
        assert "有明显堆积" in lines[0][0]
        assert "等级线“良”（80 分）、“中”（60 分）附近的得分过少" in lines[1][0]
        bars = self_evaluation.around_cut(simple(scores), found)
        assert bars["projects"].sum() == len(scores)

    def test_no_heaping_is_said_as_such(self):
        scores = np.repeat(np.arange(84.0, 96.0), 20)
        found = self_evaluation.heaping(simple(scores))
        assert found["excess"].abs().max() < 1e-9
        assert "未见明显堆积" in self_evaluation.heaping_text(simple(scores), found)[0][0]

    def test_lifted_scores_of_the_province_are_seen(self, province):
        # simulate.py lifts 45 % of the scores from 87 to under 90 to 90 and more, and none around 80.
        found = self_evaluation.heaping(province)
        tables.check(found.drop(columns=["grade_zh", "grade_en", "pack", "on"]), "heaping")
        by_cut = found[found["donut"].eq(0)].set_index("cut")
        assert by_cut.loc[90, "low"] > 0
        assert by_cut.loc[80, "low"] < 0 < by_cut.loc[80, "high"]


class TestPrevious:
    def rows(self):
        return year(
            [
                (name, "甲局", None, 1e4, 1e4, points, None, None, None)
                for name, points in zip("abcd", [88, 80, 90, 70], strict=True)
            ],
            points_reported_previous=[92, 85, 90, 75],
            points_previous=[80, 80, 89, None],
        )

    def test_by_what_the_check_found(self):
        # Above the check then: a 12 (far, from 10), b 5 (inflated, from 5), c 1; d was not checked.
        found = self_evaluation.previous(self.rows())
        tables.check(found, "self_previous")
        assert found["projects"].tolist() == [1, 1, 1, 3, 1]
        # checked then: self then 89, check 83, self now 86, two of three came down.
        row = found.iloc[3]
        assert row[["reported_then", "checked_then", "reported_now", "change", "above_check"]].tolist() == [
            89,
            83,
            86,
            -3,
            3,
        ]
        assert row["came_down"] == pytest.approx(2 / 3)
        assert found.iloc[4][["group_zh", "change"]].tolist() == ["上年未抽评", -5]

    def test_in_words(self):
        said = self_evaluation.previous_text(self.rows())[0][0]
        assert "3 个项目，上年自评平均 89 分，抽评平均 83 分；本年自评平均 86 分，比上年自评低 3 分" in said
        assert "下降的 2 个（66.67%），不变 1 个，上升 0 个" in said

    def test_nothing_of_the_year_before(self):
        assert "不作年度比较" in self_evaluation.previous_text(year())[0][0]
        assert self_evaluation.previous(year()).empty


class TestUse:
    def test_no_further_budget(self):
        # Zhejiang's report of 2021, 四（二）: self-graded 差. d by its score, f by its word; the larger budget first.
        listed = self_evaluation.no_further_budget(year())
        assert listed.rows["unit_id"].tolist() == ["d", "f"]
        said = self_evaluation.no_further_budget_text(year())
        assert "四（二），自评结果为“差”" in said[0][0]
        assert "共 2 个项目，本年预算 450 万元，占应自评项目预算的 29.03%" in said[0][0]  # 450 / 1,550
        assert "未报送的 1 个项目没有自评结果" in said[-1][0]

    def test_a_bad_word_with_a_better_score_is_said(self):
        rows = [("a", "甲局", None, 1e4, 1e4, 85.0, "差", None, None)]
        assert self_evaluation.no_further_budget(year(rows)).count == 0
        assert (
            "另有 1 个项目填报等级为“差”而得分对应更高等级"
            in self_evaluation.no_further_budget_text(year(rows))[1][0]
        )

    @pytest.mark.parametrize(("n", "least"), [(5688, 569), (10, 1), (11, 2), (30, 3), (1, 1)])
    def test_ten_per_cent_rounded_up(self, n, least):
        # 三（一）: not fewer than 10 %; 568.8 are 569, 30 x 10 % is 3 and not 4.
        assert self_evaluation.spot_check_size(simple([80.0] * n)) == least

    def test_recommended_come_first(self):
        said = " ".join(
            zh
            for zh, _ in self_evaluation.spot_check_text(simple([80.0] * 100, recommended=["是"] * 4 + ["否"] * 96))
        )
        assert "100 个项目至少抽评 10 个" in said
        assert "业务处室推荐 4 个，全部抽评；其余至少 6 个随机抽取" in said
        assert "抽评结果为“中”、“差”的项目同样不再安排预算" in said

    def test_to_be_done_follows_from_the_numbers(self):
        held = year()
        said = [zh for zh, _ in self_evaluation.follow_up(held, self_evaluation.findings(held))]
        assert said == [
            "催报未报送的 1 个项目（预算 500 万元）。",
            "向逾期的 2 个项目的主管部门通报。",
            "退回 1 个项目的自评，更正不符之处。",
            "请 2 个项目就核对发现补充或说明。",
            "请 1 个高分低执行的项目说明原因。",
            "对自评为“差”的 2 个项目（本年预算 450 万元）不再安排预算。",
            "抽评至少 1 个项目。",
        ]


class TestProvince:
    def test_counts_are_those_of_the_model_report(self, province):
        # Zhejiang's report on 2021: 5,688 self-evaluations; the sample adds 12 that were not handed in.
        assert (len(province.projects), len(province.handed_in), len(province.scored)) == (5700, 5688, 5688)
        assert self_evaluation.spot_check_size(province) == 569
        assert self_evaluation.missing(province).count == 12

    def test_says_that_it_is_simulated(self, province):
        assert self_evaluation.title(province, "某省")[0] == "某省 2021 年度项目支出绩效自评情况报告（模拟）"
        assert self_evaluation.notices(province)[0] == (
            ("本报告所用数据为模拟数据，不反映任何真实项目。", "Simulated data: no real project is described."),
            "simulated",
        )
        mixed = year(reality=["simulated", *["real"] * 5])
        assert "6 个项目中 1 个为模拟数据" in self_evaluation.notices(mixed)[0][0][0]
        assert "模拟" not in self_evaluation.title(year())[0]

    def test_official_and_configured_stand_apart(self, province):
        bases = self_evaluation.bases(province)
        assert {"grade_bands", "no_further_budget", "spot_check_floor"} <= set(rules.official(bases)["parameter"])
        assert set(rules.configured(bases)["parameter"]) == {
            *("self_evaluation", "sampling", "score_deviation", "inflated_from")
        }

    def test_row_order_does_not_matter(self, province):
        turned = self_evaluation.of_frame(
            readers.open_data(ROOT / PROVINCE, ["frame"])["frame"].sample(frac=1, random_state=1), HELD
        )
        for function in (
            *(self_evaluation.coverage, self_evaluation.timeliness, self_evaluation.grades, self_evaluation.heaping),
            *(self_evaluation.execution, self_evaluation.previous),
        ):
            pd.testing.assert_frame_equal(function(turned), function(province), check_index_type=False)
        for function in (self_evaluation.missing, self_evaluation.late, self_evaluation.to_explain):
            pd.testing.assert_frame_equal(function(turned).rows, function(province).rows)


CASES = {
    "as it is": ROWS,
    "no scores": [(*row[:5], None, *row[6:]) for row in ROWS],
    "no scores, no grades": [(*row[:5], None, None, *row[7:]) for row in ROWS],
    "no dates": [(*row[:7], None, None) for row in ROWS],
    "no money": [(*row[:3], None, None, *row[5:]) for row in ROWS],
    "no departments": [(row[0], None, None, *row[3:]) for row in ROWS],
    "one department": [(row[0], "甲局", *row[2:]) for row in ROWS],
    "one project": ROWS[:1],
    "all missing": [(*row[:5], None, None, row[7], None) for row in ROWS],
    "all alike": [
        (f"p{at:03d}", "甲局", "甲", 1e4, 1e4, 100.0, "优", "2022-03-31", "2022-03-31") for at in range(120)
    ],
    "unknown grades": [(*row[:6], "甲<b>等", *row[7:]) for row in ROWS],
    "budgets of zero": [(*row[:3], 0, 0, *row[5:]) for row in ROWS],
}


class TestNotebook:
    @pytest.mark.parametrize(("case", "lang"), list(zip(CASES, ["zh", "en"] * len(CASES), strict=False)))
    def test_whatever_is_missing_the_report_says_so(self, case, lang, tmp_path):
        tables.write({"frame": frame(CASES[case])}, tmp_path / "自评.xlsx")
        said = words_of(shown(tmp_path / "自评.xlsx", lang))
        assert re.findall(r"\b(?:nan|None|NaT|NA|inf)\b|<NA>", said) == []
        assert ("自评" if lang == "zh" else "self-evaluation") in said.lower()
        assert "<b>" not in said

    def test_sections_without_data_say_why(self, tmp_path):
        tables.write({"frame": frame(CASES["all missing"])}, tmp_path / "自评.xlsx")
        said = words_of(shown(tmp_path / "自评.xlsx"))
        for each in (
            *("没有报送的自评，不作及时性分析", "没有自评得分和等级，不作分布分析", "不作执行率分析"),
            *("没有自评得分，不作堆积分析", "不作年度比较", "没有报送的自评，无从抽评"),
        ):
            assert each in said

    def test_the_same_project_twice_is_refused(self, tmp_path):
        pd.DataFrame({"项目编码": ["a", "a"]}).rename(columns={"项目编码": "unit_id"}).to_csv(
            tmp_path / "frame.csv", index=False
        )
        with pytest.raises(TableError, match="unit_id"):
            shown(tmp_path)

    def test_no_rows_and_several_years_are_refused(self):
        with pytest.raises(ScoreError, match="没有应自评的项目"):
            self_evaluation.of_frame(frame().iloc[:0], HELD)
        two = frame().assign(year=pd.array([2020, *[2021] * 5], dtype="Int64"))
        with pytest.raises(ScoreError, match="2020, 2021"):
            self_evaluation.of_frame(two, HELD)

    def test_a_pack_without_the_parameters_is_refused(self):
        with pytest.raises(RuleError, match="self_evaluation"):
            self_evaluation.of_frame(frame(), rules.load("cn-project-2020", "2021-12-31"))
