"""Training of the face detector by its recipe: resumable, evaluated after each epoch on held-out pictures.

A run folder is that of `convert.training.run_folder`; what a resume needs is in `last.weights.h5`, `optimizer.npz` and
`average.npz`.
"""

import hashlib
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from assistant.config.settings import DetectorSettings
from assistant.vision.detectors import decode, shrink
from assistant.vision.detectors.yunet import YuNetFaceDetector
from assistant.vision.faces.preprocess import MID_GREY, scale_grey
from convert.data import fer2013
from convert.data.boxes import is_held_out
from convert.expression.recipe import RecipeError
from convert.face_detector import matching, network, pictures
from convert.face_detector.compose import Composer
from convert.face_detector.loss import DetectionLoss, targets
from convert.face_detector.pictures import Picture, Teacher
from convert.face_detector.recipe import DetectorRecipe
from convert.training.ema import Average
from convert.training.provenance import environment
from convert.training.run_folder import DETECTOR_COLUMNS, ROUNDING, Run, RunError, score
from convert.training.schedules import warm_cosine

LONG_SIDE_PX = 320
"""Long side at which the held-out pictures are searched; the same as in the evaluation."""
CLIP_NORM = 10.0
"""Largest norm of each gradient."""
MIN_SCORE = 0.02
"""Lowest score of a detection on the held-out pictures."""
NMS_IOU = 0.4
"""Intersection over union from which two detections are merged as one face; the same as in the assistant."""
TEACHER_MIN_SCORE = 0.5
"""Score of the teacher from which its face is taken for one."""
TEACHER_MIN_FACE_PX = 16


