"""Weights that meet known totals: regression (GREG), raking, truncated and logit calibration, post-stratification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import linalg, optimize, sparse

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.design import Codes, Design, Floats
from perfkit.estimation.inputs import Values, complete, fail_if_not_as_long

Method = Literal["linear", "raking", "logit"]
UNITS = "units"
ROUNDS = 100
MET = 1e-10


@dataclass(frozen=True, kw_only=True)
class Calibrated(Design):
    """A design whose weights meet known totals; every estimator takes it as it takes a design.

    Parameters
    ----------
    base
        The weights before, rows.
    basis
        Orthonormal columns that span the auxiliaries times the root of ``base`` (rows x auxiliaries).
    """

    base: Floats
    basis: Floats

    @property
    def g(self) -> Floats:
        """What each weight was multiplied by."""
        return self.weights / self.base

    @property
    def df(self) -> int:
        """The design's degrees of freedom less one for each auxiliary beyond the first."""
        drawn, lost = int(super().df), int(self.basis.shape[1]) - 1
        return max(drawn - lost, min(drawn, 1))

    def residuals(self, z: Floats) -> Floats:
        """Return what the auxiliaries leave of the columns of ``z``, by least squares with weights ``base``."""
        root = np.sqrt(self.base)[:, None]
        scaled = z * root
        return np.asarray((scaled - self.basis @ (self.basis.T @ scaled)) / root)

    def _apart(self, z: Floats, weights: Floats | None = None) -> tuple[Floats, Codes]:
        return super()._apart(self.residuals(z[:, None] if z.ndim == 1 else z), weights)

    def variances(self, z: Floats, domains: Codes, k: int) -> tuple[Floats, Floats]:
        """Return variances and observed degrees of freedom of the calibrated totals of ``z`` in each domain."""
        columns = [np.where(domains == at, z, 0.0) for at in range(k)]
        variance = np.array([self.covariance(each)[0, 0] for each in columns], dtype=float)
        return variance, np.array([self.observed_df(each)[0] for each in columns], dtype=float)


class _Distance(NamedTuple):
    """From a linear predictor to the factor on the weight, and its slope."""

    factor: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]


def known_totals(population: pd.DataFrame) -> pd.Series:
    """Return the totals to calibrate to: units, sums of number columns, units under each label of the others.

    Parameters
    ----------
    population
        The columns wanted of the whole frame, every unit a row.

    Returns
    -------
    Series
        ``units``, then for a number column its name and sum, for another ``name=label`` and its units, the first
        label (sorted) left out because ``units`` implies it.

    Raises
    ------
    SampleError
        If a cell is missing.

    Examples
    --------
    >>> known_totals(pd.DataFrame({"points": [80, 90, 70], "department": ["b", "a", "b"]})).to_dict()
    {'units': 3.0, 'points': 240.0, 'department=b': 2.0}
    """
    _fail_if_gaps(population, "population 总体")
    totals = {UNITS: float(len(population))}
    for name, column in population.items():
        if _is_number(column):
            totals[str(name)] = float(column.astype(float).sum())
        else:
            counts = column.astype(str).value_counts().sort_index()
            totals |= {f"{name}={label}": float(count) for label, count in counts.iloc[1:].items()}
    return pd.Series(totals)


