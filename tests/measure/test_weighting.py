"""Weights: shares that sum to one."""

import json
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.errors import ScoreError
from perfkit.measure import weighting

LEVELS = st.lists(
    st.tuples(st.sampled_from("甲乙丙"), st.sampled_from("abc") | st.none(), st.sampled_from("xyz")),
    min_size=1,
    max_size=12,
)


def test_weights_of_the_self_evaluation(shared):
    # Case budget_target_scoring, project_template (财预〔2020〕10号 art. 13): 10/50/30/10.
    file = shared / "oracles" / "budget_target_scoring" / "expected.json"
    template = json.loads(file.read_text(encoding="utf-8"))["project_template"]
    points = pd.Series({k: v for k, v in template.items() if k != "total"})
    assert weighting.given(points).to_dict() == {k: v / template["total"] for k, v in points.items()}


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20).filter(lambda points: sum(points) > 0))
def test_given_weights_sum_to_one(points):
    weights = weighting.given(pd.Series(points))
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()


@pytest.mark.parametrize("points", [[10.0, None], [10.0, -1.0], [0.0, 0.0], []])
def test_points_that_make_no_weights(points):
    with pytest.raises(ScoreError, match="points do not make weights"):
        weighting.given(pd.Series(points, dtype=float))


@settings(max_examples=40)
@given(LEVELS)
def test_equal_weights_sum_to_one(rows):
    weights = weighting.equal(pd.DataFrame(rows, columns=["level1", "level2", "level3"]))
    assert weights.sum() == pytest.approx(1)
    assert (weights > 0).all()


@settings(max_examples=40)
@given(LEVELS)
def test_level_1_groups_weigh_alike(rows):
    levels = pd.DataFrame(rows, columns=["level1", "level2", "level3"])
    groups = weighting.equal(levels).groupby(levels["level1"]).sum()
    assert groups.tolist() == pytest.approx([1 / len(groups)] * len(groups))


@settings(max_examples=40)
@given(LEVELS, st.randoms())
def test_the_order_of_rows_does_not_matter(rows, random):
    levels = pd.DataFrame(rows, columns=["level1", "level2", "level3"])
    order = list(levels.index)
    random.shuffle(order)
    shuffled = weighting.equal(levels.loc[order])
    assert shuffled.sort_index().tolist() == pytest.approx(weighting.equal(levels).tolist())


def test_a_tree_by_hand():
    levels = pd.DataFrame(
        [("产出", "数量", "a"), ("产出", "数量", "b"), ("产出", "质量", "c"), ("效益", None, "d")],
        columns=["level1", "level2", "level3"],
    )
    assert weighting.equal(levels).tolist() == [1 / 8, 1 / 8, 1 / 4, 1 / 2]


def case(shared, name):
    return json.loads((shared / "oracles" / name / "expected.json").read_text(encoding="utf-8"))


def square(rows, names=None):
    names = names or [f"c{i}" for i in range(len(rows))]
    return pd.DataFrame(rows, index=names, columns=names)


def frame(rows):
    return pd.DataFrame(rows, columns=[f"c{i}" for i in range(len(rows[0]))])


def printed(weights, digits):
    return [round(float(each), digits) for each in weights]


