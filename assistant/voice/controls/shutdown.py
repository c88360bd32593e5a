"""Switches the box off: where it is installed by the unit that waits for it to be asked for, else by a command."""

import os
import shlex
import subprocess
import threading
import time
from pathlib import Path

AUTO = "auto"
COMMAND = "systemctl poweroff"
"""Of a desktop, whose user may do that."""
LIMIT_S, LOOK_S = 15.0, 0.05


def switch_off(command: str) -> str:
    """By a command line, or AUTO. Why it could not be done, in one line; empty: it goes down."""
    folder = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if command == AUTO and folder:
        return _ask(Path(folder) / "poweroff")
    try:
        words = shlex.split(COMMAND if command == AUTO else command)
        if not words:
            return "controls.shutdown_command names no command"
        done = subprocess.run(words, capture_output=True, timeout=LIMIT_S, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired) as err:
        return str(err)
    said = done.stderr.decode("utf-8", "replace").strip()
    return (said or f"exit code {done.returncode}") if done.returncode else ""


def _ask(file: Path) -> str:
    """Leave the file that emotion-assistant-poweroff.path waits for, and see whether it is taken."""
    try:
        file.touch()
        until, never = time.monotonic() + LIMIT_S, threading.Event()
        while time.monotonic() < until:
            if not file.exists():
                return ""
            never.wait(LOOK_S)
        file.unlink(missing_ok=True)
    except OSError as err:
        return str(err)
    return f"{file} was not taken: is emotion-assistant-poweroff.path running?"
