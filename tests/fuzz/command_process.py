"""Command lines of both programs as real processes, with nothing replaced but the sound card: what takes longer is
stopped by SIGINT, as at a terminal, and must end then."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hypothesis import strategies as st

from tests.fuzz import assistant_command, command_files, convert_command
from tests.fuzz.assistant_command import SLOW_S
from tests.fuzz.command_line import Ending, Program, judge, lines
from tests.fuzz.engine import Attack

PATIENCE_S, END_S = 4.0, 20.0
"""Seconds after which a command is stopped, and in which it must have ended then, on a busy machine."""
MODULES = {"emotion-assistant": "assistant", "emotion-convert": "convert"}
WRITES_SHIPPED = ("calibrate", "card")
"""Commands of emotion-convert that write into the cards of shipped models, which here are the real ones."""


@contextlib.contextmanager
def target() -> Iterator[Attack]:
    stopped = 0

    def remark() -> str:
        return f"{stopped} were stopped"

    with tempfile.TemporaryDirectory() as name, command_files.opened(Path(name)) as files:
        environment = environment_below(Path(name))

        def check(drawn: tuple[Program, list[str]]) -> float:
            nonlocal stopped
            program, line = drawn
            if any(word in WRITES_SHIPPED or (len(word) > 3 and "--force".startswith(word)) for word in line):
                return 0.0
            try:
                ending, was_stopped = run_apart(program, line, environment)
                stopped += was_stopped
                if not was_stopped or ending.code != -signal.SIGINT:
                    judge(program, line, ending)
            finally:
                files.restore()
            return 0.0

        programs = (assistant_command.PROGRAM, convert_command.PROGRAM)
        yield Attack(st.one_of([st.tuples(st.just(each), lines(each)) for each in programs]), check, remark, SLOW_S)


def environment_below(base: Path) -> dict[str, str]:
    """Environment variables with which nothing outside `base` is read or written, and no sound card is found."""
    players = base / "bin"
    players.mkdir(exist_ok=True)
    player = players / "aplay"
    player.write_text("#!/bin/sh\necho 'no sound card' >&2\nexit 1\n")
    player.chmod(0o755)
    (base / "none.sock").touch()  # else a command would be sent to the service of this machine
    return os.environ | assistant_command.environment(base) | {
        "PATH": f"{players}:{os.environ['PATH']}", "EMOTION_DATA": "data", "EMOTION_VIDEOS": "",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip


def run_apart(program: Program, line: list[str], environment: dict[str, str]) -> tuple[Ending, bool]:
    """Run a command line as a process; also whether it was stopped."""
    command = [sys.executable, "-m", MODULES[program.name], *line]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
        start_new_session=True,
    ) as process:  # fmt: skip
        was_stopped = False
        try:
            out, err = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            was_stopped = True
            process.send_signal(signal.SIGINT)
            try:
                out, err = process.communicate(timeout=END_S)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    return Ending(process.returncode, *(each.decode("utf-8", "replace") for each in (out, err))), was_stopped
