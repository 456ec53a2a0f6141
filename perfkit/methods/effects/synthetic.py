"""One treated unit against a weighted average of others that moved like it before the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, TableError, fail_if_any
from perfkit.methods.effects.panels import complete, fit_before, too_short
from perfkit.methods.effects.reading import usable
from perfkit.methods.effects.sentences import shown, told
from perfkit.methods.effects.simplex import Search, nearest, search
from perfkit.methods.result import Diagnostic, Pair, Result

Array = npt.NDArray[np.float64]
Predictor = tuple[str, float, float]
_METHOD = ("合成控制", "synthetic control")
_ESTIMAND = ("处理对象在政策后各期的平均效应", "mean effect on the treated unit over the periods after the policy")
_ASSUMPTIONS: tuple[Pair, ...] = (
    (
        "没有政策时，处理对象会继续像合成对照那样变化",
        "without the policy the unit would have gone on like its synthetic self",
    ),
    ("政策之前没有预期效应；可比对象不受政策影响", "no anticipation, and no spill-over to the donors"),
    ("可比对象同期没有自己的重大政策冲击", "no shock of their own to the donors in the period"),
)
_SHARE = 0.01  # donors with less weight are not left out one by one
_PLACEBO_STARTS = 2


def synthetic_control(
    frame: pd.DataFrame,
    *,
    unit: str,
    period: str,
    outcome: str,
    treated: object,
    start: float,
    predictors: Sequence[Predictor] = (),
    starts: int = 8,
    confidence: float = 0.95,
    seed: int = 0,
    units: Pair = ("", ""),
) -> Result:
    """Compare one unit with the weighted average of the others that foretells it best before ``start``.

    Parameters
    ----------
    frame
        A panel, one row a unit and period.
    treated, start
        The unit with the policy and the first period with it.
    predictors
        (column, first period, last period) each: the mean of a column over those periods. Without predictors all
        outcomes before the policy count alike, and the weights have a single optimum.
    starts
        Of the search for the predictors' importance; two for each placebo.

    Raises
    ------
    TableError
        If a column is missing or holds what it cannot, a unit stands twice in a period, or a predictor has no value
        for a unit in its periods.

    Notes
    -----
    The interval holds every constant effect c for which the unit's ratio of errors, RMSPE after less c / RMSPE
    before, is not among the largest when each donor takes its place (Firpo and Possebom 2018); with fewer than
    1 / (1 - confidence) units there is none. The p value of no effect is the share of units with a ratio as large.

    *Checked against* Abadie, Diamond and Hainmueller (2010): weights of five states to 0.03, p = 1/39.
    """
    grid, checks, why = complete(frame, unit=unit, period=period, outcome=outcome, treated=[treated])
    donors = [name for name in grid.columns if name != treated]
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
    values = _means(frame, unit, period, predictors, [treated, *donors])
    y = grid[[treated, *donors]].to_numpy()
    before = grid.index.to_numpy() < start
    own = _fitted(y, values, before, 0, np.arange(1, y.shape[1]), starts, seed)
    gap = y[:, 0] - y[:, 1:] @ own.weights
    effect = float(gap[~before].mean())
    placebos = _placebos(y, values, before, seed)
    ratios = np.array([_ratio(each, before) for each in (gap, *placebos)])
    low, high = _interval(gap, before, ratios[1:], confidence)
    loo = _left_out(y, values, before, own.weights, donors, seed)
    path = {period: grid.index, "actual": y[:, 0], "synthetic": y[:, 0] - gap, "gap": gap}
    ranked = pd.DataFrame({unit: [treated, *donors], "ratio": ratios}).sort_values("ratio", ascending=False)
    error = float(np.sqrt(np.mean(gap[before] ** 2)))
    return told(
        replace(
            answer,
            estimate=effect,
            low=low,
            high=high,
            se_type=f"placebo in space, {len(donors)} donors",
            diagnostics=(
                *checks,
                *fit_before(y[before, 0], y[before, 1:], error),
                _placebo_check(ratios),
                _starts_check(own.errors),
                _leave_one_out_check(loo, effect),
            ),
            tables={
                "path": pd.DataFrame(path),
                "weights": pd.DataFrame({unit: donors, "weight": own.weights}).sort_values("weight", ascending=False),
                "predictors": _compared(values, own, predictors),
                "placebos": ranked.reset_index(drop=True),
                "leave_one_out": loo,
                "starts": pd.DataFrame({"start": range(1, len(own.errors) + 1), "mspe": own.errors}),
            },
        )
    )


def _means(
    frame: pd.DataFrame, unit: str, period: str, predictors: Sequence[Predictor], names: list[object]
) -> Array:
    """Return predictors (p x units): the mean of the values there are in the predictor's periods."""
    lines, problems = [], []
    for column, first, last in predictors:
        rows, _ = usable(frame, numbers=[period, column], keys=[unit])
        within = rows[(rows[period] >= first) & (rows[period] <= last)]
        line = within.groupby(unit)[column].mean().reindex(names)
        what = ("no value in the periods of the predictor", "预测变量在其时期内没有数值")
        problems += [
            Problem(what, f"{column} › {each} › {first:g}–{last:g}", column=column)
            for each in line.index[line.isna()]
        ]
        lines.append(line.to_numpy())
    fail_if_any(TableError, str(frame.attrs.get("where", "the data")), problems)
    return np.array(lines).reshape(len(lines), len(names))