class TestExperts:
    WEIGHTS = pd.DataFrame(
        {"产出": [50, 30, 0.4], "效益": [30, 40, 0.4], "满意度": [20, 30, 0.2]}, index=list("甲乙丙")
    )

    def test_the_mean_and_the_disagreement(self):
        # By hand: shares (.5 .3 .4), (.3 .4 .4), (.2 .3 .2).
        table = weighting.expert_mean(self.WEIGHTS)
        assert table["weight"].to_dict() == pytest.approx({"产出": 0.4, "效益": 1.1 / 3, "满意度": 0.7 / 3})
        assert table["sd"].tolist() == pytest.approx([0.1, math.sqrt(0.01 / 3), math.sqrt(0.01 / 3)])
        assert table["range"].tolist() == pytest.approx([0.2, 0.1, 0.1])
        assert table["experts"].tolist() == [3, 3, 3]

    @pytest.mark.parametrize("bad", [None, -1.0])
    def test_a_weight_that_is_none(self, bad):
        table = self.WEIGHTS.astype(float)
        table.loc["乙", "效益"] = bad
        with pytest.raises(ScoreError, match="效益 › 乙"):
            weighting.expert_mean(table)

    def test_an_expert_who_says_nothing_or_stands_alone(self):
        silent = self.WEIGHTS.assign(产出=[1, 0, 1], 效益=[1, 0, 1], 满意度=[1, 0, 1])
        with pytest.raises(ScoreError, match="gives no weight to anything · 乙"):
            weighting.expert_mean(silent)
        with pytest.raises(ScoreError, match="two units"):
            weighting.expert_mean(self.WEIGHTS.head(1))


