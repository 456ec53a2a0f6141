"""Weights: shares that sum to one.

People give some (``given``, ``equal``, ``expert_mean``, ``ahp``, ``best_worst``); others come from the spread of the
values (``entropy``, ``critic``, ``standard_deviation``, ``pca``) and so move when a unit joins or leaves the file:
they show which indicators tell units apart, not which matter; ``relative_importance`` asks which go with an outcome.
What all have in common: a missing or infinite value is refused and its column named, a column without spread weighs
exactly nothing (or, where an outcome is to be explained, is refused), and no small number is added anywhere.
"""

from perfkit.measure.weighting.best_worst import BestWorst, best_worst
from perfkit.measure.weighting.outcome import relative_importance
from perfkit.measure.weighting.pairwise import RANDOM_INDEX, Priorities, RandomIndex, ahp, ahp_group
from perfkit.measure.weighting.people import combined, equal, expert_mean, given
from perfkit.measure.weighting.spread import critic, entropy, pca, shannon, standard_deviation

__all__ = [
    "RANDOM_INDEX",
    "BestWorst",
    "Priorities",
    "RandomIndex",
    "ahp",
    "ahp_group",
    "best_worst",
    "combined",
    "critic",
    "entropy",
    "equal",
    "expert_mean",
    "given",
    "pca",
    "relative_importance",
    "shannon",
    "standard_deviation",
]
