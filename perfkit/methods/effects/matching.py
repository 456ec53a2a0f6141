"""Give each treated unit its nearest untreated one by propensity score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.methods.effects.intervals import normal
from perfkit.methods.effects.propensity import balance, balanced, overlap, scores
from perfkit.methods.effects.reading import left_out, usable
from perfkit.methods.effects.sensitivity import unmeasured
from perfkit.methods.effects.sentences import told
from perfkit.methods.effects.weighting import ASSUMPTIONS, ESTIMANDS, SEPARATED
from perfkit.methods.result import Pair, Result

Array = npt.NDArray[np.float64]
_METHOD = ("倾向得分最近邻匹配（可重复）", "nearest neighbour matching on the propensity score, with replacement")
_TIE = 1e-5  # squared distance in standard deviations within which neighbours count as equally near


def matching(
    frame: pd.DataFrame,
    *,
    outcome: str,
    treated: str,
    covariates: Sequence[str],
    caliper: float | None = None,
    confidence: float = 0.95,
    units: Pair = ("", ""),
) -> Result:
    """Compare each treated unit with the untreated ones nearest in score; ties share the weight.

    Parameters
    ----------
    frame
        One row a unit.
    caliper
        Greatest distance of a match in standard deviations of the score; treated units without a match are left out
        and counted, and the question is then about the others alone.

    Raises
    ------
    TableError
        If a column is missing or holds what it cannot.

    Notes
    -----
    Errors of Abadie and Imbens (2006) for the population, with one variance of the outcome given the score; that the
    score is estimated is not counted.

    *Checked against* R's Matching on the experimental Lalonde data, 2153.3 (825.4).
    """
    rows, missing = usable(frame, numbers=[outcome, *covariates], flags=[treated])
    y, d = rows[outcome].to_numpy(), rows[treated].to_numpy()
    answer = Result(
        _METHOD,
        ESTIMANDS["att"],
        confidence=confidence,
        units=units,
        assumptions=ASSUMPTIONS,
        diagnostics=(missing,),
        n=len(rows),
    )
    x = np.column_stack([np.ones(len(rows)), rows[list(covariates)].to_numpy()])
    p = scores(d, x) if 1 < d.sum() < len(d) - 1 else None
    if p is None:
        return told(replace(answer, refusals=(SEPARATED,)))
    share = _shares(p / p.std(ddof=1), d, caliper)
    matched = share.sum(axis=1) > 0
    because = ("卡尺内没有可匹配对象", "no match within the caliper")
    checks = [missing, left_out(int((~matched).sum()), len(matched), ("个处理组对象", "treated units"), because)]
    if matched.sum() < 2:
        few = ("匹配上的处理组对象不足两个，不能估计。", "Fewer than two treated units have a match: no estimate.")
        return told(replace(answer, refusals=(few,), diagnostics=tuple(checks)))
    gains = y[d == 1][matched] - share[matched] @ y[d == 0]
    estimate, n = float(gains.mean()), int(matched.sum())
    used = share.sum(axis=0)
    # Each pair's squared gap holds the outcome's variance twice.
    pairs = (y[d == 1][matched, None] - y[d == 0] - estimate) ** 2
    variance = float((share[matched] * pairs).sum() / (2 * n))
    se = float(np.sqrt(((gains - estimate) ** 2).sum() + variance * (used**2 - (share**2).sum(axis=0)).sum()) / n)
    weights = np.zeros(len(y))
    weights[d == 1], weights[d == 0] = matched, used
    keep = (d == 0) | (weights > 0)
    table = balance(rows[keep], treated, covariates, weights[keep])
    sure = normal(estimate, se, confidence=confidence, size=float(np.abs(y).max()))
    checks += [
        *overlap(p[keep], d[keep], weights[keep], of_all=False),
        balanced(table),
        unmeasured(estimate, sure["low"], sure["high"], float(y[d == 0].std(ddof=1))),
    ]
    return told(
        replace(
            answer,
            **sure,
            se_type="Abadie and Imbens (2006)",
            n=n + int((used > 0).sum()),
            diagnostics=tuple(checks),
            tables={
                "balance": table,
                "scores": pd.DataFrame({"score": p, "treated": d, "weight": weights}, index=rows.index),
            },
        )
    )


def _shares(p: Array, d: Array, caliper: float | None) -> Array:
    """Return the share of each untreated unit (columns) in the match of each treated (rows)."""
    apart = (p[d == 1][:, None] - p[d == 0]) ** 2
    near = apart <= apart.min(axis=1, keepdims=True) + _TIE
    if caliper is not None:
        near &= apart <= caliper**2
    count = near.sum(axis=1, keepdims=True)
    return np.asarray(near / np.maximum(count, 1))
