"""One sentence an item, in zh and en, that a reader can check by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from perfkit.tables.columns import DIRECTIONS, PERCENT, STATUSES
from perfkit.tables.printing import number as number
from perfkit.tables.printing import percent as percent

_IN_PROPORTION = ("proportional", "threshold")
_NO_RATIO = (
    "目标 {target}，实际 {actual}，目标值或完成值非正，不按比例，按是否达标计分：{met}",
    "target {target}, actual {actual}, no ratio of values that are not positive, met or not: {met}",
)
_FROM = {
    "verified": ("（核实值）", " (verified)"),
    "computed": ("（按资金数计算）", " (computed from the money)"),
    "growth": ("（比基期增长）", " (growth over the base)"),
    "answers": ("（按问卷人数计算）", " (from the answers)"),
}


def shown_targets(items: pd.DataFrame) -> pd.Series:
    """Return the targets for print: as printed in the form if known, else direction, number and unit."""
    made = [
        row.due_on
        if isinstance(row.due_on, str) and pd.isna(row.target)
        else _target(row.direction, row.target, row.target_high, row.unit, row.kind, row.listed)
        for row in items.itertuples()
    ]
    return items["target_text"].where(items["target_text"].notna(), pd.Series(made, index=items.index, dtype="str"))


def shown_actuals(items: pd.DataFrame) -> pd.Series:
    """Return the actual values for print: as printed in the form if known, else number and unit."""
    made = [_actual(row) for row in items.itertuples()]
    corrected = items["used_from"].eq("verified") & items["actual"].ne(items["verified"])
    return items["actual_text"].where(
        items["actual_text"].notna() & ~corrected, pd.Series(made, index=items.index, dtype="str")
    )


def sentences(items: pd.DataFrame, rules: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return ``why_zh`` and ``why_en`` for scored items.

    Parameters
    ----------
    items
        Scored items with their working columns (``rule``, ``used``, ``rate``, ``share``, ``points`` …).
    rules
        For each rule name its numbers and ``sentence``, the (zh, en) template of its kind.
    """
    made = [
        (_sentence(row, rules[row["rule"]], 0), _sentence(row, rules[row["rule"]], 1))
        for row in items.to_dict("records")
    ]
    return pd.DataFrame(made, columns=["why_zh", "why_en"], index=items.index)


def quantity(value: float, unit: Any) -> str:
    """Print a number with its unit of measure: "735 人次", "97.81%".

    Examples
    --------
    >>> quantity(735.0, "人次"), quantity(97.81, "%"), quantity(3.0, None)
    ('735 人次', '97.81%', '3')
    """
    if pd.isna(value):
        return "—"
    if pd.isna(unit) or not str(unit).strip():
        return number(value)
    return f"{number(value, 2)}%" if str(unit).strip() in PERCENT else f"{number(value)} {unit}"


def _yes_no(value: float, lang: int) -> str:
    return (("否", "no"), ("是", "yes"))[1 if value == 1 else 0][lang]


def _target(way: Any, target: Any, high: Any, unit: Any, kind: Any, listed: Any) -> str:
    if kind == "check_points":
        return f"{number(listed)} 项要点"
    if pd.isna(target):
        return "—"
    if kind == "yes_no":
        return _yes_no(target, 0)
    if way == "in":
        return f"{number(target)}～{quantity(high, unit)}"
    return f"{DIRECTIONS[way][0] if isinstance(way, str) else ''}{quantity(target, unit)}"


def _actual(row: Any) -> str:
    def said(value: Any) -> str:
        if row.kind == "yes_no":
            return "—" if pd.isna(value) else _yes_no(value, 0)
        return quantity(value, "项" if row.kind == "check_points" else row.unit)

    if _is_corrected(row.used_from, row.actual, row.verified):
        before = row.actual_text if isinstance(row.actual_text, str) else said(row.actual)
        return f"{before}（核实 {said(row.verified)}）"
    if isinstance(row.judged, str):
        return row.judged
    return row.done_on if row.used_from == "dates" else said(row.used)


def _is_corrected(used_from: Any, actual: Any, verified: Any) -> bool:
    """Say whether a check found another value than was reported, or one where none was."""
    return bool(used_from == "verified" and (pd.isna(actual) or actual != verified))


def _sentence(row: dict[str, Any], rule: Mapping[str, Any], lang: int) -> str:
    full = number(row["points_full"])
    if row["status"] not in ("reported", "unverified"):
        return _gap(row, full, lang)
    used, unit = row["used"], row["unit"]
    words = {
        "target": row["target_shown"],
        "actual": quantity(used, unit) + ("" if pd.isna(used) else _FROM.get(row["used_from"], ("", ""))[lang]),
        "rate": percent(row["rate"]),
        "share": percent(row["share"]),
        "pass_rate": percent(rule.get("pass_rate", math.nan)),
        "met": (("达标", "未达标") if lang == 0 else ("met", "not met"))[0 if row["share"] == 1 else 1],
        "judged": row["judged"],
        "listed": number(row["listed"]),
        "floor": quantity(row["floor"], unit),
        **_of_rule(row, rule),
        **_of_counts(row, lang),
        "finished": _finished(row["finished"], lang),
    }
    mark = "" if pd.isna(used) else _FROM.get(row["used_from"], ("", ""))[lang]
    if row["kind"] == "check_points":
        words["actual"] = number(used) + (" 项" if lang == 0 else "") + mark
    if row["kind"] == "yes_no":
        in_words = isinstance(row["actual_text"], str) and row["used_from"] != "verified"
        words["actual"] = (row["actual_text"] if in_words else _yes_no(used, lang)) + mark
        words["target"] = _yes_no(row["target"], lang) if pd.isna(row["target_text"]) else row["target_text"]
    if rule["function"] == "goalpost":
        words["target"] = quantity(row["target"], unit)
    if row["used_from"] == "dates":
        words["actual"] = row["done_on"]
    elif rule["function"] == "on_time":
        words["actual"] = ("逾期天数 ", "days late ")[lang] + number(used) + mark
    sentence = rule["sentence"][lang]
    if rule["function"] in _IN_PROPORTION and (row["target"] <= 0 or used < 0):
        sentence = _NO_RATIO[lang]
    text = sentence.format(**words)
    points = number(row["points"])
    over = "" if math.isnan(row["over"]) else _over(row, rule, lang)
    if "cap" in rule and row["share"] >= rule["cap"]:
        over += (f"，以 {percent(rule['cap'])} 为限", f", capped at {percent(rule['cap'])}")[lang]
    if lang == 0:
        return f"{text}{over}，得 {points} 分（满分 {full} 分）"
    return f"{text}{over}: {points} of {full} points"


