"""What a finished report on a year's self-evaluations must hold: its eight parts, and counts that add up."""

from __future__ import annotations

from typing import Any

import pandas as pd

from perfkit.cycle.self_evaluation.coverage import coverage
from perfkit.cycle.self_evaluation.grades import grades
from perfkit.cycle.self_evaluation.projects import Pair, Year

SECTIONS: tuple[Pair, ...] = (
    ("一、覆盖情况", "1. Coverage"),
    ("二、报送及时性", "2. Timeliness"),
    ("三、得分与等级分布", "3. Scores and grades"),
    ("四、预算执行与自评得分", "4. Execution of the budget and self-score"),
    ("五、等级线附近的分数堆积", "5. Heaping at the cut-offs"),
    ("六、与上年比较", "6. Against the year before"),
    ("七、结果应用", "7. What follows"),
    ("八、依据", "8. Bases"),
)


def declared(year: Year) -> dict[str, Any]:
    """Return what the report must hold, for ``figures.Document.declare``.

    The projects of the departments add up to all, handed in or missing, and those of the grades to all that have one.
    """
    covered, graded = coverage(year), grades(year)
    sums = [
        _sum(("各部门项目数", "projects of the departments"), covered, "projects", len(year.projects)),
        _sum(("各部门已报送数", "handed in by the departments"), covered, "handed_in", len(year.handed_in)),
    ]
    if len(graded):
        known = int(year.projects["grade"].notna().sum())
        sums.append(_sum(("各等级项目数", "projects of the grades"), graded, "projects", known))
    projects = year.projects
    return {"sections": SECTIONS, "sums": sums, "names": [*projects["name"], *projects["department"].unique()]}


def _sum(name: Pair, found: pd.DataFrame, column: str, total: int) -> dict[str, Any]:
    """Set the rows of a table, but for the last, which is its total, against a count of the projects themselves."""
    return {"name": name, "parts": list(found[column].iloc[:-1]), "total": total}
