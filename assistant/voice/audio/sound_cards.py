"""The sound cards there are: which one is worn, and a player that goes on with another card while its own fails."""

import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from enum import IntEnum
from pathlib import Path

from assistant.dataclass import dataclass
from assistant.errors import SoundCardBusyError, VoiceError
from assistant.system.child_process import english_environment, run_child
from assistant.voice.audio.player import CommandPlayer, Pcm, Player, StreamingPlayer

log = logging.getLogger(__name__)

AUTO = "auto"
"""The setting with which what is worn is preferred to the system's own device."""
PREFERRED_CARD_RETRY_S = 5.0
"""Seconds after a failure of the configured card at which it is tried again."""
WORN_INTERVAL_S = 5.0
"""Seconds from one look for a worn sound card to the next, with AUTO and as long as none was found; it happens when
something is played, and takes some milliseconds."""
BUSY_RETRY_S, BUSY_RETRIES = 1.0, 3
"""Pause (seconds) and number of retries of a card that another program holds: it is often free a moment later."""
LIST_TIMEOUT_S, BLUETOOTH_TIMEOUT_S = 2.0, 0.5
"""Time limits of `aplay -l` and of `bluealsa-aplay -L`, which may wait for a service, seconds."""
CARD_LINE = re.compile(r"^card \d+: (?P<id>\S+) \[(?P<name>.*)\], device (?P<number>\d+): .*$", re.MULTILINE)
"""A line of `aplay -l`; all of it tells what the card is: a USB card's device is called "USB Audio"."""
BLUETOOTH_LINES = re.compile(
    r"^(?P<device>bluealsa:DEV=[0-9A-Fa-f:]+,PROFILE=a2dp)\S*\n\s+(?P<name>[^,\n]*),.*playback", re.MULTILINE
)
"""The first two lines of a headset in `bluealsa-aplay -L`."""
SOUND_SERVERS = ("pulse/native", "pipewire-0")
"""The sockets of a sound server in the user's runtime folder."""


class CardKind(IntEnum):
    """What a sound card is, in the order in which cards are preferred."""

    BLUETOOTH = 0
    USB = 1
    """A headset, or an adapter with one."""
    HAT = 2
    """A card on top of a Raspberry Pi: any besides the board's own."""
    JACK = 3
    UNKNOWN = 4
    SCREEN = 5
    """HDMI: a screen that may have no loudspeaker; and cards that play nowhere."""

    @property
    def is_worn(self) -> bool:
        """Whether somebody plugged it in or paired it to hear the assistant."""
        return self <= CardKind.HAT


@dataclass(frozen=True)
class SoundCard:
    """A device of a sound card."""

    device: str
    """As aplay takes it."""
    setting: str
    """What `voice.device` has to be to choose it."""
    name: str
    """As its maker calls it."""
    kind: CardKind


