"""Productivity from one year to the next: did the unit catch up, did the frontier move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from perfkit.errors import Problem, ScoreError
from perfkit.methods.frontier.programmes import radial
from perfkit.methods.frontier.technology import Technology


def malmquist(before: Technology, after: Technology, units: list[str] | None = None) -> pd.DataFrame:
    r"""Return the change of productivity of units between two years, at constant returns.

    Parameters
    ----------
    before, after
        The units of both years with the same inputs and outputs; a unit of one year alone only spans that frontier.
    units
        Those to compare; all that are in both years if left out.

    Returns
    -------
    DataFrame
        Indexed by unit: ``productivity``, the product of ``catching_up`` (its own distance to the frontier) and
        ``frontier`` (the shift of the frontier where it works). Above 1 is better.

    Raises
    ------
    ScoreError
        If the two do not have the same inputs and outputs, or a unit is missing in one of them.

    Notes
    -----
    :math:`M = \sqrt{\frac{\theta^0(1)}{\theta^0(0)} \frac{\theta^1(1)}{\theta^1(0)}}` with :math:`\theta^a(b)` the
    score of the unit's year b against the frontier of year a (Färe, Grosskopf, Norris and Zhang 1994).

    Examples
    --------
    >>> def year(*results):
    ...     spent = pd.DataFrame({"spent": [2.0, 2]}, index=["a", "b"])
    ...     return Technology(spent, pd.DataFrame({"done": results}, index=["a", "b"]))
    >>> malmquist(year(2.0, 4.0), year(4.0, 5.0)).round(3).values.tolist()
    [[2.0, 1.6, 1.25], [1.25, 1.0, 1.25]]
    """
    old, new = (replace(each, returns="constant") for each in (before, after))
    if list(old.inputs) != list(new.inputs) or list(old.outputs) != list(new.outputs):
        raise ScoreError(
            ("the two years have other inputs or outputs", "两个年度的投入产出不同"),
            [Problem(("not the same columns", "列不一致"), expected=str([*old.inputs, *old.outputs]))],
        )
    wanted = [unit for unit in old.units if unit in new.units] if units is None else units
    rows = {}
    for unit in wanted:
        own = {0: old, 1: new}
        score = {(frame, year): _across(own[frame], own[year], unit) for frame in (0, 1) for year in (0, 1)}
        change = np.sqrt(score[0, 1] / score[0, 0] * score[1, 1] / score[1, 0])
        closer = score[1, 1] / score[0, 0]
        rows[unit] = {"productivity": change, "catching_up": closer, "frontier": change / closer}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["productivity", "catching_up", "frontier"])


def _across(frontier: Technology, year: Technology, unit: str) -> float:
    """Return the score of a unit's year against the frontier of another."""
    at = year.at(unit)
    frontier.at(unit)
    scale = [frame.mean().where(frame.mean() > 0, 1.0).to_numpy() for frame in (frontier.inputs, frontier.outputs)]
    x0 = year.inputs.iloc[at].to_numpy(dtype=float) / scale[0]
    y0 = year.outputs.iloc[at].to_numpy(dtype=float) / scale[1]
    return radial(x0, y0, frontier)
