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


def table(caption: str, titles: Sequence[str], columns: Sequence[tuple[list[str], bool]]) -> str:
    """Return an HTML table that scrolls inside its frame where the screen is narrow."""
    label = html.escape(caption)
    head = "".join(
        f'<th scope="col"{_look(numbers)}>{escaped(title)}</th>'
        for title, (_, numbers) in zip(titles, columns, strict=True)
    )
    rows = []
    for line in zip(*(cells for cells, _ in columns), strict=True):
        marked = zip(line, (numbers for _, numbers in columns), strict=True)
        rows.append("".join(f"<td{_look(numbers)}>{escaped(each)}</td>" for each, numbers in marked))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{label}"><table><caption>{escaped(caption)}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def facts(caption: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return an HTML table of labels and values, a pair a line."""
    head = f"<caption>{escaped(caption)}</caption>" if caption else ""
    look = ' style="text-align:left"'
    body = "".join(
        f'<tr><th scope="row"{look}>{escaped(label)}</th><td{look}>{escaped(said)}</td></tr>' for label, said in pairs
    )
    return f'<div class="wide"><table class="facts">{head}<tbody>{body}</tbody></table></div>'


def _look(numbers: bool) -> str:
    # JupyterLab aligns every cell right; the report's own style sheet replaces the inline one.
    return ' class="num"' if numbers else ' style="text-align:left"'


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
