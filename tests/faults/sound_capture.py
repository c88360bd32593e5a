"""Captures every sound: a player on PATH that takes as long as its sound does and sends its samples to the test.

A sound is recognized by its samples: they are those that espeak-ng makes of a sentence, byte for byte.
"""

import contextlib
import json
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from assistant import phrases
from assistant.config.settings import VoiceSettings
from assistant.voice.audio.loudness import at_volume
from assistant.voice.audio.player import Pcm
from assistant.voice.speech.earcons import three_beeps
from assistant.voice.voices.espeak import synthesizers
from tests.support import locale_lint

PLAYER = """#!{python} -IS
import json, os, socket, sys, time
began, arguments = time.monotonic(), sys.argv[1:]
if arguments == ["-l"]:
    print(open("{folder}/cards").read() if os.path.exists("{folder}/cards") else "")
    sys.exit()
device = arguments[arguments.index("-D") + 1] if "-D" in arguments else "default"
how = json.load(open("{folder}/sound")).get(device, "fails")
if how == "busy":
    sys.exit("audio open error: Device or resource busy")
if how == "fails":
    sys.exit("audio open error: No such file or directory")
if how == "hangs":
    time.sleep(1000)
content = sys.stdin.buffer.read() if arguments[-1] == "-" else open(arguments[-1], "rb").read()[44:]
rate = int(arguments[arguments.index("-r") + 1]) if "-r" in arguments else 22050
if how == "throws it away":
    sys.exit()
with socket.socket(socket.AF_UNIX) as capture:
    capture.connect("{folder}/capture")
    capture.sendall(json.dumps([began, device, rate, len(content)]).encode() + b"\\n" + content)
time.sleep(len(content) / 2 / rate)
"""
BEEPS = "(three beeps)"
PAGE = "The bus leaves at nine."
"""What stands on the page that a row reads."""
NOTHING = "Nothing I am sure of."
"""What the things say of an empty room."""


@dataclass(frozen=True)
class CapturedSound:
    """A sound that was played."""

    at: float
    """When it began, monotonic seconds."""
    device: str
    """Of the player, as it was named; "default" where none was."""
    text: str
    """The sentence that it is; empty for an unknown sound."""
    seconds: float
    """Its duration."""


class Vocabulary:
    """Every sentence that may be spoken, by the samples that espeak-ng and its library make of it."""

    def __init__(self) -> None:
        english = phrases.load("en")
        texts = {*locale_lint.unasked(english), *english.tables["status"].values(), *map(english.outage, range(1, 90))}
        texts |= {PAGE, NOTHING, f"{english.status('running')} {english.status('muted')}"}
        self._beeps = three_beeps().samples
        self._by_length: dict[int, list[tuple[Pcm, str]]] = {}
        for speak in synthesizers(VoiceSettings(), english.voice):  # the first is the one that speaks as a rule
            with ThreadPoolExecutor(4) as pool:
                made = pool.map(lambda text, speak=speak: (speak(text, threading.Event()), text), sorted(texts))
                for pcm, text in made:
                    if pcm:
                        self._by_length.setdefault(len(pcm.samples), []).append((pcm, text))

    def text(self, samples: bytes) -> str:
        """The sentence of these samples; at another volume it is recognized by its length, if that is unique."""
        if samples == self._beeps:
            return BEEPS
        same_length = self._by_length.get(len(samples), [])  # measuring the loudness of all takes half a minute
        if len({text for _, text in same_length}) == 1:
            return same_length[0][1]
        return next((text for pcm, text in same_length if at_volume(pcm, 100).samples == samples), "")


class SoundCapture:
    """Receives the sounds of the player that it puts into `folder`/bin."""

    def __init__(self, folder: Path, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.all: list[CapturedSound] = []
        self._new: SimpleQueue[CapturedSound] = SimpleQueue()
        (folder / "bin").mkdir()
        player = folder / "bin" / "aplay"
        player.write_text(PLAYER.format(python=sys.executable, folder=folder))
        player.chmod(0o755)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(folder / "capture"))
        self._server.listen(16)
        threading.Thread(target=self._listen, daemon=True).start()

    def wait_for(self, text: str, within_s: float = 30.0) -> CapturedSound:
        """The next sound whose sentence begins with `text`. Raises AssertionError after `within_s`."""
        late = time.monotonic() + within_s
        since = len(self.all)
        while True:
            try:
                sound = self._new.get(timeout=max(0.0, late - time.monotonic()))
            except Empty:
                sounds = [each.text or f"unknown: {each.seconds:.2f} s" for each in self.all[max(0, since - 3) :]]
                raise AssertionError(f"{text!r} was not played within {within_s:g} s, but {sounds}") from None
            self.all.append(sound)
            if text and sound.text.startswith(text):
                return sound

    def collect(self, seconds: float) -> list[CapturedSound]:
        """All sounds of so many seconds."""
        began, since = time.monotonic(), len(self.all)
        while (left := began + seconds - time.monotonic()) > 0:
            with contextlib.suppress(Empty):
                self.all.append(self._new.get(timeout=left))
        return self.all[since:]

    def close(self) -> None:
        self._server.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                with connection, connection.makefile("rb") as source:
                    at, device, rate, count = json.loads(source.readline())
                    text = self._vocabulary.text(source.read(count))
                    self._new.put(CapturedSound(at, device, text, count / 2 / rate))
