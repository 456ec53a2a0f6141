"""Rule packs: what ships is whole and says what its sources say; what is broken is refused."""

import datetime as dt
import pickle
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from perfkit import rules
from perfkit.errors import RuleError
from perfkit.measure import scorecard, scoring
from perfkit.tables.columns import DIRECTIONS, INDICATOR_KINDS

ROOT = Path(__file__).resolve().parents[2]
PACKS = sorted(path.parent.name for path in (ROOT / "data" / "rules").glob("*/pack.yaml"))
LATE = "2099-12-31"
LEVELS = ("执行率", "成本", "产出", "效益", "满意度")


def parameters(pack):
    return rules.load(pack, LATE).parameters


def own(pack):
    """What the pack's own file of parameters says, apart from what it takes over."""
    return yaml.safe_load((ROOT / "data" / "rules" / pack / "parameters.yaml").read_text(encoding="utf-8"))


def own_days(pack):
    """Every day on which something of the pack's own begins: an entry, or a version of its library."""
    versions = (ROOT / "data" / "rules" / pack).glob("indicators/*.csv")
    entries = {entry["from"] for held in own(pack).values() for entry in held["entries"]}
    return sorted(entries | {dt.date.fromisoformat(path.stem) for path in versions})


def days(pack):
    """Every day on which something of the pack changes, what it takes over included."""
    first = own_days(pack)[0]
    taken = {entry.since for held in parameters(pack).values() for entry in held.entries}
    return sorted({*own_days(pack), *(day for day in taken if day >= first)})


DATES = [(pack, day) for pack in PACKS for day in days(pack)]
AROUND = [(pack, day + dt.timedelta(days=n)) for pack, day in DATES for n in (-1, 0, 1)]
AROUND = sorted({(pack, day) for pack, day in AROUND if day >= own_days(pack)[0]})


def refused(call, *args):
    with pytest.raises(RuleError) as caught:
        call(*args)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301
    return caught.value


