"""The answers of the pipeline to the wearer's questions."""

import dataclasses

import numpy as np

from assistant.config.settings import AnnouncementSettings, Settings
from assistant.ipc.commands import Command
from assistant.records import Box, Face, Fate, Frame
from assistant.vision.detectors.rescan import Rescan, mirror_face
from assistant.vision.pipeline import Pipeline
from tests.support.scripted_pipeline import EN, scripted_pipeline, shots
from tests.support.standins import ScriptedClassifier, ScriptedDetector, face, picture


def searching(*faces: Face) -> Rescan:
    """A search whose views, every other fine one in the mirror, all show these."""
    turned = [mirror_face(each, 640) for each in faces]
    return Rescan(ScriptedDetector(lambda view: turned if view % 2 else faces), ScriptedDetector(lambda view: faces))


def test_with_nobody_near_the_answer_is_about_people_far_away() -> None:
    far = searching(face(300, size=25), face(100, size=22))
    detector = ScriptedDetector(lambda frame: [])
    pipeline = Pipeline(detector, ScriptedClassifier(), Settings(), EN, rescan=far)
    for frame in shots("happy", 25):
        step = pipeline.step(frame)
        assert step.utterances == ()
    answered = pipeline.answer(Command.ASK, 2.5)
    assert answered.utterance.text == "Cannot tell, too far away. Two people. Nearest, ahead."
    assert answered.reason == "far"
    detector.script = lambda frame: [face(280)]
    pipeline.step(shots("happy", 1, 25)[0])
    assert len(pipeline.snapshot.people) == 1


def test_the_rescan_is_complete_when_the_last_person_is_given_up() -> None:
    doubted = dataclasses.replace(face(300, size=25), score=0.42)
    pipeline = Pipeline(
        ScriptedDetector(lambda frame: [face(280)] if frame < 5 else []), ScriptedClassifier(), Settings(), EN,
        rescan=searching(doubted),
    )  # fmt: skip
    found = []
    for frame in shots("happy", 18):
        pipeline.step(frame)
        found.append(pipeline.snapshot.people[0].reason)
    assert found.index("far") == 15, "a second after the last detection of the near person"
    assert found[15:] == ["far"] * 3, "of all views: a detection in one alone is not accepted"


