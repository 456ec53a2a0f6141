"""Rule functions: closed forms and printed rules, and what must hold whatever the numbers."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from perfkit import readers, rules
from perfkit.measure import scoring

HELD = rules.load("cn-project-2020", "2022-12-31")
AMOUNT = st.floats(min_value=-1e6, max_value=1e6).map(lambda x: round(x, 3))
POSITIVE = st.floats(min_value=0.01, max_value=1e6).map(lambda x: round(x, 3))
WAYS = ("ge", "le", "eq")


def numbers(rule):
    """The numbers of a rule of the national pack: they come from the pack's sources, not from this file."""
    return {k: v for k, v in HELD.value(f"rule_{rule}").items() if k not in ("function", "zh", "en")}


def one(function, *columns, **more):
    return float(function(*([each] for each in columns), **more)[0])


@pytest.fixture(scope="module")
def oracle(shared):
    """Case budget_target_scoring: closed form."""
    folder = shared / "oracles" / "budget_target_scoring"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return pd.read_csv(folder / "indicators.csv").set_index("id"), expected


@pytest.fixture(scope="module")
def printed(shared):
    """The scoring rules as quoted from the regulations."""
    return yaml.safe_load((shared / "domain" / "scoring_rules.yaml").read_text(encoding="utf-8"))


class TestOracle:
    def test_targets_and_over_fulfilment(self, oracle):
        table, expected = oracle
        way = np.where(table["direction"] > 0, "ge", "le")
        share = scoring.proportional(table["actual"], table["target"], way, policy="deduct", tolerance=0.30)
        assert (table["weight"] * share).to_dict() == pytest.approx(expected["scores"], abs=expected["tolerance"])

    @pytest.mark.parametrize("policy", ["ignore", "flag"])
    def test_without_deduction_more_is_as_good(self, oracle, policy):
        table, _expected = oracle
        table = table[table["direction"] > 0]
        share = scoring.proportional(
            table["actual"], table["target"], ["ge"] * len(table), policy=policy, tolerance=0.3
        )
        met = (table["actual"] >= table["target"]).to_numpy()
        assert share[met].tolist() == [1.0] * met.sum()

    def test_edges(self, oracle):
        edges = oracle[1]["edge_cases"]
        assert edges["target_zero_actual_positive_lower"] == "0"
        assert one(scoring.proportional, 1, 0, "le") == 0
        assert "policy" in edges["target_zero_actual_zero_higher"]
        assert one(scoring.proportional, 0, 0, "ge") == one(scoring.proportional, 0, 0, "le") == 1
        assert edges["negative_actual"].startswith("0")
        assert one(scoring.proportional, -1, 100, "ge") == 0
        assert math.isnan(one(scoring.proportional, np.nan, 100, "ge"))
        assert math.isnan(one(scoring.proportional, 100, np.nan, "ge"))

    def test_bands_of_qualitative_indicators(self, oracle):
        tiers = oracle[1]["band_tiers"]["tiers_qualitative"]
        bands = numbers("band_2020")["bands"]
        assert [[b["min"], b["max"]] for b in bands] == [t["range"] for t in tiers]
        for tier, band in zip(tiers, bands, strict=True):
            assert tier["name"] in {*band["words"], band["band"]}
            low, high = tier["range"]
            for share in (low, high, (low + high) / 2):
                assert one(scoring.banded, tier["name"], share, bands=bands) == share
            for share in (low - 0.01, high + 0.01):
                assert math.isnan(one(scoring.banded, tier["name"], share, bands=bands))

    def test_float_dust_does_not_miss_a_target(self):
        assert one(scoring.met, 0.1 * 3, 0.3, "eq") == one(scoring.met, sum([0.1] * 10), 1.0, "ge") == 1


