"""Where benefits have no price: cost for an effect, and which options nothing cheaper beats; and where scale pays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.methods.appraisal.convention import PLAIN, Array, Convention, Steps, present_value
from perfkit.methods.appraisal.options import appraise, components
from perfkit.tables.printing import number

EFFECTIVENESS = (
    "option_id", "pv_cost", "effect", "pv_effect", "cost_per_effect", "cost_per_pv_effect", "d_cost", "d_effect",
    "icer", "status",
)  # fmt: skip
SCALE = (
    "option_id", "scale", "npv", "d_scale", "d_benefit", "d_cost", "d_npv", "per_unit", "worth_it", "text_zh",
    "text_en",
)  # fmt: skip


def cost_effectiveness(
    flows: pd.DataFrame, effects: pd.DataFrame, steps: Steps, convention: Convention = PLAIN
) -> pd.DataFrame:
    """Return what an effect costs in each option, and what more of it costs along the frontier.

    Parameters
    ----------
    flows
        Table ``flows`` of one unit; benefits are not used.
    effects
        ``option_id, year, effect``: a natural unit (people served, lives, tonnes), more is better.
    steps
        The schedule of rates, for costs and effects alike.
    convention
        When flows fall and in what prices.

    Returns
    -------
    DataFrame
        In order of cost: ``option_id, pv_cost, effect`` (sum over years), ``pv_effect`` (discounted), the ratios;
        ``status``: frontier, dominated (another costs no more and achieves no less) or extended dominated (a mix of
        two others would do better); on the frontier ``d_cost, d_effect, icer`` against the option before it, by
        discounted effect.

    Raises
    ------
    ScoreError
        If an option has no effect stated.

    Notes
    -----
    *Checked against* a published league table of screening strategies (Australia and New Zealand Health Policy 2005
    2:10, table 7).
    """
    _fail_if_no_effect(flows, effects)
    rows = []
    for option, each in flows.groupby("option_id", sort=False):
        parts = components(each, steps, convention)
        mine = effects[effects["option_id"] == option]
        yearly = mine["effect"].groupby(mine["year"].astype(int)).sum()
        # An effect has no price: it is discounted, never deflated.
        later = present_value(yearly, steps, Convention(convention.base_year, convention.timing))
        rows.append((option, parts["investment"] + parts["operation"], float(yearly.sum()), later))
    table = pd.DataFrame(rows, columns=list(EFFECTIVENESS[:4]))
    table = table.sort_values(["pv_cost", "pv_effect"], ascending=[True, False], kind="stable", ignore_index=True)
    table["cost_per_effect"] = (table["pv_cost"] / table["effect"]).where(table["effect"] > 0.0)
    table["cost_per_pv_effect"] = (table["pv_cost"] / table["pv_effect"]).where(table["pv_effect"] > 0.0)
    status = _dominance(table["pv_cost"].to_numpy(), table["pv_effect"].to_numpy())
    front = table[[s == "frontier" for s in status]]
    steps_up = front[["pv_cost", "pv_effect"]].diff()
    table["d_cost"] = steps_up["pv_cost"].reindex(table.index)
    table["d_effect"] = steps_up["pv_effect"].reindex(table.index)
    table["icer"] = table["d_cost"] / table["d_effect"]
    return table.assign(status=status)[list(EFFECTIVENESS)]


def _dominance(cost: Array, effect: Array) -> list[str]:
    """Return the status of options in order of cost."""
    status = ["frontier"] * len(cost)
    front: list[int] = []
    for i in range(len(cost)):
        if front and effect[i] <= effect[front[-1]]:
            status[i] = "dominated"
            continue
        while len(front) > 1 and _slope(cost, effect, front[-2], front[-1]) >= _slope(cost, effect, front[-1], i):
            status[front.pop()] = "extended dominated"
        front.append(i)
    return status


def _slope(cost: Array, effect: Array, start: int, end: int) -> float:
    return float((cost[end] - cost[start]) / (effect[end] - effect[start]))


def scale_curve(
    flows: pd.DataFrame, scales: Mapping[str, float], steps: Steps, convention: Convention = PLAIN
) -> pd.DataFrame:
    """Return what each step up in scale adds.

    Parameters
    ----------
    flows
        Table ``flows`` of one unit: one option a scale.
    scales
        The size of each option (km, beds, tonnes a day).
    steps
        The schedule of discount rates.
    convention
        When flows fall and in what prices.

    Returns
    -------
    DataFrame
        In order of scale: ``option_id, scale, npv``; against the scale before (the first against nothing)
        ``d_scale, d_benefit, d_cost, d_npv, per_unit`` (d_npv / d_scale), ``worth_it`` (d_npv > 0), ``text_zh,
        text_en``.

    Raises
    ------
    ScoreError
        If an option has no scale, or two have the same.
    """
    table = appraise(flows, steps, convention)
    _fail_if_no_scale(table, scales)
    table["scale"] = table["option_id"].map(scales).astype(float)
    table = table.sort_values("scale", kind="stable", ignore_index=True)
    before = table[["scale", "pv_benefit", "pv_cost", "npv"]].shift(fill_value=0.0)
    table["d_scale"] = table["scale"] - before["scale"]
    table["d_benefit"] = table["pv_benefit"] - before["pv_benefit"]
    table["d_cost"] = table["pv_cost"] - before["pv_cost"]
    table["d_npv"] = table["npv"] - before["npv"]
    table["per_unit"] = table["d_npv"] / table["d_scale"].where(table["d_scale"] > 0.0)
    table["worth_it"] = table["d_npv"] > 0.0
    words = [_say(i, row) for i, row in enumerate(table.to_dict("records"))]
    return table.assign(text_zh=[zh for zh, _ in words], text_en=[en for _, en in words])[list(SCALE)]


def _say(at: int, row: Mapping[str, float]) -> tuple[str, str]:
    to, gain = number(row["scale"]), row["d_npv"]
    zh, en = (
        (f"规模增至 {to}", f"going up to {to}") if at else (f"规模 {to}（与不做相比）", f"at {to} (against nothing)")
    )
    if gain == 0.0:
        return (f"{zh}，净现值不变", f"{en} leaves the net present value as it is")
    amount = number(abs(gain), 2)
    return (
        f"{zh}，净现值{'增加' if gain > 0 else '减少'} {amount}",
        f"{en} {'adds' if gain > 0 else 'takes'} {amount} {'to' if gain > 0 else 'from'} the net present value",
    )


def _fail_if_no_effect(flows: pd.DataFrame, effects: pd.DataFrame) -> None:
    without = sorted(set(flows["option_id"]) - set(effects.dropna(subset=["effect"])["option_id"]))
    what = ("no effect stated", "未说明效果")
    fail_if_any(ScoreError, "effects", [Problem(what, str(o), column="effect") for o in without])


def _fail_if_no_scale(table: pd.DataFrame, scales: Mapping[str, float]) -> None:
    names = [str(o) for o in table["option_id"]]
    bad = [o for o in names if o not in scales or not np.isfinite(scales[o])]
    problems = [Problem(("no scale stated", "未说明规模"), o, column="scale") for o in bad]
    known = pd.Series({o: scales[o] for o in names if o not in bad}, dtype=float)
    twice = known[known.duplicated(keep=False)]
    what = ("two options of one scale", "两个方案规模相同")
    problems += [Problem(what, str(o), got=str(s), column="twice") for o, s in twice.items()]
    fail_if_any(ScoreError, "scales", problems)
