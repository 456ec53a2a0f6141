"""What a notebook asks for: the parameters declared in its cell tagged ``parameters``, and values that fit them.

Each line of the cell is ``name: type = literal  # comment``. A comment that begins with ``required`` or ``必填``
means that an order must name the parameter.
"""

from __future__ import annotations

import ast
import datetime as dt
import io
import math
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from perfkit.errors import OrderError, Problem, fail_if_any

TYPES = ("str", "int", "float", "bool", "list[str]", "list[float]", "str | None", "float | None")
_LINE = "name: type = literal  # comment"


@dataclass(frozen=True)
class ParameterSpec:
    """One parameter of a notebook: ``type`` is one of TYPES, ``comment`` what the cell says about it."""

    name: str
    type: str
    default: Any
    required: bool = False
    comment: str = ""


def signature(notebook: str | Path) -> list[ParameterSpec]:
    """Return the parameters that ``notebook`` declares, in their order.

    Raises
    ------
    OrderError
        If it has no cell tagged ``parameters``, or a line of the cell is not a declaration; all problems at once.
    """
    specs, problems = inspect(Path(notebook))
    fail_if_any(OrderError, Path(notebook).name, problems)
    return specs


def inspect(notebook: Path) -> tuple[list[ParameterSpec], list[Problem]]:
    """Return the parameters of ``notebook`` and what is wrong with their declarations."""
    where = notebook.name
    read: Any = nbformat.read
    try:
        content = read(str(notebook), as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError, nbformat.ValidationError):
        return [], [Problem(("not a notebook", "不是 notebook 文件"), where)]
    cells = [
        cell for cell in content.cells if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", [])
    ]
    if len(cells) != 1:
        return [], [
            Problem(
                ("not one cell tagged parameters", "没有唯一的 parameters 标签单元格"),
                where,
                "1",
                str(len(cells)),
                ("tag the cell that declares the parameters", "请给声明参数的单元格加上 parameters 标签"),
            )
        ]
    return _declared(cells[0].source, where)


def fitted(value: Any, spec: ParameterSpec, where: str) -> tuple[Any, list[Problem]]:
    """Return ``value`` as the parameter takes it, and what is wrong with it.

    A date becomes ISO text where text is asked for, because YAML makes dates of what looks like one; a whole number
    will do for a float. Nothing else changes its type.

    Examples
    --------
    >>> fitted(dt.date(2022, 12, 31), ParameterSpec("on", "str", ""), "")
    ('2022-12-31', [])
    """
    base, optional = spec.type.removesuffix(" | None"), spec.type.endswith(" | None")
    if value is None and optional:
        return None, []
    if base.startswith("list["):
        if isinstance(value, list):
            return _fitted_list(value, spec, base[5:-1], where)
    elif (taken := _scalar(value, base)) is not None:
        return taken, []
    return value, [
        Problem(
            (f"{spec.name} has the wrong type", f"“{spec.name}”类型不对"),
            where,
            spec.type,
            f"{value!r} ({type(value).__name__})",
            _advice(spec.name, value, base),
            column=spec.name,
        )
    ]


def _fitted_list(value: list[Any], spec: ParameterSpec, item: str, where: str) -> tuple[Any, list[Problem]]:
    taken, problems = [], []
    for at, each in enumerate(value, start=1):
        one, wrong = fitted(each, ParameterSpec(spec.name, item, None), f"{where} [{at}]")
        taken.append(one)
        problems.extend(wrong)
    return taken, problems


def _scalar(value: Any, base: str) -> Any:
    """Return ``value`` as ``base``, or None if it is not one."""
    if base == "str":
        if isinstance(value, dt.date):
            return value.isoformat()
        return value if isinstance(value, str) else None
    if base == "bool":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if base == "int":
        return value if isinstance(value, int) else None
    return float(value) if math.isfinite(value) else None


def _advice(name: str, value: Any, base: str) -> tuple[str, str]:
    if base == "str" and isinstance(value, int | float):
        return (f'quote it, as it is written: {name}: "…"', f'请加引号，并按原样书写：{name}: "…"')
    if base in ("int", "float") and isinstance(value, str):
        return ("write the number without quotes, 100000 rather than 1e5", "数字不加引号，写 100000，不写 1e5")
    if base == "bool":
        return ("write true or false", "请写 true 或 false")
    return ("correct the value", "请改正")


def _declared(source: str, where: str) -> tuple[list[ParameterSpec], list[Problem]]:
    try:
        tree = ast.parse(source)
        comments = _comments(source)
    except (SyntaxError, tokenize.TokenError) as error:
        return [], [
            Problem(("the parameters cell is not Python", "参数单元格不是有效的 Python"), where, got=str(error))
        ]
    specs: list[ParameterSpec] = []
    problems: list[Problem] = []
    for statement in tree.body:
        last = statement.end_lineno or statement.lineno
        comment = " ".join(comments[at] for at in range(statement.lineno, last + 1) if at in comments)
        spec, problem = _spec(statement, comment, f"{where} › parameters › {statement.lineno}")
        problems.extend(problem)
        if spec is not None:
            specs.append(spec)
    problems.extend(_repeated((spec.name for spec in specs), where))
    return specs, problems


def _spec(statement: ast.stmt, comment: str, where: str) -> tuple[ParameterSpec | None, list[Problem]]:
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
        got = ast.unparse(statement)[:60]
        return None, [Problem(("not a declaration with a type", "不是带类型的参数声明"), where, _LINE, got)]
    name, kind = statement.target.id, ast.unparse(statement.annotation)
    if kind in ("None | str", "None | float"):
        kind = f"{kind.removeprefix('None | ')} | None"
    if kind not in TYPES:
        return None, [
            Problem(
                (f"{name} has a type that is not supported", f"“{name}”的类型不受支持"), where, ", ".join(TYPES), kind
            )
        ]
    try:
        default = ast.literal_eval(statement.value) if statement.value is not None else None
    except ValueError:
        return None, [
            Problem(
                (f"{name} has no literal default", f"“{name}”的默认值不是字面量"),
                where,
                _LINE,
                ast.unparse(statement)[:60],
            )
        ]
    required = comment.lower().startswith(("required", "必填"))
    spec = ParameterSpec(name, kind, default, required, comment)
    return spec, fitted(default, spec, where)[1]


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("#").strip()
        for token in tokens
        if token.type == tokenize.COMMENT and token.line.split("#")[0].strip()
    }


def _repeated(names: Iterable[str], where: str) -> list[Problem]:
    held = list(names)
    return [
        Problem((f"{name} is declared twice", f"“{name}”声明了两次"), f"{where} › parameters")
        for name in dict.fromkeys(held)
        if held.count(name) > 1
    ]
