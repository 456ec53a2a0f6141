"""A value against its target: met or not, in proportion, above a pass mark, within an interval, by saving.

Each function takes equally long arrays, or one target and one direction for all, and returns shares in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from perfkit.measure.scoring.arrays import TINY, Array, floats


def is_met(actual: npt.ArrayLike, target: npt.ArrayLike, direction: npt.ArrayLike) -> Array:
    """Return 1 where ``actual`` meets ``target`` in its direction (ge, le, eq), else 0; NaN if either is missing.

    Examples
    --------
    >>> is_met([735, 5, 98], [735, 4, 100], ["ge", "le", "eq"]).tolist()
    [1.0, 0.0, 0.0]
    """
    a, t = floats(actual), floats(target)
    dust = TINY * np.maximum(1.0, np.abs(t))
    met = _by_direction(
        direction, ge=lambda: a >= t - dust, le=lambda: a <= t + dust, eq=lambda: np.abs(a - t) <= dust
    ).astype(float)
    return np.where(np.isnan(a) | np.isnan(t), np.nan, met)


def completion(
    actual: npt.ArrayLike, target: npt.ArrayLike, direction: npt.ArrayLike, *, reverse: str = "inverse"
) -> Array:
    """Return the completion rate: actual/target (ge), target/actual (le), the smaller of the two (eq).

    Parameters
    ----------
    actual, target
        Shape (n,) or one for all, same unit of measure.
    direction
        "ge", "le" or "eq" for each, or one for all.
    reverse
        How a "le" target that is missed is completed: "inverse", target/actual; "excess", 1 - (actual -
        target)/target, at least 0, which is nothing at twice the target.

    Returns
    -------
    ndarray
        Shares of one, not capped for ge. Where the ratio has no meaning (a zero or negative target or actual) the
        rate is 1 if the target is met and 0 if not: a target of zero incidents is met or it is not.

    Examples
    --------
    >>> completion([80, 5, 98, 1], [100, 4, 100, 0], ["ge", "le", "eq", "le"]).round(3).tolist()
    [0.8, 0.8, 0.98, 0.0]
    >>> completion([5, 10], 4, "le", reverse="excess").tolist()
    [0.75, 0.0]
    """
    if reverse not in ("inverse", "excess"):
        raise ValueError(f"reverse is 'inverse' or 'excess', not {reverse!r}")
    a, t = floats(actual), floats(target)
    met = is_met(a, t, direction)

    def down() -> Array:
        missed: Array = t / a if reverse == "inverse" else np.maximum(0.0, 2.0 - a / t)
        return np.where(met == 1, 1.0, missed)

    with np.errstate(divide="ignore", invalid="ignore"):
        rate = _by_direction(direction, ge=lambda: a / t, le=down, eq=lambda: np.minimum(a / t, t / a))
    return np.where((a > 0) & (t > 0), rate, met)


def proportional(
    actual: npt.ArrayLike,
    target: npt.ArrayLike,
    direction: npt.ArrayLike,
    *,
    policy: str = "ignore",
    tolerance: float = np.inf,
    schedule: Sequence[Mapping[str, float]] | None = None,
    reverse: str = "inverse",
) -> Array:
    """Score full points at the target, else in proportion to completion.

    Parameters
    ----------
    actual, target
        Shape (n,) or one for all, same unit of measure.
    direction
        "ge", "le" or "eq" for each, or one for all.
    policy, tolerance, schedule
        Over-fulfilment of "ge" targets beyond ``tolerance`` (a share of the target): "ignore", "flag" (both score
        full), "deduct" the share by which completion exceeds 1 + tolerance, down to zero, or "schedule": the
        ``share`` of the highest ``over`` of the schedule that is exceeded.
    reverse
        See :func:`completion`.

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
    >>> steps = [{"over": 0.3, "share": 0.9}, {"over": 0.5, "share": 0.7}]
    >>> proportional([130, 140, 200], 100, "ge", policy="schedule", schedule=steps).tolist()
    [1.0, 0.9, 0.7]
    """
    rate = completion(actual, target, direction, reverse=reverse)
    share: Array = np.clip(rate, 0.0, 1.0)
    if policy not in ("deduct", "schedule"):
        return share
    if policy == "deduct":
        excess = rate - 1.0 - tolerance
        lessened = np.where(excess > TINY, np.maximum(0.0, 1.0 - excess), share)
    else:
        lessened = share
        for step in sorted(schedule or (), key=lambda each: each["over"]):
            lessened = np.where(rate - 1.0 > step["over"] + TINY, step["share"], lessened)
    return _by_direction(direction, ge=lambda: lessened, le=lambda: share, eq=lambda: share)


def threshold(
    actual: npt.ArrayLike,
    target: npt.ArrayLike,
    direction: npt.ArrayLike,
    *,
    pass_rate: float,
    reverse: str = "inverse",
) -> Array:
    """Score nothing below the pass mark, then the part of completion above it (财预〔2021〕101号 三（七）).

    share = (rate - pass_rate) / (1 - pass_rate) for rate >= pass_rate, at most 1.

    Examples
    --------
    >>> threshold([80, 59.9, 100], [100, 100, 100], ["ge"] * 3, pass_rate=0.6).round(6).tolist()
    [0.5, 0.0, 1.0]
    """
    rate = completion(actual, target, direction, reverse=reverse)
    return np.clip((rate - pass_rate) / (1.0 - pass_rate), 0.0, 1.0)


def window(
    actual: npt.ArrayLike, target: npt.ArrayLike, direction: npt.ArrayLike, *, low: float, high: float
) -> Array:
    """Score in proportion inside a window of completion, nothing outside it: a key duty far off its plan.

    ``low`` and ``high`` are completion rates that still count; both ends belong to the window.

    Examples
    --------
    >>> window([69, 70, 100, 130, 131], 100, "ge", low=0.7, high=1.3).tolist()
    [0.0, 0.7, 1.0, 1.0, 0.0]
    """
    rate = completion(actual, target, direction)
    share = np.where((rate < low - TINY) | (rate > high + TINY), 0.0, np.clip(rate, 0.0, 1.0))
    return np.where(np.isnan(rate), np.nan, share)


def met(actual: npt.ArrayLike, target: npt.ArrayLike, direction: npt.ArrayLike, *, otherwise: float = 0.0) -> Array:
    """Score all or, where the target is not met, ``otherwise`` (see :func:`is_met`).

    Examples
    --------
    >>> met([1, 0], [1, 1], ["eq", "eq"]).tolist()
    [1.0, 0.0]
    """
    got = is_met(actual, target, direction)
    return np.where(got == 0, otherwise, got)


def interval(actual: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, *, reach: float) -> Array:
    """Score full points inside [low, high]; outside, lose in proportion to the relative distance.

    share = 1 - d / reach, at least 0, with d the distance to the nearer bound divided by that bound.

    Examples
    --------
    >>> interval([900, 1100, 700], [800] * 3, [1000] * 3, reach=0.5).round(3).tolist()
    [1.0, 0.8, 0.75]
    """
    a, lo, hi = floats(actual), floats(low), floats(high)
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
    a, t, f = floats(actual), floats(target), floats(floor)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip((a - f) / (t - f), 0.0, 1.0) + 0.0  # no minus zero
    return np.where(t == f, np.nan, share)


def cost_saving(actual: npt.ArrayLike, planned: npt.ArrayLike, *, full_at: float, zero_at: float) -> Array:
    """Score the cost saving rate, (planned - actual) / planned, linearly between two rates.

    Parameters
    ----------
    actual, planned
        Cost, same unit of money; a planned cost that is not positive gives NaN.
    full_at, zero_at
        The saving rates (shares of one, negative: an overrun) that score everything and nothing.

    Notes
    -----
    The rate is that of 财预〔2020〕10号 附2; what it is worth is a choice of the pack.

    Examples
    --------
    >>> cost_saving([95, 100, 110, 130], 100, full_at=0, zero_at=-0.2).round(3).tolist()
    [1.0, 1.0, 0.5, 0.0]
    """
    a, p = floats(actual), floats(planned)
    with np.errstate(divide="ignore", invalid="ignore"):
        saved = (p - a) / p
    return np.where(p > 0, goalpost(saved, full_at, zero_at), np.nan)


def per_percentage_point(
    rate: npt.ArrayLike,
    target_rate: npt.ArrayLike,
    direction: npt.ArrayLike,
    *,
    loss: float,
    full_at: float | None = None,
    whole: bool = False,
) -> Array:
    """Lose a fixed share of the points for each percentage point that a rate misses its target by.

    Parameters
    ----------
    rate, target_rate
        Shares of one.
    direction
        "ge", "le" or "eq" for each, or one for all.
    loss
        The share of the points lost a percentage point.
    full_at
        Full points from this rate on, whatever the target ("ge" only).
    whole
        Count a percentage point that was begun as a whole one.

    Examples
    --------
    >>> per_percentage_point([1.0, 0.95, 0.805, 0.7], 1.0, "ge", loss=0.05).round(3).tolist()
    [1.0, 0.75, 0.025, 0.0]
    >>> per_percentage_point([0.805], 1.0, "ge", loss=0.05, whole=True).round(3).tolist()
    [0.0]
    """
    r, t = floats(rate), floats(target_rate)
    aim = t if full_at is None else np.where(np.isnan(r), np.nan, full_at)
    missed = 100.0 * _by_direction(
        direction,
        ge=lambda: np.maximum(aim - r, 0.0),
        le=lambda: np.maximum(r - t, 0.0),
        eq=lambda: np.abs(r - t),
    )
    if whole:
        missed = np.ceil(missed - TINY)
    return np.clip(1.0 - loss * missed, 0.0, 1.0)


def _by_direction(direction: Any, **ways: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Return for each value the outcome of its direction's way; one direction for all works out that way only."""
    if isinstance(direction, str):
        return ways.get(direction, ways["ge"])()
    way = np.asarray(direction, dtype=object)
    return np.where(way == "le", ways["le"](), np.where(way == "eq", ways["eq"](), ways["ge"]()))
