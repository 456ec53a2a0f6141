"""Prediction-powered inference: predictions for every unit, made unbiased by the checks of some."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.estimation.design import Design, Floats
from perfkit.estimation.inputs import Values, numbers
from perfkit.estimation.intervals import WHOLE, estimates


def prediction_powered_mean(
    values: Values,
    predictions: Values,
    everyone: Values,
    design: Design,
    *,
    tuned: bool = True,
    finite: bool = True,
    confidence: float = 0.95,
    interval: Literal["t", "normal", "satterthwaite"] = "satterthwaite",
) -> pd.DataFrame:
    r"""Return the mean of the population from predictions for all units and checks of a sample.

    Parameters
    ----------
    values, predictions
        What the check found and what was predicted (self-scores, or a model's that did not see the row), a number a
        row of the sample.
    everyone
        Predictions for all units of the frame, the sample among them; if not ``finite``, for the units not checked.
    design
        How the rows came in.
    tuned
        Let the sample say how far to rely on the predictions (PPI++); if false, fully (PPI).
    finite
        The frame is the population: its mean prediction is known. If false, checked and unchecked units alike are
        draws from a process whose mean is asked for, and the mean prediction has an error of its own.
    confidence, interval
        As in :func:`~perfkit.estimation.total`; not ``log``.

    Returns
    -------
    DataFrame
        One row of the table ``estimates``; its note has the weight of the predictions.

    Raises
    ------
    SampleError
        If numbers are missing, or more or fewer than rows.

    Notes
    -----
    :math:`\hat\theta = \lambda \bar f + \sum w (y - \lambda f) / \sum w` (Angelopoulos, Bates, Fannjiang, Jordan
    and Zrnic 2023, Science 382; tuned: Angelopoulos, Duchi and Zrnic 2024, arXiv 2311.01453). Its variance is the
    design's of the second part, plus :math:`\lambda^2 s_f^2 / N` if not finite; tuned,
    :math:`\lambda = C_{yf} / (C_{ff} + s_f^2 / N)` with the design's covariances of the means of y and f, which takes
    one degree of freedom. Untuned and finite, this is the difference estimator.

    *Checked against*: the formulas of the authors' package ppi_py (ppi_mean_ci), computed apart.

    Examples
    --------
    >>> found = prediction_powered_mean([70, 78, 90], [75, 85, 95], [75, 85, 95, 80, 90, 85], Design.simple(3, 6))
    >>> round(found["estimate"].item(), 3), found["note_en"].item()
    (79.333, 'weight of the predictions 1')
    """
    y, f = numbers(values, design), numbers(predictions, design)
    known: Floats = pd.to_numeric(pd.Series(everyone), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    _fail_if_no_prediction(known, finite)
    w = design.weights / design.weights.sum()
    means = w @ y, w @ f
    z = np.column_stack([y - means[0], f - means[1]]) / design.weights.sum()
    (yy, yf), (_, ff) = design.covariance(z)
    own = 0.0 if finite else float(known.var(ddof=1)) / len(known)
    # Predictions that are all the same leave rounding as their spread.
    flat = ff + own <= 1e-24 * float((f**2).max())
    weight = 1.0 if not tuned else 0.0 if flat else float(yf / (ff + own))
    estimate = means[0] + weight * (known.mean() - means[1])
    variance = max(yy - 2 * weight * yf + weight**2 * (ff + own), 0.0)
    df = design.df if interval != "satterthwaite" else float(design.observed_df(z @ np.array([1.0, -weight]))[0])
    return estimates(
        [WHOLE],
        "mean · prediction-powered" + (", tuned" if tuned else ""),
        design.n,
        len(known) if finite else design.n + len(known),
        estimate,
        np.sqrt(variance),
        max(df - tuned, min(df, 1)),
        confidence=confidence,
        interval=interval,
        note=(f"预测的权重 {weight:.4g}", f"weight of the predictions {weight:.4g}"),
    )


def cross_predictions(
    model: Any,
    features: pd.DataFrame,
    values: Values,
    everyone: pd.DataFrame,
    *,
    seed: int,
    folds: int = 5,
) -> tuple[Floats, Floats]:
    """Return predictions for the sample and for everyone by a model that never saw the row it is corrected with.

    Parameters
    ----------
    model
        A regressor of scikit-learn, not fitted; it is left as it is.
    features, values
        Of the sample, a row each.
    everyone
        The same features of all units.
    seed
        Of the folds.
    folds
        Parts of the sample; each is predicted by a model fitted to the others, everyone by their average.

    Raises
    ------
    SampleError
        If the sample has fewer rows than folds, or another number of values.

    Notes
    -----
    Cross-prediction (Zrnic and Candès 2024, PNAS 121): a model fitted to the checks themselves would look better on
    them than it is, and the interval be too short.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> sample = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6]})
    >>> ours, all_ = cross_predictions(LinearRegression(), sample, 2 * sample["x"], sample, seed=1, folds=3)
    >>> ours.round(6).tolist()
    [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]
    """
    from sklearn.base import clone

    n = len(features)
    y = numbers(values, Design.simple(n))
    if not 2 <= folds <= n:
        what = ("folds are at least 2 and at most the rows", "折数应不少于 2 且不多于样本行数")
        fail_if_any(SampleError, "folds 折数", [Problem(what, "", f"2 … {n}", str(folds))])
    fold = np.random.default_rng(seed).permutation(np.arange(n) % folds)
    ours, all_ = np.empty(n), np.zeros(len(everyone))
    for each in range(folds):
        fitted = clone(model).fit(features[fold != each], y[fold != each])
        ours[fold == each] = fitted.predict(features[fold == each])
        all_ += fitted.predict(everyone) / folds
    return ours, all_


def _fail_if_no_prediction(known: Floats, finite: bool) -> None:
    bad = int((~np.isfinite(known)).sum())
    if bad or len(known) < 2 - finite:
        what = ("units of the frame have no prediction", "抽样框中有单位缺少预测值")
        fail_if_any(SampleError, "predictions 预测值", [Problem(what, got=f"{bad} / {len(known)}")])