def _fitted(
    y: Array,
    values: Array,
    before: npt.NDArray[np.bool_],
    at: int,
    others: npt.NDArray[np.int64],
    starts: int,
    seed: int,
) -> Search:
    """Fit unit ``at`` by units ``others``, by predictors where there are any, else by all outcomes before."""
    target, donors = y[before, at], y[np.ix_(before, others)]
    if len(values):
        return search(values[:, at], values[:, others], target, donors, starts=starts, seed=seed)
    weights = nearest(target, donors)
    error = float(np.mean((target - donors @ weights) ** 2))
    return Search(weights, np.full(len(target), 1 / len(target)), np.array([error]))


def _placebos(y: Array, values: Array, before: npt.NDArray[np.bool_], seed: int) -> list[Array]:
    """Return each donor's gap when it takes the place of the treated unit, which is then out of the pool."""
    gaps = []
    for at in range(1, y.shape[1]):
        others = np.array([each for each in range(1, y.shape[1]) if each != at])
        found = _fitted(y, values, before, at, others, _PLACEBO_STARTS, seed)
        gaps.append(y[:, at] - y[:, others] @ found.weights)
    return gaps


def _ratio(gap: Array, before: npt.NDArray[np.bool_]) -> float:
    """Return the root mean squared error after the policy over that before; infinite for a perfect fit before."""
    first, last = (float(np.sqrt(np.mean(gap[each] ** 2))) for each in (before, ~before))
    return last / first if first > 1e-9 * last else float("inf") if last > 0 else 0.0


def _interval(gap: Array, before: npt.NDArray[np.bool_], others: Array, confidence: float) -> tuple[float, float]:
    none = float("nan"), float("nan")
    # p(c) = (1 + donors with a ratio as large) / units stays above 1 - confidence up to the k-th largest ratio.
    k = int(np.floor((1 - confidence) * (len(others) + 1) + 1e-9))
    if k < 1:
        return none
    limit = float(np.sort(others)[-k])
    after = gap[~before]
    if not limit * np.abs(gap[before]).max() > 1e-9 * np.abs(after).max():
        return none
    room = limit**2 * float(np.mean(gap[before] ** 2)) - float(after.var())
    if not np.isfinite(room) or room < 0:
        return none
    return float(after.mean() - np.sqrt(room)), float(after.mean() + np.sqrt(room))


