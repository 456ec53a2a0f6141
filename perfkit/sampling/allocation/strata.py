"""The table ``strata`` as allocation reads it: what may be drawn at random, its spread, its cost, and its faults."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

WHERE = "strata 分层"
_DO = {
    "sd": ("take it from earlier checks, or of a like stratum", "请取自以往抽评，或采用相近层的标准差"),
    "cost": ("give each stratum a cost above zero", "请为各层填写大于零的单位费用"),
}


@dataclass(frozen=True)
class Strata:
    """Columns of the table as arrays, a value a stratum.

    ``units`` are those open to the random draw: units less recommended and certain ones.
    """

    names: list[str]
    units: Whole
    sd: Floats
    cost: Floats

    @property
    def spread(self) -> Floats:
        """N S: what Neyman's allocation is proportional to."""
        return np.asarray(self.units * self.sd, dtype=float)

    def lowest(self, minimum: int) -> Whole:
        """Return the least to draw of each stratum: the minimum, or all units where there are fewer."""
        return np.minimum(self.units, minimum)


def read(strata: pd.DataFrame, need: Sequence[str] = ()) -> Strata:
    """Return the strata as arrays; ``need`` names the columns beside ``stratum`` and ``units`` that must be filled.

    Raises
    ------
    SampleError
        With all that is wrong: a column missing, a stratum named twice, numbers missing or out of range.
    """
    missing = [name for name in ("stratum", "units", *need) if name not in strata]
    fail_if_any(SampleError, WHERE, [_absent(name) for name in missing])
    names = strata["stratum"].astype(str).tolist()
    twice = sorted(set(strata["stratum"].astype(str)[strata["stratum"].astype(str).duplicated()]))
    problems = [Problem(("a stratum is named twice", "层名重复"), name, column="stratum") for name in twice]
    problems += [] if names else [Problem(("there is no stratum", "没有任何层"))]
    held = sum((_column(strata, name, 0.0) for name in ("recommended", "certain")), np.zeros(len(strata)))
    open_units = _column(strata, "units") - held
    whole = (open_units >= 0) & (open_units == np.floor(open_units)) & np.isfinite(open_units)
    problems += _wrong(
        names,
        whole,
        open_units,
        ("units less certain ones are no whole number ≥ 0", "单位数减必查数不是非负整数"),
        "units",
    )
    sd, cost = _column(strata, "sd", 0.0 if "sd" not in need else np.nan), _column(strata, "cost", 1.0)
    if "sd" in need:
        problems += _wrong(
            names, (sd >= 0) | (open_units == 0), sd, ("no standard deviation ≥ 0", "缺少非负的标准差"), "sd"
        )
        problems += _flat(sd[open_units > 0]) if not problems else []
    fit = (cost > 0) & np.isfinite(cost)
    problems += _wrong(names, fit, cost, ("the cost is not above zero", "单位费用不大于零"), "cost")
    fail_if_any(SampleError, WHERE, problems)
    return Strata(names, open_units.astype(np.int64), np.nan_to_num(sd), cost)


def fail_if_impossible(strata: Strata, n: float, minimum: int) -> None:
    """Raise if ``n`` is not whole, more than there is, or less than the minimum of each stratum asks for."""
    fail_if_no_minimum(minimum)
    total, least = int(strata.units.sum()), int(strata.lowest(minimum).sum())
    problems = []
    if n != int(n):
        problems.append(Problem(("the sample size is no whole number", "样本量不是整数"), "n", got=f"{n:g}"))
    if n > total:
        what = ("the sample is larger than what is open to the draw", "样本量大于可供抽取的单位数")
        problems.append(Problem(what, "n", f"≤ {total}", f"{n:g}", ("ask for fewer", "请减少样本量")))
    if n < least:
        what = (
            f"the sample is too small for {minimum} a stratum",
            f"样本量不足以每层抽取 {minimum} 个",
        )
        do = ("ask for more, join strata, or lower the minimum", "请增加样本量、合并层或降低每层下限")
        problems.append(Problem(what, "n", f"≥ {least}", f"{n:g}", do))
    fail_if_any(SampleError, WHERE, problems)


def fail_if_no_minimum(minimum: int) -> None:
    """Raise if the minimum a stratum is no whole number from 1 on."""
    if minimum != int(minimum) or minimum < 1:
        what = ("the minimum a stratum is no whole number from 1 on", "每层下限不是正整数")
        fail_if_any(SampleError, WHERE, [Problem(what, "minimum", "≥ 1", f"{minimum:g}")])


def filled(strata: pd.DataFrame, drawn: Whole, minimum: int) -> pd.DataFrame:
    """Return the table ``strata`` with ``drawn``, ``rate`` and what there is to say of a stratum."""
    known = read(strata)
    certain = _column(strata, "units") - known.units
    rate = np.divide(
        certain + drawn, certain + known.units, out=np.zeros(len(drawn)), where=certain + known.units > 0
    )
    notes = [_note(units, take, minimum) for units, take in zip(known.units, drawn, strict=True)]
    zh, en = [note[1] for note in notes], [note[0] for note in notes]
    return strata.assign(drawn=drawn, rate=rate, note_zh=zh, note_en=en)


def series(strata: Strata, exact: Floats) -> pd.Series:
    """Return unrounded sizes by stratum."""
    return pd.Series(exact, index=pd.Index(strata.names, name="stratum"), name="exact")


def total(values: Floats) -> float:
    """Return a sum that does not depend on the machine."""
    return math.fsum(values)


def _column(strata: pd.DataFrame, name: str, default: float = np.nan) -> Floats:
    """Return a column as numbers, what is missing in an optional one as its default."""
    if name not in strata:
        return np.full(len(strata), default)
    return np.asarray(pd.to_numeric(strata[name], errors="coerce").fillna(default), dtype=float)


def _note(units: int, drawn: int, minimum: int) -> tuple[str, str]:
    if units == 0:
        return "nothing is open to the random draw", "没有可供随机抽取的单位"
    if units < minimum:
        return (
            f"fewer units ({units}) than the minimum of {minimum}: all taken",
            f"单位数（{units}）少于每层下限 {minimum}，全部抽取",
        )
    if drawn == units:
        return "all units taken", "全部抽取"
    if drawn == 1:
        return "one unit drawn: its spread cannot be estimated", "只抽取一个单位，无法估计离散程度"
    return "", ""


def _absent(name: str) -> Problem:
    return Problem(("a column is missing", "缺少列"), name, do=_DO.get(name, ("", "")), column="missing")


def _wrong(
    names: Sequence[str], fit: npt.NDArray[np.bool_], values: Floats, what: tuple[str, str], column: str
) -> list[Problem]:
    return [
        Problem(
            what,
            names[at],
            got="—" if np.isnan(values[at]) else f"{values[at]:g}",
            do=_DO.get(column, ("", "")),
            column=column,
        )
        for at in np.flatnonzero(~fit).tolist()
    ]


def _flat(sd: Floats) -> list[Problem]:
    if (sd > 0).any():
        return []
    what = ("the standard deviation is zero in every stratum", "各层标准差均为零")
    return [Problem(what, "sd", do=("allocate in proportion to the units", "请改按单位数比例分配"), column="sd")]
