"""Scorecards: published forms, gaps, several years, and what must hold whatever the values."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import readers, rules, tables
from perfkit.errors import PerfkitError, ScoreError
from perfkit.measure import scorecard

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
HELD = rules.load("cn-project-2020", "2022-12-31")
LEAF = {"level1": "产出", "level3": "x", "kind": "quantitative", "direction": "ge", "target": 100, "points": 100}


def library(*rows):
    return tables.check(
        pd.DataFrame([{**LEAF, "indicator_id": str(i), **r} for i, r in enumerate(rows)]), "indicators"
    )


def values(*rows):
    return tables.check(pd.DataFrame([{"unit_id": "a", "indicator_id": "0", **row} for row in rows]), "values")


def units(*rows):
    return tables.check(pd.DataFrame([{"unit_id": "a", "name": "甲", **row} for row in rows]), "units")


def scored(held_values, held_library, **more):
    return scorecard.score(held_values, held_library, HELD, **more)


def one(item, value, **more):
    """Score a single item worth 100 points."""
    return scored(values(value), library(item), **more).items.iloc[0]


EXECUTION = {"kind": "execution", "unit": "%", "level1": "预算执行率"}
TWO = ({"points": 60}, {"points": 40})


@pytest.fixture(scope="module")
def forms():
    return readers.open_data(SAMPLES / "forms")


@pytest.fixture(scope="module")
def form_card(forms):
    return scored(forms["values"], forms["indicators"], units=forms["units"])


class TestPublishedForms:
    """data/samples/forms: self-evaluation forms as their publishers printed them."""

    def test_yongde(self, form_card):
        # The county's page prints 96 and 优; O3 prints 7 at 100 % and B2 prints 9 at 98 %, which is not the rule of
        # 财预〔2020〕10号 art. 16 (met: full; missed: in proportion). All other rows follow it.
        card = form_card.of("yongde-nutrition-2022")
        items = card.items.set_index("indicator_id")
        off = items.index[items["points"] != items["points_reported"]]
        assert off.tolist() == ["O3", "B2"]
        assert items.loc[off, "points"].tolist() == [10, 9.8]
        assert items["points_reported"].sum() == 96
        assert card.results[["points", "grade"]].to_numpy().tolist() == [[99.8, "优"]]

    def test_totals_that_the_publisher_printed(self, form_card):
        # Liangping 97.93 (79.27 % of 10 and 90), Science City 97.6 (76 % of 10 and 90), Wuhua 81.22 良.
        totals = form_card.results.set_index("unit_id")
        assert totals.loc["liangping-forestry", "points"] == 97.93
        assert totals.loc["sciencecity-media-2021", "points"] == 97.6
        assert totals.loc["wuhua-drainage-2023", ["points", "grade"]].tolist() == [81.22, "良"]

    def test_an_item_cut_off_in_the_excerpt_gives_bounds(self, form_card):
        # Lincang: satisfaction (10 points) is not visible; the ratio gives 9.78 where the form prints 9, the other
        # 80 points are met: 89.78 to 99.78, and 90 of 100 points rest on what was seen.
        card = form_card.of("lincang-wildlife-2023")
        result = card.results.iloc[0]
        assert np.isnan(result["points"])
        assert pd.isna(result[["grade", "grade_en", "next_grade"]]).all()
        assert np.isnan(result["to_next"])
        assert result[["points_low", "points_high", "coverage"]].tolist() == [89.78, 99.78, 0.9]
        unseen = card.items.set_index("indicator_id").loc["S1"]
        assert unseen["status"] == "not_seen"
        assert np.isnan(unseen["points"])
        assert unseen[["points_low", "points_high"]].tolist() == [0, 10]
        assert unseen[["why_zh", "why_en"]].tolist() == [
            "原件不可见，不计分（分值 10 分）",
            "not seen: not scored (10 points)",
        ]

    def test_only_what_was_recomputed_is_covered(self, form_card):
        # Liangping and Science City show 10 of 100 points in detail, Wuhua none.
        assert form_card.results.set_index("unit_id")["coverage"].to_dict() == {
            "yongde-nutrition-2022": 1,
            "langfang-hvac-2019": 1,
            "liangping-forestry": 0.1,
            "sciencecity-media-2021": 0.1,
            "lincang-wildlife-2023": 0.9,
            "wuhua-drainage-2023": 0,
        }

    def test_langfang_money(self, form_card):
        # Langfang prints 86 % for 37.24 of 43.2 (10,000 yuan): 86.2 %.
        item = form_card.of("langfang-hvac-2019").items.set_index("indicator_id").loc["E"]
        assert item["used"] == pytest.approx(100 * 37.24 / 43.2)
        assert item["points"] == 8.62


class TestEveryPoint:
    def test_totals_re_add_from_the_printed_points(self, form_card):
        sums = form_card.items.groupby("unit_id", sort=False)["points"].agg(lambda each: each.sum(skipna=False))
        totals = form_card.results.set_index("unit_id")["points"]
        assert sums.to_dict() == pytest.approx(totals.to_dict(), abs=1e-9, nan_ok=True)
        assert totals.index[totals.isna()].tolist() == ["lincang-wildlife-2023"]

    def test_every_row_says_which_rules(self, form_card):
        for frame in (form_card.items, form_card.results):
            assert set(frame["pack"]) == {"cn-project-2020"}
            assert set(frame["on"]) == {"2022-12-31"}

    def test_the_tables_keep_their_contracts(self, form_card):
        assert list(form_card.items.columns) == list(tables.contract("scores").columns)
        tables.check(form_card.results, "results")

    def test_bases_name_what_decided(self, form_card):
        bases = form_card.bases().set_index("parameter")["authority"]
        assert bases["rule_ratio_2020"] == "national"
        assert bases["missing_evidence"] == "kit"
        assert "rule_threshold_2021" not in bases
        assert set(form_card.items["rule"]) == {n.removeprefix("rule_") for n in bases.index if n.startswith("rule_")}

    ALWAYS = frozenset({"full_points", "grade_bands", "schemes", "default_scheme", "rounding"})

    @pytest.mark.parametrize(
        ("unit", "more"),
        [
            # Money gives Yongde's rate; it has "≥", "=", a judged item and satisfaction, all reported.
            (
                "yongde-nutrition-2022",
                "rule_execution_linear rule_ratio_2020 rule_equal_two_sided rule_band_2020 execution_denominator "
                "over_fulfilment",
            ),
            ("langfang-hvac-2019", "rule_execution_linear rule_ratio_2020 execution_denominator over_fulfilment"),
            # The execution rate is as printed, the rest is copied: no denominator, no policy.
            ("liangping-forestry", "rule_execution_linear rule_reported"),
            (
                "lincang-wildlife-2023",
                "rule_execution_linear rule_ratio_2020 rule_direct rule_reported missing_evidence over_fulfilment",
            ),
            ("wuhua-drainage-2023", "rule_reported"),
        ],
    )
    def test_used_is_what_decided_these_points_and_no_more(self, form_card, unit, more):
        card = form_card.of(unit)
        assert set(card.used) == self.ALWAYS | set(more.split())
        assert len(card.used) == len(set(card.used))
        assert card.bases()["parameter"].tolist() == list(card.used)
        with_more = card.bases(also=["peers", "rounding"])["parameter"].tolist()
        assert with_more == [*card.used, "peers"]

    def test_over_fulfilment_is_used_only_where_it_may_decide(self):
        for item, value, scheme, there in (
            ({}, {"actual": 90}, "2020", True),
            ({}, {"actual": 90}, "2021", False),  # a pass mark, not a proportion
            ({"kind": "satisfaction", "unit": "%"}, {"actual": 90}, "2020", False),
            ({"rule": "met_or_not"}, {"actual": 90}, "2020", False),
        ):
            card = scored(values(value), library(item), scheme=scheme)
            assert ("over_fulfilment" in card.used) is there

    def test_the_choices_are_kept(self):
        money = units({"budget": 100, "received": 80, "spent": 60})
        for denominator, points in (("self_form", 60), ("framework", 75)):
            card = scored(values({}), library(EXECUTION), units=money, denominator=denominator, scheme="2020")
            assert (card.denominator, card.scheme) == (denominator, "2020")
            assert card.results["points"].tolist() == [points]
            assert card.of("a").denominator == denominator

    def test_of_one_unit(self, form_card):
        assert set(form_card.of("liangping-forestry").items["unit_id"]) == {"liangping-forestry"}
        with pytest.raises(ScoreError, match="has no values"):
            form_card.of("nobody")

    def test_without_sentences_the_points_are_the_same(self, forms, form_card):
        quick = scored(forms["values"], forms["indicators"], units=forms["units"], explain=False)
        pd.testing.assert_frame_equal(quick.results, form_card.results)
        assert quick.items["why_zh"].isna().all()

    def test_inputs_are_left_alone(self, forms):
        before = {name: frame.copy() for name, frame in forms.items()}
        scored(forms["values"], forms["indicators"], units=forms["units"])
        for name, frame in forms.items():
            pd.testing.assert_frame_equal(frame, before[name])


class TestWhichValue:
    def test_verified_wins(self):
        item = one({}, {"actual": 100, "verified": 80})
        assert item[["used", "used_from", "points", "actual", "verified"]].tolist() == [80, "verified", 80, 100, 80]

    def test_money_wins_over_the_printed_rate(self):
        # One published form prints 80.45 % (3,824.26 of 4,753.66) as 100 % with full points.
        item = one(EXECUTION, {"actual": 100}, units=units({"budget": 4753.66, "spent": 3824.26}))
        assert item["used_from"] == "computed"
        assert item["points"] == 80.45
        assert item["actual"] == 100

    def test_verified_wins_over_the_money(self):
        item = one(EXECUTION, {"actual": 100, "verified": 70}, units=units({"budget": 100, "spent": 80}))
        assert item[["used", "points"]].tolist() == [70, 70]

    def test_without_money_the_printed_rate_counts(self):
        for known in (units({}), units({"budget": 0, "spent": 0}), units({"spent": 5}), None):
            assert one(EXECUTION, {"actual": 90}, units=known)["points"] == 90

    def test_money_spent_against_a_budget_of_nothing_is_not_hidden_by_the_printed_rate(self):
        item = one(EXECUTION, {"actual": 90}, units=units({"budget": 0, "spent": 5}))
        assert item[["status", "points", "points_low", "points_high"]].tolist() == ["missing", 0, 0, 100]

    def test_the_two_denominators(self):
        # 财预〔2020〕10号 annex 1 (spent / budget of the year) and annex 2 (spent / received). Wuhua 2023 publishes
        # 15,645.41 spent of 16,760.00 received (10,000 yuan) as 93.35 %.
        money = units({"budget": 20000, "received": 16760.00, "spent": 15645.41})
        assert one(EXECUTION, {}, units=money, denominator="framework")["points"] == 93.35
        assert one(EXECUTION, {}, units=money)["points"] == 78.23
        with pytest.raises(ScoreError, match="no denominator"):
            one(EXECUTION, {}, units=money, denominator="initial")

    def test_a_rate_in_shares_of_one(self):
        item = {**EXECUTION, "unit": None, "target": 1}
        assert (
            one(item, {"actual": 0.8})["points"] == one(item, {}, units=units({"budget": 10, "spent": 8}))["points"]
        )

    def test_an_own_rule_wins_over_the_scheme(self):
        assert one({"rule": "met_or_not"}, {"actual": 99})["points"] == 0

    def test_less_satisfaction_than_asked_and_complaints(self):
        # "at least 95 %" and "at most 2 %": a rate of complaints may be counted as satisfaction too.
        assert one({"kind": "satisfaction", "unit": "%", "target": 95}, {"actual": 98})["points"] == 100
        complaints = {"kind": "satisfaction", "direction": "le", "unit": "%", "target": 2}
        assert one(complaints, {"actual": 4})["points"] == 50

    @pytest.mark.parametrize("unit", ["%", "％", "百分比", "百分数"])
    def test_per_cent_however_it_is_written(self, unit):
        # 8 of 10 is 80 %, and 45 % of the 90 % asked is half.
        item = {**EXECUTION, "unit": unit}
        assert one(item, {}, units=units({"budget": 10, "spent": 8}))[["used", "points"]].tolist() == [80, 80]
        assert one({"kind": "satisfaction", "unit": unit, "target": 90}, {"actual": 45})["points"] == 50
        item = {"kind": "satisfaction", "unit": unit, "target": 90}
        assert one(item, {"actual": 85}, scheme="2021")["points"] == 80


class TestGaps:
    @pytest.mark.parametrize(
        ("status", "points", "low", "high", "coverage"),
        [
            ("reported", 100, 100, 100, 1),
            ("unverified", 100, 60, 100, 0.6),
            ("missing", 60, 60, 100, 0.6),
            ("no_evidence", 60, 60, 100, 0.6),
            ("not_seen", None, 60, 100, 0.6),
        ],
    )
    def test_what_a_gap_costs_and_its_bounds(self, status, points, low, high, coverage):
        card = scored(values({"actual": 100}, {"indicator_id": "1", "actual": 100, "status": status}), library(*TWO))
        result = card.results.iloc[0]
        assert result[["points_low", "points_high", "coverage"]].tolist() == [low, high, coverage]
        assert np.isnan(result["points"]) if points is None else result["points"] == points
        assert pd.isna(result["grade"]) == (points is None)

    def test_not_seen_stays_open_and_is_not_rescaled(self):
        # 30 points do not apply: of the other 70, 50 are scored 40 and 20 are unseen: 40/70 to 60/70 of 100.
        three = ({"points": 50}, {"points": 20}, {"points": 30})
        card = scored(
            values(
                {"actual": 80},
                {"indicator_id": "1", "status": "not_seen"},
                {"indicator_id": "2", "status": "not_applicable"},
            ),
            library(*three),
        )
        result = card.results.iloc[0]
        assert np.isnan(result["points"])
        assert result[["points_low", "points_high"]].tolist() == [57.14, 85.71]
        assert result["coverage"] == pytest.approx(5 / 7, abs=1e-9)

    def test_not_seen_without_a_value_is_not_called_missing(self):
        item = one({"kind": "reported", "direction": None, "target": None}, {"status": "not_seen"})
        assert item["status"] == "not_seen"
        assert np.isnan(item["points"])

    def test_copied_points_are_not_covered(self):
        # 60 points of two items are recomputed, 40 are copied from the form.
        card = scored(
            values({"actual": 100}, {"indicator_id": "1", "points_reported": 40}),
            library({"points": 60}, {"points": 40, "kind": "reported"}),
        )
        assert card.results[["points", "coverage"]].to_numpy().tolist() == [[100, 0.6]]

    def test_coverage_is_of_what_counts(self):
        # Of 100 points 40 are not due: the other 60 are all reported.
        card = scored(values({"actual": 90}, {"indicator_id": "1", "status": "not_due"}), library(*TWO))
        assert card.results["coverage"].tolist() == [1]

    @pytest.mark.parametrize("status", ["not_due", "not_applicable"])
    def test_what_does_not_count_is_rescaled(self, status):
        # Pidu 2026, letter no. 11: score / (100 - points of inapplicable indicators) x 100.
        card = scored(values({"actual": 90}, {"indicator_id": "1", "status": status}), library(*TWO))
        result = card.results.iloc[0]
        assert result["points"] == round(54 / (100 - 40) * 100, 2) == 90
        assert result["points_low"] == result["points_high"] == 90
        assert card.items["points"].isna().tolist() == [False, True]

    def test_rescaled_totals_follow_from_the_printed_points(self):
        three = ({"points": 33}, {"points": 34}, {"points": 33})
        card = scored(
            values(
                {"actual": 77.7}, {"indicator_id": "1", "actual": 66.6}, {"indicator_id": "2", "status": "not_due"}
            ),
            library(*three),
        )
        kept = card.items.dropna(subset="points")
        assert card.results["points"].iloc[0] == round(kept["points"].sum() / kept["points_full"].sum() * 100, 2)

    def test_nothing_counts(self):
        result = scored(values({"status": "not_due"}), library({})).results.iloc[0]
        assert pd.isna(result["points"])
        assert pd.isna(result["grade"])

    def test_a_row_that_is_not_there_is_missing(self):
        card = scored(values({"actual": 100}), library(*TWO))
        assert card.items["status"].tolist() == ["reported", "missing"]
        assert card.results["points"].iloc[0] == 60

    @pytest.mark.parametrize("status", [None, "reported", "unverified"])
    def test_an_empty_value_is_missing_whatever_the_status_says(self, status):
        assert one({}, {"status": status})[["status", "points", "points_high"]].tolist() == ["missing", 0, 100]

    def test_no_evidence_costs_even_a_good_value(self):
        item = one({}, {"actual": 120, "status": "no_evidence"})
        assert item[["points", "points_low", "points_high"]].tolist() == [0, 0, 100]

    def test_the_cost_is_the_packs_choice(self, own_pack):
        def edit(held):
            held["missing_evidence"]["entries"][0]["value"]["missing"] = "exclude"

        held = rules.load(own_pack(edit), "2021-01-01")
        result = scorecard.score(values({"actual": 100}), library(*TWO), held).results.iloc[0]
        assert result["points"] == 100

    @pytest.mark.parametrize(
        ("scheme", "item", "value"),
        [
            ("2021", EXECUTION, {"actual": 98}),
            ("2021", EXECUTION, {"actual": 120, "finished": True}),
            ("2020", {"kind": "qualitative"}, {"judged": "有效"}),
            ("2020", {"kind": "reported"}, {"points_reported": 101}),
        ],
    )
    def test_a_value_that_no_rule_covers_is_not_called_missing(self, scheme, item, value):
        # Uncovered cases must be reported, not guessed; and a value that is there is not missing.
        got = one(item, value, scheme=scheme)
        assert got[["points", "points_low", "points_high"]].tolist() == [0, 0, 100]
        assert not got["why_zh"].startswith("缺失")
        assert not got["why_en"].startswith("missing")


class TestScheme2021:
    @pytest.mark.parametrize(
        ("rate", "finished", "points"), [(70, True, 10), (98, False, 7), (70, False, 5), (50, False, 0)]
    )
    def test_execution(self, rate, finished, points):
        # 财预〔2021〕101号 三（七）2.
        item = one(EXECUTION, {"actual": rate, "finished": finished}, scheme="2021")
        assert item["points"] / 10 == points
        assert item["status"] == "reported"

    def test_not_known_whether_finished(self):
        item = one(EXECUTION, {"actual": 98}, scheme="2021")
        assert item["share"] is not None
        assert np.isnan(item["share"])
        assert item[["points", "points_low", "points_high"]].tolist() == [0, 0, 100]

    def test_80_percent(self):
        # At 80 %: 80 % of the points in 2020, 50 % in 2021.
        assert one({}, {"actual": 80})["share"] == pytest.approx(0.8)
        assert one({}, {"actual": 80}, scheme="2021")["share"] == pytest.approx(0.5)

    def test_before_its_day(self):
        early = rules.load("cn-project-2020", "2021-08-17")
        with pytest.raises(ScoreError, match="no scoring scheme '2021' on 2021-08-17"):
            scorecard.score(values({"actual": 80}), library({}), early, scheme="2021")


class TestYears:
    def test_every_year_is_scored_by_itself(self):
        card = scored(values({"year": 2021, "actual": 80}, {"year": 2022, "actual": 100}), library({}))
        assert card.results[["year", "points"]].to_numpy().tolist() == [[2021, 80], [2022, 100]]
        assert len(card.of("a").results) == 2

    def test_money_of_each_year(self):
        money = units({"year": 2021, "budget": 10, "spent": 5}, {"year": 2022, "budget": 10, "spent": 9})
        card = scored(values({"year": 2021}, {"year": 2022}), library(EXECUTION), units=money)
        assert card.results["points"].tolist() == [50, 90]

    def test_money_of_one_year_is_not_the_other_years(self):
        money = units({"year": 2022, "budget": 10, "spent": 9})
        held = values({"year": 2021, "actual": 80}, {"year": 2022, "actual": 95})
        with pytest.raises(ScoreError) as caught:
            scored(held, library(EXECUTION), units=money)
        (problem,) = caught.value.problems
        assert problem.what[0] == "the unit has no such year"
        assert (problem.column, problem.expected, problem.got) == ("year", "2022", "2021")
        both = units({"year": 2021}, {"year": 2022, "budget": 10, "spent": 9})
        assert scored(held, library(EXECUTION), units=both).results["points"].tolist() == [80, 90]

    def test_a_blank_year_among_several_is_refused(self):
        money = units({"year": 2021}, {"year": 2022})
        with pytest.raises(ScoreError, match="the year is blank, and the unit has several"):
            scored(values({"actual": 80}), library({}), units=money)

    def test_a_year_without_values_is_missing_not_dropped(self):
        card = scored(values({"year": 2022, "actual": 80}), library({}), units=units({"year": 2021}, {"year": 2022}))
        assert sorted(card.results[["year", "points"]].to_numpy().tolist()) == [[2021, 0], [2022, 80]]

    def test_without_a_year_the_only_row_counts(self):
        card = scored(
            values({"actual": 80}), library(EXECUTION), units=units({"year": 2022, "budget": 10, "spent": 9})
        )
        assert card.results["points"].tolist() == [90]


class TestRefused:
    def test_unknown_code_names_its_cell(self, tmp_path):
        (tmp_path / "values.csv").write_text("unit_id,indicator_id,actual\na,0,1\na,9,1\nb,8,1\n", encoding="utf-8")
        with pytest.raises(ScoreError) as caught:
            scored(tables.read(tmp_path / "values.csv", "values"), library({}))
        assert [(p.where, p.got) for p in caught.value.problems] == [
            ("values.csv › B3", "9 (a)"),
            ("values.csv › B4", "8 (b)"),
        ]

    def test_a_code_of_another_unit_is_unknown(self):
        held = library({"unit_id": "a"}, {"unit_id": "b"})
        with pytest.raises(ScoreError, match="unknown indicator code"):
            scored(values({"indicator_id": "1", "actual": 1}), held)

    def test_unknown_scheme_lists_those_there_are(self):
        with pytest.raises(ScoreError) as caught:
            scored(values({"actual": 1}), library({}), scheme="2019")
        assert caught.value.problems[0].expected == "2020, 2021"

    def test_a_kind_that_the_scheme_does_not_cover(self, own_pack):
        held = rules.load(
            own_pack(lambda p: p["schemes"]["entries"][0]["value"]["demo"].pop("reported")), "2021-01-01"
        )
        with pytest.raises(PerfkitError, match="reported"):
            scorecard.score(values({"points_reported": 90}), library({"kind": "reported"}), held)

    def test_library_codes_and_units_all_at_once(self, tmp_path):
        (tmp_path / "values.csv").write_text(
            "unit_id,indicator_id,actual\na,0,1\na,9,1\nb,0,1\nc,9,1\n", encoding="utf-8"
        )
        held = library({"points": 59}, {"points": 40, "kind": "satisfaction", "target": 95})
        with pytest.raises(ScoreError) as caught:
            scored(tables.read(tmp_path / "values.csv", "values"), held, units=units({}, {"unit_id": "d"}))
        assert [p.what[0] for p in caught.value.problems] == [
            "points do not add up",
            "a rate without the unit %",
            "unknown indicator code",
            "unknown unit code",
            "unknown unit code",
        ]
        assert [(p.where, p.got) for p in caught.value.problems[2:]] == [
            ("values.csv › B3", "9 (a)"),
            ("values.csv › A4", "b"),
            ("values.csv › A5", "c"),
        ]

    @pytest.mark.parametrize(
        ("item", "value", "column", "expected", "got"),
        [
            ({"kind": "qualitative"}, {"judged": "有效", "judged_share": 0.5}, "judged_share", "0.8–1", "0.5"),
            ({"kind": "qualitative"}, {"judged": "很好", "judged_share": 0.9}, "judged", None, "很好"),
            ({"kind": "check_points", "check_points": "甲；乙"}, {"actual": 3}, "actual", "0–2", "3"),
        ],
    )
    def test_a_value_that_its_rule_cannot_take(self, item, value, column, expected, got):
        with pytest.raises(ScoreError) as caught:
            one(item, value)
        (problem,) = caught.value.problems
        assert (problem.column, problem.got) == (column, got)
        assert expected is None or problem.expected == expected

    def test_without_a_table_of_units_no_code_is_unknown(self):
        assert scored(values({"unit_id": "z", "actual": 100}), library({})).results["points"].tolist() == [100]

    def test_no_values_at_all(self):
        card = scored(tables.check(pd.DataFrame(columns=["unit_id", "indicator_id"]), "values"), library({}))
        assert len(card.items) == len(card.results) == 0


class TestSilentUnits:
    def test_a_unit_without_values_is_scored_as_missing(self):
        money = units({"year": 2022}, {"unit_id": "b", "year": 2022})
        card = scored(values({"year": 2022, "actual": 80}), library({}), units=money)
        assert card.results[["unit_id", "points", "coverage"]].to_numpy().tolist() == [["a", 80, 1], ["b", 0, 0]]
        assert card.of("b").items["status"].tolist() == ["missing"]
        assert card.of("b").results[["points_low", "points_high"]].to_numpy().tolist() == [[0, 100]]

    def test_its_money_still_scores(self):
        card = scored(
            values({"actual": 80}), library(EXECUTION), units=units({}, {"unit_id": "b", "budget": 10, "spent": 9})
        )
        assert card.results[["unit_id", "points"]].to_numpy().tolist() == [["a", 80], ["b", 90]]

    def test_a_unit_without_any_indicator_is_not_scored(self):
        card = scored(values({"actual": 80}), library({"unit_id": "a"}), units=units({}, {"unit_id": "b"}))
        assert card.results["unit_id"].tolist() == ["a"]


class TestOverFulfilment:
    def test_flagged_but_not_deducted(self):
        # 财预〔2020〕10号 art. 16 gives no number; the pack flags beyond its tolerance and deducts nothing.
        item = one({}, {"actual": 150})
        assert item["points"] == 100
        assert item["over"] == pytest.approx(0.5)
        assert np.isnan(one({}, {"actual": 129})["over"])

    def test_policy_of_a_pack(self, own_pack):
        held = rules.load("teaching-demo", "2021-01-01")  # deduct beyond 0.3
        assert scorecard.score(values({"actual": 150}), library({}), held).items["points"].iloc[0] == 80
        ignoring = rules.load(
            own_pack(lambda p: p["over_fulfilment"]["entries"][0]["value"].update(policy="ignore")), "2021-01-01"
        )
        item = scorecard.score(values({"actual": 150}), library({}), ignoring).items.iloc[0]
        assert item["points"] == 100
        assert np.isnan(item["over"])
        assert "偏低" not in item["why_zh"]

    @pytest.mark.parametrize("item", [EXECUTION, {"kind": "satisfaction", "unit": "%", "target": 60}])
    def test_only_quantitative_items_are_deducted(self, item):
        # More satisfaction than asked is no fault of the target; a rate of 150 % is full.
        held = rules.load("teaching-demo", "2021-01-01")  # deduct beyond 0.3
        got = scorecard.score(values({"actual": 150}), library(item), held).items.iloc[0]
        assert got["points"] == 100
        assert np.isnan(got["over"])
        assert "扣减" not in got["why_zh"]

    def test_rounding_is_the_packs(self):
        assert one({"points": 100}, {"actual": 33.333})["points"] == 33.33
        demo = rules.load("teaching-demo", "2021-01-01")
        assert scorecard.score(values({"actual": 33.35}), library({}), demo).items["points"].iloc[0] == 33.4


class TestNewYork:
    def test_every_agency_with_points_of_100_by_n(self, shared):
        # published_agency_outcomes.csv: the share of indicators that met their goal, 33 agencies and NA.
        folder = shared / "samples" / "nyc_pmmr"
        nyc = readers.nyc_indicators(folder / "indicator_level.csv")
        held = nyc["indicators"]
        held = held.assign(points=100 / held.groupby("unit_id")["indicator_id"].transform("size"))
        card = scorecard.score(nyc["values"], held, rules.load("cn-project-2020", "2023-12-31"), explain=False)
        published = pd.read_csv(
            folder / "published_agency_outcomes.csv",
            dtype={"Agency.Number": str},
            keep_default_na=False,
            na_values={"SuccessPct": "NA"},
        ).set_index("Agency.Number")["SuccessPct"]
        published = published.dropna()
        shares = card.items.groupby("unit_id")["share"].mean()
        assert len(published) == 34
        assert shares.to_dict() == pytest.approx(published.to_dict(), abs=1e-12)
        # Points are rounded item by item, so a total may be off by half a cent an item.
        totals = card.results.set_index("unit_id")["points"]
        off = (totals - 100 * published).abs()
        assert (off <= 0.005 * held.groupby("unit_id").size() + 1e-9).all()


ACTUALS = st.lists(st.floats(0, 300).map(lambda x: round(x, 2)) | st.none(), min_size=3, max_size=3)
THREE = ({"points": 50}, {"points": 30, "direction": "le"}, {"points": 20, "direction": "eq"})


def table_of(by_unit):
    rows = [
        {"unit_id": unit, "indicator_id": str(i), "actual": actual}
        for unit, actuals in by_unit.items()
        for i, actual in enumerate(actuals)
    ]
    return tables.check(pd.DataFrame(rows), "values")


def points_of(card):
    return card.items.set_index(["unit_id", "indicator_id"])["points"].to_dict()


@settings(max_examples=6)
@given(ACTUALS, ACTUALS, st.randoms())
def test_the_order_of_rows_never_matters(one_unit, another, random):
    held = table_of({"a": one_unit, "b": another})
    order = list(held.index)
    random.shuffle(order)
    straight = scored(held, library(*THREE))
    shuffled = scored(held.loc[order], library(*THREE).iloc[::-1])
    assert points_of(shuffled) == points_of(straight)
    totals = [card.results.set_index("unit_id").sort_index()["points"].to_dict() for card in (straight, shuffled)]
    assert totals[0] == totals[1]


@settings(max_examples=12)
@given(ACTUALS, ACTUALS)
def test_adding_a_unit_never_moves_another(one_unit, another):
    alone = scored(table_of({"a": one_unit}), library(*THREE), explain=False)
    beside = scored(table_of({"b": another, "a": one_unit}), library(*THREE), explain=False)
    pd.testing.assert_frame_equal(beside.of("a").items, alone.items)
    pd.testing.assert_frame_equal(beside.of("a").results, alone.results)


@settings(max_examples=12)
@given(ACTUALS, st.sampled_from(["2020", "2021"]))
def test_totals_re_add_and_bounds_hold(actuals, scheme):
    card = scored(table_of({"a": actuals}), library(*THREE), scheme=scheme, explain=False)
    result = card.results.iloc[0]
    assert result["points"] == pytest.approx(card.items["points"].sum(), abs=1e-9)
    assert 0 <= result["points_low"] <= result["points"] <= result["points_high"] <= 100
    assert (card.items["points"] <= card.items["points_full"]).all()
    assert card.items["points"].map(lambda p: bool(re.fullmatch(r"\d+\.\d{1,2}", repr(float(p))))).all()


@settings(max_examples=12)
@given(ACTUALS, st.floats(0, 100))
def test_a_better_value_never_lowers_the_total(actuals, more):
    better = [(actuals[0] or 0) + more, *actuals[1:]]
    totals = scored(table_of({"a": actuals, "b": better}), library(*THREE), explain=False).results["points"]
    assert totals[0] <= totals[1]


def test_points_as_printed_may_add_up_to_anything():
    # 45 of 60 and 40 of 40, and a third of 30 that does not apply: 85 of 100 that count, on a scale of 130.
    held = library(*TWO, {"points": 30})
    rows = values(
        {"actual": 75}, {"indicator_id": "1", "actual": 100}, {"indicator_id": "2", "status": "not_applicable"}
    )
    with pytest.raises(ScoreError, match="分值合计不对"):
        scored(rows, held)
    card = scored(rows, held, weights="printed")
    assert card.items["points"].fillna(0).tolist() == [45, 40, 0]
    assert card.results["points"].tolist() == [110.5]  # 85 / 100 x 130


def test_equal_weights_make_a_framework_without_points_usable():
    # Two level-1 groups share alike: 50 for the only leaf of one, 25 each for the two of the other.
    rows = [
        {"indicator_id": "1", "level1": "产出", "level3": "x", "points": None},
        {"indicator_id": "2", "level1": "产出", "level3": "y", "points": None},
        {"indicator_id": "3", "level1": "效益", "level3": "z", "points": None},
    ]
    held = library(*rows)
    given = values(*({"indicator_id": str(i), "actual": 100} for i in (1, 2, 3)))
    card = scorecard.score(given, held, rules.load("cn-project-2020", "2022-12-31"), weights="equal")
    assert card.items["points_full"].tolist() == [25, 25, 50]
    assert card.results["points"].tolist() == [100]
    with pytest.raises(ScoreError, match="no weighting"):
        scorecard.score(given, held, rules.load("cn-project-2020", "2022-12-31"), weights="ahp")


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
@settings(max_examples=20, deadline=None)
def test_equal_points_add_up_and_full_marks_are_full_marks(sizes):
    rows = [
        {"indicator_id": f"{i}-{j}", "level1": f"类{i}", "level3": f"{j}", "points": None}
        for i, size in enumerate(sizes)
        for j in range(size)
    ]
    given_values = values(*({"indicator_id": row["indicator_id"], "actual": 100} for row in rows))
    card = scored(given_values, library(*rows), weights="equal")
    points = card.items["points_full"]
    assert round(points.sum(), 9) == 100
    assert card.results["points"].tolist() == [100]
    for i, size in enumerate(sizes):
        mine = points[card.items["level1"] == f"类{i}"]
        assert (mine - 100 / len(sizes) / size).abs().max() < 0.01


class TestWhatAThirdReadingFound:
    def test_a_unit_without_values_is_missing_not_gone(self):
        held = library({"unit_id": "a", "indicator_id": "1"}, {"unit_id": "b", "indicator_id": "1"})
        given = values({"indicator_id": "1", "actual": 100})
        card = scored(given, held, units=units({"unit_id": "a"}, {"unit_id": "b"}))
        b = card.of("b").results.iloc[0]
        assert (b["points"], b["points_low"], b["points_high"], b["coverage"]) == (0, 0, 100, 0)

    @pytest.mark.parametrize(
        ("item", "value", "shown", "said"),
        [
            (
                {"kind": "yes_no", "direction": "eq", "target": 1},
                {"actual": 1, "actual_text": "已建成", "verified": 0},
                "已建成（核实 否）",
                "实际 否（核实值）",
            ),
            (
                {"unit": "人"},
                {"actual": 100, "actual_text": "一百人", "verified": 50},
                "一百人（核实 50 人）",
                "实际 50 人（核实值）",
            ),
            (
                {"kind": "check_points", "check_points": "a；b；c；d", "direction": None, "target": None},
                {"actual": 4, "verified": 2},
                "4 项（核实 2 项）",
                "达到 2 项（核实值）",
            ),
        ],
    )
    def test_a_verified_value_shows_beside_what_was_reported(self, item, value, shown, said):
        row = one(item, value)
        assert row["actual_shown"] == shown
        assert said in row["why_zh"]

    def test_a_rate_without_unit_or_target_is_refused_at_its_cell(self):
        # 35 read as a share of one would be 3,500 % and full marks by the steps of 2021.
        item = {"kind": "satisfaction", "target": None, "unit": None}
        with pytest.raises(ScoreError, match=r"actual") as caught:
            scored(values({"actual": 35}), library(item), scheme="2021")
        assert caught.value.problems[0].got == "35"

    def test_verified_check_points_are_limited_too(self):
        item = {"kind": "check_points", "check_points": "a；b；c；d", "direction": None, "target": None}
        with pytest.raises(ScoreError, match="verified"):
            scored(values({"actual": 4, "verified": 9}), library(item))

    def test_equal_weights_say_what_they_cannot_do(self):
        held = library({"indicator_id": "1"}, {"indicator_id": "2", "unit_id": "a"})
        with pytest.raises(ScoreError, match="not both"):
            scored(values({"indicator_id": "1", "actual": 1}), held, weights="equal")
