"""The chain from frame to words, and the loop around it that says whatever goes wrong."""

import dataclasses
import math
import threading
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
import pytest

from assistant import phrases
from assistant.config import Camera as CameraSettings
from assistant.config import Detector as DetectorSettings
from assistant.config import Settings, Words
from assistant.live import NO_FRAME_S, Live
from assistant.records import (
    CANNOT_TELL,
    Box,
    CameraError,
    CameraSpentError,
    DetectorError,
    Face,
    Fate,
    Frame,
    Levels,
    ModelError,
    Priority,
    Utterance,
)  # fmt: skip
from assistant.vision import detectors
from assistant.vision.capture import Capture
from assistant.vision.pipeline import CHANGE_LIVES_S, Pipeline
from assistant.vision.preprocess import SHAPE
from assistant.vision.scene import BACK_S
from assistant.vision.search import Search, mirrored
from tests.standins import ScriptedCamera, ScriptedDetector, ScriptedReader, face, picture, probabilities

EN = phrases.load("en")


def pipeline(faces: Sequence[Face] = (face(280),), reader: ScriptedReader | None = None) -> Pipeline:
    return Pipeline(ScriptedDetector(lambda frame: faces), reader or ScriptedReader(), Settings(), EN)


def test_a_step_goes_from_pixels_to_words() -> None:
    line, texts = pipeline(), []
    for number in range(40):
        frame = Frame(picture("happy" if number < 20 else "neutral"), number / 10, number)
        step = line.step(frame)
        assert [person.id for person in step.people] == [1]
        assert max(step.readings[0].probabilities) == pytest.approx(0.9)
        assert set(step.stage_ms) == {"grey", "detect", "track", "read", "decide", "sight"}
        texts += [(utterance.text, round(utterance.expires_at - frame.at, 6)) for utterance in step.utterances]
    assert texts == [("One person looks happy.", CHANGE_LIVES_S), ("Looks neutral.", CHANGE_LIVES_S)]


