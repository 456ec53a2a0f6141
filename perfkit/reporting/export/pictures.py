"""Pictures for where a browser is not at hand: what may stand in them, and how they become PNG."""

from __future__ import annotations

import re
import tempfile
from functools import lru_cache
from pathlib import Path

from perfkit.errors import PerfkitError, Problem
from perfkit.reporting.export.blocks import Figure, plain
from perfkit.reporting.typefaces import typefaces

# Fine enough for print at the width of a page, small enough for thousands of reports.
PPI = 200
# Word shows these as they are.
KEPT = ("png", "jpeg")
# An address outside the picture: nothing is fetched, neither from the network nor from the disk.
_OUTSIDE = re.compile(rb"""\s(?:xlink:)?href\s*=\s*(?:"(?!#|data:)[^"]*"|'(?!#|data:)[^']*')""")
_PAGE = b"#set page(width: auto, height: auto, margin: 0pt, fill: white)\n#image(sys.inputs.file)"


def alone(figure: Figure) -> bytes:
    """Return the picture's bytes without addresses of anything outside it."""
    return _OUTSIDE.sub(b"", figure.data) if figure.kind == "svg" else figure.data


@lru_cache(maxsize=32)
def png(figure: Figure) -> bytes:
    """Return the picture as PNG (a JPEG or PNG as it is).

    Raises
    ------
    PerfkitError
        If it is not the picture it says it is.
    """
    import typst

    with tempfile.TemporaryDirectory() as home:
        name = f"picture.{figure.kind}"
        (Path(home) / name).write_bytes(alone(figure))
        try:
            drawn = typefaces().compiler.compile(
                _PAGE, root=home, format="png", ppi=PPI, sys_inputs={"file": f"/{name}"}
            )
        except typst.TypstError as error:
            raise unreadable(figure, error) from error
    return figure.data if figure.kind in KEPT else bytes(drawn)


def unreadable(figure: Figure, error: Exception) -> PerfkitError:
    """Return the error that says which picture cannot be read, and why."""
    return PerfkitError(
        ("a picture cannot be read", "图片无法读取"),
        [Problem(("not a picture", "不是有效的图片"), plain(figure.caption) or figure.alt, got=str(error))],
    )
