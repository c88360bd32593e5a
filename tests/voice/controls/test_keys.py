"""Media keys: recorded events become commands, and devices may come and go."""

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config.settings import ControlSettings
from assistant.errors import ControlError
from assistant.voice import controls
from assistant.voice.controls.button_map import KEY_CODES, MEDIA_KEYS
from assistant.voice.controls.keys import (
    EV_KEY,
    EV_SYN,
    MISSING_S,
    SYN_DROPPED,
    KeyEventDecoder,
    MediaKeys,
    evdev_opener,
)
from tests.support.command_handler_standin import WAIT_S, CommandHandlerStandin, ManualClock

EVENT = struct.Struct("=HHi")
SYN = (EV_SYN, 0, 0)
DOWN, UP, AGAIN = 1, 0, 2
PLAYPAUSE, PLAY, PAUSE, NEXT, PREVIOUS, MUTE = 164, 200, 201, 163, 165, 113
HEADSET = (PLAY, PAUSE, NEXT, PREVIOUS, 166, 168, 208)
HEADSET_RECORDED = [
    (EV_KEY, PLAY, DOWN), SYN, (EV_KEY, PLAY, UP), SYN,
    (EV_KEY, PAUSE, DOWN), SYN, (EV_KEY, PAUSE, UP), SYN,
    (EV_KEY, NEXT, DOWN), SYN, (EV_KEY, NEXT, UP), SYN,
]  # fmt: skip
"""A Bluetooth headset as BlueZ passes it on: play and pause by turns, let go as soon as they are pressed."""
KEYBOARD_RECORDED = [
    (4, 4, 0xC00CD), (EV_KEY, PLAYPAUSE, DOWN), SYN,
    (EV_KEY, PLAYPAUSE, AGAIN), SYN, (EV_KEY, PLAYPAUSE, AGAIN), SYN,
    (4, 4, 0xC00CD), (EV_KEY, PLAYPAUSE, UP), SYN,
]  # fmt: skip
"""A USB keyboard: scan codes (EV_MSC) before each key, which repeats by itself while it is held."""


class Headset:
    """A device whose keys a test presses; its file is a socket. Gone: reading fails, as the kernel lets it."""

    def __init__(self, name: str = "Shokz (AVRCP)", codes: tuple[int, ...] = HEADSET) -> None:
        self.name, self.codes, self.is_grabbed, self.is_closed = name, codes, False, False
        self.grab_error: OSError | None = None
        self._ours, self._theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)

    def send(self, *events: tuple[int, int, int]) -> None:
        self._theirs.send(b"".join(EVENT.pack(*event) for event in events))

    def vanish(self) -> None:
        self._theirs.close()

    def fileno(self) -> int:
        return self._ours.fileno()

    def read(self) -> list[tuple[int, int, int]]:
        content = self._ours.recv(4096)
        if not content:
            raise OSError(19, "No such device")
        return list(EVENT.iter_unpack(content))

    def grab(self) -> None:
        if self.grab_error:
            raise self.grab_error
        self.is_grabbed = True

    def close(self) -> None:
        self.is_closed = True
        self._ours.close()


