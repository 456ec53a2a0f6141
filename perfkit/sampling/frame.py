"""Sampling frames (抽样框): strata made of columns, classes of size, and what makes a frame unfit to draw from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice, pairwise
from operator import lt
from typing import Any

import numpy as np
import pandas as pd

from perfkit import tables
from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.sampling.inclusion import Floats
from perfkit.sampling.numbers import composed

WHOLE = "全部"

Words = tuple[str, str]


def check_frame(frame: Any, strata: str | Sequence[str] = "stratum", size: str | None = None) -> pd.DataFrame:
    r"""Return a frame fit to draw from: codes as text, the column ``stratum`` made, rows sorted by ``unit_id``.

    Parameters
    ----------
    frame
        One row a unit with ``unit_id`` and the columns named; a Dask frame is brought into memory as it is.
    strata
        Column or columns whose combinations are the strata: ``["department", "level"]`` makes ``教育厅/省级``
        (a ``/`` within a label is written ``\/``). None at all, ``[]``, makes one stratum, ``全部``.
    size
        Column of the size measure; it must be above zero everywhere.

    Raises
    ------
    SampleError
        All at once, each with its cell: no rows, columns that are not there, codes that are missing, no text or given
        twice, strata that are missing, sizes that are missing, no numbers, zero or negative.

    Notes
    -----
    Codes are compared and sorted by code point in Unicode form C, as they are hashed.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit_id": ["b", "a"], "department": ["教育厅", "水利厅"], "level": ["省级", "市县"]})
    >>> check_frame(frame, ["department", "level"])[["unit_id", "stratum"]].values.tolist()
    [['a', '水利厅/市县'], ['b', '教育厅/省级']]
    """
    held = in_memory(frame)
    by = columns_of(strata)
    _fail_if_it_lacks(held, ["unit_id", *by, *([size] if size else [])])
    if not len(held):
        raise refused(("the frame has no rows", "抽样框没有任何单位"), where=_name(held), expected="≥ 1", got="0")
    held = held.assign(unit_id=_codes(held))
    problems = [problem for column in dict.fromkeys(by) for problem in _blank(held, column)]
    problems += _unsound(held, size) if size else []
    fail_if_any(SampleError, _name(held), problems)
    keys = composed(held["unit_id"])
    if not all(map(lt, keys, islice(keys, 1, None))):
        held = held.iloc[sorted(range(len(keys)), key=keys.__getitem__)]
        fail_if_any(SampleError, _name(held), _twice(held, pd.Series(sorted(keys))))
    return held.assign(stratum=_joined(held, by))


def sizes_of(frame: pd.DataFrame, size: str) -> Floats:
    """Return the sizes of a frame's units, every one above zero; see :func:`check_frame`."""
    _fail_if_it_lacks(frame, [size])
    fail_if_any(SampleError, _name(frame), _unsound(frame, size))
    return np.asarray(pd.to_numeric(frame[size]), dtype=np.float64)


def size_classes(size: pd.Series, bounds: Sequence[float]) -> pd.Series:
    """Return each unit's class of size; a bound belongs to the class above it. A missing size has no class.

    Raises
    ------
    SampleError
        If the bounds do not rise.

    Examples
    --------
    >>> size_classes(pd.Series([500_000, 1_000_000, 8e6]), [1_000_000, 5_000_000]).tolist()
    ['<1,000,000', '[1,000,000, 5,000,000)', '≥5,000,000']
    """
    cuts = np.asarray(bounds, dtype=float)
    if not len(cuts) or not (np.diff(cuts) > 0).all():
        shown = ", ".join(map(str, bounds)) or "—"
        raise refused(("the bounds of size must rise", "规模分档界限须递增"), got=shown, column="size")
    named = [f"{each:,.15g}" for each in cuts]
    labels = [f"<{named[0]}", *(f"[{a}, {b})" for a, b in pairwise(named)), f"≥{named[-1]}"]
    values = size.to_numpy(dtype=float)
    names = np.array(labels, dtype=object)[np.searchsorted(cuts, values, side="right")]
    return pd.Series(np.where(np.isnan(values), None, names), index=size.index, dtype="str", name="size_class")


def columns_of(strata: str | Sequence[str]) -> list[str]:
    """Return the columns that strata are made of as a list."""
    return [strata] if isinstance(strata, str) else list(strata)


