"""Inclusion probabilities: R sampling, hand arithmetic, and the loop as the book has it."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.errors import SampleError
from perfkit.sampling import inclusion_probabilities
from perfkit.sampling.inclusion import proportional

# R sampling 2.9: inclusionprobabilities(c(1, 1, 2, 5, 8, 30, 60, 200), 4); by hand n = 1 is left for 1+1+2+5+8 = 17.
TWICE_THREE = [1 / 17, 1 / 17, 2 / 17, 5 / 17, 8 / 17, 1, 1, 1]


def test_certain_units_are_found_round_by_round():
    assert inclusion_probabilities([1, 1, 2, 5, 8, 30, 60, 200], 4) == pytest.approx(TWICE_THREE, abs=1e-15)


def test_the_vectors_of_r_sampling(shared):
    folder = shared / "oracles" / "inclusion_probabilities"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    towns = pd.read_csv(folder / "belgianmunicipalities.csv")
    for size, n, key in [
        (expected["size1"], expected["n1"], "pik1"),
        (expected["size2"], expected["n2"], "pik2"),
        (towns["Tot04"], 200, "belgian_n200_Tot04"),
    ]:
        assert inclusion_probabilities(size, n) == pytest.approx(expected[key], abs=1e-13)
    certain = np.flatnonzero(inclusion_probabilities(expected["size2"], 4) == 1) + 1
    assert certain.tolist() == expected["certainty2"]


def as_the_book_has_it(size, n):
    """Tillé (2006), section 2.10: compute, set to one what reaches one, begin again with the rest."""
    certain = np.zeros(len(size), dtype=bool)
    while True:
        left = n - certain.sum()
        rest = np.where(certain, 0, size)
        pi = left * rest / rest.sum() if rest.sum() else rest
        if not (pi >= 1 - 1e-12).any():
            return np.where(certain, 1, pi)
        certain |= pi >= 1 - 1e-12


@st.composite
def stratified(draw):
    spread = draw(st.floats(0.1, 5))
    units = draw(st.lists(st.tuples(st.integers(0, 3), st.floats(-1, 1)), min_size=1, max_size=40))
    strata = np.array([code for code, _ in units])
    size = np.exp(np.array([value for _, value in units]) * spread)
    counts = np.bincount(strata, minlength=4)
    return strata, size, np.array([draw(st.integers(0, int(count))) for count in counts])


@given(stratified())
def test_many_strata_at_once_are_each_as_alone(case):
    strata, size, n = case
    pi = inclusion_probabilities(size, n, strata)
    for code in range(4):
        here = strata == code
        assert pi[here] == pytest.approx(as_the_book_has_it(size[here], n[code]), abs=1e-9)
        assert pi[here].tolist() == inclusion_probabilities(size[here], n[code]).tolist()
    assert np.bincount(strata, pi, 4) == pytest.approx(n, abs=1e-9)
    assert ((pi >= 0) & (pi <= 1)).all()


def test_a_long_tail_of_certain_units():
    # The largest left always holds two thirds of what is left: certain down to the last draw, which 1, 3 and 9 share.
    size = 3.0 ** np.arange(40)
    assert inclusion_probabilities(size, 38) == pytest.approx([1 / 13, 3 / 13, 9 / 13] + [1] * 37)


def test_the_sum_of_a_large_frame_holds():
    size = np.random.default_rng(1).lognormal(3, 2, 200_000)
    assert proportional(size, np.array([20_000]), np.zeros(len(size), dtype=np.int64)).sum() == pytest.approx(20_000)


@pytest.mark.parametrize(
    ("size", "n", "message"),
    [
        ([1, -1], 1, "a size is missing or below zero"),
        ([1, float("nan")], 1, "a size is missing or below zero"),
        ([1, 2, 0], 3, r"fewer units of a size above zero than are to be drawn · \[0\] · expected ≤ 2 · got 3"),
        ([0, 0], 1, "expected ≤ 0 · got 1"),
    ],
)
def test_what_cannot_be_drawn_is_said(size, n, message):
    with pytest.raises(SampleError, match=message):
        inclusion_probabilities(size, n)
