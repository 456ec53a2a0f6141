"""All inputs at once: the distribution of the outcome, how probable a bad one is, and whether the draws suffice."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from perfkit.errors import Problem, ScoreError
from perfkit.methods.result import Diagnostic, Pair, Result
from perfkit.methods.risk.inputs import Array, Model, draws, rank_matrix
from perfkit.tables.printing import number, percent

LEVELS = (0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95)
QUANTILES = ("level", "value", "low", "high")
CONVERGENCE = ("draws", "mean", "share_below", "p50", "p80")
_STEPS = 10
_LEAST = 100
_CLOSE = 4.0  # obtained correlations may differ from those asked by so many standard errors

_ASSUMPTIONS: tuple[Pair, ...] = (
    ("各输入的分布及秩相关如所列，由分析人员给定", "the inputs have the distributions and rank correlations listed"),
    ("输入之外的一切均按计划", "everything that is not an input goes as planned"),
)


def simulate(
    model: Model,
    inputs: pd.DataFrame,
    *,
    n: int,
    seed: int,
    rank_correlation: pd.DataFrame | None = None,
    threshold: float = 0.0,
    precision: float = 0.02,
    units: Pair = ("", ""),
) -> Result:
    """Draw all inputs together and say what outcome to expect and how probable one below the threshold is.

    Parameters
    ----------
    model
        Takes a frame of inputs, one row a case, returns one outcome a row.
    inputs
        The table of inputs (see :mod:`perfkit.methods.risk.inputs`).
    n
        Draws, at least 100.
    seed
        Printed in the result; the same seed gives the same result.
    rank_correlation
        See :func:`draws`.
    threshold
        Outcomes below it are bad: 0 for a net present value.
    precision
        The draws suffice if the interval of the mean is no wider on either side than this share of P10 to P90.
    units
        Of the outcome.

    Returns
    -------
    Result
        The mean outcome with the interval that the finite number of draws leaves (not the range of outcomes: that is
        ``tables["quantiles"]``). Tables: ``quantiles`` (``level, value, low, high``; ``low`` to ``high`` is again
        what the draws leave), ``probability`` (``threshold, share_below, low, high``), ``convergence`` (``draws,
        mean, share_below, p50, p80`` after each tenth of the draws), ``correlations`` (``a, b, asked, obtained``),
        ``draws`` (inputs and ``outcome``). Refused if the model returns something that is not a number.

    Raises
    ------
    ScoreError
        If there are fewer than 100 draws, or inputs or correlations do not hold together.
    """
    if n < _LEAST:
        raise ScoreError(("too few draws", "模拟次数太少"), [Problem(("draws", "次数"), "n", f"≥ {_LEAST}", str(n))])
    drawn = draws(inputs, n=n, seed=seed, rank_correlation=rank_correlation)
    outcome = np.asarray(model(drawn), dtype=float)
    frame = drawn.assign(outcome=outcome)
    head = {
        "method": (f"蒙特卡洛模拟（{n:,} 次，种子 {seed}）", f"Monte Carlo simulation ({n:,} draws, seed {seed})"),
        "estimand": ("所列分布下结果的期望值", "the expected outcome under the distributions listed"),
        "n": n,
        "units": units,
        "assumptions": _ASSUMPTIONS,
    }
    bad = int((~np.isfinite(outcome)).sum())
    if bad:
        why = (f"{n:,} 次中有 {bad:,} 次结果不是有限的数", f"{bad:,} of {n:,} outcomes are not finite numbers")
        return Result(**head, refusals=(why,), text=why, tables={"draws": frame})  # type: ignore[arg-type]
    se = float(outcome.std(ddof=1) / np.sqrt(n))
    mean = float(outcome.mean())
    z = float(stats.norm.ppf(0.975))
    below = _share(outcome, threshold)
    levels = _levels(outcome)
    correlations = _correlations(drawn, rank_matrix(inputs, rank_correlation))
    return Result(
        **head,  # type: ignore[arg-type]
        estimate=mean,
        se=se,
        low=mean - z * se,
        high=mean + z * se,
        se_type=f"Monte Carlo, {n:,} draws",
        diagnostics=(_enough(z * se, levels, precision), _as_asked(correlations, n)),
        text=_say(mean, levels, below, threshold, n, units),
        tables={
            "quantiles": levels,
            "probability": below,
            "convergence": _running(outcome, threshold),
            "correlations": correlations,
            "draws": frame,
        },
    )


def _share(outcome: Array, threshold: float) -> pd.DataFrame:
    found = stats.binomtest(int((outcome < threshold).sum()), len(outcome))
    limits = found.proportion_ci(method="wilson")
    row = (threshold, found.statistic, limits.low, limits.high)
    return pd.DataFrame([row], columns=["threshold", "share_below", "low", "high"])


def _levels(outcome: Array) -> pd.DataFrame:
    rising, n = np.sort(outcome), len(outcome)
    rows = []
    for level in LEVELS:
        ranks = stats.binom.ppf([0.025, 0.975], n, level).astype(int)
        low, high = rising[np.clip(ranks - [1, 0], 0, n - 1)]
        rows.append((level, float(np.quantile(rising, level)), low, high))
    return pd.DataFrame(rows, columns=list(QUANTILES))


def _running(outcome: Array, threshold: float) -> pd.DataFrame:
    ends = np.linspace(0, len(outcome), _STEPS + 1).astype(int)[1:]
    rows = [
        (k, part.mean(), (part < threshold).mean(), *np.quantile(part, [0.5, 0.8]))
        for k, part in ((int(end), outcome[:end]) for end in ends)
    ]
    return pd.DataFrame(rows, columns=list(CONVERGENCE))


def _correlations(drawn: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    got = drawn.corr(method="spearman")
    rows = [
        (a, b, float(asked.loc[a, b]), float(got.loc[a, b]))
        for i, a in enumerate(drawn.columns)
        for b in drawn.columns[i + 1 :]
    ]
    return pd.DataFrame(rows, columns=["a", "b", "asked", "obtained"])


def _enough(half: float, levels: pd.DataFrame, precision: float) -> Diagnostic:
    at = levels.set_index("level")["value"]
    spread = float(at[0.9] - at[0.1])
    share = half / spread if spread > 0.0 else 0.0
    passed = share <= precision
    return Diagnostic(
        ("模拟次数是否足够", "enough draws"),
        "pass" if passed else "warn",
        (
            f"均值的 95% 误差为 P10 至 P90 幅度的 {percent(share)}，要求不超过 {percent(precision)}",
            f"the mean is within {percent(share)} of the width P10 to P90 (95 %); {percent(precision)} was asked",
        ),
        share,
    )


def _as_asked(correlations: pd.DataFrame, n: int) -> Diagnostic:
    name = ("秩相关是否如所给", "rank correlations as given")
    if correlations.empty:
        return Diagnostic(name, "not run", ("只有一项输入", "there is one input only"))
    apart = float((correlations["asked"] - correlations["obtained"]).abs().max())
    allowed = _CLOSE / np.sqrt(n)
    return Diagnostic(
        name,
        "pass" if apart <= allowed else "warn",
        (
            f"所得与所给最多相差 {number(apart, 3)}，抽样误差范围 {number(allowed, 3)}",
            f"obtained and given differ by at most {number(apart, 3)}; {number(allowed, 3)} is within chance",
        ),
        apart,
    )


def _say(mean: float, levels: pd.DataFrame, below: pd.DataFrame, threshold: float, n: int, units: Pair) -> Pair:
    at = levels.set_index("level")["value"]
    p50, p80, p20 = (number(float(at[level]), 2) for level in (0.5, 0.8, 0.2))
    zh_units, en_units = units[0], f" {units[1]}" if units[1] else ""
    share, limit = float(below["share_below"].iloc[0]), number(threshold, 2)
    chance = (f"低于 {limit} 的概率为 {percent(share)}", f"the probability of less than {limit} is {percent(share)}")
    if share in (0.0, 1.0):
        all_of = ("没有一次", "none") if share == 0.0 else ("每一次都", "every one")
        chance = (f"{n:,} 次中{all_of[0]}低于 {limit}", f"{all_of[1]} of {n:,} draws was below {limit}")
    return (
        f"期望值 {number(mean, 2)}{zh_units}；P20 为 {p20}，P50 为 {p50}，P80 为 {p80}（80% 的情形不高于它）；"
        f"{chance[0]}。",
        f"Expected value {number(mean, 2)}{en_units}; P20 {p20}, P50 {p50}, P80 {p80} (80 % of cases are no higher); "
        f"{chance[1]}.",
    )
