"""Do self-scores crowd on the right side of a grade cut-off: exact test, round numbers, how many too many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.design import Codes, Floats
from perfkit.estimation.intervals import fail_if_not_confidence

_SIDE = 2  # scores on each side that tell what to expect
LEAST = 5  # at a score for its logarithm to mean something


def heaping(
    scores: npt.ArrayLike,
    cuts: Mapping[str, float],
    *,
    step: float = 1.0,
    round_to: float = 5.0,
    donuts: Sequence[int] = (0, 1),
    least: int = LEAST,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Return how many scores stand at each cut-off beyond what the scores around it lead one to expect.

    Parameters
    ----------
    scores
        Self-scores of the whole population, whole points (``step`` 1) or half points (0.5).
    cuts
        The lowest score of each grade; the worst grade, which starts below all scores, is not tested.
    step
        From one possible score to the next.
    round_to
        Round numbers draw scores whether they are cut-offs or not: multiples of this that are no cut-offs are the
        control.
    donuts
        Scores left out on each side between the pair tested and those that tell what to expect, one row for each: who
        is lifted to the cut-off may come from further below.
    least
        Scores wanted at each of the four that tell what to expect.
    confidence
        Of the limits.

    Returns
    -------
    DataFrame
        Of the table ``heaping``: a row a cut-off and donut. ``at, under`` are the counts at the cut-off and one step
        below, ``expected_share`` that of the cut-off among both, ``p`` the exact probability of as many or more at
        the cut-off, ``excess`` how many are too many with ``low, high`` (sampling error of expectation included).
        ``round_ratio`` is the mean excess at round numbers that are no cut-offs, as a ratio of counts; ``cut_ratio``
        that at the cut-off; ``p_round`` of one more round number drawing as much (missing with fewer than two).

    Raises
    ------
    SampleError
        If scores are no multiples of ``step`` (a test of density for continuous scores is not offered here), or too
        few stand around a cut-off, or at it.

    Notes
    -----
    A straight line through the logarithms of the counts at T-3, T-2, T+1, T+2 (steps) gives at T and T-1 the ratio
    :math:`e^b`; exact binomial of the count at T among both with :math:`p_0 = e^b / (1 + e^b)`, one-sided. Excess:
    :math:`n_T - p_0 n`, variance :math:`n p (1 - p) + (n p_0 (1 - p_0))^2 var(b)`, each count Poisson. Against round
    numbers: difference of log ratios :math:`\log(n_T / n_{T-1}) - b`, as a prediction of one more from m of them, t
    on m - 1.

    *Checked against*: scores of 27,178 restaurant inspections (PyPI causaldata), computed apart.

    Examples
    --------
    >>> counts = {87: 20, 88: 20, 89: 8, 90: 32, 91: 20, 92: 20}
    >>> found = heaping(np.repeat(list(counts), list(counts.values())), {"优": 90, "差": 0}, donuts=[0])
    >>> found[["cut", "at", "under", "expected_share", "excess"]].round(3).to_numpy().tolist()
    [[90.0, 32.0, 8.0, 0.5, 12.0]]
    """
    fail_if_not_confidence(confidence)
    counted = _counted(scores, step)
    tested = [float(cut) for cut in sorted(cuts.values()) if cut > min(cuts.values())]
    _fail_if_sparse(counted, tested, step, donuts, least)
    control = _round_numbers(counted, tested, step, round_to, least)
    rows = []
    for cut in tested:
        for donut in donuts:
            rows.append(_row(_around(counted, cut, step, donut), cut, donut, control, confidence))
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class _Pair:
    """Counts at a score and one step below, and the log ratio of the two that their surroundings lead to expect."""

    at: int
    under: int
    slope: float
    spread: float

    @property
    def log_ratio(self) -> tuple[float, float]:
        """How much the log ratio of both counts exceeds what is expected, and its variance."""
        at, under = max(self.at, 0.5), max(self.under, 0.5)
        return float(np.log(at / under)) - self.slope, 1 / at + 1 / under + self.spread


def _row(
    pair: _Pair, cut: float, donut: int, control: Sequence[_Pair], confidence: float
) -> dict[str, float | int | str]:
    n = pair.at + pair.under
    expected = float(1 / (1 + np.exp(-pair.slope)))
    excess = pair.at - expected * n
    observed = pair.at / n
    se = float(np.sqrt(n * observed * (1 - observed) + (n * expected * (1 - expected)) ** 2 * pair.spread))
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * se
    ratio, variance = pair.log_ratio
    usual, p_round = _against_round(ratio, variance, np.array([each.log_ratio for each in control]).reshape(-1, 2))
    return {
        "cut": cut,
        "donut": donut,
        "at": pair.at,
        "under": pair.under,
        "expected_share": expected,
        "share": observed,
        "p": float(stats.binomtest(pair.at, n, expected, alternative="greater").pvalue),
        "excess": excess,
        "low": excess - reach,
        "high": excess + reach,
        "confidence": confidence,
        "cut_ratio": float(np.exp(ratio)),
        "round_ratio": float(np.exp(usual)),
        "round_numbers": len(control),
        "p_round": p_round,
    }


