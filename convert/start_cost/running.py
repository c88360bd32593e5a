"""`emotion-assistant run` as a child process, with a recording as its camera, beside whatever else runs."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import AssistantError
from assistant.system.child_process import kill_process_group, python_command

READY_S, END_S = 60.0, 10.0
"""The longest that a start, and an end, may take, seconds."""
PARTS = ("run", "vision", "voice")
"""The processes of a running assistant by their commands: the supervisor and its two children."""


@dataclass(frozen=True)
class Running:
    """A running assistant that is ready."""

    process_id: int
    ready_s: float
    """Seconds from its start until it told that it is ready: vision has read a frame, and the voice takes words."""

    def parts(self) -> dict[str, int]:
        """The process ids of PARTS."""
        found: dict[str, int] = {}
        for process_id in _family(self.process_id):
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{process_id}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                named = [part for part in PARTS if part in words and "assistant" in words]
                found |= {part: process_id for part in named if part not in found}  # else it is about to run a player
        return found


@contextlib.contextmanager
def running(
    clip: Path | None, *python_options: str, part: str = "run", log: Path | None = None, options: Sequence[str] = ()
) -> Iterator[Running]:
    """`emotion-assistant PART`, one of PARTS, with the default settings, from before it is ready until the end of the
    context. It has folders of its own: no other assistant is in its way, and no state is left behind.

    clip: what it sees; None: the demo's photographs. log: a file for its standard error. options: further ones of the
    command. Raises AssistantError where it does not become ready.
    """
    camera = ["--camera", "opencv", "--source", str(clip.resolve())] if clip else ["--camera", "demo"]
    command = python_command(*python_options, "-m", "assistant", part, *([] if part == "voice" else camera), *options)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="emotion-convert-"))
        errors = stack.enter_context((log or Path(folder, "errors")).open("wb"))
        manager = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        manager.bind(f"{folder}/notify")
        sockets = {name: f"{folder}/{name.lower()}.sock" for name in ("CONTROL", "SOCKET", "RECORDED")}
        environment = os.environ | {f"EMOTION_ASSISTANT_{name}": path for name, path in sockets.items()}
        environment |= {"NOTIFY_SOCKET": f"{folder}/notify", "XDG_STATE_HOME": folder}
        began = time.monotonic()
        child = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            start_new_session=True,
        )  # fmt: skip
        stack.callback(_end, child)
        yield Running(child.pid, _ready_at(child, manager, Path(errors.name)) - began)


def cpu_s(process_id: int) -> float:
    """Seconds of CPU time that all threads of a process have used. Raises OSError."""
    times = [Path(each, "schedstat").read_text("ascii") for each in Path(f"/proc/{process_id}/task").iterdir()]
    return sum(int(line.split()[0]) for line in times) / 1e9


def _ready_at(child: "subprocess.Popen[bytes]", manager: socket.socket, errors: Path) -> float:
    manager.settimeout(0.1)
    until = time.monotonic() + READY_S
    while time.monotonic() < until and child.poll() is None:
        with contextlib.suppress(TimeoutError):
            if manager.recv(4096).startswith(b"READY=1"):
                return time.monotonic()
    lines = errors.read_text("utf-8", "replace").strip().splitlines()
    raise AssistantError(f"the assistant did not become ready: {lines[-1] if lines else 'it said nothing'}")


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(END_S)
    kill_process_group(child)
    child.wait()


def _family(process_id: int) -> list[int]:
    """A process and all that descend from it."""
    found = [process_id]
    for task in Path(f"/proc/{process_id}/task").iterdir():
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text("ascii").split():
                found += _family(int(child))
    return found
