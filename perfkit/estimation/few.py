"""Groups with too few random checks to know an error: their figure stands, its error and interval do not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.estimation.design import Codes, Design
from perfkit.estimation.inputs import Values, domains

_ONE = ("只随机抽查了一个单位，无法估计误差", "one random check: its error cannot be known")
_ONLY_CERTAIN = (
    "只核查了必查单位，结果仅指这些单位",
    "only certain units were checked: the figure is of these alone",
)


def without_error(made: pd.DataFrame, design: Design, by: Values | None) -> pd.DataFrame:
    """Return rows of ``estimates``, error and limits taken out where a group has fewer than two random checks.

    ``made`` has a row a group of ``by``, in the order of their names. A census has no error to hide.
    """
    if (design.inclusion >= 1).all():
        return made
    split = domains(by, design)
    count = open_units(split.codes, len(split.names), design)
    unknown = count < 2
    hidden = {column: made[column].where(~unknown) for column in ("se", "low", "high")}
    notes = {
        f"note_{lang}": np.where(unknown, np.where(count == 1, _ONE[at], _ONLY_CERTAIN[at]), made[f"note_{lang}"])
        for at, lang in enumerate(("zh", "en"))
    }
    return made.assign(**hidden, **notes)


def open_units(codes: Codes, k: int, design: Design) -> Codes:
    """Return how many first-stage units that were not certain each of ``k`` groups has."""
    open_ = design.inclusion < 1
    size = int(design.clusters.max()) + 1 if design.n else 1
    return np.bincount(np.unique(codes[open_] * size + design.clusters[open_]) // size, minlength=k)
