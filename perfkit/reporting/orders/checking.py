"""What is known of an order while it is read: problems gather, to be told all at once."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perfkit.errors import Problem


@dataclass
class Checking:
    """An order that is being read: its file's name, the root its paths start from, what is wrong so far."""

    name: str
    root: Path
    problems: list[Problem] = field(default_factory=list)

    def say(self, what: tuple[str, str], where: str, expected: str = "", got: str = "", **more: Any) -> None:
        """Note a problem at ``where`` in the order."""
        place = " › ".join(part for part in (self.name, where) if part)
        self.problems.append(Problem(what, place, expected, got, **more))


def meant(name: str, known: list[str]) -> dict[str, Any]:
    """Return what to do about an unknown ``name``: the known one it looks like, or all there are."""
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return {"do": (f"did you mean {close[0]}?", f"是否应为 {close[0]}？"), "column": name}
    return {"do": (f"known: {', '.join(known)}", f"可用：{'、'.join(known)}"), "column": name}
