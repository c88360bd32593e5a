"""Training a face detector: resumable, judged on held-out pictures, quantized into what the assistant loads."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

import csv
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
from convert.data import boxes
from convert.data.fer2013 import DatasetError
from convert.expression.recipe import RecipeError
from convert.face_detector import pictures, quantize, recipe, train
from convert.face_detector.matching import Judged
from convert.face_detector.pictures import Picture
from convert.training.run_folder import Run, RunError
from tests.support import drawn_faces

RECIPE = """\
seed = 3

[network]
kind = "face_detector"
stem = 4
widths = [8, 8, 8, 8]
blocks = [0, 1, 0, 0]

[data]
weights = { aa = 1.0 }
negatives = "no"
teacher = false

[schedule]
epochs = 2
frames = 16
batch = 4
average = 0.5
sizes = [[0.0, 96, 64], [0.5, 128, 96]]
"""
POINTS = [(17, 20), (31, 20), (24, 28), (19, 36), (29, 36)]
"""Of the drawn face: eyes, nose, mouth corners."""


def write(folder: Path, count: int = 24) -> Path:
    """So many drawn faces, twice as large, on noise, and a few empty pictures, with their boxes.csv."""
    (folder / "images").mkdir(parents=True)
    with open(folder / "boxes.csv", "w", newline="") as table:
        rows = csv.writer(table)
        points = [f"{point}_{axis}" for point in boxes.POINTS for axis in "xy"]
        rows.writerow(["image", "x", "y", "w", "h", "source", *points])
        for index in range(count):
            random = np.random.default_rng(index)
            grey = random.integers(60, 110, (120, 160), dtype=np.uint8)
            left, top = int(random.integers(0, 60)), int(random.integers(0, 20))
            grey[top : top + 96, left : left + 96] = cv2.resize(drawn_faces.picture(index % 7, index), (96, 96))
            name = f"images/aa_{index}.png"
            cv2.imwrite(str(folder / name), grey)
            known = [value for x, y in POINTS for value in (left + 2 * x, top + 2 * y)]
            rows.writerow([name, left + 16, top + 10, 64, 80, "drawn", *known])
        for index in range(4):
            name = f"images/no_{index}.png"
            cv2.imwrite(str(folder / name), np.full((120, 160), 40 * index, np.uint8))
            rows.writerow([name, "", "", "", "", "negative"])
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("detector")
    write(folder / "data" / "faces" / "train")
    (folder / "tiny.toml").write_text(RECIPE)
    return folder


def _train(place: Path, run: str, epochs: int = 2, start: Run | None = None) -> Run:
    file = place / "tiny.toml"
    return train.train(recipe.read(file), file, place / "data", place / run, epochs=epochs, start=start)


@pytest.fixture(scope="module")
def trained(place: Path) -> Run:
    return _train(place, "run")


def test_a_run_folder_explains_the_model(trained: Run) -> None:
    assert [row["epoch"] for row in trained.history()] == [1, 2]
    assert all(0 <= row["ap"] <= row["ap35"] + 1e-6 <= 1.001 for row in trained.history())
    environment = trained.environment()
    assert environment["pictures"]["aa"] == sum(not pictures.is_held_out(f"aa_{index}.png") for index in range(24))
    assert environment["epochs"] == 2
    assert (trained.path / "curves.png").stat().st_size > 1000


def test_a_stopped_run_goes_on_where_it_was(place: Path, trained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = train.Journal.on_epoch_end

    def stop_after_the_first(self: train.Journal, epoch: int, logs: dict | None = None) -> None:
        finish(self, epoch, logs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(train.Journal, "on_epoch_end", stop_after_the_first)
        with pytest.raises(KeyboardInterrupt):
            _train(place, "stopped")
    assert len(Run(place / "stopped").history()) == 1
    resumed = _train(place, "stopped").history()
    for ours, theirs in zip(resumed, trained.history(), strict=True):
        assert ours["rate"] == theirs["rate"]
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=0.02)
    before = (place / "stopped" / "history.csv").read_bytes()
    _train(place, "stopped")  # finished: nothing more to do
    assert (place / "stopped" / "history.csv").read_bytes() == before
    with pytest.raises(RunError, match="another recipe or length"):
        _train(place, "stopped", epochs=3)


def test_a_run_may_begin_with_the_weights_of_another(place: Path, trained: Run) -> None:
    second = _train(place, "second", epochs=1, start=trained)
    assert second.environment()["begun_with"]["epochs"] == 2
    with pytest.raises(RunError, match="first weights"):
        _train(place, "second", epochs=1)


def test_a_quantized_detector_is_loaded_by_the_assistant(
    place: Path, trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantize, "FRAMES", 8)
    model = tmp_path / "tiny-int8.tflite"
    with pytest.raises(ModelError, match="train further"):
        quantize.quantize(trained, place / "data", model)
    assert not model.exists()
    monkeypatch.setattr(quantize, "choose_threshold", lambda content, held: (0.4, 0.9, 0.9))
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


def test_pictures_are_read_with_their_faces(place: Path) -> None:
    known = {picture.name: picture for picture in pictures.load(place / "data" / "faces" / "train")}
    assert len(known) == 28
    first = known["aa_3.png"]
    assert first.boxes.shape == (1, 4)
    assert first.landmarks[0, 0] == pytest.approx(first.boxes[0, :2] - (16, 10) + (34, 40))
    assert not len(known["no_1.png"].boxes)
    with pytest.raises(DatasetError, match="no picture of the origins zz"):
        pictures.load(place / "data" / "faces" / "train", ["zz"])


def test_a_teacher_fills_in_what_is_not_annotated(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", 1)
    text = (folder / "boxes.csv").read_text().splitlines()
    x, y, w, h = map(float, text[1].split(",")[1:5])
    (folder / "boxes.csv").write_text("\n".join([text[0], f"images/aa_0.png,{x},{y},{w},{h},kaggle_facemask"]) + "\n")
    from assistant.records import Box, Face

    points = tuple((x + each, y + each) for each in range(5))
    (alone,) = pictures.load(folder)
    assert np.isnan(alone.landmarks).all()
    assert alone.boxes[0, 1] == pytest.approx(y - 0.28 * h, abs=0.01)
    (taught,) = pictures.load(folder, teacher=lambda image: [Face(Box(x, y, w, h * 1.1), 0.9, points)])
    assert taught.landmarks[0] == pytest.approx(np.array(points))
    assert taught.boxes[0] == pytest.approx([x, y - 0.05 * h * 1.1, w, h * 1.1 * 1.05], abs=0.01)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("images/aa_0.png,1,2,3", "line 2"),
        ("images/aa_0.png,1,2,-3,4,somebody", "the box is"),
        ("images/aa_0.png,1,nan,3,4,somebody", "the box is"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "boxes.csv").write_text(f"image,x,y,w,h,source\n{line}\n")
    with pytest.raises(DatasetError, match=said) as caught:
        boxes.read(tmp_path)
    assert "\n" not in str(caught.value)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot read the faces"):
        boxes.read(tmp_path)
    (tmp_path / "boxes.csv").write_text("image,x,y,w,h,source\n")
    with pytest.raises(DatasetError, match="names no picture"):
        boxes.read(tmp_path)
    (tmp_path / "boxes.csv").write_text("image,x,y,w,h,source\nimages/none.png,1,2,3,4,me\n")
    with pytest.raises(DatasetError, match="cannot be read"):
        pictures.load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("face_detector", "cnn", "not of kind"),
        ("teacher = false", "teacher = 3", "data.teacher"),
        ("teacher = false", "teacher = false\ncrops = 5", "data.crops needs data.teacher"),
        ("{ aa = 1.0 }", "{}", "needs weights"),
        ("96, 64", "90, 64", "multiples of 16"),
        ("frames = 16", "frames = 1", "1 or more"),
        ("seed = 3", "sead = 3", "unknown key 'sead'"),
    ],
)
def test_a_mistake_in_a_recipe_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(RECIPE.replace(old, new))
    with pytest.raises(RecipeError, match=said):
        recipe.read(file)


def test_a_teacher_that_is_asked_for_must_be_named(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "taught.toml"
    file.write_text(RECIPE.replace("teacher = false", "teacher = true"))
    with pytest.raises(RecipeError, match="--teacher"):
        train.train(recipe.read(file), file, place / "data", tmp_path / "run")


def test_each_threshold_is_tried_with_the_driver_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float] = []

    def judged(content: bytes, held: Sequence[Picture], threshold: float) -> Judged:
        tried.append(threshold)
        is_face = np.array([True] * 9 + [threshold >= 0.33])
        return Judged(np.full(10, 0.99), is_face, np.full(10, 0.99))

    monkeypatch.setattr(quantize, "judged", judged)
    assert quantize.choose_threshold(b"", []) == (0.3, 0.9, 0.9)
    monkeypatch.setattr(quantize, "PRECISION", 0.95)
    assert quantize.choose_threshold(b"", [])[0] == 0.33
    assert tried == [0.3, 0.3, 0.31, 0.32, 0.33]
