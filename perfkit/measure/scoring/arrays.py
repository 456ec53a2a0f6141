"""What every rule function works on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

TINY = 1e-9  # float dust: 0.1 * 3 must count as meeting 0.3


def floats(values: npt.ArrayLike) -> Array:
    """Return ``values`` as floats, without a copy where they are."""
    return np.asarray(values, dtype=np.float64)