class TestAHP:
    # Saaty (2008), relative consumption of drinks; published priorities and CR reproduced by AHPy's own tests.
    DRINKS = ("coffee", "wine", "tea", "beer", "soda", "milk", "water")
    UPPER = """1 9 5 2 1 1 1/2
        1 1/3 1/9 1/9 1/9 1/9
        1 1/3 1/4 1/3 1/9
        1 1/2 1 1/3
        1 2 1/2
        1 1/3
        1"""

    @pytest.fixture(scope="class")
    @staticmethod
    def drinks():
        rows = [[float(Fraction(cell)) for cell in line.split()] for line in TestAHP.UPPER.splitlines()]
        return square([[None] * (7 - len(row)) + row for row in rows], list(TestAHP.DRINKS))

    def test_saatys_drinks_as_published(self, drinks):
        found = weighting.ahp(drinks)
        assert printed(found.weights, 3) == [0.177, 0.019, 0.042, 0.116, 0.19, 0.129, 0.327]
        assert round(found.cr, 3) == 0.022
        assert found.consistent

    @pytest.mark.parametrize(
        ("table", "ratio"), [("saaty", 0.0223), ("saaty2005", 0.0218), ("donegan_dodd", 0.0235), ("alonso", 0.0219)]
    )
    def test_one_matrix_several_tables(self, drinks, table, ratio):
        # Run on AHPy 2.1 and by textbook tables: 0.0223 / 0.0218 / 0.0235; Alonso by hand:
        # 0.029438 / 1.3417.
        found = weighting.ahp(drinks, random_index=table)
        assert round(found.cr, 4) == ratio
        assert found.random_index == table
        assert found.index_source == weighting.RANDOM_INDEX[table].source
        assert all(found.index_source in line and f"{ratio:.4f}" in line for line in found.sentence)

    def test_every_figure_of_the_case(self, shared, drinks):
        # Case ahp_saaty: ahpy 2.1, numpy 1.26.4.
        expected = case(shared, "ahp_saaty")
        tolerance = expected["tolerance"]
        found = weighting.ahp(square(expected["matrix"], expected["names"]))
        assert found.lambda_max == pytest.approx(expected["lambda_max"], abs=tolerance)
        assert found.weights.tolist() == pytest.approx(expected["weights_eigen"], abs=tolerance)
        assert found.weights.round(3).to_dict() == expected["published"]["weights"]
        assert found.ci == pytest.approx(expected["CI"], abs=tolerance)
        assert found.cr == pytest.approx(expected["CR_saaty"], abs=tolerance)
        assert round(found.cr, 3) == expected["published"]["CR"]
        rows = weighting.ahp(square(expected["matrix"], expected["names"]), method="geometric")
        assert rows.weights.tolist() == pytest.approx(expected["weights_geometric_mean"], abs=tolerance)
        assert (rows.ci, rows.method) == (found.ci, "geometric")
        table = expected["RI_saaty_1_to_10"]
        assert list(weighting.RANDOM_INDEX["saaty"].values[: len(table)]) == table
        assert weighting.ahp(drinks).weights.tolist() == pytest.approx(found.weights.tolist())

    def test_small_and_inconsistent_matrices_of_the_case(self, shared):
        # Case ahp_saaty: three_by_three and inconsistent.
        expected = case(shared, "ahp_saaty")
        small = weighting.ahp(square(expected["three_by_three"]["matrix"]))
        assert small.weights.tolist() == pytest.approx(expected["three_by_three"]["weights"], abs=1e-6)
        assert small.cr == pytest.approx(expected["three_by_three"]["CR"], abs=1e-6)
        assert small.consistent
        bad = weighting.ahp(square(expected["inconsistent"]["matrix"]))
        assert bad.cr == pytest.approx(expected["inconsistent"]["CR"], abs=1e-6)
        assert not bad.consistent
        assert "not consistent" in bad.sentence[0]
        assert "未通过" in bad.sentence[1]

    def test_a_group_of_the_case(self, shared):
        # Case ahp_saaty, group_geometric_mean: ahpy 2.1.
        expected = case(shared, "ahp_saaty")["group_geometric_mean"]
        found = weighting.ahp_group([square(each) for each in expected["experts"]])
        assert found.judgements.to_numpy().tolist() == [pytest.approx(row) for row in expected["aggregated"]]
        assert found.weights.tolist() == pytest.approx(expected["weights"], abs=1e-6)
        assert found.cr == pytest.approx(expected["CR"], abs=1e-6)

    def test_incomplete_comparisons_of_the_case(self, shared):
        # Case ahp_saaty, incomplete_bozoki2010: Bozóki, Fülöp & Rónyai (2010), by ahpy 2.1.
        expected = case(shared, "ahp_saaty")["incomplete_bozoki2010"]
        matrix = pd.DataFrame(index=list("abcd"), columns=list("abcd"), dtype=float)
        for row, column, value in expected["comparisons"]:
            matrix.loc[row, column] = value
        found = weighting.ahp(matrix, random_index="donegan_dodd")
        assert found.judgements.loc["c", "d"] == pytest.approx(expected["completed_cd"], abs=1e-6)
        assert found.weights.round(4).to_dict() == expected["weights"]
        assert round(found.cr, 4) == expected["CR_donegan_dodd"]

    def test_incomplete_comparisons_have_the_least_eigenvalue(self):
        # sqrt(8/15) by hand for Bozóki's matrix; nothing near it is more consistent.
        rows = [[1, 1, 5, 2], [None, 1, 3, 4], [None, None, 1, None], [None, None, None, 1]]
        found = weighting.ahp(square(rows))
        assert found.judgements.iloc[2, 3] == pytest.approx(math.sqrt(8 / 15), abs=1e-7)
        for factor in (0.99, 1.01):
            other = found.judgements.copy()
            other.iloc[2, 3] *= factor
            other.iloc[3, 2] /= factor
            assert weighting.ahp(other).lambda_max > found.lambda_max

    def test_the_2006_table_for_three_is_the_mean_over_all_matrices(self):
        # All 17^3 matrices of Saaty's scale, lambda = 1 + t + 1/t: 0.52446, printed as 0.5245 (Alonso & Lamata 2006).
        scale = np.array([1 / k for k in range(9, 1, -1)] + list(range(1, 10)))
        a, b, c = np.meshgrid(scale, scale, scale)
        t = (c / (a * b)) ** (1 / 3)
        assert round(float(((t + 1 / t - 2) / 2).mean()), 4) == weighting.RANDOM_INDEX["alonso"].values[2]

    def test_one_and_two_indicators_cannot_contradict(self):
        two = weighting.ahp(square([[1, 4], [0.25, 1]]))
        assert two.weights.tolist() == pytest.approx([0.8, 0.2])
        assert (two.cr, two.consistent) == (0.0, True)
        assert weighting.ahp(square([[1]])).weights.tolist() == [1.0]

    def test_rounded_reciprocals_are_the_judgement_above_one(self):
        exact = weighting.ahp(square([[1, 3, 7], [1 / 3, 1, 6], [1 / 7, 1 / 6, 1]]))
        typed = weighting.ahp(square([[1, 3, 7], [0.33, 1, 6], [0.14, 0.17, 1]]))
        assert typed.weights.tolist() == exact.weights.tolist()
        turned = weighting.ahp(square([[1, 0.17, 0.14], [6, 1, 0.33], [7, 3, 1]]))
        assert turned.weights.tolist()[::-1] == pytest.approx(exact.weights.tolist())

    @pytest.mark.parametrize(
        ("rows", "match"),
        [
            ([[1, 3], [3, 1]], "not reciprocal"),
            ([[1, -3], [None, 1]], "must be a positive number"),
            ([[1, "1/3"], [3, 1]], "must be a positive number"),
            ([[2, 3], [None, 1]], "not reciprocal"),
            ([[1, 2, None], [None, 1, None], [None, None, 1]], "nothing links"),
        ],
    )
    def test_comparisons_that_cannot_be_used(self, rows, match):
        with pytest.raises(ScoreError, match=match):
            weighting.ahp(square(rows))

    def test_names_tables_and_sizes_that_do_not_fit(self):
        with pytest.raises(ScoreError, match="same indicators in the same order"):
            weighting.ahp(pd.DataFrame([[1, 2], [0.5, 1]], index=["a", "b"], columns=["b", "a"]))
        with pytest.raises(ScoreError, match=r"saaty \(≤ 15\)"):
            weighting.ahp(square(np.ones((16, 16))))
        assert weighting.ahp(square(np.ones((16, 16))), random_index="donegan_dodd").cr == 0
        with pytest.raises(ScoreError, match="got mine"):
            weighting.ahp(square([[1]]), random_index="mine")
        with pytest.raises(ScoreError, match="members must compare"):
            weighting.ahp_group([square([[1]], ["a"]), square([[1]], ["b"])])

    def test_a_pair_one_member_left_out(self):
        whole = square([[1, 2, 4], [None, 1, 2], [None, None, 1]])
        part = square([[1, 8, None], [None, 1, 2], [None, None, 1]])
        group = weighting.ahp_group([whole, part])
        assert group.judgements.iloc[0].tolist() == pytest.approx([1, 4, 4])

    @settings(max_examples=50)
    @given(st.lists(st.floats(0.01, 100), min_size=2, max_size=9), st.data())
    def test_a_consistent_matrix_gives_back_its_weights(self, weights, data):
        w = np.array(weights) / sum(weights)
        rows = w[:, None] / w[None, :]
        for i in range(len(w) - 2):  # every pair but the neighbours may be missing
            if data.draw(st.booleans()):
                rows[i, i + 2] = rows[i + 2, i] = np.nan
        for method in ("eigenvector", "geometric"):
            found = weighting.ahp(square(rows), method=method)
            assert found.weights.tolist() == pytest.approx(w.tolist(), rel=1e-3)
            assert found.cr == pytest.approx(0, abs=1e-6)
            assert found.weights.sum() == pytest.approx(1)


