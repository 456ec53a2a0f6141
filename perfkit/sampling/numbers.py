"""Permanent random numbers: one a unit, hashed from the seed and its code, the same on any machine in any order."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, SampleError

Floats = npt.NDArray[np.float64]

_PARTED = "|"
_LABEL = "perfkit sampling seed"
# A control character that composes with nothing: text joined by it is in form C where each part is.
_BETWEEN = "\x1e"


def seed_of(public_value: str) -> str:
    """Return the seed that a value made public after the plan was announced stands for (64 hexadecimal digits).

    Full-width and half-width signs, and how many blanks stand in a row, make no difference; everything else does.

    Raises
    ------
    SampleError
        If the value is blank.

    Notes
    -----
    SHA-256 of ``perfkit sampling seed|VALUE`` in UTF-8, VALUE in Unicode form KC with single blanks.

    Examples
    --------
    >>> seed_of("双色球 2026001 期：03 09 11 20 25 31 + 07")[:16]
    'c353453bf564a72a'
    >>> seed_of(" 双色球　2026001  期:03 09 11 20 25 31 ＋ 07")[:16]
    'c353453bf564a72a'
    """
    value = " ".join(unicodedata.normalize("NFKC", public_value).split())
    if not value:
        raise _refused(
            ("the public value is blank", "公开值为空"), ("give the value as published", "请填写公布的原文")
        )
    return hashlib.sha256(f"{_LABEL}{_PARTED}{value}".encode()).hexdigest()


def permanent(unit_ids: Sequence[str] | pd.Series, seed: str | int) -> Floats:
    """Return each unit's permanent random number, strictly between 0 and 1.

    Parameters
    ----------
    unit_ids
        Codes as text; composed and decomposed characters (Unicode form C) are the same code.
    seed
        From :func:`seed_of`, or any text or whole number without ``|``.

    Raises
    ------
    SampleError
        If the seed is blank or has a ``|`` in it.

    Notes
    -----
    The first 53 bits of the SHA-256 of ``SEED|UNIT_ID`` in UTF-8, the last of them set, over 2**53: a number that a
    double holds exactly, never 0 or 1. ``printf '%s|%s' SEED UNIT_ID | sha256sum`` shows the digest.

    *Checked against*: sha256sum (GNU coreutils) and the first 53 bits taken by hand.

    Examples
    --------
    >>> permanent(["P001", "P002"], seed=2026).round(6).tolist()
    [0.980869, 0.221197]
    """
    started = hashlib.sha256(f"{_checked(seed)}{_PARTED}".encode())
    digests = []
    for each in composed(unit_ids):
        digest = started.copy()
        digest.update(each.encode())
        digests.append(digest.digest())
    first = np.frombuffer(b"".join(digests), dtype=">u8")[::4]
    return ((first >> np.uint64(11)) | np.uint64(1)).astype(np.float64) * 2.0**-53


def stream(seed: str | int, label: str, count: int = 1) -> Floats:
    """Return the first ``count`` random numbers of a purpose of its own, the start of a systematic draw for example.

    Notes
    -----
    Permanent numbers of 0, 1, 2 ... under the seed SHA-256(``SEED|stream|LABEL``): apart from those of the units.

    Examples
    --------
    >>> stream(2026, "start").tolist() == stream(2026, "start", 3)[:1].tolist()
    True
    """
    apart = hashlib.sha256(_PARTED.join((_checked(seed), "stream", label)).encode()).hexdigest()
    return permanent([str(each) for each in range(count)], apart)


def composed(unit_ids: Sequence[str] | pd.Series) -> list[str]:
    """Return the codes in Unicode form C, in which they are hashed, compared and sorted."""
    ids = unit_ids.tolist() if isinstance(unit_ids, pd.Series) else list(unit_ids)
    if unicodedata.is_normalized("NFC", _BETWEEN.join(ids)):
        return ids
    return [unicodedata.normalize("NFC", each) for each in ids]


def _checked(seed: str | int) -> str:
    text = str(seed)
    if not text.strip() or _PARTED in text:
        raise _refused(
            (
                f"a seed is text without {_PARTED}, not blank: {text!r}",
                f"种子须为不含“{_PARTED}”的非空文字：{text!r}",
            ),
            ("make one of a public value with seed_of", "请用 seed_of 由公开值生成"),
        )
    return text


def _refused(what: tuple[str, str], do: tuple[str, str]) -> SampleError:
    return SampleError(("no seed", "没有种子"), [Problem(what, do=do)])
