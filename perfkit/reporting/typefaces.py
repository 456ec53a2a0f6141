"""What a PDF is set in: the typefaces of an official document, and the characters that they have."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from perfkit.errors import PerfkitError, Problem
from perfkit.reporting.fonts import CJK, chinese_folder, fail_if_missing

# By the names that the files on people's machines bear, best first; who has none gets Noto.
_ROLES = {
    "fang": ("FangSong_GB2312", "仿宋_GB2312", "FangSong", "仿宋", "STFangsong"),
    "kai": ("KaiTi_GB2312", "楷体_GB2312", "KaiTi", "楷体", "STKaiti"),
    "song": ("SimSun", "宋体", "STSong"),
    "biao": ("FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "方正小标宋简体", "STZhongsong"),
    "hei": ("SimHei", "黑体", "STHeiti", "Noto Sans SC", "Noto Sans CJK SC"),
    "mono": ("DejaVu Sans Mono",),
}
# Signs that a Chinese font may lack; matplotlib ships it.
_SIGNS = ("DejaVu Sans", "DejaVu Sans Mono")


@dataclass(frozen=True)
class Typefaces:
    """The families of each role (fang, song, kai, hei, biao, mono), first choice first, and the characters they have.

    ``compiler`` has read the fonts and can be used again; it knows no others.
    """

    roles: Mapping[str, tuple[str, ...]]
    characters: frozenset[int]
    compiler: Any
    process: int

    def fail_if_lacking(self, text: str) -> None:
        """Raise a FontError that names every character of ``text`` that is in no font."""
        lacking = {character for character in set(text) if ord(character) not in self.characters}
        fail_if_missing(character for character in lacking if not _unseen(character))


def typefaces() -> Typefaces:
    """Return what a PDF is set in: the fonts in ``PERFKIT_FONT_DIR``, then the Chinese fonts charts are drawn with.

    Raises
    ------
    FontError
        If there is no Chinese font at all.
    PerfkitError
        In a process forked from one that has set a PDF: the compiler's threads stayed there, it would wait for ever.
    """
    held = _typefaces(os.environ.get("PERFKIT_FONT_DIR", ""))
    if held.process != os.getpid():
        raise PerfkitError(
            ("a forked process cannot set PDFs", "派生的进程不能排 PDF"),
            [
                Problem(
                    ("the process it was forked from has set one", "其父进程已经排过 PDF"),
                    do=(
                        "fork before the first PDF is set, or start the process afresh (spawn)",
                        "请在排第一份 PDF 之前派生进程，或改用 spawn 方式启动",
                    ),
                )
            ],
        )
    return held


@cache
def _typefaces(own: str) -> Typefaces:
    import matplotlib as mpl
    import typst

    signs = Path(mpl.get_data_path()) / "fonts" / "ttf"
    mine = Path(own) if own and Path(own).is_dir() else None
    chinese = chinese_folder()
    folders = [str(folder) for folder in (mine, chinese, signs) if folder is not None]
    held = typst.Fonts(include_system_fonts=False, font_paths=folders)
    # Of each family the upright one of ordinary weight, which is what a report is set in.
    faces = sorted(held.fonts(), key=lambda font: (font.style.casefold() != "normal", abs(font.weight - 400)))
    files = {font.family: Path(font.path) for font in reversed(faces) if font.path}
    users = [family for family, file in files.items() if mine in file.parents]
    shipped = [family for family in reversed(CJK) if family in files and family not in users]
    # Only fonts named here are used: beside the signs lies one that prints a box for every character.
    families = [*users, *shipped, *_SIGNS]
    return Typefaces(
        {role: _ordered(names, families) for role, names in _ROLES.items()},
        frozenset[int]().union(*(_characters(files[family]) for family in families)),
        typst.Compiler(font_paths=held, ignore_system_fonts=True),
        os.getpid(),
    )


def _ordered(wanted: Sequence[str], families: Sequence[str]) -> tuple[str, ...]:
    """Return ``families`` with those that are ``wanted`` in front, best first."""
    rank = {name.casefold(): at for at, name in enumerate(wanted)}
    return tuple(sorted(families, key=lambda family: rank.get(family.casefold(), len(rank))))


def _characters(file: Path) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(file)).get_charmap())


def _unseen(character: str) -> bool:
    """Say whether a character is never drawn: a line break, a joiner, a variation selector."""
    return unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") or unicodedata.name(character, "").startswith(
        "VARIATION SELECTOR"
    )
