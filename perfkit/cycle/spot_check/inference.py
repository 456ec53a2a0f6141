"""What the checks say of all self-evaluations: scores, grades, departments, reviewers and money."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from perfkit import estimation, tables
from perfkit.cycle.spot_check import parts
from perfkit.cycle.spot_check.frame import Pair, fail_if_unfit, graded
from perfkit.errors import Problem, SampleError
from perfkit.estimation import Design
from perfkit.rules import RuleSet
from perfkit.sampling import Plan

_CELL = 5
NO_DEPARTMENT = "未填部门"
NO_CHECKS: Pair = ("尚无抽评结果", "there are no results of checks yet")
_CHECKED = (
    *("unit_id", "name", "department", "stratum", "part", "weight", "budget", "points_reported", "points_checked"),
    *("gap", "grade_reported", "grade_checked", "questioned", "reviewer_id"),
)


@dataclass(frozen=True)
class Inference:
    """What a spot check found, and what that implies for every self-evaluation; a frame each.

    ``checked`` has a row a unit that was checked, ``response`` counts who was reached, ``means`` sets the estimators
    of the mean checked score side by side, ``inflation`` is self-score less checked score of all, by self-grade and
    by department, ``grades`` the grades reported and those that checks would give, ``downgraded`` how likely each
    self-grade is to fall among the grades without further budget, ``ranking`` the departments, ``leniency`` the
    reviewers, ``heaping`` the self-scores at the cut-offs, ``money`` what the rule would move, ``chance`` what errors
    of the checks would do to it, ``questioned`` the money in question, ``expected`` the units not checked. A frame
    that cannot be made is empty and ``missing`` says why; of strata in ``lonely`` one unit was checked at random: its
    distance from the mean of all stands for the spread that is unknown. ``population`` is the number of
    self-evaluations spoken of: those of the frame that belong, by ``belong``, the share that the random checks found.
    """

    checked: pd.DataFrame
    response: pd.DataFrame
    means: pd.DataFrame
    inflation: pd.DataFrame
    grades: pd.DataFrame
    downgraded: pd.DataFrame
    ranking: pd.DataFrame
    leniency: pd.DataFrame
    heaping: pd.DataFrame
    money: pd.DataFrame
    chance: pd.DataFrame
    questioned: pd.DataFrame
    expected: pd.DataFrame
    listed: tuple[str, ...]
    lonely: tuple[str, ...]
    population: int
    belong: float
    missing: Mapping[str, Pair]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the frames that have rows, by name."""
        held = {each.name: getattr(self, each.name) for each in fields(self)[:-5]}
        return {name: frame for name, frame in held.items() if len(frame)}


def infer(
    frame: pd.DataFrame, sample: pd.DataFrame, checks: pd.DataFrame, rule_set: RuleSet, plan: Plan | None = None
) -> Inference:
    """Say what the checks of a sample imply for every self-evaluation of the frame.

    Parameters
    ----------
    frame
        Table ``frame``: every self-evaluation handed in (:func:`population`).
    sample
        Table ``sample`` as drawn, reserves among its rows.
    checks
        Table ``checks``: a row for every unit gone to.
    rule_set
        Gives the grades, those without further budget (``no_further_budget``) and the parameters of ``sampling``.
    plan
        How the sample was drawn; only a draw by budget gives bounds by monetary units.

    Raises
    ------
    SampleError
        If units of the sample are missing from the frame or the checks, a check has no score, or a check is of no
        unit of the sample.
    """
    listed = tuple(str(grade) for grade in rule_set.value("no_further_budget")["checked"])
    if checks.empty:
        return _not_yet(listed)
    basis, response = _basis(frame, sample, checks, rule_set)
    missing: dict[str, Pair] = {}

    def tried(name: str, make: Callable[[parts.Basis], pd.DataFrame]) -> pd.DataFrame:
        try:
            return make(basis)
        except SampleError as error:
            said = error.problems[0].what if error.problems else error.head
            missing[name] = (said[1], said[0])
            return _none(name)

    makers: dict[str, Callable[[parts.Basis], pd.DataFrame]] = {
        "means": parts.means,
        "inflation": parts.inflation,
        "grades": parts.grades,
        "downgraded": lambda held: estimation.downgraded_to(
            *held.both_grades, held.design, held.cuts, held.listed, confidence=held.confidence
        ).assign(measure="downgraded"),
        "ranking": parts.ranking,
        "leniency": parts.leniency,
        "heaping": parts.heaping,
        "money": parts.money,
        "chance": parts.chance,
        "questioned": lambda held: parts.questioned(held, plan),
        "expected": parts.expected,
    }
    made = {name: tried(name, make) for name, make in makers.items()}
    return Inference(
        checked=basis.units,
        response=response,
        listed=listed,
        lonely=_lonely(basis.units),
        population=round(basis.population),
        belong=basis.belong,
        missing=missing,
        **made,
    )


_TABLES = {
    "inflation": "inflation",
    "ranking": "ranking",
    "leniency": "leniency",
    "heaping": "heaping",
    "expected": "expected",
}


