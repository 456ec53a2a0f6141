"""Values that score by steps, and judgements that score inside a band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.measure.scoring.arrays import TINY, Array, floats


def stepped(rate: npt.ArrayLike, *, steps: Sequence[Mapping[str, float]]) -> Array:
    """Score by steps: the share of the highest step whose ``min`` the rate reaches.

    ``rate`` and ``min`` are shares of one; the lower bound belongs to the step; below the lowest step: zero.

    Examples
    --------
    >>> stepped([0.9, 0.85, 0.3], steps=[{"min": 0.9, "share": 1}, {"min": 0.8, "share": 0.8}]).tolist()
    [1.0, 0.8, 0.0]
    """
    r = floats(rate)
    rising = sorted(steps, key=lambda step: step["min"])
    cuts = np.array([step["min"] for step in rising])
    shares = np.array([0.0, *(step["share"] for step in rising)], dtype=float)
    found = shares[np.searchsorted(cuts, np.nan_to_num(r) + TINY, side="right")]
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
    r, done = floats(rate), floats(finished)
    share = np.where((done == 0) & (r < whole - TINY), stepped(r, steps=steps), np.nan)
    return np.where((done == 1) & (r <= whole + TINY), finished_within_budget, share)


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
    share = floats(chosen)
    codes, said = pd.factorize(np.atleast_1d(np.asarray(judged, dtype=object)))
    nothing = {"min": np.nan, "max": np.nan}
    held = [words.get(str(word), nothing) for word in said] + [nothing]
    low, high = (np.array([band[end] for band in held], dtype=float)[codes] for end in ("min", "max"))
    with np.errstate(invalid="ignore"):
        inside = (share >= low - TINY) & (share <= high + TINY)
    return np.where(inside, share, np.nan)
