"""A clip through the assistant: the same sentences as `replay` has, why, whether they were true, and stopping it."""

import dataclasses
import itertools
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.app.replay import AnnouncementOutcome, replay
from assistant.errors import SourceError
from assistant.vision import factory
from assistant.vision.cameras.demo import photograph
from convert.playground import clip
from convert.playground.choices import Choice
from convert.playground.clip import ClipProgress, ClipResult, StoppedError
from convert.scenarios.script.ground_truth import BoxKeyframe, GroundTruth, Interval, PersonTimeline
from tests.convert.playground.shown import ListCamera, empty_room, write_clip

SETTINGS = Choice().settings()
TRUTH = GroundTruth(
    "short",
    "walk",
    5.0,
    (PersonTimeline("Eileen", (BoxKeyframe(0.0, 88, 33, 46, 52),), (Interval(0.0, 2.5, "happy"),)),),
)


@pytest.fixture(scope="module")
def images() -> list[NDArray[np.uint8]]:
    """Two and a half seconds of a face, then of an empty room."""
    small = np.asarray(cv2.resize(photograph("astronaut"), (256, 256), interpolation=cv2.INTER_AREA), np.uint8)
    return [small] * 25 + [empty_room()] * 25


@pytest.fixture(scope="module")
def short(images: list[NDArray[np.uint8]]) -> ClipResult:
    return clip.watch(ListCamera(images), 5.0, SETTINGS, threading.Event(), truth=TRUTH)


def test_the_sentences_are_those_of_replay(short: ClipResult, images: list[NDArray[np.uint8]]) -> None:
    outcomes = [
        each
        for each in replay(ListCamera(images), factory.make_pipeline(SETTINGS), SETTINGS)
        if isinstance(each, AnnouncementOutcome)
    ]
    assert [(each.text, each.started_at) for each in short.said] == [
        (each.utterance.text, each.started_at) for each in outcomes
    ]
    assert [each.text for each in short.said] == ["One person looks happy.", "Nobody in view."]


def test_it_says_why(short: ClipResult) -> None:
    first, gone = short.said[:2]
    assert first.why.startswith("person 1 is new: looks happy, ")
    assert first.why.endswith("% on average")
    assert gone.why == "person 1 is gone; the last look was happy"
    assert first.view is not None
    assert first.view.image.shape[1] == 256
    assert first.view.faces[0].words == "Looks happy."
    box = first.view.faces[0].box
    assert 0 < box.x < box.x + box.width < 256


def test_how_people_looked_is_kept_in_order(short: ClipResult) -> None:
    states = [each.state for each in short.states[1]]
    assert states[-1] == "happy"
    for stretches in short.states.values():
        assert all(each.start < each.end <= short.seconds for each in stretches)
        assert all(a.end <= b.start for a, b in itertools.pairwise(stretches))


def test_the_ground_truth_tells_what_was_true(short: ClipResult) -> None:
    assert [each.verdict for each in short.said] == ["correct", "correct"]


def test_what_was_not_true_is_told(images: list[NDArray[np.uint8]]) -> None:
    sad = dataclasses.replace(TRUTH.people[0], expressions=(Interval(0.0, 2.5, "sad"),))
    truth = dataclasses.replace(TRUTH, people=(sad,))
    result = clip.watch(ListCamera(images[:20]), 2.0, SETTINGS, threading.Event(), truth=truth)
    assert [each.verdict for each in result.said] == ["false"]


def test_the_demos_walk_can_be_watched() -> None:
    camera, seconds = clip.open_demo(SETTINGS)
    assert seconds == 22.0
    assert camera.read() is not None


def test_it_stops_within_a_frame(images: list[NDArray[np.uint8]]) -> None:
    stop, seen = threading.Event(), list[ClipProgress]()

    def on_progress(work: ClipProgress) -> None:
        seen.append(work)
        if len(seen) == 5:
            stop.set()

    with pytest.raises(StoppedError):
        clip.watch(ListCamera(images), 5.0, SETTINGS, stop, on_progress=on_progress)
    assert len(seen) == 5
    assert seen[-1].of_seconds == 5.0
    assert seen[-1].view is not None


def test_a_files_length_is_known_before(tmp_path: Path, images: list[NDArray[np.uint8]]) -> None:
    camera, seconds = clip.open_clip(write_clip(tmp_path / "a.avi", images[:20]))
    assert seconds == pytest.approx(2.0)
    result = clip.watch(camera, seconds, SETTINGS, threading.Event())
    assert [each.text for each in result.said] == ["One person looks happy."]
    assert result.frames == 20


def test_a_file_that_is_no_clip_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "letter.mp4"
    path.write_text("Dear Grace")
    with pytest.raises(SourceError, match="not a video that can be read"):
        clip.open_clip(path)
