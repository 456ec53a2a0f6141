"""What is uncertain: named distributions, one row an input, and draws from them with given rank correlations.

The table of inputs has ``name``, as the model knows it; ``zh, en``, how it is printed (missing: ``name``);
``distribution`` (triangular, pert, normal, lognormal or uniform); ``base``, the
value in the plan; and parameters: ``low, mode, high`` (triangular, pert), ``low, high`` (uniform), ``mean, sd``
(normal; lognormal: of the quantity itself, not of its logarithm).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from perfkit.errors import Problem, ScoreError, fail_if_any

Array = npt.NDArray[np.float64]
Model = Callable[[pd.DataFrame], Array]

INPUTS = ("name", "zh", "en", "distribution", "base", "low", "mode", "high", "mean", "sd")
PARAMETERS = {
    "triangular": ("low", "mode", "high"),
    "pert": ("low", "mode", "high"),
    "uniform": ("low", "high"),
    "normal": ("mean", "sd"),
    "lognormal": ("mean", "sd"),
}
_FIT = {"high": "low ≤ mode ≤ high, low < high", "sd": "sd > 0, lognormal: mean > 0"}
_DUST = 1e-10  # of an eigenvalue: smaller ones are zero


def checked(inputs: pd.DataFrame) -> pd.DataFrame:
    """Return the inputs with all columns of the table, in order of their names.

    Raises
    ------
    ScoreError
        With every input that has an unknown distribution, lacks a parameter, or has parameters that do not fit
        (low ≤ mode ≤ high, low < high, sd > 0, mean > 0 for lognormal), and every name that stands twice.
    """
    rows = inputs.reindex(columns=list(INPUTS))
    for label in ("zh", "en"):
        rows[label] = rows[label].astype(object).where(rows[label].notna(), rows["name"])
    problems = []
    for row in rows.to_dict("records"):
        kind, name = row["distribution"], str(row["name"])
        if kind not in PARAMETERS:
            what = ("unknown distribution", "未知的分布")
            problems.append(Problem(what, name, ", ".join(PARAMETERS), str(kind), column="distribution"))
            continue
        missing = [p for p in ("base", *PARAMETERS[kind]) if not _is_number(row[p])]
        problems += [Problem(("no number", "缺少数值"), f"{name} › {p}", column="parameter") for p in missing]
        if not missing and not _fits(kind, row):
            got = ", ".join(f"{p} = {row[p]}" for p in PARAMETERS[kind])
            what = ("parameters do not fit", "参数不合")
            problems.append(Problem(what, name, _FIT[PARAMETERS[kind][-1]], got, column="fit"))
    twice = rows.loc[rows["name"].duplicated(), "name"]
    problems += [Problem(("this name stands twice", "名称重复"), str(n), column="twice") for n in twice]
    if rows.empty:
        problems = [Problem(("no input", "没有不确定的输入"))]
    fail_if_any(ScoreError, "inputs", problems)
    return rows.sort_values("name", key=lambda names: names.astype(str), ignore_index=True)


def quantiles(inputs: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Return the quantile of each input at shares between 0 and 1 (one column an input).

    Notes
    -----
    PERT is the beta distribution on low to high with the mean (low + 4 mode + high) / 6.

    Examples
    --------
    >>> inputs = pd.DataFrame({"name": ["造价"], "distribution": "triangular", "base": 1.0,
    ...                        "low": 0.9, "mode": 1.0, "high": 1.4})
    >>> quantiles(inputs, pd.DataFrame({"造价": [0.0, 0.2, 1.0]})).round(4)["造价"].tolist()
    [0.9, 1.0, 1.4]
    """
    rows = checked(inputs).to_dict("records")
    return pd.DataFrame({r["name"]: _distribution(r).ppf(shares[r["name"]].to_numpy(dtype=float)) for r in rows})


