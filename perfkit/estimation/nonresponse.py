"""Units that could not be checked: reserves that stand in, and weights with which the others stand for them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any

CHECKED, NOT_REACHED = "checked", "not_reached"


def stand_in(sample: pd.DataFrame, checks: pd.DataFrame) -> pd.DataFrame:
    """Return the sample as it was carried out: reserves that were turned to are units drawn like the others.

    Parameters
    ----------
    sample
        The table ``sample`` with its reserves.
    checks
        The table ``checks``: a row for every unit gone to, its ``outcome`` blank if it was checked.

    Returns
    -------
    DataFrame
        The table ``sample`` without the reserves not turned to, and ``outcome``. The more units were gone to, the
        less each stands for: inclusion times (drawn + reserves) / drawn in the stratum's random part.

    Raises
    ------
    SampleError
        If a drawn unit has no outcome, a reserve was taken out of turn, reserves were turned to in a stratum whose
        units were drawn with unequal probabilities, or a unit was checked that is not of the sample.

    Notes
    -----
    A reserve is the next unit in random order, so drawn units and reserves together are a larger random sample.
    Taking the reserve's result for that of the unit it stands in for would hide that the latter could not be checked:
    weigh with :func:`nonresponse_weights`.

    Examples
    --------
    >>> sample = pd.DataFrame({"unit_id": ["a", "b", "c", "d"], "stratum": "x", "order": [1.0, 2, 3, 4]})
    >>> sample["part"] = ["random", "random", "reserve", "reserve"]
    >>> sample[["inclusion", "weight"]] = [[0.25, 4.0]] * 2 + [[None, None]] * 2
    >>> checks = pd.DataFrame({"unit_id": ["a", "b", "c"], "outcome": ["checked", "not_reached", "checked"]})
    >>> stand_in(sample, checks)[["unit_id", "part", "weight"]].round(3).to_numpy().tolist()
    [['a', 'random', 2.667], ['b', 'random', 2.667], ['c', 'random', 2.667]]
    """
    found = sample["unit_id"].map(_outcomes(sample, checks))
    _fail_if_unknown(sample, found)
    _fail_if_out_of_turn(sample, found)
    reserve = sample["part"].eq("reserve")
    random = sample["part"].eq("random") & sample["stratum"].isin(sample.loc[reserve & found.notna(), "stratum"])
    drawn = sample["stratum"].map(sample.loc[random].groupby("stratum").size())
    added = sample["stratum"].map(sample.loc[reserve & found.notna()].groupby("stratum").size()).fillna(0)
    taken = reserve & found.notna()
    touched = random | taken
    # Within a stratum with equal probabilities the first unit's is every unit's.
    inclusion = sample["stratum"].map(sample.loc[random].groupby("stratum")["inclusion"].first())
    inclusion = (inclusion * (drawn + added) / drawn).clip(upper=1)
    made = sample.assign(
        part=sample["part"].mask(taken, "random"),
        inclusion=sample["inclusion"].astype(float).mask(touched, inclusion),
        weight=sample["weight"].astype(float).mask(touched, 1 / inclusion),
        outcome=found,
    )
    return made[~reserve | taken].reset_index(drop=True)


def nonresponse_weights(
    carried_out: pd.DataFrame, cells: pd.Series | None = None, *, at_least: int = 5
) -> pd.DataFrame:
    r"""Return the units that were checked, or found not to belong, with weights that stand for those not reached.

    Parameters
    ----------
    carried_out
        From :func:`stand_in`.
    cells
        By ``unit_id``, the class within which units not reached are taken to be like those reached, for example from
        :func:`response_classes`; the strata, certain units apart, if left out.
    at_least
        Units reached that a cell with units not reached must have.

    Returns
    -------
    DataFrame
        The table ``sample`` with ``outcome``: weight times, inclusion over, the cell's weight over the weight of its
        units reached. Certain units with others not reached beside them stand for more than themselves, with an
        error. Estimate with ``by=...["outcome"]`` where units that do not belong remain: how many there are is an
        estimate.

    Raises
    ------
    SampleError
        If a cell has fewer units reached than ``at_least`` and others not reached, or a unit has no cell.

    Notes
    -----
    :math:`w^* = w \sum_{cell} w / \sum_{cell, reached} w` (adjustment cells; Särndal, Swensson and Wretman 1992, ch.
    15). Unbiased if within a cell being reached has nothing to do with what is measured.

    Examples
    --------
    >>> rows = {"unit_id": list("abc"), "stratum": "x", "part": "random", "inclusion": 0.25, "weight": 4.0}
    >>> carried = pd.DataFrame(rows).assign(outcome=["checked", "checked", "not_reached"])
    >>> nonresponse_weights(carried, at_least=2)[["unit_id", "weight"]].to_numpy().tolist()
    [['a', 6.0], ['b', 6.0]]
    """
    certain = np.where(carried_out["part"].isin(["recommended", "size"]), "certain", "random")
    if cells is None:
        cell = carried_out["stratum"].astype(str) + " · " + certain
    else:
        cell = carried_out["unit_id"].map(cells)
    reached = carried_out["outcome"].ne(NOT_REACHED)
    _fail_if_small(cell, reached, carried_out["unit_id"], at_least)
    weight = carried_out["weight"].astype(float)
    whole = weight.groupby(cell).transform("sum")
    known = weight.where(reached, 0).groupby(cell).transform("sum")
    factor = (whole / known).where(reached)
    made = carried_out.assign(weight=weight * factor, inclusion=carried_out["inclusion"].astype(float) / factor)
    return made[reached].reset_index(drop=True)


def response_classes(carried_out: pd.DataFrame, features: pd.DataFrame, *, classes: int = 5) -> pd.Series:
    """Return classes of units with a like chance of having been reached, by unit.

    Parameters
    ----------
    carried_out
        From :func:`stand_in`.
    features
        What may tell who is reached, indexed by ``unit_id``: numbers as they are, other columns as labels.
    classes
        How many, of about as many units each.

    Returns
    -------
    Series
        ``1`` (least likely reached) to ``classes``, indexed by ``unit_id``; for :func:`nonresponse_weights`.

    Raises
    ------
    SampleError
        If a unit lacks a feature, or there are fewer than two classes.

    Notes
    -----
    Logistic regression of being reached on the features (scikit-learn, all but without penalty), cut at the quantiles
    of its probabilities. Classes, not the probabilities themselves, so that no unit stands for very many (Little
    1986).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    units = carried_out["unit_id"]
    lost = units[~units.isin(features.dropna().index)]
    what = ("a unit lacks a feature", "单位缺少特征值")
    problems = [Problem(what, str(unit)) for unit in lost]
    if classes < 2:
        problems.append(Problem(("fewer than 2 classes", "类别数少于 2"), got=str(classes)))
    fail_if_any(SampleError, "features 特征", problems)
    reached = carried_out["outcome"].ne(NOT_REACHED).to_numpy()
    x = pd.get_dummies(features.loc[units], drop_first=True).astype(float)
    if reached.all() or not reached.any():
        return pd.Series("1", index=units)
    fitted = make_pipeline(StandardScaler(), LogisticRegression(C=1e6, max_iter=1_000)).fit(x, reached)
    # The unit's name breaks ties, so that the order of the rows does not.
    chance = pd.DataFrame({"chance": fitted.predict_proba(x)[:, 1].round(12), "unit_id": units.to_numpy()})
    place = chance.sort_values(["chance", "unit_id"]).index
    rank = pd.Series(np.arange(len(place)), index=place).sort_index().to_numpy()
    return pd.Series((rank * classes // len(rank) + 1).astype(str), index=units)


def _outcomes(sample: pd.DataFrame, checks: pd.DataFrame) -> pd.Series:
    """Return the outcome of each unit gone to."""
    problems = [
        Problem(("a unit was checked that is not of the sample", "核查的单位不在样本中"), str(unit))
        for unit in checks.loc[~checks["unit_id"].isin(sample["unit_id"]), "unit_id"]
    ]
    problems += [
        Problem(("a unit has two results", "同一单位有两条抽评结果"), str(unit))
        for unit in checks.loc[checks["unit_id"].duplicated(), "unit_id"]
    ]
    fail_if_any(SampleError, "checks 抽评结果", problems)
    given = checks["outcome"] if "outcome" in checks else pd.Series(None, index=checks.index, dtype=object)
    return given.fillna(CHECKED).set_axis(checks["unit_id"])


def _fail_if_unknown(sample: pd.DataFrame, found: pd.Series) -> None:
    do = ("give it the outcome not_reached if it could not be checked", "未能核查的请填 not_reached")
    problems = [
        Problem(("a drawn unit has no result", "抽中的单位没有抽评结果"), str(unit), do=do, column="outcome")
        for unit in sample.loc[found.isna() & sample["part"].ne("reserve"), "unit_id"]
    ]
    fail_if_any(SampleError, "checks 抽评结果", problems)


def _fail_if_out_of_turn(sample: pd.DataFrame, found: pd.Series) -> None:
    reserves = sample[sample["part"].eq("reserve")].assign(used=found.notna())
    problems = []
    for stratum, rows in reserves.sort_values("order").groupby("stratum"):
        used = rows["used"].to_numpy()
        if not used.any():
            continue
        skipped = rows.loc[~used & (np.arange(len(used)) < used.nonzero()[0].max()), "unit_id"]
        what = ("a reserve was passed over", "备选未按次序递补")
        problems += [Problem(what, f"{stratum} › {unit}") for unit in skipped]
        drawn = sample.loc[sample["part"].eq("random") & sample["stratum"].eq(stratum), "inclusion"].astype(float)
        if not len(drawn) or np.ptp(drawn) > 1e-12:
            what = (
                "reserves stand in only where units were drawn with equal probabilities",
                "只有等概率抽取的层才能由备选递补",
            )
            do = ("leave them out and use nonresponse_weights", "请不计备选，改用 nonresponse_weights")
            problems.append(Problem(what, str(stratum), do=do))
    fail_if_any(SampleError, "reserves 备选", problems)


def _fail_if_small(cell: pd.Series, reached: pd.Series, units: pd.Series, at_least: int) -> None:
    what = ("a unit has no cell", "单位没有调整类别")
    fail_if_any(SampleError, "cells 调整类别", [Problem(what, str(unit)) for unit in units[cell.isna()]])
    counts = reached.groupby(cell).agg(["sum", "size"])
    small = counts[(counts["sum"] < counts["size"]) & (counts["sum"] < at_least)]
    problems = [
        Problem(
            ("too few units were reached in this cell", "该类别中核查到的单位过少"),
            str(name),
            f"≥ {at_least}",
            f"{row['sum']} / {row['size']}",
            ("join it to a cell like it", "请与相近的类别合并"),
        )
        for name, row in small.iterrows()
    ]
    fail_if_any(SampleError, "cells 调整类别", problems)
