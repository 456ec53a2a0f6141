"""Monetary-unit selection: jfa and MUS (R), hand arithmetic."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.sampling import interval_hits, monetary_unit, stream

BOOKS = pd.DataFrame({"unit_id": ["a", "b", "c", "d"], "budget": [100.0, 300, 50, 150]})


@pytest.fixture
def case(shared):
    folder = shared / "oracles" / "audit_mus_selection"
    return json.loads((folder / "expected.json").read_text(encoding="utf-8")), pd.read_csv(folder / "population.csv")


@pytest.mark.parametrize(("key", "start"), [("start1", 1), ("start500", 500)])
def test_the_items_that_jfa_selects(case, key, start):
    expected, population = case
    n = len(expected[key]["row"])
    hits = interval_hits(population["bookValue"], n, start)
    rows = np.flatnonzero(hits)
    assert (rows + 1).tolist() == expected[key]["row"]
    assert hits[rows].tolist() == expected[key]["times"]
    frame = pd.DataFrame({"unit_id": [f"{at:03d}" for at in range(1, 401)], "value": population["bookValue"]})
    sample = monetary_unit(frame, n, size="value", start=start)
    assert sample["unit_id"].astype(int).tolist() == expected[key]["row"]
    book = population["bookValue"].iloc[rows].to_numpy()
    assert sample["inclusion"].to_numpy() == pytest.approx(book / expected["interval"], rel=1e-12)


def test_an_item_above_the_interval_is_certain_and_hit_more_than_once():
    # 600 in all, three points: 150, 350, 550. a ends at 100, b at 400, c at 450, d at 600.
    sample = monetary_unit(BOOKS, 3, size="budget", start=150)
    assert sample[["unit_id", "part", "hits", "inclusion"]].values.tolist() == [
        ["b", "size", 2, 1],
        ["d", "random", 1, 0.75],
    ]
    assert tables.check(sample, "sample")["weight"].tolist() == pytest.approx([1, 4 / 3])


def test_recommended_items_stand_beside_the_list():
    sample = monetary_unit(BOOKS.assign(recommended=BOOKS["unit_id"] == "b"), 3, size="budget", start=60)
    # 300 in all without b, points 60, 160, 260: a ends at 100, c at 150, d at 300 and is hit twice.
    assert sample["part"].tolist() == ["size", "recommended", "size"]
    assert sample["hits"].tolist() == pytest.approx([1, np.nan, 2], nan_ok=True)


def test_a_seed_gives_its_start():
    start = stream("s", "start|monetary")[0] * 200
    pd.testing.assert_frame_equal(
        monetary_unit(BOOKS, 3, size="budget", seed="s"), monetary_unit(BOOKS, 3, size="budget", start=start)
    )
    pd.testing.assert_frame_equal(
        monetary_unit(BOOKS, 3, size="budget", seed="s"), monetary_unit(BOOKS[::-1], 3, size="budget", seed="s")
    )


def test_the_list_may_be_sorted():
    # By amount: c 50, a 150, d 300, b 600; points 150, 350, 550.
    sample = monetary_unit(BOOKS, 3, size="budget", start=150, sort="budget")
    assert sample[["unit_id", "hits"]].values.tolist() == [["a", 1], ["b", 2]]


@given(st.lists(st.floats(0.01, 1e9), min_size=1, max_size=30), st.integers(1, 20), st.floats(1e-9, 1))
def test_every_point_hits(values, n, share):
    hits = interval_hits(values, n, share * sum(values) / n)
    interval = sum(values) / n
    assert hits.sum() == n
    assert (hits >= np.floor(np.array(values) / interval * (1 - 1e-9))).all()
    assert (hits <= np.ceil(np.array(values) / interval * (1 + 1e-9))).all()


@pytest.mark.parametrize(
    ("n", "given", "message"),
    [
        (0, {"start": 1}, "no points to place"),
        (3, {}, "give either a seed or a start"),
        (3, {"start": 1, "seed": 1}, "give either a seed or a start"),
        (3, {"start": 0}, "the start lies outside the first interval · expected 0 < … ≤ 200 · got 0"),
        (3, {"start": 200.5}, "the start lies outside the first interval"),
    ],
)
def test_what_cannot_be_drawn_is_said(n, given, message):
    with pytest.raises(SampleError, match=message):
        monetary_unit(BOOKS, n, size="budget", **given)
    with pytest.raises(SampleError, match="a size is zero or negative"):
        monetary_unit(BOOKS.assign(budget=[1, -1, 0, 2]), 3, size="budget", start=1)
