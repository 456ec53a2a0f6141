"""What every way of weighting asks of its input, and how it ends: shares that sum to one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, ScoreError
from perfkit.tables import as_numbers, bad_cells

Array = npt.NDArray[np.float64]

# Rounding of a few ulps: a correlation or an eigenvalue this close to one is one.
ROUNDING = 1e-12
# Weights typed with nine digits still sum to one.
SUM_ROUNDING = 1e-9


def fail_if_any(problems: Sequence[Problem]) -> None:
    """Raise with every problem found; return if there are none."""
    if problems:
        raise ScoreError(("no weights can be made of this", "据此不能计算权重"), problems)


def numbers(values: pd.DataFrame, *, negative: bool = True) -> Array:
    """Return ``values`` as numbers (units x indicators); refuse what no method can weigh, column by column."""
    problems = []
    if len(values) < 2 or values.columns.has_duplicates:
        what = (
            "weights from spread need two units and distinct column names",
            "由离散程度定权至少需两个单位，且列名不得重复",
        )
        problems.append(Problem(what, got=f"{len(values)} x {list(values.columns)}"))
    x, _ = as_numbers(values)
    do = ("fill or leave out the rows or the column", "请补齐，或剔除相应行、列")
    problems += bad_cells(~np.isfinite(x), values, ("missing, infinite or not a number", "缺失、无穷或不是数字"), do)
    if not negative:
        problems += bad_cells(x < 0, values, ("negative: has no share of a sum", "为负，不能折算为占比"), do)
    fail_if_any(problems)
    return x


def shares_of(information: Array, names: pd.Index, why: tuple[str, str]) -> pd.Series:
    """Return ``information`` as shares of its sum, or refuse: ``why`` says what it means that there is none."""
    total = information.sum()
    if not (np.isfinite(total) and total > 0):
        fail_if_any([Problem(why, got=", ".join(map(str, names)))])
    return pd.Series(information / total, index=names, name="weight")
