"""Frames made in Python: which cells are numbers, and how the others are named."""

import datetime as dt

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit import tables
from perfkit.tables import checking


@pytest.mark.parametrize(
    ("cells", "number", "other"),
    [
        ([1, None, 2.5], [1, np.nan, 2.5], [False, False, False]),
        (["0.5", "约7", None], [0.5, np.nan, np.nan], [False, True, False]),
        ([np.inf, 1.0, pd.NA], [np.inf, 1, np.nan], [True, False, False]),
        ([dt.datetime(2022, 1, 1), None], [np.nan, np.nan], [True, False]),
        ([1 + 2j, 3.0], [np.nan, np.nan], [True, True]),
        (pd.Categorical([1, 2, None]), [1, 2, np.nan], [False, False, False]),
    ],
)
def test_numbers_and_what_is_none(cells, number, other):
    x, wrong = tables.as_numbers(pd.DataFrame({"a": cells}))
    np.testing.assert_array_equal(x[:, 0], number)
    assert wrong[:, 0].tolist() == other


def test_no_columns():
    x, wrong = tables.as_numbers(pd.DataFrame(index=range(3)))
    assert x.shape == wrong.shape == (3, 0)


def test_bad_cells_are_named_once_a_column():
    frame = pd.DataFrame({"产出": [1, 2, 3], "效益": [4, 5, 6]}, index=["甲", "乙", "丙"])
    bad = np.array([[False, False], [True, False], [True, False]])
    (problem,) = tables.bad_cells(bad, frame, ("too small", "过小"), ("measure again", "请重新测量"))
    assert problem.line(0) == "too small · 产出 › 乙 · got 2 of 3 rows · measure again"
    assert problem.line(1) == "过小 · 产出 › 乙 · 实为 3 行中有 2 行 · 请重新测量"


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "unit_id": st.sampled_from(["a", "b", None]),
                "indicator_id": st.sampled_from(["1", "2"]),
                "judged_share": st.sampled_from([0.0, 0.5, 1.0, 1.5, -1.0, None]),
                "status": st.sampled_from(["reported", "missing", "nothing", None]),
                "points_reported": st.sampled_from([0.0, 10.0, -1.0, None]),
            }
        ),
        max_size=3,
    )
)
def test_the_quick_look_never_parts_from_pandera(rows):
    # Pandera itself is the oracle: a frame is let through by the contract exactly when pandera finds nothing.
    held = tables.contract("values")
    frame = pd.DataFrame(rows, columns=list(held.columns))
    numbers = [name for name, spec in held.columns.items() if spec.metadata["kind"] in ("number", "rate")]
    frame = frame.astype(dict.fromkeys(held.columns, "str") | dict.fromkeys(numbers, "float64"))
    frame = frame.astype({"year": "Int64", "finished": "boolean"})
    try:
        held.schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors:
        assert not checking._is_sound(frame, held)
    else:
        assert checking._is_sound(frame, held)
