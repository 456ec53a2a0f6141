"""Which unit, year and leaf of the library each row of values belongs to, as whole numbers.

A table may have twenty million rows: texts are numbered once, and everything after works on the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from perfkit import tables
from perfkit.errors import Problem

Codes = npt.NDArray[np.integer[Any]]

_RUNS = 4  # with fewer runs than a quarter of the rows, one row a run is looked at
_YEARS = 10_000  # above any year
_BLANK = -1
_ROWS = 1_000_000
_DENSE = 8  # a map of all units and leaves is made where at least one in eight is filled


@dataclass(frozen=True)
class Keys:
    """The units and years to score, ``known``, and where each row of values belongs.

    ``unit`` is its row in ``known``, ``leaf`` its row in the library, -1 where the library has none.
    """

    known: pd.DataFrame
    unit: Codes
    leaf: Codes


def keyed(values: pd.DataFrame, library: pd.DataFrame, units: pd.DataFrame | None) -> tuple[Keys, list[Problem]]:
    """Find the keys of ``values``, and say which years are wrong.

    A blank year is filled from the unit's only year. Units and years that only table ``units`` names are scored
    too, if indicators apply to them.
    """
    with ThreadPoolExecutor(1) as beside:  # two columns of text, one for each of two processors
        leaves = beside.submit(leaves_of, values, library)
        unit, names = codes_of(values["unit_id"])
    leaf, year = leaves.result(), _years(values)
    if year is None and units is None:
        return Keys(pd.DataFrame({"unit_id": names, "year": _as_years(np.full(len(names), _BLANK))}), unit, leaf), []
    starts = _run_starts(unit, year)
    pair, distinct = pd.factorize(_joined(unit[starts], None if year is None else year[starts]))
    listed, listed_year, index = _listed(units, names)
    filled, bad = _filled(distinct, listed, listed_year)
    extra = _to_add(filled, listed, listed_year, library, index)
    merged, kept = pd.factorize(np.concatenate([filled, extra]))
    known = pd.DataFrame({"unit_id": index.take(kept // _YEARS), "year": _as_years(kept % _YEARS - 1)})
    lengths = np.diff(np.append(starts, len(unit)))
    unit = np.repeat(merged[: len(filled)][pair].astype(np.int32), lengths)
    problems = _wrong_years(values, np.repeat(pair, lengths), distinct, bad, listed, listed_year) if len(bad) else []
    return Keys(known, unit, leaf), problems


def codes_of(column: pd.Series) -> tuple[Codes, pd.Index]:
    """Return the texts of a column as numbers in order of first appearance, and the texts.

    Examples
    --------
    >>> codes, texts = codes_of(pd.Series(["b", "b", "a", "b"]))
    >>> codes.tolist(), texts.tolist()
    ([0, 0, 1, 0], ['b', 'a'])
    """
    if not len(column):
        return np.empty(0, dtype=np.int32), pd.Index([], dtype="str")
    if isinstance(column.dtype, pd.CategoricalDtype):
        raw = column.array.codes
        starts = _run_starts(raw, None)
        codes, seen = pd.factorize(raw[starts])
        if np.array_equal(seen, np.arange(len(seen))):
            return raw, column.cat.categories.take(seen).astype("str")
        return _spread(codes, starts, len(raw)), column.cat.categories.take(seen).astype("str")
    texts = _arrow(column)
    changed = pc.not_equal(texts.slice(1), texts.slice(0, len(texts) - 1)).fill_null(True)
    starts = np.append(0, 1 + np.flatnonzero(changed.to_numpy(zero_copy_only=False)))
    if len(starts) * _RUNS < len(texts):
        texts = texts.take(pa.array(starts))
    else:
        starts = np.arange(len(texts))
    coded = pc.dictionary_encode(texts)
    return (
        _spread(coded.indices.to_numpy(zero_copy_only=False), starts, len(column)),
        pd.Index(coded.dictionary.to_pandas(), dtype="str"),
    )


def leaves_of(values: pd.DataFrame, library: pd.DataFrame) -> Codes:
    """Return for each row of values the row of its indicator in the library: the unit's own, else the common one."""
    common = np.flatnonzero(library["unit_id"].isna())
    column, codes = values["indicator_id"], library["indicator_id"].iloc[common]
    if isinstance(column.dtype, pd.CategoricalDtype):
        of = pd.Index(codes).get_indexer(column.cat.categories)
        place = np.append(of, -1).astype(_small(len(library)))[column.array.codes]
    elif len(column):
        found = pc.index_in(_arrow(column), value_set=_arrow(codes))
        found = found.fill_null(-1) if found.null_count else found
        place = found.to_numpy(zero_copy_only=False).astype(_small(len(library)))
    else:
        place = np.empty(0, dtype=np.int64)
    if len(common) == len(library):
        return np.asarray(place)
    leaf: Codes = np.append(common, -1)[place]
    own = library.loc[library["unit_id"].notna(), ["unit_id", "indicator_id"]].astype("str")
    rows = np.flatnonzero(library["unit_id"].notna())
    wanted = pd.MultiIndex.from_frame(values[["unit_id", "indicator_id"]].astype("str"))
    found = pd.MultiIndex.from_frame(own).get_indexer(wanted)
    own_leaf: Codes = np.append(rows, -1)[found]
    return np.where(found >= 0, own_leaf, leaf)


