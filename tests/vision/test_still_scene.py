"""A pipeline with a pace: what it skips, searches and reads, and that nothing is told later for it."""

import contextlib
import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.config.settings import AnnouncementSettings, Settings
from assistant.ipc.commands import Command
from assistant.records import Change, Face, Fate, Frame, Reading, Utterance
from assistant.vision.pace import DETECTION_INTERVAL_S, EMPTY_INTERVAL_S, READING_AGE_S, STILL_INTERVAL_S, Pace
from assistant.vision.pipeline import Pipeline
from assistant.vision.step import Step
from tests.support.scripted_pipeline import EN, ScriptedOcclusionModel
from tests.support.standins import ScriptedClassifier, ScriptedDetector, face, picture

FPS = 10
HERE = face(280)
PICTURES = {each: picture(each) for each in ("angry", "happy", "neutral", "sad")}


def shot(expression: str, number: int, *others: tuple[int, int]) -> Frame:
    """A picture with the noise of a sensor, and dark squares at the places of `others`."""
    noise = np.random.default_rng(number % 7).integers(-6, 7, (480, 640))
    image = (PICTURES[expression] + noise).astype(np.uint8)
    for x, y in others:
        image[y : y + 48, x : x + 48] = 20
    return Frame(image, number / FPS, number)


