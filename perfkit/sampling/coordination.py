"""Samples that know of each other: rotate between years, go on from last year's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.sampling.inclusion import Codes, Floats
from perfkit.sampling.numbers import permanent


def read_on(numbers: Floats, start: float | Floats) -> Floats:
    r"""Return the numbers as read on from ``start``, around the circle: :math:`(u - start) \bmod 1`.

    Notes
    -----
    The start is taken to the next multiple of 2**-52; permanent numbers are odd multiples of 2**-53, so nothing is
    rounded and no number becomes 0 or 1.

    Examples
    --------
    >>> read_on(np.array([0.125, 0.625, 0.875]), 0.5).tolist()
    [0.625, 0.125, 0.375]
    """
    at = np.ceil(np.asarray(start) * 2.0**52) * 2.0**-52
    return np.asarray(np.where(numbers > at, numbers - at, numbers + (1 - at)), dtype=np.float64)


def after_last(numbers: Floats, strata: Codes, labels: Sequence[str], last: pd.DataFrame, seed: str | int) -> Floats:
    """Return the numbers as read on, in each stratum, from the last unit that ``last`` drew at random there.

    Raises
    ------
    SampleError
        If the numbers of ``last`` were made of another seed, or it has strata that are not among ``labels``.
    """
    drawn = last[last["part"].eq("random")]
    same = permanent(drawn["unit_id"].astype("str"), seed) == drawn["random_number"].to_numpy(dtype=float)
    problems = [
        Problem(
            ("last year's numbers were made of another seed", "上年样本的随机数出自另一种子"),
            str(unit),
            do=("draw with last year's seed", "请沿用上年的种子"),
            column="random_number",
        )
        for unit in drawn["unit_id"][~same]
    ]
    problems += [
        Problem(
            (
                "a stratum of last year is not in the frame: who was drawn in it cannot be avoided",
                "抽样框中没有上年的这一层，无法避开",
            ),
            str(each),
            ", ".join(labels),
            do=("draw with last year's strata, or use read_from", "请沿用上年分层，或用 read_from 轮换"),
            column="stratum",
        )
        for each in sorted(set(drawn["stratum"]) - set(labels))
    ]
    fail_if_any(SampleError, "avoid 上年样本", problems)
    ends = drawn.sort_values("order").drop_duplicates("stratum", keep="last").set_index("stratum")["random_number"]
    starts = ends.reindex(list(labels)).fillna(0.0).to_numpy(dtype=float)
    return read_on(numbers, starts[strata])
