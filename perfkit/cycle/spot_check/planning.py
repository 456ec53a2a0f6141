"""How many self-evaluations to check, of which strata, and what that will tell: the plan of a spot check."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from perfkit import readers, sampling, tables
from perfkit.cycle.spot_check.columns import SLIDERS
from perfkit.cycle.spot_check.frame import Pair, fail_if_scores_unfit
from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.measure.explaining import number, percent
from perfkit.rules import RuleSet
from perfkit.sampling import allocation as divide
from perfkit.sampling import size as sizes

_HALF = 0.5


@dataclass(frozen=True)
class Planned:
    """A plan, its text and SHA-256, the goals with the one that binds, and the table ``strata``.

    ``goals`` has the columns ``goal_zh, goal_en, n, met``; ``n`` counts all units checked, recommended ones too.
    """

    plan: sampling.Plan
    text: str
    sha256: str
    goals: pd.DataFrame
    strata: pd.DataFrame
    facts: tuple[Pair, ...]


def plan(
    frame: pd.DataFrame,
    rule_set: RuleSet,
    *,
    title: str,
    announced: str,
    n: int = 0,
    margin: float | None = None,
    strata: Sequence[str] = ("department",),
    method: str = "srs",
    size: str = "",
    allocation: str = "proportional",
    recommended: bool = True,
    earlier: Path | None = None,
    coordinate: str = "",
) -> Planned:
    """Plan a spot check of the self-evaluations in ``frame``.

    Parameters
    ----------
    frame
        Table ``frame``, a row a self-evaluation handed in (:func:`population`).
    rule_set
        Gives the share that must be checked at least (``spot_check_floor``) and the kit's ``sampling`` parameters.
    title, announced
        What is checked; which public value will make the seed.
    n
        Units to check in all, recommended ones among them; 0: as many as the goals ask for.
    margin
        Percentage points either side of a share estimated from the random part; by default the pack's.
    strata, method, size, allocation, recommended
        See :func:`perfkit.sampling.draw` and :func:`perfkit.sampling.allocation.allocate`.
    earlier, coordinate
        The certificate of an earlier draw, and whether to ``keep`` its units or ``move`` away from them.

    Raises
    ------
    SampleError
        If the frame cannot be drawn from, or the sizes do not go together.
    RuleError
        If the pack has no parameters of sampling on the day.
    """
    terms = rule_set.value("sampling")
    fail_if_scores_unfit(frame, rule_set)
    open_ = layers(frame, strata, size, recommended=recommended)
    certain = int(open_["recommended"].sum())
    goals = _goals(len(frame), certain, rule_set, margin or terms["margin"], n)
    least = int((open_["units"] - open_["recommended"]).clip(upper=int(terms["minimum"])).sum()) + certain
    wanted = n or min(max(int(goals["n"].max()), least), len(frame))
    _fail_if_impossible(wanted, least, certain, len(frame), len(open_))
    divided = open_.assign(drawn=0)
    if wanted > certain:
        divided = divide.allocate(open_, wanted - certain, allocation, minimum=int(terms["minimum"]))  # type: ignore[arg-type]
    kept = {} if earlier is None else _of_earlier(earlier)
    made = sampling.announce(
        frame,
        title=title,
        rules={**rule_set.mark, "floor": str(rule_set.value("spot_check_floor")["share"])},
        announced=announced,
        method=method,
        strata=tuple(strata),
        size=size,
        recommended=recommended,
        reserve=int(terms["reserve"]),
        **kept,
        coordinate=coordinate,
        sizes={str(name): int(drawn) for name, drawn in zip(divided["stratum"], divided["drawn"], strict=True)},
    )
    return _planned(made, divided, rule_set, margin or terms["margin"])


def planned(plan: sampling.Plan, frame: pd.DataFrame, rule_set: RuleSet) -> Planned:
    """Return what :func:`plan` returned, of a plan made before."""
    terms = rule_set.value("sampling")
    open_ = layers(frame, plan.strata, plan.size, recommended=plan.recommended)
    sizes_ = open_["stratum"].map(plan.sizes).fillna(0)
    return _planned(plan, open_.assign(drawn=sizes_), rule_set, terms["margin"])


def layers(
    frame: pd.DataFrame, strata: str | Sequence[str] = "department", size: str = "", *, recommended: bool = True
) -> pd.DataFrame:
    """Return the table ``strata`` of a frame before it is divided: units, size, recommended, and ``sd``, ``mean``.

    The spread is that of the self-scores: nobody knows that of the checked ones yet. ``strata`` names columns, in one
    text parted by commas or in a list.

    Raises
    ------
    SampleError
        If the frame cannot be drawn from.
    """
    held = sampling.check_frame(frame, columns_in(strata), size or None)
    marked = held["recommended"].fillna(False).astype(bool) if recommended else pd.Series(False, index=held.index)
    measure = pd.to_numeric(held[size or "budget"])  # a column of one's own is read as text
    open_ = held.assign(marked=marked, measure=measure, spread=held["points_reported"].where(~marked))
    grouped = open_.groupby("stratum", sort=True)
    return pd.DataFrame(
        {
            "units": grouped.size(),
            "size": grouped["measure"].sum(),
            "sd": grouped["spread"].std().fillna(0),
            "mean": grouped["spread"].mean(),
            "recommended": grouped["marked"].sum(),
        }
    ).reset_index()


def columns_in(strata: str | Sequence[str]) -> list[str]:
    """Return the columns named in a text, parted by commas; blank: none.

    Examples
    --------
    >>> columns_in("department, level"), columns_in("")
    (['department', 'level'], [])
    """
    return [name.strip() for name in strata.split(",") if name.strip()] if isinstance(strata, str) else list(strata)


def numbers_for(strata: pd.DataFrame, minimum: int = 2, points: int = 8) -> list[int]:
    """Return numbers of checks from the fewest a plan allows to half of the units, for a table or a chart."""
    open_ = strata["units"] - strata["recommended"]
    least = int(open_.clip(upper=minimum).sum() + strata["recommended"].sum())
    most = max(int(strata["units"].sum()) // 2, least)
    return sorted({round(n) for n in np.linspace(least, most, points)})


def sliders(strata: pd.DataFrame) -> dict[str, Any]:
    """Return what the sliders of :func:`precision` may be moved to: lowest, highest, step."""
    numbers = numbers_for(strata, 5)
    return {**SLIDERS, "n": (numbers[0], numbers[-1], max((numbers[-1] - numbers[0]) // 64, 1))}


def precision(
    strata: pd.DataFrame,
    n: int,
    allocation: str = "proportional",
    cost: float = 0.0,
    minimum: int = 2,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return what checking ``n`` units would tell, and cost, before any is drawn.

    Parameters
    ----------
    strata
        As :func:`layers` returns it.
    n
        Units to check, recommended ones among them.
    allocation, minimum
        See :func:`perfkit.sampling.allocation.allocate`.
    cost
        Of one check, in yuan.
    confidence
        Of the margins.

    Returns
    -------
    DataFrame
        One row: ``n, drawn`` (at random), ``mean_margin`` (points either side of the mean score of what was not
        recommended), ``share_margin`` (percentage points either side of a share of one half), ``cost``.

    Raises
    ------
    SampleError
        If ``n`` is less than the recommended and the minimum of each stratum, or more than there are.
    """
    certain = int(strata["recommended"].sum())
    divided = divide.allocate(strata, n - certain, allocation, minimum=minimum)  # type: ignore[arg-type]
    drawn = divided.set_index("stratum")["drawn"]
    units = float((divided["units"] - divided["recommended"]).sum())
    reach = NormalDist().inv_cdf((1 + confidence) / 2) / units
    row = {
        "n": n,
        "drawn": n - certain,
        "mean_margin": reach * math.sqrt(divide.variance(strata, drawn)),
        "share_margin": 100 * reach * math.sqrt(divide.variance(strata.assign(sd=_HALF), drawn)),
        "cost": n * cost,
    }
    return pd.DataFrame([row])


