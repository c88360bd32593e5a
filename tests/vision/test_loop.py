"""The loop of a running assistant: it passes on the utterances of each step, and announces every failure."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from assistant.config.settings import AnnouncementSettings, Settings
from assistant.errors import CameraError, CameraExhaustedError, DetectorError, ModelError
from assistant.ipc.commands import Command
from assistant.records import Face, Fate, Frame, Priority
from assistant.vision.loop import FRAME_TIMEOUT_S
from assistant.vision.pace import Pace
from assistant.vision.pipeline import Pipeline
from assistant.vision.stage_profile import RunningProfile
from tests.support.scripted_pipeline import (
    EN,
    LoopRig,
    ScriptedCapture,
    ScriptedOcclusionModel,
    pipeline_with_occlusion,
    run_loop,
    scripted_pipeline,
    shots,
)
from tests.support.standins import ScriptedClassifier, ScriptedDetector, face


def test_a_failing_occlusion_classifier_is_announced_and_so_is_its_recovery() -> None:
    texts = run_loop(shots("happy", 60), pipeline_with_occlusion(ScriptedOcclusionModel(50, 55)))
    assert texts == [
        "Ready.",
        "One person.",
        EN.fault("occlusion"),
        "Looks happy.",
        EN.fault("occlusion", is_over=True),
    ]


def test_the_stage_table_has_all_that_the_loop_does_and_goes_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    rig = LoopRig(shots("happy", 15), scripted_pipeline())
    seconds = itertools.count(0.0, 5.0)
    rig.loop.profile = RunningProfile(lambda: next(seconds), lambda: 0.0)
    rig.loop.capture.start()
    with caplog.at_level("INFO", "assistant.vision.loop"):
        rig.loop.run()
    rows = [line.split()[0] for line in rig.loop.profile.table().splitlines()[1:]]
    assert rows == [
        "capture", "grey", "health", "detect", "track", "crop", "quality", "classify", "decide", "snapshot", "queue",
        "together", "process", "frames:",
    ]  # fmt: skip
    tables = [message for message in caplog.messages if message.startswith("stages of the last minute\nstage")]
    assert len(tables) == (rig.loop.steps * 5) // 60


def test_it_is_ready_after_the_first_step_and_then_announces() -> None:
    assert run_loop(shots("happy", 15), scripted_pipeline()) == ["Ready.", "One person looks happy."]


def test_a_camera_that_never_opens_is_announced_and_announced_again() -> None:
    texts = run_loop([None] * 700, scripted_pipeline(), step_s=0.1, error="no camera")
    assert texts == [EN.fault("camera")] * 2  # at once, and after a minute


def test_a_camera_that_stops_and_comes_back_is_announced() -> None:
    texts = run_loop([*shots("angry", 3), *[None] * 30, *shots("angry", 3, 40)], scripted_pipeline(), step_s=0.1)
    assert texts == ["Ready.", EN.fault("camera_lost"), EN.fault("camera_lost", is_over=True)]


def test_a_pause_shorter_than_the_limit_is_not_a_loss() -> None:
    few = int(FRAME_TIMEOUT_S / 0.1) - 3
    assert run_loop([*shots("angry", 3), *[None] * few, *shots("angry", 3, 30)], scripted_pipeline()) == ["Ready."]


@pytest.mark.parametrize("how", ["is_stuck", "is_exhausted"])
def test_a_camera_that_only_a_new_process_can_open_ends_the_loop(how: str) -> None:
    rig = LoopRig([], scripted_pipeline())
    capture = ScriptedCapture([*shots("angry", 3), *[None] * 30], rig.stop)
    setattr(capture, how, (lambda: True) if how == "is_stuck" else True)
    rig.loop.capture = capture
    with pytest.raises(CameraExhaustedError, match="the camera's driver hangs"):
        rig.loop.run()
    assert rig.loop.steps == 3


def test_a_camera_that_another_program_holds_is_announced_as_in_use() -> None:
    rig = LoopRig([], scripted_pipeline())
    rig.loop.capture = ScriptedCapture([None] * 30, rig.stop, "device busy")
    rig.loop.capture.is_busy = True
    rig.loop.run()
    assert rig.texts() == [EN.fault("camera_busy")]


def test_torn_pictures_are_announced_and_so_is_their_end() -> None:
    rig = LoopRig([], scripted_pipeline())
    capture = ScriptedCapture([], rig.stop)

    def torn_at_first() -> Iterator[Frame]:
        for frame in shots("angry", 30):
            capture.is_torn = frame.seq < 20
            yield frame

    capture.frames = torn_at_first()
    rig.loop.capture = capture
    rig.loop.run()
    faults = [each.text for each in rig.utterances if each.priority is Priority.FAULT]
    assert faults == [EN.fault("torn"), EN.fault("torn", is_over=True)]


class Broken(ScriptedClassifier):
    """Fails from one crop on, up to another."""

    def __init__(self, first: int = 0, end: int = 10**6) -> None:
        self.crops, self.first, self.end = 0, first, end

    def probabilities(self, crop: np.ndarray) -> np.ndarray:
        self.crops += 1
        if self.first < self.crops <= self.end:
            raise ModelError("the model returned no probabilities: [nan]")
        return super().probabilities(crop)


def test_a_failing_model_is_announced_and_people_still_are() -> None:
    texts = run_loop(shots("happy", 80), scripted_pipeline(classifier=Broken()))
    assert texts == ["Ready.", "One person.", EN.fault("model")]


def test_a_model_that_fails_for_a_moment_is_no_fault() -> None:
    texts = run_loop(shots("happy", 80), scripted_pipeline(classifier=Broken(20, 50)))
    assert texts == ["Ready.", "One person looks happy."]


def test_a_model_that_failed_once_before_everybody_left_is_no_fault() -> None:
    detector = ScriptedDetector(lambda frame: [face(280)] if frame <= 20 or frame > 120 else [])
    pipeline = Pipeline(detector, Broken(20, 21), Settings(), EN)
    assert EN.fault("model") not in run_loop(shots("happy", 150), pipeline)
    assert pipeline.status.has_classifier


def test_the_next_model_takes_over_from_one_that_fails() -> None:
    rig, asked = LoopRig([], scripted_pipeline(classifier=Broken(20))), []

    def other(detail: str) -> tuple[Pipeline, dict[str, str]]:
        asked.append(detail)
        return scripted_pipeline(), {"model_fallback": detail}

    rig.loop.next_pipeline = other
    rig.loop.capture = ScriptedCapture(shots("happy", 120), rig.stop)
    rig.loop.run()
    assert asked == ["the model returned no probabilities: [nan]"]
    assert rig.texts()[-2:] == [EN.fault("model_fallback"), "One person looks happy."]


def test_a_step_that_raises_is_announced_once_and_so_is_its_end() -> None:
    class Bad(ScriptedDetector):
        def find(self, image: np.ndarray, grey: np.ndarray) -> list[Face]:
            found = super().find(image, grey)
            if 5 <= self.frame < 15:
                raise RuntimeError("out of luck")
            return found

    pipeline = Pipeline(Bad(lambda frame: [face(280)]), ScriptedClassifier(), Settings(), EN)
    texts = run_loop(shots("happy", 40), pipeline)
    assert texts == ["Ready.", EN.fault("step"), EN.fault("step", is_over=True), "One person looks happy."]


def test_it_ends_with_a_clip_and_closes_the_camera() -> None:
    rig = LoopRig(shots("happy", 3), scripted_pipeline())
    rig.loop.capture.start()
    rig.loop.run()
    assert rig.loop.capture.has_ended
    assert "Ready." in rig.texts()


def test_every_completed_step_is_reported() -> None:
    steps = []
    rig = LoopRig([], scripted_pipeline())
    rig.loop.capture, rig.loop.on_step = ScriptedCapture([*shots("happy", 4), None], rig.stop), steps.append
    rig.loop.run()
    assert [step is not None for step in steps] == [True] * 4 + [False] * 2


def test_a_capture_error_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    run_loop([None] * 30, scripted_pipeline(), error="no camera: /dev/video0 does not exist")
    assert "/dev/video0 does not exist" in caplog.text


def test_a_camera_error_is_kept_by_the_capture() -> None:
    rig = LoopRig([CameraError("gone")], scripted_pipeline())
    rig.loop.capture.start()
    rig.loop.run()
    assert rig.loop.capture.error == "gone"


def test_a_fault_that_lasts_is_announced_again() -> None:
    rig = LoopRig([], scripted_pipeline())
    rig.loop.faults.begin("model", 0.0, "damaged")
    rig.loop.capture = ScriptedCapture(shots("angry", 700), rig.stop)
    rig.loop.run()
    assert rig.texts().count(EN.fault("model")) == 2


def test_faults_are_urgent_and_each_has_its_topic() -> None:
    rig = LoopRig([], scripted_pipeline())
    rig.loop.faults.begin("camera", 0.0, "gone")
    rig.loop.faults.begin("step", 0.0, "odd")
    assert [(each.priority, each.topic, each.expires_at) for each in rig.utterances] == [
        (Priority.FAULT, "fault camera", None),
        (Priority.FAULT, "fault step", None),
    ]


def test_the_loop_withdraws_what_is_no_longer_true() -> None:
    settings = Settings(announcements=AnnouncementSettings(expressions=("happy",)))
    rig = LoopRig([], Pipeline(ScriptedDetector(lambda frame: [face(280)]), ScriptedClassifier(), settings, EN))
    withdrawn: list[str] = []
    rig.loop.withdraw = withdrawn.append
    rig.loop.capture = ScriptedCapture([*shots("happy", 15), *shots("sad", 15, 15), *shots("fear", 15, 30)], rig.stop)
    rig.loop.run()
    assert withdrawn == ["person 1"]


def test_the_loop_answers_and_lets_the_wearer_reject_an_expression() -> None:
    rig = LoopRig([], scripted_pipeline(), step_s=0.05)
    assert rig.loop.answer(Command.ASK).text == EN.status("no_picture")
    rig.loop.capture = ScriptedCapture(shots("happy", 15), rig.stop)
    rig.loop.run()
    rig.now = 1.45
    assert rig.loop.answer(Command.ASK).text.startswith("Looks happy.")
    assert rig.loop.answer(Command.WRONG).text == EN.status("rejected")
    assert [each.earcon for each in rig.utterances if each.priority is Priority.CHANGE] == ["happy"]
    rig.loop.ended(rig.utterances[-1], Fate.EXPIRED)


def test_pictures_that_show_nothing_are_announced_and_so_is_their_end() -> None:
    black = [Frame(np.zeros((480, 640), np.uint8), number / 10, number) for number in range(70)]
    again = [Frame(each.image, 7 + number / 10, each.seq) for number, each in enumerate(shots("happy", 25))]
    nobody = Pipeline(ScriptedDetector(lambda frame: ()), ScriptedClassifier(), Settings(), EN)
    texts = run_loop([*black, *again], nobody)
    assert texts == ["Ready.", "I see only black. Covered, or dark?", "It is no longer black."]


def test_a_lens_that_is_covered_on_purpose_is_not_called_black() -> None:
    grey = np.random.default_rng(2).integers(90, 160, (480, 640), dtype=np.uint8)
    light = [Frame(grey, number / 10, number) for number in range(10)]
    hand = [Frame(np.zeros((480, 640), np.uint8), 1 + number / 10, number) for number in range(120)]
    nobody = Pipeline(ScriptedDetector(lambda frame: ()), ScriptedClassifier(), Settings(), EN)
    texts = run_loop([*light, *hand], nobody)
    assert texts == ["Ready.", "The lens is covered. I pause."]


def test_without_another_model_people_are_still_announced() -> None:
    def other(detail: str) -> tuple[Pipeline, dict[str, str]]:
        raise DetectorError("no detector at all")

    rig = LoopRig([], scripted_pipeline(classifier=Broken()))
    rig.loop.next_pipeline = other
    rig.loop.capture = ScriptedCapture(shots("happy", 80), rig.stop)
    rig.loop.run()
    assert rig.texts() == ["Ready.", "One person.", EN.fault("model")]
    assert rig.loop.steps == 80


@pytest.mark.parametrize("verbosity", ["", "quiet", "smiles"])
def test_what_the_wearer_chose_of_the_verbosity_counts_from_the_next_step(verbosity: str) -> None:
    rig = LoopRig([], scripted_pipeline())
    rig.loop.verbosity = verbosity
    rig.loop.capture = ScriptedCapture(shots("surprise", 30), rig.stop)
    rig.loop.run()
    assert rig.texts() == ["Ready.", *([] if verbosity else ["One person looks surprised."])]


def paced(faces: list[Face]) -> Pipeline:
    return Pipeline(ScriptedDetector(lambda number: faces), ScriptedClassifier(), Settings(), EN, pace=Pace())


def test_a_still_room_is_no_fault_and_every_frame_is_reported() -> None:
    rig, reported = LoopRig([], paced([])), []
    rig.loop.on_step = reported.append
    rig.loop.capture = ScriptedCapture(shots("happy", 200), rig.stop)
    rig.loop.run()
    assert rig.texts() == ["Ready."], "skipped frames came too: the camera is neither lost nor slow"
    assert reported.pop() is None, "the end"
    assert len(reported) == 200, "so that heartbeat and watchdog go on"
    assert 120 < sum(step.is_skipped for step in reported) < 170


def test_the_loop_passes_on_the_limit_and_what_a_skill_waits_for() -> None:
    pipeline, asked = paced([]), []
    is_due = pipeline.is_due

    def note(frame: Frame, *, is_wanted: bool = False) -> bool:
        asked.append(is_wanted)
        return is_due(frame, is_wanted=is_wanted)

    pipeline.is_due = note  # type: ignore[method-assign]
    limits: list[float] = []
    pipeline.set_least_interval = limits.append  # type: ignore[method-assign]
    rig = LoopRig([], pipeline)
    rig.loop.limits = lambda now: 0.15
    rig.loop.capture = ScriptedCapture(shots("happy", 3), rig.stop)
    rig.loop.run()
    assert limits == [0.15] * 3
    assert not any(asked)
    rig.loop.looks._waiting = 1  # as while a skill waits
    rig.loop.capture = ScriptedCapture(shots("happy", 3, 3), rig.stop)
    rig.stop.clear()
    asked.clear()
    rig.loop.run()
    assert asked[0]
