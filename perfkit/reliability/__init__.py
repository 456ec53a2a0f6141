"""Do the raters agree: correlation of scores, agreement beyond chance, differences between raters.

A frame of ratings has one row a target and one column a rater. Every function returns a frame; where a figure does
not exist for the ratings given, it is NaN and ``note_zh``, ``note_en`` say why. What cannot be compared at all (one
rater, one target, text where numbers belong, a missing rating that nobody said to drop) is a ScoreError.
"""

from perfkit.reliability.beyond_chance import fleiss_kappa, krippendorff_alpha, weighted_kappa
from perfkit.reliability.correlation import icc, kendall_w
from perfkit.reliability.differences import adjusted_means, bland_altman, leniency

__all__ = [
    "adjusted_means",
    "bland_altman",
    "fleiss_kappa",
    "icc",
    "kendall_w",
    "krippendorff_alpha",
    "leniency",
    "weighted_kappa",
]
