"""What a goal asks of the sample: a number of units, unrounded and whole, and which of several goals binds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd
from scipy import stats

from perfkit.errors import Problem, SampleError, fail_if_any

# What differs from a whole number by less is the error of floating point: 0.1 * 30 is 3.0000000000000004.
_HAIR = 1e-9


@dataclass(frozen=True)
class SampleSize:
    """The sample size that one goal asks for.

    Parameters
    ----------
    exact
        The unrounded number of the formula.
    goal
        What it is for, as an (English, Chinese) pair.
    units
        Units of the population, infinite where no finite population correction was made.

    Examples
    --------
    >>> need = floor(0.10, 5688)
    >>> need.exact, need.n
    (568.8000000000001, 569)
    """

    exact: float
    goal: tuple[str, str]
    units: float = math.inf

    @property
    def n(self) -> int:
        """The whole number of units: rounded up, at least one and never more than there are."""
        return int(min(max(math.ceil(self.exact - _HAIR * max(1.0, self.exact)), 1), self.units))


def floor(rate: float, units: float) -> SampleSize:
    """Return the sample size that a required rate of checks asks for.

    Parameters
    ----------
    rate
        Share of the units to be checked, 0 to 1: what a rule requires, given by the caller.
    units
        Units of the population.

    Raises
    ------
    SampleError
        If the rate is no share or there are no units.

    Examples
    --------
    >>> floor(0.10, 30).n
    3
    """
    fail_if_unfit(share(rate=rate), positive(units=units))
    return SampleSize(rate * units, (f"at least {rate:.6g} of the units", f"不低于单位数的 {rate:.6g}"), units)


def binding(needs: Mapping[str, SampleSize]) -> pd.DataFrame:
    """Compare the sizes that several goals ask for: the largest binds.

    Parameters
    ----------
    needs
        Sizes by the name of their goal.

    Returns
    -------
    DataFrame
        One row a goal, in the order given: ``name, goal_zh, goal_en, exact, n, binds`` and ``note_zh, note_en``: what
        the goal asks for and whether it decides. Goals that ask for the same largest number all bind.

    Raises
    ------
    SampleError
        If no goal is given.

    Examples
    --------
    >>> from perfkit.sampling.size.precision import for_proportion
    >>> goals = {"rate": floor(0.10, 5688), "precision": for_proportion(0.5, margin=0.05, units=5688)}
    >>> binding(goals)[["name", "n", "binds"]].values.tolist()
    [['rate', 569, True], ['precision', 360, False]]
    """
    if not needs:
        fail_if_any(SampleError, "plan 抽样方案", [Problem(("no goal is given", "没有给出任何样本量目标"))])
    largest = max(need.n for need in needs.values())
    rows = []
    for name, need in needs.items():
        binds = need.n == largest
        decides = (
            ("this goal binds", "该目标起决定作用") if binds else (f"{largest} satisfies it", f"{largest} 个已满足")
        )
        en, zh = need.goal
        note_zh, note_en = f"{zh}：需 {need.n} 个，{decides[1]}", f"{en}: {need.n} units, {decides[0]}"
        rows.append((name, zh, en, need.exact, need.n, binds, note_zh, note_en))
    names = ["name", "goal_zh", "goal_en", "exact", "n", "binds", "note_zh", "note_en"]
    return pd.DataFrame(rows, columns=names)


def quantile(confidence: float, sides: int = 2) -> float:
    """Return the standard normal quantile of a confidence, one- or two-sided."""
    return float(stats.norm.ppf(1 - (1 - confidence) / sides))


def one_of(**given: float | None) -> list[Problem]:
    """Return the problem that not exactly one of the arguments is given, or that the one given is not above zero."""
    names = [name for name, value in given.items() if value is not None]
    if len(names) == 1:
        return positive(**{names[0]: given[names[0]]})
    every = " / ".join(given)
    return [
        Problem(("give exactly one target", "须且只须给出一个目标"), every, "1", str(len(names)), column="target")
    ]


def positive(**given: float | None) -> list[Problem]:
    """Return a problem for each argument that is not a number above zero; infinity is let through."""
    wrong = {name: value for name, value in given.items() if value is None or math.isnan(value) or value <= 0}
    return [_unfit(name, "> 0", value) for name, value in wrong.items()]


def share(**given: float) -> list[Problem]:
    """Return a problem for each argument that is not between 0 and 1, ends excluded."""
    return [_unfit(name, "0 < … < 1", value) for name, value in given.items() if not 0 < value < 1]


def at_least(lowest: float, **given: float) -> list[Problem]:
    """Return a problem for each argument that is no number or lies below ``lowest``."""
    return [_unfit(name, f"≥ {lowest:g}", value) for name, value in given.items() if not value >= lowest]


def fail_if_unfit(*found: Iterable[Problem]) -> None:
    """Raise all problems found in the arguments at once."""
    fail_if_any(SampleError, "plan 抽样方案", [problem for group in found for problem in group])


def _unfit(name: str, expected: str, got: float | None) -> Problem:
    what = ("an argument is out of range", "参数超出范围")
    return Problem(what, name, expected, "—" if got is None else f"{got:g}", column=name)