# Hwang & Yoon (1981), fighter aircraft, as in the cases entropy_weights and topsis_hwang_yoon.
AIRCRAFT = [
    [2.0, 1500.0, 20000.0, 5.5, 5.0, 9.0],
    [2.5, 2700.0, 18000.0, 6.5, 3.0, 5.0],
    [1.8, 2000.0, 21000.0, 4.5, 7.0, 7.0],
    [2.2, 1800.0, 20000.0, 5.0, 5.0, 5.0],
]
# Diakoulaki, Mavrotas & Papayannakis (1995), eight pharmaceutical companies.
COMPANIES = [
    [61, 1.08, 4.33],
    [20.7, 0.26, 4.34],
    [16.3, 1.98, 2.53],
    [9, 3.29, 1.65],
    [5.4, 2.77, 2.33],
    [4, 4.12, 1.21],
    [-6.1, 3.52, 2.10],
    [-34.6, 3.31, 0.98],
]


def up(table):
    return dict.fromkeys(table.columns, "ge")


class TestEntropy:
    def test_every_figure_of_the_case(self, shared):
        # Case entropy_weights: pymcdm 1.4.0, pyrepo-mcda 0.1.15, closed formula.
        expected = case(shared, "entropy_weights")
        for part in ("hwang_yoon", "with_zero"):
            table = frame(expected[part]["matrix"])
            assert weighting.shannon(table).tolist() == pytest.approx(expected[part]["entropy"], abs=1e-10)
            assert weighting.entropy(table).tolist() == pytest.approx(expected[part]["weights"], abs=1e-10)
        constant = weighting.entropy(frame(expected["constant_column"]["matrix"])).tolist()
        assert constant == [0.0, 1.0]
        assert constant == pytest.approx(expected["constant_column"]["weights"], abs=1e-10)
        assert expected["hwang_yoon"]["matrix"] == AIRCRAFT
        assert weighting.entropy(frame(expected["with_zero"]["matrix"])).tolist() == pytest.approx(
            expected["with_zero"]["pyrepo"], abs=1e-10
        )

    def test_the_aircraft_without_the_case(self):
        # Case entropy_weights, hwang_yoon.
        assert printed(weighting.entropy(frame(AIRCRAFT)), 4) == [0.0642, 0.2061, 0.0134, 0.0813, 0.3587, 0.2763]


