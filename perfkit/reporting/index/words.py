"""The words of the index page, in zh and en."""

from __future__ import annotations

DONE, MISSING = "ok", "missing"

_OUTCOMES = {
    DONE: ("完成", "done"),
    "cell error": ("运行出错", "cell error"),
    "killed": ("内核中断", "killed"),
    "timeout": ("超时", "timeout"),
    "export error": ("导出出错", "export error"),
    "gate failed": ("检查未通过", "gate failed"),
    MISSING: ("未运行", "not run"),
}

_WORDS = {
    "report": ("报告", "Report"),
    "number": ("序号", "No."),
    "outcome": ("结果", "Outcome"),
    "seconds": ("用时（秒）", "Seconds"),
    "heading": ("分组", "Part"),
    "error": ("原因", "Reason"),
    "warnings": ("警告", "warnings"),
    "other": ("（未分组）", "(no part)"),
    "none": ("（无）", "(none)"),
    "total": ("合计", "Total"),
    "done": ("完成", "Done"),
    "failed": ("失败", "Failed"),
    "missing": ("未运行", "Not run"),
    "late": ("逾期", "Late"),
    "all": ("全部", "All"),
    "search": ("搜索", "Search"),
    "search_in": ("报告名称、字段、原因", "title, fields, reason"),
    "reset": ("清除条件", "Clear"),
    "coverage": ("完成情况", "Coverage"),
    "by": ("分组依据", "By"),
    "distribution": ("分布", "Distribution"),
    "field": ("字段", "Field"),
    "reports": ("报告", "Reports"),
    "find": ("查找报告", "Find reports"),
    "to_cell": ("查看出错单元格", "to the cell"),
    "why": ("查看原因", "see why"),
    "back": ("返回目录", "Back to the index"),
    "cell": ("单元格", "Cell"),
    "failing": ("出错的单元格", "the cell that failed"),
    "previous": ("上一页", "Previous"),
    "next": ("下一页", "Next"),
    "of_page": ("第 {0} 页，共 {1} 页", "page {0} of {1}"),
    "shown": ("显示 {0} 份，共 {1} 份", "{0} of {1} reports shown"),
    "loading": ("正在载入 {0} / {1}", "loading {0} of {1}"),
    "nothing": ("没有符合条件的报告。", "No report fits."),
    "no_numbers": ("没有数值。", "There are no numbers."),
    "spread": (
        "{0} 份：最低 {1}，中位数 {2}，最高 {3}",
        "{0} reports: lowest {1}, median {2}, highest {3}",
    ),
    "bar": ("{0} 至 {1}：{2} 份", "{0} to {1}: {2} reports"),
    "pages": ("分页目录", "Pages of the index"),
    "plain": ("不用脚本的目录：", "The index without scripts: "),
    "files": ("同目录文件：", "Beside this page: "),
    "cut": ("（其余 {0} 字未列）", "({0} more characters)"),
}


def words(lang: str) -> dict[str, str]:
    """Return the words in ``lang``, by name."""
    return {name: pair[lang == "en"] for name, pair in _WORDS.items()}


def outcomes(lang: str) -> dict[str, str]:
    """Return what each outcome is called; one that is not known goes by its own name."""
    return {name: pair[lang == "en"] for name, pair in _OUTCOMES.items()}


def counts(done: int, failed: int, missing: int, late: int, lang: str) -> str:
    """Return the coverage in a sentence.

    Examples
    --------
    >>> counts(18, 2, 0, 0, "zh"), counts(18, 2, 1, 3, "en")
    ('共 20 份：完成 18，失败 2。', '21 in all: 18 done, 2 failed, 1 not run; 3 late.')
    """
    whole = done + failed + missing
    if lang == "en":
        rest = f", {missing:,} not run" if missing else ""
        return f"{whole:,} in all: {done:,} done, {failed:,} failed{rest}{f'; {late:,} late' if late else ''}."
    rest = f"，未运行 {missing:,}" if missing else ""
    return f"共 {whole:,} 份：完成 {done:,}，失败 {failed:,}{rest}{f'；逾期 {late:,}' if late else ''}。"
