"""The expression classifier: a face crop in, a probability for each expression out. What the model card says of labels,
input and temperature is checked before the model is used."""

from dataclasses import field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.schema import quoted
from assistant.dataclass import dataclass
from assistant.errors import ModelError
from assistant.records import EXPRESSIONS, Thresholds
from assistant.vision.faces.input_format import MAX_SIDE, MIN_SIDE, OWN_FORMAT, SCALINGS, InputFormat, from_card
from assistant.vision.faces.preprocess import normalize
from assistant.vision.inference import model_file, self_test

MAX_SHORTFALL, MAX_STEP = 1 / 8, 1 / 140
"""A quantized input that the card's scaling fits falls short of either end of its range by at most the first share of
that range: quantizers choose the range by their calibration pictures, few of which are black and white. Its steps are
at most the second: the range is then less than twice as wide, so that -1 to 1 does not pass for 0 to 1."""
OUTPUT_VALUES = ("probabilities", "logits")
"""What a card may state as `output.values`; without it they are probabilities."""
MIN_PRIOR = 1e-4
"""Smallest share of the training votes that a card may name: a larger weight would multiply rounding errors."""


@dataclass(frozen=True)
class ExpressionCard:
    """The part of a model card that is needed to run the model."""

    sha256: str
    """Of the model file, in lower case."""
    labels: tuple[str, ...]
    """Expressions in the order of the model's outputs."""
    input: InputFormat = OWN_FORMAT
    """The crops that the model takes, and how they are scaled."""
    has_logits: bool = False
    """Whether the outputs are logits, of which the softmax is still to be taken."""
    temperature: float = 1.0
    """Divides the logits, which calibrates the probabilities."""
    thresholds: Thresholds = field(default_factory=Thresholds)
    self_test: tuple[tuple[float, ...], ...] = ()
    """The model's probabilities for `self_test.crops`, without temperature, when it was made; empty: no
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
    try:
        accepted = from_card(card["input"])
    except ValueError as err:
        raise ModelError(
            f"{path}: input is {quoted(shape)} {quoted(scaling)}; this program gives [1, side, side, 1 or 3], sides of "
            f"{MIN_SIDE} to {MAX_SIDE}, and the scalings {', '.join(SCALINGS)}"
        ) from err
    output = card.get("output", {})
    values = output.get("values", OUTPUT_VALUES[0]) if isinstance(output, dict) else output
    if values not in OUTPUT_VALUES:
        raise ModelError(f"{path}: output.values is {quoted(values)}; allowed: {' or '.join(OUTPUT_VALUES)}")
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
        accepted,
        values == "logits",
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
    return np.asarray(scores / np.add.reduce(scores, axis=-1, keepdims=True), np.float32)


class ExpressionClassifier:
    """An expression model, loaded and tested.

    Raises ModelError where the file is missing, does not match its card or has another shape, where it returns anything
    but probabilities for a plain grey picture, or fails its self-test.
    """

    labels: tuple[str, ...]
    """Expressions in the order of the outputs."""
    thresholds: Thresholds
    input: InputFormat
    """The crops that `probabilities` takes."""
    runtime: str
    """Name of the library that runs the model."""

    def __init__(self, model: Path, threads: int = 2) -> None:
        self.path = model
        self.card = read_expression_card(model)
        self.labels, self.thresholds, self.input = self.card.labels, self.card.thresholds, self.card.input
        self._tensor = normalize if self.input == OWN_FORMAT else self.input.tensor
        self.model = model_file.TFLiteModel(model, {"sha256": self.card.sha256}, threads)
        self.runtime = self.model.runtime
        shapes = [tensor["shape"].tolist() for tensor in (self.model.input, *self.model.outputs)]
        if shapes != [self.input.shape, [1, len(self.labels)]]:
            got = " to ".join(map(str, shapes))
            raise ModelError(f"{model}: maps {got}; its card says {self.input.shape} to [1, {len(self.labels)}]")
        self._check_input_range()
        self._levels = self._quantized_levels()
        self.probabilities(np.full(self.input.crop_shape, 128, np.uint8))
        if self.card.self_test and (mismatch := self_test.mismatch(self.self_test_answers(), self.card.self_test)):
            raise ModelError(f"{model}: fails its self-test: {mismatch}; install the model again, or another runtime")

    def probabilities(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Float32 [classes], summing to 1, for one crop uint8 `input.crop_shape`. Raises ModelError where the model
        returns no finite distribution."""
        return apply_temperature(self._scores(crop), self.card.temperature)

    def check_answers(self) -> None:
        """Raises ModelError where the model answers nearly the same to whatever picture: the wearer would hear nothing,
        and not why."""
        if wrong := self_test.unmoved(self.self_test_answers()):
            raise ModelError(
                f"{self.path}: {wrong}; is its input scaled as its card says, {self.input.scaling}, and was it trained?"
            )

    def _check_input_range(self) -> None:
        """Raises ModelError where a quantized input cannot hold what the card's scaling gives."""
        kind = np.dtype(self.model.input["dtype"])
        if kind.kind == "f":
            return
        scale, zero_point = self.model.input["quantization"]
        low, high = ((limit - zero_point) * scale for limit in (np.iinfo(kind).min, np.iinfo(kind).max))
        least, most = self.input.limits()
        span = most - least
        room = MAX_SHORTFALL * span
        if low > least + room or high < most - room or scale > MAX_STEP * span:
            raise ModelError(
                f"{self.path}: its input takes {low:.3g} to {high:.3g} in steps of {scale:.2g}, but its card says "
                f"{self.input.scaling}, which is {least:.3g} to {most:.3g}; train it with that scaling, make the "
                "scaling its first layer, or state the one that it has"
            )

    def self_test_answers(self) -> NDArray[np.float32]:
        """Float32 [7, classes]: the model's probabilities for `self_test.crops`, without temperature."""
        return np.stack([self._scores(crop) for crop in self_test.crops(self.input)])

    def quantize(self, crop: NDArray[np.uint8]) -> NDArray[Any]:
        """The input tensor for a crop uint8 `input.crop_shape`: `input.shape` in the model's input type."""
        if self._levels is not None and crop.dtype == np.uint8 and crop.shape == self.input.crop_shape:
            return cv2.LUT(crop, self._levels).reshape(self.input.shape)
        return self.model.quantize(self._tensor(crop)[np.newaxis])

    def _quantized_levels(self) -> NDArray[Any] | None:
        """What a grey input of a single channel holds for each grey level, [256] in the model's input type; None for
        any other input."""
        if self.input.channels != 1:
            return None
        side = self.input.side
        crop = np.resize(np.arange(256, dtype=np.uint8), (side, side))
        return self.model.quantize(self._tensor(crop)).ravel()[:256]

    def _scores(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        scores = self.model.run(self.quantize(crop))[0][0]
        if self.card.has_logits:
            powers = np.exp(scores - scores.max())
            scores = powers / powers.sum()
        numbers = scores.tolist()
        if not 0.9 < sum(numbers) < 1.1 or min(numbers) < 0:  # which no sum with an infinity or without number fulfils
            raise ModelError(f"{self.path}: the model returned no probabilities: {np.round(scores, 3).tolist()}")
        return scores