def calibrate(
    design: Design,
    rows: pd.DataFrame,
    totals: Mapping[str, float] | pd.Series,
    *,
    method: Method = "linear",
    bounds: tuple[float, float] | None = None,
) -> Calibrated:
    r"""Return the design with the weights nearest to its own that meet known totals.

    Parameters
    ----------
    design
        How the rows came in.
    rows
        The auxiliaries of the sample, a row each.
    totals
        Known totals by name, as :func:`known_totals` gives them: ``units`` counts all, a column's name is its sum,
        ``column=label`` the units under a label.
    method
        ``linear`` is the regression estimator (GREG), truncated if bounds are given; ``raking`` keeps weights above
        zero; ``logit`` keeps their factors strictly between ``bounds``.
    bounds
        Of the factors on the weights, for example (0.5, 2): below 1 and above 1.

    Raises
    ------
    SampleError
        If auxiliaries are missing, no row has what a total counts, auxiliaries are collinear, bounds are missing or
        do not enclose 1, or no weights within them meet the totals; the message then says which bounds could.

    Notes
    -----
    Factors :math:`g = F(x' \lambda)` solve :math:`\sum d g x = t` by Newton steps (Deville and Särndal 1992, JASA
    87): F(u) = 1 + u, exp(u), or logistic between the bounds. Variances are those of :math:`\sum d g e`, e the
    residuals of the regression on the auxiliaries with the weights d, whatever the method (asymptotically the same).

    *Checked against*: R survey 4.1.1 (calibrate, postStratify, rake), R sampling 2.9 (calib).

    Examples
    --------
    >>> sample = pd.DataFrame({"x": [1.0, 2.0, 3.0, 6.0]})
    >>> met = calibrate(Design.simple(4, 8), sample, {"units": 8, "x": 20})
    >>> met.weights.round(6).tolist(), round(float(met.weights @ sample["x"]), 9)
    ([2.571429, 2.285714, 2.0, 1.142857], 20.0)
    """
    names = [str(name) for name in pd.Series(totals).index]
    wanted = pd.Series(totals).to_numpy(dtype=float)
    x = _matrix(rows, names, design)
    _fail_if_empty(x, wanted, names)
    root = np.sqrt(design.weights)[:, None]
    basis = _basis(x * root, names)
    distance = _distance(method, bounds)
    g = _factors(distance, x, design.weights, basis / root, wanted)
    if g is None:
        raise _cannot_meet(x, design.weights, wanted, method, bounds)
    label = {"linear": "greg" if bounds is None else "truncated"}.get(method, method)
    kept = {field.name: getattr(design, field.name) for field in fields(Design)}
    kept |= {"weights": design.weights * g, "label": label}
    return Calibrated(**kept, base=design.weights, basis=basis)


def post_stratify(design: Design, labels: Values, units: Mapping[str, float] | pd.Series) -> Calibrated:
    """Return the design with weights that add up to the known number of units under each label.

    Parameters
    ----------
    labels
        A label a row of the sample.
    units
        Units of the population by label.

    Raises
    ------
    SampleError
        If the labels of sample and population differ.

    Notes
    -----
    *Checked against*: R survey 4.1.1 (postStratify).

    Examples
    --------
    >>> post_stratify(Design.simple(4, 10), ["a", "a", "a", "b"], {"a": 6, "b": 4}).weights.round(6).tolist()
    [2.0, 2.0, 2.0, 4.0]
    """
    column = complete(labels, design).astype(str)
    known = {str(label): float(count) for label, count in dict(units).items()}
    lost = sorted(set(column) - set(known))
    what = ("the population has no units under this label", "总体中没有该标签的单位")
    fail_if_any(SampleError, "post-strata 事后层", [Problem(what, label) for label in lost])
    counts = {f"label={label}": count for label, count in known.items()}
    found = calibrate(design, pd.DataFrame({"label": column}), counts)
    return replace(found, label="post-stratified")


