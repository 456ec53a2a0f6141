"""What every question about uncertainty asks of its input: shares, points and bands that fit together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, ScoreError
from perfkit.tables import as_numbers

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Bands = Mapping[str, float] | Sequence[tuple[str, float]]

DECIMALS = 11  # as grading.grade: float dust (1e-13) must not cost a grade, a true difference (1e-10) must
_DUST = 1e-9
_HEAD = ("the uncertainty cannot be computed", "不能计算不确定性")


class Scale(NamedTuple):
    """Grades from best to worst with the lower bound of each; the bound belongs to the grade."""

    grades: tuple[str, ...]
    mins: Array

    def places(self, totals: Array) -> Places:
        """Return for each total which grade it is (0: the best)."""
        found: Places = np.searchsorted(-self.mins, -totals, side="left")
        return found


def fail_if_any(problems: Sequence[Problem]) -> None:
    """Raise with every problem found; return if there are none."""
    if problems:
        raise ScoreError(_HEAD, problems)


def refuse(what: tuple[str, str], where: str = "", expected: str = "", got: str = "") -> NoReturn:
    """Raise a ScoreError with one problem."""
    raise ScoreError(_HEAD, [Problem(what, where, expected, got)])


def fail_if_not_one_of(name: str, got: Any, allowed: Sequence[str]) -> None:
    """Refuse an unknown word for the option ``name``."""
    if got not in allowed:
        refuse(("not a word this option knows", "选项取值不在允许范围内"), name, " / ".join(allowed), repr(got))


def fail_if_no_count(name: str, got: Any) -> None:
    """Refuse anything but a whole number of at least one for the option ``name``."""
    if isinstance(got, bool) or not isinstance(got, int | np.integer) or got < 1:
        refuse(("must be a whole number of at least 1", "须为不小于 1 的整数"), name, got=repr(got))


def fail_if_no_confidence(confidence: float) -> None:
    """Refuse a confidence that is not between zero and one."""
    if not 0 < confidence < 1:
        refuse(("must lie between 0 and 1", "须在 0 与 1 之间"), "confidence", got=repr(confidence))


def by_code(index: pd.Index) -> Places:
    """Return the places of ``index`` in the order of its spelling: draws follow it, not the order of the file."""
    codes = list(index)
    order = sorted(range(len(codes)), key=lambda at: (str(codes[at]), type(codes[at]).__name__))
    return np.array(order, dtype=np.intp)


def rounded(totals: Array) -> Array:
    """Return totals rounded to 1e-11, so that float dust costs no grade and parts no tie."""
    found: Array = np.round(totals, DECIMALS)
    return found


def _floats(column: pd.Series) -> Array:
    return as_numbers(column.to_frame())[0][:, 0]


def points_of(points: pd.Series) -> pd.Series:
    """Return full points as floats; refuse gaps, negative points, a code twice and a total of zero."""
    points = pd.Series(points)
    values, problems = _floats(points), []
    for code, value in zip(points.index, values, strict=True):
        if not (np.isfinite(value) and value >= 0):
            what = ("full points must be a number of at least zero", "满分分值须为不小于零的数")
            problems.append(Problem(what, str(code), got=str(points[code])))
    fail_if_any(problems)
    if points.index.has_duplicates or not values.sum() > 0:
        what = ("points need distinct codes and a total above zero", "分值须有不重复的指标编码且合计大于零")
        refuse(what, "points", got=f"{list(points.index)} = {values.sum():g}")
    return pd.Series(values, index=points.index, name="points")


def matched(table: pd.DataFrame, points: pd.Series, name: str) -> pd.DataFrame:
    """Return the columns of ``table`` in the order of ``points``; refuse codes that do not match."""
    here, there = list(table.columns), list(points.index)
    odd = [code for code in here if code not in set(there)] + [code for code in there if code not in set(here)]
    if odd or len(here) != len(there):
        what = ("columns and points must be the same indicators, each once", "列与分值须为同样的指标且不重复")
        refuse(what, f"{name} › {', '.join(map(str, odd or here))}")
    return table[there]


def numbers(table: pd.DataFrame, name: str, high: float = np.inf) -> Array:
    """Return ``table`` as numbers; refuse gaps and what is below zero or above ``high``, column by column."""
    x, problems = as_numbers(table)[0], []
    for code, column in zip(table.columns, x.T, strict=True):
        for bad, what in (
            (~np.isfinite(column), ("missing, infinite or not a number", "缺失、无穷或不是数字")),
            ((column < -_DUST) | (column > high + _DUST), ("out of range", "超出取值范围")),
        ):
            if bad.any():
                at = int(bad.argmax())
                expected = "0..1" if high == 1 else "≥ 0"
                where, got = (
                    f"{name} › {code} › {table.index[at]}",
                    f"{table[code].iloc[at]} ({bad.sum()}/{len(bad)})",
                )
                problems.append(Problem(what, where, expected, got, column=str(code)))
    fail_if_any(problems)
    return np.clip(x, 0.0, high)


def shares_of(shares: pd.DataFrame, points: pd.Series) -> Array:
    """Return shares (units x indicators in the order of ``points``); refuse gaps, values outside 0..1, doubles."""
    if not len(shares) or shares.index.has_duplicates:
        refuse(("units must be there, each once", "单位不得为空或重复"), "shares", got=f"{len(shares)}")
    return numbers(matched(shares, points, "shares"), "shares", 1.0)


def scale_of(bands: Bands, total: float) -> Scale:
    """Return the bands as a scale; refuse bands that do not descend, or do not cover 0 to ``total``."""
    pairs = list(bands.items()) if isinstance(bands, Mapping) else [(str(name), low) for name, low in bands]
    names = tuple(name for name, _ in pairs)
    mins = rounded(_floats(pd.Series([low for _, low in pairs], dtype=object)))
    got = ", ".join(f"{name} {low}" for name, low in pairs)
    if not len(pairs) or len(set(names)) < len(names) or not np.isfinite(mins).all() or (np.diff(mins) >= 0).any():
        what = ("bands must be distinct grades with descending lower bounds", "等级不得重复，下限须由高到低")
        refuse(what, "bands", got=got)
    if mins[-1] > 0 or mins[0] > total + _DUST:
        english = "bands must cover every total: the lowest begins at 0 or below, the highest within reach"
        chinese = "等级须覆盖全部得分：最低等级自 0 分起，最高等级下限不超过满分"
        refuse((english, chinese), "bands", f"0..{total:g}", got)
    return Scale(names, mins)
