"""A panel as a matrix of periods and units, for designs that need every cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.methods.effects.reading import left_out, usable
from perfkit.methods.effects.sentences import shown
from perfkit.methods.result import Diagnostic, Pair, Verdict

Array = npt.NDArray[np.float64]
_POOR = (0.25, 0.5)  # error before the policy over the spread among units: warn, fail
FEWEST = 5  # periods before the policy: with fewer, a good fit is easily had by chance
PERIODS_NAME: Pair = ("政策前时期数", "periods before the policy")


def complete(
    frame: pd.DataFrame, *, unit: str, period: str, outcome: str, treated: Sequence[object]
) -> tuple[pd.DataFrame, tuple[Diagnostic, ...], tuple[Pair, ...]]:
    """Return outcomes (periods x units) of the units seen in every period, the count of others, and why not.

    The treated units must be complete; other units that are not are left out and counted.
    """
    rows, missing = usable(frame, numbers=[period, outcome], keys=[unit], unique=[unit, period])
    grid = rows.set_index([period, unit])[outcome].unstack(unit)  # noqa: PD010 - a key that stands twice is refused
    holes = grid.isna().any()
    because = ("时期不全", "not in every period")
    checks = missing, left_out(int(holes.sum()), len(holes), ("个对象", "units"), because)
    lost = [str(each) for each in treated if each not in grid.columns or holes[each]]
    why: tuple[Pair, ...] = ()
    if lost:
        zh = f"处理对象缺少部分时期或不在数据中：{'、'.join(lost)}。"
        why = ((zh, f"A treated unit is not in the data, or not in every period: {', '.join(lost)}."),)
    return grid.loc[:, ~holes], checks, why


def too_short(grid: pd.DataFrame, start: float, donors: int) -> tuple[Pair, ...]:
    """Return why a comparison cannot be built from these periods and donors, if it cannot."""
    before, after = int((grid.index < start).sum()), int((grid.index >= start).sum())
    why: list[Pair] = []
    if before < 2:
        zh = f"政策前只有 {before} 个时期，无法构造对照。"
        why.append((zh, f"Periods before the policy: {before}; no comparison can be built."))
    if not after:
        why.append(("政策后没有数据。", "No data after the policy."))
    if donors < 2:
        why.append((f"只有 {donors} 个可比对象，无法构造对照。", f"Donors: {donors}; no comparison can be built."))
    return tuple(why)


def fit_before(outcome: Array, outcomes: Array, error: float) -> tuple[Diagnostic, ...]:
    """Judge the fit before the policy: its error, whether donors surround the unit, and the number of periods."""
    spread = float(outcomes.std(axis=1, ddof=1).mean())
    share = error / spread if spread else float("inf") if error else 0.0
    verdict: Verdict = "fail" if share > _POOR[1] else "warn" if share > _POOR[0] else "pass"
    fit = Diagnostic(
        ("政策前拟合", "fit before the policy"),
        verdict,
        (
            f"政策前均方根误差 {shown(error)}，为对象间标准差的 {share:.1%}",
            f"root mean squared error {shown(error)} before the policy, {share:.1%} of the spread among units",
        ),
        error,
    )
    outside = int(((outcome > outcomes.max(axis=1)) | (outcome < outcomes.min(axis=1))).sum())
    surrounded = Diagnostic(
        ("在可比对象的范围之内", "within the range of the donors"),
        "fail" if outside > len(outcome) / 2 else "warn" if outside else "pass",
        (
            f"政策前 {len(outcome)} 期中有 {outside} 期超出可比对象的范围",
            f"outside the donors' range in {outside} of {len(outcome)} periods before the policy",
        ),
        float(outside),
    )
    few = Diagnostic(
        PERIODS_NAME,
        "pass" if len(outcome) >= 2 * FEWEST else "warn" if len(outcome) >= FEWEST else "fail",
        (f"政策前 {len(outcome)} 期", f"{len(outcome)} periods before the policy"),
        float(len(outcome)),
    )
    return fit, surrounded, few
