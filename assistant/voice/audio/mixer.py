"""The sound card's own mixer: raises a playback volume that is muted or too low for any voice to be heard."""

import itertools
import re
import shutil
import threading

from assistant.errors import VoiceError
from assistant.system.child_process import run_child

MIN_VOLUME_PERCENT = 30
"""Lowest acceptable playback volume; below it a voice is lost in a street."""
PLAYBACK_CONTROLS = ("Master", "PCM", "Headphone", "Headset", "Speaker", "Digital", "HDMI")
"""Simple mixer controls, by ALSA's names, that sit between a player and the ear; all others are left alone."""
AMIXER_TIMEOUT_S = 1.0
"""Time limit of each call of amixer."""
PCM_CARD = re.compile(r":.*\bCARD=([^,]+)")
"""The card in the name of an ALSA device."""
CONTROL_LINE = re.compile(r"^Simple mixer control '(?P<name>[^']+)',(?P<index>\d+)$", re.MULTILINE)
"""The line of `amixer scontents` with which the description of a control begins."""


def raise_volume(device: str) -> bool:
    """Unmute every playback control below MIN_VOLUME_PERCENT and raise it to that; True if there was one.

    device: the name of a sound card, or a PCM name with one (plughw:CARD=Headset); empty, or any other PCM name: the
    system's default card. Without amixer, or where it fails, nothing is changed and the answer is False.
    """
    if not shutil.which("amixer"):
        return False
    named = PCM_CARD.search(device)
    name = named[1] if named else "" if ":" in device else device
    card = ["-c", name] if name else []
    never = threading.Event()
    try:
        listed = run_child(["amixer", *card, "scontents"], b"", AMIXER_TIMEOUT_S, never)
        low = _controls_too_low(listed.output.decode("utf-8", "replace")) if listed else []
        for control in low:
            command = ["amixer", "-q", *card, "sset", control, f"{MIN_VOLUME_PERCENT}%", "unmute"]
            run_child(command, b"", AMIXER_TIMEOUT_S, never)
    except VoiceError:
        return False
    return bool(low)


def _controls_too_low(listing: str) -> list[str]:
    """The playback controls of an `amixer scontents` listing, as `NAME,INDEX`, that are muted or too low."""
    heads = [*CONTROL_LINE.finditer(listing)]
    found = []
    for head, next_head in itertools.pairwise([*heads, None]):
        assert head
        text = listing[head.end() : next_head.start() if next_head else None]
        if head["name"] not in PLAYBACK_CONTROLS or "Playback" not in text:
            continue
        volumes = [int(percent) for percent in re.findall(r"Playback.*?\[(\d+)%\]", text)]
        if (volumes and max(volumes) < MIN_VOLUME_PERCENT) or ("[off]" in text and "[on]" not in text):
            found.append(f"{head['name']},{head['index']}")
    return found
