"""From points to a grade: cuts by bands whose lower bound belongs to them; limits; one grade from several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, ScoreError, fail_if_any

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
    at = np.where(np.isnan(values), -1, at)
    top = len(rising) - 1
    above = np.where((at < 0) | (at == top), -1, at + 1)
    names, words = (pd.array([band[key] for band in rising], dtype="str") for key in ("grade", "en"))
    return pd.DataFrame(
        {
            "grade": names.take(at, allow_fill=True),
            "grade_en": words.take(at, allow_fill=True),
            "next_grade": names.take(above, allow_fill=True),
            "to_next": np.where(above >= 0, np.round(mins[above] - values, DECIMALS), np.nan),
            "above_floor": np.where(at >= 0, np.round(values - mins[at], DECIMALS), np.nan),
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
    said = grades.assign(limit_zh=_missing(len(grades)), limit_en=_missing(len(grades)))
    applies = [
        causes[each["when"]] < each["share"] if each.get("share") is not None else causes[each["when"]].astype(bool)
        for each in limits
    ]
    if not any(each.any() for each in applies):
        return said
    rank = pd.Index(order).get_indexer(grades["grade"])
    held, why = rank.copy(), np.full(len(grades), -1)
    for number, limit in enumerate(limits):
        lowered = applies[number] & (held > limit["rank"])
        held[lowered], why[lowered] = limit["rank"], number
    for row in np.flatnonzero(why >= 0):
        limit, best, by_points = limits[why[row]], rising[held[row]], rising[rank[row]]
        text = f"{limit['zh']}，等级以“{best['grade']}”为限（按得分为“{by_points['grade']}”）"
        english = f"{limit['en']}: at most {best['en']} ({by_points['en']} by points)"
        for column, value in zip(
            ("grade", "grade_en", "limit_zh", "limit_en"), (best["grade"], best["en"], text, english), strict=True
        ):
            said.iloc[row, said.columns.get_loc(column)] = value
    return said


def _missing(n: int) -> Any:
    return pd.array([None], dtype="str").take(np.full(n, -1), allow_fill=True)


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
