"""Evaluation of alignment: with a scripted detector, and on real faces."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.config.settings import DetectorSettings
from assistant.records import Box, Face
from assistant.vision import detectors
from assistant.vision.faces import preprocess
from convert.data import muxspace
from convert.data.fer2013 import load
from convert.data.fer2013_labels import DatasetError
from convert.expression import alignment
from convert.synthesis.affine import CROP_SCALE
from tests.support import drawn_faces


class Finder:
    """A detector that finds one face with these landmarks, in pixels of the enlarged picture, or none."""

    crop_margin, needs_colour, has_landmarks = 0.0, False, True

    def __init__(self, points: np.ndarray | None) -> None:
        self.points = points

    def find(self, image: np.ndarray, grey: np.ndarray) -> list[Face]:
        if self.points is None:
            return []
        return [Face(Box(0, 0, *grey.shape[::-1]), 0.9, tuple(map(tuple, self.points)))]


def enlarged(points: np.ndarray) -> np.ndarray:
    """Points of a 48x48 picture in the enlarged picture on which `align_faces` runs the detector."""
    return (points + 0.5) * CROP_SCALE - 0.5 + CROP_SCALE * 48 // 3


def test_an_aligned_face_is_not_changed() -> None:
    images = np.stack([drawn_faces.picture(label, 1) for label in range(7)])
    made, found = alignment.align_faces(images, Finder(enlarged(preprocess.LANDMARK_TEMPLATE)))
    assert found.all()
    np.testing.assert_array_equal(made, images)


def test_a_shifted_face_is_shifted_back() -> None:
    image = drawn_faces.picture(3, 1)
    shifted = np.roll(image, 3, axis=1)
    made, _ = alignment.align_faces(shifted[None], Finder(enlarged(preprocess.LANDMARK_TEMPLATE + np.array([3, 0]))))
    np.testing.assert_array_equal(made[0][:, :44], image[:, :44])


def test_a_picture_without_a_detected_face_is_not_changed() -> None:
    images = drawn_faces.picture(3, 1)[None]
    made, found = alignment.align_faces(images, Finder(None))
    assert not found.any()
    np.testing.assert_array_equal(made, images)
    assert made is not images


def test_muxspace_is_read_by_its_legend(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "images").mkdir()
    rows = [("a.png", "HAPPINESS"), ("b.png", "neutral"), ("c.png", "happiness"), ("d.png", "happiness")]
    (tmp_path / "data" / "legend.csv").write_text(
        "user.id,image,emotion\n" + "".join(f"1,{name},{label}\n" for name, label in rows)
    )
    for index, (name, _) in enumerate(rows):
        cv2.imwrite(str(tmp_path / "images" / name), np.full((60, 50), 40 * index, np.uint8))
    made = muxspace.load(tmp_path, ("happy", "neutral"), 2)
    assert [(picture.name, picture.expression) for picture in made] == [
        ("a.png", "happy"), ("d.png", "happy"), ("b.png", "neutral"),
    ]  # fmt: skip
    assert made[1].grey.shape == (60, 50)
    with pytest.raises(DatasetError, match="no picture of fear"):
        muxspace.load(tmp_path, ("fear",), 2)
    (tmp_path / "images" / "b.png").write_text("no picture")
    with pytest.raises(DatasetError, match=r"b\.png: not a picture that can be read"):
        muxspace.load(tmp_path, ("neutral",), 2)
    with pytest.raises(DatasetError, match="not muxspace's legend"):
        muxspace.load(tmp_path / "none", ("neutral",), 2)


def test_alignment_improves_recall_on_rotated_faces(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.vision.inference.expression import ExpressionClassifier
    from assistant.vision.inference.model_file import find_model

    monkeypatch.setattr(alignment, "TILTS_DEG", (30, -30))
    detector = detectors.open_detector(DetectorSettings(driver="tflite"))
    pictures = muxspace.load(data / "muxspace", alignment.EXPRESSIONS, 60)
    made = alignment._on_muxspace(ExpressionClassifier(find_model("emotion-cnn-int8"), 1), detector, pictures)
    for seen in made.values():
        assert seen["face_found"] > 0.75
    assert np.mean([seen["aligned"] - seen["cropped"] for seen in made.values()]) > 0.02


@pytest.mark.videos
def test_an_aligned_tilted_neutral_face_is_not_classified_as_sad(data: Path, clips: Path) -> None:
    from assistant.vision.inference.expression import ExpressionClassifier
    from assistant.vision.inference.model_file import find_model

    seen = alignment._on_clip(
        ExpressionClassifier(find_model("emotion-cnn-int8"), 1),
        detectors.open_detector(DetectorSettings(driver="tflite")),
        clips / "two-people-head-pose.mp4",
    )
    assert seen["crops"] >= 0.8 * 112
    assert seen["aligned"].get("sad", 0) < 0.02
    assert seen["aligned"]["neutral"] > 0.9


def test_the_report_as_text() -> None:
    part = {"pictures": 10, "face_found": 0.9, "as_given": 0.5, "aligned": 0.6, "cropped": 0.4}
    report = {
        "model": "some", "fer2013": {"PublicTest": part}, "muxspace": {"+30": part},
        "clip": {"name": "a.mp4", "crops": 4, "cropped": {"sad": 0.75, "neutral": 0.25}, "aligned": {"neutral": 1.0}},
    }  # fmt: skip
    text = alignment.as_text(report)
    assert "PublicTest: as given 50.00%, aligned 60.00% (face found in 90.0% of 10)" in text
    assert "tilted by +30 degrees: cropped 40.00%" in text
    assert "cropped: sad 75%, neutral 25%" in text


def test_the_detector_finds_most_faces_of_fer2013(data: Path) -> None:
    images = load(data).of("PublicTest").images[:60]
    _, found = alignment.align_faces(images, detectors.open_detector(DetectorSettings(driver="tflite")))
    assert found.mean() > 0.75
