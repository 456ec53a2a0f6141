"""Official downloads, filled forms and data from PyPI, read into tables."""

from perfkit.readers.official import (
    ADB_TAGS,
    adb_ratings,
    california_schools,
    coneval_programs,
    ieg_ratings,
    nyc_indicators,
)
from perfkit.readers.opening import INPUT_TABLES, open_data

__all__ = [
    "ADB_TAGS",
    "INPUT_TABLES",
    "adb_ratings",
    "california_schools",
    "coneval_programs",
    "ieg_ratings",
    "nyc_indicators",
    "open_data",
]
