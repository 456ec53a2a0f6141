"""From a value to a share of the points: one small pure vector function per rule kind.

Each function takes equally long arrays and the rule's numbers, and returns shares in [0, 1]; a value that is missing,
or a case the rule does not cover, gives NaN. A rule looks at one unit's value and its absolute target only: adding a
project never moves another project's score. The numbers stand in rule packs, never here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

_TINY = 1e-9  # float dust: 0.1 * 3 must count as meeting 0.3


def _array(values: npt.ArrayLike) -> Array:
    return np.asarray(values, dtype=float)


def is_met(actual: npt.ArrayLike, target: npt.ArrayLike, direction: npt.ArrayLike) -> Array:
    """Return 1 where ``actual`` meets ``target`` in its direction (ge, le, eq), else 0; NaN if either is missing.

    Examples
    --------
    >>> is_met([735, 5, 98], [735, 4, 100], ["ge", "le", "eq"]).tolist()
    [1.0, 0.0, 0.0]
    """
    a, t = _array(actual), _array(target)
    way = np.asarray(direction, dtype=object)
    dust = _TINY * np.maximum(1.0, np.abs(t))
    met = np.where(way == "le", a <= t + dust, np.where(way == "eq", np.abs(a - t) <= dust, a >= t - dust))
    return np.where(np.isnan(a) | np.isnan(t), np.nan, met.astype(float))


def completion(actual: npt.ArrayLike, target: npt.ArrayLike, direction: npt.ArrayLike) -> Array:
    """Return the completion rate: actual/target (ge), target/actual (le), the smaller of the two (eq).

    Shape (n,), shares of one, not capped for ge. Where the ratio has no meaning (a zero or negative target or
    actual) the rate is 1 if the target is met and 0 if not: a target of zero incidents is met or it is not.

    Examples
    --------
    >>> completion([80, 5, 98, 1], [100, 4, 100, 0], ["ge", "le", "eq", "le"]).round(3).tolist()
    [0.8, 0.8, 0.98, 0.0]
    """
    a, t = _array(actual), _array(target)
    way = np.asarray(direction, dtype=object)
    met = is_met(a, t, way)
    with np.errstate(divide="ignore", invalid="ignore"):
        up, down = a / t, t / a
        rate = np.where(way == "le", down, np.where(way == "eq", np.minimum(up, down), up))
    usable = (a > 0) & (t > 0)
    rate = np.where(usable, rate, met)
    rate = np.where((way == "le") & (met == 1), 1.0, rate)
    return np.where(np.isnan(met), np.nan, rate)


def proportional(
    actual: npt.ArrayLike,
    target: npt.ArrayLike,
    direction: npt.ArrayLike,
    *,
    policy: str = "ignore",
    tolerance: float = np.inf,
) -> Array:
    """Score full points at the target, else in proportion to completion.

    Parameters
    ----------
    actual, target
        Shape (n,), same unit of measure.
    direction
        "ge", "le" or "eq" for each.
    policy, tolerance
        Over-fulfilment of "ge" targets beyond ``tolerance`` (a share of the target): "ignore", "flag" (both score
        full) or "deduct" the share by which completion exceeds 1 + tolerance, down to zero.

    Returns
    -------
    ndarray
        Shares in [0, 1].

    Notes
    -----
    财预〔2020〕10号 art. 16 gives the proportion for "at least" targets; it names no formula for "at most" targets
    and no limit for "well above": both are choices of the pack.

    *Checked against* the case ``budget_target_scoring`` (closed form).

    Examples
    --------
    >>> proportional([100, 80, 8], [100, 100, 4], ["ge", "ge", "le"]).tolist()
    [1.0, 0.8, 0.5]
    >>> proportional([150], [100], ["ge"], policy="deduct", tolerance=0.3).round(6).tolist()
    [0.8]
    """
    rate = completion(actual, target, direction)
    share = np.clip(rate, 0.0, 1.0)
    if policy == "deduct":
        excess = rate - 1.0 - tolerance
        over = (np.asarray(direction, dtype=object) == "ge") & (excess > _TINY)
        share = np.where(over, np.maximum(0.0, 1.0 - excess), share)
    return share


def threshold(actual: npt.ArrayLike, target: npt.ArrayLike, direction: npt.ArrayLike, *, pass_rate: float) -> Array:
    """Score nothing below the pass mark, then the part of completion above it (财预〔2021〕101号 三（七）).

    share = (rate - pass_rate) / (1 - pass_rate) for rate >= pass_rate, at most 1.

    Examples
    --------
    >>> threshold([80, 59.9, 100], [100, 100, 100], ["ge"] * 3, pass_rate=0.6).round(6).tolist()
    [0.5, 0.0, 1.0]
    """
    rate = completion(actual, target, direction)
    share = np.clip((rate - pass_rate) / (1.0 - pass_rate), 0.0, 1.0)
    return np.where(np.isnan(rate), np.nan, share)


def met(actual: npt.ArrayLike, target: npt.ArrayLike, direction: npt.ArrayLike) -> Array:
    """Score all or nothing: the target is met or it is not (see :func:`is_met`).

    Examples
    --------
    >>> met([1, 0], [1, 1], ["eq", "eq"]).tolist()
    [1.0, 0.0]
    """
    return is_met(actual, target, direction)


def stepped(rate: npt.ArrayLike, *, steps: Sequence[Mapping[str, float]]) -> Array:
    """Score by steps: the share of the highest step whose ``min`` the rate reaches.

    ``rate`` and ``min`` are shares of one; the lower bound belongs to the step; below the lowest step: zero.

    Examples
    --------
    >>> stepped([0.9, 0.85, 0.3], steps=[{"min": 0.9, "share": 1}, {"min": 0.8, "share": 0.8}]).tolist()
    [1.0, 0.8, 0.0]
    """
    r = _array(rate)
    rising = sorted(steps, key=lambda step: step["min"])
    cuts = np.array([step["min"] for step in rising])
    shares = np.array([0.0, *(step["share"] for step in rising)], dtype=float)
    found = shares[np.searchsorted(cuts, np.nan_to_num(r) + _TINY, side="right")]
    return np.where(np.isnan(r), np.nan, found)


def execution_stepped(
    rate: npt.ArrayLike,
    finished: npt.ArrayLike,
    *,
    steps: Sequence[Mapping[str, float]],
    finished_within_budget: float,
    whole: float,
) -> Array:
    """Score the execution rate by steps, where a finished project within its budget gets full marks.

    Parameters
    ----------
    rate
        Spent / budget, shares of one.
    finished
        1, 0, or NaN if unknown.
    steps
        For unfinished projects with a rate below ``whole``.
    finished_within_budget
        The share of a finished project that spent at most its budget.
    whole
        The rate that means all of the budget.

    Returns
    -------
    ndarray
        NaN where the printed rule is silent: over budget, unfinished at exactly the whole budget, or unknown.

    Examples
    --------
    >>> steps = [{"min": 0.8, "share": 0.7}, {"min": 0.6, "share": 0.5}, {"min": 0, "share": 0}]
    >>> execution_stepped([0.7, 0.85, 1.2], [1, 0, 1], steps=steps, finished_within_budget=1, whole=1).tolist()
    [1.0, 0.7, nan]
    """
    r, done = _array(rate), _array(finished)
    share = np.where((done == 0) & (r < whole - _TINY), stepped(r, steps=steps), np.nan)
    return np.where((done == 1) & (r <= whole + _TINY), finished_within_budget, share)


def banded(judged: npt.ArrayLike, chosen: npt.ArrayLike, *, bands: Sequence[Mapping[str, Any]]) -> Array:
    """Score the share that the evaluator chose inside the band judged.

    Both ends belong to a band, as printed ("100%-80%（含）、80%-60%（含）"). A share outside its band, an unknown
    band or no share chosen gives NaN: the kit never chooses for the evaluator.

    Examples
    --------
    >>> banded(["好", "好"], [0.9, 0.5], bands=[{"band": "好", "min": 0.8, "max": 1.0}]).tolist()
    [0.9, nan]
    """
    words = {w: band for band in bands for w in (band["band"], *band.get("words", ()))}
    share = _array(chosen)
    held = [words.get(str(word)) for word in np.asarray(judged, dtype=object)]
    low = np.array([band["min"] if band else np.nan for band in held], dtype=float)
    high = np.array([band["max"] if band else np.nan for band in held], dtype=float)
    with np.errstate(invalid="ignore"):
        inside = (share >= low - _TINY) & (share <= high + _TINY)
    return np.where(inside, share, np.nan)


def check_points(reached: npt.ArrayLike, listed: npt.ArrayLike) -> Array:
    """Score the share of the listed check points that are met; more met than listed gives NaN.

    Examples
    --------
    >>> check_points([3, 4], [4, 4]).tolist()
    [0.75, 1.0]
    """
    got, n = _array(reached), _array(listed)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = got / n
    return np.where((n > 0) & (got >= 0) & (got <= n), share, np.nan)


def interval(actual: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, *, reach: float) -> Array:
    """Score full points inside [low, high]; outside, lose in proportion to the relative distance.

    share = 1 - d / reach, at least 0, with d the distance to the nearer bound divided by that bound.

    Examples
    --------
    >>> interval([900, 1100, 700], [800] * 3, [1000] * 3, reach=0.5).round(3).tolist()
    [1.0, 0.8, 0.75]
    """
    a, lo, hi = _array(actual), _array(low), _array(high)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.where(a < lo, (lo - a) / np.abs(lo), np.where(a > hi, (a - hi) / np.abs(hi), 0.0))
    share = np.clip(1.0 - off / reach, 0.0, 1.0)
    return np.where(np.isnan(a) | np.isnan(lo) | np.isnan(hi), np.nan, share)


def goalpost(actual: npt.ArrayLike, target: npt.ArrayLike, floor: npt.ArrayLike) -> Array:
    """Score linearly between a floor (nothing) and the target (all), whichever of the two is larger.

    Both are absolute, set by the user: no unit's score depends on the others. Equal bounds give NaN.

    Examples
    --------
    >>> goalpost([15, 25, 20], [15, 15, 15], [25, 25, 25]).tolist()
    [1.0, 0.0, 0.5]
    """
    a, t, f = _array(actual), _array(target), _array(floor)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip((a - f) / (t - f), 0.0, 1.0) + 0.0  # no minus zero
    return np.where(t == f, np.nan, share)


def reported(points: npt.ArrayLike, full: npt.ArrayLike) -> Array:
    """Take the reported points as they are: a share of the full points, not recomputed; above full gives NaN.

    Examples
    --------
    >>> reported([90], [100]).tolist()
    [0.9]
    """
    p, n = _array(points), _array(full)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = p / n
    return np.where((share >= 0) & (share <= 1 + _TINY), np.minimum(share, 1.0), np.nan)


@dataclass(frozen=True)
class Kind:
    """How a rule function is fed from the columns of an item, and the sentence that explains it.

    ``columns`` are the items' columns passed in order, ``needs`` those of the library without which nothing can be
    scored. ``zh`` and ``en`` are templates over the item's printed
    values; :func:`perfkit.measure.scorecard.explain` fills them in.
    """

    function: Callable[..., Array]
    columns: tuple[str, ...]
    zh: str
    en: str

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns of the library that the function cannot do without."""
        given = {"listed": "check_points"}
        return tuple(
            given.get(c, c) for c in self.columns if c in ("target", "target_high", "floor", "direction", "listed")
        )