def rake(design: Design, rows: pd.DataFrame, margins: Mapping[str, Mapping[str, float]]) -> Calibrated:
    """Return the design with weights that meet the units under each label of several columns at once.

    Parameters
    ----------
    rows
        The columns, a row of the sample each.
    margins
        For each column, units of the population by label.

    Raises
    ------
    SampleError
        If the margins do not add up to the same number of units, labels differ, or no weights meet them.

    Notes
    -----
    Where iterative proportional fitting ends, found by Newton steps.

    *Checked against*: R survey 4.1.1 (rake).

    Examples
    --------
    >>> sample = pd.DataFrame({"dept": ["a", "a", "b", "b"], "size": ["s", "l", "s", "l"]})
    >>> met = rake(Design.simple(4, 8), sample, {"dept": {"a": 5, "b": 3}, "size": {"s": 4, "l": 4}})
    >>> met.weights.round(6).tolist()
    [2.5, 2.5, 1.5, 1.5]
    """
    sums = {name: float(sum(dict(units).values())) for name, units in margins.items()}
    problems = []
    if np.ptp(list(sums.values())) > MET * max(sums.values()):
        shown = ", ".join(f"{name} {units:,.10g}" for name, units in sums.items())
        what = ("the margins do not add up to the same number of units", "各边际的单位合计不一致")
        problems.append(Problem(what, got=shown))
    totals: dict[str, float] = {}
    for at, (name, units) in enumerate(margins.items()):
        known = {str(label): float(count) for label, count in dict(units).items()}
        lost = sorted(set(rows[name].dropna().astype(str)) - set(known))
        what = ("the margin has no units under this label", "边际中没有该标签的单位")
        problems += [Problem(what, f"{name}={label}") for label in lost]
        # The first label of every further margin follows from the others.
        totals |= {f"{name}={label}": known[label] for label in list(known)[min(at, 1) :]}
    fail_if_any(SampleError, "margins 边际", problems)
    found = calibrate(design, rows, totals, method="raking")
    return replace(found, label="raked")


def _matrix(rows: pd.DataFrame, names: list[str], design: Design) -> Floats:
    """Return the auxiliaries that ``names`` ask for (rows x names)."""
    fail_if_not_as_long(len(rows), design)
    asked = {name: name if name in rows.columns else name.partition("=")[0] for name in names if name != UNITS}
    unknown = [name for name, column in asked.items() if column not in rows.columns]
    what = ("the sample has no such column", "样本中没有该列")
    fail_if_any(SampleError, "auxiliaries 辅助变量", [Problem(what, name) for name in unknown])
    _fail_if_gaps(rows[list(dict.fromkeys(asked.values()))], "auxiliaries 辅助变量")
    columns = []
    for name in names:
        if name == UNITS:
            columns.append(np.ones(design.n))
        elif name in rows.columns:
            columns.append(rows[name].to_numpy(dtype=float))
        else:
            columns.append(rows[asked[name]].astype(str).eq(name.partition("=")[2]).to_numpy(dtype=float))
    return np.column_stack(columns)


def _basis(scaled: Floats, names: list[str]) -> Floats:
    """Return orthonormal columns that span those of ``scaled``; refuse collinear ones."""
    norms = np.linalg.norm(scaled, axis=0)
    q, r, order = linalg.qr(scaled / norms, mode="economic", pivoting=True)
    small = np.abs(np.diag(r)) < MET
    bad = [names[at] for at in order[: len(small)][small]] + [names[at] for at in order[len(small) :]]
    what = ("this auxiliary follows from the others (collinear)", "该辅助变量可由其他变量得出（共线）")
    do = ("leave it out", "请去掉该变量")
    fail_if_any(SampleError, "auxiliaries 辅助变量", [Problem(what, name, do=do) for name in sorted(bad)])
    return np.asarray(q)


def _distance(method: Method, bounds: tuple[float, float] | None) -> _Distance:
    low, high = (-np.inf, np.inf) if bounds is None else bounds
    problems = []
    if method not in ("linear", "raking", "logit"):
        problems.append(Problem(("no such method", "没有这种校准方法"), "", "linear, raking, logit", str(method)))
    if not low < 1 < high or (method == "logit" and not np.isfinite([low, high]).all()):
        what = ("bounds of the factors on the weights enclose 1", "权重调整系数的上下限应包含 1")
        problems.append(Problem(what, "", "0.5, 2", f"{low}, {high}"))
    fail_if_any(SampleError, "calibration 校准", problems)
    if method == "linear":
        return _Distance(lambda u: (1 + u).clip(low, high), lambda u: ((1 + u > low) & (1 + u < high)).astype(float))
    if method == "raking":
        return _Distance(
            lambda u: np.exp(u.clip(-700, 700)).clip(low, high),
            lambda u: (
                np.where((np.exp(u.clip(-700, 700)) - low) * (np.exp(u.clip(-700, 700)) - high) < 0, 1.0, 0.0)
                * np.exp(u.clip(-700, 700))
            ),
        )
    a = (high - low) / ((high - 1) * (1 - low))

    def factor(u: Floats) -> Floats:
        e = np.exp((a * u).clip(-700, 700))
        return np.asarray((low * (high - 1) + high * (1 - low) * e) / (high - 1 + (1 - low) * e))

    def slope(u: Floats) -> Floats:
        g = factor(u)
        return np.asarray(a * (g - low) * (high - g) / (high - low))

    return _Distance(factor, slope)


