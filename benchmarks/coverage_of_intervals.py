"""How often 95 % intervals cover the truth where it is known: real ratings, a tenth drawn many times.

The Asian Development Bank's projects with a self-rating and its independent validation (and money), and the World
Bank's ratings as a frame. A row: draws that cover, bias in standard errors, mean width. Reads ../shared.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from perfkit import estimation as es
from perfkit.errors import SampleError
from perfkit.readers import official

SHARED = Path(__file__).resolve().parents[2] / "shared" / "samples"
ADB = SHARED / "adb_success_rates" / "adb_aer2024.csv"
IEG = SHARED / "ieg_ratings" / "ieg_ratings_2026-01-17.csv"
ABSENT = "the folder ../shared with the ratings is not beside this checkout: nothing was measured"
Estimator = Callable[[pd.DataFrame, es.Design], pd.DataFrame]


class Target(NamedTuple):
    """A quantity of the frame: its column, the self-scored column beside it, and what is asked of it."""

    name: str
    y: str
    x: str
    what: str


TARGETS = (
    Target("share successful", "success", "self_success", "mean"),
    Target("mean rating", "rank", "self_rank", "mean"),
    Target("money at unsuccessful", "lost", "self_lost", "total"),
)


def adb_frame() -> pd.DataFrame:
    """Return the bank's projects with both ratings: 1,039."""
    raw = pd.read_csv(ADB, dtype=str, keep_default_na=False)
    raw.columns = pd.Index([" ".join(name.split()) for name in raw.columns])
    ratings = official.adb_ratings(ADB, tags=set(raw["AER Ratings Tag"].str.strip()))
    overall = ratings[ratings["criterion"].eq("overall") & ratings["rank"].notna()]
    wide = overall.pivot_table(index=["unit_id", "department"], columns="layer", values="rank").reset_index()
    both = wide.dropna(subset=["self", "validated"]).copy()
    keys = [raw[name].str.split().str.join(" ") for name in ("Project No.", "Loan/Grant/MFF Number")]
    money = pd.to_numeric(raw["Approved amount (USD mil)"]).set_axis(keys[0] + " " + keys[1])
    both["amount"] = both["unit_id"].map(money.groupby(level=0).first())
    # One project is a department of its own: it joins the smallest.
    counts = both["department"].value_counts()
    both["department"] = both["department"].where(both["department"].map(counts) > 1, counts[counts > 1].index[-1])
    both = both.rename(columns={"self": "self_rank", "validated": "rank"})
    for part in ("", "self_"):
        both[f"{part}success"] = both[f"{part}rank"].ge(2).astype(float)
        both[f"{part}lost"] = both["amount"] * (1 - both[f"{part}success"])
    both["self_grade"] = both["self_rank"].clip(lower=1).astype(int).astype(str)
    return both.reset_index(drop=True)


def simple(frame: pd.DataFrame, n: int, random: np.random.Generator) -> tuple[np.ndarray, es.Design]:
    return random.permutation(len(frame))[:n], es.Design.simple(n, len(frame))


def stratified(frame: pd.DataFrame, n: int, random: np.random.Generator) -> tuple[np.ndarray, es.Design]:
    """Draw from each department in proportion, two at least."""
    order = random.permutation(len(frame))
    strata = frame["department"].to_numpy()[order]
    sizes = pd.Series(strata).value_counts()
    share = (sizes * n / len(frame)).round().clip(lower=2)
    place = pd.Series(strata).groupby(strata).cumcount().to_numpy()
    taken = place < share[strata].to_numpy()
    at = order[taken]
    return at, es.Design.simple(len(at), strata=strata[taken], sizes=sizes[strata[taken]].to_numpy())


def by_amount(frame: pd.DataFrame, n: int, random: np.random.Generator) -> tuple[np.ndarray, es.Design]:
    """Draw with probability proportional to the amount: systematic in random order, certain where it exceeds one."""
    return _in_proportion(frame["amount"].to_numpy(), n, random)


