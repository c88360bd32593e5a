"""The demo: the assistant on two photographs, with a transcript, aloud where there is a sound device, and as a WAV."""

import contextlib
import dataclasses
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

from assistant.config.settings import Settings
from assistant.errors import CameraError, VoiceError
from assistant.records import Fate, Utterance
from assistant.vision import factory
from assistant.vision.cameras import open_camera
from assistant.vision.cameras.capture import Capture
from assistant.vision.loop import VisionLoop
from assistant.voice import voices
from assistant.voice.audio import player as sound
from assistant.voice.speech.speaker import Speaker

DRAIN_TIMEOUT_S = 4.0
"""Longest time in which utterances that still wait when the pictures end are spoken, seconds."""
PROBE_S = 0.1
"""Length of the silence that is played to find out whether there is a sound device, seconds."""


def demo(settings: Settings, wav: Path, stop: threading.Event, out: TextIO = sys.stdout) -> int:
    """Run the assistant on the photographs, and record what is played in `wav`; returns the exit code.

    out: where the transcript is printed.

    Raises CameraError where the photographs are missing, ModelError, and VoiceError where no voice can speak at all.
    """
    settings = dataclasses.replace(settings, camera=dataclasses.replace(settings.camera, driver="demo"))
    open_camera(settings.camera).close()
    pipeline, phrases = factory.make_pipeline(settings), factory.load_phrases(settings)
    began = time.monotonic()
    failures: list[str] = []

    def print_line(utterance: Utterance, fate: Fate, at: float) -> None:
        outcome = "" if fate is Fate.SPOKEN else f" [{fate}]"
        print(f"{at - began:6.1f} s  {utterance.text:32} ({utterance.log_note}){outcome}", file=out, flush=True)
        if fate is Fate.FAILED:
            failures.append(utterance.text)

    with contextlib.ExitStack() as stack:
        player = sound.RecordingPlayer(_player(settings, out), wav, time.monotonic)
        stack.callback(player.close)
        voice = voices.make_voice(settings.voice, phrases.voice, player)
        speaker = Speaker(voice, on_fate=print_line, on_error=lambda error: print(f"voice: {error}", file=out))
        stack.callback(speaker.close, 1.0)
        capture = Capture(lambda: open_camera(settings.camera), repeat=False).start()
        stack.callback(capture.close)
        VisionLoop(capture, pipeline, phrases, speaker.put, stop, speaker.withdraw).run()
        speaker.drain(DRAIN_TIMEOUT_S)
        if capture.error:
            raise CameraError(capture.error)
    if failures:
        raise VoiceError(f"{len(failures)} sentences could not be spoken; see above")
    print(f"What was heard is in {wav}.", file=out)
    return 0


def _player(settings: Settings, out: TextIO) -> sound.Player:
    """A player on the sound device if that plays PROBE_S of silence, else one that plays nothing and takes as long."""
    player = sound.CommandPlayer(settings.voice.device)
    try:
        player.play(sound.silence(PROBE_S), threading.Event())
    except VoiceError as err:
        print(f"No sound device, so the demo goes on silently ({err}).", file=out)
        return sound.NullPlayer()
    return player
