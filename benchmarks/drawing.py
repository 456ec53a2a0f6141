"""A stratified draw by size: 100,000 out of 1,000,000 in 100 strata, certain units among them, numbers given.

Against svy's systematic draw by size of the same frame, and one np.cumsum of the frame's sizes. Then the draw with
its numbers made, against a bare loop of SHA-256 over the codes; all of `draw` from a frame; and how time grows.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
from measuring import in_a_fresh_process, paired, seconds

from perfkit.sampling import draw, permanent, select

STRATA = 100
SHARE = 10
METHODS = ("sequential_poisson", "pareto", "pps_systematic")


class Frame:
    """Codes, strata, skewed sizes (a tenth of the sample is certain), numbers and starts."""

    def __init__(self, units: int) -> None:
        random = np.random.default_rng(units)
        self.ids = [f"P{at:08d}" for at in range(units)]
        self.strata = random.integers(0, STRATA, units)
        self.size = random.lognormal(13, 1.5, units).round(2)
        self.numbers, self.starts = random.random(units), random.random(STRATA)
        self.n = np.full(STRATA, units // STRATA // SHARE)

    def draw(self, method: str, numbers: np.ndarray | None = None) -> np.ndarray:
        given = self.numbers if numbers is None else numbers
        drawn = select(self.strata, self.n, given, method=method, size=self.size, starts=self.starts)
        return np.column_stack([drawn.rows, drawn.inclusion, 1 / drawn.inclusion])


def svy_draw(frame: Frame) -> Callable[[], object]:
    """Return svy's systematic draw by size; it changes its sample, so each call has one of its own, made before."""
    import polars as pl
    import svy

    data = pl.DataFrame({"id": frame.ids, "stratum": frame.strata.astype(str), "size": frame.size})
    counts = {str(code): int(n) for code, n in enumerate(frame.n)}
    design = svy.Design(stratum="stratum", mos="size")
    samples = [svy.Sample(data, design=design) for _ in range(12)]
    return lambda: samples.pop().sampling.pps_sys(counts, certainty_threshold=1.0, rstate=1)


def beside_a_sum(units: int, method: str) -> str:
    frame = Frame(units)
    sure = int((frame.draw(method)[:, 1] == 1).sum())
    mine, base, ratio = paired(lambda: frame.draw(method), lambda: np.cumsum(frame.size), runs=15)
    return (
        f"{units:>9,} units, {method}: perfkit {mine * 1e3:.1f} ms, np.cumsum {base * 1e3:.2f} ms: "
        f"{ratio:.1f} times ({sure:,} certain)"
    )


def beside_svy(units: int, method: str) -> str:
    frame = Frame(units)
    call = svy_draw(frame)
    frame.draw(method), call()
    mine, theirs, ratio = paired(lambda: frame.draw(method), call, runs=9)
    return f"{units:>9,} units, {method}: perfkit {mine:.4f} s, svy pps_sys {theirs:.4f} s: 1 / {1 / ratio:.1f}"


def beside_a_hash(units: int, method: str) -> str:
    frame = Frame(units)

    def bare() -> list[bytes]:
        return [hashlib.sha256(each.encode()).digest() for each in frame.ids]

    bare()
    mine, base, ratio = paired(lambda: frame.draw(method, permanent(frame.ids, "seed")), bare, runs=7)
    return (
        f"{units:>9,} units, numbers and {method}: perfkit {mine:.2f} s, hashlib loop {base:.2f} s: {ratio:.2f} times"
    )


def whole(units: int, method: str) -> str:
    frame = Frame(units)
    labels = np.array([f"S{code:03d}" for code in range(STRATA)])
    table = pd.DataFrame({"unit_id": frame.ids, "stratum": labels[frame.strata], "budget": frame.size})
    counts = dict(zip(labels, frame.n, strict=True))
    took = seconds(lambda: draw(table, counts, seed="seed", method=method, size="budget"))
    return f"{units:>9,} units, {method} from a frame, checks and numbers included: {took:.2f} s"


def grows(units: int, method: str) -> str:
    small, large = Frame(units), Frame(units * 10)
    mine, base, ratio = paired(lambda: large.draw(method), lambda: small.draw(method), runs=9)
    return (
        f"{units:>9,} -> {units * 10:,} units, {method}: {base * 1e3:.1f} -> {mine * 1e3:.1f} ms: {ratio:.1f} times"
    )


PARTS = {"sum": beside_a_sum, "svy": beside_svy, "hash": beside_a_hash, "whole": whole, "grows": grows}


def main() -> None:
    for method in METHODS:
        print(in_a_fresh_process(__file__, "sum", 1_000_000, method))
        print(in_a_fresh_process(__file__, "svy", 1_000_000, method))
    print(in_a_fresh_process(__file__, "hash", 1_000_000, METHODS[0]))
    for units in (100_000, 1_000_000):
        print(in_a_fresh_process(__file__, "whole", units, METHODS[0]))
    for units in (100_000, 300_000):
        print(in_a_fresh_process(__file__, "grows", units, METHODS[0]))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        print(PARTS[sys.argv[1]](int(sys.argv[2]), sys.argv[3]))