class Bench:
    """A folder of devices, and keys that watch it. opened: what they opened, as it happens."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.handler, self.clock = folder, CommandHandlerStandin(), ManualClock()
        self.devices: dict[Path, Headset | OSError] = {}
        self.opened: SimpleQueue[Path] = SimpleQueue()
        self.missing: SimpleQueue[str] = SimpleQueue()
        self.stack = contextlib.ExitStack()

    def add(self, number: int, device: Headset | OSError) -> Path:
        path = self.folder / f"event{number}"
        self.devices[path] = device
        path.touch()
        return path

    def watch(self, only: str = "", scan_interval_s: float = 0.02) -> MediaKeys:
        keys = MediaKeys(
            self.handler.handle,
            only=only,
            folder=self.folder,
            open_device=self.open,
            scan_interval_s=scan_interval_s,
            on_missing=self.missing.put,
            clock=self.clock,
        )
        self.stack.callback(keys.close)
        return keys

    def open(self, path: Path) -> Headset:
        device = self.devices[path]
        self.opened.put(path)
        if isinstance(device, OSError):
            raise device
        return device


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    with bench.stack:
        yield bench


def changes(events: list[tuple[int, int, int]]) -> list[tuple[str, bool | None]]:
    decoder = KeyEventDecoder()
    return [change for event in events for change in decoder.decode(*event)]


def test_recorded_events() -> None:
    assert changes(HEADSET_RECORDED) == [
        ("play", True), ("play", False), ("play", True), ("play", False), ("next", True), ("next", False)
    ]  # fmt: skip
    assert changes(KEYBOARD_RECORDED) == [("play", True), ("play", False)], "a key that repeats is still held"


def test_events_that_were_lost_let_go_of_what_was_held() -> None:
    lost = (EV_SYN, SYN_DROPPED, 0)
    assert changes([(EV_KEY, PLAY, DOWN), lost, (EV_KEY, PLAY, UP)]) == [
        ("play", True), ("play", None), ("play", False)
    ]  # fmt: skip
    assert changes([lost]) == []


@given(st.lists(st.tuples(st.integers(0, 31), st.integers(0, 767), st.integers(-(2**31), 2**31 - 1))))
def test_no_event_does_harm(events: list[tuple[int, int, int]]) -> None:
    for key, is_down in changes(events):
        assert key in MEDIA_KEYS
        assert is_down in (True, False, None)


def test_a_headset_asks(bench: Bench) -> None:
    headset = Headset()
    bench.add(3, headset)
    bench.watch()
    headset.send(*HEADSET_RECORDED)
    assert [bench.handler.next() for _ in range(3)] == ["ask", "repeat_instead", "why"]
    for code in (PREVIOUS, 166, 208, 168):
        headset.send((EV_KEY, code, DOWN), SYN, (EV_KEY, code, UP), SYN)
    assert [bench.handler.next() for _ in range(4)] == ["repeat", "toggle_mute", "faster", "slower"]
    assert not headset.is_grabbed


def test_a_keyboard_has_the_long_presses_too(bench: Bench) -> None:
    keyboard = Headset("USB Keyboard", (30, 48, PLAYPAUSE, MUTE))
    bench.add(0, keyboard)
    keys = bench.watch()
    keyboard.send((EV_KEY, NEXT, DOWN), SYN)
    assert bench.handler.next() == "why"
    keyboard.send(*KEYBOARD_RECORDED[:3])
    keyboard.send((EV_KEY, NEXT, UP), (EV_KEY, NEXT, DOWN))
    assert bench.handler.next() == "skills", "play went down before this; next for the second time"
    bench.clock.now += 1.0
    keyboard.send(*KEYBOARD_RECORDED[3:])
    assert bench.handler.next() == "toggle_mute"
    keyboard.send((EV_KEY, PLAYPAUSE, DOWN), (EV_KEY, NEXT, UP), (EV_KEY, NEXT, DOWN))
    assert bench.handler.next() == "why"
    bench.clock.now += 5.0
    keys._presses.poll()
    assert bench.handler.next() == "shutdown"


def test_a_headset_that_connects_later_is_found_and_found_again(bench: Bench) -> None:
    bench.watch()
    for number in (5, 5, 6):
        headset = Headset()
        path = bench.add(number, headset)
        headset.send((EV_KEY, PLAY, DOWN), (EV_KEY, PLAY, UP))
        assert bench.handler.next() == "ask"
        bench.clock.now += 10
        path.unlink()
        headset.vanish()
    assert bench.opened.qsize() == 3


def test_a_headset_that_vanishes_while_a_key_is_held_does_not_shut_the_box_down(bench: Bench) -> None:
    headset, other = Headset(), Headset("other")
    path = bench.add(1, headset)
    bench.add(2, other)
    keys = bench.watch()
    headset.send((EV_KEY, NEXT, DOWN), (EV_KEY, PLAY, DOWN))
    assert bench.handler.next() == "why"
    bench.devices[path] = OSError(19, "No such device")
    headset.vanish()
    assert [bench.opened.get(timeout=WAIT_S) for _ in range(3)][2] == path, "it is looked for again"
    bench.clock.now += 10
    keys._presses.poll()
    other.send((EV_KEY, PREVIOUS, DOWN))
    assert bench.handler.next() == "repeat"
    assert headset.is_closed


def test_what_has_no_media_keys_or_another_name_is_left_alone(bench: Bench) -> None:
    mouse, keyboard, headset = Headset("mouse", (272, 273)), Headset("keyboard"), Headset("OpenRun Pro (AVRCP)")
    speaker = Headset("volume and mute", (113, 114, 115))
    for number, device in enumerate((mouse, keyboard, speaker, headset)):
        bench.add(number, device)
    bench.watch(only="openrun pro")
    headset.send((EV_KEY, NEXT, DOWN))
    assert bench.handler.next() == "why"
    assert [device.is_closed for device in (mouse, keyboard, speaker, headset)] == [True, True, True, False]
    assert headset.is_grabbed, "a device that is named is taken exclusively"


def test_a_named_device_that_is_not_there_is_reported_once_and_again_when_it_is(bench: Bench) -> None:
    bench.add(1, Headset("keyboard"))
    bench.watch(only="OpenRun")
    assert bench.opened.get(timeout=WAIT_S)
    bench.clock.now += MISSING_S - 1
    bench.add(2, OSError(13, "Permission denied"))
    assert bench.opened.get(timeout=WAIT_S), "another scan"
    assert bench.missing.empty(), "it may still connect"
    bench.clock.now += 1
    assert bench.missing.get(timeout=WAIT_S) == "no device with media keys is named 'openrun' (controls.keys)"
    bench.clock.now += 1000
    headset = Headset("OpenRun (AVRCP)")
    path = bench.add(3, headset)
    assert bench.missing.get(timeout=WAIT_S) == ""
    headset.send((EV_KEY, NEXT, DOWN))
    assert bench.handler.next() == "why"
    bench.devices[path] = OSError(19, "No such device")
    headset.vanish()
    for _ in range(2):
        assert bench.opened.get(timeout=WAIT_S)
    bench.clock.now += 1000
    bench.add(4, OSError(13, "Permission denied"))
    while bench.opened.get(timeout=WAIT_S).name != "event4":
        pass
    assert bench.missing.empty(), "a headset may be switched off"


def test_a_named_device_that_another_program_has_taken_is_reported_and_tried_again(bench: Bench) -> None:
    headset = Headset("OpenRun")
    headset.grab_error = OSError(16, "Device or resource busy")
    path = bench.add(1, headset)
    bench.watch(only="OpenRun")
    assert bench.opened.get(timeout=WAIT_S) == path
    bench.clock.now += MISSING_S
    assert "cannot be taken exclusively: Device or resource busy" in bench.missing.get(timeout=WAIT_S)
    free = Headset("OpenRun")
    bench.devices[path] = free
    assert bench.missing.get(timeout=WAIT_S) == ""
    free.send((EV_KEY, NEXT, DOWN))
    assert bench.handler.next() == "why"


def test_a_device_without_rights_is_tried_again_when_they_change(bench: Bench) -> None:
    path = bench.add(1, OSError(13, "Permission denied"))
    bench.watch()
    assert bench.opened.get(timeout=WAIT_S) == path
    bench.add(2, OSError(13, "Permission denied"))
    assert bench.opened.get(timeout=WAIT_S).name == "event2", "the first was not tried over and over"
    headset = Headset()
    bench.devices[path] = headset
    path.chmod(0o660)
    headset.send((EV_KEY, NEXT, DOWN))
    assert bench.handler.next() == "why"


def test_close_lets_go_of_the_devices(bench: Bench) -> None:
    headset = Headset()
    bench.add(1, headset)
    keys = bench.watch(scan_interval_s=60)
    headset.send((EV_KEY, NEXT, DOWN))
    assert bench.handler.next() == "why"
    keys.close()
    assert headset.is_closed
    assert not keys._thread.is_alive()


def test_without_evdev_named_keys_are_a_fault_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "evdev", None)
    with pytest.raises(ControlError, match="apt install python3-evdev"):
        MediaKeys(CommandHandlerStandin().handle)
    for name, expected in (("OpenRun", ["media_keys"]), ("auto", []), ("off", [])):
        opened, faults = controls.make(
            ControlSettings(keys=name), CommandHandlerStandin().handle, tmp_path / "control.sock"
        )
        assert (len(opened), list(faults)) == (1, expected)
        opened[0].close()


KERNEL = {
    "EV_SYN": 0x00, "EV_KEY": 0x01, "SYN_DROPPED": 3,
    "KEY_MUTE": 113, "KEY_STOP": 128, "KEY_NEXTSONG": 163, "KEY_PLAYPAUSE": 164, "KEY_PREVIOUSSONG": 165,
    "KEY_STOPCD": 166, "KEY_REWIND": 168, "KEY_PLAYCD": 200, "KEY_PAUSECD": 201, "KEY_PLAY": 207,
    "KEY_FASTFORWARD": 208, "KEY_MEDIA": 226,
}  # fmt: skip
"""As include/uapi/linux/input-event-codes.h has them."""


def test_the_codes_are_the_kernels() -> None:
    names = {"play": "PLAYPAUSE PLAYCD PAUSECD PLAY MEDIA", "next": "NEXTSONG", "previous": "PREVIOUSSONG",
             "mute": "MUTE STOP STOPCD", "forward": "FASTFORWARD", "rewind": "REWIND"}  # fmt: skip
    assert {KERNEL[f"KEY_{name}"]: key for key, several in names.items() for name in several.split()} == KEY_CODES
    assert (KERNEL["EV_SYN"], KERNEL["EV_KEY"], KERNEL["SYN_DROPPED"]) == (EV_SYN, EV_KEY, SYN_DROPPED)


def test_evdev_has_the_same_codes() -> None:
    ecodes = pytest.importorskip("evdev.ecodes", reason="evdev is not installed: sudo apt install python3-evdev")
    assert {name: getattr(ecodes, name) for name in KERNEL} == KERNEL


def test_a_file_that_is_no_device_is_an_oserror(tmp_path: Path) -> None:
    pytest.importorskip("evdev", reason="evdev is not installed: sudo apt install python3-evdev")
    (tmp_path / "event0").touch()
    for path in (tmp_path / "event0", tmp_path / "none"):
        with pytest.raises(OSError, match="."):
            evdev_opener()(path)


def test_a_virtual_keyboard() -> None:
    """The kernel's own events, where this machine can make some."""
    evdev = pytest.importorskip("evdev", reason="evdev is not installed: sudo apt install python3-evdev")
    if not os.access("/dev/uinput", os.W_OK):
        pytest.skip("/dev/uinput is missing or not ours to write: no virtual keyboard can be made here")
    handler, name = CommandHandlerStandin(), "emotion-assistant test"
    with evdev.UInput({EV_KEY: [PLAYPAUSE, NEXT]}, name=name) as keyboard:
        keys = MediaKeys(handler.handle, only=name, scan_interval_s=0.05)
        try:
            asked = None
            while asked is None:  # until the device has been found, its keys have no effect
                for value in (DOWN, UP):
                    keyboard.write(EV_KEY, NEXT, value)
                    keyboard.syn()
                with contextlib.suppress(Exception):
                    asked = handler.asked.get(timeout=0.1)
            assert asked == "why"
        finally:
            keys.close()
