"""Spot checks of self-evaluations (抽评): plan, draw with a certificate, and what the checks say of the whole."""

from perfkit.cycle.spot_check.frame import checks, coverage, graded, notices, population, whole
from perfkit.cycle.spot_check.inference import Inference, infer
from perfkit.cycle.spot_check.planning import Planned, plan, planned, precision, precisions, seed_in

__all__ = [
    "Inference",
    "Planned",
    "checks",
    "coverage",
    "graded",
    "infer",
    "notices",
    "plan",
    "planned",
    "population",
    "precision",
    "precisions",
    "seed_in",
    "whole",
]
