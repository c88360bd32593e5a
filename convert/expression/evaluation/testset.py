"""A model on a test split of FER-2013: its predictions, and the ground truth for its set of labels.

There are two ground truths. A model with FER-2013's seven labels is evaluated by the original labels. A model with
FER+'s eight labels is evaluated by the FER+ majority: on the pictures of which more than half of the votes, single
votes dropped, name one of the eight classes (3,152 of PrivateTest).

*Agreement with the FER+ majority* of a seven-label model is measured on those same pictures. The few whose majority is
contempt (16 of 3,152) are included and count as errors, since such a model has no label for them.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.system.progress import track
from assistant.vision.faces.input_format import OWN_FORMAT
from assistant.vision.inference.expression import ExpressionClassifier, read_expression_card
from convert.data import fer2013
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import FERPLUS_LABELS, LABELS, DatasetError
from convert.data.pictures import Pictures, PicturesByRow, original
from convert.expression.evaluation import metrics


def untempered(model: Path) -> ExpressionClassifier:
    """The classifier in a .tflite file at a temperature of 1, instead of that in its card. Raises ModelError."""
    classifier = ExpressionClassifier(model, threads=1)
    classifier.card = replace(classifier.card, temperature=1.0)
    return classifier


def probabilities(classifier: ExpressionClassifier, images: Pictures, title: str = "") -> NDArray[np.float32]:
    """Probabilities float32 [N, classes] of pictures of faces uint8 [N, H, W] or [N, H, W, 3], fitted to the model's
    input and classified one at a time, as on the device.

    title: shown with the progress; default: the name of the model.
    """
    tracked = track(images, title or classifier.path.stem, "faces")
    return np.stack([classifier.probabilities(classifier.input.fit(image)) for image in tracked])


def faces_for(model: Path, source: Path, *, skip_unreadable: bool = False) -> Faces:
    """A data set with the crops that a model takes. Raises ModelError or DatasetError."""
    return fer2013.load(source, read_expression_card(model).input, skip_unreadable=skip_unreadable)


def mirrored(images: Pictures) -> Pictures:
    """The mirror images of pictures, made as they are asked for."""
    return PicturesByRow(
        lambda rows: np.ascontiguousarray(images[rows][:, :, ::-1]), np.arange(len(images)), images.shape[1:]
    )


def own_crops(images: Pictures) -> NDArray[np.uint8]:
    """Pictures as grey crops uint8 [N, 48, 48], whatever format they were fitted to: what is drawn into a test picture
    is drawn at this size."""
    return np.stack([OWN_FORMAT.fit(image) for image in original(images)])


def truth_of(labels: tuple[str, ...], faces: Faces) -> tuple[str, NDArray[np.int64], NDArray[np.bool_]]:
    """The ground truth for a model with these labels.

    Returns its name, the class of each picture as an index into `labels` (int64 [N]), and whether the picture is
    counted (bool [N]), which is true of at least one. Raises ModelError where the labels are neither FER-2013's nor
    FER+'s, DatasetError where no picture has the votes by which FER+'s are judged.
    """
    if set(labels) == set(LABELS):
        order = np.array([labels.index(name) for name in LABELS])
        return "original labels", order[faces.labels], np.ones(len(faces), bool)
    if set(labels) == set(FERPLUS_LABELS):
        top, clear = fer2013.ferplus_majority(faces.votes)
        if not clear.any():
            raise DatasetError(
                "no picture of this split has FER+ votes that agree, by which a model of FER+'s labels is judged; put "
                "fer2013new.csv beside FER-2013, or take the model of the original labels (challenge/)"
            )
        order = np.array([labels.index(name) for name in FERPLUS_LABELS])
        return "FER+ majority", order[np.where(clear, top, 0)], clear
    raise ModelError(
        f"the model's labels are neither FER-2013's ({', '.join(LABELS)}) nor FER+'s ({', '.join(FERPLUS_LABELS)})"
    )


def shares_of(labels: tuple[str, ...], faces: Faces) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The ground truth as a distribution over the labels, float32 [N, classes]; and whether there is one, bool [N].

    For a model with FER+'s labels these are the shares of the votes, else 1 for the original label. Raises ModelError.
    """
    if set(labels) != set(FERPLUS_LABELS):
        return np.eye(len(labels), dtype=np.float32)[truth_of(labels, faces)[1]], np.ones(len(faces), bool)
    votes, voted = fer2013.vote_distribution(faces.votes)
    return votes[:, [FERPLUS_LABELS.index(label) for label in labels]], voted


def score(labels: tuple[str, ...], scores: NDArray[np.float32], tested: Faces, training: Faces) -> dict[str, Any]:
    """The metrics of probabilities float32 [N, classes] for the pictures of one split, ready for JSON.

    On all pictures, and without those that have an identical copy in Training (`without_twins`). Raises ModelError or
    DatasetError.
    """
    predictions = scores.argmax(axis=1)
    unseen = ~fer2013.is_twin(tested.images, training.images)
    name, truth, is_counted = truth_of(labels, tested)
    report: dict[str, Any] = {"truth": name}
    for part, chosen in {"all": is_counted, "without_twins": is_counted & unseen}.items():
        if not chosen.any():
            raise DatasetError(f"the split holds no pictures to judge by {name} ({part.replace('_', ' ')})")
        report[part] = metrics.summarize(truth[chosen], predictions[chosen], labels)
    if tested.votes.any():
        report["ferplus_majority"] = _agreement(np.array(labels)[predictions], tested, unseen)
    return report


def _agreement(predicted: NDArray[np.str_], faces: Faces, unseen: NDArray[np.bool_]) -> dict[str, Any]:
    """Agreement of predicted labels [N] with the FER+ majority. unseen [N]: pictures without a copy in Training."""
    top, clear = fer2013.ferplus_majority(faces.votes)
    agrees = predicted == np.array(FERPLUS_LABELS)[np.where(clear, top, 0)]
    return {
        part: {"pictures": int(chosen.sum()), "agreement": round(float(agrees[chosen].mean()), metrics.DIGITS)}
        for part, chosen in (("all", clear), ("without_twins", clear & unseen))
        if chosen.any()
    }
