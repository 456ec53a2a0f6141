"""Which ratings can be compared: a frame becomes numbers, or a refusal that says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, ScoreError, fail_if_any

Missing = Literal["refuse", "drop"]
Floats = npt.NDArray[np.float64]
Note = tuple[str, str]

NO_NOTE: Note = ("", "")
ALL_ALIKE: Note = ("全部评分相同，系数没有定义", "all ratings are the same: the coefficient is not defined")


def numbers(ratings: pd.DataFrame) -> Floats:
    """Return ratings as floats, targets x raters, NaN where missing.

    Raises
    ------
    ScoreError
        If a rating is no number or infinite, or there are fewer than two raters.
    """
    wrong = [
        Problem(
            ("not a finite number", "不是有限的数"),
            where=str(name),
            do=("code grades as numbers, worst to best", "请将等级由低到高编为数字"),
        )
        for name, column in ratings.items()
        if not _is_numeric(column)
    ]
    fail_if_any(ScoreError, "ratings", wrong)
    values: Floats = ratings.astype(float).to_numpy()
    _fail_if_one_rater(values.shape[1])
    return values


def codes(ratings: pd.DataFrame) -> Floats:
    """Return labels of any kind as codes 0, 1, ..., targets x raters, NaN where missing.

    Raises
    ------
    ScoreError
        If there are fewer than two raters.
    """
    _fail_if_one_rater(ratings.shape[1])
    stacked = np.concatenate([ratings.iloc[:, at].astype(object).to_numpy() for at in range(ratings.shape[1])])
    found, labels = pd.factorize(stacked)
    # Sorted by spelling, so that the codes do not hang on the order of rows.
    order = np.argsort(np.array([str(label) for label in labels], dtype=object), kind="stable")
    rank = np.append(np.argsort(order).astype(float), np.nan)
    coded: Floats = rank[found].reshape(ratings.shape[1], len(ratings)).T
    return coded


def complete(values: Floats, index: pd.Index, missing: Missing) -> Floats:
    """Return the targets that all raters rated, or refuse if one is not and ``missing`` does not say ``drop``.

    Raises
    ------
    ScoreError
        If a rating is missing, or fewer than two targets remain.
    """
    fail_if_not_one_of("missing", missing, ("refuse", "drop"))
    partly = np.isnan(values).any(axis=1)
    if missing == "refuse":
        fail_if_any(ScoreError, "ratings", [_missing(target) for target in index[partly]])
    kept: Floats = values[~partly]
    fail_if_fewer(len(kept), 2)
    return kept


def paired(first: pd.Series, second: pd.Series, missing: Missing, weight: pd.Series | None = None) -> pd.DataFrame:
    """Return two raters side by side: ``first, second, weight`` (ones if none is given), a row a target.

    Raises
    ------
    ScoreError
        If the indexes name other targets, a rating is missing (and not to be dropped), or a weight is not above zero.
    """
    fail_if_not_one_of("missing", missing, ("refuse", "drop"))
    first = pd.Series(first)
    sides = {"first": first, "second": _aligned(pd.Series(second), first.index)}
    given = pd.Series(1.0, index=first.index) if weight is None else _aligned(pd.Series(weight), first.index)
    both = pd.DataFrame({**{name: side.array for name, side in sides.items()}, "weight": given.array}, first.index)
    partly = both[["first", "second"]].isna().any(axis=1)
    if missing == "refuse":
        fail_if_any(ScoreError, "ratings", [_missing(target) for target in both.index[partly]])
    both = both[~partly]
    if not (_is_numeric(both["weight"]) and (both["weight"].astype(float) > 0).all()):
        refuse(("weights must be numbers above zero", "权重应为正数"))
    return both


def row(names: str, cells: Sequence[Any], note: Note) -> pd.DataFrame:
    """Return one row: ``names`` (blank separated), then ``note_zh`` and ``note_en``."""
    return pd.DataFrame([[*cells, *note]], columns=[*names.split(), "note_zh", "note_en"])


def refuse(what: tuple[str, str], got: str = "", do: tuple[str, str] = ("", "")) -> NoReturn:
    """Raise a ScoreError: the ratings cannot be compared (``what`` and ``do``: English, Chinese)."""
    raise ScoreError(("ratings cannot be compared", "评分无法比较"), [Problem(what, got=got, do=do)])


def fail_if_not_one_of(name: str, got: str, allowed: Sequence[str]) -> None:
    """Refuse an unknown word for the parameter ``name``."""
    if got not in allowed:
        refuse((f"{name} must be one of {', '.join(allowed)}", f"{name} 只能取 {'、'.join(allowed)}"), got=repr(got))


def fail_if_fewer(targets: int, least: int) -> None:
    """Refuse fewer than ``least`` targets."""
    if targets < least:
        what = (f"fewer than {least} targets that all raters rated", f"各评委均已评分的对象少于 {least} 个")
        refuse(what, got=str(targets), do=("have more targets rated", "请增加评分对象"))


def _fail_if_one_rater(raters: int) -> None:
    if raters < 2:
        refuse(("fewer than 2 raters", "评委少于 2 位"), got=str(raters), do=("one column a rater", "每位评委一列"))


def _missing(target: Any) -> Problem:
    return Problem(
        ("a rating is missing", "缺少评分"),
        where=str(target),
        do=(
            "have it rated, or pass missing='drop' for complete targets only",
            "请补评，或用 missing='drop' 略去该对象",
        ),
    )


def _aligned(other: pd.Series, index: pd.Index) -> pd.Series:
    if other.index.equals(index):
        return other
    if not (index.is_unique and other.index.is_unique and len(index) == len(other) and index.isin(other.index).all()):
        do = ("index both by the same targets, each once", "请用相同且不重复的对象编码作索引")
        refuse(("the two do not rate the same targets", "两者的评分对象不一致"), do=do)
    return other.reindex(index)


def _is_numeric(column: pd.Series) -> bool:
    try:
        values = column.astype(float)
    except (TypeError, ValueError):
        return False
    return not np.isinf(values).any()
