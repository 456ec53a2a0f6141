"""Uncertainty: how sure a grade is when weights and measurements are not.

Draw other points (``vary_weights``), score every unit with each draw (``simulate``), ask what moves a total
(``drivers`` by formula, ``sobol`` for any function), drop each indicator in turn (``leave_one_out``) and see how far
a total is from the next grade (``to_boundary``). The order of units or of indicators never matters; a gap is refused.
"""

from perfkit.measure.uncertainty.causes import drivers, sobol
from perfkit.measure.uncertainty.drawing import vary_weights
from perfkit.measure.uncertainty.simulation import Simulation, simulate
from perfkit.measure.uncertainty.stability import leave_one_out, to_boundary

__all__ = ["Simulation", "drivers", "leave_one_out", "simulate", "sobol", "to_boundary", "vary_weights"]
