"""The progress of long commands, on stderr: a bar on a terminal, elsewhere a line a minute.

    for image in track(images, "emotion-cnn", "faces"): …

A log that says nothing for minutes looks like a program that hangs; a bar in a log is unreadable.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, Self, TextIO, TypeVar

Item = TypeVar("Item")

LINE_INTERVAL_S = 60.0
"""Seconds between two lines."""


class Lines:
    """Writes the progress as lines where there is no terminal, at most one in LINE_INTERVAL_S."""

    def __init__(self, out: Callable[[], TextIO] = lambda: sys.stderr, clock: Callable[[], float] = time.monotonic):
        """out: the stream that is written to. clock: seconds."""
        self.out, self.clock = out, clock
        self._last_at = clock()

    def is_due(self) -> bool:
        """Whether LINE_INTERVAL_S have passed since the last line, or since the program began."""
        return self.clock() - self._last_at >= LINE_INTERVAL_S

    def write(self, line: str) -> None:
        """Write a line."""
        print(line, file=self.out(), flush=True)
        self._last_at = self.clock()


LINES = Lines()
"""Shared by all the work that a command does in turn, so that many short pieces of it also give a line a minute."""


class Progress:
    """The progress of one piece of work; a context manager."""

    def __init__(
        self, title: str, total: int | None, unit: str, *, lines: Lines | None = None, has_bar: bool | None = None
    ) -> None:
        """title: what is being done. total: how many units it has; None: unknown. unit: their name, in the plural.
        has_bar: whether a bar is drawn instead of lines; default: where stderr is a terminal."""
        self.title, self.total, self.unit, self.done = title, total, unit, 0
        self._lines = lines or LINES
        self._began_at = self._lines.clock()
        self._bar: Any = None
        if self._lines.out().isatty() if has_bar is None else has_bar:
            with contextlib.suppress(ModuleNotFoundError):  # on a device there may be none: lines tell as much
                from tqdm import tqdm

                self._bar = tqdm(total=total, desc=title, unit=f" {unit}", leave=False, file=self._lines.out())

    def update(self, count: int = 1, note: str = "") -> None:
        """`count` more units are done. note: figures to show, such as "loss 1.2"."""
        self.done += count
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(count)
        elif self._lines.is_due():
            self._lines.write(self.text(note))

    def expect(self, total: int) -> None:
        """The work has turned out to be of so many units."""
        self.total = total
        if self._bar is not None:
            self._bar.total = total
            self._bar.refresh()

    def text(self, note: str = "") -> str:
        """How far the work is, in one line."""
        of_all = "" if self.total is None else f" of {self.total}"
        parts = [f"{self.title}: {self.done}{of_all} {self.unit}", *filter(None, [note])]
        if self.total is not None and 0 < self.done < self.total:
            spent_s = self._lines.clock() - self._began_at
            parts.append(f"about {duration(spent_s / self.done * (self.total - self.done))} left")
        return ", ".join(parts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()


def track(items: Iterable[Item], title: str, unit: str) -> Iterator[Item]:
    """The items, with the progress shown as they are used up."""
    with Progress(title, len(items) if isinstance(items, Sized) else None, unit) as progress:
        for item in items:
            yield item
            progress.update()


def duration(seconds: float) -> str:
    """A time span in words, such as "40 s", "12 min" or "1 h 5 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
