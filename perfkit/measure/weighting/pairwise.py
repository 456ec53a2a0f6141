"""Weights from pairwise comparisons: the analytic hierarchy process, alone and in a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from perfkit.errors import Problem
from perfkit.measure.weighting.checks import Array, fail_if_any

# A judgement of 1/3 typed as 0.33, of 1/7 as 0.14 or of 1/6 as 0.17 is still its opposite's reciprocal.
_RECIPROCAL = 0.05


class RandomIndex(NamedTuple):
    """The mean consistency index of random judgement matrices of size 1, 2, 3 ..., and who published it."""

    source: str
    printed: str

    @property
    def values(self) -> tuple[float, ...]:
        """The index by size, beginning with one indicator."""
        return tuple(float(each) for each in self.printed.split())


RANDOM_INDEX: Mapping[str, RandomIndex] = {
    "saaty": RandomIndex(
        "Saaty 1980, The Analytic Hierarchy Process",
        "0 0 0.58 0.90 1.12 1.24 1.32 1.41 1.45 1.49 1.51 1.48 1.56 1.57 1.59",
    ),
    "saaty2005": RandomIndex(
        "Saaty 2005, Theory and Applications of the Analytic Network Process, p. 31",
        "0 0 0.52 0.89 1.11 1.25 1.35 1.40 1.45 1.49 1.52 1.54 1.56 1.58 1.59",
    ),
    "donegan_dodd": RandomIndex(
        "Donegan & Dodd 1991, Mathematical and Computer Modelling 15(10), 135-137",
        "0 0 0.4914 0.8286 1.0591 1.1797 1.2519 1.3171 1.3733 1.4055 1.4213 1.4497 1.4643 1.4822 1.4969 1.5078 1.5153"
        " 1.5262 1.5313 1.5371",
    ),
    "alonso": RandomIndex(
        "Alonso & Lamata 2006, IJUFKS 14(4), 445-459",
        "0 0 0.5245 0.8815 1.1086 1.2479 1.3417 1.4056 1.4499 1.4854 1.5141 1.5365 1.5551 1.5713 1.5838",
    ),
}


@dataclass(frozen=True, eq=False)
class Priorities:
    """Weights from pairwise comparisons, and how far the comparisons contradict each other.

    ``weights`` is indexed by indicator. ``judgements`` (indicator x indicator) is the matrix as used: exactly
    reciprocal, missing comparisons filled. ``ci`` is the consistency index, ``cr`` its ratio to ``index_value``, the
    random index of this size in the table ``random_index`` published in ``index_source``.
    """

    weights: pd.Series
    judgements: pd.DataFrame
    method: str
    lambda_max: float
    ci: float
    cr: float
    random_index: str
    index_value: float
    index_source: str
    limit: float

    @property
    def consistent(self) -> bool:
        """Whether the consistency ratio keeps the limit."""
        return self.cr <= self.limit

    @property
    def sentence(self) -> tuple[str, str]:
        """The consistency check as one sentence, English and Chinese, with the table of random indices it used."""
        n, sign = len(self.weights), "≤" if self.consistent else ">"
        shown = f"CR = {self.ci:.4f} / {self.index_value:g} = {self.cr:.4f} {sign} {self.limit:g}"
        english, chinese = ("consistent", "通过") if self.consistent else ("not consistent", "未通过")
        return (
            f"{shown}: {english} (random index for n = {n}: {self.index_source})",
            f"{shown}，{chinese}一致性检验（n = {n} 的随机指标取自 {self.index_source}）",
        )


def _said(forward: float, back: float) -> float:
    """Return a judgement from its two cells: the one above one is what was said, its opposite may be rounded."""
    if np.isnan(forward) or back > 1:
        return 1 / back
    return forward


def _judgements(matrix: pd.DataFrame) -> Array:
    """Return pairwise comparisons as an exactly reciprocal matrix, NaN where a pair was not compared."""
    n, names = len(matrix), matrix.columns
    if n == 0 or list(matrix.index) != list(names) or names.has_duplicates:
        what = ("rows and columns must be the same indicators in the same order", "行与列须为同样的指标且顺序一致")
        fail_if_any([Problem(what, got=f"{list(matrix.index)} x {list(names)}")])
    a: Array = np.array(matrix.apply(pd.to_numeric, errors="coerce"), dtype=np.float64)
    given, problems = matrix.notna().to_numpy(), []
    for i, j in zip(*np.nonzero(given & ~((a > 0) & np.isfinite(a))), strict=True):
        what = ("a comparison must be a positive number", "判断值须为正数")
        problems.append(Problem(what, f"{names[i]} › {names[j]}", got=str(matrix.iloc[i, j])))
    fail_if_any(problems)
    for i, j in zip(*np.triu_indices(n), strict=True):
        forward, back = float(a[i, j]), float(a[j, i])
        if abs(forward * back - 1) > _RECIPROCAL:
            what = ("a comparison and its opposite are not reciprocal", "判断矩阵对应元素不互为倒数")
            problems.append(Problem(what, f"{names[j]} › {names[i]}", f"{1 / forward:.4g}", f"{back:.4g}"))
        a[i, j] = 1.0 if i == j else _said(forward, back)
        a[j, i] = 1 / a[i, j]
    fail_if_any(problems)
    return a


def _principal(matrix: Array) -> tuple[float, Array]:
    """Return the largest eigenvalue of a positive matrix and its eigenvector, which sums to one."""
    values, vectors = np.linalg.eig(matrix)
    first = int(values.real.argmax())
    vector = np.abs(vectors[:, first].real)
    return float(values[first].real), vector / vector.sum()


def _completed(judgements: Array, names: pd.Index) -> Array:
    """Fill the comparisons that are missing so that the matrix is as consistent as it can be (least lambda_max)."""
    from scipy import optimize

    known = ~np.isnan(judgements)
    rows, columns = np.nonzero(np.triu(~known))
    if not (np.linalg.matrix_power(known.astype(float), len(known)) > 0).all():
        what = ("the comparisons fall into groups that nothing links", "判断分成互不相连的组，无法比较")
        pairs = ", ".join(f"{names[i]} › {names[j]}" for i, j in zip(rows, columns, strict=True))
        fail_if_any([Problem(what, got=pairs, do=("compare one of these pairs", "请至少再比较其中一对"))])

    def filled(logs: Array) -> Array:
        matrix = judgements.copy()
        matrix[rows, columns], matrix[columns, rows] = np.exp(logs), np.exp(-logs)
        return matrix

    def inconsistency(logs: Array) -> tuple[float, Array]:
        matrix = filled(logs)
        (value, right), (_, left) = _principal(matrix), _principal(matrix.T)
        pull = matrix * np.outer(left, right) / (left @ right)
        return float(np.log(value)), (pull[rows, columns] - pull[columns, rows]) / value

    start = np.zeros(len(rows))
    return filled(optimize.minimize(inconsistency, start, jac=True, method="BFGS", options={"gtol": 1e-9}).x)


def ahp(
    matrix: pd.DataFrame,
    *,
    random_index: str = "saaty",
    method: Literal["eigenvector", "geometric"] = "eigenvector",
    limit: float = 0.1,
) -> Priorities:
    """Return weights from pairwise comparisons (analytic hierarchy process), with their consistency ratio.

    Parameters
    ----------
    matrix
        Square, the same indicators as rows and columns; the cell says how many times the row matters as much as the
        column. Either half may be left empty; a pair empty in both halves is a missing comparison.
    random_index
        Table of random indices: one of ``RANDOM_INDEX``. The ratio of one matrix differs between tables.
    method
        ``eigenvector`` (Saaty) or ``geometric``, the geometric means of the rows.
    limit
        Largest consistency ratio called consistent; Saaty's convention unless you say otherwise. Nothing is refused
        for exceeding it: look at ``consistent``.

    Raises
    ------
    ScoreError
        If a comparison is not positive, or not the reciprocal of its opposite (beyond the rounding of 1/7 to 0.14);
        if the comparisons given do not link all indicators; if the table is unknown or ends before this size.

    Notes
    -----
    A w = lambda_max w; CI = (lambda_max - n) / (n - 1); CR = CI / RI(n), and zero for n < 3. Lambda_max is the
    matrix's under either method. Missing comparisons take the values for which lambda_max is least (Bozóki, Fülöp &
    Rónyai 2010); their CR is compared with the random index of complete matrices, which flatters it.
    *Checked against*: AHPy 2.1 (Saaty's drinks; Bozóki's incomplete matrix); the 2006 table by simulation.

    Examples
    --------
    >>> names = ["产出", "效益", "满意度"]
    >>> found = ahp(pd.DataFrame([[1, 3, 7], [None, 1, 5], [None, None, 1]], index=names, columns=names))
    >>> found.weights.round(3).tolist(), found.consistent
    ([0.649, 0.279, 0.072], True)
    >>> print(found.sentence[0])
    CR = 0.0324 / 0.58 = 0.0559 ≤ 0.1: consistent (random index for n = 3: Saaty 1980, The Analytic Hierarchy Process)
    """
    a, n = _judgements(matrix), len(matrix)
    table = RANDOM_INDEX.get(random_index, RandomIndex("", ""))
    if n > len(table.values):
        what = ("no random index for this size in this table", "该随机指标表没有此阶数")
        held = ", ".join(f"{name} (≤ {len(each.values)})" for name, each in RANDOM_INDEX.items())
        fail_if_any([Problem(what, expected=held, got=f"{random_index}, {n}")])
    if np.isnan(a).any():
        a = _completed(a, matrix.index)
    largest, weights = _principal(a)
    if method == "geometric":
        weights = np.exp(np.log(a).mean(axis=1))
    ci, index = max((largest - n) / (n - 1), 0.0) if n > 2 else 0.0, table.values[n - 1]
    return Priorities(
        weights=pd.Series(weights / weights.sum(), index=matrix.index, name="weight"),
        judgements=pd.DataFrame(a, index=matrix.index, columns=matrix.columns),
        method=method,
        lambda_max=largest,
        ci=ci,
        cr=ci / index if n > 2 else 0.0,
        random_index=random_index,
        index_value=index,
        index_source=table.source,
        limit=limit,
    )


def ahp_group(
    matrices: Sequence[pd.DataFrame],
    *,
    random_index: str = "saaty",
    method: Literal["eigenvector", "geometric"] = "eigenvector",
    limit: float = 0.1,
) -> Priorities:
    """Return the weights of a group: ``ahp`` of the geometric means of its members' judgements.

    A pair that some members left out is the mean of those who compared it. A group can be consistent while its
    members are not: look at each member's own ``ahp`` too.

    Raises
    ------
    ScoreError
        As ``ahp``, for any member; or if members compare different indicators.

    Notes
    -----
    a_ij = (product over members of a_ij)^(1 / members), the only mean that keeps the group's matrix reciprocal (Aczél
    & Saaty 1983). *Checked against*: AHPy 2.1 on the geometric mean of two experts.

    Examples
    --------
    >>> pair = [pd.DataFrame([[1, a], [1 / a, 1]], index=["x", "y"], columns=["x", "y"]) for a in (2, 8)]
    >>> ahp_group(pair).weights.round(3).tolist()
    [0.8, 0.2]
    """
    if not matrices or any(list(each.columns) != list(matrices[0].columns) for each in matrices):
        got = " | ".join(str(list(each.columns)) for each in matrices)
        fail_if_any([Problem(("members must compare the same indicators", "各专家须比较同样的指标"), got=got)])
    logs = np.log([_judgements(each) for each in matrices])
    count = (~np.isnan(logs)).sum(axis=0)
    mean = np.where(count > 0, np.nansum(logs, axis=0) / np.maximum(count, 1), np.nan)
    group = pd.DataFrame(np.exp(mean), index=matrices[0].index, columns=matrices[0].columns)
    return ahp(group, random_index=random_index, method=method, limit=limit)
