"""Official downloads, filled forms and data from PyPI, read into tables."""

from perfkit.readers.files import find
from perfkit.readers.forms import FORM_TABLES, Form, holds_tables, open_forms, table_files
from perfkit.readers.official import (
    ADB_TAGS,
    adb_ratings,
    california_schools,
    coneval_programs,
    ieg_ratings,
    nyc_indicators,
)
from perfkit.readers.opening import INPUT_TABLES, open_data
from perfkit.readers.rows import YUAN, Remark
from perfkit.readers.targets import Reading, read_text

__all__ = [
    "ADB_TAGS",
    "FORM_TABLES",
    "INPUT_TABLES",
    "YUAN",
    "Form",
    "Reading",
    "Remark",
    "adb_ratings",
    "california_schools",
    "coneval_programs",
    "find",
    "holds_tables",
    "ieg_ratings",
    "nyc_indicators",
    "open_data",
    "open_forms",
    "read_text",
    "table_files",
]
