"""Which self-scores will not survive a check, learned from past checks, and a size measure to draw by.

``past_checks`` joins a past year's frame with its checks, ``learn`` returns a :class:`RiskModel` and the evidence for
it, ``size_from_risk`` turns its predictions into a size that leaves every unit a chance.
"""

from perfkit.sampling.risk.history import past_checks
from perfkit.sampling.risk.model import RiskModel, learn, size_from_risk

__all__ = ["RiskModel", "learn", "past_checks", "size_from_risk"]
