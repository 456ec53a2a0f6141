"""The frontier: scores printed in Cooper, Seiford and Tone (2007) and Tone (2001), hand arithmetic, what must hold.

Tokyo's libraries are read from ../shared/oracles.
"""

import json
import math
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from perfkit.errors import ScoreError
from perfkit.methods import frontier
from perfkit.methods.frontier.account import share


def technology(inputs, outputs, units, **settings):
    return frontier.Technology(pd.DataFrame(inputs, index=units), pd.DataFrame(outputs, index=units), **settings)


@pytest.fixture
def shops():
    """Cooper, Seiford and Tone (2007), table 2.1: employees and sales of eight supermarkets."""
    return technology({"staff": [2.0, 3, 3, 4, 5, 5, 6, 8]}, {"sales": [1.0, 3, 2, 3, 4, 2, 3, 5]}, list("ABCDEFGH"))


@pytest.fixture
def six():
    """The same, table 3.2: two inputs, one output."""
    return technology({"x1": [4.0, 7, 8, 4, 2, 10], "x2": [3.0, 3, 1, 2, 4, 1]}, {"y": [1.0] * 6}, list("ABCDEF"))


@pytest.fixture
def libraries(shared):
    folder = shared / "oracles" / "dea_tokyo_libraries_ncn"
    data = pd.read_csv(folder / "data.csv", index_col="DMU")
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["verified"]
    inputs = data[["AREA", "BOOKS", "STAFF", "POPULATION"]]
    return frontier.Technology(inputs, data[["REGISTERED", "BORROWED"]]), expected


def scores(held):
    return [frontier.place(held, unit).score for unit in held.units]


def test_tokyo_libraries(libraries):
    held, expected = libraries
    assert scores(held) == pytest.approx(expected["ccr_io"], abs=1e-9)
    # Table 7.7: with the population as it is, not to be chosen.
    assert scores(replace(held, fixed=("POPULATION",))) == pytest.approx(expected["ncn_io"], abs=1e-9)


def test_supermarkets(shops):
    # Table 2.2, sales per employee over the best (B: 1).
    assert scores(shops) == pytest.approx([0.5, 1, 2 / 3, 0.75, 0.8, 0.4, 0.5, 0.625], abs=1e-9)


def test_two_inputs_slacks_peers_and_targets(six):
    # Table 3.2: A .8571, B .6316, F 1 with an excess of 2 of the first input.
    assert scores(six) == pytest.approx([6 / 7, 12 / 19, 1, 1, 1, 1], abs=1e-9)
    last = frontier.place(six, "F")
    assert not last.efficient
    assert last.targets.set_index("name")["slack"].round(9).to_dict() == {"x1": 2, "x2": 0, "y": 0}
    # A goes along its ray to (24/7, 18/7): 5/7 D + 2/7 E.
    first = frontier.place(six, "A")
    assert first.peers.to_dict() == pytest.approx({"D": 5 / 7, "E": 2 / 7})
    assert first.targets.set_index("name")["target"].to_dict() == pytest.approx({"x1": 24 / 7, "x2": 18 / 7, "y": 1})


def test_super_efficiency_by_hand(six):
    # Without D the frontier from E (2, 4) to C (8, 1) meets D's ray at (5, 2.5): 5 / 4. Without E only F, C, D are
    # left, and D has twice E's first input: 2.
    assert frontier.super_efficiency(six, "D") == pytest.approx(1.25)
    assert frontier.super_efficiency(six, "E") == pytest.approx(2)
    assert frontier.super_efficiency(six, "A") == pytest.approx(6 / 7)


def test_nobody_else_to_be_compared_with():
    lone = technology({"x": [1.0, 2, 3]}, {"y": [1.0, 3, 9]}, list("abc"), returns="variable")
    assert math.isnan(frontier.super_efficiency(lone, "c"))


def test_a_unit_that_nobody_is_like_is_not_called_efficient():
    # Ten units; the last does most, so at variable returns no mix of the others does as much.
    x = [float(each) for each in range(1, 11)]
    held = technology({"x": [*x[:9], 100.0]}, {"y": [*x[:9], 10.0]}, list("abcdefghij"), returns="variable")
    found = frontier.answer(held, "j")
    assert found.estimate == pytest.approx(1)
    assert found.verdict == "warn"
    assert "不说明效率高" in found.text[0]
    assert "最佳做法前沿" not in found.text[0]
    assert "does not make it efficient" in found.text[1]


