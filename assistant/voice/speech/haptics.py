"""Vibrations beside the words: patterns that differ by their rhythm alone, and the thread that plays them.

A hand, or the skin behind an ear, tells short from long and two from three, but not strong from weak: how strongly a
motor is felt depends on how it is worn.
"""

import array
import functools
import logging
import math
import threading
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from assistant.errors import AssistantError
from assistant.records import Utterance, UtteranceKind
from assistant.voice.audio.player import Pcm, Player, silence
from assistant.voice.speech.fallback_voice import Voice

log = logging.getLogger(__name__)

SMILE, ATTENTION, FAULT = "smile", "attention", "fault"
PATTERNS: dict[str, tuple[float, ...]] = {
    SMILE: (0.08, 0.08, 0.08, 0.08, 0.08),
    ATTENTION: (0.24, 0.1, 0.08),
    FAULT: (0.25, 0.1, 0.25),
}
"""The pattern of each event: seconds of vibration and of rest in turn, beginning with vibration."""
RATE, BURST_HZ, BURST_PEAK, BURST_FADE_S = 22050, 120.0, 26000, 0.008
"""The bursts of a pattern as sound. Their tone is lower than most of a voice, and bone conduction pads and shakers can
play it."""
CLOSE_TIMEOUT_S = 0.3
"""Seconds in which a vibration must end when it is cut off."""


class HapticDevice(Protocol):
    """Something that vibrates."""

    def vibrate(self, pattern: tuple[float, ...], cancel: threading.Event) -> None:
        """Play a pattern, see PATTERNS; returns at its end or once `cancel` is set. Raises an AssistantError."""
        ...

    def close(self) -> None: ...


class SoundPads:
    """Bone conduction pads, or a motor that is driven by sound, on a sound card of their own."""

    def __init__(self, player: Player) -> None:
        self._player = player

    def vibrate(self, pattern: tuple[float, ...], cancel: threading.Event) -> None:
        self._player.play(bursts(pattern), cancel)

    def close(self) -> None:
        pass


@functools.cache
def bursts(pattern: tuple[float, ...]) -> Pcm:
    """A pattern as bursts of a low tone, each faded in and out."""
    parts = [silence(seconds, RATE).samples if at % 2 else _burst(seconds) for at, seconds in enumerate(pattern)]
    return Pcm(b"".join(parts), RATE)


def _burst(seconds: float) -> bytes:
    count, fade = round(seconds * RATE), round(BURST_FADE_S * RATE)
    values = (
        round(BURST_PEAK * min(1, n / fade, (count - n) / fade) * math.sin(2 * math.pi * BURST_HZ * n / RATE))
        for n in range(count)
    )
    return array.array("h", values).tobytes()


def event_of(utterance: Utterance) -> str:
    """The key of PATTERNS that goes with an utterance; empty where none does."""
    if utterance.kind is UtteranceKind.FAULT:
        return "" if utterance.is_over else FAULT
    if utterance.topic.startswith("attention "):
        return "" if utterance.is_over else ATTENTION
    is_smile = utterance.kind in (UtteranceKind.ANNOUNCEMENT, UtteranceKind.CUE) and utterance.earcon == "happy"
    return SMILE if is_smile else ""


class TourPhrases(Protocol):
    """The sentences of a language that the tour needs."""

    def text(self, table: str, name: str) -> str: ...

    def expression(self, name: str) -> str: ...

    def join(self, parts: Sequence[str]) -> str: ...


def haptic_tour(
    phrases: TourPhrases, voice: Voice, device: HapticDevice, events: Sequence[str], cancel: threading.Event
) -> bool:
    """Speak what each vibration means, then play it; False if it was cut off. Raises an AssistantError where nothing
    can be played or nothing vibrates."""
    names = {SMILE: phrases.join([phrases.expression("happy")])}
    stops = [(phrases.text("sounds", "vibrations"), "")]
    stops += [(names.get(event) or phrases.text("sounds", event), event) for event in events]
    for text, event in stops:
        if not voice.say(text, cancel):
            return False
        if event:
            device.vibrate(PATTERNS[event], cancel)
    return not cancel.is_set()


class Vibrator:
    """Vibrates when an utterance begins, in a thread of its own: whatever the device does, speech does not wait."""

    def __init__(
        self,
        device: HapticDevice,
        events: Collection[str],
        on_error: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """events: the keys of PATTERNS that are played. on_error(reason): the device did not vibrate; called once, and
        once with an empty reason when it does so again."""
        self._device, self._events, self._on_error = device, frozenset(events), on_error
        self._changed, self._waiting = threading.Condition(), ""
        self._closing, self._is_failing = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="vibrator", daemon=True)
        self._thread.start()

    def begin(self, utterance: Utterance) -> None:
        """An utterance begins to be spoken; never blocks. Of events that wait a fault is kept, else the newest one."""
        event = event_of(utterance)
        if event in self._events:
            with self._changed:
                self._waiting = self._waiting if self._waiting == FAULT else event
                self._changed.notify()

    def close(self) -> None:
        """Cut off the vibration and release the device; a device that hangs is left behind."""
        self._closing.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        while not self._closing.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing.is_set())
                event, self._waiting = self._waiting, ""
            if event and not self._closing.is_set():
                self._vibrate(event)
        self._device.close()

    def _vibrate(self, event: str) -> None:
        reason = ""
        try:
            self._device.vibrate(PATTERNS[event], self._closing)
        except AssistantError as err:
            reason = str(err)
        except Exception as err:  # a driver that fails in its own way must not end the thread
            log.exception("the vibration failed")
            reason = f"unexpected {type(err).__name__}: {err}"
        if bool(reason) != self._is_failing:
            self._is_failing = bool(reason)
            self._on_error(reason)
