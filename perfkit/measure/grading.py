"""From points to a grade: cuts by bands whose lower bound belongs to them; limits; one grade from several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, ScoreError, fail_if_any

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
        Each with ``when`` (a cause), ``rank`` (the best grade that is left, counted from the lowest, which is 0),
        ``zh`` and ``en``, and for a cause measured by a share the ``share`` below which it applies.
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
    >>> limit = {"when": "veto_zero", "rank": 0, "zh": "否决指标不得分", "en": "a veto indicator scored nothing"}
    >>> limited(grade([95, 95], bands), [limit], {"veto_zero": np.array([True, False])}, bands)["grade"].tolist()
    ['差', '优']
    """
    rising = sorted(bands, key=lambda band: band["min"])
    order = [band["grade"] for band in rising]
    by_points = grades[["grade", "grade_en"]].to_numpy(dtype=object)
    kept = by_points.copy()
    why = np.full((len(grades), 2), None, dtype=object)
    for limit in limits:
        cause = causes[limit["when"]]
        applies = cause < limit["share"] if limit.get("share") is not None else cause.astype(bool)
        rows = np.flatnonzero(applies)
        rows = rows[[grade in order[limit["rank"] + 1 :] for grade in kept[rows, 0]]]
        if not len(rows):
            continue
        best = rising[limit["rank"]]
        kept[rows] = best["grade"], best["en"]
        why[rows, 0] = [f"{limit['zh']}，等级以“{best['grade']}”为限（按得分为“{zh}”）" for zh in by_points[rows, 0]]
        why[rows, 1] = [f"{limit['en']}: at most {best['en']} ({en} by points)" for en in by_points[rows, 1]]
    return grades.assign(grade=kept[:, 0], grade_en=kept[:, 1], limit_zh=why[:, 0], limit_en=why[:, 1])


def grade_by_counts(
    grades: npt.ArrayLike,
    *,
    items: int,
    order: Sequence[str],
    rules: Sequence[Mapping[str, Any]],
    otherwise: str,
) -> npt.NDArray[np.object_]:
    """Grade by how many items reach which grade.

    Parameters
    ----------
    grades
        Shape (n, items): the grade of each item of n units; None or NaN where an item has none.
    items
        How many items a unit has.
    order
        The grades, best first.
    rules
        Each gives ``grade`` where at least ``least`` items reach the grade ``reach`` and no other item is below the
        grade ``others``; the first that holds counts.
    otherwise
        The grade where none holds.

    Returns
    -------
    ndarray
        Shape (n,), grades; None where an item has no grade.

    Raises
    ------
    ScoreError
        If units have another number of items, or an item a grade that is not in ``order``.

    Notes
    -----
    Whether an unknown item could change the grade is not asked: a review with a gap is not finished.

    *Checked against* the Zhengzhou rule for ordinary projects (附件2-6), worked by hand.

    Examples
    --------
    >>> rules = [{"grade": "pass", "least": 2, "reach": "good", "others": "fair"}]
    >>> words = [["good", "good", "fair"], ["good", "good", "poor"]]
    >>> grade_by_counts(words, items=3, order=["good", "fair", "poor"], rules=rules, otherwise="fail").tolist()
    ['pass', 'fail']
    """
    words = np.asarray(grades, dtype=object)
    if words.ndim != 2 or words.shape[1] != items:
        raise ScoreError(
            ("the grades of items do not fit the rule", "各项等级与规则不符"),
            [
                Problem(
                    ("wrong number of items", "项数不对"),
                    expected=f"n × {items}",
                    got=" × ".join(map(str, words.shape)),
                )
            ],
        )
    known = pd.notna(words)
    problems = [
        Problem(("unknown grade", "未知的等级"), f"{row + 1} › {item + 1}", ", ".join(order), str(words[row, item]))
        for row, item in zip(*np.nonzero(known & ~np.isin(words, list(order))), strict=True)
    ]
    fail_if_any(ScoreError, "the grades of items 各项等级", problems)
    rank = {word: place for place, word in enumerate(order)}
    places = np.array([[rank.get(word, 0) for word in row] for row in words], dtype=int).reshape(words.shape)
    holds = [
        ((places <= rank[rule["reach"]]).sum(axis=1) >= rule["least"]) & (places <= rank[rule["others"]]).all(axis=1)
        for rule in rules
    ]
    found = np.full(len(words), otherwise, dtype=object)
    for rule, rows in reversed(list(zip(rules, holds, strict=True))):
        found[rows] = rule["grade"]
    found[~known.all(axis=1)] = None
    return found
