"""What is counted: check points met, incidents that cost points, pieces that earn them, days late."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perfkit.measure.scoring.arrays import TINY, Array, floats


def check_points(reached: npt.ArrayLike, listed: npt.ArrayLike) -> Array:
    """Score the share of the listed check points that are met; more met than listed gives NaN.

    Where the check points have points of their own, both are sums of these.

    Examples
    --------
    >>> check_points([3, 4], [4, 4]).tolist()
    [0.75, 1.0]
    """
    got, n = floats(reached), floats(listed)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = got / n
    return np.where((n > 0) & (got >= 0) & (got <= n + TINY), np.minimum(share, 1.0), np.nan)


def per_unit(count: npt.ArrayLike, allowed: npt.ArrayLike, deduct: npt.ArrayLike, full: npt.ArrayLike) -> Array:
    """Lose points for each occurrence beyond those allowed, until none are left.

    Parameters
    ----------
    count, allowed
        How often it happened, and how often it may (missing: never).
    deduct, full
        Points lost each time, and the full points.

    Returns
    -------
    ndarray
        A negative count gives NaN.

    Examples
    --------
    >>> per_unit([0, 2, 9], 0, 2, 10).tolist()
    [1.0, 0.6, 0.0]
    """
    n, free = floats(count), np.nan_to_num(floats(allowed))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(1.0 - np.maximum(n - free, 0.0) * floats(deduct) / floats(full), 0.0, 1.0)
    return np.where(n >= 0, share, np.nan)


def accumulated(count: npt.ArrayLike, each: npt.ArrayLike, full: npt.ArrayLike) -> Array:
    """Earn points for each piece done, up to the full points.

    Examples
    --------
    >>> accumulated([0, 2, 9], 2, 10).tolist()
    [0.0, 0.4, 1.0]
    """
    n = floats(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(n * floats(each) / floats(full), 0.0, 1.0)
    return np.where(n >= 0, share, np.nan)


def on_time(days_late: npt.ArrayLike, *, grace: float, zero_after: float) -> Array:
    """Score full points up to ``grace`` days late, then less each day, nothing from ``zero_after`` days on.

    Early is negative. With ``zero_after`` equal to ``grace`` it is all or nothing.

    Examples
    --------
    >>> on_time([-61, 0, 45, 90], grace=0, zero_after=90).tolist()
    [1.0, 1.0, 0.5, 0.0]
    >>> on_time([10, 11], grace=10, zero_after=10).tolist()
    [1.0, 0.0]
    """
    late = floats(days_late)
    span = zero_after - grace
    share = np.where(late <= grace + TINY, 1.0, np.clip((zero_after - late) / span, 0.0, 1.0) if span > 0 else 0.0)
    return np.where(np.isnan(late), np.nan, share)


def reported(points: npt.ArrayLike, full: npt.ArrayLike) -> Array:
    """Take the reported points as they are: a share of the full points, not recomputed; above full gives NaN.

    Examples
    --------
    >>> reported([90], [100]).tolist()
    [0.9]
    """
    p, n = floats(points), floats(full)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = p / n
    return np.where((share >= 0) & (share <= 1 + TINY), np.minimum(share, 1.0), np.nan)
