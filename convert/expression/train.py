"""Training of an expression model by its recipe; the best epoch is chosen on PublicTest.

The run folder is that of `convert.training.run_folder`, the loop that of `convert.training.loop`. A training that was
stopped is resumed by the same command after its last finished epoch.
"""

import dataclasses
import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from assistant.config.settings import DetectorSettings
from assistant.vision import detectors
from assistant.vision.faces.input_format import OWN_FORMAT, InputFormat
from convert.data import fer2013, fer2013_labels, regular_file
from convert.expression import calibration_set, networks, soft_labels
from convert.expression import recipe as recipes
from convert.expression.alignment import align_faces
from convert.expression.distillation import Arrays, DistillationDataset, DistillationLoss, OnlineDistillationDataset
from convert.expression.recipe import Recipe, check_teachers
from convert.training import checkpoint, class_balance, crops, fine_tuning, optimizers
from convert.training.augment import Augment
from convert.training.input_layers import Rescale, Resize
from convert.training.limits import UNLIMITED, Limits, is_spent
from convert.training.loop import Stage, Training, compile_options, is_finished, load_best_weights
from convert.training.provenance import data_sha256, training_environment
from convert.training.quantization_aware import quantization_aware
from convert.training.recipe_file import RecipeError
from convert.training.run_folder import Run, columns


def train(
    recipe: Recipe, recipe_file: Path, data: Path, folder: Path,
    *, epochs: int | None = None, start: Run | None = None, teachers: Sequence[Run] = (),
    limits: Limits = UNLIMITED, log_to: str = "", skip_unreadable: bool = False,
) -> Run:  # fmt: skip
    """Train to the end of the schedule, or resume the run in `folder`; returns the run.

    epochs: overrides the recipe's (for a short trial). start: a run of the same network, whose best weights this one
    starts from. teachers: the runs for a recipe with distillation.online. limits, log_to: as in `Training`.
    skip_unreadable: as in `fer2013.load`. Raises DatasetError, RecipeError for a network that cannot be built or for
    teachers that are missing or not used, or RunError where the folder holds a run of another recipe.
    """
    check_teachers(recipe_file, recipe, bool(teachers))
    for each in teachers:
        each.best()  # RunError where none of its epochs is finished
        if recipes.of_run(each).input_format != OWN_FORMAT:
            raise RecipeError(f"{each.path}: takes another input than its student; soft-labels can ask it beforehand")
    schedule, run = recipe.schedule, Run(folder)
    epochs = epochs or schedule.epochs
    faces = fer2013.load(data, recipe.input_format, skip_unreadable=skip_unreadable)
    training, public = faces.of("Training"), faces.of("PublicTest")
    total, training = len(training), training.where(fer2013.is_trainable(training))
    if not len(training):
        raise fer2013_labels.DatasetError(
            f"{data}: none of the {total} Training pictures can be trained on: each is one flat grey"
        )
    if recipe.data.share < 1:
        training = training.where(np.random.default_rng(recipe.seed).random(len(training)) < recipe.data.share)
    if recipe.data.aligned:
        training, public = _aligned(training), _aligned(public)
    keras.utils.set_random_seed(recipe.seed)
    keras.mixed_precision.set_global_policy(schedule.precision)
    weights = "none" if run.checkpoint.is_file() else initial_weights(recipe, recipe_file)
    model = training_model(recipe, crops.to_train_on(training.images, recipe.input_format)[1], weights)
    fine_tuning.freeze(backbone(model), recipe.fine_tuning, tuple(networks.HEADS), heads_alone=False)
    facts = training_environment(data_sha256(faces), recipe.name, schedule, epochs=epochs, seed=recipe.seed)
    facts |= limits.facts()
    facts["initialization"] = described(weights)
    seen = int(class_balance.counts(training.labels, recipe.balance).sum())
    facts["set_steps"] = math.ceil(seen / schedule.batch_size)
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
    batches = dataset(recipe, training, labels, teachers, 0)
    if limits.evaluated is not None:
        public = public.where(np.arange(len(public)) < limits.evaluated)
    network = backbone(model)
    for phase in fine_tuning.phases(recipe.fine_tuning, schedule, epochs):
        if checkpoint.finished_epochs(run) >= phase.end or is_spent(run, limits):
            continue
        fine_tuning.freeze(network, recipe.fine_tuning, tuple(networks.HEADS), heads_alone=phase.heads_alone)
        steps = limits.steps_of(len(batches)) * (phase.end - phase.begin)
        optimizer = optimizers.named(schedule.optimizer, phase.schedule, steps, schedule.momentum)
        loop = Training(
            run, network, schedule, optimizer, epochs=epochs, state=model, evaluated_on="PublicTest",
            evaluate=lambda: networks.accuracies(network, public, recipe.input_format), limits=limits, log_to=log_to,
            span=(phase.begin, phase.end),
        )  # fmt: skip
        loop.fit(_stage(model, optimizer, recipe, batches))
    return run


