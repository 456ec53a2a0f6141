"""Risk of an outcome that depends on uncertain inputs: tornado, Monte Carlo simulation, Sobol indices.

A model is any function from a frame of inputs (one row a case) to one outcome a row.
"""

from perfkit.methods.risk.inputs import Model, checked, draws, quantiles
from perfkit.methods.risk.simulation import simulate
from perfkit.methods.risk.sobol import sobol
from perfkit.methods.risk.tornado import tornado

__all__ = ["Model", "checked", "draws", "quantiles", "simulate", "sobol", "tornado"]
