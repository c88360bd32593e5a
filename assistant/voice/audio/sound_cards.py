"""Plays on the configured sound card, and on another while that one fails; lists and ranks the cards there are."""

import logging
import re
import shutil
import threading
import time
from collections.abc import Callable

from assistant.errors import SoundCardBusyError, VoiceError
from assistant.system.child_process import english_environment, run_child
from assistant.voice.audio.player import CommandPlayer, Pcm, Player

log = logging.getLogger(__name__)

PREFERRED_CARD_RETRY_S = 5.0
"""Seconds after a failure of the configured card at which it is tried again."""
BUSY_RETRY_S, BUSY_RETRIES = 1.0, 3
"""Pause (seconds) and number of retries of a card that another program holds: it is often free a moment later."""
LIST_TIMEOUT_S = 2.0
"""Time limit of `aplay -l`, seconds."""
CARD_LINE = re.compile(r"^card \d+: (\S+) \[(.*)\], device (\d+): ", re.MULTILINE)
"""A line of `aplay -l`."""
CARD_PREFERENCE = (("headset", "usb"), ("headphone", "bcm2835", "analog"), (), ("hdmi", "vc4"))
"""Ranks, by what a card's name contains: headsets, then the jack, then unknown cards (empty), then screens."""


class SoundCardPlayer:
    """Plays on one device, else on the best other card that works, and returns to the first as soon as that works."""

    def __init__(
        self,
        device: str,
        on_switch: Callable[[str], None] = lambda name: None,
        *,
        make: Callable[[str], Player] = CommandPlayer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """device: a card's name; empty: the system's default.

        on_switch(name): the sound now comes out of another card; empty: out of `device` again. make(device): the player
        of a device.
        """
        self._device, self._on_switch, self._make, self._clock = device, on_switch, make, clock
        self._current, self._fallback_until = device, 0.0

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        first = self._current if self._clock() < self._fallback_until else self._device
        try:
            return self._play_on(first, pcm, cancel)
        except VoiceError as err:
            error = err
        self._fallback_until = self._clock() + PREFERRED_CARD_RETRY_S
        others = [name for name in (self._device, *list_sound_cards(cancel)) if name != first]
        for name in others:
            try:
                return self._play_on(name, pcm, cancel)
            except VoiceError as err:
                log.info("sound card %s: %s", name or "of the system", err)
        for _ in range(BUSY_RETRIES if isinstance(error, SoundCardBusyError) else 0):
            if cancel.wait(BUSY_RETRY_S):
                break  # nothing was played that could be cut off: this is a failure
            try:
                return self._play_on(first, pcm, cancel)
            except VoiceError as err:
                error = err
        raise error

    def _play_on(self, name: str, pcm: Pcm, cancel: threading.Event) -> bool:
        is_whole = self._make(name).play(pcm, cancel)
        if name != self._current and is_whole:
            self._current = name
            self._on_switch("" if name == self._device else name)
        return is_whole


def list_sound_cards(cancel: threading.Event) -> list[str]:
    """The devices of all sound cards, as aplay takes them, the best first; none where aplay cannot list them."""
    if not shutil.which("aplay"):
        return []
    try:
        done = run_child(["aplay", "-l"], b"", LIST_TIMEOUT_S, cancel, english_environment())
    except VoiceError:
        return []
    found = CARD_LINE.findall(done.output.decode("utf-8", "replace") if done else "")
    return [f"plughw:CARD={card},DEV={device}" for card, _, device in sorted(found, key=_rank)]


def _rank(card: tuple[str, str, str]) -> int:
    name = f"{card[0]} {card[1]}".lower()
    known = (rank for rank, parts in enumerate(CARD_PREFERENCE) if any(part in name for part in parts))
    return next(known, CARD_PREFERENCE.index(()))
