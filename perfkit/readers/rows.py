"""One row of a filled form: from what its cells say to an indicator and its value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from perfkit.readers.layout import words
from perfkit.readers.targets import BLANK, DAY, QUANTITY, UNCLEAR, YES_NO, Reading, read_text
from perfkit.tables.columns import PERCENT

EXECUTION = "E"

YUAN = {"元": 1.0, "万元": 1e4, "亿元": 1e8}
_WHOLE = 1.5  # a bare number up to this, where a percentage belongs, is a share of one


@dataclass(frozen=True)
class Remark:
    """How something was read, or with ``kind``, a kind of finding, what cannot be right as it is printed."""

    zh: str
    en: str
    kind: str = ""
    indicator_id: str = ""
    level3: str = ""
    reported: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a form: columns of ``indicators`` and of ``values``, and how they were read."""

    indicator: dict[str, Any]
    value: dict[str, Any]
    remarks: list[Remark] = field(default_factory=list)
    unsigned: bool = False


def number(value: Any, zh: str, en: str, remarks: list[Remark]) -> float | None:
    """Read an amount or points; what is negative or no number goes to the remarks and is left out."""
    read = read_text(words(value))
    if read.what == BLANK:
        return None
    if read.what != QUANTITY or read.low is None or read.way == "in":
        remarks.append(Remark(f"{zh}“{read.text}”未能识别为数", f"{en} {read.text!r} is no number"))
        return None
    if read.low < 0:
        remarks.append(
            Remark(
                f"{zh}填为负数 {read.text}，请更正。",
                f"{en} is negative, {read.text}: correct it.",
                kind="negative_amount",
                reported=read.text,
            )
        )
        return None
    return read.low


def execution_row(said: Mapping[str, Any]) -> Row:
    """Make the row of the execution rate from the line of the year's money (分值, 执行率, 得分)."""
    remarks: list[Remark] = []
    text = words(said["rate"])
    rate = read_text(text)
    actual = None
    if rate.what == QUANTITY and rate.low is not None and rate.way == "":
        is_share = rate.unit == "" and rate.low <= _WHOLE
        actual = round(rate.low * 100, 10) if is_share else rate.low
    elif rate.what != BLANK:
        remarks.append(Remark(f"执行率“{text}”未能识别", f"the execution rate {text!r} cannot be read"))
    indicator = {
        "indicator_id": EXECUTION,
        "level1": "预算执行率",
        "level3": "预算执行率",
        "kind": "execution",
        "direction": "ge",
        "target": 100.0,
        "unit": "%",
        "points": number(said["points"], "预算执行率的分值", "the points of the execution rate", remarks),
    }
    points = number(said["score"], "预算执行率的得分", "the score of the execution rate", remarks)
    return Row(indicator, _filled({"indicator_id": EXECUTION, "actual": actual, "points_reported": points}), remarks)


def indicator_row(code: str, levels: Mapping[str, Any], said: Mapping[str, Any], year: int | None) -> Row:
    """Make a row of what stands under the labels of the indicators."""
    remarks: list[Remark] = []
    name = str(levels["level3"])
    target, actual = read_text(words(said["target"]), year), read_text(words(said["actual"]), year)
    indicator = {
        "indicator_id": code,
        **levels,
        "target_text": target.text or None,
        "points": number(said["points"], f"“{name}”的分值", f"the points of '{name}'", remarks),
    }
    value = {
        "indicator_id": code,
        "actual_text": actual.text or None,
        "points_reported": number(said["score"], f"“{name}”的得分", f"the score of '{name}'", remarks),
        "note": words(said["note"]) or None,
    }
    unsigned = False
    if target.what == QUANTITY:
        unsigned = not target.way
        more, taken = _quantity(target, actual, levels, remarks)
    elif target.what == DAY:
        more, taken = _dated(target, actual)
    elif target.what == YES_NO:
        more = {"kind": "yes_no", "direction": "eq", "target": target.low}
        taken = {"actual": actual.low if actual.what == YES_NO else None}
    else:
        more = {"kind": "reported" if target.what == UNCLEAR else "qualitative"}
        taken = {}
        if target.what == BLANK and actual.what == QUANTITY:
            more, taken = {"kind": "quantitative", "unit": actual.unit or None}, {"actual": actual.low}
    if actual.what == DAY and actual.day and "done_on" not in taken:
        taken["done_on"] = actual.day.isoformat()
    if target.what == UNCLEAR:
        remarks.append(_not_read(name, "指标值", "target", target))
    if actual.what == UNCLEAR or (target.what in (QUANTITY, YES_NO) and actual.what not in (target.what, BLANK)):
        remarks.append(_not_read(name, "实际完成值", "actual value", actual))
        more = {"kind": "reported", **{k: v for k, v in more.items() if k != "kind"}}
    return Row({**indicator, **more}, _filled({**value, **taken}), remarks, unsigned)


