"""One family of errors, one message shape: what, where, expected and got, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

ROWS_SHOWN = 5


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where.

    ``what`` and ``do`` are (English, Chinese) pairs, so are ``expected`` and ``got`` where they have words.
    ``where`` names the cell as the user sees it, for example ``得分.xlsx › 指标值 › C7``; ``column``
    groups problems of one kind.
    """

    what: tuple[str, str]
    where: str = ""
    expected: str | tuple[str, str] = ""
    got: str | tuple[str, str] = ""
    do: tuple[str, str] = ("", "")
    column: str = ""

    def line(self, lang: int) -> str:
        """Return the problem as one line (``lang`` 0: English, 1: Chinese)."""
        parts = [self.what[lang], self.where]
        for name, shown in ((("expected", "应为"), self.expected), (("got", "实为"), self.got)):
            if shown:
                parts.append(f"{name[lang]} {shown if isinstance(shown, str) else shown[lang]}")
        parts.append(self.do[lang])
        return " · ".join(part for part in parts if part)


class PerfkitError(Exception):
    """Input that cannot be used as it stands; carries every problem found, not only the first.

    Examples
    --------
    >>> print(PerfkitError(("2 problems in a.csv", "a.csv 有 2 处问题")))
    2 problems in a.csv
    a.csv 有 2 处问题
    """

    def __init__(self, head: tuple[str, str], problems: Sequence[Problem] = ()) -> None:
        super().__init__(head, tuple(problems))
        self.head = head
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [*self.head]
        for _, group in groupby(
            sorted(self.problems, key=lambda p: (p.column, p.what)), key=lambda p: (p.column, p.what)
        ):
            same = list(group)
            for problem in same[:ROWS_SHOWN]:
                lines.append(f"  - {problem.line(0)}")
                lines.append(f"    {problem.line(1)}")
            if len(same) > ROWS_SHOWN:
                more = len(same) - ROWS_SHOWN
                lines.append(f"  - … and {more} more of this kind, {len(same)} in all")
                lines.append(f"    …… 同类问题另有 {more} 处，共 {len(same)} 处")
        return "\n".join(lines)


class TableError(PerfkitError):
    """A table does not keep its contract."""


class RuleError(PerfkitError):
    """A rule pack is broken, unknown, or has nothing in force on the day asked for."""


class ScoreError(PerfkitError):
    """Values, indicators and rules do not fit together."""


class SampleError(PerfkitError):
    """A sample cannot be planned, drawn, verified or inferred from as asked."""


class OrderError(PerfkitError):
    """A report order cannot be carried out as written."""


class FontError(PerfkitError):
    """No font with Chinese characters can be found."""


def fail_if_any(kind: type[PerfkitError], where: str, problems: Sequence[Problem]) -> None:
    """Raise ``kind`` with all ``problems`` found in ``where``; return if there are none."""
    if problems:
        n = len(problems)
        raise kind((f"{n} problem{'s' if n > 1 else ''} in {where}", f"{where} 有 {n} 处问题"), problems)
