"""Training by recipe: resumable, the best epoch chosen on PublicTest, everything that explains a model in one folder.

A run folder holds `recipe.toml`, `environment.json`, `history.csv`, `curves.png`, `last.keras` with `average.npz` (to
go on from) and `best.weights.h5` (the averaged weights of the best epoch). Stop it at any time; the same command goes
on where it was.
"""

import dataclasses
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from assistant.config.settings import DetectorSettings
from assistant.vision import detectors
from assistant.vision.faces.preprocess import CROP_SIDE
from convert.data import fer2013
from convert.expression import networks, soft_labels
from convert.expression.alignment import align_faces
from convert.expression.augment import Augment
from convert.expression.distillation import Arrays, Distillation, Lessons
from convert.expression.online_distillation import Consistent
from convert.expression.recipe import Recipe, RecipeError, check_teachers
from convert.training.ema import Average
from convert.training.provenance import data_sha256, environment
from convert.training.quantization_aware import aware
from convert.training.run_folder import COLUMNS, ROUNDING, Run, RunError, score
from convert.training.schedules import warm_cosine


@keras.saving.register_keras_serializable("emotion_assistant")
class Resize(keras.layers.Layer):
    """Float32 [N, 48, 48, 1] to [N, side, side, 1]: small pictures first make the early epochs cheap."""

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
) -> Run:  # fmt: skip
    """Train to the end of the schedule, or go on with what `folder` holds; returns the run.

    epochs, where given, replaces the recipe's (a short trial). start: a run of the same network, whose best weights are
    where this one begins. teachers: the runs that a recipe with distillation.consistent asks. Raises DatasetError,
    RecipeError for a network that cannot be built or teachers that are missing or not wanted, or RunError where the
    folder holds a run of another recipe.
    """
    check_teachers(recipe_file, recipe, bool(teachers))
    epochs, run = epochs or recipe.schedule.epochs, Run(folder)
    faces = fer2013.load(data)
    training, public = faces.of("Training"), faces.of("PublicTest")
    training = training.where(fer2013.is_trainable(training))
    if recipe.data.aligned:
        training, public = _aligned(training), _aligned(public)
    keras.utils.set_random_seed(recipe.seed)
    keras.mixed_precision.set_global_policy(recipe.schedule.precision)
    model = _start(recipe)
    facts = {
        "backend": keras.backend.backend(),
        "precision": recipe.schedule.precision,
        "epochs": epochs,
        "seed": recipe.seed,
    }
    labels = None
    if recipe.distillation.teachers:
        labels = soft_labels.read(recipe_file.parent / recipe.distillation.teachers)
        facts["teachers"] = labels.about
    elif teachers:
        facts["teachers"] = {"teachers": [each.about() for each in teachers]}
    run.begin(recipe_file, environment(data_sha256(faces)) | facts | {"recipe": recipe.name}, COLUMNS, start)
    steps = math.ceil(len(training) / recipe.schedule.batch)
    done, best = len(run.history()), max(map(score, run.history()), default=0.0)
    if done >= epochs:
        run.plot()  # what stopped it the last time may have come before this
        return run
    optimizer, average = _optimizer(recipe, steps * epochs), Average(recipe.schedule.average)
    if done:
        model = keras.models.load_model(folder / "last.keras")
    optimizer.build(model.trainable_variables)  # else TensorFlow traces the first step twice
    if done:
        # a loaded optimizer has forgotten which weights must not decay: take over its state only
        for fresh, held in zip(optimizer.variables, model.optimizer.variables, strict=True):
            fresh.assign(held)
        average.read(folder / "average.npz", model)
    elif start is not None:
        _load(model, start)
    journal = Journal(run, public, average, best)
    lessons = _lessons(recipe, training, labels, teachers, done)
    starts = [round(share * epochs) for share, _ in recipe.schedule.sizes] + [epochs]
    for (_, side), first, end in zip(recipe.schedule.sizes, starts, starts[1:], strict=False):
        if done >= end or first == end:
            continue
        _compile(model, optimizer, recipe, side)
        model.fit(
            lessons, shuffle=False, verbose=verbosity(),
            initial_epoch=max(done, first), epochs=end, callbacks=[average, journal],
        )  # fmt: skip
    run.plot()
    return run


def _aligned(faces: fer2013.Faces) -> fer2013.Faces:
    detector = detectors.open_detector(DetectorSettings(driver="tflite"))
    return dataclasses.replace(faces, images=align_faces(faces.images, detector)[0])


def backbone(model: keras.Model) -> keras.Model:
    """The network inside the training model (input, augmentation, resizing, network)."""
    return model.layers[-1]