class SoundCardPlayer:
    """Plays on one device, else on the best other card that works, and returns to the first as soon as that works."""

    def __init__(
        self,
        device: str,
        on_switch: Callable[[str, bool], None] = lambda name, has_played: None,
        *,
        make: Callable[[str], Player] = CommandPlayer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """device: a card's name; empty: the system's default; AUTO: what is worn, also once it is plugged in later,
        else the system's default.

        on_switch(name, has_played): the sound now comes out of another card; an empty name: out of `device` again.
        has_played: whether `device` has ever played. make(device): the player of a device.
        """
        self._is_auto, self._device = device == AUTO, "" if device == AUTO else device
        self._on_switch, self._make, self._clock = on_switch, make, clock
        self._current, self._fallback_until, self._look_at = self._device, 0.0, 0.0
        self._has_played = False

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        if self._is_auto and not self._device and self._clock() >= self._look_at:
            self._look_at = self._clock() + WORN_INTERVAL_S
            self._device = worn_device(cancel)
        first = self._current if self._clock() < self._fallback_until else self._device
        try:
            return self._play_on(first, pcm, cancel)
        except VoiceError as err:
            error = err
        cards = find_sound_cards(cancel)
        if meant := _meant(self._device, cards):
            self._device = meant
        self._fallback_until = self._clock() + PREFERRED_CARD_RETRY_S
        others = dict.fromkeys((self._device, *(card.device for card in cards), ""))
        for name in others:
            if name == first:
                continue
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

    def stream(
        self, chunks: Iterable[bytes], chunk_s: float, rate: int, channels: int, cancel: threading.Event
    ) -> bool:
        """Play pieces as they are made, on the device that plays now. Where that fails, no other device is tried, since
        the pieces are gone."""
        player = self._make(self._current if self._clock() < self._fallback_until else self._device)
        if not isinstance(player, StreamingPlayer):
            raise VoiceError("this player cannot play a tone that is made while it plays")
        return player.stream(chunks, chunk_s, rate, channels, cancel)

    def _play_on(self, name: str, pcm: Pcm, cancel: threading.Event) -> bool:
        is_whole = self._make(name).play(pcm, cancel)
        if name != self._current and is_whole:
            self._current = name
            self._on_switch("" if name == self._device else name, self._has_played)
        self._has_played |= name == self._device
        return is_whole


def preferred_device(setting: str, cancel: threading.Event) -> str:
    """The device that a setting of `voice.device` stands for: with AUTO the card that is worn, else the system's own
    (empty)."""
    return worn_device(cancel) if setting == AUTO else setting


def preferred_player(setting: str) -> Player:
    """A player on that device alone, for a command whose error names the device."""
    return CommandPlayer(preferred_device(setting, threading.Event()))


def worn_device(cancel: threading.Event) -> str:
    """The device of the best card that is worn; empty where there is none, and where a sound server decides: it follows
    what the user has chosen."""
    if has_sound_server():
        return ""
    return next((card.device for card in find_sound_cards(cancel) if card.kind.is_worn), "")


def has_sound_server() -> bool:
    """Whether this user runs PulseAudio or PipeWire, through which the system's own device plays."""
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    has_socket = bool(folder) and any(Path(folder, name).exists() for name in SOUND_SERVERS)
    return has_socket or "PULSE_SERVER" in os.environ


def list_sound_cards(cancel: threading.Event) -> list[str]:
    """The devices of all sound cards, as aplay takes them, the best first; none where aplay cannot list them."""
    return [card.device for card in find_sound_cards(cancel)]


def find_sound_cards(cancel: threading.Event) -> list[SoundCard]:
    """All sound cards, the best first, connected Bluetooth headsets too; none where aplay cannot list them."""
    listing = _listing(["aplay", "-l"], LIST_TIMEOUT_S, cancel)
    found = _cards(listing, listing)
    found += [
        SoundCard(lines["device"], lines["device"], lines["name"], CardKind.BLUETOOTH)
        for lines in BLUETOOTH_LINES.finditer(_listing(["bluealsa-aplay", "-L"], BLUETOOTH_TIMEOUT_S, cancel))
    ]
    return sorted(found, key=lambda card: card.kind)


def find_microphones(cancel: threading.Event) -> list[SoundCard]:
    """All sound cards that record, the best first; none where arecord cannot list them. Bluetooth headsets are not
    among them: with its microphone on, a headset plays with the sound of a telephone."""
    playing = _listing(["aplay", "-l"], LIST_TIMEOUT_S, cancel)  # a Pi's own cards, by which it is known, only play
    return sorted(_cards(_listing(["arecord", "-l"], LIST_TIMEOUT_S, cancel), playing), key=lambda card: card.kind)


def device_of(setting: str, cards: list[SoundCard]) -> str:
    """The device that a card's name stands for; the name may be written as by the card's maker, in any letter case."""
    return _meant(setting, cards) or setting


def _cards(listing: str, playing: str) -> list[SoundCard]:
    """The cards of a list as `aplay -l` or `arecord -l` prints it. playing: the list of `aplay -l`."""
    is_pi = "bcm2835" in playing or "vc4" in playing
    found = []
    for line in CARD_LINE.finditer(listing):
        device = f"plughw:CARD={line['id']},DEV={line['number']}"
        setting = line["id"] if line["number"] == "0" else device
        found.append(SoundCard(device, setting, line["name"], _kind(line[0].lower(), is_pi)))
    return found


def _listing(command: list[str], limit_s: float, cancel: threading.Event) -> str:
    """What a program lists; empty where it is not there, fails or takes longer than limit_s."""
    if not shutil.which(command[0]):
        return ""
    try:
        done = run_child(command, b"", limit_s, cancel, english_environment())
    except VoiceError:
        return ""
    return done.output.decode("utf-8", "replace") if done else ""


def _kind(line: str, is_pi: bool) -> CardKind:
    """What a card is, by its line of `aplay -l` in lower case. is_pi: the list has a card of a Raspberry Pi's own."""

    card, _, device = line.partition(", device ")

    def has(where: str, *words: str) -> bool:
        return any(word in where for word in words)

    if has(line, "hdmi", "vc4", "loopback", "dummy"):
        return CardKind.SCREEN
    if has(line, "usb") or has(card, "headset"):
        return CardKind.USB
    if has(card, "headphone", "bcm2835") or has(device, "analog"):  # a HAT's device may be called bcm2835 too
        return CardKind.JACK
    return CardKind.HAT if is_pi else CardKind.UNKNOWN


def _meant(device: str, cards: list[SoundCard]) -> str:
    """The device of the card whose name was written otherwise: in other letters, or as its maker calls it; empty where
    there is none."""
    if not device or ":" in device:
        return ""
    if any(card.setting == device for card in cards):
        return ""
    written = device.casefold()
    return next((card.device for card in cards if written in (card.setting.casefold(), card.name.casefold())), "")
