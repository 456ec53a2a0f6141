"""The samples: each file catalogued with its source and rows, simulated ones named so, published figures re-added."""

from pathlib import Path

import pytest

from perfkit import readers, rules, tables
from perfkit.cycle import evaluation
from perfkit.measure import indicators, scorecard

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "data" / "samples"


def test_catalogue_lists_every_file_with_its_rows():
    listed = tables.read(SAMPLES / "catalogue.csv", "catalogue").set_index("file")
    there = {p.relative_to(SAMPLES).as_posix() for p in SAMPLES.rglob("*.csv")} - {"catalogue.csv"}
    assert set(listed.index) == there
    for name, entry in listed.iterrows():
        rows = len((SAMPLES / name).read_text(encoding="utf-8").strip().splitlines()) - 1
        assert rows == entry["rows"], name


def test_simulated_files_say_so_in_their_names_and_entries():
    listed = tables.read(SAMPLES / "catalogue.csv", "catalogue")
    simulated = listed["reality"] == "simulated"
    assert simulated.sum() == 14
    assert (listed["file"].str.contains("simulated") == simulated).all()
    assert listed.loc[simulated, "zh"].str.contains("模拟").all()


@pytest.mark.parametrize("folder", sorted(p.name for p in SAMPLES.iterdir() if p.is_dir() and p.name != "library"))
def test_every_sample_keeps_its_contract(folder):
    opened = readers.open_data(SAMPLES / folder)
    assert any(len(frame) for frame in opened.values())


def test_the_library_is_whole_and_its_common_part_is_the_framework_of_2020():
    library = tables.read(SAMPLES / "library" / "library.csv", "library")
    assert indicators.library_problems(library, full_points=100) == []
    common = indicators.as_of(library, "2020-02-25", part="common")
    official = rules.load("cn-project-2020", "2020-02-25").indicators()
    same = ["indicator_id", "level1", "level2", "level3", "name_en", "kind", "check_points", "explanation"]
    assert common[same].fillna("").to_numpy().tolist() == official[same].fillna("").to_numpy().tolist()
    # Only what an official text or a published form says is called real.
    assert set(library.loc[library["part"].eq("transfer"), "reality"]) == {"configured"}
    assert library.loc[library["reality"].eq("configured"), "source"].str.contains("自设").all()


def test_nutrition_form_prints_96_and_its_rows_add_up_to_it():
    # The form published by the county: nine indicators and the execution rate, total 96, grade 优.
    source = readers.open_data(SAMPLES / "forms")
    unit = evaluation.unit_row(source["units"], "yongde-nutrition-2022")
    rows = source["values"].query("unit_id == 'yongde-nutrition-2022'")
    assert (unit["points_reported"], unit["grade_reported"]) == (96, "优")
    assert rows["points_reported"].sum() == 96
    card = scorecard.score(
        source["values"], source["indicators"], rules.load("cn-project-2020", "2022-12-31"), units=source["units"]
    )
    findings = evaluation.recheck(card.of("yongde-nutrition-2022"), unit, source["units"])
    wrong = findings[findings["severity"] == "contradiction"]
    # 资金到位及时率: 100 % of 100 % printed as 7 of 10; 政策知晓率: 98 % printed as 9, by the rule 9.8.
    assert dict(zip(wrong["indicator_id"], wrong["computed"], strict=True)) == {"O3": "10", "B2": "9.8"}


def test_drainage_report_prints_its_use_rate():
    # Wuhua district, key evaluation 2023: 15,645.41 of 16,760.00 (10,000 yuan) used, printed as 93.35 %.
    units = readers.open_data(SAMPLES / "forms")["units"]
    rates = scorecard.execution_rates(units, rules.load("cn-project-2020", "2024-10-15"), "framework")
    assert round(rates.set_index("unit_id").loc["wuhua-drainage-2023", "rate"], 4) == 0.9335
