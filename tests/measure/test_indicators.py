"""The indicator library: whole, or every fault named by its cell."""

import pandas as pd
import pytest

from perfkit import rules, tables
from perfkit.errors import ScoreError
from perfkit.measure import indicators, scorecard

RULES = rules.load("cn-project-2020", "2022-12-31")
LEAF = {"level1": "产出", "level3": "x", "kind": "quantitative", "direction": "ge", "target": 100}
HEADER = "unit_id,indicator_id,level1,level3,kind,direction,target,points,rule,check_points"


def library(*rows):
    leaves = [{**LEAF, "indicator_id": str(i), **row} for i, row in enumerate(rows)]
    return tables.check(pd.DataFrame(leaves), "indicators")


@pytest.fixture
def file(tmp_path):
    def read(*lines):
        (tmp_path / "指标体系.csv").write_text("\n".join([HEADER, *lines]), encoding="utf-8")
        return tables.read(tmp_path / "指标体系.csv", "indicators")

    return read


def faults(held, **more):
    with pytest.raises(ScoreError) as caught:
        scorecard.check_library(held, RULES, **more)
    return caught.value.problems


def test_a_whole_library_passes():
    scorecard.check_library(library({"points": 60}, {"points": 40}), RULES)


def test_points_that_add_to_99(file):
    held = file(",1,产出,x,定量,≥,100,60,,", ",2,产出,y,定量,≥,100,39,,")
    (problem,) = faults(held)
    assert (problem.expected, problem.got) == ("100", "99")
    assert problem.where.startswith("指标体系.csv › H2:")
    assert problem.where.endswith("H3")


def test_ten_times_a_tenth_is_one():
    # Case budget_target_scoring, float_traps: sum([0.1] * 10) is 0.9999999999999999 and counts as 1.
    held = library(*[{"points": 0.1}] * 10)
    assert indicators.problems_of(held.assign(rule_used="r"), full_points=1, needs={"r": ("target",)}) == []
    (problem,) = indicators.problems_of(held.assign(rule_used="r"), full_points=2, needs={"r": ("target",)})
    assert (problem.expected, problem.got) == ("2", "1")


def test_every_unit_adds_up_with_the_common_indicators():
    held = library({"points": 40}, {"points": 60, "unit_id": "a"}, {"points": 59, "unit_id": "b"})
    (problem,) = faults(held)
    assert "b" in problem.where
    assert problem.got == "99"
    (problem,) = faults(held, units=["a", "c"])
    assert problem.got == "40"


@pytest.mark.parametrize(
    ("line", "cell"),
    [
        (",1,产出,x,定量,≥,100,,,", "H2"),
        (",1,产出,x,定量,,100,100,,", "F2"),
        (",1,产出,x,定量,≥,,100,,", "G2"),
        (",1,产出,x,定量,≥,100,100,ratio,", "I2"),
        (",1,产出,x,评价要点,,,100,,", "J2"),
        (",1,产出,x,满意度,≥,,100,,", "G2"),
        (",1,产出,x,预算执行率,≥,,100,,", "G2"),
        (",1,产出,x,是否,,1,100,,", "F2"),
    ],
)
def test_what_a_leaf_lacks(file, line, cell):
    (problem,) = faults(file(line))
    assert problem.where == f"指标体系.csv › {cell}"


def test_an_interval_needs_its_upper_bound():
    (problem,) = faults(library({"points": 100, "direction": "in"}))
    assert problem.column == "target_high"


def test_what_needs_no_target(file):
    scorecard.check_library(
        file(
            ",1,过程,a,评价要点,,,40,,有制度；有执行",
            ",2,效益,b,定性,,,30,,",
            ",3,其余,c,仅有得分,,,30,,",
        ),
        RULES,
    )


def test_a_common_code_is_not_used_again(file):
    (problem,) = faults(file(",1,产出,x,定量,≥,100,100,,", "a,1,产出,y,定量,≥,100,0,,"))
    assert problem.where == "指标体系.csv › B3"


