"""Sound cards: while the configured one fails another is used, the best first."""

import threading
from collections.abc import Callable

import pytest

from assistant.errors import SoundCardBusyError, VoiceError
from assistant.voice.audio.player import Pcm
from assistant.voice.audio.sound_cards import PREFERRED_CARD_RETRY_S, SoundCardPlayer, list_sound_cards
from tests.support.captured_audio import FakePrograms, beep

LISTING = """**** List of PLAYBACK Hardware Devices ****
card 0: vc4hdmi0 [vc4-hdmi-0], device 0: MAI PCM i2s-hifi-0 [MAI PCM i2s-hifi-0]
  Subdevices: 1/1
card 1: sndrpihifiberry [snd_rpi_hifiberry_dac], device 0: HifiBerry DAC [HifiBerry DAC]
card 2: Headphones [bcm2835 Headphones], device 0: bcm2835 Headphones [bcm2835 Headphones]
card 3: Device [USB Audio Device], device 0: USB Audio [USB Audio]
card 3: Device [USB Audio Device], device 1: USB Audio [USB Audio]
"""
LISTS = "#!/bin/sh\n[ \"$1 $LC_ALL\" = '-l C' ] && {cat} <<'END'\n" + LISTING + "END\n"
NEVER = threading.Event()


@pytest.fixture
def tool(tmp_path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:  # type: ignore[no-untyped-def]
    return FakePrograms(tmp_path, monkeypatch)


class FakeSoundCards:
    """Sound cards by name; those in `works` play. tried: the order in which they were tried."""

    def __init__(self, *works: str, error: VoiceError | None = None) -> None:
        self.works, self.error, self.tried, self.switches = set(works), error or VoiceError("gone"), [], []
        self.now = 0.0
        self.player = SoundCardPlayer("Set", self.switches.append, make=self.make, clock=lambda: self.now)

    def make(self, name: str) -> "FakeSoundCard":
        return FakeSoundCard(self, name)


class FakeSoundCard:
    def __init__(self, cards: FakeSoundCards, name: str) -> None:
        self.cards, self.name = cards, name

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        self.cards.tried.append(self.name)
        if self.name not in self.cards.works:
            raise self.cards.error
        return True


def test_the_cards_are_listed_with_headsets_first_and_screens_last(tool: FakePrograms) -> None:
    tool.install(LISTS)
    assert list_sound_cards(NEVER) == [
        "plughw:CARD=Device,DEV=0", "plughw:CARD=Device,DEV=1", "plughw:CARD=Headphones,DEV=0",
        "plughw:CARD=sndrpihifiberry,DEV=0", "plughw:CARD=vc4hdmi0,DEV=0",
    ]  # fmt: skip


@pytest.mark.parametrize("behaviour", ["failing", "#!/bin/sh\nexit 0\n", None])
def test_if_no_cards_can_be_listed_there_are_none(tool: FakePrograms, behaviour: str | None) -> None:
    if behaviour:
        tool.install(behaviour)
    assert list_sound_cards(NEVER) == []


def test_sound_switches_to_the_next_card_and_back_and_both_are_reported(
    tool: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool.install(LISTS)
    jack = "plughw:CARD=Headphones,DEV=0"
    cards = FakeSoundCards("Set", jack)
    assert cards.player.play(beep(0.1), NEVER)
    assert cards.switches == []
    cards.works.discard("Set")
    assert cards.player.play(beep(0.1), NEVER)
    assert cards.switches == [jack]
    cards.tried.clear()
    cards.now = PREFERRED_CARD_RETRY_S - 0.1
    assert cards.player.play(beep(0.1), NEVER)
    assert cards.tried == [jack], "the one that works goes first for a while"
    cards.works.add("Set")
    cards.now = PREFERRED_CARD_RETRY_S + 0.1
    assert cards.player.play(beep(0.1), NEVER)
    assert cards.switches == [jack, ""]
    assert cards.tried == [jack, "Set"]


def test_if_no_card_plays_the_error_of_the_first_is_raised(tool: FakePrograms) -> None:
    tool.install(LISTS)
    cards = FakeSoundCards()
    with pytest.raises(VoiceError, match="gone"):
        cards.player.play(beep(0.1), NEVER)
    assert len(cards.tried) == 6
    assert cards.switches == []


def test_a_cancelled_wait_for_a_busy_card_is_a_failure(tool: FakePrograms) -> None:
    cards, cancel = (
        FakeSoundCards(error=SoundCardBusyError("audio open error: Device or resource busy")),
        threading.Event(),
    )
    cancel.set()
    with pytest.raises(VoiceError, match="busy"):
        cards.player.play(beep(0.1), cancel)


def test_a_card_that_is_busy_is_tried_again(tool: FakePrograms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.voice.audio.sound_cards.BUSY_RETRY_S", 0.0)
    cards = FakeSoundCards(error=SoundCardBusyError("audio open error: Device or resource busy"))
    waits = iter([False, True])
    make: Callable[[str], FakeSoundCard] = cards.make

    def later(name: str) -> FakeSoundCard:
        if cards.tried and next(waits):
            cards.works.add("Set")
        return make(name)

    player = SoundCardPlayer("Set", make=later)
    assert player.play(beep(0.1), NEVER)
    assert cards.tried == ["Set"] * 3
