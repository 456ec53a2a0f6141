"""Reference class forecasting: what finished projects of a kind came to, against what was approved for them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.methods.result import Diagnostic, Pair, Result
from perfkit.tables.printing import number, percent

Array = npt.NDArray[np.float64]
Measure = Literal["ratio", "difference"]

LEVELS = (0.1, 0.25, 0.5, 0.6, 0.75, 0.8, 0.9)
UPLIFT = ("level", "uplift", "low", "high", "amount")
CALIBRATION = ("scheme", "level", "n", "share_within", "low", "high", "holds")
_INTERVAL = (0.1, 0.9)
_CHECKED = (0.5, 0.8)
_SCHEMES = {
    "leave one out": ("逐一剔除", "each from all the others"),
    "earlier only": ("仅用先完工的一半", "the later half from the earlier one"),
}


def overruns(ledger: pd.DataFrame, measure: Measure = "ratio") -> pd.Series:
    """Return the overrun of each finished project: final / approved - 1, or final - approved.

    Raises
    ------
    ScoreError
        With every project whose approved figure is not above zero (ratio) or not finite.
    """
    approved, final = ledger["approved"].astype(float), ledger["final"].astype(float)
    usable = np.isfinite(approved) & np.isfinite(final)
    if measure == "ratio":
        usable &= approved > 0.0
    what = ("approved and final must be numbers, approved above zero", "批复数与决算数须为数值，且批复数大于零")
    bad = ledger.loc[~usable, "project_id"]
    fail_if_any(ScoreError, "ledger", [Problem(what, str(p), column="approved") for p in bad])
    return final / approved - 1.0 if measure == "ratio" else final - approved


def forecast(
    ledger: pd.DataFrame,
    reference_class: str,
    base: float,
    *,
    measure: Measure = "ratio",
    least: int = 20,
    budget: float | None = None,
    units: Pair = ("", ""),
) -> Result:
    """Forecast what a project will come to if it does as its class did.

    Parameters
    ----------
    ledger
        Finished projects, one row each: ``project_id, reference_class, approved, final`` and, if known, ``year`` in
        which it was finished.
    reference_class
        The class of the project.
    base
        The project's own estimate.
    measure
        ``ratio`` (cost, duration) or ``difference`` (delay in years: base is the planned date or duration).
    least
        The fewest projects that make a class; fewer are refused.
    budget
        The amount requested, to say how probably it suffices.
    units
        Of ``base``.

    Returns
    -------
    Result
        The median forecast with the interval P10 to P90 (80 %). Tables: ``uplift`` (``level, uplift, low, high,
        amount``: what to add so that the share ``level`` of such projects would stay within; ``low`` to ``high`` its
        95 % interval), ``seen`` (``level, overrun``: plain percentiles of the class, as a spreadsheet gives them),
        ``curve`` (``amount, share``: the distribution of the class on this project's base), ``calibration``. Refused
        for a class that is too small.

    Raises
    ------
    ScoreError
        If the ledger has figures that cannot be used.

    Notes
    -----
    Uplifts are quantiles at rank (n + 1) × level, for which one more project of the same kind stays within with
    probability ``level``; percentiles seen are at rank 1 + (n - 1) × level (Flyvbjerg and COWI 2004). Leaving one
    out checks the arithmetic and ties; whether the past still holds is what the second scheme, later projects from
    earlier ones, can show.
    """
    mine = ledger[ledger["reference_class"] == reference_class]
    n = len(mine)
    head: dict[str, Any] = {
        "method": (f"参考类预测（{reference_class}）", f"reference class forecast ({reference_class})"),
        "estimand": ("本项目最终数的中位预测", "the median forecast of what this project will come to"),
        "n": n,
        "units": units,
        "confidence": _INTERVAL[1] - _INTERVAL[0],
        "assumptions": (
            (
                "本项目与参考类的已完成项目同类，没有理由更好或更差",
                "the project is one of its class, no better, no worse",
            ),
            ("台账收入了该类全部已完成项目，没有挑选", "the ledger holds all finished projects of the class"),
        ),
    }
    if n < least:
        why = (
            f"参考类“{reference_class}”只有 {n} 个已完成项目，少于 {least} 个，不作预测",
            f"the class '{reference_class}' has {n} finished projects, fewer than {least}: no forecast",
        )
        return Result(**head, refusals=(why,), text=why)
    over = overruns(mine, measure).to_numpy()
    uplift = _uplift(over, base, measure)
    at = uplift.set_index("level")
    calibration = _calibration(mine, over)
    low, middle, high = (float(at.loc[level, "amount"]) for level in (_INTERVAL[0], 0.5, _INTERVAL[1]))
    curve = pd.DataFrame({"amount": _raised(base, np.sort(over), measure), "share": np.arange(1, n + 1) / n})
    return Result(
        **head,
        estimate=middle,
        low=low,
        high=high,
        se_type="empirical distribution of the class",
        diagnostics=(_size(n, least), *_checks(calibration)),
        text=_say(at, n, measure, budget, curve, units),
        tables={"uplift": uplift, "seen": seen(over), "curve": curve, "calibration": calibration},
    )


def seen(over: npt.ArrayLike) -> pd.DataFrame:
    """Return plain percentiles of the overruns of a class: ``level, overrun``, as a spreadsheet's PERCENTILE does."""
    return pd.DataFrame({"level": LEVELS, "overrun": np.quantile(np.asarray(over, dtype=float), LEVELS)})


def from_table(published: pd.DataFrame, base: float, *, category: str, stage: str, units: Pair = ("", "")) -> Result:
    """Raise an estimate by a published uplift, for a project whose own class is too small.

    Parameters
    ----------
    published
        ``category, stage, uplift`` (share of one), ``source``.
    base
        The project's own estimate.
    category, stage
        The row to use.
    units
        Of ``base``.

    Returns
    -------
    Result
        The raised estimate, without an interval: the table prints none. Refused where the table is silent.
    """
    rows = published[(published["category"] == category) & (published["stage"] == stage)]
    head: dict[str, Any] = {
        "method": ("公布的参考类上浮率", "published uplift of a reference class"),
        "estimand": ("按公布上浮率调整后的估算", "the estimate raised by the published uplift"),
        "units": units,
        "assumptions": (("公布的参考类适用于本项目", "the published class fits this project"),),
    }
    rate = float(rows["uplift"].iloc[0]) if len(rows) == 1 else float("nan")
    if np.isnan(rate):
        why = (
            f"公布的表中没有“{category}”在“{stage}”的唯一上浮率",
            f"the published table has no single uplift for '{category}' at '{stage}'",
        )
        return Result(**head, refusals=(why,), text=why)
    raised, source = base * (1.0 + rate), str(rows["source"].iloc[0])
    text = (
        f"按{source}，{category}（{stage}）上浮 {percent(rate)}："
        f"{number(base, 2)} 调整为 {number(raised, 2)}{units[0]}。",
        f"By {source}, {category} at {stage} is raised by {percent(rate)}: {number(base, 2)} becomes "
        f"{number(raised, 2)}{' ' + units[1] if units[1] else ''}.",
    )
    return Result(**head, estimate=raised, text=text, tables={"uplift": rows.reset_index(drop=True)})


def _raised(base: float, over: Array, measure: Measure) -> Array:
    return np.asarray(base * (1.0 + over) if measure == "ratio" else base + over, dtype=float)


def _uplift(over: Array, base: float, measure: Measure) -> pd.DataFrame:
    rising, n = np.sort(over), len(over)
    found = np.quantile(rising, LEVELS, method="weibull")
    ranks = stats.binom.ppf([[0.025], [0.975]], n, LEVELS).astype(int)
    low, high = rising[np.clip(ranks - [[1], [0]], 0, n - 1)]
    rows = zip(LEVELS, found, low, high, _raised(base, found, measure), strict=True)
    return pd.DataFrame(list(rows), columns=list(UPLIFT))


def _calibration(mine: pd.DataFrame, over: Array) -> pd.DataFrame:
    rows = []
    for level in _CHECKED:
        others = [np.quantile(np.delete(over, i), level, method="weibull") for i in range(len(over))]
        rows.append(_held("leave one out", level, over <= np.array(others)))
    if "year" in mine and mine["year"].notna().all() and mine["year"].min() < mine["year"].max():
        years = mine["year"].to_numpy()
        early = years <= np.quantile(years, 0.5, method="lower")
        if 1 < early.sum() < len(over):
            for level in _CHECKED:
                limit = np.quantile(over[early], level, method="weibull")
                rows.append(_held("earlier only", level, over[~early] <= limit))
    return pd.DataFrame(rows, columns=list(CALIBRATION))


def _held(scheme: str, level: float, within: npt.NDArray[np.bool_]) -> tuple[Any, ...]:
    found = stats.binomtest(int(within.sum()), len(within))
    limits = found.proportion_ci(method="wilson")
    holds = bool(limits.low <= level <= limits.high)
    return (scheme, level, len(within), found.statistic, limits.low, limits.high, holds)


def _size(n: int, least: int) -> Diagnostic:
    enough = n >= 2 * least
    return Diagnostic(
        ("参考类规模", "size of the class"),
        "pass" if enough else "warn",
        (
            f"{n} 个已完成项目，最少 {least} 个" + ("" if enough else "，分位数不稳"),
            f"{n} finished projects, at least {least}" + ("" if enough else ": quantiles are unsteady"),
        ),
        float(n),
    )


def _checks(calibration: pd.DataFrame) -> list[Diagnostic]:
    found = []
    for scheme, name in _SCHEMES.items():
        rows = calibration[calibration["scheme"] == scheme]
        title = (f"校准（{name[0]}）", f"calibration ({name[1]})")
        if rows.empty:
            found.append(Diagnostic(title, "not run", ("台账没有可用的完工年份", "the ledger has no years to go by")))
            continue
        zh = "，".join(f"P{100 * r.level:g} 以内实为 {percent(r.share_within)}" for r in rows.itertuples())
        en = ", ".join(f"{percent(r.share_within)} within P{100 * r.level:g}" for r in rows.itertuples())
        found.append(Diagnostic(title, "pass" if rows["holds"].all() else "warn", (zh, en)))
    return found


def _say(at: pd.DataFrame, n: int, measure: Measure, budget: float | None, curve: pd.DataFrame, units: Pair) -> Pair:
    said = [_one(float(at.loc[level, "uplift"]), measure) for level in (0.5, 0.8)]
    p50, p80 = (number(float(at.loc[level, "amount"]), 2) for level in (0.5, 0.8))
    unit = f" {units[1]}" if units[1] else ""
    zh = (
        f"{n} 个同类已完成项目：一半不超过{said[0][0]}（P50 {p50}{units[0]}），"
        f"80% 不超过{said[1][0]}（P80 {p80}{units[0]}）"
    )
    en = (
        f"Of {n} finished projects of the class half stayed within {said[0][1]} (P50 {p50}{unit}) and 80 % within "
        f"{said[1][1]} (P80 {p80}{unit})"
    )
    if budget is None:
        return (f"{zh}。", f"{en}.")
    share = float((curve["amount"] <= budget).mean())
    asked = number(budget, 2)
    return (
        f"{zh}；申请 {asked}{units[0]}，同类项目中有 {percent(share)} 不超过这一数额。",
        f"{en}; {percent(share)} of them would have stayed within the {asked}{unit} requested.",
    )


def _one(uplift: float, measure: Measure) -> Pair:
    if uplift == 0.0:
        return ("批复数", "what was approved")
    over, size = uplift > 0.0, percent(abs(uplift)) if measure == "ratio" else number(abs(uplift), 2)
    return (
        f"批复数{'加' if over else '减'} {size}",
        f"what was approved {'plus' if over else 'less'} {size}",
    )