@pytest.fixture
def broken(tmp_path):
    """A copy of the teaching pack in which ``file`` has ``old`` replaced by ``new``."""

    def make(file, old, new):
        home = tmp_path / "broken"
        shutil.copytree(ROOT / "data" / "rules" / "teaching-demo", home)
        text = (home / file).read_text(encoding="utf-8")
        assert old in text
        (home / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return home

    return make


class TestShippedPacks:
    def test_they_are_listed(self):
        there = rules.available()
        assert there["id"].tolist() == PACKS
        assert there.set_index("id").loc["cn-project-2020", "first_day"] == "2020-02-25"

    @pytest.mark.parametrize(("pack", "day"), AROUND)
    def test_they_load_on_each_of_their_dates_and_the_days_about(self, pack, day):
        held = rules.load(pack, day)
        assert held.on == day
        for name in held.in_force():
            assert held.entry(name).since <= day
            assert held.source(name).title
        assert rules.load(pack, day.isoformat()) == held

    @pytest.mark.parametrize("pack", PACKS)
    def test_before_the_first_day_the_error_names_it(self, pack):
        first = own_days(pack)[0]
        error = refused(rules.load, pack, first - dt.timedelta(days=1))
        assert str(first) in error.head[0]
        assert str(first) in error.head[1]

    @pytest.mark.parametrize(("pack", "day"), DATES)
    def test_every_rule_names_a_function_of_scoring_and_gives_it_its_numbers(self, pack, day):
        held = rules.load(pack, day)
        for name in held.in_force("rule_"):
            rule = held.value(name)
            assert rule["function"] in scoring.KINDS
            numbers = {key: value for key, value in rule.items() if key not in ("function", "zh", "en", "cap")}
            kind = scoring.KINDS[rule["function"]]
            # One row of gaps: a number that lacks or is unknown to the function would be refused here.
            assert len(kind.function(*([[float("nan")]] * len(kind.columns)), **numbers)) == 1

    @pytest.mark.parametrize(("pack", "day"), [(p, d) for p, d in AROUND if "schemes" in parameters(p)])
    def test_every_scheme_covers_every_kind_with_a_rule_in_force(self, pack, day):
        held = rules.load(pack, day)
        schemes = held.value("schemes")
        assert held.value("default_scheme") in schemes
        kinds = {*INDICATOR_KINDS} - {"quantitative"} | {f"quantitative_{way}" for way in DIRECTIONS}
        for scheme in schemes.values():
            assert set(scheme) == kinds
            assert {f"rule_{name}" for name in scheme.values()} <= set(held.in_force("rule_"))
        scorecard.check_rules(held)

    @pytest.mark.parametrize(("pack", "day"), [(p, d) for p, d in DATES if "grade_bands" in parameters(p)])
    def test_grades_start_at_zero(self, pack, day):
        bands = rules.load(pack, day).value("grade_bands")
        assert min(band["min"] for band in bands) == 0
        assert len({band["min"] for band in bands}) == len({band["grade"] for band in bands}) == len(bands)

    @pytest.mark.parametrize("pack", PACKS)
    def test_every_source_is_cited(self, pack):
        cited = {entry.source.id for held in parameters(pack).values() for entry in held.entries}
        assert cited == set(rules.load(pack, LATE).sources)

    @pytest.mark.parametrize("pack", PACKS)
    def test_nothing_taken_over_stands_again(self, pack):
        base = rules.load(pack, LATE).pack.extends
        taken = own(base) if base else {}
        again = [name for name, held in own(pack).items() if held == taken.get(name)]
        assert again == []

    @pytest.mark.parametrize(("pack", "day"), [(p, d) for p, d in DATES if rules.load(p, d).indicator_rows])
    def test_indicators_are_whole(self, pack, day):
        held = rules.load(pack, day)
        library = held.indicators()
        assert library["indicator_id"].is_unique
        assert library["source"].notna().all()
        assert library.loc[library["kind"] == "check_points", "check_points"].notna().all()
        if library["points"].isna().all():  # a framework issued without points: whoever uses it sets them
            library = library.assign(points=held.value("full_points") / len(library))
            plain = library["kind"].isin(["quantitative", "execution", "satisfaction"])
            library.loc[plain, ["direction", "target"]] = ["ge", 1.0]
        if held.in_force("rule_"):
            scorecard.check_library(library, held)
        else:  # scored by a panel, not by rules
            assert library["points"].sum() == held.value("full_points")

    def test_what_is_invented_says_so(self):
        for pack in PACKS:
            held = rules.load(pack, LATE)
            assert held.pack.invented == (held.pack.level == "teaching")


class TestAgainstTheSources:
    """The packs say what the facts taken from the regulations (each with its source) say."""

    @pytest.fixture
    def domain(self, shared):
        return lambda name: yaml.safe_load((shared / "domain" / name).read_text(encoding="utf-8"))

    def test_grades(self, domain):
        # 财预〔2020〕10号 art. 18: 90 (incl.)-100, 80 (incl.)-90, 60 (incl.)-80, below 60.
        printed = domain("rating_and_weights.yaml")["rating_schemes"]["mof_2020"]["bands"]
        held = rules.load("cn-project-2020", "2020-02-25").value("grade_bands")
        assert [(b["grade"], b["min"]) for b in held] == [(b["grade"], b["min"]) for b in printed]

    def test_words_for_grades(self, domain):
        printed = domain("rating_and_weights.yaml")["grade_words"]
        held = rules.load("cn-project-2020", LATE).value("grade_words")
        for grade, words in printed.items():
            assert {w.replace("(", "（").replace(")", "）") for w in words} <= set(held[grade])

    def test_level_1_weights(self, domain):
        # 财预〔2020〕10号 art. 13 and 财预〔2021〕101号 三（六）.
        printed = domain("rating_and_weights.yaml")["weight_schemes"]
        held = rules.load("cn-project-2020", LATE)

        def same(ours, theirs):
            return {k.removeprefix("预算"): v for k, v in ours.items()} == {
                k: theirs[k] for k in LEVELS if k in theirs
            }

        assert same(held.value("self_weights_2020")["standard"], printed["self_2020"])
        assert same(held.value("self_weights_2021")["cost"], printed["self_2021_cost"])
        assert same(held.value("self_weights_2021")["no_cost"], printed["self_2021_nocost"])
        assert held.value("result_weight_minimum")["share"] == 0.6

    def test_pass_mark_and_satisfaction(self, domain):
        # 财预〔2021〕101号 三（七）: below 60 % nothing; satisfaction 10/8/5/0 of 10 points.
        held = rules.load("cn-project-2020", "2021-08-18")
        assert "r < 60%" in domain("scoring_rules.yaml")["quantitative"]["threshold_60_2021"]["rule"]
        assert held.value("rule_threshold_2021")["pass_rate"] == 0.6
        steps = held.value("rule_satisfaction_2021")["steps"]
        assert [(s["min"], round(10 * s["share"], 6)) for s in steps] == [(0.9, 10), (0.8, 8), (0.6, 5), (0.0, 0)]

    def test_framework_of_2020(self, shared):
        # 财预〔2020〕10号 annex 2: 17 third-level indicators, no weights.
        printed = pd.read_csv(shared / "domain" / "indicators_project_caiyu2020_10.csv").set_index("id")
        held = rules.load("cn-project-2020", LATE).indicators().set_index("indicator_id")
        assert len(held) == 17
        for level in ("level1", "level2", "level3"):
            assert held[level].to_dict() == printed[level].to_dict()
        listed = held["check_points"].str.split("；").str.len().dropna().astype(int)
        assert listed.to_dict() == printed.loc[listed.index, "n_points"].astype(int).to_dict()
        assert held["points"].isna().all()

    def test_ex_ante(self, domain):
        # Zhengzhou art. 12 (five dimensions), Henan art. 22 (four conclusions), at least five experts of three kinds.
        held = rules.load("cn-ex-ante", LATE)
        text = (yaml.safe_dump(domain("ex_ante.yaml"), allow_unicode=True)).replace(" ", "")
        assert all(name in text for name in held.value("dimensions"))
        assert set(held.indicators()["level1"]) == set(held.value("dimensions")) == set(held.value("dimensions_en"))
        assert held.indicators().groupby("level1")["points"].sum().tolist() == [20.0] * 5
        assert set(held.value("conclusions")) == {"support", "adjust", "part", "reject"}
        assert held.value("experts")["least"] == 5

    def test_discount_rates(self, shared):
        # Green Book Annex 6: 3.5/3.0/2.5/2.0/1.5/1.0 %; 方法与参数（第三版）: 8 %; SL 72-2013: 6 %.
        held = rules.load("cn-ex-ante", LATE)
        steps = held.value("discount_rates_uk")["greenbook"]["steps"]
        assert [s["rate"] for s in steps] == [0.035, 0.03, 0.025, 0.02, 0.015, 0.01]
        assert [s["from_year"] for s in steps] == [0, 31, 76, 126, 201, 301]
        assert held.value("discount_rates_general")["general"]["steps"][0]["rate"] == 0.08
        assert held.value("discount_rates_flood")["flood"]["steps"][0]["rate"] == 0.06


class TestThroughTime:
    def test_the_scheme_of_2021_begins_on_its_day(self):
        before, after = (rules.load("cn-project-2020", day) for day in ("2021-08-17", "2021-08-18"))
        assert set(before.value("schemes")) == {"2020"}
        assert set(after.value("schemes")) == {"2020", "2021"}
        assert before.value("schemes")["2020"] == after.value("schemes")["2020"]
        error = refused(before.value, "rule_threshold_2021")
        assert "2021-08-18" in error.head[0]
        assert "rule_threshold_2021" not in before.in_force("rule_")
        assert "rule_threshold_2021" in after.in_force("rule_")

    def test_an_entry_holds_until_the_next_begins(self):
        cuts = {
            day: rules.load("teaching-demo", day).value("grade_bands")[0]["min"]
            for day in ("2020-01-01", "2021-12-31", "2022-01-01", LATE)
        }
        assert list(cuts.values()) == [85, 85, 88, 88]

    def test_basis_of_direct_scoring_changes(self):
        before, after = (rules.load("cn-project-2020", day) for day in ("2021-08-17", "2021-08-18"))
        assert (before.is_official("rule_direct"), after.is_official("rule_direct")) == (False, True)

    def test_dates(self):
        held = rules.load("teaching-demo", dt.date(2021, 5, 1))
        assert held == rules.load("teaching-demo", "2021-05-01")
        assert rules.load("teaching-demo", dt.datetime(2021, 5, 1, 12)).on == dt.date(2021, 5, 1)
        for wrong in ("2021", "2021/05/01", "", "yesterday"):
            assert "not a day" in refused(rules.load, "teaching-demo", wrong).head[0]

    def test_indicators_by_date(self, own_pack):
        home = own_pack(lambda held: None)
        old = (home / "indicators" / "2020-01-01.csv").read_text(encoding="utf-8")
        (home / "indicators" / "2022-01-01.csv").write_text(old.replace("T-01", "T-99"), encoding="utf-8")
        assert rules.load(home, "2021-12-31").indicators()["indicator_id"].iloc[0] == "T-01"
        later = rules.load(home, "2022-01-01")
        assert later.indicators()["indicator_id"].iloc[0] == "T-99"
        assert later.indicators_since == dt.date(2022, 1, 1)


class TestFrozen:
    def test_values_are_copies(self):
        held = rules.load("cn-project-2020", LATE)
        for name in held.in_force():
            value, before = held.value(name), held.value(name)
            if isinstance(value, dict):
                value.clear()
            elif isinstance(value, list):
                value.append("x")
            assert held.value(name) == before
        bands = held.value("grade_bands")
        bands[0]["min"] = 0
        assert held.value("grade_bands")[0]["min"] == 90

    def test_indicators_are_copies(self):
        held = rules.load("teaching-demo", LATE)
        library = held.indicators()
        library.loc[:, "points"] = 0.0
        assert held.indicators()["points"].sum() == 100

    def test_it_cannot_be_set(self):
        held = rules.load("teaching-demo", LATE)
        with pytest.raises(ValidationError):
            held.on = dt.date(2000, 1, 1)

    def test_unknown_parameter_lists_those_there_are(self):
        (problem,) = refused(rules.load("teaching-demo", LATE).value, "grades").problems
        assert "grade_bands" in problem.expected
        assert problem.got == "grades"


class TestBases:
    @pytest.mark.parametrize(
        ("pack", "kinds"),
        [
            ("cn-project-2020", {"national", "local", "published", "secondary", "kit"}),
            ("cn-ex-ante", {"local", "published", "secondary", "kit"}),
            ("henan-bond", {"national", "local", "kit"}),
            ("zhengzhou-target-review", {"local", "kit"}),
            ("kit", {"kit"}),
        ],
    )
    def test_only_national_local_and_published_are_official(self, pack, kinds):
        held = rules.load(pack, LATE)
        bases = held.bases()
        authority = bases.set_index("parameter")["authority"]
        assert set(authority) == kinds
        for name in held.in_force():
            assert held.is_official(name) == (authority[name] in ("national", "local", "published"))
        assert len(rules.official(bases)) + len(rules.configured(bases)) == len(bases)
        assert set(rules.configured(bases)["authority"]) <= {"kit", "secondary"}

    def test_second_hand_is_not_official(self):
        held = rules.load("cn-ex-ante", LATE)
        assert held.source("discount_rates_general").authority == "secondary"
        assert not held.is_official("discount_rates_general")
        assert held.is_official("conclusions")
        # No official text gives the points 90/70 of a conclusion.
        assert not held.is_official("conclusion_cuts")

    def test_they_say_where_to_look(self):
        row = rules.load("cn-project-2020", "2022-12-31").bases(["grade_bands", "grade_bands"])
        assert len(row) == 1
        assert row.iloc[0][["number", "article", "since", "on"]].tolist() == [
            "财预〔2020〕10号",
            "第十八条",
            "2020-02-25",
            "2022-12-31",
        ]
        assert row.iloc[0][["document_zh", "document_en", "note_zh"]].tolist() == [
            "项目支出绩效评价管理办法",
            "Measures for evaluating the performance of project spending",
            "下限含本数；“一般”划分为四档",
        ]

    def test_the_day_is_the_documents_or_unknown(self):
        # The weights of 2021 came with its document; Henan's day is not verified, the kit's choices have none.
        held = rules.load("cn-project-2020", LATE).bases(["self_weights_2021", "grade_bands_bonds", "rounding"])
        since = held.set_index("parameter")["since"]
        assert since["self_weights_2021"] == "2021-08-18"
        assert since["grade_bands_bonds"] == "2021-06-10"
        assert pd.isna(since["rounding"])
        since = rules.load("cn-ex-ante", LATE).bases(["dimensions", "conclusions"]).set_index("parameter")["since"]
        assert since["dimensions"] == "2023-08-08"
        assert pd.isna(since["conclusions"])

    def test_a_citation_reads_as_one_would_write_it(self):
        held = rules.load("cn-project-2020", LATE)
        assert held.cite("self_weights_2020") == (
            "《项目支出绩效评价管理办法》（财预〔2020〕10号）第十三条",
            "Measures for evaluating the performance of project spending, 第十三条",
        )
        # A document without a number, and one without an article.
        held = rules.load("cn-ex-ante", LATE)
        assert held.cite("threshold_henan")[0] == "《河南省省级预算项目政策事前绩效评估管理办法》第七条"
        assert held.cite("threshold_zhengzhou") == (
            "《郑州市市级新增重大支出政策和项目事前绩效评估管理实施暂行办法》",
            "Zhengzhou interim measures for ex-ante assessment of major new policies and projects",
        )

    def test_no_parameter_rests_on_what_was_seen_only_second_hand(self):
        # The ratio of "at most" targets and the execution rate's are common practice, not a national or local text.
        held = rules.load("cn-project-2020", LATE)
        for name in ("rule_reverse_common", "rule_execution_linear"):
            assert held.source(name).authority == "kit"

    def test_bonds_have_their_own_bands_from_their_own_day(self):
        # 财预〔2021〕61号 art. 20, issued 2021-06-10.
        assert "grade_bands_bonds" not in rules.load("cn-project-2020", "2021-06-09").in_force()
        held = rules.load("cn-project-2020", "2021-06-10")
        assert [(b["grade"], b["min"]) for b in held.value("grade_bands_bonds")] == [
            ("优", 90),
            ("良", 80),
            ("中", 60),
            ("差", 0),
        ]
        assert held.source("grade_bands_bonds").number == "财预〔2021〕61号"
        assert held.is_official("grade_bands_bonds")

    @pytest.mark.parametrize("pack", PACKS)
    def test_what_was_not_seen_is_left_open(self, pack):
        held = rules.load(pack, LATE)
        if "missing_evidence" in held.parameters:
            assert held.value("missing_evidence")["not_seen"] == "open"


@pytest.fixture
def extending(tmp_path):
    """A pack of one's own that extends another: only what it says itself stands in it."""

    def make(base, parameters="{}", sources="{}", name="own"):
        home = tmp_path / name
        home.mkdir()
        what = f"{{id: {name}, zh: 自有, en: own, level: county, jurisdiction: 某县, status: 试行, extends: {base}}}"
        for file, text in (("pack", what), ("sources", sources), ("parameters", parameters)):
            (home / f"{file}.yaml").write_text(text, encoding="utf-8")
        return home

    return make


STRICTER = """
grade_bands:
  zh: 评价等级
  en: Grades
  entries:
  - from: 2023-01-01
    source: {id: COUNTY, article: 第三条}
    value: [{grade: 合格, en: pass, min: 75}, {grade: 不合格, en: fail, min: 0}]
rounding:
  zh: 小数位
  en: Rounding
  entries:
  - {from: 2022-06-01, source: {id: KIT}, value: {decimals: 1, mode: half_up}}
"""
COUNTY = "COUNTY: {title: 某县办法, en: County measures, authority: local, effective: 2023-01-01}"


class TestExtends:
    def test_its_own_wins_and_the_rest_is_taken_over(self, extending):
        held = rules.load(extending("cn-project-2020", STRICTER, COUNTY), "2023-06-30")
        base = rules.load("cn-project-2020", "2023-06-30")
        assert [band["min"] for band in held.value("grade_bands")] == [75, 0]
        assert held.value("rounding")["decimals"] == 1
        assert {name for name in held.in_force() if held.value(name) != base.value(name)} == {
            "grade_bands",
            "rounding",
        }
        assert held.in_force()[:2] == ["grade_bands", "rounding"]
        assert held.indicator_rows == base.indicator_rows
        assert held.pack.id == "own"
        scorecard.check_rules(held)

    def test_each_value_cites_its_own_document(self, extending):
        held = rules.load(extending("cn-project-2020", STRICTER, COUNTY), "2023-06-30")
        bases = held.bases(["grade_bands", "rule_ratio_2020", "rounding"]).set_index("parameter")
        assert bases["document_zh"].tolist() == ["某县办法", "项目支出绩效评价管理办法", "perfkit 工具设定"]
        assert bases["authority"].tolist() == ["local", "national", "kit"]
        assert bases["article"].fillna("").tolist() == ["第三条", "第十六条", ""]
        assert set(bases["pack"]) == {"own"}
        assert held.cite("grade_bands")[0] == "《某县办法》第三条"

    def test_it_begins_on_its_own_first_day(self, extending):
        # Its first entry is of 2022-06-01, though what it extends begins in 2020; its own bands wait until 2023.
        home = extending("cn-project-2020", STRICTER, COUNTY)
        assert "2022-06-01" in refused(rules.load, home, "2022-05-31").head[0]
        assert "2023-01-01" in refused(rules.load(home, "2022-06-01").value, "grade_bands").head[0]

    def test_with_nothing_of_its_own_it_is_what_it_extends(self, extending):
        home = extending("teaching-demo")
        assert rules.load(home, "2021-01-01").parameters == rules.load("teaching-demo", "2021-01-01").parameters
        assert "2020-01-01" in refused(rules.load, home, "2019-12-31").head[0]

    def test_its_own_library_comes_before_the_one_taken_over(self, extending):
        home = extending("teaching-demo")
        (home / "indicators").mkdir()
        row = "indicator_id,level1,level3,kind\nX-1,产出,完工,quantitative\n"
        (home / "indicators" / "2021-06-01.csv").write_text(row, encoding="utf-8")
        assert rules.load(home, "2021-06-01").indicators()["indicator_id"].tolist() == ["X-1"]
        # Before its own begins there is none: an older law's library is not put in its place.
        assert rules.load(home, "2021-05-31").indicator_rows == ()

    def test_a_chain(self, extending, tmp_path):
        extending("cn-project-2020", STRICTER, COUNTY, name="county")
        home = extending("county", STRICTER.replace("75", "70").replace("2022-06-01", "2024-01-01"), name="town")
        held = rules.load(home, "2024-01-01")
        assert held.value("grade_bands")[0]["min"] == 70
        assert held.source("grade_bands").title == "某县办法"
        assert [each.name for each in rules.lineage(home)] == ["town", "county", "cn-project-2020", "kit"]

    def test_an_unknown_pack_is_refused(self, extending):
        (problem,) = refused(
            rules.load, extending("cn-project-2022", STRICTER.replace("COUNTY", "KIT")), LATE
        ).problems[:1]
        assert problem.where == "own › pack.yaml › extends"
        assert problem.got == "cn-project-2022"
        assert "cn-project-2020" in problem.expected

    def test_a_circle_is_refused(self, extending):
        extending("two", name="one")
        home = extending("one", name="two")
        for call in (rules.load, lambda pack, _: rules.lineage(pack)):
            (problem,) = [p for p in refused(call, home, LATE).problems if "circle" in p.what[0]]
            assert problem.got == "two → one → two"
        (problem,) = refused(rules.load, extending("three", name="three"), LATE).problems[:1]
        assert problem.got == "three → three"

    def test_a_source_may_not_stand_again(self, extending):
        error = refused(rules.load, extending("cn-project-2020", STRICTER, COUNTY.replace("COUNTY", "KIT")), LATE)
        assert "own › sources.yaml" in str(error)
        assert "stands again" in str(error)
        assert "unknown source" in str(error)  # COUNTY: all problems at once

    def test_what_is_broken_below_is_named_there(self, extending, broken):
        home = broken("sources.yaml", "authority: kit", "authority: rumour")
        error = refused(rules.load, extending(home.name), LATE)
        assert "broken › sources.yaml › INVENTED › authority" in str(error)
        assert error.head[0].endswith("rule pack own")


class TestOwnPack:
    def test_by_path_without_python(self, own_pack):
        def stricter(held):
            held["grade_bands"]["entries"][1]["value"][0]["min"] = 95

        home = own_pack(stricter)
        for path in (home, str(home)):
            assert rules.load(path, "2022-06-01").value("grade_bands")[0]["min"] == 95
        assert rules.load("teaching-demo", "2022-06-01").value("grade_bands")[0]["min"] == 88

    def test_unknown_pack_lists_those_there_are(self, tmp_path):
        for pack in ("cn-project", tmp_path):
            (problem,) = refused(rules.load, pack, LATE).problems
            assert problem.expected == ", ".join(PACKS)

    def test_no_indicators_yet(self, own_pack):
        home = own_pack(lambda held: None)
        (home / "indicators" / "2020-01-01.csv").rename(home / "indicators" / "2021-01-01.csv")
        assert "no indicators" in refused(rules.load(home, "2020-06-01").indicators).head[0]

    def test_indicator_file_not_named_after_a_day(self, own_pack):
        home = own_pack(lambda held: None)
        (home / "indicators" / "2020-01-01.csv").rename(home / "indicators" / "latest.csv")
        assert "latest.csv" in refused(rules.load, home, LATE).head[0]

    def test_a_pack_without_parameters(self, own_pack):
        error = refused(rules.load, own_pack(dict.clear), LATE)
        assert "parameters.yaml" in str(error)

    @pytest.mark.parametrize(
        ("file", "old", "new", "said"),
        [
            ("pack.yaml", "level: teaching", "level: teaching\ncolour: red", "pack.yaml › colour"),
            ("pack.yaml", "level: teaching", "level: village", "pack.yaml › level"),
            ("pack.yaml", "jurisdiction: 无", "", "pack.yaml › jurisdiction"),
            ("sources.yaml", "authority: kit", "authority: kit\n  pages: 3", "sources.yaml › INVENTED › pages"),
            ("sources.yaml", "authority: kit", "authority: rumour", "sources.yaml › INVENTED › authority"),
            ("sources.yaml", "INVENTED:", "INVENTED: {\n", "sources.yaml"),
            ("parameters.yaml", "  en: Full points\n", "  en: Full points\n  unit: 分\n", "full_points › unit"),
            (
                "parameters.yaml",
                "{from: 2020-01-01, source: {id: INVENTED}, value: 100}",
                "{from: 2020-01-01, source: {id: INVENTED}, value: 100, until: 2021-01-01}",
                "until",
            ),
            (
                "parameters.yaml",
                "{id: INVENTED}, value: 100}",
                "{id: NOBODY}, value: 100}",
                "full_points › 2020-01-01",
            ),
            ("parameters.yaml", "{id: INVENTED}, value: 100}", "{id: INVENTED, page: 1}, value: 100}", "page"),
            ("parameters.yaml", "from: 2022-01-01", "from: 2020-01-01", "grade_bands"),
            ("parameters.yaml", "from: 2022-01-01", "from: 2019-01-01", "grade_bands"),
            ("parameters.yaml", "from: 2022-01-01", "from: soon", "grade_bands › entries › 1"),
            (
                "parameters.yaml",
                "{grade: 甲, en: A, min: 85}",
                "{grade: 甲, en: A, min: high}",
                "grade_bands › 2020-01-01",
            ),
            ("parameters.yaml", "{grade: 甲, en: A, min: 85}", "{grade: 甲, en: A, least: 85}", "least"),
            ("parameters.yaml", "function: interval, ", "", "rule_between › 2020-01-01 › function"),
            ("parameters.yaml", "rounding:\n", "full_points:\n", "'full_points' stands twice"),
            (
                "parameters.yaml",
                "value: {decimals: 1,",
                "value: {decimals: 1, decimals: 2,",
                "'decimals' stands twice",
            ),
        ],
    )
    def test_what_is_broken_is_refused(self, broken, file, old, new, said):
        error = refused(rules.load, broken(file, old, new), LATE)
        assert said in str(error)
        assert error.head[0].endswith("rule pack broken")

    def test_all_problems_at_once(self, broken):
        home = broken("pack.yaml", "level: teaching", "level: village")
        (home / "sources.yaml").unlink()
        text = str(refused(rules.load, home, LATE))
        assert "pack.yaml › level" in text
        assert "file missing" in text
        assert "unknown source" in text

    @pytest.mark.parametrize(
        ("rule", "said"),
        [
            ({"function": "threshold"}, "pass_rate"),
            ({"function": "proportional", "polisy": "deduct"}, "polisy"),
            ({"function": "proportionnal"}, "proportionnal"),
        ],
    )
    def test_a_rule_that_no_function_can_take_is_refused_in_words(self, own_pack, rule, said):
        from perfkit import tables
        from perfkit.errors import PerfkitError
        from perfkit.measure import scorecard

        def edit(held):
            held["rule_ratio"]["entries"][0]["value"] = {**rule, "zh": "比例法", "en": "ratio"}

        home = own_pack(edit)
        row = {"indicator_id": "1", "level1": "产出", "level3": "x", "kind": "quantitative", "direction": "ge"}
        library = tables.check(pd.DataFrame([{**row, "target": 1, "points": 100}]), "indicators")
        values = tables.check(pd.DataFrame([{"unit_id": "a", "indicator_id": "1", "actual": 1}]), "values")
        with pytest.raises(PerfkitError, match=said):
            scorecard.score(values, library, rules.load(home, "2021-01-01"))
