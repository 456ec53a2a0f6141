"""Tornado, simulation and Sobol indices against closed forms, another program, and seeded simulation."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from perfkit.errors import ScoreError
from perfkit.methods import risk

FIVE = pd.DataFrame(
    [
        ("a", "triangular", 1.0, 0.9, 1.0, 1.4, None, None),
        ("b", "pert", 1.0, 0.8, 1.0, 1.5, None, None),
        ("c", "normal", 1.0, None, None, None, 1.0, 0.1),
        ("d", "lognormal", 1.0, None, None, None, 1.1, 0.3),
        ("e", "uniform", 1.0, 0.5, None, 1.5, None, None),
    ],
    columns=["name", "distribution", "base", "low", "mode", "high", "mean", "sd"],
)


def uniform(bounds):
    rows = [(name, "uniform", (low + high) / 2, low, high) for name, (low, high) in bounds.items()]
    return pd.DataFrame(rows, columns=["name", "distribution", "base", "low", "high"])


def ishigami(x):
    a, b, c = (x[name].to_numpy() for name in ("x1", "x2", "x3"))
    return np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)


class TestInputs:
    def test_moments_of_the_distributions(self):
        # Closed forms: triangular (low + mode + high) / 3; PERT (low + 4 mode + high) / 6; the others by definition.
        drawn = risk.draws(FIVE, n=200_000, seed=1)
        means = {"a": 3.3 / 3, "b": 6.3 / 6, "c": 1.0, "d": 1.1, "e": 1.0}
        sds = {"c": 0.1, "d": 0.3, "e": 1 / np.sqrt(12)}
        # Triangular variance: (l² + m² + h² - lm - lh - mh) / 18 = (0.81 + 1 + 1.96 - 0.9 - 1.26 - 1.4) / 18.
        sds["a"] = np.sqrt((0.81 + 1 + 1.96 - 0.9 - 1.26 - 1.4) / 18)
        assert drawn.mean().to_dict() == pytest.approx(means, abs=0.003)
        assert drawn[list(sds)].std().to_dict() == pytest.approx(sds, abs=0.003)

    @settings(max_examples=15)
    @given(st.floats(-0.9, 0.9), st.floats(-0.3, 0.3), st.integers(0, 1000))
    def test_rank_correlations_and_marginals_are_recovered(self, rho, other, seed):
        names = ["a", "d", "e"]
        asked = pd.DataFrame([[1, rho, 0], [rho, 1, other], [0, other, 1]], index=names, columns=names)
        drawn = risk.draws(FIVE, n=4000, seed=seed, rank_correlation=asked)
        got = drawn[names].corr(method="spearman")
        assert np.abs(got - asked).to_numpy().max() < 0.08
        # The marginals stay what they were: Kolmogorov's distance to the given distribution is that of chance.
        assert stats.kstest(drawn["e"], stats.uniform(0.5, 1.0).cdf).statistic < 0.035
        assert stats.kstest(drawn["c"], stats.norm(1, 0.1).cdf).statistic < 0.035
        spread = np.sqrt(np.log1p((0.3 / 1.1) ** 2))
        expected = stats.lognorm(spread, scale=1.1 * np.exp(-(spread**2) / 2))
        assert stats.kstest(drawn["d"], expected.cdf).statistic < 0.035

    def test_order_of_inputs_and_others_change_nothing(self):
        names = ["c", "a"]
        asked = pd.DataFrame([[1, 0.5], [0.5, 1]], index=names, columns=names)
        straight = risk.draws(FIVE, n=50, seed=3, rank_correlation=asked)
        turned = risk.draws(FIVE.iloc[::-1], n=50, seed=3, rank_correlation=asked.loc[["a", "c"], ["a", "c"]])
        pd.testing.assert_frame_equal(straight, turned[straight.columns])
        assert risk.draws(FIVE.iloc[[4]], n=50, seed=3)["e"].tolist() == pytest.approx(straight["e"].tolist())

    def test_everything_wrong_is_named_at_once(self):
        bad = pd.DataFrame(
            [
                ("p", "beta", 1.0, 0, 1, 2, None, None),
                ("q", "uniform", 1.0, 2, None, 1, None, None),
                ("r", "normal", None, None, None, None, 1, None),
                ("s", "lognormal", 1.0, None, None, None, -1, 1),
                ("s", "triangular", 1.0, 0, 3, 2, None, None),
            ],
            columns=FIVE.columns,
        )
        with pytest.raises(ScoreError) as caught:
            risk.checked(bad)
        assert len(caught.value.problems) == 7
        with pytest.raises(ScoreError):
            risk.checked(FIVE.iloc[:0])

    def test_impossible_correlations_are_refused(self):
        names = ["a", "b", "c"]
        ring = pd.DataFrame([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]], index=names, columns=names)
        with pytest.raises(ScoreError, match="no joint distribution"):
            risk.draws(FIVE, n=10, seed=1, rank_correlation=ring)
        skew = pd.DataFrame([[1, 0.2], [0.3, 1]], index=["a", "z"], columns=["a", "z"])
        with pytest.raises(ScoreError) as caught:
            risk.draws(FIVE, n=10, seed=1, rank_correlation=skew)
        assert len(caught.value.problems) == 2

    def test_full_correlation_is_possible(self):
        asked = pd.DataFrame([[1.0, 1.0], [1.0, 1.0]], index=["a", "c"], columns=["a", "c"])
        drawn = risk.draws(FIVE, n=200, seed=1, rank_correlation=asked)
        assert drawn["a"].corr(drawn["c"], method="spearman") == pytest.approx(1)


class TestTornado:
    def test_by_hand(self):
        # Outcome 10 x - 6 y with x = y = 1: 4. ±10 %: x 3 and 5, y 4.6 and 3.4. P10-P90 of uniforms on 0.5-1.5 and
        # 0-2: x 0.6 and 1.4 (0 and 8), y 0.2 and 1.8 (8.8 and -0.8).
        inputs = uniform({"x": (0.5, 1.5), "y": (0.0, 2.0)})
        table = risk.tornado(lambda case: 10 * case["x"] - 6 * case["y"], inputs, change=0.1)
        by = table.set_index(["basis", "name"])
        assert table["basis"].tolist() == ["±10%", "±10%", "P10-P90", "P10-P90"]
        assert table["name"].tolist() == ["x", "y", "y", "x"]
        assert by.loc[("±10%", "y"), ["low_output", "high_output"]].tolist() == pytest.approx([4.6, 3.4])
        assert by.loc[("P10-P90", "x"), ["low_output", "high_output"]].tolist() == pytest.approx([0, 8])
        assert by["swing"].to_list() == pytest.approx([2, 1.2, 9.6, 8])
        assert by["turns"].to_list() == [False, False, True, True]

    def test_a_bend_counts(self):
        table = risk.tornado(lambda case: -((case["x"] - 1.0) ** 2), uniform({"x": (0.0, 2.0)}), change=0.5)
        assert table["swing"].tolist() == pytest.approx([0.25, 0.64])

    def test_a_plan_of_nothing_moves_nothing(self):
        table = risk.tornado(lambda case: case["x"], uniform({"x": (-1.0, 1.0)}), change=0.1)
        assert table["swing"].tolist() == pytest.approx([0, 1.6])


class TestSimulate:
    def test_sum_of_normals(self):
        # Closed form: 2 x + y, x ~ N(3, 1), y ~ N(-4, 2), rank correlation of Pearson 0.5: mean 2, variance
        # 4 + 4 + 2 x 2 x 0.5 x 2 = 12.
        inputs = pd.DataFrame(
            {"name": ["x", "y"], "distribution": "normal", "base": [3, -4], "mean": [3, -4], "sd": [1, 2]}
        )
        rho = 6 / np.pi * np.arcsin(0.25)
        asked = pd.DataFrame([[1, rho], [rho, 1]], index=["x", "y"], columns=["x", "y"])
        found = risk.simulate(lambda c: 2 * c["x"] + c["y"], inputs, n=40_000, seed=7, rank_correlation=asked)
        truth = stats.norm(2, np.sqrt(12))
        assert found.low < 2 < found.high
        assert found.se == pytest.approx(np.sqrt(12 / 40_000), rel=0.02)
        levels = found.tables["quantiles"]
        assert levels["value"].to_numpy() == pytest.approx(truth.ppf(levels["level"]), abs=0.08)
        row = found.tables["probability"].iloc[0]
        assert row["low"] < truth.cdf(0) < row["high"]
        assert found.verdict == "pass"
        assert found.tables["convergence"]["draws"].iloc[-1] == 40_000
        assert found.tables["convergence"]["mean"].iloc[-1] == pytest.approx(found.estimate)
        assert "种子 7" in found.method[0]
        again = risk.simulate(lambda c: 2 * c["x"] + c["y"], inputs, n=40_000, seed=7, rank_correlation=asked)
        assert again.estimate == found.estimate

    def test_intervals_cover(self):
        # 200 seeded simulations of a uniform's mean 0.5, its 80 % quantile and P(< 0.3): about 95 % each.
        inputs = uniform({"x": (0.0, 1.0)})
        hits = np.zeros(3)
        for seed in range(200):
            found = risk.simulate(lambda c: c["x"], inputs, n=200, seed=seed, threshold=0.3)
            p80 = found.tables["quantiles"].set_index("level").loc[0.8]
            share = found.tables["probability"].iloc[0]
            hits += [
                found.low <= 0.5 <= found.high,
                p80["low"] <= 0.8 <= p80["high"],
                share["low"] <= 0.3 <= share["high"],
            ]
        assert ((hits >= 180) & (hits <= 199)).all()

    def test_few_draws_warn_and_fewer_are_refused(self):
        inputs = uniform({"x": (0.0, 1.0)})
        assert risk.simulate(lambda c: c["x"], inputs, n=200, seed=1).verdict == "warn"
        with pytest.raises(ScoreError):
            risk.simulate(lambda c: c["x"], inputs, n=50, seed=1)

    def test_an_outcome_that_is_no_number_is_refused(self):
        found = risk.simulate(lambda c: (c["x"] - 0.5).where(c["x"] > 0.5), uniform({"x": (0.0, 1.0)}), n=200, seed=1)
        assert found.refused
        assert "不是有限的数" in found.text[0]

    @pytest.mark.parametrize(
        ("shift", "zh", "en"),
        [
            (10.0, "没有一次低于 0", "none of 200"),
            (-10.0, "每一次都低于 0", "every one of 200"),
            (-0.5, "概率为", "%"),
        ],
    )
    def test_texts_at_the_ends(self, shift, zh, en):
        found = risk.simulate(lambda c: c["x"] + shift, uniform({"x": (0.0, 1.0)}), n=200, seed=1)
        assert zh in found.text[0]
        assert en in found.text[1]

    def test_a_constant_outcome(self):
        found = risk.simulate(lambda c: 0 * c["x"] + 3, uniform({"x": (0.0, 1.0)}), n=200, seed=1)
        assert (found.estimate, found.low, found.high) == (3, 3, 3)
        assert found.tables["quantiles"]["value"].unique().tolist() == [3]


class TestSobol:
    def test_ishigami(self, shared):
        # Cases sobol_ishigami and sobol_indices: closed form and SALib, to 0.02.
        wanted = json.loads((shared / "oracles/sobol_ishigami/expected.json").read_text())
        more = json.loads((shared / "oracles/sobol_indices/expected.json").read_text())["ishigami"]
        bounds = pd.read_csv(shared / "oracles/sobol_ishigami/problem.csv").set_index("name")
        inputs = uniform({name: tuple(row) for name, row in bounds.iterrows()})
        found = risk.sobol(ishigami, inputs, n=4096, seed=1)
        table = found.tables["indices"].set_index("name").loc[["x1", "x2", "x3"]]
        for name, firsts, totals in (
            ("published", wanted["published"]["S1"], wanted["published"]["ST"]),
            ("SALib 1.6.0", wanted["verified"]["S1"], wanted["verified"]["ST"]),
            ("closed form", more["S1"], more["ST"]),
            ("SALib 1.4.8", more["salib_N8192_S1"], more["salib_N8192_ST"]),
        ):
            assert table["first"].tolist() == pytest.approx(firsts, abs=0.02), name
            assert table["total"].tolist() == pytest.approx(totals, abs=0.02), name
        assert found.estimate == pytest.approx(sum(more["S1"]), abs=0.02)
        assert (table["first_low"] <= table["first_high"]).all()
        assert ((table["total_low"] <= more["ST"]) & (table["total_high"] >= more["ST"])).all()

    def test_g_function(self, shared):
        wanted = json.loads((shared / "oracles/sobol_indices/expected.json").read_text())["g_function"]
        names = [f"x{i}" for i in range(8)]

        def g(x):
            terms = [(np.abs(4 * x[n] - 2) + a) / (1 + a) for n, a in zip(names, wanted["a"], strict=True)]
            return np.prod(terms, axis=0)

        found = risk.sobol(g, uniform(dict.fromkeys(names, (0.0, 1.0))), n=8192, seed=1)
        table = found.tables["indices"].set_index("name").loc[names]
        assert table["first"].tolist() == pytest.approx(wanted["S1"], abs=0.02)
        assert table["total"].tolist() == pytest.approx(wanted["ST"], abs=0.02)

    def test_weighted_mean(self, shared):
        wanted = json.loads((shared / "oracles/sobol_indices/expected.json").read_text())["weighted_mean_model"]
        inputs = uniform(dict.fromkeys("abc", (0.0, 1.0)))
        found = risk.sobol(lambda x: x[["a", "b", "c"]] @ wanted["w"], inputs, n=1024, seed=1)
        table = found.tables["indices"].set_index("name").loc[["a", "b", "c"]]
        assert table["first"].tolist() == pytest.approx(wanted["S1"], abs=0.02)
        assert table["total"].tolist() == pytest.approx(wanted["S1"], abs=0.02)
        assert "“a”" in found.text[0]

    @settings(max_examples=20)
    @given(st.lists(st.floats(0.1, 10), min_size=1, max_size=5), st.floats(-100, 100))
    def test_an_additive_model_sums_to_one(self, weights, shift):
        names = [f"x{i}" for i in range(len(weights))]
        inputs = uniform(dict.fromkeys(names, (0.0, 1.0)))
        found = risk.sobol(lambda x: x[names] @ weights + shift, inputs, n=512, seed=1, bootstraps=20)
        table = found.tables["indices"].set_index("name").loc[names]
        closed = np.square(weights) / np.square(weights).sum()
        assert found.estimate == pytest.approx(1, abs=0.05)
        assert table["total"].to_numpy() == pytest.approx(closed, abs=0.05)
        assert (table["total"] >= table["first"] - 0.05).all()

    def test_refusals(self):
        inputs = uniform({"a": (0.0, 1.0), "b": (0.0, 1.0)})
        asked = pd.DataFrame([[1, 0.5], [0.5, 1]], index=["a", "b"], columns=["a", "b"])
        tied = risk.sobol(lambda x: x["a"], inputs, n=64, seed=1, rank_correlation=asked)
        still = risk.sobol(lambda x: 0 * x["a"] + 5, inputs, n=64, seed=1)
        void = risk.sobol(lambda x: x["a"] * np.nan, inputs, n=64, seed=1)
        assert [r.refused for r in (tied, still, void)] == [True] * 3
        assert ["相关" in tied.text[0], "不随" in still.text[0], "有限" in void.text[0]] == [True] * 3
        with pytest.raises(ScoreError, match="power of two"):
            risk.sobol(lambda x: x["a"], inputs, n=100, seed=1)

    def test_one_input_explains_all(self):
        found = risk.sobol(lambda x: x["a"] ** 2, uniform({"a": (0.0, 1.0)}), n=256, seed=1)
        assert found.estimate == pytest.approx(1, abs=0.03)
        assert "共同作用" not in found.text[0]

    def test_labels_are_printed_where_there_are_some(self):
        inputs = uniform({"benefit": (0.0, 1.0), "cost": (0.0, 0.1)}).assign(zh=["效益", None], en=["benefits", None])
        found = risk.sobol(lambda x: x["benefit"] - x["cost"], inputs, n=64, seed=1)
        assert "“效益”" in found.text[0]
        assert "'benefits'" in found.text[1]
        table = risk.tornado(lambda x: x["benefit"] - x["cost"], inputs, change=0.1)
        assert table["zh"].tolist() == ["效益", "cost"] * 2
