"""Announces settings of the voice that cannot be used, each once, and a sound that comes out of another card."""

import logging
from collections import deque
from collections.abc import Callable

from assistant.faults import FaultAnnouncer
from assistant.records import Fate, FaultName
from assistant.voice.audio.sound_cards import AUTO

log = logging.getLogger(__name__)


class SettingFaults:
    """What of the settings does not work. Its methods may be called from any thread."""

    def __init__(self, device: str, faults: FaultAnnouncer, clock: Callable[[], float]) -> None:
        """device: the configured sound card."""
        self._device, self._faults, self._clock = device, faults, clock
        self._told: set[FaultName] = set()
        self._refused: deque[tuple[str, str]] = deque()  # to be announced after the words that are being spoken

    def on_sound_card(self, card: str, has_played: bool) -> None:
        """The sound comes out of another card; empty: of the configured one again. has_played: whether that one ever
        played; if not, the setting may be wrong."""
        if not card:
            self._faults.end(FaultName.VOICE_DEVICE, self._clock())
            self._faults.end(FaultName.SOUND_CARD, self._clock())
        elif has_played or self._device in ("", AUTO):
            self._faults.begin(FaultName.SOUND_CARD, self._clock(), card)
        else:
            self.on_setting("voice.device", f"{self._device!r} does not play; {card} does")

    def on_refused(self, setting: str, reason: str) -> None:
        """A voice cannot use a setting, see `make_voice`. It is announced once the utterance has ended that this voice
        was to speak: a fault would cut it off, and another voice is about to speak it."""
        self._refused.append((setting, reason))

    def on_setting(self, setting: str, reason: str) -> None:
        """A setting, such as "voice.name", cannot be used, and something else takes its place: that is announced once.
        An empty reason: it is used again."""
        name = FaultName(setting.replace(".", "_"))
        if not reason:
            self._faults.end(name, self._clock())
        elif name in self._told:
            log.warning("%s: %s", name, reason)
        else:
            self._told.add(name)
            self._faults.begin(name, self._clock(), reason)

    def on_fate(self, fate: Fate) -> None:
        """An utterance has ended."""
        while self._refused and fate in (Fate.SPOKEN, Fate.INTERRUPTED, Fate.FAILED):
            self.on_setting(*self._refused.popleft())
