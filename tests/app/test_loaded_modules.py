"""A running assistant loads no module and no library that its settings do not use: each costs memory, and time."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from convert.start_cost.running import PARTS, running
from tests.support.standins import needs_photographs

pytestmark = needs_photographs

UNUSED = {
    "asyncio", "bz2", "decimal", "difflib", "email", "fractions", "gpiozero", "hashlib", "html", "http", "lgpio",
    "lzma", "matplotlib", "multiprocessing", "numpy.ma", "numpy.random", "picamera2", "pyttsx3", "skimage", "ssl",
    "statistics", "tensorflow", "unittest", "webrtcvad", "xml", "zipfile",
}  # fmt: skip
"""Modules of no process, but for those of COMPRESSIONS."""
COMPRESSIONS = {"bz2", "lzma"}
"""shutil's, by which the voice looks for its players, and `run` removes its folder."""
VISION_ONLY = {"numpy", "cv2", "ai_edge_litert", "ctypes", "platform"}
"""Voice and supervisor work without them."""
UNUSED_IN = {
    "run": UNUSED - COMPRESSIONS | VISION_ONLY | {"assistant.vision", "assistant.voice"},
    "vision": UNUSED | {"assistant.voice", "random", "shutil", "tempfile", "wave"},
    "voice": UNUSED - COMPRESSIONS | VISION_ONLY | {"assistant.vision", "random", "tempfile"},
}
MOST = {"run": 190, "vision": 390, "voice": 245}
"""Modules at the most, those that Python itself starts with included; 181, 345 and 232 with Python 3.11."""
LIBRARIES = re.compile(r"/lib(?:ssl|crypto|sqlite3|tcl|tk|X11)[.\w-]*\.so|_(?:ssl|hashlib|decimal)\.")


@pytest.fixture(scope="module", params=PARTS)
def imported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, set[str]]:
    """A process with the default settings, and the modules that it had imported once it was ready."""
    log = tmp_path_factory.mktemp("imports") / "log"
    with running(None, "-X", "importtime", part=request.param, log=log):
        pass
    return request.param, set(re.findall(r"import time:.*\|\s+(\S+)$", log.read_text("utf-8", "replace"), re.MULTILINE))


def test_no_module_is_loaded_that_is_not_used(imported: tuple[str, set[str]]) -> None:
    part, modules = imported
    assert f"assistant.{'app.run' if part == 'run' else part + '.process'}" in modules
    assert UNUSED_IN[part] & modules == set()


def test_there_are_no_more_modules_than_there_were(imported: tuple[str, set[str]]) -> None:
    part, modules = imported
    assert len(modules) <= MOST[part], sorted(modules)


@pytest.fixture(scope="module")
def mapped() -> Iterator[dict[str, set[str]]]:
    """The files that each process of a real run has mapped."""
    with running(None) as assistant:
        yield {
            part: set(re.findall(r"\S+\.so\S*", Path(f"/proc/{number}/maps").read_text()))
            for part, number in assistant.parts().items()
        }


def test_the_processes_of_a_real_run_map_no_library_that_they_do_not_use(mapped: dict[str, set[str]]) -> None:
    assert set(mapped) == set(PARTS)
    assert any("cv2" in file for file in mapped["vision"])
    for part in ("run", "voice"):
        files = {file for file in mapped[part] if "cv2" in file or "numpy" in file or "litert" in file}
        assert not files, part
    for part, files in mapped.items():
        assert {file for file in files if LIBRARIES.search(file) and "opencv" not in file} == set(), part


def test_the_processor_threads_of_the_libraries_are_one() -> None:
    """NumPy's and OpenCV's OpenBLAS start a thread for each core unless told otherwise before they are imported."""
    with running(None) as assistant:
        number = assistant.parts()["vision"]
        names = subprocess.run(
            ["ps", "-L", "-o", "comm=", "-p", str(number)], capture_output=True, text=True, check=True
        ).stdout.split()
    assert len(names) <= 5, names
