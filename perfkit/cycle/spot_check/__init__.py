"""Spot checks of self-evaluations (抽评): plan, draw with a certificate, and what the checks say of the whole."""

from perfkit.cycle.spot_check.frame import checks, coverage, graded, notices, population, whole
from perfkit.cycle.spot_check.inference import Inference, infer
from perfkit.cycle.spot_check.planning import Planned, plan, planned, precision, precisions, seed_in
from perfkit.cycle.spot_check.wording import (
    certificate_facts,
    chance_text,
    departments_text,
    facts,
    heaping_text,
    pooled_text,
    sheets,
    without_budget,
    worded,
)

__all__ = [
    "Inference",
    "Planned",
    "certificate_facts",
    "chance_text",
    "checks",
    "coverage",
    "departments_text",
    "facts",
    "graded",
    "heaping_text",
    "infer",
    "notices",
    "plan",
    "planned",
    "pooled_text",
    "population",
    "precision",
    "precisions",
    "seed_in",
    "sheets",
    "whole",
    "without_budget",
    "worded",
]
