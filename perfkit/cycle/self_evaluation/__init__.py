"""The self-evaluations (自评) of a year: coverage, timeliness, grades, execution, the year before, what follows.

Everything starts from :func:`of_frame`. Texts come as (zh, en) pairs, made from the numbers they name; tables are
those of ``perfkit.tables.self_evaluation``, money in them in 10,000 yuan.
"""

from perfkit.cycle.self_evaluation.coverage import (
    coverage,
    coverage_text,
    days_late,
    late,
    missing,
    submitted_text,
    timeliness,
    timeliness_text,
)
from perfkit.cycle.self_evaluation.declared import declared
from perfkit.cycle.self_evaluation.display import bases, index_fields, key_figures, notices, subtitle, title
from perfkit.cycle.self_evaluation.execution import execution, execution_text, to_explain, to_explain_text
from perfkit.cycle.self_evaluation.findings import findings, findings_text, first_findings
from perfkit.cycle.self_evaluation.grades import (
    cuts,
    distribution_text,
    grades,
    grades_text,
    pairs,
    pairs_text,
    scores,
    scores_note,
)
from perfkit.cycle.self_evaluation.heaping import (
    HEAPING_NOTE,
    HEAPING_TITLES,
    around_cut,
    around_cut_text,
    heaping,
    heaping_text,
)
from perfkit.cycle.self_evaluation.previous import previous, previous_text
from perfkit.cycle.self_evaluation.projects import Listing, Year, of_frame
from perfkit.cycle.self_evaluation.use import (
    follow_up,
    no_further_budget,
    no_further_budget_text,
    spot_check_size,
    spot_check_text,
)

__all__ = [
    "HEAPING_NOTE",
    "HEAPING_TITLES",
    "Listing",
    "Year",
    "around_cut",
    "around_cut_text",
    "bases",
    "coverage",
    "coverage_text",
    "cuts",
    "days_late",
    "declared",
    "distribution_text",
    "execution",
    "execution_text",
    "findings",
    "findings_text",
    "first_findings",
    "follow_up",
    "grades",
    "grades_text",
    "heaping",
    "heaping_text",
    "index_fields",
    "key_figures",
    "late",
    "missing",
    "no_further_budget",
    "no_further_budget_text",
    "notices",
    "of_frame",
    "pairs",
    "pairs_text",
    "previous",
    "previous_text",
    "scores",
    "scores_note",
    "spot_check_size",
    "spot_check_text",
    "submitted_text",
    "subtitle",
    "timeliness",
    "timeliness_text",
    "title",
    "to_explain",
    "to_explain_text",
]
