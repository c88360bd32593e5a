"""Subtitles as the text of an SRT file."""

from collections.abc import Iterable


def srt(rows: Iterable[tuple[float, float, str]]) -> str:
    """The text of an SRT file. rows: start and end in seconds, and the words."""
    return "\n".join(
        f"{number}\n{srt_time(start)} --> {srt_time(end)}\n{text}\n"
        for number, (start, end, text) in enumerate(rows, 1)
    )


def srt_time(seconds: float) -> str:
    """A time as SRT writes it: hours, minutes, seconds and milliseconds."""
    whole = round(seconds * 1000)
    return f"{whole // 3600000:02}:{whole // 60000 % 60:02}:{whole // 1000 % 60:02},{whole % 1000:03}"
