"""Weights: shares that sum to one.

People give some (``given``, ``equal``, ``expert_mean``, ``ahp``); others come from the spread of the values
(``entropy``, ``critic``, ``standard_deviation``, ``pca``) and so move when a unit joins or leaves the file: they show
which indicators tell units apart, not which matter. What all have in common: a missing or infinite value is refused
and its column named, a column without spread weighs exactly nothing, and no small number is added anywhere.
"""

from perfkit.measure.weighting.pairwise import RANDOM_INDEX, Priorities, RandomIndex, ahp, ahp_group
from perfkit.measure.weighting.people import combined, equal, expert_mean, given
from perfkit.measure.weighting.spread import critic, entropy, pca, shannon, standard_deviation

__all__ = [
    "RANDOM_INDEX",
    "Priorities",
    "RandomIndex",
    "ahp",
    "ahp_group",
    "combined",
    "critic",
    "entropy",
    "equal",
    "expert_mean",
    "given",
    "pca",
    "shannon",
    "standard_deviation",
]
