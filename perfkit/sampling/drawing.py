"""Draw a sample from a frame: recommended units with certainty, the rest at random, a reserve list beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.sampling.coordination import after_last, read_on
from perfkit.sampling.frame import WHOLE, check_frame, columns_of, in_memory, refused, sizes_of
from perfkit.sampling.inclusion import Codes, Floats, Mask
from perfkit.sampling.numbers import composed, permanent, stream
from perfkit.sampling.selection import BY_ORDER, BY_SIZE, METHODS, SYSTEMATIC, Method, Selection, select

Allocation: TypeAlias = "int | Mapping[str, int] | pd.Series | pd.DataFrame"


def draw(
    frame: Any,
    allocation: Allocation,
    *,
    seed: str | int,
    method: Method = "srs",
    strata: str | Sequence[str] = "stratum",
    size: str | None = None,
    recommended: bool = True,
    reserve: int | Mapping[str, int] = 0,
    read_from: float = 0.0,
    avoid: pd.DataFrame | None = None,
    sort: str | Sequence[str] = (),
) -> pd.DataFrame:
    r"""Draw a sample: the same from the same seed on any machine, in any order of the rows.

    Parameters
    ----------
    frame
        Table ``frame``, or any frame with ``unit_id`` and the columns named; pandas or Dask.
    allocation
        Units to draw in each stratum beside the recommended: a mapping from its label, or the table ``strata`` with
        its column ``drawn``, or one number for a single stratum. Every stratum must be given; 0 skips it. **Units
        certain by size count within it.**
    seed
        From :func:`~perfkit.sampling.seed_of`.
    method
        ``srs``, ``systematic``, ``pps_systematic``, ``sampford``, ``pareto`` or ``sequential_poisson``; the designs
        are in the notes of :func:`~perfkit.sampling.selection.select`.
    strata, size
        Columns of the strata and of the size measure, see :func:`~perfkit.sampling.check_frame`. Designs by size
        need a size above zero of every unit that is not recommended, the others take none.
    recommended
        Whether units marked in the frame's column ``recommended`` are taken with certainty; they are a part of their
        own and never mix with those drawn.
    reserve
        Units to name in each stratum that stand in, in their order, for those that cannot be checked; fewer where
        the stratum has no more. The table ``strata`` may say it in its column ``reserve``.
    read_from
        Where between 0 and 1 the permanent numbers are read on from, to rotate samples between years.
    avoid
        Last year's sample, drawn with the same seed and strata: the numbers are read on from the last unit drawn at
        random in each stratum, so that those drawn come last (``srs`` only). To avoid last year's reserves too,
        give them the part ``random``.
    sort
        Columns that a systematic list is sorted by within its stratum before the codes; by the codes alone if none.

    Returns
    -------
    DataFrame
        Table ``sample``, sorted by ``unit_id``: ``unit_id, stratum, part, order, random_number, inclusion, weight``.
        The weight is one over the inclusion probability; recommended units and units certain by size have 1 and no
        order; reserves have neither inclusion probability nor weight. ``random_number`` is the unit's own, which
        decides in every design but the systematic ones.

    Raises
    ------
    SampleError
        If the frame is unfit, the allocation names an unknown stratum or leaves one out or asks for more units than
        there are, or the arguments do not go together.

    Notes
    -----
    A systematic list starts at ``stream(seed, "start|STRATUM")``; all other designs go by ``permanent``.

    ``read_from`` = r replaces each number u by :math:`(u - r) \bmod 1`, which is as uniform as u: inclusion
    probabilities stay what they were. With ``avoid`` r is last year's last number in the stratum. In a simple random
    sample of the same units all are alike in that, so the inclusion probability stays n/N; units that came or went
    in between change it by the order of 1/N. Designs by size have no such symmetry: use ``read_from``.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit_id": list("abcdef"), "stratum": list("XXXYYY")})
    >>> frame["recommended"] = frame["unit_id"] == "a"
    >>> draw(frame, {"X": 1, "Y": 2}, seed=2026)[["unit_id", "part", "weight"]].values.tolist()
    [['a', 'recommended', 1.0], ['b', 'random', 2.0], ['d', 'random', 1.5], ['f', 'random', 1.5]]
    """
    by = columns_of(strata)
    sorting = columns_of(sort)
    fail_if_at_odds(method, size, read_from, avoid, sorting)
    columns = dict.fromkeys(["unit_id", *by, *([size] if size else []), "recommended", *sorting])
    held = check_frame(in_memory(frame, columns), by)
    held = held.sort_values(sorting, kind="stable") if sorting else held
    marked = marks(held) if recommended else np.zeros(len(held), dtype=bool)
    codes, labels = pd.factorize(held["stratum"], sort=True)
    open_, where = held[~marked], codes[~marked].astype(np.int64)
    n, spare = _counts(allocation, reserve, labels, np.bincount(where, minlength=len(labels)))
    numbers = permanent(open_["unit_id"], seed)
    read = read_on(numbers, read_from) if avoid is None else after_last(numbers, where, labels, avoid, seed)
    starts = np.array([stream(seed, f"start|{each}")[0] for each in labels]) if method in SYSTEMATIC else None
    sizes = sizes_of(open_, size) if size else None
    drawn = select(where, n, read, method=method, size=sizes, starts=starts, reserve=spare)
    return _sample(held[marked], open_, numbers, drawn, seed)


def marks(frame: pd.DataFrame) -> Mask:
    """Return which units of a frame are recommended; without the column, or where it is blank, none is."""
    if "recommended" not in frame:
        return np.zeros(len(frame), dtype=bool)
    column = frame["recommended"]
    blank = column.isna().to_numpy(dtype=bool)
    unclear = ~column.isin([True, False]).to_numpy(dtype=bool) & ~blank
    if unclear.any():
        raise refused(
            ("recommended is neither yes nor no", "“推荐”不是“是”或“否”"),
            where=str(frame["unit_id"][unclear].iloc[0]),
            got=str(column[unclear].iloc[0]),
            do=("read the frame with tables.read, or give True and False", "请用 tables.read 读取，或填 True、False"),
            column="recommended",
        )
    return np.asarray(column.where(~blank, other=False), dtype=np.bool_)


def sorted_by_code(sample: pd.DataFrame) -> pd.DataFrame:
    """Return a sample sorted by its units' codes, code point by code point."""
    keys = composed(sample["unit_id"])
    return (
        sample.iloc[sorted(range(len(keys)), key=keys.__getitem__)]
        .reset_index(drop=True)
        .astype({"unit_id": "str", "stratum": "str", "part": "str"})
    )


