"""The tables of a recheck of many forms."""

from __future__ import annotations

from perfkit.tables.columns import FINDINGS, ON, PACK, SEVERITIES, UNIT, YEAR, column, declare
from perfkit.tables.results import RESULTS

_FILE = column("text", "文件", "file", need=True)
_FINDING = next(each.columns for each in RESULTS if each.name == "findings")

FORMS = (
    declare(
        "form_summary",
        "文件汇总",
        "summary by file",
        "",
        file=_FILE,
        unit_id=UNIT,
        year=YEAR,
        name=column("text", "名称", "name"),
        department=column("text", "主管部门", "department"),
        points_reported=column("number", "填报总分", "total printed"),
        points=column("number", "复算总分", "total recomputed"),
        recomputed=column("number", "可复算分值", "points that can be recomputed"),
        grade_reported=column("text", "填报等级", "grade printed"),
        grade=column("text", "复算等级", "grade recomputed"),
        contradictions=column("number", "不符", "contradictions"),
        to_explain=column("number", "需说明", "to be explained"),
        rounded=column("number", "取整", "rounded"),
        reading_zh=column("text", "读取说明", "how it was read (zh)"),
        reading_en=column("text", "读取说明（英文）", "how it was read"),
        pack=PACK,
        on=ON,
    ),
    declare("form_findings", "逐表核对发现", "findings by file", "", file=_FILE, **_FINDING),
    declare(
        "finding_counts",
        "问题统计",
        "counts by kind",
        "kind severity",
        kind=column("text", "问题类型", "kind", need=True, choices=FINDINGS),
        severity=column("text", "性质", "severity", need=True, choices=SEVERITIES),
        findings=column("number", "处数", "findings", need=True),
        forms=column("number", "表数", "forms", need=True),
    ),
    declare(
        "unreadable",
        "未能读取",
        "unreadable",
        "",
        file=_FILE,
        message_zh=column("text", "原因", "why (zh)", need=True),
        message_en=column("text", "原因（英文）", "why", need=True),
    ),
)
