"""The contracts: each table declared once, with zh and en titles for each column.

The declaration is the check (a pandera schema), the data dictionary and the Excel template. Money is in yuan
unless a column says otherwise; a ``rate`` is a share of one; ``_id`` is a key; the keys come first.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from perfkit.errors import Problem, TableError
from perfkit.tables.columns import Contract
from perfkit.tables.evaluation import EVALUATION
from perfkit.tables.forms import FORMS
from perfkit.tables.inputs import INPUTS
from perfkit.tables.library import LIBRARY
from perfkit.tables.results import RESULTS
from perfkit.tables.sampling import SAMPLING
from perfkit.tables.self_evaluation import SELF_EVALUATION

CONTRACTS: Mapping[str, Contract] = {
    each.name: each for each in (*INPUTS, *LIBRARY, *RESULTS, *EVALUATION, *FORMS, *SAMPLING, *SELF_EVALUATION)
}


def contract(name: str) -> Contract:
    """Return the contract called ``name``.

    Raises
    ------
    TableError
        If there is no such table; the message lists the tables there are.
    """
    if name not in CONTRACTS:
        raise TableError(
            (f"no table is called {name!r}", f"没有名为“{name}”的表"),
            [Problem(("unknown table", "未知的表"), expected=", ".join(CONTRACTS), got=name)],
        )
    return CONTRACTS[name]


def dictionary(name: str) -> pd.DataFrame:
    """Return the data dictionary of a table: one row a column (name, zh, en, kind, needed, choices, note).

    Examples
    --------
    >>> dictionary("context")[["column", "zh", "kind"]].values.tolist()[0]
    ['unit_id', '单位或项目编码', 'text']
    """
    held = contract(name)
    rows = [
        {
            "column": column,
            "zh": spec.metadata["zh"],
            "en": spec.metadata["en"],
            "kind": spec.metadata["kind"],
            "needed": spec.required,
            "choices": " | ".join(f"{code}={zh}" for code, (zh, _) in spec.metadata["choices"].items()),
            "note": spec.metadata["note"],
        }
        for column, spec in held.columns.items()
    ]
    return pd.DataFrame(rows)


def labels(frame: pd.DataFrame, name: str, lang: str = "zh") -> pd.DataFrame:
    """Return ``frame`` for print: titles for column names, labels for codes, in ``lang``.

    Examples
    --------
    >>> labels(pd.DataFrame({"unit_id": ["a"], "reality": ["simulated"]}), "units").values.tolist()
    [['a', '模拟']]
    """
    held = contract(name)
    shown = frame.copy()
    for column in [c for c in shown.columns if c in held.columns]:
        choices = held.columns[column].metadata["choices"]
        if choices:
            words = {code: pair[0 if lang == "zh" else 1] for code, pair in choices.items()}
            shown[column] = [
                "" if pd.isna(cell) else "；".join(words.get(code, "") for code in str(cell).split("；"))
                for cell in shown[column]
            ]
    return shown.rename(columns={c: held.title(c, lang) for c in shown.columns})
