"""How wide the columns of a table are, and how small its text must be to fit the page."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from perfkit.reporting.export.blocks import Cell, Table

_LATIN_END = 0x2E7F
_WORD = re.compile(r"[!-~\u00a0-\u024f]+")
# In ems: up to here a cell stays on one line if there is room; a longer word is broken; the most a column asks for.
_SHORT, _WORD_MOST, _MOST = 5.6, 9.0, 40.0
_PADDING = 1.0
# Sizes of text in points, each first with short cells on one line, then with their being broken.
_SIZES = ((10.5, True), (9.0, True), (10.5, False), (9.0, False), (8.0, False), (7.0, False), (6.0, False))
LARGEST = _SIZES[0][0]
# So many lines stay on one page.
_TOGETHER = 14


@dataclass(frozen=True)
class Fit:
    """How a table is set: the size of its text in points, its columns' shares, and whether it stays on one page."""

    size: float
    shares: tuple[float, ...]
    together: bool


def fitted(table: Table, width: float) -> Fit:
    """Return how ``table`` is set in a ``width`` in points.

    Notes
    -----
    As a browser does: every column gets the least it needs, and what remains goes to the columns in proportion to
    what they lack for a single line. Where even the smallest text does not fit, words are broken.

    Examples
    --------
    A column of one letter needs 2 em with its padding, one of nine 10 em: at 10 em more, each gets half of that.

    >>> from perfkit.reporting.export.blocks import Cell, Run, Table
    >>> row = (Cell((Run("一"),)), Cell((Run("二三四五六七八九十"),)))
    >>> fitted(Table((), (row,), 0), 22 * 10.5)
    Fit(size=10.5, shares=(0.3182, 0.6818), together=True)
    """
    for size, whole in _SIZES:
        least, full = _needs(table, whole)
        if sum(least) * size <= width:
            break
    ems_ = _shared_out(least, full, width / size)
    total = sum(ems_)
    shares = tuple(round(each / total, 4) for each in ems_)
    return Fit(size, shares, _lines(table, [share * width / size for share in shares]) <= _TOGETHER)


def ems(text: str) -> float:
    """Return how wide ``text`` is on one line."""
    return sum(1.0 if ord(character) > _LATIN_END else 0.55 for character in text)


def _shared_out(least: list[float], full: list[float], room: float) -> list[float]:
    spare = room - sum(least)
    lack = [most - need for need, most in zip(least, full, strict=True)]
    if spare <= 0:
        return least
    if sum(lack) > spare:
        return [need + spare * each / sum(lack) for need, each in zip(least, lack, strict=True)]
    return [most + (room - sum(full)) / len(full) for most in full]


def _needs(table: Table, whole: bool) -> tuple[list[float], list[float]]:
    """Return for each column the least width and that of a single line."""
    count = len(table.grid[0]) if table.grid else 0
    least, full = [_PADDING + 1.0] * count, [_PADDING + 1.0] * count
    for row in table.grid:
        for at, cell in enumerate(row):
            if cell is not None and cell.columns == 1:
                low, high = _cell(cell, whole)
                least[at], full[at] = max(least[at], low + _PADDING), max(full[at], high + _PADDING)
    return least, full


def _cell(cell: Cell, whole: bool) -> tuple[float, float]:
    longest = max(map(ems, cell.text.split("\n")))
    word = min(max(map(ems, _WORD.findall(cell.text)), default=0.0), _WORD_MOST)
    if cell.number and not cell.heading:
        least = min(longest, _WORD_MOST)
    elif longest <= _SHORT:
        least = longest if whole else min(longest, max(2.0, math.ceil(longest / 2)))
    else:
        # About as high as a third of its width.
        least = min(math.sqrt(longest) * 1.8, 2.5 * _SHORT)
    return max(word, least), min(longest, _MOST)


def _lines(table: Table, widths: list[float]) -> float:
    """Return about how many lines the table takes, its caption among them."""
    lines = 1.0
    for row in table.grid:
        rooms = [(cell, max(widths[at] - _PADDING, 1.0)) for at, cell in enumerate(row) if cell is not None]
        lines += max((math.ceil(ems(cell.text) / room) for cell, room in rooms if cell.rows == 1), default=1)
    return lines
