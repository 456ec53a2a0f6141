"""Indicators on one scale, gaps filled and outliers tamed: for exploring a file and ranking its units.

All but ``goalposts`` judge a value by the others in the file: one more unit can move every figure. They explore and
rank; they never give a grade. A score against an absolute target is the business of ``perfkit.measure.scoring``. On
every scale more is better: where less is better (``le``) the column is turned. A missing value stays missing until
``impute`` fills it and says so; a column without two different values offers no scale and is refused, unless
``constant="missing"`` asks for missing values in its place. No small number is added anywhere.
"""

from perfkit.measure.normalising.distances import distance_to_reference, distance_to_target, goalposts
from perfkit.measure.normalising.gaps import Imputed, availability, impute, screen
from perfkit.measure.normalising.outliers import Treated, log_shift, skew_kurtosis, treat_outliers
from perfkit.measure.normalising.scales import borda, fraction_of_best, minmax, percentile_rank, ranks, zscore

__all__ = [
    "Imputed",
    "Treated",
    "availability",
    "borda",
    "distance_to_reference",
    "distance_to_target",
    "fraction_of_best",
    "goalposts",
    "impute",
    "log_shift",
    "minmax",
    "percentile_rank",
    "ranks",
    "screen",
    "skew_kurtosis",
    "treat_outliers",
    "zscore",
]