class TestPrintedRules:
    def test_80_percent_in_2020_and_in_2021(self, printed):
        # At a completion of 80 % art. 16 of 2020 gives 80 %, 三（七） of 2021 gives 50 %.
        check = printed["quantitative"]["threshold_60_2021"]["check"]
        assert one(scoring.proportional, 80, 100, "ge") == pytest.approx(0.8)
        for rate, share in (pair.split("=")[1:] and (pair.split("=")[1], value) for pair, value in pairs(check)):
            got = one(scoring.threshold, 1000 * float(rate), 1000, "ge", **numbers("threshold_2021"))
            assert got == pytest.approx(float(share), abs=1e-9)

    @pytest.mark.parametrize(
        ("rate", "finished", "points"),
        # 财预〔2021〕101号 三（七）2: finished within budget 10; unfinished 80-100 % 7, 60-80 % 5, below 60 % 0.
        [
            (1.0, 1, 10),
            (0.7, 1, 10),
            (0.1, 1, 10),
            (0.99, 0, 7),
            (0.8, 0, 7),
            (0.7999, 0, 5),
            (0.6, 0, 5),
            (0.5999, 0, 0),
            (0.0, 0, 0),
            # Not covered by the printed text: over budget, unfinished at exactly 100 %, not known whether finished.
            (1.2, 1, None),
            (1.2, 0, None),
            (1.0, 0, None),
            (0.9, None, None),
            (None, 1, None),
        ],
    )
    def test_execution_of_2021(self, rate, finished, points):
        done, r = (np.nan if v is None else v for v in (finished, rate))
        got = 10 * one(scoring.execution_stepped, r, done, **numbers("execution_2021"))
        assert math.isnan(got) if points is None else got == pytest.approx(points)

    @pytest.mark.parametrize(
        ("rate", "points"),
        # 财预〔2021〕101号 三（七）4: at least 90 % 10, at least 80 % 8, at least 60 % 5, below 60 % 0 of 10 points.
        [(1, 10), (0.9, 10), (0.8999, 8), (0.8, 8), (0.7999, 5), (0.6, 5), (0.5999, 0), (0, 0)],
    )
    def test_satisfaction_of_2021(self, rate, points):
        assert 10 * one(scoring.stepped, rate, **numbers("satisfaction_2021")) == pytest.approx(points)

    def test_less_is_better(self, printed):
        # Local form notes: a <= t full, else points x target/actual.
        assert "w * t/a" in printed["quantitative"]["reverse_common"]["rule"]
        assert scoring.proportional([3, 4, 5, 8], [4] * 4, ["le"] * 4).tolist() == [1, 1, 0.8, 0.5]

    def test_check_points_in_equal_shares(self, printed):
        assert printed["qualitative"]["points_equal_split"]["rule"] == "w * (met check points / n)"
        assert scoring.check_points([0, 1, 3, 4], [4] * 4).tolist() == [0, 0.25, 0.75, 1]
        assert np.isnan(scoring.check_points([5, -1, 1, np.nan], [4, 4, 0, 4])).all()

    def test_interval(self):
        # share = 1 - distance to the nearer bound, relative to that bound, / reach
        got = scoring.interval([800, 900, 1000, 1100, 1250, 2000, 600], [800] * 7, [1000] * 7, reach=0.5)
        assert got.tolist() == pytest.approx([1, 1, 1, 0.8, 0.5, 0, 0.5])

    def test_goalposts(self):
        # HDI (UNDP, technical notes): (actual - minimum) / (maximum - minimum), life expectancy 20 to 85 years.
        assert one(scoring.goalpost, 71.6, 85, 20) == pytest.approx(0.794, abs=5e-4)
        assert scoring.goalpost([25, 15, 10, 20, 30], [15] * 5, [25] * 5).tolist() == [0, 1, 1, 0.5, 0]
        assert math.isnan(one(scoring.goalpost, 1, 2, 2))

    def test_reported_points_are_taken_or_refused(self):
        assert scoring.reported([90, 0, 9.5], [100, 10, 9.5]).tolist() == [0.9, 0, 1]
        assert np.isnan(scoring.reported([101, -1, np.nan], [100] * 3)).all()

    def test_unknown_band_and_no_choice(self):
        bands = numbers("band_2020")["bands"]
        assert np.isnan(scoring.banded(["很好", None, "有效"], [0.9, 0.9, np.nan], bands=bands)).all()


