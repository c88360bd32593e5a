"""Standard input, output and error as every program expects them."""

import io
import os
import sys


def ensure_standard_streams() -> None:
    """Open /dev/null for each standard stream with which this process was started closed; else the next file that is
    opened would take its number. What the terminal's encoding lacks is escaped."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number is the missing one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115 - stays open
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
