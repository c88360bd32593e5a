"""A covered lens pauses the assistant, which is announced."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from assistant.config.settings import AnnouncementSettings, Settings
from assistant.ipc.commands import Command
from assistant.records import Face, Frame, Priority
from assistant.vision.decisions.empty_view import RESUME_GRACE_S
from assistant.vision.pace import STILL_INTERVAL_S, Pace
from assistant.vision.pipeline import Pipeline
from tests.support.scripted_pipeline import EN, run_loop, scripted_pipeline, shots
from tests.support.standins import ScriptedClassifier, ScriptedDetector, face, picture


class DetectorBlindInTheDark(ScriptedDetector):
    """Finds what the script says, but nothing in a dark frame."""

    def find(self, image: np.ndarray, grey: np.ndarray) -> list[Face]:
        found = super().find(image, grey)
        return found if grey.mean() > 40 else []


def covered(pattern: Sequence[tuple[float, bool]], expression: str = "happy") -> list[Frame]:
    """Frames of 0.1 s: a picture, or the lens under a hand, for so many seconds each."""
    light, dark = picture(expression), np.full((480, 640), 6, np.uint8)
    images = [dark if is_dark else light for seconds, is_dark in pattern for _ in range(round(10 * seconds))]
    return [Frame(image, number / 10, number) for number, image in enumerate(images)]


def pipeline_blind_in_the_dark(
    script: Callable[[int], Sequence[Face]] = lambda frame: [face(280)],
    verbosity: str = "normal",
    pace: Pace | None = None,
) -> Pipeline:
    return Pipeline(
        DetectorBlindInTheDark(script),
        ScriptedClassifier(),
        dataclasses.replace(Settings(), announcements=AnnouncementSettings(verbosity=verbosity)),
        EN,
        pace=pace,
    )


def run(pipeline: Pipeline, frames: Sequence[Frame]) -> list[tuple[float, str]]:
    """The texts of all utterances of a pipeline, with their times."""
    steps = [(frame.at, pipeline.step(frame)) for frame in frames]
    return [(at, each.text) for at, step in steps for each in (*step.status, *step.utterances)]


HAND, BACK = EN.status("lens_covered"), EN.status("lens_uncovered")


def test_a_covered_lens_is_announced_and_pauses_the_assistant() -> None:
    pipeline = pipeline_blind_in_the_dark()
    texts = run_loop(covered([(1.5, False), (4, True), (3, False)]), pipeline)
    assert texts == ["Ready.", "One person looks happy.", HAND, BACK, "One person looks happy."]
    assert not pipeline.status.is_lens_covered


def test_a_pause_is_announced_in_quiet_too() -> None:
    assert run_loop(covered([(1.5, False), (4, True), (3, False)]), pipeline_blind_in_the_dark(verbosity="quiet")) == [
        "Ready.",
        HAND,
        BACK,
    ]


@pytest.mark.parametrize("seconds", [0.3, 1.0, 1.9])
@pytest.mark.parametrize("missed", [0, 10])
def test_a_hand_that_is_gone_before_two_seconds_changes_nothing(seconds: float, missed: int) -> None:
    """missed: in so many frames after it the face is not found yet."""
    frames = covered([(2.5, False), (seconds, True), (4, False)])
    pipeline = pipeline_blind_in_the_dark(lambda frame: [] if 25 <= frame < 25 + missed else [face(280)])
    steps, partners = [], []
    for frame in frames:
        steps.append(pipeline.step(frame))
        partners.append(pipeline.status.partner)
    assert [each.text for step in steps for each in step.utterances] == ["One person looks happy."]
    assert {person.track_id for step in steps for person in step.tracks} == {1}
    assert not any(step.status for step in steps)
    assert set(partners[21:]) == {1}


def test_a_person_who_leaves_behind_a_hand_on_the_lens_is_missed_as_long_as_without_it() -> None:
    gone = lambda frame: [face(280)] if frame < 15 else []  # noqa: E731
    (_, (without, text)) = run(pipeline_blind_in_the_dark(gone), covered([(5, False)]))
    (_, (behind, other)) = run(pipeline_blind_in_the_dark(gone), covered([(1.5, False), (1.9, True), (5, False)]))
    assert text == other == "Nobody in view."
    assert behind - without == pytest.approx(1.9)


def test_while_a_cover_is_in_question_no_old_picture_is_answered_from() -> None:
    pipeline, answers = pipeline_blind_in_the_dark(), {}
    for frame in covered([(1.5, False), (1.9, True)]):
        pipeline.step(frame)
        answers[frame.seq] = pipeline.answer(Command.ASK, frame.at).utterance.text
    assert answers[20] == answers[14] == "Looks happy. Ahead, close."
    assert answers[33] == "Cannot tell, too dark."


def test_after_a_pause_everybody_is_announced_anew() -> None:
    for verbosity in ("brief", "normal", "full"):
        pipeline = pipeline_blind_in_the_dark(lambda frame: [face(280), face(480)], verbosity)
        spoken_texts = [text for _, text in run(pipeline, covered([(4, False), (62, True), (6, False)]))]
        before, after = spoken_texts[: spoken_texts.index(HAND)], spoken_texts[spoken_texts.index(BACK) + 1 :]
        assert before == after != []


@pytest.mark.parametrize("missed", [1, 10])
def test_a_person_found_soon_after_a_pause_is_not_announced_as_gone(missed: int) -> None:
    pipeline = pipeline_blind_in_the_dark(lambda frame: [] if 15 <= frame < 15 + missed else [face(280)])
    spoken_texts = [text for _, text in run(pipeline, covered([(1.5, False), (4, True), (4, False)]))]
    assert spoken_texts == ["One person looks happy.", HAND, BACK, "One person looks happy."]


def test_a_person_who_left_during_a_pause_is_announced_as_gone() -> None:
    pipeline = pipeline_blind_in_the_dark(lambda frame: [face(280)] if frame < 15 else [])
    spoken_texts = run(pipeline, covered([(1.5, False), (4, True), (4, False)]))
    assert [text for _, text in spoken_texts] == ["One person looks happy.", HAND, BACK, "Nobody in view."]
    assert spoken_texts[3][0] - spoken_texts[2][0] == pytest.approx(RESUME_GRACE_S)


@pytest.mark.parametrize(("on_s", "off_s"), [(3.0, 3.0), (2.2, 0.8), (5.0, 1.0), (20.0, 10.0), (2.5, 7.0)])
def test_however_often_the_lens_is_covered_it_is_announced_at_most_four_times_a_minute(
    on_s: float, off_s: float
) -> None:
    pattern = [(1.5, False), *[(on_s, True), (off_s, False)] * int(150 / (on_s + off_s)), (70.0, False)]
    spoken_texts = [
        (at, text)
        for at, text in run(pipeline_blind_in_the_dark(lambda frame: []), covered(pattern))
        if text in (HAND, BACK)
    ]
    for start in range(150):
        assert sum(start <= at < start + 60 for at, _ in spoken_texts) <= 4
        assert sum(start <= at < start + 60 for at, text in spoken_texts if text == HAND) <= 2
    assert [text for _, text in spoken_texts] == [HAND, BACK] * (len(spoken_texts) // 2), (
        "each pause that is announced is followed by its end"
    )
    assert len(spoken_texts) >= 8


def test_a_pause_that_was_announced_too_often_is_announced_within_the_minute_and_again_while_it_lasts() -> None:
    pattern = [(1.5, False), *[(3.0, True), (3.0, False)] * 3, (2000.0, True)]
    announced_at = [
        at for at, text in run(pipeline_blind_in_the_dark(lambda frame: []), covered(pattern)) if text == HAND
    ]
    assert announced_at == pytest.approx([3.5, 9.5, 63.5, 963.5, 1863.5])


def test_a_pause_is_announced_after_answers_and_interrupts_nothing() -> None:
    frames = covered([(1.5, False), (4, True), (1, False)])
    pipeline = pipeline_blind_in_the_dark(lambda frame: [])
    statuses = [each for frame in frames for each in pipeline.step(frame).status]
    assert [(each.priority, each.topic, each.expires_at, each.is_over) for each in statuses] == [
        (Priority.PAUSE, "lens", None, False),
        (Priority.PAUSE, "lens", None, True),
    ]


def test_while_the_lens_is_covered_that_is_the_answer() -> None:
    pipeline = scripted_pipeline()
    for frame in shots("happy", 10):
        pipeline.step(frame)
    assert pipeline.answer(Command.ASK, 1.0).utterance.text == "Looks happy. Ahead, close."
    for number in range(40):
        pipeline.step(Frame(np.full((480, 640), 6, np.uint8), 1 + number / 10, number))
    answered = pipeline.answer(Command.ASK, 5.0)
    assert (answered.utterance.text, answered.reason) == (EN.status("lens_covered"), "lens_covered")


@pytest.mark.parametrize("seconds", [2.2, 2.3, 4.0, 4.1])
@pytest.mark.parametrize("least_interval_s", [0.0, STILL_INTERVAL_S])
def test_the_end_of_a_pause_is_not_missed_between_two_steps(seconds: float, least_interval_s: float) -> None:
    """least_interval_s: as on a hot board, where changed frames are skipped too."""
    frames = covered([(2, False), (seconds, True), (3, False)])
    pipeline = pipeline_blind_in_the_dark(pace=Pace())
    pipeline.set_least_interval(least_interval_s)
    told = run(pipeline, frames)
    assert [text for _, text in told] == ["One person looks happy.", HAND, BACK, "One person looks happy."]
    assert told[-1][0] <= 2 + seconds + 1.4 + least_interval_s
    assert pipeline.step(frames[-1]).tracks[0].track_id == 2, "a face after the pause is a new track"
