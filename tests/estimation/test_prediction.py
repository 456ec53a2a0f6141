"""Prediction-powered means against the formulas of ppi_py written out, and what must hold of them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

from perfkit.errors import SampleError
from perfkit.estimation import (
    Design,
    calibrate,
    cross_predictions,
    difference,
    known_totals,
    mean,
    prediction_powered_mean,
)


@pytest.fixture
def drawn():
    rng = np.random.default_rng(11)
    f = rng.uniform(60, 100, 500)
    y = 20 + 0.7 * f + rng.normal(0, 3, 500)
    return y, f, rng.permutation(500)[:50]


@pytest.mark.parametrize("tuned", [False, True])
def test_the_process_mean_as_ppi_py_has_it(drawn, tuned):
    # ppi_mean_ci: lambda * mean(f unlabelled) + mean(y - lambda * f), its variance var(lambda f) / N
    # + var(y - lambda f) / n, variances over n; its lambda is cov(y, f) / ((1 + n / N) var(f)), var(f) over all rows.
    # Here variances are over n - 1, and var(f) of labelled and of unlabelled rows keep their own places.
    y, f, at = drawn
    rest = np.setdiff1d(np.arange(500), at)
    n, big = len(at), len(rest)
    own, other = f[at].var(ddof=1) / n, f[rest].var(ddof=1) / big
    lam = np.cov(y[at], f[at])[0, 1] / n / (own + other) if tuned else 1.0
    centre = lam * f[rest].mean() + (y[at] - lam * f[at]).mean()
    error = np.sqrt(lam**2 * other + (y[at] - lam * f[at]).var(ddof=1) / n)
    row = prediction_powered_mean(y[at], f[at], f[rest], Design.simple(n), tuned=tuned, finite=False).iloc[0]
    assert row["estimate"] == pytest.approx(centre, rel=1e-12)
    assert row["se"] == pytest.approx(error, rel=1e-12)
    assert row["units"] == 500
    if tuned:
        theirs = np.cov(y[at], f[at])[0, 1] / ((1 + n / big) * f.var())
        assert lam == pytest.approx(theirs, rel=0.1)


def test_untuned_and_finite_it_is_the_difference_estimator(drawn):
    y, f, at = drawn
    design = Design.simple(50, 500)
    ours = prediction_powered_mean(y[at], f[at], f, design, tuned=False)[["estimate", "se", "low", "high"]]
    assert np.allclose(ours, difference(y[at], f[at], f, design)[ours.columns])


def test_tuned_in_a_simple_sample_it_is_the_regression_estimator(drawn):
    y, f, at = drawn
    design = Design.simple(50, 500)
    row = prediction_powered_mean(y[at], f[at], f, design).iloc[0]
    met = calibrate(design, pd.DataFrame({"f": f[at]}), known_totals(pd.DataFrame({"f": f})))
    assert row["estimate"] == pytest.approx(mean(y[at], met)["estimate"].item(), rel=1e-12)
    assert row["se"] == pytest.approx(
        Design.simple(50, 500).covariance(met.residuals((y[at] / 500)[:, None]))[0, 0] ** 0.5
    )


def test_predictions_that_say_nothing_are_not_relied_on(drawn):
    y, _, at = drawn
    noise = np.random.default_rng(1).normal(0, 50, 500)
    design = Design.simple(50, 500)
    plain = mean(y[at], design)["se"].item()
    assert prediction_powered_mean(y[at], noise[at], noise, design, tuned=False)["se"].item() > 3 * plain
    assert prediction_powered_mean(y[at], noise[at], noise, design)["se"].item() <= plain
    flat = prediction_powered_mean(y[at], [80.0] * 50, [80.0] * 500, design)
    assert flat["se"].item() == pytest.approx(plain)
    assert flat["note_en"].item() == "weight of the predictions 0"


def test_the_model_province(spot_check):
    rows, design = spot_check.rows, Design.of(spot_check.sample)
    row = prediction_powered_mean(rows["spot"], rows["self"], spot_check.population["self"], design).iloc[0]
    assert row["low"] < spot_check.expected["spot_mean_true"] < row["high"]
    assert row["se"] <= spot_check.expected["difference_self_minus_spot"]["se"]


def test_cross_predictions_do_not_flatter(drawn):
    y, f, at = drawn
    features = pd.DataFrame({"f": f})
    model = RandomForestRegressor(20, random_state=0)
    ours, everyone = cross_predictions(model, features.iloc[at], y[at], features, seed=3)
    seen = model.fit(features.iloc[at], y[at]).predict(features.iloc[at])
    assert np.std(y[at] - ours) > 1.3 * np.std(y[at] - seen)
    found = prediction_powered_mean(y[at], ours, everyone, Design.simple(50, 500)).iloc[0]
    assert found["low"] < y.mean() < found["high"]
    again = cross_predictions(model, features.iloc[at], y[at], features, seed=3)
    assert np.array_equal(again[0], ours)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda d: prediction_powered_mean([1, 2], [1, 2], [1, None], d), "no prediction"),
        (lambda d: prediction_powered_mean([1, 2], [1], [1, 2], d), "differ in number"),
        (
            lambda d: cross_predictions(
                LinearRegression(), pd.DataFrame({"x": [1, 2]}), [1, 2], pd.DataFrame({"x": [1]}), seed=1
            ),
            "folds are",
        ),
    ],
)
def test_what_cannot_be_inferred_is_refused(call, word):
    with pytest.raises(SampleError, match=word):
        call(Design.simple(2, 4))
