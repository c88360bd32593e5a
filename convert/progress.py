"""The progress of long commands, on stderr; see `assistant.system.progress`."""

from assistant.system.progress import LINES, Lines, Progress, duration, track

__all__ = ["LINES", "Lines", "Progress", "duration", "track"]
