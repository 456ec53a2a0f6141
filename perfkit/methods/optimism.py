"""Optimism bias: what to add to an estimate for the kind of project it is, less what its managers have dealt with.

Uplifts are shares of one. The table of upper and lower bounds comes from a rule pack or a publication; none is kept
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.tables.printing import number, percent

Pair = tuple[str, str]

BY_TYPE = ("project_type", "share", "upper", "lower", "upper_part", "lower_part")
BY_AREA = ("area", "weight", "mitigation", "reduction")
AMOUNTS = ("stage", "zh", "en", "uplift", "amount")
_DUST = 1e-9


@dataclass(frozen=True)
class Optimism:
    """The optimism bias of a project.

    ``upper`` and ``lower`` are the bounds of its mix of project types (``lower`` missing where the source has none),
    ``managed`` the share of the bias whose risks are dealt with, ``mitigated`` what remains: never under the lower
    bound (``at_the_bound`` if that decided). ``by_type`` and ``by_area`` show how.
    """

    by_type: pd.DataFrame
    by_area: pd.DataFrame
    upper: float
    lower: float
    managed: float
    mitigated: float
    at_the_bound: bool

    @property
    def text(self) -> Pair:
        """(zh, en): the bias before and after mitigation."""
        zh = f"乐观偏差上限 {percent(self.upper)}，风险管理已化解其中 {percent(self.managed)}"
        en = f"Optimism bias of up to {percent(self.upper)}, of which risk management answers {percent(self.managed)}"
        after = percent(self.mitigated)
        if self.at_the_bound:
            return (f"{zh}，按下限计 {after}。", f"{en}; {after} remains, the lower bound.")
        return (f"{zh}，剩余 {after}。", f"{en}; {after} remains.")


def optimism_bias(bounds: pd.DataFrame, shares: Mapping[str, float], areas: pd.DataFrame | None = None) -> Optimism:
    """Return the optimism bias of a project of one or several types, before and after mitigation.

    Parameters
    ----------
    bounds
        ``project_type, upper, lower`` (shares of one) for one quantity: capital cost, or works duration.
    shares
        Which part of the project's cost is of which type; they sum to one.
    areas
        ``area, weight, mitigation``: which share of the bias each risk area causes, and how far (0 to 1) it has been
        dealt with, on evidence. Weights sum to at most one; what no area explains is not mitigated.

    Raises
    ------
    ScoreError
        If a type is unknown or has no upper bound in the source, or shares, weights or mitigation are out of range.

    Notes
    -----
    upper = sum of share × upper bound of the type; mitigated = max(upper × (1 - sum of weight × mitigation), lower).

    *Checked against* the worked examples of Mott MacDonald, Review of Large Public Procurement in the UK (2002).

    Examples
    --------
    >>> bounds = pd.DataFrame({"project_type": ["non-standard", "standard"], "upper": [0.51, 0.24],
    ...                        "lower": [0.04, 0.02]})
    >>> round(optimism_bias(bounds, {"non-standard": 0.3, "standard": 0.7}).upper, 4)
    0.321
    """
    table = bounds.set_index("project_type")[["upper", "lower"]].astype(float)
    _fail_if_bad_shares(table, shares)
    by_type = table.loc[list(shares)].reset_index()
    by_type.insert(1, "share", [float(v) for v in shares.values()])
    by_type["upper_part"] = by_type["share"] * by_type["upper"]
    by_type["lower_part"] = by_type["share"] * by_type["lower"]
    upper, lower = float(by_type["upper_part"].sum()), float(by_type["lower_part"].sum(skipna=False))
    by_area = pd.DataFrame(columns=list(BY_AREA)) if areas is None else _reductions(areas, upper)
    managed = 0.0 if areas is None else float((by_area["weight"] * by_area["mitigation"]).sum())
    left = upper * (1.0 - managed)
    bounded = bool(lower > left)
    return Optimism(by_type[list(BY_TYPE)], by_area, upper, lower, managed, lower if bounded else left, bounded)


def optimism_amounts(base: float, upper: float, mitigated: float, managing: float = 0.0) -> pd.DataFrame:
    """Return an estimate before and after optimism bias.

    Parameters
    ----------
    base
        The estimate, in any unit of money (or time).
    upper, mitigated
        Uplifts as shares of one.
    managing
        What managing the risks costs, in the unit of ``base``.

    Returns
    -------
    DataFrame
        ``stage`` (base, upper, mitigated, managed), its names ``zh, en``, ``uplift`` and ``amount``.

    Examples
    --------
    >>> optimism_amounts(100.0, 0.51, 0.04, 7.0)["amount"].tolist()
    [100.0, 151.0, 104.0, 111.0]
    """
    rows = [
        ("base", "原估算", "estimate", 0.0, base),
        ("upper", "计入乐观偏差上限", "with the upper bound", upper, base * (1.0 + upper)),
        (
            "mitigated",
            "计入化解后的乐观偏差",
            "with what is left of it",
            mitigated,
            base * (1.0 + mitigated),
        ),
        (
            "managed",
            f"另加风险管理费用 {number(managing, 2)}",
            f"and {number(managing, 2)} for managing the risks",
            mitigated,
            base * (1.0 + mitigated) + managing,
        ),
    ]
    return pd.DataFrame(rows, columns=list(AMOUNTS))


def _reductions(areas: pd.DataFrame, upper: float) -> pd.DataFrame:
    table = areas[["area", "weight", "mitigation"]].copy()
    inside = table[["weight", "mitigation"]].astype(float)
    bad = ~((inside >= 0.0) & (inside <= 1.0)).all(axis=1)
    what = ("weight and mitigation lie between 0 and 1", "权重与化解程度须在 0 至 1 之间")
    problems = [Problem(what, str(a), column="range") for a in table.loc[bad, "area"]]
    total = float(inside["weight"].sum())
    if total > 1.0 + _DUST:
        what = ("weights of risk areas sum to more than one", "风险领域权重之和超过 1")
        problems.append(Problem(what, "weight", "≤ 1", number(total)))
    fail_if_any(ScoreError, "areas", problems)
    return table.assign(reduction=upper * inside["weight"] * inside["mitigation"])[list(BY_AREA)]


def _fail_if_bad_shares(table: pd.DataFrame, shares: Mapping[str, float]) -> None:
    unknown = ("unknown project type", "未知的项目类型")
    without = ("the source has no bound for this type", "来源未给出该类型的上限")
    listed = ", ".join(str(t) for t in table.index)
    problems = [Problem(unknown, str(t), listed, column="type") for t in shares if t not in table.index]
    known = [t for t in shares if t in table.index]
    problems += [Problem(without, str(t), column="bound") for t in known if np.isnan(table.loc[t, "upper"])]
    total = float(sum(shares.values()))
    if not (abs(total - 1.0) <= _DUST and all(0.0 <= v <= 1.0 for v in shares.values())):
        problems.append(Problem(("shares must sum to one", "份额之和须为 1"), "shares", "1", number(total)))
    fail_if_any(ScoreError, "shares", problems)
