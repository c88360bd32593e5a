"""Soft labels of FER-2013's training pictures: the mean of the probabilities that some networks give.

A teacher is a run folder, or a shipped model with its fer2013 head beside it: an int8 model teaches as well, takes half
the time, and is there when the run is gone.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from keras import ops
from numpy.typing import NDArray
from tqdm import tqdm

from assistant.vision.faces.preprocess import normalize
from convert.data import fer2013
from convert.data.fer2013 import DatasetError, Faces
from convert.expression import card, networks, soft_labels
from convert.expression import recipe as recipes
from convert.expression.evaluation import testset
from convert.expression.soft_labels import fixed_view
from convert.tflite import card_file
from convert.training.run_folder import Run

BATCH_SIZE = 256

Teacher = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Pictures uint8 [N, 48, 48] to probabilities float32 [N, 15], as in `soft_labels.SoftLabels`."""


def ask_teachers(
    teachers: Sequence[Path], faces: Faces, views: int, path: Path, former: soft_labels.SoftLabels | None = None
) -> soft_labels.SoftLabels:
    """Ask the teachers about `views` views of every training picture and write the soft labels to `path`.

    A teacher is asked about each view and its mirror image, and the mean of both counts. Each head's probabilities are
    averaged over the teachers. former: soft labels whose teachers count too, each as one, though they may be gone.
    Raises RunError where a run has no usable weights, ModelError for a model that cannot be used or
    whose heads are of different runs, DatasetError where `former` has other views or pictures.
    """
    training = faces.of("Training")
    images = training.where(fer2013.is_trainable(training)).images
    former_teachers = [] if former is None else list(former.about["teachers"])
    count = len(former_teachers) + len(teachers)
    said = np.zeros((len(images), views, soft_labels.CLASSES), np.float32)
    if former is not None:
        shares, known = former.of(images)
        if former.views != views or not known.all():
            raise DatasetError(f"the former teachers were asked about other pictures, or {former.views} views of each")
        said += shares * (len(former_teachers) / count)
    about = former_teachers + [_about(each) for each in teachers]
    asked = [_of_model(each) if each.suffix == ".tflite" else _of_run(Run(each)) for each in teachers]
    for teacher, ask in zip(teachers, asked, strict=True):
        for number in tqdm(range(views), desc=teacher.stem, unit=" views", leave=False):
            seen = np.stack([fixed_view(image, number) for image in images])
            said[:, number] += (ask(seen) + ask(seen[:, :, ::-1])) / (2 * count)
    labels = soft_labels.pack(images, said, {"views": views, "teachers": about})
    soft_labels.write(labels, path)
    return labels


def _of_run(run: Run) -> Teacher:
    network = networks.restore(run, recipes.of_run(run).schedule.precision)

    def ask(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits = network.predict(normalize(pictures), batch_size=BATCH_SIZE, verbose=0)
        return np.concatenate([ops.convert_to_numpy(ops.softmax(logits[head])) for head in networks.HEADS], axis=1)

    return ask


def _of_model(model: Path) -> Teacher:
    files = card.both_heads(model)
    heads = {head: testset.untempered(files[head]) for head in networks.HEADS}  # a run has no fitted temperature either
    orders = {head: [heads[head].labels.index(label) for label in labels] for head, labels in networks.HEADS.items()}

    def ask(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        parts = [testset.probabilities(heads[head], pictures)[:, order] for head, order in orders.items()]
        return np.concatenate(parts, axis=1)

    return ask


def _about(teacher: Path) -> dict[str, object]:
    if teacher.suffix == ".tflite":
        held = card_file.load(teacher)
        return {"model": held["name"], "sha256": held["sha256"], "recipe": held["recipe"]["name"]}
    return Run(teacher).provenance()