def draws(inputs: pd.DataFrame, *, n: int, seed: int, rank_correlation: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return ``n`` draws of the inputs, one column each.

    Parameters
    ----------
    inputs
        The table of inputs.
    n
        How many draws.
    seed
        The same seed gives the same draws, whatever the order of the inputs.
    rank_correlation
        Spearman's rank correlations between inputs, a square frame with names as index and columns; inputs not in it
        are independent of all others.

    Raises
    ------
    ScoreError
        If the correlations name an unknown input, are not symmetric with ones on the diagonal, or contradict each
        other (no joint distribution has them).

    Notes
    -----
    A Gaussian copula: normal scores with Pearson correlation 2 sin(π ρ / 6), where ρ is the rank correlation, pass
    through the normal distribution into each input's quantile function, so the marginals are exactly as given.
    """
    table = checked(inputs)
    names = [str(name) for name in table["name"]]
    normal = np.column_stack([_stream(seed, name).standard_normal(n) for name in names])
    scores = normal @ _root(names, rank_correlation).T
    return quantiles(table, pd.DataFrame(stats.norm.cdf(scores), columns=table["name"]))


def rank_matrix(inputs: pd.DataFrame, rank_correlation: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rank correlations of all inputs, identity where none is given.

    Raises
    ------
    ScoreError
        As :func:`draws` does.
    """
    names = list(checked(inputs)["name"])
    full = pd.DataFrame(np.eye(len(names)), index=names, columns=names)
    if rank_correlation is None:
        return full
    given = rank_correlation
    stray = [str(n) for n in {*given.index, *given.columns} if n not in names]
    problems = [Problem(("no such input", "没有此项输入"), n, column="name") for n in sorted(stray)]
    values = given.to_numpy(dtype=float)
    square = list(given.index) == list(given.columns)
    if not (square and np.allclose(values, values.T) and np.allclose(np.diag(values), 1.0)):
        what = ("correlations must be symmetric with ones on the diagonal", "相关矩阵须对称且对角线为 1")
        problems.append(Problem(what))
    fail_if_any(ScoreError, "rank_correlation", problems)
    full.loc[given.index, given.columns] = values
    return full


def _root(names: list[str], rank_correlation: pd.DataFrame | None) -> Array:
    if rank_correlation is None:
        return np.eye(len(names))
    ranks = rank_matrix(pd.DataFrame(_standard(names)), rank_correlation).to_numpy()
    pearson = 2.0 * np.sin(np.pi * ranks / 6.0)
    values, vectors = np.linalg.eigh(pearson)
    if not np.isfinite(values).all() or values.min() < -_DUST:
        what = ("these correlations contradict each other", "这些相关系数相互矛盾")
        do = ("bring some of them nearer to zero", "请将其中一些调近零")
        smallest = f"{values.min():.4f}"
        raise ScoreError(
            ("no joint distribution has these correlations", "不存在具有这些相关系数的联合分布"),
            [Problem(what, "rank_correlation", ("smallest eigenvalue ≥ 0", "最小特征值 ≥ 0"), smallest, do)],
        )
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T, dtype=float)


def _standard(names: list[str]) -> dict[str, object]:
    return {"name": names, "distribution": "normal", "base": 0.0, "mean": 0.0, "sd": 1.0}


def _stream(seed: int, name: str) -> np.random.Generator:
    # One stream an input, by its name: adding or moving an input leaves the draws of the others as they are.
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])


def _distribution(row: Mapping[str, Any]) -> stats.rv_continuous:
    kind = row["distribution"]
    if kind == "normal":
        return stats.norm(row["mean"], row["sd"])
    if kind == "lognormal":
        spread = np.sqrt(np.log1p((row["sd"] / row["mean"]) ** 2))
        return stats.lognorm(spread, scale=row["mean"] / np.sqrt(1.0 + (row["sd"] / row["mean"]) ** 2))
    low, width = row["low"], row["high"] - row["low"]
    if kind == "uniform":
        return stats.uniform(low, width)
    at = (row["mode"] - low) / width
    if kind == "triangular":
        return stats.triang(at, low, width)
    return stats.beta(1.0 + 4.0 * at, 5.0 - 4.0 * at, low, width)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and bool(np.isfinite(float(value)))


def _fits(kind: str, row: Mapping[str, Any]) -> bool:
    if kind in ("normal", "lognormal"):
        return bool(row["sd"] > 0.0 and (kind == "normal" or row["mean"] > 0.0))
    between = kind == "uniform" or row["low"] <= row["mode"] <= row["high"]
    return bool(row["low"] < row["high"] and between)
