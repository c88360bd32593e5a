"""Training of a face detector: resume, evaluation on held-out pictures, quantization, loading of pictures."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

from assistant.config.settings import DetectorSettings
from assistant.errors import ModelError
from assistant.vision import detectors
from convert.data.boxes import is_held_out, read_annotations
from convert.data.fer2013_labels import DatasetError
from convert.face_detector import pictures, quantize, recipe, train
from convert.face_detector.matching import Matches
from convert.face_detector.pictures import Picture
from convert.training.callbacks import CheckpointCallback
from convert.training.recipe_file import RecipeError
from convert.training.run_folder import COSTS, Run, RunError
from tests.support.drawn_pictures import TINY_DETECTOR_RECIPE, write_folder

TIMES = dict.fromkeys(("seconds", *COSTS), 0.0)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("detector")
    write_folder(folder / "data" / "faces" / "train")
    (folder / "tiny.toml").write_text(TINY_DETECTOR_RECIPE)
    return folder


def _train(place: Path, run: str, epochs: int = 2, start: Run | None = None) -> Run:
    file = place / "tiny.toml"
    return train.train(recipe.read(file), file, place / "data", place / run, epochs=epochs, start=start)


@pytest.fixture(scope="module")
def trained(place: Path) -> Run:
    return _train(place, "run")


def test_the_run_folder_has_history_environment_and_curves(trained: Run) -> None:
    assert [row["epoch"] for row in trained.history()] == [1, 2]
    assert all(0 <= row["ap"] <= row["ap35"] + 1e-6 <= 1.001 for row in trained.history())
    environment = trained.environment()
    assert environment["pictures"]["aa"] == sum(not is_held_out(f"aa_{index}.png") for index in range(24))
    assert environment["epochs"] == 2
    assert (trained.path / "curves.png").stat().st_size > 1000


def test_a_stopped_run_is_resumed_after_its_last_epoch(
    place: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = CheckpointCallback.on_epoch_end

    def stop_after_the_first(self: CheckpointCallback, epoch: int, logs: dict | None = None) -> None:
        finish(self, epoch, logs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(CheckpointCallback, "on_epoch_end", stop_after_the_first)
        with pytest.raises(KeyboardInterrupt):
            _train(place, "stopped")
    assert len(Run(place / "stopped").history()) == 1
    resumed = _train(place, "stopped").history()
    for row, expected in zip(resumed, trained.history(), strict=True):
        assert {**row, **TIMES} == {**expected, **TIMES}
    before = (place / "stopped" / "history.csv").read_bytes()
    _train(place, "stopped")  # the run is finished
    assert (place / "stopped" / "history.csv").read_bytes() == before
    with pytest.raises(RunError, match="another recipe or length"):
        _train(place, "stopped", epochs=3)


def test_a_training_starts_from_the_weights_of_another_run(place: Path, trained: Run) -> None:
    second = _train(place, "second", epochs=1, start=trained)
    assert second.environment()["start"]["epochs"] == 2
    with pytest.raises(RunError, match="first weights"):
        _train(place, "second", epochs=1)


def test_a_quantized_detector_is_loaded_by_the_assistant(
    place: Path, trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantize, "CALIBRATION_FRAMES", 8)
    model = tmp_path / "tiny-int8.tflite"
    with pytest.raises(ModelError, match="train further"):
        quantize.quantize(trained, place / "data", model)
    assert not model.exists()
    monkeypatch.setattr(quantize, "choose_threshold", lambda content, held_out: (0.4, 0.9, 0.9))
    quantize.quantize(trained, place / "data", model)
    card = json.loads(model.with_suffix(".json").read_text("utf-8"))
    assert card["threshold"] == 0.4
    assert card["input"]["dtype"] == card["output"]["dtype"] == "int8"
    assert card["data"]["teacher"] == "none"
    detector = detectors.open_detector(DetectorSettings(driver="tflite", model=str(model), score_threshold=0.01))
    grey = cv2.imread(str(place / "data" / "faces" / "train" / "images" / "aa_1.png"), cv2.IMREAD_GRAYSCALE)
    exact = detectors.open_detector(
        DetectorSettings(driver="tflite", model=str(trained.path / "tiny-float32.tflite"), score_threshold=0.01)
    )
    for face in detector.find(grey, grey):
        assert 0.01 < face.score < 1
    assert abs(len(detector.find(grey, grey)) - len(exact.find(grey, grey))) <= 5


def test_pictures_are_loaded_with_their_annotations(place: Path) -> None:
    known = {picture.name: picture for picture in pictures.load(place / "data" / "faces" / "train")}
    assert len(known) == 28
    first = known["aa_3.png"]
    assert first.boxes.shape == (1, 4)
    assert first.landmarks[0, 0] == pytest.approx(first.boxes[0, :2] - (16, 10) + (34, 40))
    assert not len(known["no_1.png"].boxes)
    with pytest.raises(DatasetError, match="no picture of the origins zz"):
        pictures.load(place / "data" / "faces" / "train", ["zz"])


def test_a_teacher_adds_landmarks_that_are_not_annotated(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", 1)
    text = (folder / "boxes.csv").read_text().splitlines()
    x, y, w, h = map(float, text[1].split(",")[1:5])
    (folder / "boxes.csv").write_text("\n".join([text[0], f"images/aa_0.png,{x},{y},{w},{h},kaggle_facemask"]) + "\n")
    from assistant.records import Box, Face

    points = tuple((x + each, y + each) for each in range(5))
    (alone,) = pictures.load(folder)
    assert np.isnan(alone.landmarks).all()
    assert alone.boxes[0, 1] == pytest.approx(y - 0.28 * h, abs=0.01)
    (with_teacher,) = pictures.load(folder, teacher=lambda image: [Face(Box(x, y, w, h * 1.1), 0.9, points)])
    assert with_teacher.landmarks[0] == pytest.approx(np.array(points))
    assert with_teacher.boxes[0] == pytest.approx([x, y - 0.05 * h * 1.1, w, h * 1.1 * 1.05], abs=0.01)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("images/aa_0.png,1,2,3", "line 2"),
        ("images/aa_0.png,1,2,-3,4,annotator", "the box is"),
        ("images/aa_0.png,1,nan,3,4,annotator", "the box is"),
    ],
)
def test_an_error_names_the_malformed_line(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "boxes.csv").write_text(f"image,x,y,w,h,source\n{line}\n")
    with pytest.raises(DatasetError, match=message) as caught:
        read_annotations(tmp_path)
    assert "\n" not in str(caught.value)


def test_missing_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot read the faces"):
        read_annotations(tmp_path)
    (tmp_path / "boxes.csv").write_text("image,x,y,w,h,source\n")
    with pytest.raises(DatasetError, match="names no picture"):
        read_annotations(tmp_path)
    (tmp_path / "boxes.csv").write_text("image,x,y,w,h,source\nimages/none.png,1,2,3,4,me\n")
    with pytest.raises(DatasetError, match="none.png: cannot be read: No such file"):
        pictures.load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("face_detector", "cnn", "not of kind"),
        ("teacher = false", "teacher = 3", "data.teacher"),
        ("teacher = false", "teacher = false\nfer2013_crops = 5", "data.fer2013_crops needs data.teacher"),
        ("{ aa = 1.0 }", "{}", "origin_weights is {}; expected numbers of 0 or more"),
        ("96, 64", "90, 64", "multiples of 16"),
        ("frames_per_epoch = 16", "frames_per_epoch = 1", "frames_per_epoch must be"),
        ("seed = 3", "sead = 3", "unknown key 'sead'"),
    ],
)
def test_an_error_names_the_invalid_key_of_a_recipe(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(TINY_DETECTOR_RECIPE.replace(old, new))
    with pytest.raises(RecipeError, match=message):
        recipe.read(file)


def test_a_recipe_with_a_teacher_needs_the_teachers_file(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "with-teacher.toml"
    file.write_text(TINY_DETECTOR_RECIPE.replace("teacher = false", "teacher = true"))
    with pytest.raises(RecipeError, match="--teacher"):
        train.train(recipe.read(file), file, place / "data", tmp_path / "run")


def test_the_detector_is_run_with_each_candidate_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float] = []

    def match_held_out(content: bytes, held_out: Sequence[Picture], threshold: float) -> Matches:
        tried.append(threshold)
        is_face = np.array([True] * 9 + [threshold >= 0.33])
        return Matches(np.full(10, 0.99), is_face, np.full(10, 0.99))

    monkeypatch.setattr(quantize, "match_held_out", match_held_out)
    assert quantize.choose_threshold(b"", []) == (0.3, 0.9, 0.9)
    monkeypatch.setattr(quantize, "MIN_PRECISION", 0.95)
    assert quantize.choose_threshold(b"", [])[0] == 0.33
    assert tried == [0.3, 0.3, 0.31, 0.32, 0.33]
