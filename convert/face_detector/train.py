"""Training of a face detector by its recipe; the best epoch is chosen on the held-out pictures.

The run folder is that of `convert.training.run_folder`, the loop that of `convert.training.loop`.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from assistant.config.settings import DetectorSettings
from assistant.vision.detectors import decode, shrink
from assistant.vision.detectors.yunet import YuNetFaceDetector
from assistant.vision.faces.preprocess import MID_GREY, scale_grey
from convert.data import fer2013
from convert.data.boxes import is_held_out
from convert.face_detector import matching, network, pictures
from convert.face_detector.compose import Composer
from convert.face_detector.loss import DetectionLoss, targets
from convert.face_detector.pictures import Picture, Teacher
from convert.face_detector.recipe import DetectorRecipe
from convert.training import optimizers
from convert.training.callbacks import Batches
from convert.training.loop import Training, compile_options, is_finished, load_best_weights
from convert.training.provenance import training_environment
from convert.training.recipe_file import RecipeError
from convert.training.run_folder import Run, columns

LONG_SIDE_PX = 320
"""Long side of the held-out pictures; the same as in the evaluation."""
CLIP_NORM = 10.0
"""Largest norm of the gradient of each variable."""
MIN_IOUS = {"ap": 0.5, "ap35": 0.35}
"""Columns of the history: average precision at these IoUs."""
MIN_SCORE = 0.02
"""Lowest score of a detection on the held-out pictures."""
NMS_IOU = 0.4
"""Smallest IoU at which two detections are merged; the same as in the assistant."""
TEACHER_MIN_SCORE = 0.5
"""Smallest score of the teacher's detections."""
TEACHER_MIN_FACE_PX = 16
"""Width of the smallest face that the teacher detects."""


class FrameSequence(Batches):
    """Batches of newly composed frames; the same seed, epoch and step give the same frames."""

    def __init__(self, composer: Composer, recipe: DetectorRecipe, width: int, height: int, epoch: int) -> None:
        super().__init__(epoch, workers=2, max_queue_size=16)
        self.composer, self.recipe, self.size = composer, recipe, (width, height)

    def __len__(self) -> int:
        return self.recipe.schedule.frames_per_epoch // self.recipe.schedule.batch_size

    def __getitem__(self, step: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        random = np.random.default_rng((self.recipe.seed, self.epoch, step))
        frames = [self.composer.frame(random, *self.size) for _ in range(self.recipe.schedule.batch_size)]
        inputs = scale_grey(np.stack([frame.grey for frame in frames]))[..., np.newaxis]
        return inputs, np.stack([targets(frame) for frame in frames])


class ValidationSet:
    """The held-out pictures, on which a network is evaluated after each epoch."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self.inputs = np.full((len(pictures), LONG_SIDE_PX, LONG_SIDE_PX), MID_GREY, np.uint8)
        self.faces, self.ignored = [], []
        for target, picture in zip(self.inputs, pictures, strict=True):
            small, factor = shrink(picture.grey, LONG_SIDE_PX)
            target[: small.shape[0], : small.shape[1]] = small
            self.faces.append(picture.boxes / factor)
            self.ignored.append(picture.ignored / factor)
        self.points, self.strides = decode.cell_centers(LONG_SIDE_PX, LONG_SIDE_PX)

    def average_precision(self, model: keras.Model) -> dict[str, float]:
        """Average precision (0 to 1) of a training model at an IoU of 0.5 (ap) and of 0.35 (ap35).

        model: of `flatten_outputs`, for pictures of LONG_SIDE_PX by LONG_SIDE_PX.
        """
        outputs = model.predict(scale_grey(self.inputs)[..., np.newaxis], batch_size=16, verbose=0)
        found = [self._detections(output) for output in outputs]
        return {
            name: matching.average_precision(
                matching.pool(matching.match_all(self.faces, self.ignored, found, min_iou))
            )
            for name, min_iou in MIN_IOUS.items()
        }

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
    log_to: str = "",
) -> Run:
    """Train to the end of the schedule, or resume the run in `folder`; returns the run.

    data: the folder of the data sets, with faces/train/boxes.csv in it. epochs: overrides the recipe's (for a short
    trial). start: a run of the same network, whose best weights this one starts from. teacher: YuNet's ONNX file.
    log_to: as in `Training`.
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
    facts = training_environment(
        pictures_sha256(data / "faces" / "train"), recipe.name, schedule, epochs=epochs, seed=recipe.seed
    ) | {
        "pictures": {origin: sum(each.origin == origin for each in training) for origin in recipe.data.origins},
        "crops": len(crops),
        "landmarks": sum(int(np.isfinite(each.landmarks).all(axis=(1, 2)).sum()) for each in (*training, *crops)),
        "teacher_sha256": hashlib.sha256(teacher.read_bytes()).hexdigest() if recipe.data.teacher and teacher else "",
    }
    keras.utils.set_random_seed(recipe.seed)
    keras.mixed_precision.set_global_policy(schedule.precision)
    net = build(recipe)
    run.begin(recipe_file, facts, columns(tuple(MIN_IOUS)), start)
    if is_finished(run, epochs):
        return run
    if start is not None:
        load_best_weights(net, start)
    evaluated, hardness = flatten_outputs(net, LONG_SIDE_PX, LONG_SIDE_PX), None
    if recipe.data.hard_negatives:
        hardness = score_negatives(evaluated, training)
    composer = Composer(training, recipe.mixture, recipe.data.origin_weights, hardness, crops)
    steps = schedule.frames_per_epoch // schedule.batch_size * epochs
    optimizer = optimizers.adamw(schedule, steps, CLIP_NORM)
    loop = Training(
        run, net, schedule, optimizer, epochs=epochs, evaluated_on="held-out pictures",
        evaluate=lambda: validation.average_precision(evaluated), log_to=log_to,
    )  # fmt: skip

    def stage(size: tuple[int, ...], epoch: int) -> tuple[keras.Model, FrameSequence]:
        width, height = size
        model = flatten_outputs(net, width, height)
        model.compile(optimizer, DetectionLoss(*decode.cell_centers(height, width)), **compile_options())
        return model, FrameSequence(composer, recipe, width, height, epoch)

    loop.fit(stage)
    return run


def score_negatives(model: keras.Model, training: Sequence[Picture]) -> dict[str, float]:
    """The highest score of a training model in each picture without faces, by name, for hard negative mining.

    model: of `flatten_outputs`, for pictures of LONG_SIDE_PX by LONG_SIDE_PX.
    """
    empty = [picture for picture in training if not len(picture.boxes) and not len(picture.ignored)]
    if not empty:
        return {}
    outputs = model.predict(scale_grey(ValidationSet(empty).inputs)[..., np.newaxis], batch_size=16, verbose=0)
    return {
        picture.name: float(best)
        for picture, best in zip(empty, decode.scores_of(outputs[..., 0]).max(axis=1), strict=True)
    }


def build(recipe: DetectorRecipe, **size: Any) -> keras.Model:
    """The recipe's network. size: height, width and batch, if they are fixed. Raises RecipeError."""
    try:
        return network.build(**recipe.network, **size)
    except (TypeError, ValueError) as err:
        raise RecipeError(f"{recipe.name}: [network] cannot be built: {str(err).splitlines()[0]}") from err


def flatten_outputs(net: keras.Model, width: int, height: int) -> keras.Model:
    """The training model: the network with its maps in one tensor, float32 [N, cells, 15], in the order of
    `decode.cell_centers`."""
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
