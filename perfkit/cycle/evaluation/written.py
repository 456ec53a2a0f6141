"""What only a person can write: the fields of a small YAML form, and which of them are still missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from perfkit.cycle.evaluation.account import Pair
from perfkit.errors import Problem, TableError, fail_if_any

# The outline annexed to 财预〔2020〕10号 asks for each of these; no number can say them.
FIELDS: dict[str, Pair] = {
    "background": ("项目背景、主要内容及实施情况", "background, content and implementation"),
    "process": ("绩效评价工作过程", "how the evaluation proceeded"),
    "experience": ("主要经验及做法", "what worked"),
    "causes": ("扣分的原因分析", "why points were lost"),
}
OPTIONAL: dict[str, Pair] = {
    "advice": ("其他建议", "further advice"),
    "other": ("其他需要说明的问题", "other matters"),
}
_ALL = FIELDS | OPTIONAL
TO_WRITE: Pair = ("待补充（须由评价人填写）", "to be added by the evaluator")


def written(path: str | Path) -> dict[str, str]:
    """Read the form: what has been written, by field; a field left empty is not there.

    Raises
    ------
    TableError
        If there is no such file, it is no YAML of fields, a field is unknown, or what it holds is no text.
    """
    source = Path(path)
    try:
        held = yaml.safe_load(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TableError(
            (f"{source.name} cannot be read", f"无法读取 {source.name}"),
            [Problem(("not a form", "不是可读取的表单"), str(source), "YAML", str(error).splitlines()[0])],
        ) from error
    if held is None:
        return {}
    if not isinstance(held, dict):
        what = ("the form has no fields", "表单没有字段")
        raise TableError((f"{source.name} is no form", f"{source.name} 不是表单"), [Problem(what, str(source))])
    problems = [
        Problem(("unknown field", "未知的字段"), str(source), ", ".join(_ALL), str(name))
        for name in held
        if name not in _ALL
    ]
    problems += [
        Problem(("a field holds text", "字段应为文字"), f"{source} › {name}", got=type(text).__name__)
        for name, text in held.items()
        if name in _ALL and text is not None and not isinstance(text, str)
    ]
    fail_if_any(TableError, source.name, problems)
    return {name: text.strip() for name, text in held.items() if isinstance(text, str) and text.strip()}


def written_form() -> str:
    """Return an empty form: each field with what belongs there.

    Examples
    --------
    >>> print(written_form().splitlines()[0])
    # 项目背景、主要内容及实施情况 background, content and implementation
    """
    lines = []
    for name, (zh, en) in _ALL.items():
        free = "" if name in FIELDS else "（可不填 may stay empty）"
        lines += [f"# {zh} {en}{free}", f"{name}: |", ""]
    return "\n".join(lines) + "\n"


def field(form: Mapping[str, str], name: str) -> list[Pair]:
    """Return what was written for a field, a pair a paragraph; where it is missing, that it is to be added.

    What a person wrote stands in both languages as it was written. A field that may stay empty then says nothing.

    Examples
    --------
    >>> field({"experience": "逐校核对。"}, "experience")
    [('逐校核对。', '逐校核对。')]
    >>> field({}, "experience")[0][0]
    '主要经验及做法：待补充（须由评价人填写）'
    """
    if name in form:
        return [(part.strip(), part.strip()) for part in form[name].split("\n\n") if part.strip()]
    if name in OPTIONAL:
        return []
    zh, en = FIELDS[name]
    return [(f"{zh}：{TO_WRITE[0]}", f"{en[0].upper()}{en[1:]}: {TO_WRITE[1]}")]


def missing_fields(form: Mapping[str, str]) -> list[Pair]:
    """Return the fields that are still to be written, for the top of the report.

    Examples
    --------
    >>> len(missing_fields({})), missing_fields(dict.fromkeys(FIELDS, "已写"))
    (4, [])
    """
    return [pair for name in FIELDS if name not in form for pair in field(form, name)]


def incomplete() -> list[Pair]:
    """Return what section 5 of a report needs a person for."""
    return [*field({}, "experience"), *field({}, "causes")]
