"""What a sample says of the whole: estimators, their errors and intervals, self-scores against checked scores.

A sample is a :class:`Design` (how each row came in) and arrays or series with one value a row, in the same order.
Estimators return a frame of the table ``estimates``: one row a domain, with standard error and interval.
"""

from perfkit.estimation.assisted import difference, ratio_estimate
from perfkit.estimation.calibration import Calibrated, calibrate, known_totals, post_stratify, rake
from perfkit.estimation.design import Design
from perfkit.estimation.intervals import WHOLE, estimates, limits
from perfkit.estimation.quantiles import quantile
from perfkit.estimation.totals import mean, pooled_mean, ratio, shares, total

__all__ = [
    "WHOLE",
    "Calibrated",
    "Design",
    "calibrate",
    "difference",
    "estimates",
    "known_totals",
    "limits",
    "mean",
    "pooled_mean",
    "post_stratify",
    "quantile",
    "rake",
    "ratio",
    "ratio_estimate",
    "shares",
    "total",
]
