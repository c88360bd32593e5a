"""End-to-end test with a tiny network: train, quantize, verify, evaluate, card, classifier."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

import hashlib
import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install -e .[convert]")

from assistant.errors import ModelError
from assistant.vision.faces.input_format import InputFormat
from assistant.vision.faces.preprocess import normalize
from assistant.vision.inference.expression import ExpressionClassifier
from convert.cli import main
from convert.data import fer2013
from convert.expression import calibration_set, card, networks, quantize, verify
from convert.expression.soft_labels import fixed_view
from convert.tflite import card_file, export, graph
from convert.training.run_folder import Run, RunError
from tests.support import drawn_faces


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, a recipe, a finished run and its quantized models of both heads."""
    folder = tmp_path_factory.mktemp("quantize")
    drawn_faces.write_npz(drawn_faces.dataset(), folder)
    (folder / "tiny.toml").write_text(drawn_faces.TINY_RECIPE.replace("epochs = 2", "epochs = 6"))
    chosen, listed = calibration_set.choose(fer2013.load(folder), per_class=5), folder / "calibration_set.txt"
    calibration_set.write(chosen, listed)
    data = ["--data", str(folder)]
    assert main(["train", "--recipe", str(folder / "tiny.toml"), "--run", str(folder / "run"), *data]) == 0
    for name, head in (("tiny", "fer2013"), ("ferplus", "ferplus")):
        model = str(folder / f"{name}-int8.tflite")
        options = ["--head", head, "--calibration-set", str(listed), *data]
        assert main(["quantize", str(folder / "run"), model, *options]) == 0
    return folder


def test_the_model_is_int8_throughout_and_represents_grey_levels_exactly(place: Path) -> None:
    made = graph.read(place / "tiny-int8.tflite")
    assert (made.input_type, made.output_type) == ("INT8", "INT8")
    assert made.quantization == (1 / 64, 0)
    assert made.types <= {"INT8", "INT32"}
    assert made.operators[-1] == "SOFTMAX"
    classifier = ExpressionClassifier(place / "tiny-int8.tflite")
    crop = drawn_faces.picture(3, 50)
    np.testing.assert_array_equal(classifier.quantize(crop)[0, :, :, 0].astype(int) + 128, crop)
    assert classifier.labels == fer2013.LABELS
    assert ExpressionClassifier(place / "ferplus-int8.tflite").labels == fer2013.FERPLUS_LABELS


def test_parameters_and_macs_are_counted_from_the_graph(place: Path) -> None:
    made = graph.read(place / "tiny-int8.tflite")
    # stem 5x5 at 24x24; stage 1: two 3x3 at 24x24; stage 2: 3x3 twice and 1x1 at 12x12; seven outputs of 16 features
    kernels = [25 * 8, 9 * 8 * 8, 9 * 8 * 8, 9 * 8 * 16, 9 * 16 * 16, 8 * 16, 16 * 7]
    places = [576, 576, 576, 144, 144, 144, 1]
    assert made.macs == sum(weights * times for weights, times in zip(kernels, places, strict=True))
    assert made.parameters == sum(kernels) + 8 * 3 + 16 * 3 + 7
    assert sorted(made.operators).count("CONV_2D") == 6


def test_the_int8_model_agrees_with_the_float_model(place: Path) -> None:
    run = Run(place / "run")
    report = verify.verify(place / "tiny-int8.tflite", run.float_model("tiny-int8", "fer2013"), fer2013.load(place))
    assert report["pictures"] == 28
    assert report["agreement"] >= 0.85
    assert report["mean_abs_dp"] < 0.05
    expected = np.asarray(
        networks.with_head(networks.restore(run), "fer2013")(normalize(drawn_faces.picture(2, 9))[np.newaxis])
    )[0]
    reference = ExpressionClassifier(run.float_model("tiny-int8", "fer2013")).probabilities(drawn_faces.picture(2, 9))
    np.testing.assert_allclose(reference, expected, atol=1e-4)