class OneSided(ScriptedReader):
    """Knows an expression in a face, and takes its mirror image for another one."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def probabilities(self, crop: np.ndarray) -> np.ndarray:
        is_first = not self.seen or np.array_equal(crop, self.seen[0])
        self.seen.append(np.array(crop))
        return np.array(probabilities("happy" if is_first else "sad"), np.float32)


def test_a_face_and_its_mirror_image_are_read_by_turns() -> None:
    reader = OneSided()
    line = pipeline([face(280), face(80)], reader)
    for number in range(4):
        line.step(Frame(picture("happy"), number / 10, number))
    first, second = reader.seen[:2]
    assert not np.array_equal(first, first[:, ::-1])
    for number in (0, 4):
        assert np.array_equal(reader.seen[number], first)
        assert np.array_equal(reader.seen[number + 2], first[:, ::-1])
    assert np.array_equal(reader.seen[3], second[:, ::-1]), "everybody's face at once"


def test_a_face_that_reads_otherwise_in_the_mirror_is_not_told() -> None:
    line, reader = pipeline(reader=OneSided()), ScriptedReader()
    steps = [line.step(Frame(picture("happy"), number / 10, number)) for number in range(40)]
    assert {change.new for step in steps for change in step.changes} <= {CANNOT_TELL}
    line = pipeline(reader=reader)
    steps = [line.step(Frame(picture("happy"), number / 10, number)) for number in range(40)]
    assert {change.new for step in steps for change in step.changes} == {"happy"}


def test_the_words_say_why() -> None:
    line = pipeline()
    (utterance,) = [
        utterance
        for number in range(12)
        for utterance in line.step(Frame(picture("happy"), number / 10, number)).utterances
    ]
    assert utterance.why == "person 1: nobody -> happy"
    assert utterance.topic == "person 1"
    assert utterance.priority is Priority.CHANGE


class Judging:
    """Takes every face for a covered one, but cannot judge some of them."""

    def __init__(self, first: int = 0, end: int = 0) -> None:
        self.trouble, self.crops, self.first, self.end = "", 0, first, end

    def __call__(self, crop: np.ndarray) -> bool:
        self.crops += 1
        self.trouble = "the model returned nan" if self.first < self.crops <= self.end else ""
        return not self.trouble


def judged(judge: Judging) -> Pipeline:
    return Pipeline(ScriptedDetector(lambda frame: [face(280)]), ScriptedReader(), Settings(), EN, covered=judge)


def test_a_judge_of_covered_faces_that_fails_is_said_and_so_is_its_end() -> None:
    texts = live(shots("happy", 60), judged(Judging(50, 55)))
    assert texts == ["Ready.", "One person.", EN.fault("cover"), "Looks happy.", EN.fault("cover", is_over=True)]


def test_a_covered_face_is_not_read_and_nothing_is_said_of_what_it_shows() -> None:
    line = judged(Judging())
    steps = [line.step(frame) for frame in shots("happy", 40)]
    readings = {(reading.probabilities, reading.reason) for step in steps for reading in step.readings}
    assert readings == {(None, "covered")}
    assert [each.text for step in steps for each in step.utterances] == ["One person."]


def test_what_the_models_card_asks_for_decides_what_is_said() -> None:
    told = {}
    for least in (0.85, 0.95):
        reader = ScriptedReader()
        reader.levels = Levels({"happy": least})
        line = pipeline(reader=reader)
        told[least] = [each.text for frame in shots("happy", 40) for each in line.step(frame).utterances]
    assert told == {0.85: ["One person looks happy."], 0.95: ["One person."]}, "the smile is sure by 0.9"


def test_without_a_model_people_are_still_told() -> None:
    line = Pipeline(ScriptedDetector(lambda frame: [face(280)]), None, Settings(), EN)
    texts = [
        utterance.text
        for number in range(40)
        for utterance in line.step(Frame(picture(), number / 10, number)).utterances
    ]
    assert texts == ["One person."]


class Rig:
    """A running Live on scripted frames; `said` holds every utterance, and the clock moves as the test says."""

    def __init__(self, frames: Sequence[Frame | Exception], line: Pipeline, step_s: float = 0.1) -> None:
        self.said: list[Utterance] = []
        self.stop, self.now = threading.Event(), 0.0
        capture = Capture(lambda: ScriptedCamera(frames), repeat=False)
        self.live = Live(capture, line, EN, self.said.append, self.stop, clock=self.tick)
        self.step_s = step_s

    def tick(self) -> float:
        self.now += self.step_s
        return self.now

    def texts(self) -> list[str]:
        return [utterance.text for utterance in self.said]


class OneByOne:
    """A capture that hands out its frames in order, as if each were the newest; None: none came."""

    def __init__(self, frames: Sequence[Frame | None], stop: threading.Event, trouble: str = "") -> None:
        self.frames, self.stop, self.trouble, self.dropped = iter(frames), stop, trouble, 0
        self.is_stuck = lambda: False
        self.has_ended = self.is_busy = self.is_spent = self.is_torn = False

    def take(self, timeout_s: float) -> Frame | None:
        try:
            return next(self.frames)
        except StopIteration:
            self.stop.set()
            return None


def live(frames: Sequence[Frame | None], line: Pipeline, step_s: float = 0.1, trouble: str = "") -> list[str]:
    rig = Rig([], line, step_s)
    rig.live.capture = OneByOne(frames, rig.stop, trouble)
    rig.live.run()
    return rig.texts()


def shots(expression: str, count: int, start: int = 0) -> list[Frame]:
    return [Frame(picture(expression), (start + number) / 10, start + number) for number in range(count)]


def test_it_is_ready_after_the_first_step_and_then_tells() -> None:
    assert live(shots("happy", 15), pipeline()) == ["Ready.", "One person looks happy."]


def test_a_camera_that_never_comes_is_said_and_said_again() -> None:
    texts = live([None] * 700, pipeline(), step_s=0.1, trouble="no camera")
    assert texts == [EN.fault("camera")] * 2  # at once, and after a minute


def test_a_camera_that_stops_and_comes_back_is_said() -> None:
    texts = live([*shots("angry", 3), *[None] * 30, *shots("angry", 3, 40)], pipeline(), step_s=0.1)
    assert texts == ["Ready.", EN.fault("camera_lost"), EN.fault("camera_lost", is_over=True)]


def test_a_pause_shorter_than_the_limit_is_not_a_loss() -> None:
    few = int(NO_FRAME_S / 0.1) - 3
    assert live([*shots("angry", 3), *[None] * few, *shots("angry", 3, 30)], pipeline()) == ["Ready."]


@pytest.mark.parametrize("how", ["is_stuck", "is_spent"])
def test_a_camera_that_only_a_new_process_can_open_ends_the_loop(how: str) -> None:
    rig = Rig([], pipeline())
    capture = OneByOne([*shots("angry", 3), *[None] * 30], rig.stop)
    setattr(capture, how, (lambda: True) if how == "is_stuck" else True)
    rig.live.capture = capture
    with pytest.raises(CameraSpentError, match="the camera's driver hangs"):
        rig.live.run()
    assert rig.live.steps == 3


def test_a_camera_that_another_program_holds_is_said_to_be_in_use() -> None:
    rig = Rig([], pipeline())
    rig.live.capture = OneByOne([None] * 30, rig.stop, "device busy")
    rig.live.capture.is_busy = True
    rig.live.run()
    assert rig.texts() == [EN.fault("camera_busy")]


def test_torn_pictures_are_said_and_their_end_too() -> None:
    rig = Rig([], pipeline())
    capture = OneByOne([], rig.stop)

    def torn_at_first() -> Iterator[Frame]:
        for frame in shots("angry", 30):
            capture.is_torn = frame.seq < 20
            yield frame

    capture.frames = torn_at_first()
    rig.live.capture = capture
    rig.live.run()
    faults = [each.text for each in rig.said if each.priority is Priority.FAULT]
    assert faults == [EN.fault("torn"), EN.fault("torn", is_over=True)]


class Broken(ScriptedReader):
    """Fails from one crop on, up to another."""

    def __init__(self, first: int = 0, end: int = 10**6) -> None:
        self.crops, self.first, self.end = 0, first, end

    def probabilities(self, crop: np.ndarray) -> np.ndarray:
        self.crops += 1
        if self.first < self.crops <= self.end:
            raise ModelError("the model returned no probabilities: [nan]")
        return super().probabilities(crop)


def test_a_model_that_fails_is_said_and_people_are_told_on() -> None:
    texts = live(shots("happy", 80), pipeline(reader=Broken()))
    assert texts == ["Ready.", "One person.", EN.fault("model")]


def test_a_model_that_fails_for_a_moment_is_only_unsure() -> None:
    texts = live(shots("happy", 80), pipeline(reader=Broken(20, 50)))
    assert texts == ["Ready.", "One person looks happy."]


def test_the_next_model_takes_over_from_one_that_fails() -> None:
    rig, asked = Rig([], pipeline(reader=Broken(20))), []

    def other(detail: str) -> tuple[Pipeline, dict[str, str]]:
        asked.append(detail)
        return pipeline(), {"model_second": detail}

    rig.live.other_model = other
    rig.live.capture = OneByOne(shots("happy", 120), rig.stop)
    rig.live.run()
    assert asked == ["the model returned no probabilities: [nan]"]
    assert rig.texts()[-2:] == [EN.fault("model_second"), "One person looks happy."]


def test_a_step_that_raises_is_said_once_and_its_end_too() -> None:
    class Bad(ScriptedDetector):
        def find(self, image: np.ndarray, grey: np.ndarray) -> list[Face]:
            found = super().find(image, grey)
            if 5 <= self.frame < 15:
                raise RuntimeError("out of luck")
            return found

    line = Pipeline(Bad(lambda frame: [face(280)]), ScriptedReader(), Settings(), EN)
    texts = live(shots("happy", 40), line)
    assert texts == ["Ready.", EN.fault("step"), EN.fault("step", is_over=True), "One person looks happy."]


def test_it_ends_with_a_clip_and_closes_the_camera() -> None:
    rig = Rig(shots("happy", 3), pipeline())
    rig.live.capture.start()
    rig.live.run()
    assert rig.live.capture.has_ended
    assert "Ready." in rig.texts()


def test_every_completed_step_is_reported() -> None:
    steps = []
    rig = Rig([], pipeline())
    rig.live.capture, rig.live.on_step = OneByOne([*shots("happy", 4), None], rig.stop), steps.append
    rig.live.run()
    assert [step is not None for step in steps] == [True] * 4 + [False] * 2


def test_capture_trouble_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    live([None] * 30, pipeline(), trouble="no camera: /dev/video0 does not exist")
    assert "/dev/video0 does not exist" in caplog.text


def test_camera_errors_are_camera_errors() -> None:
    rig = Rig([CameraError("gone")], pipeline())
    rig.live.capture.start()
    rig.live.run()
    assert rig.live.capture.trouble == "gone"


def test_the_crop_has_the_detectors_margin() -> None:
    detector = ScriptedDetector(lambda frame: [face(280, 200, 80)])
    detector.margin = 0.5
    grey = picture("angry")
    grey[200:280, 280:360] += 80  # a quarter of the crop: 20 more in the mean
    (reading,) = Pipeline(detector, ScriptedReader(), Settings(), EN).step(Frame(grey, 0.0, 0)).readings
    assert max(reading.probabilities) == reading.probabilities[2]


def with_landmarks(turn: float = 0.0, tilt_deg: float = 0.0, size: float = 96.0) -> Face:
    """A face whose box is 96 pixels wide around (320, 240): its nose moved aside, its head tilted."""
    points, angle = (SHAPE - 24) * size / 48, math.radians(tilt_deg)
    points[2, 0] += turn * (points[3, 1] - points[0, 1])
    turned = points @ np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]) + (320, 240)
    return Face(Box(320 - 48, 240 - 48, 96, 96), 0.9, tuple((float(x), float(y)) for x, y in turned))


@pytest.mark.parametrize("turn", [-0.6, 0.6])
def test_a_face_from_the_side_is_not_read_and_the_wearer_hears_why(turn: float) -> None:
    reader, texts, asked = ScriptedReader(), [], []
    line = Pipeline(
        ScriptedDetector(lambda frame: [with_landmarks(turn if frame >= 20 else 0.0)]),
        reader,
        dataclasses.replace(Settings(), words=Words(verbosity="full")),
        EN,
    )
    read = reader.probabilities
    reader.probabilities = lambda crop: asked.append(crop) or read(crop)  # type: ignore[method-assign]
    for number in range(60):
        step = line.step(Frame(picture("happy"), number / 10, number))
        (reading,) = step.readings
        assert (reading.probabilities is None, reading.reason) == ((True, "side_on") if number >= 20 else (False, ""))
        texts += [utterance.text for utterance in step.utterances]
    assert len(asked) == 20
    assert texts == ["One person ahead looks happy.", "Ahead: cannot tell, face turned away."]


def test_a_tilted_face_is_turned_upright_before_it_is_read() -> None:
    """Bright along the tilted face, dark around it: the crop along the box holds four dark corners."""
    grey, light, tilted = picture("angry"), picture("neutral"), with_landmarks(tilt_deg=45)
    inside = np.zeros(grey.shape, np.uint8)
    cv2.fillConvexPoly(inside, cv2.boxPoints(((320, 240), (96, 96), 45)).astype(int), 1)
    grey = np.where(inside == 1, light, grey)
    for found, said in ((tilted, 6), (dataclasses.replace(tilted, landmarks=None), 5)):
        (reading,) = pipeline([found]).step(Frame(grey, 0.0, 0)).readings
        assert int(np.argmax(reading.probabilities)) == said


def test_a_hit_in_yunets_padding_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lying picture leaves the lower part of the square empty, a standing one the right part."""

    class Net:
        def detect(self, square: np.ndarray) -> tuple[int, np.ndarray]:
            rows = np.full((3, 15), 0.9, np.float32)
            rows[:, :4] = [(100, 250, 40, 40), (250, 100, 40, 40), (100, 205, 40, 60)]
            rows[:, 4:14] = rows[:, [0, 1] * 5] + (SHAPE * 40 / 48).ravel()
            return 3, rows

    monkeypatch.setattr(cv2.FaceDetectorYN, "create", lambda *arguments: Net())
    yunet = detectors.make(DetectorSettings(driver="yunet", model="yunet.onnx"))
    line = Pipeline(yunet, ScriptedReader(), Settings(), EN)
    step = line.step(Frame(picture("happy"), 0.0, 0))
    assert sorted((person.face.box.x, person.face.box.y) for person in step.people) == [(200, 410), (500, 200)]
    assert [reading.reason for reading in step.readings] == [""] * 2
    step = line.step(Frame(picture("happy", (480, 640)), 0.1, 1))
    assert sorted((person.face.box.x, person.face.box.y) for person in step.people) == [(200, 410), (200, 500)]


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_every_reason_fits_into_eight_words(locale: str) -> None:
    words = phrases.load(locale)
    for reason in phrases.TABLES["reasons"]:
        for where in ("", *phrases.TABLES["where"]):
            assert len(words.remark("cannot_tell", where=where, reason=reason).split()) <= 8


