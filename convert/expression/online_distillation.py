"""Consistent teaching: the teachers are asked about each picture just as the student is shown it.

Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent". Soft labels in a file tell of a
few views of a picture, and of none that was darkened, covered or mixed with another; these teachers are there.
"""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from convert.expression.augment import Augment
from convert.expression.distillation import Arrays, Lessons
from convert.expression.recipe import Variation


class Consistent(Lessons):
    """Lessons that are varied before the teachers are asked: the student's network must not vary them once more.

    pictures, people, counts as `Lessons` takes them. teachers: two-headed networks, whose mean counts. mixup: the share
    of pictures that are mixed with another one of the batch (Zhang et al. 2018), labels and votes in the same measure;
    at least half is the picture itself. What is drawn hangs on seed, epoch and batch alone.
    """

    def __init__(
        self, pictures: NDArray[np.uint8], people: Arrays, counts: Arrays, teachers: Sequence[keras.Model],
        *, variation: Variation, mixup: float, batch: int, seed: int, epoch: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(pictures, people, counts, None, batch=batch, seed=seed, epoch=epoch)
        self.teachers, self.variation, self.mixup = tuple(teachers), dataclasses.asdict(variation), mixup

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], Arrays, Arrays]:
        pixels, targets, counts = super().__getitem__(index)
        random = np.random.default_rng((self.seed, self.epoch, index))
        vary = Augment(self.variation, seed=int(random.integers(2**31)))
        varied = ops.convert_to_numpy(vary(pixels, training=True))
        is_mixed = random.random(len(pixels)) < self.mixup
        own = np.where(is_mixed, random.uniform(0.5, 1.0, len(pixels)), 1.0).astype(np.float32)
        other = np.roll(np.arange(len(pixels)), 1)

        def mix(each: NDArray[np.float32]) -> NDArray[np.float32]:
            share = own.reshape(-1, *[1] * (each.ndim - 1))
            return np.asarray(share * each + (1 - share) * each[other], np.float32)

        shown = mix(varied)
        people = {head: mix(np.split(each, 2, axis=1)[0]) for head, each in targets.items()}
        said = self._asked(shown)
        both = {head: np.concatenate([each, said[head]], axis=1) for head, each in people.items()}
        return shown, both, {head: np.where(is_mixed, each * each[other], each) for head, each in counts.items()}

    def _asked(self, pixels: NDArray[np.float32]) -> Arrays:
        """The mean of the teachers' probabilities, by head."""
        answers = [teacher.predict_on_batch(pixels) for teacher in self.teachers]
        return {
            head: np.mean([ops.convert_to_numpy(ops.softmax(np.float32(each[head]))) for each in answers], axis=0)
            for head in answers[0]
        }
