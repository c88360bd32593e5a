"""Provenance of a model: revision of the program, versions of its libraries, a hash of the data."""

import hashlib
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from convert.data import pictures
from convert.data.fer2013 import Faces
from convert.training.recipe_file import Schedule

ROOT = Path(__file__).resolve().parents[2]


def environment(data_sha256: str) -> dict[str, Any]:
    """Software versions and data hash of a run, ready for JSON."""
    return {
        "data_sha256": data_sha256,
        "revision": revision(),
        **{package: _version(package) for package in ("keras", "tensorflow", "jax", "torch")},
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def training_environment(
    data_sha256: str, recipe: str, schedule: Schedule, *, epochs: int, seed: int
) -> dict[str, Any]:  # fmt: skip
    """Contents of a run's environment.json: software, data, recipe and what the command line may override."""
    import keras  # `revision` must work without Keras

    return environment(data_sha256) | {
        "backend": keras.backend.backend(),
        "precision": schedule.precision,
        "epochs": epochs,
        "seed": seed,
        "recipe": recipe,
    }


def data_sha256(faces: Faces) -> str:
    """SHA-256 of all pictures, labels, splits and votes in their order."""
    digest = hashlib.sha256()
    for chunk in pictures.chunks(pictures.original(faces.images)):
        digest.update(np.ascontiguousarray(chunk).tobytes())
    for part in (faces.labels, faces.split, faces.votes):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def revision() -> str:
    """The git revision of this program, with "-dirty" if `assistant` or `convert` has changed files; "unknown" outside
    of its repository.

    Models, cards and the README do not count: the program writes them.
    """
    try:
        if Path(_git("rev-parse", "--show-toplevel")) != ROOT:  # installed inside another repository
            return "unknown"
        changed = _git("status", "--porcelain", "--", "assistant", "convert")
        return _git("rev-parse", "--short=10", "HEAD") + ("-dirty" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
