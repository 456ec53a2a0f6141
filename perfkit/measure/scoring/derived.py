"""Values made from what was collected: growth over a base, days late, the rate of a satisfaction questionnaire."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from perfkit.measure.scoring.arrays import Array, floats


def growth_rate(actual: npt.ArrayLike, base: npt.ArrayLike) -> Array:
    """Return actual / base - 1, shares of one; a base that is not positive gives NaN.

    Examples
    --------
    >>> growth_rate([107, 95, 3], [100, 100, 0]).round(6).tolist()
    [0.07, -0.05, nan]
    """
    a, b = floats(actual), floats(base)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b > 0, a / b - 1.0, np.nan)


def days_late(done: npt.ArrayLike, due: npt.ArrayLike) -> Array:
    """Return the days from the due day to the day done, negative if early; missing days give NaN.

    Parameters
    ----------
    done, due
        ISO days as text, or missing.

    Examples
    --------
    >>> days_late(["2023-10-31", "2024-01-10", None], ["2023-12-31"] * 3).tolist()
    [-61.0, 10.0, nan]
    """
    finish, plan = (_days(each) for each in (done, due))
    late = (finish - plan).astype("timedelta64[D]")
    return np.where(np.isnat(late), np.nan, late.astype(np.float64))


def likert_rate(counts: npt.ArrayLike, weights: Sequence[float]) -> Array:
    """Return the satisfaction rate of a questionnaire: sum(weight x answers) / answers.

    Parameters
    ----------
    counts
        Shape (n, k): answers by level, from the most satisfied on.
    weights
        What an answer at each of the k levels is worth, shares of one.

    Returns
    -------
    ndarray
        Shape (n,), shares of one; NaN without answers or with a negative count.

    Examples
    --------
    >>> likert_rate([[60, 20, 10, 5, 5]], [1, 0.75, 0.5, 0.25, 0]).round(6).tolist()
    [0.8125]
    """
    n, w = floats(counts), floats(weights)
    total = n.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = (n @ w) / total
    return np.where((n >= 0).all(axis=1) & (total > 0), rate, np.nan)


def _days(values: npt.ArrayLike) -> npt.NDArray[np.datetime64]:
    held = np.atleast_1d(np.asarray(values, dtype=object))
    return np.array([each if isinstance(each, str) else "NaT" for each in held], dtype="datetime64[D]")