def test_all_faults_at_once(file):
    found = faults(file(",1,产出,x,定量,≥,,,,", ",2,产出,y,定量,,100,100,ratio,"))
    assert {p.where.rsplit(" ", 1)[1] for p in found} == {"G2", "H2", "F3", "I3"}


def test_a_goalpost_needs_its_floor():
    # Without it nobody could score, however good the value: a fault of the library, not a zero for every unit.
    held = library({"points": 100, "rule": "goalpost"})
    values = tables.check(pd.DataFrame([{"unit_id": "a", "indicator_id": "0", "actual": 120}]), "values")
    with pytest.raises(ScoreError, match="floor"):
        scorecard.score(values, held, rules.load("cn-project-2020", "2022-12-31"))


WIDE = "indicator_id,level1,level3,kind,direction,target,target_high,floor,unit,points,rule"


@pytest.fixture
def wide(tmp_path):
    def read(*lines):
        (tmp_path / "指标体系.csv").write_text("\n".join([WIDE, *lines]), encoding="utf-8")
        return tables.read(tmp_path / "指标体系.csv", "indicators")

    return read


@pytest.mark.parametrize("unit", ["", "人", "人次/%"])
@pytest.mark.parametrize("kind", ["满意度", "预算执行率"])
def test_a_rate_above_one_needs_the_unit_percent(wide, kind, unit):
    # 95 without "%" would be read as 9,500 %: everybody would fail.
    (problem,) = faults(wide(f"1,满意度,x,{kind},≥,95,,,{unit},100,"))
    assert problem.where == "指标体系.csv › I2"
    assert (problem.expected, problem.got) == ("%", unit or "—")


@pytest.mark.parametrize("unit", ["%", "％", " % ", "百分比", "百分数"])
def test_per_cent_however_it_is_written(wide, unit):
    scorecard.check_library(wide(f"1,满意度,x,满意度,≥,95,,,{unit},100,"), RULES)


@pytest.mark.parametrize(("target", "faulty"), [("0.95", 0), ("1", 0), ("1.5", 0), ("1.51", 1)])
def test_a_share_of_one_needs_no_unit(wide, target, faulty):
    held = wide(f"1,满意度,x,满意度,≥,{target},,,,100,")
    if faulty:
        assert faults(held)[0].column == "unit"
    else:
        scorecard.check_library(held, RULES)


def test_other_kinds_may_have_any_target_without_a_unit(wide):
    scorecard.check_library(wide("1,产出,x,定量,≥,95,,,,100,"), RULES)


@pytest.mark.parametrize(
    ("line", "cell"),
    [
        ("1,产出,x,定量,区间,1000,800,,元,100,", "G2"),  # from 1,000 to 800
        ("1,产出,x,定量,≥,600,,680,分,100,goalpost", "H2"),  # more is better, yet nothing at 680
        ("1,产出,x,定量,≥,600,,600,分,100,goalpost", "H2"),
        ("1,产出,x,定量,≤,25,,16,人,100,goalpost", "H2"),  # less is better, yet nothing at 16
    ],
)
def test_crossed_bounds(wide, line, cell):
    (problem,) = faults(wide(line))
    assert problem.what[1] == "上下限颠倒"
    assert problem.where == f"指标体系.csv › {cell}"


@pytest.mark.parametrize(
    "line",
    [
        "1,产出,x,定量,区间,800,1000,,元,100,",
        "1,产出,x,定量,区间,800,800,,元,100,",
        "1,产出,x,定量,≥,680,,600,分,100,goalpost",
        "1,产出,x,定量,≤,16,,25,人,100,goalpost",
    ],
)
def test_bounds_the_right_way_round(wide, line):
    scorecard.check_library(wide(line), RULES)


def test_applying_to():
    held = library({}, {"unit_id": "b"}, {"unit_id": "a"}, {})
    assert indicators.applying_to(held, "a")["indicator_id"].tolist() == ["0", "2", "3"]
    assert indicators.applying_to(held, "c")["indicator_id"].tolist() == ["0", "3"]
