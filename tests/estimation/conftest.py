"""The samples of Californian schools that come with R survey, and what R survey says of them."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from perfkit.estimation import Design


def _design(name: str, rows: pd.DataFrame) -> Design:
    if name == "srs":
        return Design.simple(len(rows), 6194)
    if name == "strat":
        return Design.simple(len(rows), strata=rows["stype"], sizes=rows["fpc"]).weighted(rows["pw"].to_numpy())
    clusters = pd.factorize(rows["dnum"])[0].astype(np.int64)
    one = np.zeros(len(rows), dtype=np.int64)
    return Design(rows["pw"].to_numpy(), one, clusters, np.full(len(rows), 15 / 757))


@pytest.fixture
def schools(shared):
    """Return a sample of schools by name (srs, strat, clus1): ``rows``, ``design``, ``expected``."""

    def read(name: str) -> SimpleNamespace:
        folder = shared / "oracles" / f"survey_api_{name}"
        rows = pd.read_csv(folder / f"api{name}.csv")
        expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
        return SimpleNamespace(rows=rows, design=_design(name, rows), expected=expected)

    return read


@pytest.fixture
def agrees():
    """Compare rows of ``estimates`` with an estimate and error that R survey printed."""

    def compare(found: pd.DataFrame, printed: dict, rtol: float = 1e-8) -> None:
        np.testing.assert_allclose(found["estimate"], printed["est"], rtol=rtol)
        np.testing.assert_allclose(found["se"], printed["se"], rtol=rtol, atol=1e-12)

    return compare


@pytest.fixture
def spot_check(shared):
    """Return the simulated spot check of 600 in 5,688: ``rows``, table ``sample``, ``population``, ``expected``."""
    folder = shared / "oracles" / "spotcheck_vs_selfscore"
    rows = pd.read_csv(folder / "spotcheck_sample.csv")
    sample = pd.DataFrame(
        {
            "unit_id": rows["id"].astype(str),
            "stratum": rows["stratum"],
            "part": np.where(rows["recommended"] == 1, "recommended", "random"),
            "inclusion": 1 / rows["weight"],
            "weight": rows["weight"],
        }
    )
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    population = pd.read_csv(folder / "population_self_scores.csv")
    return SimpleNamespace(rows=rows, sample=sample, population=population, expected=expected)
