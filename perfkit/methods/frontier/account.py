"""The frontier in the shape every method answers in: score, interval, checks, sentences written from the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from perfkit.methods.frontier.bootstrap import Bootstrapped, bootstrap
from perfkit.methods.frontier.programmes import Place, place, returns_to_scale, super_efficiency
from perfkit.methods.frontier.technology import Technology
from perfkit.methods.result import Diagnostic, Pair, Result

_MODELS: dict[str, Pair] = {
    "constant": ("数据包络分析（CCR，规模报酬不变）", "data envelopment analysis (CCR, constant returns to scale)"),
    "variable": ("数据包络分析（BCC，规模报酬可变）", "data envelopment analysis (BCC, variable returns to scale)"),
}
_SCALES: dict[str, Pair] = {
    "constant": ("规模适当", "its scale is right"),
    "increasing": ("规模报酬递增（规模偏小）", "returns increase (it is too small)"),
    "decreasing": ("规模报酬递减（规模偏大）", "returns decrease (it is too large)"),
}
_ASSUMPTIONS: tuple[Pair, ...] = (
    (
        "所列投入产出涵盖了主要投入和主要结果，各对象口径一致",
        "the inputs and outputs named are the main ones, measured alike",
    ),
    (
        "各对象做的是同一类事，几个对象的加权组合可行",
        "the units do the same kind of work, and mixes of them are possible",
    ),
    (
        "数据没有误差：一个记得过好的对象会压低其余",
        "no error in the data: one unit recorded too well lowers others",
    ),
)


def answer(technology: Technology, unit: str, *, draws: int = 0, seed: int = 0, confidence: float = 0.95) -> Result:
    """Compare one unit with the frontier of all.

    Parameters
    ----------
    technology
        The units, at constant or variable returns.
    unit
        The unit. Only its own programmes are solved, unless draws are asked for.
    draws, seed, confidence
        Of the bootstrap; without draws there is no interval, and the result says that scores must not be ranked.

    Returns
    -------
    Result
        ``estimate``: the score, corrected for bias where there are draws. Tables: ``targets`` (what it would use and
        do on the frontier), ``peers`` (``unit, weight``), ``scores`` (``measure, value``: the score at constant and
        at variable returns, scale efficiency). Refused where there are too few units.

    Raises
    ------
    ScoreError
        If the unit is not there.
    """
    technology.at(unit)
    n, least = len(technology.units), technology.least
    m, s = technology.inputs.shape[1], technology.outputs.shape[1]
    asked = Result(
        method=_MODELS[technology.returns],
        estimand=(
            "以现有对象所显示的最佳做法为 1，该对象的相对效率",
            "the unit's efficiency relative to the best practice seen (1)",
        ),
        n=n,
        units=("（0 至 1）", "(0 to 1)"),
        assumptions=_ASSUMPTIONS,
        confidence=confidence,
    )
    if n < least:
        why = (
            f"对象 {n} 个，少于 {m} 项投入、{s} 项产出所需的 {least} 个（取 m×s 与 3(m+s) 之大者），"
            "几乎每个对象都会显得有效，不作前沿分析。",
            f"{n} units are fewer than the {least} that {m} inputs and {s} outputs need (the larger of m s and "
            "3 (m + s)): nearly every unit would look efficient, so none is scored.",
        )
        return replace(asked, refusals=(why,), text=why)
    found = place(technology, unit)
    constant, variable, scale = returns_to_scale(technology, unit)
    drawn = bootstrap(technology, unit, draws=draws, seed=seed, confidence=confidence) if draws else None
    measures = [
        ("constant", constant),
        ("variable", variable),
        ("scale", constant / variable),
        *([("corrected", drawn.corrected)] if drawn else []),
    ]
    lines = [_said(technology, found)]
    if technology.returns == "constant":  # figures per head say nothing of size, and are compared at variable returns
        lines.append(_scale_said(constant, variable, scale))
    lines.append(_sure(found, drawn, draws, confidence))
    return replace(
        asked,
        estimate=drawn.corrected if drawn else found.score,
        se=drawn.sd if drawn else float("nan"),
        low=drawn.low if drawn else float("nan"),
        high=drawn.high if drawn else float("nan"),
        se_type=f"smoothed bootstrap (Simar and Wilson 1998), {draws:,} draws, seed {seed}" if drawn else "",
        diagnostics=(_enough(n, least), _led(technology, found), _interval_check(drawn, draws)),
        text=("".join(zh for zh, _ in lines), " ".join(en for _, en in lines)),
        tables={
            "targets": found.targets,
            "peers": found.peers.rename_axis("unit").reset_index(),
            "scores": pd.DataFrame(measures, columns=["measure", "value"]),
        },
    )


def share(value: float) -> str:
    """Print a share as per cent; what is below one never prints as 100 %, what is above zero never as 0 %.

    Examples
    --------
    >>> share(0.96284), share(0.99997), share(1.0)
    ('96.28%', '99.997%', '100%')
    """
    for digits in range(2, 12):
        text = f"{100 * value:.{digits}f}"
        if not (value < 1 and float(text) >= 100) and not (value > 0 and float(text) <= 0):
            break
    return f"{text.rstrip('0').rstrip('.')}%"


def _said(technology: Technology, found: Place) -> Pair:
    n = len(technology.units)
    if found.score > 1 - 1e-6 and np.isnan(super_efficiency(technology, found.unit)):
        return (
            f"其余 {n - 1} 个对象的任何组合都不能与之比较（规模或不可控条件处在边缘）："
            "效率值为 1 只因无可比者，不说明效率高。",
            f"No mix of the other {n - 1} units can be compared with it (by size, or by what it cannot choose, it "
            "stands at the edge): its score is 1 for want of a comparison, which does not make it efficient.",
        )
    if found.efficient:
        return (
            f"与其余 {n - 1} 个对象相比，没有任何组合能以更少的投入取得同样的产出：该对象位于最佳做法前沿上"
            "（效率值 1，无松弛）。",
            f"Against the other {n - 1} units, no mix does as much with less: the unit is on the frontier of best "
            "practice (score 1, no slack).",
        )
    peers = [(unit, weight) for unit, weight in found.peers.items() if unit != found.unit]
    names_zh = "、".join(f"{unit}（权重 {weight:.3g}）" for unit, weight in peers)
    names_en = ", ".join(f"{unit} (weight {weight:.3g})" for unit, weight in peers)
    spare = found.targets[found.targets["slack"] > 0]["name"]
    if found.score > 1 - 1e-6:
        zh, en = "效率值为 1，但", "The score is 1, yet"
        return (
            f"{zh}参照{names_zh}的组合，{'、'.join(spare)}仍有余地：并未完全位于前沿。",
            f"{en} the mix of {names_en} leaves room in {', '.join(spare)}: the unit is not fully on the frontier.",
        )
    if technology.orientation == "input":
        named = [name for name in technology.inputs if name not in technology.fixed]
        zh = f"以{names_zh}的组合为参照，取得同样产出只需现有可控投入（{'、'.join(named)}）的 {share(found.score)}"
        en = f"The mix of {names_en} does as much with {share(found.score)} of its inputs ({', '.join(named)})"
    else:
        zh = f"以{names_zh}的组合为参照，现有产出为同样投入所能达到的 {share(found.score)}"
        en = f"Its outputs are {share(found.score)} of what the mix of {names_en} reaches with the same inputs"
    if len(spare):
        zh += f"；此外{'、'.join(spare)}还有余地"
        en += f"; beyond that there is room in {', '.join(spare)}"
    return f"{zh}。", f"{en}."


def _scale_said(constant: float, variable: float, scale: str) -> Pair:
    words = _SCALES[scale]
    if scale == "constant":
        return (f"{words[0]}：两种规模报酬下效率值相同。", f"By scale: {words[1]}; both models give the same score.")
    parts = (share(constant), share(variable))
    return (
        f"{words[0]}：规模效率 {share(constant / variable)}（不变规模报酬 {parts[0]}，可变 {parts[1]}）。",
        f"By scale: {words[1]}; scale efficiency {share(constant / variable)} (constant returns {parts[0]}, "
        f"variable {parts[1]}).",
    )


def _sure(found: Place, drawn: Bootstrapped | None, draws: int, confidence: float) -> Pair:
    if drawn is None:
        if draws:
            return ("全部对象都在前沿上，无从估计误差。", "Every unit is on the frontier: no error can be found.")
        return (
            "未作自助抽样，没有区间，效率值不得用于排名。",
            "No bootstrap was run: there is no interval, and scores must not be ranked.",
        )
    return (
        f"因未见到的更好做法只会使前沿外移，修正偏差后效率值为 {share(drawn.corrected)}，"
        f"{share(confidence)} 区间 {share(drawn.low)} 至 {share(drawn.high)}（{draws:,} 次抽样）。",
        f"Better practice not seen can only push the frontier out: corrected for that the score is "
        f"{share(drawn.corrected)}, {share(confidence)} interval {share(drawn.low)} to {share(drawn.high)} "
        f"({draws:,} draws).",
    )


def _enough(n: int, least: int) -> Diagnostic:
    return Diagnostic(
        ("对象数", "number of units"),
        "pass",
        (f"{n} 个，不少于所需的 {least} 个", f"{n}, and {least} are needed"),
        statistic=float(n),
    )


def _led(technology: Technology, found: Place) -> Diagnostic:
    """Ask whether one peer alone makes the unit look inefficient."""
    name: Pair = ("剔除最重要的参照对象", "without the foremost peer")
    others = found.peers.drop(found.unit, errors="ignore")
    if found.score > 1 - 1e-6 or others.empty:
        return _alone(super_efficiency(technology, found.unit))
    first = next(each for each in technology.units if str(each) == others.index[0])
    rest = replace(
        technology, inputs=technology.inputs.drop(index=first), outputs=technology.outputs.drop(index=first)
    )
    score = place(rest, found.unit).score
    words = (f"不含 {first} 时效率值 {share(score)}", f"{share(score)} without {first}")
    return Diagnostic(name, "warn" if score > 1 - 1e-6 else "pass", words, statistic=score)


def _alone(score: float) -> Diagnostic:
    """Ask whether a unit is on the frontier because nobody is like it."""
    name: Pair = ("剔除自身后的效率值", "its score against the others alone")
    if score != score:
        why = ("没有其他对象的组合可与之比较", "no mix of others can be compared with it")
        return Diagnostic(name, "warn", why)
    return Diagnostic(name, "pass", (share(score), share(score)), statistic=score)


def _interval_check(drawn: Bootstrapped | None, draws: int) -> Diagnostic:
    name: Pair = ("区间", "interval")
    if drawn is None:
        asked = (
            ("全部对象都在前沿上", "every unit is on the frontier") if draws else ("未要求抽样", "no draws asked for")
        )
        return Diagnostic(name, "not run", asked)
    bias, words = drawn.score - drawn.corrected, ("偏差", "bias")
    return Diagnostic(
        name,
        "pass",
        (
            f"{words[0]} {share(bias)}，带宽 {drawn.bandwidth:.3g}",
            f"{words[1]} {share(bias)}, bandwidth {drawn.bandwidth:.3g}",
        ),
        statistic=bias,
    )
