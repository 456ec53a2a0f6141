"""Horvitz-Thompson and Yates-Grundy variances against R sampling 2.9, and by enumeration of a design."""

import json
from itertools import combinations

import numpy as np
import pytest

from perfkit.errors import SampleError
from perfkit.estimation import Design, mean, total, total_by_joint

# R sampling's case: units 2, 3 and 6 of six, their maximum-entropy probabilities (UPmaxentropypi2) and its figures.
Y, PI = [35, 44, 18], [0.7, 0.8, 0.4]
JOINT = np.array(
    [
        [0.7, 0.534539081517182, 0.229337821455579],
        [0.534539081517182, 0.8, 0.283199136587601],
        [0.229337821455579, 0.283199136587601, 0.4],
    ]
)
PRINTED = {"var_ht_maxent": 670.710624699941, "var_yg_maxent": 19.7081416997163, "varest_deville": 27.5}


def test_printed_variances():
    for formula, name in (("horvitz_thompson", "var_ht_maxent"), ("yates_grundy", "var_yg_maxent")):
        found = total_by_joint(Y, JOINT, formula=formula).iloc[0]
        assert found["estimate"] == pytest.approx(150, abs=1e-12)
        assert found["se"] ** 2 == pytest.approx(PRINTED[name], rel=1e-10)
    pi = np.array(PI)
    design = Design(1 / pi, np.zeros(3, dtype=np.int64), np.arange(3), pi)
    assert total(Y, design)["se"].item() ** 2 == pytest.approx(PRINTED["varest_deville"], rel=1e-10)
    assert mean(Y, design)["estimate"].item() == pytest.approx(28.9655172413793, abs=1e-12)


def test_the_facts_typed_here_are_the_oracle(shared):
    text = (shared / "oracles" / "pps_designs_second_order" / "expected.json").read_text(encoding="utf-8")
    printed = json.loads(text)
    drawn = np.array(printed["ht"]["sample"]) - 1
    assert np.array_equal(np.array(printed["maxentropy_cps"])[np.ix_(drawn, drawn)], JOINT)
    assert {name: printed["ht"][name] for name in PRINTED} == PRINTED


@pytest.mark.parametrize("formula", ["yates_grundy", "horvitz_thompson"])
def test_the_variance_is_right_on_average(formula):
    # Every sample of 2 of 4 units with its probability: the mean of the estimates of variance is the variance.
    y = np.array([3.0, 5.0, 8.0, 20.0])
    chances = np.array([1.0, 2, 3, 4, 5, 6])
    chances /= chances.sum()
    samples = list(combinations(range(4), 2))
    joint = np.zeros((4, 4))
    for pair, chance in zip(samples, chances, strict=True):
        joint[np.ix_(pair, pair)] += chance
    expanded = y / joint.diagonal()
    totals = np.array([expanded[list(pair)].sum() for pair in samples])
    variance = chances @ (totals - y.sum()) ** 2
    found = []
    for pair in samples:
        part = joint[np.ix_(pair, pair)]
        row = total_by_joint(y[list(pair)], part, formula=formula).iloc[0]
        if "below zero" in row["note_en"]:
            a, b, both = *part.diagonal(), part[0, 1]
            (c, d), cross = y[list(pair)] / part.diagonal(), 1 - a * b / both
            found.append((1 - a) * c**2 + (1 - b) * d**2 + 2 * cross * c * d)
            assert found[-1] < 0
        else:
            found.append(row["se"] ** 2)
    assert chances @ np.array(found) == pytest.approx(variance)


@pytest.mark.parametrize(
    ("joint", "word"),
    [
        (np.eye(2), "have a row and a column"),
        (np.array([[0.5, 0, 0.1], [0, 0.5, 0.1], [0.1, 0.1, 0.5]]), "cannot come in together"),
        (np.array([[0.5, 0.6, 0.1], [0.6, 0.5, 0.1], [0.1, 0.1, 0.5]]), "symmetric"),
    ],
)
def test_probabilities_that_cannot_be_are_refused(joint, word):
    with pytest.raises(SampleError, match=word):
        total_by_joint(Y, joint)
