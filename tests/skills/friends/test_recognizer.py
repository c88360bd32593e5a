"""The recognizers: the same person before other persons, whichever driver; and files that are refused."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.config.settings import DetectorSettings
from assistant.errors import SkillError
from assistant.skills.friends import recognizer
from assistant.skills.friends.alignment import align
from assistant.skills.friends.recognizer import OnnxRecognizer, Recognizer, SFace, open_recognizer
from assistant.skills.friends.thresholds import NameThresholds
from assistant.vision.cameras.demo import photograph
from assistant.vision.detectors import open_detector

CARD = {"side": 112, "channels": "RGB", "mean": 0, "scale": 1, "name": 0.5, "maybe": 0.4}
"""What SFace takes."""


@pytest.fixture(scope="module")
def loaded(sface: Path) -> Recognizer:
    return open_recognizer(sface)


@pytest.fixture(scope="module")
def faces() -> dict[str, NDArray[np.uint8]]:
    """The aligned faces of two photographs, and those of a darker and a smaller copy of the first."""
    detector = open_detector(DetectorSettings())

    def aligned(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        found = detector.find(picture, cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
        face = align(picture, found[0])
        assert face is not None
        return face

    first = photograph("astronaut")
    return {
        "first": aligned(first),
        "dark": aligned((first * 0.5).astype(np.uint8)),
        "small": aligned(cv2.resize(first, (256, 256), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)),
        "other": aligned(photograph("hopper")),
    }


def test_the_same_person_is_nearer_than_another(loaded: Recognizer, faces: dict[str, NDArray[np.uint8]]) -> None:
    found = {name: loaded.embed(face) for name, face in faces.items()}
    assert isinstance(loaded, SFace)
    for embedding in found.values():
        assert embedding.dtype == np.float32
        assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-5)
    assert found["first"] @ found["dark"] > 0.8
    assert found["first"] @ found["small"] > loaded.thresholds.name
    assert found["first"] @ found["other"] < loaded.thresholds.maybe


def test_the_second_driver_gives_the_same_embeddings_for_the_same_file(
    sface: Path,
    loaded: Recognizer,
    faces: dict[str, NDArray[np.uint8]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recognizer, "SFACE_SHA256", "0" * 64)
    own = tmp_path / "own.onnx"
    shutil.copy(sface, own)
    own.with_suffix(".json").write_text(json.dumps(CARD), "utf-8")
    second = open_recognizer(own)
    assert isinstance(second, OnnxRecognizer)
    assert second.thresholds == NameThresholds(0.5, 0.4)
    for face in faces.values():
        assert second.embed(face) @ loaded.embed(face) > 0.999


def test_a_card_that_states_another_input_size_gives_other_embeddings_or_is_refused(
    sface: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognizer, "SFACE_SHA256", "0" * 64)
    own = tmp_path / "own.onnx"
    shutil.copy(sface, own)
    own.with_suffix(".json").write_text(json.dumps({**CARD, "side": 64}), "utf-8")
    with pytest.raises(SkillError, match="cannot use this as a face recognizer") as failed:
        open_recognizer(own)
    assert failed.value.reason == "missing"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"side": 5}, "side is 16 to 512"),
        ({"channels": "GRB"}, "channels BGR or RGB"),
        ({"scale": 0}, "scale is 0.0"),
        ({"scale": float("nan")}, "scale is nan"),
        ({"mean": float("inf")}, "mean a number"),
        ({"maybe": 0.7}, "maybe is not above name"),
        ({"name": "x"}, "not a recognizer's card"),
        ({"side": 1e999}, "not a recognizer's card"),
    ],
)
def test_a_card_with_a_wrong_value(changed: dict[str, object], said: str, tmp_path: Path) -> None:
    own = tmp_path / "own.onnx"
    own.write_bytes(b"no network")
    own.with_suffix(".json").write_text(json.dumps({**CARD, **changed}), "utf-8")
    with pytest.raises(SkillError, match=said):
        open_recognizer(own)


def test_files_that_are_no_recognizer(tmp_path: Path) -> None:
    own = tmp_path / "own.onnx"
    with pytest.raises(SkillError, match=r"own\.onnx: cannot be read") as failed:
        open_recognizer(own)
    assert failed.value.reason == "missing"
    own.write_bytes(b"no network")
    with pytest.raises(SkillError, match=r"own\.json: cannot be read"):
        open_recognizer(own)
    own.with_suffix(".json").write_text(json.dumps(CARD), "utf-8")
    with pytest.raises(SkillError, match="OpenCV cannot use this"):
        open_recognizer(own)


def test_a_picture_of_another_size_is_refused(loaded: Recognizer) -> None:
    with pytest.raises(SkillError, match="expected a face uint8"):
        loaded.embed(np.zeros((48, 48, 3), np.uint8))
