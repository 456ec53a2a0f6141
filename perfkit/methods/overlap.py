"""Projects that may be the same: names and purposes that read alike, set side by side for a person to decide."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

import pandas as pd

from perfkit.tables.printing import percent

OVERLAP = ("unit_id", "name", "other_id", "other_name", "similarity", "shared")
_SHORTEST = 2  # characters of a shared run that is worth showing


def overlap(proposals: pd.DataFrame, register: pd.DataFrame, *, least: float = 0.4, most: int = 5) -> pd.DataFrame:
    """Return the projects of a register whose text is most like that of each proposal.

    Parameters
    ----------
    proposals, register
        ``unit_id, name`` and, if there is one, ``purpose``; a proposal is not compared with the project of its own
        ``unit_id``.
    least
        The similarity (0 to 1) from which a pair is shown.
    most
        How many pairs a proposal at most.

    Returns
    -------
    DataFrame
        ``unit_id, name, other_id, other_name, similarity, shared`` (the runs of characters that both have, longest
        first), most alike first within a proposal. Similar text is no proof of overlap: a person decides.

    Notes
    -----
    Cosine of TF-IDF weights of runs of one to three characters (scikit-learn), so that Chinese needs no word
    segmentation. Width and case of letters, spaces and punctuation do not count.

    Examples
    --------
    >>> names = pd.DataFrame({"unit_id": ["1", "2"], "name": ["海宁市百里钱塘海塘安澜工程", "小学营养餐补助"]})
    >>> found = overlap(pd.DataFrame({"unit_id": ["9"], "name": ["钱塘江海塘安澜工程（海宁段）"]}), names)
    >>> found[["other_id", "shared"]].values.tolist()
    [['1', '海塘安澜工程、钱塘、海宁']]
    """
    texts = [_text(proposals), _text(register)]
    both = [*texts[0], *texts[1]]
    if not any(both) or proposals.empty or register.empty:
        return pd.DataFrame(columns=list(OVERLAP))
    from sklearn.feature_extraction.text import TfidfVectorizer

    weights = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True).fit_transform(both)
    cosines = (weights[: len(proposals)] @ weights[len(proposals) :].T).toarray()
    others = register.reset_index(drop=True)
    rows = []
    for at, (unit, name) in enumerate(zip(proposals["unit_id"], proposals["name"], strict=True)):
        alike = pd.Series(cosines[at])[(others["unit_id"] != unit).to_numpy()]
        for other, cosine in alike[alike >= least].sort_values(ascending=False, kind="stable").head(most).items():
            shared = _shared(texts[0][at], texts[1][int(str(other))])
            it = others.loc[other]
            rows.append((unit, name, it["unit_id"], it["name"], min(float(cosine), 1.0), shared))
    return pd.DataFrame(rows, columns=list(OVERLAP))


def say(found: pd.DataFrame, compared: int) -> tuple[str, str]:
    """Return (zh, en) what the comparison of one proposal with ``compared`` projects found.

    Examples
    --------
    >>> print(say(pd.DataFrame(columns=list(OVERLAP)), 120)[1])
    Of 120 projects in the register none reads alike; that does not rule out an overlap.
    """
    if not compared:
        return ("项目库为空，未作比较。", "The register is empty: nothing was compared.")
    if found.empty:
        return (
            f"与项目库 {compared:,} 个项目比较，未见文字相近的项目；不能据此排除重复。",
            f"Of {compared:,} projects in the register none reads alike; that does not rule out an overlap.",
        )
    top = found.loc[found["similarity"].idxmax()]
    reads = "reads" if len(found) == 1 else "read"
    return (
        f"与项目库 {compared:,} 个项目比较，文字相近的有 {len(found)} 个，最相近的是“{top['other_name']}”"
        f"（相似度 {percent(top['similarity'])}）；是否重复由人判断。",
        f"Of {compared:,} projects in the register {len(found)} {reads} alike, most of all "
        f"'{top['other_name']}' (similarity {percent(top['similarity'])}); a person decides whether they overlap.",
    )


def _text(projects: pd.DataFrame) -> list[str]:
    columns = [projects[c].fillna("").astype(str) for c in ("name", "purpose") if c in projects]
    return [
        re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", "".join(p)).casefold())
        for p in zip(*columns, strict=True)
    ]


def _shared(one: str, other: str) -> str:
    """Return the longest runs that both texts have, each counted once."""
    runs: list[str] = []
    while True:
        run = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
        if run.size < _SHORTEST or len(runs) == 3:
            return "、".join(runs)
        runs.append(one[run.a : run.a + run.size])
        one = one[: run.a] + "\0" + one[run.a + run.size :]
        other = other[: run.b] + "\1" + other[run.b + run.size :]
