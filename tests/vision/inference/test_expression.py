"""The expression classifier and its card: a model that is not exactly what its card says is refused."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.config.settings import Settings
from assistant.errors import ModelError
from assistant.records import EXPRESSIONS
from assistant.vision.faces.preprocess import CROP_SIDE, normalize
from assistant.vision.inference import model_file, sandbox
from assistant.vision.inference.expression import ExpressionClassifier, read_expression_card
from assistant.vision.inference.model_file import find_model
from tests.support import damaged_models

CROP = np.random.default_rng(3).integers(0, 256, (CROP_SIDE, CROP_SIDE), dtype=np.uint8)
SHIPPED = sorted(path.stem for path in Path(model_file.__file__).parents[3].glob("models/emotion-*.tflite"))


def test_the_default_model_is_shipped() -> None:
    assert {Settings().model.file, "emotion-cnn-int8"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_gives_probabilities_for_any_crop(name: str) -> None:
    classifier = ExpressionClassifier(find_model(name), threads=1)
    assert set(classifier.labels) <= set(EXPRESSIONS)
    answers = []
    for crop in (CROP, np.zeros_like(CROP), np.full_like(CROP, 255), CROP.T):
        answers.append(classifier.probabilities(crop))
        assert answers[-1].shape == (len(classifier.labels),)
        assert answers[-1].dtype == np.float32
        assert abs(answers[-1].sum() - 1) < 1e-5
        assert answers[-1].min() >= 0
    assert len({answer.tobytes() for answer in answers}) > 1
    np.testing.assert_array_equal(classifier.probabilities(CROP), answers[0])


@pytest.mark.parametrize("name", SHIPPED)
def test_the_quantized_input_carries_every_grey_level(name: str) -> None:
    tensor = ExpressionClassifier(find_model(name)).quantize(CROP)
    assert tensor.dtype == np.int8
    np.testing.assert_array_equal(tensor[0, :, :, 0].astype(int) + 128, CROP)


def test_a_changed_mouth_changes_what_the_model_sees() -> None:
    changed = CROP.copy()
    changed[34:40, 14:34] = 255 - changed[34:40, 14:34]
    classifier = ExpressionClassifier(find_model(damaged_models.SHIPPED))
    assert (classifier.quantize(changed) != classifier.quantize(CROP)).sum() > 50


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0, 0.999))
def test_a_cut_model_is_refused(tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    model = damaged_models.copy(tmp_path_factory.mktemp("cut"))
    content = model.read_bytes()
    model.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match="does not match its card"):
        ExpressionClassifier(model)


@settings(max_examples=25, deadline=None)
@given(place=st.floats(0, 0.999), bit=st.integers(0, 7))
def test_one_flipped_bit_is_refused(tmp_path_factory: pytest.TempPathFactory, place: float, bit: int) -> None:
    model = damaged_models.copy(tmp_path_factory.mktemp("flip"))
    content = bytearray(model.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    model.write_bytes(content)
    with pytest.raises(ModelError, match="does not match its card"):
        ExpressionClassifier(model)


def test_garbage_with_a_matching_card_is_a_one_line_error(tmp_path: Path) -> None:
    model = damaged_models.copy(tmp_path)
    model.write_bytes(b"\x1c\0\0\0TFL3" + bytes(range(256)) * 40)
    damaged_models.rewrite_card(model, sha256="")
    with pytest.raises(ModelError, match="cannot load this model") as caught:
        ExpressionClassifier(model)
    assert "\n" not in str(caught.value)


def test_another_models_card_is_refused(tmp_path: Path) -> None:
    model = damaged_models.copy(tmp_path)
    model.with_suffix(".json").write_bytes(find_model("emotion-small-int8").with_suffix(".json").read_bytes())
    with pytest.raises(ModelError, match="does not match its card"):
        ExpressionClassifier(model)


def test_a_model_of_the_wrong_shape_is_refused(tmp_path: Path) -> None:
    model = damaged_models.copy(tmp_path)

    def narrower(tree, graph) -> None:
        graph.outputs = list(graph.operators[-1].inputs)[:1]
        graph.tensors[graph.outputs[0]].quantization.scale = [0.1]

    def two_inputs(tree, graph) -> None:
        graph.inputs = [*graph.inputs, graph.inputs[0]]

    damaged_models.rewrite_card(model, labels=["happy", "sad"], thresholds={}, prior={}, self_test=[])
    with pytest.raises(ModelError, match=r"maps \[1, 48, 48, 1\] to \[1, 8\]; its card says .* to \[1, 2\]"):
        ExpressionClassifier(model)
    model = damaged_models.copy(tmp_path, "logits")
    damaged_models.edit(model, narrower)
    with pytest.raises(ModelError, match="returned no probabilities"):
        ExpressionClassifier(model)
    model = damaged_models.copy(tmp_path, "two")
    damaged_models.edit(model, two_inputs)
    with pytest.raises(ModelError, match="expected one input|cannot load"):
        ExpressionClassifier(model)


def test_a_tensor_without_a_scale_is_refused(tmp_path: Path) -> None:
    model = damaged_models.copy(tmp_path)

    def unscaled(tree, graph) -> None:
        graph.tensors[graph.inputs[0]].quantization = None

    damaged_models.edit(model, unscaled)
    with pytest.raises(ModelError, match="without a scale|cannot load"):
        ExpressionClassifier(model)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ["happy", "happy"]}, "labels are"),
        ({"labels": ["glad"]}, "allowed, each once"),
        ({"labels": "happy"}, "labels are"),
        ({"input": {"shape": [1, 96, 96, 3], "scaling": "(grey - 128) / 64"}}, r"maps \[1, 48, 48, 1\] to"),
        ({"input": {"shape": [1, 96, 64, 3], "scaling": "0..1"}}, "this program gives"),
        ({"input": {"shape": [1, 256, 256, 1], "scaling": "0..1"}}, "this program gives"),
        ({"input": {"shape": [1, 48, 48, 1], "scaling": "0..1", "colour": "rgb"}}, "this program gives"),
        ({"input": {"shape": [1, 48, 48, 1], "scaling": "grey / 255"}}, "this program gives"),
        ({"input": 3}, "not a model card"),
        ({"temperature": 0}, "temperature is 0"),
        ({"temperature": "hot"}, "temperature is 'hot'"),
        ({"labels": ["x" * 100_000]}, "labels are"),
        ({"input": {"shape": [1] * 50_000, "scaling": "y" * 50_000}}, "this program gives"),
        ({"sha256": "1" * 100_000}, "sha256 is"),
        ({"prior": {"glad": 0.5}}, "prior is"),
        ({"prior": {"happy": 0.0}}, "prior is"),
        ({"prior": [0.5]}, "prior is"),
        ({"prior_power": 2}, "prior_power is 2"),
    ],
    ids=range(18),
)
def test_a_card_that_does_not_fit_the_program_is_refused(tmp_path: Path, changes: dict, message: str) -> None:
    model = damaged_models.copy(tmp_path)
    damaged_models.rewrite_card(model, **changes)
    with pytest.raises(ModelError, match=message) as caught:
        ExpressionClassifier(model)
    assert len(str(caught.value)) < len(str(model)) + 400


def test_a_model_that_crashes_the_library_is_refused_without_a_crash(tmp_path: Path) -> None:
    model = damaged_models.copy(tmp_path, of="emotion-mobilenetv2-int8")
    add = (
        damaged_models.schema.BuiltinOperator.ADD
    )  # an addition without an output: the runtime looks up its type and crashes

    def hollow(tree, graph) -> None:
        sums = (each for each in graph.operators if tree.operatorCodes[each.opcodeIndex].builtinCode == add)
        graph.tensors[next(sums).outputs[0]] = damaged_models.schema.TensorT()

    damaged_models.edit(model, hollow)
    with pytest.raises(ModelError, match="ends the process that loads it .signal 6.; the file is damaged"):
        ExpressionClassifier(model)


def test_a_model_that_allocates_all_memory_is_refused(tmp_path: Path) -> None:
    model = damaged_models.copy(tmp_path)

    def swell(tree, graph) -> None:
        graph.tensors[graph.inputs[0]].shape = [100_000, 48, 48, 1]

    damaged_models.edit(model, swell)
    with pytest.raises(ModelError, match="needs more than 512 MiB|ends the process|cannot load"):
        ExpressionClassifier(model)


def test_a_model_with_an_output_that_nothing_computes_is_refused(tmp_path: Path) -> None:
    model = damaged_models.copy(tmp_path)

    def unplug(tree, graph) -> None:
        made = graph.tensors[graph.outputs[0]]
        graph.tensors.append(damaged_models.schema.TensorT(made.shape, made.type, 0, b"alone", made.quantization))
        graph.outputs = [len(graph.tensors) - 1]

    damaged_models.edit(model, unplug)
    with pytest.raises(ModelError, match="the model cannot be run: "):
        ExpressionClassifier(model)


def test_a_model_that_loads_for_ever_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "TIMEOUT_S", 0.0)
    with pytest.raises(ModelError, match="not loaded and run within 0 s"):
        ExpressionClassifier(damaged_models.copy(tmp_path))


def test_a_shipped_model_is_not_tried_in_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "TIMEOUT_S", 0.0)
    assert ExpressionClassifier(find_model(damaged_models.SHIPPED)).labels


def test_a_tensor_name_that_is_not_text_is_a_one_line_error(tmp_path: Path) -> None:
    model = damaged_models.copy(tmp_path)

    def rename(tree, graph) -> None:
        graph.tensors[graph.inputs[0]].name = b"\xd3\xd3"

    damaged_models.edit(model, rename)
    with pytest.raises(ModelError, match="utf-8"):
        ExpressionClassifier(model)


def test_missing_and_malformed_cards_and_models(tmp_path: Path) -> None:
    model = damaged_models.copy(tmp_path)
    model.with_suffix(".json").write_text("[" * 100000)
    with pytest.raises(ModelError, match="not a model card"):
        read_expression_card(model)
    model.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match="its card copy.json is missing"):
        ExpressionClassifier(model)
    with pytest.raises(ModelError, match="there are: emotion-cnn-int8"):
        find_model("emotion-huge")
    with pytest.raises(ModelError, match="no such model file"):
        find_model("elsewhere/model.tflite")
    assert find_model(str(damaged_models.copy(tmp_path))).name == "copy.tflite"


def test_the_temperature_of_the_card_changes_probabilities_but_not_their_order(tmp_path: Path) -> None:
    plain, soft = damaged_models.copy(tmp_path, "plain"), damaged_models.copy(tmp_path, "soft")
    damaged_models.rewrite_card(plain, temperature=1.0)
    damaged_models.rewrite_card(soft, temperature=2.0)
    before, after = ExpressionClassifier(plain).probabilities(CROP), ExpressionClassifier(soft).probabilities(CROP)
    assert after.max() < before.max()
    assert after.argmax() == before.argmax()
    expected = np.maximum(before, 1 / 512) ** 0.5
    np.testing.assert_allclose(after, expected / expected.sum(), atol=0.01)


def test_a_model_too_large_for_the_device_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "MAX_BYTES", 1000)
    with pytest.raises(ModelError, match="larger than"):
        ExpressionClassifier(damaged_models.copy(tmp_path))


def test_without_a_runtime_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ai_edge_litert.interpreter", "tensorflow.lite", "tflite_runtime.interpreter"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModelError, match="install ai-edge-litert"):
        ExpressionClassifier(find_model(damaged_models.SHIPPED))


def test_serving_and_training_share_the_arithmetic() -> None:
    classifier = ExpressionClassifier(find_model(damaged_models.SHIPPED))
    scale, zero_point = 1 / 64, 0
    np.testing.assert_array_equal(
        classifier.quantize(CROP)[0], np.rint(normalize(CROP) / scale + zero_point).astype(np.int8)
    )


@pytest.mark.parametrize("scores", [[0.05] * 8, [0.4] * 8, [1.4, -0.4, 0, 0, 0, 0, 0, 0], [np.nan] * 8])
def test_an_output_that_is_not_a_distribution_is_refused(monkeypatch: pytest.MonkeyPatch, scores: list[float]) -> None:
    classifier = ExpressionClassifier(find_model("emotion-cnn-int8"))
    monkeypatch.setattr(classifier.model, "run", lambda tensor: [np.array([scores], np.float32)])
    with pytest.raises(ModelError, match="returned no probabilities"):
        classifier.probabilities(np.zeros((48, 48), np.uint8))
