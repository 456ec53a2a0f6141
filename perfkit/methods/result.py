"""The one shape in which every research method answers: an estimate, how sure, under what, and whether that holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

Pair = tuple[str, str]
Verdict = Literal["pass", "warn", "fail", "not run"]
_WORST: tuple[Verdict, ...] = ("pass", "not run", "warn", "fail")


@dataclass(frozen=True)
class Diagnostic:
    """One check of an assumption.

    ``name`` and ``why`` are (zh, en) pairs; ``statistic`` and ``p_value`` are missing where the check has none. A
    check that could not be made has the verdict ``not run`` and says why.
    """

    name: Pair
    verdict: Verdict
    why: Pair
    statistic: float = float("nan")
    p_value: float = float("nan")


@dataclass(frozen=True)
class Result:
    """What a method found.

    Attributes
    ----------
    method, estimand
        (zh, en): what was done, and what is estimated, for whom.
    estimate, se, low, high
        In ``units``; missing (nan) where the method has none, and for ``refused`` results all of them.
    se_type
        How the error was found, in the field's term: ``HC2``, ``cluster (county)``, ``bootstrap, 1,000 draws``.
    confidence
        Of the interval ``low`` to ``high``.
    n
        Units that were used.
    units
        (zh, en), for example ("百分点", "percentage points").
    assumptions
        (zh, en) each: what must be true for the estimate to mean the estimand.
    diagnostics
        The checks of them.
    refusals
        (zh, en) each: what was asked and cannot be answered from these data, and why.
    text
        (zh, en): the result in a sentence or two, written from the numbers.
    tables
        Frames by name: what stands behind the estimate.
    """

    method: Pair
    estimand: Pair
    estimate: float = float("nan")
    se: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    se_type: str = ""
    confidence: float = 0.95
    n: int = 0
    units: Pair = ("", "")
    assumptions: tuple[Pair, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    refusals: tuple[Pair, ...] = ()
    text: Pair = ("", "")
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether the data do not allow an answer."""
        return bool(np.isnan(self.estimate) and self.refusals)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the checks; ``not run`` if there are none."""
        return max((each.verdict for each in self.diagnostics), key=_WORST.index, default="not run")
