"""How sure a grade is: drawn weights and measurements, what drives them, one indicator less, the nearest bound."""

import json
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from perfkit.errors import ScoreError
from perfkit.measure import uncertainty

BANDS = {"优": 90, "良": 80, "中": 60, "差": 0}
SHARES = pd.DataFrame(
    {"产出": [0.95, 0.8, 0.5, 0.8], "效益": [0.9, 0.85, 0.7, 0.8], "满意度": [1.0, 0.725, 0.9, 0.8]},
    index=list("甲乙丙丁"),
)
POINTS = pd.Series({"产出": 50.0, "效益": 30.0, "满意度": 20.0})
CODES = [f"i{k}" for k in range(6)]


@st.composite
def cards(draw):
    """Shares, points and one order of the units."""
    k, n = draw(st.integers(1, 5)), draw(st.integers(1, 8))
    share = st.integers(0, 20).map(lambda x: x / 20)
    rows = draw(st.lists(st.lists(share, min_size=k, max_size=k), min_size=n, max_size=n))
    points = draw(st.lists(st.integers(0, 40), min_size=k, max_size=k).filter(any))
    shares = pd.DataFrame(rows, columns=CODES[:k], index=[f"u{at}" for at in range(n)])
    return shares, pd.Series(points, index=CODES[:k], dtype=float), draw(st.permutations(range(n)))


def thirds(points):
    """Three grades that fit any total."""
    total = points.sum()
    return {"上": 2 * total / 3, "中": total / 3, "下": 0}


def case(shared, name):
    return json.loads((shared / "oracles" / name / "expected.json").read_text(encoding="utf-8"))


class TestDraws:
    def test_the_moments_of_the_dirichlet_distribution(self):
        drawn = uncertainty.vary_weights(POINTS, 40_000, seed=1, spread=0.25)
        w = POINTS / 100
        sd = 100 * 0.25 * np.sqrt(w * (1 - w) / 2)
        assert drawn.mean().tolist() == pytest.approx(POINTS.tolist(), abs=0.2)
        assert drawn.std().tolist() == pytest.approx(sd.tolist(), rel=0.02)
        # One margin is Beta(c w, c (1 - w)), c = 2 / 0.25² - 1 = 31.
        assert stats.kstest(drawn["产出"] / 100, stats.beta(31 * 0.5, 31 * 0.5).cdf).pvalue > 0.001

    def test_spread_is_the_variation_of_an_average_indicator(self):
        drawn = uncertainty.vary_weights(pd.Series(25.0, index=CODES[:4]), 40_000, seed=2, spread=0.4)
        assert (drawn.std() / drawn.mean()).tolist() == pytest.approx([0.4] * 4, rel=0.02)

    @pytest.mark.parametrize("how", ["normal", "uniform"])
    def test_relative_noise_that_is_rescaled(self, how):
        # First order in the spread: var = (T w s)² ((1 - w)² + sum of the other w²).
        drawn = uncertainty.vary_weights(POINTS, 40_000, seed=3, how=how, spread=0.05)
        w = POINTS / 100
        sd = 100 * w * 0.05 * np.sqrt((1 - w) ** 2 + (w**2).sum() - w**2)
        assert drawn.std().tolist() == pytest.approx(sd.tolist(), rel=0.03)
        assert drawn.mean().tolist() == pytest.approx(POINTS.tolist(), abs=0.1)

    @settings(max_examples=60)
    @given(
        st.lists(st.integers(0, 60), min_size=1, max_size=8).filter(any),
        st.sampled_from(["dirichlet", "normal", "uniform"]),
        st.sampled_from([0.0, 0.1, 0.5]),
        st.integers(0, 99),
    )
    def test_totals_re_add_and_zero_stays_zero(self, points, how, spread, seed):
        full = pd.Series(points, index=[f"c{at}" for at in range(len(points))])
        drawn = uncertainty.vary_weights(full, 5, seed=seed, how=how, spread=spread)
        assert [sum(map(Fraction, row)) for row in drawn.to_numpy().tolist()] == [sum(points)] * 5
        assert (drawn.to_numpy() >= 0).all()
        assert (drawn.loc[:, full == 0] == 0).all(axis=None)
        if spread == 0 or (full > 0).sum() == 1:
            assert (drawn == full).all(axis=None)
        turned = uncertainty.vary_weights(full.iloc[::-1], 5, seed=seed, how=how, spread=spread)
        pd.testing.assert_frame_equal(turned[full.index], drawn)

    def test_the_seed(self):
        one, same, other = (uncertainty.vary_weights(POINTS, 3, seed=seed) for seed in (1, 1, 2))
        assert one.equals(same)
        assert not one.equals(other)

    @pytest.mark.parametrize(
        ("more", "match"),
        [
            ({"draws": 0}, "at least 1 · draws"),
            ({"draws": 2.5}, "at least 1 · draws"),
            ({"how": "beta"}, "how · expected dirichlet / normal / uniform · got 'beta'"),
            ({"spread": 1.5}, r"spread · expected 0..1.414 \(dirichlet\) · got 1.5"),
            ({"spread": -0.1}, "spread"),
            ({"spread": math.nan}, "spread"),
            ({"how": "normal", "spread": 0.6}, "spread"),
            ({"how": "uniform", "spread": 0.58}, "spread"),
            ({"points": POINTS * -1}, "at least zero · 产出"),
            ({"points": POINTS * 0}, "total above zero"),
            ({"points": POINTS.where(POINTS > 20)}, "at least zero · 满意度 · got nan"),
        ],
    )
    def test_what_cannot_be_drawn(self, more, match):
        with pytest.raises(ScoreError, match=match):
            uncertainty.vary_weights(**{"points": POINTS, "seed": 1} | more)


