"""Scales, gaps and outliers: figures of COINr and the UNDP; what moves when a unit joins, and what may not."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.errors import ScoreError
from perfkit.measure import aggregating, normalising, weighting

GE, LE = {"x": "ge"}, {"x": "le"}
# Case normalise_functions: COINr 1.1.14, R 4.2.2.
X = [12, 45.5, None, 3, 99, 45.5, -7, 60]
X_POS = [12, 45.5, None, 3, 99, 45.5, 7, 60]
# By name in the case: what gives its figures.
SCALES = {
    "minmax_0_100": lambda t: normalising.minmax(t, GE, high=100),
    "minmax_1_10": lambda t: normalising.minmax(t, GE, low=1, high=10),
    "minmax_rev": lambda t: normalising.minmax(t, LE, high=100),
    "zscore": lambda t: normalising.zscore(t, GE),
    "zscore_100_15": lambda t: normalising.zscore(t, GE, mean=100, sd=15),
    "scaled_0_50": lambda t: normalising.goalposts(t, GE, {"x": (0, 50)}, top=100, truncate=False),
    "rank": lambda t: normalising.ranks(t, GE),
    "rank_avg": lambda t: normalising.ranks(t, GE, ties="average"),
    "borda": lambda t: normalising.borda(t, GE),
    "prank": lambda t: normalising.percentile_rank(t, GE),
    "fracmax": lambda t: normalising.fraction_of_best(t, GE),
    "dist2max": lambda t: normalising.minmax(t, GE),
    "dist2ref_i2": lambda t: normalising.distance_to_reference(t, GE, 1),
    "dist2ref_i2_cap": lambda t: normalising.distance_to_reference(t, GE, 1, cap=True),
    "dist2targ_50": lambda t: normalising.distance_to_target(t, GE, {"x": 50}),
    "dist2targ_50_cap": lambda t: normalising.distance_to_target(t, GE, {"x": 50}, cap=True),
    "dist2targ_5_rev": lambda t: normalising.distance_to_target(t, LE, {"x": 5}),
    "dist2targ_5_rev_cap": lambda t: normalising.distance_to_target(t, LE, {"x": 5}, cap=True),
    "goalposts_10_60_100": lambda t: normalising.goalposts(t, GE, {"x": (10, 60)}, top=100),
    "goalposts_10_60_100_rev": lambda t: normalising.goalposts(t, LE, {"x": (10, 60)}, top=100),
    "goalposts_notrunc": lambda t: normalising.goalposts(t, GE, {"x": (10, 60)}, top=100, truncate=False),
}
# Scales that judge by the file: name -> (table, directions, more) -> table.
RELATIVE = {
    "minmax": normalising.minmax,
    "zscore": normalising.zscore,
    "ranks": normalising.ranks,
    "borda": normalising.borda,
    "percentile_rank": normalising.percentile_rank,
    "fraction_of_best": normalising.fraction_of_best,
    "distance_to_reference": lambda t, d, **more: normalising.distance_to_reference(t, d, t.index[0], **more),
    "distance_to_target": lambda t, d, **more: normalising.distance_to_target(
        t, d, {name: 1e6 if d[name] == "ge" else -1e6 for name in t.columns}, **more
    ),
}
# Case missing_data.
GAPS = pd.DataFrame(
    {
        "i1": [10, None, 30, 4, 8, None, 16, 20],
        "i2": [1, 2, None, 4, 5, 6, None, None],
        "i3": [0, 5, 10, 15, 20, 25, None, 0],
        "i4": [3, None, 9, None, 15, None, None, 24],
    },
    index=[f"P{i}" for i in range(1, 9)],
)
GROUPS = pd.Series(list("AAABBBBB"), index=GAPS.index, name="g")
# Case outlier_treatment, v1, v2 and v4.
V2 = [*range(1, 19), 400, 5000]
VECTORS = {"v1": [*range(1, 10), 1000], "v2": V2, "v4": [-900, *range(5, 15), None]}
CELL = st.integers(-1000, 1000).map(lambda x: x / 8)
COLUMN = st.lists(CELL, min_size=2, max_size=12).filter(lambda c: len(set(c)) > 1)


def case(shared, name):
    return json.loads((shared / "oracles" / name / "expected.json").read_text(encoding="utf-8"))


def table(x):
    return pd.DataFrame({"x": pd.Series(x, dtype=float)})


def known(values):
    return [None if value is None or math.isnan(value) else value for value in values]


def assert_is(found, expected, tolerance):
    found, expected = known(found), known(expected)
    assert [each is None for each in found] == [each is None for each in expected]
    pairs = [pair for pair in zip(found, expected, strict=True) if pair[0] is not None]
    assert [a for a, _ in pairs] == pytest.approx([b for _, b in pairs], rel=tolerance, abs=tolerance)


class TestScales:
    @pytest.mark.parametrize("name", SCALES)
    def test_every_figure_of_the_case(self, shared, name):
        expected = case(shared, "normalise_functions")
        x = expected["x_pos" if name == "fracmax" else "x"]
        assert x == (X_POS if name == "fracmax" else X)
        assert_is(SCALES[name](table(x))["x"].tolist(), expected[name], expected["tolerance"])

    def test_no_figure_of_the_case_is_left_out(self, shared):
        names = {name for name, each in case(shared, "normalise_functions").items() if isinstance(each, list)}
        assert names - set(SCALES) == {"x", "x_pos", "constant_vector_minmax", "constant_vector_zscore"}

    def test_the_figures_without_the_case(self):
        # Case normalise_functions, to two decimals.
        found = {
            name: known(scale(table(X_POS if name == "fracmax" else X))["x"].round(2).tolist())
            for name, scale in SCALES.items()
        }
        assert found["minmax_rev"] == [82.08, 50.47, None, 90.57, 0, 50.47, 100, 36.79]
        assert found["zscore_100_15"] == [89.94, 103.5, None, 86.29, 125.16, 103.5, 82.24, 109.37]
        assert found["rank"] == [3, 4, None, 2, 7, 4, 1, 6]
        assert found["rank_avg"] == [3, 4.5, None, 2, 7, 4.5, 1, 6]
        assert found["borda"] == [2, 3, None, 1, 6, 3, 0, 5]
        assert found["prank"] == [0.33, 0.5, None, 0.17, 1, 0.5, 0, 0.83]
        assert found["fracmax"] == [0.12, 0.46, None, 0.03, 1, 0.46, 0.07, 0.61]
        assert found["dist2ref_i2"] == [0.36, 1, None, 0.19, 2.02, 1, 0, 1.28]
        assert found["dist2targ_5_rev_cap"] == [0.93, 0.57, None, 1, 0, 0.57, 1, 0.41]
        assert found["goalposts_10_60_100_rev"] == [96, 29, None, 100, 0, 29, 100, 0]
        assert found["goalposts_notrunc"] == [4, 71, None, -14, 178, 71, -34, 100]

    @pytest.mark.parametrize("scale", RELATIVE.values(), ids=RELATIVE)
    @pytest.mark.parametrize("flat", [[5.0, 5.0, 5.0], [None, 5.0, None], [None, None, None]])
    def test_a_column_without_spread_is_refused_or_missing(self, scale, flat):
        # Case normalise_functions, constant_vector_*: COINr gives NaN without a word.
        values = pd.DataFrame({"flat": flat, "b": [1.0, 2.0, 3.0]}).astype(float)
        way = {"flat": "ge", "b": "ge"}
        with pytest.raises(ScoreError, match="fewer than two different values: no scale · flat"):
            scale(values, way)
        found = scale(values.iloc[::-1], way, constant="missing")
        assert found["flat"].isna().all()
        assert found["b"].notna().all()
        with pytest.raises(ScoreError, match=r"unknown constant · expected refuse, missing · got drop"):
            scale(values, way, constant="drop")

    def test_a_column_without_spread_between_goalposts(self):
        assert normalising.goalposts(table([5, 5]), GE, {"x": (0, 10)})["x"].tolist() == [0.5, 0.5]

    def test_columns_keep_their_own_direction(self):
        values = pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3]}, index=list("xyz"))
        found = normalising.minmax(values, {"a": "ge", "b": "le"})
        assert found.to_dict("list") == {"a": [0, 0.5, 1], "b": [1, 0.5, 0]}
        assert found.index.tolist() == list("xyz")

    @pytest.mark.parametrize("scale", RELATIVE.values(), ids=RELATIVE)
    @pytest.mark.parametrize(
        ("values", "way", "message"),
        [
            ({"x": [1, "many", 3]}, GE, r"infinite or not a number · x › 1 · got 1 of 3"),
            ({"x": [1, math.inf, 3]}, GE, r"infinite or not a number · x › 1"),
            (
                {"x": pd.to_datetime(["2021-01-01", "2022-01-01"])},
                GE,
                r"infinite or not a number · x › 0 · got 2 of 2",
            ),
            ({"x": [1, 2 + 1j]}, GE, "infinite or not a number · x"),
            ({"x": [1, 2]}, {}, "this column needs a direction · x · expected ge, le · got None"),
            ({"x": [1, 2]}, {"x": "up"}, "this column needs a direction · x · expected ge, le · got up"),
            ({}, GE, "there is no indicator"),
        ],
    )
    def test_bad_input(self, scale, values, way, message):
        with pytest.raises(ScoreError, match=message):
            normalising.goalposts(pd.DataFrame(values), way, {"x": (0, 1)})
        values = pd.DataFrame(values, index=None if values else [0])
        if scale is RELATIVE["distance_to_target"]:
            with pytest.raises(ScoreError, match=message):
                normalising.distance_to_target(values, way, {"x": 9})
        else:
            with pytest.raises(ScoreError, match=message):
                scale(values, way)

    def test_a_name_that_stands_twice(self):
        values = pd.DataFrame([[1, 2], [3, 4]], columns=["x", "x"])
        for do in (
            lambda: normalising.minmax(values, GE),
            lambda: normalising.availability(values),
            lambda: normalising.impute(values),
            lambda: normalising.treat_outliers(values),
        ):
            with pytest.raises(ScoreError, match="this column name stands more than once · x"):
                do()

    def test_text_that_is_a_number_and_nullable_columns_are_read(self):
        values = pd.DataFrame({"x": pd.array([1, None, 3], dtype="Int64"), "y": ["1", None, "5"]})
        found = normalising.minmax(values, {"x": "ge", "y": "ge"})
        assert [known(found[name]) for name in "xy"] == [[0, None, 1], [0, None, 1]]

    @pytest.mark.parametrize("posts", [{}, {"x": (10, 10)}, {"x": (60, 10)}, {"x": 10}, {"x": (0, math.inf)}])
    def test_bad_posts(self, posts):
        with pytest.raises(ScoreError, match=r"this column needs two posts, low before high · x · got"):
            normalising.goalposts(table(X), GE, posts)

    @pytest.mark.parametrize("targets", [{}, {"x": None}, {"x": "much"}, {"x": math.nan}, {"x": (1, 2)}])
    def test_bad_targets(self, targets):
        with pytest.raises(ScoreError, match=r"this column needs a target, a finite number · x · got"):
            normalising.distance_to_target(table(X), GE, targets)

    def test_a_target_or_reference_no_better_than_the_worst(self):
        for way, target in ((GE, -7), (LE, 99), (GE, -8)):
            with pytest.raises(ScoreError, match="the target is no better than the worst value · x"):
                normalising.distance_to_target(table(X), way, {"x": target})
        with pytest.raises(ScoreError, match="the reference is itself the worst · x"):
            normalising.distance_to_reference(table(X), GE, 6)
        with pytest.raises(ScoreError, match="the reference has no value · x"):
            normalising.distance_to_reference(table(X), GE, 2)
        with pytest.raises(ScoreError, match="exactly one row · 99 · got 0"):
            normalising.distance_to_reference(table(X), GE, 99)

    def test_a_fraction_of_something_negative(self):
        with pytest.raises(ScoreError, match=r"a fraction needs values of at least zero.* · x › 6 · got 1 of 8"):
            normalising.fraction_of_best(table(X), GE)
        assert normalising.fraction_of_best(table([0, 4]), GE)["x"].tolist() == [0, 1]
        with pytest.raises(ScoreError, match="above zero where less is better"):
            normalising.fraction_of_best(table([0, 4]), LE)

    def test_settings_that_make_no_scale(self):
        for do, message in (
            (lambda: normalising.minmax(table(X), GE, low=1, high=1), "low must lie below high"),
            (lambda: normalising.minmax(table(X), GE, high=math.inf), "low must lie below high"),
            (lambda: normalising.zscore(table(X), GE, sd=0), "sd above zero"),
            (lambda: normalising.ranks(table(X), GE, ties="max"), "unknown ties · expected min, average · got max"),
            (lambda: normalising.goalposts(table(X), GE, {"x": (0, 1)}, top=0), "top must be finite"),
        ):
            with pytest.raises(ScoreError, match=message):
                do()

    def test_figures_lost_to_overflow_are_refused(self):
        far = table([-1.5e308, 0, 1.5e308])
        for do in (
            lambda: normalising.minmax(far, GE, low=-1),
            lambda: normalising.goalposts(table([1.0]), GE, {"x": (-1.5e308, 1.5e308)}),
            lambda: normalising.goalposts(table([1.0]), LE, {"x": (-1.5e308, 1.5e308)}, truncate=False),
            lambda: normalising.distance_to_target(far, GE, {"x": 1.6e308}),
            lambda: normalising.log_shift(far),
            lambda: normalising.impute(table([1.5e308, 1.5e308, None])),
        ):
            with pytest.raises(ScoreError, match="too far apart to compute with · x"):
                do()
        assert normalising.zscore(far, GE)["x"].tolist() == pytest.approx([-1, 0, 1])
        assert normalising.zscore(table([0.0, 5e-324]), GE)["x"].tolist() == pytest.approx([-(0.5**0.5), 0.5**0.5])

    @settings(max_examples=60)
    @given(x=COLUMN, name=st.sampled_from(sorted(RELATIVE)), factor=st.floats(0.001, 1000), seed=st.integers(0, 99))
    def test_units_rows_and_direction(self, x, name, factor, seed):
        def scale(values, way, by=1.0):
            if name == "distance_to_target":
                return normalising.distance_to_target(values, way, {"x": by * (200 if way == GE else -200)})["x"]
            return RELATIVE[name](values, way)["x"]

        # The first row is the reference: it must not be the worst. A fraction needs values above zero.
        values = table([max(x), *x]) + (126 if name == "fraction_of_best" else 0)
        found = scale(values, GE)
        assert scale(values * factor, GE, factor).tolist() == pytest.approx(found.tolist(), abs=1e-9)
        order = [0, *(1 + np.random.default_rng(seed).permutation(len(x)))]
        assert scale(values.iloc[order], GE).tolist() == pytest.approx(found.iloc[order].tolist(), abs=1e-12)
        assert (found.iloc[np.argsort(values["x"], kind="stable")].diff().dropna() >= 0).all()
        if name == "fraction_of_best":
            assert scale(1 / values, LE).tolist() == pytest.approx(found.tolist())
        else:
            assert scale(-values, LE).tolist() == found.tolist()

    @pytest.mark.parametrize("name", ["minmax", "zscore", "percentile_rank", "distance_to_reference"])
    def test_another_zero_changes_nothing(self, name):
        found = [RELATIVE[name](table([5, 1, 4, 9]) * 2 + zero, GE)["x"].tolist() for zero in (0, 273)]
        assert found[0] == pytest.approx(found[1])

    @settings(max_examples=60)
    @given(x=COLUMN, ends=st.tuples(st.floats(-1e3, 0, exclude_max=True), st.floats(0, 1e-3)))
    def test_the_ends_of_minmax_are_met_exactly(self, x, ends):
        found = normalising.minmax(table(x), GE, low=ends[0], high=ends[1])["x"]
        assert (found.min(), found.max()) == ends
        assert found[x.index(max(x))] == ends[1]

    @settings(max_examples=60)
    @given(x=COLUMN, ends=st.tuples(CELL, CELL).filter(lambda p: p[0] < p[1]), extra=CELL)
    def test_goalposts_stay_in_range_rise_and_stand_still(self, x, ends, extra):
        found = normalising.goalposts(table(x), GE, {"x": ends}, top=10)["x"]
        assert found.between(0, 10).all()
        assert (found.iloc[np.argsort(x)].diff().dropna() >= 0).all()
        down = normalising.goalposts(table(x), LE, {"x": ends}, top=10)["x"]
        assert (found + down).tolist() == pytest.approx([10] * len(x))
        assert (
            normalising.goalposts(-table(x), LE, {"x": (-ends[1], -ends[0])}, top=10)["x"].tolist() == found.tolist()
        )
        assert normalising.goalposts(table([*x, extra]), GE, {"x": ends}, top=10)["x"].tolist()[:-1] == found.tolist()


class TestGaps:
    def test_the_case_is_what_is_typed_here(self, shared):
        typed = pd.read_csv(shared / "oracles" / "missing_data" / "data.csv", index_col="uCode")
        pd.testing.assert_frame_equal(typed.drop(columns="g").astype(float), GAPS, check_names=False)
        assert typed["g"].tolist() == GROUPS.tolist()

    @pytest.mark.parametrize("name", ["i_mean", "i_median", "i_mean_grp", "i_median_grp"])
    def test_every_figure_of_the_case(self, shared, name):
        expected = case(shared, "missing_data")
        by = GROUPS.iloc[::-1] if name.endswith("grp") else None
        done = normalising.impute(GAPS, how=name.split("_")[1], by=by)
        for column in GAPS.columns:
            assert_is(done.values[column].tolist(), expected[name][column], expected["tolerance"])

    def test_the_figures_without_the_case(self):
        # Case missing_data, i_median_grp.
        done = normalising.impute(GAPS, how="median", by=GROUPS)
        assert done.values["i3"].tolist() == [0, 5, 10, 15, 20, 25, 17.5, 0]
        assert done.values["i4"].tolist() == [3, 6, 9, 19.5, 15, 19.5, 19.5, 24]

    def test_what_was_filled_is_reported(self):
        done = normalising.impute(GAPS, by=GROUPS)
        assert len(done.filled) == GAPS.isna().sum().sum()
        rebuilt = GAPS.copy()
        for row in done.filled.itertuples():
            assert pd.isna(rebuilt.loc[row.unit, row.indicator])
            rebuilt.loc[row.unit, row.indicator] = row.value
        pd.testing.assert_frame_equal(rebuilt, done.values)
        assert done.filled.iloc[0].to_dict() == {
            "unit": "P2",
            "indicator": "i1",
            "group": "A",
            "value": 20.0,
            "how": "mean",
            "known": 2,
        }
        none = normalising.impute(done.values)
        assert none.filled.empty
        assert list(none.filled.columns) == list(done.filled.columns)

    def test_availability_and_screen(self, shared):
        expected = case(shared, "missing_data")
        found = normalising.availability(GAPS)
        assert found.tolist() == pytest.approx(expected["availability"], abs=expected["tolerance"])
        # The case names the limit of byNA; of byNAzeros only its outcome, which half known and 0.7 not zero give.
        for name, limits in (
            ("screen_byNA_070", {"at_least": 0.7}),
            ("screen_byNAzeros", {"at_least": 0.5, "nonzero": 0.7}),
        ):
            kept = normalising.screen(GAPS, **limits)["kept"]
            assert kept.index[kept].tolist() == expected[name]["kept"]
            assert kept.index[~kept].tolist() == expected[name]["removed"]

    def test_availability_and_screen_without_the_case(self):
        found = normalising.screen(GAPS, at_least=0.5, nonzero=0.7)
        assert found["available"].tolist() == [1, 0.5, 0.75, 0.75, 1, 0.5, 0.25, 0.75]
        assert found.index[~found["kept"]].tolist() == ["P7", "P8"]

    def test_a_unit_at_a_limit_is_kept(self):
        # Case missing_data: P1 has 3 of 4 values that are not zero, P2 has 2 of 4 values.
        assert normalising.screen(GAPS, at_least=0.5, nonzero=0.75)["kept"].tolist()[:2] == [True, True]

    def test_a_unit_without_any_value_is_never_kept(self):
        found = normalising.screen(table([None, 1]), at_least=0)
        assert found["kept"].tolist() == [False, True]
        assert found["nonzero"].isna().tolist() == [True, False]

    @settings(max_examples=60)
    @given(x=st.lists(st.none() | CELL, min_size=2, max_size=12), how=st.sampled_from(["mean", "median"]))
    def test_row_order_and_known_values(self, x, how):
        x = [1.0, *x]
        done = normalising.impute(table(x), how=how).values["x"]
        turned = normalising.impute(table(x).iloc[::-1], how=how).values["x"]
        assert turned.iloc[::-1].tolist() == done.tolist()
        assert all(a == b for a, b in zip(x, done, strict=True) if a is not None)
        assert done.between(table(x)["x"].min(), table(x)["x"].max()).all()

    def test_what_cannot_be_filled(self):
        for do, message in (
            (lambda: normalising.impute(table([None, None])), "no known value to fill from · x · got 2 gaps"),
            (lambda: normalising.impute(GAPS, how="mode"), "unknown how · expected mean, median · got mode"),
            (lambda: normalising.impute(GAPS, by=GROUPS.head(3)), "groups must name each unit once · P4"),
            (
                lambda: normalising.impute(GAPS, by=GROUPS.iloc[[*range(8), 4]]),
                "groups must name each unit once · P5",
            ),
            (lambda: normalising.impute(GAPS, by=GROUPS.replace("A", None)), "units without a group · g › P1"),
            (
                lambda: normalising.impute(GAPS, by=GROUPS.where(GROUPS.index != "P7", "C")),
                "no known value to fill from · i2 › g C · got 1 gaps",
            ),
            (lambda: normalising.impute(pd.concat([GAPS, GAPS])), "this unit stands in more than one row · P1"),
            (lambda: normalising.impute(GAPS.assign(i1="many")), "infinite or not a number · i1 › P1 · got 8 of 8"),
            (lambda: normalising.screen(GAPS, at_least=70), "at_least must be a share"),
            (lambda: normalising.screen(GAPS, at_least=0.5, nonzero=math.nan), "nonzero must be a share"),
        ):
            with pytest.raises(ScoreError, match=message):
                do()


class TestOutliers:
    @pytest.mark.parametrize("name", ["v1", "v2", "flights", "v4"])
    def test_every_figure_of_the_case(self, shared, name):
        every = case(shared, "outlier_treatment")
        expected, tolerance = every[name], every["tolerance"]
        assert name not in VECTORS or VECTORS[name] == expected["x"]
        values = table(expected["x"])
        shape = normalising.skew_kurtosis(values).loc["x"]
        assert shape.tolist() == pytest.approx([expected["skew"], expected["kurt"]], rel=tolerance)
        done = normalising.treat_outliers(values)
        report = done.report.loc["x"]
        assert_is(done.values["x"].tolist(), expected["winsorised"], tolerance)
        assert done.changes["x"].tolist() == expected["treated_code"]
        assert report["cells"] == expected["n_win"]
        assert [report["skew_before"], report["kurtosis_before"]] == shape.tolist()
        assert (report["treatment"], report["passes"]) == ("winsorised", True)
        untouched = normalising.treat_outliers(values, most=0, log=False).report.loc["x"]
        assert (untouched["treatment"], untouched["passes"]) == ("none", expected["pass"])
        assert_is(normalising.log_shift(values)["x"].tolist(), expected["log_CT"], tolerance)

    def test_the_figures_without_the_case(self):
        # Case outlier_treatment, v1, v2 and v4.
        for name, skew, kurtosis in (
            ("v1", 3.161878, 9.998148),
            ("v2", 4.428584, 19.712905),
            ("v4", -3.315958, 10.99678),
        ):
            found = normalising.skew_kurtosis(table(VECTORS[name])).loc["x"]
            assert found.tolist() == pytest.approx([skew, kurtosis], rel=1e-5)
        assert normalising.treat_outliers(table(V2)).values["x"].tolist() == [*range(1, 19), 18, 18]
        assert normalising.treat_outliers(table(VECTORS["v4"])).changes["x"].tolist()[:2] == ["winlo", ""]

    @pytest.mark.parametrize("zero", [0.0, 1.0, -1.0, 1e9])
    def test_values_that_lie_close_together(self, zero):
        # SKEW and KURT of Excel for 0, 0, 0, 0, 1: the root of 5, and 5; STANDARDIZE: 0.8 over the root of 0.2.
        values = table([zero] * 4 + [float(np.nextafter(zero, np.inf))])
        assert normalising.skew_kurtosis(values).loc["x"].tolist() == pytest.approx([5**0.5, 5])
        assert normalising.zscore(values, GE)["x"].tolist() == pytest.approx([-(0.2**0.5)] * 4 + [0.8 / 0.2**0.5])

    def test_a_column_that_still_fails_is_logged_from_its_own_values(self, shared):
        # Case outlier_treatment, v2: one cell is not enough, so that log_CT of the column itself is taken.
        expected = case(shared, "outlier_treatment")["v2"]
        done = normalising.treat_outliers(table(V2), most=1)
        assert_is(done.values["x"].tolist(), expected["log_CT"], 1e-9)
        assert set(done.changes["x"]) == {"log"}
        assert done.report.loc["x", ["treatment", "cells"]].tolist() == ["log", 20]
        assert normalising.treat_outliers(table(V2), most=1, log=False).report.loc["x", "passes"] == np.False_

    def test_columns_that_cannot_be_judged_are_left(self):
        values = pd.DataFrame({"flat": [5.0] * 6, "few": [1, 2, 900, *[None] * 3], "none": [None] * 6})
        done = normalising.treat_outliers(values)
        pd.testing.assert_frame_equal(done.values, values.astype(float))
        assert done.report["treatment"].tolist() == ["none"] * 3
        assert done.report["skew_before"].isna().all()
        assert (done.changes == "").all(axis=None)

    def test_no_column_loses_its_spread_and_ties_go_together(self):
        lone = normalising.treat_outliers(table([0] * 9 + [7]), log=False)
        assert lone.values["x"].tolist() == [0] * 9 + [7]
        assert lone.report.loc["x", ["treatment", "passes"]].tolist() == ["none", False]
        twins = [*range(1, 19), *range(1, 19), 900, 900]
        assert normalising.treat_outliers(table(twins), most=1, log=False).values["x"].tolist() == twins
        assert normalising.treat_outliers(table(twins), most=2).values["x"].tolist()[-2:] == [18, 18]

    @settings(max_examples=60)
    @given(x=st.lists(CELL, min_size=4, max_size=12), far=st.integers(0, 10**6), power=st.integers(-5, 5))
    def test_units_rows_and_sides(self, x, far, power):
        values = table([*x, far])
        done = normalising.treat_outliers(values, log=False)
        turned = normalising.treat_outliers(values.iloc[::-1], log=False)
        scaled = normalising.treat_outliers(values * 2.0**power, log=False)
        mirrored = normalising.treat_outliers(-values, log=False)
        assert turned.values["x"].iloc[::-1].tolist() == done.values["x"].tolist()
        assert scaled.values["x"].tolist() == (done.values["x"] * 2.0**power).tolist()
        assert scaled.report.equals(done.report)
        other = {"winhi": "winlo", "winlo": "winhi", "": ""}
        assert mirrored.values["x"].tolist() == (-done.values["x"]).tolist()
        assert [other[each] for each in mirrored.changes["x"]] == done.changes["x"].tolist()
        changed = done.changes["x"] != ""
        assert changed.sum() == done.report.loc["x", "cells"] <= 5
        assert (done.values["x"] == values["x"])[~changed].all()

    def test_bad_settings(self):
        for do, message in (
            (lambda: normalising.treat_outliers(table(V2), skew=-1), "must be at least zero · got skew=-1"),
            (lambda: normalising.treat_outliers(table(V2), most=-1), "must be at least zero"),
            (lambda: normalising.treat_outliers(table([1, math.inf])), "infinite or not a number · x › 1"),
            (lambda: normalising.treat_outliers(pd.concat([table(V2)] * 2)), "stands in more than one row · 0"),
            (lambda: normalising.log_shift(table(V2), share=0), "share must be finite and above zero"),
            (lambda: normalising.log_shift(table([3, 3])), "fewer than two different values: no scale · x"),
        ):
            with pytest.raises(ScoreError, match=message):
                do()


class TestAsem:
    """Case coinr_asem_pipeline: 51 countries by 49 indicators, every step of COINr 1.1.14."""

    @pytest.fixture
    def steps(self, shared):
        home = shared / "oracles" / "coinr_asem_pipeline"
        names = ("Denominated", "Imputed", "Treated", "Normalised", "Aggregated")
        data = {name: pd.read_csv(home / f"dset_{name}.csv", index_col="uCode") for name in names}
        data["raw"] = pd.read_csv(home / "iData_raw.csv", index_col="uCode").loc[data["Imputed"].index]
        meta = pd.read_csv(home / "iMeta.csv", index_col="iCode")
        details = pd.read_csv(home / "treatment_details.csv", index_col="iCode")
        return data, meta[meta["Level"].notna()], details

    def test_impute(self, steps):
        data, _, _ = steps
        done = normalising.impute(data["Denominated"], by=data["raw"]["EurAsia_group"])
        pd.testing.assert_frame_equal(done.values, data["Imputed"].astype(float), rtol=1e-9, atol=0)
        assert len(done.filled) == data["Denominated"].isna().sum().sum() > 0
        assert normalising.screen(done.values, at_least=0.9)["kept"].all()

    def test_treat(self, steps, shared):
        data, _, details = steps
        done = normalising.treat_outliers(data["Imputed"])
        pd.testing.assert_frame_equal(done.values, data["Treated"].astype(float), rtol=1e-9, atol=0)
        report = done.report.loc[details.index]
        for column, name in (("skew_before", "0.Skew"), ("kurtosis_before", "0.Kurt")):
            assert report[column].tolist() == pytest.approx(details[f"check_SkewKurt{name}"].tolist(), rel=1e-9)
        treated = details["winsorise.nwin"].notna()
        for column, name in (("skew_after", "1.Skew"), ("kurtosis_after", "1.Kurt")):
            expected = details.loc[treated, f"check_SkewKurt{name}"].tolist()
            assert report.loc[treated, column].tolist() == pytest.approx(expected, rel=1e-9)
        assert report["cells"].tolist() == details["winsorise.nwin"].fillna(0).tolist()
        points = case(shared, "coinr_asem_pipeline")["winsorised_points"]
        assert {name: n or None for name, n in done.report["cells"].items()} == points

    def test_from_the_raw_table_to_the_ranks(self, steps, shared):
        data, meta, _ = steps
        expected = case(shared, "coinr_asem_pipeline")
        indicators = meta.index[meta["Level"] == 1]
        raw = data["raw"]
        per = {name: 1 if pd.isna(by) else raw[by] for name, by in meta.loc[indicators, "Denominator"].items()}
        table = pd.DataFrame({name: raw[name] / by for name, by in per.items()})
        table = normalising.impute(table, by=raw["EurAsia_group"]).values
        table = normalising.treat_outliers(table).values
        way = {name: "ge" if meta.loc[name, "Direction"] == 1 else "le" for name in indicators}
        table = normalising.minmax(table, way, high=100)
        pd.testing.assert_frame_equal(table, data["Normalised"].astype(float), rtol=1e-9, atol=1e-9)
        for level in (2, 3, 4):
            for name in meta.index[meta["Level"] == level]:
                parts = meta.index[meta["Parent"] == name]
                shares = weighting.given(meta.loc[parts, "Weight"])
                table[name] = aggregating.arithmetic(table[parts], shares, missing="rescale")
        pd.testing.assert_frame_equal(
            table, data["Aggregated"][table.columns].astype(float), rtol=1e-9, atol=1e-9, check_names=False
        )
        assert table["Index"].to_dict() == pytest.approx(expected["index_scores"], rel=1e-9)
        order = table["Index"].rank(ascending=False).astype(int).to_dict()
        assert order == expected["index_rank"]
        climbed = normalising.ranks(table[["Index"]], {"Index": "ge"})["Index"]
        assert (len(table) + 1 - climbed).astype(int).to_dict() == expected["index_rank"]


class TestAbsoluteAndRelative:
    # Case hdi_goalposts_geometric, UNDP technical note: posts, and health and education as indices.
    GNI = (100, 75000)

    def hdi(self, gni, health, education):
        values = pd.DataFrame({"gni": np.log([gni]), "health": [health], "education": [education]})
        posts = {"gni": tuple(np.log(self.GNI)), "health": (0, 1), "education": (0, 1)}
        parts = normalising.goalposts(values, dict.fromkeys(values.columns, "ge"), posts)
        return parts["gni"][0], aggregating.geometric(parts, dict.fromkeys(parts.columns, 1 / 3))[0]

    def test_human_development_index(self, shared):
        expected = case(shared, "hdi_goalposts_geometric")
        income, hdi = self.hdi(expected["gni"], expected["health_index"], expected["education_index"])
        assert income == pytest.approx(expected["income_index"], rel=1e-12)
        assert hdi == pytest.approx(expected["hdi"], abs=expected["tolerance"])
        assert (round(income, 4), round(hdi, 3)) == tuple(expected["published"].values())
        assert list(self.GNI) == expected["goalposts"]["gni"]
        posts = {"eys": tuple(expected["goalposts"]["eys"])}
        assert normalising.goalposts(pd.DataFrame({"eys": [20]}), {"eys": "ge"}, posts)["eys"].tolist() == [1]

    def test_human_development_index_without_the_case(self):
        # UNDP: a gross national income of 3829 dollars gives 0.5506, the index 0.510; above 75000 counts as 75000.
        income, hdi = self.hdi(3829, 0.6971, 0.3447)
        assert (round(income, 4), round(hdi, 3)) == (0.5506, 0.51)
        assert self.hdi(100000, 0.5, 0.5)[0] == 1

    def test_one_more_unit_moves_the_relative_and_leaves_the_absolute(self):
        # Case rank_reversal_trap: minmax_saw before and after one more project, fixed_goalpost_saw.
        first = pd.DataFrame([[7.0, 9.0, 9.0], [8.0, 7.0, 8.0], [9.0, 6.0, 8.0]], columns=list("abc"))
        more = pd.concat([first, pd.DataFrame([[9.0, 1.0, 1.0]], columns=list("abc"))], ignore_index=True)
        w, way = {"a": 0.4, "b": 0.3, "c": 0.3}, dict.fromkeys("abc", "ge")
        relative = [aggregating.arithmetic(normalising.minmax(each, way), w).tolist()[:3] for each in (first, more)]
        assert relative[0] == pytest.approx([0.6, 0.3, 0.4])
        assert relative[1] == pytest.approx([0.6, 0.6875, 0.85])
        posts = dict.fromkeys("abc", (0, 10))
        for each in (first, more):
            fixed = aggregating.arithmetic(normalising.goalposts(each, way, posts), w).tolist()[:3]
            assert fixed == pytest.approx([0.82, 0.77, 0.78])
