"""Find a font with Chinese characters and let matplotlib draw with it."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from perfkit.errors import FontError, Problem

_PROBE = "中"
_SUFFIXES = {".ttf", ".otf", ".ttc"}
CJK = ("Noto Sans CJK SC", "Noto Sans SC", "Noto Sans CJK JP", "Noto Serif CJK SC", "Noto Serif SC")
_MISSING = re.compile(r"Glyph (\d+) .*missing from")


def chinese_font() -> Path:
    """Return the font file that charts are drawn with.

    Looked up in order: the folder named by the environment variable ``PERFKIT_FONT_DIR``, the package
    ``pylopdf-fonts-zh-cn``, a Noto CJK font of the system.

    Raises
    ------
    FontError
        If none of them has Chinese characters; the message says what to do.
    """
    for candidate in _candidates():
        if _covers(candidate, _PROBE):
            return candidate
    raise FontError(
        ("no font with Chinese characters found", "找不到含中文字符的字体"),
        [
            Problem(
                ("no Chinese font", "没有中文字体"),
                f"PERFKIT_FONT_DIR={os.environ.get('PERFKIT_FONT_DIR', '')}",
                f"a .ttf, .otf or .ttc file that has {_PROBE}",
                do=(
                    "pip install pylopdf-fonts-zh-cn, or name a folder with a Chinese font in PERFKIT_FONT_DIR",
                    "请安装 pylopdf-fonts-zh-cn，或用环境变量 PERFKIT_FONT_DIR 指明放有中文字体文件的文件夹",
                ),
            )
        ],
    )


def use_chinese_font() -> str:
    """Let everything matplotlib draws from now on use a Chinese font; return the name of its family.

    Raises
    ------
    FontError
        See :func:`chinese_font`.
    """
    import matplotlib as mpl

    style: Any = chinese_style()
    mpl.rcParams.update(style)
    return str(style["font.family"][0])


def chinese_style() -> dict[str, Any]:
    """Return the matplotlib settings for Chinese text: the font, and ``$`` as an ordinary character."""
    from matplotlib.font_manager import FontProperties, fontManager

    file = chinese_font()
    if str(file) not in {font.fname for font in fontManager.ttflist}:
        fontManager.addfont(str(file))
    name = FontProperties(fname=str(file)).get_name()
    # DejaVu Sans ships with matplotlib and has the signs a Chinese font may lack.
    return {"font.family": [name, "DejaVu Sans"], "text.parse_math": False, "axes.unicode_minus": True}


@contextmanager
def missing_glyphs_fail() -> Iterator[None]:
    """Turn matplotlib's warning about a character that no font has into a FontError that names it.

    Raises
    ------
    FontError
        On leaving, if a character drawn inside was in no font.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    missing = {chr(int(found[1])) for each in caught if (found := _MISSING.search(str(each.message)))}
    for each in caught:
        if not _MISSING.search(str(each.message)):
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    fail_if_missing(missing)


def fail_if_missing(characters: Iterable[str]) -> None:
    """Raise a FontError that names each of ``characters``: no font has them; return if there are none."""
    problems = [
        Problem(
            ("no glyph for a character", "字体中没有该字符"),
            got=f"{character} (U+{ord(character):04X})",
            do=(
                "put a font that has it in the folder PERFKIT_FONT_DIR",
                "请将含有该字符的字体放入 PERFKIT_FONT_DIR 文件夹",
            ),
        )
        for character in sorted(characters)
    ]
    if problems:
        raise FontError(("the font lacks characters", "字体缺少字符"), problems)


def chinese_folder() -> Path:
    """Return the folder with the Chinese fonts that documents are set in, apart from the user's own.

    Raises
    ------
    FontError
        See :func:`chinese_font`.
    """
    return (_packaged_font() or next(_system_fonts(), None) or chinese_font()).parent


def _candidates() -> Iterator[Path]:
    own = os.environ.get("PERFKIT_FONT_DIR")
    if own and Path(own).is_dir():
        yield from sorted(p for p in Path(own).rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file())
    packaged = _packaged_font()
    if packaged is not None:
        yield packaged
    yield from _system_fonts()


def _packaged_font() -> Path | None:
    try:
        import pylopdf_fonts_zh_cn as fonts
    except ImportError:
        return None
    return Path(fonts.sans_path())


def _system_fonts() -> Iterator[Path]:
    from matplotlib.font_manager import fontManager

    for name in CJK:
        for font in fontManager.ttflist:
            if font.name == name and font.style == "normal" and str(font.weight) in {"400", "normal", "regular"}:
                yield Path(font.fname)


def _covers(file: Path, character: str) -> bool:
    try:
        return _in_font(str(file), file.stat().st_mtime_ns, character)
    except OSError:
        return False


@cache
def _in_font(file: str, _changed: int, character: str) -> bool:
    from matplotlib.ft2font import FT2Font

    try:
        return FT2Font(file).get_char_index(ord(character)) > 0
    except (OSError, RuntimeError, ValueError):
        return False
