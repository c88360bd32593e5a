"""What a student is shown and told, and the loss it learns by, against numbers worked out by hand."""
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
from convert.expression import recipe, soft_labels, train
from convert.expression import teachers as teach
from convert.expression.distillation import DistillationDataset, DistillationLoss
from convert.expression.soft_labels import fixed_view
from convert.training.run_folder import Run
from tests.support import drawn_faces

MODELS = Path(__file__).parents[3] / "models"


def _loss(people: list[float], teachers: list[float], logits: list[float], share: float, temperature: float) -> float:
    targets = np.array([people + teachers], np.float32)
    return float(DistillationLoss(share, temperature)(targets, np.array([logits], np.float32)))


def test_the_loss_is_that_of_the_formula() -> None:
    people, teachers, logits = [1.0, 0.0], [0.8, 0.2], [2.0, 0.0]
    hard = math.log(1 + math.exp(-2))
    assert _loss(people, teachers, logits, 0.0, 2.0) == pytest.approx(hard, rel=1e-5)
    soft_first = math.sqrt(0.8) / (math.sqrt(0.8) + math.sqrt(0.2))
    second = 1 / (1 + math.exp(1))  # softmax of (1, 0)
    gentle = -(soft_first * math.log(1 - second) + (1 - soft_first) * math.log(second))
    assert _loss(people, teachers, logits, 1.0, 2.0) == pytest.approx(4 * gentle, rel=1e-5)
    assert _loss(people, teachers, logits, 0.7, 2.0) == pytest.approx(0.3 * hard + 0.7 * 4 * gentle, rel=1e-5)


def test_a_student_that_says_what_the_teachers_say_cannot_do_better() -> None:
    teachers = np.array([0.6, 0.3, 0.1])
    exact = _loss([1, 0, 0], teachers.tolist(), np.log(teachers).tolist(), 1.0, 3.0)
    for shift in (-0.3, -0.1, 0.1, 0.3):
        for index in range(3):
            logits = np.log(teachers)
            logits[index] += shift
            assert _loss([1, 0, 0], teachers.tolist(), logits.tolist(), 1.0, 3.0) > exact


def test_the_loss_is_rebuilt_from_its_configuration() -> None:
    assert DistillationLoss.from_config(DistillationLoss(0.4, 3.0).get_config()).get_config()["temperature"] == 3.0


def _lessons(
    count: int = 30, views: int = 3, known: int = 20, **options: int
) -> tuple[np.ndarray, np.ndarray, DistillationDataset]:
    pictures = np.stack([drawn_faces.picture(index % 7, index) for index in range(count)])
    said = np.concatenate([np.full((count, views, 7), 1 / 7), np.zeros((count, views, 8))], axis=2).astype(np.float32)
    for number in range(views):
        said[:, number, 7 + number] = 1  # the ferplus head tells which view was asked about
    people = {"fer2013": np.eye(7, dtype=np.float32)[np.arange(count) % 7], "ferplus": np.full((count, 8), 0.125, "f4")}
    counts = {"fer2013": np.ones(count, np.float32), "ferplus": np.arange(count, dtype=np.float32)}
    labels = soft_labels.pack(pictures[:known], said[:known], {})
    return pictures, said, DistillationDataset(pictures, people, counts, labels, batch_size=8, seed=1, **options)


def test_every_picture_once_an_epoch_with_the_label_of_the_view_that_is_shown() -> None:
    pictures, _, lessons = _lessons()
    shown: list[list[int]] = []
    for _ in range(4):
        rows, views = [], []
        for index in range(len(lessons)):
            images, targets, counts = lessons[index]
            for image, ferplus, count in zip(images, targets["ferplus"], counts["ferplus"], strict=True):
                row = int(count)
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
        lessons.on_epoch_end()
    assert shown[0] == shown[3]  # three views: the fourth epoch shows the first again
    assert all(len({epoch[row] for epoch in shown[:3]}) == 3 for row in range(20))


