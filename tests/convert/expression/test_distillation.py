"""Distillation: the loss by hand calculation, training batches, and soft labels from runs and shipped models."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

from assistant.vision.faces.preprocess import normalize
from assistant.vision.inference.expression import ExpressionClassifier
from convert.data.fer2013_labels import DatasetError
from convert.expression import recipe, soft_labels, teachers, train
from convert.expression.distillation import DistillationDataset, DistillationLoss
from convert.expression.soft_labels import fixed_view
from convert.training.run_folder import Run
from tests.support import drawn_faces

MODELS = Path(__file__).parents[3] / "models"


def _loss(
    annotators: list[float], teacher: list[float], logits: list[float], share: float, temperature: float
) -> float:
    targets = np.array([annotators + teacher], np.float32)
    return float(DistillationLoss(share, temperature)(targets, np.array([logits], np.float32)))


def test_the_loss_follows_the_formula() -> None:
    annotators, teacher, logits = [1.0, 0.0], [0.8, 0.2], [2.0, 0.0]
    hard = math.log(1 + math.exp(-2))
    assert _loss(annotators, teacher, logits, 0.0, 2.0) == pytest.approx(hard, rel=1e-5)
    soft_first = math.sqrt(0.8) / (math.sqrt(0.8) + math.sqrt(0.2))
    second = 1 / (1 + math.exp(1))  # softmax of (1, 0)
    soft = -(soft_first * math.log(1 - second) + (1 - soft_first) * math.log(second))
    assert _loss(annotators, teacher, logits, 1.0, 2.0) == pytest.approx(4 * soft, rel=1e-5)
    assert _loss(annotators, teacher, logits, 0.7, 2.0) == pytest.approx(0.3 * hard + 0.7 * 4 * soft, rel=1e-5)


def test_the_loss_is_smallest_where_the_student_predicts_the_teachers_probabilities() -> None:
    teacher = np.array([0.6, 0.3, 0.1])
    exact = _loss([1, 0, 0], teacher.tolist(), np.log(teacher).tolist(), 1.0, 3.0)
    for shift in (-0.3, -0.1, 0.1, 0.3):
        for index in range(3):
            logits = np.log(teacher)
            logits[index] += shift
            assert _loss([1, 0, 0], teacher.tolist(), logits.tolist(), 1.0, 3.0) > exact


def test_the_loss_is_rebuilt_from_its_configuration() -> None:
    assert DistillationLoss.from_config(DistillationLoss(0.4, 3.0).get_config()).get_config()["temperature"] == 3.0


def _batches(
    count: int = 30, views: int = 3, known: int = 20, **options: int
) -> tuple[np.ndarray, np.ndarray, DistillationDataset]:
    pictures = np.stack([drawn_faces.picture(index % 7, index) for index in range(count)])
    probabilities = np.concatenate([np.full((count, views, 7), 1 / 7), np.zeros((count, views, 8))], axis=2).astype(
        np.float32
    )
    for number in range(views):
        probabilities[:, number, 7 + number] = 1  # the ferplus head encodes the number of the view
    annotators = {
        "fer2013": np.eye(7, dtype=np.float32)[np.arange(count) % 7],
        "ferplus": np.full((count, 8), 0.125, "f4"),
    }
    weights = {"fer2013": np.ones(count, np.float32), "ferplus": np.arange(count, dtype=np.float32)}
    labels = soft_labels.pack(pictures[:known], probabilities[:known], {})
    return (
        pictures,
        probabilities,
        DistillationDataset(pictures, annotators, weights, labels, batch_size=8, seed=1, **options),
    )


def test_each_picture_occurs_once_per_epoch_with_the_target_of_its_view() -> None:
    pictures, _, batches = _batches()
    shown: list[list[int]] = []
    for _ in range(4):
        rows, views = [], []
        for index in range(len(batches)):
            images, targets, weights = batches[index]
            for image, ferplus, weight in zip(images, targets["ferplus"], weights["ferplus"], strict=True):
                row = int(weight)
                rows.append(row)
                if row < 20:
                    number = int(ferplus[8:].argmax())
                    assert ferplus[8 + number] == pytest.approx(1, abs=1e-6)
                    views.append((row, number))
                else:
                    number = 0
                    np.testing.assert_allclose(ferplus[8:], ferplus[:8])
                np.testing.assert_array_equal(image, normalize(fixed_view(pictures[row], number)))
        assert sorted(rows) == list(range(30))
        shown.append([number for _, number in sorted(views)])
        batches.begin_epoch(batches.epoch + 1)
    assert shown[0] == shown[3]  # three views: the fourth epoch has the first again
    assert all(len({epoch[row] for epoch in shown[:3]}) == 3 for row in range(20))


def test_a_resumed_run_has_the_same_batches() -> None:
    _, _, uninterrupted = _batches()
    uninterrupted.begin_epoch(2)
    _, _, resumed = _batches(epoch=2)
    np.testing.assert_array_equal(uninterrupted[0][0], resumed[0][0])


@pytest.mark.filterwarnings("ignore:Skipping nested container:UserWarning")
def test_a_student_is_trained_from_soft_labels_without_the_teachers(tmp_path: Path) -> None:
    data = drawn_faces.dataset()
    drawn_faces.write_npz(data, tmp_path)
    recipe_file = tmp_path / "tiny.toml"
    recipe_file.write_text(drawn_faces.TINY_RECIPE)
    teacher = train.train(recipe.read(recipe_file), recipe_file, tmp_path, tmp_path / "teacher", epochs=2)
    teachers.write_soft_labels([teacher.path, teacher.path], data, 3, tmp_path / "soft.npz")
    probabilities, known = soft_labels.read(tmp_path / "soft.npz").of(data.of("Training").images)
    assert known.all()
    assert probabilities.shape[1:] == (3, 15)
    student_file = tmp_path / "student.toml"
    student_file.write_text(
        drawn_faces.TINY_RECIPE + '\n[teachers]\nsoft_labels = "soft.npz"\n[distillation]\nweight = 0.5\n'
    )
    student = train.train(recipe.read(student_file), student_file, tmp_path, tmp_path / "student", epochs=1)
    about = student.environment()["teachers"]
    assert [each["recipe"] for each in about["teachers"]] == ["tiny", "tiny"]
    assert Run(tmp_path / "student").best()["epoch"] == 1


def test_soft_labels_of_a_shipped_model_are_averaged_with_existing_ones(tmp_path: Path) -> None:
    data = drawn_faces.dataset()
    pictures = data.of("Training").images
    model, fer2013_head = MODELS / "emotion-small-int8.tflite", MODELS / "challenge/emotion-small-int8.tflite"
    alone = teachers.write_soft_labels([model], data, 2, tmp_path / "alone.npz")
    assert [each["model"] for each in alone.about["teachers"]] == ["emotion-small-int8"]
    probabilities, known = alone.of(pictures)
    assert known.all()
    heads = [ExpressionClassifier(file, threads=1) for file in (fer2013_head, model)]
    for head in heads:
        head.card = replace(head.card, temperature=1.0)
    for number in range(2):
        seen = fixed_view(pictures[5], number)
        unmirrored, mirrored = (
            np.concatenate([head.probabilities(np.ascontiguousarray(face)) for head in heads])
            for face in (seen, seen[:, ::-1])
        )
        np.testing.assert_allclose(probabilities[5, number], (unmirrored + mirrored) / 2, atol=0.03)
        assert np.abs(unmirrored - mirrored).max() > 0.06  # otherwise the mean over both would not be tested
    cards = {file: json.loads(file.with_suffix(".json").read_text("utf-8")) for file in (fer2013_head, model)}
    assert all(each["temperature"] != 1 for each in cards.values())
    (tmp_path / "challenge").mkdir()
    for file, place in ((model, tmp_path), (fer2013_head, tmp_path / "challenge")):
        shutil.copy(file, place)
        (place / file.name).with_suffix(".json").write_text(json.dumps(cards[file] | {"temperature": 0.2}))
    sharper = teachers.write_soft_labels([tmp_path / model.name], data, 2, tmp_path / "sharper.npz")
    np.testing.assert_array_equal(sharper.codes, alone.codes)  # a fitted temperature has no effect on a teacher
    certain = np.zeros((len(pictures), 2, 15), np.float32)
    certain[:, :, [3, 8]] = 1
    former = soft_labels.pack(pictures, certain, {"teachers": ["one", "two", "three"]})
    both = teachers.write_soft_labels([model], data, 2, tmp_path / "both.npz", former)
    assert both.about["teachers"][:3] == ["one", "two", "three"]
    np.testing.assert_allclose(both.of(pictures)[0], 0.75 * certain + 0.25 * probabilities, atol=0.03)
    with pytest.raises(DatasetError, match="other pictures, or 2 views"):
        teachers.write_soft_labels([model], data, 3, tmp_path / "more.npz", former)
    assert not (tmp_path / "more.npz").exists()
