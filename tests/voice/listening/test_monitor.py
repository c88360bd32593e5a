"""The supervisor of the listener: whatever happens to that, the voice is told, and speaks."""

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from assistant.config.settings import ListenSettings
from assistant.records import FaultName, Utterance
from assistant.voice.listening import monitor as module
from assistant.voice.listening.listener import Report
from assistant.voice.listening.monitor import MIN_BACKOFF_S, OUTAGE_S, REPORT_LIMIT_S, START_LIMIT_S, TalkMonitor
from tests.support.fake_phrases import FakePhrases
from tests.support.fake_voices import WAIT_S, utterance

PROGRAM = """
import sys, time
sys.stderr.write("{error}\\n")
for line in {lines!r}:
    print(line, flush=True)
if not {ends}:
    sys.stdin.read()
"""
GAP = Report(is_talk=False, level_db=-50.0, detector="d 1", device="mic").line()
TALK = Report(is_talk=True, level_db=-30.0, detector="d 1", device="mic").line()
NONE = Report(error="no such card").line()


class Bench:
    """A monitor whose listener is a program of the test, with a clock that only the test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.said = 100.0, []  # type: float, list[str]
        self.heard: SimpleQueue[bool | None] = SimpleQueue()
        self._patch = monkeypatch
        self.runs()
        self.monitor = TalkMonitor(
            ListenSettings(enabled=True), FakePhrases(), self._put, self.heard.put, lambda: self.now
        )

    def runs(self, *lines: str, ends: bool = False, error: str = "") -> None:
        """What the next listener does: writes lines, then ends, or stays until its input ends."""
        program = PROGRAM.format(lines=lines, ends=ends, error=error)
        self._patch.setattr(module, "python_command", lambda *arguments: [sys.executable, "-c", program])

    def _put(self, utterance: Utterance) -> None:
        self.said.append(("over " if utterance.is_over else "") + utterance.topic)

    def next(self) -> bool | None:
        return self.heard.get(timeout=WAIT_S)

    def poll(self, after_s: float = 0.0) -> None:
        self.now += after_s
        self.monitor.poll()

    def child(self) -> int:
        assert self.monitor._child
        return self.monitor._child.pid

    def wait_ended(self) -> None:
        assert self.monitor._child
        self.monitor._child.wait(WAIT_S)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    bench = Bench(monkeypatch)
    with contextlib.closing(bench.monitor):
        yield bench


FAULT = f"fault {FaultName.MICROPHONE}"


def test_what_the_listener_reports_is_passed_on(bench: Bench) -> None:
    bench.runs(TALK, GAP, NONE)
    bench.poll()
    assert [bench.next() for _ in range(3)] == [True, False, None]


def test_without_the_setting_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = TalkMonitor(ListenSettings(), FakePhrases(), lambda utterance: None, lambda is_talk: None)
    monitor.poll()
    assert monitor._child is None
    assert monitor.facts() == {}


def test_a_missing_microphone_is_announced_once_and_so_is_its_return(bench: Bench) -> None:
    bench.runs(NONE)
    bench.poll()
    assert bench.next() is None
    bench.poll(OUTAGE_S - 0.1)
    assert bench.said == []
    for _ in range(5):
        bench.monitor._reported_at = bench.now = bench.now + 60.0  # it reports the same again and again
        bench.poll()
    assert bench.said == [FAULT]
    bench.monitor._take(Report.parse(GAP.encode()))
    bench.poll()
    assert bench.said == [FAULT, f"over {FAULT}"]


def test_a_listener_that_dies_is_replaced_before_anything_is_announced(bench: Bench) -> None:
    bench.runs(TALK, ends=True)
    bench.poll()
    assert bench.next() is True
    bench.wait_ended()
    bench.runs(GAP)
    bench.poll()
    assert bench.next() is None, "nothing waits meanwhile"
    bench.poll(MIN_BACKOFF_S)
    assert bench.next() is False
    bench.poll()
    assert bench.said == []


def test_a_listener_that_cannot_start_says_why(bench: Bench) -> None:
    bench.runs(ends=True, error="webrtcvad-wheels is not installed")
    bench.poll()
    bench.wait_ended()
    bench.poll()
    assert bench.next() is None
    bench.poll(OUTAGE_S)
    bench.wait_ended()  # the second one, too
    bench.poll()
    assert bench.said == [FAULT]
    assert bench.monitor.facts()["listening_error"] == "webrtcvad-wheels is not installed"


@pytest.mark.parametrize(("lines", "limit_s"), [((), START_LIMIT_S), ((TALK,), REPORT_LIMIT_S)])
def test_a_listener_that_hangs_is_killed(bench: Bench, lines: tuple[str, ...], limit_s: float) -> None:
    bench.runs(*lines)
    bench.poll()
    if lines:
        assert bench.next() is True
    child = bench.child()
    bench.poll(limit_s + 0.1)
    assert bench.next() is None
    assert not Path(f"/proc/{child}").exists()


def test_what_is_no_report_is_read_no_further(bench: Bench) -> None:
    bench.runs(GAP, json.dumps({"is_talk": True}), TALK)
    bench.poll()
    assert bench.next() is False
    bench.poll(REPORT_LIMIT_S + 0.1)
    assert bench.next() is None


def test_while_the_assistant_speaks_nothing_that_is_heard_counts(bench: Bench) -> None:
    """A loudspeaker is heard by the microphone; the own words are not talk for which the next ones wait."""
    own, other = utterance("Looks happy."), utterance("waits")
    bench.monitor._take(Report.parse(GAP.encode()))
    assert bench.next() is False
    bench.monitor.on_start(own)
    bench.monitor._take(Report.parse(TALK.encode()))
    bench.monitor.on_end(other)
    bench.monitor._take(Report.parse(TALK.encode()))
    assert bench.heard.empty()
    bench.monitor.on_end(own)
    assert bench.next() is True, "not known yet"
    bench.monitor._take(Report.parse(GAP.encode()))
    assert bench.next() is False


def test_a_microphone_that_is_lost_while_the_assistant_speaks_counts_at_once(bench: Bench) -> None:
    bench.monitor.on_start(utterance("Looks happy."))
    bench.monitor._take(Report.parse(NONE.encode()))
    assert bench.next() is None


def test_at_the_end_the_listener_ends_and_nothing_waits(bench: Bench) -> None:
    bench.runs(TALK)
    bench.poll()
    assert bench.next() is True
    child = bench.child()
    bench.monitor.close()
    assert bench.next() is None
    assert not Path(f"/proc/{child}").exists()