def _of_rule(row: dict[str, Any], rule: Mapping[str, Any]) -> dict[str, str]:
    """Return what a rule's own numbers say of the item: the step reached, the band, how far off the interval."""
    said = {name: percent(rule.get(name, math.nan)) for name in ("reach", "low", "high", "loss", "zero_at")}
    said |= {"step": "—", "band": "—", "off": "—", "full_at": percent(rule.get("full_at", row["target_rate"]))}
    if "steps" in rule and not pd.isna(row["used_rate"]):
        # The step's lower bound is read off the share, so that the sentence cannot part from the score.
        reached = [step["min"] for step in rule["steps"] if math.isclose(step["share"], row["share"])]
        said["step"] = percent(max(reached)) if reached else "—"
    for band in rule.get("bands", ()):
        if row["judged"] in (band["band"], *band.get("words", ())):
            said["band"] = f"{percent(band['max'])}～{percent(band['min'])}"
    if "reach" in rule:
        said["off"] = percent(_off(row["used"], row["target"], row["target_high"]))
    return said


def _of_counts(row: dict[str, Any], lang: int) -> dict[str, str]:
    """Return what is said of counts, days and costs."""
    used, target, unit = row["used"], row["target"], row["unit"]
    late = ("按期完成", "on time") if used <= 0 else (f"逾期 {number(used)} 天", f"{number(used)} days late")
    if used < 0:
        late = (f"提前 {number(-used)} 天", f"{number(-used)} days early")
    uneven = row["whole"] != row["listed"]
    weighed = (
        f"，折合要点分值 {number(row['reached'])}/{number(row['whole'])}",
        f", worth {number(row['reached'])} of {number(row['whole'])}",
    )
    return {
        "late": late[lang],
        "weighed": weighed[lang] if uneven else "",
        "allowed": quantity(0.0 if pd.isna(target) else target, unit),
        "each": number(row["deduct"]),
        "cost": quantity(target, unit),
        "saved": percent((target - used) / target if target else math.nan),
    }


def _off(used: float, low: float, high: float) -> float:
    """Return how far off the interval a value is, relative to the nearer bound; a bound of zero has no measure."""
    bound, gap = (low, low - used) if used < low else (high, used - high)
    if gap <= 0:
        return 0.0
    return gap / abs(bound) if bound else math.inf


def _over(row: dict[str, Any], rule: Mapping[str, Any], lang: int) -> str:
    over = percent(row["over"])
    if rule["policy"] == "schedule":
        return (f"（高于目标 {over}，按超额程度减分）", f" ({over} above target: lessened by the schedule)")[lang]
    if rule["policy"] == "deduct":
        allowed = percent(rule["tolerance"])
        return (
            f"（高于目标 {over}，超出容许的 {allowed} 的部分扣减）",
            f" ({over} above target: what exceeds the {allowed} allowed is deducted)",
        )[lang]
    return (
        f"（高于目标 {over}，应说明年初指标值是否偏低）",
        f" ({over} above target: say whether the target was set too low)",
    )[lang]


def _finished(done: Any, lang: int) -> str:
    if pd.isna(done):
        return ("完成情况未填", "finished or not: unknown")[lang]
    return (("项目已完成", "finished"), ("项目未完成", "unfinished"))[0 if done else 1][lang]


def _gap(row: dict[str, Any], full: str, lang: int) -> str:
    status = STATUSES[row["status"]][lang]
    if row["status"] == "not_seen":
        return (f"{status}，不计分（分值 {full} 分）", f"{status}: not scored ({full} points)")[lang]
    if pd.isna(row["points"]):
        return (
            f"{status}，不计入（分值 {full} 分按其余指标折算）",
            f"{status}: not counted ({full} points rescaled)",
        )[lang]
    if row["status"] == "missing" and (
        isinstance(row["judged"], str) or not pd.isna(row["used"]) or not pd.isna(row["points_reported"])
    ):
        # There is a value, but the rule is silent on it, or wants to know more (finished? share within the band?).
        status = (
            "有完成值，但规则未涵盖此情形或缺少所需信息",
            "a value the rule does not cover, or needs more to score",
        )[lang]
    points = number(row["points"])
    return (f"{status}，得 {points} 分（满分 {full} 分）", f"{status}: {points} of {full} points")[lang]
