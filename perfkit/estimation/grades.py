"""The grades the whole population would have if every unit were checked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from perfkit.estimation.agreement import from_worst, placed
from perfkit.estimation.design import Codes, Design, Floats
from perfkit.estimation.inputs import Values
from perfkit.estimation.intervals import Interval, estimates
from perfkit.estimation.margins import Whole, of_the_whole

_BLOCK = 1000  # replicates at a time: what is held stays small


def corrected_distribution(
    reported: Values,
    checked: Values,
    design: Design,
    population: Mapping[str, float] | pd.Series,
    cuts: Mapping[str, float],
    *,
    confidence: float = 0.95,
    interval: Interval = "wilson",
    replicates: int = 0,
    seed: int = 0,
) -> pd.DataFrame:
    r"""Return the share of the whole population that checks would put in each grade.

    Certain units count as they were found; the others of each self-grade as the random checks of that self-grade.

    Parameters
    ----------
    reported, checked
        Self-grade and checked grade of each row.
    design
        How the rows came in.
    population
        How many units of the population have each self-grade, those checked included. A unit that reported no grade
        may stand under a label of its own.
    cuts
        The lowest score of each grade.
    confidence, interval
        Of the limits.
    replicates, seed
        For limits from that many bootstrap replicates in place of the linearised error; 0 for none.

    Returns
    -------
    DataFrame
        Of the table ``estimates``, a row a grade (``domain``) from the best to the worst; the estimates add up to
        one. The note says which self-grades had too few checks and were joined to a neighbour.

    Raises
    ------
    SampleError
        If grades are missing or unknown, or a self-grade has no count, a count below what was checked, or too few
        random checks and no neighbour.

    Notes
    -----
    :math:`N_j = \sum_{certain} 1_j + \sum_g N_g^{rest} R_{gj}`, R the weighted confusion of the random checks with
    rows that sum to one. Limits are those of the share of the rest, so they hold near 0 and 1 and never cut what was
    found among certain units. Bootstrap of Rao, Wu and Yue (1992): n - 1 first-stage units of each stratum drawn with
    replacement, weights times :math:`1 - \lambda + \lambda r n / (n - 1)`, :math:`\lambda = \sqrt{1 - \pi}`;
    percentiles of the replicates.

    *Checked against*: :func:`post_stratify`, which reproduces R survey 4.1.1; coverage by simulation.

    Examples
    --------
    >>> cuts = {"优": 90, "良": 80}
    >>> own, seen = ["优"] * 4 + ["良"] * 4, ["优", "优", "优", "良"] + ["良"] * 4
    >>> found = corrected_distribution(own, seen, Design.simple(8, 100), {"优": 60, "良": 40}, cuts)
    >>> found[["domain", "estimate"]].round(9).to_numpy().tolist()
    [['优', 0.45], ['良', 0.55]]
    """
    names = from_worst(cuts)[::-1]
    at = placed(checked, names, design)
    hits = at[:, None] == np.arange(len(names))
    whole = of_the_whole(hits, np.ones(design.n), reported, population, design, names)
    units = float(whole.certain.sum() + whole.rest)
    said = _said(whole)
    made = estimates(
        names,
        "post-stratified",
        np.bincount(at, minlength=len(names)),
        np.full(len(names), units),
        whole.totals / units,
        whole.errors / units,
        np.full(len(names), design.df),
        confidence=confidence,
        note=said,
    )
    low, high = whole.limits(design.df, confidence, interval)
    made = made.assign(measure="share by checks", low=low / units, high=high / units, interval=interval)
    if replicates:
        drawn = _replicates(whole, at, design, len(names), replicates, seed) / units
        tails = [(1 - confidence) / 2, (1 + confidence) / 2]
        low, high = np.quantile(drawn, tails, axis=0)
        made = made.assign(se=drawn.std(axis=0, ddof=1), low=low, high=high, interval="bootstrap")
    return made


def reported_distribution(population: Mapping[str, float] | pd.Series, cuts: Mapping[str, float]) -> pd.DataFrame:
    """Return the share of the population in each self-grade, to stand beside the corrected one.

    Examples
    --------
    >>> reported_distribution({"良": 40, "优": 60}, {"优": 90, "良": 80}).to_numpy().tolist()
    [['优', 60.0, 0.6], ['良', 40.0, 0.4]]
    """
    known = pd.Series(population, dtype=float)
    names = [name for name in from_worst(cuts)[::-1] if name in known.index]
    ordered = known.loc[[*names, *[name for name in known.index if name not in names]]]
    shown = {"domain": ordered.index.astype(str), "units": ordered.to_numpy()}
    return pd.DataFrame({**shown, "estimate": ordered.to_numpy() / ordered.sum()})


def grade_counts(grades: Values) -> pd.Series:
    """Return how many units have each grade, as ``population`` wants it; units without a grade are left out.

    Examples
    --------
    >>> grade_counts(["优", "良", "优", None]).to_dict()
    {'优': 2.0, '良': 1.0}
    """
    return pd.Series(grades).value_counts().astype(float)


def _said(whole: Whole) -> tuple[str, str]:
    if not whole.joined:
        return "", ""
    shown = "，".join(whole.joined)
    return f"随机抽查过少的自评等级并入相邻等级：{shown}", f"self-grades with too few checks were joined: {shown}"


def _replicates(whole: Whole, at: Codes, design: Design, k: int, replicates: int, seed: int) -> Floats:
    """Return the totals of the population by grade in each replicate (replicates, k)."""
    groups = len(whole.left)
    random = whole.groups >= 0
    cell = whole.groups[random] * k + at[random]
    units, stratum, free, totals = _first_stage(design, random, cell, groups * k)
    held = np.zeros((replicates, groups * k))
    draw = np.random.default_rng(seed)
    for code in np.unique(stratum):
        mine = stratum == code
        n = int(units[mine].sum())
        lam = np.sqrt(free[mine])
        held += (units[mine] * (1 - lam)) @ totals[mine]
        for start in range(0, replicates, _BLOCK):
            block = slice(start, min(start + _BLOCK, replicates))
            hit = draw.multinomial(n - 1, units[mine] / n, size=block.stop - start)
            held[block] += (hit * (lam * n / (n - 1))) @ totals[mine]
    cells = held.reshape(replicates, groups, k)
    shown = cells.sum(axis=2, keepdims=True)
    rates = np.divide(cells, shown, out=np.zeros_like(cells), where=shown > 0)
    # A group that no drawn unit shows keeps what the sample says of it.
    own = np.bincount(cell, design.weights[random], groups * k).reshape(groups, k)
    below = own.sum(axis=1, keepdims=True)
    rates = np.where(shown > 0, rates, np.divide(own, below, out=np.zeros_like(own), where=below > 0))
    return np.asarray(whole.certain + np.einsum("g,bgk->bk", whole.left, rates))


def _first_stage(design: Design, random: np.ndarray, cell: Codes, cells: int) -> tuple[Codes, Codes, Floats, Floats]:
    """Return the kinds of first-stage unit: how many, their stratum, 1 - inclusion and weights by cell.

    Units of one stratum alike in weight and grades are one kind: a draw counts kinds, not rows.
    """
    unit, first, back = np.unique(design.clusters[random], return_index=True, return_inverse=True)
    totals = np.bincount(back * cells + cell, design.weights[random], len(unit) * cells).reshape(len(unit), cells)
    marks = np.column_stack([design.strata[random][first], design.inclusion[random][first], totals])
    kinds, number = np.unique(marks, axis=0, return_counts=True)
    return number, kinds[:, 0].astype(np.int64), 1 - kinds[:, 1], kinds[:, 2:]