def precisions(strata: pd.DataFrame, numbers: Sequence[int], allocation: str, cost: float) -> pd.DataFrame:
    """Return :func:`precision` for several numbers of units, a row each."""
    return pd.concat([precision(strata, n, allocation, cost) for n in numbers], ignore_index=True)


def _of_earlier(certificate: Path) -> dict[str, str]:
    """Return the seed that made the random numbers of an earlier draw, and the digest of its certificate."""
    held = sampling.read_certificate(certificate)
    return {"numbers_of": str(held["plan"]["numbers_of"] or held["seed"]), "numbers_from": str(held["sha256"])}


def _fail_if_impossible(wanted: int, least: int, certain: int, units: int, strata: int) -> None:
    held = f"{certain} 项推荐必查", f"{certain} recommended"
    problems = []
    if wanted < least:
        problems.append(
            Problem(
                (f"too few for {strata} strata and {held[1]}", f"不足以覆盖 {strata} 层和{held[0]}"),
                "n",
                f"≥ {least}",
                str(wanted),
                ("ask for more, or join strata", "请增加样本量，或合并层"),
            )
        )
    if wanted > units:
        problems.append(Problem(("more than there are", "多于总体单位数"), "n", f"≤ {units}", str(wanted)))
    fail_if_any(SampleError, "plan 抽样方案", problems)


