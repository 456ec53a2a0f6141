"""Reserves that stand in and weights for units not reached: by hand, and without bias in many samples."""

import numpy as np
import pandas as pd
import pytest

from perfkit.errors import SampleError
from perfkit.estimation import Design, mean, nonresponse_weights, response_classes, stand_in


def drawn(n=10, units=40, reserves=3, recommended=0):
    """One stratum: ``n`` drawn at random out of ``units``, reserves after them, recommended ones beside."""
    parts = ["recommended"] * recommended + ["random"] * n + ["reserve"] * reserves
    sample = pd.DataFrame({"unit_id": [f"u{at:03d}" for at in range(len(parts))], "stratum": "x", "part": parts})
    chance = {"recommended": 1.0, "random": n / units, "reserve": np.nan}
    order = [np.nan] * recommended + list(range(1, n + reserves + 1))
    sample = sample.assign(order=order, inclusion=sample["part"].map(chance))
    return sample.assign(weight=1 / sample["inclusion"])


def results(sample, not_reached=(), not_eligible=(), reserves=0):
    gone_to = pd.concat([sample[sample["part"].ne("reserve")], sample[sample["part"].eq("reserve")].head(reserves)])
    outcome = pd.Series(None, index=gone_to["unit_id"], dtype=object)
    outcome[list(not_reached)] = "not_reached"
    outcome[list(not_eligible)] = "not_eligible"
    return outcome.rename("outcome").reset_index()


def test_reserves_enlarge_the_sample():
    # 10 of 40 drawn, 2 not reached, 2 reserves gone to: 12 of 40 gone to, 10 reached, so each stands for 4 again.
    sample = drawn()
    carried = stand_in(sample, results(sample, not_reached=["u000", "u004"], reserves=2))
    assert len(carried) == 12
    assert carried["inclusion"].unique() == pytest.approx([0.3])
    found = nonresponse_weights(carried)
    assert len(found) == 10
    assert found["weight"].unique() == pytest.approx([4.0])
    assert found["inclusion"].unique() == pytest.approx([0.25])
    assert Design.of(found).n == 10


def test_certain_units_not_reached_leave_an_error():
    sample = drawn(recommended=8, reserves=0)
    found = nonresponse_weights(stand_in(sample, results(sample, not_reached=["u000", "u001"])))
    certain = found[found["part"].eq("recommended")]
    assert certain["weight"].unique() == pytest.approx([8 / 6])
    assert found["weight"].sum() == pytest.approx(sample["weight"].sum())
    y = np.where(found["part"].eq("recommended"), np.arange(len(found)), 5.0)
    assert mean(y, Design.of(found))["se"].item() > 0


def test_units_that_do_not_belong_keep_their_weight():
    sample = drawn(reserves=0)
    found = nonresponse_weights(stand_in(sample, results(sample, not_eligible=["u001"], not_reached=["u002"])))
    assert found["outcome"].value_counts().to_dict() == {"checked": 8, "not_eligible": 1}
    by = mean(np.arange(9.0), Design.of(found), by=found["outcome"]).set_index("domain")
    assert by.loc["checked", "units"] == pytest.approx(40 * 8 / 9)


@pytest.mark.parametrize("seed", [1])
def test_cells_take_the_bias_out(seed):
    # Large projects are reached half as often and score lower. 400 samples of 100 out of 1,000: the mean of those
    # reached is too high by about 2; within cells, or classes of the likelihood, it is right.
    rng = np.random.default_rng(seed)
    size = np.repeat(["large", "small"], 500)
    y = np.where(size == "large", 70.0, 80.0) + rng.normal(0, 3, 1000)
    chance = np.where(size == "large", 0.45, 0.9)
    plain, cells, classes = [], [], []
    for _ in range(150):
        at = rng.permutation(1000)[:100]
        sample = drawn(100, 1000, 0).assign(unit_id=[f"p{one:04d}" for one in at])
        missed = sample["unit_id"][rng.random(100) > chance[at]]
        carried = stand_in(sample, results(sample, not_reached=missed))
        kind = pd.Series(size[at], index=sample["unit_id"])
        value = pd.Series(y[at], index=sample["unit_id"])
        likely = response_classes(carried, kind.to_frame("kind"), classes=2)
        for kept, by in ((plain, None), (cells, kind), (classes, likely)):
            found = nonresponse_weights(carried, by)
            kept.append(mean(value[found["unit_id"]], Design.of(found))["estimate"].item())
    error = 4 * np.std(cells) / np.sqrt(150)
    assert np.mean(plain) - y.mean() > 1.2
    assert np.mean(cells) == pytest.approx(y.mean(), abs=error)
    assert abs(np.mean(classes) - y.mean()) < (np.mean(plain) - y.mean()) / 3


def test_classes_do_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(2)
    sample = drawn(60, 600, 0)
    carried = stand_in(sample, results(sample, not_reached=sample["unit_id"][rng.random(60) < 0.3]))
    features = pd.DataFrame({"budget": rng.gamma(2, 10, 60), "dept": list("abc") * 20}, index=sample["unit_id"])
    one = response_classes(carried, features)
    other = response_classes(carried.sample(frac=1, random_state=1), features.sample(frac=1, random_state=2))
    assert one.sort_index().equals(other.sort_index())
    assert set(one) == set("12345")
    reached = carried.set_index("unit_id")["outcome"].ne("not_reached")
    assert reached[one[one == "5"].index].mean() >= reached[one[one == "1"].index].mean()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda s, c: (s, c.iloc[1:]), "no result"),
        (lambda s, c: (s, pd.concat([c, c.head(1)])), "two results"),
        (lambda s, c: (s, pd.concat([c, c.head(1).assign(unit_id="other")])), "not of the sample"),
        (lambda s, c: (s, pd.concat([c, pd.DataFrame({"unit_id": ["u012"]})])), "passed over"),
        (
            lambda s, c: (
                s.assign(inclusion=s["inclusion"].where(s.index != 2, 0.9)),
                pd.concat([c, pd.DataFrame({"unit_id": ["u010"]})]),
            ),
            "equal probabilities",
        ),
    ],
)
def test_a_sample_not_carried_out_as_drawn_is_refused(change, word):
    sample = drawn()
    sample, checks = change(sample, results(sample))
    with pytest.raises(SampleError, match=word):
        stand_in(sample, checks)


def test_small_cells_and_missing_features_are_refused():
    sample = drawn(reserves=0)
    carried = stand_in(sample, results(sample, not_reached=["u000", "u001"]))
    lone = pd.Series(["a", "a", "a", *["b"] * 7], index=sample["unit_id"])
    with pytest.raises(SampleError, match="too few units were reached"):
        nonresponse_weights(carried, lone)
    assert nonresponse_weights(carried, lone, at_least=1)["weight"].max() == pytest.approx(12)
    with pytest.raises(SampleError, match="no cell"):
        nonresponse_weights(carried, lone.iloc[1:])
    with pytest.raises(SampleError, match="lacks a feature"):
        response_classes(carried, pd.DataFrame({"x": [1.0]}, index=["u000"]))
