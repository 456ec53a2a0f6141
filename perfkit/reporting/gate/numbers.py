"""The numbers that a text shows, to compare formats and to find what was declared."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal

_NUMBER = re.compile(r"(?<![A-Za-z0-9_.,])([-−]?)(\d+(?:,\d{3})*(?:\.\d+)?)(?![A-Za-z0-9_]|\.\d)")
_CLOSED = (")", "）", "]")
# What a format may number by itself: "表1", "Figure 2.", "3."; before a heading also "4.1".
_COUNT = re.compile(r"^\s*(?:(?:表|图|Table|Figure)\s*\d+[.．]?|\d+[.．、](?=\s))")
_HEADING_COUNT = re.compile(r"^\s*\d+(?:\.\d+)*[.．、]?(?=\s)")
_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)
_PRINTED = 2
_FINEST = 6


def numbers(text: str, *, signed: bool = True) -> list[Decimal]:
    """Return the numbers in ``text``; digits that are part of a code with Latin letters are none.

    Examples
    --------
    >>> [str(each) for each in numbers("完成 1,234.50 元（−5.2%），2022-12-31，编号 A12")]
    ['1234.50', '-5.2', '2022', '12', '31']
    """
    found = []
    for each in _NUMBER.finditer(text):
        negative = signed and each[1] and not text.endswith(_CLOSED, 0, each.start())
        found.append(Decimal(("-" if negative else "") + each[2].replace(",", "")))
    return found


def without_count(text: str, *, heading: bool = False) -> str:
    """Return ``text`` without the number that it begins with, if it is one that only counts.

    Examples
    --------
    >>> without_count("表1　评分表"), without_count("735 人次"), without_count("4.1 By dimension", heading=True)
    ('　评分表', '735 人次', ' By dimension')
    """
    return (_HEADING_COUNT if heading else _COUNT).sub("", text)


def counted(texts: Iterable[str], *, signed: bool = True) -> Counter[Decimal]:
    """Return how often each number stands in ``texts``."""
    return Counter(each for text in texts for each in numbers(text, signed=signed))


def not_shown(values: Iterable[float], shown: Counter[Decimal]) -> list[float]:
    """Return the values that stand nowhere in ``shown``, each shown number taken once.

    A value stands there if it is printed exactly, or rounded half up to two decimals or more.

    Examples
    --------
    >>> not_shown([92.345, 10, 10], counted(["得 92.35 分", "10"]))
    [10]
    """
    left, missing = shown.copy(), []
    for value in values:
        found = next((each for each in _as_printed(value) if left[each] > 0), None)
        if found is None:
            missing.append(value)
        else:
            left[found] -= 1
    return missing


def _as_printed(value: float) -> list[Decimal]:
    if not math.isfinite(value):
        return []
    exact = Decimal(repr(float(value)))
    return [exact.quantize(Decimal(1).scaleb(-places), context=_EXACT) for places in range(_PRINTED, _FINEST + 1)]
