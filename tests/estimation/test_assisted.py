"""Difference and ratio estimators against R survey 4.1.1, and domains that nobody checked."""

import numpy as np
import pytest

from perfkit.errors import SampleError
from perfkit.estimation import Design, difference, mean, ratio_estimate


def test_the_model_province(spot_check, agrees):
    rows, design, expected = spot_check.rows, Design.of(spot_check.sample), spot_check.expected
    everyone = spot_check.population["self"]
    found = difference(rows["spot"], rows["self"], everyone, design)
    agrees(
        found,
        {
            "est": expected["difference_estimator_mean_spot"],
            "se": expected["difference_self_minus_spot"]["se"],
        },
    )
    assert found["units"].item() == expected["N"]
    agrees(ratio_estimate(rows["spot"], rows["self"], everyone, design), expected["ratio_mean_spot"])
    for row in (found, ratio_estimate(rows["spot"], rows["self"], everyone, design)):
        assert row["low"].item() < expected["spot_mean_true"] < row["high"].item()


def test_by_hand():
    # Two of four checked; the self-scores of all average 85, checks are 5 and 7 lower: 79, spread sqrt(2) over
    # sqrt(2), times sqrt(1 - 2/4).
    found = difference([70, 78], [75, 85], [75, 85, 90, 90], Design.simple(2, 4)).iloc[0]
    assert found["estimate"] == pytest.approx(79)
    assert found["se"] == pytest.approx(np.sqrt(0.5))
    money = difference([70, 78], [75, 85], [75, 85, 90, 90], Design.simple(2, 4), what="total").iloc[0]
    assert money["estimate"] == pytest.approx(340 - 2 * 12)
    assert money["se"] == pytest.approx(4 * np.sqrt(0.5))


def test_a_domain_that_was_not_seen_says_so():
    found = difference([70, 78], [75, 85], [75, 85, 90, 90], Design.simple(2, 4), ["a", "a"], ["a", "a", "a", "b"])
    assert found["domain"].tolist() == ["a", "b"]
    assert found["estimate"].round(3).tolist()[0] == pytest.approx(250 / 3 - 6, abs=1e-3)
    assert np.isnan(found["estimate"].iloc[1])
    assert found["note_en"].iloc[1] == "no unit of this domain is in the sample"


def test_an_auxiliary_that_says_nothing_changes_nothing():
    y, design = [1, 2, 3, 4], Design.simple(4, 10)
    plain = mean(y, design)[["estimate", "se", "low", "high"]]
    for estimator in (difference, ratio_estimate):
        assert np.allclose(estimator(y, [1] * 4, [1] * 10, design)[plain.columns], plain)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda d: difference([1, 2], [1, 2], [1, None], d), "without a number"),
        (lambda d: difference([1, 2], [1, 2], [1, 2], d, ["a", "b"], ["a", "a"]), "no unit of this domain"),
        (lambda d: difference([1, 2], [1, 2], [1, 2], d, what="median"), "no such quantity"),
    ],
)
def test_what_cannot_be_estimated_is_refused(call, word):
    with pytest.raises(SampleError, match=word):
        call(Design.simple(2, 4))
