"""Which input the uncertainty comes from: Sobol's indices of independent inputs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import qmc

from perfkit.errors import Problem, ScoreError
from perfkit.methods.result import Diagnostic, Pair, Result
from perfkit.methods.risk.inputs import Array, Model, checked, quantiles, rank_matrix
from perfkit.tables.printing import number, percent

INDICES = ("name", "zh", "en", "first", "first_low", "first_high", "total", "total_low", "total_high")
_CONFIDENCE = 0.95


def sobol(
    model: Model,
    inputs: pd.DataFrame,
    *,
    n: int,
    seed: int,
    rank_correlation: pd.DataFrame | None = None,
    bootstraps: int = 200,
    precision: float = 0.1,
) -> Result:
    """Share out the variance of the outcome among the inputs.

    Parameters
    ----------
    model
        Takes a frame of inputs, one row a case, returns one outcome a row.
    inputs
        The table of inputs (see :mod:`perfkit.methods.risk.inputs`).
    n
        Base points, a power of two; the model is run (inputs + 2) × n times.
    seed
        Of the scrambled sequence and the bootstrap.
    rank_correlation
        Only to refuse: the indices share out variance among independent inputs.
    bootstraps
        Draws for the intervals.
    precision
        The intervals of the total indices should be no wider than this.

    Returns
    -------
    Result
        The sum of the first-order indices: the share of the variance that inputs cause each alone; the rest comes
        from their joint effects. ``tables["indices"]``, largest total first: ``name, zh, en``; ``first`` (alone) and
        ``total`` (with all its joint effects) with bootstrap intervals. Refused for correlated inputs and for an
        outcome that does not vary or is not a number.

    Raises
    ------
    ScoreError
        If ``n`` is no power of two, or the inputs do not hold together.

    Notes
    -----
    Saltelli's scheme: matrices A and B from one Sobol sequence, and A with column i of B. With outcomes f: first =
    mean(f_B (f_ABi - f_A)) / V (Saltelli and others 2010), total = mean((f_A - f_ABi)²) / 2V (Jansen 1999), on
    outcomes less their mean.

    *Checked against* closed forms of the Ishigami function, Sobol's g function and a weighted mean, and SALib 1.4.8.
    """
    table = checked(inputs)
    names = list(table["name"])
    if n < 2 or n & (n - 1):
        raise ScoreError(
            ("the number of base points must be a power of two", "基点数须为 2 的幂"),
            [Problem(("base points", "基点数"), "n", "256, 512, 1024 …", str(n))],
        )
    head = {
        "method": (f"Sobol 指数（基点 {n:,}，种子 {seed}）", f"Sobol indices ({n:,} base points, seed {seed})"),
        "estimand": (
            "各输入单独解释的结果方差所占份额之和",
            "the share of the outcome's variance that inputs explain each alone",
        ),
        "n": n * (len(names) + 2),
        "assumptions": (("各输入相互独立", "the inputs are independent of each other"),),
        "confidence": _CONFIDENCE,
    }
    ranks = rank_matrix(inputs, rank_correlation).to_numpy()
    if np.abs(ranks - np.eye(len(names))).max() > 0.0:
        return _refused(
            head, ("输入之间有相关，方差不能按输入分摊", "the inputs are correlated: no shares of variance")
        )
    first, second, mixed = _outcomes(model, table, n, seed)
    everything = np.concatenate([first, second, mixed.ravel()])
    if not np.isfinite(everything).all():
        return _refused(head, ("有的结果不是有限的数", "some outcomes are not finite numbers"))
    size = float(np.abs(everything).max())
    if np.ptp(everything) <= 1e-12 * max(size, 1e-300):
        return _refused(head, ("结果不随输入变化", "the outcome does not vary with the inputs"))
    at = _estimates(first, second, mixed)
    again = _bootstrapped(first, second, mixed, seed, bootstraps)
    tails = [(1.0 - _CONFIDENCE) / 2.0, (1.0 + _CONFIDENCE) / 2.0]
    limits = np.quantile(again, tails, axis=0)
    alone = again[:, 0].sum(axis=1)
    indices = (
        table[["name", "zh", "en"]]
        .assign(
            first=at[0],
            first_low=limits[0, 0],
            first_high=limits[1, 0],
            total=at[1],
            total_low=limits[0, 1],
            total_high=limits[1, 1],
        )
        .sort_values("total", ascending=False, kind="stable", ignore_index=True)
    )
    low, high = np.quantile(alone, tails)
    return Result(
        **head,  # type: ignore[arg-type]
        estimate=float(at[0].sum()),
        se=float(alone.std(ddof=1)),
        low=float(low),
        high=float(high),
        se_type=f"bootstrap, {bootstraps:,} draws",
        diagnostics=(_narrow(indices, precision),),
        text=_say(indices, float(at[0].sum())),
        tables={"indices": indices[list(INDICES)]},
    )


def _refused(head: dict[str, object], why: Pair) -> Result:
    return Result(**head, refusals=(why,), text=why)  # type: ignore[arg-type]


def _outcomes(model: Model, table: pd.DataFrame, n: int, seed: int) -> tuple[Array, Array, Array]:
    names = list(table["name"])
    k = len(names)
    points = qmc.Sobol(2 * k, rng=np.random.default_rng(seed)).random(n)
    tiny = np.finfo(float).eps  # a share of 0 or 1 would be an infinite normal
    shares = np.clip(points, tiny, 1.0 - tiny)
    a, b = (quantiles(table, pd.DataFrame(shares[:, part], columns=names)) for part in (slice(k), slice(k, None)))
    mixed = [model(a.assign(**{str(name): b[name]})) for name in names]
    return (
        np.asarray(model(a), dtype=float),
        np.asarray(model(b), dtype=float),
        np.column_stack([np.asarray(each, dtype=float) for each in mixed]),
    )


def _estimates(first: Array, second: Array, mixed: Array) -> Array:
    """Return first-order (row 0) and total indices (row 1), one column an input."""
    centre = (first.mean() + second.mean()) / 2.0
    a, b, ab = first - centre, second - centre, mixed - centre
    variance = np.concatenate([a, b]).var()
    moved = ab - a[:, None]
    found = np.vstack([(b[:, None] * moved).mean(axis=0), (moved**2).mean(axis=0) / 2.0]) / variance
    return np.asarray(found, dtype=float)


def _bootstrapped(first: Array, second: Array, mixed: Array, seed: int, bootstraps: int) -> Array:
    rng = np.random.default_rng([seed, 1])
    found = []
    for _ in range(bootstraps):
        at = rng.integers(0, len(first), len(first))
        found.append(_estimates(first[at], second[at], mixed[at]))
    return np.stack(found)


def _narrow(indices: pd.DataFrame, precision: float) -> Diagnostic:
    width = float((indices["total_high"] - indices["total_low"]).max())
    return Diagnostic(
        ("基点数是否足够", "enough base points"),
        "pass" if width <= precision else "warn",
        (
            f"总指数区间最宽 {number(width, 3)}，要求不超过 {number(precision, 3)}",
            f"the widest interval of a total index is {number(width, 3)}; {number(precision, 3)} was asked",
        ),
        width,
    )


def _say(indices: pd.DataFrame, alone: float) -> Pair:
    top, each = indices.iloc[0], float(np.clip(alone, 0.0, 1.0))
    share = percent(float(np.clip(top["total"], 0.0, 1.0)))
    rest = ("", "")
    if len(indices) > 1:
        rest = (
            f"；各输入单独合计解释 {percent(each)}，其余 {percent(1.0 - each)} 来自共同作用",
            f"; inputs acting alone explain {percent(each)}, {percent(1.0 - each)} comes from joint effects",
        )
    return (
        f"对结果不确定性影响最大的输入是“{top['zh']}”（总指数 {share}）{rest[0]}。",
        f"The input that matters most for the uncertainty is '{top['en']}' (total index {share}){rest[1]}.",
    )
