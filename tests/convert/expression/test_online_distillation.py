"""Online distillation: teachers and student get the same augmented and mixed pictures."""
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

NO_CHANGE = AugmentConfig(0, 0, 0, 0, 0, 0, 0, horizontal_flip=False)
COUNT = 24


class Teacher:
    """A teacher whose logits depend on the mean of the pixels of a picture."""

    def __init__(self, sign: float) -> None:
        self.sign = sign

    def predict_on_batch(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        mean = self.sign * pixels.mean(axis=(1, 2, 3))
        return {head: mean[:, None] * np.arange(size) for head, size in (("fer2013", 7), ("ferplus", 8))}


def batches(mixup: float, augment: AugmentConfig = NO_CHANGE, **options: int) -> OnlineDistillationDataset:
    pictures = np.stack([drawn_faces.picture(index % 7, index) for index in range(COUNT)])
    annotators = {
        head: np.eye(size, dtype="f4")[np.arange(COUNT) % 7] for head, size in (("fer2013", 7), ("ferplus", 8))
    }
    weights = {"fer2013": np.ones(COUNT, "f4"), "ferplus": (np.arange(COUNT) % 5 > 0).astype("f4")}
    teachers = [Teacher(1.0), Teacher(-0.5)]
    return OnlineDistillationDataset(
        pictures, annotators, weights, teachers, augment=augment, mixup=mixup, **{"batch_size": 8, "seed": 3} | options
    )


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("augment", [NO_CHANGE, AugmentConfig()], ids=["unchanged", "augmented"])
def test_the_teachers_predict_on_the_pictures_of_the_batch(augment: AugmentConfig) -> None:
    shown, targets, _ = batches(0.5, augment)[1]
    for head in ("fer2013", "ferplus"):
        mean = np.split(targets[head], 2, axis=1)[1]
        answers = [softmax(Teacher(sign).predict_on_batch(shown)[head]) for sign in (1.0, -0.5)]
        np.testing.assert_allclose(mean, np.mean(answers, axis=0), atol=1e-5)


def test_without_mixup_pictures_and_targets_are_not_changed() -> None:
    mixing, reference = batches(0.0), batches(0.0)
    pixels, targets, weights = mixing[0]
    unmixed, same, unmixed_weights = super(OnlineDistillationDataset, reference).__getitem__(0)
    np.testing.assert_allclose(pixels, unmixed, atol=1e-5)
    np.testing.assert_array_equal(targets["fer2013"][:, :7], same["fer2013"][:, :7])
    np.testing.assert_array_equal(weights["ferplus"], unmixed_weights["ferplus"])


def test_mixup_has_the_same_weights_for_pictures_and_targets() -> None:
    mixing = batches(1.0)
    pixels, whole, unmixed_weights = super(OnlineDistillationDataset, mixing).__getitem__(2)
    shown, targets, weights = mixing[2]
    other = np.roll(np.arange(len(pixels)), 1)
    labels, mixed = whole["ferplus"][:, :8], targets["ferplus"][:, :8]
    self_share = (mixed * labels).sum(
        axis=1
    )  # with a neighbour of another class, the weight of the label is the mixing weight
    apart = labels.argmax(1) != labels[other].argmax(1)
    assert apart.sum() >= 4
    assert np.all((self_share[apart] >= 0.5) & (self_share[apart] < 1))
    share = self_share[apart][:, None, None, None]
    np.testing.assert_allclose(shown[apart], share * pixels[apart] + (1 - share) * pixels[other][apart], atol=1e-4)
    np.testing.assert_array_equal(weights["ferplus"], unmixed_weights["ferplus"] * unmixed_weights["ferplus"][other])


def test_a_batch_depends_on_seed_epoch_and_index_alone() -> None:
    first, resumed = batches(0.5, AugmentConfig()), batches(0.5, AugmentConfig(), epoch=1)
    before = first[1][0]
    first.begin_epoch(1)
    np.testing.assert_array_equal(first[1][0], resumed[1][0])
    assert np.abs(before - resumed[1][0]).max() > 0.1
    assert np.abs(batches(0.5, AugmentConfig(), epoch=1, seed=4)[1][0] - resumed[1][0]).max() > 0.1


@pytest.mark.filterwarnings("ignore:Skipping nested container:UserWarning")
def test_online_distillation_needs_teacher_runs_and_refuses_others_on_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = []
    monkeypatch.setattr(CheckpointCallback, "on_train_end", lambda self, logs=None: trained.append(self.model))
    drawn_faces.write_npz(drawn_faces.dataset(), tmp_path)
    plain, online = tmp_path / "tiny.toml", tmp_path / "online.toml"
    plain.write_text(drawn_faces.TINY_RECIPE)
    online.write_text(drawn_faces.TINY_RECIPE + "\n[distillation]\nonline = true\nmixup = 0.5\nweight = 0.5\n")
    recipe = recipes.read(online)
    first, second = (train.train(recipes.read(plain), plain, tmp_path, tmp_path / name, epochs=1) for name in "ab")
    with pytest.raises(RecipeError, match="asks runs as it learns: name them in .teachers., or with --teacher"):
        train.train(recipe, online, tmp_path, tmp_path / "student")
    with pytest.raises(RecipeError, match="asks no run: give it none with --teacher"):
        train.train(recipes.read(plain), plain, tmp_path, tmp_path / "student", teachers=[first])
    with pytest.raises(RunError, match="no epoch of this run is finished"):
        train.train(recipe, online, tmp_path, tmp_path / "student", teachers=[Run(tmp_path / "none")])
    student = train.train(recipe, online, tmp_path, tmp_path / "student", epochs=1, teachers=[first, second])
    assert [each["recipe"] for each in student.environment()["teachers"]["teachers"]] == ["tiny", "tiny"]
    with pytest.raises(RunError, match="begun with other teachers"):
        train.train(recipe, online, tmp_path, tmp_path / "student", epochs=1, teachers=[first])
    augments = [any(isinstance(layer, train.Augment) for layer in model.layers) for model in trained]
    assert augments == [True, True, False], "pictures are augmented once, before the teachers"
