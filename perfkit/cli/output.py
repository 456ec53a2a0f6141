"""What commands write: where they may, and tables on the screen."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import pandas as pd

from perfkit.errors import PerfkitError, Problem, TableError


def positive(text: str) -> float:
    """Read an option that is a number above zero."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"a number above 0 须为正数: {text}")
    return number


def count(text: str) -> int:
    """Read an option that counts from one on."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"a whole number from 1 on 须为正整数: {text}")
    return int(text)


def fail_if_input(out: Path, source: Path) -> None:
    """Refuse to write the results over the data, or among the files of the data's folder."""
    if out.resolve() == source.resolve() or (source.is_dir() and out.resolve().parent == source.resolve()):
        raise TableError(
            (f"{out} is the input", f"{out} 是输入数据"),
            [
                Problem(
                    ("results must not replace data", "结果不得覆盖数据"),
                    str(out),
                    do=("write to another place", "请写到别处"),
                )
            ],
        )


def fail_if_among_forms(out: Path, folder: Path) -> None:
    """Refuse to write below the folder of forms: the result would be an input next time, or replace one now."""
    if folder.resolve() in out.resolve().parents:
        raise TableError(
            (f"{out} lies in the folder of forms", f"{out} 位于自评表文件夹中"),
            [
                Problem(
                    ("results must not mix with forms", "结果不得混入自评表"),
                    str(out),
                    do=("write to another place", "请写到别处"),
                )
            ],
        )


def fail_if_there(path: Path, kind: type[PerfkitError], what: tuple[str, str], do: tuple[str, str]) -> None:
    """Refuse to write over a file that is there."""
    if path.exists():
        raise kind((f"{path} exists", f"{path} 已存在"), [Problem(what, str(path), do=do)])


def fail_if_not_xlsx(path: Path) -> None:
    """Refuse to write a workbook under another name."""
    if path.suffix.lower() != ".xlsx":
        raise TableError(
            (f"{path} is not an .xlsx file name", f"{path} 不是 .xlsx 文件名"),
            [Problem(("wrong file type", "文件类型不对"), str(path), ".xlsx", path.suffix or "—")],
        )


def print_table(frame: pd.DataFrame) -> None:
    """Print a table for people and pipes: tab between columns, whole numbers as such."""
    whole = {
        name: "Int64" for name, column in frame.select_dtypes("float").items() if column.dropna().mod(1).eq(0).all()
    }
    print(frame.astype(whole).to_csv(index=False, sep="\t", lineterminator="\n", na_rep=""), end="")
