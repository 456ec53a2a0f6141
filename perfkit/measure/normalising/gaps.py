"""Gaps: how much of each unit is known, which units know too little, and what is put where nothing was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.normalising.checks import distinct_rows, fail_if_any, framed, numbers, word_problems


@dataclass(frozen=True, eq=False)
class Imputed:
    """A table without gaps, and what was put into them.

    ``values`` is the table filled. ``filled`` has one row a cell filled, columns first: ``unit``, ``indicator``,
    ``group`` (missing if there are none), ``value``, ``how`` and ``known``, the number of values it is made of.
    """

    values: pd.DataFrame
    filled: pd.DataFrame


def availability(values: pd.DataFrame) -> pd.Series:
    """Return by unit the share of indicators that have a value.

    It depends on the unit alone. *Checked against*: COINr 1.1.14.

    Examples
    --------
    >>> availability(pd.DataFrame({"a": [1, None], "b": [2, 0]}, index=["甲", "乙"])).to_dict()
    {'甲': 1.0, '乙': 0.5}
    """
    return pd.Series((~np.isnan(numbers(values))).mean(axis=1), index=values.index, name="available")


def screen(values: pd.DataFrame, *, at_least: float, nonzero: float | None = None) -> pd.DataFrame:
    """Say which units have enough values, and enough that are not zero, to be compared.

    Whether a unit is kept depends on the unit alone.

    Parameters
    ----------
    values
        One row a unit, one column an indicator.
    at_least
        The share of indicators that must have a value.
    nonzero
        The share of a unit's known values that must differ from zero; None asks for none.

    Returns
    -------
    DataFrame
        By unit: ``available`` and ``nonzero`` (shares; ``nonzero`` is missing if no value is known), ``kept``. A unit
        without any value is never kept.

    Raises
    ------
    ScoreError
        If a value is infinite or no number, a column name or a unit stands twice, or a limit is no share.

    Notes
    -----
    *Checked against*: COINr 1.1.14 (Screen, byNA and byNAzeros).

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1, None, 0], "b": [2, 3, 0], "c": [5, None, 4]}, index=["甲", "乙", "丙"])
    >>> screen(table, at_least=0.5, nonzero=0.5).round(2).values.tolist()
    [[1.0, 1.0, True], [0.33, 1.0, False], [1.0, 0.33, False]]
    """
    for name, limit in (("at_least", at_least), ("nonzero", 0.0 if nonzero is None else nonzero)):
        if not 0 <= limit <= 1:
            what = (f"{name} must be a share between 0 and 1", f"{name} 须在 0 与 1 之间")
            fail_if_any([Problem(what, got=str(limit))])
    distinct_rows(values)
    available, x = availability(values), numbers(values)
    known, counted = (~np.isnan(x)).sum(axis=1), ((x != 0) & ~np.isnan(x)).sum(axis=1)
    share = np.where(known > 0, counted / np.maximum(known, 1), np.nan)
    kept = (known > 0) & (available.to_numpy() >= at_least)
    if nonzero is not None:
        kept &= share >= nonzero
    return pd.DataFrame({"available": available, "nonzero": share, "kept": kept}, index=values.index)


def _groups(values: pd.DataFrame, by: pd.Series | None) -> pd.Series:
    """Return the group of each unit in the order of ``values``; one group, without a name, if there are none."""
    if by is None:
        return pd.Series(0, index=values.index)
    label = "group" if by.name is None else str(by.name)
    if by.index.has_duplicates or not values.index.isin(by.index).all():
        what = ("groups must name each unit once", "分组须恰好包含每个单位一次")
        away = [*values.index[~values.index.isin(by.index)], *by.index[by.index.duplicated()]]
        fail_if_any([Problem(what, ", ".join(map(str, away[:5])), column=label)])
    groups = by.reindex(values.index)
    what = ("units without a group", "单位没有分组")
    empty = groups.index[groups.isna()]
    fail_if_any([Problem(what, f"{label} › {unit}", column=label) for unit in empty])
    return groups


def impute(values: pd.DataFrame, *, how: Literal["mean", "median"] = "mean", by: pd.Series | None = None) -> Imputed:
    """Fill each gap with the mean or median of its column, within groups if asked for, and report what was filled.

    **A value filled in depends on who else is in the file.** It is a guess that lets a mean be taken, never a figure
    to be scored.

    Parameters
    ----------
    values
        One row a unit (named once), one column an indicator.
    how
        ``mean`` or ``median`` of the known values.
    by
        The group of each unit, indexed by unit in any order.

    Returns
    -------
    Imputed
        ``values`` without gaps and ``filled``, cell by cell.

    Raises
    ------
    ScoreError
        If a value is infinite or no number, a column name or a unit stands twice, ``how`` is unknown, a unit has no
        group, or a column with a gap has no known value to fill it from, in its group.

    Notes
    -----
    A change of unit of a column changes the filled values with it. *Checked against*: COINr 1.1.14 (i_mean, i_median,
    i_mean_grp, i_median_grp).

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1.0, 3.0, None, 9.0]}, index=["甲", "乙", "丙", "丁"])
    >>> done = impute(table, by=pd.Series({"甲": "x", "乙": "x", "丙": "x", "丁": "y"}))
    >>> done.values["a"].tolist(), done.filled[["unit", "indicator", "group", "value", "known"]].values.tolist()
    ([1.0, 3.0, 2.0, 9.0], [['丙', 'a', 'x', 2.0, 2]])
    """
    fail_if_any(word_problems("how", how, ("mean", "median")))
    x = numbers(values)
    distinct_rows(values)
    groups = _groups(values, by)
    codes, names = pd.factorize(groups)
    full, rows, problems = x.copy(), [], []
    for k, column in enumerate(values.columns):
        for code in np.unique(codes[np.isnan(x[:, k])]):
            here = codes == code
            known = np.sort(x[here & ~np.isnan(x[:, k]), k])
            gaps = np.flatnonzero(here & np.isnan(x[:, k]))
            group = None if by is None else names[code]
            if not len(known):
                what = ("no known value to fill from", "没有已知数值可供填补")
                where = str(column) if by is None else f"{column} › {by.name or 'group'} {group}"
                do = ("leave the column out, or choose wider groups", "请剔除该列，或改用更大的分组")
                problems.append(Problem(what, where, got=f"{len(gaps)} gaps", do=do, column=str(column)))
                continue
            with np.errstate(over="ignore"):
                full[gaps, k] = known.mean() if how == "mean" else np.median(known)
            rows += [(values.index[gap], column, group, full[gap, k], how, len(known)) for gap in gaps]
    fail_if_any(problems)
    done = framed(full, np.zeros_like(x), values)
    return Imputed(done, pd.DataFrame(rows, columns=["unit", "indicator", "group", "value", "how", "known"]))
