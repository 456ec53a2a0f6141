"""What the checks say, in a sentence for a report: (Chinese, English)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

Sentence = tuple[str, str]


def say_inflation(found: pd.DataFrame) -> Sentence:
    r"""Return the sentence of :func:`inflation` of the whole.

    Examples
    --------
    >>> row = {"estimate": 5.025, "low": 4.692, "high": 5.358, "confidence": 0.95, "n": 600, "units": 5688.0}
    >>> print(*say_inflation(pd.DataFrame([row])), sep="\n")
    抽查 600 个，推断总体 5,688 个：自评平均比抽评高 5.0 分（95% 置信区间 4.7 至 5.4 分）。
    600 checks stand for 5,688 units: self-scores lie 5.0 points above checked scores (95 % interval 4.7 to 5.4).
    """
    row = found.iloc[0]
    down = row["estimate"] < 0
    apart, low, high = (_sided(row, name) for name in ("estimate", *(("high", "low") if down else ("low", "high"))))
    n, units, sure = f"{row['n']:,.0f}", f"{row['units']:,.0f}", f"{row['confidence']:.0%}"
    return (
        f"抽查 {n} 个，推断总体 {units} 个：自评平均比抽评{'低' if down else '高'} {apart} 分"
        f"（{sure} 置信区间 {low} 至 {high} 分）。",
        f"{n} checks stand for {units} units: self-scores lie {apart} points {'below' if down else 'above'} checked "
        f"scores ({_percent(sure)} interval {low} to {high}).",
    )


def say_groups(found: pd.DataFrame, *, level: float = 0.05) -> Sentence:
    """Return the sentence of :func:`inflation` by group against all: who stands out when all are looked at together.

    Examples
    --------
    >>> rows = {"domain": ["农业", "教育"], "estimate": [2.5, 0.1], "p": [0.001, 0.8], "p_holm": [0.002, 0.8]}
    >>> say_groups(pd.DataFrame(rows))[0]
    '按 2 组同时比较（Holm 校正，显著性水平 5%），与总体平均有差异的：农业（高 2.5 分）。'
    """
    tested = found[found["p"].notna()]
    outside = tested[tested["p_holm"] <= level].sort_values("p_holm")
    zh = "、".join(
        f"{row.domain}（{'高' if row.estimate > 0 else '低'} {abs(row.estimate):.1f} 分）"
        for row in outside.itertuples()
    )
    en = ", ".join(f"{row.domain} ({row.estimate:+.1f})" for row in outside.itertuples())
    k = len(tested)
    return (
        f"按 {k} 组同时比较（Holm 校正，显著性水平 {level:.0%}），与总体平均有差异的：{zh or '无'}。",
        f"Of {k} groups compared together (Holm, level {_percent(f'{level:.0%}')}) these differ from the mean of "
        f"all: {en or 'none'}.",
    )


def say_grades(found: pd.DataFrame, reported: pd.DataFrame) -> Sentence:
    """Return the sentence of :func:`corrected_distribution` beside :func:`reported_distribution`.

    Examples
    --------
    >>> grades = pd.DataFrame({"domain": ["优"], "estimate": [0.175], "low": [0.149], "high": [0.203]})
    >>> say_grades(grades, pd.DataFrame({"domain": ["优"], "estimate": [0.364]}))[0]
    '若全部抽查，各等级占比：优 17.5%（14.9% 至 20.3%，自评 36.4%）。'
    """
    own = reported.set_index("domain")["estimate"]
    zh, en = [], []
    for row in found.itertuples():
        share, low, high = f"{row.estimate:.1%}", f"{row.low:.1%}", f"{row.high:.1%}"
        before = f"{own.get(row.domain, 0.0):.1%}"
        zh.append(f"{row.domain} {share}（{low} 至 {high}，自评 {before}）")
        en.append(f"{row.domain} {share} ({low} to {high}; reported {before})")
    return (
        f"若全部抽查，各等级占比：{'，'.join(zh)}。",
        f"Were all units checked, the grades would be: {', '.join(en)}.",
    )


def say_money(found: pd.DataFrame, listed: Sequence[str]) -> Sentence:
    """Return the sentence of :func:`money_moved`: what the rule would take in all, and what is found already.

    Examples
    --------
    >>> rows = {"measure": ["found", "moved"], "estimate": [1e6, 9e6], "low": [1e6, 7e6], "high": [1e6, 11e6]}
    >>> print(say_money(pd.DataFrame(rows).assign(confidence=0.95), ["差"])[0])
    若全部抽查，抽评为差的项目预算合计 900.00 万元（95% 置信区间 700.00 至 1,100.00 万元），其中已查实 100.00 万元。
    """
    rows = found.set_index("measure")
    moved = rows.loc["moved"]
    amounts = [float(value) / 1e4 for value in (moved["estimate"], moved["low"], moved["high"])]
    whole, low, high, seen = (f"{each:,.2f}" for each in (*amounts, float(rows.loc["found", "estimate"]) / 1e4))
    sure = f"{moved['confidence']:.0%}"
    return (
        f"若全部抽查，抽评为{'、'.join(listed)}的项目预算合计 {whole} 万元（{sure} 置信区间 {low} 至 {high} 万元），"
        f"其中已查实 {seen} 万元。",
        f"Were all units checked, those found {' or '.join(listed)} would hold {whole} × 10,000 yuan "
        f"({_percent(sure)} interval {low} to {high}); {seen} are found already.",
    )


def say_department(row: pd.Series, areas: int) -> Sentence:
    """Return the sentence of a row of :func:`ranked_departments` among ``areas`` departments.

    A department with few checks is told that nothing is said of it, and no rank.

    Examples
    --------
    >>> row = pd.Series({"domain": "水利", "note_zh": "只随机抽查了 1 个项目", "note_en": "1 random check"})
    >>> say_department(row, 30)[0]
    '水利：只随机抽查了 1 个项目。'
    """
    if row["note_zh"]:
        return f"{row['domain']}：{row['note_zh']}。", f"{row['domain']}: {row['note_en']}."
    shrunk, low, high = (f"{row[name]:.1f}" for name in ("shrunk", "low", "high"))
    best, worst = f"{row['rank_low']:.0f}", f"{row['rank_high']:.0f}"
    weight, n = f"{row['own_weight']:.0%}", f"{row['n_random']:.0f}"
    return (
        f"{row['domain']}：随机抽查 {n} 个，虚高 {shrunk} 分（{low} 至 {high}，自身结果占 {weight}），"
        f"在 {areas} 个部门中名次可能为第 {best} 至第 {worst}。",
        f"{row['domain']}: {n} random checks, {shrunk} points ({low} to {high}; own result {_percent(weight)}), rank "
        f"{best} to {worst} of {areas}.",
    )


def say_risk(found: pd.DataFrame) -> Sentence:
    """Return the sentence of the first bound of :func:`money_at_risk`.

    Examples
    --------
    >>> row = {"n": 60, "taints": 0, "likely": 0.0, "upper": 48702.9, "upper_rate": 0.0487, "confidence": 0.95}
    >>> say_risk(pd.DataFrame([row]))[0]
    '抽查 60 次命中，0 次有问题：推断问题资金 0.00 万元，有 95% 的把握不超过 4.87 万元（总体的 4.87%）。'
    """
    row = found.iloc[0]
    likely, upper = (f"{float(row[name]) / 1e4:,.2f}" for name in ("likely", "upper"))
    sure, rate = f"{row['confidence']:.0%}", f"{row['upper_rate']:.2%}"
    return (
        f"抽查 {row['n']:.0f} 次命中，{row['taints']:.0f} 次有问题：推断问题资金 {likely} 万元，"
        f"有 {sure} 的把握不超过 {upper} 万元（总体的 {rate}）。",
        f"{row['n']:.0f} hits, {row['taints']:.0f} in error: {likely} × 10,000 yuan projected, with "
        f"{_percent(sure)} confidence no more than {upper} ({_percent(rate)} of the whole).",
    )


def _sided(row: pd.Series, name: str) -> str:
    """Return a difference without its sign where the words carry it; a limit on the other side keeps one."""
    value = float(row[name]) * (-1 if row["estimate"] < 0 else 1)
    return f"{value:.1f}"


def _percent(text: str) -> str:
    return text.replace("%", " %")
