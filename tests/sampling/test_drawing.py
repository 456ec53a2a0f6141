"""A draw from a frame: parts kept apart, one sample whatever the order, file type or frame library."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.estimation import Design
from perfkit.sampling import check_frame, draw, inclusion_probabilities, permanent
from perfkit.sampling.selection import BY_SIZE, METHODS


def province(units=400, recommended=0.05):
    """A simulated frame: 4 departments at 2 levels, skewed budgets, some projects recommended."""
    random = np.random.default_rng(2021)
    return pd.DataFrame(
        {
            "unit_id": [f"P{at:05d}" for at in range(units)],
            "department": random.choice(["教育厅", "卫健委", "水利厅", "其他"], units),
            "level": random.choice(["省级", "市县"], units),
            "budget": random.lognormal(13, 1.6, units).round(2),
            "recommended": random.random(units) < recommended,
        }
    )


FRAME = province()
BY = ["department", "level"]
COUNTS = check_frame(FRAME, BY)["stratum"].value_counts().mul(0.2).astype(int).to_dict()


def sampled(frame, method="srs", **how):
    size = "budget" if method in BY_SIZE else None
    return draw(frame, how.pop("counts", COUNTS), seed="s", method=method, strata=BY, size=size, **how)


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_rows_does_not_matter(method):
    first = sampled(FRAME, method, reserve=3)
    for seed in (1, 2):
        pd.testing.assert_frame_equal(sampled(FRAME.sample(frac=1, random_state=seed), method, reserve=3), first)
    pd.testing.assert_frame_equal(tables.check(first, "sample")[first.columns], first, check_names=False)


@pytest.mark.parametrize("method", METHODS)
def test_parts_are_kept_apart(method):
    sample = sampled(FRAME, method, reserve=3).set_index("unit_id")
    marked = FRAME.set_index("unit_id")["recommended"]
    assert set(sample.index[sample["part"] == "recommended"]) == set(marked.index[marked])
    assert (sample.loc[sample["part"].eq("recommended"), ["inclusion", "weight"]] == 1).all(axis=None)
    drawn = sample[sample["part"].isin(["random", "size"])]
    assert drawn["stratum"].value_counts().to_dict() == COUNTS
    assert (drawn["part"].eq("size") == drawn["inclusion"].eq(1)).all()
    assert drawn["part"].eq("size").any() == (method in BY_SIZE)
    spare = sample[sample["part"] == "reserve"]
    assert spare["stratum"].value_counts().to_dict() == dict.fromkeys(COUNTS, 3)
    assert spare[["inclusion", "weight"]].isna().all(axis=None)
    last = drawn.groupby("stratum")["order"].max()
    assert (spare.groupby("stratum")["order"].min() == last + 1).all()
    assert sample["random_number"].tolist() == permanent(list(sample.index), "s").tolist()


@pytest.mark.parametrize("method", BY_SIZE)
def test_inclusion_is_in_proportion_to_size_within_the_stratum(method):
    sample = sampled(FRAME, method).set_index("unit_id")
    held = check_frame(FRAME[~FRAME["recommended"]], BY).set_index("unit_id")
    for stratum, n in COUNTS.items():
        units = held[held["stratum"] == stratum]
        pi = pd.Series(inclusion_probabilities(units["budget"], n), index=units.index)
        mine = sample[(sample["stratum"] == stratum) & (sample["part"] != "recommended")]
        assert mine["inclusion"].to_numpy() == pytest.approx(pi[mine.index].to_numpy(), abs=1e-12)
        assert mine["weight"].to_numpy() == pytest.approx(1 / pi[mine.index].to_numpy())


def test_a_stratum_is_drawn_as_if_it_were_alone():
    whole = sampled(FRAME, "pareto")
    name, n = next(iter(COUNTS.items()))
    held = check_frame(FRAME, BY)
    alone = draw(held[held["stratum"] == name], {name: n}, seed="s", method="pareto", size="budget")
    pd.testing.assert_frame_equal(alone, whole[whole["stratum"] == name].reset_index(drop=True))


@pytest.mark.parametrize("method", ["srs", "pps_systematic"])
def test_csv_and_parquet_give_the_same_sample(tmp_path, method):
    paths = [tmp_path / "frame.csv", tmp_path / "frame.parquet", tmp_path / "抽样框.xlsx"]
    FRAME.to_csv(paths[0], index=False)
    FRAME.sample(frac=1, random_state=3).to_parquet(paths[1], index=False)
    tables.write({"frame": FRAME}, paths[2])
    first, *others = (sampled(tables.read(path, "frame"), method, reserve=2) for path in paths)
    pd.testing.assert_frame_equal(first, sampled(FRAME, method, reserve=2))
    for other in others:
        pd.testing.assert_frame_equal(first, other)


def test_a_dask_frame_gives_the_same_sample():
    dask = pytest.importorskip("dask.dataframe")
    wide = FRAME.assign(note="long text " * 20, reviewer=1)
    held = dask.from_pandas(wide.sample(frac=1, random_state=4), npartitions=5, sort=False)
    for method in ("srs", "sequential_poisson"):
        pd.testing.assert_frame_equal(sampled(held, method, reserve=1), sampled(FRAME, method, reserve=1))


def test_of_a_dask_frame_only_the_columns_needed_are_read():
    dask = pytest.importorskip("dask.dataframe")
    asked = []

    class Watched:
        columns = FRAME.columns

        def __getitem__(self, columns):
            asked.extend(columns)
            return dask.from_pandas(FRAME[columns], npartitions=2)

    sampled(Watched())
    assert asked == ["unit_id", "department", "level", "recommended"]


def test_marks_can_be_left_out_of_account():
    sample = sampled(FRAME, recommended=False)
    assert set(sample["part"]) == {"random"}
    assert len(sample) == sum(COUNTS.values())


def test_recommended_units_need_no_size():
    frame = FRAME.assign(budget=FRAME["budget"].where(~FRAME["recommended"], 0))
    assert sampled(frame, "pareto")["part"].eq("recommended").sum() == FRAME["recommended"].sum()


def test_the_table_of_strata_is_an_allocation():
    rows = [{"stratum": name, "units": 50, "drawn": n, "reserve": 2} for name, n in COUNTS.items()]
    strata = tables.check_rows(rows, "strata")
    pd.testing.assert_frame_equal(sampled(FRAME, counts=strata), sampled(FRAME, reserve=2))
    pd.testing.assert_frame_equal(
        sampled(FRAME, counts=strata.drop(columns="reserve"), reserve=1), sampled(FRAME, reserve=1)
    )


def test_the_reserve_of_a_stratum_taken_whole_is_empty():
    frame = pd.DataFrame({"unit_id": list("abcde"), "stratum": list("XXYYY")})
    sample = draw(frame, {"X": 2, "Y": 1}, seed=1, reserve={"X": 4, "Y": 4})
    assert sample.loc[sample["part"] == "reserve", "stratum"].tolist() == ["Y", "Y"]


def test_a_stratum_given_zero_is_skipped():
    frame = pd.DataFrame({"unit_id": list("abcde"), "stratum": list("XXYYY")})
    assert set(draw(frame, {"X": 0, "Y": 2}, seed=1, reserve=1)["stratum"]) == {"Y"}


def test_a_systematic_list_can_be_sorted_first():
    """Ten of a hundred sorted by budget: one of each ten in a row."""
    frame = province(100, recommended=0)
    sample = draw(frame, 10, seed=1, method="systematic", strata=[], sort="budget")
    place = frame.set_index("unit_id")["budget"].rank()
    assert sorted((place[sample["unit_id"]] - 1) // 10) == list(range(10))
    steps = np.diff(sorted(place[sample["unit_id"]]))
    assert set(steps) == {10}


def test_the_spot_check_of_the_oracle(shared):
    """100 recommended with weight 1 and 500 at random, weights as R survey was given them."""
    folder = shared / "oracles" / "spotcheck_vs_selfscore"
    frame = pd.read_csv(folder / "population_self_scores.csv").rename(columns={"id": "unit_id", "dept": "stratum"})
    checked = pd.read_csv(folder / "spotcheck_sample.csv")
    checked = checked[checked["stratum"] != "certainty"]
    sample = draw(frame.astype({"recommended": bool}), checked["stratum"].value_counts(), seed="2021")
    assert sample["part"].value_counts().to_dict() == {"random": 500, "recommended": 100}
    weights = sample[sample["part"] == "random"].groupby("stratum")["weight"].first()
    expected = checked.groupby("stratum")["weight"].first()
    assert weights.to_numpy() == pytest.approx(expected[weights.index].to_numpy(), rel=1e-12)
    assert sample["weight"].sum() == pytest.approx(5688)
    assert Design.of(sample).df == 495


def test_a_drawn_sample_is_a_design():
    design = Design.of(sampled(FRAME, "pareto"))
    assert design.n == sum(COUNTS.values()) + FRAME["recommended"].sum()
    assert design.covariance(np.ones(design.n))[0, 0] > 0


@settings(max_examples=40)
@given(st.data())
def test_a_draw_adds_up(data):
    units = data.draw(st.integers(1, 25))
    frame = pd.DataFrame(
        {
            "unit_id": data.draw(st.lists(st.text(min_size=1), min_size=units, max_size=units, unique=True)),
            "stratum": data.draw(st.lists(st.sampled_from("甲乙丙"), min_size=units, max_size=units)),
            "size": data.draw(st.lists(st.floats(0.1, 1e6), min_size=units, max_size=units)),
            "recommended": data.draw(st.lists(st.booleans(), min_size=units, max_size=units)),
        }
    )
    frame["unit_id"] = "·" + frame["unit_id"] + [f"·{at}" for at in range(units)]
    method = data.draw(st.sampled_from(METHODS))
    open_ = frame[~frame["recommended"]]["stratum"].value_counts()
    counts = {each: data.draw(st.integers(0, int(open_.get(each, 0)))) for each in frame["stratum"].unique()}
    how = {"method": method, "size": "size" if method in BY_SIZE else None, "seed": data.draw(st.integers())}
    sample = draw(frame, counts, **how, reserve=1)
    pd.testing.assert_frame_equal(draw(frame[::-1], counts, **how, reserve=1), sample)
    drawn = sample[sample["part"].isin(["random", "size"])]
    assert drawn["stratum"].value_counts().to_dict() == {each: n for each, n in counts.items() if n}
    assert sample["unit_id"].is_unique
    assert sample["part"].eq("recommended").sum() == frame["recommended"].sum()
    keys = sample["unit_id"].tolist()
    assert all(a != b for a, b in pairwise(keys))


ROWS = pd.DataFrame({"unit_id": list("abcde"), "stratum": list("XXYYY"), "budget": [1.0, 2, 3, 4, 5]})


@pytest.mark.parametrize(
    ("counts", "how", "message"),
    [
        ({"X": 3, "Y": 1}, {}, "the sample is larger than the stratum · X · expected ≤ 2 · got 3"),
        ({"X": 1}, {}, "a stratum of the frame has no number · Y · give it a number, 0 to skip it"),
        ({"X": 1, "Y": 1, "Z": 1}, {}, "no such stratum in the frame · Z · expected X, Y"),
        ({"X": 1, "Y": 1}, {"reserve": {"Z": 1}}, "no such stratum in the frame · Z"),
        ({"X": 1.5, "Y": 1}, {}, "no whole number from 0 on · X · expected 0, 1, 2, … · got 1.5"),
        ({"X": "two", "Y": 1}, {}, "no whole number from 0 on · X · expected 0, 1, 2, … · got two"),
        ({"X": 1, "Y": 1}, {"reserve": -1}, "no whole number from 0 on · X"),
        ({"X": -1, "Y": 1}, {}, "no whole number from 0 on · X"),
        ({"X": None, "Y": 1}, {}, "a stratum of the frame has no number · X"),
        ({"X": float("nan"), "Y": 1}, {}, "no whole number from 0 on · X"),
        (3, {}, "one number, but several strata · expected X, Y · got 3"),
        (pd.DataFrame({"stratum": ["X"]}), {}, "the table of strata has no such column · drawn"),
        (pd.DataFrame({"stratum": ["X", "X"], "drawn": [1, 1]}), {}, "a stratum is given twice · X"),
        ({"X": 1, "Y": 1}, {"method": "choice"}, "no such design · method · expected srs, systematic"),
        ({"X": 1, "Y": 1}, {"method": "pareto"}, "a design by size needs a size"),
        ({"X": 1, "Y": 1}, {"size": "budget"}, "this design takes no size · method=srs · got budget"),
        ({"X": 1, "Y": 1}, {"method": "pareto", "size": "value"}, "the frame has no such column · value"),
        ({"X": 1, "Y": 1}, {"sort": "budget"}, "only a systematic list is sorted"),
        ({"X": 1, "Y": 1}, {"read_from": 1.0}, "numbers are read from a point between 0 and 1"),
        ({"X": 1, "Y": 1}, {"method": "systematic", "read_from": 0.5}, "does not go by the order of the numbers"),
        (
            {"X": 1, "Y": 1},
            {"method": "sampford", "size": "budget", "avoid": ROWS},
            "avoided in a simple random draw",
        ),
    ],
)
def test_what_cannot_be_drawn_is_said(counts, how, message):
    with pytest.raises(SampleError, match=message):
        draw(ROWS, counts, seed=1, **how)


def test_a_draw_by_size_needs_sizes():
    with pytest.raises(SampleError, match="all sizes are zero: no unit has a chance"):
        draw(ROWS.assign(budget=0), {"X": 1, "Y": 1}, seed=1, method="pareto", size="budget")
    with pytest.raises(SampleError, match=r"a size is zero or negative · frame › budget \[1\] \(b\)"):
        draw(ROWS.assign(budget=[1, 0, 3, 4, 5]), {"X": 1, "Y": 1}, seed=1, method="pareto", size="budget")


def test_a_mark_that_is_neither_yes_nor_no_is_refused():
    with pytest.raises(SampleError, match="recommended is neither yes nor no · a · got 是"):
        draw(ROWS.assign(recommended="是"), {"X": 1, "Y": 1}, seed=1)


def test_both_languages_and_all_at_once():
    with pytest.raises(SampleError) as told:
        draw(ROWS, {"X": 3, "Y": 9, "Z": 0}, seed=1)
    text = str(told.value)
    assert text.startswith("3 problems in allocation")
    assert "样本量大于该层单位数 · Y · 应为 ≤ 3 · 实为 9" in text
