"""The rule kinds: which columns of an item each function is fed, which it cannot do without, and its sentence."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from perfkit.measure.scoring.arrays import Array
from perfkit.measure.scoring.counts import accumulated, check_points, on_time, per_unit, reported
from perfkit.measure.scoring.steps import banded, execution_stepped, stepped
from perfkit.measure.scoring.targets import (
    cost_saving,
    goalpost,
    interval,
    met,
    per_percentage_point,
    proportional,
    threshold,
    window,
)


@dataclass(frozen=True)
class Kind:
    """How a rule function is fed from the columns of an item, and the sentence that explains it.

    ``columns`` are the items' columns passed in order, ``needs`` those of the library without which nothing can be
    scored. ``zh`` and ``en`` are templates over the item's printed values, filled in by
    :func:`perfkit.measure.explaining.sentences`.
    """

    function: Callable[..., Array]
    columns: tuple[str, ...]
    needs: tuple[str, ...]
    zh: str
    en: str


_TARGET = ("target", "direction")

KINDS: Mapping[str, Kind] = {
    "proportional": Kind(
        proportional,
        ("used", "target", "direction"),
        _TARGET,
        "目标 {target}，实际 {actual}，完成率 {rate}",
        "target {target}, actual {actual}, completion {rate}",
    ),
    "threshold": Kind(
        threshold,
        ("used", "target", "direction"),
        _TARGET,
        "目标 {target}，实际 {actual}，完成率 {rate}，及格线 {pass_rate}，超过部分折算得分率 {share}",
        "target {target}, actual {actual}, completion {rate}, pass mark {pass_rate}, share above it {share}",
    ),
    "window": Kind(
        window,
        ("used", "target", "direction"),
        _TARGET,
        "目标 {target}，实际 {actual}，完成率 {rate}（低于 {low} 或高于 {high} 不得分），得分率 {share}",
        "target {target}, actual {actual}, completion {rate} (nothing below {low} or above {high}), share {share}",
    ),
    "met": Kind(
        met,
        ("used", "target", "direction"),
        _TARGET,
        "要求 {target}，实际 {actual}，{met}",
        "required {target}, actual {actual}, {met}",
    ),
    "stepped": Kind(
        stepped,
        ("used_rate",),
        (),
        "实际 {actual}，达到“≥{step}”一档，该档得分率 {share}",
        "actual {actual} reaches the step ≥{step}, which gives {share}",
    ),
    "execution_stepped": Kind(
        execution_stepped,
        ("used_rate", "finished"),
        (),
        "执行率 {actual}，{finished}，按规则得分率 {share}",
        "execution rate {actual}, {finished}, by the rule {share}",
    ),
    "per_percentage_point": Kind(
        per_percentage_point,
        ("used_rate", "target_rate", "direction"),
        _TARGET,
        "目标 {full_at}，实际 {actual}，每差 1 个百分点扣 {loss} 的分值，得分率 {share}",
        "full at {full_at}, actual {actual}, {loss} of the points lost a percentage point, share {share}",
    ),
    "banded": Kind(
        banded,
        ("judged", "judged_share"),
        (),
        "评定为“{judged}”（{band}），评价人在区间内取 {share}",
        "judged {judged} ({band}), the evaluator chose {share}",
    ),
    "check_points": Kind(
        check_points,
        ("reached", "whole"),
        ("check_points",),
        "评价要点 {listed} 项，达到 {actual}{weighed}",
        "{actual} of {listed} check points met{weighed}",
    ),
    "per_unit": Kind(
        per_unit,
        ("used", "target", "deduct", "points_full"),
        ("deduct",),
        "实际 {actual}，允许 {allowed}，超出部分每单位扣 {each} 分",
        "actual {actual}, allowed {allowed}, {each} points lost for each beyond",
    ),
    "accumulated": Kind(
        accumulated,
        ("used", "deduct", "points_full"),
        ("deduct",),
        "实际 {actual}，每单位得 {each} 分，以满分为限",
        "actual {actual}, {each} points each, up to the full points",
    ),
    "on_time": Kind(
        on_time,
        ("used",),
        ("due_on",),
        "期限 {target}，完成于 {actual}，{late}",
        "due {target}, done {actual}, {late}",
    ),
    "cost_saving": Kind(
        cost_saving,
        ("used", "target"),
        ("target",),
        "计划成本 {cost}，实际成本 {actual}，成本节约率 {saved}（{zero_at} 时不得分），得分率 {share}",
        "planned cost {cost}, actual {actual}, saving rate {saved} (nothing at {zero_at}), share {share}",
    ),
    "interval": Kind(
        interval,
        ("used", "target", "target_high"),
        ("target", "target_high"),
        "目标区间 {target}，实际 {actual}，偏离 {off}（偏离 {reach} 时为零），得分率 {share}",
        "target interval {target}, actual {actual}, off by {off} (nothing at {reach}), share {share}",
    ),
    "goalpost": Kind(
        goalpost,
        ("used", "target", "floor"),
        ("target", "floor"),
        "零分值 {floor}，满分值 {target}，实际 {actual}，得分率 {share}",
        "zero points at {floor}, full points at {target}, actual {actual}, share {share}",
    ),
    "reported": Kind(
        reported,
        ("points_reported", "points_full"),
        (),
        "表内未列明细，按填报得分列示",
        "no detail in the form, points as reported",
    ),
}


def numbers_of(function: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the numbers that a rule of this function must give, and those that it may give."""
    taken = inspect.signature(KINDS[function].function).parameters.values()
    named = [p for p in taken if p.kind is p.KEYWORD_ONLY]
    return tuple(p.name for p in named if p.default is p.empty), tuple(p.name for p in named)


def shares(items: Mapping[str, Any], function: str, numbers: Mapping[str, Any]) -> Array:
    """Return the shares of ``items`` under one rule.

    Parameters
    ----------
    items
        By column what the rule's kind is fed: arrays, or one value for all; a data frame will do.
    function
        A key of :data:`KINDS`.
    numbers
        The rule's numbers; ``cap``, if there, is the largest share the rule may give.

    Raises
    ------
    KeyError
        If there is no such function (a scorecard checks this first and says so in its own words).
    """
    kind = KINDS[function]
    rest = {key: value for key, value in numbers.items() if key != "cap"}
    share = kind.function(*(items[column] for column in kind.columns), **rest)
    return np.minimum(share, numbers["cap"]) if "cap" in numbers else share