def _sample(
    certain: pd.DataFrame, frame: pd.DataFrame, numbers: Floats, drawn: Selection, seed: str | int
) -> pd.DataFrame:
    chosen = frame.iloc[drawn.rows]
    part = np.where(np.isnan(drawn.inclusion), "reserve", np.where(np.isnan(drawn.order), "size", "random"))
    columns = {
        "unit_id": pd.concat([certain["unit_id"], chosen["unit_id"]]).to_numpy(),
        "stratum": pd.concat([certain["stratum"], chosen["stratum"]]).to_numpy(),
        "part": np.concatenate([np.full(len(certain), "recommended"), part]),
        "order": np.concatenate([np.full(len(certain), np.nan), drawn.order]),
        "random_number": np.concatenate([permanent(certain["unit_id"], seed), numbers[drawn.rows]]),
        "inclusion": np.concatenate([np.ones(len(certain)), drawn.inclusion]),
    }
    sample = pd.DataFrame(columns)
    sample["weight"] = 1 / sample["inclusion"]
    return sorted_by_code(sample)


def fail_if_at_odds(
    method: str, size: str | None, read_from: float, avoid: pd.DataFrame | None, sorting: Sequence[str]
) -> None:
    """Raise if the arguments of :func:`draw` do not go together, whatever the frame."""
    problems = []
    if method not in METHODS:
        problems.append(Problem(("no such design", "没有这种抽样方法"), "method", ", ".join(METHODS), str(method)))
    elif method in BY_SIZE and size is None:
        problems.append(Problem(("a design by size needs a size", "按规模抽样须指定规模指标"), f"method={method}"))
    elif method not in BY_SIZE and size is not None:
        problems.append(Problem(("this design takes no size", "该方法不使用规模指标"), f"method={method}", got=size))
    if sorting and method not in SYSTEMATIC:
        what = ("only a systematic list is sorted", "只有系统抽样可以指定排序")
        problems.append(Problem(what, f"method={method}", got=", ".join(sorting)))
    if not 0 <= read_from < 1:
        what = ("numbers are read from a point between 0 and 1", "随机数起读点须在 0 与 1 之间")
        problems.append(Problem(what, "read_from", "0 ≤ … < 1", str(read_from)))
    if read_from and method not in BY_ORDER:
        what = ("this design does not go by the order of the numbers", "该方法不按随机数次序抽取，无法轮换")
        problems.append(Problem(what, f"method={method}", ", ".join(BY_ORDER), f"read_from={read_from}"))
    if avoid is not None and (method != "srs" or read_from):
        what = ("last year's sample is avoided in a simple random draw", "只有简单随机抽样可用 avoid 避开上年样本")
        do = ("use read_from, which holds for designs by size", "按规模抽样请用 read_from 轮换")
        problems.append(Problem(what, f"method={method}", "srs", do=do))
    fail_if_any(SampleError, "the draw 抽样", problems)


