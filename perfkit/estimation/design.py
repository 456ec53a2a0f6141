"""How each row of a sample came in, and what that means for the error of a total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Lonely = Literal["refuse", "centre"]


@dataclass(frozen=True)
class Design:
    """How the rows of a sample came in; arrays of one length, a value a row.

    Parameters
    ----------
    weights
        Units of the population that a row stands for.
    strata, clusters
        Codes from 0 on of the stratum and of the first-stage unit; without stages each row is its own cluster.
    inclusion
        Probability with which the row's first-stage unit came in: 1 is certain, 0 leaves the finite population
        correction out.
    names
        The strata's names, for messages.
    lonely
        What a stratum with one first-stage unit, not certain, means: an error, or its distance from the mean of
        all first-stage units as its spread (``centre``, which overstates the error).
    label
        What estimates say of the weights beside the estimator's name: nothing, unless they are calibrated.
    """

    weights: Floats
    strata: Codes
    clusters: Codes
    inclusion: Floats
    names: tuple[str, ...] = ()
    lonely: Lonely = "refuse"
    label: str = ""

    @classmethod
    def of(cls, sample: pd.DataFrame, lonely: Lonely = "refuse") -> Design:
        """Return the design of the table ``sample``, reserves not among its rows.

        Certain units, recommended or by size, are a stratum of their own: they stand for themselves alone.
        First-stage units of which only some rows were drawn count as drawn with replacement, which overstates the
        error a little where many of them were drawn (the ultimate cluster variance).

        Raises
        ------
        SampleError
            If rows are reserves, or have no weight.
        """
        _fail_if_not_drawn(sample)
        certain = sample["part"].isin(["recommended", "size"]).to_numpy()
        kept_apart = np.where(certain, sample["part"].astype(str), "")
        strata, names = pd.factorize(pd.MultiIndex.from_arrays([sample["stratum"].astype(str), kept_apart]))
        staged = sample["cluster"].notna().to_numpy() if "cluster" in sample else np.zeros(len(sample), dtype=bool)
        inclusion = sample["inclusion"].to_numpy(dtype=float)
        clusters: Codes = np.arange(len(sample), dtype=np.int64)
        if staged.any():
            labels = np.where(staged, sample["cluster"].astype(str), sample["unit_id"].astype(str))
            clusters = pd.factorize(pd.MultiIndex.from_arrays([strata, staged, labels]))[0].astype(np.int64)
            first = sample["cluster_inclusion"].to_numpy(dtype=float)
            # Drawn again within it, a first-stage unit varies by itself: its correction would leave that out.
            again = inclusion < first * (1 - 1e-9)
            inclusion = np.where(staged, np.where(again, 0.0, first), inclusion)
        shown = tuple(" · ".join(filter(None, name)) for name in names)
        return cls(
            sample["weight"].to_numpy(dtype=float), strata.astype(np.int64), clusters, inclusion, shown, lonely
        )

    @classmethod
    def simple(
        cls,
        n: int,
        units: float | None = None,
        *,
        strata: Sequence[object] | None = None,
        sizes: Sequence[float] | None = None,
        lonely: Lonely = "refuse",
    ) -> Design:
        """Return the design of a simple random sample of ``n`` out of ``units``, or of one in each stratum.

        ``strata`` holds each row's stratum and ``sizes`` the units in it; without ``units`` and ``sizes`` the sample
        stands for itself and no finite population correction is made.
        """
        codes, names = pd.factorize(np.zeros(n) if strata is None else pd.Series(strata, dtype=object))
        drawn = np.bincount(codes, minlength=len(names)).astype(float)[codes]
        known = np.full(n, np.nan if units is None else units) if sizes is None else np.asarray(sizes, dtype=float)
        finite = ~np.isnan(known)
        weights = np.where(finite, known / drawn, 1.0)
        inclusion = np.where(finite, drawn / np.where(finite, known, 1.0), 0.0)
        return cls(
            weights, codes.astype(np.int64), np.arange(n, dtype=np.int64), inclusion, tuple(map(str, names)), lonely
        )

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.weights)

    @property
    def df(self) -> int:
        """Degrees of freedom: first-stage units less strata, where not everything is certain."""
        open_ = self.inclusion < 1
        units, strata = (int(np.count_nonzero(np.bincount(codes[open_]))) for codes in (self.clusters, self.strata))
        return units - strata

    @property
    def unclustered(self) -> bool:
        """Whether each row is its own first-stage unit, in their order."""
        return bool(np.array_equal(self.clusters, np.arange(self.n)))

    def part(self, mask: npt.NDArray[np.bool_]) -> Design:
        """Return the design of some of the rows as a sample by themselves (not for domains, which keep all rows)."""
        clusters = np.unique(self.clusters[mask], return_inverse=True)[1].astype(np.int64)
        return Design(self.weights[mask], self.strata[mask], clusters, self.inclusion[mask], self.names, self.lonely)

    def weighted(self, weights: Floats) -> Design:
        """Return the design with other weights, calibrated ones for example."""
        return Design(weights, self.strata, self.clusters, self.inclusion, self.names, self.lonely)

    def covariance(self, z: Floats, weights: Floats | None = None) -> Floats:
        r"""Return the covariance matrix (k x k) of the weighted totals of the columns of ``z`` (rows x k).

        Raises
        ------
        SampleError
            If a stratum has one first-stage unit that is not certain and ``lonely`` is ``refuse``; it names them.

        Notes
        -----
        Deville's estimator over the totals t of the first-stage units, stratum by stratum:
        :math:`(1 - \sum a^2)^{-1} \sum (1 - \pi) (t - \sum a t)^2` with :math:`a = (1 - \pi) / \sum (1 - \pi)`.
        With equal :math:`\pi = n / N` it is the variance of a simple random sample with its finite population
        correction, with :math:`\pi = 0` that of draws with replacement (Deville 1999, Survey Methodology 25-2).

        *Checked against* R survey 4.1.1 (svymean, svytotal) and R sampling 2.9 (varest).

        Examples
        --------
        >>> Design.simple(4, 10).covariance(np.array([[1.0], [2.0], [3.0], [4.0]])).round(6).tolist()
        [[25.0]]
        """
        apart, _ = self._apart(z, weights)
        return np.asarray(apart.T @ apart)

    def observed_df(self, z: Floats) -> Floats:
        r"""Return the degrees of freedom that the spread of ``z`` leaves its variance, a column each.

        Notes
        -----
        Satterthwaite's :math:`2 v^2 / \hat V(v)` (1946, Biometrics Bulletin 2), v the sum of the squared distances of
        first-stage units and its variance from their own spread within strata; never above :attr:`df`. A few large
        units that make up the variance leave few degrees of freedom.

        Examples
        --------
        >>> even, skewed = np.arange(8.0), np.array([1.0, 2, 3, 4, 5, 6, 7, 90])
        >>> Design.simple(8).observed_df(np.column_stack([even, skewed])).round(2).tolist()
        [7.0, 2.75]
        """
        apart, stratum = self._apart(z)
        squares = apart**2
        open_ = self._first_stage(np.ones((self.n, 1)))[2] < 1
        strata = int(stratum.max()) + 1 if len(stratum) else 0
        drawn = np.bincount(stratum[open_], minlength=strata)
        found = []
        for each in squares[open_].T:
            mean = np.bincount(stratum[open_], each, strata) / np.maximum(drawn, 1)
            spread = np.bincount(stratum[open_], (each - mean[stratum[open_]]) ** 2, strata)
            variance = float((spread * drawn / np.maximum(drawn - 1, 1)).sum())
            found.append(min(2 * each.sum() ** 2 / variance if variance > 0 else np.inf, self.df))
        return np.array(found, dtype=float)

    def _apart(self, z: Floats, weights: Floats | None = None) -> tuple[Floats, Codes]:
        """Return the scaled distances whose squares add up to the variance (first-stage units x k), and strata."""
        z = z[:, None] if z.ndim == 1 else z
        totals, stratum, pi = self._first_stage(z * (self.weights if weights is None else weights)[:, None])
        free, a, scale, lonely = self._spreads(stratum, pi)
        centre = np.column_stack([np.bincount(stratum, a * column, len(scale)) for column in totals.T])
        centre[lonely] = totals.mean(axis=0)
        return (totals - centre[stratum]) * np.sqrt(free * scale[stratum])[:, None], stratum

    def variances(self, z: Floats, domains: Codes, k: int) -> tuple[Floats, Floats]:
        """Return variances and observed degrees of freedom of the weighted totals of ``z`` in each of ``k`` domains.

        What :meth:`covariance` has on its diagonal and :meth:`observed_df` for a column a domain, zero outside it,
        without these columns: one pass over the rows whatever ``k``.

        Parameters
        ----------
        z, domains
            A number and the code of a domain (0 to k - 1) a row.
        k
            How many domains.

        Raises
        ------
        SampleError
            As in :meth:`covariance`.

        Examples
        --------
        >>> simple, z = Design.simple(4, 10), np.array([1.0, 2.0, 3.0, 4.0])
        >>> simple.variances(z, np.array([0, 0, 1, 1]), 2)[0].round(6).tolist()
        [13.75, 63.75]
        >>> simple.covariance(np.column_stack([z * [1, 1, 0, 0], z * [0, 0, 1, 1]])).diagonal().round(6).tolist()
        [13.75, 63.75]
        """
        ones, stratum, pi = self._first_stage(np.ones((self.n, 1)))
        free, _, scale, lonely = self._spreads(stratum, pi)
        open_total, open_squares = (np.bincount(stratum, free**power, len(scale))[:, None] for power in (1, 2))
        drawn = np.bincount(stratum, free > 0, len(scale))[:, None]
        y, unit, domain = z * self.weights, self.clusters, domains
        if len(ones) < self.n:
            pairs, at = np.unique(unit * k + domain, return_inverse=True)
            y = np.bincount(at, y, len(pairs)).astype(float)
            unit, domain = pairs // k, pairs % k
            stratum, free = stratum[unit], free[unit]
        cell, shape = stratum * k + domain, (len(scale), k)

        def summed(each: Floats) -> Floats:
            return np.bincount(cell, each, len(scale) * k).reshape(shape).astype(float)

        centre = np.divide(summed(free * y), open_total, out=np.zeros(shape), where=open_total > 0)
        centre[lonely] = np.bincount(domain, y, k) / len(ones)
        inside = free * (y - centre.ravel()[cell]) ** 2
        # Units without a row in the domain lie at zero, as far apart as the centre.
        squares = summed(inside) + (open_total - summed(free)).clip(0) * centre**2
        fourths = summed(inside**2) + (open_squares - summed(free**2)).clip(0) * centre**4
        own = (fourths - squares**2 / np.maximum(drawn, 1)).clip(1e-12 * fourths) * drawn / np.maximum(drawn - 1, 1)
        variance, spread = scale @ squares, scale**2 @ own
        df = np.divide(2 * variance**2, spread, out=np.full(k, np.inf), where=spread > 0)
        return variance, np.minimum(df, self.df)

    def _spreads(self, stratum: Codes, pi: Floats) -> tuple[Floats, Floats, Floats, npt.NDArray[np.bool_]]:
        """Return 1 - pi and a for each first-stage unit, and for each stratum its scale and whether it is lonely."""
        strata = int(stratum.max()) + 1 if len(stratum) else 0
        free = 1 - pi
        open_total = np.bincount(stratum, free, strata)
        a = np.divide(free, open_total[stratum], out=np.zeros_like(free), where=open_total[stratum] > 0)
        lost = np.bincount(stratum, a**2, strata)
        lonely = (open_total > 0) & (1 - lost < 1e-12)
        self._fail_if_lonely(lonely)
        scale = np.divide(1.0, 1 - lost, out=np.ones(strata), where=(open_total > 0) & ~lonely)
        return free, a, scale, lonely

    def _first_stage(self, contributions: Floats) -> tuple[Floats, Codes, Floats]:
        """Return the first-stage units' totals, strata and inclusion probabilities."""
        if self.unclustered:
            return contributions, self.strata, self.inclusion
        size = int(self.clusters.max()) + 1
        totals: Floats = np.column_stack([np.bincount(self.clusters, each, size) for each in contributions.T])
        stratum: Codes = np.zeros(size, dtype=np.int64)
        pi: Floats = np.zeros(size)
        stratum[self.clusters], pi[self.clusters] = self.strata, self.inclusion
        return totals, stratum, pi

    def _fail_if_lonely(self, lonely: npt.NDArray[np.bool_]) -> None:
        if self.lonely == "centre":
            return
        problems = [
            Problem(
                (
                    "one unit was drawn in this stratum: its spread is unknown",
                    "该层只抽取了一个单位，无法估计离散程度",
                ),
                self.names[code] if code < len(self.names) else str(code),
                "≥ 2",
                "1",
                ("join it to another stratum, or say lonely='centre'", "请与相近的层合并，或设 lonely='centre'"),
                column="stratum",
            )
            for code in np.flatnonzero(lonely)
        ]
        fail_if_any(SampleError, "sample 样本", problems)


def _fail_if_not_drawn(sample: pd.DataFrame) -> None:
    unfit = sample["part"].eq("reserve") | sample["weight"].isna() | sample["inclusion"].isna()
    problems = [
        Problem(
            ("a reserve or a row without weight is no part of the sample", "备选或没有权重的行不属于样本"),
            str(unit),
            do=("take reserves out; one that stands in needs a weight", "请先去掉备选；递补的备选须有权重"),
            column="weight",
        )
        for unit in sample.loc[unfit, "unit_id"]
    ]
    fail_if_any(SampleError, "sample 样本", problems)
