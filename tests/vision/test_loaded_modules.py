"""A running assistant loads no module that its settings do not use: each costs memory, and time at the start."""

import subprocess
import sys

UNUSED = {
    "asyncio", "bz2", "decimal", "fractions", "lzma", "matplotlib", "multiprocessing", "numpy.ma", "numpy.random",
    "picamera2", "pyttsx3", "random", "shutil", "ssl", "statistics", "tempfile", "tensorflow", "webrtcvad", "zipfile",
}  # fmt: skip
PROGRAM = """
import sys
import numpy as np
import assistant.vision.process
from assistant.config.settings import Settings
from assistant.records import Frame
from assistant.vision import factory

pipeline = factory.make_pipeline(Settings())
for number in range(5):
    pipeline.step(Frame(np.full((480, 640), 90, np.uint8), number / 10, number))
print(*sys.modules)
"""


def test_vision_loads_what_it_uses() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert not UNUSED & set(done.stdout.split())
