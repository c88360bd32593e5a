"""From a foreign classifier to a .tflite file with a card that the assistant runs: loaded, tried, converted, compared
with its original and calibrated. Nothing is written before all of that has been done."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.system.atomic_files import write_atomically
from assistant.vision.faces.input_format import InputFormat
from assistant.vision.inference.expression import ExpressionClassifier
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import DatasetError
from convert.expression.evaluation import metrics, testset
from convert.expression.evaluation.evaluate import fit_calibration
from convert.expression.evaluation.predictor import KERAS_FILES
from convert.foreign import card, network, plausibility, stated_input
from convert.foreign.network import Network
from convert.foreign.stated_input import StatedInput
from convert.tflite import card_file

MAX_LOSS_POINTS = 1.0
"""Loss of macro-F1 by quantization, in percentage points, above which the import warns."""
Load = Callable[[InputFormat], Faces]
"""Function from a format to labelled pictures of that format; it raises DatasetError."""


@dataclass(frozen=True)
class Statement:
    """What is stated of a foreign classifier."""

    labels: tuple[str, ...]
    """In the order of its outputs."""
    input: StatedInput
    scaling: str


@dataclass(frozen=True)
class Imported:
    """What `import_model` has made."""

    card: dict[str, Any]
    warnings: tuple[str, ...]


def open_network(file: Path) -> Network:
    """The classifier in a file. Raises ModelError, in one line."""
    if file.suffix.lower() in KERAS_FILES:
        from convert.foreign import keras_file

        return keras_file.load(file)
    if file.suffix.lower() == ".tflite":
        from convert.foreign import tflite_file

        return tflite_file.load(file)
    known = ", ".join((*KERAS_FILES, ".tflite"))
    raise ModelError(f"{file}: of the files of other programs {known} can be imported; export one of these there")


def import_model(
    file: Path, model: Path, stated: Statement, load: Load | None, *, is_float: bool, limit: int | None = None
) -> Imported:
    """Write `model`, a .tflite file, and its card, of the classifier in `file`.

    load: gives the labelled pictures by which it is tried and calibrated; without it neither is done, and a Keras file
    can become a float file alone. is_float: keep a Keras network float32. limit: the number of pictures of PublicTest
    that it is compared and calibrated by; default: all. Raises ModelError or DatasetError; nothing is written then.
    """
    foreign = open_network(file)
    if foreign.classes != len(stated.labels):
        raise ModelError(f"{file}: gives {foreign.classes} numbers, but --labels names {len(stated.labels)}")
    input_format = stated_input.complete(str(file), foreign.shape, stated.input, stated.scaling)
    if foreign.model is not None and load is None and not is_float:
        raise DatasetError("an int8 file is calibrated on pictures: give FER-2013 with --data, or --float for float32")
    faces = load(input_format) if load else None
    has_logits, verdict, warning = network.has_logits(foreign, input_format), None, ""
    if faces is not None:
        verdict = plausibility.judge(
            foreign, input_format, stated.labels, plausibility.balanced(faces.of("PublicTest"))
        )
        warning = verdict.warning
    content, is_same = foreign.content, foreign.model is None
    if not is_same:
        calibration = None if is_float or faces is None else plausibility.balanced(faces.of("Training")).images[:]
        content, has_logits = _converted(foreign, input_format, calibration, has_logits=has_logits), False
    about = card.describe(
        model.stem, content, foreign, input_format, stated.labels, has_logits=has_logits, verdict=verdict
    )
    try:
        about |= _measured(model, content, about, None if is_same else foreign, faces and _limited(faces, limit))
    except ModelError as err:
        raise ModelError(f"{err}{f'; {warning}' if warning else ''}") from err
    write_atomically(
        {
            **({} if is_same and model.resolve() == file.resolve() else {model: content}),
            card_file.path_of(model): card_file.encode(about),
        }
    )
    return Imported(about, tuple(filter(None, (warning, *_shortcomings(about, has_faces=faces is not None)))))


def _converted(
    foreign: Network, input_format: InputFormat, calibration: NDArray[np.uint8] | None, *, has_logits: bool
) -> bytes:
    from convert.foreign import keras_file

    return keras_file.to_tflite(foreign, input_format, calibration, has_logits=has_logits)


def _shortcomings(about: dict[str, Any], *, has_faces: bool) -> list[str]:
    """What the one who imports should know of a model that can be used all the same."""
    found, loss = [], about.get("comparison", {}).get("macro_f1_loss_points", 0.0)
    if loss > MAX_LOSS_POINTS:
        found.append(f"macro-F1 falls by {loss:.1f} points by the conversion; --float keeps the network as it is")
    if has_faces and "temperature" not in about:
        found.append("not calibrated: its labels are neither FER-2013's seven nor FER+'s eight, or there are no votes")
    return found


def _measured(
    model: Path, content: bytes, about: dict[str, Any], original: Network | None, faces: Faces | None
) -> dict[str, Any]:
    """Entries of a card that the assistant's own classifier measures: self-test, comparison and calibration. original:
    what the file was made of. Raises ModelError where the assistant would refuse it."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / model.name
        write_atomically({trial: content, card_file.path_of(trial): card_file.encode(about)})
        try:
            classifier = ExpressionClassifier(trial, threads=1)
            classifier.check_answers()
            rows = classifier.self_test_answers()
            made: dict[str, Any] = {"self_test": [[round(float(each), 4) for each in row] for row in rows]}
            if faces is None:
                return made
            if original is not None:
                made["comparison"] = _comparison(classifier, original, faces.of("PublicTest"))
            if _has_truth(classifier.labels, faces.of("PublicTest")):
                made |= fit_calibration(trial, faces)
            return made
        except ModelError as err:
            raise ModelError(str(err).replace(str(trial), str(model))) from err


def _limited(faces: Faces, limit: int | None) -> Faces:
    """All faces, or only so many of each split, evenly over it: class folders stand one after the other."""
    if limit is None:
        return faces
    keep = np.zeros(len(faces), bool)
    for split in np.unique(faces.split):
        rows = np.flatnonzero(faces.split == split)
        keep[rows[np.linspace(0, len(rows) - 1, min(limit, len(rows))).astype(np.int64)]] = True
    return faces.where(keep)


def _has_truth(labels: tuple[str, ...], faces: Faces) -> bool:
    """Whether these pictures can judge a model of these labels."""
    try:
        testset.truth_of(labels, faces)
    except (ModelError, DatasetError):
        return False
    return True


def _comparison(classifier: ExpressionClassifier, original: Network, tested: Faces) -> dict[str, Any]:
    """The file compared with the network that it was made of, on the same pictures, ready for JSON."""
    input_format = classifier.input
    before = original.outputs(input_format, tested.images, "original")
    after = testset.probabilities(classifier, tested.images, "converted")
    same = before.argmax(axis=1) == after.argmax(axis=1)
    made: dict[str, Any] = {"pictures": len(tested), "same_answer": round(float(same.mean()), metrics.DIGITS)}
    if _has_truth(classifier.labels, tested):
        name, truth, counts = testset.truth_of(classifier.labels, tested)
        figures = [_macro_f1(scores[counts], truth[counts], classifier.labels) for scores in (before, after)]
        made |= {"truth": name, "macro_f1_loss_points": round(100 * (figures[0] - figures[1]), 4)}
    return made


def _macro_f1(scores: NDArray[np.float32], truth: NDArray[np.int64], labels: tuple[str, ...]) -> float:
    return float(metrics.summarize(truth, scores.argmax(axis=1), labels)["macro_f1"])
