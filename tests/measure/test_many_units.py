"""Many units at once: the fast way gives what the slow one gives, in any order, in parts, and says what is wrong."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import rules, tables
from perfkit.errors import PerfkitError, ScoreError
from perfkit.measure import scorecard

HELD = rules.load("cn-project-2020", "2026-06-30")
LEAF = {"level1": "产出", "kind": "quantitative", "direction": "ge", "target": 100, "points": 10}
MIXED = [
    {},
    {"direction": "le", "target": 4},
    {"rule": "threshold_2021"},
    {"kind": "satisfaction", "unit": "%", "target": 90, "rule": "satisfaction_2021"},
    {"direction": "in", "target": 80, "target_high": 120},
    {"kind": "execution", "unit": "%", "target": 100},
    {"kind": "qualitative", "direction": None, "target": None},
    {"kind": "check_points", "check_points": "甲；乙；丙；丁", "direction": None, "target": None},
    {"rule": "goalpost", "floor": 10, "veto": True},
    {"kind": "reported", "direction": None, "target": None},
]
LIBRARY = tables.check(
    pd.DataFrame([{**LEAF, **each, "indicator_id": f"I{i}", "level3": f"x{i}"} for i, each in enumerate(MIXED)]),
    "indicators",
)


def many(n, seed, gaps=0.1):
    """Values of n units with every kind of indicator, some missing, some verified, some with a status."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"unit_id": np.repeat([f"项目{i:04d}" for i in range(n)], len(MIXED))})
    rows["indicator_id"] = np.tile(LIBRARY["indicator_id"], n)
    kind = np.tile(LIBRARY["kind"], n)
    rows["actual"] = rng.uniform(0, 150, len(rows)).round(2)
    rows.loc[np.isin(kind, ["satisfaction", "execution"]), "actual"] %= 100
    rows.loc[kind == "check_points", "actual"] = rng.integers(0, 5, (kind == "check_points").sum())
    rows.loc[np.isin(kind, ["qualitative", "reported"]), "actual"] = np.nan
    rows["verified"] = rows["actual"].where(rng.random(len(rows)) < 0.1) * 0.5
    rows.loc[kind == "check_points", "verified"] = np.nan
    rows["judged"] = np.where(kind == "qualitative", "部分", None)
    rows["judged_share"] = np.where(kind == "qualitative", rng.uniform(0.6, 0.8, len(rows)), np.nan)
    rows["points_reported"] = np.where(kind == "reported", rng.uniform(0, 10, len(rows)).round(1), np.nan)
    status = rng.choice(["reported", "unverified", "not_due", "no_evidence", "not_seen", None], len(rows))
    rows["status"] = np.where(rng.random(len(rows)) < gaps, status, None)
    rows = rows[rng.random(len(rows)) > gaps]
    return tables.check(rows.reset_index(drop=True), "values")


def money(values):
    names = values["unit_id"].unique()
    spent = 50.0 + np.arange(len(names)) % 60
    frame = pd.DataFrame({"unit_id": names, "name": names, "budget": 100.0, "spent": spent, "year": 2022})
    return tables.check(pd.concat([frame, frame.tail(1).assign(unit_id="沉默", budget=0)]), "units")


def own(library, names):
    """Give every unit the same indicators as its own: these are scored item by item."""
    return tables.check(pd.concat([library.assign(unit_id=name) for name in names], ignore_index=True), "indicators")


