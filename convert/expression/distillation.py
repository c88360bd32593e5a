"""Knowledge distillation: the loss, and the training batches with the labels of people and of teachers.

The target of a head holds two distributions side by side, [N, 2 * classes]: that of people (labels, votes) and that of
the teachers. `DistillationLoss` takes it. Teachers have spoken beforehand, in a file of soft labels, or are asked about
each picture just as the student is shown it (online distillation).
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from assistant.vision.faces.preprocess import normalize
from convert.data.fer2013 import LABELS
from convert.expression.soft_labels import SoftLabels, fixed_view
from convert.training.augment import Augment
from convert.training.recipe_file import AugmentConfig

Arrays = dict[str, NDArray[np.float32]]
"""By head: targets float32 [N, classes], or sample weights float32 [N]."""


@keras.saving.register_keras_serializable("emotion_assistant")
class DistillationLoss(keras.losses.Loss):
    """(1 - weight) CE(people, logits) + weight T^2 CE(teachers at temperature T, logits / T), for each picture.

    Hinton et al. 2015: T^2 keeps the two terms' gradients of one size. With weight 0 it is plain cross-entropy.
    """

    def __init__(
        self, weight: float = 0.0, temperature: float = 1.0, name: str = "distillation", **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.weight, self.temperature = weight, temperature

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "weight": self.weight, "temperature": self.temperature}

    def call(self, targets: Any, logits: Any) -> Any:
        """Losses [N] of targets [N, 2 C] and logits [N, C]."""
        people, teachers = ops.split(targets, 2, axis=-1)
        loss = (1 - self.weight) * ops.categorical_crossentropy(people, logits, from_logits=True)
        if self.weight:
            t = self.temperature
            softer = teachers ** (1 / t)
            softer = softer / ops.sum(softer, axis=-1, keepdims=True)
            loss = loss + self.weight * t * t * ops.categorical_crossentropy(softer, logits / t, from_logits=True)
        return loss


class DistillationDataset(keras.utils.PyDataset):
    """The batches of one epoch after another, in an order that seed and epoch decide.

    With soft labels a picture is shown in another of its fixed views each epoch, and the teachers' part of the target
    is what they say of that view; without them, or for a picture that they did not see, that part repeats the people's.
    """

    def __init__(
        self, pictures: NDArray[np.uint8], people: Arrays, counts: Arrays, soft_labels: SoftLabels | None,
        *, batch_size: int, seed: int, epoch: int = 0,
    ) -> None:  # fmt: skip
        """pictures uint8 [N, 48, 48]. people: target distributions; counts: sample weights. epoch: the first one."""
        super().__init__()
        self.pictures, self.people, self.counts = pictures, people, counts
        self.views = soft_labels.views if soft_labels else 1
        self.teachers_say: NDArray[np.float32] | None = None
        self.is_known = np.zeros(len(pictures), bool)
        if soft_labels:
            self.teachers_say, self.is_known = soft_labels.of(pictures)
        self.batch_size, self.seed, self.epoch = batch_size, seed, epoch
        self.first_view = np.random.default_rng(seed).integers(self.views, size=len(pictures))
        self._shuffle()

    def _shuffle(self) -> None:
        self.order = np.random.default_rng((self.seed, self.epoch)).permutation(len(self.pictures))

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self._shuffle()

    def __len__(self) -> int:
        return math.ceil(len(self.pictures) / self.batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], Arrays, Arrays]:
        """A batch: inputs float32 [B, 48, 48, 1], targets and sample weights by head."""
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        views = np.where(self.is_known[rows], (self.first_view[rows] + self.epoch) % self.views, 0)
        images = [fixed_view(self.pictures[row], int(number)) for row, number in zip(rows, views, strict=True)]
        people = {head: each[rows] for head, each in self.people.items()}
        teachers = people
        if self.teachers_say is not None:
            parts = np.split(self.teachers_say[rows, views], [len(LABELS)], axis=1)
            is_known = self.is_known[rows, np.newaxis]
            teachers = {
                head: np.where(is_known, part, people[head])
                for head, part in zip(("fer2013", "ferplus"), parts, strict=True)
            }
        targets = {head: np.concatenate([people[head], teachers[head]], axis=1) for head in people}
        return normalize(np.stack(images)), targets, {head: each[rows] for head, each in self.counts.items()}


class OnlineDistillationDataset(DistillationDataset):
    """Batches that are augmented before the teachers are asked about them; the student's model must not do so again.

    Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent". Soft labels in a file tell of
    a few views of a picture, and of none that was darkened, occluded or mixed with another; these teachers are there.
    What is drawn depends on seed, epoch and batch alone.
    """

    def __init__(
        self, pictures: NDArray[np.uint8], people: Arrays, counts: Arrays, teachers: Sequence[keras.Model],
        *, augment: AugmentConfig, mixup: float, batch_size: int, seed: int, epoch: int = 0,
    ) -> None:  # fmt: skip
        """teachers: two-headed networks, whose mean counts. mixup: the share of pictures that are mixed with another
        one of the batch (Zhang et al. 2018), labels and votes in the same measure; at least half is the picture
        itself."""
        super().__init__(pictures, people, counts, None, batch_size=batch_size, seed=seed, epoch=epoch)
        self.teachers, self.augment, self.mixup = tuple(teachers), dataclasses.asdict(augment), mixup

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], Arrays, Arrays]:
        pixels, targets, counts = super().__getitem__(index)
        random = np.random.default_rng((self.seed, self.epoch, index))
        augment = Augment(self.augment, seed=int(random.integers(2**31)))
        augmented = ops.convert_to_numpy(augment(pixels, training=True))
        is_mixed = random.random(len(pixels)) < self.mixup
        own = np.where(is_mixed, random.uniform(0.5, 1.0, len(pixels)), 1.0).astype(np.float32)
        other = np.roll(np.arange(len(pixels)), 1)

        def mix(each: NDArray[np.float32]) -> NDArray[np.float32]:
            share = own.reshape(-1, *[1] * (each.ndim - 1))
            return np.asarray(share * each + (1 - share) * each[other], np.float32)

        shown = mix(augmented)
        people = {head: mix(np.split(each, 2, axis=1)[0]) for head, each in targets.items()}
        teachers = self._ask(shown)
        both = {head: np.concatenate([each, teachers[head]], axis=1) for head, each in people.items()}
        return shown, both, {head: np.where(is_mixed, each * each[other], each) for head, each in counts.items()}

    def _ask(self, pixels: NDArray[np.float32]) -> Arrays:
        """The mean of the teachers' probabilities, by head."""
        answers = [teacher.predict_on_batch(pixels) for teacher in self.teachers]
        return {
            head: np.mean([ops.convert_to_numpy(ops.softmax(np.float32(each[head]))) for each in answers], axis=0)
            for head in answers[0]
        }
