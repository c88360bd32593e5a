"""Float against int8: nothing is called faster that the rounds do not show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.benchmark.int8_speed import compare, interval, least_rounds

TIMES = st.lists(st.floats(0.01, 100), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("float_ms", "int8_ms", "verdict"),
    [
        ([2.0, 2.1, 2.2, 2.0, 2.3, 2.0], [1.0] * 6, "int8 is faster"),
        ([1.0] * 6, [2.0, 2.1, 2.2, 2.0, 2.3, 2.0], "int8 is slower"),
        ([2.0, 0.5, 2.0, 0.5, 2.0, 0.5], [1.0] * 6, "no difference is shown"),
        ([2.0, 2.0, 2.0, 2.0, 2.0, 0.9], [1.0] * 6, "no difference is shown"),
        ([9.0] * 5, [1.0] * 5, "nothing is said of 5 rounds; 6 are needed"),
    ],
)
def test_the_verdict(float_ms: list[float], int8_ms: list[float], verdict: str) -> None:
    assert compare("a-float", "a-int8", 1, float_ms, int8_ms).verdict == verdict


@given(TIMES)
def test_a_model_is_never_faster_than_itself(times: list[float]) -> None:
    same = compare("a", "a", 1, times, times)
    assert same.speed_up == 1.0
    assert "faster" not in same.verdict


@given(TIMES, st.data())
def test_exchanging_both_exchanges_the_verdict(times: list[float], data: st.DataObject) -> None:
    others = data.draw(st.lists(st.floats(0.01, 100), min_size=len(times), max_size=len(times)))
    opposite = {"int8 is faster": "int8 is slower", "int8 is slower": "int8 is faster"}
    one, other = compare("a", "b", 1, times, others).verdict, compare("b", "a", 1, others, times).verdict
    assert opposite.get(one, one) == other


def test_the_interval_is_that_of_the_median() -> None:
    assert least_rounds() == 6
    assert interval([1.0] * 5) is None
    assert interval(list(map(float, range(6)))) == (0.0, 5.0)
    assert interval(list(map(float, range(10)))) == (1.0, 8.0)  # order statistics 2 and 9: 97.9 %
