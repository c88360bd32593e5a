"""Float against int8: nothing is called faster that the rounds do not show."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.benchmark.precision import compare, family, interval, least_rounds, mate

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


@pytest.mark.parametrize("name", ["net-float", "net-float32", "net_f32", "net"])
def test_the_other_file_of_a_model_is_found_beside_it(tmp_path: Path, name: str) -> None:
    whole, quantized = tmp_path / f"{name}.tflite", tmp_path / "net-int8.tflite"
    whole.touch()
    assert mate(whole) is None
    quantized.touch()
    assert (mate(quantized), mate(whole)) == (whole, quantized)
    assert family(whole) == family(quantized) == "net"


def test_the_float_file_of_a_run_is_named_after_the_head_in_the_card(tmp_path: Path) -> None:
    quantized, whole = tmp_path / "mine-int8.tflite", tmp_path / "mine-fer2013-float32.tflite"
    for file in (quantized, whole, tmp_path / "mine-app-float32.tflite"):
        file.touch()
    assert mate(quantized) is None
    quantized.with_suffix(".json").write_text('{"head": "fer2013"}')
    assert mate(quantized) == whole
