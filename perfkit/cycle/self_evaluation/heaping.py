"""Do self-scores crowd just above the cut-offs of the grades: counted in whole points, tested in ``estimation``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit import estimation, tables
from perfkit.cycle.self_evaluation.projects import Pair, Year
from perfkit.errors import SampleError
from perfkit.measure.explaining import number, percent

Floats = npt.NDArray[np.float64]

HEAPING_NOTE: Pair = (
    "按整数分段：89 分至不足 90 分为一段。两侧略去 1 段时，推断走势不用紧邻的分段，从更低处抬到线上的也能看出。"
    "多出个数的上下限含走势的误差。",
    "In whole points: 89 to under 90 together. With one left out on each side the trend does without those next to "
    "the pair, which shows who was lifted from further below. The limits include the error of the trend.",
)
HEAPING_TITLES: dict[str, Pair] = {
    "cut": ("等级线", "cut-off"),
    "donut": ("两侧略去", "left out"),
    "under": ("线下一段", "just below"),
    "at": ("线上一段", "at the cut-off"),
    "expected_share": ("线上应占", "expected at it"),
    "share": ("线上实占", "found at it"),
    "excess": ("多出个数", "too many"),
    "low": ("下限", "low"),
    "high": ("上限", "high"),
}
_REACH = 6  # whole points to show on each side of a cut-off
_EXACT = 9
_LEAST_P = 0.001


def heaping(year: Year) -> pd.DataFrame:
    """Return table ``heaping`` of the self-scores, with ``grade_zh`` and ``grade_en``; the best grade first.

    Scores are counted in whole points (89 to under 90 together), so that half points neither help nor hinder. A
    cut-off with too few scores around it is left out.
    """
    floors, confidence = _whole(year), float(year.rule_set.value("sampling")["confidence"])
    cuts = {grade: cut for grade, cut in _lowest(year).items() if _can_be_tested(floors, cut)}
    if not cuts:
        return pd.DataFrame(columns=["grade_zh", "grade_en", *tables.contract("heaping").columns])
    found = estimation.heaping(floors, {**cuts, "": -np.inf}, confidence=confidence)
    named = {cut: grade for grade, cut in cuts.items()}
    found["grade_zh"] = found["cut"].map(named)
    found["grade_en"] = found["grade_zh"].map(dict(year.grades))
    return year.rule_set.stamp(found.sort_values(["cut", "donut"], ascending=[False, True], ignore_index=True))


def heaping_text(year: Year, found: pd.DataFrame) -> list[Pair]:
    """Say for each cut-off how many scores stand on either side, how many are too many, and what that can mean."""
    if year.scored.empty:
        return [("没有自评得分，不作堆积分析。", "No self-scores are given: there is no heaping to tell.")]
    lines = [_said(row) for row in found[found["donut"].eq(0)].itertuples()]
    lowest, english = _lowest(year), dict(year.grades)
    lacking = [grade for grade, _ in year.grades[:-1] if not len(found) or not found["cut"].eq(lowest[grade]).any()]
    if lacking:
        zh = "、".join(f"“{grade}”（{number(lowest[grade])} 分）" for grade in lacking)
        en = ", ".join(f"'{english[grade]}' ({number(lowest[grade])})" for grade in lacking)
        lines.append(
            (
                f"等级线{zh}附近的得分过少，不作检验。",
                f"Too few scores stand around the cut-off of {en}: it is not tested.",
            )
        )
    if found["low"].gt(0).any():
        lines.append(
            (
                "堆积是全部得分的迹象，不说明其中任何一个项目的得分不实；抽评时可对刚过线的项目适当多抽。",
                "Heaping is a sign of all the scores together: it does not say of any one project that its score is "
                "untrue. The spot check may well draw more of those just above the cut-off.",
            )
        )
    return lines


def around_cut(year: Year, found: pd.DataFrame) -> pd.DataFrame:
    """Return the projects by whole point (``label_zh, label_en, projects``) around the cut-off that heaps most."""
    if found.empty:
        return pd.DataFrame(columns=["label_zh", "label_en", "projects"])
    cut, floors = _most(found), _whole(year)
    full = float(year.rule_set.value("full_points"))
    points = [cut + step for step in range(-_REACH, _REACH) if cut + step <= full]
    return pd.DataFrame(
        {
            "label_zh": [f"{number(each)} 分" + ("（等级线）" if each == cut else "") for each in points],
            "label_en": [number(each) + (" (cut-off)" if each == cut else "") for each in points],
            "projects": [int((floors == each).sum()) for each in points],
        }
    )


def around_cut_text(year: Year, found: pd.DataFrame) -> Pair:
    """Return the counts around the cut-off that heaps most in words."""
    counts = around_cut(year, found)
    if counts.empty:
        return ("没有可检验的等级线。", "There is no cut-off to test.")
    zh = "，".join(f"{row.label_zh} {row.projects:,} 个" for row in counts.itertuples())
    en = ", ".join(f"{row.label_en}: {row.projects:,}" for row in counts.itertuples())
    return (f"各分数段的项目数：{zh}。", f"Projects by whole point: {en}.")


def _said(row: Any) -> Pair:
    cut, below = number(row.cut), number(row.cut - 1)
    low, high = _whole_number(row.low), _whole_number(row.high)
    heaped = row.low > 0
    p = f"小于 {_LEAST_P}" if row.p < _LEAST_P else f"约 {number(row.p, 3)}"
    p_en = f"under {_LEAST_P}" if row.p < _LEAST_P else f"about {number(row.p, 3)}"
    conclusion: Pair = ("，有明显堆积", ": they heap") if heaped else ("，未见明显堆积", ": no clear heaping")
    against: Pair = ("", "")
    if row.round_numbers:
        usual, own = number(row.round_ratio, 2), number(row.cut_ratio, 2)
        against = (
            f"线上与线下之比为走势的 {own} 倍，其他逢 5、逢 10 的分数平均为 {usual} 倍。",
            f" The ratio of both is {own} times what the trend says; at other multiples of 5 it is {usual} times.",
        )
    share, expected = percent(row.share), percent(row.expected_share)
    many, sure = _whole_number(row.excess), percent(row.confidence)
    return (
        f"“{row.grade_zh}”等级线 {cut} 分：{cut} 分段 {int(row.at):,} 个，{below} 分段 {int(row.under):,} 个。"
        f"按两侧分数的走势，两段中应有 {expected} 在线上，实际 {share}，多出约 {many} 个"
        f"（{sure} 区间 {low} 至 {high}），若无堆积而出现这样多的概率{p}{conclusion[0]}。{against[0]}",
        f"Cut-off of '{row.grade_en}', {cut}: {int(row.at):,} scores of {cut} to under {number(row.cut + 1)}, "
        f"{int(row.under):,} of {below} to under {cut}. By the trend on both sides {expected} of them should be "
        f"above, {share} are: about {many} too many ({sure} interval {low} to {high}); the probability of as many "
        f"without heaping is {p_en}{conclusion[1]}.{against[1]}",
    )


def _most(found: pd.DataFrame) -> float:
    nearest = found[found["donut"].eq(0)]
    return float(nearest.loc[nearest["excess"].idxmax(), "cut"])


def _whole(year: Year) -> Floats:
    floors: Floats = np.floor(np.round(year.scored["points"].to_numpy(dtype=float), _EXACT))
    return floors


def _lowest(year: Year) -> dict[str, float]:
    return {str(band["grade"]): float(band["min"]) for band in year.rule_set.value("grade_bands")}


def _whole_number(value: float) -> str:
    return number(value, 0).replace("-", "−")


def _can_be_tested(floors: Floats, cut: float) -> bool:
    """Say whether enough scores stand around a cut-off; below all scores there is none to test."""
    try:
        estimation.heaping(floors, {"above": cut, "below": -np.inf})
    except SampleError:
        return False
    return True
