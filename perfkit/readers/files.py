"""Find a file, and say why it cannot be read."""

from __future__ import annotations

from pathlib import Path

from perfkit.errors import Problem, TableError


def find(source: str | Path) -> Path:
    """Return the path of ``source``, looked up from the current folder, then from each folder above it."""
    path, here = Path(source).expanduser(), Path.cwd()
    for folder in (here, *here.parents):
        if (folder / path).exists():
            return folder / path
    head = (f"{path.name} does not exist", f"{path.name} 不存在")
    what = ("no such file or folder", "没有这个文件或文件夹")
    looked = "" if path.is_absolute() else f"{here} 或其上级文件夹 (or a folder above)"
    raise refusal(head, what, ("check the path", "请检查路径"), where=str(path), expected=looked)


def unreadable(path: Path, error: Exception) -> TableError:
    """Return the error of a file that is damaged or not what its name says."""
    head = (f"{path.name} cannot be read", f"{path.name} 无法读取")
    what = ("the file is damaged or not what its name says", "文件损坏，或内容与扩展名不符")
    return refusal(head, what, where=str(path), got=" ".join(f"{type(error).__name__}: {error}".split()))


def refusal(head: tuple[str, str], what: tuple[str, str], do: tuple[str, str] = ("", ""), **at: str) -> TableError:
    """Return an error with one problem."""
    return TableError(head, [Problem(what, do=do, **at)])
