"""Training of an expression model by its recipe; the best epoch is chosen on PublicTest.

The run folder is that of `convert.training.run_folder`, the loop that of `convert.training.loop`. A training that was
stopped is resumed by the same command after its last finished epoch.
"""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from assistant.config.settings import DetectorSettings
from assistant.vision import detectors
from assistant.vision.faces.preprocess import CROP_SIDE
from convert.data import fer2013, fer2013_labels
from convert.expression import calibration_set, networks, soft_labels
from convert.expression.alignment import align_faces
from convert.expression.distillation import Arrays, DistillationDataset, DistillationLoss, OnlineDistillationDataset
from convert.expression.recipe import Recipe, check_teachers
from convert.training import optimizers
from convert.training.augment import Augment
from convert.training.limits import UNLIMITED, Limits
from convert.training.loop import Training, compile_options, is_finished, load_best_weights
from convert.training.provenance import data_sha256, training_environment
from convert.training.quantization_aware import quantization_aware
from convert.training.recipe_file import RecipeError
from convert.training.run_folder import Run, columns


@keras.saving.register_keras_serializable("emotion_assistant")
class Resize(keras.layers.Layer):
    """Float32 [N, 48, 48, 1] to [N, side, side, 1]: the early epochs are faster on small pictures."""

    def __init__(self, side: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.side = side

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "side": self.side}

    def call(self, images: Any) -> Any:
        if images.shape[1] == self.side:
            return images
        return ops.image.resize(images, (self.side, self.side), interpolation="bilinear", antialias=True)


def train(
    recipe: Recipe, recipe_file: Path, data: Path, folder: Path,
    *, epochs: int | None = None, start: Run | None = None, teachers: Sequence[Run] = (),
    limits: Limits = UNLIMITED, log_to: str = "",
) -> Run:  # fmt: skip
    """Train to the end of the schedule, or resume the run in `folder`; returns the run.

    epochs: overrides the recipe's (for a short trial). start: a run of the same network, whose best weights this one
    starts from. teachers: the runs for a recipe with distillation.online. limits, log_to: as in `Training`. Raises
    DatasetError, RecipeError for a
    network that cannot be built or for teachers that are missing or not used, or RunError where the folder holds a run
    of another recipe.
    """
    check_teachers(recipe_file, recipe, bool(teachers))
    schedule, run = recipe.schedule, Run(folder)
    epochs = epochs or schedule.epochs
    faces = fer2013.load(data)
    training, public = faces.of("Training"), faces.of("PublicTest")
    total, training = len(training), training.where(fer2013.is_trainable(training))
    if not len(training):
        raise fer2013_labels.DatasetError(
            f"{data}: none of the {total} Training pictures can be trained on: each is one flat grey"
        )
    if recipe.data.aligned:
        training, public = _aligned(training), _aligned(public)
    keras.utils.set_random_seed(recipe.seed)
    keras.mixed_precision.set_global_policy(schedule.precision)
    model = training_model(recipe)
    facts = training_environment(data_sha256(faces), recipe.name, schedule, epochs=epochs, seed=recipe.seed)
    facts |= limits.facts()
    labels = None
    if recipe.teachers.soft_labels:
        labels = soft_labels.read(recipe_file.parent / recipe.teachers.soft_labels)
        facts["teachers"] = labels.about
    elif teachers:
        facts["teachers"] = {"teachers": [each.provenance() for each in teachers]}
    calibration = calibration_set.of_run(run, faces)  # now, since `quantize` comes hours later
    run.begin(recipe_file, facts, columns(tuple(networks.HEADS)), start)
    calibration_set.keep(run, calibration, faces)
    if is_finished(run, epochs, limits):
        return run
    if start is not None:
        load_best_weights(backbone(model), start)
    steps = limits.steps_of(math.ceil(len(training) / schedule.batch_size))
    optimizer = optimizers.sgd(schedule, steps * epochs, schedule.momentum)
    if limits.evaluated is not None:
        public = public.where(np.arange(len(public)) < limits.evaluated)
    loop = Training(
        run, backbone(model), schedule, optimizer, epochs=epochs, state=model, evaluated_on="PublicTest",
        evaluate=lambda: networks.accuracies(backbone(model), public), limits=limits, log_to=log_to,
    )  # fmt: skip
    batches = dataset(recipe, training, labels, teachers, loop.done)

    def stage(size: tuple[int, ...], _epoch: int) -> tuple[keras.Model, DistillationDataset]:
        compile_for(model, optimizer, recipe, *size)
        return model, batches

    loop.fit(stage)
    return run


