"""Every design on degenerate data: an answer or a refusal in words that fit the numbers, never a traceback."""

import math

import numpy as np
import pandas as pd
import pytest

from perfkit.errors import TableError
from perfkit.methods.effects.advisor import designs
from perfkit.methods.effects.discontinuity import discontinuity
from perfkit.methods.effects.interrupted import interrupted
from perfkit.methods.effects.matching import matching
from perfkit.methods.effects.staggered import staggered
from perfkit.methods.effects.synthetic import synthetic_control
from perfkit.methods.effects.synthetic_did import synthetic_did
from perfkit.methods.effects.two_groups import two_by_two
from perfkit.methods.effects.weighting import weighting

PANEL = {"unit": "u", "period": "t", "outcome": "y"}
GROUPS = {"outcome": "y", "treated": "d", "after": "a"}
SCORED = {"outcome": "y", "treated": "d"}


def averaged(rows):
    return rows.groupby("t", as_index=False)["y"].mean()


DESIGNS = {
    "changes": lambda rows: two_by_two(rows[rows["t"].isin([2, 3])], **GROUPS, unit="u"),
    "cells": lambda rows: two_by_two(rows, **GROUPS),
    "clusters": lambda rows: two_by_two(rows, **GROUPS, cluster="u", draws=99),
    "staggered": lambda rows: staggered(rows, **PANEL, first_treated="f"),
    "given x": lambda rows: staggered(
        rows, **PANEL, first_treated="f", covariates=["x"], method="ipw", control="not yet treated"
    ),
    "weights": lambda rows: weighting(rows, **SCORED, covariates=["x"]),
    "trimmed": lambda rows: weighting(rows, **SCORED, covariates=["x", "t"], trim=(0.1, 0.9), estimand="ate"),
    "matches": lambda rows: matching(rows, **SCORED, covariates=["x"]),
    "synthetic": lambda rows: synthetic_control(rows, **PANEL, treated=0, start=3),
    "synthetic did": lambda rows: synthetic_did(rows, **PANEL, treated=[0, 1], start=3, draws=20),
    "series": lambda rows: interrupted(averaged(rows), period="t", outcome="y", start=3),
    "counts": lambda rows: interrupted(
        averaged(rows.assign(y=rows["y"].abs())), period="t", outcome="y", start=3, family="count", season=4
    ),
    "cut-off": lambda rows: discontinuity(rows, outcome="y", score="x", cutoff=0),
    "whole scores": lambda rows: discontinuity(rows.assign(x=rows["x"].round()), outcome="y", score="x", cutoff=0),
    "advice": lambda rows: designs(
        rows.assign(on=((rows["f"] > 0) & (rows["t"] >= rows["f"])).astype(int)), **PANEL, treated="on"
    ),
}
KINDS = {
    "plain": lambda y, rng: y,
    "constant": lambda y, rng: y * 0 + 5.0,
    "zero": lambda y, rng: y * 0,
    "holes": lambda y, rng: np.where(rng.random(len(y)) < 0.2, np.nan, y),
    "large": lambda y, rng: y * 1e12,
    "small": lambda y, rng: y * 1e-12,
}


def rollout(units, periods, kind):
    rng = np.random.default_rng(units * 100 + periods)
    rows = pd.DataFrame({"u": np.repeat(np.arange(units), periods), "t": np.tile(np.arange(1, periods + 1), units)})
    rows["f"] = np.repeat(rng.choice([0, 1, 2, 3, 4, 9], units), periods)
    rows["x"] = rng.normal(size=len(rows))
    rows["y"] = KINDS[kind](rng.normal(size=len(rows)), rng)
    return rows.assign(d=(rows["f"] > 0).astype(int), a=(rows["t"] >= 3).astype(int))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", DESIGNS)
def test_words_fit_numbers_on_any_rollout(name, kind):
    for units, periods in ((1, 6), (2, 2), (3, 6), (6, 4), (12, 8), (30, 12)):
        found = DESIGNS[name](rollout(units, periods, kind))
        zh, en = found.text
        assert zh
        assert en
        assert "nan" not in zh + en + "".join(each.why[0] + each.why[1] for each in found.diagnostics)
        if math.isnan(found.estimate):
            assert found.refused or name == "advice"
            assert math.isnan(found.low)
        if kind in ("constant", "zero") and not math.isnan(found.estimate):
            assert found.estimate == pytest.approx(0, abs=1e-9)
            assert "lies" not in en  # no spread, so no claim
            assert "以上" not in zh.split("。")[0]


@pytest.mark.parametrize("name", DESIGNS)
def test_nothing_measured_is_an_error_that_says_so(name):
    with pytest.raises(TableError, match="no row has a value"):
        DESIGNS[name](rollout(6, 4, "plain").assign(y=np.nan))
    with pytest.raises(TableError):
        DESIGNS[name](rollout(6, 4, "plain").iloc[:0])
