"""The float and the int8 file of one model find each other."""

from pathlib import Path

import pytest

from convert.tflite.float_pair import counterpart, family


@pytest.mark.parametrize("name", ["net-float", "net-float32", "net_f32", "net"])
def test_the_other_file_of_a_model_is_found_beside_it(tmp_path: Path, name: str) -> None:
    whole, quantized = tmp_path / f"{name}.tflite", tmp_path / "net-int8.tflite"
    whole.touch()
    assert counterpart(whole) is None
    quantized.touch()
    assert (counterpart(quantized), counterpart(whole)) == (whole, quantized)
    assert family(whole) == family(quantized) == "net"


def test_the_float_file_of_a_run_is_named_after_the_head_in_the_card(tmp_path: Path) -> None:
    quantized, whole = tmp_path / "mine-int8.tflite", tmp_path / "mine-fer2013-float32.tflite"
    for file in (quantized, whole, tmp_path / "mine-app-float32.tflite"):
        file.touch()
    assert counterpart(quantized) is None
    quantized.with_suffix(".json").write_text('{"head": "fer2013"}')
    assert counterpart(quantized) == whole