def _small(n: int) -> type[np.signedinteger[Any]]:
    """Return the smallest whole numbers that count to ``n``."""
    return next(kind for kind in (np.int8, np.int16, np.int32, np.int64) if n <= np.iinfo(kind).max)


def _arrow(column: pd.Series) -> Any:
    held = pa.array(column, from_pandas=True)
    return held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held


def _years(values: pd.DataFrame) -> npt.NDArray[np.int64] | None:
    """Return the years, -1 where blank; None if there are none at all."""
    if "year" not in values or values["year"].isna().all():
        return None
    years: npt.NDArray[np.int64] = values["year"].to_numpy(dtype=np.int64, na_value=_BLANK)
    return years


def _as_years(years: npt.NDArray[np.int64]) -> pd.Series:
    return pd.Series(years, dtype="Int64").mask(years == _BLANK)


def _run_starts(unit: Codes, year: Codes | None) -> npt.NDArray[np.int64]:
    """Return where the unit or the year changes."""
    changed = unit[1:] != unit[:-1]
    if year is not None:
        changed |= year[1:] != year[:-1]
    starts: npt.NDArray[np.int64] = np.append(0, 1 + np.flatnonzero(changed)) if len(unit) else np.empty(0, np.int64)
    return starts


def _spread(codes: Codes, starts: npt.NDArray[np.int64], n: int) -> Codes:
    small = codes.astype(np.int32, copy=False)
    return small if len(starts) == n else np.repeat(small, np.diff(np.append(starts, n)))


def _joined(unit: Codes, year: Codes | None) -> npt.NDArray[np.int64]:
    """Return unit and year as one number; a blank year counts as one."""
    wide: npt.NDArray[np.int64] = unit.astype(np.int64) * _YEARS
    return wide if year is None else wide + (year + 1)


def _listed(units: pd.DataFrame | None, index: pd.Index) -> tuple[Codes, Codes, pd.Index]:
    """Return the units and years of table ``units`` by number, and the texts with those that values do not name."""
    if units is None:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), index
    new = units["unit_id"][index.get_indexer(units["unit_id"]) < 0].drop_duplicates()  # isin is slow on texts
    longer = index.append(pd.Index(new, dtype="str"))
    years = units["year"].to_numpy(dtype=np.int64, na_value=_BLANK)
    return longer.get_indexer(units["unit_id"]), years, longer


