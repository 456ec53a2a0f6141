"""How many units show an inflation of self-scores that is there."""

from __future__ import annotations

import math

from scipy import optimize, stats

from perfkit.errors import Problem
from perfkit.sampling.size.need import SampleSize, at_least, fail_if_unfit, positive, quantile, share

_FAR = 5.0


def for_inflation(
    inflation: float,
    sd: float,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
    sides: int = 1,
    units: float = math.inf,
) -> SampleSize:
    r"""Return the simple random sample that shows a mean of self-score minus checked score to be above zero.

    Parameters
    ----------
    inflation
        Mean difference worth finding, in points.
    sd
        Standard deviation of the differences, in points.
    power
        Chance of a significant result if the inflation is there.
    confidence
        Of the test: 0.95 is a test at the 5 % level.
    sides
        1: only self-scores that are too high count; 2: a difference in either direction.
    units
        Units of the population; infinite: no finite population correction.

    Raises
    ------
    SampleError
        If a number is out of range.

    Notes
    -----
    The n at which Student's t, noncentral by :math:`\delta / \sqrt{(1 - n/N) S^2 / n}`, exceeds its critical value
    with the given power; not the normal approximation, which is some two units short. Where no sample short of all
    reaches the power the answer is all units: a census has no sampling error.

    *Checked against*: statsmodels TTestPower (infinite population).

    Examples
    --------
    >>> for_inflation(2, 8).n, for_inflation(2, 8, units=300).n
    (101, 76)
    """
    fail_if_unfit(
        positive(inflation=inflation, sd=sd, units=units), share(power=power, confidence=confidence), _sides(sides)
    )

    goal = (
        f"inflation of {inflation:.6g} points found with power {power:.6g}",
        f"以 {power:.6g} 的把握发现 {inflation:.6g} 分的虚高",
    )

    def short_of(n: float) -> float:
        critical = stats.t.ppf(1 - (1 - confidence) / sides, n - 1)
        shift = inflation / (sd * math.sqrt((1 - n / units) / n))
        found = stats.nct.sf(critical, n - 1, shift)
        # The other tail is nothing, and scipy loses it to NaN, where the shift is more than a few units.
        found += stats.nct.cdf(-critical, n - 1, shift) if sides == 2 and shift < _FAR else 0
        return float(found) - power

    normal = ((quantile(confidence, sides) + quantile(power, 1)) * sd / inflation) ** 2
    # Far enough for Student's t with few degrees of freedom, and short of a census, which has no error to divide by.
    most = min(2 * normal / (1 + normal / units) + 50, units * (1 - 1e-9))
    if most <= 2 or short_of(most) < 0:
        return SampleSize(units, goal, units)
    exact = 2.0 if short_of(2) >= 0 else float(optimize.brentq(short_of, 2, most, xtol=1e-10))
    return SampleSize(exact, goal, units)


def for_share(
    failing: float,
    tolerable: float,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
    sides: int = 1,
    units: float = math.inf,
) -> SampleSize:
    r"""Return the simple random sample that shows a share of failing self-scores to differ from a tolerable one.

    Parameters
    ----------
    failing
        Share that is worth finding.
    tolerable
        Share to be refuted: above 0, another than ``failing``.
    power, confidence, sides, units
        As in :func:`for_inflation`.

    Raises
    ------
    SampleError
        If a number is out of range, or the two shares are the same.

    Notes
    -----
    :math:`n_0 = ((z_\alpha \sqrt{p_0 q_0} + z_\beta \sqrt{p_1 q_1}) / (p_1 - p_0))^2`, and
    :math:`n = N n_0 / (N - 1 + n_0)`: the normal approximation.

    *Checked against*: statsmodels normal_sample_size_one_tail.

    Examples
    --------
    >>> for_share(0.15, 0.10).n
    253
    """
    fail_if_unfit(
        share(failing=failing, tolerable=tolerable, power=power, confidence=confidence),
        positive(units=units),
        _sides(sides),
        [] if failing != tolerable else [_same(failing)],
    )
    null, other = math.sqrt(tolerable * (1 - tolerable)), math.sqrt(failing * (1 - failing))
    first = ((quantile(confidence, sides) * null + quantile(power, 1) * other) / (failing - tolerable)) ** 2
    exact = first if math.isinf(units) else units * first / (units - 1 + first)
    goal = (
        f"a share of {failing:.6g} told from {tolerable:.6g} with power {power:.6g}",
        f"以 {power:.6g} 的把握区分比例 {failing:.6g} 与 {tolerable:.6g}",
    )
    return SampleSize(exact, goal, units)


def _sides(sides: int) -> list[Problem]:
    return [] if sides in (1, 2) else at_least(math.inf, sides=sides)


def _same(value: float) -> Problem:
    return Problem(
        ("the two shares are the same: nothing to find", "两个比例相同，无差异可言"), "failing", got=f"{value:g}"
    )
