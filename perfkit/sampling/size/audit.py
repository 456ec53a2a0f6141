"""How many items an audit looks at: attributes (does the item hold) and monetary units (how much money is wrong)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from scipy import optimize, stats

from perfkit.errors import Problem
from perfkit.sampling.size.need import SampleSize, at_least, fail_if_unfit, positive, share

Likelihood = Literal["poisson", "binomial", "hypergeometric"]


def for_attributes(
    tolerable: float, *, confidence: float = 0.95, errors: int = 0, units: float = math.inf
) -> SampleSize:
    """Return the fewest items that, with at most ``errors`` deviations found, show the rate below the tolerable one.

    Parameters
    ----------
    tolerable
        Rate of deviations that can be tolerated, 0 to 1.
    confidence
        Chance that a rate as high as that would have shown more deviations.
    errors
        Deviations that may be found.
    units
        Items of the population: hypergeometric; infinite: binomial.

    Raises
    ------
    SampleError
        If a number is out of range, or the population has no more tolerable deviations than may be found.

    Notes
    -----
    Smallest n with P(at most ``errors`` found) <= 1 - confidence, where the population has floor(tolerable * units)
    deviations: the safe side where that is no whole number. ``exact`` is whole.

    *Checked against*: PracTools 1.7.5, nAuditAttr.

    Examples
    --------
    >>> for_attributes(0.05, units=5688).n, for_attributes(0.05, errors=1).n
    (59, 93)
    """
    fail_if_unfit(
        share(tolerable=tolerable, confidence=confidence), at_least(0, errors=errors), positive(units=units)
    )
    goal = (
        f"rate of deviations below {tolerable:.6g} ({confidence * 100:.6g}%), {errors} accepted",
        f"偏差率低于 {tolerable:.6g}（置信水平 {confidence * 100:.6g}%），可接受 {errors} 处偏差",
    )
    if math.isinf(units):
        n = _fewest(lambda n: float(stats.binom.cdf(errors, n, tolerable)), confidence, errors + 1)
        return SampleSize(n, goal)
    deviations = math.floor(tolerable * units + 1e-9)
    fail_if_unfit([] if deviations > errors else [_too_many(errors, deviations)])
    n = _fewest(
        lambda n: float(stats.hypergeom.cdf(errors, units, deviations, n)), confidence, errors + 1, int(units)
    )
    return SampleSize(n, goal, units)


def confidence_factor(confidence: float, errors: float = 0) -> float:
    """Return the Poisson confidence factor: the expected errors that ``errors`` found leave possible.

    Raises
    ------
    SampleError
        If the confidence is no share or the errors are negative.

    Notes
    -----
    The quantile of a gamma distribution with shape 1 + errors; errors may be a fraction (a sum of taints).

    *Checked against*: AICPA Audit Guide, table C-3 (95 %: 3.00 4.75 6.30 7.76 9.16 10.52, rounded up); R 4.2.2.

    Examples
    --------
    >>> [round(confidence_factor(0.95, errors), 2) for errors in range(3)]
    [3.0, 4.74, 6.3]
    """
    fail_if_unfit(share(confidence=confidence), at_least(0, errors=errors))
    return float(stats.gamma.ppf(confidence, 1 + errors))


def planning_factor(confidence: float, ratio: float = 0.0) -> float:
    """Return tolerable misstatement in sampling intervals, for an expected one of ``ratio`` times the tolerable.

    Parameters
    ----------
    confidence
        Of the conclusion, 0 to 1.
    ratio
        Expected / tolerable misstatement, from 0 up to but less than 1.

    Raises
    ------
    SampleError
        If a number is out of range.

    Notes
    -----
    The F with F = quantile of gamma(1 + ratio F) at the confidence; n = F * book / tolerable (Stewart 2012, Technical
    Notes on the AICPA Audit Guide). The quantile exceeds F for small F and falls behind for large F: one solution.

    *Checked against*: R package MUS 0.1.6, MUS.factor, through its sample sizes.

    Examples
    --------
    >>> round(planning_factor(0.95), 4), round(planning_factor(0.95, 0.5), 2)
    (2.9957, 11.54)
    """
    fail_if_unfit(share(confidence=confidence), [] if 0 <= ratio < 1 else [_ratio(ratio)])
    return _root(lambda f: float(stats.gamma.ppf(confidence, 1 + ratio * f)) - f)


def for_monetary_units(
    tolerable: float,
    expected: float = 0.0,
    *,
    confidence: float = 0.95,
    likelihood: Likelihood = "poisson",
    book: float = math.inf,
    conservative: bool = False,
) -> SampleSize:
    """Return the monetary units to select so that the misstatement can be shown to be below the tolerable one.

    Parameters
    ----------
    tolerable, expected
        Misstatement that can be tolerated, and that is expected, as shares of the book value.
    confidence
        Of the conclusion, 0 to 1.
    likelihood
        ``poisson`` (the AICPA's), ``binomial``, or ``hypergeometric`` with the ``book`` value in monetary units.
    book
        Book value in monetary units; only ``hypergeometric`` makes use of it.
    conservative
        Round the Poisson factor up to two decimals, as the audit guide's tables do.

    Raises
    ------
    SampleError
        If a number is out of range, the expected misstatement is not below the tolerable one, or an argument does not
        go with the likelihood.

    Notes
    -----
    Smallest n with quantile of gamma(1 + expected n, rate n) <= tolerable (poisson) or of
    beta(1 + expected n, n - expected n) <= tolerable (binomial), the errors expected being a fraction.
    Hypergeometric: P(at most ceil(expected n) wrong among n) <= 1 - confidence where floor(tolerable book) units are
    wrong. ``exact`` is the unrounded n, for the hypergeometric it is whole.

    *Checked against*: AICPA table C-1 as printed by jfa 0.7.3; MUS 0.1.6, MUS.calc.n.conservative (conservative).

    Examples
    --------
    >>> for_monetary_units(0.05).n, for_monetary_units(0.05, 0.01).n
    (60, 93)
    >>> for_monetary_units(0.05, likelihood="binomial").n
    59
    """
    fail_if_unfit(
        share(tolerable=tolerable, confidence=confidence),
        [] if 0 <= expected < tolerable else [_expected(expected, tolerable)],
        [] if likelihood == "poisson" or not conservative else [_mismatch("conservative", "poisson")],
        [] if (likelihood == "hypergeometric") != math.isinf(book) else [_mismatch("book", "hypergeometric")],
        positive(book=book),
    )
    level = f"{confidence * 100:.6g}%"
    goal = (
        f"misstatement below {tolerable:.6g} of the money, {expected:.6g} expected ({level})",
        f"错报低于金额的 {tolerable:.6g}，预计 {expected:.6g}（置信水平 {level}）",
    )
    if likelihood == "hypergeometric":
        wrong = math.floor(tolerable * book + 1e-9)
        n = _fewest(
            lambda n: float(stats.hypergeom.cdf(math.ceil(expected * n - 1e-9), book, wrong, n)),
            confidence,
            1,
            int(book),
            jumps=expected > 0,
        )
        return SampleSize(n, goal, book)
    if likelihood == "binomial":
        return SampleSize(
            _root(lambda n: float(stats.beta.ppf(confidence, 1 + expected * n, (1 - expected) * n)) - tolerable), goal
        )
    factor = planning_factor(confidence, expected / tolerable)
    return SampleSize((math.ceil(factor * 100 - 1e-9) / 100 if conservative else factor) / tolerable, goal)


def _fewest(
    chance: Callable[[int], float], confidence: float, start: int, most: int = 2**62, *, jumps: bool = False
) -> int:
    """Return the smallest n from ``start`` on whose chance is no more than 1 - confidence.

    The chance falls with n, so halving finds it; where the errors allowed grow with n it ``jumps`` up at each and n
    is looked for one by one.
    """
    risk = (1 - confidence) * (1 + 1e-12)
    low, high = start, start
    while high < most and chance(high) > risk:
        low, high = high, min(2 * high, most)
    if jumps:
        return next(n for n in range(start, high + 1) if n == most or chance(n) <= risk)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if chance(middle) <= risk else (middle + 1, high)
    return low


def _root(excess: Callable[[float], float]) -> float:
    """Return where a function that is positive near zero first falls to zero."""
    high = 1.0
    while excess(high) > 0:
        high *= 2
    return float(optimize.brentq(excess, 1e-9, high, xtol=1e-13, rtol=1e-13))


def _too_many(errors: int, deviations: int) -> Problem:
    return Problem(
        (
            "the population has no more tolerable deviations than may be found",
            "总体可容忍的偏差数不多于可接受的偏差数",
        ),
        "errors",
        f"< {deviations}",
        str(errors),
        ("accept fewer, or tolerate a higher rate", "请减少可接受的偏差数，或提高可容忍偏差率"),
    )


def _expected(expected: float, tolerable: float) -> Problem:
    what = ("the misstatement expected is not below the tolerable one", "预计错报不低于可容忍错报")
    return Problem(what, "expected", f"0 ≤ … < {tolerable:g}", f"{expected:g}")


def _ratio(ratio: float) -> Problem:
    return Problem(
        ("an argument is out of range", "参数超出范围"), "ratio", "0 ≤ … < 1", f"{ratio:g}", column="ratio"
    )


def _mismatch(name: str, likelihood: str) -> Problem:
    what = ("an argument and the likelihood do not go together", "参数与分布不相配")
    return Problem(what, name, f"likelihood = {likelihood}")