def test_verify_ignores_a_fitted_temperature(place: Path, tmp_path: Path) -> None:
    for name in ("tiny-int8.tflite", "tiny-int8.json"):
        shutil.copy(place / name, tmp_path)
    about = json.loads((tmp_path / "tiny-int8.json").read_text("utf-8")) | {"temperature": 0.3}
    (tmp_path / "tiny-int8.json").write_text(json.dumps(about), "utf-8")
    float_model, known = Run(place / "run").float_model("tiny-int8", "fer2013"), fer2013.load(place)
    tempered, untempered = (
        verify.verify(folder / "tiny-int8.tflite", float_model, known) for folder in (tmp_path, place)
    )
    assert tempered == untempered


def test_the_card_has_the_provenance_of_the_model(place: Path) -> None:
    about = card_file.load(place / "tiny-int8.tflite")
    content = (place / "tiny-int8.tflite").read_bytes()
    assert about["sha256"] == hashlib.sha256(content).hexdigest()
    assert about["bytes"] == len(content)
    assert about["labels"] == list(fer2013.LABELS)
    assert about["recipe"]["name"] == "tiny"
    assert about["recipe"]["best_epoch"] == Run(place / "run").best()["epoch"]
    assert about["calibration"]["pictures"] == 35
    assert {"intended_use", "limits", "ethics", "data", "training", "made"} <= set(about)


def test_evaluate_prints_the_metrics_of_the_card(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, data = str(place / "tiny-int8.tflite"), ["--data", str(place)]
    with pytest.raises(ModelError, match="its card has no figures yet"):
        card.table([{"name": "fresh"}])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "MAX_LOSS_POINTS", 100.0)  # with 28 pictures one more error costs several points
        assert main(["card", model, "--run", str(place / "run"), *data]) == 0
    capsys.readouterr()
    assert main(["evaluate", model, "--json", *data]) == 0
    first = capsys.readouterr().out
    assert json.loads(first) == card_file.load(Path(model))["metrics"]
    assert main(["evaluate", model, "--json", *data]) == 0
    assert capsys.readouterr().out == first
    figures = json.loads(first)
    assert (figures["all"]["pictures"], figures["without_twins"]["pictures"]) == (28, 21)
    assert main(["evaluate", model, *data]) == 0
    assert "accuracy" in capsys.readouterr().out
    table = card.table([card_file.load(Path(model))])
    assert f"{figures['all']['accuracy']:.2%}" in table.splitlines()[2]
    ExpressionClassifier(Path(model))  # the classifier accepts the refreshed card


def test_the_ferplus_head_is_evaluated_by_the_ferplus_majority(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(place / "ferplus-int8.tflite"), "--json", "--data", str(place)]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["truth"] == "FER+ majority"
    assert list(figures["all"]["classes"]) == list(fer2013.FERPLUS_LABELS)
    assert figures["all"]["pictures"] == 28


