"""Means and rankings: figures of other programs; what a ranking within a file does that a scorecard must not."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.errors import ScoreError
from perfkit.measure import aggregating, scoring

# Case aggregation_functions: COINr 1.1.14, R 4.2.2.
ROWS = pd.DataFrame({"a": [80, 20, 55, None, 100], "b": [60, 90, 55, 70, 1], "c": [75, 40, 55, 30, 50]})
WEIGHTS = {"a": 0.5, "b": 0.3, "c": 0.2}
MEANS = {
    "amean": aggregating.arithmetic,
    "gmean": aggregating.geometric,
    "hmean": aggregating.harmonic,
    "genmean_p2": lambda table, w, **more: aggregating.power(table, w, 2, **more),
    "genmean_pm2": lambda table, w, **more: aggregating.power(table, w, -2, **more),
}
CELL = st.floats(0, 1e4).map(lambda x: round(x, 2))
TABLES = st.integers(1, 5).flatmap(
    lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=2, max_size=8).map(frame)
)


def case(shared, name):
    return json.loads((shared / "oracles" / name / "expected.json").read_text(encoding="utf-8"))


def frame(rows):
    return pd.DataFrame(rows, columns=[f"c{i}" for i in range(len(rows[0]))])


def alike(table):
    return dict.fromkeys(table.columns, 1 / table.shape[1])


def up(table):
    return dict.fromkeys(table.columns, "ge")


class TestMeans:
    @pytest.mark.parametrize("name", MEANS)
    def test_every_figure_of_the_case(self, shared, name):
        # Case aggregation_functions: COINr 1.1.14, R 4.2.2; its power mean has no answer for a row with a gap.
        expected = case(shared, "aggregation_functions")
        table = pd.DataFrame(expected["X"])
        weights = dict(zip("abc", expected["w"], strict=True))
        found = MEANS[name](table, weights, missing="rescale").tolist()
        known = [k for k, each in enumerate(expected[name]) if each is not None]
        assert [found[k] for k in known] == pytest.approx([expected[name][k] for k in known], rel=1e-12)
        assert known in ([0, 1, 2, 3, 4], [0, 1, 2, 4])
        pd.testing.assert_frame_equal(table, ROWS, check_dtype=False)
        assert weights == WEIGHTS

    def test_rows_with_too_few_values(self, shared):
        # Case aggregation_functions, amean_thresh_080: dat_thresh 0.8 of COINr.
        expected = case(shared, "aggregation_functions")["amean_thresh_080"]
        found = aggregating.arithmetic(ROWS, WEIGHTS, missing="rescale", at_least=0.8)
        assert found.isna().tolist() == [each is None for each in expected]
        assert found.dropna().tolist() == pytest.approx([each for each in expected if each is not None])

    def test_the_figures_without_the_case(self):
        # Case aggregation_functions, to two decimals.
        found = {name: mean(ROWS, WEIGHTS, missing="rescale").round(2).tolist() for name, mean in MEANS.items()}
        assert found["amean"] == [73, 45, 55, 54, 60.3]
        assert found["gmean"] == [72.44, 36.07, 55, 49.88, 21.87]
        assert found["hmean"] == [71.86, 30, 55, 45.65, 3.24]
        assert found["genmean_p2"] == [
            73.52,
            54.31,
            55,
            round(math.sqrt((0.3 * 70**2 + 0.2 * 30**2) / 0.5), 2),
            74.16,
        ]

    def test_compensation_of_a_row(self):
        # Case aggregation_functions: row 5 (100, 1, 50) has 60.3 by the arithmetic mean, 21.867 by the geometric.
        gap = aggregating.compensation_gap(ROWS, WEIGHTS, missing="rescale")
        assert gap.round(3).tolist() == [0.556, 8.926, 0.0, 4.122, 38.433]

    def test_human_development_index(self, shared):
        # Case hdi_goalposts_geometric: UNDP technical note; published 0.510.
        expected = case(shared, "hdi_goalposts_geometric")
        parts = pd.DataFrame([{each: expected[f"{each}_index"] for each in ("health", "education", "income")}])
        hdi = aggregating.geometric(parts, alike(parts)).iloc[0]
        assert hdi == pytest.approx(expected["hdi"], abs=expected["tolerance"])
        assert round(hdi, 3) == expected["published"]["hdi"]

    def test_human_development_index_without_the_case(self):
        # Case hdi_goalposts_geometric: health 0.6971, education 0.3447, income 0.5506 give 0.510.
        parts = frame([[0.6971, 0.3447, 0.5506]])
        assert round(aggregating.geometric(parts, alike(parts)).iloc[0], 3) == 0.51

    def test_a_missing_value_is_refused_rescaled_or_zero(self):
        with pytest.raises(ScoreError, match=r"missing values · a › 3 · got 1 of 5"):
            aggregating.arithmetic(ROWS, WEIGHTS)
        assert aggregating.arithmetic(ROWS, WEIGHTS, missing="rescale")[3] == pytest.approx(54)
        assert aggregating.arithmetic(ROWS, WEIGHTS, missing="zero")[3] == pytest.approx(27)
        assert aggregating.geometric(ROWS, WEIGHTS, missing="zero")[3] == 0
        with pytest.raises(ScoreError, match="missing=drop"):
            aggregating.arithmetic(ROWS, WEIGHTS, missing="drop")

    def test_a_row_with_nothing_stays_missing(self):
        table = frame([[None, None], [1.0, None], [None, 2.0]]).astype(float)
        for mean in MEANS.values():
            found = mean(table, {"c0": 1.0, "c1": 0.0}, missing="rescale")
            assert found.isna().tolist() == [True, False, True]

    @pytest.mark.parametrize("p", [0, -1, -2, 0.5, 2])
    def test_zeros_and_negatives(self, p):
        zero = aggregating.power(frame([[0.0, 8.0], [0.0, 0.0]]), {"c0": 0.5, "c1": 0.5}, p).tolist()
        assert zero == [pytest.approx(8 * 0.5 ** (1 / p)) if p > 0 else 0.0, 0.0]
        assert aggregating.power(frame([[0.0, 8.0]]), {"c0": 0.0, "c1": 1.0}, p).tolist() == [pytest.approx(8)]
        with pytest.raises(ScoreError, match="negative: only the arithmetic mean takes it · c0 › 0"):
            aggregating.power(frame([[-1.0, 8.0]]), {"c0": 0.5, "c1": 0.5}, p)

    def test_the_arithmetic_mean_takes_negatives(self):
        assert aggregating.arithmetic(frame([[-2.0, 8.0]]), {"c0": 0.5, "c1": 0.5}).tolist() == [3.0]

    @pytest.mark.parametrize("p", [-1000.0, 1000.0, 1e-12, -1e-12])
    def test_extreme_powers_stay_numbers(self, p):
        found = aggregating.power(frame([[1.0, 100.0]]), {"c0": 0.5, "c1": 0.5}, p).iloc[0]
        assert found == pytest.approx({-1000.0: 1.0, 1000.0: 100.0}.get(p, 10.0), rel=1e-3)

    @pytest.mark.parametrize(
        ("weights", "match"),
        [
            ({"c0": 50, "c1": 50}, "sum to one"),
            ({"c0": 1.5, "c1": -0.5}, "at least zero"),
            ({"c0": 1.0}, "same indicators"),
            ({"c0": 0.5, "c1": 0.25, "c2": 0.25}, "same indicators"),
            ({"c0": math.nan, "c1": 1.0}, "sum to one"),
        ],
    )
    def test_weights_that_do_not_fit(self, weights, match):
        with pytest.raises(ScoreError, match=match):
            aggregating.arithmetic(frame([[1.0, 2.0]]), weights)

    @pytest.mark.parametrize("bad", [math.inf, "x"])
    def test_what_is_no_number(self, bad):
        with pytest.raises(ScoreError, match=r"infinite or not a number · c1 › 0"):
            aggregating.arithmetic(frame([[1.0, bad]]), {"c0": 0.5, "c1": 0.5}, missing="zero")

    @pytest.mark.parametrize("more", [{"p": math.inf}, {"p": 2, "at_least": 2}])
    def test_settings_that_do_not_exist(self, more):
        with pytest.raises(ScoreError, match="p is finite; at_least is a share"):
            aggregating.power(ROWS, WEIGHTS, missing="rescale", **more)

    @settings(max_examples=60)
    @given(TABLES)
    def test_less_compensation_never_scores_higher(self, table):
        w = alike(table)
        means = np.array([aggregating.power(table, w, p) for p in (-3, -1, -0.5, 0, 0.5, 1, 3)])
        assert np.isfinite(means).all()
        assert (np.diff(means, axis=0) >= -1e-6).all()
        assert (means >= table.min(axis=1).to_numpy() - 1e-6).all()
        assert (means <= table.max(axis=1).to_numpy() + 1e-6).all()
        assert (aggregating.compensation_gap(table, w) >= 0).all()

    @settings(max_examples=60)
    @given(TABLES, st.randoms(), st.sampled_from([0.01, 7.0]))
    def test_rows_stand_alone_and_units_carry_over(self, table, random, factor):
        order = list(table.index)
        random.shuffle(order)
        for p in (-1, 0, 1, 2):
            mean = aggregating.power(table, alike(table), p)
            other = aggregating.power(table.loc[order[:1]] * factor, alike(table), p)
            assert other.tolist() == pytest.approx([mean[order[0]] * factor])


# Hwang & Yoon (1981), fighter aircraft, as in case topsis_hwang_yoon.
AIRCRAFT = frame(
    [
        [2.0, 1500.0, 20000.0, 5.5, 5.0, 9.0],
        [2.5, 2700.0, 18000.0, 6.5, 3.0, 5.0],
        [1.8, 2000.0, 21000.0, 4.5, 7.0, 7.0],
        [2.2, 1800.0, 20000.0, 5.0, 5.0, 5.0],
    ]
)
AIRCRAFT_WEIGHTS = dict(zip(AIRCRAFT.columns, [0.2, 0.1, 0.1, 0.1, 0.2, 0.3], strict=True))
AIRCRAFT_WAY = {**up(AIRCRAFT), "c3": "le"}


class TestTopsis:
    def test_fighter_aircraft_as_published(self):
        # Hwang & Yoon (1981): .643 .268 .613 .312; the third is .61354, cut in print, rounded here.
        found = aggregating.topsis(AIRCRAFT, AIRCRAFT_WEIGHTS, AIRCRAFT_WAY)
        assert found["closeness"].round(3).tolist() == [0.643, 0.268, 0.614, 0.312]
        assert found["rank"].tolist() == [1, 4, 2, 3]

    def test_every_figure_of_the_case(self, shared):
        # Case topsis_hwang_yoon: pymcdm 1.4.0, pydecision 5.1.8, closed formula; published to three digits.
        expected = case(shared, "topsis_hwang_yoon")
        table = frame(expected["matrix"])
        way = {name: "ge" if sign > 0 else "le" for name, sign in zip(table.columns, expected["types"], strict=True)}
        weights = dict(zip(table.columns, expected["weights"], strict=True))
        found = aggregating.topsis(table, weights, way)
        tolerance = expected["tolerance"]
        assert found["distance_best"].tolist() == pytest.approx(expected["distance_pos"], abs=tolerance)
        assert found["distance_worst"].tolist() == pytest.approx(expected["distance_neg"], abs=tolerance)
        for other in ("closeness", "pymcdm_vector_norm", "pyDecision"):
            assert found["closeness"].tolist() == pytest.approx(expected[other], abs=tolerance)
        assert found["closeness"].tolist() == pytest.approx(expected["published_closeness"], abs=0.001)
        assert found["rank"].tolist() == expected["rank"]
        scaled = aggregating.topsis(table, weights, way, scale="minmax")["closeness"]
        assert scaled.tolist() == pytest.approx(expected["closeness_minmax_normalisation"], abs=tolerance)
        assert (table.equals(AIRCRAFT), weights, way) == (True, AIRCRAFT_WEIGHTS, AIRCRAFT_WAY)

    @pytest.mark.parametrize("scale", ["vector", "minmax"])
    def test_a_column_without_spread_decides_nothing(self, scale):
        more = AIRCRAFT.assign(zero=0.0, same=7.0)
        halved = {**{name: w / 2 for name, w in AIRCRAFT_WEIGHTS.items()}, "zero": 0.25, "same": 0.25}
        found = aggregating.topsis(more, halved, {**AIRCRAFT_WAY, "zero": "ge", "same": "le"}, scale=scale)
        expected = aggregating.topsis(AIRCRAFT, AIRCRAFT_WEIGHTS, AIRCRAFT_WAY, scale=scale)
        assert found["closeness"].tolist() == pytest.approx(expected["closeness"].tolist())

    def test_equal_units_share_a_rank(self):
        found = aggregating.topsis(frame([[1, 2], [1, 2], [0, 0]]), {"c0": 0.5, "c1": 0.5}, {"c0": "ge", "c1": "ge"})
        assert found["rank"].tolist() == [1, 1, 3]


class TestSaw:
    def test_one_column_is_min_max(self, shared):
        # Case normalise_functions: COINr 1.1.14, minmax_0_100 and minmax_rev, of the values that are there.
        expected = case(shared, "normalise_functions")
        table = pd.DataFrame({"x": expected["x"]}).dropna()
        for name, way in (("minmax_0_100", "ge"), ("minmax_rev", "le")):
            found = aggregating.saw(table, {"x": 1.0}, {"x": way})["score"] * 100
            assert found.tolist() == pytest.approx([each for each in expected[name] if each is not None], abs=1e-10)

    def test_a_constant_column_leaves_the_others_its_weight(self):
        # COINr gives NaN, pymcdm a score of 1 for all, scikit-criteria 0.
        table = frame([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]])
        assert aggregating.saw(table, {"c0": 0.5, "c1": 0.5}, up(table))["score"].tolist() == pytest.approx(
            [0, 1 / 3, 1]
        )

    def test_by_the_greatest_value(self):
        # By hand: 2/4, 4/4 and 3/6, 3/3 with less being better.
        table = frame([[2.0, 6.0], [4.0, 3.0]])
        found = aggregating.saw(table, {"c0": 0.5, "c1": 0.5}, {"c0": "ge", "c1": "le"}, scale="max")
        assert found["score"].tolist() == pytest.approx([0.5, 1.0])
        with pytest.raises(ScoreError, match=r"needs positive values · c0 › 0"):
            aggregating.saw(table - 2, {"c0": 0.5, "c1": 0.5}, up(table), scale="max")


class TestCopeland:
    def test_every_figure_of_the_case(self, shared):
        # Case aggregation_functions, copeland: COINr 1.1.14, the complete rows.
        expected = case(shared, "aggregation_functions")["copeland"]
        table = ROWS.dropna()
        won = aggregating.outranking(table, WEIGHTS, up(table))
        assert won.to_numpy().tolist() == [pytest.approx(row) for row in expected["outrank"]]
        assert aggregating.copeland(table, WEIGHTS, up(table))["score"].tolist() == expected["scores"]


RANKINGS = {
    "topsis": ("closeness", aggregating.topsis),
    "topsis_minmax": ("closeness", lambda *args: aggregating.topsis(*args, scale="minmax")),
    "saw": ("score", aggregating.saw),
    "copeland": ("score", aggregating.copeland),
}


@pytest.mark.parametrize("method", RANKINGS)
class TestRankings:
    def test_what_cannot_be_ranked(self, method):
        _, rank = RANKINGS[method]
        with pytest.raises(ScoreError, match=r"missing values · a › 3"):
            rank(ROWS, WEIGHTS, up(ROWS))
        with pytest.raises(ScoreError, match=r"needs a direction · c · expected ge, le · got eq"):
            rank(ROWS.dropna(), WEIGHTS, {"a": "ge", "b": "le", "c": "eq"})
        with pytest.raises(ScoreError, match="two rows"):
            rank(ROWS.head(1), WEIGHTS, up(ROWS))
        if method != "copeland":
            with pytest.raises(ScoreError, match=r"alike|varies"):
                rank(ROWS.loc[[0, 0]], WEIGHTS, up(ROWS))

    @settings(max_examples=60)
    @given(table=TABLES, random=st.randoms(), factor=st.sampled_from([0.01, 7.0]))
    def test_order_and_units_do_not_matter(self, method, table, random, factor):
        column, rank = RANKINGS[method]
        order = list(table.index)
        random.shuffle(order)
        other = table.loc[order].assign(c0=lambda t: t["c0"] * factor)
        try:
            found = rank(table, alike(table), up(table))
        except ScoreError:
            return
        again = rank(other, alike(table), up(table)).loc[table.index]
        assert found.notna().all(axis=None)
        assert found[column].tolist() == pytest.approx(again[column].tolist(), abs=1e-9)
        assert found["rank"].min() == 1

    @settings(max_examples=60)
    @given(table=TABLES)
    def test_the_better_on_all_counts_is_never_behind(self, method, table):
        table = pd.concat([table, table.tail(1) + 1.0], ignore_index=True)
        found = RANKINGS[method][1](table, alike(table), up(table))["rank"]
        assert found.iloc[-1] <= found.iloc[-2]


class TestRankReversalTrap:
    """Case rank_reversal_trap: one more project must not move the score of the others."""

    TABLE = frame([[7.0, 9.0, 9.0], [8.0, 7.0, 8.0], [9.0, 6.0, 8.0]])
    MORE = pd.concat([TABLE, frame([[9.0, 1.0, 1.0]])], ignore_index=True)
    WEIGHTS = (0.4, 0.3, 0.3)

    def test_the_case_is_what_is_typed_here(self, shared):
        expected = case(shared, "rank_reversal_trap")
        assert self.TABLE.to_numpy().tolist() == expected["alternatives"]
        assert self.MORE.to_numpy().tolist()[-1] == expected["extra"]
        assert list(self.WEIGHTS) == expected["weights"]

    @pytest.mark.parametrize(
        ("method", "before", "after"),
        [
            ("topsis", [0.5592, 0.3872, 0.4408], [0.8376, 0.7825, 0.7253]),
            ("saw", [0.6, 0.3, 0.4], [0.6, 0.6875, 0.85]),
        ],
    )
    def test_a_ranking_moves_and_turns(self, method, before, after):
        # Case rank_reversal_trap: topsis_before/after, minmax_saw_before/after.
        column, rank = RANKINGS[method]
        w, way = dict(zip(self.TABLE.columns, self.WEIGHTS, strict=True)), up(self.TABLE)
        first, second = rank(self.TABLE, w, way), rank(self.MORE, w, way).head(3)
        assert first[column].round(4).tolist() == before
        assert second[column].round(4).tolist() == after
        assert first["rank"].tolist() != second["rank"].tolist()

    def test_every_figure_of_the_case(self, shared):
        expected = case(shared, "rank_reversal_trap")
        w, way = dict(zip(self.TABLE.columns, self.WEIGHTS, strict=True)), up(self.TABLE)
        for name, (column, rank) in {"topsis": RANKINGS["topsis"], "minmax_saw": RANKINGS["saw"]}.items():
            assert rank(self.TABLE, w, way)[column].tolist() == pytest.approx(expected[f"{name}_before"])
            assert rank(self.MORE, w, way)[column].tolist()[:3] == pytest.approx(expected[f"{name}_after"])

    def test_goalposts_do_not(self):
        # Case rank_reversal_trap, fixed_goalpost_saw: 0.82, 0.77, 0.78 between 0 and 10, before and after.
        w = dict(zip(self.TABLE.columns, self.WEIGHTS, strict=True))
        for table in (self.TABLE, self.MORE):
            shares = table.apply(lambda column: scoring.goalpost(column, [10] * len(column), [0] * len(column)))
            assert aggregating.arithmetic(shares, w).tolist()[:3] == pytest.approx([0.82, 0.77, 0.78])

    @settings(max_examples=60)
    @given(table=TABLES, extra=st.lists(CELL, min_size=5, max_size=5))
    def test_goalposts_never_do(self, table, extra):
        more = pd.concat([table, frame([extra[: table.shape[1]]])], ignore_index=True)
        scores = [
            aggregating.geometric(
                each.apply(lambda column: scoring.goalpost(column, [1e4] * len(column), [0] * len(column))),
                alike(each),
            ).tolist()
            for each in (table, more)
        ]
        assert scores[1][:-1] == scores[0]


class TestComposite:
    """Two steps in one: the same as minmax and arithmetic, which have their own cases."""

    @given(st.integers(0, 10_000), st.integers(1, 6), st.integers(2, 30))
    def test_the_same_as_one_after_the_other(self, seed, columns, rows):
        from perfkit.measure import normalising

        random = np.random.default_rng(seed)
        table = frame(random.uniform(-5, 5, (rows, columns)) * 10.0 ** random.integers(-3, 4, columns))
        ways = {name: random.choice(["ge", "le"]) for name in table}
        w = random.dirichlet(np.ones(columns))
        weights = dict(zip(table, w / w.sum(), strict=True))
        both = aggregating.arithmetic(normalising.minmax(table, ways), weights)
        got = aggregating.composite(table, weights, ways)
        assert got.to_numpy() == pytest.approx(np.asarray(both, dtype=float).ravel(), abs=1e-9)
        order = random.permutation(rows)
        assert aggregating.composite(table.iloc[order], weights, ways).to_numpy() == pytest.approx(
            got.to_numpy()[order], abs=1e-12
        )

    def test_fixed_bounds_do_not_look_at_the_others(self):
        # Life expectancy between 20 and 85 years (UNDP): 71.6 years make 0.794.
        bounds = {"life": (20, 85)}
        alone, among = (
            aggregating.composite(pd.DataFrame({"life": rows}), {"life": 1}, {"life": "ge"}, bounds=bounds)
            for rows in ([71.6], [71.6, 50, 84])
        )
        assert alone[0] == among[0] == pytest.approx(0.794, abs=5e-4)

    @pytest.mark.parametrize(
        ("rows", "more", "said"),
        [
            ([[1.0], [np.nan]], {}, "missing or infinite"),
            ([[1.0], [np.inf]], {}, "missing or infinite"),
            ([[1.0], [1.0]], {}, "without spread"),
            ([["x"], [1.0]], {}, "not a number"),
            ([[1.0], [9.0]], {"bounds": {"c0": (0, 5)}}, "beyond their bounds"),
            ([[1.0], [9.0]], {"bounds": {}}, "without bounds"),
        ],
    )
    def test_refused(self, rows, more, said):
        with pytest.raises(ScoreError, match=said):
            aggregating.composite(frame(rows), {"c0": 1.0}, {"c0": "ge"}, **more)

    def test_the_table_is_left_alone(self):
        table = frame([[1.0, 2.0], [3.0, 1.0]])
        before = table.copy()
        aggregating.composite(table, {"c0": 0.5, "c1": 0.5}, {"c0": "ge", "c1": "le"})
        pd.testing.assert_frame_equal(table, before)