def test_an_empty_dark_room_is_answered_with_the_reason() -> None:
    pipeline = scripted_pipeline([])
    pipeline.step(Frame((picture() // 8).astype(np.uint8), 0.0, 0))
    assert pipeline.answer(Command.ASK, 0.1).utterance.text == "Cannot tell, too dark."
    assert pipeline.answer(Command.ASK, 1.2).utterance.text == EN.status("no_picture")


def test_an_expression_that_was_never_measured_is_answered_with_maybe() -> None:
    pipeline = scripted_pipeline()
    for frame in shots("fear", 15):
        pipeline.step(frame)
    assert pipeline.answer(Command.ASK, 1.4).utterance.text.startswith("Maybe looks afraid.")


def test_a_person_found_by_the_rescan_alone_has_a_reason_of_their_own() -> None:
    grain = picture("happy")
    for size, expected in ((30.0, "too far away"), (200.0, "unclear")):
        search = searching(face(250, size=size))
        pipeline = Pipeline(ScriptedDetector(lambda frame: []), ScriptedClassifier(), Settings(), EN, rescan=search)
        pipeline.step(Frame(grain, 0.0, 1))
        assert expected in pipeline.answer(Command.ASK, 0.1).utterance.text
    shadow = searching(dataclasses.replace(face(250, size=30), score=0.35))
    pipeline = Pipeline(ScriptedDetector(lambda frame: []), ScriptedClassifier(), Settings(), EN, rescan=shadow)
    pipeline.step(Frame(grain, 0.0, 1))
    assert pipeline.answer(Command.ASK, 0.1).utterance.text == "Nobody in view."


def test_an_unsure_face_of_one_frame_is_left_out_of_answers() -> None:
    def answer_after(score: float, frames: int) -> str:
        weak = dataclasses.replace(face(280), score=score)
        pipeline = Pipeline(ScriptedDetector(lambda frame: [weak]), ScriptedClassifier(), Settings(), EN)
        for number in range(frames):
            pipeline.step(Frame(picture("happy"), number / 10, number))
        return pipeline.answer(Command.ASK, frames / 10).utterance.text

    assert answer_after(0.45, 1) == answer_after(0.45, 2) == "Nobody in view."
    assert answer_after(0.45, 3).endswith("Ahead, close.")
    assert answer_after(0.75, 1).endswith("Ahead, close.")


def test_a_face_missed_for_a_moment_is_still_there_in_answers() -> None:
    pipeline = Pipeline(
        ScriptedDetector(lambda frame: [face(280)] if frame < 10 else []), ScriptedClassifier(), Settings(), EN
    )
    answer_after = {}
    for number in range(30):
        pipeline.step(Frame(picture("happy"), number / 10, number))
        answer_after[number] = pipeline.answer(Command.ASK, number / 10).utterance.text
    assert answer_after[9] == "Looks happy. Ahead, close."
    assert answer_after[15] == answer_after[9]
    assert answer_after[18] == answer_after[9]
    assert answer_after[22] == "Nobody in view."


def test_a_rejected_expression_is_not_answered_either() -> None:
    pipeline = scripted_pipeline()
    (first,) = [each for frame in shots("happy", 12) for each in pipeline.step(frame).utterances]
    pipeline.ended(first, Fate.SPOKEN)
    assert pipeline.reject_last(1.2).text == EN.status("rejected")
    pipeline.step(shots("happy", 1, 12)[0])
    for what in (Command.ASK, Command.WHY):
        assert pipeline.answer(what, 1.2).utterance.text.startswith("Left out, as you wished.")


def test_a_smile_that_lasts_can_still_be_rejected() -> None:
    pipeline = scripted_pipeline()
    (first,) = [each for frame in shots("happy", 12) for each in pipeline.step(frame).utterances]
    pipeline.ended(first, Fate.SPOKEN)
    for frame in shots("happy", 450, 12):
        pipeline.step(frame)
    assert pipeline.reject_last(46.1).text == EN.status("rejected")


def test_the_expression_of_an_answer_can_be_rejected_and_a_place_cannot() -> None:
    pipeline = Pipeline(
        ScriptedDetector(lambda frame: [face(280)]),
        ScriptedClassifier(),
        Settings(announcements=AnnouncementSettings(verbosity="quiet")),
        EN,
    )
    for frame in shots("happy", 12):
        pipeline.step(frame)
    assert pipeline.answer(Command.AIM, 1.1).utterance.text
    assert pipeline.reject_last(1.1).text == EN.status("nothing_to_reject")
    assert pipeline.answer(Command.ASK, 1.1).utterance.text.startswith("Looks happy.")
    assert pipeline.reject_last(1.2).text == EN.status("rejected")
    pipeline.step(shots("happy", 1, 12)[0])
    assert pipeline.answer(Command.ASK, 1.2).utterance.text.startswith("Left out, as you wished.")


def test_a_person_far_from_a_camera_on_its_side_is_far() -> None:
    def far(shape: tuple[int, int], size: float) -> bool:
        one = Face(Box(100, 100, size, size), 0.9)
        pipeline = Pipeline(ScriptedDetector(lambda frame: [one]), ScriptedClassifier(), Settings(), EN)
        rng = np.random.default_rng(1)
        for number in range(12):
            pipeline.step(Frame(rng.integers(60, 200, (*shape, 3), dtype=np.uint8), number / 10, number))
        return "too far" in pipeline.answer(Command.ASK, 1.1).utterance.text

    for size in (30.0, 44.0, 48.0, 80.0):
        assert far((480, 640), size) is far((640, 480), size) is (size < 46)
