"""The official frameworks as packs: whole, and saying what the regulations say, each figure with its source."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
import yaml

from perfkit import rules, tables
from perfkit.errors import ScoreError
from perfkit.measure import grading, scorecard

HOME = Path(__file__).resolve().parents[2] / "data" / "rules"
VERSIONS = [
    (path.parents[1].name, dt.date.fromisoformat(path.stem)) for path in sorted(HOME.glob("*/indicators/*.csv"))
]
LATE = "2099-12-31"
# The frameworks that the facts list, third-level indicators each, and the day their document is known from.
FRAMEWORKS = {
    "cn-project-2013": ("indicators_project_caiyu2013_53.csv", 19, "2013-04-21"),
    "cn-department-2013": ("indicators_department_caiyu2013_53.csv", 25, "2013-04-21"),
    "cn-government-2013": ("indicators_government_caiyu2013_53.csv", 32, "2013-04-21"),
    "cn-project-2020": ("indicators_project_caiyu2020_10.csv", 17, "2020-02-25"),
    "henan-department-2022": ("indicators_department_henan2022.csv", 26, "2022-12-31"),
    "henan-bond": ("indicators_special_bond_henan.csv", 35, "2025-08-31"),
}
REVIEW = "zhengzhou-target-review"
# Formulas whose print lacks a minus sign or a bracket, completed after the explanation of the indicator.
COMPLETED = {"G13-0109", "G13-0205", "G13-0307", "G13-0309", "G13-0310"}


def full_marks(library, held):
    """Make up for each indicator a target, and a value that meets it."""
    plain = library["kind"].isin(["quantitative", "execution", "satisfaction"])
    library = library.copy()
    library["direction"] = library["direction"].where(library["direction"].notna() | ~plain, "ge")
    library["target"] = library["target"].where(library["target"].notna() | ~plain, 1.0)
    values = library[["indicator_id"]].assign(unit_id="甲", actual=library["target"])
    listed = library["check_points"].str.count("；") + 1
    values["actual"] = values["actual"].where(library["kind"] != "check_points", listed)
    scheme = held.value("schemes")[held.value("default_scheme")]
    best = max(
        held.value(f"rule_{scheme['qualitative']}").get("bands", []), key=lambda band: band["max"], default=None
    )
    if best:
        judged = library["kind"] == "qualitative"
        values.loc[judged, "judged"] = best["band"]
        values.loc[judged, "judged_share"] = best["max"]
    return tables.check(library, "indicators"), tables.check(values, "values")


class TestLibraries:
    @pytest.mark.parametrize(("pack", "day"), VERSIONS)
    def test_every_indicator_says_what_it_is(self, pack, day):
        library = rules.load(pack, day).indicators()
        assert library["indicator_id"].is_unique
        for column in ("name_en", "source", "level1", "level3"):
            assert library[column].notna().all(), column
        with_points = library["kind"] == "check_points"
        assert library.loc[with_points, "check_points"].notna().all()
        assert library["name_en"].str.fullmatch(r"[\x20-\x7e]+").all()
        measured = library["kind"].isin(["quantitative", "execution"]) & library["points"].isna()
        formulas = library.loc[measured, "explanation"].notna() | library.loc[measured, "level3"].str.contains("率")
        assert formulas.all()

    def test_a_code_means_one_indicator_in_all_packs_and_versions(self):
        meaning = {}
        for pack, day in VERSIONS:
            for row in rules.load(pack, day).indicators().itertuples():
                meant = (pack, row.level1, row.level2, row.level3)
                assert meaning.setdefault(row.indicator_id, meant) == meant
        assert len(meaning) >= 19 + 25 + 32 + 17 + 26 + 35 + 16

    # Not the panel's pack, which has no rules, nor the teaching one, whose check points are capped on purpose.
    @pytest.mark.parametrize(("pack", "day"), [each for each in VERSIONS if each[0] in (*FRAMEWORKS, REVIEW)])
    def test_full_marks_give_full_points_and_the_best_grade(self, pack, day):
        """A smoke property: it shows that each rule can be carried out and that none takes points off for nothing."""
        held = rules.load(pack, day)
        library, values = full_marks(held.indicators(), held)
        equal = library["points"].isna().all()
        card = scorecard.score(values, library, held, weights="equal" if equal else "given")
        assert card.items["share"].tolist() == [1.0] * len(library)
        assert (card.items["points_full"] * card.items["share"]).sum() == pytest.approx(held.value("full_points"))
        assert card.results["points"].item() == held.value("full_points")
        assert card.results["grade"].item() == max(held.value("grade_bands"), key=lambda b: b["min"])["grade"]

    @pytest.mark.parametrize("pack", list(FRAMEWORKS))
    def test_no_points_are_made_up_for_a_framework(self, pack):
        held = rules.load(pack, LATE)
        assert held.indicators()["points"].isna().all()

    @pytest.mark.parametrize(
        "pack", ["cn-project-2013", "cn-department-2013", "cn-government-2013", "henan-department-2022"]
    )
    def test_where_no_document_rules_on_points_the_kit_does_and_says_so(self, pack):
        held = rules.load(pack, LATE)
        scheme = held.value("schemes")[held.value("default_scheme")]
        named = ["full_points", "grade_bands", "schemes", "rounding", *(f"rule_{name}" for name in scheme.values())]
        assert {held.source(name).authority for name in named} == {"kit"}


class TestAgainstTheFacts:
    """Names, check points, formulas, counts, bands and weights are those of the facts taken from the regulations."""

    @pytest.fixture
    def domain(self, shared):
        return lambda name: yaml.safe_load((shared / "domain" / name).read_text(encoding="utf-8"))

    @pytest.mark.parametrize(("pack", "file", "count", "day"), [(p, *each) for p, each in FRAMEWORKS.items()])
    def test_indicators(self, shared, pack, file, count, day):
        printed = pd.read_csv(shared / "domain" / file, dtype=str).set_index("id")
        held = rules.load(pack, day)
        assert held.indicators_since == dt.date.fromisoformat(day)
        library = held.indicators().set_index("indicator_id")
        assert len(library) == len(printed) == count
        # The facts tell two indicators of one name apart by a bracket that the regulation does not print.
        printed["level3"] = printed["level3"].str.removesuffix("(财务)")
        for level in ("level1", "level2", "level3"):
            assert library[level].to_dict() == printed[level].to_dict()
        if "points" in printed:
            points = printed["points"].dropna()
            assert library["check_points"].dropna().to_dict() == points.to_dict()
            assert set(library.index[library["kind"] == "check_points"]) == set(points.index)
            assert (
                points.str.split("；").str.len().to_dict()
                == printed.loc[points.index, "n_points"].astype(int).to_dict()
            )
        formulas = printed["formula"].dropna().drop(list(COMPLETED), errors="ignore")
        ours = library.loc[formulas.index, "explanation"].str.split("=", n=1).str[-1]
        assert ours.to_dict() == formulas.str.split("=", n=1).str[-1].to_dict()
        assert library.loc[formulas.index, "kind"].isin(["quantitative", "execution"]).all()

    @pytest.mark.parametrize("code", sorted(COMPLETED))
    def test_completed_formulas_differ_by_a_sign_or_a_bracket_only(self, shared, code):
        printed = pd.read_csv(shared / "domain" / "indicators_government_caiyu2013_53.csv").set_index("id")["formula"]
        ours = rules.load("cn-government-2013", LATE).indicators().set_index("indicator_id")["explanation"]
        bare = str.maketrans("", "", "()（）-")
        assert ours[code] != printed[code]
        assert ours[code].translate(bare) == printed[code].translate(bare)
        for opened, closed in ("[]", "()", "（）"):
            assert ours[code].count(opened) == ours[code].count(closed)

    def test_levels_of_the_frameworks(self, domain):
        printed = domain("department_and_government.yaml")
        held = rules.load("henan-department-2022", LATE)
        counts = held.indicators().groupby("level1", sort=False).size()
        assert counts.to_dict() == {"投入管理指标": 20, "产出指标": 2, "效益指标": 4}
        assert str(printed["henan_department"]["level1"]["投入管理"]).startswith("20 ")
        for pack in (
            "cn-project-2013",
            "cn-department-2013",
            "cn-government-2013",
            "henan-department-2022",
            "henan-bond",
        ):
            held = rules.load(pack, LATE)
            assert held.indicators()["level1"].drop_duplicates().tolist() == list(held.value("dimensions"))

    def test_focus_of_zhejiang(self, domain):
        printed = domain("department_and_government.yaml")
        government = rules.load("cn-government-2013", LATE)
        assert government.value("focus_zhejiang") == printed["zhejiang_government_focus"]
        department = rules.load("cn-department-2013", LATE)
        assert department.value("focus_zhejiang")[:-1] == printed["zhejiang_department_focus"][:-1]
        assert department.source("focus_zhejiang").authority == "published"

    def test_special_bonds(self, domain):
        printed = domain("special_bond.yaml")["rules"]
        held = rules.load("cn-bond-2021", "2021-06-10")
        assert list(held.value("dimensions")) == printed["dimensions"]
        assert held.value("phases")["construction"]["dimensions"] == printed["construction_phase_focus"]
        assert held.value("phases")["operation"]["dimensions"] == printed["operation_phase_focus"]
        assert f">= {held.value('sample_floor')['share']:.0%} of" in printed["sample_floor"]
        by = held.value("disclosure")
        assert printed["disclosure_by"].startswith(f"{by['month']:02d}-{by['day']:02d}")
        assert by["where"] == printed["platform"]
        assert held.value("grade_bands") == rules.load("cn-project-2020", LATE).value("grade_bands_bonds")
        # 财预〔2021〕61号 art. 5: seven topics, and others.
        assert len(held.value("ex_ante_topics")) == 7 + 1
        names = ("full_points", "grade_bands", "dimensions", "phases", "sample_floor", "disclosure", "ex_ante_topics")
        assert {held.source(name).authority for name in names} == {"national"}
        # The provinces draw up the indicators: the national pack has none.
        assert held.indicator_rows == ()

    def test_weights_of_henan_bonds(self, domain):
        printed = domain("rating_and_weights.yaml")["weight_schemes"]
        held = rules.load("henan-bond", LATE)
        weights = held.value("self_weights_henan")
        assert {name.removeprefix("预算"): points for name, points in weights["standard"].items()} == {
            name: printed["bond_henan"][name] for name in ("执行率", "成本", "产出", "效益", "满意度")
        }
        assert printed["bond_henan"]["no_satisfaction"] == "效益 +10"
        assert weights["no_satisfaction"]["效益"] == weights["standard"]["效益"] + 10
        operating = printed["bond_henan"]["operating_without_fiscal_input"]
        assert (weights["operating_without_fiscal_input"].get("预算执行率", 0), operating["成本"]) == (
            operating["执行率"],
            weights["operating_without_fiscal_input"]["成本"],
        )
        assert [sum(each.values()) for each in weights.values()] == [100, 100, 100]
        form, said = held.value("weight_form"), printed["henan_eval_form_rules"]
        assert (form["whole_points"], form["level1_last_digit"], form["level1_least"]) == (
            said["integer_points"],
            said["l1_last_digit"],
            said["l1_min"],
        )
        assert held.pack.level == "provincial"
        assert held.source("grade_bands").authority == "national"
        assert held.source("weight_form").authority == "local"

    def test_target_review_form(self, shared, domain):
        printed = pd.read_csv(shared / "domain" / "target_review_form_zhengzhou.csv")
        held = rules.load(REVIEW, "2025-08-31")
        library = held.indicators()
        assert library["level3"].tolist() == printed["check_point"].tolist()
        assert library["points"].tolist() == printed["check_points"].tolist()
        assert library["level2"].tolist() == printed["item"].tolist()
        assert ("、" + library["level1"] + "审核").tolist() == printed["dimension"].str[1:].tolist()
        assert len(library) == 16
        assert library["level2"].nunique() == 8
        assert library.groupby("level1", sort=False)["points"].sum().tolist() == [20, 30, 30, 20]
        assert library.groupby("level2", sort=False)["points"].sum().tolist() == [10, 10, 15, 15, 15, 15, 10, 10]
        said = domain("target_review.yaml")
        dimensions = [{"zh": zh, **each} for zh, each in held.value("dimensions").items()]
        assert dimensions == said["dimensions"]
        assert {band["grade"]: band["min"] for band in held.value("grade_bands")} == said["total_grade"]
        by_grade = said["item_points_by_grade"]
        bands = {band["band"]: [band["min"], band["max"]] for band in held.value("rule_item_by_grade")["bands"]}
        assert bands == {grade: by_grade[grade] for grade in "优良中差"}
        assert held.value("rounding")["decimals"] == by_grade["decimals"]
        assert list(held.value("consequences")) == list(said["consequence"])
        assert f"{held.value('consequences')['中']['working_days']} working days" in said["consequence"]["中"]
        rule = held.value("qualitative_rule")
        assert rule["items"] == library["level2"].nunique() == len(held.value("items_en"))
        for each in rule["rules"]:
            assert said["qualitative_rule_8_items"][each["grade"]].startswith(
                f">={each['least']} items {each['reach']}"
            )

    def test_target_review_of_henan(self, domain):
        held = rules.load("henan-department-2022", LATE)
        assert list(held.value("review_dimensions")) == domain("target_review.yaml")["henan_2022_dimensions"]

    def test_levels_of_zhengzhou_departments(self, domain):
        held = rules.load(REVIEW, LATE)
        printed = domain("department_and_government.yaml")["zhengzhou_department_level1"]
        assert list(held.value("department_levels")) == printed

    def test_social_insurance(self, domain):
        printed = domain("social_insurance.yaml")
        held = rules.load("cn-social-insurance-2022", printed["effective"])
        assert list(held.value("dimensions")) == printed["dimensions"]
        assert list(held.value("monitoring")) == printed["monitoring"]
        due = [f"{each['month']:02d}-{each['day']:02d}" for each in held.value("deadlines").values()]
        assert due == list(printed["deadlines"].values())
        # 财社〔2022〕65号 has no table of indicators.
        assert held.indicator_rows == ()

    def test_named_alternatives(self, domain):
        ratings = domain("rating_and_weights.yaml")
        schemes = ratings["rating_schemes"]

        def cuts(pack, name):
            return {band["grade"]: band["min"] for band in rules.load(pack, LATE).value(name)}

        assert cuts("cn-project-2020", "grade_bands_sichuan") == schemes["sichuan_2025"]["bands"]
        assert cuts("cn-project-2013", "grade_bands_rivers") == schemes["special_river_2011"]["bands"]
        assert cuts("cn-project-2013", "grade_bands_water") == schemes["special_water_2017"]["bands"]
        parts = rules.load("cn-project-2013", LATE).value("part_weights_rivers")
        assert parts == schemes["special_river_2011"]["parts"]
        hubei = rules.load("cn-project-2020", LATE).value("level1_weights_hubei")
        printed = ratings["weight_schemes"]["hubei_style_2022"]
        assert {name.removeprefix("预算"): points for name, points in hubei.items()} == {
            n: printed[n] for n in printed if n in "执行率产出效益满意度"
        }
        bands = rules.load("cn-project-2013", LATE).value("rule_band_licheng")["bands"]
        licheng = domain("scoring_rules.yaml")["qualitative"]["licheng_band"]["bands"]
        assert {band["band"]: [band["min"], band["max"]] for band in bands} == licheng

    @pytest.mark.parametrize(
        ("pack", "name", "authority"),
        [
            ("cn-project-2020", "grade_bands_sichuan", "secondary"),
            ("cn-project-2020", "level1_weights_hubei", "published"),
            ("cn-project-2013", "grade_bands_rivers", "national"),
            ("cn-project-2013", "grade_bands_water", "secondary"),
            ("cn-project-2013", "rule_band_licheng", "local"),
        ],
    )
    def test_alternatives_keep_their_standing_and_are_never_the_default(self, pack, name, authority):
        held = rules.load(pack, LATE)
        assert held.source(name).authority == authority
        used = {rule for scheme in held.value("schemes").values() for rule in scheme.values()}
        assert name.removeprefix("rule_") not in used
        assert name not in ("grade_bands", "schemes", "default_scheme")


class TestReview:
    def test_a_key_project_scored_by_hand(self):
        """附件2-6: 优 90-100 %, 良 80-89 % of an item's points, one decimal; 90 and above is 优."""
        held = rules.load(REVIEW, LATE)
        library = held.indicators()
        # 优 at 95 % of the points for every check point but the last, which is 良 at 85 %.
        values = library[["indicator_id"]].assign(unit_id="甲", judged="优", judged_share=0.95)
        values.loc[values.index[-1], ["judged", "judged_share"]] = ["良", 0.85]
        card = scorecard.score(tables.check(values, "values"), library, held)
        # 5 x 0.95 = 4.75 -> 4.8; 7 x 0.95 = 6.65 -> 6.7; 8 x 0.95 = 7.6; 5 x 0.85 = 4.25 -> 4.3.
        assert card.items.groupby("points_full")["points"].first().tolist() == [4.8, 6.7, 7.6]
        assert card.items["points"].iloc[-1] == 4.3
        # Seven of 5 points at 4.8, four of 7 at 6.7, four of 8 at 7.6, one of 5 at 4.3.
        assert card.results["points"].item() == pytest.approx(7 * 4.8 + 4 * 6.7 + 4 * 7.6 + 4.3)
        assert card.results["grade"].item() == "优"

    def test_a_share_between_two_grades_is_refused(self):
        held = rules.load(REVIEW, LATE)
        library = held.indicators()
        values = library[["indicator_id"]].assign(unit_id="甲", judged="良", judged_share=0.895)
        with pytest.raises(ScoreError, match=r"0\.8–0\.89"):
            scorecard.score(tables.check(values, "values"), library, held)

    def test_an_ordinary_project_graded_by_its_items(self):
        held = rules.load(REVIEW, LATE)
        rule = held.value("qualitative_rule")
        # Six items 优, one 良, one 中: not 优 for the 中, but seven 良 or better and none 差.
        assert grading.grade_by_counts([list("优优优优优优良中")], **rule).tolist() == ["良"]
        assert held.value("consequences")["良"]["en"] == "passes after correction"
