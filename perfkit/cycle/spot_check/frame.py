"""What a spot check starts from: the self-evaluations handed in, and later what the checks found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from perfkit import readers, tables
from perfkit.errors import Problem, SampleError, TableError, fail_if_any
from perfkit.measure import grading
from perfkit.measure.explaining import number, percent
from perfkit.rules import RuleSet

Pair = tuple[str, str]


def population(source: str | Path | pd.DataFrame) -> pd.DataFrame:
    """Return the self-evaluations that a spot check draws from: the rows of table ``frame`` with a self-score.

    Parameters
    ----------
    source
        A file of the table (CSV, XLSX, Parquet), a data folder or workbook that holds it, or the table itself.

    Raises
    ------
    TableError
        If the table cannot be read, or no row has a self-score.
    """
    held = source if isinstance(source, pd.DataFrame) else whole(source)
    kept = held[held["points_reported"].notna()]
    if kept.empty:
        name = held.attrs.get("where", "frame") if isinstance(source, pd.DataFrame) else Path(source).name
        raise TableError(
            ("no project has a self-score", "没有任何项目有自评得分"),
            [Problem(("nothing to draw from", "没有可抽取的项目"), f"{name} › points_reported")],
        )
    return kept


def whole(source: str | Path) -> pd.DataFrame:
    """Return the table ``frame`` with every project, those without a self-score among them."""
    return _table(source, "frame")


def checks(source: str | Path) -> pd.DataFrame:
    """Return the table ``checks`` of a file, or of a folder or workbook that holds it."""
    return _table(source, "checks")


def checks_of(source: str | Path, certificate: str) -> pd.DataFrame:
    """Return the checks of a data folder made by a certificate; none for a new draw, or where there are none yet."""
    if not certificate:
        return tables.check(pd.DataFrame(columns=list(tables.contract("checks").columns)), "checks")
    return readers.open_data(source, names=["frame", "checks"])["checks"]


def fail_if_scores_unfit(frame: pd.DataFrame, rule_set: RuleSet) -> None:
    """Raise for self-scores above full points: nothing can be planned or inferred from them."""
    full = float(rule_set.value("full_points"))
    problems = [
        Problem(
            ("a self-score above full points", "自评得分高于满分"),
            tables.place(frame, at, "points_reported", name="frame"),
            f"≤ {number(full)}",
            number(float(frame.loc[at, "points_reported"])),
            ("correct it in the frame", "请在抽样框中更正"),
            column="points_reported",
        )
        for at in frame.index[frame["points_reported"] > full]
    ]
    fail_if_any(SampleError, str(frame.attrs.get("where", "frame 抽样框")), problems)


def graded(points: pd.Series, rule_set: RuleSet) -> pd.Series:
    """Return the grade of each score by the bands in force, missing where there is no score."""
    found = grading.grade(points.to_numpy(dtype=float, na_value=float("nan")), rule_set.value("grade_bands"))
    return pd.Series(found["grade"].to_numpy(), index=points.index, dtype="str").where(points.notna())


def coverage(projects: pd.DataFrame) -> list[tuple[Pair, Any]]:
    """Return what the frame covers, as (label, value) pairs."""
    handed_in = projects[projects["points_reported"].notna()]
    money = handed_in["budget"].sum()
    share = money / projects["budget"].sum() if projects["budget"].sum() else float("nan")
    recommended = handed_in["recommended"].fillna(False).astype(bool)
    return [
        (("应自评项目", "Projects to be self-evaluated"), f"{len(projects):,}"),
        (
            ("已报送自评（抽样总体）", "Self-evaluations handed in (the population)"),
            f"{len(handed_in):,}（{percent(len(handed_in) / len(projects))}）",
        ),
        (("总体预算（元）", "Their budget (yuan)"), f"{number(money, 2)}（{percent(share)}）"),
        (("主管部门", "Departments"), f"{handed_in['department'].nunique():,}"),
        (("处室推荐", "Recommended by divisions"), f"{int(recommended.sum()):,}"),
    ]


def notices(projects: pd.DataFrame, rule_set: RuleSet) -> list[tuple[Pair, str]]:
    """Return what a reader must know first, each with its kind."""
    found: list[tuple[Pair, str]] = []
    if projects["reality"].eq("simulated").any():
        said = ("本报告所用数据为模拟数据，不反映任何真实项目。", "Simulated data: no real project is described.")
        found.append((said, "simulated"))
    if rule_set.pack.invented:
        said = ("规则为教学虚构，不得用于实际评价。", "Invented rules for teaching, not for real use.")
        found.append((said, "simulated"))
    return found


def fail_if_unfit(frame: pd.DataFrame, sample: pd.DataFrame, checks: pd.DataFrame, rule_set: RuleSet) -> None:
    """Raise for checks that cannot be: scores and grades that clash, money beyond the budget, strangers."""
    strangers = sample.loc[~sample["unit_id"].isin(frame["unit_id"].tolist()), "unit_id"]
    problems = [
        Problem(("the frame lacks a unit of the sample", "抽样框缺少样本单位"), str(unit), column="unit_id")
        for unit in strangers
    ]
    full = float(rule_set.value("full_points"))
    done = checks["outcome"].fillna("checked").eq("checked")
    points, grade = checks["points_checked"], checks["grade_checked"]
    implied = graded(points, rule_set)
    rank = {band["grade"]: band["min"] for band in rule_set.value("grade_bands")}
    better = grade.notna() & (grade.map(rank) > implied.map(rank)).fillna(False)
    budget = checks["unit_id"].map(frame.drop_duplicates("unit_id").set_index("unit_id")["budget"])
    for wrong, column, what, do in (
        (
            done & points.isna(),
            "points_checked",
            ("a checked unit has no score", "已核查的项目没有得分"),
            ("write the score, or the outcome not_reached", "请填得分，或在核查情况填“未能核查”"),
        ),
        (points > full, "points_checked", ("a score above full points", "得分高于满分"), ("correct it", "请更正")),
        (
            grade.notna() & ~grade.isin(list(rank)),
            "grade_checked",
            ("a grade that the rules do not know", "规则中没有的等级"),
            ("use a grade of the rule pack", "请用规则包中的等级"),
        ),
        (
            better,
            "grade_checked",
            ("a grade better than the score allows", "等级高于得分所能对应的等级"),
            ("correct one of the two", "请更正得分或等级"),
        ),
        (
            checks["questioned"] > budget,
            "questioned",
            ("more money in question than the project's budget", "问题资金超过该项目预算"),
            ("amounts are in yuan", "金额单位为元"),
        ),
    ):
        problems += [
            Problem(
                what,
                tables.place(checks, at, column, name="checks"),
                "",
                "" if pd.isna(checks.loc[at, column]) else str(checks.loc[at, column]),
                do,
                column,
            )
            for at in checks.index[wrong.fillna(False).astype(bool)]
        ]
    fail_if_any(SampleError, "checks 抽评结果", problems)


def _table(source: str | Path, name: str) -> pd.DataFrame:
    path = readers.find(source)
    if path.is_file() and path.suffix.lower() in (".csv", ".parquet"):
        return tables.read(path, name)
    return readers.open_data(path, names=[name], need=[name])[name]
