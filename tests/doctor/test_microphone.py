"""The doctor's check of the microphone: what it hears, and what is wrong."""

import sys
from pathlib import Path

import pytest

from assistant.config.settings import ListenSettings, Settings
from assistant.doctor import microphone as module
from assistant.doctor.finding import Finding
from assistant.doctor.microphone import microphone
from assistant.voice.listening.gaps import FRAME_BYTES
from tests.support.captured_audio import FakePrograms
from tests.support.microphone_standin import detects, records


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(module, "LISTEN_S", 0.2)
    detects(monkeypatch)
    return FakePrograms(tmp_path, monkeypatch)


def check(steps: list[str] | None = None) -> Finding:
    """The finding; `steps`: what it wrote that it tries."""
    return microphone(Settings(listen=ListenSettings(enabled=True)), (steps if steps is not None else []).append)


def sounds(programs: FakePrograms, content: bytes) -> None:
    (programs.folder / "sound").write_bytes(content)
    records(programs, "{cat} {folder}/sound", error="arecord: pcm_read: read error: No such device")


def test_a_microphone_that_works_is_told_with_its_level_and_its_device(programs: FakePrograms) -> None:
    sounds(programs, b"\0\x40" * (FRAME_BYTES // 2) * 10)  # half of full scale
    steps: list[str] = []
    found = check(steps)
    assert (found.ok, found.keys) == (True, ("microphone",))
    expected = "-6 dBFS at the loudest, talk in 100 % of 0.2 s, webrtcvad-wheels 9, plughw:CARD=Device,DEV=0"
    assert found.detail == expected
    assert steps == ["the detector of talk", "the microphone plughw:CARD=Device,DEV=0"]


def test_a_microphone_that_hears_nothing_at_all_is_bad(programs: FakePrograms) -> None:
    sounds(programs, bytes(FRAME_BYTES * 10))
    found = check()
    assert (found.ok, found.keys, found.advice) == (False, ("microphone_silent",), "microphone")
    assert found.detail.startswith("-100 dBFS at the loudest, talk in ")


@pytest.mark.parametrize("count", [0, 3])
def test_a_microphone_that_ends_early_is_bad(count: int, programs: FakePrograms) -> None:
    sounds(programs, b"\1" * FRAME_BYTES * count)
    found = check()
    assert (found.ok, found.keys, found.advice) == (False, ("faults.microphone",), "microphone")
    assert found.detail == "arecord: pcm_read: read error: No such device"


def test_without_arecord_or_the_detector_it_says_what_to_install(
    programs: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "install the package alsa-utils" in check().detail
    monkeypatch.setitem(sys.modules, "webrtcvad", None)
    found = check()
    assert (found.ok, found.advice) == (False, "install")
    assert "webrtcvad-wheels is not installed" in found.detail
