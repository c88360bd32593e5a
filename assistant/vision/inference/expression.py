"""The expression classifier: a face crop in, a probability for each expression out. What the model card says of labels,
input and temperature is checked before the model is used."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.config.schema import quoted
from assistant.errors import ModelError
from assistant.records import EXPRESSIONS, Thresholds
from assistant.vision.faces.preprocess import CROP_SIDE, INPUT_SCALING, normalize
from assistant.vision.inference import model_file, self_test

MIN_REACH, MAX_STEP = 1.5, 1 / 16
"""A quantized input that INPUT_SCALING fits reaches at least so far below and above 0, in steps of at most so much:
quantizers choose the range by their calibration pictures, few of which are black and white."""
MIN_PRIOR = 1e-4
"""Smallest share of the training votes that a card may name: a larger weight would multiply rounding errors."""


@dataclass(frozen=True)
class ExpressionCard:
    """The part of a model card that is needed to run the model."""

    sha256: str
    """Of the model file, in lower case."""
    labels: tuple[str, ...]
    """Expressions in the order of the model's outputs."""
    temperature: float = 1.0
    """Divides the logits, which calibrates the probabilities."""
    thresholds: Thresholds = field(default_factory=Thresholds)
    self_test: tuple[tuple[float, ...], ...] = ()
    """The model's probabilities for `self_test.test_images`, without temperature, when it was made; empty: no
    self-test."""


def read_expression_card(model: Path) -> ExpressionCard:
    """The card beside a model file. Raises ModelError, in one line, for anything that is not such a card."""
    path, card = model.with_suffix(".json"), model_file.read_card(model)
    try:
        labels, shape, scaling = card["labels"], card["input"]["shape"], card["input"]["scaling"]
        digest, temperature = card["sha256"], card.get("temperature", 1.0)
    except (KeyError, TypeError) as err:
        raise ModelError(f"{path}: not a model card ({type(err).__name__}: {str(err)[:100]})") from err
    if (
        not isinstance(labels, list)
        or not all(isinstance(label, str) for label in labels)
        or len(set(map(str, labels))) != len(labels)
        or not set(labels) <= set(EXPRESSIONS)
    ):
        raise ModelError(f"{path}: labels are {quoted(labels)}; allowed, each once: {', '.join(EXPRESSIONS)}")
    if shape != [1, CROP_SIDE, CROP_SIDE, 1] or scaling != INPUT_SCALING:
        raise ModelError(
            f"{path}: input is {quoted(shape)} {quoted(scaling)}; "
            f"this program gives [1, {CROP_SIDE}, {CROP_SIDE}, 1] {INPUT_SCALING!r}"
        )
    if isinstance(temperature, bool) or not isinstance(temperature, int | float) or not 0.05 <= temperature <= 20:
        raise ModelError(f"{path}: temperature is {quoted(temperature)}; allowed: a number from 0.05 to 20")
    thresholds = _thresholds(path, card.get("thresholds", {}), labels)
    weights = _weights(path, card.get("prior", {}), card.get("prior_power", 0.0), labels)
    answers = card.get("self_test", [])
    if (
        not isinstance(answers, list)
        or (answers and len(answers) != self_test.IMAGE_COUNT)
        or not all(
            isinstance(row, list) and len(row) == len(labels) and all(type(each) is float for each in row)
            for row in answers
        )
    ):
        raise ModelError(f"{path}: self_test must hold {self_test.IMAGE_COUNT} rows of {len(labels)} probabilities")
    return ExpressionCard(
        digest.lower(),
        tuple(labels),
        float(temperature),
        replace(thresholds, weights=weights),
        tuple(map(tuple, answers)),
    )


def _thresholds(path: Path, table: Any, labels: list[str]) -> Thresholds:
    """The `thresholds` of a card: {"looks": {label: probability, ...}, "maybe": {...}}, both optional."""
    if not isinstance(table, dict) or not all(
        kind in ("looks", "maybe")
        and isinstance(numbers, dict)
        and all(label in labels and type(each) is float and 0.2 <= each <= 1 for label, each in numbers.items())
        for kind, numbers in table.items()
    ):
        raise ModelError(
            f"{path}: thresholds are {quoted(table)}; "
            "allowed: looks and maybe, each with labels and numbers from 0.2 to 1.0"
        )
    return Thresholds(**table)


