"""What the next stage reads: results, numbered findings, and what the grade means for the budget."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from perfkit import tables
from perfkit.cycle.evaluation.account import Pair
from perfkit.cycle.evaluation.advice import shortfalls
from perfkit.cycle.evaluation.written import TO_WRITE
from perfkit.measure import grading
from perfkit.measure.explaining import number, percent
from perfkit.measure.scorecard import Scorecard
from perfkit.rules import RuleSet
from perfkit.tables.evaluation import WEIGHTS

By = Literal["key", "self", "checked"]
_ENDED: Pair = ("不再安排预算", "no further budget")


def numbered_findings(
    card: Scorecard, unit: pd.Series, findings: pd.DataFrame, checks: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return table ``numbered_findings``: what the check found, where points were lost, what the form got wrong.

    Parameters
    ----------
    card
        The unit's scorecard.
    unit
        Its row of table ``units``.
    findings
        Table ``findings`` of the recheck; only contradictions become findings here.
    checks
        Table ``check_findings``: the gravest come first, then points lost, most first, then the recheck. A problem
        that names an indicator stands for the points lost there, which are told once.

    Returns
    -------
    DataFrame
        How serious a finding is stands only where a person said so; an advice nobody wrote is marked 待补充.
    """
    found = [] if checks is None else _of_check(checks[checks["unit_id"].eq(unit["unit_id"])])
    lost = shortfalls(card).set_index("indicator_id")
    told = {row["indicator_id"] for row in found if isinstance(row["indicator_id"], str)}
    first: set[str] = set()
    for row in found:
        code = row["indicator_id"]
        if code in lost.index and code not in first:
            row["lost"] = float(lost.loc[code, "lost"])
            first.add(code)
    found += [_of_shortfall(card, str(code), row) for code, row in lost.iterrows() if code not in told]
    found += [_of_recheck(row) for _, row in findings[findings["severity"].eq("contradiction")].iterrows()]
    columns = list(tables.contract("numbered_findings").columns)
    made = pd.DataFrame(found).reindex(columns=columns)
    made["number"] = range(1, len(made) + 1)
    made["unit_id"], made["year"] = unit["unit_id"], unit["year"]
    return tables.check(card.rule_set.stamp(made)[columns], "numbered_findings")


def findings_text(numbered: pd.DataFrame, unit: pd.Series) -> Pair:
    """Say how many findings there are, how many of them serious, and the money they concern."""
    if numbered.empty:
        return ("没有列入清单的问题。", "There are no findings.")
    parts_zh, parts_en = [], []
    for code, (zh, en) in WEIGHTS.items():
        count = int(numbered["weight"].eq(code).sum())
        if count:
            parts_zh.append(f"{zh} {count} 项")
            parts_en.append(f"{en} {count}")
    rest = int(numbered["weight"].isna().sum())
    if rest:
        parts_zh.append(f"未定严重程度 {rest} 项")
        parts_en.append(f"not yet judged {rest}")
    money = numbered["amount"].dropna()
    of = "元" if pd.isna(unit["money_unit"]) else str(unit["money_unit"])
    zh, en = (
        f"问题共 {len(numbered)} 项（{'、'.join(parts_zh)}）",
        f"Findings: {len(numbered)} ({', '.join(parts_en)})",
    )
    if len(money):
        total = number(float(money.sum()), 2)
        zh += f"，其中 {len(money)} 项涉及金额，合计 {total} {of}（同一笔钱可能涉及几项）"
        en += f"; {len(money)} of them name money, {total} {of} in all (one sum may stand in several)"
    return f"{zh}。", f"{en}."


