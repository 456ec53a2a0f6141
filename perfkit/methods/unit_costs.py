"""Unit costs against a standard and against comparable projects: what is high, by how much, and why it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.methods.result import Diagnostic, Pair, Result
from perfkit.tables.printing import number, percent

SPREAD = ("item", "n", "lowest", "p25", "p50", "p75", "highest")
PROPOSED = (
    "item_id", "item", "quantity", "unit_cost", "standard", "n", "p25", "p50", "p75", "expected", "low", "high",
    "accepted", "cut", "reason", "reason_zh", "reason_en",
)  # fmt: skip
REASONS = ("above standard", "above peers", "low", "within standard", "within peers", "no comparison")
_DUST = 1e-9


def indexed(peers: pd.DataFrame, index: Mapping[int, float], year: int) -> pd.DataFrame:
    """Return the unit costs of comparable projects in prices of one year.

    Parameters
    ----------
    peers
        With ``year`` and ``unit_cost``.
    index
        A price index by year, any base.
    year
        Whose prices to use.

    Raises
    ------
    ScoreError
        With every year that the index lacks.

    Examples
    --------
    >>> peers = pd.DataFrame({"year": [2020, 2022], "unit_cost": [100.0, 100.0]})
    >>> indexed(peers, {2020: 100.0, 2022: 110.0}, 2022)["unit_cost"].round(6).tolist()
    [110.0, 100.0]
    """
    lacking = sorted({int(y) for y in {*peers["year"], year} if int(y) not in index})
    what = ("the price index lacks this year", "价格指数缺少该年")
    fail_if_any(ScoreError, "index", [Problem(what, got=str(y)) for y in lacking])
    factor = index[year] / peers["year"].astype(int).map(index)
    return peers.assign(unit_cost=peers["unit_cost"] * factor)


def spread(peers: pd.DataFrame) -> pd.DataFrame:
    """Return the distribution of the unit cost of each item: ``item, n, lowest, p25, p50, p75, highest``."""
    rows = []
    for item, each in peers.dropna(subset=["unit_cost"]).groupby("item", sort=False):
        found = np.quantile(each["unit_cost"].to_numpy(dtype=float), [0.0, 0.25, 0.5, 0.75, 1.0])
        rows.append((item, len(each), *found))
    return pd.DataFrame(rows, columns=list(SPREAD))


def expected_cost(
    peers: pd.DataFrame,
    drivers: Mapping[str, float] | None = None,
    *,
    least: int = 12,
    confidence: float = 0.95,
    units: Pair = ("", ""),
) -> Result:
    """Return the unit cost to expect of a project like the comparable ones, with a prediction interval.

    Parameters
    ----------
    peers
        Comparable projects: ``unit_cost`` and the drivers, all above zero.
    drivers
        What the unit cost depends on (size, height, distance) and its value for this project; none: the level of
        the comparable projects alone.
    least
        The fewest projects; every driver asks for five more.
    confidence
        Of the interval for one more project.
    units
        Of the unit cost.

    Returns
    -------
    Result
        The median unit cost to expect and the interval in which one more such project would lie. Table ``fit``:
        ``term, coefficient, se`` of the logarithms (a coefficient is an elasticity), ``peers`` with ``fitted`` and
        ``weight`` (below 1: an outlier that counts less). Refused for too few projects or no scatter among them.

    Raises
    ------
    ScoreError
        With every driver that is no column, and every figure that is not above zero.

    Notes
    -----
    Huber's M-estimation of ln(unit cost) on ln(drivers) (statsmodels RLM, scale by the median absolute deviation);
    interval = fitted ± t(n - p) × sqrt(scale² × n / (n - p) + variance of the fit), taken back from logarithms.
    """
    given = dict(drivers or {})
    used = peers.dropna(subset=["unit_cost", *[d for d in given if d in peers]])
    _fail_if_not_positive(used, given)
    needed = least + 5 * len(given)
    head: dict[str, Any] = {
        "method": (
            "同类项目单价的稳健回归（Huber）" if given else "同类项目单价的稳健水平（Huber）",
            "robust regression of unit costs (Huber)" if given else "robust level of unit costs (Huber)",
        ),
        "estimand": ("一个同类项目的单价", "the unit cost of one more project of the kind"),
        "n": len(used),
        "units": units,
        "confidence": confidence,
        "assumptions": (
            ("所列项目与本项目可比（内容、地区、价格水平）", "the projects are comparable: content, region, prices"),
            ("单价的对数围绕回归大致正态分布", "logarithms of unit costs are roughly normal around the fit"),
        ),
    }
    if len(used) < needed:
        why = (f"同类项目 {len(used)} 个，少于 {needed} 个", f"{len(used)} comparable projects, fewer than {needed}")
        return Result(**head, refusals=(why,), text=why)
    logs = np.log(used[["unit_cost", *given]].to_numpy(dtype=float))
    design = np.column_stack([np.ones(len(logs)), logs[:, 1:]])
    unfit = _unfit(logs[:, 0], design)
    if unfit:
        return Result(**head, refusals=(unfit,), text=unfit)
    import statsmodels.api as sm

    fit = sm.RLM(logs[:, 0], design, M=sm.robust.norms.HuberT()).fit()
    n, p = design.shape
    at = np.array([1.0, *np.log(list(given.values()))])
    middle = float(at @ fit.params)
    wide = float(np.sqrt(fit.scale**2 * n / (n - p) + at @ fit.cov_params() @ at))
    reach = float(stats.t.ppf((1.0 + confidence) / 2.0, n - p)) * wide
    estimate, low, high = (float(np.exp(middle + side)) for side in (0.0, -reach, reach))
    terms = pd.DataFrame({"term": ["level", *given], "coefficient": fit.params, "se": fit.bse})
    shown = used.assign(fitted=np.exp(design @ fit.params), weight=fit.weights)
    unit_zh, unit_en = units[0], f" {units[1]}" if units[1] else ""
    return Result(
        **head,
        estimate=estimate,
        se=wide * estimate,
        low=low,
        high=high,
        se_type="Huber M-estimation, log scale, one new project",
        diagnostics=(_reach(used, given), _outliers(shown)),
        text=(
            f"按 {n} 个同类项目，单价预计 {number(estimate, 2)}{unit_zh}，"
            f"{percent(confidence)} 预测区间 {number(low, 2)} 至 {number(high, 2)}。",
            f"By {n} comparable projects a unit cost of {number(estimate, 2)}{unit_en} is to be expected, "
            f"{percent(confidence)} prediction interval {number(low, 2)} to {number(high, 2)}.",
        ),
        tables={"fit": terms, "peers": shown},
    )


def benchmark(
    lines: pd.DataFrame,
    peers: pd.DataFrame,
    drivers: Sequence[str] = (),
    *,
    least: int = 12,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare every line of a bill of quantities, and propose a reduction where there is a reason.

    Parameters
    ----------
    lines
        ``item_id, item, quantity, unit_cost``, ``standard`` (missing: none) and the drivers.
    peers
        Comparable projects: ``item, unit_cost`` and the drivers, in the same prices.
    drivers
        Columns that the unit cost depends on, in both tables.
    least, confidence
        See :func:`expected_cost`.

    Raises
    ------
    ScoreError
        With every line whose quantity or unit cost is not a number of at least zero, and as :func:`expected_cost`.

    Returns
    -------
    DataFrame
        One row a line: the line, ``n, p25, p50, p75`` of comparable projects, ``expected, low, high`` for one more
        project, ``accepted`` unit cost, ``cut`` (amount), ``reason`` and its words. Above the standard: cut to the
        standard. No standard and above the prediction interval: cut to its upper limit. Being above P75 is no
        reason: a quarter of all projects is. A line under the interval is not cut but marked: something may be
        missing in it.
    """
    _fail_if_bad_line(lines)
    wide = spread(peers).set_index("item")
    rows = []
    for line in lines.to_dict("records"):
        mine = peers[peers["item"] == line["item"]]
        given = {d: float(line[d]) for d in drivers}
        found = expected_cost(mine, given, least=least, confidence=confidence)
        there = wide.loc[line["item"]] if line["item"] in wide.index else None
        quartiles = [np.nan] * 3 if there is None else [there["p25"], there["p50"], there["p75"]]
        standard, cost = float(line.get("standard", np.nan)), float(line["unit_cost"])
        accepted, reason, zh, en = _judged(cost, standard, found)
        cut = float(line["quantity"]) * (cost - accepted)
        n = 0 if there is None else int(there["n"])
        known = (line["item_id"], line["item"], line["quantity"], cost, standard, n)
        rows.append((*known, *quartiles, found.estimate, found.low, found.high, accepted, cut, reason, zh, en))
    return pd.DataFrame(rows, columns=list(PROPOSED))