def by_amount_with_a_floor(frame: pd.DataFrame, n: int, random: np.random.Generator) -> tuple[np.ndarray, es.Design]:
    """The same, amounts below the middle one counted as that: no project stands for very many."""
    return _in_proportion(frame["amount"].clip(lower=frame["amount"].median()).to_numpy(), n, random)


def _in_proportion(size: np.ndarray, n: int, random: np.random.Generator) -> tuple[np.ndarray, es.Design]:
    pi = n * size / size.sum()
    while (pi > 1).any():
        certain = pi >= 1
        pi = np.where(certain, 1.0, (n - certain.sum()) * size / size[~certain].sum())
    order = random.permutation(len(size))
    reached = np.cumsum(pi[order]) + random.random()
    at = order[np.floor(reached + 1e-9) > np.floor(reached - pi[order] + 1e-9)]
    certain = (pi[at] >= 1).astype(np.int64)
    return at, es.Design(1 / pi[at], certain, np.arange(len(at)), pi[at])


DESIGNS = {
    "simple random": simple,
    "stratified by department": stratified,
    "in proportion to amount": by_amount,
    "to amount, with a floor": by_amount_with_a_floor,
}


def estimators(frame: pd.DataFrame, target: Target) -> dict[str, Estimator]:
    """Return every estimator on offer for a target, by name, each with its usual interval."""
    units, what = len(frame), target.what
    columns = [target.x] if what == "mean" else [target.x, "amount"]
    x, known = frame[target.x], es.known_totals(frame[columns])
    known_both = es.known_totals(frame[[*columns, "department"]])
    grades = frame["self_grade"].value_counts()
    margins = {"self_grade": grades.to_dict(), "department": frame["department"].value_counts().to_dict()}
    plain = es.mean if what == "mean" else es.total

    def times(found: pd.DataFrame, by: float) -> pd.DataFrame:
        return found.assign(**{name: found[name] * by for name in ("estimate", "se", "low", "high")})

    def of_mean(found: pd.DataFrame) -> pd.DataFrame:
        return found if what == "mean" else times(found, units)

    def of_total(found: pd.DataFrame) -> pd.DataFrame:
        return found if what == "total" else times(found, 1 / units)

    def powered(rows: pd.DataFrame, design: es.Design, tuned: bool) -> pd.DataFrame:
        return of_mean(es.prediction_powered_mean(rows[target.y], rows[target.x], x, design, tuned=tuned))

    def replicated(rows: pd.DataFrame, made: es.Replicates, interval: str) -> pd.DataFrame:
        y = rows[target.y].to_numpy()
        if what == "mean":
            return es.replicated(lambda w: w @ y / w.sum(axis=1), made, interval=interval)
        return es.replicated(lambda w: w @ y, made, interval=interval)

    ways: dict[str, Estimator] = {
        "expansion (HT)": lambda r, d: of_total(es.total(r[target.y], d)),
        "Hájek": lambda r, d: of_mean(es.mean(r[target.y], d)),
        "ratio": lambda r, d: es.ratio_estimate(r[target.y], r[target.x], x, d, what=what),
        "difference": lambda r, d: es.difference(r[target.y], r[target.x], x, d, what=what),
        "GREG": lambda r, d: plain(r[target.y], es.calibrate(d, r, known)),
        "GREG, departments": lambda r, d: plain(r[target.y], es.calibrate(d, r, known_both)),
        "post-stratified": lambda r, d: plain(r[target.y], es.post_stratify(d, r["self_grade"], grades)),
        "raked": lambda r, d: plain(r[target.y], es.rake(d, r, margins)),
        "logit (0.2 to 5)": lambda r, d: plain(
            r[target.y], es.calibrate(d, r, known, method="logit", bounds=(0.2, 5))
        ),
        "PPI": lambda r, d: powered(r, d, tuned=False),
        "PPI++": lambda r, d: powered(r, d, tuned=True),
        "jackknife, t": lambda r, d: replicated(r, es.jackknife(d), "t"),
        "bootstrap, percentile": lambda r, d: replicated(r, es.bootstrap(d, 400, seed=1), "percentile"),
        "plain, t": lambda r, d: plain(r[target.y], d, interval="t"),
    }
    if target.y == "success":
        for name in ("wilson", "korn_graubard", "logit"):
            ways[f"share, {name}"] = lambda r, d, name=name: es.shares(
                r[target.y], d, levels=[1.0, 0.0], interval=name
            ).head(1)
    if what == "total":
        ways["expansion, log"] = lambda r, d: es.total(r[target.y], d, interval="log")
    return ways


