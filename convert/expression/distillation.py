"""What a student is shown and told: batches of pictures with labels, votes and, where there are teachers, theirs.

The target of a head holds two distributions side by side, [N, 2 * classes]: what people say and what the teachers say.
`Distillation` is the loss that takes it.
"""

import math
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from assistant.vision.faces.preprocess import normalize
from convert.data.fer2013 import LABELS
from convert.expression.fixed_views import view
from convert.expression.soft_labels import SoftLabels

Arrays = dict[str, NDArray[np.float32]]


@keras.saving.register_keras_serializable("emotion_assistant")
class Distillation(keras.losses.Loss):
    """(1 - share) CE(people, logits) + share T^2 CE(teachers at temperature T, logits / T), for each picture.

    Hinton et al. 2015: T^2 keeps the two terms' gradients of one size. With share 0 it is plain cross-entropy.
    """

    def __init__(self, share: float = 0.0, temperature: float = 1.0, name: str = "distillation", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.share, self.temperature = share, temperature

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "share": self.share, "temperature": self.temperature}

    def call(self, targets: Any, logits: Any) -> Any:
        """Losses [N] of targets [N, 2 C] and logits [N, C]."""
        people, teachers = ops.split(targets, 2, axis=-1)
        loss = (1 - self.share) * ops.categorical_crossentropy(people, logits, from_logits=True)
        if self.share:
            t = self.temperature
            softer = teachers ** (1 / t)
            softer = softer / ops.sum(softer, axis=-1, keepdims=True)
            loss = loss + self.share * t * t * ops.categorical_crossentropy(softer, logits / t, from_logits=True)
        return loss


class Lessons(keras.utils.PyDataset):
    """The batches of one epoch after another, in an order that seed and epoch decide.

    pictures uint8 [N, 48, 48], people and counts as `train` makes them. With soft labels a picture is shown in another
    of its views each epoch, and the teachers' part of the target is what they say of that view; without them, or of a
    picture that they did not see, that part repeats the people's.
    """

    def __init__(
        self, pictures: NDArray[np.uint8], people: Arrays, counts: Arrays, soft: SoftLabels | None,
        *, batch: int, seed: int, epoch: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.pictures, self.people, self.counts = pictures, people, counts
        self.views = soft.views if soft else 1
        self.said: NDArray[np.float32] | None = None
        self.known = np.zeros(len(pictures), bool)
        if soft:
            self.said, self.known = soft.of(pictures)
        self.batch, self.seed, self.epoch = batch, seed, epoch
        self.first_view = np.random.default_rng(seed).integers(self.views, size=len(pictures))
        self._shuffle()

    def _shuffle(self) -> None:
        self.order = np.random.default_rng((self.seed, self.epoch)).permutation(len(self.pictures))

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self._shuffle()

    def __len__(self) -> int:
        return math.ceil(len(self.pictures) / self.batch)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], Arrays, Arrays]:
        rows = self.order[index * self.batch : (index + 1) * self.batch]
        shown = np.where(self.known[rows], (self.first_view[rows] + self.epoch) % self.views, 0)
        images = np.stack([view(self.pictures[row], int(number)) for row, number in zip(rows, shown, strict=True)])
        people = {head: each[rows] for head, each in self.people.items()}
        teachers = people
        if self.said is not None:
            parts = np.split(self.said[rows, shown], [len(LABELS)], axis=1)
            known = self.known[rows, np.newaxis]
            teachers = {
                head: np.where(known, part, people[head])
                for head, part in zip(("fer2013", "ferplus"), parts, strict=True)
            }
        targets = {head: np.concatenate([people[head], teachers[head]], axis=1) for head in people}
        return normalize(images), targets, {head: each[rows] for head, each in self.counts.items()}
