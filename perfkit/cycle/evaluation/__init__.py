"""Key evaluation (重点评价) and the recheck of self-evaluation forms: what a report says, from a scorecard."""

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
from perfkit.cycle.evaluation.display import (
    band_cuts,
    index_fields,
    levels_text,
    notices,
    published_text,
    score_columns,
    standing_text,
    subtitle,
)
from perfkit.cycle.evaluation.findings import recheck, recheck_all, recheck_totals, summary
from perfkit.cycle.evaluation.standing import Standing, standing

__all__ = [
    "Standing",
    "advice",
    "band_cuts",
    "by_level",
    "coverage",
    "facts",
    "incomplete",
    "index_fields",
    "levels",
    "levels_text",
    "method",
    "notices",
    "published_text",
    "recheck",
    "recheck_all",
    "recheck_totals",
    "score_columns",
    "shortfalls",
    "standing",
    "standing_text",
    "subtitle",
    "summary",
    "unit_row",
    "verdict",
]
