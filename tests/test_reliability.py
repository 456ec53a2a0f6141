"""Do the raters agree: published figures, other programs, and what must hold for any ratings."""

import json
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from perfkit import reliability
from perfkit.errors import ScoreError

pytestmark = pytest.mark.filterwarnings("error")

# Shrout & Fleiss (1979), table 2: 6 targets, 4 judges.
SHROUT_FLEISS = pd.DataFrame(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], columns=list("ABCD")
)
SCORES = st.integers(2, 8).flatmap(
    lambda n: st.integers(2, 5).flatmap(lambda k: arrays(int, (n, k), elements=st.integers(0, 6)))
)
LEVELS = ("nominal", "ordinal", "interval", "ratio")
GRADES = ["差", "中", "良", "优"]


def case(shared, name):
    folder = shared / "oracles" / name
    return folder, json.loads((folder / "expected.json").read_text(encoding="utf-8"))


def one(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def explained(frame, *columns):
    """Every missing figure has its reason, in both languages."""
    missing = frame[list(columns)].isna().any(axis=1)
    return bool((~missing | (frame["note_zh"].ne("") & frame["note_en"].ne(""))).all())


def same(left, right):
    numbers = left.select_dtypes("number")
    return np.allclose(numbers, right[numbers.columns], atol=1e-7, equal_nan=True)


# Intraclass correlation


def test_icc_of_table_4():
    # Shrout & Fleiss (1979), table 4.
    found = reliability.icc(SHROUT_FLEISS).set_index("form")["estimate"].round(2)
    published = {"ICC(1,1)": 0.17, "ICC(2,1)": 0.29, "ICC(3,1)": 0.71}
    assert found.to_dict() == {**published, "ICC(1,k)": 0.44, "ICC(2,k)": 0.62, "ICC(3,k)": 0.91}


def test_icc_of_psych(shared):
    # Case icc_shrout_fleiss: psych 2.2.9, R 4.2.2; Shrout & Fleiss (1979).
    folder, expected = case(shared, "icc_shrout_fleiss")
    found = reliability.icc(pd.read_csv(folder / "data.csv", index_col="target"))
    names = {"icc": "estimate", "F": "F", "df1": "df1", "df2": "df2", "lower": "ci_low", "upper": "ci_high"}
    for theirs, ours in names.items():
        assert found[ours].tolist() == pytest.approx(expected[theirs], rel=0, abs=expected["tolerance"]), theirs
    assert found["estimate"].round(2).tolist() == expected["published"]
    words = [f"ICC{form[4]}{'k' if form.endswith('k)') else ''}" for form in found["form"]]
    assert words == expected["types"]
    assert ["consistency" in text for text in found["model_en"]] == [False, False, True] * 2
    assert ["绝对一致" in text for text in found["model_zh"]] == [True, True, False] * 2


def test_targets_that_not_all_rated():
    partly = SHROUT_FLEISS.astype(float)
    partly.loc[[1, 4], "B"] = np.nan
    with pytest.raises(ScoreError, match="missing='drop'") as refused:
        reliability.icc(partly)
    assert [problem.where for problem in refused.value.problems] == ["1", "4"]
    dropped = reliability.icc(partly, missing="drop")
    assert same(dropped, reliability.icc(SHROUT_FLEISS.drop(index=[1, 4])))
    assert set(dropped["targets"]) == {4}


@pytest.mark.parametrize(
    ("ratings", "said"),
    [
        (SHROUT_FLEISS[["A"]], "fewer than 2 raters"),
        (SHROUT_FLEISS.head(1), "fewer than 2 targets"),
        (SHROUT_FLEISS.assign(A="优"), "not a finite number"),
        (SHROUT_FLEISS.assign(A=np.inf), "not a finite number"),
    ],
)
@pytest.mark.parametrize("measure", [reliability.icc, reliability.kendall_w])
def test_ratings_that_cannot_be_compared(measure, ratings, said):
    with pytest.raises(ScoreError, match=said):
        measure(ratings)


def test_an_unknown_word_is_refused():
    with pytest.raises(ScoreError, match="missing must be one of refuse, drop"):
        reliability.icc(SHROUT_FLEISS, missing="ignore")
    with pytest.raises(ScoreError, match="level must be one of"):
        reliability.krippendorff_alpha(SHROUT_FLEISS, "cardinal")


def test_icc_of_raters_who_say_the_same():
    found = reliability.icc(pd.DataFrame({"a": [0.1, 0.2, 0.7], "b": [0.1, 0.2, 0.7]}))
    assert found[["estimate", "ci_low", "ci_high"]].eq(1).all(axis=None)
    assert np.isinf(found["F"]).all()
    assert found["p"].eq(0).all()


def test_icc_of_raters_a_step_apart():
    # The order is the same, the level is not: consistent, not in agreement.
    found = reliability.icc(pd.DataFrame({"a": [0.1, 0.2, 0.7], "b": [1.1, 1.2, 1.7]})).set_index("form")
    assert found.loc["ICC(3,1)", "estimate"] == 1
    assert found.loc["ICC(2,1)", "estimate"] < 0.5
    assert explained(found, "estimate", "ci_low")


@pytest.mark.parametrize("table", [[[3, 3], [3, 3]], [[3, 4], [3, 4]], [[1, 2], [2, 1]], [[0.1] * 3] * 3])
def test_icc_of_targets_with_the_same_mean(table):
    found = reliability.icc(pd.DataFrame(table))
    assert found["estimate"].isna().all()
    assert found["note_en"].str.startswith("the targets have the same mean").all()


@settings(max_examples=60)
@given(SCORES)
def test_icc_is_defined_or_explained(scores):
    found = reliability.icc(pd.DataFrame(scores))
    assert explained(found, "estimate", "F", "p", "ci_low", "ci_high")
    assert not (found["estimate"] > 1 + 1e-9).any()
    limits = found.dropna(subset=["ci_low"])
    assert (limits["ci_low"] <= limits["estimate"] + 1e-9).all()
    assert (limits["estimate"] <= limits["ci_high"] + 1e-9).all()


@settings(max_examples=60)
@given(SCORES, st.randoms(), st.sampled_from([0.5, 3.0, -2.0]), st.integers(-20, 20))
def test_icc_does_not_hang_on_order_or_units(scores, random, scale, shift):
    rows, columns = list(range(len(scores))), list(range(scores.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    left, right = (reliability.icc(pd.DataFrame(x)) for x in (scores, scores[rows][:, columns] * scale + shift))
    assert same(left, right)


@settings(max_examples=40)
@given(SCORES, st.integers(1, 9))
def test_consistency_forgives_a_severe_rater(scores, step):
    moved = scores.copy()
    moved[:, 0] -= step
    kept = reliability.icc(pd.DataFrame(scores)).query("form.str.startswith('ICC(3')")
    found = reliability.icc(pd.DataFrame(moved)).query("form.str.startswith('ICC(3')")
    assert same(kept, found)


# Kendall's W


def test_kendall_of_irr(shared):
    # Case kendall_w_anxiety: R irr 0.84.1 kendall(anxiety, TRUE), icc(anxiety, twoway, agreement); pingouin.
    folder, expected = case(shared, "kendall_w_anxiety")
    data = pd.read_csv(folder / "data.csv")
    found, published, verified = one(reliability.kendall_w(data)), expected["published"], expected["verified"]
    assert round(found["w"], 2) == published["Wt"]
    assert round(found["chi2"], 1) == published["chisq"]
    assert found["df"] == published["df"]
    assert round(found["p"], 4) == published["p"]
    ours = {"w": "W_tie_corrected", "chi2": "chisq", "p": "p", "w_uncorrected": "W_uncorrected"}
    for name, theirs in ours.items():
        assert found[name] == pytest.approx(verified[theirs], rel=5e-10), name
    assert found["chi2"] == pytest.approx(verified["friedman_chi2_scipy"], rel=5e-10)
    assert found["w"] == pytest.approx(verified["W_from_friedman"], rel=5e-10)
    agreement = reliability.icc(data).set_index("form").loc["ICC(2,1)", "estimate"]
    assert agreement == pytest.approx(verified["ICC2"], rel=5e-10)
    assert round(agreement, 3) == published["ICC_A1"]


def test_kendall_beside_scipy():
    from scipy import stats

    found = one(reliability.kendall_w(SHROUT_FLEISS))
    friedman = stats.friedmanchisquare(*SHROUT_FLEISS.to_numpy())
    assert (found["chi2"], found["p"]) == pytest.approx((friedman.statistic, friedman.pvalue))
    between = stats.spearmanr(SHROUT_FLEISS).statistic[np.triu_indices(4, 1)]
    assert found["mean_spearman"] == pytest.approx(between.mean())


def test_a_rater_who_ranks_nothing():
    found = one(reliability.kendall_w(SHROUT_FLEISS.assign(D=5)))
    assert 0 < found["w"] < 1
    assert np.isnan(found["mean_spearman"])
    assert found["note_en"] == "1 of the raters put all targets alike"
    alike = one(reliability.kendall_w(SHROUT_FLEISS * 0))
    assert np.isnan(alike["w"])
    assert alike["note_en"].startswith("all ratings are the same")


@settings(max_examples=60)
@given(SCORES, st.randoms())
def test_only_the_order_counts_for_w(scores, random):
    rows, columns = list(range(len(scores))), list(range(scores.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    left = reliability.kendall_w(pd.DataFrame(scores))
    assert same(left, reliability.kendall_w(pd.DataFrame(scores[rows][:, columns] ** 3 + 1)))
    assert explained(left, "w", "chi2", "p", "mean_spearman")
    assert not (left["w"] > 1 + 1e-9).any()


@given(st.permutations(range(6)))
def test_w_is_one_when_all_rank_alike(order):
    found = one(reliability.kendall_w(pd.DataFrame({"a": order, "b": order, "c": order})))
    assert (found["w"], found["mean_spearman"]) == pytest.approx((1, 1))


# Krippendorff's alpha


@pytest.mark.parametrize("level", LEVELS)
def test_alpha_of_krippendorff(shared, level):
    # Case krippendorff_alpha: Krippendorff (2011), 4 observers x 12 units; krippendorff 0.9.0.
    folder, expected = case(shared, "krippendorff_alpha")
    typed = pd.DataFrame(expected["data_raters_by_units"]).T
    found = one(reliability.krippendorff_alpha(pd.read_csv(folder / "data.csv").T, level))
    assert found["alpha"] == pytest.approx(expected["alpha"][level], rel=0, abs=expected["tolerance"])
    assert round(found["alpha"], 3) == expected["published"][level]
    assert one(reliability.krippendorff_alpha(typed, level))["alpha"] == found["alpha"]
    assert (found["targets"], found["ratings"]) == (11, 40)
    assert found["note_en"] == "no interval was asked for"


def test_alpha_of_labels():
    codes = SHROUT_FLEISS // 3
    labels = codes.replace({0: "差", 1: "中", 2: "良", 3: "优"})
    left, right = (one(reliability.krippendorff_alpha(x))["alpha"] for x in (codes, labels))
    assert left == pytest.approx(right)


@pytest.mark.parametrize("level", LEVELS)
def test_alpha_interval_has_a_seed(level):
    shuffled = SHROUT_FLEISS.sample(frac=1, random_state=3)[list("CADB")]
    left = reliability.krippendorff_alpha(SHROUT_FLEISS, level, bootstrap=50, seed=7)
    assert same(left, reliability.krippendorff_alpha(shuffled, level, bootstrap=50, seed=7))
    assert not same(left, reliability.krippendorff_alpha(SHROUT_FLEISS, level, bootstrap=50, seed=8))
    assert (left["ci_low"] <= left["alpha"]).all()
    assert (left["alpha"] <= left["ci_high"]).all()


def test_alpha_interval_covers():
    # 100 samples of 60 targets from one population of scores: about 95 intervals hold its alpha.
    random = np.random.default_rng(1)
    true = random.normal(size=(20_000, 1)) + random.normal(size=(20_000, 2))
    alpha = one(reliability.krippendorff_alpha(pd.DataFrame(true), "interval"))["alpha"]
    found = [
        one(reliability.krippendorff_alpha(pd.DataFrame(part), "interval", bootstrap=100))
        for part in np.split(true[:6000], 100)
    ]
    assert sum(each["ci_low"] <= alpha <= each["ci_high"] for each in found) >= 85


def test_alpha_is_refused_or_explained():
    with pytest.raises(ScoreError, match="no target has two ratings"):
        reliability.krippendorff_alpha(pd.DataFrame({"a": [1, None], "b": [None, 2]}))
    with pytest.raises(ScoreError, match="fewer than 2 raters"):
        reliability.krippendorff_alpha(SHROUT_FLEISS[["A"]])
    with pytest.raises(ScoreError, match="no values below zero"):
        reliability.krippendorff_alpha(SHROUT_FLEISS - 5, "ratio")
    with pytest.raises(ScoreError, match="not a finite number"):
        reliability.krippendorff_alpha(SHROUT_FLEISS.astype(str) + "分", "interval")
    alike = one(reliability.krippendorff_alpha(SHROUT_FLEISS * 0, "ratio", bootstrap=9))
    assert np.isnan(alike["alpha"])
    assert alike["draws"] == 0
    assert alike["note_zh"] == "全部评分相同，系数没有定义"


@settings(max_examples=60)
@given(SCORES, st.sampled_from(LEVELS), st.randoms())
def test_alpha_does_not_hang_on_order_or_units(scores, level, random):
    rows, columns = list(range(len(scores))), list(range(scores.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    # What each level allows: any renaming, any rising function, any line, any unit.
    change = {"nominal": lambda x: 5 - x, "ordinal": lambda x: x**3, "interval": lambda x: 3 - 2 * x}
    moved = change.get(level, lambda x: 4 * x)(scores[rows][:, columns])
    left = reliability.krippendorff_alpha(pd.DataFrame(scores), level)
    assert same(left, reliability.krippendorff_alpha(pd.DataFrame(moved), level))
    assert explained(left, "alpha", "ci_low")
    assert not (left["alpha"] > 1 + 1e-9).any()


@given(st.lists(st.integers(0, 9), min_size=2, max_size=9), st.integers(2, 4), st.sampled_from(LEVELS))
def test_alpha_is_one_for_raters_who_say_the_same(scores, raters, level):
    found = one(reliability.krippendorff_alpha(pd.DataFrame([scores] * raters).T, level))
    assert found["alpha"] == 1 if len(set(scores)) > 1 else np.isnan(found["alpha"])


# Kappa


def pairs(table, names):
    cells = [(names[i], names[j]) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return (pd.Series(side) for side in zip(*cells, strict=True))


def test_kappa_of_sas():
    # SAS PROC FREQ, printed in the tests of statsmodels 0.14 (test_inter_rater.py, table10).
    first, second = pairs([[0, 4, 1], [0, 8, 0], [0, 1, 5]], GRADES)
    columns = ["kappa", "se", "ci_low", "ci_high", "z"]
    printed = {"none": [0.4842, 0.1380, 0.2137, 0.7547, 3.2626], "linear": [0.4701, 0.1457, 0.1845, 0.7558, 3.2971]}
    for weights, figures in printed.items():
        found = one(reliability.weighted_kappa(first, second, categories=GRADES[:3], weights=weights))
        assert found[columns].astype(float).round(4).tolist() == figures
    assert round(found["p"], 4) == 0.0010


def test_kappa_of_self_and_spot_check(shared):
    # Case spotcheck_vs_selfscore: survey 4.1.1, R 4.2.2, design weights.
    folder, expected = case(shared, "spotcheck_vs_selfscore")
    sample = pd.read_csv(folder / "spotcheck_sample.csv").set_index("id")
    assert expected["grade_levels"] == GRADES
    by_second = sample.sample(frac=1, random_state=1)
    found = one(
        reliability.weighted_kappa(
            sample["g_self"], by_second["g_spot"], categories=GRADES, sample_weights=by_second["weight"]
        )
    )
    assert found["kappa"] == pytest.approx(expected["weighted_kappa_quadratic_design"], abs=expected["tolerance"])
    assert found["agreement"] == pytest.approx(expected["agreement"], abs=expected["tolerance"])
    assert np.isnan(found["se"])
    assert "design weights" in found["note_en"]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(GRADES), st.sampled_from(GRADES)), min_size=2, max_size=30),
    st.sampled_from(["quadratic", "linear", "none"]),
)
def test_kappa_beside_scikit_learn(rows, weights):
    from sklearn.metrics import cohen_kappa_score

    first, second = (pd.Series(side) for side in zip(*rows, strict=True))
    frame = reliability.weighted_kappa(first, second, categories=GRADES, weights=weights)
    assert explained(frame, "kappa", "se", "ci_low", "ci_high", "z", "p")
    found = one(frame)
    if len({*first, *second}) > 1:
        theirs = cohen_kappa_score(first, second, labels=GRADES, weights=None if weights == "none" else weights)
        assert found["kappa"] == pytest.approx(theirs)
    else:
        assert np.isnan(found["kappa"])
    swapped = reliability.weighted_kappa(second, first, categories=GRADES[::-1], weights=weights)
    assert same(frame, swapped)
    ones = pd.Series(2.5, index=first.index)
    weighted = reliability.weighted_kappa(first, second, categories=GRADES, weights=weights, sample_weights=ones)
    assert same(frame[["kappa", "agreement"]], weighted)


def test_kappa_drops_only_when_told():
    first, second = pd.Series(["优", None, "良", "中"]), pd.Series(["优", "良", "中", "中"])
    with pytest.raises(ScoreError, match="a rating is missing"):
        reliability.weighted_kappa(first, second, categories=GRADES)
    assert one(reliability.weighted_kappa(first, second, categories=GRADES, missing="drop"))["targets"] == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"categories": ["优", "良"]}, "grades outside the categories"),
        ({"categories": ["优"]}, "two or more"),
        ({"categories": ["优", "良", "中", "优"]}, "each once"),
        ({"weights": "cubic"}, "weights must be one of"),
        ({"sample_weights": pd.Series([1, 0, 1])}, "weights must be numbers above zero"),
        ({"sample_weights": pd.Series([1, None, 1])}, "weights must be numbers above zero"),
        ({"second": pd.Series(["优", "良", "中"], index=[0, 1, 3])}, "do not rate the same targets"),
        ({"second": pd.Series(["优", "良", "中"], index=[0, 1, 1])}, "do not rate the same targets"),
    ],
)
def test_kappa_is_refused(change, said):
    grades = pd.Series(["优", "良", "中"])
    with pytest.raises(ScoreError, match=said):
        reliability.weighted_kappa(**{"first": grades, "second": grades, "categories": GRADES, **change})


def test_fleiss_kappa_of_psychiatrists():
    # Fleiss (1971), table 1: 30 subjects, 6 raters, 5 diagnoses, kappa .430; the rows as typed in statsmodels' tests.
    rows = "444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333 144444 224445"
    rows += (
        " 333335 111455 111112 224444 133555 555555 244444 224555 114444 144445 222224 111155 224444 133333 555555"
    )
    found = one(reliability.fleiss_kappa(pd.DataFrame([list(row) for row in rows.split()])))
    assert round(found["kappa"], 3) == 0.430
    assert (found["targets"], found["raters"], found["categories"]) == (30, 6, 5)


def test_fleiss_kappa_without_differences():
    alike = one(reliability.fleiss_kappa(SHROUT_FLEISS * 0))
    assert np.isnan(alike["kappa"])
    assert alike["note_en"].startswith("all ratings are the same")
    with pytest.raises(ScoreError, match="a rating is missing"):
        reliability.fleiss_kappa(SHROUT_FLEISS.mask(SHROUT_FLEISS == 9))


# Limits of agreement


def test_limits_of_bland_and_altman(shared):
    # Case bland_altman_pefr: Bland & Altman (1986), peak flow; R 4.2.2.
    folder, expected = case(shared, "bland_altman_pefr")
    data = pd.read_csv(folder / "pefr.csv")
    found = one(reliability.bland_altman(data["wright"], data["mini"]))
    figures = {"n": "n", "bias": "mean_diff", "sd": "sd", "se_limit": "se_loa", "concordance": "lin_ccc"}
    figures |= {"t": "paired_t", "p": "paired_p", "wilcoxon_p": "wilcoxon_p", "deming_slope": "deming_slope"}
    for ours, theirs in figures.items():
        assert found[ours] == pytest.approx(expected[theirs], rel=0, abs=expected["tolerance"]), ours
    assert found[["lower", "upper"]].tolist() == pytest.approx(expected["loa_1_96"], abs=expected["tolerance"])
    assert found[["bias_low", "bias_high"]].tolist() == pytest.approx(expected["ci_mean"], abs=expected["tolerance"])
    mean, sd = round(found["bias"], 1), round(found["sd"], 1)
    assert {"mean": mean, "sd": sd} == expected["published"]
    # The paper takes the limits from the printed mean and deviation.
    assert [round(mean - 2 * sd, 1), round(mean + 2 * sd, 1)] == expected["loa_2sd_published"]
    two = one(reliability.bland_altman(data["wright"], data["mini"], multiplier=2))
    assert two[["lower", "upper"]].tolist() == pytest.approx(expected["loa_2sd_published"], abs=0.1)


def test_a_bias_that_grows_with_the_score():
    score = pd.Series([60.0, 70, 80, 90, 100])
    found = one(reliability.bland_altman(score * 1.1, score + pd.Series([0.1, -0.1, 0, 0.1, -0.1])))
    assert found["slope_low"] > 0
    assert found["slope_p"] < 0.001


@pytest.mark.parametrize(
    ("first", "second", "missing"),
    [
        ([0.3, 0.4, 0.8], [0.1, 0.2, 0.6], ["t", "p", "wilcoxon_p", "slope_p"]),
        ([1, 2, 3], [1, 2, 3], ["t", "p", "wilcoxon_p", "slope_p"]),
        ([0.1] * 3, [0.1] * 3, ["t", "p", "wilcoxon_p", "slope_p", "slope", "concordance", "deming_slope"]),
        ([0.1] * 3, [0.7] * 3, ["t", "p", "wilcoxon_p", "slope_p", "slope", "deming_slope"]),
        ([0.1] * 3, [0.7, 0.2, 0.3], ["deming_slope"]),
        ([1, 2, 3], [3, 2, 1], ["slope", "slope_p"]),
    ],
)
def test_scores_without_spread(first, second, missing):
    frame = reliability.bland_altman(pd.Series(first), pd.Series(second))
    found = one(frame)
    assert found[missing].isna().all()
    assert found[["bias", "sd", "lower", "upper", "bias_low"]].notna().all()
    assert found["note_en"]


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ([1, 2, None], "a rating is missing"),
        ([1, 2, "x"], "not a finite number"),
        ([1, 2], "do not rate the same targets"),
    ],
)
def test_scores_that_cannot_be_compared(second, said):
    with pytest.raises(ScoreError, match=said):
        reliability.bland_altman(pd.Series([1, 2, 3]), pd.Series(second))
    with pytest.raises(ScoreError, match="fewer than 3"):
        reliability.bland_altman(pd.Series([1, 2, 3]), pd.Series([1, 2, None]), missing="drop")


