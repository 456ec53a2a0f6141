"""What every mean and ranking asks of its values and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, ScoreError
from perfkit.tables import as_numbers, bad_cells

Array = npt.NDArray[np.float64]

# Weights typed with nine digits still sum to one; scores this close are the same place in a ranking.
ROUNDING = 1e-9


def fail_if_any(problems: Sequence[Problem]) -> None:
    """Raise with every problem found; return if there are none."""
    if problems:
        raise ScoreError(
            ("these values and weights cannot be joined into one number", "指标值与权重不能合成"), problems
        )


def inputs(values: pd.DataFrame, weights: Mapping[str, float] | pd.Series) -> tuple[Array, Array]:
    """Return the values (units x indicators, NaN where missing) and the weights in the order of the columns."""
    w = weights_of(values, weights)
    x, bad = as_numbers(values)
    fail_if_any(bad_cells(bad, values, ("infinite or not a number", "无穷或不是数字")))
    return x, w


def weights_of(values: pd.DataFrame, weights: Mapping[str, float] | pd.Series) -> Array:
    """Return the weights in the order of the columns of ``values``."""
    names = [str(name) for name in values.columns]
    if len(set(names)) < len(names) or sorted(names) != sorted(str(name) for name in weights.keys()):  # noqa: SIM118
        what = ("weights and columns must be the same indicators, each once", "权重与各列须为同样的指标且不重复")
        fail_if_any([Problem(what, expected=", ".join(names), got=", ".join(map(str, weights.keys())))])
    w = np.array([float(weights[name]) for name in values.columns])
    if not ((w >= 0).all() and abs(w.sum() - 1) <= ROUNDING):
        what = ("weights must be at least zero and sum to one", "权重须非负且合计为一")
        do = ("make shares of points with weighting.given", "请先用 weighting.given 折算")
        fail_if_any([Problem(what, got=f"sum {w.sum():g}", do=do)])
    return w
