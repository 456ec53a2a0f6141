"""Learn from past checks which self-scores will not survive one, and say what that is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.sampling.risk import evidence
from perfkit.sampling.risk.history import FEWEST_CHECKS, FEWEST_OF_A_KIND, WHERE, Known, fail_if_unfit

Codes = npt.NDArray[np.int64]
FOLDS = 5
_SCHEMES = {
    "time": ("predicted from earlier years", "由以前年度预测"),
    "department": ("predicted from other departments", "由其他部门预测"),
    "unit": ("predicted from other units", "由其他单位预测"),
}


@dataclass(frozen=True)
class RiskModel:
    """A model that predicts the risk of a self-score not to survive a check, with the evidence for it.

    Parameters
    ----------
    chosen
        ``logistic`` or ``boosting``: the smaller log loss on checks not seen.
    scheme
        How they were not seen: ``time`` (predicted from earlier years), ``department`` (from other departments) or
        ``unit`` (from other units).
    evidence
        One row a model: ``model, n, failures, auc, auc_low, auc_high, brier, log_loss, slope, intercept`` and the
        figures of :func:`perfkit.sampling.risk.evidence.gain`.
    reliability
        Predicted and observed share of failures in five groups of like risk, of the chosen model.
    features
        What it learned from.
    """

    chosen: str
    scheme: str
    evidence: pd.DataFrame
    reliability: pd.DataFrame
    features: tuple[str, ...]
    known: Known
    fitted: Any

    def risk(self, frame: pd.DataFrame) -> pd.Series:
        """Return the predicted risk of each unit of a table ``frame``, 0 to 1, by unit_id.

        Raises
        ------
        SampleError
            If the frame lacks a column the model learned from.
        """
        lacking = [name for name in ("unit_id", *self.known.extra) if name not in frame]
        fail_if_any(
            SampleError, "frame 抽样框", [Problem(("a column is missing", "缺少列"), name) for name in lacking]
        )
        with _one_thread():
            values = self.fitted.predict_proba(self.known.features(frame)[list(self.features)])[:, 1]
        return pd.Series(values, index=pd.Index(frame["unit_id"], name="unit_id"), name="risk")

    @property
    def sentence(self) -> tuple[str, str]:
        """What the model is worth over plain random, as a (Chinese, English) pair."""
        row = self.evidence.set_index("model").loc[self.chosen]
        en_scheme, zh_scheme = _SCHEMES[self.scheme]
        share, capture, by_size, ratio = (
            _percent(row["capture_random"]),
            _percent(row["capture"]),
            _percent(row["capture_pps"]),
            f"{row['se_ratio']:.2f}",
        )
        points = [f"{100 * row[name]:.1f}" for name in ("gain", "gain_low", "gain_high")]
        zh = (
            f"在 {row['n']:.0f} 个以往抽评单位（其中 {row['failures']:.0f} 个自评不实）上作样本外检验"
            f"（{zh_scheme}）：抽查风险最高的 {share} 可发现不实自评的 {capture}，纯随机抽取为 {share}，"
            f"提高 {points[0]} 个百分点（95% 区间 {points[1]} 至 {points[2]}）；"
            f"按风险不等概率抽取可发现 {by_size}，不实总数估计的标准误为纯随机的 {ratio} 倍。"
        )
        en = (
            f"On {row['n']:.0f} past checks ({row['failures']:.0f} failures), {en_scheme}: checking the {share} of "
            f"highest risk finds {capture} of the failures, plain random {share}, a gain of {points[0]} points "
            f"(95% interval {points[1]} to {points[2]}); drawing with chances by risk finds {by_size}, and the "
            f"standard error of the estimated failures is {ratio} times that of plain random."
        )
        if row["gain_low"] <= 0:
            zh += "该提高不显著，不宜据此抽样。"
            en += " The gain is not significant: there is no reason to draw by this risk."
        return zh, en


def learn(
    history: pd.DataFrame,
    *,
    share: float,
    cut_offs: Sequence[float] = (),
    extra: Sequence[str] = (),
    floor: float = 0.2,
    exponent: float = 0.5,
    seed: int = 0,
) -> RiskModel:
    """Learn from past checks which self-scores will not survive one.

    Parameters
    ----------
    history
        What :func:`past_checks` returns, of one year or of several put together.
    share
        Of the units that the budget lets be checked: at that sample the gain is stated.
    cut_offs
        Points at which the grades begin.
    extra
        Columns of the frame to learn from beside self-score, its distance to the cut-offs, self-grade, budget (log),
        spent / budget, department, type of funds, and what a check of the year before found.
    floor, exponent
        Of the size measure whose sample the gain is stated for: see :func:`size_from_risk`.
    seed
        Of folds and bootstrap.

    Returns
    -------
    RiskModel
        The better of a logistic regression and of gradient boosting with calibrated probabilities.

    Raises
    ------
    SampleError
        If there are fewer than 50 past checks, fewer than 10 failures or 10 others, or if a column tells the outcome.

    Notes
    -----
    Both models are judged by predictions for checks they have not seen: year by year from the years before if the
    history lets them be learned, else department by department, else in five parts. Picking the better of two by the
    same predictions flatters it slightly. The model that is returned has learned from all of the history. Past checks
    of recommended units are no random sample: what they say of the others is as good as the features are complete,
    which is why the inference never rests on the predicted risk, only the chances of the draw do.

    A check in the same year of the same unit appears once; a unit checked in several years appears in each of them.
    """
    known = Known(tuple(cut_offs), tuple(extra))
    _fail_if_no_share(share)
    history = history.reset_index(drop=True)
    fail_if_unfit(history, known)
    failed = history["failed"].to_numpy(dtype=bool)
    all_features = known.features(history)
    features = tuple(name for name in all_features if len(all_features[name].dropna().unique()) > 1)
    if not features:
        what = ("there is no column to learn from", "没有可供学习的列")
        fail_if_any(SampleError, WHERE, [Problem(what, do=("give the frame's columns", "请提供抽样框各列"))])
    x = all_features[list(features)]
    scheme, fold, parts = _folds(history, failed, seed)
    makers = {"logistic": _logistic, "boosting": _boosting}
    with _one_thread():
        risks = {name: _unseen(make, x, failed, parts, seed) for name, make in makers.items()}
    rows = [
        {"model": name, **_judged(failed, risk, fold, share, floor, exponent, seed)} for name, risk in risks.items()
    ]
    table = pd.DataFrame(rows)
    chosen = str(table.loc[table["log_loss"].idxmin(), "model"])
    seen = fold >= 0
    with _one_thread():
        fitted = makers[chosen](x, seed).fit(x, failed)
    believed = evidence.reliability(failed[seen], risks[chosen][seen])
    return RiskModel(chosen, scheme, table, believed, features, known, fitted)


def size_from_risk(risk: pd.Series, *, floor: float = 0.2, exponent: float = 0.5) -> pd.Series:
    r"""Return a size measure from predicted risks that leaves every unit a chance.

    Parameters
    ----------
    risk
        Predicted risks, 0 to 1.
    floor
        Least size relative to the riskiest unit's, above 0 and up to 1: the largest size is at most 1 / ``floor``
        times the smallest, and no chance falls below ``floor`` times that of plain random sampling.
    exponent
        0.5 makes the estimate of the number of failures as precise as risk can make it; 1 puts more of the sample
        where the risk is, which finds more failures and estimates hardly better than plain random.

    Returns
    -------
    Series
        Sizes from ``floor`` to 1, rounded to six decimals: they belong in the frame from which the sample is drawn,
        so that a draw is verified from the frame and never from the model.

    Raises
    ------
    SampleError
        If a risk is missing or out of range, or floor or exponent is.

    Notes
    -----
    max(floor, (risk / largest risk) ** exponent). With y = 1 for a failure of probability p the expected
    variance of the Horvitz-Thompson total is :math:`\sum p / \pi` less what does not depend on the chances: smallest
    with :math:`\pi \propto \sqrt p`, and with :math:`\pi \propto p` no smaller than with equal chances. Inference
    rests on the inclusion probabilities of the draw and is unbiased however wrong the model is.

    Examples
    --------
    >>> size_from_risk(pd.Series([0.0, 0.16, 0.64])).tolist()
    [0.2, 0.5, 1.0]
    """
    values = risk.to_numpy(dtype=float)
    problems = [
        Problem(
            ("a risk is missing or not between 0 and 1", "风险缺失或不在 0 至 1 之间"),
            str(risk.index[at]),
            column="risk",
        )
        for at in np.flatnonzero(~((values >= 0) & (values <= 1))).tolist()
    ]
    for name, given, low in (("floor", floor, 0.0), ("exponent", exponent, 0.0)):
        if not low < given <= 1:
            what = ("an argument is out of range", "参数超出范围")
            problems.append(Problem(what, name, "0 < … ≤ 1", f"{given:g}", column=name))
    fail_if_any(SampleError, "risk 风险", problems)
    sizes = _sizes(values, floor, exponent).round(6)
    return pd.Series(sizes, index=risk.index, name="size")


def _sizes(risk: evidence.Floats, floor: float, exponent: float) -> evidence.Floats:
    largest = risk.max(initial=0.0)
    return np.maximum((risk / largest) ** exponent, floor) if largest > 0 else np.ones(len(risk))


def _unseen(
    make: Callable[[pd.DataFrame, int], Any],
    x: pd.DataFrame,
    failed: evidence.Flags,
    parts: list[tuple[Codes, Codes]],
    seed: int,
) -> evidence.Floats:
    """Return the risk of each check predicted by a model that has not seen it, NaN where none was made."""
    risk = np.full(len(failed), np.nan)
    for train, test in parts:
        seen = x.iloc[train]
        risk[test] = make(seen, seed).fit(seen, failed[train]).predict_proba(x.iloc[test])[:, 1]
    return risk


def _judged(
    failed: evidence.Flags, risk: evidence.Floats, fold: Codes, share: float, floor: float, exponent: float, seed: int
) -> dict[str, float]:
    from sklearn.metrics import log_loss

    seen = fold >= 0
    y, p = failed[seen], risk[seen]
    area, low, high = evidence.auc(y, p)
    slope, intercept = evidence.calibration(y, p)
    return {
        "n": len(y),
        "failures": int(y.sum()),
        "auc": area,
        "auc_low": low,
        "auc_high": high,
        "brier": float(((p - y) ** 2).mean()),
        "log_loss": float(log_loss(y, p)),
        "slope": slope,
        "intercept": intercept,
        **evidence.gain(y, p, fold[seen], share, lambda risk: _sizes(risk, floor, exponent), seed=seed),
    }


def _folds(history: pd.DataFrame, failed: evidence.Flags, seed: int) -> tuple[str, Codes, list[tuple[Codes, Codes]]]:
    """Return how checks are kept unseen, the fold of each row (-1: only learned from), and the parts."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    scheme, parts = "time", _forward(history, failed)
    if not parts:
        rows = np.zeros((len(failed), 1))
        departments = history.get("department", pd.Series(index=history.index, dtype=object)).fillna("").astype(str)
        if departments.nunique() >= FOLDS:
            splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
            scheme, split = "department", splitter.split(rows, failed, departments)
        else:
            scheme, split = "unit", StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(rows, failed)
        parts = [part for part in split if len(set(failed[part[0]])) == 2]
    fold = np.full(len(failed), -1, dtype=np.int64)
    for number, (_, test) in enumerate(parts):
        fold[test] = number
    return scheme, fold, parts