class TestCritic:
    def test_eight_companies(self):
        # pymcdm 1.4.0 and scikit-criteria's own test: 0.20222554, 0.48090173, 0.31687273.
        table = frame(COMPANIES)
        assert printed(weighting.critic(table, up(table)), 8) == [0.20222554, 0.48090173, 0.31687273]

    def test_aircraft(self):
        # pymcdm 1.4.0, critic_weights of the raw table (all columns: more is better).
        expected = [0.16910353, 0.15848412, 0.17058255, 0.15987483, 0.16284205, 0.17911292]
        assert printed(weighting.critic(frame(AIRCRAFT), up(frame(AIRCRAFT))), 8) == expected

    def test_turning_a_column_is_turning_its_direction(self):
        table = frame(AIRCRAFT)
        cost = {**up(table), "c3": "le"}
        turned = table.assign(c3=-table["c3"])
        expected = weighting.critic(turned, up(table)).tolist()
        assert weighting.critic(table, cost).tolist() == pytest.approx(expected)
        assert expected != pytest.approx(weighting.critic(table, up(table)).tolist())

    def test_a_constant_column_changes_nothing_for_the_others(self):
        # pymcdm gives NaN for every weight here.
        table = frame(COMPANIES)
        more = table.assign(same=3.3)
        weights = weighting.critic(more, up(more))
        assert weights["same"] == 0.0
        assert weights.tolist()[:3] == pytest.approx(weighting.critic(table, up(table)).tolist())

    @pytest.mark.parametrize("rows", [[[1, 5], [2, 5]], [[1, 10], [2, 20], [4, 40]], [[3, 3], [3, 3]]])
    def test_nothing_conflicts(self, rows):
        with pytest.raises(ScoreError, match="no conflict to weigh"):
            weighting.critic(frame(rows), up(frame(rows)))

    def test_a_direction_is_missing_or_unknown(self):
        with pytest.raises(ScoreError, match=r"needs a direction · c1 · expected ge, le · got eq"):
            weighting.critic(frame([[1, 2], [2, 1]]), {"c0": "ge", "c1": "eq"})


