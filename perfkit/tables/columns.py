"""What a column can be, and a table made of columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandera.pandas as pa

_DTYPES = {"text": str, "number": float, "rate": float, "year": "Int64", "yes_no": "boolean", "date": str}

# How people write per cent as a unit of measure.
PERCENT = ("%", "％", "百分比", "百分数")
UNIT_KINDS = {
    "project": ("项目", "project"),
    "policy": ("政策", "policy"),
    "department": ("部门整体", "department"),
    "government": ("下级政府", "government"),
}
INDICATOR_KINDS = {
    "quantitative": ("定量", "quantitative"),
    "qualitative": ("定性", "qualitative"),
    "check_points": ("评价要点", "check points"),
    "yes_no": ("是否", "yes or no"),
    "execution": ("预算执行率", "budget execution"),
    "satisfaction": ("满意度", "satisfaction"),
    "reported": ("仅有得分", "score only"),
}
DIRECTIONS = {"ge": ("≥", ">="), "le": ("≤", "<="), "eq": ("=", "="), "in": ("区间", "between")}
STATUSES = {
    "reported": ("已填报", "reported"),
    "unverified": ("未核实", "unverified"),
    "no_evidence": ("无佐证", "no evidence"),
    "not_due": ("未到期", "not due"),
    "not_applicable": ("不适用", "not applicable"),
    "missing": ("缺失", "missing"),
    "not_seen": ("原件不可见", "not seen"),
}
REALITIES = {
    "real": ("真实", "real"),
    "simulated": ("模拟", "simulated"),
    "configured": ("自设", "configured"),
    "example": ("公开算例", "published example"),
}
EXPERT_KINDS = {
    "business": ("业务专家", "subject expert"),
    "management": ("管理专家", "management expert"),
    "finance": ("财政财务专家", "finance expert"),
}
AUTHORITIES = {
    "national": ("国家规定", "national rule"),
    "local": ("地方规定", "local rule"),
    "published": ("公开发布", "published"),
    "secondary": ("二手资料", "second hand"),
    "kit": ("工具设定", "configured"),
}
FINDINGS = {
    "points_not_by_rule": ("得分与规则不符", "points do not follow the rule"),
    "points_rounded": ("得分取整", "points rounded"),
    "execution_rate": ("执行率与资金不符", "execution rate does not follow the money"),
    "points_for_nothing": ("不计分的行填了得分", "points for a row that does not count"),
    "no_basis": ("执行率无法计算", "no execution rate"),
    "verified_differs": ("核实值与填报不同", "verified value differs"),
    "total_does_not_add_up": ("总分与各行不符", "total does not add up"),
    "grade_does_not_follow": ("等级与总分不符", "grade does not follow the total"),
    "points_above_full": ("得分超过满分", "points above the full points"),
    "over_budget": ("执行数超过预算", "spent above the budget"),
    "level_weights": ("一级指标权重不同", "level-1 weights differ"),
    "over_fulfilled": ("超额完成", "over-fulfilled"),
    "value_missing": ("缺完成值", "value missing"),
    "total_missing": ("未公布得分", "no score published"),
    "grade_missing": ("未公布等级", "no grade published"),
    "grade_unknown": ("等级名称有误", "no such grade"),
    "points_not_full": ("分值合计不是满分", "full points do not add up"),
    "full_points_missing": ("缺分值", "full points missing"),
    "percent_over": ("比率超过 100%", "a rate above 100 %"),
    "date_after_end": ("日期晚于项目结束", "a date after the end"),
    "late_full_points": ("逾期完成得满分", "late, yet full points"),
    "cost_at_least": ("成本金额写成“≥”", "an amount of cost written as at least"),
    "negative_amount": ("金额或分数为负", "a negative amount"),
    "target_missing": ("缺指标值", "target missing"),
    "text_differs": ("文字与数值不同", "text and number differ"),
    "band_exceeded": ("定性得分与档次不符", "points outside the band judged"),
    "money_parts": ("资金分项与总额不符", "parts of the money do not add up"),
}
MEASURES = {
    "npv": ("经济净现值（ENPV）", "economic net present value (ENPV)"),
    "irr": ("经济内部收益率（EIRR）", "economic internal rate of return (EIRR)"),
    "irr_interpolated": ("经济内部收益率（EIRR，内插法）", "economic internal rate of return (EIRR), interpolated"),
    "bcr": ("经济效益费用比（EBCR）", "economic benefit-cost ratio (EBCR)"),
}
SEVERITIES = {
    "contradiction": ("不符", "contradiction"),
    "explain": ("需说明", "to be explained"),
    "rounding": ("取整", "rounding"),
}


@dataclass(frozen=True)
class Contract:
    """A table: its name, titles, key and columns.

    ``columns`` maps each column name to its pandera column, whose metadata carries ``zh``, ``en``, ``kind``,
    ``choices`` and ``note``.
    """

    name: str
    zh: str
    en: str
    key: tuple[str, ...]
    columns: Mapping[str, pa.Column]

    @cached_property
    def schema(self) -> pa.DataFrameSchema:
        """The pandera schema that checks a frame of this table."""
        return pa.DataFrameSchema(dict(self.columns), unique=list(self.key) or None, name=self.name, title=self.zh)

    def title(self, column: str, lang: str = "zh") -> str:
        """Return the title of ``column``; a column outside the contract keeps its own name."""
        return str(self.columns[column].metadata[lang]) if column in self.columns else column


def column(
    kind: str,
    zh: str,
    en: str,
    *,
    need: bool = False,
    choices: Mapping[str, tuple[str, str]] | None = None,
    several: bool = False,
    low: float | None = None,
    high: float | None = None,
    note: str = "",
) -> pa.Column:
    """Declare a column: kind, titles, whether it is needed, choices or limits, a note for whoever fills it in.

    Where a cell may hold ``several`` choices they are parted by ；, in the order of the choices.
    """
    checks = []
    if choices and not several:
        checks.append(pa.Check.isin(list(choices)))
    if low is not None:
        checks.append(pa.Check.ge(low))
    if high is not None:
        checks.append(pa.Check.le(high))
    meta = {
        "code": en.endswith("code"),
        "zh": zh,
        "en": en,
        "kind": ("choices" if several else "choice") if choices else kind,
        "choices": choices or {},
        "note": note,
    }
    return pa.Column(_DTYPES[kind], checks, nullable=not need, required=need, metadata=meta)


def declare(name: str, zh: str, en: str, key: str, /, **columns: pa.Column) -> Contract:
    """Declare a table; ``key`` names the columns, parted by blanks, that no two rows share."""
    return Contract(name, zh, en, tuple(key.split()), columns)


def money(zh: str, en: str, note: str = "") -> pa.Column:
    """Declare a column of amounts in yuan."""
    return column("number", f"{zh}（元）", f"{en} (yuan)", low=0, note=note)


# Columns that several tables share.
UNIT = column("text", "单位或项目编码", "unit code", need=True)
INDICATOR = column("text", "指标编码", "indicator code", need=True)
YEAR = column("year", "年度", "year", low=1900, high=2200)
REALITY = column("text", "数据性质", "real or simulated", choices=REALITIES)
SOURCE = column("text", "来源", "source")
NOTE = column("text", "备注", "note")
LEVEL1 = column("text", "一级指标", "level 1", need=True)
LEVEL2 = column("text", "二级指标", "level 2")
LEVEL3 = column("text", "三级指标", "level 3", need=True)
NAME_EN = column("text", "英文名称", "name in English")
MEASURED_IN = column("text", "计量单位", "unit of measure")
PACK = column("text", "规则包", "rule pack")
ON = column("date", "规则日期", "rules as on")
