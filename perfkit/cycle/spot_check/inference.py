"""What the checks say of all self-evaluations: scores, grades, departments, reviewers and money."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from perfkit import estimation, tables
from perfkit.cycle.spot_check.frame import Pair, graded
from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation import Design
from perfkit.rules import RuleSet
from perfkit.sampling import Plan
from perfkit.sampling.selection import BY_SIZE

_CELL = 5
_STEPS = (1.0, 0.5)
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
    distance from the mean of all stands for the spread that is unknown.
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
    missing: Mapping[str, Pair]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the frames that have rows, by name."""
        held = {each.name: getattr(self, each.name) for each in fields(self)[:-3]}
        return {name: frame for name, frame in held.items() if len(frame)}


@dataclass(frozen=True)
class _Basis:
    """What every part of the inference starts from: the units checked, their design, the frame, the terms."""

    units: pd.DataFrame
    design: Design
    frame: pd.DataFrame
    cuts: Mapping[str, float]
    listed: list[str]
    terms: Mapping[str, Any]

    def column(self, name: str) -> Any:
        return self.units[name].to_numpy()

    @property
    def gap(self) -> tuple[Any, Any, Design]:
        return self.column("points_reported"), self.column("points_checked"), self.design

    @property
    def both_grades(self) -> tuple[Any, Any]:
        return self.column("grade_reported"), self.column("grade_checked")

    @property
    def confidence(self) -> float:
        return float(self.terms["confidence"])


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

    def tried(name: str, make: Callable[[_Basis], pd.DataFrame]) -> pd.DataFrame:
        try:
            return make(basis)
        except SampleError as error:
            said = error.problems[0].what if error.problems else error.head
            missing[name] = (said[1], said[0])
            return _none(name)

    parts: dict[str, Callable[[_Basis], pd.DataFrame]] = {
        "means": _means,
        "inflation": _inflation,
        "grades": _grades,
        "downgraded": lambda held: estimation.downgraded_to(
            *held.both_grades, held.design, held.cuts, held.listed, confidence=held.confidence
        ).assign(measure="downgraded"),
        "ranking": _ranking,
        "leniency": _leniency,
        "heaping": _heaping,
        "money": _money,
        "chance": _chance,
        "questioned": lambda held: _questioned(held, plan),
        "expected": _expected,
    }
    made = {name: tried(name, make) for name, make in parts.items()}
    return Inference(
        checked=basis.units, response=response, listed=listed, lonely=_lonely(basis.units), missing=missing, **made
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
    names = [each.name for each in fields(Inference)[:-3]]
    held: dict[str, Any] = {name: _none(name) for name in names}
    held["checked"] = pd.DataFrame(columns=[*_CHECKED])
    held["response"] = pd.DataFrame(columns=["part", "checked", "not_reached", "not_eligible", "gone_to"])
    return Inference(
        **held, listed=listed, lonely=(), missing={"means": ("尚无抽评结果", "there are no results of checks yet")}
    )


def _basis(
    frame: pd.DataFrame, sample: pd.DataFrame, checks: pd.DataFrame, rule_set: RuleSet
) -> tuple[_Basis, pd.DataFrame]:
    _fail_if_unfit(frame, sample, checks)
    carried = estimation.stand_in(sample, checks)
    weighted = estimation.nonresponse_weights(carried, _cells(carried), at_least=_CELL)
    weighted = weighted[weighted["outcome"].eq("checked")]
    about = ["unit_id", "name", "department", "budget", "points_reported"]
    units = weighted.merge(frame[[*about, "grade_reported"]], on="unit_id").merge(
        checks[["unit_id", "points_checked", "grade_checked", "questioned", "reviewer_id"]], on="unit_id"
    )
    units["grade_reported"] = units["grade_reported"].fillna(graded(units["points_reported"], rule_set))
    units["grade_checked"] = units["grade_checked"].fillna(graded(units["points_checked"], rule_set))
    units["gap"] = units["points_reported"] - units["points_checked"]
    held = frame.assign(grade_reported=frame["grade_reported"].fillna(graded(frame["points_reported"], rule_set)))
    cuts = {str(band["grade"]): float(band["min"]) for band in rule_set.value("grade_bands")}
    listed = [str(grade) for grade in rule_set.value("no_further_budget")["checked"]]
    basis = _Basis(
        units,
        Design.of(units, lonely="centre"),
        held,
        cuts,
        listed,
        {**rule_set.value("sampling"), **_points(rule_set)},
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

    The stratum, recommended units apart; where too few were reached, strata are put together, smallest first.
    """
    side = np.where(carried["part"].eq("random"), "random", "certain")
    cell = pd.Series(side, index=carried.index) + "/" + carried["stratum"]
    reached = carried["outcome"].eq("checked")
    for each in ("random", "certain"):
        mine = cell[side == each]
        count = reached[mine.index].groupby(mine).sum().sort_values(kind="stable")
        short = (~reached[mine.index]).groupby(mine).any()[count.index] & (count < _CELL)
        joined = list(count.index[short])
        for other in count.index[~short]:
            if not joined or count[joined].sum() >= _CELL:
                break
            joined.append(other)
        cell = cell.where(~cell.isin(joined), f"{each}/joined")
    return cell.set_axis(carried["unit_id"])


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


def _means(held: _Basis) -> pd.DataFrame:
    own, seen, design = held.gap
    known = held.frame["points_reported"].to_numpy()
    level = held.confidence
    totals = estimation.known_totals(held.frame[["points_reported"]])
    regression = estimation.calibrate(design, held.units[["points_reported"]], totals)
    rows = [
        estimation.mean(seen, design, confidence=level).assign(estimator="expansion"),
        estimation.difference(seen, own, known, design, confidence=level).assign(estimator="difference"),
        estimation.ratio_estimate(seen, own, known, design, confidence=level).assign(estimator="ratio"),
        estimation.mean(seen, regression, confidence=level).assign(estimator="regression"),
        estimation.prediction_powered_mean(seen, own, known, design, confidence=level).assign(
            estimator="prediction-powered"
        ),
        estimation.pooled_mean(seen, held.units, accept_bias=True, confidence=level).assign(estimator="pooled"),
    ]
    return pd.concat(rows, ignore_index=True).assign(measure="checked score")


def _inflation(held: _Basis) -> pd.DataFrame:
    own, seen, design = held.gap
    level = held.confidence
    grades, departments = held.column("grade_reported"), held.column("department")
    order = {grade: at for at, grade in enumerate(held.cuts)}
    by_grade = estimation.inflation(own, seen, design, grades, confidence=level)
    by_grade = by_grade.sort_values("domain", key=lambda names: names.map(order))
    apart = estimation.inflation(own, seen, design, departments, against="all", confidence=level)
    parts = {
        "all": estimation.inflation(own, seen, design, confidence=level),
        "grade": by_grade,
        "department": estimation.inflation(own, seen, design, departments, confidence=level),
        "department against all": apart,
        "inflated": estimation.share_inflated(own, seen, design, held.terms["inflated"], confidence=level),
        "far apart": estimation.share_inflated(own, seen, design, held.terms["apart"], confidence=level),
    }
    return pd.concat([part.assign(measure=name) for name, part in parts.items()], ignore_index=True)


def _grades(held: _Basis) -> pd.DataFrame:
    population = estimation.grade_counts(held.frame["grade_reported"])
    found = estimation.corrected_distribution(
        *held.both_grades, held.design, population, held.cuts, confidence=held.confidence
    )
    reported = estimation.reported_distribution(population, held.cuts)
    return found.assign(measure="grade").merge(
        reported[["domain", "estimate"]].rename(columns={"estimate": "reported"}), on="domain", how="left"
    )


def _ranking(held: _Basis) -> pd.DataFrame:
    departments = sorted(held.frame["department"].dropna().unique())
    found = estimation.ranked_departments(
        *held.gap,
        held.column("department"),
        departments,
        few=int(held.terms["least_checks"]) - 1,
        confidence=held.confidence,
    )
    # Recommended units that stand for one that was not reached have an error, and yet were not drawn.
    drawn = held.units[held.units["part"].eq("random")].groupby("department").size()
    return found.assign(n_random=found["domain"].map(drawn).fillna(0))


def _leniency(held: _Basis) -> pd.DataFrame:
    known = held.units["reviewer_id"].notna()
    rows = held.units[known]
    if not known.any():
        raise _nothing(("no reviewer is named", "未填复核人"))
    return estimation.reviewer_leniency(
        rows["points_reported"].to_numpy(),
        rows["points_checked"].to_numpy(),
        rows["reviewer_id"].to_numpy(),
        confidence=held.confidence,
    )


def _heaping(held: _Basis) -> pd.DataFrame:
    scores = held.frame["points_reported"].to_numpy(dtype=float)
    fitting = [step for step in _STEPS if np.allclose(scores / step, np.round(scores / step), atol=1e-9)]
    if not fitting:
        raise _nothing(("self-scores are no whole or half points", "自评得分不是整分或半分"))
    worst = min(held.cuts, key=lambda grade: held.cuts[grade])
    found, why = [], _nothing(("there are no cut-offs", "没有等级线"))
    for grade, cut in held.cuts.items():
        if grade == worst:
            continue
        try:
            pair = {grade: cut, worst: held.cuts[worst]}
            found.append(estimation.heaping(scores, pair, step=fitting[0], confidence=held.confidence))
        except SampleError as error:  # too few scores around one line say nothing against another
            why = error
    if not found:
        raise why
    return pd.concat(found, ignore_index=True)


def _money(held: _Basis) -> pd.DataFrame:
    budgets = held.frame.groupby("grade_reported")["budget"].sum()
    return estimation.money_moved(
        *held.both_grades,
        held.column("budget"),
        held.design,
        budgets,
        held.cuts,
        held.listed,
        confidence=held.confidence,
    )


def _chance(held: _Basis) -> pd.DataFrame:
    return estimation.second_check(
        held.column("points_checked"),
        held.column("budget"),
        held.design,
        held.cuts,
        held.listed,
        float(held.terms["check_sd"]),
        confidence=held.confidence,
    )


def _questioned(held: _Basis, plan: Plan | None) -> pd.DataFrame:
    amounts = held.units["questioned"]
    if not amounts.notna().any():
        raise _nothing(("no amount in question was filled in", "未填问题资金"))
    if amounts.isna().any():
        raise _nothing(
            (
                "the amount in question is missing for some checks; write 0 where there is none",
                "部分抽评未填问题资金；没有的请填 0",
            )
        )
    budget, population = held.column("budget"), held.frame["budget"].to_numpy()
    if plan is not None and plan.method in BY_SIZE and plan.size == "budget":
        certain = ~held.units["part"].eq("random").to_numpy()
        return estimation.money_at_risk(
            budget, amounts.to_numpy(), float(population.sum()), certain=certain, confidence=held.confidence
        )
    return estimation.ratio_estimate(
        amounts.to_numpy(), budget, population, held.design, what="total", confidence=held.confidence
    ).assign(measure="questioned")


def _expected(held: _Basis) -> pd.DataFrame:
    unchecked = held.frame[~held.frame["unit_id"].isin(held.units["unit_id"].tolist())]
    return estimation.expected_scores(
        estimation.model_checked(*held.gap),
        unchecked.set_index("unit_id")["points_reported"],
        held.cuts,
        full=float(held.terms["full"]),
        confidence=held.confidence,
    )


def _nothing(what: tuple[str, str]) -> SampleError:
    return SampleError(what, [Problem(what)])


def _fail_if_unfit(frame: pd.DataFrame, sample: pd.DataFrame, checks: pd.DataFrame) -> None:
    strangers = sample.loc[~sample["unit_id"].isin(frame["unit_id"].tolist()), "unit_id"]
    done = checks["outcome"].fillna("checked").eq("checked")
    unscored = checks[done & checks["points_checked"].isna()]
    problems = [
        Problem(("the frame lacks a unit of the sample", "抽样框缺少样本单位"), str(unit), column="unit_id")
        for unit in strangers
    ]
    problems += [
        Problem(
            ("a checked unit has no score", "已核查的项目没有得分"),
            tables.place(checks, at, "points_checked", name="checks"),
            do=("write the score, or the outcome not_reached", "请填得分，或在核查情况填“未能核查”"),
            column="points_checked",
        )
        for at in unscored.index
    ]
    fail_if_any(SampleError, "checks 抽评结果", problems)