class TestAgainstItemByItem:
    @given(st.integers(0, 10_000))
    @settings(max_examples=10, deadline=None)
    def test_the_same_results_and_items(self, seed):
        values = many(6, seed)
        units = money(values)
        fast = scorecard.score(values, LIBRARY, HELD, units=units)
        slow = scorecard.score(values, own(LIBRARY, units["unit_id"]), HELD, units=units)
        pd.testing.assert_frame_equal(fast.results, slow.results)
        pd.testing.assert_frame_equal(fast.items, slow.items)

    def test_totals_re_add_from_the_items(self):
        card = scorecard.score(many(50, 1), LIBRARY, HELD)
        counted = card.items[card.items["points"].notna()]
        sums = counted.groupby("unit_id")[["points", "points_full"]].sum()
        sums["total"] = (sums["points"] / sums["points_full"] * 100).round(2)
        totals = card.results.set_index("unit_id")["points"].dropna()
        assert len(totals) > 20
        assert (totals - sums["total"].reindex(totals.index)).abs().max() < 0.011  # halves round up, not to even

    def test_more_units_than_a_block_holds(self):
        one = many(1, 3, gaps=0)
        n = 40_000
        tall = pd.concat([one] * n, ignore_index=True).assign(
            unit_id=np.repeat([f"u{i}" for i in range(n)], len(one))
        )
        results = scorecard.score(
            tall[["unit_id", "indicator_id", "actual", "points_reported"]], LIBRARY, HELD
        ).results
        assert len(results) == n
        assert results["points"].nunique() == results["grade"].nunique() == 1

    def test_a_verified_rate_beside_a_base_is_not_replaced_by_the_money(self):
        library = LIBRARY[LIBRARY["kind"] == "execution"].assign(points=100.0)
        values = pd.DataFrame({"unit_id": ["a"], "indicator_id": ["I5"], "verified": [120.0], "base": [100.0]})
        units = tables.check(pd.DataFrame([{"unit_id": "a", "name": "甲", "budget": 100, "spent": 50}]), "units")
        fast, slow = (scorecard.score(values, each, HELD, units=units) for each in (library, own(library, ["a"])))
        assert fast.results["points"].tolist() == slow.results["points"].tolist() == fast.items["points"].tolist()
        assert fast.results["points"].tolist() == [20]

    def test_points_that_do_not_add_up_have_a_total_and_no_grade(self):
        library = LIBRARY.iloc[:3].assign(rule=None, direction="ge", target=100.0)
        values = pd.DataFrame({"unit_id": ["a"] * 3, "indicator_id": ["I0", "I1", "I2"], "actual": [100.0] * 3})
        results = scorecard.score(values, library, HELD, weights="printed").results
        assert results["points"].tolist() == [30]
        assert results["grade"].isna().all()
        full = library.assign(points=[40.0, 30, 30])
        assert scorecard.score(values, full, HELD, weights="printed").results["grade"].tolist() == ["优"]


class TestLayout:
    def test_any_order_of_rows(self):
        values = many(30, 5)
        mixed = values.sample(frac=1, random_state=1)
        one, another = (
            scorecard.score(frame, LIBRARY, HELD).results.sort_values("unit_id", ignore_index=True)
            for frame in (values, mixed)
        )
        pd.testing.assert_frame_equal(one, another)

    def test_categories_are_as_good_as_texts(self):
        values = many(30, 6)
        coded = values.astype({"unit_id": "category", "indicator_id": "category"})
        coded["unit_id"] = coded["unit_id"].cat.reorder_categories(coded["unit_id"].cat.categories[::-1])
        pd.testing.assert_frame_equal(
            scorecard.score(values, LIBRARY, HELD).results, scorecard.score(coded, LIBRARY, HELD).results
        )

    def test_columns_that_hold_nothing_may_be_left_out(self):
        values = many(10, 7, gaps=0)
        few = values[["unit_id", "indicator_id", "actual", "verified", "judged", "judged_share", "points_reported"]]
        pd.testing.assert_frame_equal(
            scorecard.score(values, LIBRARY, HELD).results, scorecard.score(few, LIBRARY, HELD).results
        )

    def test_several_years(self):
        values = pd.concat([many(5, 8).assign(year=2021), many(5, 9).assign(year=2022)], ignore_index=True)
        values = tables.check(values, "values")
        both = scorecard.score(values, LIBRARY, HELD)
        for year in (2021, 2022):
            alone = scorecard.score(values[values["year"] == year], LIBRARY, HELD).results
            mine = both.results[both.results["year"] == year].reset_index(drop=True)
            pd.testing.assert_frame_equal(mine, alone)
        assert set(both.of("项目0001").items["year"]) == {2021, 2022}

    def test_items_are_made_for_the_units_asked_for(self):
        values = many(20, 10)
        card = scorecard.score(values, LIBRARY, HELD)
        part = card.of("项目0007")
        assert "items" not in card.__dict__
        whole = card.items[card.items["unit_id"] == "项目0007"].reset_index(drop=True)
        pd.testing.assert_frame_equal(part.items, whole)
        pd.testing.assert_frame_equal(card.of("项目0007").items, whole)


