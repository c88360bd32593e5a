"""The sound card that is set and, where that one fails, another: sound that moves is better than none."""

import logging
import re
import shutil
import threading
import time
from collections.abc import Callable

from assistant.errors import VoiceError
from assistant.system.child_process import english_environment, run_child
from assistant.voice.audio.player import CommandPlayer, Pcm, Player

log = logging.getLogger(__name__)

PREFERRED_CARD_RETRY_S = 5.0
"""The card that is set is tried again so long after it failed."""
BUSY_RETRY_S, BUSY_RETRIES = 1.0, 3
"""A card that another program holds alone is often free a moment later."""
LIST_TIMEOUT_S = 2.0
CARD_LINE = re.compile(r"^card \d+: (\S+) \[(.*)\], device (\d+): ", re.MULTILINE)
"""A line of `aplay -l`."""
CARD_PREFERENCE = (("headset", "usb"), ("headphone", "bcm2835", "analog"), (), ("hdmi", "vc4"))
"""By what a name contains: what is worn, then the jack, then what is not known; a screen comes last."""


class SoundCardPlayer:
    """Plays on `device` (empty: the system's default), else on the best other card that works; back as soon as it can.

    on_switch(name): the sound now comes out of another card, or of the one that is set again: then the name is empty.
    make(device): the player of a device.
    """

    def __init__(
        self,
        device: str,
        on_switch: Callable[[str], None] = lambda name: None,
        *,
        make: Callable[[str], Player] = CommandPlayer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._device, self._on_switch, self._make, self._clock = device, on_switch, make, clock
        self._now, self._back_at = device, 0.0

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        first = self._now if self._clock() < self._back_at else self._device
        try:
            return self._on(first, pcm, cancel)
        except VoiceError as err:
            trouble = err
        self._back_at = self._clock() + PREFERRED_CARD_RETRY_S
        others = [name for name in (self._device, *list_sound_cards(cancel)) if name != first]
        for name in others:
            try:
                return self._on(name, pcm, cancel)
            except VoiceError as err:
                log.info("sound card %s: %s", name or "of the system", err)
        for _ in range(BUSY_RETRIES if "busy" in str(trouble) else 0):
            if cancel.wait(BUSY_RETRY_S):
                break  # nothing was heard: that is no sound that was cut off
            try:
                return self._on(first, pcm, cancel)
            except VoiceError as err:
                trouble = err
        raise trouble

    def _on(self, name: str, pcm: Pcm, cancel: threading.Event) -> bool:
        is_whole = self._make(name).play(pcm, cancel)
        if name != self._now and is_whole:
            self._now = name
            self._on_switch("" if name == self._device else name)
        return is_whole


def list_sound_cards(cancel: threading.Event) -> list[str]:
    """The sound cards there are, the best first, as aplay names them; none where aplay cannot tell."""
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
    known = (rank for rank, words in enumerate(CARD_PREFERENCE) if any(word in name for word in words))
    return next(known, CARD_PREFERENCE.index(()))