class TestStandardDeviation:
    def test_against_pymcdm(self):
        # pymcdm 1.4.0, standard_deviation_weights of the companies on [0, 1] and raw, and of the aircraft raw.
        rescaled = weighting.standard_deviation(frame(COMPANIES))
        assert printed(rescaled, 8) == [0.27908306, 0.34092628, 0.37999065]
        raw = weighting.standard_deviation(frame(COMPANIES), scale="raw")
        assert printed(raw, 8) == [0.91142908, 0.04495513, 0.04361579]
        raw = weighting.standard_deviation(frame(AIRCRAFT), scale="raw")
        expected = [1.68428295e-04, 2.87607667e-01, 7.09741113e-01, 4.81645148e-04, 9.21081696e-04, 1.08006403e-03]
        assert raw.tolist() == pytest.approx(expected, rel=1e-8)

    def test_an_unknown_scale(self):
        with pytest.raises(ScoreError, match="unknown scale"):
            weighting.standard_deviation(frame(COMPANIES), scale="z")


class TestPCA:
    @pytest.mark.parametrize("keep", [1, 2, 3])
    def test_against_scikit_learn(self, keep):
        from sklearn.decomposition import PCA

        table = frame(COMPANIES + [[-x for x in row[::-1]] for row in COMPANIES[:5]])
        z = (table - table.mean()) / table.std(ddof=0)
        fit = PCA(keep).fit(z)
        carried = (fit.explained_variance_[:, None] * fit.components_**2).sum(axis=0)
        weights = weighting.pca(table, components=keep)
        assert weights.tolist() == pytest.approx((carried / carried.sum()).tolist())

    def test_kaiser_keeps_what_is_at_least_one(self):
        rng = np.random.default_rng(3)
        common = rng.normal(size=(200, 1))
        table = frame((common + 0.5 * rng.normal(size=(200, 4))).tolist())
        assert weighting.pca(table).tolist() == pytest.approx(weighting.pca(table, components=1).tolist())

    def test_unrelated_indicators_weigh_alike(self):
        table = frame([[1, 1], [1, -1], [-1, 1], [-1, -1]]).assign(same=0)
        assert weighting.pca(table).tolist() == pytest.approx([0.5, 0.5, 0.0])
        with pytest.raises(ScoreError, match="ties with the next"):
            weighting.pca(table, components=1)

    @pytest.mark.parametrize("keep", [0, 4])
    def test_components_that_are_not_there(self, keep):
        with pytest.raises(ScoreError, match="not so many components"):
            weighting.pca(frame(COMPANIES), components=keep)


SPREAD = {
    "entropy": weighting.entropy,
    "critic": lambda table: weighting.critic(table, up(table)),
    "standard_deviation": weighting.standard_deviation,
    "raw": lambda table: weighting.standard_deviation(table, scale="raw"),
    "pca": weighting.pca,
}
CELL = st.floats(0, 1e4).map(lambda x: round(x, 2))
TABLES = st.integers(1, 5).flatmap(
    lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=2, max_size=12).map(frame)
)


def weights_or_none(method, table):
    """The weights, or None where the method refuses: a refusal is an answer, NaN is not."""
    try:
        return SPREAD[method](table).to_numpy()
    except ScoreError:
        return None


