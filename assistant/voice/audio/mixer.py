"""The sound card's own volume: what is turned off or all the way down there, no voice can be heard over."""

import itertools
import re
import shutil
import threading

from assistant.errors import VoiceError
from assistant.voice.child import run_child

FLOOR = 30
"""Percent; below it a voice is lost in a street."""
CONTROLS = ("Master", "PCM", "Headphone", "Headset", "Speaker", "Digital", "HDMI")
"""Simple controls, as ALSA names them, that stand between a player and an ear."""
LIMIT_S = 1.0
CONTROL = re.compile(r"^Simple mixer control '(?P<name>[^']+)',(?P<index>\d+)$", re.MULTILINE)


def raise_volume(device: str) -> bool:
    """Turn on and up to FLOOR whatever is lower on the card of `device` (a card's name; else the system's default);
    whether anything was. Where no amixer is, or no control, nothing is known and nothing done."""
    if not shutil.which("amixer"):
        return False
    where = ["-c", device] if device and ":" not in device else []
    never = threading.Event()
    try:
        listed = run_child(["amixer", *where, "scontents"], b"", LIMIT_S, never)
        low = _too_low(listed.output.decode("utf-8", "replace")) if listed else []
        for control in low:
            run_child(["amixer", "-q", *where, "sset", control, f"{FLOOR}%", "unmute"], b"", LIMIT_S, never)
    except VoiceError:
        return False
    return bool(low)


def _too_low(listing: str) -> list[str]:
    """The controls of a listing that keep a sound from being heard."""
    heads = [*CONTROL.finditer(listing)]
    found = []
    for head, after in itertools.pairwise([*heads, None]):
        assert head
        text = listing[head.end() : after.start() if after else None]
        if head["name"] not in CONTROLS or "Playback" not in text:
            continue
        volumes = [int(percent) for percent in re.findall(r"Playback.*?\[(\d+)%\]", text)]
        if (volumes and max(volumes) < FLOOR) or ("[off]" in text and "[on]" not in text):
            found.append(f"{head['name']},{head['index']}")
    return found