class TestSimulation:
    def test_a_sum_of_normal_errors(self):
        # sd² = (50 · 0.02)² + (30 · 0.03)² + (20 · 0.01)² = 1.85; the errors stay within 0..1.
        shares = pd.DataFrame({"产出": [0.8], "效益": [0.8], "满意度": [0.8]}, index=["甲"])
        sd = pd.Series({"满意度": 0.01, "产出": 0.02, "效益": 0.03})
        row = uncertainty.simulate(shares, POINTS, BANDS, seed=1, measurement_sd=sd, draws=40_000).units.loc["甲"]
        normal = stats.norm(80, math.sqrt(1.85))
        assert (row["mean"], row["sd"]) == pytest.approx((80, math.sqrt(1.85)), abs=0.03)
        assert (row["low"], row["high"]) == pytest.approx(normal.interval(0.95), abs=0.06)
        assert row["p_良"] == pytest.approx(0.5, abs=0.01)
        assert row["p_良"] + row["p_优"] + row["p_中"] == pytest.approx(1)

    def test_two_weights_follow_the_beta_distribution(self):
        # T = 100 (0.9 w + 0.6 (1 - w)) ≥ 80 exactly if w ≥ 2/3; w ~ Beta(c w₀, c (1 - w₀)), c = 1 / 0.3² - 1.
        shares, points = pd.DataFrame({"a": [0.9], "b": [0.6]}), pd.Series({"a": 60.0, "b": 40.0})
        drawn = uncertainty.vary_weights(points, 40_000, seed=5, spread=0.3)
        row = uncertainty.simulate(shares, points, BANDS, seed=1, weights=drawn, confidence=0.9).units.loc[0]
        c = 1 / 0.3**2 - 1
        beta = stats.beta(c * 0.6, c * 0.4)
        assert row["p_良"] + row["p_优"] == pytest.approx(beta.sf(2 / 3), abs=0.01)
        assert (row["low"], row["high"]) == pytest.approx(tuple(60 + 30 * beta.ppf([0.05, 0.95])), abs=0.2)
        assert row["sd"] == pytest.approx(30 * beta.std(), rel=0.02)

    @pytest.mark.parametrize("block", [None, 1, 7, 1000])
    @pytest.mark.parametrize("draws", [1, 2, 101, 400])
    def test_the_same_as_all_draws_at_once(self, block, draws):
        # numpy.quantile and pandas rank on the whole matrix, which the module never holds.
        drawn = uncertainty.vary_weights(POINTS, draws, seed=2, spread=0.6)
        found = uncertainty.simulate(SHARES, POINTS, BANDS, seed=1, weights=drawn, confidence=0.9, block=block)
        totals = (drawn @ SHARES.T).round(9)
        low, high = (totals.quantile(q).tolist() for q in (0.05, 0.95))
        assert found.units["low"].tolist() == pytest.approx(low)
        assert found.units["high"].tolist() == pytest.approx(high)
        assert found.units["mean"].tolist() == pytest.approx(totals.mean().tolist())
        assert found.units["sd"].tolist() == pytest.approx(totals.std().tolist(), abs=1e-6, nan_ok=True)
        ranks = totals.rank(axis=1, method="min", ascending=False)
        ends = ranks.quantile(0.05, interpolation="lower"), ranks.quantile(0.95, interpolation="higher")
        assert found.units["rank_low"].tolist() == ends[0].tolist()
        assert found.units["rank_high"].tolist() == ends[1].tolist()
        assert found.units["rank"].tolist() == [1, 2, 4, 2]
        cut = totals.apply(pd.cut, bins=[0, 60, 80, 90, 101], labels=["差", "中", "良", "优"], right=False)
        for name in BANDS:
            assert found.units[f"p_{name}"].tolist() == pytest.approx((cut == name).mean().tolist())
        assert (found.units["note_en"] != "").all() == (draws == 1)

    def test_measurements_do_not_hang_on_the_block(self):
        sd = pd.DataFrame(0.1, index=SHARES.index[::-1], columns=SHARES.columns)
        one, other = (
            uncertainty.simulate(SHARES, POINTS, BANDS, seed=1, measurement_sd=sd, draws=50, block=block).units
            for block in (3, 50)
        )
        pd.testing.assert_frame_equal(one, other)

    def test_deviations_by_unit(self):
        sd = pd.DataFrame(0.0, index=SHARES.index, columns=SHARES.columns)
        sd.loc["乙"] = 0.1
        found = uncertainty.simulate(SHARES, POINTS, BANDS, seed=1, measurement_sd=sd, draws=100).units
        assert (found["sd"] > 0).tolist() == [False, True, False, False]

    def test_a_total_on_the_bound_in_spite_of_float_dust(self):
        # Three times 80/3 · 0.75 is 60; a case of float_traps, 90 - 1e-13, is graded as 90.
        points = pd.Series({"a": 80 / 3, "b": 80 / 3, "c": 80 / 3})
        shares = pd.DataFrame([[0.75, 0.75, 0.75]], columns=list("abc"))
        row = uncertainty.simulate(shares, points, {"中": 60, "差": 0}, seed=1, draws=2).units.loc[0]
        assert (row["grade"], row["p_中"], row["total"]) == ("中", 1.0, 60.0)
        assert uncertainty.to_boundary(pd.Series([90 - 1e-13]), BANDS)["grade"].item() == "优"

    def test_the_sentence_says_what_was_varied(self):
        drawn = uncertainty.vary_weights(POINTS, 100, seed=1)
        english, chinese = uncertainty.simulate(SHARES, POINTS, BANDS, seed=1, weights=drawn).sentence
        assert english.startswith("Varied in 100 draws: weights (coefficients of variation ")
        assert "Not varied: measurements; scoring rules and targets; " in english
        assert "变动的有：权重" in chinese
        assert "未变动的有：指标测量值；" in chinese
        sd = POINTS * 0 + 0.05
        english, chinese = uncertainty.simulate(SHARES, POINTS, BANDS, seed=1, measurement_sd=sd, draws=2).sentence
        assert "measurements (standard deviations 0.05 of a share" in english
        assert "得分比例的标准差 0.05，" in chinese
        english, chinese = uncertainty.simulate(SHARES, POINTS, BANDS, seed=1, draws=1).sentence
        assert "Varied in 1 draws: nothing. Not varied: weights; measurements;" in english
        assert "变动的有：无" in chinese

    @settings(max_examples=60)
    @given(cards(), st.booleans(), st.booleans())
    def test_probabilities_and_order(self, card, with_weights, with_errors):
        shares, points, order = card
        more = {
            "weights": uncertainty.vary_weights(points, 30, seed=1, spread=0.3) if with_weights else None,
            "measurement_sd": pd.Series(0.1, index=points.index) if with_errors else None,
            "draws": 30,
        }
        found = uncertainty.simulate(shares, points, thirds(points), seed=4, **more).units
        assert found[["p_上", "p_中", "p_下"]].sum(axis=1).tolist() == pytest.approx([1] * len(shares))
        assert (found["low"] <= found["high"]).all()
        assert (found["rank_low"] <= found["rank_high"]).all()
        turned = {**more, "weights": more["weights"].iloc[:, ::-1] if with_weights else None}
        again = uncertainty.simulate(shares.iloc[order, ::-1], points, thirds(points), seed=4, **turned).units
        pd.testing.assert_frame_equal(again.loc[found.index], found)
        if not (with_weights or with_errors):
            for name in ("low", "high", "mean"):
                assert found[name].tolist() == found["total"].tolist()
            assert all(found.loc[unit, f"p_{grade}"] == 1 for unit, grade in found["grade"].items())
            assert (found["most_probable"] == found["grade"]).all()
            assert (found["rank_low"] == found["rank"]).all()
            assert (found["rank_high"] == found["rank"]).all()
            assert (found["sd"] == 0).all()

    @pytest.mark.parametrize(
        ("more", "match"),
        [
            ({"shares": SHARES.where(SHARES != 0.725)}, r"missing, infinite or not a number · shares › 满意度 › 乙"),
            ({"shares": SHARES * 1.2}, r"out of range · shares › 产出 › 甲 · expected 0\.\.1"),
            ({"shares": SHARES - 0.6}, "out of range · shares › 产出 › 丙"),
            ({"shares": SHARES.rename(columns={"产出": "产量"})}, "same indicators, each once · shares › 产量, 产出"),
            ({"shares": SHARES.iloc[[0, 0]]}, "each once · shares"),
            ({"shares": SHARES.iloc[:0]}, "each once · shares"),
            ({"points": -POINTS}, "at least zero · 产出"),
            ({"bands": {"差": 0, "优": 90}}, "descending lower bounds · bands"),
            ({"bands": [("优", 90), ("优", 0)]}, "distinct grades"),
            ({"bands": {"优": "ninety", "差": 0}}, "descending lower bounds · bands"),
            ({"bands": {}}, "distinct grades"),
            ({"bands": {"优": 90, "良": 60}}, "cover every total"),
            ({"bands": {"优": 101, "良": 0}}, "cover every total"),
            ({"draws": 0}, "at least 1 · draws"),
            ({"block": 0}, "at least 1 · block"),
            ({"confidence": 1}, "between 0 and 1 · confidence"),
            ({"weights": POINTS.to_frame().T[["产出", "效益"]]}, "same indicators, each once · weights › 满意度"),
            ({"weights": POINTS.to_frame().T * 2}, r"total of the points · weights › 0 · expected 100 · got 200"),
            ({"weights": POINTS.to_frame().T, "draws": 3}, "another number of draws · draws · expected 1 · got 3"),
            ({"measurement_sd": POINTS.iloc[:2]}, "same indicators, each once · measurement_sd › 满意度"),
            ({"measurement_sd": -POINTS}, "out of range · measurement_sd › 产出"),
            ({"measurement_sd": SHARES.head(2)}, "same units · measurement_sd"),
        ],
    )
    def test_what_cannot_be_simulated(self, more, match):
        with pytest.raises(ScoreError, match=match):
            uncertainty.simulate(**{"shares": SHARES, "points": POINTS, "bands": BANDS, "seed": 1} | more)


