"""A table in parts: a Dask data frame partitioned by unit is scored part by part, wherever its workers are."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from perfkit.errors import Problem, ScoreError, fail_if_any


@dataclass(frozen=True)
class Parts:
    """Values in parts, and how one part is scored: ``score(values, units=...)`` returns its scorecard."""

    values: Any
    units: pd.DataFrame | None
    score: Callable[..., Any]

    def results(self) -> Any:
        """Return the table ``results`` of all parts, and of the units that no part holds.

        Raises
        ------
        ScoreError
            If a unit stands in several parts. What is wrong with the values is said when a part is computed.
        """
        held = self.values["unit_id"].map_partitions(_distinct, meta=self.values["unit_id"]._meta).compute()
        fail_if_any(ScoreError, "the data 数据", _torn(held))
        results = self._mapped("results")
        silent = None if self.units is None else self.units[~self.units["unit_id"].isin(held)]
        if silent is None or not len(silent):
            return results
        dd: Any = importlib.import_module("dask.dataframe")
        rest = self.score(_plain(self.values._meta), units=silent).results.astype(results.dtypes)
        return dd.concat([results, dd.from_pandas(rest, npartitions=1)])

    def items(self, _rows: Any, _shown: bool = True) -> Any:
        """Return the table ``scores`` of all parts."""
        return self._mapped("items")

    def of(self, unit_id: str) -> Any:
        """Return the scorecard of one unit: only its rows are brought here."""
        rows = self.values[self.values["unit_id"] == unit_id].compute()
        units = self.units
        return self.score(_plain(rows), units=None if units is None else units[units["unit_id"] == unit_id])

    def _mapped(self, table: str) -> Any:
        meta = _scored(self.values._meta, self.score, None, table)
        return self.values.map_partitions(
            partial(_scored, score=self.score, units=self.units, table=table), meta=meta
        )


def _scored(part: pd.DataFrame, score: Callable[..., Any], units: pd.DataFrame | None, table: str) -> pd.DataFrame:
    """Score one part, with those of the units that it holds."""
    own = None if units is None else units[units["unit_id"].isin(part["unit_id"])]
    frame: pd.DataFrame = getattr(score(_plain(part), units=own), table)
    return frame


def _plain(part: pd.DataFrame) -> pd.DataFrame:
    """Give texts the type that pandas reads them as: Dask has one of its own."""
    return part.astype({name: "str" for name, kind in part.dtypes.items() if isinstance(kind, pd.StringDtype)})


def _distinct(part: pd.Series) -> pd.Series:
    return part.drop_duplicates()


def _torn(parts: pd.Series) -> list[Problem]:
    """Say which units stand in several parts: each part would score the rest of the unit as missing."""
    return [
        Problem(
            ("a unit stands in several partitions", "同一评价对象分在多个分区"),
            got=str(unit),
            do=("partition the table by unit_id", "请按评价对象编码分区"),
            column="unit_id",
        )
        for unit in parts[parts.duplicated()].unique()
    ]
