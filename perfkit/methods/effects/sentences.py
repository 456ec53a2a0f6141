"""A result in words: written from the numbers alone, so that it cannot contradict them."""

from __future__ import annotations

import math
from dataclasses import replace

from perfkit.methods.result import Pair, Result

_FIGURES = 4


def shown(value: float) -> str:
    """Return a number in four figures, never as 0 when it is not.

    Examples
    --------
    >>> shown(-7223.5876), shown(0.0119340), shown(0.0), shown(3e-9)
    ('-7,224', '0.01193', '0', '3.000e-09')
    """
    if not math.isfinite(value) or value == 0:
        return "0" if value == 0 else "—"
    digits = _FIGURES - 1 - math.floor(math.log10(abs(value)))
    return f"{value:.3e}" if digits > 9 else f"{value:,.{max(digits, 0)}f}"


def statement(estimate: float, low: float, high: float, *, confidence: float = 0.95, units: Pair = ("", "")) -> Pair:
    """Return (zh, en): the estimate, its interval, and what the interval says of zero.

    Examples
    --------
    >>> statement(2.75, 0.1, 5.4, units=("人", "employees"))[1]
    'Estimated effect 2.750 employees (95% interval 0.1000 to 5.400): the interval lies above zero.'
    >>> statement(2.75, -0.1, 5.6)[0]
    '估计效应为 2.750（95% 区间 -0.1000 至 5.600）：区间包含零，这些数据不能把该效应与零区分开。'
    """
    if math.isnan(estimate):
        return "没有得出估计值。", "No estimate was obtained."
    zh, en = (f" {each}" if each else "" for each in units)
    size = f"估计效应为 {shown(estimate)}{zh}", f"Estimated effect {shown(estimate)}{en}"
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return (
            f"{size[0]}：没有可用的区间，不能说它是否异于零。",
            f"{size[1]}: no usable interval, so it cannot be said whether it differs from zero.",
        )
    if low <= 0 <= high:
        verdict = (
            "区间包含零，这些数据不能把该效应与零区分开",
            "the interval contains zero, so these data cannot tell the effect from none",
        )
    else:
        side = ("以上", "above") if low > 0 else ("以下", "below")
        verdict = (f"区间在零{side[0]}", f"the interval lies {side[1]} zero")
    level = f"{confidence * 100:g}%"
    return (
        f"{size[0]}（{level} 区间 {shown(low)} 至 {shown(high)}）：{verdict[0]}。",
        f"{size[1]} ({level} interval {shown(low)} to {shown(high)}): {verdict[1]}.",
    )


def told(result: Result) -> Result:
    """Return the result with its text: estimate, interval, the checks that did not pass, and what was refused."""
    zh, en = statement(result.estimate, result.low, result.high, confidence=result.confidence, units=result.units)
    for verdict, words in {
        "fail": ("未通过的检验（此数不能作为效应的证据）", "Checks failed (do not take the figure as the effect)"),
        "warn": ("须留意的检验", "Checks that call for care"),
        "not run": ("未做的检验", "Checks not run"),
    }.items():
        named = [each.name for each in result.diagnostics if each.verdict == verdict]
        if named:
            zh += f"{words[0]}：{'；'.join(name[0] for name in named)}。"
            en += f" {words[1]}: {'; '.join(name[1] for name in named)}."
    zh += "".join(each[0] for each in result.refusals)
    en += "".join(f" {each[1]}" for each in result.refusals)
    return replace(result, text=(zh, en))