def ishigami(x):
    return np.sin(x["x1"]) + 7 * np.sin(x["x2"]) ** 2 + 0.1 * x["x3"] ** 4 * np.sin(x["x1"])


class TestSobol:
    def test_ishigami_of_the_case(self, shared):
        # Case sobol_ishigami: Ishigami & Homma (1990); SALib 1.6.0.
        expected = case(shared, "sobol_ishigami")
        problem = pd.read_csv(shared / "oracles" / "sobol_ishigami" / "problem.csv")
        sources = {row.name: (row.lo, row.hi) for row in problem.itertuples(index=False)}
        found = uncertainty.sobol(ishigami, sources, seed=1)
        # Case sobol_indices: closed form; SALib 1.4.8 with as many draws.
        closed = case(shared, "sobol_indices")["ishigami"]
        for column, name in (("first", "S1"), ("total", "ST")):
            assert found[column].tolist() == pytest.approx(expected["published"][name], abs=0.01)
            assert found[column].tolist() == pytest.approx(closed[name], abs=0.01)
            assert found[column].tolist() == pytest.approx(closed[f"salib_N8192_{name}"], abs=0.01)
            assert found[column].tolist() == pytest.approx(expected["verified"][name], abs=0.01)
            inside = (found[f"{column}_low"] <= closed[name]) & (closed[name] <= found[f"{column}_high"])
            assert inside.all()

    def test_the_g_function_of_the_case(self, shared):
        # Case sobol_indices: closed form.
        expected = case(shared, "sobol_indices")["g_function"]
        a = np.array(expected["a"])

        def g(x):
            return ((np.abs(4 * x.to_numpy() - 2) + a) / (1 + a)).prod(axis=1)

        found = uncertainty.sobol(g, {f"x{k}": (0, 1) for k in range(8)}, seed=1, bootstrap=0)
        assert found["first"].tolist() == pytest.approx(expected["S1"], abs=0.01)
        assert found["total"].tolist() == pytest.approx(expected["ST"], abs=0.01)
        assert found["first_low"].isna().all()
        assert (found["note_en"] == "no interval was asked for").all()

    def test_the_weighted_mean_of_the_case(self, shared):
        # Case sobol_indices: exactly by formula, within sampling by draws.
        expected = case(shared, "sobol_indices")["weighted_mean_model"]
        points = pd.Series(expected["w"], index=list("abc")) * 100
        sd = pd.Series(0.05, index=points.index)
        exact = uncertainty.drivers(pd.Series(0.5, index=points.index), points, measurement_sd=sd)
        assert exact["part"].tolist() == pytest.approx(expected["S1"], abs=1e-14)
        sources = {"c": (0, 1), "a": stats.norm(0, math.sqrt(1 / 12)).ppf, "b": (0, 1)}
        found = uncertainty.sobol(lambda x: x @ points[x.columns], sources, 4096, seed=1, bootstrap=20)
        for column in ("first", "total"):
            assert found.loc[list("abc"), column].tolist() == pytest.approx(expected["S1"], abs=0.01)

    def test_the_order_of_inputs_and_the_seed(self):
        sources = {"x1": (-1, 1), "x2": (0, 2), "x3": (-3, 3)}
        turned = dict(reversed(sources.items()))
        one, other = (uncertainty.sobol(ishigami, each, 64, seed=3, bootstrap=9) for each in (sources, turned))
        pd.testing.assert_frame_equal(other.loc[one.index], one)
        assert not uncertainty.sobol(ishigami, sources, 64, seed=4, bootstrap=9).equals(one)

    def test_a_constant_has_no_indices(self):
        found = uncertainty.sobol(lambda x: np.full(len(x), 0.1), {"a": (0, 1)}, 8, seed=1)
        assert found["first"].isna().all()
        assert (found["note_zh"] == "结果没有变异，指数没有定义").all()

    @pytest.mark.parametrize(
        ("more", "match"),
        [
            ({"n": 1000}, "power of two · n"),
            ({"n": 0}, "at least 1 · n"),
            ({"bootstrap": -1}, "at least 1 · bootstrap"),
            ({"sources": {}}, "no input · sources"),
            ({"sources": {"x": (1, 0)}}, "sources › x"),
            ({"sources": {"x": (0, 1, 2)}}, "sources › x"),
            ({"sources": {"x": lambda u: u * np.nan}}, "gives gaps · sources › x"),
            ({"function": lambda x: np.full(len(x), np.nan)}, "8 not finite"),
            ({"function": lambda _: 1.0}, "one finite number a row"),
        ],
    )
    def test_what_has_no_indices(self, more, match):
        usual = {"function": lambda x: x["x"], "sources": {"x": (0, 1)}, "n": 8, "seed": 1}
        with pytest.raises(ScoreError, match=match):
            uncertainty.sobol(**usual | more)


