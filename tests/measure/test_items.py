"""Which indicators tell units apart: published figures, other programs, and what must hold for any shares."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from perfkit.errors import ScoreError
from perfkit.measure import items

pytestmark = pytest.mark.filterwarnings("error")

SHARES = st.tuples(st.integers(4, 9), st.integers(2, 5)).flatmap(
    lambda shape: arrays(int, shape, elements=st.integers(0, 4)).map(lambda cells: frame(cells / 4))
)
# Ten units; the rest of every indicator has no tie at the third place but where a test says so.
TEN = pd.DataFrame(
    {
        "产出": [1.0, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.0],
        "效益": [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1],
        "满意度": [0.2, 1.0, 0.4, 0.6, 0.5, 0.9, 0.8, 0.7, 0.3, 0.1],
        "合规": [1.0] * 10,
    },
    index=[f"u{i}" for i in range(10)],
)
POINTS = pd.Series({"产出": 40, "效益": 30, "满意度": 20, "合规": 10})
EACH = [
    items.diagnose,
    items.alpha,
    items.alpha_if_dropped,
    items.omega,
    lambda values: items.redundancy(values, 0.95),
    lambda values: items.core_set(values, pd.Series(1.0, index=values.columns.unique())),
]


def frame(cells):
    return pd.DataFrame(cells, columns=[f"c{j}" for j in range(cells.shape[1])])


def one(table):
    assert len(table) == 1
    return table.iloc[0]


def same(left, right):
    pd.testing.assert_frame_equal(left, right, check_exact=False, rtol=0, atol=1e-7)
    return True


def explained(table, *columns):
    """Every missing figure has its reason, in both languages."""
    missing = table[list(columns)].isna().any(axis=1)
    return bool((~missing | (table["note_zh"].ne("") & table["note_en"].ne(""))).all())


def varied(values):
    return values.max() > values.min()


def of(loadings, own, units=40, seed=1):
    """Return data whose sample covariances are exactly those of a one-factor model."""
    k = len(loadings)
    raw = np.random.default_rng(seed).standard_normal((units, k))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw, rowvar=False))).T
    return frame(white @ np.linalg.cholesky(np.outer(loadings, loadings) + np.diag(own)).T)


@pytest.fixture
def attitude(shared):
    """Case cronbach_alpha: R datasets::attitude; psych 2.2.9, R 4.2.2."""
    folder = shared / "oracles" / "cronbach_alpha"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return pd.read_csv(folder / "attitude.csv"), expected


class TestAlpha:
    def test_of_psych(self, attitude):
        data, expected = attitude
        found = one(items.alpha(data))
        pairs = {"alpha": "raw_alpha", "alpha_standardised": "std_alpha", "lambda6": "G6", "average_r": "average_r"}
        for ours, theirs in pairs.items():
            assert found[ours] == pytest.approx(expected[theirs], rel=0, abs=expected["tolerance"]), ours
        feldt = [expected["feldt"]["lower.ci"], expected["feldt"]["upper.ci"]]
        assert [found["ci_low"], found["ci_high"]] == pytest.approx(feldt, rel=0, abs=expected["tolerance"])
        assert (found["n"], found["items"], found["note_en"]) == (30, 7, "")

    def test_of_psych_with_missing_cells(self, attitude):
        data, expected = attitude
        data = data.astype(float)
        for row, column in ((2, 1), (5, 3), (9, 6)):
            data.iloc[row - 1, column - 1] = np.nan
        within = {"rel": 0, "abs": expected["tolerance"]}
        listwise, pairwise = one(items.alpha(data)), one(items.alpha(data, missing="pairwise"))
        assert listwise["alpha"] == pytest.approx(expected["alpha_listwise"], **within)
        assert pairwise["alpha"] == pytest.approx(expected["alpha_pairwise"], **within)
        assert (listwise["n"], pairwise["n"]) == (27, 30)
        assert listwise["note_en"] == "units left out for missing values: 3"
        assert np.isnan(pairwise["ci_low"])
        assert "no interval" in pairwise["note_en"]

    def test_of_psych_without_each(self, attitude):
        data, expected = attitude
        found = items.alpha_if_dropped(data)
        within = {"rel": 0, "abs": expected["tolerance"]}
        assert found["alpha"].tolist() == pytest.approx(expected["alpha_if_dropped"], **within)
        assert found["item_rest"].tolist() == pytest.approx(expected["item_rest_corr"], **within)
        assert found["indicator_id"].tolist() == list(data.columns)

    def test_of_parallel_indicators(self):
        # By hand: k indicators that all correlate r have alpha = k r / (1 + (k - 1) r), Spearman and Brown.
        for k in (2, 3, 6):
            found = one(items.alpha(of([0.6] * k, [0.64] * k)))
            expected = k * 0.36 / (1 + (k - 1) * 0.36)
            assert [found["alpha"], found["alpha_standardised"]] == pytest.approx([expected, expected])
            assert found["average_r"] == pytest.approx(0.36)

    def test_of_an_indicator_twice_is_one(self):
        found = one(items.alpha(TEN[["产出", "效益"]].assign(效益=TEN["产出"])))
        assert [found["alpha"], found["ci_low"], found["ci_high"]] == pytest.approx([1, 1, 1])
        assert np.isnan(found["lambda6"])
        assert "positive definite" in found["note_en"]

    def test_with_a_constant_indicator(self):
        # By hand: it adds nothing to either variance, so that only k changes: alpha * (k/(k-1)) / ((k-1)/(k-2)).
        found, without = one(items.alpha(TEN)), one(items.alpha(TEN.drop(columns="合规")))
        assert found["alpha"] == pytest.approx(without["alpha"] * (4 / 3) / (3 / 2))
        assert found[["alpha_standardised", "lambda6", "average_r"]].isna().all()
        assert "合规" in found["note_zh"]
        assert "合规" in found["note_en"]

    @pytest.mark.parametrize("cells", [[[1, 0], [0, 1], [0.5, 0.5]], [[1, 1], [1, 1], [1, 1]]])
    def test_of_a_sum_without_spread(self, cells):
        table = items.alpha(pd.DataFrame(cells, columns=["a", "b"]))
        assert np.isnan(one(table)["alpha"])
        assert explained(table, "alpha", "alpha_standardised", "ci_low")
        assert "sum of the indicators does not vary" in one(table)["note_en"]

    def test_of_two_indicators_without_one(self):
        table = items.alpha_if_dropped(TEN[["产出", "效益"]])
        assert table["alpha"].isna().all()
        assert explained(table, "alpha")
        expected = stats.pearsonr(TEN["产出"], TEN["效益"]).statistic
        assert table["item_rest"].tolist() == pytest.approx([expected] * 2)

    def test_of_indicators_that_share_no_units(self):
        apart = pd.DataFrame({"a": [1, 2, np.nan, np.nan], "b": [np.nan, np.nan, 1, 3], "c": [1, 2, 3, 5]})
        with pytest.raises(ScoreError, match="too few units have a value of every indicator"):
            items.alpha(apart)
        for each in (items.alpha, items.alpha_if_dropped):
            table = each(apart, missing="pairwise")
            assert table["alpha"].isna().any()
            assert explained(table, "alpha")
            assert "share fewer than two units" in table["note_en"][0]

    def test_pairwise_where_little_is_left(self):
        flat = pd.DataFrame({"a": [1, 2, 3, np.nan], "b": [5, 5, 5, 9], "c": [1, 3, 2, 1]})
        row = one(items.alpha(flat, missing="pairwise"))
        assert np.isfinite(row["alpha"])
        assert np.isnan(row["average_r"])
        assert "no correlation in the units they share" in row["note_en"]
        with pytest.raises(ScoreError, match="too few units have any value"):
            items.alpha(flat * np.nan, missing="pairwise")

    @settings(max_examples=40)
    @given(SHARES, st.randoms(), st.sampled_from([0.25, 3.0]), st.sampled_from([-7.0, 0.5]))
    def test_rows_units_and_zero_do_not_matter(self, shares, random, scale, shift):
        order = list(shares.index)
        random.shuffle(order)
        for each in (items.alpha, items.alpha_if_dropped):
            found = each(shares)
            assert same(found, each(shares.loc[order]))
            assert same(found, each(shares * scale + shift))
            assert explained(found, "alpha")

    @settings(max_examples=60)
    @given(SHARES)
    def test_guttman(self, shares):
        # Guttman (1945): lambda 6 and alpha are both at most one; alpha of listwise and pairwise agree without gaps.
        found = one(items.alpha(shares))
        assert not found["alpha"] > 1 + 1e-9
        assert not found["lambda6"] > 1 + 1e-9
        assert same(
            items.alpha(shares).drop(columns="missing"),
            items.alpha(shares, missing="pairwise").drop(columns="missing"),
        )


class TestOmega:
    @pytest.mark.parametrize(
        "loadings", [[0.9, 0.8, 0.7], [0.5, 0.5, 0.5, 0.5], [0.99, 0.9, 0.6, 0.3, 0.2], [0.9, 0.8, -0.5, 0.4]]
    )
    def test_of_known_loadings(self, loadings):
        loadings = np.array(loadings)
        own, scale = 1 - loadings**2, np.arange(1.0, len(loadings) + 1)
        found = one(items.omega(of(loadings * scale, own * scale**2)))
        for name, at in (("omega", scale), ("omega_standardised", 1.0)):
            common = (loadings * at).sum() ** 2
            assert found[name] == pytest.approx(common / (common + (own * at**2).sum()), abs=1e-6)
        assert ("c2" in found["note_en"]) == (loadings[2] < 0)

    def test_of_equal_loadings_is_alpha(self):
        data = of(np.full(5, 0.7), np.full(5, 0.51))
        assert one(items.omega(data))["omega"] == pytest.approx(one(items.alpha(data))["alpha"], abs=1e-6)

    def test_of_scikit_learn(self, attitude):
        from sklearn.decomposition import FactorAnalysis

        data, _ = attitude
        z = ((data - data.mean()) / data.std(ddof=0)).to_numpy()
        fit = FactorAnalysis(1, tol=1e-10, max_iter=5000, svd_method="lapack").fit(z)
        loadings, own, sd = fit.components_[0], fit.noise_variance_, data.std().to_numpy()
        found = one(items.omega(data))
        for name, at in (("omega", sd), ("omega_standardised", 1.0)):
            common = (loadings * at).sum() ** 2
            assert found[name] == pytest.approx(common / (common + (own * at**2).sum()), abs=1e-5)
        assert one(items.omega(data[::-1] * 10 - 3))["omega"] == pytest.approx(found["omega"], abs=1e-6)

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (TEN, "do not vary"),
            (TEN[["产出", "效益"]], "fewer than three"),
            (TEN[["产出", "效益"]].assign(又=TEN["效益"] * 2), "linearly dependent"),
            (TEN.drop(columns="合规").head(3), "no more units"),
            # r = 0.8, 0.8, 0.3: the squared loading would be 0.8 * 0.8 / 0.3 > 1.
            (pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 4, 3, 5], "c": [1, 3, 2, 5, 4]}), "Heywood|converge"),
            (of([1.0, 0.8, 0.6, 0.5], [1e-7, 0.36, 0.64, 0.75]), "Heywood"),
        ],
    )
    def test_that_does_not_exist(self, data, said):
        table = items.omega(data)
        assert one(table)[["omega", "omega_standardised"]].isna().all()
        assert pd.Series(one(table)["note_en"]).str.contains(said).all()
        assert explained(table, "omega")

    def test_units_with_gaps_are_left_out_and_counted(self):
        data = of([0.9, 0.8, 0.7], [0.19, 0.36, 0.51])
        gap = pd.concat([data, pd.DataFrame({"c0": [1.0], "c1": [np.nan], "c2": [2.0]})], ignore_index=True)
        assert one(items.omega(gap))["omega"] == pytest.approx(one(items.omega(data))["omega"])
        assert one(items.omega(gap))["note_en"] == "units left out for missing values: 1"


class TestDiagnose:
    def test_by_hand(self):
        table = items.diagnose(TEN).set_index("indicator_id")
        first = table.loc["产出"]
        assert (first["n"], first["compared"], first["constant"]) == (10, 10, False)
        assert first[["missing_rate", "mean", "ceiling", "floor"]].tolist() == pytest.approx([0, 0.62, 0.2, 0.1])
        # floor(0.27 * 10 + 1/2) = 3 units. The rest of 产出 is 效益 + 满意度 + 1: best u1 1.9, u5 1.4, u3 1.3; worst
        # u9 0.2, u8 0.5, then u7 1.0. Of 效益, by 产出 + 满意度: best u1 2.0, u5 1.5, u3 1.4; worst u9, u8, u7 1.1.
        assert first["upper_lower"] == pytest.approx((1.0 + 0.6 + 0.8 - 0.0 - 0.3 - 0.4) / 3)
        assert table.loc["效益", "upper_lower"] == pytest.approx((0.9 + 0.5 + 0.7 - 0.1 - 0.2 - 0.3) / 3)

    def test_a_constant_indicator_is_flagged(self):
        row = items.diagnose(TEN).set_index("indicator_id").loc["合规"]
        assert row["constant"]
        assert (row["ceiling"], row["sd"], row["upper_lower"]) == (1, 0, 0)
        assert np.isnan(row["discrimination"])
        assert (row["note_zh"], row["note_en"]) == (
            "各单位得分率相同，不能区分单位",
            "all units have the same share: tells no units apart",
        )

    def test_discrimination_of_psych(self, attitude):
        data, expected = attitude
        for shares, full in ((data / 100, 1.0), (data, 100)):
            found = items.diagnose(shares, full)
            assert found["discrimination"].tolist() == pytest.approx(expected["item_rest_corr"], rel=0, abs=1e-9)
            assert found["sd"].tolist() == pytest.approx(shares.std().tolist())
            assert found["mean"].tolist() == pytest.approx(shares.mean().tolist())

    def test_ties_at_the_last_place_share_it(self):
        # By hand: one unit in each group; u0 and u1 tie for the best rest, so that each counts a half.
        shares = pd.DataFrame({"a": [1.0, 0.5, 0.3, 0.2], "b": [0.9, 0.9, 0.4, 0.1]})
        found = items.diagnose(shares).set_index("indicator_id")
        assert found.loc["a", "upper_lower"] == pytest.approx(0.75 - 0.2)

    def test_missing_shares(self):
        gap = TEN.astype(float)
        gap.loc["u3", "效益"] = np.nan
        gap.loc["u4", ["效益", "满意度", "合规"]] = np.nan
        table = items.diagnose(gap).set_index("indicator_id")
        whole = items.diagnose(gap.dropna()).set_index("indicator_id")
        assert table["n"].tolist() == [10, 8, 9, 9]
        assert table["missing_rate"].tolist() == pytest.approx([0, 0.2, 0.1, 0.1])
        assert table["compared"].tolist() == [8] * 4
        same(table[["discrimination", "upper_lower"]], whole[["discrimination", "upper_lower"]])
        rescaled = items.diagnose(gap, missing="rescale").set_index("indicator_id")
        assert rescaled["compared"].tolist() == [9, 8, 9, 9]
        rest = gap[["效益", "满意度", "合规"]].mean(axis=1)
        expected = stats.pearsonr(gap["产出"].drop("u4"), rest.drop("u4")).statistic
        assert rescaled.loc["产出", "discrimination"] == pytest.approx(expected)

    def test_an_empty_indicator_and_one_with_a_single_value(self):
        empty = items.diagnose(TEN.assign(空=np.nan)).set_index("indicator_id")
        same(
            empty.drop(index="空").drop(columns="n"), items.diagnose(TEN).set_index("indicator_id").drop(columns="n")
        )
        assert empty.loc["空", "note_en"] == "no unit has a value"
        assert empty.loc["空", ["mean", "sd", "ceiling", "discrimination"]].isna().all()
        single = items.diagnose(TEN.assign(空=[0.5] + [np.nan] * 9))
        assert explained(single, "sd", "discrimination", "upper_lower")
        assert single["discrimination"].isna().all()

    def test_too_few_units_to_compare(self):
        gap = TEN.astype(float)
        gap.iloc[2:, 0] = np.nan
        table = items.diagnose(gap)
        assert table["compared"].tolist() == [2] * 4
        assert table[["discrimination", "upper_lower"]].isna().all(axis=None)
        assert table["note_en"].str.contains("fewer than three units").all()

    def test_a_rest_that_does_not_vary(self):
        table = items.diagnose(TEN[["产出", "合规"]])
        assert table[["discrimination"]].isna().all(axis=None)
        assert "the rest does not vary" in table["note_en"][0]
        assert explained(table, "discrimination", "upper_lower")

    @pytest.mark.parametrize("bad", [-0.1, 1.01, 85.0])
    def test_what_is_no_share(self, bad):
        with pytest.raises(ScoreError, match="效益 › u0") as refused:
            items.diagnose(TEN.assign(效益=[bad] * 10))
        assert refused.value.problems[0].column == "效益"

    @settings(max_examples=60)
    @given(SHARES, st.randoms())
    def test_what_must_hold(self, shares, random):
        order = list(shares.index)
        random.shuffle(order)
        found = items.diagnose(shares)
        assert same(found, items.diagnose(shares.loc[order]))
        squeezed = items.diagnose(shares * 0.5 + 0.25)
        assert same(found[["discrimination", "constant"]], squeezed[["discrimination", "constant"]])
        assert found["upper_lower"].tolist() == pytest.approx((squeezed["upper_lower"] * 2).tolist(), nan_ok=True)
        assert found["constant"].tolist() == (~varied(shares)).tolist()
        assert explained(found, "sd", "discrimination", "upper_lower")
        for at, name in enumerate(shares.columns):
            rest = shares.drop(columns=name).sum(axis=1)
            if varied(shares[name]) and varied(rest):
                expected = stats.pearsonr(shares[name], rest).statistic
                assert found["discrimination"][at] == pytest.approx(expected)


class TestRedundancy:
    @pytest.mark.parametrize("method", ["spearman", "pearson", "kendall"])
    @pytest.mark.parametrize("at", [0.25, 0.6, 0.75])
    def test_of_scikit_learn(self, attitude, method, at):
        from sklearn.cluster import AgglomerativeClustering

        data, _ = attitude
        r = data.corr(method=method).abs()
        model = AgglomerativeClustering(
            n_clusters=None, metric="precomputed", linkage="complete", distance_threshold=1 - at
        )
        labels = model.fit_predict(1 - r.to_numpy())
        found = items.redundancy(data, at, method=method)
        assert found["cluster"].tolist() == (pd.factorize(labels)[0] + 1).tolist()
        off = r.where(~np.eye(len(r), dtype=bool))
        assert found["partner"].tolist() == off.idxmax().tolist()
        assert found["correlation"].abs().tolist() == pytest.approx(off.max().tolist())

    def test_no_chain_joins_what_does_not_correlate(self):
        # a-b and b-c correlate, a-c less: by complete linkage the closer pair is joined, the third stays out.
        chain = of([1.0, 0.95, 0.7], [0.001, 0.0975, 0.51])
        r = chain.corr()
        at = float(r.loc["c1", "c2"])
        assert r.loc["c0", "c1"] > r.loc["c0", "c2"] > at
        found = items.redundancy(chain, at + 0.01, method="pearson")
        assert found["cluster"].tolist() == [1, 1, 2]
        assert found["size"].tolist() == [2, 2, 1]
        assert items.redundancy(chain, at, method="pearson")["cluster"].tolist() == [1, 1, 1]

    def test_opposites_and_constants(self):
        table = items.redundancy(TEN[["效益", "合规"]].assign(反=1 - TEN["效益"]), 1).set_index("indicator_id")
        assert table["cluster"].drop("合规").tolist() == [1, 1]
        assert pd.isna(table.loc["合规", "cluster"])
        assert table.loc["反", ["partner", "correlation"]].tolist() == ["效益", -1]
        assert table.loc["合规", ["size", "partner", "correlation"]].isna().all()
        assert explained(table, "cluster", "partner", "correlation")
        nothing = items.redundancy(TEN[["合规"]].assign(也=0.5), 1)
        assert nothing["cluster"].isna().all()

    def test_pairs_that_share_no_units(self):
        apart = pd.DataFrame({"a": [1, 2, 3, None, None, None], "b": [None, None, None, 1, 2, 4]})
        table = items.redundancy(apart, 0.5, missing="pairwise")
        assert table["cluster"].tolist() == [1, 2]
        assert explained(table, "partner", "correlation")

    @settings(max_examples=60)
    @given(SHARES, st.randoms(), st.sampled_from([0.4, 0.75, 1.0]))
    def test_what_must_hold(self, shares, random, at):
        order = list(shares.index)
        random.shuffle(order)
        found = items.redundancy(shares, at)
        assert same(found, items.redundancy(shares.loc[order], at))
        assert same(found, items.redundancy(shares * 4 - 1, at))
        assert found["cluster"].isna().tolist() == (~varied(shares)).tolist()
        r = shares.loc[:, varied(shares)].corr(method="spearman").abs()
        for _, group in found.groupby("cluster"):
            assert (r.loc[group["indicator_id"], group["indicator_id"]] >= at - 1e-9).all(axis=None)


class TestCoreSet:
    def test_by_hand(self):
        # Totals of 100: A 50+27+18 = 95, B 30+21+20 = 71, C 10+3+20 = 33; without any one the order is the
        # same, so the fewest points go first.
        shares = pd.DataFrame({"产出": [1.0, 0.6, 0.2], "效益": [0.9, 0.7, 0.1], "合规": [0.9, 1.0, 1.0]})
        steps = items.core_set(shares, pd.Series({"合规": 20, "产出": 50, "效益": 30}))
        assert steps["dropped"].tolist()[1:] == ["合规", "效益"]
        assert steps["kept"].tolist() == [3, 2, 1]
        assert steps["agreement"].tolist() == [1, 1, 1]
        assert steps["remaining"].tolist() == ["产出, 效益, 合规", "产出, 效益", "产出"]
        assert steps["still_within"].all()

    @pytest.mark.parametrize(("tolerance", "within"), [(0.6, False), (2 / 3, True)])
    def test_a_move_by_hand(self, tolerance, within):
        # Full 0.5, 0.65, 0.45: ranks 2, 1, 3. x alone ranks 1, 2, 3: two pairs of three agree, tau = (2 - 1) / 3, and
        # two units move one rank. y alone ranks 3, 2, 1: tau = -1 / 3. So y goes.
        shares = pd.DataFrame({"x": [1.0, 0.5, 0.0], "y": [0.0, 0.8, 0.9]})
        last = items.core_set(shares, pd.Series({"x": 1, "y": 1}), tolerance=tolerance).iloc[-1]
        assert (last["dropped"], last["remaining"], last["kept"]) == ("y", "x", 1)
        assert last["agreement"] == pytest.approx(1 / 3)
        assert (last["largest_move"], last["still_within"]) == (1, within)

    def test_a_tie_by_hand(self):
        # Full (9 a + c) / 10: 0.92, 0.96, 0.01. a alone ties the first two: tau-b = 2 / sqrt(2 * 3). c alone keeps
        # the order, so that a goes though it has more points.
        shares = pd.DataFrame({"a": [1.0, 1.0, 0.0], "c": [0.2, 0.6, 0.1]})
        last = items.core_set(shares, pd.Series({"a": 9, "c": 1})).iloc[-1]
        assert (last["remaining"], last["agreement"], last["largest_move"]) == ("c", 1, 0)
        # Full 0.92, 0.96, 0.09: c alone turns two pairs of three, tau = -1 / 3; a alone ranks 1, 1, 3 for 2, 1, 3.
        worse = shares.assign(c=[0.2, 0.6, 0.9])
        kept = items.core_set(worse, pd.Series({"a": 9, "c": 1})).iloc[-1]
        assert kept["remaining"] == "a"
        assert kept["agreement"] == pytest.approx(2 / 6**0.5)
        assert kept["largest_move"] == 1

    def test_ties_and_moves_of_scipy(self):
        steps = items.core_set(TEN, POINTS)
        kept = list(TEN.columns)
        full = (TEN * POINTS).sum(axis=1)
        for _, step in steps.iloc[1:].iterrows():
            tried = {}
            for name in kept:
                left = [each for each in kept if each != name]
                total = ((TEN[left] * POINTS[left]).sum(axis=1) / POINTS[left].sum()).round(9)
                if varied(total):
                    tried[name] = stats.kendalltau(full.round(9), total).statistic
            assert step["agreement"] == pytest.approx(max(tried.values()))
            assert tried[step["dropped"]] == pytest.approx(max(tried.values()))
            kept.remove(step["dropped"])
            rank = (TEN[kept] * POINTS[kept]).sum(axis=1).round(9).rank(ascending=False, method="min")
            apart = (rank - full.round(9).rank(ascending=False, method="min")).abs()
            assert step["largest_move"] == apart.max()
        assert steps["dropped"][1] == "合规"

    def test_equal_in_all_the_first_column_goes(self):
        twice = pd.DataFrame({"b": [0.1, 0.5, 0.9], "a": [0.1, 0.5, 0.9], "c": [0.1, 0.5, 0.9]})
        assert items.core_set(twice, pd.Series(1, index=list("abc")))["dropped"].tolist()[1:] == ["b", "a"]

    def test_missing_shares_are_refused_or_rescaled(self):
        gap = TEN.astype(float)
        gap.loc["u3", "效益"] = np.nan
        with pytest.raises(ScoreError, match=r"a share is missing · 效益 › u3 · .*missing='rescale'"):
            items.core_set(gap, POINTS)
        steps = items.core_set(gap, POINTS, missing="rescale")
        assert steps["agreement"][0] == 1
        # By hand: u3 has 0.8*40 + 0.6*20 + 10 = 54 of 70 points.
        only = pd.DataFrame({"a": [1.0, 0.5, np.nan], "b": [np.nan, 0.2, 0.7]})
        ends = items.core_set(only, pd.Series({"a": 1, "b": 1}), missing="rescale")
        assert len(ends) == 1
        assert "some unit has no share left" in ends["note_en"][0]
        with pytest.raises(ScoreError, match="no share at all · u3"):
            items.core_set(gap.assign(**dict.fromkeys(gap.columns, gap["效益"])), POINTS, missing="rescale")

    def test_what_does_not_fit(self):
        with pytest.raises(ScoreError, match=r"same indicators, each once · got 合规"):
            items.core_set(TEN, POINTS.drop("合规"))
        with pytest.raises(ScoreError, match="above zero · 合规"):
            items.core_set(TEN, POINTS.where(POINTS > 10, 0))
        with pytest.raises(ScoreError, match="no ranking"):
            items.core_set(TEN * 0, POINTS)
        with pytest.raises(ScoreError, match="at_least is out of range"):
            items.core_set(TEN, POINTS, at_least=5)
        with pytest.raises(ScoreError, match="tolerance is out of range"):
            items.core_set(TEN, POINTS, tolerance=-0.1)

    @settings(max_examples=40)
    @given(SHARES.filter(lambda shares: varied(shares.sum(axis=1))), st.randoms(), st.integers(1, 2))
    def test_what_must_hold(self, shares, random, at_least):
        points = pd.Series(1.0, index=shares.columns)
        order = list(shares.index)
        random.shuffle(order)
        steps = items.core_set(shares, points, at_least=at_least)
        assert same(steps, items.core_set(shares.loc[order], points * 7, at_least=at_least))
        assert same(
            steps.drop(columns="still_within"),
            items.core_set(shares * 0.5 + 0.25, points, at_least=at_least).drop(columns="still_within"),
        )
        assert (steps["agreement"][0], steps["largest_move"][0], steps["still_within"][0]) == (1, 0, True)
        assert steps["kept"].tolist() == list(range(shares.shape[1], at_least - 1, -1))
        assert steps["dropped"].iloc[1:].is_unique
        assert explained(steps, "agreement")
        spearman = items.core_set(shares, points, method="spearman", at_least=shares.shape[1] - 1)
        assert spearman["agreement"][0] == pytest.approx(1)


@pytest.mark.parametrize("measure", EACH)
class TestWhatCannotBeAnalysed:
    def test_one_indicator_or_one_unit(self, measure):
        with pytest.raises(ScoreError, match=r"too few indicators .*产出"):
            measure(TEN[["产出"]])
        with pytest.raises(ScoreError, match="too few units"):
            measure(TEN.head(1))

    @pytest.mark.parametrize("bad", ["优", "", np.inf, -np.inf, pd.Timestamp("2024-01-01")])
    def test_cells_that_are_no_numbers(self, measure, bad):
        table = TEN.astype(object)
        table.loc["u4", "效益"] = bad
        with pytest.raises(ScoreError, match="not a number · 效益 › u4") as refused:
            measure(table)
        assert [problem.column for problem in refused.value.problems] == ["效益"]
        assert pickle.loads(pickle.dumps(refused.value)).problems == refused.value.problems  # noqa: S301

    @pytest.mark.parametrize("kind", ["datetime64[ns]", "timedelta64[ns]", "complex128"])
    def test_columns_that_are_no_numbers(self, measure, kind):
        with pytest.raises(ScoreError, match="not a number · 效益 › u0 · got 10 of 10"):
            measure(TEN.assign(效益=np.arange(10).astype(kind)))

    def test_a_name_that_stands_twice(self, measure):
        with pytest.raises(ScoreError, match="stands twice · 产出"):
            measure(pd.concat([TEN, TEN[["产出"]]], axis=1))

    def test_an_empty_frame(self, measure):
        with pytest.raises(ScoreError, match="too few"):
            measure(TEN.iloc[:0, :0])


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: items.diagnose(TEN, missing="drop"), "missing must be one of listwise, rescale"),
        (lambda: items.diagnose(TEN, tail=0.51), "tail is out of range"),
        (lambda: items.diagnose(TEN, tail=0), "tail is out of range"),
        (lambda: items.diagnose(TEN, 0), "full must be a number above zero"),
        (lambda: items.alpha(TEN, missing="drop"), "missing must be one of listwise, pairwise"),
        (lambda: items.alpha(TEN, confidence=1), "confidence is out of range"),
        (lambda: items.alpha(TEN, confidence=np.nan), "confidence is out of range"),
        (lambda: items.alpha_if_dropped(TEN, missing="drop"), "missing must be one of"),
        (lambda: items.redundancy(TEN, 0.5, method="tau"), "method must be one of"),
        (lambda: items.redundancy(TEN, 0.5, missing="drop"), "missing must be one of"),
        (lambda: items.redundancy(TEN, 1.1), "at is out of range"),
        (lambda: items.redundancy(TEN.head(2), 0.5), "too few units"),
        (lambda: items.core_set(TEN, POINTS, method="pearson"), "method must be one of"),
        (lambda: items.core_set(TEN, POINTS, missing="drop"), "missing must be one of"),
    ],
)
def test_a_parameter_that_is_refused(ask, said):
    with pytest.raises(ScoreError, match=said):
        ask()
