"""Detectors on real photographs."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.config.settings import CameraSettings, DetectorSettings
from assistant.errors import DetectorError
from assistant.records import Box, Face
from assistant.vision import detectors
from assistant.vision.cameras import open_camera
from assistant.vision.detectors import nearest_first, shrink
from assistant.vision.faces.preprocess import to_grey
from tests.support.standins import needs_photographs


@needs_photographs
def test_haar_finds_the_two_people_of_the_demo_and_no_face_between_them() -> None:
    haar, camera = (
        detectors.open_detector(DetectorSettings(driver="haar")),
        open_camera(CameraSettings(driver="demo", fps=2)),
    )
    counts = []
    while (frame := camera.read()) is not None:
        faces = haar.find(frame.image, to_grey(frame.image))
        counts.append((frame.at, len(faces)))
        for face in faces:
            assert 0.5 <= face.score < 1
            assert 320 - 120 < face.box.center[0] < 320 + 120
    assert [count for at, count in counts if 2 <= at < 6.5] == [1] * 9
    assert not any(count for at, count in counts if 7.5 <= at < 11.5)
    assert sum(count == 1 for at, count in counts if 13 <= at < 17) >= 7


def test_no_face_is_found_on_a_blank_wall() -> None:
    haar = detectors.open_detector(DetectorSettings(driver="haar"))
    noise = np.random.default_rng(1).normal(128, 3, (240, 320)).clip(0, 255).astype(np.uint8)
    for wall in (np.zeros((240, 320), np.uint8), np.full((240, 320), 200, np.uint8), noise):
        assert haar.find(wall, wall) == []


@pytest.mark.parametrize(("least", "scores"), [(0.0, [0.5, 0.75, 0.9]), (0.75, [0.75, 0.9]), (0.95, [])])
def test_haar_gives_no_face_below_the_score_threshold(least: float, scores: list[float]) -> None:
    class Cascade:
        def detectMultiScale2(self, *image: object, **how: object) -> tuple[list[tuple[int, ...]], list[int]]:
            return [(10, 10, 40, 40), (60, 10, 40, 40), (110, 10, 40, 40)], [4, 12, 36]

    haar = detectors.open_detector(DetectorSettings(driver="haar", score_threshold=least))
    haar._cascade = Cascade()  # type: ignore[attr-defined]
    wall = np.zeros((240, 320), np.uint8)
    assert sorted(face.score for face in haar.find(wall, wall)) == scores


def test_the_largest_faces_come_first() -> None:
    faces = [Face(Box(0, 0, side, side), 0.9) for side in (30, 90, 60, 10)]
    assert [face.box.width for face in nearest_first(faces)] == [90, 60, 30, 10]


@pytest.mark.parametrize(
    ("size", "shape", "factor"),
    [((480, 640), (240, 320), 2.0), ((640, 480), (320, 240), 2.0), ((100, 200), (100, 200), 1.0)],
)
def test_shrinking_keeps_the_aspect_ratio_and_returns_the_factor_back(
    size: tuple[int, int], shape: tuple[int, int], factor: float
) -> None:
    small, back = shrink(np.zeros(size, np.uint8), 320)
    assert small.shape == shape
    assert back == factor


def test_a_missing_haar_cascade_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cv2.data, "haarcascades", str(tmp_path))
    with pytest.raises(DetectorError, match="no Haar cascades; install"):
        detectors.open_detector(DetectorSettings(driver="haar"))
    (tmp_path / "haarcascade_frontalface_alt2.xml").write_text("<opencv_storage></opencv_storage>")
    with pytest.raises(DetectorError, match="damaged; reinstall"):
        detectors.open_detector(DetectorSettings(driver="haar"))


def test_yunet_without_its_file_or_with_another_file_is_a_one_line_error(tmp_path: Path) -> None:
    wrong = tmp_path / "face.onnx"
    wrong.write_bytes(b"not an ONNX file")
    for model, message in (
        ("", "detector.model is empty"),
        (str(wrong), "cannot use this"),
        (str(tmp_path / "none"), "cannot be read: No such file"),
        (str(tmp_path), "cannot be read: Is a directory"),
        (str(tmp_path / "caf\udce9.onnx"), "cannot be read: No such file"),
    ):
        with pytest.raises(DetectorError, match=message) as caught:
            detectors.open_detector(DetectorSettings(driver="yunet", model=model))
        assert "\n" not in str(caught.value)


class FakeYuNet:
    """cv2.FaceDetectorYN with two rows of answers, in pixels of the 320x320 square."""

    def detect(self, square: np.ndarray) -> tuple[int, np.ndarray | None]:
        if not square.any():
            return 0, None
        rows = np.zeros((2, 15), np.float32)
        rows[0] = [10, 20, 40, 60, *range(10), 0.9]
        rows[1] = [0, 0, 12, 12, *range(10), 0.8]
        return 2, rows


def test_yunets_boxes_and_landmarks_are_in_pixels_of_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2.FaceDetectorYN, "create", lambda *arguments: FakeYuNet())
    (tmp_path / "yunet.onnx").touch()
    yunet = detectors.open_detector(DetectorSettings(driver="yunet", model=str(tmp_path / "yunet.onnx")))
    grey = np.full((480, 640), 50, np.uint8)
    (face,) = yunet.find(grey, grey)  # the second is smaller than min_face_px
    assert face.box == Box(20, 40, 80, 120)
    assert face.landmarks == ((0, 2), (4, 6), (8, 10), (12, 14), (16, 18))
    assert abs(face.score - 0.9) < 1e-6
    assert yunet.find(np.zeros((480, 640, 3), np.uint8), grey) == []  # it takes the colour picture where there is one


@pytest.mark.videos
def test_yunet_finds_both_tilted_heads(clips: Path) -> None:
    model = os.environ.get("EMOTION_YUNET", "")
    if not model:
        pytest.skip("EMOTION_YUNET names no file: it is YuNet's 320x320 ONNX export")
    yunet = detectors.open_detector(DetectorSettings(driver="yunet", model=model))
    camera, both, frames = (
        open_camera(CameraSettings(driver="opencv", source=str(clips / "two-people-head-pose.mp4"))),
        0,
        0,
    )
    while (frame := camera.read()) is not None:
        frames, both = frames + 1, both + (len(yunet.find(frame.image, to_grey(frame.image))) == 2)
    assert both >= 0.8 * frames
