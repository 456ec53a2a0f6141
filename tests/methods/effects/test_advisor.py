"""The design advisor: published roll-outs get the designs their authors used; what is impossible says why."""

import numpy as np
import pandas as pd
import pytest

from perfkit.errors import TableError
from perfkit.methods.effects.advisor import designs
from perfkit.methods.effects.power import change_error, minimum_detectable_effect, moments

NAMES = {"unit": "unit", "period": "period", "treated": "on", "outcome": "y"}


def rollout(starts, periods, seed=0):
    """One unit a start (0: never) over periods 1 to ``periods``."""
    rng = np.random.default_rng(seed)
    rows = [(f"u{at}", t, int(0 < start <= t)) for at, start in enumerate(starts) for t in range(1, periods + 1)]
    table = pd.DataFrame(rows, columns=["unit", "period", "on"])
    return table.assign(y=rng.normal(10, 1, len(table)))


def verdicts(found):
    return found.tables["designs"].set_index("design")["verdict"].to_dict()


def test_counties_are_open_to_staggered_starts(shared):
    counties = pd.read_csv(shared / "oracles" / "mpdta_staggered_did" / "data.csv")
    on = ((counties["first_treat"] > 0) & (counties["year"] >= counties["first_treat"])).astype(int)
    found = designs(counties.assign(on=on), unit="countyreal", period="year", treated="on", outcome="lemp")
    assert found.tables["rollout"].to_numpy().tolist() == [[2004, 20, 1, 4], [2006, 40, 3, 2], [2007, 131, 4, 1]]
    assert verdicts(found)["staggered"] == "pass"
    assert verdicts(found)["two_by_two"] == verdicts(found)["synthetic_control"] == "fail"
    assert "3 different times" in found.diagnostics[1].why[1]


def test_california_is_open_to_synthetic_control_alone(shared):
    states = pd.read_csv(shared / "oracles" / "prop99_synthetic_control" / "data.csv")
    on = ((states["state"] == "California") & (states["year"] >= 1989)).astype(int)
    found = designs(states.assign(on=on), unit="state", period="year", treated="on", outcome="cigsale")
    seen = verdicts(found)
    assert seen["synthetic_control"] == "pass"
    assert seen["staggered"] == seen["two_by_two"] == seen["weighting"] == "fail"
    assert "合成控制" in found.text[0]


@pytest.mark.parametrize(
    ("starts", "periods", "words"),
    [
        ([0] * 30, 10, "no unit starts within the data"),
        ([1] * 30, 10, "no unit starts within the data"),
        ([3], 4, "a single treated unit"),
        ([3] * 4, 4, "no unit is never treated"),
    ],
)
def test_what_allows_nothing_is_refused(starts, periods, words):
    found = designs(rollout(starts, periods), **NAMES)
    assert found.refused
    assert words in " ".join(each.why[1] for each in found.diagnostics)
    assert "none" in found.text[1]
    assert "无" in found.text[0]


@pytest.mark.parametrize("seed", range(6))
def test_the_text_names_what_the_table_allows(seed):
    rng = np.random.default_rng(seed)
    found = designs(rollout(rng.choice([0, 1, 5, 9, 12], rng.integers(1, 40)), int(rng.integers(1, 25))), **NAMES)
    for row in found.tables["designs"].itertuples():
        assert (row.name_zh in found.text[0].split("可行的设计")[1]) == (row.verdict != "fail")
        assert row.why_zh
        assert row.why_en
    assert found.refused == (found.tables["designs"]["verdict"] == "fail").all()


def test_a_policy_that_stops_again_is_told():
    table = rollout([3, 3, 0, 0], 6)
    table.loc[(table["unit"] == "u0") & (table["period"] == 6), "on"] = 0
    found = designs(table, **NAMES)
    assert "stops again in 1 units" in found.diagnostics[1].why[1]


def test_all_treated_at_once_leaves_the_series():
    seen = verdicts(designs(rollout([13] * 3, 24), **NAMES))
    assert seen["interrupted"] == "warn"
    assert verdicts(designs(rollout([13] * 3, 15), **NAMES))["interrupted"] == "fail"


def test_cut_offs_sharp_blurred_and_coarse():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"unit": range(400), "period": 1, "score": rng.normal(size=400), "y": 1.0})
    on = (table["score"] >= 0).astype(int)
    asked = {"score": "score", "cutoff": 0.0}
    assert verdicts(designs(table.assign(on=on), **NAMES, **asked))["discontinuity"] == "pass"
    assert (
        verdicts(designs(table.assign(on=on.where(table.index > 9, 1)), **NAMES, **asked))["discontinuity"] == "warn"
    )
    coarse = table.assign(score=table["score"].round(), on=(table["score"].round() >= 0).astype(int))
    assert verdicts(designs(coarse, **NAMES, **asked))["discontinuity"] == "warn"
    assert verdicts(designs(table.assign(on=on), **NAMES))["discontinuity"] == "fail"
    with pytest.raises(TableError, match="needs a cut-off"):
        designs(table.assign(on=on), **NAMES, score="score")


def test_smallest_detectable_effects():
    # Bloom (1995), Evaluation Review 19(5): 2.80 standard errors for 80 % power at 5 %, two-sided; 2.49 one-sided.
    assert minimum_detectable_effect(1.0) == pytest.approx(2.80, abs=0.005)
    # By hand: sd 2, correlation .5, 25 and 25 units, 3 periods before and 1 after:
    # 4 x (2/25) x (1 + (1 + 2 x .5)/3 - 1) = .32 x 2/3; root .4619.
    assert change_error(2, 0.5, 25, 25, 3, 1) == pytest.approx(0.4619, abs=5e-5)


def test_the_error_foretold_is_the_error_seen():
    rng = np.random.default_rng(8)
    effects = []
    for _ in range(3000):
        y = rng.normal(size=(40, 1)) * 0.6 + rng.normal(size=(40, 5)) * 0.8
        change = y[:, 3:].mean(axis=1) - y[:, :3].mean(axis=1)
        effects.append(change[:15].mean() - change[15:].mean())
    assert change_error(1.0, 0.36, 15, 25, 3, 2) == pytest.approx(np.std(effects), rel=0.05)
    sd, correlation = moments(rng.normal(size=(5000, 1)) * 0.6 + rng.normal(size=(5000, 4)) * 0.8)
    assert [sd, correlation] == pytest.approx([1.0, 0.36], abs=0.03)


def test_power_is_said_or_its_absence():
    found = designs(rollout([5] * 10 + [0] * 10, 8), **NAMES)
    assert "The smallest effect" in found.text[1]
    assert found.tables["power"].loc[0, "mde"] > 0
    assert "不能估计最小可检出效应" in designs(rollout([0] * 5, 3), **NAMES).text[0]


def test_bad_rollouts_name_row_and_column():
    table = rollout([3, 0], 4).astype({"on": float})
    table.loc[2, "on"], table.loc[5, "period"] = 2.0, 1
    with pytest.raises(TableError) as error:
        designs(table, **NAMES)
    assert "on › 2" in str(error.value)
    assert "unit × period › 5" in str(error.value)
