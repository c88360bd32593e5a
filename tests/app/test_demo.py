"""The demo: transcript and sound agree, with and without a sound device, and it ends by itself."""

import io
import itertools
import os
import re
import stat
import threading
import wave
from pathlib import Path

import numpy as np
import pytest

from assistant.app import cli, demo
from assistant.config.settings import Settings
from assistant.errors import ModelError, SourceError
from assistant.vision.cameras.demo import Shot
from tests.support.standins import needs_photographs

pytestmark = needs_photographs

EMPTY, SMILE = (0.12, 0.84, 0.30), (0.45, 0.28, 0.70)
SHORT = (Shot("astronaut", 2.5, SMILE, SMILE), Shot("astronaut", 3.0, EMPTY, EMPTY))
LINE = re.compile(r"^ *([0-9.]+) s  (.*?) +\((.*)\)( \[.*\])?$")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same demo with two shots, in six seconds."""
    monkeypatch.setattr("assistant.vision.cameras.demo.SHOTS", SHORT)


def show(tmp_path: Path) -> tuple[str, np.ndarray, int]:
    """The demo's output, and its sound as float [N] in [-1, 1] with its rate."""
    out = io.StringIO()
    assert demo.demo(Settings(), tmp_path / "demo.wav", threading.Event(), out) == 0
    with wave.open(str(tmp_path / "demo.wav")) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16) / 32768
        return out.getvalue(), samples, sound.getframerate()


def bursts(samples: np.ndarray, rate: int) -> list[tuple[float, float]]:
    """(start, end) in seconds of every stretch of sound, pauses under 0.3 s filled."""
    frame = rate // 100
    loud = np.sqrt((samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2).mean(axis=1)) > 0.01
    runs = [(key, len(list(group))) for key, group in itertools.groupby(loud)]
    sounds, at = [], 0.0
    for is_loud, count in runs:
        if is_loud:
            if sounds and at - sounds[-1][1] < 0.3:
                sounds[-1] = (sounds[-1][0], at + count / 100)
            else:
                sounds.append((at, at + count / 100))
        at += count / 100
    return sounds


@pytest.mark.timed
@pytest.mark.usefixtures("short")
def test_without_a_sound_device_the_transcript_agrees_with_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "aplay"
    program.write_text("#!/bin/sh\necho 'aplay: no soundcards found' >&2\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    out, samples, rate = show(tmp_path)
    (silent,) = [line for line in out.splitlines() if line.startswith("No sound device")]
    assert "no soundcards found" in silent
    lines = [match for line in out.splitlines() if (match := LINE.match(line))]
    assert [match[2] for match in lines] == ["Ready.", "One person looks happy.", "Nobody in view."]
    assert all(match[4] is None for match in lines)
    sounds = bursts(samples, rate)
    assert len(sounds) == len(lines)
    for match, (start, end) in zip(lines, sounds, strict=True):
        assert abs(float(match[1]) - start) < 0.6  # the transcript has the time at which the words begin
        assert 0.15 < end - start < 0.5 + 0.1 * len(match[2])


@pytest.mark.usefixtures("short")
def test_an_unknown_model_is_an_error_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="no shipped model is called 'none'"):
        cli.main(["demo", "--model", "none", "--wav", str(tmp_path / "demo.wav"), "--debug"])
    assert not (tmp_path / "demo.wav").exists()


def test_without_the_photographs_it_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.vision.cameras.demo.util.find_spec", lambda name: None)
    with pytest.raises(SourceError, match="the demo's photographs come with"):
        demo.demo(Settings(), tmp_path / "demo.wav", threading.Event(), io.StringIO())
