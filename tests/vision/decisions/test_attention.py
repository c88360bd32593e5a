"""Who turns to the wearer and away: told once, after a dwell, and never for a glance or a head that is not still."""

import dataclasses

import pytest

from assistant.config.settings import AnnouncementSettings, Settings
from assistant.phrases import load
from assistant.records import Box, Face, Frame, Priority, Track, UtteranceKind
from assistant.sentences import Sentence
from assistant.vision.decisions.announcement_log import Answered
from assistant.vision.decisions.attention import AWAY_DWELL_S, FACING_DWELL_S, Attention
from assistant.vision.decisions.scene import Scene
from assistant.vision.pipeline import Pipeline
from tests.support.scripted_pipeline import with_landmarks
from tests.support.standins import ScriptedClassifier, ScriptedDetector, picture

SHAPE = (480, 640)
SMOOTHED_S = 0.4
"""By so much the smoothing may delay a turn."""


def person(turn: float, number: int = 1, width: float = 120.0, score: float = 0.9) -> Track:
    """A track with a head turned so far."""
    made = with_landmarks(turn)
    return Track(number, dataclasses.replace(made, box=Box(260, 150, width, 1.2 * width), score=score))


class Watch:
    """Follows heads for a while, ten frames a second."""

    def __init__(self) -> None:
        self.attention, self.at = Attention(), 0.0

    def see(self, seconds: float, *turns: float | None, width: float = 120.0) -> list[tuple[float, int, bool]]:
        """(seconds since the beginning, track_id, is_facing) of the turns. turns: of each head; None: not found."""
        told, began = [], self.at
        for _ in range(round(seconds * 10)):
            tracks = [person(turn, number, width) for number, turn in enumerate(turns, 1) if turn is not None]
            told += [(round(self.at - began, 3), *each) for each in self.attention.update(tracks, SHAPE, self.at)]
            self.at += 0.1
        return told


def test_a_person_who_turns_to_the_wearer_and_away_is_told_each_time_once() -> None:
    watch = Watch()
    assert watch.see(3, 0.5) == [], "how somebody comes into view is no turn"
    ((delay, number, is_facing),) = watch.see(5, 0.0)
    assert (number, is_facing) == (1, True)
    assert FACING_DWELL_S <= delay <= FACING_DWELL_S + SMOOTHED_S
    ((delay, number, is_facing),) = watch.see(5, -0.5)
    assert (number, is_facing) == (1, False)
    assert AWAY_DWELL_S <= delay <= AWAY_DWELL_S + SMOOTHED_S
    assert [each[2] for each in watch.see(5, 0.0)] == [True]


def test_a_glance_and_a_restless_head_are_not_told() -> None:
    watch = Watch()
    watch.see(3, 0.0)
    assert watch.see(AWAY_DWELL_S - 0.3, 0.5) == watch.see(3, 0.0) == [], "a glance"
    told = [each for step in range(60) for each in watch.see(0.3, (0.1, -0.1, 0.15)[step % 3])]
    assert told == [], "small movements"
    assert watch.see(4, 0.18) == [], "between the two nothing is decided"


def test_each_head_is_followed_for_itself() -> None:
    watch = Watch()
    watch.see(3, 0.0, 0.5)
    assert [each[1:] for each in watch.see(3, 0.5, 0.0)] == [(2, True), (1, False)]


def test_a_small_face_or_one_without_landmarks_tells_nothing() -> None:
    watch = Watch()
    watch.see(3, 0.0, width=30)
    assert watch.see(3, 0.5, width=30) == []
    bare = Track(1, dataclasses.replace(person(0.0).face, landmarks=None))
    assert not any(watch.attention.update([bare], SHAPE, step / 10) for step in range(50))


def test_a_head_that_was_not_found_for_a_while_waits_from_the_beginning() -> None:
    watch = Watch()
    watch.see(3, 0.0)
    watch.see(AWAY_DWELL_S - 0.2, 0.5)
    watch.see(1.0, None)
    ((delay, _, _),) = watch.see(3, 0.5)
    assert delay >= AWAY_DWELL_S


def test_a_pause_counts_for_nothing_and_an_answer_settles_the_turn() -> None:
    watch = Watch()
    watch.see(3, 0.0)
    watch.see(0.5, 0.5)
    watch.attention.wait(30)
    watch.at += 30
    ((delay, _, _),) = watch.see(2, 0.5)
    assert delay >= AWAY_DWELL_S - 0.5
    watch.see(0.4, 0.0)
    watch.attention.told(1)
    assert watch.see(4, 0.0) == [], "the answer has said so"


class Stage:
    """A scene with cues of attention. `score` of the detector, 0.9 by default."""

    def __init__(self, attention: str = "word", verbosity: str = "normal") -> None:
        self.scene, self.at = Scene(AnnouncementSettings(attention=attention, verbosity=verbosity)), 0.0

    def see(self, seconds: float, turn: float, score: float = 0.9) -> list[Sentence]:
        cues: list[Sentence] = []
        for _ in range(round(seconds * 10)):
            cues += [each.sentence for each in self.scene.update((), [person(turn, score=score)], SHAPE, self.at).cues]
            self.at += 0.1
        return cues


def test_the_scene_tells_turns_where_that_is_switched_on_and_not_when_quiet() -> None:
    for attention, verbosity, told in (
        ("word", "normal", [Sentence.TURNED_AWAY]), ("sound", "smiles", [Sentence.TURNED_AWAY]),
        ("off", "full", []), ("word", "quiet", []),
    ):  # fmt: skip
        stage = Stage(attention, verbosity)
        assert stage.see(3, 0.0) == []
        assert stage.see(3, 0.5) == told, (attention, verbosity)
    stage = Stage()
    stage.see(3, 0.0, score=0.5)
    assert stage.see(3, 0.5, score=0.5) == [], "what may be no face is not told"


def test_what_an_answer_said_and_what_was_before_a_pause_is_not_told() -> None:
    stage = Stage()
    stage.see(3, 0.0)
    stage.see(0.6, 0.5)
    stage.scene.answered(Answered(stage.at, (1,), 1))
    assert stage.see(3, 0.5) == []
    stage.scene.forget(stage.at)
    assert stage.see(3, 0.0) == [], "everybody arrives anew"


@pytest.mark.parametrize(
    ("attention", "kind", "earcon"),
    [("sound", UtteranceKind.CUE, "turned_away"), ("word", UtteranceKind.ANNOUNCEMENT, "")],
)
def test_a_cue_is_a_sound_or_a_sentence(attention: str, kind: UtteranceKind, earcon: str) -> None:
    def seen(number: int) -> list[Face]:
        return [person(0.0 if number < 30 else 0.5).face]

    settings = Settings(announcements=AnnouncementSettings(attention=attention))
    pipeline = Pipeline(ScriptedDetector(seen), ScriptedClassifier(), settings, load("en"))
    steps = [pipeline.step(Frame(picture(), number / 10, number)) for number in range(80)]
    assert all(len(step.announcements) == len(step.utterances) for step in steps)
    (cue,) = [each for step in steps for each in step.utterances if each.topic == "attention 1"]
    assert (cue.text, cue.kind, cue.earcon, cue.priority) == ("Turned away.", kind, earcon, Priority.STATUS)
