"""The runs of an order: given one by one, by values, by a table's column, or by the files there are."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pandas as pd

from perfkit import tables
from perfkit.reporting.orders.checking import Checking
from perfkit.reporting.signatures import ParameterSpec

Listed = list[tuple[str, dict[str, Any]]]
_WAYS = ({"each", "from"}, {"each", "values"}, {"each", "glob"})


def listed(
    runs: list[dict[str, Any]] | dict[str, Any], specs: Mapping[str, ParameterSpec], where: str, checking: Checking
) -> Listed:
    """Return the runs of a part of an order: where each stands, and the parameters that it alone has."""
    found: Listed | None
    if isinstance(runs, list):
        found = [(f"{where}runs[{at}]", run) for at, run in enumerate(runs, start=1)]
    else:
        found = _each(runs, specs, f"{where}runs", checking)
    if found is None:
        return []
    if not found:
        checking.say(("no runs at all", "没有任何一次运行"), f"{where}runs")
    return found


def _each(runs: dict[str, Any], specs: Mapping[str, ParameterSpec], where: str, checking: Checking) -> Listed | None:
    name, given = runs.get("each"), set(runs)
    if not isinstance(name, str) or given not in _WAYS:
        checking.say(
            ("runs are not written as they should be", "runs 写法不对"),
            where,
            "a list of runs, {each, from} or {each, values} or {each, glob}",
            ", ".join(sorted(map(str, given))),
        )
        return None
    if "values" in runs:
        if not isinstance(runs["values"], list):
            checking.say(("values are not a list", "values 不是列表"), where, '["a", "b"]', repr(runs["values"])[:80])
            return None
        return [(f"{where} › values[{at}]", {name: each}) for at, each in enumerate(runs["values"], start=1)]
    if "glob" in runs:
        return _files(str(runs["glob"]), name, where, checking)
    column = _column(checking.root / str(runs["from"]), name, where, checking)
    if column is None:
        return None
    kind = specs[name].type if name in specs else "str"
    return [(f"{runs['from']} › {text}", {name: _from_text(text, kind)}) for text in column]


def _files(pattern: str, name: str, where: str, checking: Checking) -> Listed | None:
    """Return a run for each file that fits ``pattern``: its path from the root, in the order of the names."""
    outside = PurePosixPath(pattern).is_absolute() or PureWindowsPath(pattern).drive or ".." in Path(pattern).parts
    if outside or not pattern.strip():
        checking.say(
            ("the pattern leaves the order's root", "通配路径超出任务单根目录"),
            f"{where} › glob",
            f"a path under {checking.root}",
            pattern,
        )
        return None
    found = [path for path in checking.root.glob(pattern) if path.is_file() and not path.name.startswith((".", "~$"))]
    paths = sorted(path.relative_to(checking.root).as_posix() for path in found)
    return [(f"{where} › {path}", {name: path}) for path in paths]


def _column(file: Path, name: str, where: str, checking: Checking) -> list[str] | None:
    """Return the values of a column as text, each once; codes keep their zeros."""
    try:
        frames = _text_frames(file)
    except (OSError, ValueError, ImportError, pd.errors.ParserError, zipfile.BadZipFile) as error:
        checking.say(("cannot read the file", "无法读取文件"), f"{where} › from", got=f"{file.name}: {error}"[:200])
        return None
    spellings = tables.spellings(name)
    for frame in frames:
        for title in frame.columns:
            if tables.folded(title) in spellings:
                return list(dict.fromkeys(text for each in frame[title].dropna() if (text := str(each).strip())))
    checking.say(
        ("the file has no such column", "文件没有该列"),
        f"{where} › from › {file.name}",
        name,
        ", ".join(str(title) for frame in frames for title in frame.columns),
    )
    return None


def _text_frames(file: Path) -> list[pd.DataFrame]:
    """Return the sheets of a workbook, or the one table of any other file, all as text."""
    if file.suffix.lower() in (".xlsx", ".xlsm"):
        return list(pd.read_excel(file, dtype=str, keep_default_na=False, sheet_name=None).values())
    if file.suffix.lower() == ".parquet":
        return [pd.read_parquet(file)]
    try:
        return [pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")]
    except UnicodeDecodeError:
        # What Excel on a Chinese Windows writes as CSV.
        return [pd.read_csv(file, dtype=str, keep_default_na=False, encoding="gb18030")]


def _from_text(text: str, kind: str) -> Any:
    for base, number in (("int", int), ("float", float)):
        if kind.startswith(base):
            try:
                return number(text)
            except ValueError:
                return text
    return text
