"""What it would cost to act on the grades: money that a rule moves, and what an error of the check does to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.agreement import fail_if_no_grade, from_worst, graded, placed
from perfkit.estimation.design import Design, Floats
from perfkit.estimation.inputs import Values, numbers
from perfkit.estimation.intervals import Interval, estimates
from perfkit.estimation.margins import of_the_whole
from perfkit.estimation.totals import total


def money_moved(
    reported: Values,
    checked: Values,
    money: Values,
    design: Design,
    population: Mapping[str, float] | pd.Series,
    cuts: Mapping[str, float],
    listed: Sequence[str],
    *,
    confidence: float = 0.95,
    interval: Interval = "wilson",
) -> pd.DataFrame:
    r"""Return the money of all units that checks would put in a grade the rule lists, were every unit checked.

    Parameters
    ----------
    reported, checked
        Self-grade and checked grade of each row.
    money
        Its budget, in yuan.
    design
        How the rows came in.
    population
        The budget of all units of the population by self-grade, those checked included.
    cuts
        The lowest score of each grade.
    listed
        The grades that lose their budget.
    confidence, interval
        Of the limits, of the share of money that was not certain: never below what certain units alone lose.

    Returns
    -------
    DataFrame
        Of the table ``estimates``, in yuan: the measures ``found`` (units already checked, exact), ``moved`` (the
        whole population) and ``not yet found`` (the whole less what is found).

    Raises
    ------
    SampleError
        As in :func:`corrected_distribution`; or if money is missing or below zero, or ``listed`` names no grade.

    Notes
    -----
    :math:`\sum_{certain} b 1 + \sum_g B_g^{rest} \sum_g w b 1 / \sum_g w b`: a ratio to budgets known for all, within
    each self-grade. Budgets that differ a hundredfold ask for many checks: with 104 of 1,039 projects of the Asian
    Development Bank limits of 95 % held 92 % of the time.

    *Checked against*: :func:`post_stratify` with rows counted in yuan, which reproduces R survey 4.1.1; coverage by
    simulation.

    Examples
    --------
    >>> own, seen, budget = ["优"] * 4, ["优", "优", "优", "中"], [4.0, 3.0, 2.0, 1.0]
    >>> found = money_moved(own, seen, budget, Design.simple(4, 40), {"优": 200.0}, {"优": 90, "中": 60}, ["中"])
    >>> found[["measure", "estimate"]].round(6).to_numpy().tolist()
    [['found', 1.0], ['moved', 20.0], ['not yet found', 19.0]]
    """
    names = from_worst(cuts)
    fail_if_no_grade(listed, names)
    budget = _money(money, design)
    lost = np.isin(placed(checked, names, design), [names.index(each) for each in listed])
    whole = of_the_whole(lost[:, None], budget, reported, population, design, names)
    found = float(budget[lost].sum())
    moved = float(whole.totals[0])
    low, high = (float(each[0]) for each in whole.limits(design.df, confidence, interval))
    low = max(low, found)
    said = "，".join(whole.joined)
    note = (f"抽查过少的自评等级并入相邻等级：{said}", f"self-grades with too few checks joined: {said}")
    made = estimates(
        ["all"] * 3,
        "ratio within self-grades",
        [design.n] * 3,
        [float(design.weights.sum())] * 3,
        [found, moved, moved - found],
        [0.0, float(whole.errors[0]), float(whole.errors[0])],
        [design.df] * 3,
        confidence=confidence,
        measure=["found", "moved", "not yet found"],
        note=note if said else ("", ""),
    )
    return made.assign(low=[found, low, low - found], high=[found, high, high - found], interval=interval)


def second_check(
    points: Values,
    money: Values,
    design: Design,
    cuts: Mapping[str, float],
    listed: Sequence[str],
    sd: float,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Return what the rule would decide differently if checks were off by chance: false cuts, false keeps.

    The checked score is taken as right, and a check that errs with a standard deviation of ``sd`` points decides.

    Parameters
    ----------
    points
        Checked score of each row.
    money
        Its budget, in yuan.
    design
        How the rows came in.
    cuts
        The lowest score of each grade.
    listed
        The grades that lose their budget.
    sd
        Of the error of a check, in points, for example the standard error of measurement of reviewers who scored the
        same projects.
    confidence
        Of the limits.

    Returns
    -------
    DataFrame
        Of the table ``estimates``: for units and for yuan (``estimator``), the measures ``false cut`` (right score
        not listed, the check says listed), ``false keep`` (the reverse), ``listed`` (by the right score) and ``cut``
        (by the check). cut = listed - false keep + false cut.

    Raises
    ------
    SampleError
        If scores or money are missing, ``listed`` names no grade, or ``sd`` is below zero.

    Notes
    -----
    The probability that a score x falls in grade g is :math:`\Phi((u_g - x) / sd) - \Phi((l_g - x) / sd)`, no draws
    are made; totals and errors over the population by the design. Scores that already carry an error spread more than
    right ones do: take the figures as an order of magnitude.

    Examples
    --------
    >>> cuts = {"优": 90, "中": 60}
    >>> found = second_check([90.0, 95.0], [1.0, 1.0], Design.simple(2), cuts, ["中"], 5.0)
    >>> found.loc[found["estimator"].eq("yuan"), ["measure", "estimate"]].round(4).to_numpy().tolist()[:2]
    [['false cut', 0.6587], ['false keep', 0.0]]
    """
    names = from_worst(cuts)
    fail_if_no_grade(listed, names)
    x, budget = numbers(points, design), _money(money, design)
    if not sd >= 0:
        problem = Problem(("a standard deviation is not below zero", "标准差不能为负"), expected="≥ 0", got=f"{sd:g}")
        fail_if_any(SampleError, "sd 标准差", [problem])
    lost = np.isin(graded(x, cuts), list(listed))
    chance = _chance_listed(x, cuts, listed, sd) if sd else lost.astype(float)
    kinds = {
        "false cut": ~lost * chance,
        "false keep": lost * (1 - chance),
        "listed": lost.astype(float),
        "cut": chance,
    }
    parts = [
        total(part * size, design, confidence=confidence).assign(measure=measure, estimator=unit)
        for unit, size in (("units", np.ones(design.n)), ("yuan", budget))
        for measure, part in kinds.items()
    ]
    made = pd.concat(parts, ignore_index=True)
    return made.assign(low=made["low"].clip(lower=0))


def _chance_listed(x: Floats, cuts: Mapping[str, float], listed: Sequence[str], sd: float) -> Floats:
    names = from_worst(cuts)
    edges = [-np.inf, *[cuts[name] for name in names[1:]], np.inf]
    found: Floats = np.zeros(len(x))
    for at, name in enumerate(names):
        if name in listed:
            found = found + stats.norm.cdf((edges[at + 1] - x) / sd) - stats.norm.cdf((edges[at] - x) / sd)
    return found


def _money(money: Values, design: Design) -> Floats:
    budget = numbers(money, design)
    problems = [
        Problem(("an amount below zero", "金额为负"), f"row {at + 1} 第 {at + 1} 行", "≥ 0", f"{budget[at]:g}")
        for at in np.flatnonzero(budget < 0)
    ]
    fail_if_any(SampleError, "money 金额", problems)
    return budget
