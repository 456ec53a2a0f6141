"""Who was treated: the propensity score, whether the groups overlap, and how alike they are before and after."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.methods.effects.sentences import shown
from perfkit.methods.result import Diagnostic, Verdict

Array = npt.NDArray[np.float64]
# Conventions of the field, not of law: Crump et al. (2009) for the scores, Austin (2009) for the differences.
EXTREME = (0.1, 0.9)
_UNLIKE = (0.1, 0.25)  # standardised difference in means: warn, fail
_OUTSIDE = (0.01, 0.1)  # share of the units asked about without a like in the other group: warn, fail
_FEW = (0.5, 0.1)  # effective share of a group's units: warn, fail
_HEAVY = (0.05, 0.2)  # share of a group's weight on one unit: warn, fail


def scores(treated: Array, design: Array) -> Array | None:
    """Return fitted probabilities of a logit of ``treated`` on ``design`` (statsmodels GLM); none if it separates.

    Perfectly separated groups have no one to be compared with: the fitted probabilities run to 0 and 1.
    """
    import statsmodels.api as sm

    # Columns are scaled, for powers of incomes would otherwise cost the fit its digits.
    scale = np.abs(design).max(axis=0)
    if np.linalg.matrix_rank(design / np.where(scale > 0, scale, 1)) < design.shape[1]:
        return None
    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.simplefilter("ignore")  # separation is told by the fitted values below
        fit = sm.GLM(treated, design / scale, family=sm.families.Binomial()).fit(maxiter=100)
        fitted: Array = np.asarray(fit.fittedvalues)
    inside = fitted[treated == 1].min(), fitted[treated == 0].max()
    return None if inside[0] > inside[1] or fitted.max() > 1 - 1e-10 else fitted


def balance(rows: pd.DataFrame, treated: str, covariates: Sequence[str], weights: Array) -> pd.DataFrame:
    """Return the standardised mean difference of each covariate before and after weighting.

    Returns
    -------
    pandas.DataFrame
        ``covariate``, ``treated`` and ``others`` (means before), ``smd_before``, ``treated_after``,
        ``others_after``, ``smd_after``.

    Notes
    -----
    Difference in means / sqrt((s1² + s0²) / 2), both before and after with the spread before, so that the weights
    cannot make a difference look small by widening its yardstick.
    """
    is_treated = rows[treated].to_numpy() == 1
    lines = []
    for name in covariates:
        x = rows[name].to_numpy()
        spread = np.sqrt((x[is_treated].var(ddof=1) + x[~is_treated].var(ddof=1)) / 2)
        before = x[is_treated].mean(), x[~is_treated].mean()
        after = [np.average(x[side], weights=weights[side]) for side in (is_treated, ~is_treated)]
        gaps = [(pair[0] - pair[1]) / spread if spread else 0.0 for pair in (before, after)]
        lines.append((name, *before, gaps[0], *after, gaps[1]))
    columns = ["covariate", "treated", "others", "smd_before", "treated_after", "others_after", "smd_after"]
    return pd.DataFrame(lines, columns=columns)


def balanced(table: pd.DataFrame) -> Diagnostic:
    """Judge the largest difference that is left."""
    worst = table.loc[table["smd_after"].abs().idxmax()]
    size = abs(float(worst["smd_after"]))
    before = float(table["smd_before"].abs().max())
    name = worst["covariate"]
    return Diagnostic(
        ("协变量平衡", "balance of the covariates"),
        _graded(size, _UNLIKE),
        (
            f"最大标准化均值差由 {before:.3f} 变为 {size:.3f}（{name}）",
            f"largest standardised difference in means {before:.3f} before, {size:.3f} after ({name})",
        ),
        size,
    )


def overlap(p: Array, treated: Array, weights: Array, *, of_all: bool) -> tuple[Diagnostic, ...]:
    """Judge whether those asked about have a like in the other group, and whether few units carry the answer.

    Parameters
    ----------
    p, treated, weights
        Score, group (0 or 1) and weight of each unit in use.
    of_all
        Whether the question is about all units (ATE) or the treated (ATT).
    """
    high, low = p[treated == 0].max(), p[treated == 1].min()
    alone = (treated == 1) & (p > high)
    asked = treated == 1
    if of_all:
        alone |= (treated == 0) & (p < low)
        asked = np.ones(len(p), dtype=bool)
    share = float(alone[asked].mean())
    beyond = (p < EXTREME[0]) & of_all | (p > EXTREME[1])
    extreme = float(beyond[asked].mean())
    support = Diagnostic(
        ("共同支撑", "common support"),
        _graded(share, _OUTSIDE),
        (
            f"{alone[asked].sum()} / {asked.sum()} 个对象的倾向得分超出另一组的范围（{share:.1%}）",
            f"{alone[asked].sum()} of {asked.sum()} units have a score beyond the other group's ({share:.1%})",
        ),
        share,
    )
    scored = Diagnostic(
        ("极端倾向得分", "extreme scores"),
        _graded(extreme, _OUTSIDE),
        (
            f"{extreme:.1%} 的对象得分在 {EXTREME[0]} 至 {EXTREME[1]} 之外，那里可比对象很少",
            f"{extreme:.1%} of the units have scores outside {EXTREME[0]} to {EXTREME[1]}, where few are alike",
        ),
        extreme,
    )
    return support, scored, _effective(treated, weights)


def _effective(treated: Array, weights: Array) -> Diagnostic:
    """Judge how many units a group's weights are worth, (sum w)² / sum w², and the largest weight."""
    sizes, worth, largest = [], [], []
    for side in (1, 0):
        w = weights[treated == side]
        sizes.append(int((w > 0).sum()))
        worth.append(float(w.sum() ** 2 / (w @ w)))
        largest.append(float(w.max() / w.sum()))
    poorest = min(n / size for n, size in zip(worth, sizes, strict=True))
    verdicts = [_graded(1 - poorest, tuple(1 - cut for cut in _FEW)), _graded(max(largest), _HEAVY)]
    return Diagnostic(
        ("有效样本量", "effective sample size"),
        max(verdicts, key=("pass", "warn", "fail").index),
        (
            f"处理组 {shown(worth[0])} / {sizes[0]}，对照组 {shown(worth[1])} / {sizes[1]}；"
            f"单个对象最大权重占比 {max(largest):.1%}",
            f"treated {shown(worth[0])} of {sizes[0]}, others {shown(worth[1])} of {sizes[1]}; "
            f"the heaviest unit carries {max(largest):.1%}",
        ),
        min(worth),
    )


def _graded(value: float, cuts: tuple[float, ...]) -> Verdict:
    return "fail" if value > cuts[1] else "warn" if value > cuts[0] else "pass"
