"""The linear programmes: one unit against all, solved by HiGHS through scipy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linprog

from perfkit.errors import ScoreError
from perfkit.methods.frontier.technology import Floats, Returns, Technology

Scale = Literal["constant", "increasing", "decreasing"]
_SAME = 1e-6  # scores, weights and slacks (relative) closer than this are the same


@dataclass(frozen=True)
class Place:
    """Where a unit stands against the frontier.

    ``score`` is at most 1: the share of its inputs with which the best would do (input orientation), or its outputs
    as a share of what the best would reach (output). ``peers`` holds the weight of each unit of the mix it is
    compared with; ``targets`` a row an input or output: ``kind, name, actual, target, slack`` (``slack``: what can be
    saved or added beyond the proportion), in the units of the data.
    """

    unit: str
    score: float
    peers: pd.Series
    targets: pd.DataFrame

    @property
    def efficient(self) -> bool:
        """Whether nothing can be saved or added: score 1 and no slack."""
        spare = self.targets["slack"] > _SAME * self.targets["actual"].clip(lower=_SAME)
        return bool(self.score > 1 - _SAME and not spare.any())


def place(technology: Technology, unit: str) -> Place:
    r"""Return the score of ``unit``, its peers, slacks and targets.

    Raises
    ------
    ScoreError
        If the unit is not there.

    Notes
    -----
    Input orientation: :math:`\min \theta` subject to :math:`X\lambda \le \theta x_0`, :math:`Y\lambda \ge y_0`,
    :math:`\lambda \ge 0` (Charnes, Cooper and Rhodes 1978), with :math:`\sum\lambda = 1` for variable returns
    (Banker, Charnes and Cooper 1984); fixed inputs: :math:`X_f\lambda = x_{f0}` (the non-controllable model NCN of
    Cooper, Seiford and Tone 2007, section 7.3). Output orientation: :math:`\max \phi`, the score is
    :math:`1/\phi`. Then, at that score, the sum of slacks (each in means of its column) is made as large as it can.

    *Checked against*: Cooper, Seiford and Tone (2007), tables 2.2, 3.2 and 7.7 (libraries of Tokyo).

    Examples
    --------
    >>> staff = pd.DataFrame({"staff": [2.0, 3, 3, 4, 5, 5, 6, 8]}, index=list("ABCDEFGH"))
    >>> sales = pd.DataFrame({"sales": [1.0, 3, 2, 3, 4, 2, 3, 5]}, index=list("ABCDEFGH"))
    >>> found = place(Technology(staff, sales), "A")
    >>> round(found.score, 6), found.peers.round(4).to_dict()
    (0.5, {'B': 0.3333})
    """
    at = technology.at(unit)
    x, y = technology.x, technology.y
    score = radial(x[at], y[at], technology)
    weights, saved, added = _slacks(x[at], y[at], technology, score)
    return Place(unit, score, _peers(technology, weights), _targets(technology, at, score, saved, added))


def radial(x0: Floats, y0: Floats, technology: Technology, x: Floats | None = None, y: Floats | None = None) -> float:
    """Return the score of the point ``x0, y0`` (over the means), against ``x, y`` in place of the units' own.

    A point that no mix can be compared with has no score: NaN.
    """
    x = technology.x if x is None else x
    y = technology.y if y is None else y
    free, n = technology.free, len(x)
    inward = technology.orientation == "input"
    # Variables: the score's own, then a weight a unit. Rows "at most": inputs, then outputs with their signs turned.
    left = np.block([[np.zeros((int(free.sum()), 1)), x[:, free].T], [np.zeros((y.shape[1], 1)), -y.T]])
    right = np.concatenate([np.where(inward, 0.0, x0[free]), -np.where(inward, y0, 0.0)])
    left[:, 0] = np.concatenate([-x0[free] * inward, y0 * (not inward)])
    same, value = _equalities(x0, x, technology.returns, free, 1)
    fall, limit = _falling(technology.returns, n, 1)
    cost = np.zeros(n + 1)
    cost[0] = 1.0 if inward else -1.0
    solved = linprog(
        cost, np.vstack([left, fall]), np.append(right, limit), same, value, bounds=(0, None), method="highs"
    )
    if not solved.success:
        return float("nan")
    return float(solved.x[0]) if inward else 1 / float(solved.x[0])


def super_efficiency(technology: Technology, unit: str) -> float:
    """Return the score of ``unit`` against all others but itself: above 1 for those that make the frontier.

    With variable returns or fixed inputs some units have no others to be compared with: NaN.

    Notes
    -----
    Andersen and Petersen (1993).

    Examples
    --------
    >>> inputs = pd.DataFrame({"a": [4.0, 2, 8], "b": [2.0, 4, 1]}, index=list("DEC"))
    >>> round(super_efficiency(Technology(inputs, pd.DataFrame({"y": 1.0}, index=list("DEC"))), "D"), 6)
    1.25
    """
    at = technology.at(unit)
    x, y = technology.x, technology.y
    others = np.arange(len(x)) != at
    return radial(x[at], y[at], technology, x[others], y[others])


def slacks_based(technology: Technology, unit: str) -> float:
    r"""Return the slacks-based measure: 1 only where nothing at all can be saved or added.

    Raises
    ------
    ScoreError
        If the unit has a zero among its inputs or outputs (its slack is divided by it), or inputs are fixed.

    Notes
    -----
    :math:`\rho = \min (1 - \frac1m \sum s^-_i/x_{i0}) / (1 + \frac1s \sum s^+_r/y_{r0})` (Tone 2001), made linear by
    the transformation of Charnes and Cooper. It has no orientation, and is never above the radial score.

    *Checked against*: Tone (2001), table 1.

    Examples
    --------
    >>> inputs = pd.DataFrame({"x": [8.0, 8]}, index=["C", "D"])
    >>> outputs = pd.DataFrame({"y1": [6.0, 6], "y2": [2.0, 1]}, index=["C", "D"])
    >>> round(slacks_based(Technology(inputs, outputs), "D"), 6)
    0.666667
    """
    at = technology.at(unit)
    x, y = technology.x, technology.y
    x0, y0 = x[at], y[at]
    if not ((x0 > 0).all() and (y0 > 0).all()) or technology.fixed:
        raise ScoreError(
            (
                "the slacks-based measure needs amounts above zero and no fixed inputs",
                "松弛测度要求投入产出均大于零且没有不可控投入",
            )
        )
    n, m, s = len(x), x.shape[1], y.shape[1]
    # Variables: t, a weight a unit, the slacks of inputs, the slacks of outputs; all times t.
    cost = np.concatenate([[1.0], np.zeros(n), -1 / (m * x0), np.zeros(s)])
    rows = [
        np.concatenate([[1.0], np.zeros(n + m), 1 / (s * y0)])[None],
        np.hstack([-x0[:, None], x.T, np.eye(m), np.zeros((m, s))]),
        np.hstack([-y0[:, None], y.T, np.zeros((s, m)), -np.eye(s)]),
    ]
    if technology.returns == "variable":
        rows.append(np.concatenate([[-1.0], np.ones(n), np.zeros(m + s)])[None])
    same = np.vstack(rows)
    value = np.zeros(len(same))
    value[0] = 1.0
    return float(linprog(cost, A_eq=same, b_eq=value, bounds=(0, None), method="highs").fun)


def returns_to_scale(technology: Technology, unit: str) -> tuple[float, float, Scale]:
    """Return the scores of ``unit`` at constant and at variable returns, and which returns it works at.

    Notes
    -----
    The first over the second is its scale efficiency. Where they differ: ``increasing`` (too small) if returns that
    cannot increase give the same score as constant ones, else ``decreasing`` (too large) (Färe, Grosskopf and Lovell
    1985).

    Examples
    --------
    >>> units = list("abc")
    >>> inputs = pd.DataFrame({"x": [1.0, 2, 4]}, index=units)
    >>> outputs = pd.DataFrame({"y": [1.0, 3, 4]}, index=units)
    >>> [returns_to_scale(Technology(inputs, outputs), unit)[2] for unit in units]
    ['increasing', 'constant', 'decreasing']
    """
    at = technology.at(unit)
    x0, y0 = technology.x[at], technology.y[at]
    kinds: tuple[Returns, ...] = ("constant", "variable", "falling")
    constant, variable, falling = (radial(x0, y0, replace(technology, returns=each)) for each in kinds)
    if abs(constant - variable) < _SAME:
        return constant, variable, "constant"
    return constant, variable, "increasing" if abs(falling - constant) < _SAME else "decreasing"


def _equalities(
    x0: Floats, x: Floats, returns: Returns, free: npt.NDArray[np.bool_], before: int
) -> tuple[Floats | None, Floats | None]:
    """Return the rows that hold exactly: fixed inputs, weights that add up to one; after ``before`` others."""
    n = len(x)
    rows = [np.concatenate([np.zeros(before), column]) for column in x[:, ~free].T]
    value = list(x0[~free])
    if returns == "variable":
        rows.append(np.concatenate([np.zeros(before), np.ones(n)]))
        value.append(1.0)
    return (np.array(rows), np.array(value)) if rows else (None, None)


def _falling(returns: Returns, n: int, before: int) -> tuple[Floats, Floats]:
    """Return the row that keeps weights at one together or below."""
    rows = int(returns == "falling")
    return np.tile(np.concatenate([np.zeros(before), np.ones(n)]), (rows, 1)), np.ones(rows)


def _slacks(x0: Floats, y0: Floats, technology: Technology, score: float) -> tuple[Floats, Floats, Floats]:
    """Return weights and slacks (inputs, outputs; over the means) where the sum of slacks is largest."""
    x, y, free = technology.x, technology.y, technology.free
    n, m, s = len(x), int(free.sum()), y.shape[1]
    shrink, grow = (score, 1.0) if technology.orientation == "input" else (1.0, 1 / score)
    cost = np.concatenate([np.zeros(n), -np.ones(m + s)])
    same = np.block([[x[:, free].T, np.eye(m), np.zeros((m, s))], [y.T, np.zeros((s, m)), -np.eye(s)]])
    value = np.concatenate([shrink * x0[free], grow * y0])
    more, also = _equalities(x0, x, technology.returns, free, 0)
    if more is not None and also is not None:
        same = np.vstack([same, np.hstack([more, np.zeros((len(more), m + s))])])
        value = np.append(value, also)
    fall, limit = _falling(technology.returns, n, 0)
    fall = np.hstack([fall, np.zeros((len(fall), m + s))])
    solved = linprog(cost, fall, limit, same, value, bounds=(0, None), method="highs")
    saved = np.zeros(x.shape[1])
    if not solved.success:  # rounding of the score leaves no room: nothing more to save
        return np.zeros(n), saved, np.zeros(s)
    saved[free] = solved.x[n : n + m]
    return solved.x[:n], saved, solved.x[n + m :]


def _peers(technology: Technology, weights: Floats) -> pd.Series:
    found = pd.Series(weights, index=technology.units.astype(str), name="weight")
    return found[found > _SAME].sort_values(ascending=False, kind="stable")


def _targets(technology: Technology, at: int, score: float, saved: Floats, added: Floats) -> pd.DataFrame:
    inward = technology.orientation == "input"
    rows = []
    for side, frame, slack in (("input", technology.inputs, saved), ("output", technology.outputs, added)):
        mean = frame.mean().to_numpy()
        for column, name in enumerate(frame.columns):
            actual, spare = float(frame.iloc[at, column]), float(slack[column] * mean[column])
            spare = spare if spare > _SAME * max(actual, _SAME * mean[column]) else 0.0
            moved = actual
            if side == "input" and inward and technology.free[column]:
                moved = score * actual
            elif side == "output" and not inward:
                moved = actual / score
            target = moved - spare if side == "input" else moved + spare
            rows.append((side, str(name), actual, target, spare))
    return pd.DataFrame(rows, columns=["kind", "name", "actual", "target", "slack"])
