"""Ex-ante assessment (事前绩效评估): panel, money, standards, and one of the four official conclusions."""

from perfkit.cycle.ex_ante.conclusion import Conclusion, conclude
from perfkit.cycle.ex_ante.money import (
    Economy,
    cost_review,
    economy,
    published_check,
    reductions,
)
from perfkit.cycle.ex_ante.panel import by_dimension, dissent, panel_facts, panel_scores
from perfkit.cycle.ex_ante.proposal import bases, facts, proposal_row, threshold_facts

__all__ = [
    "Conclusion",
    "Economy",
    "bases",
    "by_dimension",
    "conclude",
    "cost_review",
    "dissent",
    "economy",
    "facts",
    "panel_facts",
    "panel_scores",
    "proposal_row",
    "published_check",
    "reductions",
    "threshold_facts",
]
