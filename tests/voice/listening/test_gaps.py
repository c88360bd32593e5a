"""The rule of gaps: by frames and by a detector that the test makes."""

import array
import math

import pytest

from assistant.voice.listening.gaps import FRAME_BYTES, FRAME_MS, GAP_MS, SILENCE_DB, GapRule, level_db

SPEECH, QUIET = b"\1" * FRAME_BYTES, bytes(FRAME_BYTES)


def heard(*frames: bytes) -> list[bool]:
    rule = GapRule(lambda frame: frame is SPEECH)
    return [rule.is_talk for frame in frames if rule.hear(frame) or True]


def test_a_gap_is_a_pause_of_that_length() -> None:
    quiet = GAP_MS // FRAME_MS
    assert heard(SPEECH, *[QUIET] * quiet) == [*[True] * quiet, False]


def test_a_shorter_pause_is_none() -> None:
    short = [QUIET] * (GAP_MS // FRAME_MS - 1)
    assert all(heard(SPEECH, *short, SPEECH, *short))


def test_talk_begins_with_its_first_frame() -> None:
    assert heard(*[QUIET] * 50, SPEECH)[-2:] == [False, True]


def test_before_anything_was_heard_somebody_may_talk() -> None:
    assert GapRule(lambda frame: False).is_talk


def test_the_level_is_in_decibels_below_full_scale() -> None:
    wave = array.array("h", (round(16384 * math.sqrt(2) * math.sin(n / 8)) for n in range(10_000)))
    assert level_db(wave.tobytes()) == pytest.approx(-6.02, abs=0.05)
    assert level_db(bytes(640)) == SILENCE_DB
