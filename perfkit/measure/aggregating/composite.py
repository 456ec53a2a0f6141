"""Min-max and the weighted mean in one product: for files too large to hold a second copy of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.aggregating.checks import fail_if_any, inputs, weights_of
from perfkit.tables import bad_cells, signs


def composite(
    values: pd.DataFrame,
    weights: Mapping[str, float] | pd.Series,
    directions: Mapping[str, str],
    *,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    full: float = 1.0,
) -> pd.Series:
    """Return the weighted mean of min-max scaled columns, from 0 (worst in every column) to ``full``.

    The figures are those of :func:`perfkit.measure.normalising.minmax` and :func:`arithmetic`, one after the other,
    made without the scaled table between them.

    Parameters
    ----------
    values
        One row a unit, one column an indicator, no gaps.
    weights, directions
        By column: shares that sum to one; ``ge`` (more is better) or ``le``.
    bounds
        By column the least and the greatest value there can be. Without them they are the file's own, and **every
        score depends on who else is in the file**.
    full
        The score of a unit that is best in every column.

    Returns
    -------
    Series
        ``composite``, by unit.

    Raises
    ------
    ScoreError
        If a value is missing, infinite or beyond its bounds, a column is constant, or weights or directions do not
        fit.

    Notes
    -----
    sum_j w_j (x_j - worst_j) / (best_j - worst_j) = x · c - worst · c, with c_j = w_j / (best_j - worst_j).

    Examples
    --------
    >>> table = pd.DataFrame({"a": [0.0, 5, 10], "b": [30.0, 20, 10]})
    >>> composite(table, {"a": 0.5, "b": 0.5}, {"a": "ge", "b": "le"}, full=100).tolist()
    [0.0, 50.0, 100.0]
    """
    if all(kind == np.float64 for kind in values.dtypes) and len(values):
        # Least and greatest tell of gaps and infinite values: no second look at every cell.
        x, w = values.to_numpy(), weights_of(values, weights)
    else:
        x, w = inputs(values, weights)
    way, problems = signs(values.columns, directions)
    low, high = (x.min(axis=0), x.max(axis=0)) if len(x) else (np.zeros(len(w)), np.ones(len(w)))
    if not (np.isfinite(low) & np.isfinite(high)).all():
        problems += bad_cells(~np.isfinite(x), values, ("missing or infinite values", "有缺失或无穷值"))
        fail_if_any(problems)
    if bounds is not None:
        named = np.array([bounds[str(name)] for name in values.columns if str(name) in bounds], dtype=float)
        if len(named) < len(w):
            missing = [str(name) for name in values.columns if str(name) not in bounds]
            problems.append(Problem(("columns without bounds", "缺少上下限的列"), got=", ".join(missing)))
            fail_if_any(problems)
        problems += [
            Problem(
                ("values beyond their bounds", "有超出上下限的值"),
                str(name),
                f"{least:g}–{most:g}",
                f"{a:g}–{b:g}",
                ("widen the bounds, or use normalising.goalposts", "请放宽上下限，或改用 normalising.goalposts"),
                column=str(name),
            )
            for name, (least, most), a, b in zip(values.columns, named, low, high, strict=True)
            if a < least or b > most
        ]
        low, high = named[:, 0], named[:, 1]
    problems += [
        Problem(("a column without spread", "该列没有差异"), str(name), got=f"{a:g}", column=str(name))
        for name, a, b in zip(values.columns, low, high, strict=True)
        if not b > a
    ]
    fail_if_any(problems)
    worst, best = np.where(way > 0, low, high), np.where(way > 0, high, low)
    slope = full * w / (best - worst)
    total = x @ slope
    total -= worst @ slope
    return pd.Series(np.clip(total, 0.0, full, out=total), index=values.index, name="composite")