def _judged(cost: float, standard: float, found: Result) -> tuple[float, str, str, str]:
    """Return the accepted unit cost, the reason and its words."""
    unusual = ("", "")
    if not found.refused and cost > found.high:
        limit = number(found.high, 2)
        unusual = (
            f"，但高于同类项目预测上限 {limit}",
            f", yet above the upper limit of comparable projects, {limit}",
        )
    if not np.isnan(standard):
        shown = number(standard, 2)
        if cost > standard:
            over = percent(cost / standard - 1.0) if standard > 0.0 else ""
            return (
                standard,
                REASONS[0],
                f"高于支出标准 {shown}{f'（{over}）' if over else ''}，按标准核定",
                f"above the standard of {shown}{f' by {over}' if over else ''}: cut to the standard",
            )
        return (
            cost,
            REASONS[3],
            f"不高于支出标准 {shown}{unusual[0]}",
            f"within the standard of {shown}{unusual[1]}",
        )
    if found.refused:
        return (cost, REASONS[5], f"无标准，{found.text[0]}，不作比较", f"no standard, {found.text[1]}: not compared")
    low, high, n = number(found.low, 2), number(found.high, 2), found.n
    if cost > found.high:
        over = percent(cost / found.high - 1.0)
        return (
            found.high,
            REASONS[1],
            f"高于 {n} 个同类项目的预测上限 {high}（{over}），建议按上限核定",
            f"above the upper limit {high} of {n} comparable projects by {over}: cut to it",
        )
    if cost < found.low:
        return (
            cost,
            REASONS[2],
            f"低于 {n} 个同类项目的预测下限 {low}，请核对是否漏项",
            f"below the lower limit {low} of {n} comparable projects: is something missing?",
        )
    return (
        cost,
        REASONS[4],
        f"在 {n} 个同类项目的预测区间 {low} 至 {high} 之内",
        f"within the interval {low} to {high} of {n} comparable projects",
    )