def _quantity(
    target: Reading, actual: Reading, levels: Mapping[str, Any], remarks: list[Remark]
) -> tuple[dict[str, Any], dict[str, Any]]:
    name = str(levels["level3"])
    unit = target.unit or (actual.unit if actual.what == QUANTITY else "")
    low, value = target.low, actual.low if actual.what == QUANTITY else None
    of_satisfaction = any("满意" in str(level) for level in levels.values())
    if not unit and of_satisfaction and low is not None and low > _WHOLE:
        unit = "%"
    if low is not None and value is not None:
        if unit in PERCENT:
            low, value = _in_percent(name, low, target, value, actual, remarks)
        elif target.unit in YUAN and actual.unit in YUAN:
            value = round(value * YUAN[actual.unit] / YUAN[target.unit], 10)
        elif target.unit and actual.unit and target.unit != actual.unit:
            remarks.append(
                Remark(
                    f"“{name}”指标值与完成值的单位不同（{target.unit}、{actual.unit}），按数值比较",
                    f"'{name}': target and value are in {target.unit} and {actual.unit}; compared as numbers",
                )
            )
    if actual.what == QUANTITY and (actual.way or actual.strict):
        remarks.append(
            Remark(
                f"“{name}”的实际完成值写成“{actual.text}”，按 {words(actual.low)} 读",
                f"'{name}': the value is written {actual.text!r}, read as {words(actual.low)}",
            )
        )
    if target.strict:
        remarks.append(
            Remark(f"“{name}”的“{target.text}”读作含本数", f"'{name}': {target.text!r} is read with its bound")
        )
    is_cost = any("成本" in str(level) for level in levels.values()) and unit.startswith(tuple(YUAN))
    indicator = {
        "kind": _kind(levels, unit, target, of_satisfaction),
        "direction": target.way or ("le" if is_cost else "ge"),
        "target": low,
        "target_high": target.high,
        "unit": unit or None,
    }
    return indicator, {"actual": value}


def _kind(levels: Mapping[str, Any], unit: str, target: Reading, of_satisfaction: bool) -> str:
    if unit in PERCENT and target.way != "in":
        if any("预算执行率" in str(level) for level in levels.values()):
            return "execution"
        if of_satisfaction:
            return "satisfaction"
    return "quantitative"


def _in_percent(
    name: str, low: float, target: Reading, value: float, actual: Reading, remarks: list[Remark]
) -> tuple[float, float]:
    """Bring a share written without its sign ("0.98" against "≥95%") to per cent, and say so."""
    if not target.unit and 0 < low <= _WHOLE < value:
        remarks.append(_as_percent(name, target.text, low))
        return round(low * 100, 10), value
    if not actual.unit and 0 < value <= _WHOLE < low:
        remarks.append(_as_percent(name, actual.text, value))
        return low, round(value * 100, 10)
    return low, value


def _as_percent(name: str, text: str, share: float) -> Remark:
    shown = f"{words(round(share * 100, 10))}%"
    return Remark(f"“{name}”的“{text}”读作 {shown}", f"'{name}': {text!r} is read as {shown}")


def _dated(target: Reading, actual: Reading) -> tuple[dict[str, Any], dict[str, Any]]:
    """Compare a day done with the day due; only a day surely in time can be scored as met."""
    due = target.day
    indicator: dict[str, Any] = {"kind": "reported", "due_on": due.isoformat() if due else None}
    if actual.what != DAY or due is None or actual.day is None or actual.first is None:
        return indicator, {}
    if actual.day <= due:
        met = {"kind": "yes_no", "direction": "eq", "target": 1.0}
        return {**indicator, **met}, {"actual": 1.0, "done_on": actual.day.isoformat()}
    # "2023年10月" against 15 October: nobody knows, so the day that holds nothing against the form.
    return indicator, {"done_on": min(actual.first, actual.day).isoformat()}


def _not_read(name: str, zh: str, en: str, read: Reading) -> Remark:
    return Remark(
        f"“{name}”的{zh}“{read.text}”未能与指标值比较，该项未复算",
        f"'{name}': the {en} {read.text!r} cannot be compared; the row is not recomputed",
    )


def _filled(value: dict[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in value.items() if each is not None}
