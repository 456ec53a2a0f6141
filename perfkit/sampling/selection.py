"""Which units a draw takes: arrays in, positions out, for every stratum of a frame at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from perfkit.errors import Problem, SampleError
from perfkit.sampling.inclusion import Codes, Floats, proportional

Method = Literal["srs", "systematic", "pps_systematic", "sampford", "pareto", "sequential_poisson"]
METHODS: tuple[Method, ...] = get_args(Method)
BY_SIZE: tuple[Method, ...] = ("pps_systematic", "sampford", "pareto", "sequential_poisson")
BY_ORDER: tuple[Method, ...] = ("srs", "pareto", "sequential_poisson")
SYSTEMATIC: tuple[Method, ...] = ("systematic", "pps_systematic")

# Units whose rank comes close to being drawn are looked at first: most of a frame never needs sorting.
_CLOSE = 1.25
# Sampford's table has a cell for each unit and each number still to draw; beyond this it fills the memory.
_CELLS = 100_000_000


@dataclass(frozen=True)
class Selection:
    """What was drawn: arrays of one length, a value a unit.

    Parameters
    ----------
    rows
        Positions in the frame.
    order
        Place in the stratum's order of selection, from 1 on, reserves after those drawn; NaN for certain units.
    inclusion
        Inclusion probability: exactly 1 for units certain by size, NaN for reserves.
    """

    rows: Codes
    order: Floats
    inclusion: Floats


def select(
    strata: Codes,
    n: Codes,
    numbers: Floats,
    *,
    method: Method = "srs",
    size: Floats | None = None,
    starts: Floats | None = None,
    reserve: Codes | None = None,
) -> Selection:
    r"""Draw ``n`` units from each stratum, by permanent random numbers.

    Parameters
    ----------
    strata
        Code of each unit's stratum, from 0 on. Units stand in the order of their codes: sums of sizes, systematic
        lists and ties follow it.
    n, reserve
        Units to draw, and to hold in reserve, in each stratum.
    numbers
        Each unit's random number, between 0 and 1.
    method
        One of the designs below.
    size
        Each unit's size, above zero, for the designs by size.
    starts
        Random start of each stratum's systematic draw, between 0 and 1.

    Raises
    ------
    SampleError
        If a Sampford draw is too large to be made exactly.

    Notes
    -----
    - ``srs``: the smallest numbers u of the stratum.
    - ``sequential_poisson``: the smallest :math:`u / \pi`; ``pareto``: the smallest
      :math:`u (1 - \pi) / ((1 - u) \pi)`. Both keep to :math:`\pi` nearly, the better the larger the sample of a
      stratum (Ohlsson 1998, Rosén 1997): of 2 units ``pareto`` is off by up to 0.01 and ``sequential_poisson`` by
      0.05, of 20 by 0.0005 and 0.005.
    - ``systematic``, ``pps_systematic``: every unit in whose stretch :math:`(C_{k-1}, C_k]` of the cumulated
      :math:`\pi` one of the points start, start + 1, ... falls. Exact.
    - ``sampford``: :math:`p(s) \propto \sum_{k \notin s} \pi_k \prod_{k \in s} \pi_k / (1 - \pi_k)`, made unit
      by unit from the conditional probabilities: u decides. Exact.

    Units certain by size count among the n. Reserves are the next in the order; a systematic or Sampford draw has
    none, there they are the undrawn units with the smallest :math:`u / \pi`.

    Examples
    --------
    >>> u = np.array([0.7, 0.2, 0.4, 0.9, 0.1])
    >>> select(np.zeros(5, dtype=int), np.array([2]), u).rows.tolist()
    [4, 1]
    """
    if method in BY_SIZE and size is not None:
        pi = proportional(size, n, strata)
    else:
        pi = (n / np.maximum(np.bincount(strata, minlength=len(n)), 1))[strata]
    certain = np.flatnonzero(pi == 1) if method in BY_SIZE else np.empty(0, dtype=np.int64)
    left = n - np.bincount(strata[certain], minlength=len(n))
    spare = np.zeros_like(n) if reserve is None else np.where(left > 0, reserve, 0)
    pi[certain] = 0
    if method in BY_ORDER:
        rows, order = _first(method, numbers, pi, strata, left + spare)
        drawn = order <= left[strata[rows]]
        inclusion = np.where(drawn, pi[rows], np.nan)
    else:
        rows = _exactly(method, pi, strata, left, numbers, starts)
        order, inclusion = _counted(strata[rows]), pi[rows]
        if spare.any():
            pi[rows] = 0
            others, places = _first(method, numbers, pi, strata, spare)
            rows, order = np.concatenate([rows, others]), np.concatenate([order, left[strata[others]] + places])
            inclusion = np.concatenate([inclusion, np.full(len(others), np.nan)])
    return Selection(
        np.concatenate([certain, rows]),
        np.concatenate([np.full(len(certain), np.nan), order]),
        np.concatenate([np.ones(len(certain)), inclusion]),
    )


def systematic(inclusion: Floats, start: float) -> Codes:
    """Return the positions that a systematic draw takes of units in a list, given their inclusion probabilities.

    Parameters
    ----------
    inclusion
        Each below 1, a whole number in all; a unit with 0 is never taken.
    start
        Between 0 and 1.

    Notes
    -----
    *Checked against*: R sampling 2.9 ``UPsystematic``; Touw and Hoogduin (2011), page 31.

    Examples
    --------
    >>> systematic(np.array([0.2, 0.7, 0.8, 0.5, 0.4, 0.4]), 0.25).tolist()
    [1, 2, 4]
    """
    reached = np.cumsum(inclusion)
    n = round(float(reached[-1]))
    # The rounding of the sum may not push the last point off the list.
    points = np.minimum(start + np.arange(n), reached[-1])
    return np.asarray(np.searchsorted(reached, points), dtype=np.int64)


def sampford(inclusion: Floats, numbers: Floats) -> Codes:
    r"""Return the positions that Sampford's design takes, each unit decided by its own random number.

    Parameters
    ----------
    inclusion
        Each below 1, a whole number n in all.
    numbers
        Random numbers, one a unit.

    Raises
    ------
    SampleError
        If units x n is above 100,000,000.

    Notes
    -----
    No draw is ever rejected. With A(i, r) the probability that Bernoulli trials of the units from i on give r
    successes, and B(i, r) the same weighted by the sum of the probabilities of those that fail, unit i is taken with
    probability :math:`\pi_i (c A(i+1, r-1) + B(i+1, r-1)) / (c A(i, r) + B(i, r))`, c being the sum over the units
    passed over so far and r the number still to draw.

    *Checked against*: R sampling 2.9 ``UPsampfordpi2``, by adding up over all samples.
    """
    n = round(float(np.cumsum(inclusion)[-1]))
    if len(inclusion) * (n + 1) > _CELLS:
        raise SampleError(
            ("a Sampford draw is too large", "Sampford 抽样规模过大"),
            [
                Problem(
                    ("too many units and draws in one stratum", "单个抽样层的单位数与样本量过大"),
                    expected=f"≤ {_CELLS:,}",
                    got=f"{len(inclusion):,} × {n:,}",
                    do=("use 'pareto', or finer strata", "请改用 pareto，或细分抽样层"),
                )
            ],
        )
    plain, passed = _tables(inclusion, n)
    taken, sum_passed, still = [], 0.0, n
    for at, (pi, u) in enumerate(zip(inclusion.tolist(), numbers.tolist(), strict=True)):
        if not still:
            break
        weight = sum_passed * plain[at, still] + passed[at, still]
        with_it = pi * (sum_passed * plain[at + 1, still - 1] + passed[at + 1, still - 1])
        if u * weight < with_it:
            taken.append(at)
            still -= 1
        else:
            sum_passed += pi
    return np.array(taken, dtype=np.int64)


def _tables(inclusion: Floats, n: int) -> tuple[Floats, Floats]:
    plain, passed = np.zeros((len(inclusion) + 1, n + 1)), np.zeros((len(inclusion) + 1, n + 1))
    plain[-1, 0] = 1
    for at in range(len(inclusion) - 1, -1, -1):
        pi = inclusion[at]
        plain[at] = (1 - pi) * plain[at + 1]
        passed[at] = (1 - pi) * (pi * plain[at + 1] + passed[at + 1])
        plain[at, 1:] += pi * plain[at + 1, :-1]
        passed[at, 1:] += pi * passed[at + 1, :-1]
    return plain, passed


def _first(method: Method, numbers: Floats, pi: Floats, strata: Codes, count: Codes) -> tuple[Codes, Floats]:
    """Return the positions of the ``count`` lowest ranks of each stratum in order, and their places from 1 on."""
    close = numbers <= _CLOSE * pi
    rows = np.flatnonzero(close)
    rank = _ranks(method, numbers[rows], pi[rows])
    # A Pareto rank is never below u / pi where that is above 1: whoever ranks close is among these rows.
    short = np.bincount(strata[rows[rank <= _CLOSE]], minlength=len(count)) < count
    if short.any():
        rows = np.flatnonzero((close | short[strata]) & (pi > 0))
        rank = _ranks(method, numbers[rows], pi[rows])
    order = np.argsort(rank)
    if (rank[order[1:]] == rank[order[:-1]]).any():
        order = np.argsort(rank, kind="stable")
    rows = rows[order]
    rows = rows[_together(strata[rows])]
    place = _counted(strata[rows])
    kept = place <= count[strata[rows]]
    return rows[kept], place[kept]


def _ranks(method: Method, numbers: Floats, pi: Floats) -> Floats:
    """Return what the units of a stratum are ordered by."""
    if method == "pareto":
        return numbers * (1 - pi) / ((1 - numbers) * pi)
    return numbers / pi


def _together(strata: Codes) -> Codes:
    """Return the order that brings units together by stratum, their order kept within it."""
    codes = strata.astype(np.uint16) if strata.max(initial=0) < 2**16 else strata
    return np.argsort(codes, kind="stable")


def _counted(together: Codes) -> Floats:
    """Count 1, 2, ... within each run of equal codes."""
    first = np.flatnonzero(np.diff(together, prepend=-1))
    place = np.arange(1, len(together) + 1) - np.repeat(first, np.diff(first, append=len(together)))
    return np.asarray(place, dtype=np.float64)


def _exactly(method: Method, pi: Floats, strata: Codes, left: Codes, numbers: Floats, starts: Floats | None) -> Codes:
    """Draw stratum by stratum, in the order of the list."""
    order, ends = _together(strata), np.cumsum(np.bincount(strata, minlength=len(left)))
    drawn = [np.empty(0, dtype=np.int64)]
    for code in np.flatnonzero(left):
        here = order[ends[code - 1] if code else 0 : ends[code]]
        if method == "sampford":
            here = here[pi[here] > 0]
            drawn.append(here[sampford(pi[here], numbers[here])])
        elif starts is not None:
            drawn.append(here[systematic(pi[here], float(starts[code]))])
    return np.concatenate(drawn)
