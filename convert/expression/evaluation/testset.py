"""A model on a test split of FER-2013: what it says of each picture, and what it is judged by.

Two truths. A model with FER-2013's seven labels is judged by the original labels. A model with FER+'s eight is judged
by the FER+ votes: the pictures of which more than half of the votes, single votes dropped, name one of eight classes
(3,152 of PrivateTest), and that class is the truth.

*Agreement with the FER+ majority* of a seven-label model is counted on those same pictures. The few
whose majority is contempt (16 of 3,152) stay in and count against it: such a model has no label for them.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from assistant.errors import ModelError
from assistant.vision.inference.expression import ExpressionClassifier
from convert.data import fer2013
from convert.data.fer2013 import FERPLUS_LABELS, LABELS, DatasetError, Faces
from convert.expression.evaluation import metrics


def untempered(model: Path) -> ExpressionClassifier:
    """A model that answers as its network does, at a temperature of 1, whatever its card says. Raises ModelError."""
    classifier = ExpressionClassifier(model, threads=1)
    classifier.card = replace(classifier.card, temperature=1.0)
    return classifier


def probabilities(classifier: ExpressionClassifier, images: NDArray[np.uint8], what: str = "") -> NDArray[np.float32]:
    """Float32 [N, classes] of pictures uint8 [N, 48, 48], one at a time as on the device. what: for the bar."""
    name = what or classifier.path.stem
    bar = tqdm(images, desc=name, unit=" faces", leave=False, disable=not sys.stderr.isatty())
    return np.stack([classifier.probabilities(image) for image in bar])


def truth_of(labels: tuple[str, ...], faces: Faces) -> tuple[str, NDArray[np.int64], NDArray[np.bool_]]:
    """What a model with these labels is judged by: the truth's name, its class for each picture as an index into
    `labels` (int64 [N]), and which pictures count (bool [N]). Raises ModelError for any other set of labels."""
    if set(labels) == set(LABELS):
        order = np.array([labels.index(name) for name in LABELS])
        return "original labels", order[faces.labels], np.ones(len(faces), bool)
    if set(labels) == set(FERPLUS_LABELS):
        top, clear = fer2013.ferplus_majority(faces.votes)
        order = np.array([labels.index(name) for name in FERPLUS_LABELS])
        return "FER+ majority", order[np.where(clear, top, 0)], clear
    raise ModelError(
        f"the model's labels are neither FER-2013's ({', '.join(LABELS)}) nor FER+'s ({', '.join(FERPLUS_LABELS)})"
    )


def shares_of(labels: tuple[str, ...], faces: Faces) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """How the truth is shared out over the labels, float32 [N, classes], and which pictures have one (bool [N]): the
    votes for a model with FER+'s labels, all of it on the one original label else. Raises ModelError."""
    if truth_of(labels, faces)[0] == "original labels":
        return np.eye(len(labels), dtype=np.float32)[truth_of(labels, faces)[1]], np.ones(len(faces), bool)
    votes, voted = fer2013.vote_distribution(faces.votes)
    return votes[:, [FERPLUS_LABELS.index(label) for label in labels]], voted


def judge(labels: tuple[str, ...], scores: NDArray[np.float32], tested: Faces, training: Faces) -> dict[str, Any]:
    """The figures of answers float32 [N, classes] to the pictures of one split, with all of them and without those that
    Training holds too. Raises ModelError or DatasetError."""
    answers = scores.argmax(axis=1)
    unseen = ~fer2013.is_twin(tested.images, training.images)
    name, truth, counts = truth_of(labels, tested)
    report: dict[str, Any] = {"truth": name}
    for part, chosen in {"all": counts, "without_twins": counts & unseen}.items():
        if not chosen.any():
            raise DatasetError(f"the split holds no pictures to judge by {name} ({part.replace('_', ' ')})")
        report[part] = metrics.summarize(truth[chosen], answers[chosen], labels)
    if tested.votes.any():
        report["ferplus_majority"] = _agreement(np.array(labels)[answers], tested, unseen)
    return report


def _agreement(words: NDArray[np.str_], faces: Faces, unseen: NDArray[np.bool_]) -> dict[str, Any]:
    top, clear = fer2013.ferplus_majority(faces.votes)
    agrees = words == np.array(FERPLUS_LABELS)[np.where(clear, top, 0)]
    return {
        part: {"pictures": int(chosen.sum()), "agreement": round(float(agrees[chosen].mean()), metrics.DIGITS)}
        for part, chosen in (("all", clear), ("without_twins", clear & unseen))
        if chosen.any()
    }