def _placebo_check(ratios: Array) -> Diagnostic:
    name = ("空间安慰剂（误差比）", "placebo in space (ratio of errors)")
    if np.isinf(ratios[0]):
        exact = (
            "政策前完全拟合（时期少于可比对象时常见），误差比没有意义",
            "a perfect fit before the policy, as is common with fewer periods than donors: the ratio means nothing",
        )
        return Diagnostic(name, "not run", exact)
    as_large = int((ratios >= ratios[0]).sum())
    p = as_large / len(ratios)
    return Diagnostic(
        name,
        "pass" if len(ratios) >= 20 else "warn",
        (
            f"误差比 {shown(float(ratios[0]))}，{len(ratios)} 个对象中有 {as_large} 个不小于它，p = {p:.4f}"
            + ("；对象少于 20 个，p 不可能小于 0.05" if len(ratios) < 20 else ""),
            f"ratio {shown(float(ratios[0]))}, as large for {as_large} of {len(ratios)} units, p = {p:.4f}"
            + ("; with fewer than 20 units p cannot fall below 0.05" if len(ratios) < 20 else ""),
        ),
        float(ratios[0]),
        p,
    )


def _starts_check(errors: Array) -> Diagnostic:
    """Say how far the starts ended apart: where only one came near the best, another might have come nearer."""
    near = int((errors <= errors.min() * 1.05 + 1e-12).sum())
    single = len(errors) == 1
    return Diagnostic(
        ("求解起点的离散", "spread of the starts"),
        "pass" if single or near > 1 else "warn",
        (
            "问题是凸的，只有一个最优解"
            if single
            else f"{len(errors)} 个起点的政策前均方误差为 {shown(errors.min())} 至 {shown(errors.max())}，"
            f"其中 {near} 个与最优相差不超过 5%",
            "the problem is convex: a single optimum"
            if single
            else f"{len(errors)} starts ended with mean squared errors from {shown(errors.min())} to "
            f"{shown(errors.max())}, {near} of them within 5% of the best",
        ),
        float(errors.max() / errors.min()) if errors.min() > 0 else float("nan"),
    )


def _left_out(
    y: Array, values: Array, before: npt.NDArray[np.bool_], weights: Array, donors: list[object], seed: int
) -> pd.DataFrame:
    lines = []
    for at in np.flatnonzero(weights >= _SHARE):
        others = np.array([each for each in range(1, y.shape[1]) if each != at + 1])
        if not len(others):
            continue
        found = _fitted(y, values, before, 0, others, _PLACEBO_STARTS, seed)
        gap = y[:, 0] - y[:, others] @ found.weights
        lines.append((donors[at], weights[at], float(gap[~before].mean()), float(np.sqrt(np.mean(gap[before] ** 2)))))
    return pd.DataFrame(lines, columns=["left_out", "weight", "estimate", "rmspe_before"])


def _leave_one_out_check(table: pd.DataFrame, effect: float) -> Diagnostic:
    name = ("逐一剔除可比对象", "leaving donors out one by one")
    if table.empty:
        return Diagnostic(name, "not run", ("没有可剔除的可比对象", "no donor to leave out"))
    low, high = float(table["estimate"].min()), float(table["estimate"].max())
    turned = bool((np.sign(table["estimate"]) != np.sign(effect)).any())
    return Diagnostic(
        name,
        "warn" if turned else "pass",
        (
            f"逐一剔除后效应为 {shown(low)} 至 {shown(high)}" + ("，符号会变" if turned else ""),
            f"effects from {shown(low)} to {shown(high)}" + (": the sign changes" if turned else ""),
        ),
        high - low,
    )


def _compared(values: Array, own: Search, predictors: Sequence[Predictor]) -> pd.DataFrame:
    names = [f"{column} {first:g}–{last:g}" for column, first, last in predictors]
    return pd.DataFrame(
        {
            "predictor": names,
            "importance": own.importance if len(values) else [],
            "actual": values[:, 0],
            "synthetic": values[:, 1:] @ own.weights,
            "mean_of_donors": values[:, 1:].mean(axis=1),
        }
    )
