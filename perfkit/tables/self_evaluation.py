"""The tables of a year's self-evaluations (自评): coverage, timeliness, grades, scores by group, lists."""

from __future__ import annotations

from typing import Any

from perfkit.tables.columns import ON, PACK, column, declare

_DEPARTMENT_ZH = column("text", "主管部门", "department (zh)", need=True)
_DEPARTMENT_EN = column("text", "主管部门（英文）", "department", need=True)
_GRADE_ZH = column("text", "等级", "grade (zh)")
_GRADE_EN = column("text", "等级（英文）", "grade")


def _count(zh: str, en: str) -> Any:
    return column("number", zh, en, low=0)


def _share(zh: str, en: str) -> Any:
    return column("rate", zh, en, low=0, high=1)


def _wan(zh: str, en: str) -> Any:
    return column("number", f"{zh}（万元）", f"{en} (10,000 yuan)")


SELF_EVALUATION = (
    declare(
        "self_coverage",
        "自评覆盖情况",
        "coverage of self-evaluations",
        "group_zh",
        group_zh=_DEPARTMENT_ZH,
        group_en=_DEPARTMENT_EN,
        projects=_count("应报项目", "projects"),
        handed_in=_count("已报送", "handed in"),
        missing=_count("未报送", "missing"),
        share=_share("报送率", "share"),
        budget=_wan("应报预算", "budget"),
        budget_handed_in=_wan("已报送预算", "budget of these"),
        budget_share=_share("按预算计报送率", "share by budget"),
        pack=PACK,
        on=ON,
    ),
    declare(
        "self_timeliness",
        "自评报送及时性",
        "timeliness of self-evaluations",
        "group_zh",
        group_zh=_DEPARTMENT_ZH,
        group_en=_DEPARTMENT_EN,
        handed_in=_count("已报送", "handed in"),
        on_time=_count("按期", "on time"),
        late=_count("逾期", "late"),
        undated=_count("日期不全", "date not known"),
        on_time_share=_share("按期率", "share on time"),
        days_median=column("number", "逾期天数中位数", "median days late"),
        days_most=column("number", "最长逾期天数", "most days late"),
        pack=PACK,
        on=ON,
    ),
    declare(
        "self_late",
        "自评逾期天数",
        "self-evaluations by days late",
        "group_zh",
        group_zh=column("text", "逾期天数", "days late (zh)", need=True),
        group_en=column("text", "逾期天数（英文）", "days late", need=True),
        projects=_count("项目数", "projects"),
        share=_share("占逾期项目", "share of the late"),
        budget=_wan("预算", "budget"),
        pack=PACK,
        on=ON,
    ),
    declare(
        "self_grades",
        "自评等级分布",
        "grades of the self-evaluations",
        "grade_zh",
        grade_zh=_GRADE_ZH,
        grade_en=_GRADE_EN,
        projects=_count("项目数", "projects"),
        share=_share("占项目数", "share of the projects"),
        budget=_wan("预算", "budget"),
        budget_share=_share("占预算", "share of the budget"),
        pack=PACK,
        on=ON,
    ),
    declare(
        "self_grade_pairs",
        "填报等级与得分对应等级",
        "grade given and grade by score",
        "given_zh grade_zh",
        given_zh=column("text", "填报等级", "grade given (zh)"),
        given_en=column("text", "填报等级（英文）", "grade given"),
        grade_zh=column("text", "得分对应等级", "grade by score (zh)"),
        grade_en=column("text", "得分对应等级（英文）", "grade by score"),
        projects=_count("项目数", "projects"),
        agrees=column("yes_no", "一致", "agrees"),
        pack=PACK,
        on=ON,
    ),
    declare(
        "self_scores",
        "自评得分情况",
        "self-scores by group",
        "group_zh",
        group_zh=column("text", "部门／资金类别", "department or type of funds (zh)", need=True),
        group_en=column("text", "部门／资金类别（英文）", "department or type of funds", need=True),
        projects=_count("有得分项目", "projects with a score"),
        mean=column("number", "平均分", "mean score"),
        low=column("number", "下四分位数", "lower quartile"),
        median=column("number", "中位数", "median"),
        high=column("number", "上四分位数", "upper quartile"),
        share_best=_share("最高等级占比", "share in the best grade"),
        share_worst=_share("最低等级占比", "share in the worst grade"),
        pack=PACK,
        on=ON,
    ),
    declare(
        "self_execution",
        "执行率与自评得分",
        "execution and self-score",
        "group_zh",
        group_zh=column("text", "预算执行率", "execution rate (zh)", need=True),
        group_en=column("text", "预算执行率（英文）", "execution rate", need=True),
        projects=_count("有得分项目", "projects with a score"),
        budget=_wan("预算", "budget"),
        unspent=_wan("未执行", "unspent"),
        mean=column("number", "平均分", "mean score"),
        share_best=_share("最高等级占比", "share in the best grade"),
        pack=PACK,
        on=ON,
    ),
    declare(
        "self_previous",
        "与上年自评、抽评比较",
        "against the year before",
        "group_zh",
        group_zh=column("text", "上年抽评发现", "the check then (zh)", need=True),
        group_en=column("text", "上年抽评发现（英文）", "the check then", need=True),
        projects=_count("项目数", "projects"),
        reported_then=column("number", "上年自评", "self then"),
        checked_then=column("number", "上年抽评", "checked then"),
        reported_now=column("number", "本年自评", "self now"),
        change=column("number", "自评变动", "change"),
        above_check=column("number", "高于上年抽评", "above check"),
        came_down=_share("下降占比", "came down"),
        pack=PACK,
        on=ON,
    ),
    declare(
        "self_projects",
        "自评项目清单",
        "projects self-evaluated",
        "unit_id",
        unit_id=column("text", "项目编码", "project code", need=True),
        name=column("text", "项目名称", "project"),
        department=column("text", "主管部门", "department"),
        fund_type=column("text", "资金类别", "type of funds"),
        budget=_wan("预算", "budget"),
        unspent=_wan("未执行", "unspent"),
        points=column("number", "自评得分", "self-score"),
        grade_zh=_GRADE_ZH,
        grade_en=_GRADE_EN,
        execution=column("rate", "预算执行率", "execution rate", low=0),
        due_on=column("date", "应报日期", "due on"),
        submitted_on=column("date", "报送日期", "submitted on"),
        days_late=column("number", "逾期天数", "days late"),
        pack=PACK,
        on=ON,
    ),
)
