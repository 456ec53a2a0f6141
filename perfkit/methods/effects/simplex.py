"""Weights that are not negative and sum to one: least squares on the simplex, and the search for importances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Search:
    """The best of several starts: donor ``weights``, ``importance`` of the predictors, and every start's ``errors``.

    ``errors`` are mean squared prediction errors before the policy, in order of the starts.
    """

    weights: Array
    importance: Array
    errors: Array


def nearest(target: Array, donors: Array, *, ridge: float = 0.0, intercept: bool = False) -> Array:
    """Return the weights w >= 0, sum 1, with the smallest |target - donors w|² + ridge |w|².

    Parameters
    ----------
    target, donors
        Values (m) and values of the donors (m x k).
    intercept
        Compare what is left of both after taking out their means over m.

    Notes
    -----
    Non-negative least squares with the sum as one heavy row, then one step to the exact sum; k + m rows.

    Examples
    --------
    >>> nearest(np.array([1.0, 2.0]), np.array([[0.0, 2.0], [1.0, 3.0]])).round(6).tolist()
    [0.5, 0.5]
    """
    from scipy.optimize import nnls

    if intercept:
        target, donors = target - target.mean(), donors - donors.mean(axis=0)
    k = donors.shape[1]
    # On the simplex |target - donors w| = |(target 1' - donors) w|: no right side, so only the sum pulls from zero.
    apart = target[:, None] - donors
    scale = float(np.sqrt((apart**2).sum(axis=0).max()))
    if scale == 0:
        return np.full(k, 1 / k)
    rows = [apart / scale, np.ones((1, k))]
    if ridge:
        rows.insert(1, np.sqrt(ridge) / scale * np.eye(k))
    matrix = np.vstack(rows)
    found = nnls(matrix, np.append(np.zeros(len(matrix) - 1), 1.0), maxiter=50 * k)[0]
    return np.asarray(found / found.sum())


def search(
    target: Array, donors: Array, outcome: Array, outcomes: Array, *, starts: int = 12, seed: int = 0
) -> Search:
    """Find predictor weights whose donor weights foretell the outcome before the policy best.

    Parameters
    ----------
    target, donors
        Predictors of the treated unit (p) and of the donors (p x k).
    outcome, outcomes
        Outcomes before the policy, of the treated unit (t) and the donors (t x k).
    starts
        Equal importance, importance by how well each predictor explains the outcomes, and random ones.

    Notes
    -----
    Abadie and Gardeazabal (2003): inner problem on the simplex, outer by Nelder and Mead on logarithms, from many
    starts, for the error has many local minima. Predictors are divided by their spread over all units first.
    """
    from scipy.optimize import minimize

    spread = np.column_stack([target, donors]).std(axis=1, ddof=1)
    spread = np.where(spread > 0, spread, 1.0)
    a, b = target / spread, donors / spread[:, None]

    def fitted(logs: Array) -> Array:
        root = np.exp((logs - logs.max()) / 2)
        return nearest(a * root, b * root[:, None])

    def error(logs: Array) -> float:
        return float(np.mean((outcome - outcomes @ fitted(logs)) ** 2))

    rng = np.random.default_rng(seed)
    first = [np.zeros(len(a)), _explained(np.column_stack([a, b]), np.column_stack([outcome, outcomes]))]
    first += [rng.normal(0, 3, len(a)) for _ in range(starts - 2)]
    options = {"maxiter": 200 * len(a), "xatol": 1e-3, "fatol": 1e-6, "adaptive": True}
    ends = [minimize(error, each, method="Nelder-Mead", options=options) for each in first[:starts]]
    errors = np.array([end.fun for end in ends])
    best = ends[int(errors.argmin())].x
    importance = np.exp(best - best.max())
    return Search(fitted(best), importance / importance.sum(), errors)


def _explained(predictors: Array, outcomes: Array) -> Array:
    """Return logarithms of each predictor's squared coefficients on the outcomes, as Abadie's own program starts."""
    x = np.column_stack([np.ones(predictors.shape[1]), predictors.T])
    beta = np.linalg.lstsq(x, outcomes.T, rcond=None)[0][1:]
    size = (beta**2).sum(axis=1)
    return np.asarray(np.log(np.maximum(size / max(size.sum(), 1e-300), 1e-8)))