def _filled(pairs: Codes, listed: Codes, listed_year: Codes) -> tuple[Codes, Codes]:
    """Fill blank years of pairs from the unit's only year; returns the pairs, and which of them are wrong."""
    unit, year = pairs // _YEARS, pairs % _YEARS - 1
    blank = year == _BLANK
    if not len(listed) and (blank.all() or not blank.any()):
        return pairs, np.empty(0, dtype=np.int64)
    given = pd.DataFrame({"unit": np.append(unit, listed), "year": np.append(year, listed_year)})
    given = given[given["year"] != _BLANK].drop_duplicates()
    of_unit = given.groupby("unit")["year"].agg(["first", "size"]).reindex(unit)
    several = of_unit["size"].gt(1).to_numpy()
    only = of_unit["first"].where(of_unit["size"].eq(1)).fillna(_BLANK).to_numpy(dtype=np.int64)
    whole = np.where(blank, only, year)
    dated = np.isin(unit, listed[listed_year != _BLANK])
    stray = dated & (whole != _BLANK) & ~np.isin(_joined(unit, whole), _joined(listed, listed_year))
    return unit * _YEARS + whole + 1, np.flatnonzero((blank & several) | stray)


def _to_add(
    pairs: Codes, listed: Codes, listed_year: Codes, library: pd.DataFrame, index: pd.Index
) -> npt.NDArray[np.int64]:
    """Return the pairs that only table ``units`` names: a year that no value mentions is missing, not dropped."""
    wanted = ~((listed_year == _BLANK) & np.isin(listed, pairs // _YEARS))
    if not library["unit_id"].isna().any():
        wanted &= np.isin(listed, index.get_indexer(library["unit_id"].unique()))
    return _joined(listed[wanted], listed_year[wanted])


def _wrong_years(
    values: pd.DataFrame, pair: Codes, pairs: Codes, bad: Codes, listed: Codes, listed_year: Codes
) -> list[Problem]:
    problems = []
    for row in np.flatnonzero(np.isin(pair, bad)):
        unit, year = divmod(int(pairs[pair[row]]), _YEARS)
        several = year - 1 == _BLANK
        years = listed_year[(listed == unit) & (listed_year != _BLANK)]
        if not len(years):
            years = pairs[pairs // _YEARS == unit] % _YEARS - 1
        problems.append(
            Problem(
                ("the year is blank, and the unit has several", "年度为空，而该对象有多个年度")
                if several
                else ("the unit has no such year", "评价对象没有该年度"),
                tables.place(values, values.index[row], "year", name="values"),
                ", ".join(str(each) for each in sorted(set(years.tolist()) - {_BLANK})),
                "" if several else str(year - 1),
                ("write the right year", "请填写正确的年度"),
                column="year",
            )
        )
    return problems


def twice(values: pd.DataFrame, keys: Keys, leaves: int) -> list[Problem]:
    """Say which rows stand for a unit, year and indicator that has one already."""
    units = len(keys.known)
    if leaves * units <= _DENSE * len(values):
        seen = np.zeros((leaves + 1) * units, dtype=bool)  # what is unknown falls into a last leaf of its own
        for part in blocks(len(values), _ROWS):
            seen[keys.leaf[part].astype(np.int64) * units + keys.unit[part]] = True
        if np.count_nonzero(seen[: leaves * units]) == np.count_nonzero(keys.leaf >= 0):
            return []
    again = pd.Series(keys.leaf.astype(np.int64) * units + keys.unit).duplicated().to_numpy() & (keys.leaf >= 0)
    return [
        Problem(
            ("the indicator stands twice", "同一指标重复填报"),
            tables.place(values, values.index[row], "indicator_id", name="values"),
            got=str(values["indicator_id"].iloc[row]),
            do=("keep one of the rows", "请只保留一行"),
            column="indicator_id",
        )
        for row in np.flatnonzero(again)
    ]


def blocks(n: int, size: int) -> Iterator[slice]:
    """Cut ``n`` rows into slices of at most ``size``, so that what is made of them stays small.

    Examples
    --------
    >>> [(part.start, part.stop) for part in blocks(5, 2)]
    [(0, 2), (2, 4), (4, 5)]
    """
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
