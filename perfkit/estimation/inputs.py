"""What estimators take: numbers, labels and domains, one a row of the sample and none missing."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.design import Codes, Design, Floats
from perfkit.estimation.intervals import WHOLE

Values: TypeAlias = npt.ArrayLike


class Domains(NamedTuple):
    """The domain of each row as a code, their names in order, and each one's rows, sum of weights and df."""

    codes: Codes
    names: list[str]
    n: Codes
    units: Floats
    df: Codes


def domains(by: Values | None, design: Design) -> Domains:
    """Return the domains of ``by``, the whole as one if it is left out.

    Raises
    ------
    SampleError
        If rows have no domain, or there are more or fewer than rows.
    """
    if by is None:
        codes: Codes = np.zeros(design.n, dtype=np.int64)
        names, df = [WHOLE], np.array([design.df])
    else:
        label = complete(by, design)
        found, unique = pd.factorize(label, sort=True)
        codes, names = found.astype(np.int64), [str(each) for each in unique]
        df = _freedom(codes, len(names), design)
    n = np.bincount(codes, minlength=len(names))
    units: Floats = np.bincount(codes, design.weights, len(names)).astype(float)
    return Domains(codes, names, n, units, df)


def numbers(values: Values, design: Design) -> Floats:
    """Return ``values`` as floats.

    Raises
    ------
    SampleError
        If they are no finite numbers, or more or fewer than the rows of the design.
    """
    y: Floats = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    fail_if_not_as_long(len(y), design)
    fail_if_missing(~np.isfinite(y), ("no finite number", "不是有限的数"))
    return y


def complete(labels: Values, design: Design) -> pd.Series:
    """Return ``labels`` as a series.

    Raises
    ------
    SampleError
        If some are missing, or there are more or fewer than rows of the design.
    """
    held = pd.Series(labels).reset_index(drop=True)
    fail_if_not_as_long(len(held), design)
    fail_if_missing(held.isna().to_numpy(), ("no label", "没有标签"))
    return held


def _freedom(codes: Codes, k: int, design: Design) -> Codes:
    """Return the first-stage units less the strata that each domain has, the certain ones left out."""
    open_ = design.inclusion < 1
    domain = codes[open_]

    def count(group: Codes) -> Codes:
        # Counting beats finding the unique pairs, which hashes or sorts them.
        seen = np.bincount(group[open_] * k + domain, minlength=(int(group.max()) + 1) * k) > 0
        return np.asarray(seen.reshape(-1, k).sum(axis=0), dtype=np.int64)

    units = np.bincount(domain, minlength=k) if design.unclustered else count(design.clusters)
    return np.asarray(units - count(design.strata), dtype=np.int64)


def fail_if_not_as_long(length: int, design: Design) -> None:
    """Raise SampleError unless there are as many as the rows of the design."""
    if length != design.n:
        what = ("values and rows of the sample differ in number", "数值个数与样本行数不一致")
        fail_if_any(SampleError, "sample 样本", [Problem(what, "", str(design.n), str(length))])


def fail_if_missing(missing: npt.NDArray[np.bool_], what: tuple[str, str]) -> None:
    """Raise SampleError with each row that is missing."""
    do = (
        "take units without a check out of the sample and let nonresponse weights stand for them",
        "未能核查的单位请从样本中去掉，由无应答权重代表",
    )
    problems = [Problem(what, f"row {row + 1} 第 {row + 1} 行", do=do) for row in np.flatnonzero(missing)]
    fail_if_any(SampleError, "values 数值", problems)
