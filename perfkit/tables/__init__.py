"""Every table the kit reads or returns, column by column: the contract, reading and writing."""

from perfkit.tables.checking import check, check_rows, spellings
from perfkit.tables.checking import plain as folded
from perfkit.tables.columns import Contract
from perfkit.tables.contracts import CONTRACTS, contract, dictionary, labels
from perfkit.tables.numbers import as_numbers, bad_cells, signs
from perfkit.tables.reading import Sheet, place, read, read_all, sheets
from perfkit.tables.signing import write_signable
from perfkit.tables.writing import template, write

__all__ = [
    "CONTRACTS",
    "Contract",
    "Sheet",
    "as_numbers",
    "bad_cells",
    "check",
    "check_rows",
    "contract",
    "dictionary",
    "folded",
    "labels",
    "place",
    "read",
    "read_all",
    "sheets",
    "signs",
    "spellings",
    "template",
    "write",
    "write_signable",
]
