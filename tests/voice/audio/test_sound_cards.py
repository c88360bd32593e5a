"""Sound cards: while the configured one fails another is used, the best first."""

import threading
from collections.abc import Callable

import pytest

from assistant.errors import SoundCardBusyError, VoiceError
from assistant.voice.audio.player import Pcm
from assistant.voice.audio.sound_cards import (
    AUTO,
    PREFERRED_CARD_RETRY_S,
    WORN_INTERVAL_S,
    SoundCardPlayer,
    find_sound_cards,
    list_sound_cards,
    preferred_device,
)
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

    def __init__(self, *works: str, device: str = "Set", error: VoiceError | None = None) -> None:
        self.works, self.error, self.tried = set(works), error or VoiceError("gone"), list[str]()
        self.switches: list[tuple[str, bool]] = []
        self.now = 0.0
        self.player = SoundCardPlayer(
            device, lambda *switch: self.switches.append(switch), make=self.make, clock=lambda: self.now
        )

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


def test_the_cards_are_listed_with_what_is_worn_first_and_screens_last(tool: FakePrograms) -> None:
    tool.install(LISTS)
    assert list_sound_cards(NEVER) == [
        "plughw:CARD=Device,DEV=0", "plughw:CARD=Device,DEV=1", "plughw:CARD=sndrpihifiberry,DEV=0",
        "plughw:CARD=Headphones,DEV=0", "plughw:CARD=vc4hdmi0,DEV=0",
    ]  # fmt: skip


USB_BESIDE_THE_JACK = """card 0: Headphones [bcm2835 Headphones], device 0: bcm2835 Headphones [bcm2835 Headphones]
card 1: vc4hdmi0 [vc4-hdmi-0], device 0: MAI PCM i2s-hifi-0 [MAI PCM i2s-hifi-0]
card 2: Headset [Plantronics USB Headset], device 0: USB Audio [USB Audio]
"""
BOARD_ALONE = USB_BESIDE_THE_JACK[: USB_BESIDE_THE_JACK.index("card 2")]
LOOPBACK = """card 0: Headphones [bcm2835 Headphones], device 0: x [x]
card 1: Loopback [Loopback], device 0: Loopback PCM [Loopback PCM]
"""
JACK, HEADSET = "plughw:CARD=Headphones,DEV=0", "plughw:CARD=Headset,DEV=0"
BLUETOOTH = """bluealsa:DEV=FC:58:FA:19:26:53,PROFILE=a2dp,SRV=org.bluealsa
    Shokz OpenRun, trusted audio-headset, playback
    A2DP (SBC): S16_LE 2 channels 44100 Hz
bluealsa:DEV=FC:58:FA:19:26:53,PROFILE=sco,SRV=org.bluealsa
    Shokz OpenRun, trusted audio-headset, capture
    SCO (CVSD): S16_LE 1 channel 8000 Hz
"""


def listed(text: str) -> str:
    """A program that prints `text`, whatever it is asked."""
    return "#!/bin/sh\n{cat} <<'END'\n" + text + "END\n"


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        (USB_BESIDE_THE_JACK, HEADSET),
        (USB_BESIDE_THE_JACK.replace("Headset [Plantronics USB Headset]", "Set [AB13X]"), "plughw:CARD=Set,DEV=0"),
        (USB_BESIDE_THE_JACK.replace("Headset [Plantronics USB Headset], device 0: USB Audio [USB Audio]",
                                     "wm8960 [wm8960-soundcard], device 0: bcm2835-i2s-wm8960"),
         "plughw:CARD=wm8960,DEV=0"),
        ("card 0: PCH [HDA Intel PCH], device 0: ALC257 Analog [ALC257 Analog]\n", ""),
        (BOARD_ALONE, ""),
        (LOOPBACK, ""),
    ],
    ids=["a USB headset", "an adapter, by its device", "a HAT", "a laptop", "the board alone", "a loopback"],
)  # fmt: skip
def test_what_is_worn_is_preferred_to_the_systems_own(tool: FakePrograms, listing: str, expected: str) -> None:
    tool.install(listed(listing))
    assert preferred_device(AUTO, NEVER) == expected
    assert preferred_device("", NEVER) == ""
    assert preferred_device("Headphones", NEVER) == "Headphones"


def test_a_connected_bluetooth_headset_is_preferred_to_all(tool: FakePrograms) -> None:
    tool.install(listed(USB_BESIDE_THE_JACK))
    tool.install(listed(BLUETOOTH), "bluealsa-aplay")
    first, second, *_ = find_sound_cards(NEVER)
    assert (first.device, first.name) == ("bluealsa:DEV=FC:58:FA:19:26:53,PROFILE=a2dp", "Shokz OpenRun")
    assert first.setting == first.device
    assert (second.device, second.setting) == (HEADSET, "Headset")
    assert preferred_device(AUTO, NEVER) == first.device