@pytest.mark.parametrize("method", SPREAD)
class TestSpread:
    @pytest.mark.parametrize("bad", [None, math.inf, "x"])
    def test_what_is_no_number_is_refused_with_its_column(self, method, bad):
        table = frame(AIRCRAFT).astype(object)
        table.loc[2, "c4"] = bad
        with pytest.raises(ScoreError, match=r"missing, infinite or not a number · c4 › 2 · got 1 of 4"):
            SPREAD[method](table)

    def test_negative_values(self, method):
        # pyrepo-mcda gives weights of -0.185 and 1.051 on negative values; entropy refuses, the others take them.
        table = frame(COMPANIES)
        if method == "entropy":
            with pytest.raises(ScoreError, match="negative: has no share of a sum · c0 › 6 · got 2 of 8"):
                SPREAD[method](table)
        else:
            assert SPREAD[method](table).sum() == pytest.approx(1)

    def test_no_spread_at_all(self, method):
        with pytest.raises(ScoreError, match=r"spread|conflict"):
            SPREAD[method](frame([[3.0, 0.0]] * 3))

    def test_one_unit_or_a_name_twice(self, method):
        for table in (frame(AIRCRAFT).head(1), pd.DataFrame(AIRCRAFT, columns=list("aabcde"))):
            with pytest.raises(ScoreError, match="distinct column names"):
                SPREAD[method](table)

    @settings(max_examples=60)
    @given(table=TABLES)
    def test_weights_sum_to_one_and_constants_weigh_nothing(self, method, table):
        weights = weights_or_none(method, table)
        if weights is not None:
            assert weights.sum() == pytest.approx(1)
            assert (weights >= 0).all()
            assert (weights[(table.max() == table.min()).to_numpy()] == 0).all()

    @settings(max_examples=60)
    @given(table=TABLES, random=st.randoms())
    def test_the_order_of_rows_does_not_matter(self, method, table, random):
        order = list(table.index)
        random.shuffle(order)
        one, other = weights_or_none(method, table), weights_or_none(method, table.loc[order])
        assert (one is None) == (other is None)
        assert one is None or one == pytest.approx(other, abs=1e-6)

    @settings(max_examples=60)
    @given(table=TABLES, factor=st.sampled_from([0.01, 0.5, 7.0, 1e6]))
    def test_the_unit_of_a_column(self, method, table, factor):
        scaled = table.assign(c0=table["c0"] * factor)
        one, other = weights_or_none(method, table), weights_or_none(method, scaled)
        if method != "raw":
            assert (one is None) == (other is None)
            assert one is None or one == pytest.approx(other, abs=1e-6)
        elif one is not None:  # by hand: w0 f / (w0 f + 1 - w0)
            assert other[0] == pytest.approx(one[0] * factor / (one[0] * factor + 1 - one[0]), abs=1e-6)

    def test_the_zero_of_a_column(self, method):
        moved = frame(AIRCRAFT).assign(c0=lambda table: table["c0"] + 10)
        one, other = SPREAD[method](frame(AIRCRAFT)), SPREAD[method](moved)
        assert (one.tolist() == pytest.approx(other.tolist(), abs=1e-9)) == (method != "entropy")


class TestCombined:
    SAID = pd.Series({"a": 0.5, "b": 0.3, "c": 0.2})
    SHOWN = pd.Series({"c": 0.6, "b": 0.4, "a": 0.0})

    def test_by_hand(self):
        product = weighting.combined(self.SAID, self.SHOWN)
        assert product.to_dict() == pytest.approx({"a": 0.0, "b": 0.5, "c": 0.5})
        mean = weighting.combined(self.SAID, self.SHOWN, rule="mean", share=0.75)
        assert mean.to_dict() == pytest.approx({"a": 0.375, "b": 0.325, "c": 0.3})

    @pytest.mark.parametrize(
        ("more", "match"),
        [
            ({"rule": "mean"}, "mean needs one"),
            ({"share": 0.5}, "multiply takes no share"),
            ({"rule": "mean", "share": 1.5}, "between 0 and 1"),
            ({"rule": "sum"}, "rule=sum"),
        ],
    )
    def test_a_share_that_does_not_fit(self, more, match):
        with pytest.raises(ScoreError, match=match):
            weighting.combined(self.SAID, self.SHOWN, **more)

    @pytest.mark.parametrize(
        ("other", "match"),
        [
            ({"a": 0.5, "b": 0.5}, "same indicators"),
            ({"a": 50, "b": 30, "c": 20}, "sum to one"),
            ({"a": 1.5, "b": -0.5, "c": 0.0}, "at least zero"),
            ({"a": 0.5, "b": 0.5, "c": None}, "at least zero"),
        ],
    )
    def test_weights_that_do_not_fit(self, other, match):
        with pytest.raises(ScoreError, match=match):
            weighting.combined(self.SAID, pd.Series(other, dtype=float))

    def test_nothing_in_common(self):
        with pytest.raises(ScoreError, match="weight on both sides"):
            weighting.combined(pd.Series({"a": 1.0, "b": 0.0}), pd.Series({"a": 0.0, "b": 1.0}))
