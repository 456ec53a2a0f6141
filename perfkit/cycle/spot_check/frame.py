"""What a spot check starts from: the self-evaluations handed in, and later what the checks found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from perfkit import readers, tables
from perfkit.errors import Problem, TableError
from perfkit.measure import grading
from perfkit.measure.explaining import number, percent
from perfkit.rules import RuleSet

Pair = tuple[str, str]


def population(source: str | Path) -> pd.DataFrame:
    """Return the self-evaluations that a spot check draws from: the rows of table ``frame`` with a self-score.

    Parameters
    ----------
    source
        A file of the table (CSV, XLSX, Parquet), or a data folder or workbook that holds it.

    Raises
    ------
    TableError
        If the table cannot be read, or no row has a self-score.
    """
    held = whole(source)
    kept = held[held["points_reported"].notna()]
    if kept.empty:
        raise TableError(
            ("no project has a self-score", "没有任何项目有自评得分"),
            [Problem(("nothing to draw from", "没有可抽取的项目"), f"{Path(source).name} › points_reported")],
        )
    return kept


def whole(source: str | Path) -> pd.DataFrame:
    """Return the table ``frame`` with every project, those without a self-score among them."""
    return _table(source, "frame")


def checks(source: str | Path) -> pd.DataFrame:
    """Return the table ``checks`` of a file, or of a folder or workbook that holds it."""
    return _table(source, "checks")


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


def _table(source: str | Path, name: str) -> pd.DataFrame:
    path = readers.find(source)
    if path.is_file() and path.suffix.lower() in (".csv", ".parquet"):
        return tables.read(path, name)
    return readers.open_data(path, names=[name], need=[name])[name]