def test_a_sound_server_decides_by_itself(tool: FakePrograms, monkeypatch: pytest.MonkeyPatch) -> None:
    tool.install(listed(USB_BESIDE_THE_JACK))
    (tool.folder / "pulse").mkdir()
    (tool.folder / "pulse/native").touch()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tool.folder))
    assert preferred_device(AUTO, NEVER) == ""


def test_the_sound_comes_from_the_headset_from_the_start(tool: FakePrograms) -> None:
    tool.install(listed(USB_BESIDE_THE_JACK))
    cards = FakeSoundCards("", JACK, HEADSET, device=AUTO)
    assert cards.player.play(beep(0.1), NEVER)
    assert (cards.tried, cards.switches) == ([HEADSET], [("", False)]), "no fault: nothing has failed"


def test_a_headset_that_is_plugged_in_later_is_used_and_one_that_is_pulled_out_is_told(tool: FakePrograms) -> None:
    tool.install(listed(BOARD_ALONE))
    cards = FakeSoundCards("", JACK, HEADSET, device=AUTO)
    assert cards.player.play(beep(0.1), NEVER)
    assert cards.tried == [""]
    tool.install(listed(USB_BESIDE_THE_JACK))
    cards.now += WORN_INTERVAL_S
    assert cards.player.play(beep(0.1), NEVER)
    assert cards.tried == ["", HEADSET]
    tool.install(listed(BOARD_ALONE))
    cards.works.discard(HEADSET)
    cards.now += WORN_INTERVAL_S
    assert cards.player.play(beep(0.1), NEVER)
    assert cards.tried[-1] == JACK
    assert cards.switches[-1] == (JACK, True)
    cards.works.add(HEADSET)
    tool.install(listed(USB_BESIDE_THE_JACK))
    cards.now += PREFERRED_CARD_RETRY_S
    assert cards.player.play(beep(0.1), NEVER)
    assert cards.switches[-1] == ("", True)


@pytest.mark.parametrize("written", ["headset", "Plantronics USB Headset"])
def test_a_card_whose_name_is_written_otherwise_is_found(tool: FakePrograms, written: str) -> None:
    tool.install(listed(USB_BESIDE_THE_JACK))
    cards = FakeSoundCards("", JACK, HEADSET, device=written)
    cards.works.discard("")
    for _ in range(2):
        assert cards.player.play(beep(0.1), NEVER)
    assert cards.tried == [written, HEADSET, HEADSET]
    assert not [name for name, _ in cards.switches if name], "it is the card that was meant"


def test_a_name_of_no_card_does_not_cost_the_words(tool: FakePrograms) -> None:
    tool.install(listed(USB_BESIDE_THE_JACK))
    cards = FakeSoundCards("", JACK, HEADSET, device="Hedset")
    assert cards.player.play(beep(0.1), NEVER)
    assert cards.switches == [(HEADSET, False)]


def test_without_a_list_of_cards_the_systems_own_device_takes_the_place_of_one_that_is_missing(
    tool: FakePrograms,
) -> None:
    cards = FakeSoundCards("", device="no such sink")
    assert cards.player.play(beep(0.1), NEVER)
    assert cards.tried == ["no such sink", ""]


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
    assert cards.switches == [(jack, True)]
    cards.tried.clear()
    cards.now = PREFERRED_CARD_RETRY_S - 0.1
    assert cards.player.play(beep(0.1), NEVER)
    assert cards.tried == [jack], "the one that works goes first for a while"
    cards.works.add("Set")
    cards.now = PREFERRED_CARD_RETRY_S + 0.1
    assert cards.player.play(beep(0.1), NEVER)
    assert cards.switches == [(jack, True), ("", True)]
    assert cards.tried == [jack, "Set"]


def test_if_no_card_plays_the_error_of_the_first_is_raised(tool: FakePrograms) -> None:
    tool.install(LISTS)
    cards = FakeSoundCards()
    with pytest.raises(VoiceError, match="gone"):
        cards.player.play(beep(0.1), NEVER)
    assert len(cards.tried) == 7, "the system's own device last"
    assert cards.tried[-1] == ""
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
    waits = iter([False, False, True])
    make: Callable[[str], FakeSoundCard] = cards.make

    def later(name: str) -> FakeSoundCard:
        if cards.tried and next(waits):
            cards.works.add("Set")
        return make(name)

    player = SoundCardPlayer("Set", make=later)
    assert player.play(beep(0.1), NEVER)
    assert cards.tried == ["Set", "", "Set", "Set"]
