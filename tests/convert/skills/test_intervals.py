"""Bounds of counted shares, against published values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.skills.intervals import interval, upper_bound


@pytest.mark.parametrize(
    ("errors", "trials", "expected"),
    [
        (0, 100, 1 - 0.05 ** (1 / 100)),
        (0, 2000, 1 - 0.05 ** (1 / 2000)),
        (1, 1, 1.0),
        (1, 10, 0.394163),
        (5, 10, 0.777559),
    ],
)
def test_the_upper_bound(errors: int, trials: int, expected: float) -> None:
    assert upper_bound(errors, trials) == pytest.approx(expected, abs=1e-5)


def test_the_two_sided_interval() -> None:
    assert interval(8, 10) == pytest.approx((0.443905, 0.974789), abs=1e-5)
    assert interval(10, 10)[1] == 1.0


@given(st.integers(1, 3000), st.data())
def test_the_share_that_was_counted_lies_inside(trials: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, trials))
    low, high = interval(right, trials)
    assert -1e-9 <= low <= right / trials + 1e-9
    assert right / trials - 1e-9 <= high <= 1


def test_no_trials() -> None:
    with pytest.raises(ValueError, match="0 trials"):
        upper_bound(0, 0)
