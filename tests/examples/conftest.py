"""What the tests of the examples share, built once for all processes of a test run."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.vision.inference.model_file import find_model
from convert.data.fer2013_labels import FERPLUS_LABELS
from tests.examples import installed as installation
from tests.examples import small_data
from tests.examples.installed import Installed

FOREIGN_NETWORK = """
import sys, keras
keras.utils.set_random_seed(1)
weights = keras.initializers.RandomNormal(stddev=0.3)
layers = [keras.layers.AveragePooling2D(4), keras.layers.Flatten(), keras.layers.Dense(7, "softmax", True, weights)]
keras.Sequential([keras.Input((128, 128, 3)), *layers]).save(sys.argv[1])
"""
"""Writes an untrained network whose answers differ from picture to picture."""


def _once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first test process that asks for it makes; the others wait."""
    base = factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    with open(base / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (base / f"{name}.made").exists():
            make(base / name)
            (base / f"{name}.made").touch()
    return base / name


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    def make(folder: Path) -> None:
        folder.mkdir()
        installation.build(folder)

    return Installed(_once(tmp_path_factory, "installed", make))


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory, installed: Installed, small: Path) -> Path:
    """A run folder with the weights of a shipped model."""

    def make(folder: Path) -> None:
        program = installed.environment / "bin/emotion-convert"
        command = [program, "warm-start", "emotion-small-int8", "--run", folder, "--data", small]
        subprocess.run(command, check=True, capture_output=True)

    return _once(tmp_path_factory, "begun", make)


@pytest.fixture(scope="session")
def foreign(tmp_path_factory: pytest.TempPathFactory, installed: Installed) -> Path:
    """A folder with classifiers as of other programs: mine.keras, and downloaded.tflite with labels.txt."""

    def make(folder: Path) -> None:
        folder.mkdir()
        python = installed.environment / "bin/python"
        subprocess.run([python, "-c", FOREIGN_NETWORK, folder / "mine.keras"], check=True, capture_output=True)
        shutil.copyfile(find_model("emotion-small-int8"), folder / "downloaded.tflite")
        (folder / "labels.txt").write_text("\n".join(FERPLUS_LABELS), "utf-8")

    return _once(tmp_path_factory, "foreign", make)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small data sets."""
    named = os.environ.get("EMOTION_DATA")
    real = Path(named) if named and Path(named).is_dir() else None
    return _once(tmp_path_factory, "small", lambda folder: small_data.make(folder, real))
