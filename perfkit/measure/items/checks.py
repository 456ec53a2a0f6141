"""Which values can be analysed: a frame becomes numbers, or a refusal that names the column; and joined notes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Literal, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, ScoreError
from perfkit.tables import as_numbers, bad_cells

Floats = npt.NDArray[np.float64]
Note = tuple[str, str]
Missing = Literal["listwise", "pairwise"]

# Shares closer than this are the same share.
SAME = 1e-9
# Rounding of a few ulps, next to the size of the numbers.
ROUNDING = 1e-12

_HEAD = ("these indicators cannot be analysed", "这些指标无法分析")


def refuse(what: Note, where: str = "", expected: str = "", got: str = "", do: Note = ("", "")) -> NoReturn:
    """Raise a ScoreError with one problem (``what`` and ``do``: English, Chinese)."""
    raise ScoreError(_HEAD, [Problem(what, where, expected, got, do)])


def fail_if_any(problems: Sequence[Problem]) -> None:
    """Raise with every problem found; return if there are none."""
    if problems:
        raise ScoreError(_HEAD, problems)


def fail_if_not_one_of(name: str, got: str, allowed: Sequence[str]) -> None:
    """Refuse an unknown word for the parameter ``name``."""
    if got not in allowed:
        what = (f"{name} must be one of {', '.join(allowed)}", f"{name} 只能取 {'、'.join(allowed)}")
        refuse(what, got=repr(got))


def fail_if_outside(name: str, got: float, least: float, most: float, *, open_low: bool = True) -> None:
    """Refuse a number for the parameter ``name`` that is not between ``least`` and ``most``."""
    if not (least < got <= most or (got == least and not open_low)):
        what = (f"{name} is out of range", f"{name} 超出范围")
        refuse(what, expected=f"{least:g} {'<' if open_low else '≤'} {name} ≤ {most:g}", got=repr(got))


def numbers(values: pd.DataFrame, *, units: int = 2, indicators: int = 2, full: float | None = None) -> Floats:
    """Return ``values`` as numbers, units x indicators, NaN where missing.

    Raises
    ------
    ScoreError
        If there are fewer than ``indicators`` indicators or ``units`` units, a column name stands twice, or a cell is
        text, infinite or, given ``full``, outside 0 ... ``full``.
    """
    problems = [
        Problem(("this column name stands twice", "列名重复"), str(name), column=str(name))
        for name in values.columns[values.columns.duplicated()].unique()
    ]
    for what, least, got in (
        (("too few indicators (columns)", "指标（列）过少"), indicators, values.shape[1]),
        (("too few units (rows)", "单位（行）过少"), units, len(values)),
    ):
        if got < least:
            shown = f"{got} ({', '.join(map(str, values.columns[:5]))})"
            problems.append(Problem(what, expected=f"≥ {least}", got=shown))
    x, wrong = as_numbers(values)
    do = ("correct the cells, or leave out the column", "请更正单元格，或剔除该列")
    problems += bad_cells(wrong, values, ("text or infinite, not a number", "文本或无穷，不是数字"), do)
    if full is not None:
        # An infinite cell has been named already.
        outside = np.isfinite(x) & ((x < -SAME * full) | (x > full * (1 + SAME)))
        what = (f"outside 0 ... {full:g}: not a share of full points", f"超出 0 至 {full:g}，不是得分率")
        problems += bad_cells(outside, values, what, do)
    fail_if_any(problems)
    return x


def complete(values: Floats, units: int = 2) -> Floats:
    """Return the units that have all indicators, or refuse if fewer than ``units`` remain."""
    kept: Floats = values[~np.isnan(values).any(axis=1)]
    if len(kept) < units:
        what = ("too few units have a value of every indicator", "各指标均有值的单位过少")
        do = ("pass missing='pairwise', or leave out the empty columns", "可用 missing='pairwise'，或剔除空缺列")
        refuse(what, expected=f"≥ {units}", got=str(len(kept)), do=do)
    return kept


def varies(values: Floats) -> npt.NDArray[np.bool_]:
    """Return per column whether it has more than one value, beyond rounding; an empty column does not vary."""
    known = ~np.isnan(values)
    high = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    low = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    size = np.where(known, np.abs(values), 0.0).max(axis=0, initial=0.0)
    return np.asarray(
        np.where(known.any(axis=0), high, 0.0) - np.where(known.any(axis=0), low, 0.0) > ROUNDING * size
    )


def named(names: Sequence[Hashable] | pd.Index) -> str:
    """Return the first five names and the number of the rest."""
    more = f" … +{len(names) - 5}" if len(names) > 5 else ""
    return ", ".join(map(str, names[:5])) + more


def joined(notes: Sequence[Note]) -> Note:
    """Return several notes as one, in both languages."""
    return "；".join(zh for zh, _ in notes), "; ".join(en for _, en in notes)
