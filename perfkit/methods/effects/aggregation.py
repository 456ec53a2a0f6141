"""From effects by cohort and period to one figure: over all, by cohort, by period, by time since the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.methods.effects.group_time import GroupTime, errors, totals

Array = npt.NDArray[np.float64]
Kind = Literal["simple", "group", "calendar", "event"]
KINDS: tuple[Kind, ...] = ("simple", "group", "calendar", "event")
_KEYS: dict[str, str] = {"group": "cohort", "calendar": "period", "event": "event"}


@dataclass(frozen=True)
class Aggregate:
    """One way of averaging: the overall ``estimate`` and ``se``, and the ``parts`` it is the mean of.

    ``parts`` has the key (cohort, period or event), ``estimate``, ``se``, ``low``, ``high`` and, for all parts at
    once with the confidence asked for, ``band_low`` and ``band_high``; ``influence`` (units x parts) stands behind.
    """

    estimate: float
    se: float
    parts: pd.DataFrame
    influence: Array
    critical: float


def aggregate(
    found: GroupTime, kind: Kind, *, confidence: float = 0.95, draws: int = 1999, seed: int = 0
) -> Aggregate:
    """Average the effects that could be computed, cohorts by their size.

    Parameters
    ----------
    kind
        ``simple``: all cells from the start on, by size of cohort; ``group``: each cohort's mean over time, then by
        size; ``calendar`` and ``event``: the mean by period or time since the start, then plainly over those.
    draws, seed
        Of the multiplier bootstrap (two-point weights by cluster) behind the simultaneous bands.

    Notes
    -----
    The influence function of a mean weighted by shares has a second term, for the shares are estimated too
    (Callaway and Sant'Anna 2021, section 4).

    *Checked against* R's did, and differences and diff-diff of Python, on county teenage employment.
    """
    from scipy import stats

    effects, after = found.effects, found.effects["event"] >= 0
    usable = effects["estimate"].notna()
    if kind == "simple":
        keyed = pd.Series(0, index=effects.index)[usable & after]
    else:
        keyed = effects[_KEYS[kind]][usable & (after | (kind == "event"))]
    keys = np.unique(keyed)
    known = np.ones(len(keys), dtype=bool)
    estimates, influence = np.empty(len(keys)), np.empty((len(found.influence), len(keys)))
    for at, key in enumerate(keys):
        rows = keyed.index[keyed == key].to_numpy()
        estimates[at], influence[:, at] = _mean(found, rows, equal=kind == "group")
        known[at] = effects["se"].iloc[rows].notna().any()
    overall, part = _overall(found, kind, keys, estimates, influence)
    se = np.where(known, errors(influence, found.clusters), np.nan)
    normal = stats.norm.ppf((1 + confidence) / 2)
    critical = _critical(influence, se, found.clusters, confidence, draws, seed, float(normal))
    names = ["all"][: len(keys)] if kind == "simple" else keys
    table = pd.DataFrame({_KEYS.get(kind, "part"): names, "estimate": estimates, "se": se})
    for name, times in (("", normal), ("band_", critical)):
        table[f"{name}low"], table[f"{name}high"] = estimates - times * se, estimates + times * se
    return Aggregate(overall, float(errors(part[:, None], found.clusters)[0]), table, influence, critical)


def _mean(found: GroupTime, at: npt.NDArray[np.int64], *, equal: bool) -> tuple[float, Array]:
    """Return the mean of effects ``at``, weighted by the shares of their cohorts or equally, and its influence."""
    values = found.effects["estimate"].to_numpy(dtype=float)[at]
    if equal:
        return float(values.mean()), found.influence[:, at].mean(axis=1)
    return _weighted(found, found.effects["cohort"].to_numpy(dtype=float)[at], values, found.influence[:, at])


def _weighted(found: GroupTime, cohorts: Array, values: Array, influence: Array) -> tuple[float, Array]:
    shares = found.shares.reindex(cohorts).to_numpy()
    total = shares.sum()
    belongs = (found.cohort_of[:, None] == cohorts) - shares
    moved = belongs / total - belongs.sum(axis=1, keepdims=True) * shares / total**2
    return float(values @ shares / total), influence @ (shares / total) + moved @ values


def _overall(found: GroupTime, kind: Kind, keys: Array, estimates: Array, influence: Array) -> tuple[float, Array]:
    if kind == "group" and len(keys):
        return _weighted(found, keys, estimates, influence)
    counted = keys >= 0 if kind == "event" else np.ones(len(keys), dtype=bool)
    if not counted.any():
        return float("nan"), np.full(len(influence), np.nan)
    return float(estimates[counted].mean()), influence[:, counted].mean(axis=1)


def _critical(
    influence: Array,
    se: Array,
    clusters: npt.NDArray[np.int64],
    confidence: float,
    draws: int,
    seed: int,
    normal: float,
) -> float:
    """Return the value that the largest t over the parts exceeds with probability 1 - ``confidence``."""
    sound = se > 0
    if sound.sum() < 2:
        return normal
    summed = totals(influence[:, sound], clusters)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(draws, len(summed)))
    largest = np.abs(signs @ summed / len(influence) / se[sound]).max(axis=1)
    return max(float(np.quantile(largest, confidence)), normal)
