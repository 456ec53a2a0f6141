"""The templates of the index, filled."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


def rendered(template: str, **held: Any) -> str:
    """Return a template filled with ``held``, every text escaped."""
    return str(_environment().get_template(template).render(**held))


def as_script(content: Any) -> str:
    r"""Return ``content`` as JSON that may stand in a script element: no text can end it.

    Examples
    --------
    >>> as_script({"甲": "</script>"})
    '{"甲":"\\u003c/script>"}'
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for each in ("<", "\u2028", "\u2029"):
        text = text.replace(each, f"\\u{ord(each):04x}")
    # A lone half of a surrogate pair cannot be written as UTF-8.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
