"""Values judged by a rule set: items, totals, grades, and for every point why."""

from perfkit.measure.scorecard.card import Scorecard, execution_rates, score
from perfkit.measure.scorecard.library import check_library, check_rules

__all__ = ["Scorecard", "check_library", "check_rules", "execution_rates", "score"]
