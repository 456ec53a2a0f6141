"""Second-order inclusion probabilities: the chance that two units share a sample, exact for small populations."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.sampling.inclusion import proportional

Floats = npt.NDArray[np.float64]
Kind = Literal["poisson", "conditional_poisson", "systematic", "tille", "sampford", "midzuno"]

LARGEST = 300
_HAIR = 1e-9


def second_order(inclusion: npt.ArrayLike, design: Kind) -> Floats:
    r"""Return the matrix of second-order inclusion probabilities of a design.

    Parameters
    ----------
    inclusion
        First-order inclusion probabilities, 0 to 1, at most 300 of them. But for ``poisson`` and ``systematic`` they
        add up to a whole number, the sample size.
    design
        ``poisson``; ``conditional_poisson`` (maximum entropy); ``systematic`` in the order given; ``tille``
        (elimination); ``sampford``; ``midzuno`` (generalised: Tillé's of what is left out).

    Returns
    -------
    ndarray
        Symmetric, with ``inclusion`` on the diagonal. Systematic sampling leaves zeros: pairs that never meet, for
        which no unbiased estimate of a variance exists.

    Raises
    ------
    SampleError
        If the probabilities are out of range, too many, or do not add up to a whole number.

    Notes
    -----
    With a fixed size a row adds up to n times its unit's probability. Certain units (1) and impossible ones (0) are
    apart from the others, whatever the design.

    Conditional Poisson: :math:`\lambda_k \lambda_l e_{n-2}^{-kl} / e_n` with elementary symmetric functions e of the
    odds :math:`\lambda` that give the inclusion probabilities (Chen, Dempster & Liu 1994). Sampford (1967, Biometrika
    54) likewise with :math:`\lambda = p / (1 - n p)`. The functions are built up from the units, pair by pair, never
    by subtraction, which would lose all digits; that takes N³ n steps, some seconds for 300 units.

    *Checked against*: R sampling 2.9 (UPmaxentropypi2, UPsystematicpi2, UPtillepi2, UPsampfordpi2, UPmidzunopi2);
    enumeration of all samples. UPmaxentropypi2 stops its search at 1e-6 and differs from here in the seventh digit.

    Examples
    --------
    >>> second_order([0.5, 0.5, 1], "sampford").tolist()
    [[0.5, 0.0, 0.5], [0.0, 0.5, 0.5], [0.5, 0.5, 1.0]]
    """
    pi = np.asarray(inclusion, dtype=float)
    _fail_if_unfit(pi, design)
    if design == "poisson":
        return _independent(pi)
    if design == "systematic":
        return _systematic(pi)
    joint = _independent(pi)
    open_ = np.flatnonzero((pi > _HAIR) & (pi < 1 - _HAIR))
    if len(open_) > 1:
        exact = {
            "conditional_poisson": _conditional_poisson,
            "tille": _tille,
            "sampford": _sampford,
            "midzuno": _midzuno,
        }[design]
        joint[np.ix_(open_, open_)] = _with_diagonal(exact(pi[open_]), pi[open_])
    return joint


def _independent(pi: Floats) -> Floats:
    return _with_diagonal(np.outer(pi, pi), pi)


def _systematic(pi: Floats) -> Floats:
    """Go through the intervals of the random start within which the sample stays the same."""
    ends = np.cumsum(pi)
    starts = np.concatenate([[0.0], ends[:-1]])
    cuts = np.unique(np.concatenate([[0.0, 1.0], ends % 1]).round(12))
    joint = np.zeros((len(pi), len(pi)))
    for low, high in pairwise(cuts.tolist()):
        start = (low + high) / 2
        # A unit is in if a point start + j lies between its two ends.
        inside = np.flatnonzero(np.floor(ends - start) > np.floor(starts - start))
        joint[np.ix_(inside, inside)] += high - low
    return _with_diagonal(joint, pi)


def _tille(pi: Floats) -> Floats:
    """Take units out one by one until n are left; two stay together unless one of them goes."""
    n, joint, before = round(math.fsum(pi)), np.ones((len(pi), len(pi))), np.ones(len(pi))
    for left in range(len(pi) - 1, n - 1, -1):
        now = proportional(pi, left)
        gone = 1 - now / before
        joint *= 1 - gone[:, None] - gone[None, :]
        before = now
    return joint


def _midzuno(pi: Floats) -> Floats:
    left_out = _tille(1 - pi)
    return np.asarray(pi[:, None] + pi[None, :] - 1 + left_out)


def _conditional_poisson(pi: Floats) -> Floats:
    n = round(math.fsum(pi))
    odds = _odds(pi, n)
    without = _symmetric_without_pairs(odds, n)
    # e_n from what remains without the first two units, whichever they are.
    first, second = odds[0], odds[1]
    rest = without[:, 0, 1]
    whole = rest[n] + (first + second) * rest[n - 1] + (first * second * rest[n - 2] if n > 1 else 0)
    return np.asarray(np.outer(odds, odds) * (without[n - 2] if n > 1 else 0) / whole)


def _odds(pi: Floats, n: int) -> Floats:
    """Return the odds of independent draws that, given n came in, have the inclusion probabilities ``pi``."""
    odds = pi / (1 - pi)
    for _ in range(1000):
        odds = odds / np.exp(np.log(odds).mean())
        without = _symmetric_without_each(odds, n)
        # Chance of each to be in, over that to be out.
        now = odds * without[n - 1] / without[n]
        want = pi / (1 - pi)
        if np.abs(now / (1 + now) - pi).max() < 1e-15 * len(pi):
            break
        odds = want * without[n] / without[n - 1]
    return odds


def _sampford(pi: Floats) -> Floats:
    n = round(math.fsum(pi))
    if n == 1:
        return np.zeros((len(pi), len(pi)))
    ratio = pi / (n * (1 - pi))
    scale = ratio.mean()
    ratio = ratio / scale
    without = _symmetric_without_pairs(ratio, n - 1)
    # With the two units put back: e_m = e_m(-kl) + (a + b) e_{m-1}(-kl) + a b e_{m-2}(-kl).
    rest, a, b = without[:, 0, 1], ratio[0], ratio[1]
    back = np.concatenate([[0.0, 0.0], rest])
    whole = back[2:] + (a + b) * back[1:-1] + a * b * back[:-2]
    step = 1 / (scale * n)
    norm = sum(t * whole[n - t] * step**t for t in range(1, n + 1))
    pairs = pi[:, None] + pi[None, :]
    inner = sum((t - pairs) * without[n - t] * step ** (t - 2) for t in range(2, n + 1))
    return np.asarray(np.outer(ratio, ratio) * inner / norm)


def _symmetric_without_pairs(values: Floats, order: int) -> Floats:
    """Return the elementary symmetric functions 0 to ``order`` of all values but k and l, for each pair."""
    size = len(values)
    found = np.zeros((order + 1, size, size))
    found[0] = 1
    counts = np.ones((size, size))
    for at, value in enumerate(values):
        counts[:] = value
        counts[at, :] = counts[:, at] = 0
        for m in range(min(order, at + 1), 0, -1):
            found[m] += counts * found[m - 1]
    return found


def _symmetric_without_each(values: Floats, order: int) -> Floats:
    """Return the elementary symmetric functions 0 to ``order`` of all values but k, for each k."""
    found = np.zeros((order + 1, len(values)))
    found[0] = 1
    for at, value in enumerate(values):
        counts = np.full(len(values), value)
        counts[at] = 0
        for m in range(min(order, at + 1), 0, -1):
            found[m] += counts * found[m - 1]
    return found


def _with_diagonal(joint: Floats, pi: Floats) -> Floats:
    joint = np.asarray(joint, dtype=float)
    np.fill_diagonal(joint, pi)
    return joint


def _fail_if_unfit(pi: Floats, design: str) -> None:
    problems = []
    if design not in ("poisson", "conditional_poisson", "systematic", "tille", "sampford", "midzuno"):
        what = ("there are no second-order probabilities for this design", "没有该抽样设计的二阶入样概率")
        problems.append(Problem(what, "design", got=design))
    if pi.ndim != 1 or len(pi) == 0 or not ((pi >= 0) & (pi <= 1)).all():
        what = ("inclusion probabilities are no row of numbers from 0 to 1", "入样概率不是 0 至 1 的一列数")
        problems.append(Problem(what, "inclusion"))
    elif len(pi) > LARGEST:
        what = ("too many units for exact second-order probabilities", "单位过多，无法精确计算二阶入样概率")
        do = ("use the variance by Deville's formula, which needs none", "请采用不需要二阶概率的 Deville 方差公式")
        problems.append(Problem(what, "inclusion", f"≤ {LARGEST}", str(len(pi)), do))
    elif design not in ("poisson", "systematic") and abs(math.fsum(pi) - round(math.fsum(pi))) > 1e-6:
        what = ("inclusion probabilities do not add up to a whole sample size", "入样概率之和不是整数样本量")
        problems.append(Problem(what, "inclusion", got=f"{math.fsum(pi):.9g}"))
    fail_if_any(SampleError, "inclusion 入样概率", problems)
