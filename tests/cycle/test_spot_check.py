"""A spot check from plan to inference: the simulated province, and small cases counted by hand."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from perfkit import rules, sampling, tables
from perfkit.cycle import spot_check
from perfkit.cycle.spot_check import inference
from perfkit.errors import SampleError, TableError

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples" / "province-simulated"
RULES = rules.load("zhejiang-self-evaluation", "2021-12-31")


@pytest.fixture(scope="module")
def frame():
    return spot_check.population(SAMPLES)


@pytest.fixture(scope="module")
def drawn(frame):
    return sampling.verify(SAMPLES / "certificate.simulated.yaml", frame)


@pytest.fixture(scope="module")
def found(frame, drawn):
    return spot_check.infer(frame, drawn.sample, spot_check.checks(SAMPLES), RULES, drawn.plan)


@pytest.fixture(scope="module")
def truth():
    """What the simulation knows and no office would: the score that a check of any project finds."""
    spec = importlib.util.spec_from_file_location("simulate", SAMPLES / "simulate.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made.province().set_index("unit_id")


class TestPlan:
    def test_the_report_of_2021(self, frame):
        # 5,688 self-evaluations, at least 10 %: 569; 600 were checked (浙江省2021年度绩效管理工作情况).
        planned = spot_check.plan(frame, RULES, title="抽评", announced="公开值", n=600)
        assert len(frame) == 5688
        assert planned.goals["n"].tolist()[0] == 569 == math.ceil(0.1 * 5688)
        assert planned.strata[["recommended", "drawn"]].sum().tolist() == [100, 500]
        assert (planned.strata["drawn"] >= 2).all()
        assert sum(planned.plan.sizes.values()) == 500
        assert "600 项（10.55%）" in planned.facts[0][0]

    def test_without_a_number_the_goals_decide(self, frame):
        planned = spot_check.plan(frame, RULES, title="抽评", announced="公开值", margin=5)
        # 1.96² · ¼ / 0.05² = 384.15; of 5,588 open units 384.15 / (1 + 384.15 / 5,588), rounded up 360.
        assert planned.goals["n"].tolist() == [569, 460]
        assert planned.goals["met"].all()
        assert sum(planned.plan.sizes.values()) == 469

    def test_a_goal_that_is_not_reached_is_said(self, frame):
        planned = spot_check.plan(frame, RULES, title="抽评", announced="公开值", n=300)
        assert planned.goals["met"].tolist() == [False, False]
        assert any("未达到：规定的抽评比例不低于 10%，需 569 项" in zh for zh, _ in planned.facts)

    def test_a_plan_that_cannot_be_drawn_is_refused(self, frame):
        with pytest.raises(SampleError, match="不足以覆盖 30 层"):
            spot_check.plan(frame, RULES, title="抽评", announced="公开值", n=150)
        with pytest.raises(SampleError, match="多于总体单位数"):
            spot_check.plan(frame, RULES, title="抽评", announced="公开值", n=6000)
        zero = frame.assign(budget=0.0)
        with pytest.raises(SampleError, match="budget"):
            spot_check.plan(zero, RULES, title="x", announced="y", n=600, method="pareto", size="budget")

    def test_more_checks_tell_more(self, frame):
        rows = spot_check.precisions(spot_check.layers(frame), [300, 600, 1200], "neyman", 100.0)
        assert rows["mean_margin"].is_monotonic_decreasing
        assert rows["share_margin"].is_monotonic_decreasing
        assert rows["cost"].tolist() == [30000, 60000, 120000]
        # One stratum, no recommended unit: 1.96 · sqrt((1 - 600/5,688) · 0.25 / 600), all in percentage points.
        one = pd.DataFrame({"stratum": ["全部"], "units": [5688], "sd": [1.0], "mean": [80.0], "recommended": [0]})
        share = spot_check.precision(one, 600)["share_margin"].item()
        assert share == pytest.approx(100 * 1.959963984540054 * math.sqrt((1 - 600 / 5688) * 0.25 / 600))


class TestInference:
    def test_every_part_was_made(self, found):
        assert dict(found.missing) == {}
        assert found.response.set_index("part")["checked"].to_dict() == {"recommended": 99, "random": 495}

    def test_the_pooled_mean_is_off_and_the_others_are_not(self, found, truth):
        # Reviewers differ by up to some points: the mean to estimate is that of what they would have found.
        whole = truth[truth["points_reported"].notna()]
        means = found.means.set_index("estimator")
        near = means.drop("pooled")
        assert (near["estimate"] - whole["checked"].mean()).abs().max() < 0.35
        assert whole["checked"].mean() - means.loc["pooled", "estimate"] > 3
        assert "biased" in means.loc["pooled", "note_en"]
        assert means.loc["regression", "se"] < means.loc["expansion", "se"] / 3

    def test_grades_add_up_and_lie_near_the_truth(self, found, truth):
        whole = truth[truth["points_reported"].notna()]
        right = spot_check.graded(whole["checked"], RULES).value_counts(normalize=True)
        shares = found.grades.set_index("domain")
        assert shares["estimate"].sum() == pytest.approx(1)
        assert shares["reported"].sum() == pytest.approx(1)
        for grade in "优良中差":
            assert abs(shares.loc[grade, "estimate"] - right[grade]) < 4 * max(shares.loc[grade, "se"], 0.005)

    def test_money_found_is_what_the_checks_found(self, found):
        listed = found.checked[found.checked["grade_checked"].isin(["中", "差"])]
        certain = found.money.set_index("measure")
        assert certain.loc["found", "estimate"] == pytest.approx(listed["budget"].sum())
        assert certain.loc["found", "estimate"] <= certain.loc["moved", "low"] <= certain.loc["moved", "high"]

    def test_a_small_department_is_not_judged(self, found):
        small = found.ranking[found.ranking["n_random"].lt(3)]
        assert len(small)
        assert small["note_zh"].str.contains("不宜单独通报").all()
        assert small["own"].isna().all()
        assert found.ranking.loc[found.ranking["n_random"].ge(3), "own"].notna().all()
        assert set(small["domain"]) >= {"档案（模拟）", "外事（模拟）"}

    def test_lifted_scores_are_found_at_90_and_not_at_80(self, found):
        # The simulation lifts 45 % of the self-scores from 87 to 90 over the line.
        first = found.heaping[found.heaping["donut"].eq(0)].set_index("cut")
        assert first.loc[90, "p"] < 1e-9
        assert first.loc[80, "p"] > 0.05

    def test_every_unchecked_project_has_an_expectation(self, frame, found):
        assert len(found.expected) == len(frame) - len(found.checked)
        assert (found.expected["low"] <= found.expected["expected"]).all()
        assert found.expected["high"].max() <= 100

    def test_prediction_intervals_hold_for_projects_nobody_checked(self, found, truth):
        seen = truth.loc[found.expected["unit_id"], "checked"].to_numpy()
        held = (found.expected["low"] <= seen) & (seen <= found.expected["high"])
        assert held.mean() > 0.92

    def test_without_checks_it_says_so(self, frame, drawn):
        none = spot_check.checks(SAMPLES).iloc[:0]
        empty = spot_check.infer(frame, drawn.sample, none, RULES)
        assert empty.missing["means"][0] == "尚无抽评结果"
        assert empty.tables() == {}
        assert spot_check.facts(empty) == [
            ("未作“总体均值”：尚无抽评结果。", "No mean of the whole: there are no results of checks yet.")
        ]

    def test_the_workbook_has_a_sheet_a_table(self, found, tmp_path):
        sheets = spot_check.sheets(found)
        assert set(sheets) >= {"抽评项目", "总体均值", "等级校正", "部门比较", "未抽查项目预计"}
        for sheet in sheets.values():
            assert not sheet.columns.duplicated().any()
            assert all(any("\u4e00" <= letter <= "\u9fff" for letter in title) for title in sheet.columns), (
                sheet.columns
            )


def small(outcomes, parts=None):
    n = len(outcomes)
    made = pd.DataFrame({"unit_id": [f"u{at}" for at in range(n)], "stratum": "x", "part": "random"})
    if parts:
        made["part"] = parts
    return made.assign(outcome=outcomes)


class TestBadInput:
    def test_a_check_without_a_score_names_its_cell(self, frame, drawn, tmp_path):
        held = pd.read_csv(SAMPLES / "checks.simulated.csv", dtype=str)
        held.loc[2, "points_checked"] = ""
        held.to_csv(tmp_path / "checks.csv", index=False)
        with pytest.raises(SampleError, match=r"checks.csv › B4"):
            spot_check.infer(frame, drawn.sample, spot_check.checks(tmp_path / "checks.csv"), RULES)

    def test_a_check_of_a_unit_that_was_not_drawn(self, frame, drawn):
        held = spot_check.checks(SAMPLES)
        stranger = frame.loc[~frame["unit_id"].isin(drawn.sample["unit_id"].tolist()), "unit_id"].iloc[0]
        held.loc[held.index[0], "unit_id"] = stranger
        with pytest.raises(SampleError, match=stranger):
            spot_check.infer(frame, drawn.sample, held, RULES)

    def test_a_drawn_unit_that_was_not_gone_to(self, frame, drawn):
        held = spot_check.checks(SAMPLES)
        with pytest.raises(SampleError, match=held["unit_id"].iloc[0]):
            spot_check.infer(frame, drawn.sample, held.iloc[1:], RULES)

    def test_a_unit_of_the_sample_that_the_frame_lacks(self, frame, drawn):
        with pytest.raises(SampleError, match="抽样框缺少样本单位"):
            spot_check.infer(frame.iloc[5:], drawn.sample, spot_check.checks(SAMPLES), RULES)

    def test_a_frame_without_scores(self, frame, tmp_path):
        tables.write({"frame": frame.assign(points_reported=np.nan)}, tmp_path / "frame.xlsx")
        with pytest.raises(TableError, match="没有任何项目有自评得分"):
            spot_check.population(tmp_path / "frame.xlsx")


def test_cells_join_only_as_many_strata_as_they_must():
    carried = pd.concat(
        [
            small(["checked"] * 6).assign(stratum="a"),
            small(["checked", "not_reached", "checked"]).assign(stratum="b"),
            small(["checked"] * 3).assign(stratum="c"),
            small(["checked", "not_reached"] + ["checked"] * 8).assign(stratum="d"),
            small(["checked", "not_reached"], ["recommended"] * 2).assign(stratum="d"),
        ],
        ignore_index=True,
    )
    carried["unit_id"] = [f"v{at}" for at in range(len(carried))]
    cells = inference._cells(carried).to_numpy()
    # b has too few and takes c, the smallest, along: 2 + 3 = 5 reached; a and d stay themselves.
    assert set(cells[:6]) == {"a"}
    assert set(cells[6:12]) == {"并层"}
    assert set(cells[12:22]) == {"d"}
    # A recommended unit that was checked stands for itself; one that was not is like any other unit of its stratum.
    assert cells[22] == "必查 v22"
    assert cells[23] == "d"


@pytest.fixture(scope="module")
def halved(frame, drawn):
    """Every other check finds that the project is not of the population."""
    held = spot_check.checks(SAMPLES)
    out = held.index[::2]
    held.loc[out, "outcome"] = "not_eligible"
    held.loc[out, ["points_checked", "questioned"]] = np.nan
    return spot_check.infer(frame, drawn.sample, held, RULES, drawn.plan)


class TestWhoBelongs:
    def test_the_population_shrinks_by_what_the_checks_found(self, found, halved):
        assert halved.belong == pytest.approx(0.5, abs=0.07)
        assert halved.population == pytest.approx(0.5 * 5688, rel=0.15)
        money = [each.money.set_index("measure").loc["moved", "estimate"] for each in (found, halved)]
        assert money[1] / money[0] == pytest.approx(0.5, abs=0.15)

    def test_projects_found_outside_are_expected_nothing_of(self, halved):
        held = spot_check.checks(SAMPLES)
        assert not set(held["unit_id"].iloc[::2]) & set(halved.expected["unit_id"])

    def test_the_report_says_so(self, halved):
        assert "不属于抽样范围" in spot_check.facts(halved)[0][0]

    def test_nobody_belongs(self, frame, drawn):
        held = spot_check.checks(SAMPLES).assign(outcome="not_eligible", points_checked=np.nan, questioned=np.nan)
        with pytest.raises(SampleError, match="没有已核查的项目"):
            spot_check.infer(frame, drawn.sample, held, RULES)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("points_checked", 130.0, "得分高于满分"),
        ("grade_checked", "优", "等级高于得分所能对应的等级"),
        ("grade_checked", "及格", "规则中没有的等级"),
        ("questioned", 1e13, "问题资金超过该项目预算"),
    ],
)
def test_checks_that_cannot_be_are_refused_with_their_cell(frame, drawn, column, value, said):
    held = spot_check.checks(SAMPLES)
    low = held["points_checked"].lt(90).idxmax()
    held.loc[low, column] = value
    with pytest.raises(SampleError, match=said) as caught:
        spot_check.infer(frame, drawn.sample, held, RULES)
    letters = {"points_checked": "B", "questioned": "C"}
    assert f"› {letters.get(column, column)}" in str(caught.value)


def test_blank_departments_keep_the_rest_of_the_inference(frame, drawn):
    blank = frame.assign(department=frame["department"].where(frame.index % 7 != 0))
    found = spot_check.infer(blank, drawn.sample, spot_check.checks(SAMPLES), RULES)
    assert "inflation" not in found.missing
    assert "未填部门" in set(found.inflation["domain"])


def test_all_recommended_is_a_census_of_them(frame):
    all_ = frame.head(40).assign(recommended=True)
    planned = spot_check.plan(all_, RULES, title="抽评", announced="公开值")
    assert planned.strata[["recommended", "drawn"]].sum().tolist() == [40, 0]
