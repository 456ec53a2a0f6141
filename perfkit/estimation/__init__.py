"""What a sample says of the whole: estimators, their errors and intervals, self-scores against checked scores.

A sample is a :class:`Design` (how each row came in) and arrays or series with one value a row, in the same order.
Estimators return a frame of the table ``estimates``: one row a domain, with standard error and interval.
"""

from perfkit.estimation.agreement import agreement, confusion, downgraded_to, from_worst, graded
from perfkit.estimation.assisted import difference, ratio_estimate
from perfkit.estimation.audit import attribute_bound, audited_difference, moment_bound, money_at_risk, stringer_bound
from perfkit.estimation.calibration import Calibrated, calibrate, known_totals, post_stratify, rake
from perfkit.estimation.consequences import money_moved, second_check
from perfkit.estimation.design import Design
from perfkit.estimation.findings import (
    say_department,
    say_grades,
    say_groups,
    say_inflation,
    say_money,
    say_risk,
)
from perfkit.estimation.grades import corrected_distribution, grade_counts, reported_distribution
from perfkit.estimation.heaping import heaping
from perfkit.estimation.inflation import agreement_limits, inflation, money_inflation, share_inflated
from perfkit.estimation.intervals import WHOLE, estimates, exact_share, limits
from perfkit.estimation.joint import total_by_joint
from perfkit.estimation.leniency import reviewer_leniency
from perfkit.estimation.nonresponse import nonresponse_weights, response_classes, stand_in
from perfkit.estimation.prediction import cross_predictions, prediction_powered_mean
from perfkit.estimation.quantiles import quantile
from perfkit.estimation.regression import regression
from perfkit.estimation.replicates import Replicates, bootstrap, jackknife, replicated
from perfkit.estimation.shrinkage import fay_herriot, ranked_departments, smoothed_variances
from perfkit.estimation.totals import mean, pooled_mean, ratio, shares, total
from perfkit.estimation.unchecked import expected_scores, grade_probabilities, model_checked, prediction_coverage

__all__ = [
    "WHOLE",
    "Calibrated",
    "Design",
    "Replicates",
    "agreement",
    "agreement_limits",
    "attribute_bound",
    "audited_difference",
    "bootstrap",
    "calibrate",
    "confusion",
    "corrected_distribution",
    "cross_predictions",
    "difference",
    "downgraded_to",
    "estimates",
    "exact_share",
    "expected_scores",
    "fay_herriot",
    "from_worst",
    "grade_counts",
    "grade_probabilities",
    "graded",
    "heaping",
    "inflation",
    "jackknife",
    "known_totals",
    "limits",
    "mean",
    "model_checked",
    "moment_bound",
    "money_at_risk",
    "money_inflation",
    "money_moved",
    "nonresponse_weights",
    "pooled_mean",
    "post_stratify",
    "prediction_coverage",
    "prediction_powered_mean",
    "quantile",
    "rake",
    "ranked_departments",
    "ratio",
    "ratio_estimate",
    "regression",
    "replicated",
    "reported_distribution",
    "response_classes",
    "reviewer_leniency",
    "say_department",
    "say_grades",
    "say_groups",
    "say_inflation",
    "say_money",
    "say_risk",
    "second_check",
    "share_inflated",
    "shares",
    "smoothed_variances",
    "stand_in",
    "stringer_bound",
    "total",
    "total_by_joint",
]
