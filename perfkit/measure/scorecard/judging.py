"""From shares to points, their bounds, totals and grades: the steps that long and wide tables have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit import tables
from perfkit.measure import grading
from perfkit.rules import RuleSet
from perfkit.tables.columns import STATUSES

Array = npt.NDArray[np.float64]

STATES = tuple(STATUSES)  # a status as a whole number is its place here
REPORTED, UNVERIFIED, MISSING = (STATES.index(name) for name in ("reported", "unverified", "missing"))
NO_EVIDENCE = STATES.index("no_evidence")
_ACTS = ("score", "zero", "exclude", "open")
_SCORE, _ZERO, _EXCLUDE, _OPEN = range(4)
VETO_ZERO, VETO_GAP = 1, 2

Part = slice | npt.NDArray[np.integer[Any]]


def numbers_of(rule_set: RuleSet, name: str, *, quantitative: bool) -> dict[str, Any]:
    """Return the numbers of a rule; over-fulfilment is a matter of quantitative indicators only."""
    rule: dict[str, Any] = rule_set.value(f"rule_{name}")
    if rule["function"] == "proportional" and quantitative and "over_fulfilment" in rule_set.parameters:
        rule = {**rule_set.value("over_fulfilment"), **rule}
    return {key: value for key, value in rule.items() if key not in ("function", "zh", "en")}


@dataclass(frozen=True)
class Judge:
    """The pack's choices that turn shares into points: what each status means, and how points are rounded."""

    acts: npt.NDArray[np.int8]
    rounding: Mapping[str, Any]
    full: float

    @classmethod
    def of(cls, rule_set: RuleSet) -> Judge:
        """Read the choices of a rule set."""
        means = {"not_seen": "open", **rule_set.value("missing_evidence"), "reported": "score"}
        acts = np.array([_ACTS.index(means[status]) for status in STATES], dtype=np.int8)
        rounding = {"of": "item", **rule_set.value("rounding")}
        return cls(acts, rounding, float(rule_set.value("full_points")))

    def rounded(self, points: Array) -> Array:
        """Round points as the pack does."""
        return grading.round_points(points, decimals=self.rounding["decimals"], mode=self.rounding["mode"])

    def of_items(self, share: Array, full: Array | float, status: npt.NDArray[np.int8]) -> Judged:
        """Turn shares into points with their bounds; a value that its rule is silent on counts as missing."""
        status = np.where(np.isnan(share) & (status <= UNVERIFIED), MISSING, status).astype(np.int8)
        act = self.acts[status]
        points = full * share
        if self.rounding["of"] == "item":
            points = self.rounded(points)
        points = np.where(act == _SCORE, points, np.where(act == _ZERO, 0.0, np.nan))
        unsure = (act == _ZERO) | (act == _OPEN) | (status == UNVERIFIED)
        return Judged(status, act != _EXCLUDE, points, np.where(unsure, 0.0, points), np.where(unsure, full, points))


@dataclass(frozen=True)
class Judged:
    """By item: its status in the end, whether it counts, its points, and their bounds."""

    status: npt.NDArray[np.int8]
    counts: npt.NDArray[np.bool_]
    points: Array
    low: Array
    high: Array


class Sums:
    """What adds up to the totals of ``n`` units, one item after another."""

    def __init__(self, n: int) -> None:
        self.points, self.low, self.high = (np.zeros(n) for _ in range(3))
        self.whole, self.weight, self.assessed, self.open = (np.zeros(n) for _ in range(4))
        self.vetoed = np.zeros(n, dtype=np.int8)

    def add(self, part: Part, judged: Judged, full: Array | float, assessable: Any) -> None:
        """Add items: those of the units in a slice, one each, or any, each with the number of its unit."""
        counts = judged.counts
        weight = np.where(counts, full, 0.0)
        _into(self.points, part, np.nan_to_num(judged.points))
        _into(self.low, part, np.where(counts, judged.low, 0.0))
        _into(self.high, part, np.where(counts, judged.high, 0.0))
        _into(self.whole, part, np.broadcast_to(full, weight.shape))
        _into(self.weight, part, weight)
        _into(self.assessed, part, np.where((judged.status == REPORTED) & assessable, weight, 0.0))
        _into(self.open, part, (counts & np.isnan(judged.points)).astype(float))

    def add_whole(self, part: slice, points: Array, full: float, *, assessable: bool) -> None:
        """Add one item that every unit in ``part`` reported and that could be scored."""
        for total in (self.points, self.low, self.high):
            total[part] += points
        self.whole[part] += full
        self.weight[part] += full
        if assessable:
            self.assessed[part] += full

    def veto(self, part: Part, judged: Judged) -> None:
        """Note where a veto indicator scored nothing, or has no evidence."""
        gap = np.isin(judged.status, (MISSING, NO_EVIDENCE))
        zero = judged.counts & (judged.points == 0) & ~gap
        flags = np.where(zero, VETO_ZERO, 0).astype(np.int8) | np.where(gap, VETO_GAP, 0).astype(np.int8)
        if isinstance(part, slice):
            self.vetoed[part] |= flags
        else:
            np.bitwise_or.at(self.vetoed, part, flags)


def _into(total: Array, part: Part, amounts: Array) -> None:
    if isinstance(part, slice):
        total[part] += amounts
    else:
        total += np.bincount(part, weights=amounts, minlength=len(total))


def results_of(known: pd.DataFrame, sums: Sums, rule_set: RuleSet, *, adds_up: bool = True) -> pd.DataFrame:
    """Return the table ``results``; what nobody has seen leaves the total open, with its bounds.

    Parameters
    ----------
    known
        ``unit_id`` and ``year`` of each unit, in the order of ``sums``.
    adds_up
        The points of every unit add up to the pack's full points; if not, a total is out of what they add up to,
        and has a grade only where that is the full points.

    Notes
    -----
    total = sum(points) / sum(full points of what counts) x full points.
    """
    judge = Judge.of(rule_set)
    weight = np.where(sums.weight > 0, sums.weight, np.nan)
    scale = (judge.full if adds_up else sums.whole) / weight
    kept = np.isclose(scale, 1.0)
    results = known.copy()
    for column, total in (("points", sums.points), ("points_low", sums.low), ("points_high", sums.high)):
        exact = np.where(kept, total, total * scale)
        once = kept & (judge.rounding["of"] == "item")
        results[column] = np.round(np.where(once, exact, judge.rounded(exact)), grading.DECIMALS)
    results["points"] = results["points"].where(sums.open == 0.0)
    results["coverage"] = np.round(np.nan_to_num(sums.assessed / weight), grading.DECIMALS)
    bands = rule_set.value("grade_bands")
    # Bands are cuts of the full points: a total out of other points has no grade.
    graded = results["points"] if adds_up else results["points"].where(np.isclose(sums.whole, judge.full))
    results = results.join(grading.grade(graded, bands))
    limits = rule_set.value("grade_limits") if "grade_limits" in rule_set.in_force() else []
    causes = {
        "veto_zero": (sums.vetoed & VETO_ZERO) > 0,
        "veto_gap": (sums.vetoed & VETO_GAP) > 0,
        "coverage_below": results["coverage"].to_numpy(),
    }
    results = grading.limited(results, limits, causes, bands)
    return rule_set.stamp(results).reindex(columns=list(tables.contract("results").columns))