def test_slacks_based_measure():
    # Tone (2001), table 1: rho .798, .568, 1, .667, 1; CCR .9, .833, 1, 1, 1.
    held = technology(
        {"x1": [4.0, 6, 8, 8, 2], "x2": [3.0, 3, 1, 1, 4]},
        {"y1": [2.0, 2, 6, 6, 1], "y2": [3.0, 3, 2, 1, 4]},
        list("ABCDE"),
    )
    found = [frontier.slacks_based(held, unit) for unit in held.units]
    assert found == pytest.approx([0.798, 0.568, 1, 0.667, 1], abs=5e-4)
    assert scores(held) == pytest.approx([0.9, 0.833, 1, 1, 1], abs=5e-4)
    with pytest.raises(ScoreError, match="above zero"):
        frontier.slacks_based(technology({"x": [1.0, 2]}, {"y": [1.0, 0], "z": [1.0, 1]}, list("ab")), "b")


def test_variable_returns_by_hand():
    # A (1, 1), B (2, 3), C (4, 4), D (3, 2): D's output is half way from A to B, which needs 1.5: score 1/2 at
    # variable returns; at constant returns B does 2 with 4/3: 4/9.
    held = technology({"x": [1.0, 2, 4, 3]}, {"y": [1.0, 3, 4, 2]}, list("ABCD"))
    assert scores(held) == pytest.approx([2 / 3, 1, 2 / 3, 4 / 9])
    assert scores(replace(held, returns="variable")) == pytest.approx([1, 1, 1, 0.5])
    # Output: with 3 the best at variable returns is half way from B to C: 3.5.
    assert frontier.place(replace(held, returns="variable", orientation="output"), "D").score == pytest.approx(
        2 / 3.5
    )
    assert [frontier.returns_to_scale(held, unit)[2] for unit in "ABCD"] == [
        "increasing", "constant", "decreasing", "increasing"
    ]  # fmt: skip


def test_productivity_by_hand():
    # a doubles its output; the best (b) gains a quarter: 2 = 1.6 x 1.25. b: 5/4 = 1 x 1.25.
    def year(done):
        return technology({"spent": [2.0, 2]}, {"done": done}, ["a", "b"])

    found = frontier.malmquist(year([2.0, 4]), year([4.0, 5]))
    assert found.loc["a"].to_dict() == pytest.approx({"productivity": 2, "catching_up": 1.6, "frontier": 1.25})
    assert found.loc["b"].to_dict() == pytest.approx({"productivity": 1.25, "catching_up": 1, "frontier": 1.25})
    with pytest.raises(ScoreError, match="not the same columns"):
        frontier.malmquist(year([2.0, 4]), technology({"staff": [1.0]}, {"done": [1.0]}, ["a"]))


def test_the_interval_mostly_covers_a_known_frontier():
    # Best practice is y = x; with 40 units the one seen lies below it.
    rng = np.random.default_rng(0)
    covered = nearer = 0
    for seed in range(12):
        x, true = rng.uniform(1, 9, 40), np.exp(-np.abs(rng.normal(0, 0.3, 40)))
        held = technology({"x": x}, {"y": x * true}, range(40))
        found = frontier.bootstrap(held, 0, draws=60, seed=seed)
        assert 0 < found.low <= found.high <= found.score + 1e-9
        covered += found.low <= true[0] <= found.high
        nearer += abs(np.log(found.corrected / true[0]))
        nearer -= abs(np.log(found.score / true[0]))
    assert covered >= 9
    assert nearer < 0.02


def test_the_same_seed_gives_the_same_interval(shops):
    first, again = (frontier.bootstrap(shops, "A", draws=20, seed=3) for _ in range(2))
    assert first == again
    assert first != frontier.bootstrap(shops, "A", draws=20, seed=4)


def test_no_interval_where_all_are_on_the_frontier():
    alike = technology({"x": [1.0] * 6}, {"y": [2.0] * 6}, list("abcdef"))
    assert frontier.bootstrap(alike, "a", draws=5, seed=1) is None
    found = frontier.answer(alike, "a", draws=5, seed=1)
    assert math.isnan(found.low)
    assert "没有区间" not in found.text[0]
    assert "Every unit is on the frontier" in found.text[1]


def test_too_few_units_are_refused(six):
    # 2 inputs and 1 output need max(2, 9) = 9 units.
    found = frontier.answer(six, "A")
    assert found.refused
    assert "6 个，少于" in found.text[0]
    assert "9 个" in found.text[0]
    assert six.least == 9
    assert technology(
        {f"x{i}": [1.0] for i in range(7)}, {f"y{i}": [1.0] for i in range(8)}, ["a"]
    ).least == 56  # fmt: skip


