"""Item analysis: which indicators tell units apart, which say the same, how few would do, what history asks of them.

A frame of values has one row a unit and one column an indicator; NaN is missing. Every function returns a frame;
where a figure does not exist it is NaN and ``note_zh``, ``note_en`` say why. What cannot be analysed at all (one
indicator, one unit, text, an infinite value, a name that stands twice) is a ScoreError that names the column. All of
it describes the units in the file; nothing here says that an indicator does not matter.
"""

from perfkit.measure.items.consistency import alpha, alpha_if_dropped, omega
from perfkit.measure.items.diagnosis import diagnose
from perfkit.measure.items.history import standards, with_standards
from perfkit.measure.items.overlap import core_set, redundancy
from perfkit.measure.items.years import by_year, drift

__all__ = [
    "alpha",
    "alpha_if_dropped",
    "by_year",
    "core_set",
    "diagnose",
    "drift",
    "omega",
    "redundancy",
    "standards",
    "with_standards",
]
