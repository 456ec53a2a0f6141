"""File names of reports, and what follows from them: the folder a report lies in, the shard that makes it."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

_LENGTH = 60  # characters
# File systems allow 255 bytes; the hash, an ending and the mark of an unfinished file come to the name.
_BYTES = 180
_HASH_LENGTH = 8
_CROWD = 2_000  # files that a folder is still pleasant to open with
_FAN = 256  # folders that two digits of a hash make


def slug(words: Iterable[str], identity: Mapping[str, Any]) -> str:
    """Return a file name safe on every system; the hash at its end tells runs apart and rules out reserved names.

    Only letters and digits of any script, ``_`` and ``-`` are left: no separator, no full stop, no mark that turns
    the direction of writing.

    Examples
    --------
    >>> slug(["a/b", "../x"], {})
    'a-b-x-44136fa3'
    """
    text = unicodedata.normalize("NFC", "-".join(words))
    plain = re.sub(r"-{2,}", "-", re.sub(r"[^\w-]", "-", text))[:_LENGTH]
    plain = plain.encode("utf-8")[:_BYTES].decode("utf-8", "ignore").strip("-_") or "report"
    canonical = json.dumps(identity, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{plain}-{hashlib.sha256(canonical.encode('utf-8', 'backslashreplace')).hexdigest()[:_HASH_LENGTH]}"


def is_of(name: str, shard: tuple[int, int]) -> bool:
    """Return whether the run with this slug belongs to a shard (``(2, 5)``: the second of five).

    The hash in the name decides, so every machine parts an order in the same way.

    Examples
    --------
    >>> [is_of("a-b-x-44136fa3", (i, 3)) for i in (1, 2, 3)]
    [False, True, False]
    """
    at, of = shard
    return int(name[-_HASH_LENGTH:], 16) % of == at - 1


def subfolder(name: str, runs: int) -> str:
    """Return the folder, as the beginning of a path, in which a report lies if its order has so many ``runs``.

    No level, one or two, of 256 folders each, by the hash in the name: no folder holds many more than two thousand
    reports.

    Examples
    --------
    >>> [subfolder("a-b-x-44136fa3", runs) for runs in (2_000, 2_001, 1_000_000)]
    ['', '44/', '44/13/']
    """
    digits = name[-_HASH_LENGTH:]
    levels = 0 if runs <= _CROWD else 1 if runs <= _CROWD * _FAN else 2
    return "".join(f"{digits[2 * level : 2 * level + 2]}/" for level in range(levels))
