"""How wide the columns of a table are, and how small its text must be to fit the page."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from perfkit.reporting.export.blocks import Cell, Table

_LATIN_END = 0x2E7F
_WORD = re.compile(r"[!-~\u00a0-\u024f]+")
# In ems: up to here a cell stays on one line if there is room; a longer word is broken; the most a column asks for.
_SHORT, _WORD_MOST, _MOST = 5.6, 11.0, 40.0
_PADDING = 1.0
# Sizes of text in points, each first with short cells on one line, then with their being broken.
_SIZES = ((10.5, True), (9.0, True), (10.5, False), (9.0, False), (8.0, False), (7.0, False), (6.0, False))
LARGEST = _SIZES[0][0]
# So many lines stay on one page, and so many rows that share a cell.
_TOGETHER, GROUP = 14, 6


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
    As a browser does: every column gets the least it needs; what remains goes first to keeping short cells on a
    line, then to the columns in proportion to what they lack for a single line. Where even the smallest text does
    not fit, words are broken.

    Examples
    --------
    A column of one character needs 2 em with its padding, one of nine 10 em: of 10 em more, each gets half.

    >>> from perfkit.reporting.export.blocks import Cell, Run, Table
    >>> row = (Cell((Run("一"),)), Cell((Run("二三四五六七八九十"),)))
    >>> fitted(Table((), (row,), 0), 22 * 10.5)
    Fit(size=10.5, shares=(0.3182, 0.6818), together=True)
    """
    broken, whole, full = (_needs(table, state) for state in ("broken", "whole", "full"))
    size = next((each for each, fit in _SIZES if sum(whole if fit else broken) * each <= width), _SIZES[-1][0])
    room = width / size
    held = _between(broken, [whole, full], room)
    total = sum(held)
    shares = tuple(round(each / total, 4) for each in held)
    return Fit(size, shares, _lines(table, [share * room for share in shares]) <= _TOGETHER)


def ems(text: str) -> float:
    """Return how wide ``text`` is on one line."""
    return sum(1.0 if ord(character) > _LATIN_END else 0.55 for character in text)


def _between(least: list[float], wishes: list[list[float]], room: float) -> list[float]:
    """Return the widths that take all of ``room``: wish after wish is met, the first that cannot be in proportion."""
    held = least
    for wish in wishes:
        lack = [max(most - have, 0.0) for have, most in zip(held, wish, strict=True)]
        spare = room - sum(held)
        part = min(1.0, max(spare, 0.0) / sum(lack)) if any(lack) else 0.0
        held = [have + part * each for have, each in zip(held, lack, strict=True)]
    return [have + max(room - sum(held), 0.0) / len(held) for have in held]


def _needs(table: Table, state: str) -> list[float]:
    """Return the width of each column in which its cells are ``broken``, short ones ``whole``, or all on a line."""
    needs = [_PADDING + 1.0] * (len(table.grid[0]) if table.grid else 0)
    for row in table.grid:
        for at, cell in enumerate(row):
            if cell is not None and cell.columns == 1:
                needs[at] = max(needs[at], _cell(cell, state) + _PADDING)
    return needs


def _cell(cell: Cell, state: str) -> float:
    longest = max(map(ems, cell.text.split("\n")))
    word = min(max(map(ems, _WORD.findall(cell.text)), default=0.0), _WORD_MOST)
    if state == "full" or (cell.number and not cell.heading):
        least = min(longest, _MOST if state == "full" else _WORD_MOST)
    elif longest <= _SHORT:
        least = longest if state == "whole" else min(longest, max(2.0, math.ceil(longest / 2)))
    else:
        # About as high as a third of its width.
        least = min(math.sqrt(longest) * 1.6, 2.5 * _SHORT)
    return max(word, least)


def _lines(table: Table, widths: list[float]) -> float:
    """Return about how many lines the table takes, its caption among them."""
    lines = 1.0
    for row in table.grid:
        rooms = [(cell, max(widths[at] - _PADDING, 1.0)) for at, cell in enumerate(row) if cell is not None]
        lines += max((math.ceil(ems(cell.text) / room) for cell, room in rooms if cell.rows == 1), default=1)
    return lines
