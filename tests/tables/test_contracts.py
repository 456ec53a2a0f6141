"""The declarations themselves: titles, keys, choices, and what is made of them."""

from itertools import pairwise

import pandas as pd
import pytest

from perfkit import tables
from perfkit.errors import TableError
from perfkit.tables.checking import is_called, plain

NAMES = sorted(tables.CONTRACTS)


@pytest.mark.parametrize("name", NAMES)
class TestEveryTable:
    def test_titles_in_both_languages(self, name):
        held = tables.contract(name)
        assert held.zh.strip()
        assert held.en.strip()
        for spec in held.columns.values():
            assert spec.metadata["zh"].strip()
            assert spec.metadata["en"].strip()

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_no_two_columns_share_a_title(self, name, lang):
        # A printed table or a template whose columns are called alike cannot be read, by people or by the kit.
        held = tables.contract(name)
        titles = sorted(plain(held.title(column, lang)) for column in held.columns)
        assert [one for one, next_one in pairwise(titles) if one == next_one] == []

    def test_its_titles_fit_on_a_sheet_of_a_workbook(self, name):
        held = tables.contract(name)
        assert max(len(held.zh), len(held.en)) <= 31

    def test_key_is_made_of_its_columns(self, name):
        held = tables.contract(name)
        assert set(held.key) <= set(held.columns)
        if held.key:
            assert next(iter(held.columns)) == held.key[0]

    def test_words_of_a_choice_differ(self, name):
        for spec in tables.contract(name).columns.values():
            choices = spec.metadata["choices"].items()
            words = [word for code, pair in choices for word in {plain(each) for each in (code, *pair)}]
            assert len(words) == len(set(words))

    def test_only_one_table_answers_to_a_name(self, name):
        held = tables.contract(name)
        for title in (held.name, held.zh, held.en):
            assert [other for other in NAMES if is_called(title, tables.contract(other))] == [name]

    def test_dictionary_has_a_row_a_column(self, name):
        about = tables.dictionary(name)
        held = tables.contract(name)
        assert about["column"].tolist() == list(held.columns)
        assert about.loc[about["needed"], "column"].tolist() == [c for c, s in held.columns.items() if s.required]

    def test_an_empty_frame_passes(self, name):
        columns = list(tables.contract(name).columns)
        checked = tables.check(pd.DataFrame(columns=columns), name)
        assert list(checked.columns) == columns
        assert len(checked) == 0


def test_unknown_table_lists_those_there_are():
    with pytest.raises(TableError) as caught:
        tables.contract("value")
    (problem,) = caught.value.problems
    assert problem.got == "value"
    assert set(problem.expected.split(", ")) == set(NAMES)


def test_labels_are_words_not_codes():
    frame = pd.DataFrame({"unit_id": ["a"], "kind": ["policy"], "own": [1]})
    assert tables.labels(frame, "units").to_dict("list") == {
        "单位或项目编码": ["a"],
        "对象类型": ["政策"],
        "own": [1],
    }
    assert tables.labels(frame, "units", "en").to_dict("list") == {
        "unit code": ["a"],
        "kind of unit": ["policy"],
        "own": [1],
    }


def test_money_says_its_unit():
    about = tables.dictionary("units").set_index("column")
    assert about.loc[["budget_initial", "budget", "received", "spent"], "zh"].str.endswith("（元）").all()


class TestCheck:
    def test_types_and_order_are_the_contracts(self):
        frame = pd.DataFrame(
            {"note": ["x"], "actual": [1], "indicator_id": ["007"], "unit_id": ["a"], "year": [2022]}
        )
        checked = tables.check(frame, "values")
        assert list(checked.columns) == list(tables.contract("values").columns)
        assert checked["actual"].dtype == "float64"
        assert checked["year"].dtype == "Int64"
        assert checked["finished"].dtype == "boolean"
        assert checked["indicator_id"].tolist() == ["007"]

    def test_a_further_column_is_kept(self):
        frame = pd.DataFrame({"unit_id": ["a"], "name": ["甲"], "经办人": ["张三"]})
        assert tables.check(frame, "units")["经办人"].tolist() == ["张三"]

    def test_rows_are_named_by_the_frames_index(self):
        frame = pd.DataFrame({"unit_id": ["a", "b"], "name": ["甲", None]}, index=["r1", "r2"])
        with pytest.raises(TableError) as caught:
            tables.check(frame, "units", where="made here")
        (problem,) = caught.value.problems
        assert "r2" in problem.where
        assert "name" in problem.where
        assert problem.where.startswith("made here")

    def test_the_frame_handed_in_is_left_alone(self):
        frame = pd.DataFrame({"unit_id": ["a"], "name": ["甲"]})
        before = frame.copy()
        tables.check(frame, "units")
        pd.testing.assert_frame_equal(frame, before)

    def test_a_checked_table_passes_again_unchanged(self):
        frame = pd.DataFrame({"unit_id": ["a"], "name": ["甲"], "year": [2022], "budget": [1.5], "kind": ["项目"]})
        once = tables.check(frame, "units")
        pd.testing.assert_frame_equal(tables.check(once, "units"), once, check_names=False)
        assert once["kind"].tolist() == ["project"]