def _aligned(faces: fer2013.Faces) -> fer2013.Faces:
    """Pictures aligned by the landmarks of the shipped face detector."""
    detector = detectors.open_detector(DetectorSettings(driver="tflite"))
    return dataclasses.replace(faces, images=align_faces(faces.images, detector)[0])


def backbone(model: keras.Model) -> keras.Model:
    """The network inside the training model, which is input, augmentation, resizing, network."""
    return model.layers[-1]


def training_model(recipe: Recipe) -> keras.Model:
    """Augmentation, resizing and the recipe's network: float32 [N, 48, 48, 1] to the logits of both heads.

    Raises RecipeError where the network cannot be built.
    """
    options = dict(recipe.network)
    pixels = keras.Input((CROP_SIDE, CROP_SIDE, 1), name="face")
    try:
        network = networks.build(options.pop("kind"), **options)
        network = quantization_aware(network) if recipe.quantization.aware else network
        augmented = pixels
        if not recipe.distillation.online:  # else OnlineDistillationDataset has augmented them
            augmented = Augment(dataclasses.asdict(recipe.augment), seed=recipe.seed)(pixels)
        return keras.Model(pixels, network(Resize(CROP_SIDE, dtype="float32")(augmented)))
    except (TypeError, ValueError) as err:
        raise RecipeError(f"{recipe.name}: [network] cannot be built: {str(err).splitlines()[0]}") from err


def compile_for(model: keras.Model, optimizer: keras.optimizers.Optimizer, recipe: Recipe, side: int) -> None:
    """Compile the training model for pictures of `side` pixels, with the recipe's losses; weights and the state of the
    optimizer are kept. Compiling anew discards the step that was traced for another size."""
    model.layers[-2].side = side
    weight, temperature = recipe.distillation.weight if recipe.is_distilled else 0.0, recipe.distillation.temperature
    losses = {head: DistillationLoss(weight, temperature) for head in networks.HEADS}
    weights = {"fer2013": 1.0, "ferplus": recipe.targets.ferplus_weight}
    model.compile(optimizer, losses, loss_weights=weights, **compile_options())


def dataset(
    recipe: Recipe, training: fer2013.Faces, labels: soft_labels.SoftLabels | None, teachers: Sequence[Run], epoch: int
) -> DistillationDataset:
    """The training batches from `epoch` on, with soft labels, online teachers, or neither."""
    targets, sample_weights = target_distributions(training, recipe)
    batch_size, seed = recipe.schedule.batch_size, recipe.seed
    if not teachers:
        return DistillationDataset(
            training.images, targets, sample_weights, labels, batch_size=batch_size, seed=seed, epoch=epoch
        )  # fmt: skip
    teacher_networks = [networks.restore(each, recipe.schedule.precision) for each in teachers]
    return OnlineDistillationDataset(
        training.images, targets, sample_weights, teacher_networks,
        augment=recipe.augment, mixup=recipe.distillation.mixup, batch_size=batch_size, seed=seed, epoch=epoch,
    )  # fmt: skip


def target_distributions(faces: fer2013.Faces, recipe: Recipe) -> tuple[Arrays, Arrays]:
    """The annotators' target distributions float32 [N, classes] and the sample weights float32 [N], both by head.

    The sample weight of the ferplus head is 0 where a picture has no votes.
    """
    t = recipe.targets
    labels = np.eye(len(fer2013_labels.LABELS), dtype=np.float32)[faces.labels]
    original = labels * (1 - t.label_smoothing) + t.label_smoothing / labels.shape[1]
    votes, voted = fer2013.vote_distribution(faces.votes)
    ferplus = votes * (1 - t.ferplus_uniform) + t.ferplus_uniform / votes.shape[1]
    sample_weights = {"fer2013": np.ones(len(faces), np.float32), "ferplus": voted.astype(np.float32)}
    return {"fer2013": original, "ferplus": ferplus}, sample_weights