def _factors(distance: _Distance, x: Floats, d: Floats, basis: Floats, wanted: Floats) -> Floats | None:
    """Return the factors that meet the totals, or None. ``basis`` spans ``x`` and is orthonormal under ``d``."""
    # In the basis the equations are well conditioned whatever the scale of the auxiliaries.
    target = np.linalg.lstsq(x, basis, rcond=None)[0].T @ wanted
    scale = np.maximum(np.abs(wanted), d @ np.abs(x))
    theta = np.zeros(basis.shape[1])

    def apart(theta: Floats) -> Floats:
        return np.asarray(target - (d * distance.factor(basis @ theta)) @ basis)

    gap = apart(theta)
    for _ in range(ROUNDS):
        g = distance.factor(basis @ theta)
        if (np.abs(wanted - (d * g) @ x) <= MET * scale).all():
            return g
        curve = (basis * (d * distance.slope(basis @ theta))[:, None]).T @ basis
        step = np.linalg.lstsq(curve, gap, rcond=None)[0]
        length = 1.0
        while length > 1e-6 and not np.linalg.norm(apart(theta + length * step)) < np.linalg.norm(gap):
            length /= 2
        theta = theta + length * step
        gap = apart(theta)
    return None


def _cannot_meet(
    x: Floats, d: Floats, wanted: Floats, method: Method, bounds: tuple[float, float] | None
) -> SampleError:
    """Return the refusal, with the narrowest band around 1 whose factors could meet the totals."""
    n = len(d)
    scale = np.maximum(np.abs(wanted), d @ np.abs(x))
    equal = sparse.csr_array(np.column_stack([(x * d[:, None]).T / scale[:, None], np.zeros(len(wanted))]))
    ones, eye = np.ones((n, 1)), sparse.eye_array(n)
    reach = sparse.block_array([[eye, -ones], [-eye, -ones]], format="csr")
    found = optimize.linprog(
        np.append(np.zeros(n), 1.0),
        A_ub=reach,
        b_ub=np.append(np.ones(n), -np.ones(n)),
        A_eq=equal,
        b_eq=wanted / scale,
        bounds=[(None, None)] * n + [(0, None)],
    )
    what = ("no weights of this kind meet the totals", "没有符合要求的权重能使各合计相等")
    need = float(found.x[-1]) if found.status == 0 else np.inf
    do = (
        f"every solution has a factor {need:.3g} or more from 1: widen the bounds, take fewer totals, or check them",
        f"任何解都有系数与 1 相差至少 {need:.3g}：请放宽上下限、减少合计或核对合计",
    )
    shown = f"{method}, {bounds}" if bounds else method
    return SampleError(("calibration: not possible", "校准：无法完成"), [Problem(what, got=shown, do=do)])


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def _fail_if_gaps(frame: pd.DataFrame, where: str) -> None:
    problems = [
        Problem(("cells are missing", "存在缺失值"), str(name), got=f"{int(column.isna().sum())} / {len(column)}")
        for name, column in frame.items()
        if column.isna().any()
    ]
    fail_if_any(SampleError, where, problems)


def _fail_if_empty(x: Floats, wanted: Floats, names: list[str]) -> None:
    problems = [
        Problem(
            ("no row of the sample has what this total counts", "样本中没有该合计所计的单位"),
            name,
            got=f"{total:g}",
            do=("join it to another label", "请与其他类别合并"),
        )
        for name, column, total in zip(names, x.T, wanted, strict=True)
        if not column.any()
    ]
    fail_if_any(SampleError, "totals 合计", problems)