@settings(max_examples=60)
@given(arrays(int, st.tuples(st.integers(3, 9), st.just(2)), elements=st.integers(0, 9)), st.integers(-9, 9))
def test_limits_move_with_the_scores(scores, shift):
    first, second = (pd.Series(side) for side in scores.T)
    frame = reliability.bland_altman(first, second)
    assert explained(frame, *[name for name in frame.columns if not name.startswith("note")])
    there, back = one(frame), one(reliability.bland_altman(second, first))
    turned = [-back["bias"], -back["upper"], -back["lower"], -back["bias_high"], back["sd"]]
    assert there[["bias", "lower", "upper", "bias_low", "sd"]].tolist() == pytest.approx(turned)
    moved = one(reliability.bland_altman(2 * first + shift, 2 * second))
    assert moved["bias"] == pytest.approx(2 * there["bias"] + shift)
    assert moved["sd"] == pytest.approx(2 * there["sd"])


# Severity


def long(scores, dropped=()):
    cells = [(f"p{i}", f"e{j}", float(x)) for (i, j), x in np.ndenumerate(scores) if (i, j) not in dropped]
    return pd.DataFrame(cells, columns=["unit_id", "expert_id", "points"])


UNBALANCED = long(SHROUT_FLEISS, {(0, 0), (1, 2), (3, 1), (3, 2), (5, 3)})


