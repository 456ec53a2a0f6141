"""How many departments, and how many projects in each: the optimum of two stages by cost or by precision."""

from __future__ import annotations

import math
from dataclasses import dataclass

from perfkit.sampling.size.need import at_least, fail_if_unfit, one_of, positive, share


@dataclass(frozen=True)
class TwoStage:
    """A two-stage sample: first-stage units (departments) and second-stage units (projects) in each of them.

    Parameters
    ----------
    clusters, each
        First-stage units, and second-stage units in each: unrounded by the formula, whole numbers by ``whole``.
    cost
        Of the whole sample.
    cv
        Coefficient of variation that the estimate will have.
    """

    clusters: float
    each: float
    cost: float
    cv: float


@dataclass(frozen=True)
class _Terms:
    cost_cluster: float
    cost_each: float
    homogeneity: float
    relvariance: float

    def of(self, clusters: float, each: float) -> TwoStage:
        cost = clusters * (self.cost_cluster + self.cost_each * each)
        return TwoStage(clusters, each, cost, math.sqrt(self.numerator(each) / (clusters * each)))

    def numerator(self, each: float) -> float:
        return self.relvariance * (1 + self.homogeneity * (each - 1))


def two_stage(
    cost_cluster: float,
    cost_each: float,
    homogeneity: float,
    *,
    budget: float | None = None,
    cv: float | None = None,
    relvariance: float = 1.0,
    whole: bool = False,
) -> TwoStage:
    r"""Return the cheapest two-stage sample for a given cv, or the most precise one for a given budget.

    Parameters
    ----------
    cost_cluster, cost_each
        Cost of adding a first-stage unit (the journey to a department), and of a second-stage unit (a project).
    homogeneity
        Intraclass correlation of units of one cluster, above 0 and below 1.
    budget, cv
        Money available, or coefficient of variation to be reached; one of the two.
    relvariance
        Variance / mean² of a single unit; for an unequal population times PracTools' k.
    whole
        Return whole numbers: those that cost no more than the budget, or reach the cv.

    Raises
    ------
    SampleError
        If not exactly one target is given, a number is out of range, or the budget does not pay for one cluster.

    Notes
    -----
    :math:`n = \sqrt{(C_1 / C_2) (1 - \delta) / \delta}` in each of
    :math:`m = C / (C_1 + C_2 n)` or :math:`m = V (1 + \delta (n - 1)) / (n \, CV^2)` clusters (Hansen, Hurwitz &
    Madow 1953); no finite population correction. Whole numbers are the best of all ``each`` from 1 to twice the
    optimum.

    *Checked against*: PracTools 1.7.5, clusOpt2.

    Examples
    --------
    >>> plan = two_stage(750, 100, 0.05, budget=100_000)
    >>> round(plan.clusters, 1), round(plan.each, 1), round(plan.cv, 4)
    (51.4, 11.9, 0.0502)
    >>> two_stage(750, 100, 0.05, budget=100_000, whole=True)
    TwoStage(clusters=54, each=11, cost=99900, cv=0.050251890762960605)
    """
    fail_if_unfit(
        one_of(budget=budget, cv=cv),
        positive(cost_cluster=cost_cluster, cost_each=cost_each, relvariance=relvariance),
        share(homogeneity=homogeneity),
        at_least(cost_cluster + cost_each, budget=budget) if budget is not None else [],
    )
    terms = _Terms(cost_cluster, cost_each, homogeneity, relvariance)
    each = math.sqrt(cost_cluster / cost_each * (1 - homogeneity) / homogeneity)

    def clusters(size: float) -> float:
        if budget is not None:
            return budget / (cost_cluster + cost_each * size)
        return terms.numerator(size) / (size * (cv or 1) ** 2)

    if not whole:
        return terms.of(clusters(each), each)
    # A hair, so that a cv reached exactly is not rounded up for an error of floating point.
    fit = [(math.floor(clusters(n) + 1e-9) if budget else math.ceil(clusters(n) - 1e-9), n) for n in _around(each)]
    plans = [terms.of(m, n) for m, n in fit if m >= 1]
    return min(plans, key=lambda plan: (plan.cv, plan.cost) if budget else (plan.cost, plan.cv))


def _around(each: float) -> range:
    return range(1, 2 * math.ceil(each) + 2)