def budget_consequence(card: Scorecard, unit: pd.Series, *, by: By = "key") -> pd.DataFrame:
    """Return table ``budget_consequence``, one row: what the pack's rule makes of the grade.

    Parameters
    ----------
    card
        The unit's scorecard.
    unit
        Its row of table ``units``; the cut is a share of ``budget``, the budget of the year evaluated.
    by
        Whose grade it is: of a ``key`` evaluation, of the unit's own (``self``), of a spot check (``checked``): a
        rule that ends budgets (``no_further_budget``) is of the last two only.

    Returns
    -------
    DataFrame
        ``cut_low`` to ``cut_high`` where the rule names a share, else missing: no amount is made up. A proposal; who
        decides is not the kit.
    """
    result, rule_set = card.results.iloc[0], card.rule_set
    there, grade = rule_set.in_force(), result["grade"]
    row: dict[str, Any] = {
        "unit_id": unit["unit_id"],
        "year": unit["year"],
        "grade": grade,
        "grade_en": result["grade_en"],
        "act": "none",
        "base": unit["budget"],
        "money_unit": "元" if pd.isna(unit["money_unit"]) else unit["money_unit"],
    }
    notes: list[Pair] = []
    rule = None
    if pd.isna(grade):
        notes.append(("没有等级，不提出预算安排建议", "there is no grade, so nothing is proposed"))
    elif by != "key" and "no_further_budget" in there and grade in rule_set.value("no_further_budget")[by]:
        rule = "no_further_budget"
        words = {"act": "stop", "zh": _ENDED[0], "en": _ENDED[1], "low": 1.0, "high": 1.0}
        _apply(row, words)
    elif "budget_consequence" in there and grade in rule_set.value("budget_consequence"):
        rule = "budget_consequence"
        _apply(row, rule_set.value(rule)[grade])
        if by == "key" and "no_further_budget" in there:
            notes.append(
                (
                    "“不再安排预算”的规定适用于自评和抽评，未见适用于重点评价",
                    "the rule of no further budget is of self-evaluations and spot checks; none of key evaluations "
                    "is known",
                )
            )
    else:
        notes.append(("规则包没有规定该等级如何与预算挂钩", "the pack has no rule for this grade"))
    if rule:
        cited = rule_set.cite(rule)
        row |= {"basis_zh": cited[0], "basis_en": cited[1], "authority": rule_set.source(rule).authority}
        notes += _unsure(card)
    if unit["reality"] == "simulated":
        notes.append(("数据为模拟，仅作演示", "simulated data, for demonstration"))
    row |= {"note_zh": "；".join(zh for zh, _ in notes), "note_en": "; ".join(en for _, en in notes)}
    columns = list(tables.contract("budget_consequence").columns)
    made = rule_set.stamp(pd.DataFrame([row]).reindex(columns=columns))
    return tables.check(made[columns], "budget_consequence")


def consequence_text(consequence: pd.DataFrame) -> list[Pair]:
    """Return the proposed consequence in words, with its range and what it rests on."""
    row = consequence.iloc[0]
    lines: list[Pair] = []
    if row["act"] != "none":
        zh = f"等级为“{row['grade']}”，依据{row['basis_zh']}：{row['words_zh']}"
        en = f"Grade '{row['grade_en']}', by {row['basis_en']}: {row['words_en']}"
        if row["act"] in ("cut", "stop"):
            more = _range(row)
            zh, en = f"{zh}；{more[0]}", f"{en}; {more[1]}"
        lines.append((f"{zh}。", f"{en}."))
        lines.append(
            ("以上为按规则推得的建议，由主管机关决定。", "This is what the rule proposes; the authority decides.")
        )
    if isinstance(row["note_zh"], str) and row["note_zh"]:
        lines.append((f"{row['note_zh']}。", f"{row['note_en'][0].upper()}{row['note_en'][1:]}."))
    return lines


def rectification_text(rule_set: RuleSet) -> list[Pair]:
    """Say by when measures are due after the result, where the pack has a rule for it."""
    if "rectification" not in rule_set.in_force():
        return []
    days, cited = rule_set.value("rectification")["days"], rule_set.cite("rectification")
    return [
        (
            f"依据{cited[0]}，被评价单位自收到评价结果之日起 {days} 日内报送整改措施。",
            f"By {cited[1]}, the unit sends in its measures within {days} days of receiving the result.",
        )
    ]


def write_results(frames: Mapping[str, pd.DataFrame], folder: str | Path, *, lang: str = "zh") -> list[Path]:
    """Write result tables for the next stage: a CSV each, which ``tables.read`` reads back, and one workbook.

    Parameters
    ----------
    frames
        By the names of their contracts, for example ``results``, ``numbered_findings``, ``budget_consequence``.
    folder
        Made if it is not there; files of the same names are replaced, each whole or not at all.
    lang
        Of the workbook's titles and labels. In it text that looks like a formula stays text; the CSV is for
        programs.

    Returns
    -------
    list of Path
        The files, the workbook (``results.xlsx``) last.

    Raises
    ------
    TableError
        If a frame does not keep its contract.
    """
    home = Path(folder)
    held = {name: tables.check(frame, name) for name, frame in frames.items()}
    home.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, frame in held.items():
        shape = list(tables.contract(name).columns)
        path = home / f"{name}.csv"
        handle, temporary = tempfile.mkstemp(dir=home, suffix=".part")
        os.close(handle)
        frame[[each for each in shape if each in frame]].to_csv(
            temporary, index=False, encoding="utf-8", lineterminator="\n"
        )
        Path(temporary).replace(path)
        paths.append(path)
    return [*paths, tables.write(held, home / "results.xlsx", lang=lang)]


