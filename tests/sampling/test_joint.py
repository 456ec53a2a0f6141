"""Second-order inclusion probabilities: R's sampling package, enumeration of all samples, what must always hold."""

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.errors import SampleError
from perfkit.sampling.joint import second_order

PIK = [0.2, 0.7, 0.8, 0.5, 0.4, 0.4]
FIXED = ["conditional_poisson", "tille", "sampford", "midzuno"]
NAMES = {"conditional_poisson": "maxentropy_cps"} | {
    name: name for name in ("poisson", "systematic", "tille", "sampford", "midzuno")
}


@st.composite
def inclusions(draw):
    """Probabilities that add up to a whole number, none certain."""
    size = np.array(draw(st.lists(st.floats(0.2, 5), min_size=3, max_size=8)))
    n = draw(st.integers(1, len(size) - 1))
    pi = n * size / size.sum()
    while pi.max() >= 0.99:
        pi = pi + 0.5 * (n / len(pi) - pi)
    return pi


def by_enumeration(weight, n, size):
    """Joint probabilities of the samples of n units, each with a weight."""
    samples = list(itertools.combinations(range(size), n))
    chances = np.array([weight(set(sample)) for sample in samples])
    chances = chances / chances.sum()
    joint = np.zeros((size, size))
    for sample, chance in zip(samples, chances, strict=True):
        joint[np.ix_(sample, sample)] += chance
    return joint


def conditional(odds, n):
    return by_enumeration(lambda s: math.prod(odds[k] for k in s), n, len(odds))


@pytest.mark.parametrize("design", [name for name in NAMES if name != "conditional_poisson"])
def test_r_sampling(shared, design):
    file = shared / "oracles" / "pps_designs_second_order" / "expected.json"
    want = json.loads(file.read_text(encoding="utf-8"))
    assert second_order(want["pik"], design) == pytest.approx(np.array(want[NAMES[design]]), abs=1e-12)


def test_conditional_poisson_of_r_sampling(shared):
    # R stops looking for the odds once a step changes them by less than 1e-6 in all (UPMEpiktildefrompik), and takes
    # a pair from the odds of its two units (UPMEpik2frompikw), so its seventh digit is that of odds not yet settled.
    # Stopped where R stops, that formula gives the printed matrix; with settled odds it gives ours.
    file = shared / "oracles" / "pps_designs_second_order" / "expected.json"
    want = json.loads(file.read_text(encoding="utf-8"))
    pik, printed = np.array(want["pik"]), np.array(want["maxentropy_cps"])
    assert pairs_of_r(pik, odds_of_r(pik, 1e-6)) == pytest.approx(printed, abs=want["tolerance"])
    settled = second_order(pik, "conditional_poisson")
    assert settled == pytest.approx(pairs_of_r(pik, odds_of_r(pik, 1e-14)), abs=1e-12)
    assert settled == pytest.approx(printed, abs=3e-7)


def odds_of_r(pik, stop):
    working, change = pik, 1.0
    while change > stop:
        following = working + pik - np.diag(conditional(working / (1 - working), round(pik.sum())))
        working, change = following, np.abs(following - working).sum()
    return working / (1 - working)


def pairs_of_r(pik, odds):
    """Pairs of units alike (the same probability) share what the others leave of their row."""
    joint = np.diag(pik)
    for k in range(len(pik)):
        alike = [other for other in range(len(pik)) if other != k and pik[other] == pik[k]]
        for other in set(range(len(pik))) - {k, *alike}:
            joint[k, other] = (pik[k] * odds[other] - pik[other] * odds[k]) / (odds[other] - odds[k])
        joint[k, alike] = (pik.sum() * pik[k] - joint[k].sum()) / max(len(alike), 1)
    return joint


def test_r_sampling_typed():
    # R sampling 2.9, UPsampfordpi2, UPtillepi2, UPsystematicpi2 of PIK, units 1 and 2.
    assert second_order(PIK, "sampford")[0, 1] == pytest.approx(0.108181818181818)
    assert second_order(PIK, "tille")[0, 1] == pytest.approx(0.118787878787879)
    assert second_order(PIK, "systematic")[0, :3] == pytest.approx([0.2, 0, 0.2])


