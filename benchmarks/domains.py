"""Fifty domain means with standard errors from 100,000 rows in strata, beside svy; and the bootstrap of grade shares.

Both linearise over the full sample and use the weights and strata. The bootstrap has 10,000 replicates of the grade
distribution of 5,688 projects.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
from measuring import extra_memory, in_a_fresh_process, paired, seconds

from perfkit import estimation

DOMAINS, STRATA = 50, 20


def rows(n: int) -> pd.DataFrame:
    random = np.random.default_rng(n)
    columns: dict[str, Any] = {"y": random.normal(80, 8, n), "w": random.uniform(1, 9, n)}
    for name, count in (("domain", DOMAINS), ("stratum", STRATA)):
        names = np.array([f"{name}{at:02d}" for at in range(count)])
        columns[name] = pd.Series(names[random.integers(0, count, n)], dtype="str")
    return pd.DataFrame(columns)


def design(frame: pd.DataFrame) -> estimation.Design:
    n = len(frame)
    strata = pd.factorize(frame["stratum"])[0].astype(np.int64)
    return estimation.Design(frame["w"].to_numpy(), strata, np.arange(n), np.zeros(n))


def means(frame: pd.DataFrame) -> pd.DataFrame:
    return estimation.mean(frame["y"], design(frame), by=frame["domain"])


def beside_svy(n: int) -> str:
    import polars as pl
    import svy

    frame = rows(n)
    sample = svy.Sample(pl.from_pandas(frame), svy.Design(wgt="w", stratum="stratum"))
    theirs_found = sample.estimation.mean("y", by="domain").to_polars()
    found = means(frame)
    apart = np.abs(found["se"].to_numpy() / theirs_found.sort("domain")["se"].to_numpy() - 1).max()
    mine, theirs, ratio = paired(lambda: means(frame), lambda: sample.estimation.mean("y", by="domain"), runs=9)
    return (
        f"{n:>9,} rows, {DOMAINS} domains: perfkit {mine:.4f} s, svy {theirs:.4f} s: {ratio:.2f} times; "
        f"standard errors differ by {apart:.0e} at most"
    )


def linear(n: int) -> str:
    frame = rows(n)
    means(frame.head(1_000))
    median = sorted(seconds(lambda: means(frame)) for _ in range(5))[2]
    return f"{n:>9,} rows: {median:.4f} s, {1e6 * median / n:.2f} microseconds a row"


def bootstrapped(n: int, replicates: int) -> str:
    grade = np.eye(4)[np.random.default_rng(n).integers(0, 4, n)]
    simple = estimation.Design.simple(n)

    def run() -> pd.DataFrame:
        return estimation.replicated(
            lambda weights: weights @ grade / weights.sum(axis=1, keepdims=True),
            estimation.bootstrap(simple, replicates, seed=1),
            names="优良中差",
        )

    took = seconds(run)
    extra = extra_memory(run) / 1e6
    return f"{replicates:,} bootstrap replicates of the grade shares of {n:,}: {took:.2f} s, {extra:.0f} MB more"


def main() -> None:
    print(in_a_fresh_process(__file__, "svy", 100_000))
    for n in (10_000, 100_000, 1_000_000):
        print(in_a_fresh_process(__file__, "linear", n))
    print(in_a_fresh_process(__file__, "bootstrap", 5_688, 10_000))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        part = {"svy": beside_svy, "linear": linear, "bootstrap": bootstrapped}[sys.argv[1]]
        print(part(*map(int, sys.argv[2:])))
