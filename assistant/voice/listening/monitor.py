"""Supervises the listener, and tells the speaker whether somebody talks.

Whatever happens to the listener or the microphone, the voice speaks: while they fail it speaks as without a microphone.
A failure is announced once it has lasted for OUTAGE_S, and so is its end.

The assistant's own voice is not talk. It is private, in an earbud; and while the assistant speaks, what is heard is
ignored, since its voice may come out of a loudspeaker. Whether somebody talks is known again by the first report after
its last word.
"""

import contextlib
import logging
import math
import subprocess
import threading
import time
from collections.abc import Callable
from typing import IO

from assistant.config.settings import ListenSettings
from assistant.faults import FaultAnnouncer, FaultPhrases, FaultTracker
from assistant.records import Fate, FaultName, Utterance
from assistant.system.child_process import kill_process_group, python_command
from assistant.system.friends_folder import friends_folder
from assistant.voice.listening.listener import Report
from assistant.voice.listening.name_recorder import NameRecorder

log = logging.getLogger(__name__)

START_LIMIT_S, REPORT_LIMIT_S = 10.0, 1.5
"""A listener counts as hung if its first report, or its next one, does not come within so many seconds."""
OUTAGE_S = 2.5
"""A failure that lasts no longer is not announced: a listener that was killed listens again within a second."""
ANNOUNCED_ONCE_S = 600.0
"""A microphone that comes and goes is announced once in so many seconds."""
MIN_BACKOFF_S, MAX_BACKOFF_S = 0.2, 60.0
"""Pause before a listener that ended is started again: the first, doubled each time up to the last."""
CLOSE_TIMEOUT_S = 0.2
"""Seconds for the listener to end by itself."""
MAX_LINE = 8192


