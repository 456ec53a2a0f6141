"""Design and draw: size, allocation, selection with permanent random numbers.

Whether a unit is drawn follows from the seed and its code alone: hashed to a number, never from a generator whose
stream may change. :func:`draw` takes a frame and gives the table ``sample``; ``select`` does the same on arrays.
"""

from perfkit.sampling.certificate import (
    Drawn,
    Plan,
    announce,
    certify,
    read_certificate,
    read_plan,
    verify,
    write_plan,
)
from perfkit.sampling.drawing import draw
from perfkit.sampling.fingerprint import Fingerprint, fingerprint
from perfkit.sampling.frame import check_frame, size_classes
from perfkit.sampling.inclusion import inclusion_probabilities
from perfkit.sampling.monetary import interval_hits, monetary_unit
from perfkit.sampling.numbers import permanent, seed_of, stream
from perfkit.sampling.selection import Selection, select
from perfkit.sampling.stages import two_stage
from perfkit.sampling.topping_up import top_up

__all__ = [
    "Drawn",
    "Fingerprint",
    "Plan",
    "Selection",
    "allocation",
    "announce",
    "certify",
    "check_frame",
    "draw",
    "fingerprint",
    "inclusion_probabilities",
    "interval_hits",
    "joint",
    "monetary_unit",
    "permanent",
    "read_certificate",
    "read_plan",
    "risk",
    "seed_of",
    "select",
    "size",
    "size_classes",
    "stream",
    "top_up",
    "two_stage",
    "verify",
    "write_plan",
]
