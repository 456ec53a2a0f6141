"""Synthetic difference in differences: donors and periods weighted so that the treated moved in parallel before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.methods.effects.intervals import normal
from perfkit.methods.effects.panels import complete, fit_before, too_short
from perfkit.methods.effects.sentences import told
from perfkit.methods.effects.simplex import nearest
from perfkit.methods.result import Pair, Result

Array = npt.NDArray[np.float64]
_METHOD = ("合成双重差分", "synthetic difference in differences")
_ESTIMAND = ("处理对象在政策后各期的平均效应", "mean effect on the treated units over the periods after the policy")
_ASSUMPTIONS: tuple[Pair, ...] = (
    (
        "加权后的平行趋势：没有政策时，处理对象与加权对照平行变化",
        "after weighting, parallel trends without the policy",
    ),
    ("无预期效应，无溢出", "no anticipation and no spill-over"),
    ("安慰剂标准误：各对象的波动大小相同", "placebo errors: all units vary alike"),
)


def synthetic_did(
    frame: pd.DataFrame,
    *,
    unit: str,
    period: str,
    outcome: str,
    treated: Sequence[object],
    start: float,
    confidence: float = 0.95,
    draws: int = 200,
    seed: int = 0,
    units: Pair = ("", ""),
) -> Result:
    """Compare units treated from the same period on with weighted donors over weighted periods.

    Parameters
    ----------
    frame
        A panel, one row a unit and period.
    treated, start
        The units with the policy and the first period with it.
    draws, seed
        Of the placebos where several units are treated; with one, every donor takes its place once.

    Raises
    ------
    TableError
        If a column is missing or holds what it cannot, or a unit stands twice in a period.

    Notes
    -----
    Arkhangelsky et al. (2021): donor weights with ridge (N1 T1)^(1/2) s² T0, s the spread of the donors' changes
    before; period weights; then the difference of weighted differences. Table ``estimators`` has difference in
    differences and plain synthetic control on the same panel.

    *Checked against* their Table 1 on Proposition 99 (-15.6 and -27.3) and synthdid.
    """
    grid, checks, why = complete(frame, unit=unit, period=period, outcome=outcome, treated=treated)
    donors = [name for name in grid.columns if name not in set(treated)]
    answer = Result(
        _METHOD,
        _ESTIMAND,
        confidence=confidence,
        units=units,
        assumptions=_ASSUMPTIONS,
        n=len(grid.columns),
        diagnostics=checks,
        refusals=why or too_short(grid, start, len(donors)),
    )
    if answer.refusals:
        return told(answer)
    before = grid.index.to_numpy() < start
    y, ours = grid[donors].to_numpy(), grid[list(treated)].to_numpy()
    effect, weights, spans = _effect(ours.mean(axis=1), y, before, len(treated))
    se = _placebo_error(y, before, len(treated), draws, seed)
    sure = normal(effect, se, confidence=confidence, size=float(np.abs(grid.to_numpy()).max()))
    path = ours.mean(axis=1)
    apart = path[before] - y[before] @ weights
    plain = nearest(path[before], y[before])
    gap = path - y @ plain
    others = {
        "synthetic difference in differences": effect,
        "difference in differences": float(path[~before].mean() - path[before].mean())
        - float(y[~before].mean() - y[before].mean()),
        "synthetic control": float(gap[~before].mean()),
    }
    fit, _, few = fit_before(path[before], y[before], float(apart.std()))
    return told(
        replace(
            answer,
            **sure,
            se_type=f"placebo, {len(donors)} donors",
            diagnostics=(*checks, fit, few),
            tables={
                "estimators": pd.DataFrame(list(others.items()), columns=["estimator", "estimate"]),
                "weights": pd.DataFrame({unit: donors, "weight": weights}).sort_values("weight", ascending=False),
                "periods": pd.DataFrame({period: grid.index[before], "weight": spans}),
            },
        )
    )


def _effect(path: Array, y: Array, before: npt.NDArray[np.bool_], treated: int) -> tuple[float, Array, Array]:
    noise = float(np.diff(y[before], axis=0).std(ddof=1)) if before.sum() > 1 else 0.0
    after = int((~before).sum())
    ridge = np.sqrt(treated * after) * noise**2 * int(before.sum())
    weights = nearest(path[before], y[before], ridge=float(ridge), intercept=True)
    spans = nearest(y[~before].mean(axis=0), y[before].T, ridge=1e-12 * noise**2 * y.shape[1], intercept=True)
    ours = path[~before].mean() - spans @ path[before]
    theirs = weights @ (y[~before].mean(axis=0) - spans @ y[before])
    return float(ours - theirs), weights, spans


def _placebo_error(y: Array, before: npt.NDArray[np.bool_], treated: int, draws: int, seed: int) -> float:
    """Return the spread of effects of no policy on donors; missing if too few donors are left to compare with."""
    k = y.shape[1]
    if k <= treated + 1:
        return float("nan")
    rng = np.random.default_rng(seed)
    picks = (
        [np.array([at]) for at in range(k)]
        if treated == 1
        else [rng.choice(k, treated, replace=False) for _ in range(draws)]
    )
    found = []
    for pick in picks:
        rest = np.setdiff1d(np.arange(k), pick)
        found.append(_effect(y[:, pick].mean(axis=1), y[:, rest], before, treated)[0])
    return float(np.std(found))
