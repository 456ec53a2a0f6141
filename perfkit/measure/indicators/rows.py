"""A table row by row: what each row states, None where it is blank."""

from __future__ import annotations

from typing import Any

import pandas as pd


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, each a dict by column.

    Examples
    --------
    >>> rows_of(pd.DataFrame({"indicator_id": ["1", "2"], "target": [95.0, None]}))
    [{'indicator_id': '1', 'target': 95.0}, {'indicator_id': '2', 'target': None}]
    """
    columns = [
        [
            None if blank else value
            for value, blank in zip(frame[name].tolist(), frame[name].isna().tolist(), strict=True)
        ]
        for name in frame.columns
    ]
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def by_code(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the rows of a table by ``indicator_id``."""
    return {row["indicator_id"]: row for row in rows_of(frame)}
