"""What all tests share: the folders of the data sets, and the skips that name a missing one."""

import itertools
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from assistant.skills.friends.weights import FILE_NAME as SFACE
from assistant.vision.cameras.demo import photograph

# A machine that is busy for half a second is not a failed test; what hangs is ended by pytest-timeout. The same cases
# are drawn each time, so that no change fails by chance: `make search` draws new ones.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("new", deadline=None, max_examples=1000)
settings.load_profile("same")
# Several processes of tests share the cores: threads that wait for each other only take time from the others.
cv2.setNumThreads(1)
# A shell ignores SIGINT in what it starts with `&`, and every process inherits that: programs that the tests start and
# interrupt would not end.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _place(variable: str, what: str) -> Path:
    path = os.environ.get(variable, "")
    if not path or not Path(path).is_dir():
        pytest.skip(f"{variable} names no folder: it holds {what}")
    return Path(path)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of the data sets (fer2013.npz, muxspace, faces)."""
    return _place("EMOTION_DATA", "the data sets")


@pytest.fixture(scope="session")
def clips() -> Path:
    """The folder of real clips."""
    return _place("EMOTION_VIDEOS", "the clips")


@pytest.fixture(scope="session")
def sface() -> Path:
    """The file of the face recognizer: $EMOTION_SFACE, else where `make test` puts it."""
    file = Path(os.environ.get("EMOTION_SFACE") or Path(sys.prefix) / "sface" / SFACE)
    if not file.is_file():
        pytest.skip(f"no face recognizer: {file}; EMOTION_SFACE names the file {SFACE}")
    return file


@pytest.fixture(scope="session")
def things_folder() -> Path:
    """The folder `objects` of the pictures of things, with boxes.csv."""
    return _place("EMOTION_THINGS", "the pictures of things and text") / "objects"


@pytest.fixture(scope="session")
def weights_folder() -> Path:
    """The folder of weights that others trained."""
    return _place("EMOTION_WEIGHTS", "the detectors of things")


@pytest.fixture(scope="session")
def astronaut() -> NDArray[np.uint8]:
    """The photograph that scikit-image carries, BGR uint8 [512, 512, 3]."""
    return photograph("astronaut")


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that are not there, another for each test: most tests create none, and to create and remove one takes
    longer than many tests do."""
    base = tmp_path_factory.mktemp("places", numbered=False)
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, places: Iterator[Path]) -> None:
    """No test sees the user's own settings, friends, sound configuration or running assistant."""
    place = next(places)
    monkeypatch.setattr("assistant.config.settings_file.SYSTEM_FILE", place / "no-settings.toml")
    monkeypatch.setattr("assistant.config.settings_file.BOOT_FILE", place / "no-boot-settings.toml")
    monkeypatch.delenv("EMOTION_ASSISTANT_SOCKET", raising=False)
    monkeypatch.setenv("EMOTION_ASSISTANT_CONTROL", str(place / "no-assistant" / "control.sock"))
    monkeypatch.setattr("assistant.system.friends_folder.SYSTEM_FOLDER", place / "no-friends")
    monkeypatch.setattr("assistant.app.friends_command.SYSTEM_FOLDER", place / "no-friends")
    monkeypatch.setattr("assistant.system.account.USER", "no-such-user")  # root has the service's friends
    monkeypatch.setenv("XDG_STATE_HOME", str(place / "no-state"))
    # The parent of this one is there: graphics drivers create it, or complain where a test reads.
    monkeypatch.setenv("XDG_CACHE_HOME", f"{place}-cache")
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.delenv("EMOTION_SFACE", raising=False)  # tests that need the recognizer ask for `sface`
    monkeypatch.setattr("assistant.ipc.control_client.UNIT_SOCKET", place / "no-unit" / "control.sock")
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setenv("EMOTION_ASSISTANT_SYS", str(place / "no-board"))
