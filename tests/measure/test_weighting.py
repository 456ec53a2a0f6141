"""Weights: shares that sum to one."""

import json

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
