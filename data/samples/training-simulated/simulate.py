"""Make a simulated key evaluation (模拟数据): a training project with every further input of an evaluation.

    python data/samples/training-simulated/simulate.py

No project, person, amount or answer is real. Three years of results, seven experts of whom one is severe, 160 people
asked in two strata, spending that ends in a rush, ten like units with their unit costs, three problems found.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
UNIT, YEAR, SEED = "px-2022", 2022, 20221231
ITEMS = [
    ("P1", "决策", "立项依据充分性", "grounds of the project", "check_points", np.nan, 10, "项"),
    ("P2", "过程", "预算执行率", "budget execution", "execution", 1.0, 10, None),
    ("P3", "过程", "制度执行有效性", "rules followed", "check_points", np.nan, 10, "项"),
    ("P4", "产出", "培训人次", "people trained", "quantitative", 6000, 20, "人次"),
    ("P5", "产出", "结业考核合格率", "share that passed", "quantitative", 95, 15, "%"),
    ("P6", "效益", "培训后半年就业率", "employed after half a year", "quantitative", 70, 25, "%"),
    ("P7", "效益", "学员满意度", "satisfaction of the trained", "satisfaction", 90, 10, "%"),
]
POINTS = {
    "P1": "依据是否充分；程序是否合规；目标是否明确；是否不重复",
    "P3": "制度是否健全；合同是否齐备；验收是否规范；档案是否完整",
}
ACTUAL = {
    2020: {"P4": 4800, "P5": 93.1, "P6": 61.0, "P7": 88.0},
    2021: {"P4": 5600, "P5": 95.6, "P6": 64.5, "P7": 89.2},
    2022: {"P1": 4, "P3": 2, "P4": 6180, "P5": 94.2, "P6": 58.7, "P7": 85.5},
}
MONEY = {2020: (8_000_000, 7_900_000), 2021: (9_000_000, 8_700_000), 2022: (10_000_000, 8_960_000)}


def write(name: str, rows: list[dict[str, object]]) -> None:
    pd.DataFrame(rows).to_csv(HERE / f"{name}.simulated.csv", index=False, encoding="utf-8", lineterminator="\n")


def main() -> None:
    rng = np.random.default_rng(SEED)
    simulated = {"reality": "simulated", "source": "模拟数据；由同文件夹的 simulate.py 生成"}
    write(
        "units",
        [
            {
                "unit_id": UNIT, "year": year, "name": "职业技能培训补贴项目（模拟）", "kind": "project",
                "department": "某市人力社保局（虚构）", "budget_initial": budget, "budget": budget,
                "received": budget,
                "spent": spent, "goal": "培训 6000 人次，半年后就业率 70% 以上" if year == YEAR else None,
                "evaluator": "财政重点评价（模拟）", **simulated,
            }
            for year, (budget, spent) in MONEY.items()
        ],
    )  # fmt: skip
    write(
        "indicators",
        [
            {
                "indicator_id": code, "level1": level, "level3": name, "name_en": english, "kind": kind,
                "direction": None if kind == "check_points" else "ge", "target": target, "unit": unit,
                "target_text": "≥100%" if code == "P2" else None,
                "points": points,
                "check_points": POINTS.get(code), **simulated,
            }
            for code, level, name, english, kind, target, points, unit in ITEMS
        ],
    )  # fmt: skip
    write(
        "values",
        [
            {"unit_id": UNIT, "indicator_id": code, "year": year, "actual": value}
            for year, values in ACTUAL.items()
            for code, value in values.items()
        ],
    )
    kinds = ["business", "business", "business", "management", "management", "finance", "finance"]
    quality = {"P1": 0.9, "P2": 0.85, "P3": 0.55, "P4": 1.0, "P5": 0.95, "P6": 0.8, "P7": 0.9}
    panel = []
    for at, kind in enumerate(kinds, start=1):
        for code, *_, points, _unit in ITEMS:
            share = quality[code] + rng.normal(0, 0.03) - (0.12 if at == 4 else 0)
            given = round(float(np.clip(share, 0, 1)) * points * 2) / 2
            given = 1.0 if (at, code) == (6, "P1") else given
            panel.append(
                {"unit_id": UNIT, "expert_id": f"E{at}", "expert_kind": kind, "indicator_id": code, "points": given}
            )
    write("panel", panel)
    answers = ["very_satisfied", "satisfied", "fair", "dissatisfied", "very_dissatisfied", "none"]
    chances = {"城区": [0.42, 0.27, 0.06, 0.02, 0.01, 0.22], "乡镇": [0.25, 0.28, 0.12, 0.05, 0.02, 0.28]}
    write(
        "questionnaire",
        [
            {
                "unit_id": UNIT, "respondent_id": f"{stratum}{at:03d}", "question": "对培训总体是否满意",
                "answer": answers[rng.choice(6, p=chances[stratum])], "stratum": stratum, "stratum_size": size,
                "reality": "simulated",
            }
            for stratum, asked, size in (("城区", 100, 4180), ("乡镇", 60, 2000))
            for at in range(1, asked + 1)
        ],
    )  # fmt: skip
    spent = [0, 100_000, 300_000, 400_000, 500_000, 600_000, 500_000, 560_000, 700_000, 900_000, 1_500_000, 2_900_000]
    write(
        "months",
        [
            {"unit_id": UNIT, "year": YEAR, "month": month, "planned": planned, "spent": done, "reality": "simulated"}
            for month, (planned, done) in enumerate(zip([833_000] * 11 + [837_000], spent, strict=True), start=1)
        ],
    )
    costs = []
    for at in range(11):
        each = 1450 if at == 0 else round(rng.normal(1180, 110))
        people = 6180 if at == 0 else int(rng.integers(2000, 9000))
        costs.append(
            {
                "unit_id": UNIT if at == 0 else f"px-{at:02d}", "year": YEAR, "item": "每人次培训支出",
                "cost": each * people, "quantity": people, "unit": "人次", "peer_group": "设区市", **simulated,
            }
        )  # fmt: skip
    write("comparable_costs", costs)
    write(
        "check_findings",
        [
            {
                "unit_id": UNIT, "finding_id": code, "indicator_id": indicator, "problem": problem,
                "evidence": evidence, "amount": amount, "rule_broken": rule, "weight": weight, "reality": "simulated",
                "cause": cause, "advice": advice, "due_on": due,
            }
            for code, indicator, problem, evidence, amount, rule, weight, cause, advice, due in (
                ("F1", "P3", "两家机构重复申报同一批学员的补贴", "学员名册比对表（模拟）", 186_000,
                 "项目资金管理办法第十二条（虚构）", "serious", "名册未联网核对",
                 "追回重复补贴，名册实行联网核对", "2023-06-30"),
                ("F2", "P2", "年末集中拨付，部分机构次年方开班", "国库支付明细（模拟）", 1_240_000,
                 "项目资金管理办法第八条（虚构）", "general", "合同按年末结算",
                 "改为按培训进度分期拨付", "2023-03-31"),
                ("F3", None, "培训档案缺 37 份结业证书复印件", "档案抽查记录（模拟）", None, None, "minor",
                 None, None, None),
            )
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
