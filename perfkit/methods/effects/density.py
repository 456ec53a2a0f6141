"""Did units sort themselves over a cut-off: a test of the density of a score, refused for whole numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perfkit.methods.effects.sentences import shown
from perfkit.methods.result import Diagnostic, Pair

Array = npt.NDArray[np.float64]
_NAME: Pair = ("分界点处的操纵检验（McCrary）", "test of sorting at the cut-off (McCrary)")
_FEWEST = 50  # units on a side
_DISTINCT = 0.5  # distinct values over units: below this the score is taken for discrete


def is_discrete(x: Array) -> bool:
    """Whether a score takes few values: whole numbers, or each value shared by two units or more on average."""
    return bool(np.all(x == np.round(x)) or len(np.unique(x)) < _DISTINCT * len(x))


def sorting(x: Array, cutoff: float) -> Diagnostic:
    """Test whether the density of ``x`` jumps at ``cutoff``; not for discrete scores.

    Notes
    -----
    McCrary (2008): bins of 2 s n^(-1/2), a local line of the bin heights on each side with triangular weights, log
    difference of its ends, error sqrt((24 / 5) (1 / f+ + 1 / f-) / (n h)).
    """
    if is_discrete(x):
        return Diagnostic(
            _NAME,
            "not run",
            (
                "分数是整数或取值少：密度检验在整数分数上不成立，分数堆积也可能只是取整；请看分界点附近的计数",
                "the score is in whole numbers or takes few values: a density test does not hold there, and heaping "
                "may be rounding alone; see the counts near the cut-off",
            ),
        )
    sides = int((x < cutoff).sum()), int((x >= cutoff).sum())
    if min(sides) < _FEWEST:
        few = (
            f"两侧只有 {sides[0]} 与 {sides[1]} 个对象",
            f"{sides[0]} and {sides[1]} units on the sides are too few",
        )
        return Diagnostic(_NAME, "not run", few)
    from scipy import stats

    step = 2 * float(x.std(ddof=1)) / np.sqrt(len(x))
    # Bins end at the cut-off, so that none holds units of both sides.
    at = np.floor((x - cutoff) / step).astype(int)
    first, last = int(at.min()), int(at.max())
    heights = np.bincount(at - first, minlength=last - first + 1) / (len(x) * step)
    middles = (np.arange(first, last + 1) + 0.5) * step
    width = float(np.mean([_width(heights[each], middles[each]) for each in (middles < 0, middles > 0)]))
    left, right = (_end(heights[each], middles[each], width) for each in (middles < 0, middles > 0))
    if not min(left, right) > 0:
        none = ("分界点一侧的密度为零，无法检验", "the density is zero on one side of the cut-off")
        return Diagnostic(_NAME, "not run", none)
    theta = float(np.log(right) - np.log(left))
    se = float(np.sqrt(24 / 5 * (1 / right + 1 / left) / (len(x) * width)))
    p = float(2 * stats.norm.sf(abs(theta / se)))
    return Diagnostic(
        _NAME,
        "pass" if p >= 0.05 else "fail",
        (
            f"分界点两侧密度的对数差 {shown(theta)}（标准误 {shown(se)}），p = {p:.4f}",
            f"log difference of the density {shown(theta)} (error {shown(se)}), p = {p:.4f}",
        ),
        theta,
        p,
    )


def _width(heights: Array, middles: Array) -> float:
    """Return McCrary's automatic bandwidth of a side, from a quartic through the bin heights."""
    reach = float(np.abs(middles).max())
    if len(middles) < 6:
        return reach
    scaled = middles / reach
    fit = np.polynomial.Polynomial.fit(scaled, heights, 4)
    rest = float(((heights - fit(scaled)) ** 2).sum() / max(len(middles) - 5, 1))
    bend = float(((fit.deriv(2)(scaled) / reach**2) ** 2).sum())
    return min(3.348 * (rest * reach / bend) ** 0.2, reach) if bend > 0 and rest > 0 else reach


def _end(heights: Array, middles: Array, width: float) -> float:
    weight = np.maximum(1 - np.abs(middles) / width, 0)
    line = np.column_stack([np.ones(len(middles)), middles])
    return float((np.linalg.pinv((line * weight[:, None]).T @ line) @ (line * weight[:, None]).T @ heights)[0])