def test_a_standing_fault_is_said_again() -> None:
    rig = Rig([], pipeline())
    rig.live.fault("model", 0.0, "damaged")
    rig.live.capture = OneByOne(shots("angry", 700), rig.stop)
    rig.live.run()
    assert rig.texts().count(EN.fault("model")) == 2


def test_faults_are_urgent_and_each_has_its_topic() -> None:
    rig = Rig([], pipeline())
    rig.live.fault("camera", 0.0, "gone")
    rig.live.fault("step", 0.0, "odd")
    assert [(each.priority, each.topic, each.expires_at) for each in rig.said] == [
        (Priority.FAULT, "fault camera", None),
        (Priority.FAULT, "fault step", None),
    ]


class Eyed(ScriptedDetector):
    """Finds what the script says, but nobody where it is dark: nobody can be seen there."""

    def find(self, image: np.ndarray, grey: np.ndarray) -> list[Face]:
        found = super().find(image, grey)
        return found if grey.mean() > 40 else []


def covered(pattern: Sequence[tuple[float, bool]], expression: str = "happy") -> list[Frame]:
    """Frames of 0.1 s: a picture, or the lens under a hand, for so many seconds each."""
    light, dark = picture(expression), np.full((480, 640), 6, np.uint8)
    images = [dark if is_dark else light for seconds, is_dark in pattern for _ in range(round(10 * seconds))]
    return [Frame(image, number / 10, number) for number, image in enumerate(images)]


