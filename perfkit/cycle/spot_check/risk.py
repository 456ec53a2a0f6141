"""Draw more often where past checks say that self-scores do not survive: the risk as a column of the frame."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from perfkit.cycle.spot_check.frame import Pair, graded
from perfkit.rules import RuleSet
from perfkit.sampling import risk


@dataclass(frozen=True)
class Risky:
    """The frame with a column ``risk`` to draw by, the model behind it, and what it is worth in sentences."""

    frame: pd.DataFrame
    model: risk.RiskModel
    facts: tuple[Pair, ...]


def with_risk(
    frame: pd.DataFrame, past: pd.DataFrame, found: pd.DataFrame, rule_set: RuleSet, *, n: int = 0
) -> Risky:
    """Learn from past checks which self-scores do not survive one, and add to the frame a size to draw by.

    Parameters
    ----------
    frame
        Table ``frame`` of the year to draw from.
    past, found
        Tables ``frame`` and ``checks`` of an earlier year, or of several put together.
    rule_set
        Gives the grades: a self-score fails if the check finds a lower one.
    n
        Units that will be checked, at which the gain over plain random is stated; 0: the share the pack asks for.

    Raises
    ------
    SampleError
        If there are too few past checks or failures, or checks are of no unit of the past frame.

    Notes
    -----
    The risk only moves the chances, and leaves every unit one: what is inferred from the sample rests on the
    inclusion probabilities and is unbiased however wrong the model is.
    """
    bands = {str(band["grade"]): float(band["min"]) for band in rule_set.value("grade_bands")}
    best_first = sorted(bands, key=lambda grade: -bands[grade])
    then = past.assign(grade_reported=past["grade_reported"].fillna(graded(past["points_reported"], rule_set)))
    checked = found.assign(grade_checked=found["grade_checked"].fillna(graded(found["points_checked"], rule_set)))
    history = risk.past_checks(then, checked, grades=best_first)
    share = n / len(frame) if n else float(rule_set.value("spot_check_floor")["share"])
    model = risk.learn(history, share=share, cut_offs=[cut for cut in bands.values() if cut > 0])
    now = frame.assign(grade_reported=frame["grade_reported"].fillna(graded(frame["points_reported"], rule_set)))
    size = risk.size_from_risk(model.risk(now))
    return Risky(frame.assign(risk=size.to_numpy()), model, (model.sentence,))
