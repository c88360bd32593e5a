"""A foreign .tflite file gets a card with which the assistant runs it; bad ones are one line, and leave nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.vision.faces.input_format import InputFormat
from assistant.vision.inference import sandbox, self_test
from assistant.vision.inference.expression import ExpressionClassifier
from convert.cli import main
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import LABELS
from convert.tflite.card_file import load
from tests.support import drawn_faces, foreign_models

FORMAT = InputFormat(64, 3, "rgb", "-1..1")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_faces.write_npz(drawn_faces.dataset(), tmp_path_factory.mktemp("data"))


@pytest.fixture(autouse=True)
def _no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMOTION_DATA", raising=False)


@pytest.fixture
def _trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a process for each model, which takes seconds: these are our own. They see the means of pictures alone,
    which differ little between those of the self-test."""
    monkeypatch.setattr(sandbox, "check_loads", lambda path, content: None)
    monkeypatch.setattr(self_test, "MIN_MOVE", 0.0)


def run(*arguments: object) -> int:
    return main(["import", *map(str, arguments)])


def foreign(folder: Path, wanted: InputFormat = FORMAT, **options: Any) -> Path:
    """A foreign model without a card."""
    return foreign_models.write(folder / "theirs.tflite", wanted, labels=None, gain=40.0, **options)


