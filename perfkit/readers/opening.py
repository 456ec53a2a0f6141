"""Open a data folder or a workbook of the kit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import yaml

from perfkit import tables
from perfkit.errors import Problem, TableError
from perfkit.readers.files import find, refusal, unreadable
from perfkit.readers.official import california_schools

INPUT_TABLES = (
    "units",
    "indicators",
    "values",
    "context",
    "proposals",
    "panel",
    "flows",
    "unit_costs",
    "published",
    "frame",
    "checks",
    "questionnaire",
    "months",
    "comparable_costs",
    "check_findings",
    "frontier_roles",
)

_READERS: dict[str, Callable[[], dict[str, pd.DataFrame]]] = {"california_schools": california_schools}


def open_data(
    source: str | Path, names: Sequence[str] = INPUT_TABLES, *, need: Sequence[str] = ()
) -> dict[str, pd.DataFrame]:
    """Open a data folder or a workbook and get its tables ``names``, in that order; one that is not there is empty.

    A relative path is looked up from the current folder, then from each folder above it, nearest first: a notebook
    opened in JupyterLab runs in ``notebooks/``, an order runs in the project's root.

    Raises
    ------
    TableError
        If nothing is found, a table in ``need`` is not there, ``source.yaml`` names an unknown reader, or with all
        problems of all tables.

    Notes
    -----
    A folder may hold ``source.yaml`` with ``reader: california_schools``: that reader's tables join the folder's,
    and where both have a table the folder's own wins. Other keys of the file are left to people.
    """
    for name in names:
        tables.contract(name)
    path = find(source)
    reader = _reader_of(path) if path.is_dir() else None
    offered = reader() if reader else {}
    try:
        found = tables.read_all(path, names)
    except TableError as error:
        # A folder may hold nothing but source.yaml; whatever is wrong inside a file says where it stands.
        if any(problem.where for problem in error.problems) or not offered.keys() & set(names):
            raise
        found = {}
    merged = {**offered, **found}
    lacking = [name for name in need if name not in merged]
    if lacking:
        titles = ", ".join(f"{name}（{tables.contract(name).zh}）" for name in lacking)
        raise TableError(
            (f"{path.name} lacks a table", f"{path.name} 缺少表"),
            [Problem(("table missing", "缺少表"), str(path), titles, ", ".join(merged), ("add it", "请补充"))],
        )
    return {name: merged[name] if name in merged else _empty(name) for name in names}


def _empty(name: str) -> pd.DataFrame:
    return tables.check(pd.DataFrame(columns=list(tables.contract(name).columns)), name)


def _reader_of(folder: Path) -> Callable[[], dict[str, pd.DataFrame]] | None:
    path = folder / "source.yaml"
    if not path.is_file():
        return None
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise unreadable(path, error) from error
    named = content.get("reader") if isinstance(content, dict) else None
    if named is None or str(named) in _READERS:
        return _READERS.get(str(named))
    head = (f"{path.name} names an unknown reader", f"{path.name} 指定了未知的读取器")
    what = ("unknown reader", "未知的读取器")
    raise refusal(head, what, where=f"{path} › reader", expected=", ".join(_READERS), got=str(named))