def _stage(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, recipe: Recipe, batches: DistillationDataset
) -> Stage:
    def stage(size: tuple[int, ...], _epoch: int) -> tuple[keras.Model, DistillationDataset]:
        compile_for(model, optimizer, recipe, *size)
        return model, batches

    return stage


def initial_weights(recipe: Recipe, recipe_file: Path) -> str:
    """network.weights of a recipe: "none", "imagenet", or the path of its file."""
    named = str(recipe.network.get("weights", "none"))
    return named if named in ("none", "imagenet") else str(recipe_file.parent / named)


def described(weights: str) -> str:
    """What a training begins with, for its environment.json."""
    if weights in ("none", "imagenet"):
        return {"none": "random weights", "imagenet": "weights of ImageNet"}[weights]
    digest = hashlib.sha256(regular_file.read_bytes(Path(weights))).hexdigest()
    return f"weights of {Path(weights).name}, SHA-256 {digest}"


def _aligned(faces: fer2013.Faces) -> fer2013.Faces:
    """Pictures aligned by the landmarks of the shipped face detector."""
    detector = detectors.open_detector(DetectorSettings(driver="tflite"))
    return dataclasses.replace(faces, images=align_faces(faces.images, detector)[0])


def backbone(model: keras.Model) -> keras.Model:
    """The network inside the training model, which is input, augmentation, resizing, network."""
    return model.layers[-1]


def training_model(recipe: Recipe, shown: InputFormat = OWN_FORMAT, weights: str = "none") -> keras.Model:
    """Augmentation, scaling, resizing and the recipe's network: float32 [N, S, S, 1 or 3] of `crops.in_grey_steps` to
    the logits of both heads.

    shown: format of the batches. weights: as in `networks.of_recipe`. Raises RecipeError where the network cannot be
    built.
    """
    input_format = recipe.input_format
    pixels = keras.Input((shown.side, shown.side, 1 if shown.is_grey else 3), name="face")
    try:
        network = networks.of_recipe(recipe, weights)
        network = quantization_aware(network) if recipe.quantization.aware else network
        augmented = pixels
        if not recipe.distillation.online:  # else OnlineDistillationDataset has augmented them
            augmented = Augment(dataclasses.asdict(recipe.augment), seed=recipe.seed)(pixels)
        if (input_format.scaling, input_format.channels) != (OWN_FORMAT.scaling, OWN_FORMAT.channels):
            augmented = Rescale(**vars(input_format), dtype="float32")(augmented)
        return keras.Model(pixels, network(Resize(input_format.side, dtype="float32")(augmented)))
    except (TypeError, ValueError) as err:
        raise RecipeError(f"{recipe.name}: [network] cannot be built: {str(err).splitlines()[0]}") from err


def compile_for(model: keras.Model, optimizer: keras.optimizers.Optimizer, recipe: Recipe, side: int) -> None:
    """Compile the training model for pictures of `side` pixels, with the recipe's losses; weights and the state of the
    optimizer are kept. Compiling anew discards the step that was traced for another size."""
    model.layers[-2].side = side
    weight, temperature = recipe.distillation.weight if recipe.is_distilled else 0.0, recipe.distillation.temperature
    gamma = recipe.balance.focal_gamma
    losses = {head: DistillationLoss(weight, temperature, gamma) for head in networks.HEADS}
    weights = {"fer2013": 1.0, "ferplus": recipe.targets.ferplus_weight}
    model.compile(optimizer, losses, loss_weights=weights, **compile_options())


def dataset(
    recipe: Recipe, training: fer2013.Faces, labels: soft_labels.SoftLabels | None, teachers: Sequence[Run], epoch: int
) -> DistillationDataset:
    """The training batches from `epoch` on, with soft labels, online teachers, or neither."""
    targets, sample_weights = target_distributions(training, recipe)
    batch_size, seed = recipe.schedule.batch_size, recipe.seed
    if not teachers:
        shown, input_format = crops.to_train_on(training.images, recipe.input_format)
        return DistillationDataset(
            shown, targets, sample_weights, labels, batch_size=batch_size, seed=seed, epoch=epoch,
            input_format=input_format, balance=recipe.balance, labels=training.labels,
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
    power = recipe.balance.class_weights
    sample_weights = {
        "fer2013": class_balance.picture_weights(labels, power),
        "ferplus": voted.astype(np.float32),
    }
    sample_weights["ferplus"][voted] *= class_balance.picture_weights(votes[voted], power)
    return {"fer2013": original, "ferplus": ferplus}, sample_weights
