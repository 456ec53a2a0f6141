"""Draw and estimate together, many times: what the estimated errors say is what the estimates do."""

import numpy as np
import pandas as pd
import pytest

from perfkit import estimation, sampling


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(11)
    department = np.repeat(np.arange(14), rng.integers(6, 16, 14))
    points = 80 + rng.normal(0, 3, 14)[department] + rng.normal(0, 6, len(department))
    return pd.DataFrame(
        {
            "unit_id": [f"P{at:03d}" for at in range(len(department))],
            "department": [f"D{at:02d}" for at in department],
            "points": points,
        }
    )


def estimated(frame, sample):
    rows = sample.merge(frame, on="unit_id", suffixes=("", "_"))
    found = estimation.total(rows["points"], estimation.Design.of(rows)).iloc[0]
    return found["estimate"], found["se"] ** 2


def right(frame, n, m):
    """The variance of the total: n of N departments, m projects in each (Cochran 1977, formula 11.24)."""
    totals = frame.groupby("department")["points"].sum()
    number = len(totals)
    first = number**2 * (1 - n / number) * totals.var() / n
    within = [
        len(each) ** 2 * (1 - min(m, len(each)) / len(each)) * each.var() / min(m, len(each))
        for _, each in frame.groupby("department")["points"]
    ]
    return first + number / n * sum(within)


def test_two_stages_have_the_error_of_both(frame):
    """5 departments of 14 and 3 projects in each; the first stage's correction, 9/14, is given up, and no more."""
    draws = [estimated(frame, sampling.two_stage(frame, 5, 3, seed=seed)) for seed in range(400)]
    estimates, variances = np.array(draws).T
    assert abs(estimates.mean() - frame["points"].sum()) < 4 * np.sqrt(right(frame, 5, 3) / 400)
    assert 1 < variances.mean() / right(frame, 5, 3) < 14 / 9 * 1.1


def test_whole_departments_keep_their_correction(frame):
    draws = [estimated(frame, sampling.two_stage(frame, 5, 100, seed=seed)) for seed in range(400)]
    estimates, variances = np.array(draws).T
    assert abs(estimates.mean() - frame["points"].sum()) < 4 * np.sqrt(right(frame, 5, 100) / 400)
    assert variances.mean() / right(frame, 5, 100) == pytest.approx(1, abs=0.1)