def coverage(frame: pd.DataFrame, design: str, target: Target, draws: int, seed: int) -> pd.DataFrame:
    """Return a row an estimator: ``cover`` (of the draws), ``bias`` over the spread, mean ``width``, ``refused``."""
    random = np.random.default_rng(seed)
    truth = float(frame[target.y].agg("mean" if target.what == "mean" else "sum"))
    ways = estimators(frame, target)
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in ways}
    for _ in range(draws):
        at, drawn = DESIGNS[design](frame, round(len(frame) / 10), random)
        rows = frame.iloc[at].reset_index(drop=True)
        for name, way in ways.items():
            # A margin without a unit in the sample is refused, as it should be, and counted.
            with suppress(SampleError):
                row = way(rows, drawn)[["estimate", "low", "high"]].to_numpy(dtype=float)[0]
                found[name].append(tuple(row))
    made = []
    for name, each in found.items():
        estimate, low, high = np.array(each).T
        made.append(
            {
                "design": design,
                "target": target.name,
                "estimator": name,
                "cover": ((low <= truth) & (truth <= high)).mean(),
                "bias": (estimate.mean() - truth) / estimate.std(),
                "width": (high - low).mean(),
                "refused": draws - len(each),
            }
        )
    return pd.DataFrame(made)


def regions(draws: int, seed: int) -> pd.DataFrame:
    """Return how often the share rated moderately satisfactory or better is covered: the World Bank's, by region."""
    ratings = official.ieg_ratings(IEG)
    outcome = ratings[ratings["criterion"].eq("outcome") & ratings["rank"].notna()]
    frame = outcome.rename(columns={"department": "region"}).reset_index(drop=True)
    frame["success"] = frame["rank"].ge(3)
    truth = frame["success"].mean()
    frame["department"] = frame["region"].fillna("none")
    small = frame["department"].map(frame["department"].value_counts()) < 100
    frame["department"] = frame["department"].mask(small, "other")
    random = np.random.default_rng(seed)
    found: dict[tuple[float, str], list[tuple[float, float]]] = {}
    for _ in range(draws):
        for rate in (0.01, 0.1):
            at, drawn = stratified(frame, round(rate * len(frame)), random)
            for interval in ("t", "wilson", "korn_graubard"):
                row = es.shares(frame["success"].to_numpy()[at], drawn, levels=[True, False], interval=interval).iloc[
                    0
                ]
                found.setdefault((rate, interval), []).append((row["low"], row["high"]))
    made = []
    for (rate, interval), each in found.items():
        low, high = np.array(each).T
        covered = ((low <= truth) & (truth <= high)).mean()
        made.append({"drawn": rate, "interval": interval, "cover": covered, "width": (high - low).mean()})
    return pd.DataFrame(made)


def main(draws: int) -> None:
    if not ADB.exists():
        print(ABSENT)
        return
    frame = adb_frame()
    print(f"{len(frame):,} projects of the Asian Development Bank, a tenth drawn {draws:,} times")
    with ProcessPoolExecutor() as pool:
        jobs = [pool.submit(coverage, frame, design, target, draws, 1) for design in DESIGNS for target in TARGETS]
        for job in jobs:
            print(job.result().round(3).to_string(index=False), flush=True)
    print("World Bank, share moderately satisfactory or better, stratified by region")
    print(regions(draws, seed=1).round(4).to_string(index=False))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