@pytest.mark.usefixtures("_trusted")
@pytest.mark.parametrize("has_softmax", [True, False], ids=["probabilities", "logits"])
def test_a_tflite_file_gets_a_card_beside_it(
    tmp_path: Path, data: Path, has_softmax: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    file = foreign(tmp_path, has_softmax=has_softmax)
    content = file.read_bytes()
    assert run(file, "--labels", "folders", "--scaling", "-1..1", "--data", data) == 0
    assert file.read_bytes() == content
    assert sorted(each.name for each in tmp_path.iterdir()) == ["theirs.json", "theirs.tflite"]
    card, classifier = load(file), ExpressionClassifier(file)
    assert classifier.labels == tuple(sorted(LABELS))
    assert classifier.input == FORMAT
    assert card["output"]["values"] == ("probabilities" if has_softmax else "logits")
    assert card["imported"]["file"] == "theirs.tflite"
    assert len(card["self_test"]) == 7
    assert {"temperature", "thresholds", "prior"} <= set(card)
    said = capsys.readouterr().out
    assert "64x64 rgb, float32, scaling -1..1" in said
    assert "of 28 pictures of PublicTest right" in said
    assert f"emotion-assistant replay CLIP --model {file}" in said


@pytest.mark.usefixtures("_trusted")
def test_it_can_be_copied_to_another_name(tmp_path: Path) -> None:
    file, model = foreign(tmp_path), tmp_path / "deep" / "mine.tflite"
    assert run(file, model, "--labels", "fer2013", "--scaling", "tf") == 0
    assert model.read_bytes() == file.read_bytes()
    assert not file.with_suffix(".json").exists()
    assert "temperature" not in load(model)
    assert ExpressionClassifier(model).probabilities(np.zeros((64, 64, 3), np.uint8)).sum() == pytest.approx(1)


@pytest.mark.usefixtures("_trusted")
def test_an_imported_model_is_evaluated_as_any_other(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = foreign(tmp_path)
    assert run(file, "--labels", "fer2013", "--scaling", "-1..1", "--data", data) == 0
    for command in (["evaluate", "--quick"], ["calibrate"]):
        assert main([*command, str(file), "--data", str(data)]) == 0
    assert "PrivateTest, judged by original labels" in capsys.readouterr().out


@pytest.mark.usefixtures("_trusted")
@pytest.mark.parametrize(
    ("options", "made", "said"),
    [
        (["--labels", "fer2013,happy"], {}, "is the name of a whole order"),
        (["--labels", "angry,happy"], {}, "gives 7 numbers, but --labels names 2"),
        (["--input", "96-rgb"], {}, "has a side of 64, but --input says 96"),
        ([], {"outputs": 2}, "has 2 outputs"),
        ([], {"wanted": InputFormat(64, 3, "rgb", "0..1"), "kind": "int8", "scale": 1 / 255, "zero_point": -128},
         "its input takes 0 to 1 in steps of 0.0039, but its card says -1..1"),
        ([], {"classes": 8}, "gives 8 numbers, but --labels names 7"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line_and_leaves_nothing(
    tmp_path: Path, options: list[str], made: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = foreign(tmp_path, **{"wanted": FORMAT, **made})
    model = tmp_path / "made.tflite"
    assert run(file, model, "--labels", "fer2013", "--scaling", "-1..1", *options) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir()] == ["theirs.tflite"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.tflite", None, "no such file"),
        ("cut.tflite", 700, "cannot load this model|ends the process|SHA|not a"),
        ("mine.onnx", 700, "of the files of other programs .keras, .h5, .hdf5, .tflite can be imported"),
        ("mine.pt", 700, "can be imported; export one of these there"),
    ],
)
def test_files_that_are_no_model_are_one_line(
    tmp_path: Path, name: str, content: int | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(foreign_models.write(tmp_path / "whole.tflite", FORMAT, labels=None).read_bytes()[:content])
    before = sorted(tmp_path.iterdir())
    assert run(file, tmp_path / "made.tflite", "--labels", "fer2013", "--scaling", "0..1") == 1
    error = capsys.readouterr().err
    assert any(each in error for each in said.split("|")), error
    assert error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_hostile_file_meets_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sandbox, "TIMEOUT_S", 0.0)
    assert run(foreign(tmp_path), "--labels", "fer2013", "--scaling", "-1..1") == 1
    assert "not loaded and run within 0 s" in capsys.readouterr().err


@pytest.mark.usefixtures("_trusted")
def test_sigmoids_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    file = foreign(tmp_path, has_softmax=False)
    sigmoids = np.array([0.2, 0.9, 0.1, 0.5, 0.3, 0.7, 0.6], np.float32)
    monkeypatch.setattr(
        "convert.foreign.tflite_file.TFLiteModel.run", lambda self, values: [sigmoids[None] * abs(values.mean())]
    )
    assert run(file, "--labels", "fer2013", "--scaling", "-1..1") == 1
    assert "as of a sigmoid for each class; export it with a softmax" in capsys.readouterr().err


@pytest.mark.usefixtures("_trusted")
def test_a_json_that_is_no_card_is_not_replaced_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = foreign(tmp_path)
    file.with_suffix(".json").write_text('["angry"]', "utf-8")
    arguments = (file, "--labels", "fer2013", "--scaling", "-1..1")
    assert run(*arguments) == 1
    assert "is there, and no model card; name another MODEL, or add --force" in capsys.readouterr().err
    assert file.with_suffix(".json").read_text("utf-8") == '["angry"]'
    assert run(*arguments, "--force") == 0
    assert run(*arguments) == 0  # its own card


@pytest.mark.parametrize(
    "arguments",
    [
        ["x.keras"],
        ["x.keras", "--labels", "fer2013"],
        ["x.keras", "--labels", "fer2013", "--scaling", "0..2"],
        ["x.keras", "--labels", "fer2013", "--scaling", "0..1", "--input", "128x64"],
    ],
)
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*arguments)
    assert ended.value.code == 2
    assert "emotion-convert import: error: " in capsys.readouterr().err


@pytest.mark.usefixtures("_trusted")
def test_a_wrong_order_is_warned_of_with_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The warning comes with the model, which is written all the same: the wearer may know better."""
    labels = np.repeat(np.arange(7), 30)
    images = np.broadcast_to((10 + 38 * labels)[:, None, None], (210, 48, 48)).astype(np.uint8)
    votes = np.zeros((210, 10), np.float32)
    parts = [Faces(images, labels, np.full(210, split), votes) for split in (0, 1)]
    both = Faces(
        *(np.concatenate([getattr(each, key) for each in parts]) for key in ("images", "labels", "split", "votes"))
    )
    data = drawn_faces.write_npz(both, tmp_path)
    levels = np.array([10 + 38 * index for index in range(7)]) / 255

    def by_level(self: Any, values: np.ndarray) -> list[np.ndarray]:
        powers = np.exp(-40 * np.abs(levels - np.clip(values.mean(), 0, 1)))
        return [(powers / powers.sum())[None].astype(np.float32)]

    monkeypatch.setattr("assistant.vision.inference.model_file.TFLiteModel.run", by_level)
    file = foreign(tmp_path, InputFormat(48, 1, "grey", "0..1"))
    assert run(file, "--labels", "folders", "--scaling", "0..1", "--data", data) == 0
    assert (
        "WARNING: as stated it reads 57.1% of 210 pictures right, with --labels fer2013 100.0%"
        in capsys.readouterr().out
    )
    assert load(file)["tried"]["warning"]
