"""Delay of an answer: voice and vision are run and linked as on the device, questions sent over the control socket.

The delay is measured from the request to the first samples that reach the player. It does not include that of a sound
card, nor the time to distinguish one button press from two.
"""

import contextlib
import dataclasses
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from assistant.config.settings import Settings
from assistant.errors import IPCError
from assistant.ipc import control_client
from assistant.ipc.commands import Command
from assistant.vision import factory
from assistant.vision.process import run_vision
from assistant.voice.audio.player import Pcm
from assistant.voice.process import run_voice
from convert.data.fer2013_labels import DatasetError

QUESTIONS = 20
"""Number of questions."""
READY_TIMEOUT_S, ANSWER_TIMEOUT_S = 20.0, 2.0
"""Longest time until the assistant is ready, and until the first samples of an answer."""


class _TimingPlayer:
    """A player that records the time of its first samples and returns at once."""

    def __init__(self) -> None:
        self.has_played = threading.Event()
        self.played_at = 0.0

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        if not self.has_played.is_set():
            self.played_at = time.monotonic()
            self.has_played.set()
        return len(pcm.samples) > 0 and not cancel.is_set()


def measure(settings: Settings, questions: int = QUESTIONS) -> list[float]:
    """Seconds from each question to the first samples of its answer. Raises DatasetError if there is no answer."""
    player, delays = _TimingPlayer(), []
    with _running(settings, player):
        for _ in range(questions):
            player.has_played.clear()
            began = time.monotonic()
            with contextlib.suppress(IPCError):
                control_client.send_command(Command.ASK)
            if not player.has_played.wait(ANSWER_TIMEOUT_S):
                raise DatasetError("no answer was heard; is espeak-ng installed? try: emotion-assistant say hello")
            delays.append(player.played_at - began)
    return delays


@contextlib.contextmanager
def _running(settings: Settings, player: _TimingPlayer) -> Iterator[None]:
    """Voice and vision in threads of this process, each with its own end of the link; both ready on entry."""
    with tempfile.TemporaryDirectory(prefix="emotion-assistant-") as name:
        folder, stop = Path(name), threading.Event()
        grain = np.random.default_rng(1).integers(0, 256, (48, 64)).astype(np.uint8)
        cv2.imwrite(str(folder / "room.png"), cv2.resize(grain, (640, 480), interpolation=cv2.INTER_NEAREST))
        camera = dataclasses.replace(settings.camera, driver="folder", source=name, picture_s=0.1)
        chosen = dataclasses.replace(settings, camera=camera)
        places = {
            "EMOTION_ASSISTANT_SOCKET": str(folder / "voice.sock"),
            "EMOTION_ASSISTANT_CONTROL": str(folder / "control.sock"),
            "XDG_STATE_HOME": name,
        }
        with _environment(places):
            phrases = factory.load_phrases(chosen)
            voice = threading.Thread(
                target=run_voice,
                args=(chosen, folder / "voice.sock", phrases, stop),
                kwargs={"player": player},
            )
            vision = threading.Thread(target=run_vision, args=(chosen, stop))
            voice.start()
            vision.start()
            try:
                if not player.has_played.wait(READY_TIMEOUT_S):  # "Ready."
                    raise DatasetError("the assistant was not ready in time; try: emotion-assistant run --camera demo")
                yield
            finally:
                stop.set()
                vision.join()
                voice.join()


@contextlib.contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    """Set environment variables for the duration of a with block."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
