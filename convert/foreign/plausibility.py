"""Whether labels and scaling of a foreign classifier are what was stated: it is tried on labelled faces, with every
scaling and in every order of its labels.

A wrong scaling or order stops no program; it only makes every answer worthless. On the same pictures the right one
reads far more of them right, so that the figures tell.
"""

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assistant.vision.faces.input_format import SCALINGS, InputFormat
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import LABELS
from convert.expression.evaluation import metrics
from convert.foreign.label_names import ORDERS
from convert.foreign.network import Network

PER_CLASS = 30
"""Pictures of each class that the classifier is tried on: a share of all 210 is known to 3.4 points or better."""
LEAST_GAIN = 0.15
"""How many more of 210 pictures, as a share, another scaling or order must read right to be named: more than four
standard errors, and more than the best of 5,040 orders gains for a classifier that guesses. Of fewer pictures it must
be more, by the square root: an order that suits 56 drawn faces by chance gained 0.23."""
PRICE = 0.05
"""What changing one statement more must gain: of two explanations the simpler one is named."""
KNOWN_ORDER_BONUS = 0.04
"""How much less a well-known order may read right than the best one: rare classes are mixed up in any order."""


@dataclass(frozen=True)
class Hypothesis:
    """A scaling and an order of the labels that a classifier may have, and how much it reads right with them."""

    scaling: str
    labels: tuple[str, ...]
    accuracy: float
    """Of the pictures, which are as many of each class."""


@dataclass(frozen=True)
class Verdict:
    """What the pictures say of the statement."""

    stated: Hypothesis
    best: Hypothesis
    """The stated one where no other explains the answers far better."""
    pictures: int

    @property
    def warning(self) -> str:
        """What is likely wrong, with figures; empty where nothing is."""
        stated, best, chance = self.stated, self.best, 1 / len(LABELS)
        has = f"{stated.accuracy:.1%} of {self.pictures} pictures right"
        if best is not stated:
            parts = [f"--scaling {best.scaling}"] if best.scaling != stated.scaling else []
            if best.labels != stated.labels:
                parts.append(f"--labels {named(best.labels)}")
            return f"as stated it reads {has}, with {' and '.join(parts)} {best.accuracy:.1%}"
        if stated.accuracy < chance + 2 * np.sqrt(chance * (1 - chance) / self.pictures):
            return (
                f"it reads {has}, hardly more than the {chance:.1%} of a guess, and with no other scaling or order of "
                "its labels far more: was it trained, and on faces cut out like these?"
            )
        return ""


def balanced(faces: Faces, per_class: int = PER_CLASS) -> Faces:
    """The first so many pictures of each class, in the order of the set."""
    keep = np.zeros(len(faces), bool)
    for label in range(len(LABELS)):
        keep[np.flatnonzero(faces.labels == label)[:per_class]] = True
    return faces.where(keep)


def judge(network: Network, input_format: InputFormat, labels: tuple[str, ...], tried: Faces) -> Verdict:
    """Try a classifier that was stated to have this format and these labels. tried: pictures of its format."""
    hypotheses, stated = [], None
    for scaling in _scalings(input_format):
        scores = network.outputs(replace(input_format, scaling=scaling), tried.images, f"scaling {scaling}")
        counts = metrics.confusion(tried.labels, scores.argmax(axis=1).astype(np.int64), max(len(labels), len(LABELS)))
        for order in _orders(counts, labels):
            hypothesis = Hypothesis(scaling, order, _accuracy(counts, order))
            hypotheses.append(hypothesis)
            if (scaling, order) == (input_format.scaling, labels):
                stated = hypothesis
    assert stated is not None

    def merit(hypothesis: Hypothesis) -> float:
        changes = (hypothesis.scaling != stated.scaling) + (hypothesis.labels != stated.labels)
        return hypothesis.accuracy - PRICE * changes + KNOWN_ORDER_BONUS * (hypothesis.labels in ORDERS.values())

    best = max(hypotheses, key=merit)
    least = LEAST_GAIN * max(1.0, PER_CLASS * len(LABELS) / len(tried)) ** 0.5
    return Verdict(stated, best if best.accuracy >= stated.accuracy + least else stated, len(tried))


def named(labels: tuple[str, ...]) -> str:
    """Labels as `--labels` takes them: the name of an order where they have one."""
    return next((name for name, order in ORDERS.items() if order == labels), ",".join(labels))


def _scalings(input_format: InputFormat) -> list[str]:
    """The scalings that an input of these channels may have, the stated one first."""
    fitting = [name for name, each in SCALINGS.items() if len(each.mean) <= input_format.channels]
    return [input_format.scaling, *(name for name in fitting if name != input_format.scaling)]


def _accuracy(counts: NDArray[np.int64], order: tuple[str, ...]) -> float:
    """The share of pictures that are right where the outputs are in this order. counts: rows are classes of LABELS."""
    right = sum(counts[LABELS.index(name), output] for output, name in enumerate(order) if name in LABELS)
    return float(right / counts.sum())


def _orders(counts: NDArray[np.int64], labels: tuple[str, ...]) -> set[tuple[str, ...]]:
    """The stated order, those that have a name, and of all orders the one that reads most pictures right."""
    outputs, rows = len(labels), [LABELS.index(name) if name in LABELS else -1 for name in labels]
    of_label = np.array([counts[row, :outputs] if row >= 0 else np.zeros(outputs, np.int64) for row in rows])
    permutations = np.array(list(itertools.permutations(range(outputs))))
    right = of_label[permutations, np.arange(outputs)].sum(axis=1)
    best = tuple(labels[index] for index in permutations[int(right.argmax())])
    return {labels, best, *(order for order in ORDERS.values() if set(order) == set(labels))}
