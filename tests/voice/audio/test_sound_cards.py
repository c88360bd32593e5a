"""Sound cards: where one fails another is used, the best first, and the one that is set is taken again."""

import threading
from collections.abc import Callable

import pytest

from assistant.errors import VoiceError
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


class Rack:
    """Sound cards by name; those in `works` play. tried: in which order they were."""

    def __init__(self, *works: str, trouble: str = "gone") -> None:
        self.works, self.trouble, self.tried, self.moves = set(works), trouble, [], []
        self.now = 0.0
        self.player = SoundCardPlayer("Set", self.moves.append, make=self.make, clock=lambda: self.now)

    def make(self, name: str) -> "Card":
        return Card(self, name)


class Card:
    def __init__(self, rack: Rack, name: str) -> None:
        self.rack, self.name = rack, name

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        self.rack.tried.append(self.name)
        if self.name not in self.rack.works:
            raise VoiceError(self.rack.trouble)
        return True


def test_the_cards_are_listed_with_what_is_worn_first_and_screens_last(tool: FakePrograms) -> None:
    tool.install(LISTS)
    assert list_sound_cards(NEVER) == [
        "plughw:CARD=Device,DEV=0", "plughw:CARD=Device,DEV=1", "plughw:CARD=Headphones,DEV=0",
        "plughw:CARD=sndrpihifiberry,DEV=0", "plughw:CARD=vc4hdmi0,DEV=0",
    ]  # fmt: skip


@pytest.mark.parametrize("behaviour", ["failing", "#!/bin/sh\nexit 0\n", None])
def test_where_no_cards_can_be_listed_there_are_none(tool: FakePrograms, behaviour: str | None) -> None:
    if behaviour:
        tool.install(behaviour)
    assert list_sound_cards(NEVER) == []


def test_sound_moves_to_the_next_card_and_back_and_both_is_told(
    tool: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool.install(LISTS)
    jack = "plughw:CARD=Headphones,DEV=0"
    rack = Rack("Set", jack)
    assert rack.player.play(beep(0.1), NEVER)
    assert rack.moves == []
    rack.works.discard("Set")
    assert rack.player.play(beep(0.1), NEVER)
    assert rack.moves == [jack]
    rack.tried.clear()
    rack.now = PREFERRED_CARD_RETRY_S - 0.1
    assert rack.player.play(beep(0.1), NEVER)
    assert rack.tried == [jack], "the one that works goes first for a while"
    rack.works.add("Set")
    rack.now = PREFERRED_CARD_RETRY_S + 0.1
    assert rack.player.play(beep(0.1), NEVER)
    assert rack.moves == [jack, ""]
    assert rack.tried == [jack, "Set"]


def test_where_no_card_plays_the_trouble_of_the_first_is_told(tool: FakePrograms) -> None:
    tool.install(LISTS)
    rack = Rack()
    with pytest.raises(VoiceError, match="gone"):
        rack.player.play(beep(0.1), NEVER)
    assert len(rack.tried) == 6
    assert rack.moves == []


def test_who_gives_up_on_a_busy_card_has_heard_nothing(tool: FakePrograms) -> None:
    rack, cancel = Rack(trouble="audio open error: Device or resource busy"), threading.Event()
    cancel.set()
    with pytest.raises(VoiceError, match="busy"):
        rack.player.play(beep(0.1), cancel)


def test_a_card_that_is_busy_is_tried_again(tool: FakePrograms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.voice.audio.sound_cards.BUSY_RETRY_S", 0.0)
    rack = Rack(trouble="audio open error: Device or resource busy")
    waits = iter([False, True])
    make: Callable[[str], Card] = rack.make

    def later(name: str) -> Card:
        if rack.tried and next(waits):
            rack.works.add("Set")
        return make(name)

    player = SoundCardPlayer("Set", make=later)
    assert player.play(beep(0.1), NEVER)
    assert rack.tried == ["Set"] * 3
