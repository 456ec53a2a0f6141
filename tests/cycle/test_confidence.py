"""How sure a grade is: the normal distribution by hand, what is refused and why, the samples."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from perfkit import readers, rules, tables
from perfkit.cycle import evaluation
from perfkit.measure import scorecard

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
HELD = rules.load("cn-project-2020", "2022-12-31")
LEAF = {"level1": "产出", "kind": "quantitative", "direction": "ge", "target": 100}
POINTS = (50, 30, 20)


def card_of(by_unit, held=HELD):
    """Score units by three quantitative indicators of 50, 30 and 20 points with target 100."""
    leaves = [{**LEAF, "indicator_id": str(i), "level3": f"指标{i}", "points": p} for i, p in enumerate(POINTS)]
    rows = [
        {"unit_id": unit, "indicator_id": str(i), **(value if isinstance(value, dict) else {"actual": value})}
        for unit, values in by_unit.items()
        for i, value in enumerate(values)
    ]
    library = tables.check(pd.DataFrame(leaves), "indicators")
    return scorecard.score(tables.check(pd.DataFrame(rows), "values"), library, held)


def with_amounts(own_pack, **amounts):
    """Load the pack with other amounts to vary."""

    def edit(parameters):
        value = {**rules.load("cn-project-2020", "2022-12-31").value("uncertainty"), **amounts}
        entry = {"from": dt.date(2020, 2, 25), "source": {"id": "KIT"}, "value": value}
        parameters["uncertainty"] = {"zh": "把握程度", "en": "how sure", "entries": [entry]}

    return rules.load(own_pack(edit, "cn-project-2020"), "2022-12-31")


def odds(found):
    return found.odds.set_index("grade")["percent"].to_dict()


class TestByHand:
    @pytest.mark.parametrize("value", [90, 88, 91.5])
    def test_measurement_alone_is_a_normal_distribution(self, own_pack, value):
        # Each share has deviation 0.03: the total 3 sqrt(0.5² + 0.3² + 0.2²) = 3 sqrt(0.38) = 1.849.
        held = with_amounts(own_pack, weights=0, draws=20_000)
        found = evaluation.confidence(card_of({"a": [value] * 3}, held), "a")
        sd = 3 * np.sqrt(0.38)
        assert odds(found)["优"] == pytest.approx(100 * stats.norm.sf(90, value, sd), abs=1.2)
        # The parts are those of 0.25, 0.09 and 0.04.
        assert found.drivers["part"].tolist() == pytest.approx([25 / 38, 9 / 38, 4 / 38], abs=1e-3)
        assert "总分方差的 0% 来自权重，100% 来自得分率" in found.facts[1][0]
        assert "未变动的有：权重；" in found.facts[2][0]
        assert "权重的变异系数" not in found.facts[3][0]

    def test_equal_shares_make_weights_matter_to_nobody(self, own_pack):
        # Without measurement error the total of equal shares is certain, whatever the weights.
        still = dict.fromkeys(("quantitative", "execution", "satisfaction", "yes_no"), 0.0)
        found = evaluation.confidence(card_of({"a": [85] * 3}, with_amounts(own_pack, measurement=still)), "a")
        assert odds(found) == {"优": 0, "良": 100, "中": 0, "差": 0}
        assert found.drivers["part"].isna().all()
        assert "标准差 0 分" in found.facts[0][0]
        assert found.facts[1][0] == "逐项剔除任何一项指标，等级都不改变。"

    def test_one_indicator_decides(self):
        # 50 + 30 + 0 = 80, just 良. Without the last 100, without the first 60, without the second 50 / 70 = 71.43.
        found = evaluation.confidence(card_of({"a": [100, 100, 0]}), "a")
        table = found.drivers.set_index("indicator_id")
        assert table["change"].round(2).to_dict() == {"2": 20.0, "0": -20.0, "1": -8.57}
        assert table["other_grade"].all()
        assert "剔除后等级会改变的指标有 3 项" in found.facts[1][0]
        assert "（“良”的下限）高 0 分" in found.facts[0][0]

    def test_the_distance_is_that_to_the_nearest_bound(self):
        found = evaluation.confidence(card_of({"a": [89] * 3}), "a")
        assert "比最近的界线（“优”的下限）低 1 分" in found.facts[0][0]
        assert "1 points below the nearest bound, the floor of 'excellent'" in found.facts[0][1]

    def test_what_is_missing_stays_zero(self):
        found = evaluation.confidence(card_of({"a": [100, 100, {}]}), "a")
        missing = found.drivers.set_index("indicator_id").loc["2"]
        assert missing["share"] == 0
        assert "记零的分值 20 分按零计，未变动（总分上下限 80 至 100 分）" in found.facts[-1][0]
        assert (
            "Points worth 20, zero for want of evidence, stay so (bounds of the total 80 to 100)"
            in found.facts[-1][1]
        )

    def test_the_unverified_vary_more(self):
        sure = evaluation.confidence(card_of({"a": [80, 80, 80]}), "a").facts[0][0]
        unsure = evaluation.confidence(card_of({"a": [{"actual": 80, "status": "unverified"}] * 3}), "a")
        assert "未核实另加 0.1" in unsure.facts[-1][0]
        assert spread(unsure.facts[0][0]) > 2 * spread(sure)

    def test_what_does_not_count_is_left_out_and_the_rest_rescaled(self):
        found = evaluation.confidence(card_of({"a": [95, 95, {"status": "not_due"}]}), "a")
        assert sorted(found.drivers["indicator_id"]) == ["0", "1"]
        assert "高 5 分" in found.facts[0][0]


def spread(sentence):
    return float(sentence.split("标准差 ")[1].split(" 分")[0])


class TestNothingToSay:
    def said(self, card, unit_id="a"):
        found = evaluation.confidence(card, unit_id)
        assert found.odds.empty
        assert found.drivers.empty
        assert evaluation.odds_text(found) == found.facts[0]
        assert "uncertainty" not in set(evaluation.bases(card.of(unit_id), UNIT)["parameter"])
        return found.facts[0]

    def test_a_total_that_is_open(self):
        zh, en = self.said(card_of({"a": [100, 100, {"status": "not_seen"}]}))
        assert zh.startswith("分值 20 分的指标在所见原件中不可见")
        assert "总分在 80 至 100 分之间，等级在“良”与“优”之间" in zh
        assert "the grade between 'good' and 'excellent'" in en
        assert "等级均为“差”" in self.said(card_of({"a": [10, 10, {"status": "not_seen"}]}))[0]

    def test_nothing_counts(self):
        assert "没有计入评分的指标" in self.said(card_of({"a": [{"status": "not_due"}] * 3}))[0]

    def test_points_without_detail(self):
        forms = readers.open_data(SAMPLES / "forms")
        card = scorecard.score(forms["values"], forms["indicators"], HELD, units=forms["units"])
        assert self.said(card, "wuhua-drainage-2023")[0].startswith("分值 100 分只有得分、没有指标明细")
        assert self.said(card, "liangping-forestry")[0].startswith("分值 90 分只有得分、没有指标明细")
        assert "89.78 至 99.78" in self.said(card, "lincang-wildlife-2023")[0]

    def test_a_pack_without_amounts(self, own_pack):
        held = rules.load(own_pack(lambda each: each, "teaching-demo"), "2022-12-31")
        assert "未设定权重与测量的变动幅度" in self.said(card_of({"a": [90] * 3}, held))[0]

    def test_a_kind_without_an_amount(self, own_pack):
        held = with_amounts(own_pack, measurement={"satisfaction": 0.05})
        zh, en = self.said(card_of({"a": [90] * 3}, held))
        assert "“定量”类指标" in zh
        assert "no error for quantitative" in en

    def test_a_grade_that_is_not_the_points(self):
        card = card_of({"a": [95] * 3})
        capped = replace(card, results=card.results.assign(grade="中", grade_en="fair"))
        assert "等级“中”并非由得分决定" in self.said(capped)[0]


UNIT = pd.Series({"grade_reported": None})


MANY = {f"u{i:02d}": [60 + 2 * i] * 3 for i in range(12)}


class TestPeers:
    def test_ranks(self):
        found = evaluation.confidence(card_of(MANY), "u05")
        # u11 is first; u05 seventh, with neighbours 2 points apart and errors of some 2 points.
        zh, en = found.facts[1]
        assert zh.startswith("在一同变动的 12 个同类对象中现列第 7 位，95% 的抽取列第 ")
        low, high = (int(word) for word in en.removesuffix(".").split("it ranks ")[2].split(" to "))
        assert 1 <= low < 7 < high <= 12

    def test_too_few_are_not_ranked(self):
        few = dict(list(MANY.items())[:9])
        facts = evaluation.confidence(card_of(few), "u05").facts
        assert not any("同类对象" in zh for zh, _ in facts)

    def test_those_with_a_gap_are_not_ranked_with_it(self):
        one_open = {**MANY, "u00": [60, 60, {"status": "not_seen"}], "u01": [62, 62, {"status": "not_due"}]}
        assert "10 个同类对象" in evaluation.confidence(card_of(one_open), "u05").facts[1][0]

    def test_the_order_of_units_does_not_matter(self):
        turned = dict(reversed(MANY.items()))
        left, right = (evaluation.confidence(card_of(each), "u05") for each in (MANY, turned))
        assert left.facts == right.facts
        pd.testing.assert_frame_equal(left.odds, right.odds)

    def test_a_seed_is_a_seed(self, own_pack):
        card = card_of(MANY)
        assert evaluation.confidence(card, "u07").facts == evaluation.confidence(card, "u07").facts
        other = evaluation.confidence(card_of(MANY, with_amounts(own_pack, seed=7)), "u07")
        assert "随机种子 7。" in other.facts[-1][0]
        assert other.facts[0] != evaluation.confidence(card, "u07").facts[0]


def test_every_amount_is_printed():
    amounts = HELD.value("uncertainty")
    assert not HELD.is_official("uncertainty")
    found = evaluation.confidence(card_of({"a": [90] * 3}), "a")
    for text in found.facts[-1]:
        assert str(amounts["weights"]) in text
        assert str(amounts["measurement"]["quantitative"]) in text
        assert str(amounts["seed"]) in text
    assert "非官方规定" in found.facts[-1][0]
    assert "not official" in found.facts[-1][1]


def test_odds_add_up_and_are_said():
    found = evaluation.confidence(card_of({"a": [90, 85, 80]}), "a")
    assert found.odds["percent"].sum() == pytest.approx(100)
    assert found.odds["grade_en"].tolist() == ["excellent", "good", "fair", "poor"]
    assert evaluation.odds_text(found)[1].startswith("Share of the draws that give each grade: excellent ")
    tables.check(found.drivers, "total_drivers")


def test_amounts_that_are_no_amounts_are_refused(own_pack):
    from perfkit.errors import RuleError

    with pytest.raises(RuleError, match="uncertainty › 2020-02-25 › weights"):
        with_amounts(own_pack, weights=1.5)