class TestDrivers:
    @pytest.mark.parametrize(("share", "sd"), [(0.5, 0.1), (0.95, 0.1), (0.0, 0.2), (1.0, 0.5), (0.3, 1e-6)])
    def test_the_variance_of_a_share_that_is_cut_off(self, share, sd):
        # Gauss-Legendre over the inside, the two bounds by their probabilities.
        normal = stats.norm(share, sd)
        low, high = max(0.0, share - 9 * sd), min(1.0, share + 9 * sd)
        at, weight = np.polynomial.legendre.leggauss(200)
        x = (low + high) / 2 + at * (high - low) / 2
        moment = [
            (weight * (x - share) ** k * normal.pdf(x)).sum() * (high - low) / 2
            + normal.cdf(0) * (-share) ** k
            + normal.sf(1) * (1 - share) ** k
            for k in (1, 2)
        ]
        one = pd.Series({"a": share})
        found = uncertainty.drivers(one, pd.Series({"a": 10.0}), measurement_sd=pd.Series({"a": sd}))
        assert found["variance"].item() == pytest.approx(100 * (moment[1] - moment[0] ** 2), rel=1e-6)
        assert found["part"].item() == 1

    def test_weights_matter_where_a_share_is_off_the_mean(self):
        # Dirichlet: w_i (s_i - mean)², as shares of their sum; here s = 0.9, 0.5, 0.7, mean 0.74.
        shares = pd.Series({"产出": 0.9, "效益": 0.5, "满意度": 0.7})
        drawn = uncertainty.vary_weights(POINTS, 40_000, seed=1)
        found = uncertainty.drivers(shares, POINTS, weights=drawn)
        pull = np.array([0.5, 0.3, 0.2]) * (shares.to_numpy() - 0.74) ** 2
        assert found["part"].tolist() == pytest.approx((pull / pull.sum()).tolist(), abs=0.01)

    def test_the_parts_add_up_to_the_variance_of_the_simulation(self):
        drawn = uncertainty.vary_weights(POINTS, 20_000, seed=1)
        sd = pd.Series({"产出": 0.1, "效益": 0.05, "满意度": 0.2})
        unit = SHARES.loc[["甲"]]
        found = uncertainty.drivers(unit.iloc[0], POINTS, weights=drawn, measurement_sd=sd)
        row = uncertainty.simulate(unit, POINTS, BANDS, seed=2, weights=drawn, measurement_sd=sd).units.iloc[0]
        assert math.sqrt(found["variance"].sum()) == pytest.approx(row["sd"], rel=0.02)
        assert found["part"].sum() == pytest.approx(1)

    def test_a_total_that_is_certain_or_input_that_does_not_fit(self):
        unit = SHARES.loc["甲"]
        found = uncertainty.drivers(unit, POINTS)
        assert found["part"].isna().all()
        assert (found["note_en"] != "").all()
        alike = uncertainty.drivers(SHARES.loc["丁"], POINTS, weights=uncertainty.vary_weights(POINTS, 50, seed=1))
        assert alike["part"].isna().all()
        with pytest.raises(ScoreError, match="two draws"):
            uncertainty.drivers(unit, POINTS, weights=POINTS.to_frame().T)
        with pytest.raises(ScoreError, match="same total"):
            uncertainty.drivers(unit, POINTS, weights=pd.DataFrame([POINTS, POINTS * 2]))
        with pytest.raises(ScoreError, match="measurement_sd › 满意度"):
            uncertainty.drivers(unit, POINTS, measurement_sd=POINTS.head(2))


