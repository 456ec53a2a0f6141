"""Make the simulated province (模拟数据): 5,688 self-evaluations of 5,700 projects, and what checks of a sample find.

    python data/samples/province-simulated/simulate.py frame
    python data/samples/province-simulated/simulate.py checks SAMPLE.csv

The counts are those of Zhejiang's report on 2021 (5,688 self-evaluated, 600 checked); everything else is invented:
no department, project, score or amount is real. Self-scores are the checked score plus what a department adds,
lifted over 90 where they fall just below; the recommended projects are weak ones.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
DEPARTMENTS = [
    "教育",
    "农业农村",
    "交通运输",
    "卫生健康",
    "科技",
    "水利",
    "文化旅游",
    "生态环境",
    "自然资源",
    "人力社保",
    "民政",
    "经济信息化",
    "住房建设",
    "商务",
    "林业",
    "体育",
    "应急管理",
    "市场监管",
    "广播电视",
    "药品监管",
    "退役军人",
    "医疗保障",
    "海洋渔业",
    "粮食物资",
    "统计",
    "气象",
    "地震",
    "档案",
    "外事",
    "侨务",
]
DUE = "2022-03-31"


def province() -> pd.DataFrame:
    """Return every project with its true (checked) score and what else nobody would know."""
    rng = np.random.default_rng(20210808)
    shares = 1 / np.arange(1, len(DEPARTMENTS) + 1) ** 1.3
    sizes = np.maximum(rng.multinomial(5_700, shares / shares.sum()), 3)
    sizes[-4:] = (6, 5, 4, 3)  # small ones, that two projects could shame
    sizes[0] += 5_700 - sizes.sum()
    department = np.repeat(np.arange(len(DEPARTMENTS)), sizes)
    order = rng.permutation(5_700)
    department = department[order]
    quality = rng.normal(0, 1.5, len(DEPARTMENTS))[department] + 84.5 + rng.normal(0, 7.0, 5_700)
    weak = rng.random(5_700) < 0.06
    quality -= np.where(weak, rng.gamma(4, 4, 5_700), 0)
    added = rng.gamma(6, 0.45, len(DEPARTMENTS))[department] + np.abs(rng.normal(0, 3, 5_700))
    checked = np.clip(np.round(quality * 2) / 2, 30, 100)
    reported = np.clip(np.round((quality + added) * 2) / 2, 30, 100)
    lifted = (reported >= 87) & (reported < 90) & (rng.random(5_700) < 0.45)
    reported = np.where(lifted, rng.choice([90, 90, 90.5, 91], 5_700), reported)
    budget = np.round(np.exp(rng.normal(13.6, 1.25, 5_700)), -2)
    previous = rng.random(5_700) < 0.1
    then_checked = np.clip(np.round((quality + rng.normal(0, 3, 5_700)) * 2) / 2, 30, 100)
    another = np.random.default_rng(20200808).normal(0, 2.5, 5_700)  # a year before, other years' luck
    then_reported = np.clip(np.round((quality + added + another) * 2) / 2, 30, 100)
    frame = pd.DataFrame(
        {
            "unit_id": [f"P{at:04d}" for at in range(1, 5_701)],
            "year": 2021,
            "name": [f"{DEPARTMENTS[d]}项目（模拟）{at:04d}" for at, d in enumerate(department, 1)],
            "department": [f"{DEPARTMENTS[d]}（模拟）" for d in department],
            "fund_type": rng.choice(["部门预算项目", "专项资金", "政府性基金"], 5_700, p=[0.72, 0.22, 0.06]),
            "budget": budget,
            "spent": np.round(budget * np.clip(rng.beta(14, 1.2, 5_700), 0, 1), 2),
            "points_reported": reported,
            "points_previous": np.where(previous, then_checked, np.nan),
            "points_reported_previous": np.where(previous, then_reported, np.nan),
            "checked_previous": np.where(previous, "是", "否"),
            "due_on": DUE,
            "submitted_on": (
                pd.Timestamp(DUE) + pd.to_timedelta(np.round(rng.normal(-9, 5, 5_700)).astype(int), unit="D")
            ).strftime("%Y-%m-%d"),
            "checked": checked,
        }
    )
    missing = rng.choice(5_700, 12, replace=False)
    frame.loc[missing, ["points_reported", "submitted_on"]] = [np.nan, None]
    doubtful = (100 - frame["points_reported"].fillna(100)) ** 2 * rng.random(5_700)
    frame["recommended"] = np.where(doubtful.rank(ascending=False, method="first") <= 100, "是", "否")
    frame["taint"] = np.where(rng.random(5_700) < 0.11, rng.beta(1.2, 5, 5_700), 0)
    frame["reviewer"] = [f"R{at:02d}" for at in rng.integers(1, 25, 5_700)]
    frame["reached"] = rng.random(5_700) > 0.012
    return frame


def main(what: str, sample: str = "") -> None:
    """Write the frame, or the checks of the units of ``sample`` that are no reserves."""
    frame = province()
    if what == "frame":
        kept = frame.drop(columns=["checked", "taint", "reviewer", "reached"])
        kept.assign(reality="simulated").to_csv(HERE / "frame.simulated.csv", index=False)
        return
    drawn = pd.read_csv(sample, dtype={"unit_id": str})
    drawn = drawn[drawn["part"].isin(["recommended", "size", "random"])]
    found = drawn[["unit_id"]].merge(frame, on="unit_id")
    lenient = dict(
        zip([f"R{at:02d}" for at in range(1, 25)], np.random.default_rng(7).normal(0, 0.8, 24), strict=True)
    )
    points = np.clip(np.round((found["checked"] + found["reviewer"].map(lenient)) * 2) / 2, 0, 100)
    pd.DataFrame(
        {
            "unit_id": found["unit_id"],
            "points_checked": points.where(found["reached"]),
            "questioned": (found["budget"] * found["taint"]).round(2).where(found["reached"]),
            "reviewer_id": found["reviewer"],
            "checked_on": "2022-06-15",
            "outcome": np.where(found["reached"], "checked", "not_reached"),
            "note": "模拟",
        }
    ).to_csv(HERE / "checks.simulated.csv", index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
