"""Knowledge distillation: the loss, and training batches with the targets of annotators and of teachers.

The target of a head, [N, 2 * classes], is two distributions side by side, the input of `DistillationLoss`: that of the
human annotators (labels, votes) and that of the teachers. The teachers' predictions come from a file of soft labels, or
are made during training, on the same augmented pictures as the student's (online distillation).
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from assistant.vision.faces.input_format import OWN_FORMAT, InputFormat
from convert.data.fer2013_labels import LABELS
from convert.data.pictures import Pictures, fitted
from convert.expression.soft_labels import SoftLabels, fixed_view
from convert.training.augment import Augment
from convert.training.callbacks import Batches
from convert.training.class_balance import Balance, counts, epoch_rows
from convert.training.crops import in_grey_steps
from convert.training.recipe_file import AugmentConfig

Arrays = dict[str, NDArray[np.float32]]
"""By head: targets float32 [N, classes], or sample weights float32 [N]."""
NO_BALANCE = Balance()
"""Each picture once in an epoch."""


@keras.saving.register_keras_serializable("emotion_assistant")
class DistillationLoss(keras.losses.Loss):
    """(1 - weight) CE(annotators, logits) + weight T^2 CE(teachers at temperature T, logits / T), for each picture.

    Hinton et al. 2015: the factor T^2 keeps the gradients of both terms of the same magnitude. With weight 0 this is
    cross-entropy. focal_gamma: makes the annotators' term a focal loss (Lin et al. 2017).
    """

    def __init__(
        self, weight: float = 0.0, temperature: float = 1.0, focal_gamma: float = 0.0, name: str = "distillation",
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(name=name, **kwargs)
        self.weight, self.temperature, self.focal_gamma = weight, temperature, focal_gamma

    def get_config(self) -> dict[str, Any]:
        own = {"weight": self.weight, "temperature": self.temperature, "focal_gamma": self.focal_gamma}
        return {**super().get_config(), **own}

    def call(self, targets: Any, logits: Any) -> Any:
        """Losses [N] of targets [N, 2 * classes] and logits [N, classes]."""
        annotators, teachers = ops.split(targets, 2, axis=-1)
        loss = (1 - self.weight) * self._of_annotators(annotators, logits)
        if self.weight:
            t = self.temperature
            softer = teachers ** (1 / t)
            softer = softer / ops.sum(softer, axis=-1, keepdims=True)
            loss = loss + self.weight * t * t * ops.categorical_crossentropy(softer, logits / t, from_logits=True)
        return loss

    def _of_annotators(self, annotators: Any, logits: Any) -> Any:
        if not self.focal_gamma:
            return ops.categorical_crossentropy(annotators, logits, from_logits=True)
        return keras.losses.categorical_focal_crossentropy(
            annotators, logits, alpha=1.0, gamma=self.focal_gamma, from_logits=True
        )


class DistillationDataset(Batches):
    """Training batches, shuffled in each epoch by a generator seeded with seed and epoch.

    With soft labels, each epoch has the next of a picture's fixed views, and the teachers' half of the target is their
    prediction for that view. Without them, or for a picture that the file does not contain, that half is a copy of the
    annotators'.
    """

    def __init__(
        self, pictures: Pictures, annotators: Arrays, sample_weights: Arrays, soft_labels: SoftLabels | None,
        *, batch_size: int, seed: int, epoch: int = 0, input_format: InputFormat = OWN_FORMAT,
        balance: Balance = NO_BALANCE, labels: NDArray[np.int64] | None = None,
    ) -> None:  # fmt: skip
        """pictures: `Faces.images`, of which the rows of a batch alone are read. annotators: target distributions of
        the human labels. epoch: the first one. input_format: of the crops of a batch (`crops.to_train_on`). balance,
        labels: how often the pictures of each class int64 [N] are seen; None: each once."""
        self.input_format, self.balance = input_format, balance
        self.labels = np.zeros(len(pictures), np.int64) if labels is None else labels
        self.count = int(counts(self.labels, balance).sum())
        self.pictures, self.annotators, self.sample_weights = pictures, annotators, sample_weights
        self.views = soft_labels.views if soft_labels else 1
        self.teacher_probabilities: NDArray[np.float32] | None = None
        self.is_known = np.zeros(len(pictures), bool)
        if soft_labels:
            self.teacher_probabilities, self.is_known = soft_labels.of(pictures)
        self.batch_size, self.seed = batch_size, seed
        self.first_view = np.random.default_rng(seed).integers(self.views, size=len(pictures))
        super().__init__(epoch)

    def begin_epoch(self, epoch: int) -> None:
        super().begin_epoch(epoch)
        self.order = epoch_rows(self.labels, self.balance, np.random.default_rng((self.seed, self.epoch)))

    def __len__(self) -> int:
        return math.ceil(self.count / self.batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], Arrays, Arrays]:
        """A batch: inputs float32 [B, S, S, 1 or 3], targets [B, 2 * classes] and sample weights [B], both by head."""
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        views = np.where(self.is_known[rows], (self.first_view[rows] + self.epoch) % self.views, 0)
        crops = fitted(self.pictures[rows], self.input_format)[:]
        images = [fixed_view(crop, int(number)) for crop, number in zip(crops, views, strict=True)]
        annotators = {head: each[rows] for head, each in self.annotators.items()}
        teachers = annotators
        if self.teacher_probabilities is not None:
            parts = np.split(self.teacher_probabilities[rows, views], [len(LABELS)], axis=1)
            is_known = self.is_known[rows, np.newaxis]
            teachers = {
                head: np.where(is_known, part, annotators[head])
                for head, part in zip(("fer2013", "ferplus"), parts, strict=True)
            }
        targets = {head: np.concatenate([annotators[head], teachers[head]], axis=1) for head in annotators}
        sample_weights = {head: each[rows] for head, each in self.sample_weights.items()}
        return in_grey_steps(np.stack(images), self.input_format), targets, sample_weights


class OnlineDistillationDataset(DistillationDataset):
    """Batches that are augmented here, so that teachers and student get the same pictures; the student's model must not
    augment again.

    Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent". A file of soft labels has
    only a few views of a picture, none of them darkened, occluded or mixed with another; online teachers predict on
    these too. The random numbers depend on seed, epoch and batch alone.
    """

    def __init__(
        self, pictures: Pictures, annotators: Arrays, sample_weights: Arrays, teachers: Sequence[keras.Model],
        *, augment: AugmentConfig, mixup: float, batch_size: int, seed: int, epoch: int = 0,
    ) -> None:  # fmt: skip
        """teachers: two-headed networks, whose probabilities are averaged. mixup: the share of pictures that are mixed
        with another one of the batch (Zhang et al. 2018); pictures and targets have the same mixing weights, at least
        one half for the picture itself."""
        super().__init__(pictures, annotators, sample_weights, None, batch_size=batch_size, seed=seed, epoch=epoch)
        self.teachers, self.augment, self.mixup = tuple(teachers), dataclasses.asdict(augment), mixup

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], Arrays, Arrays]:
        pixels, targets, sample_weights = super().__getitem__(index)
        random = np.random.default_rng((self.seed, self.epoch, index))
        augment = Augment(self.augment, seed=int(random.integers(2**31)))
        augmented = ops.convert_to_numpy(augment(pixels, training=True))
        is_mixed = random.random(len(pixels)) < self.mixup
        self_share = np.where(is_mixed, random.uniform(0.5, 1.0, len(pixels)), 1.0).astype(np.float32)
        other = np.roll(np.arange(len(pixels)), 1)

        def mix(each: NDArray[np.float32]) -> NDArray[np.float32]:
            weight = self_share.reshape(-1, *[1] * (each.ndim - 1))
            return np.asarray(weight * each + (1 - weight) * each[other], np.float32)

        mixed_pixels = mix(augmented)
        annotators = {head: mix(np.split(each, 2, axis=1)[0]) for head, each in targets.items()}
        teachers = self._predict(mixed_pixels)
        mixed_targets = {head: np.concatenate([each, teachers[head]], axis=1) for head, each in annotators.items()}
        weights = {head: np.where(is_mixed, each * each[other], each) for head, each in sample_weights.items()}
        return mixed_pixels, mixed_targets, weights

    def _predict(self, pixels: NDArray[np.float32]) -> Arrays:
        """The teachers' mean probabilities [B, classes] for pixels [B, 48, 48, 1], by head."""
        logits_by_teacher = [teacher.predict_on_batch(pixels) for teacher in self.teachers]
        return {
            head: np.mean(
                [ops.convert_to_numpy(ops.softmax(np.float32(each[head]))) for each in logits_by_teacher], axis=0
            )
            for head in logits_by_teacher[0]
        }
