"""`emotion-convert evaluate-detector` on a few pictures whose faces are known."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from assistant.records import Box, Face
from assistant.vision import detectors
from assistant.vision.detectors.haar import HaarFaceDetector
from convert import cli
from convert.data.boxes import AnnotatedPicture
from convert.face_detector import evaluate, false_positives
from convert.face_detector.detector_under_test import DetectorUnderTest
from tests.support.standins import needs_photographs


@pytest.fixture
def folder(tmp_path: Path, astronaut: np.ndarray) -> Path:
    """Two photographs of the astronaut, one mirrored, and a wall; her box by hand, around hairline, ears and chin."""
    (tmp_path / "eval" / "images").mkdir(parents=True)
    wall = np.full((240, 320, 3), 120, np.uint8)
    for name, picture in (("v01_a", astronaut), ("web_b", astronaut[:, ::-1]), ("web_c", wall)):
        cv2.imwrite(str(tmp_path / "eval" / "images" / f"{name}.png"), picture)
    (tmp_path / "eval" / "boxes.csv").write_text(
        "image,x,y,w,h,source\n"
        "images/v01_a.png,177,62,95,116,me\n"
        "images/web_b.png,240,62,95,116,me\n"
        "images/web_c.png,,,,,negative\n"
    )
    return tmp_path / "eval"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EMOTION_DATA", "EMOTION_VIDEOS", "EMOTION_YUNET"):
        monkeypatch.delenv(name, raising=False)


@needs_photographs
def test_the_report_has_the_figures_of_each_detector(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "hits.csv"
    assert cli.main(["evaluate-detector", "--data", str(folder), "--json", "--detections", str(table)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["faces"] == 2
    assert report["pictures"] == 3
    assert set(report["detectors"]) == {"tflite", "haar"}
    for found in report["detectors"].values():
        assert found["recall"] == found["ap"] == found["ap35"] == 1.0  # any false positive has a lower score
        assert found["precision"] >= 0.5
        assert found["timed_pictures"] == 3
        assert min(found["ms"]["warm"], found["ms"]["cold"]) > 0
        assert found["kib"] > 100
        assert found["false_positives"] == {
            "pictures_without_faces": {"pictures": 1, "faces": 0, "pictures_with_some": 0}, "rooms": None,
        }  # fmt: skip
        assert found["clips"] is None
        assert found["by_size"]["45-70"] == {"faces": 2, "recall": 1.0}
        assert sum(part["faces"] for part in found["by_light"].values()) == 2
        assert found["by_tilt"]["+0"]["recall"] == 1.0
    tflite, haar = report["detectors"]["tflite"], report["detectors"]["haar"]
    assert tflite["mmac"] <= 60
    assert haar["mmac"] is None
    assert haar["ms_to_haar"] == {"warm": [1.0, 1.0, 1.0], "cold": [1.0, 1.0, 1.0]}
    for median, lowest, highest in tflite["ms_to_haar"].values():
        assert 0 < lowest <= median <= highest < 1
    assert tflite["by_tilt"]["+30"]["recall"] == 1.0
    assert haar["by_tilt"]["+30"]["recall"] == 0.0
    rows = list(csv.DictReader(table.open()))
    assert set(rows[0]) == {"image", "x", "y", "w", "h", "score"}
    best = max((row for row in rows if row["image"] == "images/v01_a.png"), key=lambda row: float(row["score"]))
    assert abs(float(best["x"]) - 177) < 25
    assert min(float(row["score"]) for row in rows) >= 0.02


@needs_photographs
def test_the_report_is_printed_as_tables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate-detector", "--data", str(folder), "--detector", "haar"]) == 0
    text = capsys.readouterr().out
    assert "2 faces in 3 pictures" in text
    assert "recall by tilt in degrees, at an overlap of .35" in text
    assert "haar: 0 in 1 pictures without faces" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no data; give a folder"),
        (["--data", "/nowhere"], "cannot read the faces"),
        (["--data", "{folder}", "--model", "/nowhere.tflite"], "no such model file"),
        (["--data", "{folder}", "--detector", "haar", "--detections", "/nowhere/hits.csv"], "cannot be written"),
    ],
)
@needs_photographs
def test_a_missing_input_is_a_one_line_error(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    given = [argument.replace("{folder}", str(folder)) for argument in arguments]
    assert cli.main(["evaluate-detector", *given]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_yunet_without_its_file_is_a_usage_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["evaluate-detector", "--data", str(tmp_path), "--detector", "yunet"])
    assert end.value.code == 2
    assert "--yunet FILE" in capsys.readouterr().err


def test_a_room_is_panned_from_corner_to_corner() -> None:
    ramp = np.zeros((300, 400, 3), np.uint8)
    ramp[..., 0], ramp[..., 1] = np.linspace(0, 255, 400)[None, :], np.linspace(0, 255, 300)[:, None]
    frames = list(false_positives.pan(ramp))
    assert len(frames) == false_positives.PAN_FRAMES
    assert all(frame.shape == (240, 320, 3) for frame in frames)
    assert frames[0][0, 0, 0] <= 2
    assert frames[-1][-1, -1, 0] >= 250
    assert frames[-1][-1, -1, 1] >= 250
    middles = [int(frame[120, 160, 0]) for frame in frames]
    assert middles == sorted(middles)


class TwoFaces:
    """A detector that finds two faces in every picture, one of them with a low score."""

    crop_margin, needs_colour, has_landmarks = 0.0, False, True

    def find(self, image: np.ndarray, grey: np.ndarray) -> list[Face]:
        return [Face(Box(0, 0, 40, 40), 0.9), Face(Box(50, 50, 40, 40), 0.3)]


def test_detections_below_the_threshold_are_not_counted() -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    assert len(false_positives.detect(TwoFaces(), image, 0.5)) == 1
    assert len(false_positives.detect(TwoFaces(), image, 0.2)) == 2


@pytest.mark.videos
def test_a_clip_with_more_detections_than_people(clips: Path) -> None:
    seen = false_positives.evaluate_clip(TwoFaces(), clips / "one-person-smiling.mp4", 1, 0.2)
    assert seen == {"people": 1, "frames": 62, "all_found": 1.0, "frames_with_false_positives": 62}


def test_pictures_are_grouped_by_recording() -> None:
    none = np.empty((0, 4), np.float32)
    names = [
        evaluate.recording_of(AnnotatedPicture(Path(f"{stem}.jpg"), none, (), none))
        for stem in ("v07_x", "v07_y", "web_a", "vista")
    ]
    assert names == ["v07", "v07", "web_a", "vista"]


def test_haar_has_the_settings_of_the_protocol() -> None:
    tested = DetectorUnderTest("haar")
    assert isinstance(tested.deployed, HaarFaceDetector)
    assert tested.threshold == 0
    assert tested.deployed.settings == detectors.haar.DetectorSettings(driver="haar", long_side=320, min_face_px=24)


def test_recall_and_precision_are_those_of_the_deployed_detections(tmp_path: Path) -> None:
    image = np.full((240, 320, 3), 120, np.uint8)
    known = [
        AnnotatedPicture(
            tmp_path / "a.png",
            np.array([[100, 80, 60, 60]], np.float32),
            ("me",),
            np.full((1, 5, 2), np.nan, np.float32),
        )
    ]
    tested: Any = SimpleNamespace(threshold=0.4)
    exact = (np.array([[100, 80, 60, 60]], np.float32), np.array([0.9], np.float32))
    displaced = (np.array([[140, 120, 60, 60]], np.float32), np.array([0.9], np.float32))
    true_positive, false_positive = (
        evaluate._figures(tested, known, [image], [unfiltered], [deployed])
        for unfiltered, deployed in ((displaced, exact), (exact, displaced))
    )
    assert (true_positive["recall"], true_positive["precision"], true_positive["ap"]) == (1.0, 1.0, 0.0)
    assert (false_positive["recall"], false_positive["precision"], false_positive["ap"]) == (0.0, 0.0, 1.0)
