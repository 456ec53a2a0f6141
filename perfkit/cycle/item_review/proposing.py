"""Standards proposed from past values, beside the targets in force."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from perfkit.cycle.item_review.columns import NAMES, Pair, met, named
from perfkit.measure import items
from perfkit.measure.explaining import number, percent


def proposals(
    values: pd.DataFrame,
    units: pd.DataFrame,
    library: pd.DataFrame,
    *,
    least: int,
    levels: Sequence[float],
    by_group: bool = False,
) -> pd.DataFrame:
    """Return standards proposed from past values, beside the targets in force.

    Parameters
    ----------
    values, units, library
        Tables ``values`` (verified wins over actual), ``units`` (``peer_group``) and ``indicators``; indicators with
        a direction of more or less only.
    least, levels
        As in :func:`perfkit.measure.items.standards`.
    by_group
        Propose for each peer group, instead of for all units.

    Returns
    -------
    DataFrame
        As ``items.standards`` with ``level3, name_en`` after the code, ``present`` (the target in force),
        ``present_met`` (share of these past values that meet it), and both shares in per cent.
    """
    library = named(library[library["direction"].isin(["ge", "le"])])
    used = values.assign(used=values["verified"].fillna(values["actual"]), year=values["year"].fillna(0))
    past = used.pivot(index=["unit_id", "year"], columns="indicator_id", values="used")  # noqa: PD010 - as above
    past = past[[code for code in library.index if code in past.columns]].reset_index(level="year", drop=True)
    group = units.drop_duplicates("unit_id").set_index("unit_id")["peer_group"].reindex(past.index)
    ways = library["direction"].to_dict()
    table = items.standards(past, ways, least=least, levels=levels, groups=group if by_group else None)
    if by_group:
        table = table[table["group"].notna()].reset_index(drop=True)
    table["present"] = table["indicator_id"].map(library["target"])
    table["present_met"] = [
        met(past.loc[group.eq(row.group) | (not by_group), row.indicator_id], row.direction, row.present)
        for row in table.itertuples()
    ]
    for share in ("met", "present_met"):
        table[f"{share.removesuffix('_met')}_percent"] = 100 * table[share]
    return library[NAMES].reset_index().merge(table, on="indicator_id")


def proposals_text(proposed: pd.DataFrame) -> Pair:
    """Return in words how demanding the targets in force are, next to the past."""
    one = proposed.drop_duplicates("indicator_id").dropna(subset=["present_met"])
    if one.empty:
        return ("现行指标值无从比较。", "There are no targets in force to compare.")
    easy, hard = (one.loc[at(one["present_met"])] for at in (pd.Series.idxmax, pd.Series.idxmin))
    return (
        f"现行指标值中，“{easy['level3']}”最宽，{percent(easy['present_met'])} 的历史值已达到；"
        f"“{hard['level3']}”最严，{percent(hard['present_met'])} 达到。"
        "建议值取自历史，只说明同类单位做到过什么，是否采用由决策人定。",
        f"Of the targets in force '{easy['name_en']}' is the easiest, met by {percent(easy['present_met'])} of the "
        f"past values, '{hard['name_en']}' the hardest, met by {percent(hard['present_met'])}. A proposal from "
        "history says what such units have done; whether to adopt it is for people to decide.",
    )


def proposed_cuts(proposed: pd.DataFrame, indicator_id: str) -> list[tuple[float, str]]:
    """Return the standards proposed for one indicator for a chart: (value, how demanding it is)."""
    mine = proposed[proposed["indicator_id"].eq(indicator_id) & proposed["target"].notna()]
    return [(float(row.target), percent(row.level)) for row in mine.itertuples()]


def proposed_figure_text(proposed: pd.DataFrame, indicator_id: str) -> Pair:
    """Return in words what a chart of one indicator's past values and its proposed standards shows."""
    cuts = proposed_cuts(proposed, indicator_id)
    zh = "、".join(f"{level} 水平为 {number(target, 2)}" for target, level in cuts)
    en = ", ".join(f"{number(target, 2)} at level {level}" for target, level in cuts)
    return (f"历史值的分布；建议标准：{zh or '无'}。", f"Past values; proposed standards: {en or 'none'}.")
