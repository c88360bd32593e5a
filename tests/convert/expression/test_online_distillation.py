"""Online distillation: what the student is shown is what the teachers are asked about."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

from convert.expression import recipe as recipes
from convert.expression import train
from convert.expression.distillation import OnlineDistillationDataset
from convert.training.callbacks import CheckpointCallback
from convert.training.recipe_file import AugmentConfig, RecipeError
from convert.training.run_folder import Run, RunError
from tests.support import drawn_faces

STILL = AugmentConfig(0, 0, 0, 0, 0, 0, 0, horizontal_flip=False)
COUNT = 24


class Teacher:
    """Whose answers tell what it was asked about: the mean of the pixels."""

    def __init__(self, sign: float) -> None:
        self.sign = sign

    def predict_on_batch(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        mean = self.sign * pixels.mean(axis=(1, 2, 3))
        return {head: mean[:, None] * np.arange(size) for head, size in (("fer2013", 7), ("ferplus", 8))}


def batches(mixup: float, augment: AugmentConfig = STILL, **options: int) -> OnlineDistillationDataset:
    pictures = np.stack([drawn_faces.picture(index % 7, index) for index in range(COUNT)])
    people = {head: np.eye(size, dtype="f4")[np.arange(COUNT) % 7] for head, size in (("fer2013", 7), ("ferplus", 8))}
    counts = {"fer2013": np.ones(COUNT, "f4"), "ferplus": (np.arange(COUNT) % 5 > 0).astype("f4")}
    teachers = [Teacher(1.0), Teacher(-0.5)]
    return OnlineDistillationDataset(
        pictures, people, counts, teachers, augment=augment, mixup=mixup, **{"batch_size": 8, "seed": 3} | options
    )


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("augment", [STILL, AugmentConfig()], ids=["still", "augmented"])
def test_the_teachers_are_asked_about_what_is_shown(augment: AugmentConfig) -> None:
    shown, targets, _ = batches(0.5, augment)[1]
    for head in ("fer2013", "ferplus"):
        said = np.split(targets[head], 2, axis=1)[1]
        answers = [softmax(Teacher(sign).predict_on_batch(shown)[head]) for sign in (1.0, -0.5)]
        np.testing.assert_allclose(said, np.mean(answers, axis=0), atol=1e-5)


def test_what_is_not_mixed_keeps_its_picture_and_label() -> None:
    plain, told = batches(0.0), batches(0.0)
    pixels, targets, counts = plain[0]
    shown, same, counted = super(OnlineDistillationDataset, told).__getitem__(0)
    np.testing.assert_allclose(pixels, shown, atol=1e-5)
    np.testing.assert_array_equal(targets["fer2013"][:, :7], same["fer2013"][:, :7])
    np.testing.assert_array_equal(counts["ferplus"], counted["ferplus"])


def test_pictures_and_labels_are_mixed_in_the_same_measure() -> None:
    mixing = batches(1.0)
    pixels, whole, counted = super(OnlineDistillationDataset, mixing).__getitem__(2)
    shown, targets, counts = mixing[2]
    other = np.roll(np.arange(len(pixels)), 1)
    labels, mixed = whole["ferplus"][:, :8], targets["ferplus"][:, :8]
    own = (mixed * labels).sum(axis=1)  # neighbours of other classes: what is left of the label is the share
    apart = labels.argmax(1) != labels[other].argmax(1)
    assert apart.sum() >= 4
    assert np.all((own[apart] >= 0.5) & (own[apart] < 1))
    share = own[apart][:, None, None, None]
    np.testing.assert_allclose(shown[apart], share * pixels[apart] + (1 - share) * pixels[other][apart], atol=1e-4)
    np.testing.assert_array_equal(counts["ferplus"], counted["ferplus"] * counted["ferplus"][other])


def test_a_lesson_hangs_on_seed_epoch_and_batch_alone() -> None:
    first, resumed = batches(0.5, AugmentConfig()), batches(0.5, AugmentConfig(), epoch=1)
    before = first[1][0]
    first.on_epoch_end()
    np.testing.assert_array_equal(first[1][0], resumed[1][0])
    assert np.abs(before - resumed[1][0]).max() > 0.1
    assert np.abs(batches(0.5, AugmentConfig(), epoch=1, seed=4)[1][0] - resumed[1][0]).max() > 0.1


@pytest.mark.filterwarnings("ignore:Skipping nested container:UserWarning")
def test_a_student_asks_the_runs_that_it_is_given_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = []
    monkeypatch.setattr(CheckpointCallback, "on_train_end", lambda self, logs=None: trained.append(self.model))
    drawn_faces.write_npz(drawn_faces.dataset(), tmp_path)
    plain, asking = tmp_path / "tiny.toml", tmp_path / "asking.toml"
    plain.write_text(drawn_faces.TINY_RECIPE)
    asking.write_text(drawn_faces.TINY_RECIPE + "\n[distillation]\nonline = true\nmixup = 0.5\nweight = 0.5\n")
    recipe = recipes.read(asking)
    first, second = (train.train(recipes.read(plain), plain, tmp_path, tmp_path / name, epochs=1) for name in "ab")
    with pytest.raises(RecipeError, match="asks runs as it learns: name them in .teachers., or with --teacher"):
        train.train(recipe, asking, tmp_path, tmp_path / "student")
    with pytest.raises(RecipeError, match="asks no run: give it none with --teacher"):
        train.train(recipes.read(plain), plain, tmp_path, tmp_path / "student", teachers=[first])
    with pytest.raises(RunError, match="no epoch of this run is finished"):
        train.train(recipe, asking, tmp_path, tmp_path / "student", teachers=[Run(tmp_path / "none")])
    student = train.train(recipe, asking, tmp_path, tmp_path / "student", epochs=1, teachers=[first, second])
    assert [each["recipe"] for each in student.environment()["teachers"]["teachers"]] == ["tiny", "tiny"]
    with pytest.raises(RunError, match="begun with other teachers"):
        train.train(recipe, asking, tmp_path, tmp_path / "student", epochs=1, teachers=[first])
    augments = [any(isinstance(layer, train.Augment) for layer in model.layers) for model in trained]
    assert augments == [True, True, False], "what the student is shown is augmented once, before the teachers"
