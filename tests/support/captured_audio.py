"""Players that store their input: programs on PATH, and one in this process."""

import array
import functools
import json
import math
import operator
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.voice.audio.player import Pcm

PACED = """#!{python} -IS
import json, sys, time
began = time.monotonic()
words = sys.argv[1:]
rate = next(int(word.split("=")[-1]) for word in [words[words.index("-r") + 1] if "-r" in words else "", *words]
            if word.split("=")[-1].isdigit() and ("=" not in word or word.startswith("--rate")))
samples = sys.stdin.buffer.read()
time.sleep(len(samples) / 2 / rate)
with open(f"{folder}/{{began:.6f}}.json", "w") as target:
    json.dump([words, samples.hex(), rate, began, time.monotonic()], target)
"""
BEHAVIOURS = {
    "paced": PACED,
    "quick": PACED.replace("time.sleep(len(samples) / 2 / rate)\n", ""),
    "instant": "#!/bin/sh\n{cat} > /dev/null\n",
    "failing": "#!/bin/sh\necho first >&2\necho 'cannot find card' >&2\nexit 1\n",
    "hanging": "#!/bin/sh\nexec 9>{folder}/alive\necho started >&9\n{sleep} 1000 &\nwait\n",
}


@dataclass(frozen=True)
class Played:
    """The input of one run of a player program."""

    arguments: list[str]
    pcm: Pcm
    began: float
    """Monotonic seconds."""
    ended: float
    """Monotonic seconds."""


class FakePrograms:
    """Programs on a PATH that holds nothing else. One that hangs has a child process and holds the pipe `alive`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.bin = folder, folder / "bin"
        self.bin.mkdir()
        os.mkfifo(folder / "alive")
        self._paths = {"sleep": shutil.which("sleep"), "cat": shutil.which("cat")}
        monkeypatch.setenv("PATH", str(self.bin))

    def install(self, behaviour: str, name: str = "aplay") -> None:
        """Put a program on PATH. behaviour: a key of BEHAVIOURS, or the text of a script."""
        script = BEHAVIOURS.get(behaviour, behaviour).format(python=sys.executable, folder=self.folder, **self._paths)
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o755)

    def played(self) -> list[Played]:
        """What the programs `paced` and `quick` have played so far."""
        content = [json.loads(file.read_text()) for file in sorted(self.folder.glob("*.json"))]
        return [
            Played(arguments, Pcm(bytes.fromhex(samples), rate), *times) for arguments, samples, rate, *times in content
        ]


class CapturingPlayer:
    """A player in this process that takes no time, reports success and stores the sounds."""

    def __init__(self) -> None:
        self.sounds: list[Pcm] = []

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        self.sounds.append(pcm)
        return not cancel.is_set()


def loudness(pcm: Pcm) -> float:
    """Root mean square of the samples."""
    values = array.array("h", pcm.samples)
    return math.sqrt(sum(map(operator.mul, values, values)) / max(1, len(values)))


def sounding(pcm: Pcm, threshold: int = 300) -> tuple[float, float]:
    """Seconds from its beginning at which a sound can be heard first and last: silence at both ends is none of it."""
    loud = [at for at, value in enumerate(array.array("h", pcm.samples)) if abs(value) > threshold]
    return loud[0] / pcm.rate, loud[-1] / pcm.rate


@functools.cache
def beep(seconds: float, rate: int = 22050) -> Pcm:
    """A loud tone of that length."""
    values = (round(9000 * math.sin(n / 8)) for n in range(round(seconds * rate)))
    return Pcm(array.array("h", values).tobytes(), rate)


def cancel_hanging(play: Callable[[threading.Event], bool | None], pipe: Path) -> tuple[bool | None, float]:
    """Cancel `play` once the hanging program runs; what it returned, and the seconds until every process had ended."""
    cancel, results = threading.Event(), []
    thread = threading.Thread(target=lambda: results.append(play(cancel)))
    thread.start()
    with pipe.open("rb") as alive:
        assert alive.readline() == b"started\n"
        began = time.monotonic()
        cancel.set()
        assert alive.read() == b"", "ends when no process holds the pipe"
        thread.join(5)
    return results[0], time.monotonic() - began
