"""The demo: the assistant on two photographs, with a transcript, aloud where there is a sound device, and as a WAV."""

import contextlib
import dataclasses
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

from assistant.app.fates import FateReasons, counted, transcript_line
from assistant.config.settings import Settings
from assistant.errors import CameraError, VoiceError
from assistant.records import Fate, Utterance
from assistant.vision import factory
from assistant.vision.cameras import open_camera
from assistant.vision.cameras.capture import Capture
from assistant.vision.loop import VisionLoop
from assistant.voice import voices
from assistant.voice.audio import player as sound
from assistant.voice.audio.sound_cards import preferred_player
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
    transcript = _Transcript(began, out)

    def print_refused(setting: str, reason: str) -> None:
        if reason:
            print(f"{setting}: {reason}", file=out, flush=True)

    with contextlib.ExitStack() as stack:
        player = sound.RecordingPlayer(_player(settings, out), wav, time.monotonic)
        stack.callback(player.close)
        voice = voices.make_voice(settings.voice, phrases.voice, player, print_refused)
        speaker = Speaker(
            voice,
            on_fate=transcript.ended,
            on_start=transcript.started,
            on_error=lambda error: print(f"voice: {error}", file=out),
        )
        stack.callback(speaker.close, 1.0)
        capture = Capture(lambda: open_camera(settings.camera), repeat=False).start()
        stack.callback(capture.close)
        VisionLoop(capture, pipeline, phrases, speaker.put, stop, speaker.withdraw).run()
        speaker.drain(DRAIN_TIMEOUT_S)
        transcript.reasons.is_over = True
        if capture.error:
            raise CameraError(capture.error)
    transcript.close()
    if transcript.failed:
        raise VoiceError(f"{counted(transcript.failed, 'sentence', 'sentences')} could not be spoken; see above")
    print(f"What was heard is in {wav}.", file=out)
    return 0


class _Transcript:
    """Prints one line for each utterance: when its words began, or in words why there were none."""

    def __init__(self, began: float, out: TextIO) -> None:
        """began: monotonic seconds from which the transcript counts."""
        self.reasons, self.failed = FateReasons(), 0
        self._began, self._out = began, out
        self._started: dict[int, float] = {}
        self._unsaid: dict[
            str, tuple[str, str]
        ] = {}  # text and line by topic: an announcement that was not said may be made again

    def started(self, utterance: Utterance, at: float) -> None:
        """The words of an utterance begin at `at` seconds."""
        self._started[id(utterance)] = at
        self.reasons.started(utterance, at)

    def ended(self, utterance: Utterance, fate: Fate, at: float) -> None:
        """Print the line of an utterance, unless its announcement may be made again."""
        reason = self.reasons.why(utterance, fate, at)
        started_at = self._started.pop(id(utterance), None)
        line = transcript_line((at if started_at is None else started_at) - self._began, utterance, reason)
        self.failed += fate is Fate.FAILED
        text, before = self._unsaid.pop(utterance.topic, ("", ""))
        if before and text != utterance.text:
            self._print(before)
        if started_at is None:
            self._unsaid[utterance.topic] = (utterance.text, before if text == utterance.text else line)
        else:
            self._print(line)

    def close(self) -> None:
        """Print the lines of the announcements that were never said."""
        for _, line in self._unsaid.values():
            self._print(line)

    def _print(self, line: str) -> None:
        print(line, file=self._out, flush=True)


def _player(settings: Settings, out: TextIO) -> sound.Player:
    """A player on the sound device if that plays PROBE_S of silence, else one that plays nothing and takes as long."""
    player = preferred_player(settings.voice.device)
    try:
        player.play(sound.silence(PROBE_S), threading.Event())
    except VoiceError as err:
        print(f"No sound device, so the demo goes on silently ({err}).", file=out)
        return sound.NullPlayer()
    return player
