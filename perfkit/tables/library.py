"""The tables of the indicator library (指标库): its versions, proposed changes, and what came of them."""

from __future__ import annotations

from perfkit.tables.columns import INDICATOR, INDICATOR_KINDS, column, declare
from perfkit.tables.inputs import INPUTS

PARTS = {
    "common": ("共性指标", "common"),
    "individual": ("个性指标", "individual"),
    "transfer": ("专项转移支付指标", "special transfer"),
}
BUDGETS = {
    "general": ("一般公共预算", "general public budget"),
    "fund": ("政府性基金预算", "government funds budget"),
    "capital": ("国有资本经营预算", "state capital budget"),
    "insurance": ("社会保险基金预算", "social insurance funds budget"),
}
# Origins, methods and sources of data as 财预〔2021〕101号 三（二）（四）（五） lists them.
ORIGINS = {
    "policy": ("政策文件", "policy document"),
    "statistic": ("统计指标", "statistic"),
    "assessment": ("部门管理（考核）指标", "department's assessment"),
    "plan": ("部门工作计划和项目实施方案", "work plan"),
    "society": ("社会机构评比、新闻媒体报道", "rating or media"),
    "reference": ("其他参考指标", "other reference"),
    "own": ("创设指标", "newly devised"),
}
METHODS = {
    "proof": ("直接证明法", "direct proof"),
    "count": ("情况统计法", "counting"),
    "statement": ("情况说明法", "statement"),
    "survey": ("问卷调查法", "survey"),
    "trend": ("趋势判断法", "trend"),
}
DATA_SOURCES = {
    "bureau": ("统计部门统计数据", "statistical office"),
    "authority": ("权威机构调查（统计）", "authoritative survey"),
    "yearbook": ("部门统计年鉴", "department's yearbook"),
    "statistics": ("部门业务统计", "department's statistics"),
    "records": ("部门业务记录", "department's records"),
    "judgement": ("部门业务评判", "department's judgement"),
    "questionnaire": ("问卷调查报告", "survey report"),
    "media": ("媒体舆论", "media"),
    "other": ("其他数据来源", "other source"),
}
ACTIONS = {"add": ("新增", "add"), "change": ("修改", "change"), "retire": ("停用", "retire")}
OUTCOMES = {
    "accepted": ("采纳", "accepted"),
    "flagged": ("须关注", "flagged"),
    "refused": ("不采纳", "refused"),
}
DIFFERENCES = {
    "added": ("新增指标", "added"),
    "retired": ("停用指标", "retired"),
    "name": ("名称或层级变化", "changed name or level"),
    "scope": ("适用范围调整", "changed scope"),
    "standard": ("标准调整", "changed standard"),
    "weight": ("分值调整", "changed weight"),
    "rule": ("计分规则调整", "changed rule"),
    "wording": ("文字修改", "changed wording"),
}

_INDICATORS = next(each for each in INPUTS if each.name == "indicators").columns
_AS_SCORED = {
    name: _INDICATORS[name]
    for name in (
        "name_en", "direction", "target", "target_high", "floor", "target_text", "unit", "points", "rule",
        "check_points", "check_weights", "deduct", "due_on", "veto", "explanation", "basis",
    )
}  # fmt: skip


# What a version says of its indicator; what it extends gives the fields it leaves blank.
_SAID = {
    "extends": column("text", "上位指标编码", "extended indicator code", note="细化哪个指标；留空的字段取自该指标"),
    "budgets": column(
        "text",
        "适用预算",
        "budgets",
        choices=BUDGETS,
        several=True,
        note="多项以；分隔；空白：同上位指标，无则四本预算",
    ),
    "field": column("text", "适用领域", "field of use", note="部门、行业或转移支付项目；空白：不限"),
    "level1": column("text", "一级指标", "level 1"),
    "level2": column("text", "二级指标", "level 2"),
    "level3": column("text", "三级指标", "level 3"),
    "kind": column("text", "指标性质", "kind", choices=INDICATOR_KINDS),
    **_AS_SCORED,
    "origin": column("text", "指标来源", "origin", choices=ORIGINS),
    "method": column("text", "取值方式", "method", choices=METHODS, several=True, note="多项以；分隔"),
    "data_source": column(
        "text", "数据来源", "source of data", choices=DATA_SOURCES, several=True, note="多项以；分隔"
    ),
    "evidence": column("text", "佐证资料", "evidence", note="正式资料、工作资料、原始凭证、说明材料"),
    "reality": _INDICATORS["reality"],
    "source": column("text", "依据文件", "source"),
}

LIBRARY = (
    declare(
        "library",
        "指标库",
        "indicator library",
        "indicator_id since",
        indicator_id=INDICATOR,
        since=column("date", "启用日期", "in force from", need=True, note="本版本自该日起有效"),
        until=column("date", "有效期至", "in force until", note="含当日；空白：仍有效"),
        part=column("text", "指标库类别", "part of the library", need=True, choices=PARTS),
        **_SAID,
    ),
    declare(
        "library_changes",
        "指标库调整建议",
        "proposed changes",
        "",
        indicator_id=INDICATOR,
        action=column("text", "调整方式", "action", need=True, choices=ACTIONS),
        proposed_by=column("text", "提出单位", "proposed by"),
        reason=column("text", "调整理由", "reason"),
        clears=column("text", "清空字段", "fields to clear", note="修改时须清空的字段标题，以；分隔；空白：不清空"),
        part=column("text", "指标库类别", "part of the library", choices=PARTS),
        **_SAID,
    ),
    declare(
        "library_review",
        "指标库调整核对表",
        "review of proposed changes",
        "proposal",
        proposal=column("number", "建议行号", "row of the proposal", need=True),
        indicator_id=INDICATOR,
        level3=column("text", "三级指标", "level 3"),
        action=column("text", "调整方式", "action", need=True, choices=ACTIONS),
        content_zh=column("text", "建议内容", "what is proposed (zh)"),
        content_en=column("text", "建议内容（英文）", "what is proposed"),
        reason=column("text", "调整理由", "reason"),
        proposed_by=column("text", "提出单位", "proposed by"),
        outcome=column("text", "核对结果", "outcome", need=True, choices=OUTCOMES),
        why_zh=column("text", "核对说明", "why (zh)"),
        why_en=column("text", "核对说明（英文）", "why"),
    ),
    declare(
        "library_differences",
        "指标调整对照表",
        "differences between libraries",
        "",
        kind=column("text", "变化类型", "kind of change", need=True, choices=DIFFERENCES),
        indicator_id=INDICATOR,
        replaces=column("text", "原指标编码", "former indicator code", note="按名称对应时填写"),
        level1=column("text", "一级指标", "level 1"),
        level3=column("text", "三级指标", "level 3"),
        field_zh=column("text", "字段", "field (zh)"),
        field_en=column("text", "字段（英文）", "field"),
        before=column("text", "调整前", "before"),
        after=column("text", "调整后", "after"),
        why_zh=column("text", "说明", "in words (zh)"),
        why_en=column("text", "说明（英文）", "in words"),
    ),
)
