"""The TFLite detector as it ships: tilted, turned and small faces are found, and none in pictures without faces."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.config.settings import DetectorSettings
from assistant.errors import DetectorError
from assistant.records import Face
from assistant.vision import detectors
from assistant.vision.detectors.tflite import DEFAULT_MODEL, TFLiteFaceDetector, contrast_table
from assistant.vision.faces import preprocess
from assistant.vision.inference.model_file import TFLiteModel, find_model
from tests.support import damaged_models
from tests.support.standins import needs_photographs

OWN = DetectorSettings(driver="tflite")
EYES = ((204, 105), (246, 105))
"""Positions of the right and the left eye in the photograph of the astronaut, to some pixels."""


def detect(image: NDArray[np.uint8], settings: DetectorSettings = OWN) -> list[Face]:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    return detectors.open_detector(settings).find(image, grey)


def framed(
    image: NDArray[np.uint8], angle: float, size: tuple[int, int] = (640, 480)
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The astronaut's head, turned by `angle` degrees about the middle of a frame of that (width, height)."""
    turn = cv2.getRotationMatrix2D((225, 130), angle, 1.0)
    turn[:, 2] += np.array(size) / 2 - (225, 130)
    return cv2.warpAffine(image, turn, size, borderMode=cv2.BORDER_REPLICATE), turn


@needs_photographs
@pytest.mark.parametrize("angle", [-45, -30, -15, 0, 15, 30, 45])
def test_a_tilted_head_is_found_with_its_eyes(astronaut: NDArray[np.uint8], angle: float) -> None:
    image, turn = framed(astronaut, angle)
    (face,) = detect(image)
    assert face.landmarks is not None
    for found, known in zip(face.landmarks, EYES, strict=False):
        expected = turn @ (*known, 1)
        assert np.hypot(*(expected - found)) < (0.15 if abs(angle) <= 30 else 0.25) * face.box.width
    assert 40 < face.box.width < 160


@needs_photographs
@pytest.mark.parametrize("size", [(480, 640), (640, 480), (640, 360), (400, 400), (321, 200)])
def test_frames_of_any_aspect_ratio_are_searched(astronaut: NDArray[np.uint8], size: tuple[int, int]) -> None:
    face = max(detect(framed(astronaut, 0, size)[0]), key=lambda found: found.score)
    assert face.score > 0.7
    centre = face.box.center
    assert np.hypot(centre[0] - size[0] / 2, centre[1] - size[1] / 2) < 30


@needs_photographs
def test_a_small_face_is_found_and_one_below_the_smallest_size_is_left_out(astronaut: NDArray[np.uint8]) -> None:
    far = np.full((480, 640, 3), 90, np.uint8)
    small = cv2.resize(astronaut[:260, 80:380], None, fx=0.55, fy=0.55, interpolation=cv2.INTER_AREA)
    far[100 : 100 + small.shape[0], 200 : 200 + small.shape[1]] = small
    (face,) = detect(far)
    assert face.box.width < 75
    assert detect(far, DetectorSettings(driver="tflite", min_face_px=60)) == []


@needs_photographs
def test_half_the_side_finds_near_faces_in_a_quarter_of_the_pixels(astronaut: NDArray[np.uint8]) -> None:
    image = framed(astronaut, 0)[0]
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    fast = TFLiteFaceDetector(DetectorSettings(driver="tflite", long_side=160, min_face_px=16))
    (quick,), (usual,) = fast.find(image, grey), detect(image)
    assert fast._shape == (128, 160)
    assert np.hypot(quick.box.x - usual.box.x, quick.box.y - usual.box.y) < 0.2 * usual.box.width


@needs_photographs
def test_the_largest_face_comes_first(astronaut: NDArray[np.uint8]) -> None:
    head = astronaut[20:260, 110:340]
    pair = np.full((480, 640, 3), 120, np.uint8)
    pair[100:340, 20:250] = head
    pair[150:294, 400:538] = cv2.resize(head, (138, 144), interpolation=cv2.INTER_AREA)
    near, far = detect(pair)
    assert near.box.width > 1.3 * far.box.width
    assert near.box.x < far.box.x


def test_no_face_is_found_on_walls_and_in_noise() -> None:
    random = np.random.default_rng(1)
    ramp = np.tile(np.linspace(0, 255, 320, dtype=np.uint8), (240, 1))
    noise = [
        random.normal(mean, spread, (240, 320)).clip(0, 255).astype(np.uint8) for mean, spread in ((128, 3), (90, 60))
    ]
    for wall in (np.zeros((240, 320), np.uint8), np.full((240, 320), 255, np.uint8), ramp, *noise):
        assert detect(wall) == []


def test_a_higher_threshold_finds_no_more_faces() -> None:
    grey = np.random.default_rng(2).integers(0, 256, (240, 320)).astype(np.uint8)
    assert len(detect(grey, DetectorSettings(driver="tflite", score_threshold=0.9))) <= len(
        detect(grey, DetectorSettings(driver="tflite", score_threshold=0.05))
    )


def copy(folder: Path) -> Path:
    model = folder / "copy.tflite"
    model.write_bytes(find_model(DEFAULT_MODEL).read_bytes())
    model.with_suffix(".json").write_text(find_model(DEFAULT_MODEL).with_suffix(".json").read_text("utf-8"), "utf-8")
    return model


