"""A training step has the augmentation, the loss and the batches of the recipe."""
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

NO_TEACHERS, FILE, ONLINE = "", '[teachers]\nsoft_labels = "soft.npz"\n', "online = true\nmixup = 0.5\n"
ALL_METHODS = pytest.mark.parametrize("method", [NO_TEACHERS, FILE, ONLINE], ids=["plain", "file", "online"])


@pytest.fixture(autouse=True)
def _float32() -> None:
    keras.utils.set_random_seed(1)
    keras.mixed_precision.set_global_policy("float32")


def _recipe(folder: Path, method: str) -> Recipe:
    teachers, online = (method, "") if method == FILE else ("", method)
    text = f"\n{teachers}[distillation]\n{online}weight = 0.6\ntemperature = 3.0\n\n[targets]\nferplus_weight = 0.5\n"
    (folder / "tiny.toml").write_text(drawn_faces.TINY_RECIPE + text)
    return recipes.read(folder / "tiny.toml")


def _augment_layers(model: keras.Model) -> list[Augment]:
    return [layer for layer in model.layers if isinstance(layer, Augment)]


@pytest.mark.parametrize("method", [NO_TEACHERS, FILE], ids=["plain", "file"])
def test_the_training_model_augments_as_in_the_recipe(tmp_path: Path, method: str) -> None:
    recipe = _recipe(tmp_path, method)
    model = train.training_model(recipe)
    (layer,) = _augment_layers(model)
    assert layer.config == recipe.augment
    assert layer.config.rotation_deg == 5  # the recipe's value, not the default
    assert layer.get_config()["seed"] == recipe.seed
    pixels = np.zeros((8, 48, 48, 1), np.float32)
    shown = keras.Model(model.input, model.layers[-2].output)
    assert np.abs(np.asarray(shown(pixels, training=True))).max() > 0.1
    assert np.abs(np.asarray(shown(pixels, training=False))).max() == 0


def test_the_training_model_does_not_augment_in_online_distillation(tmp_path: Path) -> None:
    assert _augment_layers(train.training_model(_recipe(tmp_path, ONLINE))) == []


@ALL_METHODS
def test_the_loss_of_each_head_is_that_of_the_recipe(tmp_path: Path, method: str) -> None:
    recipe, random = _recipe(tmp_path, method), np.random.default_rng(1)
    model = train.training_model(recipe)
    train.compile_for(model, optimizers.sgd(recipe.schedule, 10, recipe.schedule.momentum), recipe, 32)
    pixels = random.uniform(-2, 2, (6, 48, 48, 1)).astype(np.float32)
    targets: Arrays = {}
    for head, labels in networks.HEADS.items():
        annotators, teachers = random.dirichlet(np.ones(len(labels)), (2, 6)).astype(np.float32)
        targets[head] = np.concatenate([annotators, teachers], axis=1)
    logits = model(pixels, training=False)
    wanted = DistillationLoss(0.6, 3.0) if method else DistillationLoss(0.0)
    lost = {head: float(wanted(targets[head], logits[head])) for head in networks.HEADS}
    whole = model.test_on_batch(pixels, targets, return_dict=True)["loss"]
    assert float(whole) == pytest.approx(lost["fer2013"] + 0.5 * lost["ferplus"], rel=1e-4)


class Teacher:
    """A teacher with the same logits for every picture."""

    def predict_on_batch(self, pixels: np.ndarray) -> Arrays:
        return {head: np.zeros((len(pixels), len(labels)), np.float32) for head, labels in networks.HEADS.items()}


def _dataset(recipe: Recipe, training: Faces) -> DistillationDataset:
    labels = None
    if recipe.teachers.soft_labels:
        probabilities = np.full((len(training), 3, soft_labels.CLASSES), 0.125, np.float32)
        labels = soft_labels.pack(training.images, probabilities, {})
    return train.dataset(recipe, training, labels, [Teacher()] if recipe.distillation.online else [], 0)


@ALL_METHODS
def test_the_order_and_the_views_of_pictures_do_not_depend_on_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(networks, "restore", lambda run, precision: run)
    recipe, training = _recipe(tmp_path, method), drawn_faces.dataset(6, 1).of("Training")
    votes = np.zeros_like(training.votes)
    votes[:, 4] = 10
    other = dataclasses.replace(training, labels=(training.labels + 3) % 7, votes=votes)
    first, second = _dataset(recipe, training), _dataset(recipe, other)
    for epoch in range(2):
        first.begin_epoch(epoch)
        second.begin_epoch(epoch)
        for index in range(len(first)):
            (pictures, targets, _), (same, other_targets, _) = first[index], second[index]
            np.testing.assert_array_equal(pictures, same)
            assert not np.array_equal(targets["fer2013"], other_targets["fer2013"])
