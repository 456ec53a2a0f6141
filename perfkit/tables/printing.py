"""How a number and a share are printed in a sentence, the same everywhere."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal

_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)  # enough digits for any float


def number(value: float, decimals: int = 4) -> str:
    """Print a number, rounded half up, without padding: 735, 97.81, 1,234.5.

    Examples
    --------
    >>> number(735.0), number(97.81)
    ('735', '97.81')
    """
    if value is None or math.isnan(value):
        return "—"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
    text = f"{exact:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: float) -> str:
    """Print a share as a percentage with up to two decimals.

    Examples
    --------
    >>> percent(0.978086)
    '97.81%'
    """
    return "—" if value is None or math.isnan(value) else f"{number(100 * value, 2)}%"
