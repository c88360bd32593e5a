"""The table of a boot test: its steps, each with its seconds."""

import contextlib
import time
from collections.abc import Iterator


class Table:
    """The steps, each with its seconds, printed as they end."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float, str]] = []

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        """A step; the notes that are appended to the list are printed beside it."""
        began, notes = time.monotonic(), list[str]()
        yield notes
        seconds = time.monotonic() - began
        self.rows.append((what, seconds, "; ".join(notes)))
        print(f"{seconds:7.1f} s  {what:44} {'; '.join(notes)}", flush=True)
