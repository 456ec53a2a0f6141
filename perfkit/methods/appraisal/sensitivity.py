"""How far a component may move: sensitivity indicator and switching value, and the model that simulation draws on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, ScoreError, fail_if_any
from perfkit.methods.appraisal.convention import PLAIN, Array, Convention, Steps
from perfkit.methods.appraisal.flows import COMPONENTS
from perfkit.methods.appraisal.options import components, switching_value
from perfkit.tables.printing import number, percent

SENSITIVITY = (
    "option_id", "component", "change", "npv", "npv_changed", "indicator", "switching_value", "possible",
    "text_zh", "text_en",
)  # fmt: skip
_NAMES = {"benefit": ("效益", "benefit"), "investment": ("投资", "investment"), "operation": ("运行费", "operation")}
DELAY = "delay"


def sensitivity(flows: pd.DataFrame, steps: Steps, change: float, convention: Convention = PLAIN) -> pd.DataFrame:
    """Return how the net present value answers to an adverse change of each component.

    Parameters
    ----------
    flows
        Table ``flows`` of one unit.
    steps
        The schedule of discount rates.
    change
        The relative change, for example 0.1: benefits fall by it, costs rise by it.
    convention
        When flows fall and in what prices.

    Returns
    -------
    DataFrame
        One row an option and component that has a present value: ``change`` (signed), ``npv, npv_changed``,
        ``indicator`` (relative change of the net present value over that of the component, in absolute terms; NaN if
        the net present value is zero), ``switching_value`` (the change that makes it zero), ``possible`` (whether it
        can happen: nothing falls by more than all of it), ``text_zh, text_en``.

    Notes
    -----
    SI = |(NPV' - NPV) / NPV| / |change|; SV = NPV / (NPV - NPV') × change; so SI = 1 / |SV|. Definitions of the
    Asian Development Bank (Guidelines for the Economic Analysis of Projects, appendix 21).
    """
    rows = []
    for option, each in flows.groupby("option_id", sort=False):
        parts = components(each, steps, convention)
        npv = parts["benefit"] - parts["investment"] - parts["operation"]
        for component in COMPONENTS:
            part = parts[component]
            if not part:
                continue
            sign = 1.0 if component == "benefit" else -1.0
            signed = -sign * abs(change)
            changed = npv + sign * signed * part
            indicator = abs(part / npv) if npv else float("nan")
            switch = switching_value(npv, part, component)
            possible = switch >= -1.0
            words = _say(component, npv, switch, possible)
            rows.append((option, component, signed, npv, changed, indicator, switch, possible, *words))
    return pd.DataFrame(rows, columns=list(SENSITIVITY))


def _say(component: str, npv: float, switch: float, possible: bool) -> tuple[str, str]:
    zh, en = _NAMES[component]
    if npv == 0.0:
        return (
            f"净现值已为零，{zh}的任何变化都会改变其正负",
            f"the value is zero: any change of {en} decides its sign",
        )
    if not possible:
        return (f"{zh}单独变化不可能使净现值为零", f"no change of {en} alone can make the value zero")
    up = switch > 0.0
    return (
        f"{zh}{'提高' if up else '降低'} {percent(abs(switch))} 时净现值为零（现为 {number(npv, 2)}）",
        f"{en} {'up' if up else 'down'} by {percent(abs(switch))} makes the value zero (now {number(npv, 2)})",
    )


def npv_model(flows: pd.DataFrame, steps: Steps, convention: Convention = PLAIN) -> Callable[[pd.DataFrame], Array]:
    """Return the net present value of one option as a function of what is uncertain.

    Parameters
    ----------
    flows
        Table ``flows`` of one option.
    steps
        The schedule of discount rates.
    convention
        When flows fall and in what prices.

    Returns
    -------
    Callable
        Takes a frame, one row a case, and returns one net present value a row. Columns ``benefit``, ``investment``
        and ``operation`` are factors on the planned amounts (1: as planned); ``delay`` is by how many years all
        benefits come late (fractions of a year straight between two years). Columns left out are as planned; any
        other column is refused.

    Raises
    ------
    ScoreError
        If the flows hold more than one option.

    Notes
    -----
    A delayed benefit is not lost but comes later, beyond the last year of the plan if need be.

    Examples
    --------
    >>> flows = pd.DataFrame({"option_id": "A", "year": [0, 1], "investment": [100.0, 0],
    ...                       "operation": 0.0, "benefit": [0, 110.0]})
    >>> value = npv_model(flows, [{"from_year": 0, "rate": 0.1}])
    >>> value(pd.DataFrame({"investment": [1.0, 1.2], "delay": [0.0, 1.0]})).round(4).tolist()
    [0.0, -29.0909]
    """
    names = list(flows["option_id"].unique())
    if len(names) != 1:
        raise ScoreError(
            ("a model is of one option", "模型须针对一个方案"),
            [Problem(("options", "方案"), "flows", "1", ", ".join(str(n) for n in names) or "0")],
        )
    parts = components(flows, steps, convention)

    def value(cases: pd.DataFrame) -> Array:
        _fail_if_unknown(cases)
        factor = {c: cases[c].to_numpy(dtype=float) if c in cases else np.ones(len(cases)) for c in COMPONENTS}
        benefit = np.full(len(cases), parts["benefit"])
        if DELAY in cases:
            benefit = _late(flows, steps, convention, cases[DELAY].to_numpy(dtype=float))
        cost = factor["investment"] * parts["investment"] + factor["operation"] * parts["operation"]
        return np.asarray(factor["benefit"] * benefit - cost, dtype=float)

    return value


def _late(flows: pd.DataFrame, steps: Steps, convention: Convention, delay: npt.NDArray[np.float64]) -> Array:
    if np.isnan(delay).any() or delay.min(initial=0.0) < 0.0:
        raise ScoreError(
            ("a delay must be a number of at least zero years", "延误须为不小于零的年数"),
            [Problem(("delay", "延误"), DELAY, "≥ 0", str(delay.min(initial=0.0)))],
        )
    most = int(np.ceil(delay.max(initial=0.0)))
    values = [
        components(flows.assign(year=flows["year"] + later), steps, convention)["benefit"]
        for later in range(most + 1)
    ]
    return np.interp(delay, np.arange(most + 1), values)


def _fail_if_unknown(cases: pd.DataFrame) -> None:
    known = (*COMPONENTS, DELAY)
    what = ("the model knows no such input", "模型没有此项输入")
    stray = [str(c) for c in cases.columns if c not in known]
    fail_if_any(ScoreError, "inputs", [Problem(what, name, ", ".join(known), name) for name in stray])
