"""Several indicators into one number: weighted means, how much one may make up for another, and rankings.

The means judge each row by itself. ``composite`` without bounds, ``topsis``, ``saw`` and
``copeland`` judge a row by the others in the file: adding
a unit can change every score and even the order of the rest (rank reversal). They rank; they never give a grade.
A score that must stand when the file grows comes from ``perfkit.measure.scorecard``.
"""

from perfkit.measure.aggregating.composite import composite
from perfkit.measure.aggregating.means import arithmetic, compensation_gap, geometric, harmonic, power
from perfkit.measure.aggregating.ranking import copeland, outranking, saw, topsis

__all__ = [
    "arithmetic",
    "compensation_gap",
    "composite",
    "copeland",
    "geometric",
    "harmonic",
    "outranking",
    "power",
    "saw",
    "topsis",
]