def test_severity_where_all_rate_all():
    raters, targets = reliability.leniency(long(SHROUT_FLEISS)), reliability.adjusted_means(long(SHROUT_FLEISS))
    means = SHROUT_FLEISS.mean()
    assert raters["severity"].tolist() == pytest.approx((means.mean() - means).tolist())
    assert targets["adjusted"].tolist() == pytest.approx(targets["mean"].tolist())
    # Shrout & Fleiss (1979), table 3: EMS = 1.02, so the error of an effect is sqrt(EMS (k - 1) / (n k)).
    assert raters["se"].tolist() == pytest.approx([np.sqrt(1.02 * 3 / 24)] * 4, abs=5e-4)


def test_severity_beside_statsmodels():
    import statsmodels.formula.api as smf

    fit = smf.ols("points ~ C(unit_id) + C(expert_id, Sum)", UNBALANCED).fit()
    found = reliability.leniency(UNBALANCED).set_index("expert_id")
    limits = fit.conf_int()
    for rater in ("e0", "e1", "e2"):
        name = f"C(expert_id, Sum)[S.{rater}]"
        assert found.loc[rater, "severity"] == pytest.approx(-fit.params[name])
        assert found.loc[rater, "se"] == pytest.approx(fit.bse[name])
        assert found.loc[rater, ["ci_low", "ci_high"]].tolist() == pytest.approx([-x for x in limits.loc[name][::-1]])
    without = smf.ols("points ~ C(unit_id) + C(expert_id, Sum) - 1", UNBALANCED).fit()
    targets = reliability.adjusted_means(UNBALANCED)
    assert targets["adjusted"].tolist() == pytest.approx(without.params.iloc[:6].tolist())
    assert targets["se"].tolist() == pytest.approx(without.bse.iloc[:6].tolist())


