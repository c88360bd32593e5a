"""The command `playground`: what is wrong with its options is told before anything is served."""

from pathlib import Path

import pytest

from convert.cli import main


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--model", "nosuch"), "no shipped model is called 'nosuch'"),
        (("--model", "face-detector-int8"), "face-detector-int8: reads no expressions"),
        (("--yunet", "nosuch.onnx"), "nosuch.onnx: no such file"),
    ],
)
def test_what_is_wrong_is_one_line_before_the_start(
    options: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["playground", *options, "--port", "0"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"emotion-convert: {message}")
