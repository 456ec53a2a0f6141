"""Like for like: which units are comparable, and what to expect of a unit given its circumstances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit.errors import Problem, ScoreError


@dataclass(frozen=True)
class Expectation:
    """What a unit's score would be expected to be, given its context.

    ``estimate`` with its 95 % prediction interval ``low`` to ``high``; ``residual`` is the actual score minus the
    estimate; ``n`` units, ``r_squared`` and ``variables`` describe the fit (ordinary least squares).
    """

    estimate: float
    low: float
    high: float
    residual: float
    n: int
    r_squared: float
    variables: tuple[str, ...]


def wide(context: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``context`` with one row a unit and one column a variable; incomplete units are left out."""
    # pivot refuses a key that stands twice, pivot_table would average it.
    return context.pivot(index="unit_id", columns="variable", values="value").dropna()  # noqa: PD010 - see above


def similar(context: pd.DataFrame, unit_id: str, *, n: int) -> list[str]:
    """Return the ``n`` units whose circumstances are nearest to those of ``unit_id``, nearest first.

    Variables are brought to quantile ranks first, so that skewed sizes do not decide alone; distance is Euclidean
    (scikit-learn's NearestNeighbors).

    Raises
    ------
    ScoreError
        If the unit has no complete context.
    """
    from sklearn.neighbors import NearestNeighbors

    table = wide(context)
    _fail_if_no_context(table, unit_id)
    ranks = table.rank(pct=True)
    search = NearestNeighbors(n_neighbors=min(n + 1, len(ranks))).fit(ranks.to_numpy())
    _, at = search.kneighbors(ranks.loc[[unit_id]].to_numpy())
    return [str(u) for u in ranks.index[at[0]] if u != unit_id][:n]


def expected(context: pd.DataFrame, scores: pd.Series, unit_id: str) -> Expectation:
    """Regress scores on context (statsmodels OLS on standardised variables) and predict the unit from the others.

    Parameters
    ----------
    context
        Table ``context``.
    scores
        Indexed by unit code, points.
    unit_id
        The unit; it is left out of the fit.

    Raises
    ------
    ScoreError
        If the unit has no complete context, or there are too few units for the number of variables.

    Notes
    -----
    An association, not an effect: the residual mixes performance with everything the context leaves out.
    """
    import statsmodels.api as sm

    table = wide(context).join(scores.rename("score"), how="inner").dropna()
    _fail_if_no_context(table, unit_id)
    others = table.drop(index=unit_id)
    variables = [c for c in table.columns if c != "score" and others[c].std() > 0]
    if len(others) < 10 * (len(variables) + 1):
        raise ScoreError(
            ("too few units for a regression on context", "对象太少，不能按背景变量回归"),
            [Problem(("too few", "太少"), expected=f"≥ {10 * (len(variables) + 1)}", got=str(len(others)))],
        )
    mean, sd = others[variables].mean(), others[variables].std()
    design = sm.add_constant((table[variables] - mean) / sd)
    fit = sm.OLS(others["score"], design.loc[others.index]).fit()
    frame = fit.get_prediction(design.loc[[unit_id]]).summary_frame(alpha=0.05).iloc[0]
    return Expectation(
        estimate=float(frame["mean"]),
        low=float(frame["obs_ci_lower"]),
        high=float(frame["obs_ci_upper"]),
        residual=float(table.loc[unit_id, "score"] - frame["mean"]),
        n=len(others),
        r_squared=float(np.round(fit.rsquared, 6)),
        variables=tuple(str(v) for v in variables),
    )


def _fail_if_no_context(table: pd.DataFrame, unit_id: str) -> None:
    if unit_id not in table.index:
        raise ScoreError(
            (f"unit {unit_id!r} has no complete context", f"评价对象“{unit_id}”缺少背景变量"),
            [Problem(("no context", "缺少背景变量"), got=unit_id)],
        )