def test_severity_is_found_again():
    # Each target is seen by two of four raters; without error the effects come back exactly.
    severity, quality = np.array([3.0, -1, 0, -2]), np.array([70.0, 60, 90, 80, 75, 65])
    seen = list(permutations(range(4), 2))
    cells = [(i, r, quality[i] - severity[r]) for i in range(6) for r in seen[2 * i]]
    frame = pd.DataFrame(cells, columns=["project", "judge", "score"])
    names = {"target": "project", "rater": "judge", "points": "score"}
    assert reliability.leniency(frame, **names)["severity"].tolist() == pytest.approx(severity.tolist())
    assert reliability.adjusted_means(frame, **names)["adjusted"].tolist() == pytest.approx(quality.tolist())


@settings(max_examples=40)
@given(SCORES, st.randoms(), st.integers(-9, 9))
def test_severity_does_not_hang_on_order_or_level(scores, random, shift):
    frame = long(scores)
    rows = list(range(len(frame)))
    random.shuffle(rows)
    left = reliability.leniency(frame)
    right = reliability.leniency(frame.iloc[rows].assign(points=lambda x: x["points"] * 2 + shift))
    assert left["severity"].sum() == pytest.approx(0, abs=1e-9)
    assert (left["severity"] * 2).tolist() == pytest.approx(right["severity"].tolist(), abs=1e-9)
    assert (left["se"] * 2).tolist() == pytest.approx(right["se"].tolist(), abs=1e-6)
    moved = reliability.adjusted_means(frame.assign(points=frame["points"] + shift))["adjusted"]
    assert moved.tolist() == pytest.approx((reliability.adjusted_means(frame)["adjusted"] + shift).tolist())


