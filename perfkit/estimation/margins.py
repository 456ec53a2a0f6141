"""The whole from its parts: certain units as they were found, the rest from the random checks within known groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.design import Codes, Design, Floats
from perfkit.estimation.inputs import Values, complete
from perfkit.estimation.intervals import Interval, limits

LEAST = 2  # one check in a group shows no spread at all


@dataclass(frozen=True)
class Whole:
    """What the certain units and the rest add up to, in each of k columns.

    Parameters
    ----------
    certain
        Totals of the certain units, exact (k,).
    rest
        Size of the units that were not certain (a number of units, an amount of money).
    shares
        What share of the rest falls in each column (k,), with its ``covariance`` (k, k).
    effective
        Random rows, counted for their unequal sizes (Kish).
    groups, left, joined
        The group of each row as a code (certain rows: -1), the size left in each group, and in words which groups had
        too few checks and were joined to a neighbour.
    """

    certain: Floats
    rest: float
    shares: Floats
    covariance: Floats
    effective: float
    groups: Codes
    left: Floats
    joined: tuple[str, ...]

    @property
    def totals(self) -> Floats:
        """The totals of the population (k,)."""
        return self.certain + self.rest * self.shares

    @property
    def errors(self) -> Floats:
        """Their standard errors (k,)."""
        found: Floats = self.rest * np.sqrt(np.diag(self.covariance).clip(0))
        return found

    def limits(self, df: float, confidence: float, interval: Interval) -> tuple[Floats, Floats]:
        """Return limits of the totals: never less than the certain units hold, never more than all the rest adds."""
        if not self.rest:
            return self.certain, self.certain
        se = np.sqrt(np.diag(self.covariance).clip(0))
        freedom = np.full(len(se), max(df, 1.0))
        low, high = limits(
            self.shares, se, freedom, confidence=confidence, interval=interval, effective=self.effective
        )
        return self.certain + self.rest * low.clip(0, 1), self.certain + self.rest * high.clip(0, 1)


def of_the_whole(
    hits: npt.NDArray[np.bool_],
    size: Floats,
    groups: Values,
    known: Mapping[str, float] | pd.Series,
    design: Design,
    order: Sequence[str] = (),
) -> Whole:
    r"""Return what ``hits`` add up to in the whole population, post-stratified by groups whose size is known.

    Parameters
    ----------
    hits
        In which of k columns each row falls (rows, k).
    size
        What each row counts: one, or its budget.
    groups
        Known for all units, checked or not: the self-grade.
    known
        The size of each group in the population, certain units included.
    design
        How the rows came in; rows of inclusion 1 are certain.
    order
        The groups in order: one with fewer than two random checks is joined to its nearest neighbour.

    Raises
    ------
    SampleError
        If a group of the sample has no known size or a smaller one than was checked of it, or one of the population
        has too few random checks and no neighbour.

    Notes
    -----
    In group g the rest, :math:`N_g` less the certain units of g, times the weighted share among its random rows;
    linearised :math:`z = (N_g^{rest} / \hat N_g) s (h - R_g)` with weights :math:`w`, over the rest of all.

    *Checked against*: :func:`post_stratify`, which reproduces R survey 4.1.1.
    """
    label = complete(groups, design).astype(str).to_numpy()
    held = pd.Series(known, dtype=float)
    held.index = held.index.astype(str)
    certain = design.inclusion >= 1
    _fail_if_sizes_do_not_fit(label, size, certain, held)
    names = [str(name) for name in held.index]
    code = pd.Index(names).get_indexer(pd.Index(label))
    k = len(names)
    weighted = design.weights * size
    left: Floats = held.to_numpy() - np.bincount(code[certain], weighted[certain], k)
    left[np.abs(left) <= 1e-9 * held.to_numpy()] = 0.0
    random = ~certain
    into, joined = _neighbours(np.bincount(code[random], minlength=k), left, names, order)
    at: Codes = np.where(random, into[code], -1)
    target: Floats = np.bincount(into, left, k).astype(float)
    shown: Floats = np.bincount(at[random], weighted[random], k).astype(float)
    rest = float(left.sum())
    exact: Floats = (hits[certain] * weighted[certain, None]).sum(axis=0)
    found: Floats = np.column_stack(
        [np.bincount(at[random], weighted[random] * hit[random], k).astype(float) for hit in hits.T]
    )
    rates = np.divide(found, shown[:, None], out=np.zeros_like(found), where=shown[:, None] > 0)
    scale = np.divide(target, shown, out=np.zeros(k), where=shown > 0)
    over = rest or 1.0
    z = np.where(random[:, None], (scale[at] * size)[:, None] * (hits - rates[at]), 0.0) / over
    kish = float(weighted[random].sum() ** 2 / (weighted[random] ** 2).sum()) if random.any() else 1.0
    return Whole(exact, rest, target @ rates / over, design.covariance(z), kish, at, target, joined)


def _neighbours(
    checks: Codes, left: Floats, names: Sequence[str], order: Sequence[str]
) -> tuple[Codes, tuple[str, ...]]:
    """Return for each group the one that speaks for it, itself where it has checks enough."""
    into: Codes = np.arange(len(names), dtype=np.int64)
    rank = {name: place for place, name in enumerate(order)}
    able = [at for at in into if checks[at] >= LEAST and names[at] in rank]
    joined, problems = [], []
    for at in into:
        few = checks[at] < LEAST and (left[at] > 0 or checks[at] > 0)
        if few and names[at] in rank and able:
            near = min(able, key=lambda other: (abs(rank[names[other]] - rank[names[at]]), rank[names[other]]))
            into[at] = near
            joined.append(f"{names[at]}→{names[near]}")
        elif few:
            problems.append(
                Problem(
                    ("too few random checks in a group of the population", "总体中该组随机抽查的单位过少"),
                    names[at],
                    f"≥ {LEAST}",
                    str(checks[at]),
                    ("join it to another group", "请与相近的组合并"),
                    column="group",
                )
            )
    fail_if_any(SampleError, "groups 分组", problems)
    return into, tuple(joined)


def _fail_if_sizes_do_not_fit(
    label: npt.NDArray[np.object_], size: Floats, certain: npt.NDArray[np.bool_], known: pd.Series
) -> None:
    checked = pd.Series(size).groupby(label).sum()
    bound = pd.Series(size[certain]).groupby(label[certain]).sum()
    problems = [
        Problem(
            ("the sample has a group of unknown size in the population", "样本中的组没有总体数"),
            str(name),
            do=("give the population of every group", "请给出每一组的总体数"),
            column="group",
        )
        for name in checked.index
        if name not in known.index or not np.isfinite(known[name])
    ]
    problems += [
        Problem(
            ("more was checked of a group than the population holds", "该组核查的数量超过总体数"),
            str(name),
            f"≤ {known[name]:g}",
            f"{checked[name]:g}",
            ("count the checked units in the population too", "总体数应包括已核查的单位"),
            column="group",
        )
        for name in checked.index
        if name in known.index and max(checked[name], bound.get(name, 0.0)) > known[name] * (1 + 1e-9)
    ]
    fail_if_any(SampleError, "population 总体", problems)