def in_memory(frame: Any, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Return the columns of a pandas or Dask frame that it has, in memory; of a Dask frame nothing else is read."""
    held = frame if columns is None else frame[[each for each in columns if each in frame.columns]]
    return held if isinstance(held, pd.DataFrame) else held.compute().reset_index(drop=True)


def refused(what: Words, *, where: str = "", do: Words = ("", ""), **shown: Any) -> SampleError:
    """Return an error about one thing that stops a draw."""
    return SampleError(("no sample can be drawn", "无法抽样"), [Problem(what, where, do=do, **shown)])


def _name(frame: pd.DataFrame) -> str:
    return str(frame.attrs.get("where", "frame 抽样框"))


def _at(
    frame: pd.DataFrame, wrong: Any, column: str, what: Words, do: Words, expected: str | Words = ""
) -> list[Problem]:
    """Return a problem for each row where ``wrong`` holds, with the row's cell and what stands there."""
    at = np.flatnonzero(wrong)
    if not len(at):
        return []
    cells, ids = frame[column].iloc[at], frame["unit_id"].iloc[at]
    return [
        Problem(what, _where(frame, row, column, unit), expected, "" if pd.isna(value) else str(value), do, column)
        for row, value, unit in zip(cells.index, cells, ids, strict=True)
    ]


def _where(frame: pd.DataFrame, row: Any, column: str, unit: Any) -> str:
    cell = tables.place(frame, row, column, name="frame")
    return cell if pd.isna(unit) or column == "unit_id" else f"{cell} ({unit})"


def _fail_if_it_lacks(frame: pd.DataFrame, columns: Iterable[str]) -> None:
    problems = [
        Problem(
            ("the frame has no such column", "抽样框没有这一列"),
            each,
            ", ".join(map(str, frame.columns)),
            do=("name a column of the frame", "请填写抽样框中的列名"),
        )
        for each in dict.fromkeys(columns)
        if each not in frame.columns
    ]
    fail_if_any(SampleError, _name(frame), problems)


def _codes(frame: pd.DataFrame) -> pd.Series:
    column = frame["unit_id"]
    if pd.api.types.is_integer_dtype(column.dtype) and not column.isna().any():
        return column.astype("str")
    do = ("give every unit a code as text", "请为每个单位填写文本编码")
    problems = _blank(frame, "unit_id")
    if pd.api.types.infer_dtype(column, skipna=True) not in ("string", "empty"):
        wrong = [not isinstance(each, str) and not pd.isna(each) for each in column]
        problems += _at(frame, wrong, "unit_id", ("a code is not text", "编码不是文本"), do)
    fail_if_any(SampleError, _name(frame), problems)
    return column.astype("str")


def _blank(frame: pd.DataFrame, column: str) -> list[Problem]:
    values = frame[column]
    blank = values.isna().to_numpy(dtype=bool)
    if pd.api.types.is_string_dtype(values.dtype):
        blank = blank | (values.str.strip() == "").fillna(value=False).to_numpy(dtype=bool)
    if column == "unit_id":
        return _at(frame, blank, column, ("no unit code", "缺单位编码"), ("give every unit a code", "请补填编码"))
    return _at(frame, blank, column, ("no stratum", "缺分层信息"), ("give every unit its stratum", "请补填分层信息"))


def _unsound(frame: pd.DataFrame, size: str) -> list[Problem]:
    values = pd.to_numeric(frame[size], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    if len(values) and (values == 0).all():
        return [
            Problem(
                ("all sizes are zero: no unit has a chance", "规模全部为零：没有单位可能被抽中"),
                size,
                "> 0",
                "0",
                ("name another column, or draw with 'srs'", "请改用其他规模指标，或用简单随机抽样"),
                size,
            )
        ]
    do = ("mend it, or set a floor so that the unit keeps a chance", "请核对，或设下限使其有机会被抽中")
    finite = np.isfinite(values)
    return [
        *_at(frame, ~finite, size, ("a size is missing or no number", "规模缺失或不是数字"), do, "> 0"),
        *_at(frame, finite & (values <= 0), size, ("a size is zero or negative", "规模为零或负数"), do, "> 0"),
    ]


def _twice(frame: pd.DataFrame, keys: pd.Series) -> list[Problem]:
    what = ("a unit stands in the frame more than once", "单位在抽样框中重复")
    return _at(
        frame, keys.duplicated(keep=False), "unit_id", what, ("keep one row a unit", "每个单位只保留一行"), "1"
    )


def _joined(frame: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """Join the labels of several columns so that no two combinations look alike; one column stays as it is."""
    if not by:
        return pd.Series(WHOLE, index=frame.index, dtype="str")
    if len(by) == 1:
        return pd.Series(composed(frame[by[0]].astype("str")), index=frame.index, dtype="str")
    escaped: Callable[[Any], str] = lambda label: composed([str(label)])[0].replace("\\", "\\\\").replace("/", "\\/")  # noqa: E731
    found = [pd.factorize(frame[column]) for column in by]
    combined, which = np.unique(np.column_stack([codes for codes, _ in found]), axis=0, return_inverse=True)
    labels = [[escaped(each) for each in names] for _, names in found]
    joined = ["/".join(names[at] for names, at in zip(labels, row, strict=True)) for row in combined]
    return pd.Series(np.array(joined, dtype=object)[which.ravel()], index=frame.index, dtype="str")
