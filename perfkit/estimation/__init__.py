"""What a sample says of the whole: estimators, their errors and intervals, self-scores against checked scores.

A sample is a :class:`Design` (how each row came in) and arrays or series with one value a row, in the same order.
Estimators return a frame of the table ``estimates``: one row a domain, with standard error and interval.
"""

from perfkit.estimation.assisted import difference, ratio_estimate
from perfkit.estimation.calibration import Calibrated, calibrate, known_totals, post_stratify, rake
from perfkit.estimation.design import Design
from perfkit.estimation.intervals import WHOLE, estimates, exact_share, limits
from perfkit.estimation.joint import total_by_joint
from perfkit.estimation.nonresponse import nonresponse_weights, response_classes, stand_in
from perfkit.estimation.prediction import cross_predictions, prediction_powered_mean
from perfkit.estimation.quantiles import quantile
from perfkit.estimation.regression import regression
from perfkit.estimation.replicates import Replicates, bootstrap, jackknife, replicated
from perfkit.estimation.totals import mean, pooled_mean, ratio, shares, total

__all__ = [
    "WHOLE",
    "Calibrated",
    "Design",
    "Replicates",
    "bootstrap",
    "calibrate",
    "cross_predictions",
    "difference",
    "estimates",
    "exact_share",
    "jackknife",
    "known_totals",
    "limits",
    "mean",
    "nonresponse_weights",
    "pooled_mean",
    "post_stratify",
    "prediction_powered_mean",
    "quantile",
    "rake",
    "ratio",
    "ratio_estimate",
    "regression",
    "replicated",
    "response_classes",
    "shares",
    "stand_in",
    "total",
    "total_by_joint",
]