class CountingClassifier(ScriptedClassifier):
    """Counts the crops that it is given."""

    def __init__(self) -> None:
        self.crops = 0

    def probabilities(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.crops += 1
        return super().probabilities(crop)


class Rig:
    """A pipeline with a pace; the faces are where `faces` says for a frame's number."""

    def __init__(
        self,
        faces: Callable[[int], Sequence[Face]] = lambda number: [HERE],
        *,
        settings: Settings | None = None,
        has_pace: bool = True,
    ) -> None:
        self.classifier, self.number, self.searched = CountingClassifier(), -1, list[int]()
        self.texts: list[tuple[float, str]] = []

        def found(_: int) -> Sequence[Face]:
            self.searched.append(self.number)
            return faces(self.number)

        pace = Pace() if has_pace else None
        self.pipeline = Pipeline(ScriptedDetector(found), self.classifier, settings or Settings(), EN, pace=pace)

    def play(self, frames: Sequence[Frame]) -> list[Step]:
        steps = []
        for frame in frames:
            self.number = frame.seq
            step = self.pipeline.step(frame)
            said: tuple[Utterance, ...] = (*step.status, *step.utterances)
            self.texts += [(frame.at, each.text) for each in said]
            for each in said:
                self.pipeline.ended(each, Fate.SPOKEN)
            steps.append(step)
        return steps


def processed(steps: Sequence[Step]) -> int:
    return sum(not each.is_skipped for each in steps)


def test_an_empty_still_room_is_looked_at_twice_a_second_and_searched_once() -> None:
    rig = Rig(lambda number: [])
    rig.play([shot("neutral", number) for number in range(30)])
    rig.searched.clear()
    steps = rig.play([shot("neutral", number) for number in range(30, 130)])
    assert processed(steps) == pytest.approx(10 / EMPTY_INTERVAL_S, abs=1)
    assert len(rig.searched) == pytest.approx(10 / DETECTION_INTERVAL_S, abs=1)


def test_a_still_face_is_looked_at_five_times_a_second_and_read_once_in_two_from_either_side() -> None:
    rig = Rig()
    rig.play([shot("happy", number) for number in range(40)])
    rig.searched.clear()
    rig.classifier.crops = 0
    steps = rig.play([shot("happy", number) for number in range(40, 140)])
    assert processed(steps) == pytest.approx(10 / STILL_INTERVAL_S, abs=1)
    assert len(rig.searched) == pytest.approx(10 / DETECTION_INTERVAL_S, abs=1)
    assert rig.classifier.crops == pytest.approx(2 * 10 / READING_AGE_S, abs=2)
    assert rig.texts == [(0.8, "One person looks happy.")]


def test_a_reading_that_is_used_again_has_the_time_of_its_frame() -> None:
    rig = Rig()
    for number in range(60):
        frame = shot("happy", number)
        step = rig.play([frame])[0]
        if not step.is_skipped:
            assert [each.at for each in step.readings] == [frame.at]
            assert [each.track_id for each in step.readings] == [each.track_id for each in step.tracks] == [1]


@pytest.mark.parametrize("onset", range(60, 66))
def test_an_expression_is_told_as_soon_as_with_every_frame(onset: int) -> None:
    frames = [shot("happy" if number < onset else "sad", number) for number in range(120)]
    paced, every = Rig(), Rig(has_pace=False)
    steps = paced.play(frames)
    every.play(frames)
    assert not steps[onset].is_skipped, "it wakes in the very frame"
    assert [text for _, text in paced.texts] == [text for _, text in every.texts] == ["One person looks happy.",
                                                                                    "Looks sad."]  # fmt: skip
    assert paced.texts == every.texts, "and not sooner: the still face counts as much as what it does now"


@pytest.mark.parametrize("arrival", range(60, 66))
def test_an_arrival_in_an_empty_room_is_told_as_soon_as_with_every_frame(arrival: int) -> None:
    frames = [shot("happy", number, *([(290, 110)] if number >= arrival else [])) for number in range(100)]
    paced, every = (Rig(lambda number: [HERE] if number >= arrival else [], has_pace=each) for each in (True, False))
    steps = paced.play(frames)
    every.play(frames)
    assert not steps[arrival].is_skipped
    assert processed(steps[30:arrival]) < 10
    assert paced.texts == every.texts
    assert len(paced.texts) == 1


def test_a_departure_is_told_as_soon_as_with_every_frame() -> None:
    frames = [shot("happy", number, *([(290, 110)] if number < 63 else [])) for number in range(120)]
    paced, every = (Rig(lambda number: [HERE] if number < 63 else [], has_pace=each) for each in (True, False))
    paced.play(frames)
    every.play(frames)
    assert paced.texts == every.texts
    assert paced.texts[-1][1] == "Nobody in view."


def test_a_face_that_is_missed_without_a_change_is_searched_with_every_frame() -> None:
    rig = Rig(lambda number: [] if number in range(60, 75) else [HERE])
    steps = rig.play([shot("happy", number) for number in range(100)])
    missed = next(number for number, each in enumerate(steps) if number >= 60 and each.is_searched)
    assert missed <= 60 + FPS * DETECTION_INTERVAL_S
    assert all(each.is_searched for each in steps[missed:80])


def test_what_is_seen_once_does_not_become_a_person_by_being_kept() -> None:
    """A detection that comes with noise, in a room where nothing moves."""
    weak = dataclasses.replace(HERE, score=0.45)
    rig = Rig(lambda number: [weak] if number == 50 else [])
    rig.play([shot("happy", number) for number in range(50)])
    searches = [number for number in rig.searched if number > 30]
    moment = searches[-1] + int(FPS * DETECTION_INTERVAL_S)
    rig = Rig(lambda number: [weak] if number == moment else [])
    steps = rig.play([shot("happy", number) for number in range(120)])
    assert steps[moment].tracks
    assert not any(each.tracks for each in steps[moment + 1 :])
    assert rig.texts == []


def test_a_still_face_is_not_read_while_another_moves() -> None:
    def faces(number: int) -> list[Face]:
        return [face(80), face(400 + number % 40)]

    rig = Rig(faces)
    frames = [shot("happy", number, (416 + number % 40, 116)) for number in range(120)]
    steps = rig.play(frames)
    assert processed(steps) == 120, "somebody moves"
    assert all(each.is_searched for each in steps)
    assert sum(each.new_readings for each in steps[60:]) < 60 * 1.4


def test_two_frames_of_one_object_are_one_step() -> None:
    rig, frame = Rig(), shot("happy", 0)
    assert [each.is_skipped for each in rig.play([frame, frame])] == [False, True]


def test_an_answer_in_a_still_room_describes_the_newest_frame() -> None:
    rig = Rig()
    for number in range(100):
        frame = shot("happy", number)
        rig.play([frame])
        snapshot = rig.pipeline.snapshot
        assert snapshot is not None
        assert snapshot.at == frame.at
    assert "Looks happy." in rig.pipeline.answer(Command.ASK, 9.9).utterance.text


def test_a_frame_that_a_limit_skips_does_not_count_as_seen() -> None:
    rig = Rig(lambda number: [face(100 + 4 * number)])
    rig.pipeline.set_least_interval(STILL_INTERVAL_S)
    for number in range(60):
        (step,) = rig.play([shot("happy", number, (110 + 4 * number, 110))])
        assert rig.pipeline.snapshot is not None
        assert (rig.pipeline.snapshot.at == number / FPS) == (not step.is_skipped)
        assert number / FPS - rig.pipeline.snapshot.at <= STILL_INTERVAL_S


def test_a_question_brings_every_frame_for_a_moment() -> None:
    rig = Rig()
    rig.play([shot("happy", number) for number in range(60)])
    rig.pipeline.answer(Command.WHY, 5.9)
    assert processed(rig.play([shot("happy", number) for number in range(60, 68)])) == 8


def test_a_frame_that_somebody_waits_for_is_processed() -> None:
    rig = Rig(lambda number: [])
    rig.play([shot("happy", number) for number in range(60)])
    frame = next(each for each in (shot("happy", number) for number in range(60, 64)) if not rig.pipeline.is_due(each))
    waited = dataclasses.replace(frame, at=frame.at + 0.03)
    assert rig.pipeline.is_due(waited, is_wanted=True)
    assert not rig.pipeline.step(waited).is_skipped


def test_a_face_whose_model_fails_is_tried_with_every_step() -> None:
    rig = Rig()
    rig.pipeline.drop_classifier()
    steps = rig.play([shot("happy", number) for number in range(60)])
    assert all(each.new_readings == 1 for each in steps if not each.is_skipped)


def test_an_occluded_still_face_is_not_classified_again() -> None:
    occlusion = ScriptedOcclusionModel()
    pipeline = Pipeline(ScriptedDetector(lambda number: [HERE]), ScriptedClassifier(), Settings(), EN,
                        occlusion=occlusion, pace=Pace())  # fmt: skip
    for number in range(100):
        pipeline.step(shot("happy", number))
    before = occlusion.crops
    steps = [pipeline.step(shot("happy", number)) for number in range(100, 200)]
    assert occlusion.crops - before == pytest.approx(10, abs=2)
    assert {each.readings[0].reason for each in steps} == {"occluded"}


def test_a_hand_on_the_lens_is_noticed_as_soon_as_with_every_frame() -> None:
    def hand(number: int) -> Frame:
        frame = shot("happy", number)
        if 63 <= number < 110:
            share = min(1.0, (number - 62) / 3)
            frame.image[: round(480 * share)] = 2
        return frame

    frames = [hand(number) for number in range(160)]
    paced, every = (Rig(lambda number: [], has_pace=each) for each in (True, False))
    steps = paced.play(frames)
    every.play(frames)
    assert paced.texts == every.texts
    assert len(paced.texts) == 2
    assert processed(steps[95:108]) < 5, "in the dark nothing need be done"


def test_deferred_words_and_full_verbosity_come_as_with_every_frame() -> None:
    settings = dataclasses.replace(Settings(), announcements=AnnouncementSettings(verbosity="full"))
    expressions = [("happy", "sad", "neutral", "angry")[number // 40 % 4] for number in range(600)]
    frames = [shot(expression, number) for number, expression in enumerate(expressions)]
    paced, every = (Rig(settings=settings, has_pace=each) for each in (True, False))
    steps = paced.play(frames)
    every.play(frames)
    assert paced.texts == every.texts
    assert processed(steps) < 560


def test_frames_that_were_skipped_count_once_also_where_the_next_step_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    rig, times = Rig(), list[float]()
    rig.play([shot("happy", number) for number in range(60)])
    update, scene = rig.pipeline._stabilizer.update, rig.pipeline._scene.update

    def noted(at: float, readings: Sequence[Reading]) -> tuple[Change, ...]:
        times.append(at)
        return update(at, readings)

    monkeypatch.setattr(rig.pipeline._stabilizer, "update", noted)
    monkeypatch.setattr(rig.pipeline._scene, "update", lambda *_: 1 / 0)
    for number in range(60, 70):
        with contextlib.suppress(ZeroDivisionError):
            rig.play([shot("happy", number)])
    monkeypatch.setattr(rig.pipeline._scene, "update", scene)
    rig.play([shot("happy", number) for number in range(70, 80)])
    assert len(times) == len(set(times)) > 10
    assert times == sorted(times)
