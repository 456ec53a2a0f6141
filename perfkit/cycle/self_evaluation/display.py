"""What the report and the batch index show around the tables: title, notices, bases, index columns."""

from __future__ import annotations

from typing import Any

import pandas as pd

from perfkit.cycle.self_evaluation.grades import grades
from perfkit.cycle.self_evaluation.projects import Pair, Year
from perfkit.cycle.self_evaluation.use import no_further_budget, spot_check_size
from perfkit.measure.explaining import number, percent
from perfkit.rules import configured

_ALWAYS = ("full_points", "grade_bands", "no_further_budget", "spot_check_floor", "spot_check_selection")


def title(year: Year, place: str = "") -> Pair:
    """Return the title: place, year, and that it is simulated if it is."""
    when = ("", "") if year.number is None else (f" {year.number} 年度", f" {year.number}")
    zh = f"{place}{when[0]}项目支出绩效自评情况报告".strip()
    made = ("（模拟）", " (simulated)") if _simulated(year) else ("", "")
    return (f"{zh}{made[0]}", f"Self-evaluations of projects{when[1]}{f': {place}' if place else ''}{made[1]}")


def subtitle(year: Year) -> Pair:
    """Return the line under the title: rule pack and day."""
    pack, on = year.rule_set.pack, year.rule_set.on
    return (f"规则：{pack.zh}（{on} 有效）", f"rules: {pack.en}, in force on {on}")


def notices(year: Year) -> list[tuple[Pair, str]]:
    """Return what a reader must know first, each with its kind (simulated, configured, warning)."""
    found: list[tuple[Pair, str]] = []
    made, n = _simulated(year), len(year.projects)
    if made == n:
        found.append(
            (
                ("本报告所用数据为模拟数据，不反映任何真实项目。", "Simulated data: no real project is described."),
                "simulated",
            )
        )
    elif made:
        found.append(
            (
                (
                    f"{n:,} 个项目中 {made:,} 个为模拟数据，不反映真实项目；各项合计含模拟数据。",
                    f"Simulated: {made:,} of {n:,} projects; they are part of every total.",
                ),
                "simulated",
            )
        )
    if year.rule_set.pack.invented:
        found.append(
            (("规则为教学虚构，不得用于实际评价。", "Invented rules for teaching, not for real use."), "simulated")
        )
    found.append(
        (
            (
                "得分和等级为项目单位自评，未经核实；抽评之前不代表实际绩效。",
                "Scores and grades are the projects' own and unverified: before the spot check they do not measure "
                "performance.",
            ),
            "warning",
        )
    )
    own = len(configured(bases(year)))
    if own:
        found.append(
            (
                (
                    f"所用规则中有 {own} 项为工具设定或二手依据，并非官方规定，列于第八部分。",
                    f"Choices that are configured or second-hand, not official: {own}; see section 8.",
                ),
                "configured",
            )
        )
    return found


def key_figures(year: Year) -> list[tuple[Pair, Any]]:
    """Return the figures of the year that matter most as (label, value) pairs; what cannot be told is left out."""
    n, came, found = len(year.projects), len(year.handed_in), grades(year)
    known, scores = year.handed_in["days_late"].dropna(), year.scored["points"]
    rows: list[tuple[Pair, Any]] = [
        (("应自评项目", "projects expected"), f"{n:,}"),
        (("已报送", "handed in"), _part(came, n)),
    ]
    if len(known):
        rows.append((("逾期报送", "late"), _part(int((known > 0).sum()), len(known))))
    if len(scores):
        rows.append((("自评平均分", "mean self-score"), number(float(scores.mean()), 2)))
    graded = int(found["projects"].iloc[-1]) if len(found) else 0
    for row in found.iloc[:-1].itertuples():
        rows.append(((f"自评为“{row.grade_zh}”", f"graded '{row.grade_en}'"), _part(row.projects, graded)))
    ended = no_further_budget(year).count
    if graded:
        rows.append((("自评结果不再安排预算", "no further budget by self-grade"), f"{ended:,}"))
    if came:
        rows.append((("至少抽评", "spot checks at least"), f"{spot_check_size(year):,}"))
    return rows


def bases(year: Year) -> pd.DataFrame:
    """Return table ``bases``: what the account rests on."""
    there, whole = year.rule_set.in_force(), year.projects
    names = [*_ALWAYS, "self_evaluation"]
    if len(year.scored):
        names.append("sampling")
    if whole["grade_reported"].notna().any():
        names.append("grade_words")
    if whole["execution"].notna().any():
        names += ["execution_denominator", "self_weights_2020"]
    if whole["points_reported_previous"].notna().any():
        names += ["score_deviation", "inflated_from"]
    return year.rule_set.bases([name for name in names if name in there])


def index_fields(year: Year, lang: str = "zh") -> dict[str, Any]:
    """Return the columns that the batch index shows of one report."""
    zh, found = lang == "zh", grades(year)
    n, came = len(year.projects), len(year.handed_in)
    best = percent(float(found["share"].iloc[0])) if len(found) else None
    return {
        "年度" if zh else "year": year.number,
        "应报" if zh else "expected": n,
        "报送率" if zh else "handed in": percent(came / n),
        f"{year.grades[0][0]}占比" if zh else year.grades[0][1]: best,
        "不再安排预算" if zh else "no further budget": no_further_budget(year).count,
    }


def _simulated(year: Year) -> int:
    return int(year.projects["reality"].eq("simulated").sum())


def _part(part: int, whole: int) -> Pair:
    return (f"{part:,}（{percent(part / whole)}）", f"{part:,} ({percent(part / whole)})")
