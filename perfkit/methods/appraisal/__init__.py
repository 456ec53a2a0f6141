"""Appraisal of cash flows: present values, rates of return, options, switching values, cost-effectiveness.

Unless a :class:`Convention` says otherwise a flow in year *t* is discounted *t* times, year 0 not at all, and amounts
are real: of one price base. Transfers and sunk costs are flagged and left out by :func:`economic`.
"""

from perfkit.methods.appraisal.convention import Convention, Steps, discount_factors, present_value
from perfkit.methods.appraisal.effectiveness import cost_effectiveness, scale_curve
from perfkit.methods.appraisal.flows import Economic, economic, net, shadow_priced
from perfkit.methods.appraisal.options import annual_equivalents, appraise, incremental, payback, side_by_side
from perfkit.methods.appraisal.returns import (
    interpolated_rate,
    modified_rate,
    npv_curve,
    rates_of_return,
    returns,
    sign_changes,
)
from perfkit.methods.appraisal.sensitivity import npv_model, sensitivity

__all__ = [
    "Convention",
    "Economic",
    "Steps",
    "annual_equivalents",
    "appraise",
    "cost_effectiveness",
    "discount_factors",
    "economic",
    "incremental",
    "interpolated_rate",
    "modified_rate",
    "net",
    "npv_curve",
    "npv_model",
    "payback",
    "present_value",
    "rates_of_return",
    "returns",
    "scale_curve",
    "sensitivity",
    "shadow_priced",
    "side_by_side",
    "sign_changes",
]
