"""A wide table: min-max, weights and grade of 1,000,000 units x 20 indicators, against one sum over the same matrix.

scikit-criteria and pymcdm normalise, weight and aggregate the same matrix; neither grades. Then how sure the grades
are: 10,000 draws of the weights on 5,688 units x 20, with ranks and the probability of each grade.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from measuring import extra_memory, in_a_fresh_process, paired, seconds

from perfkit import rules
from perfkit.measure import aggregating, grading, uncertainty

INDICATORS = 20
NAMES = [f"I{at:02d}" for at in range(INDICATORS)]
WAYS = {name: "ge" if at % 3 else "le" for at, name in enumerate(NAMES)}
WEIGHTS = dict.fromkeys(NAMES, 1 / INDICATORS)
BANDS = rules.load("cn-project-2020", "2026-06-30").value("grade_bands")


def table(units: int) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(units).uniform(1, 100, (units, INDICATORS)), columns=NAMES)


def graded(frame: pd.DataFrame) -> pd.DataFrame:
    return grading.grade(aggregating.composite(frame, WEIGHTS, WAYS, full=100), BANDS)


def by_scikit_criteria(frame: pd.DataFrame) -> None:
    import skcriteria
    from skcriteria.agg.simple import WeightedSumModel
    from skcriteria.pipelines import mkpipe
    from skcriteria.preprocessing.invert_objectives import NegateMinimize
    from skcriteria.preprocessing.scalers import MinMaxScaler

    objectives = [max if WAYS[name] == "ge" else min for name in NAMES]
    matrix = skcriteria.mkdm(frame.to_numpy(), objectives, weights=list(WEIGHTS.values()), criteria=NAMES)
    mkpipe(NegateMinimize(), MinMaxScaler(target="matrix"), WeightedSumModel()).evaluate(matrix)


def by_pymcdm(frame: pd.DataFrame) -> None:
    from pymcdm.methods import WSM
    from pymcdm.normalizations import minmax_normalization

    types = np.array([1 if WAYS[name] == "ge" else -1 for name in NAMES])
    WSM(normalization_function=minmax_normalization)(frame.to_numpy(), np.array(list(WEIGHTS.values())), types)


def beside_a_sum(units: int) -> str:
    frame = table(units)
    matrix = frame.to_numpy()
    graded(frame)
    mine, base, ratio = paired(lambda: graded(frame), matrix.sum, runs=9)
    extra = extra_memory(lambda: graded(frame)) / matrix.nbytes
    return (
        f"{units:>9,} x {INDICATORS}: perfkit {mine:.3f} s, X.sum() {base:.4f} s: {ratio:.1f} times; "
        f"extra memory {extra:.2f} times the data"
    )


def peer(name: str, units: int) -> str:
    frame = table(units)
    call = {"scikit-criteria": by_scikit_criteria, "pymcdm": by_pymcdm}[name]
    matrix = frame.to_numpy()
    call(table(100))
    theirs, base, ratio = paired(lambda: call(frame), matrix.sum, runs=1)
    return f"{units:>9,} x {INDICATORS}: {name} {theirs:.3f} s, X.sum() {base:.4f} s: {ratio:.0f} times, no grades"


def weights_drawn(units: int, draws: int) -> str:
    shares = pd.DataFrame(np.random.default_rng(1).uniform(0.5, 1, (units, INDICATORS)), columns=NAMES)
    points = pd.Series(100 / INDICATORS, index=NAMES)

    def simulated() -> object:
        weights = uncertainty.vary_weights(points, draws=draws, seed=1)
        bands = {band["grade"]: band["min"] for band in BANDS}
        return uncertainty.simulate(shares, points, bands, weights=weights, seed=1)

    took = seconds(simulated)
    return f"{draws:,} draws of the weights on {units:,} x {INDICATORS}, ranks and grades: {took:.1f} s"


def main() -> None:
    print(in_a_fresh_process(__file__, "sum", 1_000_000))
    for name in ("scikit-criteria", "pymcdm"):
        print(in_a_fresh_process(__file__, name, 1_000_000))
    print(in_a_fresh_process(__file__, "draws", 5_688))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "sum":
        print(beside_a_sum(int(sys.argv[2])))
    elif sys.argv[1] == "draws":
        print(weights_drawn(int(sys.argv[2]), 10_000))
    else:
        print(peer(sys.argv[1], int(sys.argv[2])))