def test_verify_has_exit_code_1_if_too_much_accuracy_is_lost(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["verify", str(place / "tiny-int8.tflite"), "--run", str(place / "run"), "--data", str(place)]
    monkeypatch.setattr(verify, "MAX_LOSS_POINTS", 100.0)
    monkeypatch.setattr(verify, "no_better_than_constant", lambda report: "")  # two epochs taught it nothing
    assert main(arguments) == 0
    assert "sound" in capsys.readouterr().out
    monkeypatch.setattr(verify, "MAX_LOSS_POINTS", -100.0)
    assert main(arguments) == 1
    assert "NOT sound" in capsys.readouterr().out


def test_a_model_with_one_flipped_bit_is_refused(place: Path, tmp_path: Path) -> None:
    copy = tmp_path / "flipped.tflite"
    content = bytearray((place / "tiny-int8.tflite").read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)
    copy.with_suffix(".json").write_bytes((place / "tiny-int8.json").read_bytes())
    with pytest.raises(ModelError, match="does not match its card"):
        ExpressionClassifier(copy)


def test_check_int8_refuses_a_float_model_and_other_files(place: Path) -> None:
    content = Run(place / "run").float_model("tiny-int8", "fer2013").read_bytes()
    with pytest.raises(ModelError, match="input is FLOAT32, output FLOAT32; both must be INT8"):
        export.check_int8("float", content)
    with pytest.raises(ModelError, match="not a TensorFlow Lite model"):
        graph.parse("text", b"this is no flatbuffer at all, only a text")


def test_the_input_scale_does_not_depend_on_the_calibration_pictures(place: Path) -> None:
    dim = np.full((3, 48, 48), 100, np.uint8)
    content = export.to_tflite(networks.with_head(networks.restore(Run(place / "run")), "fer2013"), dim)
    assert graph.parse("dim", content).quantization == (1 / 64, 0)
    assert (dim == 100).all()


def test_the_quantizer_is_calibrated_on_each_listed_picture_and_its_jittered_view(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calibrated_on, inputs = [], export._inputs

    def recording(pictures: np.ndarray, wanted: InputFormat | None) -> Iterator[list[np.ndarray]]:
        for (values,) in inputs(pictures, wanted):
            calibrated_on.append(values[0, :, :, 0])
            yield [values]

    monkeypatch.setattr(export, "_inputs", recording)
    known, chosen = fer2013.load(place), calibration_set.read(place / "calibration_set.txt")
    quantize.quantize(Run(place / "run"), known, tmp_path / "x-int8.tflite", chosen, "ferplus")
    given = calibration_set.find(known, chosen)
    wanted = np.stack([*given, *(fixed_view(each, 2) for each in given)])
    corners = np.ones((48, 48), bool)
    corners[0, 0] = corners[-1, -1] = False  # black and white in one picture
    seen = {each[corners].tobytes() for each in calibrated_on}
    assert seen == {each[corners].tobytes() for each in normalize(wanted)[..., 0]}
    assert len(seen) == 70
    about = card_file.load(tmp_path / "x-int8.tflite")["calibration"]
    assert about == {"pictures": 35, "views": [0, 2], "sha256": hashlib.sha256(wanted.tobytes()).hexdigest()}


def test_the_next_steps_printed_by_train_make_a_usable_model(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(calibration_set, "LIST", place / "calibration_set.txt")
    data = ["--data", str(place)]
    assert main(["train", "--recipe", str(place / "tiny.toml"), "--run", str(place / "run"), *data]) == 0
    steps = [shlex.split(line) for line in capsys.readouterr().out.splitlines() if line.startswith("  emotion-convert")]
    assert [step[1] for step in steps] == ["quantize", "quantize", "calibrate"]
    model = place / "run" / "tiny-int8.tflite"
    for step in steps[:2]:
        assert main(step[1:]) == 0
        output = capsys.readouterr().out
        assert f"next: emotion-convert calibrate {step[step.index('--data') - 1]} --data {place}\n" in output
    assert "thresholds" not in card_file.load(model)
    assert main(steps[2][1:]) == 0
    assert set(card.both_heads(model)) == set(networks.HEADS)
    assert set(card_file.load(model)["thresholds"]) == {"looks", "maybe"}
    assert ExpressionClassifier(model).labels == fer2013.FERPLUS_LABELS


def test_an_unfinished_run_and_weights_of_another_network_are_refused(place: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no epoch of this run is finished"):
        networks.restore(Run(tmp_path))
    for name in ("environment.json", "history.csv", "recipe.toml"):
        (tmp_path / name).write_bytes((place / "run" / name).read_bytes())
    (tmp_path / "best.weights.h5").write_bytes(b"no weights")
    with pytest.raises(RunError, match="not the weights of this network"):
        networks.restore(Run(tmp_path))


def test_nothing_is_written_if_calibration_pictures_are_missing(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "none-int8.tflite"
    shipped = ["--calibration-set", str(calibration_set.LIST)]
    assert main(["quantize", str(place / "run"), str(target), *shipped, "--data", str(place)]) == 1
    assert "only 0 of 350 calibration pictures" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
