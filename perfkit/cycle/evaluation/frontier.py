"""Cost-effectiveness among peers: the unit against the frontier of those that the same indicators describe."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from perfkit.cycle.evaluation.account import Pair
from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.methods import frontier, peers
from perfkit.methods.result import Result

_NONE: Pair = (
    "未指定前沿分析的投入与产出，不作前沿分析。",
    "Inputs and outputs of a frontier were not named: there is none.",
)


def cost_effectiveness(
    values: pd.DataFrame,
    roles: pd.DataFrame,
    unit_id: str,
    context: pd.DataFrame | None = None,
    *,
    draws: int = 0,
    seed: int = 0,
) -> Result:
    """Compare a unit with the frontier of its peers.

    Parameters
    ----------
    values
        Table ``values`` of one year.
    roles
        Table ``frontier_roles``: which indicators and circumstances are inputs, inputs not chosen, outputs.
    unit_id
        The unit.
    context
        Table ``context``.
    draws, seed
        Of the bootstrap, a programme each; without draws no interval.

    Returns
    -------
    Result
        At variable returns, input orientation: indicators are mostly figures per head, of which half a unit's is no
        half unit. Units with a gap are left out, and the assumptions say how many. Variables are named as in
        ``roles`` (zh). Refused where nothing is named, the unit has a gap, or units are too few.

    Raises
    ------
    ScoreError
        If a variable is not there, roles lack an input or an output, or an amount is below zero.
    """
    if roles.empty:
        return _refused(_NONE)
    used = values.assign(value=values["verified"].fillna(values["actual"]))
    wide = used.pivot(index="unit_id", columns="indicator_id", values="value")  # noqa: PD010 - refuses doubles
    if context is not None and len(context):
        wide = wide.join(peers.wide(context), how="left")
    _fail_if_roles_wrong(roles, list(wide.columns))
    names = dict(zip(roles["variable"], roles["zh"], strict=True))
    by = {role: [names[each] for each in rows["variable"]] for role, rows in roles.groupby("role", sort=False)}
    table = wide[list(names)].rename(columns=names)
    whole = table.dropna()
    if unit_id not in whole.index:
        return _refused(
            ("该对象的投入产出数据不全，不作前沿分析。", "The unit's inputs or outputs have gaps: no frontier.")
        )
    held = frontier.Technology(
        whole[[*by["input"], *by.get("fixed", [])]], whole[by["output"]], tuple(by.get("fixed", [])), "variable"
    )
    found = frontier.answer(held, unit_id, draws=draws, seed=seed)
    gone = len(table) - len(whole)
    if gone:
        said = (f"{gone} 个对象数据不全，未参与比较", f"units left out for gaps: {gone}")
        return replace(found, assumptions=(*found.assumptions, said))
    return found


def _refused(why: Pair) -> Result:
    return Result(
        ("数据包络分析", "data envelopment analysis"), ("相对效率", "relative efficiency"), refusals=(why,), text=why
    )


def _fail_if_roles_wrong(roles: pd.DataFrame, there: list[object]) -> None:
    problems = [
        Problem(("no such indicator or circumstance", "没有这项指标或背景变量"), got=str(name))
        for name in roles["variable"]
        if name not in there
    ]
    for role, what in (
        ("input", ("no input is named", "未指定投入")),
        ("output", ("no output is named", "未指定产出")),
    ):
        if role not in set(roles["role"]):
            problems.append(Problem(what, do=("add one to the table", "请在表中补充")))
    fail_if_any(ScoreError, str(roles.attrs.get("where", "frontier_roles")), problems)
