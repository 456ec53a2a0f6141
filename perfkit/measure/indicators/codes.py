"""Codes of indicators: the next one that nobody has used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

import pandas as pd

from perfkit.errors import Problem, TableError


def next_code(library: pd.DataFrame, level1: str, level2: str | None = None, *, taken: Collection[str] = ()) -> str:
    """Return the next code within a level that no version of any indicator ever had, retired ones included.

    Parameters
    ----------
    library
        Table ``library``, all versions.
    level1, level2
        The level; ``level2`` narrows it.
    taken
        Further codes that are spoken for.

    Raises
    ------
    TableError
        If the level has no code that ends in a number: there is nothing to go on from.

    Notes
    -----
    Codes are read as a stem and a number; the code goes on from the highest number of the level's commonest stem,
    with as many digits.

    Examples
    --------
    >>> library = pd.DataFrame({"indicator_id": ["P-08", "P-09", "Q-31"], "level1": ["产出", "产出", "效益"]})
    >>> next_code(library, "产出"), next_code(library, "产出", taken=["P-10"])
    ('P-10', 'P-11')
    """
    rows = library[library["level1"].eq(level1)]
    rows = rows[rows["level2"].eq(level2)] if level2 is not None else rows
    codes = set(rows["indicator_id"])
    split = [match for code in sorted(codes) if (match := re.fullmatch(r"(.*?)(\d+)", code, re.DOTALL))]
    if not split:
        level = " › ".join(each for each in (level1, level2) if each)
        raise TableError(
            (f"no code of {level} to go on from", f"“{level}”尚无可续编的编码"),
            [
                Problem(
                    ("no code that ends in a number", "没有以数字结尾的编码"), got=", ".join(sorted(codes)) or level
                )
            ],
        )
    stem = Counter(match[1] for match in split).most_common(1)[0][0]
    number, digits = max((int(match[2]), len(match[2])) for match in split if match[1] == stem)
    used = {*library["indicator_id"], *taken}
    while (code := f"{stem}{(number := number + 1):0{digits}}") in used:
        pass
    return code