class TestLeaveOneOut:
    @settings(max_examples=40)
    @given(cards())
    def test_as_scored_again_without_the_column(self, card):
        shares, points, order = card
        bands = thirds(points)
        found = uncertainty.leave_one_out(shares, points, bands)
        whole = (shares @ points).round(9)
        for code in points.index:
            rest = points.drop(code)
            row = found.loc[code]
            if not rest.sum():
                assert np.isnan(row["grades_changed"])
                assert row["note_en"] == "the other indicators have no points"
                continue
            left = (shares[rest.index] @ (rest * points.sum() / rest.sum())).round(9)
            cut = [sum((total >= round(low, 9)).astype(int) for low in bands.values()) for total in (whole, left)]
            moved = left.rank(method="min", ascending=False) - whole.rank(method="min", ascending=False)
            assert row["grades_changed"] == (cut[0] != cut[1]).sum()
            assert row["rank_move"] == moved.abs().max()
            assert row["mean_change"] == pytest.approx((left - whole).mean(), abs=1e-8)
            if min(len(set(whole)), len(set(left))) > 1:
                assert row["kendall_tau"] == pytest.approx(stats.kendalltau(whole, left).statistic)
            else:
                assert np.isnan(row["kendall_tau"])
                assert row["note_zh"]
        turned = uncertainty.leave_one_out(shares.iloc[order], points, bands)
        pd.testing.assert_frame_equal(turned, found)

    def test_identical_indicators_change_nothing(self):
        one = [0.95, 0.8, 0.55, 0.9]
        shares = pd.DataFrame(dict.fromkeys(CODES, one), index=list("abcd"))
        found = uncertainty.leave_one_out(shares, pd.Series([50, 10, 10, 10, 15, 5], index=CODES), BANDS)
        assert (found["grades_changed"] == 0).all()
        assert (found["rank_move"] == 0).all()
        assert (found["kendall_tau"] == 1).all()
        assert (found["mean_change"] == 0).all()

    def test_bad_input(self):
        with pytest.raises(ScoreError, match="shares › 产出 › 丙"):
            uncertainty.leave_one_out(SHARES - 0.6, POINTS, BANDS)