def _counts(
    allocation: Allocation, reserve: int | Mapping[str, int], labels: Sequence[str], units: Codes
) -> tuple[Codes, Codes]:
    """Return the units to draw and to hold in reserve, stratum by stratum."""
    wanted, spare = _by_stratum(allocation, labels), reserve
    if isinstance(allocation, pd.DataFrame) and "reserve" in allocation and not isinstance(reserve, Mapping):
        named = dict(zip(allocation["stratum"].astype(str), allocation["reserve"].fillna(reserve), strict=True))
        spare = named if allocation["reserve"].notna().any() else reserve
    held = dict(spare) if isinstance(spare, Mapping) else dict.fromkeys(labels, spare)
    do = ("name strata of the frame", "请使用抽样框中的层名")
    problems = [
        Problem(("no such stratum in the frame", "抽样框中没有这一层"), each, ", ".join(labels), do=do, column=column)
        for column, given in (("drawn", wanted), ("reserve", held))
        for each in given
        if each not in set(labels)
    ]
    for label, there in zip(labels, units, strict=True):
        problems += _wrong(label, wanted.get(label), int(there))
        problems += _wrong(label, held.get(label, 0), None)
    fail_if_any(SampleError, "allocation 样本分配", problems)
    rest = [min(int(held.get(each, 0)), int(there - wanted[each])) for each, there in zip(labels, units, strict=True)]
    return np.array([wanted[each] for each in labels], dtype=np.int64), np.array(rest, dtype=np.int64)


def _by_stratum(allocation: Allocation, labels: Sequence[str]) -> dict[str, Any]:
    if isinstance(allocation, pd.DataFrame):
        lacking = [each for each in ("stratum", "drawn") if each not in allocation]
        if lacking:
            what = ("the table of strata has no such column", "分层表没有这一列")
            raise refused(what, where=", ".join(lacking), expected="stratum, drawn")
        allocation = allocation.set_index("stratum")["drawn"]
    if isinstance(allocation, pd.Series):
        if allocation.index.has_duplicates:
            label = allocation.index[allocation.index.duplicated()][0]
            raise refused(("a stratum is given twice", "抽样层重复"), where=str(label), column="stratum")
        return {str(label): value for label, value in allocation.items()}
    if isinstance(allocation, Mapping):
        return {str(label): value for label, value in allocation.items()}
    if len(labels) > 1:
        raise refused(
            ("one number, but several strata", "只给了一个样本量，但有多个抽样层"),
            expected=", ".join(labels),
            got=str(allocation),
            do=("give each stratum its number, or strata=[]", "请为每层给出样本量，或设 strata=[]"),
        )
    return {next(iter(labels), WHOLE): allocation}


def _wrong(label: str, number: Any, there: int | None) -> list[Problem]:
    """Return what is wrong with a number of units; ``there`` is how many there are, None where it does not matter."""
    if number is None:
        what = ("a stratum of the frame has no number", "抽样框中的层没有给出样本量")
        return [Problem(what, label, do=("give it a number, 0 to skip it", "请给出样本量，不抽取则填 0"))]
    if not pd.api.types.is_number(number) or number % 1 != 0 or number < 0:
        what = ("a number of units is no whole number from 0 on", "单位数须为不小于 0 的整数")
        return [Problem(what, label, "0, 1, 2, …", str(number))]
    if there is not None and number > there:
        what = ("the sample is larger than the stratum", "样本量大于该层单位数")
        do = ("draw fewer; recommended units do not count", "请减少抽取数；推荐必查单位不计入")
        return [Problem(what, label, f"≤ {there}", str(int(number)), do)]
    return []