def pairs(check):
    """YAML reads {r=0.8: 0.5} as the pair ("r=0.8", 0.5)."""
    assert len(check) == 4
    return check.items()


class TestProperties:
    @given(AMOUNT, AMOUNT, st.sampled_from(WAYS))
    def test_shares_lie_between_nothing_and_all(self, actual, target, way):
        steps = [{"over": 0.3, "share": 0.9}, {"over": 0.5, "share": 0.7}]
        for share in (
            one(scoring.proportional, actual, target, way),
            one(scoring.proportional, actual, target, way, reverse="excess"),
            one(scoring.proportional, actual, target, way, policy="schedule", tolerance=0.3, schedule=steps),
            one(scoring.window, actual, target, way, low=0.7, high=1.3),
            one(scoring.met, actual, target, way, otherwise=0.4),
            one(scoring.per_percentage_point, actual, target, way, loss=0.05),
            one(scoring.proportional, actual, target, way, policy="deduct", tolerance=0.3),
            one(scoring.threshold, actual, target, way, pass_rate=0.6),
            one(scoring.met, actual, target, way),
        ):
            assert 0 <= share <= 1

    @given(AMOUNT, AMOUNT, AMOUNT)
    def test_shares_of_two_bounds(self, actual, low, high):
        share = one(scoring.interval, actual, min(low, high), max(low, high), reach=0.5)
        assert math.isnan(share) or 0 <= share <= 1
        share = one(scoring.goalpost, actual, low, high)
        assert math.isnan(share) if low == high else 0 <= share <= 1

    @given(st.floats(0, 3), st.sampled_from([0, 1]))
    def test_shares_of_steps(self, rate, finished):
        assert 0 <= one(scoring.stepped, rate, **numbers("satisfaction_2021")) <= 1
        share = one(scoring.execution_stepped, rate, finished, **numbers("execution_2021"))
        assert math.isnan(share) or 0 <= share <= 1

    @given(AMOUNT, AMOUNT, AMOUNT, st.sampled_from(["ge", "le"]))
    def test_a_better_value_never_scores_lower(self, one_value, another, target, way):
        worse, better = sorted([one_value, another], reverse=way == "le")
        for function, more in (
            (scoring.proportional, {}),
            (scoring.proportional, {"policy": "flag", "tolerance": 0.3}),
            (scoring.proportional, {"reverse": "excess"}),
            (scoring.threshold, {"pass_rate": 0.6}),
            (scoring.met, {}),
            (scoring.per_percentage_point, {"loss": 0.05}),
            (scoring.per_percentage_point, {"loss": 0.05, "whole": True}),
        ):
            low, high = function([worse, better], [target] * 2, [way] * 2, **more)
            assert low <= high

    @given(POSITIVE, POSITIVE, POSITIVE)
    def test_a_deduction_begins_beyond_the_tolerance_only(self, one_value, another, target):
        tolerance = 0.3
        worse, better = sorted([one_value, another])
        low, high = scoring.proportional(
            [worse, better], [target] * 2, ["ge"] * 2, policy="deduct", tolerance=tolerance
        )
        if better <= target * (1 + tolerance):
            assert low <= high
        if worse > target * (1 + tolerance) + 1e-6:
            assert low >= high

    @given(POSITIVE, POSITIVE, POSITIVE)
    def test_nearer_to_an_equality_target_never_scores_lower(self, one_value, another, target):
        def off(value):
            return max(value / target, target / value)

        near, far = sorted([one_value, another], key=off)
        high, low = scoring.proportional([near, far], [target] * 2, ["eq"] * 2)
        assert high >= low - 1e-12

    @given(AMOUNT, AMOUNT, AMOUNT, AMOUNT)
    def test_nearer_to_the_goal_never_scores_lower(self, one_value, another, target, floor):
        if target == floor:
            return
        worse, better = sorted([one_value, another], reverse=target < floor)
        low, high = scoring.goalpost([worse, better], [target] * 2, [floor] * 2)
        assert low <= high

    @given(POSITIVE, POSITIVE, st.sampled_from(WAYS), st.sampled_from([0.001, 0.01, 100.0, 1e4]))
    def test_the_unit_of_measure_does_not_matter(self, actual, target, way, factor):
        for function, more in (
            (scoring.proportional, {"policy": "deduct", "tolerance": 0.3}),
            (scoring.threshold, {"pass_rate": 0.6}),
        ):
            small = one(function, actual, target, way, **more)
            assert one(function, actual * factor, target * factor, way, **more) == pytest.approx(small, abs=1e-6)
        low, high = sorted([target, target * 1.5])
        small = one(scoring.interval, actual, low, high, reach=0.5)
        assert one(scoring.interval, actual * factor, low * factor, high * factor, reach=0.5) == pytest.approx(small)

    @given(st.lists(st.tuples(AMOUNT, AMOUNT, st.sampled_from(WAYS)), min_size=1, max_size=8), st.randoms())
    def test_each_share_depends_on_its_own_row_only(self, rows, random):
        order = list(range(len(rows)))
        random.shuffle(order)
        for function, more in (
            (scoring.proportional, {}),
            (scoring.threshold, {"pass_rate": 0.6}),
            (scoring.met, {}),
            (scoring.window, {"low": 0.7, "high": 1.3}),
            (scoring.per_percentage_point, {"loss": 0.05}),
        ):
            together = function(*zip(*rows, strict=True), **more)
            shuffled = function(*zip(*(rows[i] for i in order), strict=True), **more)
            alone = [one(function, *row, **more) for row in rows]
            assert together.tolist() == alone
            assert shuffled.tolist() == [together[i] for i in order]


