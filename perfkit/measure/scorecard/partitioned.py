"""A table in parts: a Dask data frame partitioned by unit is scored part by part, wherever its workers are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.measure.scorecard import card
from perfkit.measure.scorecard.library import scheme_named
from perfkit.rules import RuleSet


@dataclass(frozen=True)
class PartitionedScorecard(card.Scorecard):
    """A scorecard whose ``results`` and ``items`` are Dask data frames; that of one unit is an ordinary one."""

    values: Any = None
    choices: Any = None

    @cached_property
    def items(self) -> Any:
        """The table ``scores``, in parts."""
        return _mapped(self.values, "items", self.choices)

    def of(self, unit_id: str) -> card.Scorecard:
        """Return the scorecard of one unit: only its rows are brought here."""
        rows = _plain(self.values[self.values["unit_id"] == unit_id].compute())
        choices = dict(self.choices)
        units = choices.pop("units")
        own = None if units is None else units[units["unit_id"] == unit_id]
        return card.score(rows, **choices, units=own).of(unit_id)


def score(
    values: Any, library: pd.DataFrame, rule_set: RuleSet, *, units: pd.DataFrame | None, **choices: Any
) -> PartitionedScorecard:
    """Score a Dask data frame of values; see :func:`perfkit.measure.scorecard.score`.

    Raises
    ------
    ScoreError
        If a unit stands in several parts. What is wrong with the values themselves is said when a part is computed.
    """
    parts = values["unit_id"].map_partitions(_distinct, meta=values["unit_id"]._meta).compute()
    fail_if_any(ScoreError, "the data 数据", _torn(parts))
    whole = {"library": library, "rule_set": rule_set, "units": units, **choices}
    results = _mapped(values, "results", whole)
    silent = None if units is None else units[~units["unit_id"].isin(parts)]
    if silent is not None and len(silent):
        import dask.dataframe as dd

        rest = card.score(_plain(values._meta), library, rule_set, units=silent, **choices).results
        results = dd.concat([results, dd.from_pandas(rest.astype(results.dtypes), npartitions=1)])
    chosen = scheme_named(rule_set, choices["scheme"])
    return PartitionedScorecard(results, rule_set, chosen, choices["denominator"], _no_items, None, values, whole)


def _mapped(values: Any, table: str, choices: dict[str, Any]) -> Any:
    meta = _scored(values._meta, table, {**choices, "units": None})
    return values.map_partitions(_scored, table, choices, meta=meta)


def _scored(part: pd.DataFrame, table: str, choices: dict[str, Any]) -> pd.DataFrame:
    """Score one part, with those of the units that it holds."""
    units = choices["units"]
    own = None if units is None else units[units["unit_id"].isin(part["unit_id"])]
    frame: pd.DataFrame = getattr(card.score(_plain(part), **{**choices, "units": own}), table)
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


def _no_items(_rows: Any) -> pd.DataFrame:
    raise NotImplementedError
