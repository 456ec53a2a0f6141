"""Designs: R sampling's figures, exact enumeration, and how often each unit comes in over many seeds."""

import json
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.errors import SampleError
from perfkit.sampling import permanent, select, stream
from perfkit.sampling import selection as designs
from perfkit.sampling.inclusion import inclusion_probabilities
from perfkit.sampling.selection import BY_ORDER, BY_SIZE, METHODS, sampford, systematic

PIK = np.array([0.2, 0.7, 0.8, 0.5, 0.4, 0.4])
# R sampling 2.9: UPsampfordpi2(PIK)[1, ] and UPsystematicpi2(PIK)[2, ].
SAMPFORD_FIRST_ROW = [
    0.2,
    0.108181818181818,
    0.136363636363636,
    0.0627272727272727,
    0.0463636363636364,
    0.0463636363636364,
]
SYSTEMATIC_SECOND_ROW = [0, 0.7, 0.5, 0.2, 0.4, 0.3]
IDS = [f"P{at:02d}" for at in range(14)]
STRATA = np.array([0] * 8 + [1] * 6)
SIZE = np.array([1.0, 2, 3, 4, 5, 6, 7, 40, 1, 1, 2, 3, 5, 8])
N = np.array([4, 3])
SEEDS = 2500


def oracle(shared, name):
    return json.loads((shared / "oracles" / name / "expected.json").read_text(encoding="utf-8"))


def joint(samples, units):
    """Second-order inclusion probabilities of samples with their probabilities."""
    held = np.zeros((units, units))
    for rows, chance in samples:
        held[np.ix_(rows, rows)] += chance
    return held


def every_systematic_sample(pi):
    """The sample changes only where a cumulated probability has the start's fraction: one start between each two."""
    ends = np.unique(np.concatenate([[0, 1], np.round(np.cumsum(pi) % 1, 12)]))
    return [(systematic(pi, (a + b) / 2), b - a) for a, b in pairwise(ends)]


def every_sampford_sample(pi):
    """Follow every way the decisions can go; where a number tips a decision is found by halving."""
    found = []

    def tipping(forced):
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            numbers = np.array([*forced, middle, *[0.5] * (len(pi) - len(forced) - 1)])
            low, high = (middle, high) if len(forced) in sampford(pi, numbers) else (low, middle)
        return low

    def follow(forced, chance):
        if chance < 1e-15:
            return
        if len(forced) == len(pi):
            found.append((sampford(pi, np.array(forced)), chance))
            return
        tip = tipping(forced)
        follow([*forced, 0.0], chance * tip)
        follow([*forced, 1.0 - 2**-53], chance * (1 - tip))

    follow([], 1.0)
    return found


def test_sampford_is_exact():
    held = joint(every_sampford_sample(PIK), 6)
    assert held[0] == pytest.approx(SAMPFORD_FIRST_ROW, abs=1e-12)
    assert np.diag(held) == pytest.approx(PIK, abs=1e-12)


def test_systematic_is_exact():
    held = joint(every_systematic_sample(PIK), 6)
    assert held[1] == pytest.approx(SYSTEMATIC_SECOND_ROW, abs=1e-11)
    assert np.diag(held) == pytest.approx(PIK, abs=1e-11)


def test_second_order_probabilities_of_r_sampling(shared):
    expected = oracle(shared, "pps_designs_second_order")
    pi = np.array(expected["pik"])
    for every, name in [(every_sampford_sample, "sampford"), (every_systematic_sample, "systematic")]:
        np.testing.assert_allclose(joint(every(pi), 6), expected[name], atol=expected["tolerance"])


def test_systematic_samples_of_given_starts(shared):
    expected = oracle(shared, "pps_designs_second_order")
    for case in expected["systematic_sample_u"]:
        assert (systematic(PIK, case["u"]) + 1).tolist() == case["sample"]


def test_items_at_equal_steps(shared):
    # Touw & Hoogduin (2011), page 31: five items, interval 2.5, start 1.2: the second and the fourth.
    expected = oracle(shared, "audit_mus_selection")["items_touw_hoogduin"]
    items = [each["id"] for each in expected["population"]]
    n = expected["size"]
    rows = systematic(np.full(5, n / 5), expected["start"] / (5 / n))
    assert [items[at] for at in rows] == expected["selected"] == ["B", "D"]


