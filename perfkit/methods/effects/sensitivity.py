"""How strong would something unmeasured have to be to explain an effect away: the E-value."""

from __future__ import annotations

import math

from perfkit.methods.effects.sentences import shown
from perfkit.methods.result import Diagnostic


def e_value(ratio: float) -> float:
    """Return the E-value of a risk ratio: RR + sqrt(RR (RR - 1)), of the inverse where the ratio is below one.

    Notes
    -----
    *Checked against* VanderWeele and Ding (2017): 3.9 has 7.26, its lower limit 1.8 has 3.0.

    Examples
    --------
    >>> round(e_value(3.9), 2), round(e_value(1 / 3.9), 2), e_value(1.0)
    (7.26, 7.26, 1.0)
    """
    ratio = max(ratio, 1 / ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))


def unmeasured(estimate: float, low: float, high: float, sd: float) -> Diagnostic:
    """Say what an unmeasured confounder must reach; it cannot be tested, so the verdict is ``not run``.

    Notes
    -----
    A difference of d standard deviations is taken for a risk ratio of exp(0.91 d) (VanderWeele and Ding 2017).
    """
    name = ("未观测混杂（E 值）", "unmeasured confounding (E-value)")
    if not (sd > 0 and math.isfinite(estimate)):
        none = ("结果没有变异或没有估计值，无法计算 E 值", "no spread or no estimate: no E-value")
        return Diagnostic(name, "not run", none)
    point = e_value(math.exp(0.91 * estimate / sd))
    nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    limit = e_value(math.exp(0.91 * nearest / sd)) if math.isfinite(nearest) else float("nan")
    return Diagnostic(
        name,
        "not run",
        (
            f"无法检验；未观测因素须与处理和结果都有至少 {shown(point)} 倍的关联才能完全解释估计值，"
            f"{shown(limit)} 倍即可使区间触及零",
            f"cannot be tested; to explain the estimate away, something unmeasured must be tied to treatment and to "
            f"outcome by a ratio of {shown(point)}; {shown(limit)} brings the interval to zero",
        ),
        point,
    )
