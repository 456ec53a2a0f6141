"""One input at a time: how far the outcome moves when an input does."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.methods.risk.inputs import Model, checked, quantiles

TORNADO = (
    "name", "zh", "en", "basis", "low_input", "high_input", "low_output", "high_output", "base_output", "swing",
    "turns",
)  # fmt: skip


def tornado(model: Model, inputs: pd.DataFrame, *, change: float, tail: float = 0.1) -> pd.DataFrame:
    """Return the outcome with each input at its low and high value and all others as planned.

    Parameters
    ----------
    model
        Takes a frame of inputs, one row a case, returns one outcome a row.
    inputs
        The table of inputs.
    change
        The relative change of the planned value, for example 0.1: the same for all, whatever their uncertainty.
    tail
        The other basis: the quantiles at ``tail`` and 1 - ``tail`` of each input's own distribution.

    Returns
    -------
    DataFrame
        For each basis (``±10%``, ``P10-P90``), widest swing first: ``name, zh, en, basis, low_input, high_input,
        low_output, high_output, base_output, swing`` (highest less lowest of the three outcomes),
        ``turns``: whether the outcome has another sign than in the plan at one of the ends.
    """
    table = checked(inputs)
    names, base = list(table["name"]), table.set_index("name")["base"].astype(float)
    ends = quantiles(table, pd.DataFrame({name: [tail, 1.0 - tail] for name in names})).T
    step = (base * change).abs()
    bases = {
        f"±{100.0 * change:g}%": (base - step, base + step),
        f"P{100.0 * tail:g}-P{100.0 * (1.0 - tail):g}": (ends[0], ends[1]),
    }
    plan = pd.DataFrame([base], columns=names)
    planned = float(np.asarray(model(plan))[0])
    found = []
    for basis, (low, high) in bases.items():
        cases = pd.concat([plan] * (2 * len(names)), ignore_index=True)
        for i, name in enumerate(names):
            cases.loc[[2 * i, 2 * i + 1], name] = [low[name], high[name]]
        pairs = np.asarray(model(cases), dtype=float).reshape(-1, 2)
        reach = np.column_stack([pairs, np.full(len(names), planned)])
        rows = table[["name", "zh", "en"]].assign(basis=basis, low_input=low[names].to_numpy())
        rows = rows.assign(
            high_input=high[names].to_numpy(),
            low_output=pairs[:, 0],
            high_output=pairs[:, 1],
            base_output=planned,
            swing=reach.max(axis=1) - reach.min(axis=1),
            turns=(np.sign(pairs) != np.sign(planned)).any(axis=1),
        )
        found.append(rows.sort_values("swing", ascending=False, kind="stable"))
    return pd.concat(found, ignore_index=True)[list(TORNADO)]
