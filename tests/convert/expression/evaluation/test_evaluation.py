"""Evaluation of expression models: confidence, robustness, comparison, report; by hand calculation and by
properties."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ModelError
from assistant.records import Box, Face
from assistant.vision.faces.input_format import OWN_FORMAT
from assistant.vision.inference.expression import ExpressionClassifier, apply_temperature
from assistant.vision.inference.model_file import find_model
from convert.data import muxspace
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import FERPLUS_LABELS, LABELS, DatasetError
from convert.expression.evaluation import balance, confidence, mcnemar, report, robustness, testset, wild
from convert.expression.evaluation.evaluate import evaluate, fit_calibration
from tests.support import damaged_models, drawn_faces
from tests.support.standins import ScriptedDetector


def _rows(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_the_calibration_error_follows_the_formula() -> None:
    scores = _rows([0.9, 0.1], [0.92, 0.08], [0.3, 0.7], [0.36, 0.64])
    shares = _rows([1, 0], [0, 1], [0.5, 0.5], [0, 1])
    # bins of 1/15: 0.9 and 0.92 share one, 0.7 and 0.64 lie in two others
    wanted = (2 * abs(0.91 - 0.5) + abs(0.7 - 0.5) + abs(0.64 - 1)) / 4
    assert confidence.ece(scores, shares) == pytest.approx(wanted, abs=1e-6)
    made = confidence.figures(scores, shares)
    assert made["ece"] == pytest.approx(wanted, abs=1e-6)
    assert sum(row["pictures"] for row in made["reliability"]) == made["pictures"] == 4
    assert made["cross_entropy"] == pytest.approx(
        -(math.log(0.9) + math.log(0.08) + 0.5 * math.log(0.3 * 0.7) + math.log(0.64)) / 4, abs=1e-5
    )


def test_the_risk_coverage_curve_is_in_order_of_confidence() -> None:
    confidences = np.linspace(0.99, 0.51, 10)
    scores = np.stack([confidences, 1 - confidences], axis=1).astype(np.float32)
    shares = np.where(np.arange(10)[:, np.newaxis] < 7, [1, 0], [0, 1]).astype(np.float32)
    made = confidence.figures(scores, shares)
    risk = {row["coverage"]: row["risk"] for row in made["risk_coverage"]}
    assert (risk[1.0], risk[0.7], risk[0.8]) == (0.3, 0.0, 0.125)
    assert made["aurc"] == pytest.approx((1 / 8 + 2 / 9 + 3 / 10) / 10, abs=1e-6)


@given(st.floats(0.5, 2.0), st.integers(0, 1000))
def test_the_fitted_temperature_is_that_of_the_data(wanted: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (1500, 4))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    predicted = np.exp(logits * wanted) / np.exp(logits * wanted).sum(axis=1, keepdims=True)
    found = confidence.temperature(predicted.astype(np.float32), true.astype(np.float32))
    assert found == pytest.approx(wanted, rel=0.12)
    assert confidence.ece(apply_temperature(predicted.astype(np.float32), found), true.astype(np.float32)) < 0.03


def test_a_temperature_keeps_the_order_and_the_sum_of_probabilities() -> None:
    scores = _rows([0.7, 0.2, 0.1], [0.0, 0.4, 0.6])
    np.testing.assert_array_equal(apply_temperature(scores, 1.0), scores)
    for temperature in (0.5, 0.9, 1.7, 5.0):
        made = apply_temperature(scores, temperature)
        np.testing.assert_allclose(made.sum(axis=1), 1, atol=1e-6)
        assert (made.argmax(axis=1) == scores.argmax(axis=1)).all()
    assert apply_temperature(scores, 2.0)[0, 0] == pytest.approx(
        math.sqrt(0.7) / sum(map(math.sqrt, (0.7, 0.2, 0.1))), abs=1e-6
    )
    assert apply_temperature(scores, 0.5)[0, 0] > 0.7 > apply_temperature(scores, 2.0)[0, 0]


def test_a_threshold_is_the_lowest_with_the_required_precision() -> None:
    confidences = np.repeat([0.55, 0.65, 0.75, 0.85], 30)
    scores = np.stack([confidences, 1 - confidences], axis=1).astype(np.float32)
    right = np.repeat([0.5, 0.8, 0.9, 1.0], 30) > np.tile(np.linspace(0, 0.99, 30), 4)
    shares = np.stack([right, ~right], axis=1).astype(np.float32)
    made = confidence.thresholds(scores, shares, ("a", "b"), 0.9)
    assert made["b"] == confidence.NEVER  # never predicted
    predicted = confidences >= made["a"]
    assert right[predicted].mean() >= 0.9
    assert right[confidences >= made["a"] - 0.01].mean() < 0.9 or made["a"] == confidence.THRESHOLDS[0]
    assert (
        confidence.thresholds(scores[:10], shares[:10], ("a", "b"), 0.1)["a"] == confidence.NEVER
    )  # too few predictions
    by_level = {"looks": scores, "maybe": scores[:, ::-1]}
    levels = confidence.thresholds_by_level(by_level, shares, ("a", "b"), {"looks": 0.5, "maybe": 0.9})
    assert levels["looks"] == confidence.thresholds(scores, shares, ("a", "b"), 0.5)
    assert levels["maybe"]["a"] == confidence.NEVER


def test_the_power_of_the_balance_is_the_one_with_the_highest_macro_recall_that_keeps_accuracy() -> None:
    votes = np.zeros((120, 10), np.float32)
    votes[:100, FERPLUS_LABELS.index("neutral")] = votes[100:119, FERPLUS_LABELS.index("sad")] = 10
    votes[119, FERPLUS_LABELS.index("contempt")] = 10
    tested = Faces(np.zeros((120, 48, 48), np.uint8), np.zeros(120, np.int64), np.zeros(120, np.int64), votes)
    prior = balance.prior(FERPLUS_LABELS, tested)
    assert prior["neutral"] == pytest.approx(100 / 119, abs=1e-4), "contempt is left out"
    assert sum(prior.values()) == pytest.approx(1)
    prior = dict.fromkeys(prior, 0.1) | {"neutral": 0.8, "sad": 0.2}
    scores = np.full((120, 8), 0.01, np.float32)
    columns = FERPLUS_LABELS.index("neutral"), FERPLUS_LABELS.index("sad")
    scores[:, columns] = (0.9, 0.1)
    scores[100:119, columns] = (0.6, 0.4)  # sad by a weight of 1.5 and more, a power of 0.3
    scores[:50, columns] = (0.75, 0.25)  # no longer neutral from a weight of 3 on, a power of 0.8
    power = balance.choose_power(FERPLUS_LABELS, scores, tested, prior)
    assert power == 0.3
    weights = balance.weights(FERPLUS_LABELS, prior, power)
    made = balance.figures(FERPLUS_LABELS, scores, tested, weights)
    assert (made["pictures"], made["accuracy"], made["macro_recall"]) == (119, 1.0, 1.0)
    assert made["classes"]["sad"] == {"recall": 1.0, "interval_95": [1.0, 1.0], "support": 19}
    raw = balance.figures(FERPLUS_LABELS, scores, tested, balance.weights(FERPLUS_LABELS, prior, 0.0))
    assert (raw["accuracy"], raw["macro_recall"]) == (pytest.approx(100 / 119, abs=1e-6), 0.5)


def test_with_tied_votes_either_class_is_correct() -> None:
    scores, shares = np.tile(_rows([0.8, 0.2]), (30, 1)), np.tile(_rows([0.5, 0.5]), (30, 1))
    assert confidence.thresholds(scores, shares, ("a", "b"), 1.0)["a"] == confidence.THRESHOLDS[0]


@pytest.mark.parametrize("name", robustness.DISTURBANCES)
def test_the_effect_of_a_disturbance_grows_with_its_strength(name: str) -> None:
    images = np.stack([drawn_faces.picture(index % 7, index) for index in range(8)])
    strengths = robustness.DISTURBANCES[name][1]
    made = [robustness.disturbed(images, name, strength) for strength in strengths]
    changes = [np.abs(each.astype(int) - images).mean() for each in made]
    assert changes == sorted(changes)
    assert changes[0] > 0
    for each in made:
        assert (each.shape, each.dtype) == (images.shape, np.uint8)


def test_disturbances_change_pictures_as_specified() -> None:
    image = np.zeros((1, 48, 48), np.uint8)
    image[0, 24, 24] = 255
    right_down = robustness.disturbed(image, "shift", 0.125)[0]
    assert np.argwhere(right_down == 255).tolist() == [[30, 30]]
    flat = np.full((1, 48, 48), 64, np.uint8)
    assert robustness.disturbed(flat, "darker", 2.2)[0, 0, 0] == round(255 * (64 / 255) ** 2.2)
    assert robustness.disturbed(flat, "brighter", 0.45)[0, 0, 0] == round(255 * (64 / 255) ** 0.45)
    occluded = robustness.disturbed(flat, "mouth occluded", 1.0)[0]
    assert (occluded[29:45] == robustness.OCCLUDER_GREY).all()
    assert (occluded[:29] == 64).all()
    assert (robustness.disturbed(flat, "eyes occluded", 0.5)[0][15:21] == robustness.OCCLUDER_GREY).all()


class _ScriptedClassifier:
    """Predicts the expression that `drawn_faces.picture` drew, and neutral for any other picture."""

    path, labels, input = Path("classifier.tflite"), LABELS, OWN_FORMAT

    def __init__(self) -> None:
        self.known = {drawn_faces.picture(label, seed).tobytes(): label for label in range(7) for seed in range(4)}

    def probabilities(self, crop: np.ndarray) -> np.ndarray:
        label = self.known.get(np.ascontiguousarray(crop).tobytes(), LABELS.index("neutral"))
        return np.where(np.arange(7) == label, 0.4, 0.1).astype(np.float32)


def test_mirror_consistency_compares_predictions_and_probabilities() -> None:
    classifier: Any = _ScriptedClassifier()
    images = np.stack([drawn_faces.picture(label, 0) for label in range(7)])
    scores = testset.probabilities(classifier, images)
    made = robustness.mirror_consistency(classifier, images, scores)
    assert made["same_answer"] == pytest.approx(1 / 7, abs=1e-6)  # neutral stays neutral
    assert made["mean_abs_dp"] == pytest.approx(6 / 7 * 2 * 0.3 / 7, abs=1e-6)


def test_robustness_has_the_mean_accuracy_over_all_disturbances() -> None:
    classifier: Any = _ScriptedClassifier()
    images, truth = np.stack([drawn_faces.picture(6, seed) for seed in range(3)]), np.full(3, 6)
    made = robustness.figures(classifier, images, truth)
    assert made["mean_accuracy"] == 1.0
    assert {name: len(rows) for name, rows in made["disturbances"].items()} == dict.fromkeys(robustness.DISTURBANCES, 3)


@pytest.mark.parametrize(("first", "second", "p"), [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 2 / 32), (1, 9, 22 / 1024)])
def test_mcnemar_is_the_sign_test_on_discordant_pictures(first: int, second: int, p: float) -> None:
    assert mcnemar.p_value(first, second) == pytest.approx(p, abs=1e-9)
    assert mcnemar.p_value(second, first) == pytest.approx(p, abs=1e-9)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_agrees_with_the_binomial_sum(first: int, second: int) -> None:
    total = first + second
    tail = sum(math.comb(total, k) for k in range(min(first, second) + 1)) / 2**total
    assert mcnemar.p_value(first, second) == pytest.approx(min(1.0, 2 * tail), rel=1e-9)


def test_a_model_is_not_better_than_itself_and_different_labels_are_refused(tmp_path: Path) -> None:
    data, model = drawn_faces.dataset(), find_model("emotion-cnn-int8")
    same = mcnemar.compare(model, damaged_models.copy(tmp_path), data)
    assert (same["p"], same["difference_points"], same["only_right"]) == (1.0, 0.0, [0, 0])
    assert "no difference is shown" in mcnemar.as_text(same)
    by_labels = [
        m
        for m in sorted(model.parent.glob("**/emotion-*.tflite"))
        if set(ExpressionClassifier(m).labels) == set(LABELS)
    ]
    by_votes = [
        m for m in sorted(model.parent.glob("emotion-*.tflite")) if set(ExpressionClassifier(m).labels) > {"contempt"}
    ]
    with pytest.raises(ModelError, match="nothing to compare"):
        mcnemar.compare(by_labels[0], by_votes[0], data)


def _evaluated(quick: bool = True) -> dict[str, Any]:
    return evaluate(find_model("emotion-cnn-int8"), drawn_faces.dataset(training=2, tests=2), quick=quick)


def test_the_report_is_written_as_json_markdown_and_diagrams(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    made = _evaluated(quick=False)
    assert json.loads(json.dumps(made)) == made
    files = report.write(made, "some-int8", tmp_path / "report")
    assert [file.name for file in files] == [
        "some-int8.json", "some-int8.md", "some-int8-confusion.png", "some-int8-confidence.png",
    ]  # fmt: skip
    assert json.loads(files[0].read_text()) == made
    text = files[1].read_text()
    assert f"| expected calibration error | {made['confidence']['ece']:.2%} |" in text
    assert "| JPEG | " in text
    assert all(file.stat().st_size > 5000 for file in files[2:])
    assert "same answer when mirrored" in report.as_text(made)
    balanced = made["balanced"]["by_prior"]
    assert f"macro recall {balanced['macro_recall']:.2%}" in report.as_text(made)
    assert f"| balanced posterior, recall of sad | {balanced['classes']['sad']['recall']:.2%} (" in text
    assert set(_evaluated()) == set(made) - {"robustness"}


def test_the_fitted_calibration_ignores_that_in_the_card(tmp_path: Path) -> None:
    data, model = drawn_faces.dataset(), damaged_models.copy(tmp_path)
    damaged_models.rewrite_card(model, temperature=1.0)
    first = fit_calibration(model, data)
    damaged_models.rewrite_card(model, temperature=1.9)
    assert fit_calibration(model, data) == first  # the temperature in the card has no effect
    damaged_models.rewrite_card(model, **first)
    thresholds = ExpressionClassifier(model).thresholds
    assert set(thresholds.looks) == set(thresholds.maybe) == set(ExpressionClassifier(model).labels)
    with pytest.raises(DatasetError, match="PublicTest holds no votes, by which copy.tflite is judged"):
        fit_calibration(model, replace(data, votes=np.zeros_like(data.votes)))


def test_the_fitted_calibration_is_the_same_for_mirrored_pictures(tmp_path: Path) -> None:
    data, model = drawn_faces.dataset(), damaged_models.copy(tmp_path)
    mirrored = replace(data, images=np.ascontiguousarray(data.images[:, :, ::-1]))
    assert fit_calibration(model, mirrored) == fit_calibration(model, data)


@pytest.mark.parametrize(
    "thresholds",
    [
        [],
        {"happy": 0.5},
        {"looks": {"bored": 0.5}},
        {"looks": {"happy": 2.0}},
        {"maybe": {"happy": "0.5"}},
        {"looks": 1},
    ],
)
def test_invalid_thresholds_are_refused(tmp_path: Path, thresholds: Any) -> None:
    model = damaged_models.copy(tmp_path)
    damaged_models.rewrite_card(model, thresholds=thresholds)
    with pytest.raises(ModelError, match="thresholds are"):
        ExpressionClassifier(model)


def test_the_ground_truth_of_the_ferplus_head_is_the_distribution_of_the_votes() -> None:
    made = drawn_faces.dataset(1, 1).of("PrivateTest")
    shares, is_counted = testset.shares_of(FERPLUS_LABELS[::-1], made)
    assert is_counted.all()
    assert shares[3].tolist() == pytest.approx([0.2, 0, 0, 0, 0, 0, 0.8, 0])  # happy; two of ten votes are contempt
    shares, _ = testset.shares_of(LABELS[::-1], made)
    assert shares[0].tolist() == [0] * 6 + [1]


def test_muxspace_is_evaluated_as_given_and_as_detected(tmp_path: Path) -> None:
    import cv2

    (tmp_path / "data").mkdir()
    (tmp_path / "images").mkdir()
    rows = ["user.id,image,emotion"]
    names = [f"p{letter}_1.png" for letter in "abcdefghijklmnopqrstuvwxyz"]
    measured = [name for name in names if muxspace.half_of(name) == "report"]
    kinds = [("happiness", 3), ("neutral", 6), ("surprise", 5), ("anger", 0)] * 2
    kinds += [(label, 6) for label in ("contempt", "disgust", "fear", "sadness")]
    for index, (file, (name, label)) in enumerate(zip(measured[:12], kinds, strict=True)):
        cv2.imwrite(str(tmp_path / "images" / file), drawn_faces.picture(label, int(index >= 8)))
        rows.append(f"1,{file},{name}")
    tuning_picture = next(name for name in names if name not in measured)
    cv2.imwrite(str(tmp_path / "images" / tuning_picture), drawn_faces.picture(0, 0))
    rows.append(f"1,{tuning_picture},happiness")
    (tmp_path / "data" / "legend.csv").write_text("\n".join(rows))
    classifier: Any = _ScriptedClassifier()
    face = Face(Box(90, 90, 140, 140), 0.9)
    made = wild.figures(classifier, ScriptedDetector(lambda frame: [face] if frame % 2 == 0 else []), tmp_path)
    assert (made["pictures"], made["face_found"]) == (12, 0.5)
    assert made["given"]["recall"] == {
        "happy": 1.0,
        "neutral": 1.0,
        "surprise": 1.0,
        "other": pytest.approx(1 / 3, abs=1e-5),
    }
    assert made["detected"]["recall"]["neutral"] == 1.0  # the classifier predicts neutral for an unknown crop
    assert made["detected"]["mean_recall"] < made["given_where_found"]["mean_recall"]
    assert made["loss_points"] == pytest.approx(
        100 * (made["given_where_found"]["mean_recall"] - made["detected"]["mean_recall"]), abs=1e-3
    )
    with pytest.raises(DatasetError, match="finds no face"):
        wild.figures(classifier, ScriptedDetector(lambda frame: ()), tmp_path)
