"""A training step has the augmentation, the loss and the batches that the recipe asks for, and no others."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

import dataclasses
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

from convert.data.fer2013 import Faces
from convert.expression import networks, soft_labels, train
from convert.expression import recipe as recipes
from convert.expression.distillation import Arrays, DistillationDataset, DistillationLoss
from convert.expression.recipe import Recipe
from convert.training import optimizers
from convert.training.augment import Augment
from tests.support import drawn_faces

PLAIN, FILE, ONLINE = "", '[teachers]\nsoft_labels = "soft.npz"\n', "online = true\nmixup = 0.5\n"
WAYS = pytest.mark.parametrize("way", [PLAIN, FILE, ONLINE], ids=["plain", "file", "online"])


@pytest.fixture(autouse=True)
def _float32() -> None:
    keras.utils.set_random_seed(1)
    keras.mixed_precision.set_global_policy("float32")


def _recipe(folder: Path, way: str) -> Recipe:
    teachers, online = (way, "") if way == FILE else ("", way)
    text = f"\n{teachers}[distillation]\n{online}weight = 0.6\ntemperature = 3.0\n\n[targets]\nferplus_weight = 0.5\n"
    (folder / "tiny.toml").write_text(drawn_faces.TINY_RECIPE + text)
    return recipes.read(folder / "tiny.toml")


def _varying(model: keras.Model) -> list[Augment]:
    return [layer for layer in model.layers if isinstance(layer, Augment)]


@pytest.mark.parametrize("way", [PLAIN, FILE], ids=["plain", "file"])
def test_the_network_in_training_sees_pictures_augmented_as_the_recipe_says(tmp_path: Path, way: str) -> None:
    recipe = _recipe(tmp_path, way)
    model = train.training_model(recipe)
    (layer,) = _varying(model)
    assert layer.config == recipe.augment
    assert layer.config.rotation_deg == 5  # the recipe's, not what a recipe has that says nothing
    assert layer.get_config()["seed"] == recipe.seed
    pixels = np.zeros((8, 48, 48, 1), np.float32)
    shown = keras.Model(model.input, model.layers[-2].output)
    assert np.abs(np.asarray(shown(pixels, training=True))).max() > 0.1
    assert np.abs(np.asarray(shown(pixels, training=False))).max() == 0


def test_batches_that_were_augmented_for_the_teachers_are_not_augmented_again(tmp_path: Path) -> None:
    assert _varying(train.training_model(_recipe(tmp_path, ONLINE))) == []


@WAYS
def test_the_loss_is_the_recipes_for_each_head(tmp_path: Path, way: str) -> None:
    recipe, random = _recipe(tmp_path, way), np.random.default_rng(1)
    model = train.training_model(recipe)
    train.compile_for(model, optimizers.sgd(recipe.schedule, 10, recipe.schedule.momentum), recipe, 32)
    pixels = random.uniform(-2, 2, (6, 48, 48, 1)).astype(np.float32)
    targets: Arrays = {}
    for head, labels in networks.HEADS.items():
        people, teachers = random.dirichlet(np.ones(len(labels)), (2, 6)).astype(np.float32)
        targets[head] = np.concatenate([people, teachers], axis=1)
    logits = model(pixels, training=False)
    wanted = DistillationLoss(0.6, 3.0) if way else DistillationLoss(0.0)
    lost = {head: float(wanted(targets[head], logits[head])) for head in networks.HEADS}
    whole = model.test_on_batch(pixels, targets, return_dict=True)["loss"]
    assert float(whole) == pytest.approx(lost["fer2013"] + 0.5 * lost["ferplus"], rel=1e-4)


class Teacher:
    """Who says the same of every picture."""

    def predict_on_batch(self, pixels: np.ndarray) -> Arrays:
        return {head: np.zeros((len(pixels), len(labels)), np.float32) for head, labels in networks.HEADS.items()}


def _dataset(recipe: Recipe, training: Faces) -> DistillationDataset:
    labels = None
    if recipe.teachers.soft_labels:
        said = np.full((len(training), 3, soft_labels.CLASSES), 0.125, np.float32)
        labels = soft_labels.pack(training.images, said, {})
    return train.dataset(recipe, training, labels, [Teacher()] if recipe.distillation.online else [], 0)


@WAYS
def test_which_picture_is_shown_and_how_does_not_tell_its_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(networks, "restore", lambda run, precision: run)
    recipe, training = _recipe(tmp_path, way), drawn_faces.dataset(6, 1).of("Training")
    votes = np.zeros_like(training.votes)
    votes[:, 4] = 10
    other = dataclasses.replace(training, labels=(training.labels + 3) % 7, votes=votes)
    first, second = _dataset(recipe, training), _dataset(recipe, other)
    for _ in range(2):
        for index in range(len(first)):
            (shown, told, _), (same, otherwise, _) = first[index], second[index]
            np.testing.assert_array_equal(shown, same)
            assert not np.array_equal(told["fer2013"], otherwise["fer2013"])
        first.on_epoch_end()
        second.on_epoch_end()
