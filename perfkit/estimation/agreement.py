"""Do self-grade and checked grade agree: the confusion of the whole population, kappa, and who is downgraded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.design import Codes, Design, Floats
from perfkit.estimation.few import without_error
from perfkit.estimation.inputs import Values, complete
from perfkit.estimation.intervals import Interval, estimates
from perfkit.estimation.totals import shares

DECIMALS = 9  # a sum of printed points is exact to this many places


def from_worst(cuts: Mapping[str, float]) -> list[str]:
    """Return the grades from the worst to the best: ``cuts`` holds each one's lowest score, which belongs to it.

    Examples
    --------
    >>> from_worst({"优": 90, "良": 80, "中": 60, "差": 0})
    ['差', '中', '良', '优']
    """
    return sorted(cuts, key=lambda grade: cuts[grade])


def graded(points: npt.ArrayLike, cuts: Mapping[str, float]) -> npt.NDArray[np.str_]:
    """Return the grade of each score; a score below all cuts gets the worst grade.

    Examples
    --------
    >>> graded([90, 89.99, 12], {"优": 90, "良": 80, "中": 60, "差": 0}).tolist()
    ['优', '良', '差']
    """
    names = from_worst(cuts)
    lowest = np.array([cuts[name] for name in names])
    at = np.searchsorted(lowest, np.round(np.asarray(points, dtype=float), DECIMALS), side="right") - 1
    found: npt.NDArray[np.str_] = np.asarray(names)[at.clip(0)]
    return found


def confusion(reported: Values, checked: Values, design: Design, cuts: Mapping[str, float]) -> pd.DataFrame:
    """Return how many units of the population have each self-grade and checked grade, by the weights.

    Parameters
    ----------
    reported, checked
        Self-grade and checked grade of each row.
    design
        How the rows came in.
    cuts
        The lowest score of each grade.

    Returns
    -------
    DataFrame
        Self-grades (rows) by checked grades (columns), both from the worst to the best.

    Raises
    ------
    SampleError
        If grades are missing or none of ``cuts``.

    *Checked against*: R survey 4.1.1 (svytable).

    Examples
    --------
    >>> cuts = {"优": 90, "良": 80}
    >>> confusion(["优", "优", "良"], ["优", "良", "良"], Design.simple(3, 30), cuts).to_numpy().tolist()
    [[10.0, 0.0], [10.0, 10.0]]
    """
    names = from_worst(cuts)
    cells = placed(reported, names, design) * len(names) + placed(checked, names, design)
    counted = np.bincount(cells, design.weights, len(names) ** 2).reshape(len(names), len(names))
    return pd.DataFrame(counted, index=pd.Index(names, name="reported"), columns=pd.Index(names, name="checked"))


def agreement(
    reported: Values,
    checked: Values,
    design: Design,
    cuts: Mapping[str, float],
    *,
    confidence: float = 0.95,
    interval: Interval = "wilson",
) -> pd.DataFrame:
    r"""Return how far self-grades and checked grades of the whole population agree.

    Returns
    -------
    DataFrame
        Of the table ``estimates``: the shares ``agreement``, ``downgraded`` (checked worse than reported),
        ``upgraded``, and ``kappa`` (quadratic weights, interval by Student's t; NaN where all have one grade).

    Raises
    ------
    SampleError
        As in :func:`confusion`.

    Notes
    -----
    With shares :math:`p_{ij}` and :math:`v_{ij} = (i - j)^2`, kappa is :math:`1 - D_o / D_e`, :math:`D_o = \sum v
    p_{ij}`, :math:`D_e = \sum v p_{i.} p_{.j}`. Its error by linearising both: a row in cell (i, j) moves them by
    :math:`v_{ij} - D_o` and :math:`\sum_l v_{il} p_{.l} + \sum_k v_{kj} p_{k.} - 2 D_e`, over the sum of weights.

    *Checked against*: R survey 4.1.1 (weighted shares); its error against the delete-one jackknife.

    Examples
    --------
    >>> cuts = {"优": 90, "良": 80, "中": 60}
    >>> found = agreement(["优", "优", "良", "中"], ["优", "良", "良", "中"], Design.simple(4), cuts)
    >>> found[["measure", "estimate"]].round(3).to_numpy().tolist()
    [['agreement', 0.75], ['downgraded', 0.25], ['upgraded', 0.0], ['kappa', 0.8]]
    """
    names = from_worst(cuts)
    own, seen = placed(reported, names, design), placed(checked, names, design)
    kinds = {"agreement": own == seen, "downgraded": seen < own, "upgraded": seen > own}
    parts = []
    for measure, held in kinds.items():
        found = shares(held, design, levels=[True, False], confidence=confidence, interval=interval)
        parts.append(found.iloc[[0]].assign(measure=measure))
    kappa, se = _kappa(own, seen, design, len(names))
    size = [float(design.weights.sum())]
    found = estimates(["all"], "kappa", [design.n], size, [kappa], [se], [design.df], confidence=confidence)
    parts.append(found.assign(measure="kappa"))
    return pd.concat(parts, ignore_index=True)


def downgraded_to(
    reported: Values,
    checked: Values,
    design: Design,
    cuts: Mapping[str, float],
    to: Sequence[str],
    *,
    confidence: float = 0.95,
    interval: Interval = "korn_graubard",
) -> pd.DataFrame:
    """Return, for each self-grade, the probability that a check finds one of the grades ``to``.

    Parameters
    ----------
    to
        The grades asked for, ``["中", "差"]`` for instance.
    reported, checked, design, cuts, confidence, interval
        As in :func:`agreement`; ``korn_graubard`` holds for small groups and shares of 0 or 1.

    Returns
    -------
    DataFrame
        Of the table ``estimates``: a row a self-grade in the sample, from the best to the worst.

    Raises
    ------
    SampleError
        As in :func:`confusion`, or if ``to`` names no grade.

    Examples
    --------
    >>> cuts = {"优": 90, "良": 80, "中": 60}
    >>> found = downgraded_to(["优"] * 4 + ["中"] * 2, ["优"] * 3 + ["中"] * 3, Design.simple(6), cuts, ["中"])
    >>> found[["domain", "estimate"]].to_numpy().tolist()
    [['优', 0.25], ['中', 1.0]]
    """
    names = from_worst(cuts)
    fail_if_no_grade(to, names)
    own = placed(reported, names, design)
    hit = np.isin(placed(checked, names, design), [names.index(each) for each in to])
    by = pd.Series(own).map(names.__getitem__)
    found = shares(hit, design, by, levels=[True, False], confidence=confidence, interval=interval)
    found = found[found["measure"].eq("True")].reset_index(drop=True).assign(measure=f"checked {' or '.join(to)}")
    found = without_error(found, design, by)
    return found.sort_values("domain", key=lambda grades: -grades.map(names.index)).reset_index(drop=True)


def placed(labels: Values, names: Sequence[str], design: Design) -> Codes:
    """Return the place of each row's grade among ``names``.

    Raises
    ------
    SampleError
        If grades are missing or none of ``names``.
    """
    held = complete(labels, design)
    fail_if_no_grade(held, names)
    places: Codes = held.astype(str).map({name: place for place, name in enumerate(names)}).to_numpy(dtype=np.int64)
    return places


def fail_if_no_grade(labels: Values, names: Sequence[str]) -> None:
    """Raise SampleError for labels that are none of the grades ``names``."""
    unknown = [str(each) for each in pd.unique(pd.Series(labels)) if str(each) not in names]
    problems = [
        Problem(
            ("no grade of that name", "没有这个等级"),
            expected=", ".join(reversed(names)),
            got=each,
            do=("write grades as in the cut-offs", "等级名称须与等级标准一致"),
            column="grade",
        )
        for each in unknown
    ]
    fail_if_any(SampleError, "grades 等级", problems)


def _kappa(own: Codes, seen: Codes, design: Design, k: int) -> tuple[float, float]:
    w, units = design.weights, float(design.weights.sum())
    apart: Floats = np.subtract.outer(np.arange(k), np.arange(k)).astype(float) ** 2
    rows = np.bincount(own, w, k) / units
    columns = np.bincount(seen, w, k) / units
    found = float(w @ apart[own, seen]) / units
    chance = float(rows @ apart @ columns)
    if not chance:
        return np.nan, np.nan
    moved = (apart @ columns)[own] + (rows @ apart)[seen] - 2 * chance
    z = (-(apart[own, seen] - found) / chance + found / chance**2 * moved) / units
    return 1 - found / chance, float(np.sqrt(design.covariance(z)[0, 0]))
