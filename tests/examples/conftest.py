"""What the tests of the examples share, built once for all processes of a test run."""

import fcntl
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples import installed as installation
from tests.examples import small_data
from tests.examples.installed import Installed


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
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small data sets."""
    named = os.environ.get("EMOTION_DATA")
    real = Path(named) if named and Path(named).is_dir() else None
    return _once(tmp_path_factory, "small", lambda folder: small_data.make(folder, real))
