"""Each part of what a spot check implies, from the units checked, their design, the frame and the terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from perfkit import estimation
from perfkit.errors import Problem, SampleError
from perfkit.estimation import Design
from perfkit.sampling import Plan
from perfkit.sampling.selection import BY_SIZE

_STEPS = (1.0, 0.5)


@dataclass(frozen=True)
class Basis:
    """What every part of the inference starts from: the units checked, their design, the frame, the terms."""

    units: pd.DataFrame
    design: Design
    frame: pd.DataFrame
    cuts: Mapping[str, float]
    listed: list[str]
    terms: Mapping[str, Any]
    belong: float

    @property
    def unchecked(self) -> pd.DataFrame:
        """The units of the frame that were not checked."""
        return self.frame[~self.frame["unit_id"].isin(self.units["unit_id"].tolist())]

    @property
    def population(self) -> float:
        """Units of the frame that belong: those checked, and of the others the share that checks lead to expect."""
        return len(self.units) + self.belong * len(self.unchecked)

    def by_grade(self, column: str | None = None) -> pd.Series:
        """Return the units (or the sum of a column) that belong, by self-grade."""
        seen, others = (
            rows.groupby("grade_reported")[column].sum() if column else rows.groupby("grade_reported").size()
            for rows in (self.units, self.unchecked)
        )
        return seen.astype(float).add(self.belong * others, fill_value=0.0)

    def column(self, name: str) -> Any:
        """Return a column of the units checked, a value a row."""
        return self.units[name].to_numpy()

    @property
    def gap(self) -> tuple[Any, Any, Design]:
        """Self-scores, checked scores and the design."""
        return self.column("points_reported"), self.column("points_checked"), self.design

    @property
    def both_grades(self) -> tuple[Any, Any]:
        """Self-grades and checked grades."""
        return self.column("grade_reported"), self.column("grade_checked")

    @property
    def confidence(self) -> float:
        """Of every interval."""
        return float(self.terms["confidence"])


def means(held: Basis) -> pd.DataFrame:
    """Return the estimators of the mean checked score, the plain mean of all checks beside them."""
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


def inflation(held: Basis) -> pd.DataFrame:
    """Return self-score less checked score: all, by self-grade, by department and each department against all."""
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


def grades(held: Basis) -> pd.DataFrame:
    """Return the grades that checks would give to the whole, beside those reported."""
    population = held.by_grade()
    found = estimation.corrected_distribution(
        *held.both_grades, held.design, population, held.cuts, confidence=held.confidence
    )
    reported = estimation.reported_distribution(population, held.cuts)
    own = reported.set_index("domain")["estimate"]
    return found.assign(measure="grade", reported=found["domain"].map(own).fillna(0.0))


def ranking(held: Basis) -> pd.DataFrame:
    """Return the departments from the most to the least inflated."""
    departments = sorted(held.frame["department"].dropna().unique())
    least = int(held.terms["least_checks"])
    found = estimation.ranked_departments(
        *held.gap, held.column("department"), departments, few=least - 1, confidence=held.confidence
    )
    # What two projects show of a department is not held against it: only the shrunken figure stands.
    return found.assign(own=found["own"].where(found["n_random"] >= least))


def leniency(held: Basis) -> pd.DataFrame:
    """Return how lenient each reviewer is."""
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


def heaping(held: Basis) -> pd.DataFrame:
    """Return how many self-scores stand at each cut-off beyond what those around it imply."""
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


def money(held: Basis) -> pd.DataFrame:
    """Return the money of the projects that the rule on further budget concerns."""
    budgets = held.by_grade("budget")
    if not budgets.sum():
        raise _nothing(("the frame has no budgets", "抽样框没有预算数"))
    return estimation.money_moved(
        *held.both_grades,
        held.column("budget"),
        held.design,
        budgets,
        held.cuts,
        held.listed,
        confidence=held.confidence,
    )


def chance(held: Basis) -> pd.DataFrame:
    """Return what errors of the checks would do to that rule."""
    return estimation.second_check(
        held.column("points_checked"),
        held.column("budget"),
        held.design,
        held.cuts,
        held.listed,
        float(held.terms["check_sd"]),
        confidence=held.confidence,
    )


def questioned(held: Basis, plan: Plan | None) -> pd.DataFrame:
    """Return the money in question in the whole."""
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
    seen, others = held.units["budget"], held.unchecked["budget"] * held.belong
    budget, population = held.column("budget"), pd.concat([seen, others]).to_numpy()
    if plan is not None and plan.method in BY_SIZE and plan.size == "budget":
        certain = ~held.units["part"].eq("random").to_numpy()
        return estimation.money_at_risk(
            budget, amounts.to_numpy(), float(population.sum()), certain=certain, confidence=held.confidence
        )
    return estimation.ratio_estimate(
        amounts.to_numpy(), budget, population, held.design, what="total", confidence=held.confidence
    ).assign(measure="questioned")


def expected(held: Basis) -> pd.DataFrame:
    """Return what a check would find for each unit not checked."""
    return estimation.expected_scores(
        estimation.model_checked(*held.gap),
        held.unchecked.set_index("unit_id")["points_reported"],
        held.cuts,
        full=float(held.terms["full"]),
        confidence=held.confidence,
    )


def _nothing(what: tuple[str, str]) -> SampleError:
    return SampleError(what, [Problem(what)])
