"""A microphone: an arecord on PATH with the sound of the test, and a detector of talk."""

import sys
import types

import pytest

from tests.support.captured_audio import FakePrograms

LISTING = """**** List of CAPTURE Hardware Devices ****
card 0: sndrpi [snd_rpi_card], device 0: Codec [Codec]
card 2: Device [USB Audio Device], device 0: USB Audio [USB Audio]
"""
LISTS = "[ \"$1 $LC_ALL\" = '-l C' ] && exec {cat} <<'END'\n" + LISTING + "END\n"
DETECTOR = """__version__ = "9"
class Vad:
    def __init__(self, mode): pass
    def is_speech(self, frame, rate): return any(frame)
"""
"""In place of the package: all but zeros is speech."""


def records(programs: FakePrograms, what: str, *, ends: bool = True, error: str = "") -> None:
    """Install an arecord that lists LISTING, or writes what the shell command `what` does. ends: it ends then, with
    `error` on its standard error; else it hangs and holds the pipe `alive`."""
    end = f"echo '{error}' >&2\nexit 1\n" if ends else "exec {sleep} 1000\n"
    opens = "" if ends else "exec 9>{folder}/alive\necho started >&9\n"
    programs.install(f"#!/bin/sh\n{LISTS}{opens}{what}\n{end}", "arecord")


def detects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make DETECTOR the package `webrtcvad` of this process."""
    module = types.ModuleType("webrtcvad")
    exec(DETECTOR, module.__dict__)
    monkeypatch.setitem(sys.modules, "webrtcvad", module)
