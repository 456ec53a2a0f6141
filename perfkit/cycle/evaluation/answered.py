"""A satisfaction questionnaire: estimate with interval, distribution of answers, what the silent could change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit import tables
from perfkit.cycle.evaluation.account import Pair
from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.estimation import Design, mean, shares
from perfkit.measure.explaining import percent
from perfkit.rules import RuleSet
from perfkit.tables.evaluation import ANSWERS

_GIVEN = [code for code in ANSWERS if code != "none"]


@dataclass(frozen=True)
class Satisfaction:
    """What the questionnaire says: tables ``satisfaction`` and ``likert``, and ``facts`` in words."""

    questions: pd.DataFrame
    answers: pd.DataFrame
    facts: tuple[Pair, ...]


def satisfaction(questionnaire: pd.DataFrame, unit_id: str, rule_set: RuleSet) -> Satisfaction:
    """Estimate the satisfaction with a unit, question by question.

    Parameters
    ----------
    questionnaire
        Table ``questionnaire``: a row a person asked and question, those who did not answer among them. With strata,
        each row names its stratum; with the sizes of strata each answer stands for the people it was drawn from,
        without them the sample stands for itself.
    unit_id
        The unit.
    rule_set
        ``likert_weights`` says what an answer is worth, ``evaluation_inputs`` the confidence and the fewest answers.

    Returns
    -------
    Satisfaction
        ``low_all`` and ``high_all``: the estimate if everyone silent had given the worst or the best answer.

    Raises
    ------
    ScoreError
        If a stratum has several sizes, or fewer people than were asked.

    Notes
    -----
    Weighted mean of the answers' worth, linearised variance by strata with finite population correction
    (:func:`perfkit.estimation.mean`); a stratum of one answer counts with its distance from the mean of all. Within a
    stratum those who answered stand for those who did not: what that may hide is bounded, not corrected.
    """
    mine = questionnaire[questionnaire["unit_id"].eq(unit_id)]
    names = ("satisfaction", "likert")
    if mine.empty:
        none = [pd.DataFrame(columns=list(tables.contract(name).columns)) for name in names]
        return Satisfaction(none[0], none[1], (("未提供满意度问卷。", "No questionnaire was given."),))
    mine = mine.assign(stratum=mine["stratum"].fillna(""))
    _fail_if_strata_wrong(mine)
    wanted = rule_set.value("evaluation_inputs")
    worth = dict(zip(_GIVEN, rule_set.value("likert_weights"), strict=True))
    rows, answers, facts = [], [], []
    for question, asked in mine.groupby("question", sort=False):
        row, spread, said = _question(str(question), asked, worth, wanted)
        rows.append(row)
        answers.append(spread)
        facts += said
    frames = [pd.DataFrame(rows), pd.concat(answers, ignore_index=True)]
    made = [
        rule_set.stamp(frame).reindex(columns=list(tables.contract(name).columns))
        for name, frame in zip(names, frames, strict=True)
    ]
    return Satisfaction(made[0], made[1], tuple(facts))


def _question(
    question: str, asked: pd.DataFrame, worth: dict[str, float], wanted: dict[str, float]
) -> tuple[dict[str, object], pd.DataFrame, list[Pair]]:
    given = asked[asked["answer"].ne("none")]
    counted = given["answer"].value_counts().reindex(_GIVEN, fill_value=0)
    spread = pd.DataFrame({"question": question, "answer": _GIVEN, "n": counted.to_numpy()})
    row: dict[str, object] = {"question": question, "sent": len(asked), "n": len(given)}
    rate = len(given) / len(asked)
    back: Pair = (
        f"“{question}”发出 {len(asked)} 份，有效 {len(given)} 份（{percent(rate)}）",
        f"'{question}': {len(asked)} asked, {len(given)} answered ({percent(rate)})",
    )
    if len(given) < wanted["responses"]:
        few = int(wanted["responses"])
        return row, spread, [(f"{back[0]}，不足 {few} 份，不作估计。", f"{back[1]}, fewer than {few}: no estimate.")]
    design, values = _design(given), given["answer"].map(worth).astype(float)
    found = mean(values.to_numpy(), design, confidence=wanted["confidence"]).iloc[0]
    parts = shares(given["answer"].to_numpy(), design, levels=_GIVEN, confidence=wanted["confidence"])
    spread[["share", "low", "high"]] = parts[["estimate", "low", "high"]].to_numpy()
    estimate = float(found["estimate"])
    low, high = (float(np.clip(found[end], 0, 1)) if pd.notna(found[end]) else np.nan for end in ("low", "high"))
    ends = [_if_all(asked, worth, end) for end in (min(worth.values()), max(worth.values()))]
    row |= {"estimate": estimate, "low": low, "high": high, "low_all": ends[0], "high_all": ends[1]}
    line = (f"{back[0]}，满意度 {percent(estimate)}", f"{back[1]}; satisfaction {percent(estimate)}")
    if counted.astype(bool).sum() == 1:  # no spread: the formula's interval would have no width
        row |= {"low": np.nan, "high": np.nan}
        only = ANSWERS[str(counted.idxmax())]
        line = (f"{line[0]}（全部回答“{only[0]}”，不给区间）", f"{line[1]} (all answered '{only[1]}': no interval)")
    elif pd.notna(low):
        sure = percent(wanted["confidence"])
        line = (
            f"{line[0]}（{sure} 区间 {percent(low)} 至 {percent(high)}）",
            f"{line[1]} ({sure} interval {percent(low)} to {percent(high)})",
        )
    facts = [(f"{line[0]}。", f"{line[1]}.")]
    silent = sorted({*asked["stratum"]} - {*given["stratum"]})
    if silent:
        facts.append(
            (
                f"层“{'、'.join(silent)}”无人作答，估计不代表这些层。",
                f"Nobody answered in {', '.join(silent)}: the estimate does not speak for them.",
            )
        )
    if rate < 1:
        words = ("，回收率偏低，结论须谨慎", "; few answered, so read it with care")
        words = words if rate < wanted["response_rate"] else ("", "")
        facts.append(
            (
                f"未作答者若全部给最低或最高评价，满意度在 {percent(ends[0])} 至 {percent(ends[1])} 之间{words[0]}。",
                f"Had all others given the worst or the best answer it would lie between {percent(ends[0])} and "
                f"{percent(ends[1])}{words[1]}.",
            )
        )
    return row, spread, facts


def _if_all(asked: pd.DataFrame, worth: dict[str, float], silent: float) -> float:
    values = asked["answer"].map(worth).astype(float).fillna(silent)
    return float(mean(values.to_numpy(), _design(asked)).iloc[0]["estimate"])


def _design(rows: pd.DataFrame) -> Design:
    sized = rows["stratum_size"].notna().all()
    sizes = list(rows["stratum_size"].astype(float)) if sized else None
    return Design.simple(len(rows), strata=list(rows["stratum"]), sizes=sizes, lonely="centre")


def _fail_if_strata_wrong(mine: pd.DataFrame) -> None:
    problems = []
    for stratum, rows in mine.groupby("stratum", sort=False):
        sizes, people = rows["stratum_size"].dropna().unique(), rows["respondent_id"].nunique()
        at = tables.place(mine, rows.index[0], "stratum_size", name="questionnaire")
        if len(sizes) > 1 or (len(sizes) == 1 and rows["stratum_size"].isna().any()):
            problems.append(Problem(("a stratum needs one size", "同一层应填同一个人数"), at, got=str(stratum)))
        elif len(sizes) and sizes[0] < people:
            what = ("fewer people than were asked", "层内人数少于调查人数")
            problems.append(Problem(what, at, f"≥ {people}", f"{sizes[0]:g}"))
    if mine["stratum_size"].notna().any() and mine["stratum_size"].isna().any() and not problems:
        problems.append(Problem(("some strata have no size", "有的层没有人数"), "questionnaire"))
    fail_if_any(ScoreError, str(mine.attrs.get("where", "questionnaire")), problems)
