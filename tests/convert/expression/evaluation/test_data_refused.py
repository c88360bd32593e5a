"""What a measurement cannot be made of is refused in one line, before minutes of work."""

from pathlib import Path

import pytest

from convert.cli import main
from tests.support import drawn_faces


@pytest.mark.parametrize("command", [
    ["evaluate", "emotion-small-int8", "--quick"], ["compare", "emotion-small-int8", "emotion-cnn-int8"],
    ["evaluate-alignment", "emotion-small-int8"],
], ids=lambda command: command[0])  # fmt: skip
def test_data_without_votes_are_refused_in_one_line_that_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    drawn_faces.write_folder(drawn_faces.dataset(1, 1), tmp_path)
    (tmp_path / "muxspace").mkdir()
    monkeypatch.setattr("convert.data.muxspace.load", lambda *_, **__: [])
    assert main([*command, "--data", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert told.splitlines()[-1].startswith("emotion-convert: no picture of this split has FER+ votes that agree")
    assert "put fer2013new.csv beside FER-2013" in told


def test_alignment_without_muxspace_is_refused_whatever_form_the_data_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = drawn_faces.write_csv(drawn_faces.dataset(1, 1), tmp_path)
    assert main(["evaluate-alignment", "emotion-small-int8", "--data", str(file)]) == 1
    assert capsys.readouterr().err == (
        f"emotion-convert: {file}: there is no folder muxspace beside FER-2013, whose faces are tilted here\n"
    )
