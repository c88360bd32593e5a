"""The microphone: which one is chosen, what arecord is asked for, whole frames, and why there are none any more."""

import threading
from pathlib import Path

import pytest

from assistant.errors import ListenError
from assistant.voice.listening import microphone
from assistant.voice.listening.gaps import FRAME_BYTES
from assistant.voice.listening.microphone import frames, microphone_device, record_command
from tests.support.captured_audio import FakePrograms
from tests.support.microphone_standin import records

USB = "plughw:CARD=Device,DEV=0"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return FakePrograms(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("auto", USB), ("", ""), ("Device", "Device"), ("usb audio DEVICE", USB), ("hw:3", "hw:3"), ("Absent", "Absent")],
)
def test_the_microphone_is_the_one_that_is_set_else_the_one_that_is_worn(
    setting: str, expected: str, programs: FakePrograms
) -> None:
    records(programs, "")
    assert microphone_device(setting, threading.Event()) == expected


def test_the_systems_own_is_taken_where_a_sound_server_decides_or_nothing_is_worn(
    programs: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs.install("#!/bin/sh\necho 'card 0: Intel [HDA Intel], device 0: ALC [ALC]'\n", "arecord")
    assert microphone_device("auto", threading.Event()) == ""
    records(programs, "")
    monkeypatch.setenv("PULSE_SERVER", "unix:/somewhere")
    assert microphone_device("auto", threading.Event()) == ""


@pytest.mark.parametrize(
    ("device", "where"),
    [("", []), ("Device", ["-D", "plughw:CARD=Device"]), (USB, ["-D", USB]), ("hw:3", ["-D", "hw:3"])],
)
def test_arecord_is_asked_for_16_khz_mono_without_a_header_and_half_a_second_at_most(
    device: str, where: list[str]
) -> None:
    sound = ["-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "16000", "--buffer-time=500000", "--period-time=20000"]
    assert record_command(device) == ["arecord", "-q", *where, *sound]


def test_frames_are_whole_and_in_order_and_what_is_left_at_the_end_is_none(programs: FakePrograms) -> None:
    sound = bytes(range(256)) * 6
    (programs.folder / "sound").write_bytes(sound)
    records(programs, "{cat} {folder}/sound", error="arecord: pcm_read:2272: read error: No such device")
    with frames("") as source:
        assert [next(source), next(source)] == [sound[:FRAME_BYTES], sound[FRAME_BYTES : 2 * FRAME_BYTES]]
        with pytest.raises(ListenError, match="read error: No such device"):
            next(source)


def test_frames_that_come_in_pieces_are_put_together(programs: FakePrograms) -> None:
    piece = FRAME_BYTES // 4
    (programs.folder / "piece").write_bytes(b"x" * piece)
    records(programs, "for n in 1 2 3 4; do {cat} {folder}/piece; {sleep} 0.01; done", ends=False)
    with frames("") as source, (programs.folder / "alive").open("rb"):
        assert next(source) == b"x" * FRAME_BYTES


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("first\narecord: main:850: audio open error: Device or resource busy", "audio open error: Device or resource"),
        ("", "arecord has ended"),
    ],
)
def test_the_last_line_of_arecord_says_why_there_is_no_sound(error: str, why: str, programs: FakePrograms) -> None:
    records(programs, "", error=error)
    with frames("") as source, pytest.raises(ListenError, match=why):
        next(source)


def test_a_microphone_that_gives_nothing_is_an_error_and_its_arecord_ends(
    programs: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(microphone, "FIRST_FRAME_S", 0.05)
    records(programs, "", ends=False)
    with frames("") as source:
        alive = (programs.folder / "alive").open("rb")
        with pytest.raises(ListenError, match=r"gave no sound for 0\.05 s"):
            next(source)
    with alive:
        assert alive.read() in (b"started\n", b""), "nothing holds the pipe any more"


def test_what_is_missing_is_named(programs: FakePrograms) -> None:
    with pytest.raises(ListenError, match="alsa-utils"), frames(""):
        pass
    programs.install("#!/nowhere\n", "arecord")
    with pytest.raises(ListenError, match="could not be started: No such file"), frames(""):
        pass
