"""The listener: a process of its own that reports talk and gaps, and ends with its standard input."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assistant.errors import ListenError
from assistant.voice.listening import listener
from assistant.voice.listening.gaps import FRAME_BYTES, GAP_MS
from assistant.voice.listening.listener import Report, listen, make_detector, reports
from assistant.voice.listening.monitor import MAX_LINE
from tests.support.captured_audio import FakePrograms
from tests.support.microphone_standin import DETECTOR, detects, records

TALK, QUIET = b"\1" * FRAME_BYTES, bytes(FRAME_BYTES)
ROOT = Path(__file__).parents[3]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "talk").write_bytes(TALK)
    return FakePrograms(tmp_path, monkeypatch)


def run(programs: FakePrograms, *, detector: str = DETECTOR) -> "subprocess.Popen[bytes]":
    """The listener as a process, with the stand-ins."""
    (programs.folder / "webrtcvad.py").write_text(detector)
    path = f"{programs.folder}:{ROOT}"
    return subprocess.Popen(
        [sys.executable, "-m", "assistant.voice.listening.listener", ""],
        env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_it_ends_with_its_standard_input_and_leaves_no_arecord(programs: FakePrograms) -> None:
    records(programs, "while {cat} {folder}/talk; do {sleep} 0.01; done", ends=False)
    child = run(programs)
    with (programs.folder / "alive").open("rb") as alive:
        assert alive.readline() == b"started\n"
        assert child.stdout
        report = Report.parse(child.stdout.readline())
        assert report.is_talk
        assert (report.detector, report.error) == ("webrtcvad-wheels 9", "")
        _, errors = child.communicate(timeout=20)  # closes its standard input
        assert (child.returncode, errors) == (0, b"")
        assert alive.read() == b"", "no process holds the pipe"


def test_it_ends_when_nobody_reads_it(programs: FakePrograms) -> None:
    records(programs, "while {cat} {folder}/talk; do {sleep} 0.01; done", ends=False)
    child = run(programs)
    with (programs.folder / "alive").open("rb") as alive:
        assert child.stdout
        assert child.stdout.readline()
        child.stdout.close()
        assert child.wait(20) == 0
        assert child.stderr
        assert child.stderr.read() == b"", "no traceback"
        assert b"started\n" in alive.read()
    assert child.stdin
    child.stdin.close()
    child.stderr.close()


def test_without_the_detector_it_ends_and_says_what_to_install(programs: FakePrograms) -> None:
    child = run(programs, detector="raise ImportError\n")
    _, errors = child.communicate(timeout=20)
    assert (child.returncode, errors.decode()) == (1, f"{listener.NO_PACKAGE}\n")


def test_the_detector_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "webrtcvad", None)
    with pytest.raises(ListenError, match="--listen"):
        make_detector()


def test_a_report_comes_when_talk_pauses_or_begins_and_in_between_now_and_then() -> None:
    quiet = [QUIET] * (GAP_MS // 20)
    found = list(reports(iter([TALK, TALK, *quiet, QUIET, TALK, TALK]), any, lambda: 0.0))
    assert [is_talk for is_talk, _ in found[-2:]] == [False, True]
    times = iter(number / 50 for number in range(1000))
    assert 2 <= len(list(reports(iter([TALK] * 50), any, lambda: next(times)))) <= 8, (
        "a second of talk or a little more"
    )


def test_a_microphone_that_was_missing_is_found(programs: FakePrograms, monkeypatch: pytest.MonkeyPatch) -> None:
    detects(monkeypatch)
    monkeypatch.setattr(listener, "REOPEN_S", 0.05)
    monkeypatch.setattr(listener, "REPORT_S", 0.02)
    stop, errors = threading.Event(), []

    def report(what: Report) -> None:
        errors.append(what.error)
        if what.error:
            records(programs, "while {cat} {folder}/talk; do {sleep} 0.01; done", error="")
        else:
            stop.set()

    records(programs, "", error="audio open error: No such file or directory")
    listen("", report, stop)
    assert errors[0] == "audio open error: No such file or directory"
    assert errors[-1] == ""


def test_a_report_with_an_error_of_many_foreign_letters_fits_into_a_line() -> None:
    report = Report(detector="d" * 80, device="\U0001f3a4" * 90, error="\U0001f3a4" * 300)
    line = report.line().encode() + b"\n"
    assert len(line) <= MAX_LINE
    assert Report.parse(line).error == "\U0001f3a4" * 200