@pytest.mark.parametrize("threshold", [None, 0, 1.5, "high", True])
def test_a_card_without_a_threshold_is_refused(tmp_path: Path, threshold: object) -> None:
    model = copy(tmp_path)
    damaged_models.rewrite_card(model, threshold=threshold)
    with pytest.raises(DetectorError, match="threshold"):
        detect(np.zeros((240, 320), np.uint8), DetectorSettings(driver="tflite", model=str(model)))


@needs_photographs
def test_a_network_that_was_not_trained_for_landmarks_gives_none(tmp_path: Path, astronaut: NDArray[np.uint8]) -> None:
    model = copy(tmp_path)
    damaged_models.rewrite_card(model, landmarks=False)
    (face,) = detect(framed(astronaut, 0)[0], DetectorSettings(driver="tflite", model=str(model)))
    assert face.landmarks is None


def test_a_damaged_file_or_another_network_is_a_one_line_error(tmp_path: Path) -> None:
    model = copy(tmp_path)
    content = bytearray(model.read_bytes())
    content[5000] ^= 1
    model.write_bytes(bytes(content))
    with pytest.raises(DetectorError, match="does not match its card"):
        detectors.open_detector(DetectorSettings(driver="tflite", model=str(model)))
    with pytest.raises(DetectorError, match="no such model file"):
        detectors.open_detector(DetectorSettings(driver="tflite", model=str(tmp_path / "none.tflite")))
    other = damaged_models.copy(tmp_path, "other")
    with pytest.raises(DetectorError, match="an output of shape"):
        detectors.open_detector(DetectorSettings(driver="tflite", model=str(other)))


def test_the_shipped_detector_is_small_and_has_a_full_card() -> None:
    card = json.loads(find_model(DEFAULT_MODEL).with_suffix(".json").read_text("utf-8"))
    assert 100_000 <= card["parameters"] <= 200_000
    assert card["macs"] <= 60e6
    assert find_model(DEFAULT_MODEL).stat().st_size < 300_000
    assert set(card["data"]["terms"]) >= {"fm", "yt", "th"}


@pytest.mark.videos
@pytest.mark.parametrize(
    ("clip", "people", "share"),
    [
        ("two-people-head-pose.mp4", 2, 0.8),
        ("three-people-approaching.mp4", 3, 0.8),
        ("one-person-smiling.mp4", 1, 1.0),
    ],
)
def test_all_people_in_the_clips_are_found(clips: Path, clip: str, people: int, share: float) -> None:
    counts = count(clips / clip)
    assert max(counts) == people
    assert sum(each == people for each in counts) >= share * len(counts)


@pytest.mark.videos
@pytest.mark.parametrize("clip", ["one-person-signing-help.mkv", "one-person-signing-no.mkv"])
def test_the_skull_on_the_jumper_is_not_counted(clips: Path, clip: str) -> None:
    assert max(count(clips / clip)) == 1


def count(clip: Path) -> list[int]:
    detector, video, counts = detectors.open_detector(OWN), cv2.VideoCapture(str(clip)), []
    while (read := video.read())[0]:
        counts.append(len(detector.find(read[1], cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY))))
    return counts


@pytest.mark.parametrize(("mean", "spread"), [(30, 10), (90, 30), (140, 70), (200, 20), (128, 0)])
def test_dark_and_flat_frames_get_brightness_and_contrast_and_others_are_left_alone(mean: float, spread: float) -> None:
    grey = np.random.default_rng(1).normal(mean, spread, (240, 320)).clip(0, 255).astype(np.uint8)
    table = contrast_table(grey)
    assert table.dtype == np.uint8
    assert (np.diff(table.astype(int)) >= 0).all()  # lighter pixels stay lighter
    made = table[grey]
    if spread:
        assert made.std() >= 0.95 * min(grey.std(), 60)
    assert made.mean() >= min(grey.mean(), 135) - 3
    if mean == 140:
        assert np.abs(table.astype(int) - np.arange(256)).max() <= 12


def test_a_network_whose_maps_do_not_fit_the_picture_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "finer.tflite"
    model.write_bytes(find_model(DEFAULT_MODEL).read_bytes())
    model.with_suffix(".json").write_bytes(find_model(DEFAULT_MODEL).with_suffix(".json").read_bytes())

    def finer(tree, graph) -> None:
        graph.operators[0].builtinOptions.strideW = graph.operators[0].builtinOptions.strideH = 1

    damaged_models.edit(model, finer)
    with pytest.raises(DetectorError, match="cells for 320x240 pixels; a face detector has 1580"):
        TFLiteFaceDetector(DetectorSettings(model=str(model)))


def test_another_threshold_on_the_same_picture_costs_no_second_search(
    astronaut: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = TFLiteFaceDetector(OWN)
    runs: list[int] = []
    invoke = TFLiteModel.invoke
    monkeypatch.setattr(TFLiteModel, "invoke", lambda model, tensor: (runs.append(1), invoke(model, tensor))[1])
    grey = preprocess.to_grey(astronaut)
    (found,) = detector.find(grey, grey)
    assert detector.candidates(grey, 0.999) == []
    assert detector.candidates(grey, detector.threshold) == [found]
    assert len(detector.candidates(grey, 0.05)) >= 1
    assert len(runs) == 1
    other = grey.copy()
    assert detector.candidates(other, detector.threshold) == [found]
    assert len(runs) == 2