class TestBoundary:
    def test_grades_of_the_case(self, shared):
        # Case budget_target_scoring, 89.9999999999 among them: 良.
        expected = case(shared, "budget_target_scoring")["grades"]
        told = dict(map(tuple, expected["tests"]))
        found = uncertainty.to_boundary(pd.Series(list(told)), [(name, low) for name, low, _ in expected["rule"]])
        assert found["grade"].tolist() == list(told.values())

    def test_distances_by_hand(self):
        found = uncertainty.to_boundary(pd.Series([90, 89.995, 90 - 1e-13, 60, 59.5, 0.0, 100]), BANDS)
        assert found["grade"].tolist() == ["优", "良", "优", "中", "差", "差", "优"]
        assert found["to_above"].tolist() == pytest.approx([np.nan, 0.005, np.nan, 20, 0.5, 60, np.nan], nan_ok=True)
        below = [0, -9.995, 0, 0, np.nan, np.nan, -10]
        assert found["to_below"].tolist() == pytest.approx(below, nan_ok=True)
        assert found["nearest"].tolist() == pytest.approx([0, 0.005, 0, 0, 0.5, 60, -10])
        assert found["above"].astype(object).where(found["above"].notna(), None).tolist() == [
            None,
            "优",
            None,
            "良",
            "中",
            "中",
            None,
        ]
        assert found["below"].astype(object).where(found["below"].notna(), None).tolist() == [
            "良",
            "中",
            "良",
            "差",
            None,
            None,
            "良",
        ]
        top, low = "已是最高等级", "已是最低等级"
        assert found["note_zh"].tolist() == [top, "", top, "", low, low, top]

    def test_one_grade_only(self):
        found = uncertainty.to_boundary(pd.Series([3.0]), [("合格", 0)])
        assert found[["to_above", "to_below", "nearest"]].isna().all(axis=None)
        assert found["note_en"].item() == "there is one grade only"

    @settings(max_examples=40)
    @given(st.lists(st.floats(0, 100).map(lambda x: round(x, 2)), min_size=1, max_size=9))
    def test_moving_by_the_distance_changes_the_grade(self, totals):
        found = uncertainty.to_boundary(pd.Series(totals), BANDS)
        up = uncertainty.to_boundary(found["total"] + found["to_above"].fillna(0), BANDS)
        assert (up["grade"] == found["above"].where(found["above"].notna(), found["grade"])).all()
        at_floor = uncertainty.to_boundary(found["total"] + found["to_below"].fillna(0), BANDS)
        assert (at_floor["grade"] == found["grade"]).all()
        lost = found[found["to_below"].notna()]
        down = uncertainty.to_boundary(lost["total"] + lost["to_below"] - 0.001, BANDS)
        assert (down["grade"] == lost["below"]).all()

    @pytest.mark.parametrize("bad", [None, -1.0, math.inf])
    def test_a_total_that_is_none(self, bad):
        with pytest.raises(ScoreError, match="totals › total › 1"):
            uncertainty.to_boundary(pd.Series([50.0, bad]), BANDS)
