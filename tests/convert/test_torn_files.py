"""Files that a crash, a full disk or a copy can cut off: each is refused in one line, wherever it is cut."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import AssistantError
from assistant.vision.inference.model_file import read_card
from convert.data import boxes, fer2013
from convert.expression import calibration_set, soft_labels
from convert.expression import recipe as recipes
from convert.scenarios.script import ground_truth
from convert.tflite import card_file, graph
from convert.training.run_folder import Run, RunError
from tests.support import drawn_faces

MODELS = Path(__file__).parents[2] / "models"


def _environment(folder: Path) -> Path:
    (folder / "environment.json").write_text(json.dumps({"epochs": 3, "seed": 1, "recipe": "tiny"}, indent=1) + "\n")
    return folder / "environment.json"


def _soft_labels(folder: Path) -> Path:
    pictures = drawn_faces.dataset(2, 1).of("Training").images
    probabilities = np.full((len(pictures), 2, soft_labels.CLASSES), 0.125, np.float32)
    soft_labels.write(soft_labels.pack(pictures, probabilities, {"views": 2, "teachers": []}), folder / "soft.npz")
    return folder / "soft.npz"


def _card(folder: Path) -> Path:
    return Path(shutil.copy(MODELS / "face-cover-int8.json", folder))


def _tflite(folder: Path) -> Path:
    return Path(shutil.copy(MODELS / "face-cover-int8.tflite", folder))


def _truth(folder: Path) -> Path:
    held = {"kind": "change", "seconds": 3, "people": [], "asks": []}
    (folder / "truth.json").write_text(json.dumps(held))
    return folder / "truth.json"


def _npz(folder: Path) -> Path:
    return drawn_faces.write_npz(drawn_faces.dataset(1, 1), folder)


def _calibration(folder: Path) -> Path:
    calibration_set.write(calibration_set.read()[:9], folder / "calibration_set.txt")
    return folder / "calibration_set.txt"


FILES: dict[str, tuple[Callable[[Path], Path], Callable[[Path], object]]] = {
    "environment.json": (_environment, lambda file: Run(file.parent).environment()),
    "calibration list": (_calibration, calibration_set.read),
    "soft labels": (_soft_labels, soft_labels.read),
    "model card": (_card, lambda file: card_file.load(file.with_suffix(".tflite"))),
    "model card on the device": (_card, lambda file: read_card(file.with_suffix(".tflite"))),
    "truth of a scene": (_truth, lambda file: ground_truth.read(file, "a")),
    "data set": (_npz, fer2013.load),
}
"""Each has a writer and a reader; the writer replaces the file in one step, and the reader meets cut ones all the same,
from a copy that was stopped or a disk that was full."""


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_at_any_byte_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    """Files of more than 4,000 bytes: at 4,000 places, among them the first and the last hundred."""
    write, read = FILES[name]
    file = write(tmp_path)
    whole = file.read_bytes().rstrip(b"\n")
    places = range(len(whole))
    if len(whole) > 4000:
        places = sorted(
            {*range(100), *range(0, len(whole), len(whole) // 400 + 1), *range(len(whole) - 100, len(whole))}
        )
    for length in places:
        file.write_bytes(whole[:length])
        with pytest.raises(AssistantError) as told:
            read(file)
        assert "\n" not in str(told.value), length
        assert tmp_path.name in str(told.value), length
    file.write_bytes(whole)
    read(file)


@pytest.mark.parametrize("content", [b"null", b"[]", b"[1]", b"5", b'"a"', b"[" * 100_000, b"\xff\xfe"])
@pytest.mark.parametrize("name", ["environment.json", "model card", "model card on the device", "truth of a scene"])
def test_json_of_another_form_is_refused_in_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    write, read = FILES[name]
    file = write(tmp_path)
    file.write_bytes(content)
    with pytest.raises(AssistantError, match=re.escape(tmp_path.name)) as told:
        read(file)
    assert "\n" not in str(told.value)


def test_a_model_cut_anywhere_is_read_or_refused_in_one_line(tmp_path: Path) -> None:
    """A reader of its graph cannot know that something is missing behind what it reads; the card's SHA-256 does."""
    file = _tflite(tmp_path)
    whole = file.read_bytes()
    for length in sorted({*range(60), *range(0, len(whole), len(whole) // 60)}):
        file.write_bytes(whole[:length])
        try:
            graph.read(file)
        except AssistantError as err:
            assert "\n" not in str(err)  # noqa: PT017 - either outcome is right
    assert graph.read(_tflite(tmp_path)).macs > 0


def test_a_recipe_cut_anywhere_is_read_or_refused_in_one_line(tmp_path: Path) -> None:
    """Its first lines alone may be a recipe too; a run folder's copy is written in one step."""
    file = tmp_path / "recipe.toml"
    for length in range(len(drawn_faces.TINY_RECIPE)):
        file.write_text(drawn_faces.TINY_RECIPE[:length])
        try:
            recipes.read(file)
        except AssistantError as err:
            assert "\n" not in str(err)  # noqa: PT017 - either outcome is right


def test_a_table_of_boxes_cut_anywhere_is_read_or_refused_in_one_line(tmp_path: Path) -> None:
    with open(tmp_path / "boxes.csv", "w", newline="") as table:
        csv.writer(table).writerows([("image", "x", "y", "w", "h", "source"), ("a.png", 1, 2, 3.5, 4, "hand")])
    whole = (tmp_path / "boxes.csv").read_bytes()
    for length in range(len(whole)):
        (tmp_path / "boxes.csv").write_bytes(whole[:length])
        try:
            boxes.read_annotations(tmp_path)
        except AssistantError as err:
            assert "\n" not in str(err)  # noqa: PT017 - either outcome is right


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.training
def test_weights_cut_anywhere_are_refused_in_one_line(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")
    from convert.training.loop import load_best_weights

    network, run = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]), Run(tmp_path)
    network.save_weights(run.weights)
    whole = run.weights.read_bytes()
    for length in sorted({0, 1, 8, 100, *range(0, len(whole), len(whole) // 20), len(whole) - 1}):
        run.weights.write_bytes(whole[:length])
        with pytest.raises(RunError, match=r"best\.weights\.h5: not the weights of this network") as told:
            load_best_weights(network, run)
        assert "\n" not in str(told.value)
    run.weights.write_bytes(whole)
    load_best_weights(network, run)
