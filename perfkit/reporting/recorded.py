"""What a notebook says of itself for the pipeline, in outputs of their own kind that the report does not print."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pandas as pd

SUMMARY_MIME = "application/vnd.perfkit.summary+json"
DECLARED_MIME = "application/vnd.perfkit.declared+json"
MIMES = frozenset({SUMMARY_MIME, DECLARED_MIME})
# How a missing value prints if nobody sees to it.
GAPS = ("nan", "NaN", "NaT", "None", "<NA>")


class Summary:
    """The title of a report and its columns in the index."""

    def __init__(self, title: str, fields: dict[str, Any]) -> None:
        self.title = title
        self.fields = fields

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        # Pairs, because a notebook's file sorts the keys of a mapping.
        return {SUMMARY_MIME: {"title": self.title, "fields": list(self.fields.items())}, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return " · ".join([self.title, *(f"{name}: {value}" for name, value in self.fields.items())])


class Declared:
    """What a report must hold before it is delivered."""

    def __init__(self, held: dict[str, Any]) -> None:
        self.held = held

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {DECLARED_MIME: self.held, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return " · ".join(f"{name}: {len(held)}" for name, held in self.held.items() if isinstance(held, list))


def summary(title: str, /, **fields: Any) -> Summary:
    """Return what the index of a batch says of this report; the report itself does not print it.

    Parameters
    ----------
    title
        The title of the report.
    **fields
        The columns of the index: text, numbers, dates, or None.

    Examples
    --------
    >>> summary("张三小学", 得分=92.5, 等级="优")
    张三小学 · 得分: 92.5 · 等级: 优
    """
    return Summary(str(title), {name: plain(value) for name, value in fields.items()})


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can hold it: a gap as None, a date as ISO text, infinity as text."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()[:10]
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    try:
        json.dumps(value)
    except TypeError:
        return str(value)
    return value