def _forward(history: pd.DataFrame, failed: evidence.Flags) -> list[tuple[Codes, Codes]]:
    """Return the last years that can be predicted from the years before them; none if too little is predicted."""
    if "year" not in history or history["year"].isna().any():
        return []
    year = history["year"].to_numpy(dtype=int)
    parts = [(np.flatnonzero(year < each), np.flatnonzero(year == each)) for each in np.unique(year)]
    parts = [part for part in parts if _enough(failed[part[0]])][-FOLDS:]
    tested = np.concatenate([test for _, test in parts]) if parts else np.empty(0, dtype=int)
    return parts if _enough(failed[tested]) else []


def _enough(failed: evidence.Flags) -> bool:
    rarer = min(int(failed.sum()), int((~failed).sum()))
    return len(failed) >= FEWEST_CHECKS and rarer >= FEWEST_OF_A_KIND


def _parts(x: pd.DataFrame) -> tuple[list[str], list[str]]:
    numbers = [name for name in x if pd.api.types.is_numeric_dtype(x[name])]
    return numbers, [name for name in x if name not in numbers]


def _logistic(x: pd.DataFrame, seed: int) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers, texts = _parts(x)
    filled = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    )
    rare = OneHotEncoder(min_frequency=FEWEST_OF_A_KIND, handle_unknown="infrequent_if_exist", sparse_output=False)
    columns = ColumnTransformer([("numbers", filled, numbers), ("texts", rare, texts)])
    return make_pipeline(columns, LogisticRegression(max_iter=2000, random_state=seed))


def _boosting(x: pd.DataFrame, seed: int) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    numbers, texts = _parts(x)
    codes = OrdinalEncoder(
        min_frequency=FEWEST_OF_A_KIND, max_categories=200, handle_unknown="use_encoded_value", unknown_value=np.nan
    )
    columns = ColumnTransformer([("numbers", "passthrough", numbers), ("texts", codes, texts)])
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=100,
        max_leaf_nodes=8,
        min_samples_leaf=20,
        early_stopping=False,
        categorical_features=np.arange(len(numbers), len(numbers) + len(texts)),
        random_state=seed,
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    return CalibratedClassifierCV(make_pipeline(columns, trees), method="sigmoid", cv=folds)


def _one_thread() -> Any:
    """Return a context in which nothing is computed by several threads.

    A few hundred checks are no work to share: threads that wait for each other on a busy machine take ten times as
    long, and one thread adds up in one order.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    return threadpool_limits(1)


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"


def _fail_if_no_share(share: float) -> None:
    if not 0 < share < 1:
        what = ("an argument is out of range", "参数超出范围")
        fail_if_any(SampleError, "risk 风险", [Problem(what, "share", "0 < … < 1", f"{share:g}")])