class TestFramesOfOnesOwn:
    """A frame made by hand is as good as one read from a file, or is refused like one."""

    PLAIN = LIBRARY.iloc[:1].assign(points=100.0)

    def results(self, units=None, **columns):
        frame = pd.DataFrame({"unit_id": ["a", "b"], "indicator_id": ["I0", "I0"], "actual": [50.0, 100.0]})
        return scorecard.score(frame.assign(**columns), self.PLAIN, HELD, units=units).results["points"].tolist()

    @pytest.mark.parametrize(
        "columns",
        [
            {},
            {"actual": [50, 100]},
            {"actual": ["50", "100"]},
            {"unit_id": [1, 2]},
            {"year": ["2022", "2022"]},
            {"year": [2022, 2023]},
            {"status": [None, "已填报"]},
        ],
    )
    def test_taken(self, columns):
        assert self.results(**columns) == [50, 100]

    @pytest.mark.parametrize(
        ("columns", "column"),
        [
            ({"actual": ["五十", "100"]}, "actual"),
            ({"actual": [np.inf, 1.0]}, "actual"),
            ({"unit_id": [None, "b"]}, "unit_id"),
            ({"indicator_id": [None, "I0"]}, "indicator_id"),
            ({"year": [10_001, 2022]}, "year"),
            ({"year": [-1, 2022]}, "year"),
            ({"year": [2022.5, 2022]}, "year"),
            ({"status": ["weird", None]}, "status"),
            ({"done_on": ["2023-02-30", None]}, "done_on"),
        ],
    )
    def test_refused(self, columns, column):
        with pytest.raises(PerfkitError) as caught:
            self.results(**columns)
        assert [p.column for p in caught.value.problems] == [column]

    def test_units_that_stand_twice_or_lack_columns(self):
        units = pd.DataFrame({"unit_id": ["a", "b", "a"], "name": ["甲", "乙", "甲"]})
        assert self.results(units=units.iloc[:2]) == [50, 100]
        with pytest.raises(PerfkitError, match="stands twice"):
            self.results(units=units)

    def test_nothing_at_all(self):
        none = pd.DataFrame({"unit_id": [], "indicator_id": [], "actual": []})
        for library in (self.PLAIN, own(self.PLAIN, ["a"])):
            card = scorecard.score(none, library, HELD)
            assert len(card.results) == len(card.items) == 0


@pytest.fixture(scope="module")
def dd():
    return pytest.importorskip("dask.dataframe")


class TestInParts:
    @pytest.mark.parametrize("parts", [1, 3, 7])
    def test_the_same_numbers_as_whole(self, dd, parts):
        values = many(21, 11)
        units = money(values)
        whole = scorecard.score(values, LIBRARY, HELD, units=units)
        # Cut between units: rows of one unit stay together.
        cuts = [values.index[values["unit_id"] == name][0] for name in values["unit_id"].unique()[:: -(-21 // parts)]]
        cut = dd.concat(
            [
                dd.from_pandas(values.loc[a : b - 1], npartitions=1)
                for a, b in zip(cuts, [*cuts[1:], len(values)], strict=True)
            ]
        )
        card = scorecard.score(cut, LIBRARY, HELD, units=units)
        assert card.results.npartitions >= cut.npartitions
        found = card.results.compute().reset_index(drop=True).astype(whole.results.dtypes)  # Dask's own texts
        pd.testing.assert_frame_equal(found, whole.results)
        items = whole.items[whole.items["unit_id"] != "沉默"].reset_index(drop=True)
        found = card.items.compute().reset_index(drop=True).astype(items.dtypes)
        pd.testing.assert_frame_equal(found, items)
        pd.testing.assert_frame_equal(card.of("项目0003").items, whole.of("项目0003").items)
        assert card.used == scorecard.score(values, LIBRARY, HELD, units=units[units["unit_id"] != "沉默"]).used

    def test_a_unit_torn_apart_is_refused(self, dd):
        values = many(3, 12)
        torn = dd.concat(
            [dd.from_pandas(values.iloc[:5], npartitions=1), dd.from_pandas(values.iloc[5:], npartitions=1)]
        )
        with pytest.raises(ScoreError, match="several partitions") as caught:
            scorecard.score(torn, LIBRARY, HELD)
        assert [p.got for p in caught.value.problems] == ["项目0000"]

    def test_what_is_wrong_in_a_part_is_said(self, dd):
        values = many(3, 13)[["unit_id", "indicator_id", "actual"]]
        values.loc[0, "indicator_id"] = "I99"
        with pytest.raises(ScoreError, match="unknown indicator code"):
            scorecard.score(dd.from_pandas(values, npartitions=1), LIBRARY, HELD).results.compute()
