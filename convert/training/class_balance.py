"""Classes of very different numbers of pictures: weights of pictures, and how often each is seen in an epoch.

FER-2013's Training has 16 pictures of happy faces for one of disgust. Needs no Keras.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Balance:
    """[balance]: what is done about classes with few pictures."""

    class_weights: float = 0.0
    """Power of the inverse share of a class by which its pictures are weighted in the loss; 0: none, 1: each class
    counts as much as any other."""
    focal_gamma: float = 0.0
    """Exponent of the focal loss (Lin et al. 2017), which lowers the weight of what is already predicted well; 0: plain
    cross-entropy."""
    oversampling: float = 0.0
    """Pictures of a small class are repeated until it has this share of the largest one's in an epoch; 0: none."""
    cap: int = 0
    """Most pictures of a class in an epoch, drawn anew for each epoch; 0: no limit."""


def picture_weights(shares: NDArray[np.float32], power: float) -> NDArray[np.float32]:
    """Weights float32 [N], of mean 1, of pictures whose target distributions are float32 [N, classes]."""
    if not power or not len(shares):
        return np.ones(len(shares), np.float32)
    found = shares.sum(axis=0, dtype=np.float64)
    by_class = np.where(found > 0, np.maximum(found, 1e-9) / found.sum(), 1.0) ** -power
    weights = shares @ by_class
    return (weights / weights.mean()).astype(np.float32)


def counts(labels: NDArray[np.int64], balance: Balance) -> NDArray[np.int64]:
    """Pictures of each class in an epoch, int64 [classes]. labels: int64 [N]."""
    found = np.bincount(labels)
    largest = min(found.max(), balance.cap) if balance.cap else found.max()
    wanted = np.where(found > 0, np.maximum(found, round(balance.oversampling * largest)), 0)
    return np.asarray(np.minimum(wanted, largest), np.int64)


def epoch_rows(labels: NDArray[np.int64], balance: Balance, random: np.random.Generator) -> NDArray[np.int64]:
    """The rows of an epoch, in random order: each picture once, or as often as `balance` says. labels: int64 [N]."""
    if not balance.oversampling and not balance.cap:
        return np.asarray(random.permutation(len(labels)), np.int64)
    chosen = []
    for label, count in enumerate(counts(labels, balance)):
        rows = random.permutation(np.flatnonzero(labels == label))
        chosen.append(np.resize(rows, count))
    return np.asarray(random.permutation(np.concatenate(chosen)), np.int64)
