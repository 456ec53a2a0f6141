"""Sentences read back: whatever the numbers, they never say what the numbers do not."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.methods.effects.sentences import shown, statement, told
from perfkit.methods.result import Diagnostic, Result

NUMBER = st.floats(allow_nan=True, allow_infinity=True, width=64)
SMALL = st.floats(-1e6, 1e6)


@given(NUMBER)
def test_a_number_is_shown_as_zero_only_if_it_is(value):
    text = shown(value)
    if not math.isfinite(value):
        assert text == "—"
    elif value == 0:
        assert text == "0"
    else:
        assert float(text.replace(",", "")) == pytest.approx(value, rel=6e-4)
        assert (float(text.replace(",", "")) < 0) == (value < 0)


@given(NUMBER, NUMBER, NUMBER)
def test_the_interval_decides_what_is_said_of_zero(estimate, low, high):
    zh, en = statement(estimate, low, high, units=("万元", "10,000 yuan"))
    usable = not math.isnan(estimate) and math.isfinite(low) and math.isfinite(high) and low < high
    said = {"above": "lies above" in en, "below": "lies below" in en, "zero": "contains zero" in en}
    true = {"above": low > 0, "below": high < 0, "zero": low <= 0 <= high}
    assert said == ({key: bool(usable and each) for key, each in true.items()})
    assert ("以上" in zh, "以下" in zh, "包含零" in zh) == tuple(said.values())
    assert ("No estimate" in en) == math.isnan(estimate) == ("没有得出估计值" in zh)
    assert ("no usable interval" in en) == ("没有可用的区间" in zh) == (not usable and not math.isnan(estimate))
    assert "nan" not in zh + en
    assert "inf" not in en


@given(SMALL, st.floats(1e-3, 1e6))
def test_numbers_in_the_sentence_are_the_numbers(estimate, half):
    _, en = statement(estimate, estimate - half, estimate + half)
    read = [float(each.replace(",", "")) for each in re.findall(r"-?\d[\d,.]*\d(?:e-?\d+)?|-?\d", en)]
    wanted = [estimate, 95, estimate - half, estimate + half]
    assert read[:4] == pytest.approx(wanted, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("verdict", ["pass", "warn", "fail", "not run"])
def test_checks_that_did_not_pass_are_named(verdict):
    check = Diagnostic(("平行趋势", "parallel trends"), verdict, ("因", "why"))
    zh, en = told(Result(("法", "method"), ("问", "asked"), 1.0, 0.1, 0.8, 1.2, diagnostics=(check,))).text
    assert ("平行趋势" in zh) == ("parallel trends" in en) == (verdict != "pass")
    assert ("do not take the figure" in en) == ("不能作为效应的证据" in zh) == (verdict == "fail")


def test_a_refusal_says_why():
    why = ("没有对照组。", "No comparison group.")
    zh, en = told(Result(("法", "method"), ("问", "asked"), refusals=(why,))).text
    assert zh == "没有得出估计值。没有对照组。"
    assert en == "No estimate was obtained. No comparison group."