class TestKinds:
    def test_a_cap_limits_every_share(self):
        items = pd.DataFrame({"reached": [3.0, 4.0], "whole": [4.0, 4.0]})
        assert scoring.shares(items, "check_points", {"cap": 0.9}).tolist() == [0.75, 0.9]

    @pytest.mark.parametrize("name", sorted(scoring.KINDS))
    def test_sentences_say_the_same_in_both_languages(self, name):
        import string

        kind = scoring.KINDS[name]
        zh, en = ({f for _, f, _, _ in string.Formatter().parse(text) if f} for text in (kind.zh, kind.en))
        assert zh == en

    def test_unknown_function(self):
        with pytest.raises(KeyError):
            scoring.shares(pd.DataFrame(), "nothing", {})


class TestNewYork:
    """The Comptroller's roll-up of New York's indicators: the share of indicators that met their goal, by agency.

    The reader gives every indicator one point. An agency has between 1 and 65 of them, so points of one do not add
    up to 100 and the table is not a library that a scorecard takes as it is: here the shares are averaged, and in
    test_scorecard.py the points are set to 100 / n.
    """

    def test_every_agency(self, shared):
        folder = shared / "samples" / "nyc_pmmr"
        nyc = readers.nyc_indicators(folder / "indicator_level.csv")
        items = nyc["indicators"].merge(nyc["values"], on=["unit_id", "indicator_id"])
        items = items.assign(met=scoring.met(items["actual"], items["target"], items["direction"]))
        assert items["points"].eq(1).all()
        mine = (items["met"] * items["points"]).groupby(items["unit_id"]).sum() / items.groupby("unit_id")[
            "points"
        ].sum()
        published = pd.read_csv(
            folder / "published_agency_outcomes.csv",
            dtype={"Agency.Number": str},
            keep_default_na=False,
            na_values={"SuccessPct": "NA"},
        ).set_index("Agency.Number")["SuccessPct"]
        published = published.dropna()
        assert len(published) == 34
        assert mine.to_dict() == pytest.approx(published.to_dict(), abs=1e-12)
