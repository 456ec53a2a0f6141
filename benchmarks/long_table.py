"""From a long table of values to points, totals and grades: 20 indicators, mixed rules, up to 1,000,000 units.

Beside it a Polars group-by weighted sum over the same rows, which knows no targets, rules, gaps, bounds or grades.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from measuring import extra_memory, in_a_fresh_process, paired, seconds

from perfkit import rules, tables
from perfkit.measure import scorecard

INDICATORS = 20
LEAF = {"level1": "产出", "kind": "quantitative", "direction": "ge", "target": 100.0, "points": 5}
RULES = [
    {},
    {"direction": "le"},
    {"rule": "threshold_2021"},
    {"kind": "satisfaction", "rule": "satisfaction_2021", "unit": "%", "target": 90.0},
    {"direction": "in", "target": 80.0, "target_high": 120.0},
    {"rule": "met_or_not"},
    {"rule": "goalpost", "floor": 10.0},
    {"rule": "deduct_each", "deduct": 0.05, "target": 10.0},
    {"rule": "reverse_excess", "direction": "le"},
    {"kind": "check_points", "check_points": "甲；乙；丙；丁", "direction": None, "target": None},
]
HELD = rules.load("cn-project-2020", "2026-06-30")
LIBRARY = tables.check(
    pd.DataFrame(
        [
            {**LEAF, **RULES[at % len(RULES)], "indicator_id": f"I{at:02d}", "level3": f"x{at}"}
            for at in range(INDICATORS)
        ]
    ),
    "indicators",
)


def values(units: int, kind: str, shuffled: bool) -> pd.DataFrame:
    random = np.random.default_rng(units)
    unit = np.repeat(np.arange(units, dtype=np.int32), INDICATORS)
    leaf = np.tile(np.arange(INDICATORS, dtype=np.int8), units)
    actual = random.uniform(0, 150, len(unit)).round(2)
    actual[leaf % len(RULES) == 3] %= 100
    actual[leaf % len(RULES) == 9] //= 30.01
    names = pd.Series([f"U{at:07d}" for at in range(units)], dtype="str")
    codes = LIBRARY["indicator_id"]
    if shuffled:
        order = random.permutation(len(unit))
        unit, leaf, actual = unit[order], leaf[order], actual[order]
    if kind == "text":
        columns = {"unit_id": names.take(unit), "indicator_id": codes.take(leaf)}
        frame = pd.DataFrame({name: each.reset_index(drop=True) for name, each in columns.items()})
    else:
        frame = pd.DataFrame(
            {
                "unit_id": pd.Categorical.from_codes(unit, names),
                "indicator_id": pd.Categorical.from_codes(leaf, codes),
            }
        )
    return frame.assign(actual=actual)


def score(frame: pd.DataFrame) -> scorecard.Scorecard:
    return scorecard.score(frame, LIBRARY, HELD)


def beside_polars(units: int, kind: str, shuffled: bool) -> str:
    import polars as pl

    frame = values(units, kind, shuffled)
    peer = pl.from_pandas(frame)
    weights = pl.DataFrame({"indicator_id": LIBRARY["indicator_id"].tolist(), "weight": LIBRARY["points"].tolist()})
    weights = weights.with_columns(pl.col("indicator_id").cast(peer["indicator_id"].dtype))

    def sums() -> pl.DataFrame:
        joined = peer.lazy().join(weights.lazy(), on="indicator_id")
        return joined.group_by("unit_id").agg((pl.col("actual") * pl.col("weight")).sum()).collect()

    carried = peer.join(weights, on="indicator_id")

    def sums_of_carried() -> pl.DataFrame:
        return carried.lazy().group_by("unit_id").agg((pl.col("actual") * pl.col("weight")).sum()).collect()

    score(frame)
    sums()
    mine, theirs, ratio = paired(lambda: score(frame), sums)
    _, bare, bare_ratio = paired(lambda: score(frame), sums_of_carried, runs=3)
    order = "shuffled" if shuffled else "by unit"
    return (
        f"{units:>9,} units, {kind:8} {order:8}: perfkit {mine:6.3f} s, Polars {theirs:6.3f} s: {ratio:4.1f} times "
        f"(weights already in every row: {bare:5.3f} s, {bare_ratio:4.1f} times)"
    )


def memory(units: int, kind: str) -> str:
    frame = values(units, kind, shuffled=False)
    size = int(frame.memory_usage(deep=True).sum())
    score(values(1_000, kind, shuffled=False))
    extra = extra_memory(lambda: score(frame))
    return (
        f"{units:>9,} units, {kind:8}: input {size / 1e6:5.0f} MB, input and all that scoring adds at its peak "
        f"{(size + extra) / size:4.2f} times"
    )


def main() -> None:
    for kind, shuffled in (("text", False), ("category", False), ("text", True)):
        print(in_a_fresh_process(__file__, "polars", 1_000_000, kind, shuffled))
    for kind in ("text", "category"):
        print(in_a_fresh_process(__file__, "memory", 1_000_000, kind))
    for units in (10_000, 100_000, 1_000_000):
        print(in_a_fresh_process(__file__, "linear", units))
    print(in_a_fresh_process(__file__, "explain", 1_000_000))


def part(name: str, units: int, kind: str = "text", shuffled: str = "False") -> str:
    if name == "polars":
        return beside_polars(units, kind, shuffled == "True")
    if name == "memory":
        return memory(units, kind)
    frame = values(units, kind, shuffled=False)
    score(values(1_000, kind, shuffled=False))
    if name == "linear":
        best = sorted(seconds(lambda: score(frame)) for _ in range(5))[2]
        return f"{units:>9,} units: {best:6.3f} s, {1e6 * best / units:5.2f} microseconds a unit"
    card = score(frame)
    took = seconds(lambda: card.of("U0000007").items)
    return f"{units:>9,} units: the twenty sentences of one unit, afterwards: {1000 * took:.0f} ms"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(part(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
    else:
        main()
