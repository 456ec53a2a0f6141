"""How far a score may be from the true one: the frontier seen lies inside the one there is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perfkit.methods.frontier.programmes import radial
from perfkit.methods.frontier.technology import Floats, Technology

_ROOM = 1e-9


@dataclass(frozen=True)
class Bootstrapped:
    """A score, corrected for the bias of a frontier made of the units seen, with its interval.

    ``low`` to ``high`` lies below ``score``: units that were not seen can only push the frontier out. ``sd`` is that
    of the draws, ``bandwidth`` the one that smoothed them.
    """

    score: float
    corrected: float
    low: float
    high: float
    sd: float
    draws: int
    bandwidth: float


def bootstrap(
    technology: Technology, unit: str, *, draws: int, seed: int, confidence: float = 0.95
) -> Bootstrapped | None:
    r"""Return the bias-corrected score of ``unit`` with its interval; None where every unit is on the frontier.

    Parameters
    ----------
    technology
        The units. A programme a unit is solved, then one a draw.
    unit
        The unit.
    draws, seed, confidence
        Of the bootstrap.

    Raises
    ------
    ScoreError
        If the unit is not there.

    Notes
    -----
    Smoothed homogeneous bootstrap of Simar and Wilson (1998), as they set it out in 2008. :math:`\delta = 1/\theta`
    is drawn from a kernel density of the scores and their reflections at 1, its variance brought back to theirs and
    what falls below 1 reflected; each unit is brought onto the frontier and taken off it by a drawn score, and the
    unit is scored against that. Bandwidth: normal reference of the reflected scores, adjusted for n and spread of
    the scores themselves (Daraio and Simar 2007, section 3.4). Corrected :math:`2\hat\delta - \bar\delta^*`,
    limits :math:`2\hat\delta` less the quantiles of :math:`\delta^*` (Simar and Wilson 2000). It takes inefficiency
    to be the same whatever the size or mix of a unit.
    """
    at = technology.at(unit)
    x, y = technology.x, technology.y
    scores = np.array([radial(x[row], y[row], technology) for row in range(len(x))]).clip(_ROOM, 1.0)
    reflected = np.concatenate([1 / scores, 2 - 1 / scores])
    spread = float(reflected.std(ddof=1))
    if not spread > _ROOM:
        return None
    quartiles = float(np.subtract(*np.percentile(reflected, [75, 25]))) / 1.349
    width = 1.06 * min(spread, quartiles or spread) * len(scores) ** -0.2 * float(np.std(1 / scores, ddof=1)) / spread
    rng = np.random.default_rng(seed)
    made = np.array([_drawn(technology, at, scores, (reflected, spread, width), rng) for _ in range(draws)])
    delta, seen = 1 / scores[at], 1 / made
    lower, upper = 2 * delta - np.quantile(seen, [(1 + confidence) / 2, (1 - confidence) / 2])
    return Bootstrapped(
        score=float(scores[at]),
        corrected=float(1 / (2 * delta - seen.mean())),
        low=float(1 / upper),
        high=float(1 / lower),
        sd=float(made.std(ddof=1)),
        draws=draws,
        bandwidth=float(width),
    )


def _drawn(
    technology: Technology,
    at: int,
    scores: Floats,
    density: tuple[Floats, float, float],
    rng: np.random.Generator,
) -> float:
    """Score the unit against one set of units drawn."""
    x, y = technology.x, technology.y
    reflected, spread, width = density
    picked = rng.choice(reflected, len(scores))
    moved = picked + width * rng.standard_normal(len(scores))
    kept = picked.mean() + (moved - picked.mean()) / np.sqrt(1 + (width / spread) ** 2)
    drawn = 1 / np.where(kept < 1, 2 - kept, kept)
    if technology.orientation == "input":
        other = np.where(technology.free, x * (scores / drawn)[:, None], x)
        return radial(x[at], y[at], technology, other, y)
    return radial(x[at], y[at], technology, x, y * (drawn / scores)[:, None])