def eyed(script: Callable[[int], Sequence[Face]] = lambda frame: [face(280)], verbosity: str = "normal") -> Pipeline:
    return Pipeline(
        Eyed(script), ScriptedReader(), dataclasses.replace(Settings(), words=Words(verbosity=verbosity)), EN
    )


def said(line: Pipeline, frames: Sequence[Frame]) -> list[tuple[float, str]]:
    """All that a pipeline has to say, with the moments."""
    steps = [(frame.at, line.step(frame)) for frame in frames]
    return [(at, each.text) for at, step in steps for each in (*step.status, *step.utterances)]


HAND, BACK = EN.status("covered"), EN.status("uncovered")


def test_a_covered_lens_pauses_and_says_so() -> None:
    line = eyed()
    texts = live(covered([(1.5, False), (4, True), (3, False)]), line)
    assert texts == ["Ready.", "One person looks happy.", HAND, BACK, "One person looks happy."]
    assert not line.lens.is_covered


def test_in_quiet_a_pause_is_told_too() -> None:
    assert live(covered([(1.5, False), (4, True), (3, False)]), eyed(verbosity="quiet")) == ["Ready.", HAND, BACK]


@pytest.mark.parametrize("seconds", [0.3, 1.0, 1.9])
@pytest.mark.parametrize("missed", [0, 10])
def test_a_hand_that_is_gone_before_two_seconds_changes_nothing(seconds: float, missed: int) -> None:
    """missed: in so many frames after it the face is not found yet."""
    frames = covered([(2.5, False), (seconds, True), (4, False)])
    line = eyed(lambda frame: [] if 25 <= frame < 25 + missed else [face(280)])
    steps, partners = [], []
    for frame in frames:
        steps.append(line.step(frame))
        partners.append(line.scene.partner.number)
    assert [each.text for step in steps for each in step.utterances] == ["One person looks happy."]
    assert {person.id for step in steps for person in step.people} == {1}
    assert not any(step.status for step in steps)
    assert set(partners[21:]) == {1}