def _start(recipe: Recipe) -> keras.Model:
    options = dict(recipe.network)
    pixels = keras.Input((CROP_SIDE, CROP_SIDE, 1), name="face")
    try:
        network = networks.build(options.pop("kind"), **options)
        network = aware(network) if recipe.quantization.aware else network
        varied = pixels  # before teachers are asked the lessons are varied, and not again here
        if not recipe.distillation.consistent:
            varied = Augment(dataclasses.asdict(recipe.augment), seed=recipe.seed)(pixels)
        return keras.Model(pixels, network(Resize(CROP_SIDE, dtype="float32")(varied)))
    except (TypeError, ValueError) as err:
        raise RecipeError(f"{recipe.name}: [network] cannot be built: {str(err).splitlines()[0]}") from err


def _load(model: keras.Model, start: Run) -> None:
    try:
        backbone(model).load_weights(start.weights)
    except (OSError, ValueError) as err:
        raise RunError(f"{start.weights}: cannot begin with these weights: {str(err).splitlines()[0]}") from err


def _optimizer(recipe: Recipe, total_steps: int) -> keras.optimizers.Optimizer:
    schedule = recipe.schedule
    rate = warm_cosine(schedule.rate, schedule.warmup, total_steps)
    optimizer = keras.optimizers.SGD(rate, momentum=schedule.momentum, nesterov=True, weight_decay=schedule.decay)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def _compile(model: keras.Model, optimizer: keras.optimizers.Optimizer, recipe: Recipe, side: int) -> None:
    """Same weights and optimizer, another picture size: compiling again drops the traced step."""
    model.layers[-2].side = side
    d = recipe.distillation
    losses = {
        head: Distillation(d.share if d.teachers or d.consistent else 0.0, d.temperature) for head in networks.HEADS
    }
    weights = {"fer2013": 1.0, "ferplus": recipe.targets.ferplus_weight}
    # TensorFlow compiles the step as a graph and is slower with XLA on a CPU; JAX has nothing else
    model.compile(optimizer, losses, loss_weights=weights, jit_compile=keras.backend.backend() == "jax")


def _lessons(
    recipe: Recipe, training: fer2013.Faces, labels: soft_labels.SoftLabels | None, teachers: Sequence[Run], epoch: int
) -> Lessons:
    people, counts = _targets(training, recipe)
    batch, seed = recipe.schedule.batch, recipe.seed
    if not teachers:
        return Lessons(training.images, people, counts, labels, batch=batch, seed=seed, epoch=epoch)
    asked = [networks.restore(each, recipe.schedule.precision) for each in teachers]
    return Consistent(
        training.images, people, counts, asked,
        variation=recipe.augment, mixup=recipe.distillation.mixup, batch=batch, seed=seed, epoch=epoch,
    )  # fmt: skip


def _targets(faces: fer2013.Faces, recipe: Recipe) -> tuple[Arrays, Arrays]:
    """Target distributions and, for each head, which pictures count."""
    t = recipe.targets
    labels = np.eye(len(fer2013.LABELS), dtype=np.float32)[faces.labels]
    original = labels * (1 - t.smoothing) + t.smoothing / labels.shape[1]
    votes, voted = fer2013.vote_distribution(faces.votes)
    ferplus = votes * (1 - t.ferplus_uniform) + t.ferplus_uniform / votes.shape[1]
    counts = {"fer2013": np.ones(len(faces), np.float32), "ferplus": voted.astype(np.float32)}
    return {"fer2013": original, "ferplus": ferplus}, counts


class Journal(keras.callbacks.Callback):
    """After each epoch: scores the averaged weights on PublicTest as a shipped model will see it, whatever size the
    epoch was trained at, keeps the best, writes what a resume needs."""

    def __init__(self, run: Run, public: fer2013.Faces, average: Average, best: float) -> None:
        super().__init__()
        self.run, self.average, self.best = run, average, best
        self.public = public

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        raw, folder, is_best = self.model.get_weights(), self.run.path, False
        self.model.set_weights(self.average.weights)
        reached = networks.accuracies(backbone(self.model), self.public)
        original, ferplus = reached["fer2013"], reached["ferplus"]
        if original + ferplus > self.best + ROUNDING:
            self.best, is_best = original + ferplus, True
            backbone(self.model).save_weights(folder / "next.weights.h5")
        self.model.set_weights(raw)
        self.model.save(folder / "next.keras")
        self.average.write(folder / "next.npz")
        (folder / "next.keras").replace(folder / "last.keras")
        (folder / "next.npz").replace(folder / "average.npz")
        if is_best:
            (folder / "next.weights.h5").replace(self.run.weights)
        rate, seconds = float(ops.convert_to_numpy(self.model.optimizer.learning_rate)), time.monotonic() - self.began
        loss = (logs or {}).get("loss", math.nan)
        self.run.add((epoch + 1, f"{loss:.4f}", f"{original:.6f}", f"{ferplus:.6f}", f"{rate:.5f}", f"{seconds:.1f}"))
        print(f"  PublicTest: fer2013 {original:.2%}, ferplus {ferplus:.2%}", flush=True)


def verbosity() -> int:
    """Keras's progress bar on a terminal, one line an epoch elsewhere."""
    return 1 if os.isatty(1) else 2
