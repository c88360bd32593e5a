"""Frames that come twice, in bursts or with jittered time stamps change no announcement."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.records import Face, Frame, Reading, Thresholds, Track
from assistant.vision.pipeline import Pipeline
from tests.support.scripted_pipeline import EN
from tests.support.standins import LABELS, ScriptedClassifier, ScriptedDetector, face, picture, probabilities

GREY = np.full((480, 640), 128, np.uint8)
TOLERANCE_S = 0.45
"""Two frames of the slowest rate: a threshold that a jittered time misses by a millisecond is reached a frame later."""
EXPRESSIONS = st.sampled_from(["happy", "sad", "angry", "surprise", "neutral"])


@dataclass(frozen=True)
class Person:
    """Somebody who is in view from `first_s` on and shows one expression after the other; `x` in pixels."""

    x: float
    first_s: float
    shown: tuple[tuple[float, str], ...]
    """Seconds and expression."""
    speed: float = 0.0
    """Pixels a second."""

    def expression(self, at: float) -> str:
        """The expression at `at` seconds; empty while the person is out of view."""
        end = self.first_s
        for seconds, expression in self.shown:
            end += seconds
            if self.first_s <= at < end:
                return expression
        return ""


class ScriptedScene:
    """Detector and readings at once. Each frame is looked up by its time in the scene, not by its time stamp.

    In every `flicker`-th picture of the scene a face looks surprised, and in every `missed`-th none is found.
    """

    crop_margin, needs_colour, has_landmarks, labels, thresholds = 0.0, False, True, LABELS, Thresholds()

    def __init__(self, people: Sequence[Person], fps: float, flicker: int, missed: int) -> None:
        self.people, self.fps = people, fps
        self.flicker, self.missed = flicker, missed
        self.random, self.expressions = np.random.default_rng(1), dict[Face, str]()

    def find(self, image: NDArray[np.uint8], grey: NDArray[np.uint8]) -> list[Face]:
        number = int(image[0, 0]) * 256 + int(image[0, 1])
        at = number / self.fps
        self.expressions = {}
        for person in self.people:
            expression = person.expression(at)
            if not expression or number % self.missed == self.missed - 1:
                continue
            jitter_x, jitter_y, jitter_size = self.random.uniform(-0.5, 0.5, 3)
            x = person.x + person.speed * (at - person.first_s) + jitter_x
            found = face(x, 100 + jitter_y, 80 + jitter_size)
            self.expressions[found] = "surprise" if number % self.flicker == self.flicker - 1 else expression
        return list(self.expressions)

    def read(self, frame: Frame, grey: NDArray[np.uint8], tracks: Sequence[Track]) -> tuple[Reading, ...]:
        return tuple(Reading(track.track_id, frame.at, probabilities(self.expressions[track.face])) for track in tracks)


def announced(
    people: Sequence[Person], frames: Sequence[tuple[int, float]], fps: float, flicker: int, missed: int
) -> list[tuple[str, float]]:
    """The texts of the announcements and their times. frames: number of the picture in the scene, time stamp."""
    scene = ScriptedScene(people, fps, flicker, missed)
    pipeline, texts = Pipeline(scene, None, Settings(), EN, readings=scene), []
    for index, (number, at) in enumerate(frames):
        image = GREY.copy()
        image[0, :2] = divmod(number, 256)
        texts += [(each.text, at) for each in pipeline.step(Frame(image, at, index)).utterances]
    return texts


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Person, ...]:
    """One or two people; everything that happens is at least 1.2 s apart, so that no order hangs on a millisecond."""
    people = []
    for index in range(draw(st.integers(1, 2))):
        seconds = draw(st.sampled_from([2.5, 5.0]))
        shown = tuple((seconds, each) for each in draw(st.lists(EXPRESSIONS, min_size=1, max_size=3)))
        people.append(Person(90 + 390 * index, 0.5 + 1.25 * index, shown, draw(st.sampled_from([0.0, 3.0]))))
    return tuple(people)


@settings(max_examples=20, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    people=scenes(),
    fps=st.sampled_from([5.5, 10.0, 15.0, 30.0]),
    repeats=st.lists(st.sampled_from([0, 0, 0, 1, 2, 6]), min_size=5, max_size=20),
    gaps_ms=st.lists(st.integers(0, 5), min_size=3, max_size=12),
    jitter_ms=st.lists(st.integers(-4, 4), min_size=3, max_size=12),
    flicker=st.sampled_from([8, 10, 10_000]),
    missed=st.sampled_from([7, 10_000]),
)
def test_repeated_frames_and_jittered_time_stamps_change_no_announcement(
    people: tuple[Person, ...],
    fps: float,
    repeats: list[int],
    gaps_ms: list[int],
    jitter_ms: list[int],
    flicker: int,
    missed: int,
) -> None:
    seconds = max(each.first_s + sum(shown[0] for shown in each.shown) for each in people) + 4
    plain = [(number, number / fps) for number in range(int(seconds * fps))]
    disturbed, at = [], 0.0
    for number, due in plain:
        at = max(at, due + jitter_ms[number % len(jitter_ms)] / 1000)
        disturbed.append((number, at))
        for again in range(repeats[number % len(repeats)]):
            at += gaps_ms[(number + again) % len(gaps_ms)] / 1000
            disturbed.append((number, at))
    expected = announced(people, plain, fps, flicker, missed)
    found = announced(people, disturbed, fps, flicker, missed)
    assert [text for text, _ in found] == [text for text, _ in expected]
    for (text, at), (_, wanted) in zip(found, expected, strict=True):
        assert abs(at - wanted) <= TOLERANCE_S, text


def test_a_frame_of_the_same_moment_is_not_looked_at_again() -> None:
    detector = ScriptedDetector(lambda number: [face(280)])
    pipeline = Pipeline(detector, ScriptedClassifier(), Settings(), EN)
    first = pipeline.step(Frame(picture(), 1.0, 0))
    for at in (1.0, 1.004, 1.009):
        step = pipeline.step(Frame(picture(), at, 1))
        assert (step.tracks, step.readings, step.is_skipped) == (first.tracks, first.readings, True)
        assert not step.announcements
    assert detector.frame == 0
    for number, at in enumerate((1.02, 0.5, 0.6), 1):  # a clock that is set back does not stop the assistant
        assert not pipeline.step(Frame(picture(), at, number)).is_skipped
        assert detector.frame == number
