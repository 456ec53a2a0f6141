"""Ex-ante assessment (事前绩效评估): panel, money, standards, and one of the four official conclusions."""

from perfkit.cycle.ex_ante.conclusion import Conclusion, conclude, reductions
from perfkit.cycle.ex_ante.declared import declared
from perfkit.cycle.ex_ante.display import (
    advice,
    amounts,
    curve_text,
    dimensions_text,
    index_fields,
    method,
    notices,
    reductions_text,
    subtitle,
)
from perfkit.cycle.ex_ante.money import (
    Economy,
    cost_review,
    economy,
    published_check,
)
from perfkit.cycle.ex_ante.panel import by_dimension, dissent, panel_facts, panel_scores
from perfkit.cycle.ex_ante.proposal import bases, facts, money_unit, named_rate, proposal_row, threshold_facts

__all__ = [
    "Conclusion",
    "Economy",
    "advice",
    "amounts",
    "bases",
    "by_dimension",
    "conclude",
    "cost_review",
    "curve_text",
    "declared",
    "dimensions_text",
    "dissent",
    "economy",
    "facts",
    "index_fields",
    "method",
    "money_unit",
    "named_rate",
    "notices",
    "panel_facts",
    "panel_scores",
    "proposal_row",
    "published_check",
    "reductions",
    "reductions_text",
    "subtitle",
    "threshold_facts",
]
