"""What the pipeline answers who asks."""

import dataclasses

import numpy as np

from assistant.config.settings import AnnouncementSettings, Settings
from assistant.ipc.commands import Command
from assistant.records import Box, Face, Fate, Frame
from assistant.vision.detectors.rescan import Rescan, mirror_face
from assistant.vision.pipeline import Pipeline
from tests.support.scripted_pipeline import EN, pipeline, shots
from tests.support.standins import ScriptedDetector, ScriptedReader, face, picture


def searching(*faces: Face) -> Rescan:
    """A search whose views, every other one in the mirror, all show these."""
    turned = [mirror_face(each, 640) for each in faces]
    far, near = (ScriptedDetector(lambda view: turned if view % 2 else faces) for _ in range(2))
    return Rescan(far, near)


def test_who_asks_while_nobody_is_near_hears_of_those_far_away() -> None:
    far = searching(face(300, size=25), face(100, size=22))
    detector = ScriptedDetector(lambda frame: [])
    line = Pipeline(detector, ScriptedReader(), Settings(), EN, rescan=far)
    for frame in shots("happy", 25):
        step = line.step(frame)
        assert step.utterances == ()
    answered = line.answer(Command.ASK, 2.5)
    assert answered.utterance.text == "Two people. Nearest, ahead. Cannot tell, too far away."
    assert answered.reason == "far"
    detector.script = lambda frame: [face(280)]
    line.step(shots("happy", 1, 25)[0])
    assert len(line.snapshot.people) == 1


def test_the_search_has_begun_when_who_was_there_is_given_up() -> None:
    doubted = dataclasses.replace(face(300, size=25), score=0.42)
    line = Pipeline(
        ScriptedDetector(lambda frame: [face(280)] if frame < 5 else []), ScriptedReader(), Settings(), EN,
        rescan=searching(doubted),
    )  # fmt: skip
    found = []
    for frame in shots("happy", 18):
        line.step(frame)
        found.append(line.snapshot.people[0].reason)
    assert found.index("far") == 15, "a second after the last sight of who was there"
    assert found[15:] == ["far"] * 3, "all four views are there: one alone would not be believed"


def test_an_empty_dark_room_is_answered_with_why() -> None:
    line = pipeline([])
    line.step(Frame((picture() // 8).astype(np.uint8), 0.0, 0))
    assert line.answer(Command.ASK, 0.1).utterance.text == "Cannot tell, too dark."
    assert line.answer(Command.ASK, 1.2).utterance.text == EN.status("no_picture")


def test_an_expression_that_was_never_measured_is_answered_with_maybe() -> None:
    line = pipeline()
    for frame in shots("fear", 15):
        line.step(frame)
    assert line.answer(Command.ASK, 1.4).utterance.text.endswith("Maybe looks afraid.")


def test_who_is_found_by_the_search_alone_has_the_reason_that_is_true_of_them() -> None:
    grain = picture("happy")
    for size, words in ((30.0, "too far away"), (200.0, "unclear")):
        search = searching(face(250, size=size))
        line = Pipeline(ScriptedDetector(lambda frame: []), ScriptedReader(), Settings(), EN, rescan=search)
        line.step(Frame(grain, 0.0, 1))
        assert words in line.answer(Command.ASK, 0.1).utterance.text
    shadow = searching(dataclasses.replace(face(250, size=30), score=0.35))
    line = Pipeline(ScriptedDetector(lambda frame: []), ScriptedReader(), Settings(), EN, rescan=shadow)
    line.step(Frame(grain, 0.0, 1))
    assert line.answer(Command.ASK, 0.1).utterance.text == "Nobody in view."


def test_a_shadow_that_was_a_face_in_one_frame_is_nobody_for_who_asks() -> None:
    def told(score: float, frames: int) -> str:
        weak = dataclasses.replace(face(280), score=score)
        line = Pipeline(ScriptedDetector(lambda frame: [weak]), ScriptedReader(), Settings(), EN)
        for number in range(frames):
            line.step(Frame(picture("happy"), number / 10, number))
        return line.answer(Command.ASK, frames / 10).utterance.text

    assert told(0.45, 1) == told(0.45, 2) == "Nobody in view."
    assert told(0.45, 3).startswith("One person")
    assert told(0.75, 1).startswith("One person")


def test_a_face_that_is_missed_for_a_moment_is_still_there_for_who_asks() -> None:
    line = Pipeline(ScriptedDetector(lambda frame: [face(280)] if frame < 10 else []), ScriptedReader(), Settings(), EN)
    told = {}
    for number in range(30):
        line.step(Frame(picture("happy"), number / 10, number))
        told[number] = line.answer(Command.ASK, number / 10).utterance.text
    assert "One person" in told[9]
    assert told[15] == told[9]
    assert told[18] == told[9]
    assert told[22] == "Nobody in view."


def test_what_was_called_wrong_is_not_answered_either() -> None:
    line = pipeline()
    (first,) = [each for frame in shots("happy", 12) for each in line.step(frame).utterances]
    line.ended(first, Fate.SPOKEN)
    assert line.reject_last(1.2).text == EN.status("rejected")
    line.step(shots("happy", 1, 12)[0])
    for what in (Command.ASK, Command.WHY):
        assert line.answer(what, 1.2).utterance.text.endswith("Cannot tell, face is unclear.")


def test_a_smile_that_lasts_can_still_be_called_wrong() -> None:
    line = pipeline()
    (first,) = [each for frame in shots("happy", 12) for each in line.step(frame).utterances]
    line.ended(first, Fate.SPOKEN)
    for frame in shots("happy", 450, 12):
        line.step(frame)
    assert line.reject_last(46.1).text == EN.status("rejected")


def test_an_answer_can_be_called_wrong_and_a_place_cannot() -> None:
    line = Pipeline(
        ScriptedDetector(lambda frame: [face(280)]),
        ScriptedReader(),
        Settings(announcements=AnnouncementSettings(verbosity="quiet")),
        EN,
    )
    for frame in shots("happy", 12):
        line.step(frame)
    assert line.answer(Command.AIM, 1.1).utterance.text
    assert line.reject_last(1.1).text == EN.status("nothing_to_reject")
    assert line.answer(Command.ASK, 1.1).utterance.text.endswith("Looks happy.")
    assert line.reject_last(1.2).text == EN.status("rejected")
    line.step(shots("happy", 1, 12)[0])
    assert line.answer(Command.ASK, 1.2).utterance.text.endswith("Cannot tell, face is unclear.")


def test_somebody_far_from_a_camera_on_its_side_is_far() -> None:
    def far(shape: tuple[int, int], size: float) -> bool:
        one = Face(Box(100, 100, size, size), 0.9)
        line = Pipeline(ScriptedDetector(lambda frame: [one]), ScriptedReader(), Settings(), EN)
        rng = np.random.default_rng(1)
        for number in range(12):
            line.step(Frame(rng.integers(60, 200, (*shape, 3), dtype=np.uint8), number / 10, number))
        return "too far" in line.answer(Command.ASK, 1.1).utterance.text

    for size in (30.0, 44.0, 48.0, 80.0):
        assert far((480, 640), size) is far((640, 480), size) is (size < 46)
