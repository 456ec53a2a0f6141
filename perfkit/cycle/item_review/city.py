"""New York City: what seven years say about the targets of the eighth."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from perfkit import readers
from perfkit.cycle.item_review.columns import Pair, met
from perfkit.measure import items

_CONFIDENCE = 0.95
_NO_CITY: Pair = (
    "未给出纽约市数据文件，本节不作分析（参数 nyc 填写 indicator_level.csv 的路径）。",
    "No file of New York City is given, nothing is analysed here (parameter nyc: the path of indicator_level.csv).",
)


@dataclass(frozen=True)
class City:
    """New York City's targets held against seven years of its own values.

    ``targets`` has a row an indicator with a target and enough past: ``indicator_id, level3, direction, target``,
    ``years``, ``met`` (share of past years that meet it), ``median, demanding`` (standards from history) and
    ``verdict_zh, verdict_en`` (of its drift); ``counts`` a row a range of ``met``. Without a file both are empty.
    """

    targets: pd.DataFrame
    counts: pd.DataFrame
    facts: tuple[Pair, ...]


def city(path: str, *, least: int, level: float) -> City:
    """Hold New York City's targets of 2023 against its values of 2016 to 2022; without a path, say so.

    Parameters
    ----------
    path
        ``indicator_level.csv`` of the Comptroller (:func:`perfkit.readers.nyc_indicators`); empty: none.
    least
        Fewest past years from which a standard is proposed.
    level
        How demanding the second standard is, as in :func:`perfkit.measure.items.standards`; the first is the median.
    """
    if not path:
        return City(pd.DataFrame(columns=["indicator_id"]), pd.DataFrame(columns=["met"]), (_NO_CITY,))
    source = readers.nyc_indicators(path)
    library = source["indicators"].set_index("indicator_id")
    past = source["history"].pivot(index="year", columns="indicator_id", values="actual")[library.index]  # noqa: PD010
    proposed = items.standards(past, library["direction"].to_dict(), least=least, levels=[0.5, level])
    drift = items.drift(past.reset_index(), None, confidence=_CONFIDENCE)
    trend = drift[drift["figure"].eq("mean")].set_index("indicator_id")
    table = library[["level3", "direction", "target"]].copy()
    table["years"] = past.notna().sum()
    table["met"] = [met(past[row.Index], row.direction, row.target) for row in table.itertuples()]
    for name, at in (("median", 0.5), ("demanding", level)):
        table[name] = proposed[proposed["level"].eq(at)].set_index("indicator_id")["target"]
    table[["verdict_zh", "verdict_en"]] = trend[["verdict_zh", "verdict_en"]]
    enough = table[table["years"] >= least].reset_index()
    return City(enough, _counted(enough), _city_facts(table, enough, least))


def _counted(table: pd.DataFrame) -> pd.DataFrame:
    """Count the targets by the share of past years that met them, and by the drift of their values."""
    words = {
        "never": ("历年均未达到", "met in no year"),
        "some": ("部分年度达到", "met in some years"),
        "always": ("历年均已达到", "met in every year"),
    }
    kind = table["met"].map(lambda share: "never" if share == 0 else "always" if share == 1 else "some")
    found = pd.DataFrame({"label_zh": [zh for zh, _ in words.values()], "label_en": [en for _, en in words.values()]})
    found["targets"] = [int(kind.eq(each).sum()) for each in words]
    found["share"] = found["targets"] / max(len(table), 1)
    return found


def _city_facts(all_targets: pd.DataFrame, table: pd.DataFrame, least: int) -> tuple[Pair, ...]:
    few = len(all_targets) - len(table)
    always, never = int(table["met"].eq(1).sum()), int(table["met"].eq(0).sum())
    better = table["direction"].map({"ge": "rises", "le": "falls"}).eq(table["verdict_en"]).sum()
    worse = table["direction"].map({"ge": "falls", "le": "rises"}).eq(table["verdict_en"]).sum()
    ge, chance = table["direction"].eq("ge"), round((1 - _CONFIDENCE) * len(table))
    softer = int((table["target"] < table["median"]).where(ge, table["target"] > table["median"]).sum())
    return (
        (
            f"纽约市 {len(all_targets)} 项指标定有 2023 年目标，其中 {len(table)} 项有至少 {least} 个历史年度的值"
            f"（{few} 项不足，不作判断）。按 2016 至 2022 年的值，{always} 项目标历年都已达到，{never} 项从未达到；"
            f"{softer} 项目标比历史中位数还宽。",
            f"Of New York City's {len(all_targets)} targets for 2023 {len(table)} have values of {least} past years "
            f"or more ({few} have fewer and are left out). By the values of 2016 to 2022, {always} targets were met "
            f"in every year and {never} in none; {softer} are softer than the median of the past.",
        ),
        (
            f"{int(better)} 项的值明显朝期望方向变化，{int(worse)} 项明显相反，其余没有明确趋势。若都没有趋势，"
            f"偶然也会有约 {chance} 项显得有：逐项的结论只是线索。",
            f"The values of {int(better)} clearly move as desired, of {int(worse)} clearly the other way; the others "
            f"show no clear trend. If none had one, about {chance} would seem to by chance: each verdict is a hint.",
        ),
    )
