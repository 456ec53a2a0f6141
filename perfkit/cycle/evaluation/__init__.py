"""Key evaluation (重点评价) and the recheck of self-evaluation forms: what a report says, computed from a scorecard."""

from perfkit.cycle.evaluation.account import (
    advice,
    by_level,
    coverage,
    facts,
    incomplete,
    levels,
    method,
    shortfalls,
    unit_row,
    verdict,
)
from perfkit.cycle.evaluation.findings import recheck, recheck_totals, summary
from perfkit.cycle.evaluation.standing import Standing, standing

__all__ = [
    "Standing",
    "advice",
    "by_level",
    "coverage",
    "facts",
    "incomplete",
    "levels",
    "method",
    "recheck",
    "recheck_totals",
    "shortfalls",
    "standing",
    "summary",
    "unit_row",
    "verdict",
]
