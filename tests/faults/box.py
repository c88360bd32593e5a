"""The assistant under test: its real processes, with stand-ins for the camera and the sound card; and a report row."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.faults.sound_capture import CapturedSound, SoundCapture, Vocabulary
from tests.support.processes import process_ids

ROOT = Path(__file__).parents[2]
STANDIN = Path(__file__).parent / "standin"
READY = "Ready."


@dataclass
class Row:
    """One line of the report."""

    id: str
    fault: str
    announce_within_s: float | None = None
    """Longest time to its announcement; None: no limit is set."""
    recover_within_s: float | None = None
    """Longest time to the recovery; None: no limit is set."""
    texts: list[str] = field(default_factory=list)
    """The sentences that were announced."""
    after_s: float | None = None
    """The longest time to an announcement, seconds."""
    recovered_s: float | None = None
    """The longest time to a recovery, seconds."""
    outcome: str = "short"
    """ok, short or skipped."""

    def announced(self, sound: CapturedSound, since: float) -> None:
        """`sound` announces the fault, whose cause began at `since`."""
        self.texts.append(sound.text)
        self.after_s = max(self.after_s or 0.0, sound.at - since)
        assert self.announce_within_s is None or self.after_s <= self.announce_within_s, (
            f"announced after {self.after_s:.1f} s"
        )

    def recovered(self, at: float, since: float) -> None:
        """The fault was over at `at`; its cause ended at `since`."""
        self.recovered_s = max(self.recovered_s or 0.0, at - since)
        assert self.recover_within_s is None or self.recovered_s <= self.recover_within_s, (
            f"recovered after {self.recovered_s:.1f} s"
        )

    def line(self) -> str:
        numbers = ["-" if figure is None else f"{figure:.1f}" for figure in (self.after_s, self.recovered_s)]
        return " | ".join((self.id, self.fault, " / ".join(self.texts) or "-", *numbers, self.outcome))


class BoxUnderTest:
    """An assistant in a folder of its own, with the files that steer its stand-ins."""

    def __init__(self, folder: Path, vocabulary: Vocabulary, photograph: np.ndarray) -> None:
        self.folder = folder
        for name in ("state", "run", "sys", "tmp", "home"):
            (folder / name).mkdir(mode=0o700)
        self.capture = SoundCapture(folder, vocabulary)
        self.camera = folder / "video0"
        self.plug()
        self.sound(default="works")
        os.mkfifo(folder / "pipe")
        head = photograph[0:360, 0:480]
        room = empty_room()
        many_faces = room.copy()
        face = cv2.resize(photograph[20:260, 110:350], (120, 120), interpolation=cv2.INTER_AREA)
        for x, y in ((x, y) for x in (10, 170, 330, 490) for y in (20, 180, 340)):
            many_faces[y : y + 120, x : x + 120] = face
        for name, image in (("face", cv2.resize(head, (640, 480))), ("room", room), ("many", many_faces)):
            cv2.imwrite(str(folder / f"{name}.png"), image)
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("EMOTION_", "XDG_"))},
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": f"{STANDIN}:{ROOT}",
            "FAULTS": str(folder),
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "EMOTION_ASSISTANT_SYS": str(folder / "sys"),
            "EMOTION_ASSISTANT_RECORDED": str(folder / "recorded"),
        }

    # steering

    def plug(self) -> float:
        self.camera.symlink_to("/dev/null")
        return time.monotonic()

    def steer(self, part: str, what: str = "") -> float:
        """Make a part misbehave; with an empty `what`, work again. Returns when that was."""
        (self.folder / ".new").write_text(what)
        (self.folder / ".new").replace(self.folder / part)
        return time.monotonic()

    def sound(self, **devices: str) -> float:
        """Set how each sound device behaves; those that are not named are missing. Returns when that was."""
        return self.steer("sound", json.dumps(devices))

    def cards(self, *names: str) -> dict[str, str]:
        """Set the sound cards that are listed; returns their devices as a player takes them."""
        lines = (f"card {number}: {name} [{name}], device 0: x [x]" for number, name in enumerate(names))
        self.steer("cards", "\n".join(lines))
        return {name: f"plughw:CARD={name},DEV=0" for name in names}

    def unblock(self) -> float:
        """Release the call that hangs; returns when that was."""
        with contextlib.suppress(OSError):
            os.close(os.open(self.folder / "pipe", os.O_WRONLY | os.O_NONBLOCK))
        return time.monotonic()

    # running

    def start(
        self, *arguments: object, command: str = "run", before: tuple[str, ...] = (), **environment: str
    ) -> float:
        """Start the assistant, with the stand-in's camera unless the arguments name another; returns when that was."""
        given = [str(argument) for argument in arguments]
        if "--camera" not in given and command in ("run", "vision"):
            given += ["--camera", "opencv", "--source", str(self.camera)]
        if command in ("run", "voice"):
            given += ["--voice", "espeak"]
        began = time.monotonic()
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [*before, sys.executable, "-m", "assistant", command, *given],
                env=self.environment | environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,  # all processes that it starts end with it
            )  # fmt: skip
        return began

    def ready(self, *arguments: object, **environment: str) -> float:
        """Start it and wait until it announces that it is ready; returns when that sentence began."""
        self.start(*arguments, **environment)
        return self.capture.wait_for(READY).at

    def wait_for_voice(self) -> float:
        """Wait until the voice process takes commands; returns when that was."""
        late = time.monotonic() + 10
        while not (self.folder / "run/emotion-assistant/control.sock").exists():
            assert time.monotonic() < late
            time.sleep(0.01)
        return time.monotonic()

    def part(self, name: str) -> int:
        """Wait for the vision or voice process; its process id."""
        assert self.process
        late = time.monotonic() + 10
        while name not in (found := process_ids(self.process.pid)):
            assert time.monotonic() < late, found
            os.sched_yield()
        return found[name]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line, as the same user."""
        return subprocess.run(
            [sys.executable, "-m", "assistant", *arguments],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")

    def stop(self) -> float:
        """Stop the assistant; the seconds that took."""
        began = time.monotonic()
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        return time.monotonic() - began

    def close(self) -> None:
        self.stop()
        self.unblock()
        self.capture.close()


def empty_room() -> np.ndarray:
    """A wall lit from one side, and some furniture: uint8 BGR [480, 640, 3]."""
    light = np.linspace(90, 170, 640)[None, :].repeat(480, 0)
    room = np.stack([light, 0.95 * light, 0.9 * light], -1).astype(np.uint8)
    for number, (left, top, right, bottom) in enumerate(
        ((40, 60, 200, 260), (260, 40, 420, 180), (470, 90, 620, 420), (0, 400, 460, 479))
    ):
        cv2.rectangle(room, (left, top), (right, bottom), (60 + 20 * number, 80, 120 - 10 * number), -1)
        cv2.rectangle(room, (left, top), (right, bottom), (30, 30, 30), 3)
    return room


def skip(reason: str, row: Row) -> None:
    """Skip the test; the report says why."""
    row.outcome = f"skipped: {reason}"
    pytest.skip(reason)
