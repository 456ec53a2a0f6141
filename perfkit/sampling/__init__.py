"""Design and draw: size, allocation, selection with permanent random numbers.

How many units (``size``), how many of each stratum (``allocation``), what a draw by risk is worth (``risk``), and the
chance that two units share a sample (``joint``).
"""

from perfkit.sampling import allocation, joint, risk, size

__all__ = ["allocation", "joint", "risk", "size"]
