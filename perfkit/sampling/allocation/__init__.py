"""How the sample is divided among the strata: by formula, and in whole numbers that add up exactly.

``allocate`` (n given), ``allocate_budget`` (money given) and ``allocate_for`` (precisions given) take and return the
table ``strata``; ``proportional``, ``neyman``, ``optimal`` and ``power`` return the unrounded formula by stratum.
"""

from perfkit.sampling.allocation.shares import neyman, optimal, power, proportional, variance
from perfkit.sampling.allocation.targets import Target, allocate_for
from perfkit.sampling.allocation.whole import allocate, allocate_budget

__all__ = [
    "Target",
    "allocate",
    "allocate_budget",
    "allocate_for",
    "neyman",
    "optimal",
    "power",
    "proportional",
    "variance",
]