def _planned(plan: sampling.Plan, divided: pd.DataFrame, rule_set: RuleSet, margin: float) -> Planned:
    text = sampling.write_plan(plan)
    open_ = divided["units"] - divided["recommended"] - divided["drawn"]
    full = divided.assign(reserve=np.minimum(open_, plan.reserve), rate=1 - open_ / divided["units"]).sort_values(
        ["units", "stratum"], ascending=[False, True]
    )
    shown = tables.check(full[[each for each in tables.contract("strata").columns if each in full]], "strata")
    n = int(shown["recommended"].sum() + shown["drawn"].sum())
    goals = _goals(int(shown["units"].sum()), int(shown["recommended"].sum()), rule_set, margin, n)
    terms = rule_set.value("sampling")
    facts = _facts(shown, goals, n, terms["confidence"], int(terms["minimum"]))
    return Planned(plan, text, hashlib.sha256(text.encode("utf-8")).hexdigest(), goals, shown, facts)


def _goals(units: int, certain: int, rule_set: RuleSet, margin: float, n: int) -> pd.DataFrame:
    confidence = rule_set.value("sampling")["confidence"]
    share = rule_set.value("spot_check_floor")["share"]
    floor = sizes.floor(share, units).n
    level = percent(confidence)
    open_ = units - certain
    close = certain
    if open_ > 1:
        close += sizes.for_proportion(_HALF, margin=margin / 100, units=open_, confidence=confidence).n
    rows = [
        (f"规定的抽评比例不低于 {percent(share)}", f"at least {percent(share)} must be checked", floor),
        (
            f"占比的估计误差不超过 ±{number(margin, 1)} 个百分点（{level}）",
            f"a share within ±{number(margin, 1)} percentage points ({level})",
            close,
        ),
    ]
    found = pd.DataFrame(rows, columns=["goal_zh", "goal_en", "n"])
    return found.assign(met=found["n"] <= (n or found["n"].max()))


def _facts(strata: pd.DataFrame, goals: pd.DataFrame, n: int, confidence: float, minimum: int) -> tuple[Pair, ...]:
    units, certain = int(strata["units"].sum()), int(strata["recommended"].sum())
    level = percent(confidence)
    lines = [
        (
            f"自评 {units:,} 项，计划抽评 {n:,} 项（{percent(n / units)}）：推荐必查 {certain:,} 项，"
            f"在 {len(strata)} 层中随机抽取 {n - certain:,} 项。",
            f"{units:,} self-evaluations, {n:,} to be checked ({percent(n / units)}): {certain:,} recommended, "
            f"{n - certain:,} drawn at random in {len(strata)} strata.",
        ),
    ]
    if 1 < n - certain < units - certain:
        margin = number(100 * sizes.margin_of(n - certain, units - certain, confidence=confidence), 1)
        lines.append(
            (
                f"若等概率抽取，随机部分对一个占比的估计误差约为 ±{margin} 个百分点（{level}，占比为一半时最大）；"
                "按规模、奈曼等不等概率抽取时占比的误差更大。",
                f"Drawn with equal chances the random part tells a share within about ±{margin} percentage points "
                f"({level}; widest at half); with chances by size, or Neyman's, the margin of a share is wider.",
            )
        )
    whole = strata[(strata["drawn"] > 0) & (strata["drawn"] < minimum)]["stratum"].tolist()
    if whole:
        lines.append(
            (
                f"{'、'.join(whole)}：单位数不足每层下限，全部抽取。",
                f"{', '.join(whole)}: fewer units than the minimum of a stratum, all taken.",
            )
        )
    for row in goals[~goals["met"]].to_dict("records"):
        lines.append(
            (
                f"未达到：{row['goal_zh']}，需 {row['n']:,} 项。",
                f"Not reached: {row['goal_en']}, which takes {row['n']:,}.",
            )
        )
    return tuple(lines)


def drawn(
    frame: pd.DataFrame,
    rule_set: RuleSet,
    *,
    certificate: str = "",
    public_value: str = "",
    title: str = "",
    announced: str = "",
    n: int = 0,
    strata: str = "department",
    method: str = "srs",
    size: str = "",
) -> sampling.Drawn:
    """Return the draw of a certificate, verified; or, without one, plan and draw by the other arguments.

    Parameters
    ----------
    certificate
        File of a certificate, looked up as data folders are.
    public_value
        What makes the seed, where there is no certificate.
    title, announced, n, method, size
        As in :func:`plan`.
    strata
        Columns of the frame, parted by commas.

    Raises
    ------
    SampleError
        If the certificate does not hold, there is neither certificate nor public value, or nothing can be drawn.
    """
    if certificate:
        return sampling.verify(readers.find(certificate), frame)
    made = plan(
        frame,
        rule_set,
        title=title or "—",
        announced=announced or "—",
        n=n,
        strata=columns_in(strata),
        method=method,
        size=size,
    )
    return sampling.certify(made.plan, frame, public_value)
