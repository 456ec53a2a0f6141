"""Key evaluation (重点评价) and the recheck of self-evaluation forms: what a report says, from a scorecard."""

from perfkit.cycle.evaluation.account import by_level, coverage, facts, method, of_year, unit_row, verdict
from perfkit.cycle.evaluation.advice import advice, shortfalls
from perfkit.cycle.evaluation.answered import Satisfaction, satisfaction
from perfkit.cycle.evaluation.causes import causes_text, lost_by_cause, would_move
from perfkit.cycle.evaluation.compared import cost_comparison, cost_text, trend_text, year_trend
from perfkit.cycle.evaluation.confidence import Confidence, confidence, odds_text, prepared
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
from perfkit.cycle.evaluation.frontier import cost_effectiveness
from perfkit.cycle.evaluation.judged import Panel, panel_review
from perfkit.cycle.evaluation.paced import by_month, pace_text
from perfkit.cycle.evaluation.plausible import joined
from perfkit.cycle.evaluation.register import (
    budget_consequence,
    consequence_text,
    findings_text,
    numbered_findings,
    rectification_text,
    write_results,
)
from perfkit.cycle.evaluation.standing import Standing, standing
from perfkit.cycle.evaluation.written import field, incomplete, missing_fields, written, written_form

__all__ = [
    "Confidence",
    "Panel",
    "Rechecked",
    "Satisfaction",
    "Standing",
    "Terms",
    "advice",
    "band_cuts",
    "bases",
    "budget_consequence",
    "by_level",
    "by_month",
    "causes_text",
    "confidence",
    "consequence_text",
    "cost_comparison",
    "cost_effectiveness",
    "cost_text",
    "coverage",
    "declared",
    "facts",
    "field",
    "find_forms",
    "findings_text",
    "incomplete",
    "index_fields",
    "joined",
    "levels_text",
    "lost_by_cause",
    "method",
    "missing_fields",
    "notices",
    "numbered_findings",
    "odds_text",
    "of_year",
    "pace_text",
    "panel_review",
    "prepared",
    "published",
    "published_text",
    "recheck",
    "recheck_all",
    "recheck_folder",
    "recheck_form",
    "recheck_totals",
    "rectification_text",
    "satisfaction",
    "score_columns",
    "shortfalls",
    "standing",
    "standing_text",
    "subtitle",
    "summary",
    "title",
    "trend_text",
    "unit_row",
    "verdict",
    "would_move",
    "write_results",
    "written",
    "written_form",
    "year_trend",
]
