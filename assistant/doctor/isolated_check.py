"""A check in a process of its own, which is killed if it hangs, and whose crash harms nothing else.

`python -m assistant.doctor.isolated_check NAME` reads settings from standard input and writes a line for each
thing it is about to try, then its finding as one line of JSON. `run_isolated` runs that and reads it.
"""

import dataclasses
import importlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable

from assistant.config.settings import Settings
from assistant.config.settings_file import parse_settings, to_toml
from assistant.doctor.finding import Finding, bad
from assistant.system.child_process import ChildExit, python_command, run_child_unchecked
from assistant.system.process_setup import quiet_libraries

CHECK_MODULES = {
    "imports": "libraries",
    "camera": "vision",
    "detector": "vision",
    "occlusion": "vision",
    "model": "vision",
    "buttons": "pins",
    "camera_led": "pins",
    "microphone": "microphone",
    "haptics": "pins",
    **dict.fromkeys(("friends", "things", "describe", "read"), "skills"),
    "press": "presses",
}
"""The module of each check, in this package; imported only in the child process."""


def run_isolated(
    name: str, settings: Settings, broken: Callable[[str], Finding], limit_s: float, cancel: threading.Event
) -> Finding:
    """The finding of a check of CHECK_MODULES; broken(reason) where it crashes or takes longer than `limit_s`."""
    command = python_command("-m", "assistant.doctor.isolated_check", name)
    ended = run_child_unchecked(command, to_toml(settings).encode(), limit_s, cancel)
    lines = ended.output.decode("utf-8", "replace").splitlines()
    if ended.code == 0 and lines:
        table = json.loads(lines[-1])
        return Finding(**{**table, "keys": tuple(table["keys"])})
    trying = f" ({lines[-1]})" if lines else ""
    return broken(_end(ended, limit_s) + trying)


def _end(ended: ChildExit, limit_s: float) -> str:
    """How a child process ended that wrote no finding."""
    if ended.code is None:
        return f"did not end within {limit_s:g} s"
    if ended.code < 0:
        return f"was ended by {signal.Signals(-ended.code).name}"
    written = ended.errors.decode("utf-8", "replace").strip().splitlines()
    return written[-1] if written else f"ended with exit code {ended.code}"


def main(name: str) -> None:
    """Run one check and write its finding."""
    quiet_libraries()
    settings = parse_settings(sys.stdin.read())
    try:
        examine = getattr(importlib.import_module(f"assistant.doctor.{CHECK_MODULES[name]}"), name)
        finding = examine(settings, lambda what: print(f"trying {what}", flush=True))
    except ImportError as err:
        finding = bad("imports_broken", "install", detail=f"{type(err).__name__}: {err}")
    print(json.dumps(dataclasses.asdict(finding)), flush=True)
    os._exit(0)  # without the clean-up of drivers, in which some hang


if __name__ == "__main__":
    main(sys.argv[1])
