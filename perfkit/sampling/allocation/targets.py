"""Several precisions at once: the cheapest allocation that reaches all of them, by variable and by domain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.sampling.allocation.strata import WHERE, Floats, Whole, fail_if_no_minimum, filled, read

_HAIR = 1e-9


@dataclass(frozen=True)
class Target:
    """A precision to be reached.

    Parameters
    ----------
    se
        Standard error of the estimated mean, in the units of ``sd``.
    sd
        Column of the strata with the standard deviation of the variable.
    strata
        Strata of the domain whose mean it is; None: all.
    """

    se: float
    sd: str = "sd"
    strata: Collection[str] | None = None


def allocate_for(strata: pd.DataFrame, targets: Sequence[Target], *, minimum: int = 2) -> pd.DataFrame:
    r"""Say how many units to draw of each stratum so that every target is reached at the least cost.

    Parameters
    ----------
    strata
        Table ``strata`` with a column for each standard deviation that a target names; ``cost`` if it has one, else
        every unit costs the same.
    targets
        Precisions to be reached, all of them.
    minimum
        As in :func:`allocate`.

    Returns
    -------
    DataFrame
        As :func:`allocate`.

    Raises
    ------
    SampleError
        If there is no target, one is not above zero, or names a stratum or column that is not there.

    Notes
    -----
    Each target limits :math:`\sum N_h^2 S_h^2 / n_h`; the cheapest real numbers follow from the multipliers of the
    limits (Bethel 1989, Survey Methodology 15-1), found by scipy's L-BFGS-B on the concave dual, in as many unknowns
    as there are targets. They are rounded up, then units are taken back one by one, the dearest first and the one
    that widens the errors least among equals, until none can be missed: the result reaches every target and no single
    unit less would, though another whole allocation may be cheaper by a unit or so.

    *Checked against*: brute force over all whole allocations; PracTools 1.7.5, strAlloc (one target, unrounded).

    Examples
    --------
    >>> strata = pd.DataFrame({"stratum": ["甲", "乙"], "units": [900, 100], "sd": [8, 12]})
    >>> allocate_for(strata, [Target(0.9), Target(2, strata=["乙"])])["drawn"].tolist()
    [63, 27]
    """
    fail_if_no_minimum(minimum)
    _fail_if_unfit(strata, targets)
    known = read(strata)
    limits = np.vstack([_limit(strata, target) for target in targets])
    lowest = known.lowest(minimum)
    cost = np.asarray(known.cost, dtype=float)
    open_ = known.units > 0
    drawn = np.zeros(len(cost), dtype=np.int64)
    exact = cheapest(limits[:, open_], cost[open_], lowest[open_].astype(float), known.units[open_].astype(float))
    up = np.ceil(exact - _HAIR * exact).astype(np.int64)
    drawn[open_] = _taken_back(
        np.clip(up, lowest[open_], known.units[open_]),
        limits[:, open_],
        cost[open_],
        lowest[open_],
        known.units[open_],
    )
    return filled(strata, drawn, minimum)


def cheapest(limits: Floats, cost: Floats, lowest: Floats, highest: Floats) -> Floats:
    """Return the real numbers of least cost with limits @ (1 / n) <= 1, each between its lowest and highest.

    Parameters
    ----------
    limits
        One row a target, one column a stratum.
    cost, lowest, highest
        A value a stratum, above zero.
    """

    def inverse(multipliers: Floats) -> Floats:
        pull = multipliers @ limits
        with np.errstate(divide="ignore"):
            return np.clip(np.sqrt(cost / pull), 1 / highest, 1 / lowest)

    def dual(multipliers: Floats) -> tuple[float, Floats]:
        x = inverse(multipliers)
        excess = limits @ x - 1
        return -float((cost / x).sum() / scale + multipliers @ excess / scale), -excess / scale

    # The multiplier of a target that stands alone, without caps: Cauchy-Schwarz.
    alone = np.sqrt(limits * cost).sum(axis=1) ** 2
    scale = max(float(alone.max()), 1.0)
    options = {"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-12}
    bounds = [(0, None)] * len(limits)
    found = optimize.minimize(dual, alone / len(limits), jac=True, bounds=bounds, method="L-BFGS-B", options=options)
    return np.asarray(1 / inverse(found.x))


def _limit(strata: pd.DataFrame, target: Target) -> Floats:
    """Return N² S² of the domain's strata over what the target allows: their sum over n may not exceed 1."""
    known = read(strata.assign(sd=strata[target.sd]))
    inside = np.ones(len(strata), dtype=bool) if target.strata is None else np.isin(known.names, list(target.strata))
    spread = np.where(inside, known.sd, 0.0)
    units = known.units.astype(float)
    allowed = (target.se * units[inside].sum()) ** 2 + (units * spread**2).sum()
    return np.asarray((units * spread) ** 2 / allowed) if allowed > 0 else np.zeros(len(units))


def _taken_back(drawn: Whole, limits: Floats, cost: Floats, lowest: Whole, highest: Whole) -> Whole:
    """Return an allocation that reaches the limits and can miss no single unit."""
    drawn = drawn.copy()
    while (worst := limits @ (1 / drawn) - 1).max() > _HAIR:
        gain = np.where(worst > _HAIR, 1, 0) @ (limits / (drawn * (drawn + 1))) / cost
        drawn[int(np.argmax(np.where(drawn < highest, gain, -1)))] += 1
    while True:
        now = limits @ (1 / drawn)
        less = np.maximum(drawn - 1, 1)
        after = now[:, None] + limits * (1 / less - 1 / drawn)
        spare = (drawn > lowest) & (after.max(axis=0) <= 1 + _HAIR)
        if not spare.any():
            return drawn
        candidates = np.flatnonzero(spare & (cost == cost[spare].max()))
        drawn[candidates[int(np.argmin(after[:, candidates].max(axis=0)))]] -= 1


def _fail_if_unfit(strata: pd.DataFrame, targets: Sequence[Target]) -> None:
    problems = [] if targets else [Problem(("no target is given", "没有给出任何精度目标"))]
    names = set(strata["stratum"].astype(str)) if "stratum" in strata else set()
    for number, target in enumerate(targets, 1):
        where = f"target {number} 目标 {number}"
        if not target.se > 0:
            problems.append(
                Problem(("the standard error is not above zero", "标准误不大于零"), where, got=f"{target.se:g}")
            )
        if target.sd not in strata:
            problems.append(Problem(("a column is missing", "缺少列"), where, target.sd))
        elif not (pd.to_numeric(strata[target.sd], errors="coerce") >= 0).all():
            problems.append(Problem(("no standard deviation ≥ 0", "缺少非负的标准差"), f"{where} › {target.sd}"))
        unknown = sorted(set(target.strata or ()) - names)
        problems += [Problem(("there is no such stratum", "没有该层"), where, got=name) for name in unknown]
        if target.strata is not None and not target.strata:
            problems.append(Problem(("the domain has no stratum", "该范围不含任何层"), where))
    fail_if_any(SampleError, WHERE, problems)