class FrameSequence(keras.utils.PyDataset):
    """Batches of new frames for every epoch; the same seed, epoch and step give the same frames."""

    def __init__(self, composer: Composer, recipe: DetectorRecipe, width: int, height: int, epoch: int) -> None:
        super().__init__(workers=2, max_queue_size=16)
        self.composer, self.recipe, self.size, self.epoch = composer, recipe, (width, height), epoch

    def __len__(self) -> int:
        return self.recipe.schedule.frames_per_epoch // self.recipe.schedule.batch

    def __getitem__(self, step: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        random = np.random.default_rng((self.recipe.seed, self.epoch, step))
        frames = [self.composer.frame(random, *self.size) for _ in range(self.recipe.schedule.batch)]
        inputs = scale_grey(np.stack([frame.grey for frame in frames]))[..., np.newaxis]
        return inputs, np.stack([targets(frame) for frame in frames])

    def on_epoch_end(self) -> None:
        self.epoch += 1


class ValidationSet:
    """The held-out pictures, and how well a network finds their faces."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self.inputs = np.full((len(pictures), LONG_SIDE_PX, LONG_SIDE_PX), MID_GREY, np.uint8)
        self.faces, self.ignored = [], []
        for target, picture in zip(self.inputs, pictures, strict=True):
            small, factor = shrink(picture.grey, LONG_SIDE_PX)
            target[: small.shape[0], : small.shape[1]] = small
            self.faces.append(picture.boxes / factor)
            self.ignored.append(picture.ignored / factor)
        self.points, self.strides = decode.cell_centers(LONG_SIDE_PX, LONG_SIDE_PX)

    def average_precision(self, model: keras.Model) -> tuple[float, float]:
        """Of a training model for squares of LONG_SIDE_PX, at an IoU of 0.5 and of 0.35; each from 0 to 1."""
        outputs = model.predict(scale_grey(self.inputs)[..., np.newaxis], batch_size=16, verbose=0)
        found = [self._detections(output) for output in outputs]
        ap, ap35 = (
            matching.average_precision(matching.pool(matching.match_all(self.faces, self.ignored, found, min_iou)))
            for min_iou in (0.5, 0.35)
        )
        return ap, ap35

    def _detections(self, output: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        scores = decode.scores_of(output[:, 0])
        cells = np.flatnonzero(scores > MIN_SCORE)
        points, strides = self.points[cells], self.strides[cells]
        merged = decode.weighted_nms(
            decode.boxes_of(output[cells, 1:5], points, strides),
            scores[cells],
            decode.landmarks_of(output[cells, 5:], points, strides),
            NMS_IOU,
        )
        boxes = np.array([box for box, _, _ in merged], np.float32).reshape(-1, 4)
        return boxes, np.array([score for _, score, _ in merged], np.float32)


def train(
    recipe: DetectorRecipe,
    recipe_file: Path,
    data: Path,
    folder: Path,
    *,
    epochs: int | None = None,
    start: Run | None = None,
    teacher: Path | None = None,
) -> Run:
    """Train to the end of the schedule, or go on with what `folder` holds; returns the run.

    data: the folder of the data sets, with faces/train/boxes.csv in it. epochs and start: as in
    `convert.expression.train.train`. teacher: YuNet's ONNX file.
    Raises DatasetError, DetectorError, RecipeError or RunError.
    """
    if recipe.data.teacher and teacher is None:
        raise RecipeError(f"{recipe_file}: data.teacher is on; name YuNet's ONNX file with --teacher")
    schedule, run, epochs = recipe.schedule, Run(folder), epochs or recipe.schedule.epochs
    source = _teacher(teacher) if recipe.data.teacher and teacher else None
    loaded = pictures.load(data / "faces" / "train", recipe.data.origins, source)
    crops = _crops(data, source, recipe.data.fer2013_crops) if recipe.data.fer2013_crops and source else []
    training = [picture for picture in loaded if not is_held_out(picture.name)]
    validation = ValidationSet([picture for picture in loaded if is_held_out(picture.name)])
    facts = {
        "backend": keras.backend.backend(),
        "precision": schedule.precision,
        "epochs": epochs,
        "seed": recipe.seed,
        "recipe": recipe.name,
        "pictures": {origin: sum(each.origin == origin for each in training) for origin in recipe.data.origins},
        "crops": len(crops),
        "landmarks": sum(int(np.isfinite(each.landmarks).all(axis=(1, 2)).sum()) for each in (*training, *crops)),
        "teacher_sha256": hashlib.sha256(teacher.read_bytes()).hexdigest() if recipe.data.teacher and teacher else "",
    }
    keras.utils.set_random_seed(recipe.seed)
    keras.mixed_precision.set_global_policy(schedule.precision)
    net = build(recipe)
    run.begin(recipe_file, environment(pictures_sha256(data / "faces" / "train")) | facts, DETECTOR_COLUMNS, start)
    done, best = len(run.history()), max(map(score, run.history()), default=-1.0)
    if done >= epochs:
        run.plot()  # the run may have been stopped before its plot was written
        return run
    optimizer = _optimizer(recipe, schedule.frames_per_epoch // schedule.batch * epochs)
    optimizer.build(net.trainable_variables)  # else TensorFlow traces the first step twice
    average = Average(schedule.average)
    if start is not None:
        load_weights(net, start)
    hardness = None
    if recipe.data.hard_negatives:
        hardness = score_negatives(flatten_outputs(net, LONG_SIDE_PX, LONG_SIDE_PX), training)
    if done:
        _resume(run, net, optimizer, average)
    journal = Journal(run, net, validation, average, best)
    composer = Composer(training, recipe.mixture, recipe.data.origin_weights, hardness, crops)
    starts = [round(share * epochs) for share, *_ in schedule.sizes] + [epochs]
    for (_, width, height), first, end in zip(schedule.sizes, starts, starts[1:], strict=False):
        if done < end and first < end:
            begin = max(done, first)
            model = flatten_outputs(net, width, height)
            model.compile(
                optimizer,
                DetectionLoss(*decode.cell_centers(height, width)),
                jit_compile=keras.backend.backend() == "jax",
            )
            frames = FrameSequence(composer, recipe, width, height, begin)
            model.fit(frames, initial_epoch=begin, epochs=end, verbose=2, callbacks=[average, journal])
    run.plot()
    return run


def score_negatives(model: keras.Model, training: Sequence[Picture]) -> dict[str, float]:
    """The highest score that a training model for squares of LONG_SIDE_PX gives anywhere in each picture without faces,
    by the picture's name: the weights for hard negative mining."""
    empty = [picture for picture in training if not len(picture.boxes) and not len(picture.ignored)]
    if not empty:
        return {}
    outputs = model.predict(scale_grey(ValidationSet(empty).inputs)[..., np.newaxis], batch_size=16, verbose=0)
    return {
        picture.name: float(best)
        for picture, best in zip(empty, decode.scores_of(outputs[..., 0]).max(axis=1), strict=True)
    }


def build(recipe: DetectorRecipe, **size: Any) -> keras.Model:
    """The recipe's network; size: height, width and batch where they are fixed. Raises RecipeError."""
    try:
        return network.build(**recipe.network, **size)
    except (TypeError, ValueError) as err:
        raise RecipeError(f"{recipe.name}: [network] cannot be built: {str(err).splitlines()[0]}") from err


def load_weights(net: keras.Model, run: Run) -> None:
    """Give a network the best weights of a run. Raises RunError where they are not of this network."""
    try:
        net.load_weights(run.weights)
    except (OSError, ValueError) as err:
        raise RunError(f"{run.weights}: not the weights of this network: {str(err).splitlines()[0]}") from err


def flatten_outputs(net: keras.Model, width: int, height: int) -> keras.Model:
    """The network with its maps in one tensor, float32 [N, cells, 15], in the order of `decode.cell_centers`."""
    pixels = keras.Input((height, width, 1))
    maps, levels = net(pixels), []
    for stride in decode.STRIDES:
        parts = [
            layers.Reshape((-1, size), dtype="float32")(maps[f"{head}{stride}"])
            for head, size in network.OUTPUTS.items()
        ]
        levels.append(layers.Concatenate(axis=-1, dtype="float32")(parts))
    return keras.Model(pixels, layers.Concatenate(axis=1, dtype="float32")(levels))


def pictures_sha256(folder: Path) -> str:
    """SHA-256 of boxes.csv and of every picture and matte beside it, in the order of their names."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _crops(data: Path, teacher: Teacher, limit: int) -> list[Picture]:
    faces = fer2013.load(data)
    training, tests = faces.of("Training"), faces.where(faces.split != 0)
    usable = fer2013.is_trainable(training) & ~fer2013.is_twin(training.images, tests.images)
    return pictures.load_crops(training.where(usable).images, teacher, limit)


def _teacher(model: Path) -> Teacher:
    settings = DetectorSettings(
        driver="yunet", model=str(model), score_threshold=TEACHER_MIN_SCORE, min_face_px=TEACHER_MIN_FACE_PX
    )
    detector = YuNetFaceDetector(settings)
    return lambda image: detector.find(image, cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))


def _optimizer(recipe: DetectorRecipe, total_steps: int) -> keras.optimizers.Optimizer:
    schedule = recipe.schedule
    rate = warm_cosine(schedule.rate, schedule.warmup, total_steps)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=schedule.decay, clipnorm=CLIP_NORM)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def _resume(run: Run, net: keras.Model, optimizer: keras.optimizers.Optimizer, average: Average) -> None:
    net.load_weights(run.path / "last.weights.h5")
    with np.load(run.path / "optimizer.npz") as held:
        for index, variable in enumerate(optimizer.variables):
            variable.assign(held[str(index)])
    average.read(run.path / "average.npz", net)


class Journal(keras.callbacks.Callback):
    """After each epoch: evaluates the averaged weights on the held-out pictures, keeps the best, writes what a resume
    needs."""

    def __init__(self, run: Run, net: keras.Model, validation: ValidationSet, average: Average, best: float) -> None:
        super().__init__()
        self.run, self.net, self.validation, self.average, self.best = run, net, validation, average, best
        self.evaluated = flatten_outputs(net, LONG_SIDE_PX, LONG_SIDE_PX)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        raw, folder = self.net.get_weights(), self.run.path
        self.net.set_weights(self.average.weights)
        ap, ap35 = self.validation.average_precision(self.evaluated)
        is_best = ap > self.best + ROUNDING
        if is_best:
            self.best = ap
            self.net.save_weights(folder / "next_best.weights.h5")
        self.net.set_weights(raw)
        self.net.save_weights(folder / "next.weights.h5")
        state = {str(index): ops.convert_to_numpy(each) for index, each in enumerate(self.model.optimizer.variables)}
        np.savez(folder / "next.npz", **state)
        self.average.write(folder / "next_average.npz")
        (folder / "next.weights.h5").replace(folder / "last.weights.h5")
        (folder / "next.npz").replace(folder / "optimizer.npz")
        (folder / "next_average.npz").replace(folder / "average.npz")
        if is_best:
            (folder / "next_best.weights.h5").replace(self.run.weights)
        rate, seconds = float(ops.convert_to_numpy(self.model.optimizer.learning_rate)), time.monotonic() - self.began
        loss = (logs or {}).get("loss", math.nan)
        self.run.add((epoch + 1, f"{loss:.4f}", f"{ap:.6f}", f"{ap35:.6f}", f"{rate:.6f}", f"{seconds:.1f}"))
        print(f"  held-out pictures: average precision {ap:.2%}, at an overlap of 0.35 {ap35:.2%}", flush=True)
