"""Frames of numbers that people made: as floats, their directions, and the cells that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem


def as_numbers(values: pd.DataFrame) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return ``values`` as floats (rows x columns), NaN where missing, and which cells hold something else.

    Something else is text, infinity, a date or a complex number: NaN or infinite in the floats, true in the second.
    """
    columns = [_floats(values.iloc[:, at]) for at in range(values.shape[1])]
    x = np.column_stack(columns) if columns else np.empty(values.shape)
    return x, np.isinf(x) | (np.isnan(x) & values.notna().to_numpy(dtype=bool))


def signs(columns: pd.Index, directions: Mapping[str, str]) -> tuple[npt.NDArray[np.float64], list[Problem]]:
    """Return 1 where more is better (``ge``) and -1 where less is (``le``), and a problem a column without either."""
    what = ("this column needs a direction", "该列须指明方向")
    problems = [
        Problem(what, str(name), "ge, le", str(directions.get(name)), column=str(name))
        for name in columns
        if directions.get(name) not in ("ge", "le")
    ]
    return np.where([directions.get(name) == "ge" for name in columns], 1.0, -1.0), problems


def bad_cells(
    bad: npt.NDArray[np.bool_], values: pd.DataFrame, what: tuple[str, str], do: tuple[str, str] = ("", "")
) -> list[Problem]:
    """Return one problem a column of ``values`` that has ``bad`` cells (rows x columns), naming the first of them."""
    return [
        Problem(
            what,
            f"{name} › {values.index[each.argmax()]}",
            got=(f"{each.sum()} of {len(each)} rows", f"{len(each)} 行中有 {each.sum()} 行"),
            do=do,
            column=str(name),
        )
        for name, each in zip(values.columns, bad.T, strict=True)
        if each.any()
    ]


def _floats(column: pd.Series) -> npt.NDArray[np.float64]:
    """Return a column as floats, NaN where it holds none; dates and complex numbers are none."""
    column = column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
    kinds = pd.api.types
    if kinds.is_object_dtype(column) or kinds.is_string_dtype(column):
        column = pd.to_numeric(column, errors="coerce")
    if kinds.is_complex_dtype(column) or not kinds.is_numeric_dtype(column):
        return np.full(len(column), np.nan)
    return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