def _weights(path: Path, prior: Any, power: Any, labels: list[str]) -> dict[str, float]:
    """`Thresholds.weights` of a card: the inverse of each label's share of the training votes (`prior`), raised to the
    power `prior_power`; both optional."""
    if not isinstance(prior, dict) or not all(
        label in labels and type(share) is float and MIN_PRIOR <= share <= 1 for label, share in prior.items()
    ):
        raise ModelError(f"{path}: prior is {quoted(prior)}; allowed: labels and shares from {MIN_PRIOR:g} to 1.0")
    if isinstance(power, bool) or not isinstance(power, int | float) or not 0 <= power <= 1:
        raise ModelError(f"{path}: prior_power is {quoted(power)}; allowed: a number from 0 to 1")
    return {label: share**-power for label, share in prior.items()}


def apply_temperature(scores: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """softmax(logits / temperature) (temperature scaling, Guo et al. 2017) of probabilities float32 [..., classes].

    An int8 output gives probabilities in steps of 1/256; smaller ones count as half a step.
    """
    if temperature != 1.0:
        scores = np.maximum(scores, np.float32(1 / 512)) ** np.float32(1 / temperature)
    return np.asarray(scores / scores.sum(axis=-1, keepdims=True), np.float32)


class ExpressionClassifier:
    """An expression model, loaded and tested.

    Raises ModelError where the file is missing, does not match its card or has another shape, where it returns anything
    but probabilities for a plain grey picture, or fails its self-test.
    """

    labels: tuple[str, ...]
    """Expressions in the order of the outputs."""
    thresholds: Thresholds
    runtime: str
    """Name of the library that runs the model."""

    def __init__(self, model: Path, threads: int = 2) -> None:
        self.path = model
        self.card = read_expression_card(model)
        self.labels, self.thresholds = self.card.labels, self.card.thresholds
        self.model = model_file.TFLiteModel(model, {"sha256": self.card.sha256}, threads)
        self.runtime = self.model.runtime
        shapes = [tensor["shape"].tolist() for tensor in (self.model.input, *self.model.outputs)]
        if shapes != [[1, CROP_SIDE, CROP_SIDE, 1], [1, len(self.labels)]]:
            got = " to ".join(map(str, shapes))
            raise ModelError(
                f"{model}: maps {got}; its card says [1, {CROP_SIDE}, {CROP_SIDE}, 1] to [1, {len(self.labels)}]"
            )
        self._check_input_range()
        self.probabilities(np.full((CROP_SIDE, CROP_SIDE), 128, np.uint8))
        if self.card.self_test and (mismatch := self_test.mismatch(self.self_test_answers(), self.card.self_test)):
            raise ModelError(f"{model}: fails its self-test: {mismatch}; install the model again, or another runtime")

    def probabilities(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Float32 [classes], summing to 1, for one grey crop uint8 [48, 48]. Raises ModelError where the model returns
        no finite distribution."""
        return apply_temperature(self._scores(crop), self.card.temperature)

    def check_answers(self) -> None:
        """Raises ModelError where the model answers nearly the same to whatever picture: the wearer would hear nothing,
        and not why."""
        if wrong := self_test.unmoved(self.self_test_answers()):
            raise ModelError(
                f"{self.path}: {wrong}; is its input scaled as its card says, {INPUT_SCALING}, and was it trained?"
            )

    def _check_input_range(self) -> None:
        """Raises ModelError where a quantized input cannot hold what the card's scaling gives, -2 to 2 in steps of
        1/64."""
        kind = np.dtype(self.model.input["dtype"])
        if kind.kind == "f":
            return
        scale, zero_point = self.model.input["quantization"]
        low, high = ((limit - zero_point) * scale for limit in (np.iinfo(kind).min, np.iinfo(kind).max))
        if low > -MIN_REACH or high < MIN_REACH or scale > MAX_STEP:
            raise ModelError(
                f"{self.path}: its input takes {low:.3g} to {high:.3g} in steps of {scale:.2g}, but its card says "
                f"{INPUT_SCALING}, which is -2 to 2; train it with that scaling, or make the scaling its first layer"
            )

    def self_test_answers(self) -> NDArray[np.float32]:
        """Float32 [7, classes]: the model's probabilities for `self_test.test_images`, without temperature."""
        return np.stack([self._scores(picture) for picture in self_test.test_images()])

    def quantize(self, crop: NDArray[np.uint8]) -> NDArray[Any]:
        """The input tensor for a grey crop uint8 [48, 48]: [1, 48, 48, 1] in the model's input type."""
        return self.model.quantize(normalize(crop)[np.newaxis])

    def _scores(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        scores = self.model.run(self.quantize(crop))[0][0]
        if not np.isfinite(scores).all() or not 0.9 < scores.sum() < 1.1 or scores.min() < 0:
            raise ModelError(f"{self.path}: the model returned no probabilities: {np.round(scores, 3).tolist()}")
        return scores