def test_who_left_behind_a_hand_is_missed_as_long_as_without_it() -> None:
    gone = lambda frame: [face(280)] if frame < 15 else []  # noqa: E731
    (_, (without, text)) = said(eyed(gone), covered([(5, False)]))
    (_, (behind, other)) = said(eyed(gone), covered([(1.5, False), (1.9, True), (5, False)]))
    assert text == other == "Nobody in view."
    assert behind - without == pytest.approx(1.9)


def test_who_asks_while_a_cover_is_in_question_hears_of_no_old_picture() -> None:
    line, answers = eyed(), {}
    for frame in covered([(1.5, False), (1.9, True)]):
        line.step(frame)
        answers[frame.seq] = line.answer("describe", frame.at).utterance.text
    assert answers[20] == answers[14] == "One person, ahead, close. Looks happy."
    assert answers[33] == "Cannot tell, too dark."


def test_after_a_pause_everybody_is_told_anew_even_where_they_sat_before() -> None:
    for verbosity in ("brief", "normal", "full"):
        line = eyed(lambda frame: [face(280), face(480)], verbosity)
        told = [text for _, text in said(line, covered([(4, False), (3, True), (6, False)]))]
        before, after = told[: told.index(HAND)], told[told.index(BACK) + 1 :]
        assert before == after != []


@pytest.mark.parametrize("missed", [1, 10])
def test_who_is_found_soon_after_a_pause_is_not_called_gone(missed: int) -> None:
    line = eyed(lambda frame: [] if 15 <= frame < 15 + missed else [face(280)])
    told = [text for _, text in said(line, covered([(1.5, False), (4, True), (4, False)]))]
    assert told == ["One person looks happy.", HAND, BACK, "One person looks happy."]


def test_who_left_during_a_pause_is_called_gone() -> None:
    line = eyed(lambda frame: [face(280)] if frame < 15 else [])
    told = said(line, covered([(1.5, False), (4, True), (4, False)]))
    assert [text for _, text in told] == ["One person looks happy.", HAND, BACK, "Nobody in view."]
    assert told[3][0] - told[2][0] == pytest.approx(BACK_S)


