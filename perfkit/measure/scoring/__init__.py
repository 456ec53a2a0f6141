"""From a value to a share of the points: one small pure vector function per rule kind.

Each function takes equally long arrays and the rule's numbers, and returns shares in [0, 1]; a value that is missing,
or a case the rule does not cover, gives NaN. A rule looks at one unit's value and its absolute target only: adding a
project never moves another project's score. The numbers stand in rule packs, never here.
"""

from perfkit.measure.scoring.counts import accumulated, check_points, on_time, per_unit, reported
from perfkit.measure.scoring.derived import days_late, growth_rate, likert_rate
from perfkit.measure.scoring.kinds import KINDS, Kind, numbers_of, shares
from perfkit.measure.scoring.steps import banded, execution_stepped, stepped
from perfkit.measure.scoring.targets import (
    completion,
    cost_saving,
    goalpost,
    interval,
    is_met,
    met,
    per_percentage_point,
    proportional,
    threshold,
    window,
)

__all__ = [
    "KINDS",
    "Kind",
    "accumulated",
    "banded",
    "check_points",
    "completion",
    "cost_saving",
    "days_late",
    "execution_stepped",
    "goalpost",
    "growth_rate",
    "interval",
    "is_met",
    "likert_rate",
    "met",
    "numbers_of",
    "on_time",
    "per_percentage_point",
    "per_unit",
    "proportional",
    "reported",
    "shares",
    "stepped",
    "threshold",
    "window",
]
