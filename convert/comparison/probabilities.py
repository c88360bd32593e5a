"""Probabilities of classifiers for the pictures of a split; those of a run are kept in its folder until its weights
change, since a large network takes a quarter of an hour for them."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.system.atomic_files import write_atomically
from convert.comparison.sources import RUN, Source
from convert.data.regular_file import UNREADABLE, read_bytes
from convert.expression.evaluation.predictor import Predictor
from convert.training.run_folder import Run

ROWS = 256
"""Pictures that are read at once."""


def probabilities_of(source: Source, predictor: Predictor, head: str, pictures: Any) -> NDArray[np.float32]:
    """Probabilities float32 [N, classes] of pictures, `Faces.images`."""
    if source.form != RUN:
        return predictor.probabilities(pictures, source.name)
    file, key = source.path / "compared" / head / "scores.npz", _key(Run(source.path), predictor, pictures)
    if (held := _read(file, key)) is not None:
        return held
    made = predictor.probabilities(pictures, source.name)
    content = io.BytesIO()
    np.savez(content, key=key, scores=made)
    write_atomically({file: content.getvalue()})
    return made


def _key(run: Run, predictor: Predictor, pictures: Any) -> str:
    """Changes with the weights, the input and the pictures."""
    digest = hashlib.sha256(read_bytes(run.weights))
    digest.update(repr(predictor.input).encode())
    for first in range(0, len(pictures), ROWS):
        rows = np.arange(first, min(first + ROWS, len(pictures)))
        digest.update(np.ascontiguousarray(pictures[rows]).tobytes())
    return digest.hexdigest()


def _read(file: Path, key: str) -> NDArray[np.float32] | None:
    try:
        with np.load(file, allow_pickle=False) as held:
            return np.asarray(held["scores"], np.float32) if str(held["key"]) == key else None
    except UNREADABLE:
        return None
