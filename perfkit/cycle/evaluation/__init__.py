"""Key evaluation (重点评价) and the recheck of self-evaluation forms: what a report says, from a scorecard."""

from perfkit.cycle.evaluation.account import by_level, coverage, facts, method, of_year, unit_row, verdict
from perfkit.cycle.evaluation.advice import advice, incomplete, shortfalls
from perfkit.cycle.evaluation.confidence import Confidence, compared, confidence, odds_text
from perfkit.cycle.evaluation.declared import declared
from perfkit.cycle.evaluation.display import (
    band_cuts,
    bases,
    index_fields,
    levels_text,
    notices,
    published,
    published_text,
    score_columns,
    standing_text,
    subtitle,
    title,
)
from perfkit.cycle.evaluation.findings import recheck, recheck_all, recheck_totals, summary
from perfkit.cycle.evaluation.folder import find_forms, recheck_folder
from perfkit.cycle.evaluation.forms import Rechecked, Terms, recheck_form
from perfkit.cycle.evaluation.plausible import joined
from perfkit.cycle.evaluation.standing import Standing, standing

__all__ = [
    "Confidence",
    "Rechecked",
    "Standing",
    "Terms",
    "advice",
    "band_cuts",
    "bases",
    "by_level",
    "compared",
    "confidence",
    "coverage",
    "declared",
    "facts",
    "find_forms",
    "incomplete",
    "index_fields",
    "joined",
    "levels_text",
    "method",
    "notices",
    "odds_text",
    "of_year",
    "published",
    "published_text",
    "recheck",
    "recheck_all",
    "recheck_folder",
    "recheck_form",
    "recheck_totals",
    "score_columns",
    "shortfalls",
    "standing",
    "standing_text",
    "subtitle",
    "summary",
    "title",
    "unit_row",
    "verdict",
]
