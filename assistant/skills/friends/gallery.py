"""Whose face an embedding is of: the friends, compared by cosine. Pure, but for the friends that it holds.

The nearest friend is named only where that is near enough; a stranger stays one, however near a friend may be.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from assistant.dataclass import dataclass
from assistant.skills.friends.friend import Embedding, Friend
from assistant.skills.friends.thresholds import STRICT_STEP, NameThresholds


class Certainty(StrEnum):
    """How sure it is who somebody is."""

    NAMED = "named"
    MAYBE = "maybe"
    SOMEONE_ELSE = "someone else"
    """Nobody whom the wearer has taught."""


@dataclass(frozen=True)
class Match:
    """The friend nearest to a face."""

    friend: Friend | None
    """None where it is someone else."""
    certainty: Certainty
    cosine: float
    """With that friend; -1 where there are no friends."""


NO_MATCH = Match(None, Certainty.SOMEONE_ELSE, -1.0)


class Gallery:
    """The friends whom one recognizer has learned. Others, learned by another recognizer, are left out: see
    `inactive`."""

    def __init__(self, friends: Sequence[Friend], model: str, thresholds: NameThresholds) -> None:
        self.thresholds = thresholds
        self.friends = tuple(friend for friend in friends if friend.model == model)
        self.inactive = tuple(friend for friend in friends if friend.model != model)
        """Friends who have to be taught again, because another recognizer had learned them."""
        self._templates = [_template(friend) for friend in self.friends]

    def cosine(self, friend_id: str, embedding: NDArray[np.float32]) -> float:
        """Of an embedding float32 [D] with a friend; -1 for nobody in the gallery."""
        for friend, template in zip(self.friends, self._templates, strict=True):
            if friend.friend_id == friend_id:
                return _similarity(template, embedding)
        return -1.0

    def match(self, embedding: NDArray[np.float32]) -> Match:
        """Whose face an embedding float32 [D] is of."""
        if not self.friends:
            return NO_MATCH
        cosines = [_similarity(template, embedding) for template in self._templates]
        best = int(np.argmax(cosines))
        return self._judged(self.friends[best], cosines[best])

    def _judged(self, friend: Friend, cosine: float) -> Match:
        step = STRICT_STEP if friend.is_strict else 0.0
        if cosine >= self.thresholds.name + step:
            return Match(friend, Certainty.NAMED, cosine)
        if cosine >= self.thresholds.maybe + step:
            return Match(friend, Certainty.MAYBE, cosine)
        return Match(None, Certainty.SOMEONE_ELSE, cosine)


def mean_embedding(embeddings: Iterable[NDArray[np.float32]], weights: Sequence[float] = ()) -> NDArray[np.float32]:
    """The mean of embeddings float32 [D], of length 1; weights: of each, none is all alike."""
    stack = np.stack(list(embeddings))
    total = stack.sum(axis=0) if not weights else (stack * np.array(weights, np.float32)[:, np.newaxis]).sum(axis=0)
    return (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)


def as_embedding(values: NDArray[np.float32]) -> Embedding:
    """An embedding as it is kept."""
    return tuple(float(value) for value in values)


def _template(friend: Friend) -> NDArray[np.float32]:
    """The mean in the first row, the views below: float32 [1 + V, D]."""
    return np.array([friend.mean, *friend.views], np.float32)


def _similarity(template: NDArray[np.float32], embedding: NDArray[np.float32]) -> float:
    """Cosine with the mean of a friend's views."""
    if template.shape[1] != embedding.shape[0]:
        return -1.0
    return float(template[0] @ embedding)