def test_an_epoch_is_the_same_for_a_run_that_goes_on() -> None:
    _, _, straight = _lessons()
    straight.on_epoch_end()
    straight.on_epoch_end()
    _, _, resumed = _lessons(epoch=2)
    np.testing.assert_array_equal(straight[0][0], resumed[0][0])


@pytest.mark.filterwarnings("ignore:Skipping nested container:UserWarning")
def test_a_student_learns_from_the_file_without_the_teachers(tmp_path: Path) -> None:
    data = drawn_faces.dataset()
    drawn_faces.write_npz(data, tmp_path)
    recipe_file = tmp_path / "tiny.toml"
    recipe_file.write_text(drawn_faces.TINY_RECIPE)
    teacher = train.train(recipe.read(recipe_file), recipe_file, tmp_path, tmp_path / "teacher", epochs=2)
    teach.write_soft_labels([teacher.path, teacher.path], data, 3, tmp_path / "soft.npz")
    said, known = soft_labels.read(tmp_path / "soft.npz").of(data.of("Training").images)
    assert known.all()
    assert said.shape[1:] == (3, 15)
    student_file = tmp_path / "student.toml"
    student_file.write_text(
        drawn_faces.TINY_RECIPE + '\n[teachers]\nsoft_labels = "soft.npz"\n[distillation]\nweight = 0.5\n'
    )
    student = train.train(recipe.read(student_file), student_file, tmp_path, tmp_path / "student", epochs=1)
    about = student.environment()["teachers"]
    assert [each["recipe"] for each in about["teachers"]] == ["tiny", "tiny"]
    assert Run(tmp_path / "student").best()["epoch"] == 1


def test_a_shipped_model_teaches_and_former_teachers_keep_their_say(tmp_path: Path) -> None:
    data = drawn_faces.dataset()
    pictures = data.of("Training").images
    model, seven = MODELS / "emotion-small-int8.tflite", MODELS / "challenge/emotion-small-int8.tflite"
    alone = teach.write_soft_labels([model], data, 2, tmp_path / "alone.npz")
    assert [each["model"] for each in alone.about["teachers"]] == ["emotion-small-int8"]
    said, known = alone.of(pictures)
    assert known.all()
    heads = [ExpressionClassifier(file, threads=1) for file in (seven, model)]
    for head in heads:
        head.card = replace(head.card, temperature=1.0)
    for number in range(2):
        seen = fixed_view(pictures[5], number)
        told, mirrored = (
            np.concatenate([head.probabilities(np.ascontiguousarray(face)) for head in heads])
            for face in (seen, seen[:, ::-1])
        )
        np.testing.assert_allclose(said[5, number], (told + mirrored) / 2, atol=0.03)
        assert np.abs(told - mirrored).max() > 0.06  # else this could not tell
    settled = {file: json.loads(file.with_suffix(".json").read_text("utf-8")) for file in (seven, model)}
    assert all(each["temperature"] != 1 for each in settled.values())
    (tmp_path / "challenge").mkdir()
    for file, place in ((model, tmp_path), (seven, tmp_path / "challenge")):
        shutil.copy(file, place)
        (place / file.name).with_suffix(".json").write_text(json.dumps(settled[file] | {"temperature": 0.2}))
    sharper = teach.write_soft_labels([tmp_path / model.name], data, 2, tmp_path / "sharper.npz")
    np.testing.assert_array_equal(sharper.codes, alone.codes)  # a teacher's own scale, whatever was fitted later
    certain = np.zeros((len(pictures), 2, 15), np.float32)
    certain[:, :, [3, 8]] = 1
    former = soft_labels.pack(pictures, certain, {"teachers": ["one", "two", "three"]})
    both = teach.write_soft_labels([model], data, 2, tmp_path / "both.npz", former)
    assert both.about["teachers"][:3] == ["one", "two", "three"]
    np.testing.assert_allclose(both.of(pictures)[0], 0.75 * certain + 0.25 * said, atol=0.03)
    with pytest.raises(DatasetError, match="other pictures, or 2 views"):
        teach.write_soft_labels([model], data, 3, tmp_path / "more.npz", former)
    assert not (tmp_path / "more.npz").exists()
