"""How a value prints in a table: numbers, shares, years, days, words, and what is missing."""

from __future__ import annotations

import datetime as dt
import html
import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from numbers import Integral, Real
from typing import Any

import pandas as pd

from perfkit import tables

MISSING = "—"
_WHOLE = 1e-9
# In ems: up to here a cell stays on one line, from there on it needs room.
_TIGHT, _LONG = 5.6, 18.0
_LATIN_END = 0x2E7F
# Enough digits for any float, so that rounding never overflows.
_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)


def escaped(text: str) -> str:
    """Return ``text`` as HTML that shows just that text, line breaks kept."""
    return html.escape(text).replace("\r\n", "\n").replace("\n", "<br>")


def kind(column: Any, title: str, name: str | None) -> str:
    """Return what a column holds: ``rate``, ``year``, or anything else (empty)."""
    held = tables.CONTRACTS[name].columns.get(str(column)) if name else None
    if held is not None and held.metadata["kind"] == "rate":
        return "rate"
    return "year" if column == "year" or title in ("年度", "year", "Year") else ""


def column(
    raw: pd.Series[Any], labelled: pd.Series[Any], what: str, decimals: int, lang: str
) -> tuple[list[str], bool]:
    """Return the printed cells of a column, and whether they are numbers.

    ``raw`` says what is missing; ``labelled`` what to print. A code without a label prints as it is.
    """
    values = list(raw)
    known = [each for each in values if not is_missing(each)]
    numbers = bool(known) and all(_is_number(each) for each in known)
    places = 0 if all(is_whole(each) for each in known if _is_number(each)) else decimals
    shown = []
    for each, label in zip(values, labelled, strict=True):
        printed = each if is_missing(label) else label
        shown.append(value(printed, decimals=places, what=what, lang=lang))
    return shown, numbers


def value(each: Any, *, decimals: int | None = 2, what: str = "", lang: str = "zh") -> str:
    """Return one value as printed: rounded half up, thousands apart.

    Examples
    --------
    >>> value(1234.565, decimals=2), value(0.862, what="rate"), value(2022, what="year"), value(None)
    ('1,234.57', '86.20%', '2022', '—')
    """
    if is_missing(each):
        return MISSING
    if isinstance(each, bool) or type(each).__name__ == "bool":
        return ("是" if each else "否") if lang == "zh" else ("yes" if each else "no")
    if _is_number(each):
        return _number(each, decimals or 0, what)
    if isinstance(each, dt.datetime):
        return each.strftime("%Y-%m-%d") if each.time() == dt.time() else each.strftime("%Y-%m-%d %H:%M")
    return str(each)


def is_missing(each: Any) -> bool:
    """Say whether ``each`` is nothing at all, or empty text."""
    if isinstance(each, str):
        return not each
    return each is None or (pd.api.types.is_scalar(each) and bool(pd.isna(each)))


def is_whole(each: Any) -> bool:
    """Say whether ``each`` is a number without decimals (but for the noise of floating point)."""
    if not _is_number(each):
        return False
    if isinstance(each, Integral) or not math.isfinite(each):
        return True
    return bool(abs(each - round(each)) <= _WHOLE * max(1.0, abs(each)))


def table(
    caption: str, titles: Sequence[str], columns: Sequence[tuple[list[str], bool]], *, merged: Sequence[int] = ()
) -> str:
    """Return an HTML table that scrolls inside its frame where the screen is narrow.

    Equal cells that follow each other in the columns ``merged`` (counted from 0) become one, as on official forms,
    but never across a border of a merged column to the left.
    """
    label = html.escape(caption)
    looks = [
        _look(numbers, "" if numbers else _width(title, cells))
        for title, (cells, numbers) in _paired(titles, columns)
    ]
    head = "".join(f'<th scope="col"{look}>{escaped(title)}</th>' for look, title in zip(looks, titles, strict=True))
    spans = _spans([cells for cells, _ in columns], merged)
    rows = []
    for at, line in enumerate(zip(*(cells for cells, _ in columns), strict=True)):
        marked = [
            f"<td{look}{_span(spans[column][at])}>{escaped(each)}</td>"
            for column, (look, each) in enumerate(zip(looks, line, strict=True))
            if spans[column][at]
        ]
        rows.append(f"<tr>{''.join(marked)}</tr>")
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{label}"><table><caption>{escaped(caption)}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _paired(titles: Sequence[str], columns: Sequence[Any]) -> list[tuple[str, Any]]:
    return list(zip(titles, columns, strict=True))


def _span(rows: int) -> str:
    return f' rowspan="{rows}"' if rows > 1 else ""


def _spans(columns: Sequence[list[str]], merged: Sequence[int]) -> list[list[int]]:
    """Return for each cell how many rows it spans; 0: it is part of the one above."""
    spans = [[1] * len(cells) for cells in columns]
    left: list[int] = []
    for column in merged:
        cells, head = columns[column], 0
        for at in range(1, len(cells)):
            opens = any(spans[other][at] for other in left)
            if cells[at] == cells[head] and not opens:
                spans[column][head] += 1
                spans[column][at] = 0
            else:
                head = at
        left.append(column)
    return spans


def _width(title: str, cells: Sequence[str]) -> str:
    """Say how wide a column of words should be: short words stay on a line, sentences get room."""
    widest = max(sum(1.0 if ord(c) > _LATIN_END else 0.55 for c in cell) for cell in [title, *cells])
    return "tight" if widest <= _TIGHT else "long" if widest > _LONG else "mid"


def facts(caption: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return an HTML table of labels and values, a pair a line."""
    head = f"<caption>{escaped(caption)}</caption>" if caption else ""
    look = ' style="text-align:left"'
    body = "".join(
        f'<tr><th scope="row"{look}>{escaped(label)}</th><td{look}>{escaped(said)}</td></tr>' for label, said in pairs
    )
    label = html.escape(caption)
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{label}"><table class="facts">{head}'
        f"<tbody>{body}</tbody></table></div>"
    )


def _look(numbers: bool, width: str = "") -> str:
    # JupyterLab aligns every cell right; the report's own style sheet replaces the inline one.
    return (
        ' class="num"'
        if numbers
        else f'{f" class={chr(34)}{width}{chr(34)}" if width else ""} style="text-align:left"'
    )


def _is_number(each: Any) -> bool:
    return isinstance(each, Real | Decimal) and not isinstance(each, bool)


def _number(each: Any, decimals: int, what: str) -> str:
    if not math.isfinite(each):
        return "∞" if each > 0 else "−∞"
    exact = Decimal(str(each))
    if what == "rate":
        return f"{_rounded(exact * 100, 2)}%"
    if what == "year":
        return _rounded(exact, 0 if is_whole(each) else decimals).replace(",", "")
    return _rounded(exact, decimals)


def _rounded(exact: Decimal, decimals: int) -> str:
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
    return f"{abs(rounded) if rounded.is_zero() else rounded:,}"
