"""Samples that know of each other: rotation, last year's avoided, a panel kept, a sample topped up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.errors import SampleError
from perfkit.sampling import draw, inclusion_probabilities, top_up

IDS = [f"P{at:02d}" for at in range(20)]
FRAME = pd.DataFrame({"unit_id": IDS, "stratum": ["甲"] * 12 + ["乙"] * 8, "size": np.arange(1.0, 21)})
SEEDS = 150


def within_chance(frequency, chance):
    return (np.abs(frequency - chance) <= 4.5 * np.sqrt(chance * (1 - chance) / SEEDS)).all()


def test_last_year_is_avoided_and_every_unit_keeps_its_chance():
    counts, second = {"甲": 4, "乙": 2}, {"甲": 5, "乙": 3}
    hits = pd.Series(0, index=IDS)
    for seed in range(SEEDS):
        last = draw(FRAME, counts, seed=seed, reserve=1)
        now = draw(FRAME, second, seed=seed, avoid=last)
        assert not set(now["unit_id"]) & set(last.loc[last["part"] == "random", "unit_id"])
        hits[now["unit_id"]] += 1
    assert within_chance(hits.to_numpy() / SEEDS, np.repeat([5 / 12, 3 / 8], [12, 8]))


def test_years_in_a_row_go_once_around():
    """Four a year of twelve: after three years everybody was in once, the fourth year is the first again."""
    frame = FRAME[FRAME["stratum"] == "甲"]
    years = [draw(frame, 4, seed="s")]
    for _ in range(3):
        years.append(draw(frame, 4, seed="s", avoid=years[-1]))
    assert sorted(unit for year in years[:3] for unit in year["unit_id"]) == sorted(frame["unit_id"])
    assert set(years[3]["unit_id"]) == set(years[0]["unit_id"])


def test_what_others_had_to_be_avoided_comes_last():
    frame = FRAME[FRAME["stratum"] == "甲"]
    last = draw(frame, 9, seed="s")
    now = draw(frame, 5, seed="s", avoid=last)
    assert len(set(now["unit_id"]) - set(last["unit_id"])) == 3


def test_numbers_of_another_seed_cannot_be_avoided():
    last = draw(FRAME, {"甲": 1, "乙": 1}, seed="2024")
    with pytest.raises(SampleError, match="last year's numbers were made of another seed"):
        draw(FRAME, {"甲": 1, "乙": 1}, seed="2025", avoid=last)


def test_strata_that_are_no_more_cannot_be_avoided():
    last = draw(FRAME, {"甲": 1, "乙": 1}, seed="s")
    with pytest.raises(SampleError, match=r"a stratum of last year is not in the frame.* · 乙 · expected 丙, 甲"):
        draw(FRAME.replace("乙", "丙"), {"甲": 1, "丙": 1}, seed="s", avoid=last)


@pytest.mark.parametrize("method", ["srs", "pareto"])
def test_numbers_read_on_leave_the_chances_as_they_are(method):
    counts, size = {"甲": 4, "乙": 3}, "size" if method == "pareto" else None
    pi = np.repeat([4 / 12, 3 / 8], [12, 8])
    if size:
        pi = inclusion_probabilities(FRAME["size"], [4, 3], np.repeat([0, 1], [12, 8]))
    hits = pd.Series(0, index=IDS)
    for seed in range(SEEDS):
        sample = draw(FRAME, counts, seed=seed, method=method, size=size, read_from=0.5)
        hits[sample["unit_id"]] += 1
        assert sample["inclusion"].to_numpy() == pytest.approx(pi[sample["unit_id"].map(IDS.index)])
    # Pareto keeps to its target nearly: of 3 or 4 units within 0.01.
    assert (np.abs(hits / SEEDS - pi) <= 4.5 * np.sqrt(pi * (1 - pi) / SEEDS) + 0.01 * bool(size)).all()


def test_half_a_turn_leaves_small_samples_nothing_in_common():
    frame = pd.DataFrame({"unit_id": [f"P{at:04d}" for at in range(2000)], "size": 1.0 + np.arange(2000) % 7})
    how = {"seed": "s", "method": "sequential_poisson", "size": "size", "strata": []}
    first, second = draw(frame, 200, **how), draw(frame, 200, **how, read_from=0.5)
    assert not set(first["unit_id"]) & set(second["unit_id"])


def test_the_same_seed_keeps_a_panel():
    """Units that come and go leave the others their numbers: most of the sample stays."""
    frame = pd.DataFrame({"unit_id": [f"P{at:04d}" for at in range(2000)]})
    changed = pd.concat([frame.iloc[100:], pd.DataFrame({"unit_id": [f"N{at:04d}" for at in range(100)]})])
    first, second = (draw(each, 200, seed="s", strata=[]) for each in (frame, changed))
    kept = set(first["unit_id"]) & set(changed["unit_id"])
    assert len(kept & set(second["unit_id"])) >= 0.95 * len(kept)
    assert len(set(draw(frame, 200, seed="t", strata=[])["unit_id"]) & set(first["unit_id"])) < 50


@settings(max_examples=40)
@given(st.integers(), st.integers(0, 6), st.integers(0, 6), st.sampled_from(["srs", "sequential_poisson"]))
def test_a_top_up_holds_the_old_sample(seed, before, more, method):
    how = {"seed": seed, "method": method, "size": "size" if method != "srs" else None}
    frame = FRAME.assign(recommended=FRAME["unit_id"] == "P03")
    first = draw(frame, {"甲": before, "乙": 1}, **how, reserve=2)
    larger = top_up(first, frame, {"甲": min(more, 11 - before)}, **how, reserve=1)
    old = first.loc[first["part"] != "reserve", "unit_id"]
    assert set(old) <= set(larger.loc[larger["part"] != "reserve", "unit_id"])
    same = draw(frame, {"甲": before + min(more, 11 - before), "乙": 1}, **how, reserve=1)
    pd.testing.assert_frame_equal(larger, same)


def test_the_reserves_come_first():
    first = draw(FRAME, {"甲": 3, "乙": 2}, seed="s", reserve=2)
    larger = top_up(first, FRAME, {"甲": 2}, seed="s")
    joined = set(larger["unit_id"]) - set(first.loc[first["part"] == "random", "unit_id"])
    assert joined == set(first.loc[(first["part"] == "reserve") & (first["stratum"] == "甲"), "unit_id"])
    assert larger.loc[larger["stratum"] == "甲", "weight"].tolist() == pytest.approx([12 / 5] * 5)


def test_a_top_up_keeps_the_recommended_of_the_first_draw():
    frame = FRAME.assign(recommended=FRAME["unit_id"] == "P03")
    first = draw(frame, {"甲": 3, "乙": 2}, seed="s")
    later = frame.assign(recommended=frame["unit_id"].isin(["P04", "P05"]))
    pd.testing.assert_frame_equal(
        top_up(first, later, {"甲": 2}, seed="s"), draw(frame, {"甲": 5, "乙": 2}, seed="s")
    )


def test_a_rotated_sample_is_topped_up_where_it_stands():
    last = draw(FRAME, {"甲": 3, "乙": 2}, seed="s")
    now = draw(FRAME, {"甲": 3, "乙": 2}, seed="s", avoid=last)
    larger = top_up(now, FRAME, {"甲": 2}, seed="s", avoid=last)
    assert set(now["unit_id"]) < set(larger["unit_id"])
    assert not set(larger["unit_id"]) & set(last["unit_id"])


@pytest.mark.parametrize("method", ["systematic", "pps_systematic", "sampford", "pareto"])
def test_designs_whose_samples_do_not_nest_are_refused(method):
    size = None if method == "systematic" else "size"
    first = draw(FRAME, {"甲": 3, "乙": 2}, seed="s", method=method, size=size)
    with pytest.raises(
        SampleError, match=f"cannot be topped up · method={method} · expected srs, sequential_poisson"
    ):
        top_up(first, FRAME, {"甲": 1}, seed="s", method=method, size=size)


@pytest.mark.parametrize(
    ("frame", "more", "seed", "message"),
    [
        (FRAME, {"甲": 1}, "t", "do not draw this unit as the sample has it"),
        (FRAME.iloc[1:], {"甲": 20}, "s", "the sample is larger than the stratum · 甲"),
        (FRAME, {"丙": 1}, "s", "no such stratum in the frame · 丙"),
        (FRAME, 1, "s", "one number, but several strata"),
        (FRAME, {"甲": -1}, "s", "a top-up adds units · expected ≥ 0 · got -1"),
    ],
)
def test_a_top_up_of_something_else_is_refused(frame, more, seed, message):
    first = draw(FRAME, {"甲": 3, "乙": 2}, seed="s")
    with pytest.raises(SampleError, match=message):
        top_up(first, frame, more, seed=seed)


def test_a_top_up_that_would_push_an_old_unit_out_is_refused():
    """Three: z is certain. Four: a and b (3 · 4 / 12) are too, and leave room for one of two small units."""
    frame = pd.DataFrame({"unit_id": [*"ab", *"cdefghij", "z"], "size": [4.0, 4, *[0.5] * 8, 100]})
    for seed in range(200):
        first = draw(frame, 3, seed=seed, method="sequential_poisson", size="size", strata=[])
        if not set(first["unit_id"]) & set("ab"):
            break
    assert set(first["part"]) == {"size", "random"}
    with pytest.raises(SampleError, match="an old unit would have to leave"):
        top_up(first, frame, 1, seed=seed, method="sequential_poisson", size="size", strata=[])
    larger = top_up(first, frame, 2, seed=seed, method="sequential_poisson", size="size", strata=[])
    assert set(first["unit_id"]) < set(larger["unit_id"])