def test_severity_of_many_raters_has_errors():
    # 400 raters, three a target: the null direction must not leak into the errors.
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"unit_id": np.repeat(np.arange(2000), 3), "expert_id": random.integers(0, 400, 6000)})
    frame = frame.drop_duplicates().assign(points=lambda x: random.normal(80, 5, len(x)))
    raters, targets = reliability.leniency(frame), reliability.adjusted_means(frame)
    assert raters["severity"].sum() == pytest.approx(0, abs=1e-8)
    assert raters["se"].between(0.5, 5).all()
    assert targets["se"].between(2, 9).all()
    inside = (raters["ci_low"] <= 0) & (raters["ci_high"] >= 0)
    assert inside.mean() == pytest.approx(0.95, abs=0.03)


def test_one_target_leaves_no_error():
    frame = UNBALANCED[UNBALANCED["unit_id"] == "p2"]
    for found in (reliability.leniency(frame), reliability.adjusted_means(frame)):
        assert found[["se", "ci_low", "ci_high"]].isna().all(axis=None)
        assert explained(found, "se")
    assert reliability.adjusted_means(frame)["adjusted"].tolist() == pytest.approx([6.5])


def test_a_row_without_points_is_not_rated():
    blank = pd.DataFrame([("p0", "e0", None)], columns=UNBALANCED.columns)
    assert same(reliability.leniency(UNBALANCED), reliability.leniency(pd.concat([UNBALANCED.astype(object), blank])))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("p1", "a", 1), ("p2", "a", 2)], "fewer than 2 raters"),
        ([("p1", "a", 1), ("p2", "b", 2)], "share no target"),
        ([("p1", "a", 1), ("p1", "a", 2), ("p1", "b", 2)], "more than once"),
        ([("p1", None, 1), ("p1", "b", 2)], "is missing"),
        ([("p1", "a", "优"), ("p1", "b", "良")], "not a finite number"),
        ([], "fewer than 2 raters"),
    ],
)
@pytest.mark.parametrize("measure", [reliability.leniency, reliability.adjusted_means])
def test_severity_is_refused(measure, rows, said):
    with pytest.raises(ScoreError, match=said):
        measure(pd.DataFrame(rows, columns=["unit_id", "expert_id", "points"]))
