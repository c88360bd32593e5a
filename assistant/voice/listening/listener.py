"""The listener: a process that says, line by line, whether somebody talks near the microphone.

`python -m assistant.voice.listening.listener DEVICE` writes a Report as a line of JSON when talk begins or pauses and
every REPORT_S; it ends when its standard input does. It keeps no sound but the frame that it looks at, recognizes no
word, writes no file and logs nothing. It is a process of its own because the detector, a third-party library, or the
microphone may hang or crash: the voice process, which can do without them, then kills it and starts another one.
"""

import contextlib
import dataclasses
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator

from assistant.dataclass import dataclass
from assistant.errors import ListenError
from assistant.voice.listening.gaps import RATE, GapRule, level_db
from assistant.voice.listening.microphone import frames, microphone_device

REPORT_S = 0.25
"""Seconds from one report to the next, where nothing changes."""
REOPEN_S = 2.0
"""Seconds after which a microphone that is missing or was lost is opened again."""
AGGRESSIVENESS = 2
"""How readily the detector takes sound for something other than speech, 0 to 3; chosen with `tests.listening.trade`."""
PACKAGE = "webrtcvad-wheels"
NO_PACKAGE = f"{PACKAGE} is not installed; run install.sh --listen, or: pip install {PACKAGE}"
OOM_SCORE = "800"
"""Where memory is short, the kernel ends this process long before the voice process, whose protection from that it
would otherwise inherit."""
MAX_NAME, MAX_ERROR = 80, 200
"""Most letters of a name and of an error in a report."""


@dataclass(frozen=True)
class Report:
    """What the listener hears now; a line of its output."""

    is_talk: bool = True
    """Whether somebody talks."""
    level_db: float | None = None
    """Level of the last frame in dBFS, 0 at most; None: there is no sound."""
    detector: str = ""
    """Name and version of the package that tells talk from other sound."""
    device: str = ""
    """The microphone, as arecord takes it; empty: the system's default."""
    error: str = ""
    """Why nothing is heard; empty where something is."""

    def line(self) -> str:
        """The report as a line of JSON; a letter of its texts takes up to 12 bytes."""
        short = dataclasses.replace(self, device=self.device[:MAX_NAME], error=self.error[:MAX_ERROR])
        return json.dumps(dataclasses.asdict(short))

    @staticmethod
    def parse(line: bytes) -> "Report":
        """The report of a line. Raises ValueError, TypeError or KeyError."""
        table = json.loads(line)
        level = table["level_db"]
        return Report(
            bool(table["is_talk"]), None if level is None else float(level), str(table["detector"])[:MAX_NAME],
            str(table["device"])[:MAX_NAME], str(table["error"])[:MAX_ERROR],
        )  # fmt: skip


def make_detector() -> tuple[Callable[[bytes], bool], str]:
    """A function that tells whether a frame is speech, and the package that it comes from. Raises ListenError."""
    try:
        import webrtcvad
    except ImportError as err:
        raise ListenError(NO_PACKAGE) from err
    detector = webrtcvad.Vad(AGGRESSIVENESS)
    return lambda frame: bool(detector.is_speech(frame, RATE)), f"{PACKAGE} {webrtcvad.__version__}"


def reports(
    source: Iterator[bytes], is_speech: Callable[[bytes], bool], clock: Callable[[], float] = time.monotonic
) -> Iterator[tuple[bool, float]]:
    """Whether somebody talks, and the level, for each report that is due while the frames come."""
    rule, due_at = GapRule(is_speech), clock()
    for frame in source:
        has_changed = rule.hear(frame)
        if has_changed or clock() >= due_at:
            due_at = clock() + REPORT_S
            yield rule.is_talk, round(level_db(frame), 1)


def listen(setting: str, report: Callable[[Report], None], stop: threading.Event) -> None:
    """Listen until `stop` is set; a microphone that is not there is looked for again and again. Raises ListenError
    where the detector is missing."""
    is_speech, detector = make_detector()
    while not stop.is_set():
        device = microphone_device(setting, stop)
        try:
            with frames(device) as source:
                for is_talk, level in reports(source, is_speech):
                    report(Report(is_talk, level, detector, device))
                    if stop.is_set():
                        return
        except ListenError as err:
            until = time.monotonic() + REOPEN_S
            while not stop.is_set() and time.monotonic() < until:
                report(Report(detector=detector, device=device, error=str(err)))
                stop.wait(REPORT_S)


def main(setting: str) -> int:
    """Listen until standard input ends; returns the exit code."""
    stop = threading.Event()
    threading.Thread(target=_stop_with_parent, args=(stop,), daemon=True).start()
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as target:
        target.write(OOM_SCORE)
    try:
        listen(setting, lambda report: print(report.line(), flush=True), stop)
    except ListenError as err:
        print(err, file=sys.stderr)
        return 1
    except BrokenPipeError:  # the voice process has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _stop_with_parent(stop: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    stop.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
