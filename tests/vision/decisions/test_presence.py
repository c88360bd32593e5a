"""Somebody, or something that resembles a face: what is announced of a doubtful track, and when."""

from collections.abc import Callable

import pytest

from assistant.config.settings import AnnouncementSettings
from assistant.records import CANNOT_TELL, NOBODY, Box, Change, Face, Track
from assistant.vision.decisions.presence import CLEAR_SCORE, DOUBTFUL_DWELL_S, FORGET_S, Presence
from assistant.vision.decisions.scene import Scene

FPS = 10
BOX = Box(260.0, 160.0, 120.0, 140.0)


def announced(
    score: Callable[[int], float], to: str = CANNOT_TELL, *, seconds: float = 8.0, changed_at: float = 1.9
) -> list[tuple[float, str]]:
    """What is announced, and when, of one track with these scores by frame, whose state changes once."""
    scene, made = Scene(AnnouncementSettings()), []
    for frame in range(round(seconds * FPS)):
        at = frame / FPS
        changes = [Change(at, 1, NOBODY, to)] if frame == round(changed_at * FPS) else []
        update = scene.update(changes, [Track(1, Face(BOX, score(frame)), frame + 1)], (480, 640), at)
        made += [(at, str(each.sentence)) for each in update.announcements]
    return made


def test_a_person_who_was_clear_in_one_frame_is_announced_without_delay() -> None:
    assert announced(lambda frame: 0.9) == [(1.9, "one_person")]
    assert announced(lambda frame: CLEAR_SCORE if frame == 7 else 0.45) == [(1.9, "one_person")]


def test_a_thing_that_is_never_clear_is_nobody_while_the_camera_passes_it() -> None:
    assert announced(lambda frame: 0.55, seconds=4.0) == []


def test_who_stays_is_announced_in_the_end_and_at_once_when_they_become_clear() -> None:
    assert announced(lambda frame: 0.55) == [(DOUBTFUL_DWELL_S, "one_person")]
    assert announced(lambda frame: 0.7 if frame >= 30 else 0.55) == [(3.0, "one_person")]


def test_an_expression_is_evidence_enough() -> None:
    assert announced(lambda frame: 0.55, "happy") == [(1.9, "arrived")]


def test_a_pause_is_no_time_in_view_and_a_track_out_of_view_is_forgotten() -> None:
    presence, track = Presence(), Track(1, Face(BOX, 0.5))
    assert not presence.is_evident(1)
    presence.update([track], 0.0)
    presence.wait(10.0)
    presence.update([track], 10.0 + DOUBTFUL_DWELL_S - 0.1)
    assert not presence.is_evident(1)
    presence.update([track], 10.0 + DOUBTFUL_DWELL_S)
    assert presence.is_evident(1)
    presence.update([], 11.0 + DOUBTFUL_DWELL_S + FORGET_S)
    assert not presence.is_evident(1)


@pytest.mark.parametrize("seconds", [0.5, FORGET_S - 0.5])
def test_a_moment_out_of_view_is_not_held_against_a_track(seconds: float) -> None:
    presence = Presence()
    presence.update([Track(1, Face(BOX, 0.8))], 0.0)
    presence.update([], seconds)
    assert presence.is_evident(1)