def _against_round(ratio: float, variance: float, control: Floats) -> tuple[float, float]:
    """Return the mean log ratio of the control, and the probability that one more of its kind exceeds ``ratio``."""
    m = len(control)
    usual = float(control[:, 0].mean()) if m else np.nan
    if m < 2:
        return usual, np.nan
    noise = float(control[:, 1].mean())
    between = max(float(control[:, 0].var(ddof=1)) - noise, 0.0)
    spread = np.sqrt(variance + between + (noise + between) / m)
    return usual, float(stats.t.sf((ratio - usual) / spread, m - 1))


def _around(counted: Mapping[int, int], cut: float, step: float, donut: int) -> _Pair:
    place = round(cut / step)
    steps, counts = _sides(counted, place, donut)
    x = steps + 0.5  # from the middle between the pair
    slope = float(x @ np.log(counts) / (x @ x))
    spread = float((x / (x @ x)) ** 2 @ (1 / counts))
    return _Pair(counted.get(place, 0), counted.get(place - 1, 0), slope, spread)


def _sides(counted: Mapping[int, int], place: int, donut: int) -> tuple[Floats, Floats]:
    """Return the steps from the cut-off of the scores that tell what to expect, and their counts."""
    beyond = np.arange(1, _SIDE + 1) + donut
    steps = np.concatenate([-1 - beyond[::-1], beyond])
    return steps.astype(float), np.array([counted.get(place + int(each), 0) for each in steps], dtype=float)


def _counted(scores: npt.ArrayLike, step: float) -> dict[int, int]:
    held: Floats = pd.to_numeric(pd.Series(scores), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    places = held / step
    off = ~np.isfinite(held) | (np.abs(places - np.round(np.where(np.isfinite(places), places, 0))) > 1e-6)
    problems = [
        Problem(
            ("a score that is missing or between two steps", "得分缺失或不在给定的刻度上"),
            f"row {at + 1} 第 {at + 1} 行",
            f"× {step:g}",
            f"{held[at]:g}",
            (
                "give the step of the scores, drop missing ones; continuous scores need a test of density, not this",
                "请给出得分的刻度、去掉缺失值；连续得分须用密度检验，不适用本检验",
            ),
            column="points_reported",
        )
        for at in np.flatnonzero(off)
    ]
    fail_if_any(SampleError, "scores 得分", problems)
    values, numbers = np.unique(np.round(places).astype(np.int64), return_counts=True)
    return dict(zip(values.tolist(), numbers.tolist(), strict=True))


def _round_numbers(
    counted: Mapping[int, int], cuts: Sequence[float], step: float, round_to: float, least: int
) -> list[_Pair]:
    """Return the pairs at round numbers that are no cut-offs, where there are scores enough."""
    lowest, highest = min(counted) * step, max(counted) * step
    candidates: Codes = np.arange(np.ceil(lowest / round_to), np.floor(highest / round_to) + 1).astype(np.int64)
    found = []
    for score in (candidates * round_to).tolist():
        place = round(score / step)
        _, counts = _sides(counted, place, 0)
        pair = counted.get(place, 0) + counted.get(place - 1, 0)
        if score not in cuts and counts.min() >= least and pair >= least:
            found.append(_around(counted, score, step, 0))
    return found


def _fail_if_sparse(
    counted: Mapping[int, int], cuts: Sequence[float], step: float, donuts: Sequence[int], least: int
) -> None:
    problems = []
    for cut in cuts:
        place = round(cut / step)
        pair = counted.get(place, 0) + counted.get(place - 1, 0)
        lacking = {
            int(place + steps): int(count)
            for donut in donuts
            for steps, count in zip(*_sides(counted, place, donut), strict=True)
            if count < least
        }
        shown = ", ".join(f"{each * step:g}: {count}" for each, count in sorted(lacking.items()))
        if lacking or pair < least:
            problems.append(
                Problem(
                    ("too few scores around the cut-off", "等级线附近的得分过少"),
                    f"{cut:g}",
                    f"≥ {least}",
                    shown or f"{cut:g}: {pair}",
                    ("leave this cut-off out, or take several years together", "请去掉该等级线，或合并多个年度"),
                    column="cut",
                )
            )
    fail_if_any(SampleError, "scores 得分", problems)
