"""Frames: what is fit to draw from, and what is wrong with one that is not, cell by cell."""

import pandas as pd
import pytest

from perfkit import tables
from perfkit.errors import SampleError
from perfkit.sampling import check_frame, size_classes

FRAME = pd.DataFrame(
    {
        "unit_id": ["P3", "P1", "P2"],
        "department": ["教育厅", "水利厅", "教育厅"],
        "level": ["省级", "省级", "市县"],
        "budget": [5.0, 1, 2],
    }
)


def test_rows_are_sorted_and_strata_joined():
    held = check_frame(FRAME, ["department", "level"], "budget")
    assert held["unit_id"].tolist() == ["P1", "P2", "P3"]
    assert held["stratum"].tolist() == ["水利厅/省级", "教育厅/市县", "教育厅/省级"]
    assert held["budget"].tolist() == [1, 2, 5]


def test_one_column_or_none():
    assert check_frame(FRAME, "level")["stratum"].tolist() == ["省级", "市县", "省级"]
    assert set(check_frame(FRAME, [])["stratum"]) == {"全部"}


def test_no_two_combinations_look_alike():
    frame = pd.DataFrame({"unit_id": ["1", "2", "3"], "a": ["x/y", "x", "x\\"], "b": ["z", "y/z", "/y/z"]})
    assert check_frame(frame, ["a", "b"])["stratum"].tolist() == ["x\\/y/z", "x/y\\/z", "x\\\\/\\/y\\/z"]


def test_codes_sort_by_code_point():
    frame = pd.DataFrame({"unit_id": ["乙", "b", "10", "9", "\U0001f600", "\uffee", "B"]})
    assert check_frame(frame, [])["unit_id"].tolist() == ["10", "9", "B", "b", "乙", "\uffee", "\U0001f600"]


def test_whole_numbers_serve_as_codes():
    assert check_frame(pd.DataFrame({"unit_id": [10, 9]}), [])["unit_id"].tolist() == ["10", "9"]


def test_everything_wrong_is_said_at_once():
    frame = pd.DataFrame(
        {
            "unit_id": ["P1", "P2", "P3", "P4", "P5"],
            "department": ["教育厅", None, " ", "水利厅", "水利厅"],
            "budget": [0.0, 1, -2, None, float("inf")],
        }
    )
    with pytest.raises(SampleError) as told:
        check_frame(frame, "department", "budget")
    lines = [problem.line(0).split(" · ")[:2] for problem in told.value.problems]
    assert lines == [
        ["no stratum", "frame › department [1] (P2)"],
        ["no stratum", "frame › department [2] (P3)"],
        ["a size is missing or no number", "frame › budget [3] (P4)"],
        ["a size is missing or no number", "frame › budget [4] (P5)"],
        ["a size is zero or negative", "frame › budget [0] (P1)"],
        ["a size is zero or negative", "frame › budget [2] (P3)"],
    ]


def test_cells_are_named_as_in_the_file(tmp_path):
    path = tmp_path / "抽样框.csv"
    path.write_text("项目编码,抽样层,全年预算数（元）\nP1,甲,5\nP2,,6\nP3,甲,0\n", encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace("项目编码", "单位或项目编码"), encoding="utf-8")
    with pytest.raises(SampleError) as told:
        check_frame(tables.read(path, "frame"), "stratum", "budget")
    assert [problem.where for problem in told.value.problems] == ["抽样框.csv › B3 (P2)", "抽样框.csv › C4 (P3)"]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FRAME.iloc[:0], "the frame has no rows"),
        (FRAME.drop(columns="level"), "the frame has no such column · level · expected unit_id, department, budget"),
        (FRAME.assign(unit_id=["P1", "P2", "P1"]), r"more than once · frame › unit_id \[0\] · expected 1 · got P1"),
        (FRAME.assign(unit_id=["cafe\u0301", "caf\u00e9", "b"]), "a unit stands in the frame more than once"),
        (FRAME.assign(unit_id=["P1", None, "P2"]), r"no unit code · frame › unit_id \[1\]"),
        (FRAME.assign(unit_id=["P1", "", "P2"]), r"no unit code · frame › unit_id \[1\]"),
        (FRAME.assign(unit_id=[1.5, 2, 3]), r"a code is not text · frame › unit_id \[0\] · got 1.5"),
        (FRAME.assign(unit_id=["P1", 2, "P2"]), r"a code is not text · frame › unit_id \[1\] · got 2"),
        (FRAME.assign(budget=0), "all sizes are zero: no unit has a chance"),
        (
            FRAME.assign(budget=["5", "many", "2"]),
            r"no number · frame › budget \[1\] \(P1\) · expected > 0 · got many",
        ),
    ],
)
def test_a_frame_unfit_to_draw_from_is_refused(frame, message):
    with pytest.raises(SampleError, match=message):
        check_frame(frame, "level", "budget")


def test_a_bound_belongs_to_the_class_above():
    sizes = pd.Series([0, 999_999.99, 1_000_000, 4_999_999, 5_000_000, None], index=list("abcdef"))
    classes = size_classes(sizes, [1_000_000, 5_000_000])
    low, middle, high = "<1,000,000", "[1,000,000, 5,000,000)", "≥5,000,000"
    assert classes.iloc[:5].tolist() == [low, low, middle, middle, high]
    assert classes.isna().tolist() == [False] * 5 + [True]
    with pytest.raises(SampleError, match="the bounds of size must rise · got 5, 1"):
        size_classes(sizes, [5, 1])