KINDS: Mapping[str, Kind] = {
    "proportional": Kind(
        proportional,
        ("used", "target", "direction"),
        "目标 {target}，实际 {actual}，完成率 {rate}",
        "target {target}, actual {actual}, completion {rate}",
    ),
    "threshold": Kind(
        threshold,
        ("used", "target", "direction"),
        "目标 {target}，实际 {actual}，完成率 {rate}，及格线 {pass_rate}，超过部分折算得分率 {share}",
        "target {target}, actual {actual}, completion {rate}, pass mark {pass_rate}, share above it {share}",
    ),
    "met": Kind(
        met,
        ("used", "target", "direction"),
        "要求 {target}，实际 {actual}，{met}",
        "required {target}, actual {actual}, {met}",
    ),
    "stepped": Kind(
        stepped,
        ("used_rate",),
        "实际 {actual}，达到“≥{step}”一档，该档得分率 {share}",
        "actual {actual} reaches the step ≥{step}, which gives {share}",
    ),
    "execution_stepped": Kind(
        execution_stepped,
        ("used_rate", "finished"),
        "执行率 {actual}，{finished}，按规则得分率 {share}",
        "execution rate {actual}, {finished}, by the rule {share}",
    ),
    "banded": Kind(
        banded,
        ("judged", "judged_share"),
        "评定为“{judged}”（{band}），评价人在区间内取 {share}",
        "judged {judged} ({band}), the evaluator chose {share}",
    ),
    "check_points": Kind(
        check_points,
        ("used", "listed"),
        "评价要点 {listed} 项，达到 {actual}",
        "{actual} of {listed} check points met",
    ),
    "interval": Kind(
        interval,
        ("used", "target", "target_high"),
        "目标区间 {target}，实际 {actual}，偏离 {off}（偏离 {reach} 时为零），得分率 {share}",
        "target interval {target}, actual {actual}, off by {off} (nothing at {reach}), share {share}",
    ),
    "goalpost": Kind(
        goalpost,
        ("used", "target", "floor"),
        "零分值 {floor}，满分值 {target}，实际 {actual}，得分率 {share}",
        "zero points at {floor}, full points at {target}, actual {actual}, share {share}",
    ),
    "reported": Kind(
        reported,
        ("points_reported", "points_full"),
        "表内未列明细，按填报得分列示",
        "no detail in the form, points as reported",
    ),
}


def numbers_of(function: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the numbers that a rule of this function must give, and those that it may give."""
    taken = inspect.signature(KINDS[function].function).parameters.values()
    named = [p for p in taken if p.kind is p.KEYWORD_ONLY]
    return tuple(p.name for p in named if p.default is p.empty), tuple(p.name for p in named)


def shares(items: pd.DataFrame, function: str, numbers: Mapping[str, Any]) -> Array:
    """Return the shares of ``items`` under one rule.

    Parameters
    ----------
    items
        Rows that share the rule, with the columns that its kind needs.
    function
        A key of :data:`KINDS`.
    numbers
        The rule's numbers; ``cap``, if there, is the largest share the rule may give.

    Raises
    ------
    KeyError
        If there is no such function (a scorecard checks this first and says so in its own words).
    """
    kind = KINDS[function]
    rest = {key: value for key, value in numbers.items() if key != "cap"}
    share = kind.function(*(items[column].to_numpy() for column in kind.columns), **rest)
    return np.minimum(share, numbers["cap"]) if "cap" in numbers else share