@pytest.mark.parametrize("every", [every_sampford_sample, every_systematic_sample])
def test_designs_by_size_keep_to_the_target_that_successive_draws_miss(shared, every):
    expected = oracle(shared, "sequential_draw_is_not_pps")
    target = np.array(expected["target_pi"])
    pi = inclusion_probabilities(expected["sizes"], expected["n"])
    assert pi == pytest.approx(target, abs=expected["tolerance"])
    open_ = pi < 1
    ours = np.ones(len(pi))
    ours[open_] = np.diag(joint(every(pi[open_]), int(open_.sum())))
    assert ours == pytest.approx(target, abs=1e-11)
    assert np.abs(np.array(expected["sequential_weighted_draw_pi"]) - target).max() > 0.2


def exact_inclusion(pi, method):
    """Inclusion probabilities of a draw by rank, integrated: unit i at u is in if fewer than n others rank before."""
    n, u = round(pi.sum()), (np.arange(8000) + 0.5) / 8000
    odds = pi / (1 - pi)
    found = []
    for at in range(len(pi)):
        if method == "pareto":
            rank = u / (1 - u) / odds[at]
            before = [rank * each / (1 + rank * each) for each in odds]
        else:
            before = [np.minimum(u / pi[at] * each, 1) for each in pi]
        ways = np.zeros((n, len(u)))
        ways[0] = 1
        for chance in (each for other, each in enumerate(before) if other != at):
            ways[1:] = ways[1:] * (1 - chance) + ways[:-1] * chance
            ways[0] *= 1 - chance
        found.append(ways.sum(axis=0).mean())
    return np.array(found)


def often(method, numbers_of=None):
    """How often each unit came in over many seeds, and the inclusion probabilities stated."""
    counts, stated = np.zeros(len(IDS)), np.full(len(IDS), np.nan)
    for seed in range(SEEDS):
        numbers = permanent(IDS, seed) if numbers_of is None else numbers_of(seed)
        starts = np.array([stream(seed, f"start|{code}")[0] for code in (0, 1)])
        size = SIZE if method in BY_SIZE else None
        drawn = select(STRATA, N, numbers, method=method, size=size, starts=starts)
        counts[drawn.rows] += 1
        stated[drawn.rows] = drawn.inclusion
        assert np.bincount(STRATA[drawn.rows], minlength=2).tolist() == N.tolist()
    return counts / SEEDS, stated


def within_chance(frequency, chance):
    """Within 4.5 binomial standard errors: 14 units, six designs, one in a thousand would fail."""
    return (np.abs(frequency - chance) <= 4.5 * np.sqrt(chance * (1 - chance) / SEEDS) + 1e-9).all()


@pytest.mark.parametrize("method", METHODS)
def test_units_come_in_as_often_as_stated(method):
    frequency, stated = often(method)
    pi = inclusion_probabilities(SIZE, N, STRATA) if method in BY_SIZE else (N / np.bincount(STRATA))[STRATA]
    assert stated == pytest.approx(pi, abs=1e-12)
    true = pi.copy()
    for code in (0, 1):
        here = (code == STRATA) & (pi < 1)
        if method in ("pareto", "sequential_poisson"):
            true[here] = exact_inclusion(pi[here], method)
    assert within_chance(frequency, true)


def test_draws_by_rank_come_closer_to_the_target_the_larger_they_are():
    """Rosén (1997), Ohlsson (1998): nearly in proportion to size, Pareto the closest."""
    few, many = (np.tile([1 / 6, 1 / 3, 1 / 2, 1 / 2, 1 / 2], times) for times in (1, 10))
    off = {
        (m, n): np.abs(exact_inclusion(pi, m) - pi).max() for m in BY_ORDER[1:] for n, pi in ((2, few), (20, many))
    }
    assert off["pareto", 2] < 0.015
    assert off["sequential_poisson", 2] < 0.05
    assert off["pareto", 20] < 0.0005
    assert off["sequential_poisson", 20] < 0.005
    assert off["pareto", 2] < off["sequential_poisson", 2]