def _apply(row: dict[str, Any], words: Mapping[str, Any]) -> None:
    low, high, base = words.get("low"), words.get("high"), row["base"]
    row |= {"act": words["act"], "words_zh": words["zh"], "words_en": words["en"], "cut_low": low, "cut_high": high}
    if low is not None and pd.notna(base):
        row |= {"amount_low": low * base, "amount_high": words["high"] * base}


def _range(row: pd.Series) -> Pair:
    if pd.isna(row["cut_low"]):
        return ("扣减比例未规定，须由主管机关确定", "the rule names no share: the authority decides it")
    low, high = percent(row["cut_low"]), percent(row["cut_high"])
    span = (low, low) if low == high else (f"{low} 至 {high}", f"{low} to {high}")
    if pd.isna(row["amount_low"]):
        return (
            f"扣减 {span[0]}，预算数缺失，金额无法计算",
            f"a cut of {span[1]}; the budget is missing, so no amount",
        )
    ends = [number(float(row[each]), 2) for each in ("amount_low", "amount_high")]
    money = (ends[0], ends[0]) if ends[0] == ends[1] else (f"{ends[0]} 至 {ends[1]}", f"{ends[0]} to {ends[1]}")
    base, of = number(float(row["base"]), 2), row["money_unit"]
    return (
        f"被评价年度预算 {base} {of}，扣减 {span[0]}，即 {money[0]} {of}",
        f"of the budget of {base} {of} a cut of {span[1]}, that is {money[1]} {of}",
    )


def _unsure(card: Scorecard) -> list[Pair]:
    """Say so where what is missing could give another grade with another consequence."""
    result, rule_set = card.results.iloc[0], card.rule_set
    ends = grading.grade([result["points_low"], result["points_high"]], rule_set.value("grade_bands"))
    worst, best = ends.iloc[0], ends.iloc[1]
    if worst["grade"] == best["grade"]:
        return []
    low, high = number(float(result["points_low"])), number(float(result["points_high"]))
    return [
        (
            f"视缺失或未核实的指标，总分在 {low} 至 {high} 分之间，等级可在“{worst['grade']}”至“{best['grade']}”"
            "之间，处理可能不同",
            f"depending on what is missing or unverified the total lies between {low} and {high}, the grade between "
            f"'{worst['grade_en']}' and '{best['grade_en']}', and what follows may differ",
        )
    ]


def _of_check(checks: pd.DataFrame) -> list[dict[str, Any]]:
    order = {code: at for at, code in enumerate(WEIGHTS)}
    rows = []
    for row in checks.sort_values("weight", key=lambda each: each.map(order), kind="stable").itertuples():
        advice = row.advice if isinstance(row.advice, str) else None
        rows.append(
            {
                "origin": "check",
                "weight": row.weight,
                "indicator_id": row.indicator_id,
                "problem_zh": row.problem,
                "problem_en": row.problem,
                "evidence": row.evidence,
                "amount": row.amount,
                "basis": row.rule_broken,
                "cause": row.cause,
                "advice_zh": advice or TO_WRITE[0],
                "advice_en": advice or TO_WRITE[1],
                "due_on": row.due_on,
            }
        )
    return rows


def _of_shortfall(card: Scorecard, code: str, row: pd.Series) -> dict[str, Any]:
    name = f"rule_{row['rule']}"
    known = name in card.rule_set.in_force()
    english = row["name_en"] if isinstance(row["name_en"], str) else row["level3"]
    gone = number(float(row["lost"]))
    return {
        "origin": "shortfall",
        "indicator_id": code,
        "problem_zh": f"“{row['level3']}”扣 {gone} 分（目标 {row['target_shown']}，实际 {row['actual_shown']}）",
        "problem_en": f"'{english}': {gone} points lost (target {row['target_shown']}, actual {row['actual_shown']})",
        "evidence": row["why_zh"],
        "lost": float(row["lost"]),
        "basis": card.rule_set.cite(name)[0] if known else None,
        "advice_zh": "查明原因，提出改进措施并明确期限",
        "advice_en": "find the cause, set a measure and a date",
    }


def _of_recheck(row: pd.Series) -> dict[str, Any]:
    shown = [str(row[each]) for each in ("reported", "computed") if isinstance(row[each], str)]
    return {
        "origin": "recheck",
        "indicator_id": row["indicator_id"],
        "problem_zh": row["message_zh"],
        "problem_en": row["message_en"],
        "evidence": " → ".join(shown) or None,
        "advice_zh": "更正或说明后重新报送",
        "advice_en": "correct or explain it and send the form again",
    }
