"""The efficient frontier: who gets most out of what they are given, by linear programmes (DEA).

A unit is compared with the best that a mix of the other units shows to be possible. The score of a unit is relative
to whoever else is in the data: it says how far it is from the best practice seen, never how efficient it is as such.
"""

from perfkit.methods.frontier.account import answer
from perfkit.methods.frontier.bootstrap import bootstrap
from perfkit.methods.frontier.productivity import malmquist
from perfkit.methods.frontier.programmes import Place, place, returns_to_scale, slacks_based, super_efficiency
from perfkit.methods.frontier.technology import Technology

__all__ = [
    "Place",
    "Technology",
    "answer",
    "bootstrap",
    "malmquist",
    "place",
    "returns_to_scale",
    "slacks_based",
    "super_efficiency",
]
