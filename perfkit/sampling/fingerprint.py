"""What a frame is, in one line: the same for CSV, Excel and Parquet, in any row order, on any machine."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass

import pandas as pd

_BETWEEN_CELLS = "\x1e"


@dataclass(frozen=True)
class Fingerprint:
    """The rows of a frame and its SHA-256, of the whole and of each column that holds anything (hexadecimal)."""

    rows: int
    sha256: str
    columns: dict[str, str]

    def changed(self, other: Fingerprint) -> list[str]:
        """Return the columns in which ``other`` differs, those that one of the two lacks among them."""
        names = dict.fromkeys([*self.columns, *other.columns])
        return [name for name in names if self.columns.get(name) != other.columns.get(name)]


def fingerprint(frame: pd.DataFrame) -> Fingerprint:
    """Return the fingerprint of a checked table with the column ``unit_id``.

    Notes
    -----
    Rows are sorted by ``unit_id`` (code points), columns without any value are left out. A cell is its text in
    Unicode form C, a number its 15 significant digits (what a spreadsheet keeps), nothing an empty text. A column's
    digest is the SHA-256 of its cells joined by the character U+001E (␞ where a cell holds one), in UTF-8; the
    whole's is that of the lines ``column:digest``, sorted by column.

    Examples
    --------
    >>> one = pd.DataFrame({"unit_id": ["b", "a"], "budget": [2.0, 1.5], "note": [None, None]})
    >>> other = one.iloc[::-1].drop(columns="note")
    >>> fingerprint(one) == fingerprint(other)
    True
    >>> fingerprint(one).changed(fingerprint(one.assign(budget=[2.0, 1.0])))
    ['budget']
    """
    ordered = frame.sort_values("unit_id", key=lambda keys: keys.astype(object))
    columns = {str(name): _digest(ordered[name]) for name in sorted(frame.columns) if frame[name].notna().any()}
    return Fingerprint(len(frame), summed(columns), columns)


def _digest(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        cells = ["" if pd.isna(cell) else str(bool(cell)).lower() for cell in column]
    elif pd.api.types.is_numeric_dtype(column):
        numbers = column.to_numpy(dtype=float, na_value=float("nan")).tolist()
        cells = ["" if cell != cell else f"{cell:.15g}" for cell in numbers]
    else:
        cells = ["" if pd.isna(cell) else str(cell).replace(_BETWEEN_CELLS, "␞") for cell in column.tolist()]
    whole = unicodedata.normalize("NFC", _BETWEEN_CELLS.join(cells))
    return hashlib.sha256(whole.encode("utf-8")).hexdigest()


def summed(columns: dict[str, str]) -> str:
    """Return the SHA-256 of a frame from those of its columns."""
    lines = "\n".join(f"{name}:{columns[name]}" for name in sorted(columns))
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()