@pytest.mark.parametrize(("on_s", "off_s"), [(3.0, 3.0), (2.2, 0.8), (5.0, 1.0), (20.0, 10.0), (2.5, 7.0)])
def test_however_often_the_lens_is_covered_it_is_told_four_times_a_minute_at_the_most(
    on_s: float, off_s: float
) -> None:
    pattern = [(1.5, False), *[(on_s, True), (off_s, False)] * int(150 / (on_s + off_s)), (70.0, False)]
    told = [(at, text) for at, text in said(eyed(lambda frame: []), covered(pattern)) if text in (HAND, BACK)]
    for start in range(150):
        assert sum(start <= at < start + 60 for at, _ in told) <= 4
        assert sum(start <= at < start + 60 for at, text in told if text == HAND) <= 2
    assert [text for _, text in told] == [HAND, BACK] * (len(told) // 2), "whoever hears of it hears of its end"
    assert len(told) >= 8


def test_a_pause_that_was_told_too_often_is_told_within_the_minute_and_again_while_it_lasts() -> None:
    pattern = [(1.5, False), *[(3.0, True), (3.0, False)] * 3, (2000.0, True)]
    told = [at for at, text in said(eyed(lambda frame: []), covered(pattern)) if text == HAND]
    assert told == pytest.approx([3.5, 9.5, 63.5, 963.5, 1863.5])


def test_a_pause_is_told_after_answers_and_cuts_off_nothing() -> None:
    frames = covered([(1.5, False), (4, True), (1, False)])
    line = eyed(lambda frame: [])
    told = [each for frame in frames for each in line.step(frame).status]
    assert [(each.priority, each.topic, each.expires_at, each.is_over) for each in told] == [
        (Priority.PAUSE, "lens", None, False),
        (Priority.PAUSE, "lens", None, True),
    ]


def test_while_the_lens_is_covered_that_is_the_answer() -> None:
    line = pipeline()
    for frame in shots("happy", 10):
        line.step(frame)
    assert line.answer("describe", 1.0).utterance.text == "One person, ahead, close. Looks happy."
    for number in range(40):
        line.step(Frame(np.full((480, 640), 6, np.uint8), 1 + number / 10, number))
    answered = line.answer("describe", 5.0)
    assert (answered.utterance.text, answered.reason) == (EN.status("covered"), "covered")


def searching(*faces: Face) -> Search:
    """A search whose views, every other one in the mirror, all show these."""
    turned = [mirrored(each, 640) for each in faces]
    far, near = (ScriptedDetector(lambda view: turned if view % 2 else faces) for _ in range(2))
    return Search(far, near)


def test_who_asks_while_nobody_is_near_hears_of_those_far_away() -> None:
    far = searching(face(300, size=25), face(100, size=22))
    line = Pipeline(ScriptedDetector(lambda frame: []), ScriptedReader(), Settings(), EN, search=far)
    for frame in shots("happy", 25):
        step = line.step(frame)
        assert step.utterances == ()
    answered = line.answer("describe", 2.5)
    assert answered.utterance.text == "Two people. Nearest, ahead. Cannot tell, too far away."
    assert answered.reason == "far"
    line.detector = ScriptedDetector(lambda frame: [face(280)])
    line.step(shots("happy", 1, 25)[0])
    assert len(line.sight.people) == 1


def test_the_search_has_begun_when_who_was_there_is_given_up() -> None:
    doubted = dataclasses.replace(face(300, size=25), score=0.42)
    line = Pipeline(
        ScriptedDetector(lambda frame: [face(280)] if frame < 5 else []), ScriptedReader(), Settings(), EN,
        search=searching(doubted),
    )  # fmt: skip
    found = []
    for frame in shots("happy", 18):
        line.step(frame)
        found.append(line.sight.people[0].reason)
    assert found.index("far") == 15, "a second after the last sight of who was there"
    assert found[15:] == ["far"] * 3, "all four views are there: one alone would not be believed"


def test_an_empty_dark_room_is_answered_with_why() -> None:
    line = pipeline([])
    line.step(Frame((picture() // 8).astype(np.uint8), 0.0, 0))
    assert line.answer("describe", 0.1).utterance.text == "Cannot tell, too dark."
    assert line.answer("describe", 1.2).utterance.text == EN.status("no_picture")


def test_what_ends_being_true_is_withdrawn() -> None:
    line = Pipeline(
        ScriptedDetector(lambda frame: [face(280)]),
        ScriptedReader(),
        dataclasses.replace(Settings(), words=Words(expressions=("happy",))),
        EN,
    )
    withdrawn = [
        topic
        for frame in (*shots("happy", 15), *shots("sad", 15, 15), *shots("fear", 15, 30))
        for topic in line.step(frame).withdrawn
    ]
    assert withdrawn == ["person 1"], "sad ends the smile in words, fear is nothing to say"


def test_the_running_assistant_withdraws_what_ends_being_true() -> None:
    settings = Settings(words=Words(expressions=("happy",)))
    rig = Rig([], Pipeline(ScriptedDetector(lambda frame: [face(280)]), ScriptedReader(), settings, EN))
    withdrawn: list[str] = []
    rig.live.withdraw = withdrawn.append
    rig.live.capture = OneByOne([*shots("happy", 15), *shots("sad", 15, 15), *shots("fear", 15, 30)], rig.stop)
    rig.live.run()
    assert withdrawn == ["person 1"]


def test_the_end_of_a_smile_does_not_sound_like_a_smile() -> None:
    settings = Settings(words=Words(expressions=("happy",)))
    line = Pipeline(ScriptedDetector(lambda frame: [face(280)]), ScriptedReader(), settings, EN)
    said = [each for frame in (*shots("happy", 15), *shots("sad", 15, 15)) for each in line.step(frame).utterances]
    assert [(each.text, each.sound) for each in said] == [
        ("One person looks happy.", "happy"),
        ("No longer looking happy.", ""),
    ]


def test_an_expression_that_was_never_measured_is_answered_with_maybe() -> None:
    line = pipeline()
    for frame in shots("fear", 15):
        line.step(frame)
    assert line.answer("describe", 1.4).utterance.text.endswith("Maybe looks afraid.")


def test_what_was_never_heard_may_be_said_again() -> None:
    line = pipeline()
    (first,) = [each for frame in shots("happy", 12) for each in line.step(frame).utterances]
    line.ended(first, Fate.EXPIRED)
    (second,) = [each for frame in shots("neutral", 15, 12) for each in line.step(frame).utterances]
    assert second.text == "One person looks neutral."
    line.ended(second, Fate.SPOKEN)
    line.ended(second, Fate.EXPIRED)
    (third,) = [each for frame in shots("happy", 15, 27) for each in line.step(frame).utterances]
    assert third.text == "Looks happy."


def test_what_was_cut_off_was_heard_and_is_not_said_again() -> None:
    line = pipeline()
    (first,) = [each for frame in shots("happy", 12) for each in line.step(frame).utterances]
    line.ended(first, Fate.INTERRUPTED)
    (second,) = [each for frame in shots("neutral", 15, 12) for each in line.step(frame).utterances]
    assert second.text == "Looks neutral.", "who was told of is nobody new"


def test_the_running_assistant_answers_and_takes_wrong() -> None:
    rig = Rig([], pipeline(), step_s=0.05)
    assert rig.live.answer("describe").text == EN.status("no_picture")
    rig.live.capture = OneByOne(shots("happy", 15), rig.stop)
    rig.live.run()
    rig.now = 1.45
    assert rig.live.answer("describe").text.endswith("Looks happy.")
    assert rig.live.answer("wrong").text == EN.status("noted")
    assert [each.sound for each in rig.said if each.priority is Priority.CHANGE] == ["happy"]
    rig.live.ended(rig.said[-1], Fate.EXPIRED)


def test_who_comes_and_goes_matters_less_than_what_faces_show() -> None:
    line = pipeline()
    (arrived,) = [each for frame in shots("happy", 12) for each in line.step(frame).utterances]
    assert arrived.priority is Priority.CHANGE
    line.detector = ScriptedDetector(lambda frame: [])
    (gone,) = [each for frame in shots("happy", 30, 12) for each in line.step(frame).utterances]
    assert (gone.text, gone.priority) == ("Nobody in view.", Priority.STATUS)


def test_pictures_that_show_nothing_are_said_and_their_end_too() -> None:
    black = [Frame(np.zeros((480, 640), np.uint8), number / 10, number) for number in range(70)]
    again = [Frame(each.image, 7 + number / 10, each.seq) for number, each in enumerate(shots("happy", 25))]
    nobody = Pipeline(ScriptedDetector(lambda frame: ()), ScriptedReader(), Settings(), EN)
    texts = live([*black, *again], nobody)
    assert texts == ["Ready.", "I see only black. Covered, or dark?", "It is no longer black."]


def test_a_lens_that_is_covered_on_purpose_is_not_called_black() -> None:
    grey = np.random.default_rng(2).integers(90, 160, (480, 640), dtype=np.uint8)
    light = [Frame(grey, number / 10, number) for number in range(10)]
    hand = [Frame(np.zeros((480, 640), np.uint8), 1 + number / 10, number) for number in range(120)]
    nobody = Pipeline(ScriptedDetector(lambda frame: ()), ScriptedReader(), Settings(), EN)
    texts = live([*light, *hand], nobody)
    assert texts == ["Ready.", "The lens is covered. I pause."]


def test_who_is_found_by_the_search_alone_has_the_reason_that_is_true_of_them() -> None:
    grain = picture("happy")
    for size, words in ((30.0, "too far away"), (200.0, "unclear")):
        search = searching(face(250, size=size))
        line = Pipeline(ScriptedDetector(lambda frame: []), ScriptedReader(), Settings(), EN, search=search)
        line.step(Frame(grain, 0.0, 1))
        assert words in line.answer("describe", 0.1).utterance.text
    shadow = searching(dataclasses.replace(face(250, size=30), score=0.35))
    line = Pipeline(ScriptedDetector(lambda frame: []), ScriptedReader(), Settings(), EN, search=shadow)
    line.step(Frame(grain, 0.0, 1))
    assert line.answer("describe", 0.1).utterance.text == "Nobody in view."


def test_a_shadow_that_was_a_face_in_one_frame_is_nobody_for_who_asks() -> None:
    def told(score: float, frames: int) -> str:
        weak = dataclasses.replace(face(280), score=score)
        line = Pipeline(ScriptedDetector(lambda frame: [weak]), ScriptedReader(), Settings(), EN)
        for number in range(frames):
            line.step(Frame(picture("happy"), number / 10, number))
        return line.answer("describe", frames / 10).utterance.text

    assert told(0.45, 1) == told(0.45, 2) == "Nobody in view."
    assert told(0.45, 3).startswith("One person")
    assert told(0.75, 1).startswith("One person")


def test_a_face_that_is_missed_for_a_moment_is_still_there_for_who_asks() -> None:
    line = Pipeline(ScriptedDetector(lambda frame: [face(280)] if frame < 10 else []), ScriptedReader(), Settings(), EN)
    told = {}
    for number in range(30):
        line.step(Frame(picture("happy"), number / 10, number))
        told[number] = line.answer("describe", number / 10).utterance.text
    assert "One person" in told[9]
    assert told[15] == told[9]
    assert told[18] == told[9]
    assert told[22] == "Nobody in view."


def test_where_no_other_model_can_be_had_people_are_told_on() -> None:
    def other(detail: str) -> tuple[Pipeline, dict[str, str]]:
        raise DetectorError("no detector at all")

    rig = Rig([], pipeline(reader=Broken()))
    rig.live.other_model = other
    rig.live.capture = OneByOne(shots("happy", 80), rig.stop)
    rig.live.run()
    assert rig.texts() == ["Ready.", "One person.", EN.fault("model")]
    assert rig.live.steps == 80


@pytest.mark.parametrize("verbosity", ["quiet", "brief", "normal", "full"])
def test_a_crowd_is_news_only_for_who_wants_to_hear_more_than_expressions(verbosity: str) -> None:
    crowd = [face(90 * number) for number in range(6)]
    settings = Settings(words=Words(verbosity=verbosity))
    line = Pipeline(ScriptedDetector(lambda frame: crowd), ScriptedReader(), settings, EN)
    said = [each.text for frame in shots("happy", 15) for each in line.step(frame).status]
    assert said == ([EN.status("many")] if verbosity in ("normal", "full") else [])
    assert line.answer("describe", 1.4).utterance.text.startswith("More than four people.")


def test_no_more_faces_are_looked_at_than_asked() -> None:
    crowd = [face(120 * number) for number in range(5)]
    settings = Settings(detector=DetectorSettings(max_faces=2))
    line = Pipeline(ScriptedDetector(lambda frame: crowd), ScriptedReader(), settings, EN)
    for frame in shots("happy", 5):
        step = line.step(frame)
        assert [person.face.box.x for person in step.people] == [0, 120]
        assert len(step.readings) == 2


def test_what_was_called_wrong_is_not_answered_either() -> None:
    line = pipeline()
    (first,) = [each for frame in shots("happy", 12) for each in line.step(frame).utterances]
    line.ended(first, Fate.SPOKEN)
    assert line.wrong(1.2).text == EN.status("noted")
    line.step(shots("happy", 1, 12)[0])
    for what in ("describe", "why"):
        assert line.answer(what, 1.2).utterance.text.endswith("Cannot tell, face is unclear.")


def test_a_smile_that_lasts_can_still_be_called_wrong() -> None:
    line = pipeline()
    (first,) = [each for frame in shots("happy", 12) for each in line.step(frame).utterances]
    line.ended(first, Fate.SPOKEN)
    for frame in shots("happy", 450, 12):
        line.step(frame)
    assert line.wrong(46.1).text == EN.status("noted")


def test_an_answer_can_be_called_wrong_and_a_place_cannot() -> None:
    line = Pipeline(
        ScriptedDetector(lambda frame: [face(280)]), ScriptedReader(), Settings(words=Words(verbosity="quiet")), EN
    )
    for frame in shots("happy", 12):
        line.step(frame)
    assert line.answer("aim", 1.1).utterance.text
    assert line.wrong(1.1).text == EN.status("nothing_named")
    assert line.answer("describe", 1.1).utterance.text.endswith("Looks happy.")
    assert line.wrong(1.2).text == EN.status("noted")
    line.step(shots("happy", 1, 12)[0])
    assert line.answer("describe", 1.2).utterance.text.endswith("Cannot tell, face is unclear.")


def test_somebody_far_from_a_camera_on_its_side_is_far() -> None:
    def far(shape: tuple[int, int], size: float) -> bool:
        one = Face(Box(100, 100, size, size), 0.9)
        line = Pipeline(ScriptedDetector(lambda frame: [one]), ScriptedReader(), Settings(), EN)
        rng = np.random.default_rng(1)
        for number in range(12):
            line.step(Frame(rng.integers(60, 200, (*shape, 3), dtype=np.uint8), number / 10, number))
        return "too far" in line.answer("describe", 1.1).utterance.text

    for size in (30.0, 44.0, 48.0, 80.0):
        assert far((480, 640), size) is far((640, 480), size) is (size < 46)


def test_who_looks_away_for_long_is_still_the_same_where_it_takes_long_to_be_gone() -> None:
    settings = dataclasses.replace(Settings(), decide=dataclasses.replace(Settings().decide, vague_s=5.0))
    line = Pipeline(
        ScriptedDetector(lambda frame: [] if 20 <= frame < 60 else [face(280)]), ScriptedReader(), settings, EN
    )
    said = [each.text for frame in shots("neutral", 120) for each in line.step(frame).utterances]
    assert said == ["One person looks neutral."]


def test_who_hears_everything_hears_the_hour_in_remarks_and_in_answers() -> None:
    def told(shape: tuple[int, int], fov_deg: float, one: Face) -> tuple[str, str]:
        settings = Settings(camera=CameraSettings(fov_deg=fov_deg), words=Words(verbosity="full"))
        line = Pipeline(ScriptedDetector(lambda frame: [one]), ScriptedReader(), settings, EN)
        grey = picture("happy", shape)
        (said,) = [each for number in range(12) for each in line.step(Frame(grey, number / 10, number)).utterances]
        return said.text, line.answer("describe", 1.1).utterance.text

    right = face(560)
    assert told((640, 480), 62, right) == (
        "One person at one o'clock looks happy.", "One person, at one o'clock, close. Looks happy."
    )  # fmt: skip
    assert told((640, 480), 120, right) == (
        "One person at two o'clock looks happy.", "One person, at two o'clock, close. Looks happy."
    )  # fmt: skip
    # worn on its side a camera sees less from left to right: the same pixels are fewer degrees, and farther away
    aside = face(335, size=60)
    assert told((480, 640), 62, aside) == ("One person ahead looks happy.", "One person, ahead. Looks happy.")
