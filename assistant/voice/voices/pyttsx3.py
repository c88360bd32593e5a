"""The pyttsx3 voice, used so that none of its known defects can hang or silence the assistant.

pyttsx3 2.99 returns before it has spoken, reports success without a sound card, cannot be interrupted, loses the second
of two texts and leaves files behind. So each text gets an engine of its own in a child process of its own, which is
killed when it is late or cancelled, with a private folder that is removed. On Linux the engine only makes a file, which
is checked and played by our own player; elsewhere it speaks itself and must have taken the time that speech takes.
"""

import importlib.util
import json
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Priority
from assistant.system.child_process import run_child
from assistant.voice.audio.loudness import volume_factor
from assistant.voice.audio.player import Player, from_wav
from assistant.voice.voices import min_duration_s, play_speech, sanitize_text

FILE_LIMIT_S = 5.0
"""Time limit to start Python, load the engine and write a file: 0.3 s on a desktop, some seconds on a small board."""
SPEECH_LIMIT_FACTOR = 3.0
"""An engine that plays by itself is killed after this many times the words' duration, and FILE_LIMIT_S."""

ENGINE_PROGRAM = """
import ctypes, importlib.util, json, os, sys, threading, time
order = json.load(sys.stdin)
try:
    if sys.platform == "linux":
        ctypes.CDLL("libespeak-ng.so.1")
except OSError:  # not installed; the library of a wheel, once loaded, is found by pyttsx3 under the same name
    if importlib.util.find_spec("espeakng_loader") is None:
        sys.exit("no libespeak-ng; install the package libespeak-ng1, or: pip install espeakng-loader")
    import espeakng_loader
    os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    ctypes.CDLL(espeakng_loader.get_library_path())
import pyttsx3
engine = pyttsx3.init()
# espeak-ng takes a rate from a queue, in its own time, and loads a voice at once, which may undo it: so say both twice
for _ in range(2 if sys.platform == "linux" else 1):
    for name, value in order["properties"].items():
        engine.setProperty(name, value)
    time.sleep(0.05)
finished = threading.Event()
engine.connect("finished-utterance", lambda name, completed: finished.set())
if order["file"]:
    engine.save_to_file(order["text"], order["file"])
else:
    engine.say(order["text"])
engine.runAndWait()
if order["file"]:  # runAndWait may return before the file is written
    finished.wait()
sys.stdout.flush()
os._exit(0)  # some of its drivers hang or crash when they are taken down
"""
"""Python program of the child process: reads a JSON object with the text, and speaks it or writes it to a file."""


class Pyttsx3Voice:
    """Speaks by the pyttsx3 engine; on macOS and Windows that is the system's own voice."""

    name = "pyttsx3"

    def __init__(self, settings: VoiceSettings, language: str, player: Player, platform: str = sys.platform) -> None:
        self._settings, self._language, self._player, self._platform = settings, language, player, platform

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        if importlib.util.find_spec("pyttsx3") is None:
            raise VoiceError("pyttsx3 is not there; pip install pyttsx3, or choose voice.engine espeak")
        text = sanitize_text(text)
        with tempfile.TemporaryDirectory(prefix="emotion-assistant-", ignore_cleanup_errors=True) as folder:
            if self._platform == "linux":
                return self._synthesize_and_play(text, Path(folder), cancel)
            return self._let_engine_play(text, Path(folder), cancel)

    def close(self) -> None:
        pass

    def _synthesize_and_play(self, text: str, folder: Path, cancel: threading.Event) -> bool:
        file = folder / "speech.wav"
        properties = {"voice": self._settings.name or self._language, "rate": self._settings.rate_wpm}
        order = {"text": text, "properties": properties, "file": str(file)}
        if self._run(order, folder, FILE_LIMIT_S, cancel) is None:
            return False
        try:
            speech = from_wav(file.read_bytes())
        except FileNotFoundError as err:
            raise VoiceError("pyttsx3 made no sound file") from err
        return play_speech(speech, text, self._settings, self._player, cancel)

    def _let_engine_play(self, text: str, folder: Path, cancel: threading.Event) -> bool:
        rate_wpm, min_s = self._settings.rate_wpm, min_duration_s(text, self._settings.rate_wpm)
        properties: dict[str, Any] = {"rate": rate_wpm, "volume": volume_factor(self._settings.volume)}
        if self._settings.name:
            properties["voice"] = self._settings.name
        limit_s = FILE_LIMIT_S + SPEECH_LIMIT_FACTOR * 60 / rate_wpm * (1 + len(text.split()))
        seconds = self._run({"text": text, "properties": properties, "file": ""}, folder, limit_s, cancel)
        if seconds is not None and seconds < min_s:
            raise VoiceError(f"pyttsx3 was done after {seconds:.2f} s with what takes {min_s:.2f} s; it was not heard")
        return seconds is not None

    @staticmethod
    def _run(order: dict[str, Any], folder: Path, limit_s: float, cancel: threading.Event) -> float | None:
        """Run the engine in a child process; the seconds that it took, None if it was cancelled."""
        # -I: isolated, for this file has the name of the package that the child process imports.
        command = [sys.executable, "-I", "-c", ENGINE_PROGRAM]
        done = run_child(command, json.dumps(order).encode(), limit_s, cancel, {**os.environ, "TMPDIR": str(folder)})
        return None if done is None else done.seconds