class TalkMonitor:
    """The listener's supervisor. `poll` and `close` are called from one thread, the others from any."""

    def __init__(
        self,
        settings: ListenSettings,
        phrases: FaultPhrases,
        put: Callable[[Utterance], None],
        hear: Callable[[bool | None], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """put: queues an utterance. hear(is_talk): somebody talks, or there is a gap; None: no listener works."""
        self._settings, self._hear, self._clock = settings, hear, clock
        tracker = FaultTracker((math.inf,), max_announcements=1, announcements_s=ANNOUNCED_ONCE_S)
        self._faults = FaultAnnouncer(phrases, put, tracker)
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._last_error_line: list[str] = []
        self._report = Report(error="the listener has not started yet")
        self._reported_at, self._has_reported = clock(), False
        self._deaf_since, self._start_at, self._backoff_s = clock(), clock(), MIN_BACKOFF_S
        self._speaking: Utterance | None = None
        self._lent_until = -math.inf
        self._name_recorder = NameRecorder(settings, friends_folder(), self.lend)

    def lend(self, seconds: float) -> None:
        """Leave the microphone alone for so many seconds; meanwhile the assistant speaks as without one."""
        self._lent_until = self._clock() + seconds

    def poll(self) -> None:
        """Start the listener if that is due, end it if it hangs, and announce what follows."""
        if not self._settings.enabled:
            return
        now = self._clock()
        if now < self._lent_until:
            if self._child is not None:
                self._end_listener()
            self._start_at = self._deaf_since = now
            return
        if self._child is None:
            if now >= self._start_at:
                self._start(now)
        elif self._child.poll() is not None:
            self._lose(now, self._why_ended(self._child))
        elif now - self._reported_at > (REPORT_LIMIT_S if self._has_reported else START_LIMIT_S):
            self._lose(now, f"the listener made no report for {now - self._reported_at:.1f} s")
        with self._lock:
            error, deaf_s = self._report.error, now - self._deaf_since
        if not error:
            self._faults.end(FaultName.MICROPHONE, now)
            self._backoff_s = MIN_BACKOFF_S
        elif deaf_s >= (OUTAGE_S if self._has_reported or self._child is None else START_LIMIT_S):
            self._faults.begin(FaultName.MICROPHONE, now, error)

    def on_start(self, utterance: Utterance) -> None:
        """The assistant begins to speak."""
        with self._lock:
            self._speaking = utterance

    def on_end(self, utterance: Utterance, fate: Fate | None = None) -> None:
        """An utterance has ended. If it asked for a name, that is recorded. If it was being spoken, it is not known yet
        whether somebody talks, which counts as talk."""
        if fate is not None:
            self._name_recorder.ended(utterance, fate)
        with self._lock:
            if utterance is not self._speaking:
                return
            self._speaking, is_deaf = None, bool(self._report.error)
        if not is_deaf:
            self._hear(True)

    def facts(self) -> dict[str, str | bool]:
        """What is heard, for the doctor; empty where listening is not set up."""
        if not self._settings.enabled:
            return {}
        with self._lock:
            report = self._report
        level = "" if report.level_db is None else f"{report.level_db:.0f} dBFS"
        return {
            "listening": not report.error, "listening_error": report.error, "microphone": report.device,
            "microphone_level": level, "talk_detector": report.detector,
        }  # fmt: skip

    def close(self) -> None:
        """End the listener; nothing waits for a gap any more."""
        self._name_recorder.close()
        self._end_listener()

    def _end_listener(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            _end(child, CLOSE_TIMEOUT_S)
        self._hear(None)

    def _start(self, now: float) -> None:
        command = python_command("-m", "assistant.voice.listening.listener", self._settings.device)
        pipe = subprocess.PIPE
        try:
            child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
        except OSError as err:
            self._lose(now, f"the listener could not be started: {err.strerror}")
            return
        assert child.stdout
        assert child.stderr
        self._child, self._reported_at, self._has_reported, self._last_error_line = child, now, False, []
        threading.Thread(target=self._read, args=(child, child.stdout), name="listener", daemon=True).start()
        errors = (child.stderr, self._last_error_line)
        self._error_reader = threading.Thread(target=_read_errors, args=errors, daemon=True)
        self._error_reader.start()

    def _lose(self, now: float, why: str) -> None:
        """The listener has ended or hangs: kill it, and start another one after a pause."""
        log.warning("%s", why)
        child, self._child = self._child, None
        if child is not None:
            _end(child, 0.0)
        self._start_at, self._backoff_s = now + self._backoff_s, min(2 * self._backoff_s, MAX_BACKOFF_S)
        self._take(Report(error=why))

    def _read(self, child: "subprocess.Popen[bytes]", source: IO[bytes]) -> None:
        """Pass on what the listener reports, until it ends or writes what is no report."""
        with contextlib.suppress(ValueError, TypeError, KeyError, OSError), source:
            while line := source.readline(MAX_LINE):
                report = Report.parse(line)
                if child is not self._child:
                    return
                self._reported_at, self._has_reported = self._clock(), True
                self._take(report)

    def _take(self, report: Report) -> None:
        with self._lock:
            if report.error and not self._report.error:
                self._deaf_since = self._clock()
            self._report, is_ignored = report, self._speaking is not None
        if report.error:
            self._hear(None)
        elif not is_ignored:
            self._hear(report.is_talk)

    def _why_ended(self, child: "subprocess.Popen[bytes]") -> str:
        """How the listener ended, with the last line of its standard error."""
        self._error_reader.join(0.1)
        code = child.returncode
        return self._last_error_line[-1] if self._last_error_line else f"the listener ended with exit code {code}"


def _read_errors(source: IO[bytes], last_line: list[str]) -> None:
    """Keep the last line that the listener wrote to its standard error."""
    with contextlib.suppress(ValueError, OSError), source:
        while line := source.readline(MAX_LINE):
            if text := line.decode("utf-8", "replace").strip():
                last_line[:] = [text[:200]]


def _end(child: "subprocess.Popen[bytes]", timeout_s: float) -> None:
    """End the listener: its standard input is closed, and after the timeout it is killed."""
    with contextlib.suppress(OSError):
        assert child.stdin
        child.stdin.close()
    if timeout_s:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout_s)
    kill_process_group(child)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(1.0)