def _unfit(logs: np.ndarray, design: np.ndarray) -> Pair | None:
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return (
            "同类项目的影响因素没有变化或相互重合，不能回归",
            "the drivers do not vary or coincide among the comparable projects: no regression",
        )
    left = logs - design @ np.linalg.lstsq(design, logs, rcond=None)[0]
    around = min(np.median(np.abs(left)), np.median(np.abs(logs - np.median(logs))))
    if around <= _DUST:
        return (
            "同类项目单价过半相同或完全由影响因素决定，没有可据以判断的离散",
            "more than half of the unit costs are the same, or the drivers fix them: no scatter to judge by",
        )
    return None


def _reach(used: pd.DataFrame, given: Mapping[str, float]) -> Diagnostic:
    name = ("影响因素在同类项目范围之内", "drivers within the range of the comparable projects")
    if not given:
        return Diagnostic(name, "not run", ("未用影响因素", "no drivers are used"))
    beyond = [d for d, value in given.items() if not used[d].min() <= value <= used[d].max()]
    if beyond:
        listed = "、".join(beyond), ", ".join(beyond)
        return Diagnostic(name, "warn", (f"{listed[0]} 超出范围，属外推", f"{listed[1]} beyond it: an extrapolation"))
    return Diagnostic(name, "pass", ("均在范围之内", "all within"))


def _outliers(shown: pd.DataFrame) -> Diagnostic:
    light = int((shown["weight"] < 0.5).sum())
    share = light / len(shown)
    return Diagnostic(
        ("离群项目", "outliers"),
        "pass" if share <= 0.1 else "warn",
        (f"{light} 个项目权重低于一半", f"{light} projects count less than half"),
        float(light),
    )


def _fail_if_bad_line(lines: pd.DataFrame) -> None:
    what = ("must be a number of at least zero", "须为不小于零的数")
    problems = [
        Problem(what, f"{row['item_id']} › {column}", got=str(row[column]), column=column)
        for row in lines.to_dict("records")
        for column in ("quantity", "unit_cost")
        if not (row[column] >= 0.0 and np.isfinite(row[column]))
    ]
    fail_if_any(ScoreError, "lines", problems)


def _fail_if_not_positive(used: pd.DataFrame, given: Mapping[str, float]) -> None:
    stray = ("no such driver among the comparable projects", "同类项目没有此项影响因素")
    what = ("must be above zero", "须大于零")
    problems = [Problem(stray, d, column="stray") for d in given if d not in used]
    problems += [Problem(what, d, got=str(v), column="line") for d, v in given.items() if not v > 0.0]
    for column in ("unit_cost", *[d for d in given if d in used]):
        bad = used.index[~(used[column] > 0.0)]
        problems += [Problem(what, f"peers › {column} › {i}", column=column) for i in bad]
    fail_if_any(ScoreError, "unit costs", problems)
