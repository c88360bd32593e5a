"""Teachers: trained networks whose mean predictions for FER-2013's training pictures are written as soft labels.

A teacher is a run folder, or a shipped int8 model (both heads): an int8 model is as good a teacher, predicts in half
the time, and is kept when run folders are not.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from keras import ops
from numpy.typing import NDArray

from assistant.system.progress import track
from convert.data import fer2013
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import DatasetError
from convert.expression import card, networks, soft_labels
from convert.expression import recipe as recipes
from convert.expression.evaluation import testset
from convert.expression.soft_labels import fixed_view
from convert.tflite import card_file
from convert.training.run_folder import Run

Teacher = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Pictures uint8 [N, 48, 48] to probabilities float32 [N, 15], as in `soft_labels.SoftLabels`."""


def write_soft_labels(
    teachers: Sequence[Path], faces: Faces, views: int, path: Path, former: soft_labels.SoftLabels | None = None
) -> soft_labels.SoftLabels:
    """Let the teachers predict on `views` views of every training picture and write the soft labels to `path`.

    Each teacher's probabilities are the mean of those for a view and for its mirror image. They are averaged over the
    teachers. former: existing soft labels, whose teachers are included in the average with one weight each. Raises
    RunError where a run has no usable weights, ModelError for a model that cannot be used or whose heads are of
    different runs, DatasetError where `former` has other views or pictures.
    """
    training = faces.of("Training")
    images = training.where(fer2013.is_trainable(training)).images
    former_teachers = [] if former is None else list(former.about["teachers"])
    count = len(former_teachers) + len(teachers)
    mean = np.zeros((len(images), views, soft_labels.CLASSES), np.float32)
    if former is not None:
        shares, known = former.of(images)
        if former.views != views or not known.all():
            raise DatasetError(f"the former teachers were asked about other pictures, or {former.views} views of each")
        mean += shares * (len(former_teachers) / count)
    about = former_teachers + [_about(each) for each in teachers]
    predictors = [_of_model(each) if each.suffix == ".tflite" else _of_run(Run(each)) for each in teachers]
    for teacher, predict in zip(teachers, predictors, strict=True):
        for number in track(range(views), teacher.stem, "views"):
            pictures = np.stack([fixed_view(image, number) for image in images])
            mean[:, number] += (predict(pictures) + predict(pictures[:, :, ::-1])) / (2 * count)
    labels = soft_labels.pack(images, mean, {"views": views, "teachers": about})
    soft_labels.write(labels, path)
    return labels


def _of_run(run: Run) -> Teacher:
    """The float network of a run as a teacher."""
    recipe = recipes.of_run(run)
    network = networks.restore(run, recipe.schedule.precision)

    def predict(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits = networks.logits(network, pictures, recipe.input_format)
        return np.concatenate([ops.convert_to_numpy(ops.softmax(logits[head])) for head in networks.HEADS], axis=1)

    return predict


def _of_model(model: Path) -> Teacher:
    """The two int8 heads of a shipped model as a teacher. model: the file of the ferplus head."""
    files = card.both_heads(model)
    # without the fitted temperature, which a run does not have either
    heads = {head: testset.untempered(files[head]) for head in networks.HEADS}
    orders = {head: [heads[head].labels.index(label) for label in labels] for head, labels in networks.HEADS.items()}

    def predict(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        parts = [testset.probabilities(heads[head], pictures)[:, order] for head, order in orders.items()]
        return np.concatenate(parts, axis=1)

    return predict


def _about(teacher: Path) -> dict[str, object]:
    """Description of a teacher, ready for JSON."""
    if teacher.suffix == ".tflite":
        held = card_file.load(teacher)
        names = {"model": "name", "sha256": "sha256", "recipe": "recipe.name"}
        return {key: card_file.entry(held, teacher, name, str) for key, name in names.items()}
    return Run(teacher).provenance()
