"""The indicator library: whether it is whole, what of it is in force on a day, how it changes."""

from perfkit.measure.indicators.codes import next_code
from perfkit.measure.indicators.comparison import compare, proposals
from perfkit.measure.indicators.integrity import library_problems
from perfkit.measure.indicators.merging import Merged, merge
from perfkit.measure.indicators.versions import as_of, in_force, last_day, with_names
from perfkit.measure.indicators.wholeness import applying_to, problems_of

__all__ = [
    "Merged",
    "applying_to",
    "as_of",
    "compare",
    "in_force",
    "last_day",
    "library_problems",
    "merge",
    "next_code",
    "problems_of",
    "proposals",
    "with_names",
]
