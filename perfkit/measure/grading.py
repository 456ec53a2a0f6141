"""From points to a grade: cuts by bands whose lower bound belongs to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

_NONE = np.array(None, dtype=object)
DECIMALS = 9  # a sum of printed points is exact to this many places


def round_points(points: npt.ArrayLike, *, decimals: int, mode: str) -> npt.NDArray[np.float64]:
    """Round points: "half_up" as Chinese forms do, or "half_even".

    Examples
    --------
    >>> round_points([0.125, 2.675], decimals=2, mode="half_up").tolist()
    [0.13, 2.68]
    >>> round_points([0.125], decimals=2, mode="half_even").tolist()
    [0.12]
    """
    values: npt.NDArray[np.float64] = np.asarray(points, dtype=np.float64)
    if mode == "half_even":
        return np.round(np.round(values, DECIMALS), decimals)
    scale = 10.0**decimals
    # A whole number over a power of ten is the nearest float there is to the decimal: no second rounding is needed.
    return np.copysign(np.floor(np.abs(values) * scale + (0.5 + 10.0**-DECIMALS)) / scale, values)


def grade(points: npt.ArrayLike, bands: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Grade points by bands.

    Parameters
    ----------
    points
        Shape (n,). Not rounded to whole points first: 89.995 is not 90.
    bands
        Each with ``grade``, ``en`` and ``min`` (inclusive), in any order.

    Returns
    -------
    DataFrame
        ``grade``, ``grade_en``, ``next_grade``, ``to_next`` (points to the next grade up; NaN in the highest),
        ``above_floor`` (points above the grade's lower bound); missing points give missing grades.

    Notes
    -----
    *Checked against* the case ``budget_target_scoring``: 89.9999999999 stays 良, 90 is 优.

    Examples
    --------
    >>> bands = [{"grade": "优", "en": "excellent", "min": 90}, {"grade": "良", "en": "good", "min": 80}]
    >>> grade([90, 89.995], bands)["grade"].tolist()
    ['优', '良']
    """
    rising = sorted(bands, key=lambda band: band["min"])
    mins = np.array([band["min"] for band in rising], dtype=float)
    # Float dust (1e-13) must not cost a grade, a true difference (1e-10) must.
    values = np.round(np.asarray(points, dtype=float), DECIMALS + 2)
    at = np.searchsorted(mins, np.nan_to_num(values, nan=-np.inf) + 10.0 ** -(DECIMALS + 3), side="right") - 1
    known = ~np.isnan(values) & (at >= 0)
    at = np.maximum(at, 0)
    above = np.minimum(at + 1, len(rising) - 1)
    top = at == len(rising) - 1
    names = np.array([band["grade"] for band in rising], dtype=object)
    return pd.DataFrame(
        {
            "grade": np.where(known, names[at], _NONE),
            "grade_en": np.where(known, np.array([band["en"] for band in rising], dtype=object)[at], _NONE),
            "next_grade": np.where(known & ~top, names[above], _NONE),
            "to_next": np.where(known & ~top, np.round(mins[above] - values, DECIMALS), np.nan),
            "above_floor": np.where(known, np.round(values - mins[at], DECIMALS), np.nan),
        }
    )


def limited(
    grades: pd.DataFrame,
    limits: Sequence[Mapping[str, Any]],
    causes: Mapping[str, npt.NDArray[Any]],
    bands: Sequence[Mapping[str, Any]],
) -> pd.DataFrame:
    """Keep grades down where a limit of the pack applies, and say why.

    Parameters
    ----------
    grades
        With ``grade`` and ``grade_en`` as the points give them (see :func:`grade`).
    limits
        Each with ``when`` (a cause), ``grade`` (the best that is left), ``zh`` and ``en``, and for a cause measured
        by a share the ``share`` below which it applies.
    causes
        By name, for each unit whether the cause is there, or the share it is measured by.
    bands
        The grades with their lower bounds.

    Returns
    -------
    DataFrame
        ``grades`` with ``limit_zh`` and ``limit_en``; missing where no limit applied. A grade that is no better than
        the limit stays as it is.

    Examples
    --------
    >>> bands = [{"grade": "优", "en": "excellent", "min": 90}, {"grade": "差", "en": "poor", "min": 0}]
    >>> limit = {"when": "veto_zero", "grade": "差", "zh": "否决指标不得分", "en": "a veto indicator scored nothing"}
    >>> limited(grade([95, 95], bands), [limit], {"veto_zero": np.array([True, False])}, bands)["grade"].tolist()
    ['差', '优']
    """
    order = [band["grade"] for band in sorted(bands, key=lambda band: band["min"])]
    words = {band["grade"]: band["en"] for band in bands}
    by_points = grades[["grade", "grade_en"]].to_numpy(dtype=object)
    kept = by_points.copy()
    why = np.full((len(grades), 2), None, dtype=object)
    for limit in limits:
        cause = causes[limit["when"]]
        applies = cause < limit["share"] if limit.get("share") is not None else cause.astype(bool)
        better = order[order.index(limit["grade"]) + 1 :]
        rows = np.flatnonzero(applies)
        rows = rows[[grade in better for grade in kept[rows, 0]]]
        kept[rows] = limit["grade"], words[limit["grade"]]
        why[rows, 0] = [f"{limit['zh']}（按得分为“{zh}”）" for zh in by_points[rows, 0]]
        why[rows, 1] = [f"{limit['en']} ({en} by points)" for en in by_points[rows, 1]]
    return grades.assign(grade=kept[:, 0], grade_en=kept[:, 1], limit_zh=why[:, 0], limit_en=why[:, 1])
