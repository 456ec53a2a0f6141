"""Review of an indicator library after a year's scores: which indicators tell, how few would do, what history asks.

Texts come as (zh, en) pairs, made from the numbers they name. Nothing here says what should be measured: a figure
describes the units in the file, and a proposal is one until somebody adopts it.
"""

from perfkit.cycle.item_review.city import City, city
from perfkit.cycle.item_review.columns import (
    GROUP_TITLES,
    ITEM_NOTE,
    ITEM_TITLES,
    RANKING_TITLES,
    STANDARD_TITLES,
    STEP_TITLES,
)
from perfkit.cycle.item_review.proposing import proposals, proposals_text, proposed_cuts, proposed_figure_text
from perfkit.cycle.item_review.review import Review, review

__all__ = [
    "GROUP_TITLES",
    "ITEM_NOTE",
    "ITEM_TITLES",
    "RANKING_TITLES",
    "STANDARD_TITLES",
    "STEP_TITLES",
    "City",
    "Review",
    "city",
    "proposals",
    "proposals_text",
    "proposed_cuts",
    "proposed_figure_text",
    "review",
]
