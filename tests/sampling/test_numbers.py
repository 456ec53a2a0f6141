"""Permanent random numbers: the same digest as sha256sum prints, the same number from it by hand."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from perfkit.errors import SampleError
from perfkit.sampling import permanent, seed_of, stream
from perfkit.sampling.coordination import read_on

# printf '%s|%s' 2026 P001 | sha256sum (GNU coreutils 9.1), and so on.
DIGESTS = {
    "P001": "fb1a330218fe1adf4a0b69d1ea756095b213f91c68f78384e67aaacfe1630c52",
    "项目001": "068d2c299b269c89a92d386e67d44b1c10f05050f6c78887f34a543ccd9c590a",
}


def by_hand(digest):
    """The first 53 bits, the last of them set, over 2**53."""
    return float(Fraction(int(digest[:16], 16) >> 11 | 1, 2**53))


def test_numbers_are_the_first_bits_of_what_sha256sum_prints():
    expected = [by_hand(digest) for digest in DIGESTS.values()]
    assert permanent(list(DIGESTS), 2026).tolist() == expected
    assert permanent(pd.Series(list(DIGESTS)), "2026").tolist() == expected


def test_a_seed_is_what_sha256sum_makes_of_the_public_value():
    # printf 'perfkit sampling seed|上证指数 2026-03-02 收盘 3,912.54' | sha256sum
    digest = "57233619f282d9f2b16f8dd7e7f1a456bb8d69150fad60712ca557138aa67894"
    assert seed_of("上证指数 2026-03-02 收盘 3,912.54") == digest
    assert seed_of("  上证指数　２０２６-03-02\n收盘  3，912.54 ") == digest
    assert seed_of("上证指数 2026-03-02 收盘 3,912.55") != digest


def test_a_stream_is_apart_from_the_units():
    # D=$(printf '2026|stream|start' | sha256sum); printf '%s|1' $D | sha256sum
    second = by_hand("5bc172499e123edf9a01da325dafef2b6cfecfa992d443078a27709e732d8892")
    assert stream(2026, "start", 2)[1] == second
    assert stream(2026, "start", 2)[0] not in permanent(["0", "1"], 2026)
    assert stream(2026, "start|甲") != stream(2026, "start|乙")


def test_composed_and_decomposed_characters_are_one_code():
    assert permanent(["caf\u00e9"], 1) == permanent(["cafe\u0301"], 1)
    assert permanent(["a", "cafe\u0301"], 1)[0] == permanent(["a"], 1)[0]


@pytest.mark.parametrize(
    ("seed", "message"), [("", "a seed is text without"), ("a|b", "a seed is text without"), ("  ", "not blank")]
)
def test_a_seed_that_could_be_taken_for_another_is_refused(seed, message):
    with pytest.raises(SampleError, match=message):
        permanent(["P001"], seed)


def test_a_blank_public_value_is_refused():
    with pytest.raises(SampleError, match="the public value is blank"):
        seed_of(" 　")


@given(st.lists(st.text(max_size=8)), st.integers())
def test_a_number_depends_on_its_unit_and_the_seed_alone(ids, seed):
    numbers = permanent(ids, seed)
    assert ((numbers > 0) & (numbers < 1)).all()
    assert (numbers * 2**53 % 2 == 1).all()
    assert permanent(ids[::-1], seed).tolist() == numbers[::-1].tolist()


def test_numbers_are_uniform_and_two_seeds_have_nothing_in_common():
    ids = [f"P{at:05d}" for at in range(20_000)]
    first, second = permanent(ids, "a"), permanent(ids, "b")
    assert stats.kstest(first, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(len(ids))


@given(st.floats(0, 1, exclude_max=True), st.integers())
def test_numbers_read_on_are_the_same_numbers_from_another_start(start, seed):
    numbers = permanent([str(at) for at in range(20)], seed)
    read = read_on(numbers, start)
    assert ((read > 0) & (read < 1)).all()
    np.testing.assert_allclose(read, (numbers - start) % 1, atol=1e-15)
    past = np.flatnonzero(numbers > start)
    expected = [*past[np.argsort(numbers[past])], *np.argsort(numbers)[: len(numbers) - len(past)]]
    assert np.argsort(read).tolist() == expected
