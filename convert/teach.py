"""Asking the teachers: the soft labels of FER-2013's training pictures, averaged over the best weights of some runs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from keras import ops
from tqdm import tqdm

from assistant.vision.preprocess import normalize
from convert import datasets, networks, soft
from convert.datasets import Faces
from convert.runs import Run
from convert.views import view

BATCH = 256


def teach(runs: Sequence[Run], faces: Faces, views: int, path: Path) -> soft.SoftLabels:
    """Ask the networks of `runs` about `views` views of every training picture and write the soft labels to `path`.

    Each head's probabilities are averaged over the teachers. Raises RunError where a run has no usable weights.
    """
    training = faces.of("Training")
    images = training.where(datasets.is_trainable(training)).images
    said = np.zeros((len(images), views, soft.CLASSES), np.float32)
    for run in runs:
        model = networks.restore(run, run.recipe().schedule.precision)
        for number in tqdm(range(views), desc=run.path.name, unit=" views", leave=False):
            asked = normalize(np.stack([view(image, number) for image in images]))
            logits = model.predict(asked, batch_size=BATCH, verbose=0)
            shares = [ops.convert_to_numpy(ops.softmax(logits[head])) for head in networks.HEADS]
            said[:, number] += np.concatenate(shares, axis=1) / len(runs)
    about = {"views": views, "teachers": [_about(run) for run in runs]}
    labels = soft.pack(images, said, about)
    soft.write(labels, path)
    return labels


def _about(run: Run) -> dict[str, object]:
    best = run.best()
    return {
        "recipe": run.recipe().name,
        "epoch": int(best["epoch"]),
        "public_test": {head: best[head] for head in networks.HEADS},
        "revision": run.environment().get("revision"),
    }
