"""Other points that might have been given: draws around the points in force, each with the same total."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pandas as pd

from perfkit.measure.uncertainty.checks import Array, by_code, fail_if_no_count, fail_if_not_one_of, points_of, refuse

How = Literal["dirichlet", "normal", "uniform"]
_GRID = 36  # bits: multiples of 2**-36 of the total add up without rounding


def vary_weights(
    points: pd.Series, draws: int = 10_000, *, seed: int, how: How = "dirichlet", spread: float = 0.25
) -> pd.DataFrame:
    """Return draws of other full points around those in force; every draw has the same total.

    Parameters
    ----------
    points
        Full points by indicator. Points of zero stay zero.
    draws
        How many.
    seed
        The same seed gives the same draws, in any order of the indicators (draws follow the spelling of the codes).
    how
        ``dirichlet``; or noise relative to each indicator's points, rescaled to the total: ``normal`` (cut off at
        zero) or ``uniform``.
    spread
        Coefficient of variation (standard deviation / mean). For ``normal`` (at most 0.5, which the cut at zero makes
        0.46) and ``uniform`` (below 1/√3) that of every indicator before rescaling, which makes it smaller for heavy
        ones. For ``dirichlet`` that of an indicator of average weight; below √(k - 1) for k indicators with points.

    Returns
    -------
    DataFrame
        Draws x indicators, in points.

    Raises
    ------
    ScoreError
        If points are missing or negative, ``draws`` is below one, ``how`` is unknown or ``spread`` out of range.

    Notes
    -----
    With w = points / total: ``dirichlet`` draws total · Dir(c w), c = (k - 1) / spread² - 1, so that the mean is
    the points, and the standard deviation total · spread · √(w (1 - w) / (k - 1)). The others draw
    total · w f / sum(w f) with f = 1 + spread z, z standard normal above -1 / spread, or uniform on ±√3.
    Each draw lies on a grid of 2⁻³⁶ of the total, the rounding goes to its largest indicator: whole totals re-add
    exactly, in any order.

    *Checked against*: the moments of the Dirichlet distribution; exact fractions for the totals.

    Examples
    --------
    >>> drawn = vary_weights(pd.Series({"产出": 50, "效益": 30, "满意度": 20}), seed=1)
    >>> bool((drawn.sum(axis=1) == 100).all()), drawn.mean().round().tolist()
    (True, [50.0, 30.0, 20.0])
    """
    fail_if_no_count("draws", draws)
    fail_if_not_one_of("how", how, ("dirichlet", "normal", "uniform"))
    full = points_of(points)
    order = by_code(full.index)
    values = full.to_numpy()[order]
    drawn = np.tile(values, (draws, 1))
    weighty = np.flatnonzero(values)
    _fail_if_too_wide(how, spread, len(weighty))
    if spread > 0 and len(weighty) > 1:
        total = math.fsum(values)
        drawn[:, weighty] = _on_grid(_drawn(values[weighty] / total, draws, seed, how, spread), total)
    found = np.empty_like(drawn)
    found[:, order] = drawn
    return pd.DataFrame(found, columns=full.index, index=pd.RangeIndex(draws, name="draw"))


def _fail_if_too_wide(how: How, spread: float, indicators: int) -> None:
    most = {"dirichlet": math.sqrt(max(indicators - 1, 1)), "normal": 0.5, "uniform": 1 / math.sqrt(3)}[how]
    within = 0 <= spread <= most if how == "normal" else 0 <= spread < most
    if not within:
        refuse(("the spread is out of range", "离散程度超出范围"), "spread", f"0..{most:.4g} ({how})", repr(spread))


def _drawn(weights: Array, draws: int, seed: int, how: How, spread: float) -> Array:
    """Return draws x indicators of positive numbers that sum to about one a row."""
    generator = np.random.default_rng(seed)
    if how == "dirichlet":
        concentration = (len(weights) - 1) / spread**2 - 1
        drawn: Array = generator.dirichlet(concentration * weights, draws)
        return drawn
    uniform = generator.random((draws, len(weights)))
    if how == "uniform":
        factor = 1 + spread * math.sqrt(3) * (2 * uniform - 1)
    else:
        from scipy import special

        below = special.ndtr(-1 / spread)
        factor = 1 + spread * special.ndtri(below + (1 - below) * (1 - uniform))
    noisy = weights * factor
    shares: Array = noisy / noisy.sum(axis=1, keepdims=True)
    return shares


def _on_grid(weights: Array, total: float) -> Array:
    """Return ``weights`` of ``total`` as multiples of a power of two, whose sums are exact in any order."""
    step = 2.0 ** (math.floor(math.log2(total)) - _GRID)
    found: Array = np.round(weights * (total / step)) * step
    rows, largest = np.arange(len(found)), found.argmax(axis=1)
    found[rows, largest] = 0.0
    found[rows, largest] = total - found.sum(axis=1)
    return found
