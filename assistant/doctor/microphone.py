"""Whether the microphone and the detector of talk work. Runs in a child process."""

import threading
from collections.abc import Callable

from assistant.config.settings import Settings
from assistant.doctor.finding import Finding, bad, good
from assistant.errors import ListenError
from assistant.voice.listening.gaps import FRAME_MS, SILENCE_DB, GapRule, level_db
from assistant.voice.listening.listener import make_detector
from assistant.voice.listening.microphone import frames, microphone_device

LISTEN_S = 1.5
"""For how long it listens; nothing of it is kept."""


def microphone(settings: Settings, trying: Callable[[str], None]) -> Finding:
    """Listen for LISTEN_S: the loudest level, the package that tells talk from other sound, the device."""
    trying("the detector of talk")
    try:
        is_speech, detector = make_detector()
    except ListenError as err:
        return bad("faults.microphone", "install", detail=str(err))
    device = microphone_device(settings.listen.device, threading.Event())
    trying(f"the microphone {device or 'of the system'}")
    rule, loudest, talk_ms, count = GapRule(is_speech), SILENCE_DB, 0, round(1000 * LISTEN_S / FRAME_MS)
    try:
        with frames(device) as source:
            for _, frame in zip(range(count), source, strict=False):
                rule.hear(frame)
                loudest, talk_ms = max(loudest, level_db(frame)), talk_ms + FRAME_MS * rule.is_talk
    except ListenError as err:
        return bad("faults.microphone", "microphone", detail=str(err))
    heard = f"{loudest:.0f} dBFS at the loudest, talk in {talk_ms / (10 * LISTEN_S):.0f} % of {LISTEN_S:g} s"
    detail = f"{heard}, {detector}, {device or 'the default device'}"
    if loudest <= SILENCE_DB:
        return bad("microphone_silent", "microphone", detail=detail)
    return good("microphone", detail=detail)