@given(st.data())
def test_a_selection_adds_up(data):
    method = data.draw(st.sampled_from(METHODS))
    strata = np.array(data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=30)))
    counts = np.bincount(strata, minlength=4)
    n = np.array([data.draw(st.integers(0, int(count))) for count in counts])
    spare = np.array([data.draw(st.integers(0, int(left))) for left in counts - n])
    size = np.array(data.draw(st.lists(st.floats(0.01, 1e6), min_size=len(strata), max_size=len(strata))))
    numbers = permanent([str(at) for at in range(len(strata))], data.draw(st.integers()))
    chosen = {"method": method, "size": size if method in BY_SIZE else None, "starts": numbers[:1].repeat(4)}
    drawn = select(strata, n, numbers, reserve=spare, **chosen)
    taken = ~np.isnan(drawn.inclusion)
    assert len(set(drawn.rows)) == len(drawn.rows)
    assert np.bincount(strata[drawn.rows[taken]], minlength=4).tolist() == n.tolist()
    sure = np.bincount(strata[drawn.rows[taken & np.isnan(drawn.order)]], minlength=4)
    assert np.bincount(strata[drawn.rows[~taken]], minlength=4).tolist() == np.where(n > sure, spare, 0).tolist()
    for code in range(4):
        order = drawn.order[(strata[drawn.rows] == code) & ~np.isnan(drawn.order)]
        assert sorted(order) == list(range(1, len(order) + 1))
    if method in BY_ORDER:
        # Reserves are those that a draw of so many more would take, where the ranks do not change with n.
        more = select(strata, n + np.where(n > 0, spare, 0), numbers, **chosen)
        if method == "srs":
            assert set(more.rows) == set(drawn.rows)


def test_ties_go_by_the_place_in_the_frame():
    numbers = np.array([0.5, 0.25, 0.5, 0.5])
    assert select(np.zeros(4, dtype=int), np.array([3]), numbers).rows.tolist() == [1, 0, 2]


def test_few_strata_far_from_the_rest_lose_nobody():
    # All numbers of the second stratum are large: none is close to being drawn, yet one must be.
    numbers = np.array([0.01, 0.02, 0.03, 0.97, 0.98, 0.99])
    assert sorted(select(np.repeat([0, 1], 3), np.array([1, 1]), numbers).rows) == [0, 3]


def test_a_large_sampford_draw_keeps_its_size():
    size = np.random.default_rng(3).lognormal(3, 1.5, 5688)
    numbers = permanent([str(at) for at in range(5688)], 1)
    drawn = select(np.zeros(5688, dtype=int), np.array([600]), numbers, method="sampford", size=size)
    assert len(set(drawn.rows)) == 600
    assert drawn.inclusion == pytest.approx(inclusion_probabilities(size, 600)[drawn.rows])


def test_a_sampford_draw_beyond_memory_is_refused(monkeypatch):
    monkeypatch.setattr(designs, "_CELLS", 20)
    with pytest.raises(SampleError, match="too many units and draws in one stratum · expected ≤ 20 · got 6 × 3"):
        sampford(PIK, np.full(6, 0.5))


def test_every_start_of_a_list_is_within_it():
    pi = np.full(7, 3 / 7)
    for start in [2**-53, 0.3, 1 - 2**-53]:
        assert len(set(systematic(pi, start))) == 3
    assert all(len(rows) == 3 for rows, _ in every_systematic_sample(PIK))


def test_the_oracle_of_successive_draws_is_what_it_says(shared):
    """By hand: the chance to be first plus the chance to be second, over both orders."""
    expected = oracle(shared, "sequential_draw_is_not_pps")
    size = np.array(expected["sizes"]) / np.sum(expected["sizes"])
    pi = np.zeros(5)
    for first, second in product(range(5), repeat=2):
        if first != second:
            pi[[first, second]] += size[first] * size[second] / (1 - size[first])
    assert pi == pytest.approx(expected["sequential_weighted_draw_pi"], abs=1e-12)
