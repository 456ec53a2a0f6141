"""Two stages (两阶段抽样): departments first, then projects within each department drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.sampling.drawing import Allocation, draw, marks, sorted_by_code
from perfkit.sampling.frame import check_frame, columns_of, in_memory, sizes_of
from perfkit.sampling.inclusion import Floats
from perfkit.sampling.selection import BY_SIZE, Method


def two_stage(
    frame: Any,
    first: Allocation,
    second: int | Mapping[str, int],
    *,
    seed: str | int,
    cluster: str = "department",
    method: Method = "srs",
    size: str | None = None,
    strata: str | Sequence[str] = (),
    recommended: bool = True,
    reserve: int = 0,
) -> pd.DataFrame:
    r"""Draw departments, then projects at random within each department drawn.

    Parameters
    ----------
    frame
        As in :func:`~perfkit.sampling.draw`, with the column ``cluster``.
    first
        Departments to draw, in each stratum of departments if there are any.
    second
        Projects to draw in a department drawn, one number or a mapping; a smaller department is taken whole.
    seed, recommended
        As in :func:`~perfkit.sampling.draw`; recommended projects are certain whether or not their department is
        drawn, and do not count in it.
    cluster
        Column of the departments.
    method, size
        Design of the first stage. A design by size takes the sum of the column ``size`` over a department's
        projects, or their number without it: the overall probability is then the same for all.
    strata
        Columns of the strata of departments; a department lies in one.
    reserve
        Projects to name in each department that stand in for those that cannot be checked.

    Returns
    -------
    DataFrame
        Table ``sample`` with ``cluster`` and ``cluster_inclusion``; ``inclusion`` is the product of both stages. A
        department that is certain is no sample of departments but a stratum of its own: its label joins the
        stratum's, and ``cluster`` is blank.

    Raises
    ------
    SampleError
        If the frame is unfit, a department has no name or lies in two strata, or a draw cannot be made.

    Notes
    -----
    :math:`\pi = \pi_I \, m / M`, m of a department's M projects.

    *Checked against*: by adding up over all samples of a small frame.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit_id": list("abcdef"), "department": list("XXYYZZ")})
    >>> drawn = two_stage(frame, 2, 1, seed=2026)
    >>> drawn[["cluster_inclusion", "inclusion", "weight"]].round(4).values.tolist()
    [[0.6667, 0.3333, 3.0], [0.6667, 0.3333, 3.0]]
    """
    by = columns_of(strata)
    columns = dict.fromkeys(["unit_id", *by, cluster, "recommended", *([size] if size else [])])
    held = in_memory(frame, columns)
    homes = check_frame(held, [cluster])["stratum"]
    units = check_frame(held, by).assign(cluster=homes)
    marked = marks(units) if recommended else np.zeros(len(units), dtype=bool)
    open_ = units[~marked]
    departments = _departments(open_, np.ones(len(open_)) if size is None else sizes_of(open_, size))
    by_size = "size" if method in BY_SIZE else None
    drawn = draw(departments, first, seed=seed, method=method, size=by_size).set_index("unit_id")
    within = open_[open_["cluster"].isin(drawn.index)]
    there = within["cluster"].value_counts()
    counts = _second(second, there, set(homes))
    projects = draw(
        within[["unit_id", "cluster"]], counts, seed=seed, strata="cluster", recommended=False, reserve=reserve
    )
    home = projects["stratum"]
    chance = home.map(drawn["inclusion"]).to_numpy(dtype=float)
    sure = chance == 1
    outer = home.map(drawn["stratum"]).astype("str")
    projects["stratum"] = outer.where(~sure, outer + "/" + home)
    projects["inclusion"] = projects["inclusion"] * chance
    projects["weight"] = 1 / projects["inclusion"]
    projects["cluster"] = home.where(~sure)
    projects["cluster_inclusion"] = np.where(sure, np.nan, chance)
    certain = units[marked].assign(recommended=True)
    apart = [draw(certain, dict.fromkeys(certain["stratum"], 0), seed=seed)] if marked.any() else []
    return sorted_by_code(pd.concat([projects, *apart], ignore_index=True))


def _departments(units: pd.DataFrame, sizes: Floats) -> pd.DataFrame:
    grouped = units.assign(size=sizes).groupby("cluster", sort=True)
    inside = grouped["stratum"].agg(lambda labels: sorted(set(labels)))
    problems = [
        Problem(("a department lies in several strata", "部门跨多个抽样层"), str(name), "1", ", ".join(labels))
        for name, labels in inside.items()
        if len(labels) > 1
    ]
    fail_if_any(SampleError, "frame 抽样框", problems)
    sums = grouped["size"].agg(math.fsum)
    frame = {"unit_id": inside.index, "stratum": [labels[0] for labels in inside], "size": sums.to_numpy()}
    return pd.DataFrame(frame)


def _second(second: int | Mapping[str, int], there: pd.Series, departments: set[str]) -> dict[str, int]:
    given = second if isinstance(second, Mapping) else dict.fromkeys(there.index, second)
    problems = [
        Problem(
            ("a department drawn has no number of projects", "抽中部门没有给出项目数"),
            str(name),
            "1, 2, 3, …",
            str(given.get(name, "—")),
        )
        for name in there.index
        if not given.get(name, 0) >= 1
    ]
    problems += [
        Problem(
            ("no such department in the frame", "抽样框中没有这个部门"), str(name), ", ".join(sorted(departments))
        )
        for name in given
        if name not in departments
    ]
    fail_if_any(SampleError, "second 第二阶段", problems)
    return {str(name): min(int(given[name]), int(count)) for name, count in there.items()}
