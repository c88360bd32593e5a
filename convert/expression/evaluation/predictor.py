"""A trained classifier by whatever it is kept in: a run folder, a .keras file, or a .tflite file.

    predictor = open_predictor("runs/mine", "fer2013")
    probabilities = predictor.probabilities(faces.images)

Each says its labels and its input, so that all are given the same pictures, each in its own format. Keras is imported
for runs and .keras files alone.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.config.schema import quoted
from assistant.errors import ModelError
from assistant.system.progress import Progress
from assistant.vision.faces.input_format import OWN_FORMAT, InputFormat, from_card
from assistant.vision.inference.expression import ExpressionClassifier
from assistant.vision.inference.model_file import find_model
from assistant.vision.inference.runtime import quiet_stderr
from convert.data import regular_file
from convert.training import keras_config
from convert.training.run_folder import Run

KERAS_FILES = (".keras", ".h5", ".hdf5")
"""Endings of the files that Keras writes."""
BATCH_PIXELS = 256 * OWN_FORMAT.side**2
"""Pixels of the pictures that are given to a network at once: 256 of 48x48, 11 of 224x224."""

Batch = NDArray[np.float32]


@dataclass(frozen=True)
class Predictor:
    """A classifier of face pictures."""

    path: Path
    """The run folder or the file."""
    form: str
    """"run", "keras" or "tflite"."""
    labels: tuple[str, ...]
    """In the order of the probabilities."""
    input: InputFormat
    predict: Callable[[NDArray[np.uint8]], Batch]
    """Probabilities float32 [N, classes] of crops uint8 [N, *input.crop_shape]."""
    network: Any = None
    """The Keras model that `predict` runs; None for a .tflite file."""

    def probabilities(self, pictures: Any, title: str = "") -> Batch:
        """Probabilities float32 [N, classes] of pictures uint8 [N, H, W] or [N, H, W, 3], or of anything with a length
        and such rows. title: shown with the progress; default: the name of the file or folder. Raises ModelError where
        a network returns no probabilities."""
        size, parts = max(1, BATCH_PIXELS // self.input.side**2), []
        with Progress(title or self.path.stem, len(pictures), "faces") as progress:
            for first in range(0, len(pictures), size):
                rows = np.arange(first, min(first + size, len(pictures)))
                made = self.predict(np.stack([self.input.fit(picture) for picture in pictures[rows]]))
                if not np.isfinite(made).all() or made.min() < 0 or np.abs(made.sum(axis=1) - 1).max() > 0.1:
                    raise ModelError(f"{self.path}: returned no probabilities: {np.round(made[0], 3).tolist()}")
                parts.append(made)
                progress.update(len(rows))
        return np.concatenate(parts)


def open_predictor(name: str, head: str) -> Predictor:
    """The classifier in a run folder, a .keras or .h5 file, or a .tflite file, which may be a shipped model's name.

    head: "fer2013" or "ferplus", of a run, which has both. Raises ModelError or RunError, in one line.
    """
    path = Path(name)
    if path.suffix in KERAS_FILES:
        return of_keras(path)
    return of_run(Run(path), head) if os.path.isdir(name) else of_tflite(find_model(name))  # noqa: PTH112


def of_tflite(model: Path) -> Predictor:
    """A .tflite file with its card, run as the assistant runs it: one picture at a time. Raises ModelError."""
    classifier = ExpressionClassifier(model, threads=1)

    def predict(crops: NDArray[np.uint8]) -> Batch:
        return np.stack([classifier.probabilities(crop) for crop in crops])

    return Predictor(model, "tflite", classifier.labels, classifier.input, predict)


def of_run(run: Run, head: str) -> Predictor:
    """One head of a run, with the weights of its best epoch. Raises RunError or RecipeError."""
    run.best()  # an unfinished run is told before seconds of imports
    with quiet_stderr():
        from keras import ops

        from convert.expression import networks, recipe
    network, input_format = networks.restore(run), recipe.of_run(run).input_format

    def predict(crops: NDArray[np.uint8]) -> Batch:
        logits = network.predict_on_batch(input_format.tensor(crops))[head]
        return np.asarray(ops.convert_to_numpy(ops.softmax(logits)), np.float32)

    return Predictor(run.path, "run", networks.HEADS[head], input_format, predict, network)


def of_keras(file: Path) -> Predictor:
    """A Keras model with one input and one output; NAME.json beside NAME.keras states its labels and its input, as the
    card of a .tflite file does. Raises ModelError."""
    if not file.is_file():
        raise ModelError(f"{file}: no such file")
    labels, input_format, has_logits = _read_card(file)
    keras_config.inspect(file)  # layers that bring code along are refused before Keras sees them
    with quiet_stderr():
        import keras
        from keras import ops

        from convert.training import augment, layers, quantization_aware  # noqa: F401 - they register their layers
    try:
        with quiet_stderr():
            network = keras.models.load_model(file, compile=False, safe_mode=True)
        shapes = [tuple(each.shape[1:]) for each in (*network.inputs, *network.outputs)]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ImportError) as err:
        raise ModelError(f"{file}: not a Keras model that can be loaded: {str(err).splitlines()[0][:200]}") from err
    wanted = [tuple(input_format.shape[1:]), (len(labels),)]
    if len(shapes) != 2 or any(
        len(has) != len(asked) or any(size not in (None, one) for size, one in zip(has, asked, strict=True))
        for has, asked in zip(shapes, wanted, strict=True)
    ):
        found = " to ".join(str(list(each)) for each in shapes)
        raise ModelError(f"{file}: maps {found}; its card says {list(wanted[0])} to {len(labels)} labels")

    def predict(crops: NDArray[np.uint8]) -> Batch:
        scores = network.predict_on_batch(input_format.tensor(crops))
        return np.asarray(ops.convert_to_numpy(ops.softmax(scores) if has_logits else scores), np.float32)

    return Predictor(file, "keras", labels, input_format, predict, network)


def _read_card(file: Path) -> tuple[tuple[str, ...], InputFormat, bool]:
    """Labels, input, and whether the outputs are logits, by the card beside a Keras file. Raises ModelError."""
    path = file.with_suffix(".json")
    try:
        card = regular_file.read_object(path)
    except FileNotFoundError as err:
        raise ModelError(
            f"{file}: {path.name} beside it must state labels and input: "
            '{"labels": ["angry", …], "input": {"shape": [1, 48, 48, 1], "scaling": "0..1"}}'
        ) from err
    except (OSError, ValueError) as err:
        raise ModelError(f"{path}: not a model card: {err}") from err
    labels = card.get("labels")
    if not isinstance(labels, list) or not all(isinstance(each, str) for each in labels) or len(labels) < 2:
        raise ModelError(f"{path}: labels are {quoted(labels)}; expected a list of expressions")
    try:
        input_format = from_card(card["input"])
    except (KeyError, TypeError, ValueError) as err:
        raise ModelError(f"{path}: input is {quoted(card.get('input'))}: {err}") from err
    output = card.get("output", {})
    return tuple(labels), input_format, isinstance(output, dict) and output.get("values") == "logits"
