"""Estimate, error and interval under the normal law, and none where the data have no spread."""

from __future__ import annotations

import math
from typing import Any

_ROUNDING = 1e-10  # of the outcome's size: less is rounding, not spread


def normal(estimate: float, se: float, *, confidence: float, size: float) -> dict[str, Any]:
    """Return ``estimate``, ``se``, ``low`` and ``high``; interval missing where ``se`` is rounding or missing.

    Parameters
    ----------
    size
        Of the outcome, its greatest absolute value: what is smaller than its rounding is zero.

    Examples
    --------
    >>> normal(2.0, 1.0, confidence=0.95, size=10.0)["high"]
    3.959963984540054
    >>> normal(3e-15, 1e-16, confidence=0.95, size=10.0)
    {'estimate': 0.0, 'se': 0.0, 'low': nan, 'high': nan}
    """
    from scipy import stats

    estimate = 0.0 if abs(estimate) <= _ROUNDING * size else float(estimate)
    if math.isnan(se) or se <= _ROUNDING * size:
        missing = float("nan")
        return {"estimate": estimate, "se": se if math.isnan(se) else 0.0, "low": missing, "high": missing}
    spread = float(stats.norm.ppf((1 + confidence) / 2)) * float(se)
    return {"estimate": estimate, "se": float(se), "low": estimate - spread, "high": estimate + spread}
