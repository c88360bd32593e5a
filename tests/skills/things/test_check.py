"""What `doctor` checks of the things, without loading the detector."""

import sys
from pathlib import Path

import pytest

from assistant.errors import SkillError
from assistant.skills.things import nanodet, yolox
from assistant.skills.things.check import check
from tests.skills.things.test_engine import with_model


def test_the_files_that_are_known_are_right(weights_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(with_model(weights_folder / yolox.FILE))
    monkeypatch.setattr("assistant.skills.things.check.find_spec", lambda name: object())
    check(with_model(weights_folder / nanodet.FILE))
    monkeypatch.setattr("assistant.skills.things.check.find_spec", lambda name: None)
    with pytest.raises(SkillError, match="install.sh --extra nanodet"):
        check(with_model(weights_folder / nanodet.FILE))


def test_a_file_that_is_cut_off_is_found(weights_folder: Path, tmp_path: Path) -> None:
    content = (weights_folder / yolox.FILE).read_bytes()
    (tmp_path / yolox.FILE).write_bytes(content[:-1])
    with pytest.raises(SkillError, match="is not the detector that is known"):
        check(with_model(tmp_path / yolox.FILE))
    with pytest.raises(SkillError, match=r"none.onnx: cannot be read"):
        check(with_model(tmp_path / "none.onnx"))


def test_without_ncnn_the_second_detector_says_what_to_install(
    weights_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ncnn", None)
    with pytest.raises(SkillError, match="install.sh --extra nanodet"):
        nanodet.NanoDetDetector(b"", weights_folder / nanodet.WEIGHTS_FILE)
