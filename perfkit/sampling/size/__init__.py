"""How many units to check: precision, power, two stages, audit assurance and a required rate, and which binds.

Every function returns a :class:`SampleSize`: the unrounded number of the formula and the whole number of units.
"""

from perfkit.sampling.size.audit import confidence_factor, for_attributes, for_monetary_units, planning_factor
from perfkit.sampling.size.need import SampleSize, binding, floor
from perfkit.sampling.size.power import for_inflation, for_share
from perfkit.sampling.size.precision import for_domains, for_mean, for_proportion, for_ratio, for_total, margin_of
from perfkit.sampling.size.stages import TwoStage, two_stage

__all__ = [
    "SampleSize",
    "TwoStage",
    "binding",
    "confidence_factor",
    "floor",
    "for_attributes",
    "for_domains",
    "for_inflation",
    "for_mean",
    "for_monetary_units",
    "for_proportion",
    "for_ratio",
    "for_share",
    "for_total",
    "margin_of",
    "planning_factor",
    "two_stage",
]