def test_the_answer_says_what_the_numbers_say(shops):
    found = frontier.answer(shops, "A", draws=50, seed=1)
    assert found.low <= found.estimate <= found.high < 0.5
    assert "B（权重 0.333）" in found.text[0]
    assert "50%" in found.text[1]
    assert found.tables["scores"].set_index("measure")["value"]["constant"] == pytest.approx(0.5)
    best = frontier.answer(shops, "B")
    assert "没有任何组合" in best.text[0]
    assert "must not be ranked" in best.text[1]
    # B alone makes the others look inefficient: without it E (4/5 of it) is best.
    led = {each.name[1]: each for each in frontier.answer(shops, "E").diagnostics}["without the foremost peer"]
    assert led.verdict == "warn"
    assert led.statistic == pytest.approx(1)


@pytest.mark.parametrize(
    ("inputs", "outputs", "settings", "said"),
    [
        ({"x": [1.0, np.nan]}, {"y": [1.0, 1]}, {}, "missing or infinite"),
        ({"x": [1.0, -1]}, {"y": [1.0, 1]}, {}, "below zero"),
        ({"x": [1.0, 0]}, {"y": [1.0, 1]}, {}, "no input above zero"),
        ({"x": [1.0, 1]}, {"y": [0.0, 1]}, {}, "no output above zero"),
        ({"x": ["1", "a"]}, {"y": [1.0, 1]}, {}, "not numeric"),
        ({"x": [1.0, 1]}, {"y": [1.0, 1]}, {"fixed": ("z",)}, "no such input"),
        ({"x": [1.0, 1]}, {"y": [1.0, 1]}, {"fixed": ("x",)}, "no input can be chosen"),
    ],
)
def test_what_spans_no_frontier_is_refused(inputs, outputs, settings, said):
    with pytest.raises(ScoreError, match=said):
        technology(inputs, outputs, ["a", "b"], **settings)


def test_an_unknown_unit_is_named(shops):
    with pytest.raises(ScoreError, match="'Z' is not among"):
        frontier.answer(shops, "Z")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.0, "100%"), (0.5, "50%"), (0.99997, "99.997%"), (0.0000012, "0.0001%"), (0.0, "0%"), (1.25, "125%")],
)
def test_a_share_below_one_never_prints_as_one(value, shown):
    assert share(value) == shown


amounts = arrays(float, (7, 3), elements=st.floats(0.5, 50).map(lambda value: round(value, 3)))


@settings(max_examples=25)
@given(amounts)
def test_what_must_hold_of_every_frontier(table):
    assume(len(np.unique(table, axis=0)) == 7)
    held = technology({"a": table[:, 0], "b": table[:, 1]}, {"y": table[:, 2]}, list("abcdefg"))
    constant, variable = scores(held), scores(replace(held, returns="variable"))
    assert all(0 < low <= high + 1e-7 and high <= 1 + 1e-7 for low, high in zip(constant, variable, strict=True))
    assert max(constant) == pytest.approx(1)
    # No unit of measure decides, and at constant returns both orientations agree.
    other = replace(held, inputs=held.inputs * [1000, 1], orientation="output")
    assert scores(other) == pytest.approx(constant, abs=1e-6)
    for unit, score in zip(held.units, constant, strict=True):
        assert frontier.slacks_based(held, unit) <= score + 1e-7
        found = frontier.place(held, unit)
        goal = found.targets.set_index("name")["target"]
        mix = found.peers @ held.inputs.loc[found.peers.index]
        assert mix.to_numpy() == pytest.approx(goal[["a", "b"]].to_numpy(), rel=1e-4, abs=1e-4)
        assert (found.score > 1 - 1e-6) == (frontier.super_efficiency(held, unit) > 1 - 1e-6)


def test_one_unit_among_many_is_quick():
    rng = np.random.default_rng(1)
    held = technology(rng.uniform(1, 2, (420, 3)), rng.uniform(1, 2, (420, 2)), [str(each) for each in range(420)])
    held = replace(held, inputs=held.inputs.set_axis(list("abc"), axis=1))
    frontier.answer(held, "0")
    began = time.perf_counter()
    frontier.answer(held, "1")
    assert time.perf_counter() - began < 1  # about 0.04 s on an idle machine