def _none(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(tables.contract(_TABLES.get(name, "estimates")).columns))


def _not_yet(listed: tuple[str, ...]) -> Inference:
    """Return the inference of no checks at all."""
    names = [each.name for each in fields(Inference)[:-5]]
    held: dict[str, Any] = {name: _none(name) for name in names}
    held["checked"] = pd.DataFrame(columns=[*_CHECKED])
    held["grades"] = held["grades"].assign(reported=None)
    held["response"] = pd.DataFrame(columns=["part", "checked", "not_reached", "not_eligible", "gone_to"])
    return Inference(
        **held,
        listed=listed,
        lonely=(),
        population=0,
        belong=1.0,
        missing={"means": NO_CHECKS},
    )


def _basis(
    frame: pd.DataFrame, sample: pd.DataFrame, checks: pd.DataFrame, rule_set: RuleSet
) -> tuple[parts.Basis, pd.DataFrame]:
    fail_if_unfit(frame, sample, checks, rule_set)
    carried = estimation.stand_in(sample, checks)
    weighted = estimation.nonresponse_weights(carried, _cells(carried), at_least=_CELL)
    outside = carried.loc[carried["outcome"].eq("not_eligible"), "unit_id"].tolist()
    random = weighted[weighted["part"].eq("random")]
    belong = random["weight"].where(random["outcome"].eq("checked"), 0).sum() / random["weight"].sum()
    weighted = weighted[weighted["outcome"].eq("checked")]
    if weighted.empty:
        raise _no_check(("no unit of the sample was checked", "样本中没有已核查的项目"))
    held = frame[~frame["unit_id"].isin(outside)]
    held = held.assign(
        grade_reported=held["grade_reported"].fillna(graded(held["points_reported"], rule_set)),
        department=held["department"].fillna(NO_DEPARTMENT),
    )
    about = ["unit_id", "name", "department", "budget", "points_reported", "grade_reported"]
    units = weighted.merge(held[about], on="unit_id").merge(
        checks[["unit_id", "points_checked", "grade_checked", "questioned", "reviewer_id"]], on="unit_id"
    )
    units["grade_checked"] = units["grade_checked"].fillna(graded(units["points_checked"], rule_set))
    units["gap"] = units["points_reported"] - units["points_checked"]
    cuts = {str(band["grade"]): float(band["min"]) for band in rule_set.value("grade_bands")}
    listed = [str(grade) for grade in rule_set.value("no_further_budget")["checked"]]
    basis = parts.Basis(
        units,
        Design.of(units, lonely="centre"),
        held,
        cuts,
        listed,
        {**rule_set.value("sampling"), **_points(rule_set)},
        float(belong),
    )
    return basis, _response(carried)


def _points(rule_set: RuleSet) -> dict[str, float]:
    return {
        "inflated": float(rule_set.value("inflated_from")["points"]),
        "apart": float(rule_set.value("score_deviation")["points"]),
        "full": float(rule_set.value("full_points")),
    }


def _cells(carried: pd.DataFrame) -> pd.Series:
    """Return the class of each unit within which those reached stand for those who were not.

    The random part of the stratum, a certain unit that was not reached among them: it is known no better than any
    unit that was not checked, and the other certain units keep standing for themselves alone. Where too few were
    reached, strata are put together, smallest first.
    """
    random, reached = carried["part"].eq("random"), carried["outcome"].ne("not_reached")
    cell = carried["stratum"].where(random | ~reached, carried["unit_id"].map(lambda unit: f"必查 {unit}"))
    mine = cell[random | ~reached]
    count = (reached & random)[mine.index].groupby(mine).sum().sort_values(kind="stable")
    short = (~reached)[mine.index].groupby(mine).any()[count.index] & (count < _CELL)
    joined = list(count.index[short])
    for other in count.index[~short]:
        if not joined or count[joined].sum() >= _CELL:
            break
        joined.append(other)
    return cell.where(~cell.isin(joined), "并层").set_axis(carried["unit_id"])


def _response(carried: pd.DataFrame) -> pd.DataFrame:
    """Return how many units of each part were gone to, and with what outcome."""
    counted = carried.groupby(["part", "outcome"], sort=False).size().unstack(fill_value=0)  # noqa: PD010
    wanted = [each for each in ("recommended", "size", "random") if each in counted.index]
    counted = counted.reindex(index=wanted, columns=["checked", "not_reached", "not_eligible"], fill_value=0)
    return counted.assign(gone_to=counted.sum(axis=1)).reset_index()


def _lonely(units: pd.DataFrame) -> tuple[str, ...]:
    """Return the strata of which one unit was checked at random and others were not: their spread is unknown."""
    drawn = units[units["part"].eq("random")]
    alone = drawn.groupby("stratum").filter(lambda rows: len(rows) == 1)
    return tuple(alone.loc[alone["weight"].gt(1), "stratum"])


def _no_check(what: tuple[str, str]) -> SampleError:
    return SampleError(what, [Problem(what)])
