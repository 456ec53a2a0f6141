"""What turns inputs into outputs: the units seen, and what may be taken as possible between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, ScoreError, fail_if_any

Floats = npt.NDArray[np.float64]
Returns = Literal["constant", "variable", "falling"]
Orientation = Literal["input", "output"]


@dataclass(frozen=True)
class Technology:
    """The units that span a frontier.

    Parameters
    ----------
    inputs, outputs
        Units x inputs, units x outputs, of one index: what is to be small, what is to be large. Numbers, none below
        zero; every unit has some input and some output.
    fixed
        Inputs that a unit cannot choose (population served): a unit is compared with mixes of units that have just
        as much of them, and they are never to be reduced.
    returns
        ``constant``: a unit half the size could do half (CCR); ``variable``: size matters (BCC).
    orientation
        ``input``: the same results with less; ``output``: more results with the same.

    Raises
    ------
    ScoreError
        With everything that is wrong: units named twice, missing or negative numbers, a unit without input or output.
    """

    inputs: pd.DataFrame
    outputs: pd.DataFrame
    fixed: tuple[str, ...] = ()
    returns: Returns = "constant"
    orientation: Orientation = "input"

    def __post_init__(self) -> None:
        problems = [
            *_not_units(self.inputs.index, self.outputs.index),
            *_not_amounts(self.inputs, ("no input above zero", "没有大于零的投入")),
            *_not_amounts(self.outputs, ("no output above zero", "没有大于零的产出")),
            *_not_named(self.fixed, list(self.inputs.columns)),
        ]
        fail_if_any(ScoreError, "frontier 前沿", problems)

    @property
    def units(self) -> pd.Index:
        """The units."""
        return self.inputs.index

    @property
    def x(self) -> Floats:
        """Inputs, each over its mean so that no unit of measure decides: units x inputs."""
        return _scaled(self.inputs)

    @property
    def y(self) -> Floats:
        """Outputs, each over its mean: units x outputs."""
        return _scaled(self.outputs)

    @property
    def free(self) -> npt.NDArray[np.bool_]:
        """Which inputs a unit can choose."""
        chosen: npt.NDArray[np.bool_] = ~np.isin(np.array(self.inputs.columns, dtype=object), self.fixed)
        return chosen

    @property
    def least(self) -> int:
        """Units needed for m inputs and s outputs: the larger of m s and 3 (m + s) (Cooper, Seiford, Tone 2007)."""
        m, s = self.inputs.shape[1], self.outputs.shape[1]
        return int(max(m * s, 3 * (m + s)))

    def at(self, unit: str) -> int:
        """Return the row of ``unit``.

        Raises
        ------
        ScoreError
            If it is not among the units.
        """
        if unit not in self.units:
            raise ScoreError(
                (f"unit {unit!r} is not among those of the frontier", f"“{unit}”不在前沿分析的对象中"),
                [Problem(("unknown unit", "未知的对象"), got=unit, expected=", ".join(map(str, self.units[:5])))],
            )
        return int(self.units.get_indexer([unit])[0])


def _scaled(frame: pd.DataFrame) -> Floats:
    values: Floats = frame.to_numpy(dtype=float)
    mean = values.mean(axis=0)
    scaled: Floats = values / np.where(mean > 0, mean, 1.0)
    return scaled


def _not_units(inputs: pd.Index, outputs: pd.Index) -> list[Problem]:
    problems = []
    if not inputs.equals(outputs):
        problems.append(Problem(("inputs and outputs are of other units", "投入与产出的对象不一致")))
    twice = inputs[inputs.duplicated()].unique()
    problems += [Problem(("a unit stands twice", "对象重复"), got=str(unit)) for unit in twice]
    return problems


def _not_amounts(frame: pd.DataFrame, none: tuple[str, str]) -> list[Problem]:
    if not frame.shape[1]:
        return [Problem((f"{none[0]}: no column", f"{none[1]}：没有列"))]
    if any(not pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes):
        return [Problem(("a column is not numeric", "有的列不是数字"), got=", ".join(map(str, frame.columns)))]
    values = frame.to_numpy(dtype=float)
    problems = []
    for what, wrong in (
        (("missing or infinite", "缺失或为无穷"), ~np.isfinite(values)),
        (("below zero", "小于零"), values < 0),
    ):
        for row, column in np.argwhere(wrong):
            problems.append(
                Problem(
                    what,
                    f"{frame.index[row]} › {frame.columns[column]}",
                    got=str(values[row, column]),
                    do=("leave the unit out or correct it", "请剔除该对象或更正"),
                    column=str(frame.columns[column]),
                )
            )
    if not problems:
        problems = [Problem(none, str(unit)) for unit in frame.index[~(values > 0).any(axis=1)]]
    return problems


def _not_named(fixed: Sequence[str], names: list[object]) -> list[Problem]:
    problems = [
        Problem(("no such input", "没有这项投入"), expected=", ".join(map(str, names)), got=name)
        for name in fixed
        if name not in names
    ]
    if names and set(names) <= set(fixed):
        problems.append(Problem(("no input can be chosen", "没有可控的投入"), got=", ".join(fixed)))
    return problems