@settings(max_examples=40)
@given(inclusions())
def test_sampford_by_his_definition(pi):
    # Sampford (1967): a sample's chance is proportional to the product of p / (1 - n p) times the sum of 1 - n p.
    n = round(pi.sum())
    want = by_enumeration(lambda s: math.prod(pi[k] / (1 - pi[k]) for k in s) * sum(1 - pi[k] for k in s), n, len(pi))
    assert np.diag(want) == pytest.approx(pi, abs=1e-9)
    assert second_order(pi, "sampford") == pytest.approx(want, abs=1e-9)


@settings(max_examples=40)
@given(inclusions())
def test_conditional_poisson_is_a_conditional_poisson(pi):
    # Of a conditional Poisson design with the probabilities asked for: any odds that give them give these pairs.
    from scipy import optimize

    n = round(pi.sum())

    def off(logs):
        return np.diag(conditional(np.exp(logs), n)) - pi

    logs = optimize.least_squares(off, np.log(pi / (1 - pi)), xtol=1e-15, ftol=1e-15, gtol=1e-15).x
    assert second_order(pi, "conditional_poisson") == pytest.approx(conditional(np.exp(logs), n), abs=1e-7)


@given(inclusions(), st.sampled_from(FIXED))
def test_fixed_size(pi, design):
    joint = second_order(pi, design)
    assert joint == pytest.approx(joint.T, abs=1e-12)
    assert np.diag(joint) == pytest.approx(pi)
    # A row adds up to n times its unit: the others that come with it are n - 1.
    assert joint.sum(axis=1) == pytest.approx(pi.sum() * pi, abs=1e-9)
    assert (joint >= -1e-12).all()
    # Yates-Grundy's variance is never negative.
    assert (joint <= np.outer(pi, pi) + np.diag(pi) + 1e-9).all()


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=8))
def test_systematic_by_simulating_the_start(pi):
    pi = np.array(pi)
    ends = np.cumsum(pi)
    starts = (np.arange(4000) + 0.5) / 4000
    hit = np.floor(ends[None, :] - starts[:, None]) > np.floor(ends[None, :] - pi[None, :] - starts[:, None])
    assert second_order(pi, "systematic") == pytest.approx(hit.T.astype(float) @ hit / 4000, abs=3e-3)


@pytest.mark.parametrize("design", FIXED)
def test_certain_and_impossible_units_stand_apart(design):
    joint = second_order([1, 0.3, 0, 0.9, 0.8], design)
    assert joint[0] == pytest.approx([1, 0.3, 0, 0.9, 0.8])
    assert joint[2] == pytest.approx(np.zeros(5))
    assert joint[np.ix_([1, 3, 4], [1, 3, 4])] == pytest.approx(second_order([0.3, 0.9, 0.8], design))


@pytest.mark.parametrize("design", FIXED)
def test_equal_probabilities_are_simple_random_sampling(design):
    # n (n - 1) / (N (N - 1)) for each pair.
    joint = second_order(np.full(150, 75 / 150), design)
    assert joint[~np.eye(150, dtype=bool)] == pytest.approx(np.full(150 * 149, 75 * 74 / (150 * 149)), rel=1e-9)


@pytest.mark.parametrize(
    ("inclusion", "design", "words"),
    [
        ([0.5, 0.6], "tille", "whole sample size"),
        ([0.5, 1.5], "poisson", "from 0 to 1"),
        ([0.5, float("nan")], "poisson", "from 0 to 1"),
        ([], "poisson", "from 0 to 1"),
        (np.full(301, 1 / 301), "sampford", "too many units"),
        ([0.5, 0.5], "pareto", "no second-order"),
    ],
)
def test_refusals(inclusion, design, words):
    with pytest.raises(SampleError, match=words):
        second_order(inclusion, design)
