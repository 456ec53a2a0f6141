"""First-order inclusion probabilities in proportion to size, with units so large that they are certain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from perfkit.errors import Problem, SampleError, fail_if_any

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

# Below one by less than this is one: the sum of a million sizes is good to about this much.
_NEARLY = 1 - 1e-12
# Only units that come this close to being certain are looked at again: most of a frame never does.
_CLOSE = 0.25


def inclusion_probabilities(
    size: Sequence[float] | Floats, n: int | Sequence[int] | Codes, strata: Codes | None = None
) -> Floats:
    r"""Return each unit's probability of being in a sample of ``n``, in proportion to its size.

    Parameters
    ----------
    size
        Size of each unit, not negative; a unit of size zero has no chance.
    n
        Number of units to draw: one number, or one a stratum.
    strata
        Code of each unit's stratum, from 0 on; without it all units are one stratum.

    Returns
    -------
    array
        Probabilities that add up to ``n`` in each stratum; exactly 1 where the unit is certain.

    Raises
    ------
    SampleError
        If a size is missing or negative, or a stratum has fewer units of a size above zero than are to be drawn.

    Notes
    -----
    :math:`\pi = n x / \sum x`; units that reach 1 are taken with certainty and the rest is computed anew for what
    is left of n, until none reaches 1.

    *Checked against*: R sampling 2.9 ``inclusionprobabilities``.

    Examples
    --------
    >>> inclusion_probabilities([1, 2, 3, 4, 10], 2).round(12).tolist()
    [0.1, 0.2, 0.3, 0.4, 1.0]
    """
    sizes = np.asarray(size, dtype=np.float64)
    wanted = np.atleast_1d(np.asarray(n, dtype=np.int64))
    codes = np.zeros(len(sizes), dtype=np.int64) if strata is None else strata
    _fail_if_unfit(sizes, wanted, codes)
    return proportional(sizes, wanted, codes)


def proportional(size: Floats, n: float | Codes | Floats, strata: Codes | None = None) -> Floats:
    """Return the inclusion probabilities of sizes known to be sound; see :func:`inclusion_probabilities`.

    Without ``strata`` all units are one stratum; ``n`` need not be whole.
    """
    n = np.atleast_1d(np.asarray(n, dtype=np.float64))
    strata = np.zeros(len(size), dtype=np.int64) if strata is None else strata
    pi, left = size.astype(np.float64), n
    total = sums(pi, strata, len(n))
    floor = _limit(total, left) * _CLOSE
    while True:
        of_each = floor[strata]
        close = np.flatnonzero(pi >= of_each)
        codes, rest = strata[close], pi[close]
        pi[close] = 0
        far = sums(pi, strata, len(n))
        pi[close] = rest
        while True:
            total = far + sums(rest, codes, len(n))
            limit = _limit(total, left)
            certain = np.flatnonzero(rest >= (limit * _NEARLY)[codes])
            if not len(certain):
                break
            rest[certain] = 0
            left = left - np.bincount(codes[certain], minlength=len(n))
        if (limit >= floor).all():
            break
        # Stratum by stratum, so that none is added up in another order for the sake of its neighbours.
        floor, left = np.where(limit < floor, limit * _CLOSE, floor), n
    share = np.divide(left, total, out=np.zeros(len(n)), where=total > 0)
    # Written over an array at hand: new memory for a large frame costs as much as the arithmetic.
    pi *= np.take(share, strata, out=of_each, mode="clip")
    pi[close[rest == 0]] = 1
    return pi


def sums(values: Floats, strata: Codes, count: int) -> Floats:
    """Add up values within each stratum, one after the other."""
    return np.asarray(np.bincount(strata, values, count), dtype=np.float64)


def _limit(total: Floats, left: Floats) -> Floats:
    """Return the size that is certain in each stratum, given the sum of the sizes and the draws left to them."""
    open_ = (total > 0) & (left > 0)
    return np.asarray(np.divide(total, left, out=np.full(len(total), np.inf), where=open_), dtype=np.float64)


def _fail_if_unfit(size: Floats, n: Codes, strata: Codes) -> None:
    unsound = np.flatnonzero(~np.isfinite(size) | (size < 0))
    problems = [
        Problem(
            ("a size is missing or below zero", "规模缺失或为负"),
            f"[{at}]",
            "≥ 0",
            str(size[at]),
            ("give every unit a size", "请为每个单位填写规模"),
            "size",
        )
        for at in unsound
    ]
    if not problems:
        able = np.bincount(strata[size > 0], minlength=len(n))
        problems = [
            Problem(
                ("fewer units of a size above zero than are to be drawn", "规模大于零的单位少于抽取数"),
                f"[{code}]",
                f"≤ {able[code]}",
                str(n[code]),
                ("draw fewer, or mend the sizes", "请减少抽取数，或核对规模"),
                "n",
            )
            for code in np.flatnonzero((n < 0) | (n > able))
        ]
    fail_if_any(SampleError, "sizes 规模", problems)
