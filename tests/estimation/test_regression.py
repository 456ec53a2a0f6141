"""Regression with the design's errors against R survey 4.1.1 (svyglm, gaussian)."""

import numpy as np
import pandas as pd
import pytest

from perfkit.errors import SampleError
from perfkit.estimation import Design, regression


@pytest.mark.parametrize("name", ["srs", "strat", "clus1"])
def test_schools_as_r_survey_has_them(name, schools):
    s = schools(name)
    found = regression(s.rows["api00"], s.rows[["meals", "ell"]], s.design)
    printed = s.expected["glm_api00_meals_ell"]
    np.testing.assert_allclose(found["estimate"], printed["coef"], rtol=1e-8)
    np.testing.assert_allclose(found["se"], printed["se"], rtol=1e-8)


def test_scale_does_not_matter_and_collinear_columns_are_refused():
    rng = np.random.default_rng(1)
    x = pd.DataFrame({"a": rng.normal(size=30), "b": rng.normal(size=30) * 1e9})
    y = 2 + x["a"] - 3e-9 * x["b"] + rng.normal(size=30)
    design = Design.simple(30, 100)
    found, scaled = regression(y, x, design), regression(y, x.assign(b=x["b"] / 1e9), design)
    np.testing.assert_allclose(found["estimate"].iloc[2] * 1e9, scaled["estimate"].iloc[2])
    with pytest.raises(SampleError, match="collinear"):
        regression(y, x.assign(c=x["a"] * 2), design)
