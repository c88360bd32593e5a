"""The chain of stages from frame to utterance."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant import phrases
from assistant.config.settings import AnnouncementSettings, CameraSettings, DetectorSettings, Settings
from assistant.errors import ModelError
from assistant.ipc.commands import Command
from assistant.records import CANNOT_TELL, Face, Fate, Frame, Priority, Reading, Thresholds, Track
from assistant.sentences import Sentence
from assistant.vision import detectors
from assistant.vision.faces.preprocess import LANDMARK_TEMPLATE
from assistant.vision.pipeline import Pipeline
from assistant.vision.readings import ModelFailure
from assistant.vision.utterances import EXPIRES_S
from tests.support.scripted_pipeline import (
    EN,
    ScriptedOcclusionModel,
    pipeline_with_occlusion,
    scripted_pipeline,
    shots,
    with_landmarks,
)
from tests.support.standins import ScriptedClassifier, ScriptedDetector, face, picture, probabilities


def test_a_step_goes_from_pixels_to_utterances() -> None:
    pipeline, texts = scripted_pipeline(), []
    for number in range(40):
        frame = Frame(picture("happy" if number < 20 else "neutral"), number / 10, number)
        step = pipeline.step(frame)
        assert [person.track_id for person in step.tracks] == [1]
        assert max(step.readings[0].probabilities) == pytest.approx(0.9)
        assert set(step.stage_ms) == {"grey", "detect", "track", "crop", "quality", "classify", "decide", "snapshot"}
        texts += [(utterance.text, round(utterance.expires_at - frame.at, 6)) for utterance in step.utterances]
    assert texts == [("One person looks happy.", EXPIRES_S), ("Looks neutral.", EXPIRES_S)]


class OneSided(ScriptedClassifier):
    """Classifies a face as one expression, and its mirror image as another one."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def probabilities(self, crop: np.ndarray) -> np.ndarray:
        is_first = not self.seen or np.array_equal(crop, self.seen[0])
        self.seen.append(np.array(crop))
        return np.array(probabilities("happy" if is_first else "sad"), np.float32)


class Failing(ScriptedClassifier):
    """Fails for some crops, by their number from 0."""

    def __init__(self, fails: range) -> None:
        self.crops, self.fails = -1, fails

    def probabilities(self, crop: np.ndarray) -> np.ndarray:
        self.crops += 1
        if self.crops in self.fails:
            raise ModelError(f"crop {self.crops}")
        return super().probabilities(crop)


def test_a_face_and_its_mirror_image_are_classified_by_turns() -> None:
    classifier = OneSided()
    pipeline = scripted_pipeline([face(280), face(80)], classifier)
    for number in range(4):
        pipeline.step(Frame(picture("happy"), number / 10, number))
    first, second = classifier.seen[:2]
    assert not np.array_equal(first, first[:, ::-1])
    for number in (0, 4):
        assert np.array_equal(classifier.seen[number], first)
        assert np.array_equal(classifier.seen[number + 2], first[:, ::-1])
    assert np.array_equal(classifier.seen[3], second[:, ::-1]), "the faces of one frame alike"


def test_a_face_that_is_classified_otherwise_in_the_mirror_is_not_announced() -> None:
    pipeline, classifier = scripted_pipeline(classifier=OneSided()), ScriptedClassifier()
    steps = [pipeline.step(Frame(picture("happy"), number / 10, number)) for number in range(40)]
    assert {change.new for step in steps for change in step.changes} <= {CANNOT_TELL}
    pipeline = scripted_pipeline(classifier=classifier)
    steps = [pipeline.step(Frame(picture("happy"), number / 10, number)) for number in range(40)]
    assert {change.new for step in steps for change in step.changes} == {"happy"}


def test_the_log_note_of_an_announcement_holds_its_change() -> None:
    pipeline = scripted_pipeline()
    (utterance,) = [
        utterance
        for number in range(12)
        for utterance in pipeline.step(Frame(picture("happy"), number / 10, number)).utterances
    ]
    assert utterance.log_note == "person 1: nobody -> happy"
    assert utterance.topic == "person 1"
    assert utterance.priority is Priority.CHANGE


def test_an_occluded_face_is_not_classified_and_its_expression_not_announced() -> None:
    pipeline = pipeline_with_occlusion(ScriptedOcclusionModel())
    steps = [pipeline.step(frame) for frame in shots("happy", 40)]
    readings = {(reading.probabilities, reading.reason) for step in steps for reading in step.readings}
    assert readings == {(None, "occluded")}
    assert [each.text for step in steps for each in step.utterances] == ["One person."]


def test_the_thresholds_of_the_model_card_decide_what_is_announced() -> None:
    announced = {}
    for least in (0.85, 0.95):
        classifier = ScriptedClassifier()
        classifier.thresholds = Thresholds({"happy": least})
        pipeline = scripted_pipeline(classifier=classifier)
        announced[least] = [each.text for frame in shots("happy", 40) for each in pipeline.step(frame).utterances]
    assert announced == {0.85: ["One person looks happy."], 0.95: ["One person."]}, "the smile is sure by 0.9"


def test_without_a_model_people_are_still_announced() -> None:
    pipeline = Pipeline(ScriptedDetector(lambda frame: [face(280)]), None, Settings(), EN)
    texts = [
        utterance.text
        for number in range(40)
        for utterance in pipeline.step(Frame(picture(), number / 10, number)).utterances
    ]
    assert texts == ["One person."]


def test_the_crop_has_the_detectors_margin() -> None:
    detector = ScriptedDetector(lambda frame: [face(280, 200, 80)])
    detector.crop_margin = 0.5
    grey = picture("angry").copy()
    grey[200:280, 280:360] += 80  # a quarter of the crop: 20 more in the mean
    (reading,) = Pipeline(detector, ScriptedClassifier(), Settings(), EN).step(Frame(grey, 0.0, 0)).readings
    assert max(reading.probabilities) == reading.probabilities[2]


@pytest.mark.parametrize("turn", [-0.6, 0.6])
def test_a_face_from_the_side_is_not_classified_and_the_reason_is_announced(turn: float) -> None:
    classifier, texts, asked = ScriptedClassifier(), [], []
    pipeline = Pipeline(
        ScriptedDetector(lambda frame: [with_landmarks(turn if frame >= 20 else 0.0)]),
        classifier,
        dataclasses.replace(Settings(), announcements=AnnouncementSettings(verbosity="full")),
        EN,
    )
    read = classifier.probabilities
    classifier.probabilities = lambda crop: asked.append(crop) or read(crop)  # type: ignore[method-assign]
    for number in range(60):
        step = pipeline.step(Frame(picture("happy"), number / 10, number))
        (reading,) = step.readings
        assert (reading.probabilities is None, reading.reason) == ((True, "side_on") if number >= 20 else (False, ""))
        texts += [utterance.text for utterance in step.utterances]
    assert len(asked) == 20
    assert texts == ["One person ahead looks happy.", "Ahead: cannot tell, face turned away."]


def test_a_tilted_face_is_turned_upright_before_it_is_classified() -> None:
    """Bright along the tilted face, dark around it: the crop along the box holds four dark corners."""
    grey, light, tilted = picture("angry"), picture("neutral"), with_landmarks(tilt_deg=45)
    inside = np.zeros(grey.shape, np.uint8)
    cv2.fillConvexPoly(inside, cv2.boxPoints(((320, 240), (96, 96), 45)).astype(int), 1)
    grey = np.where(inside == 1, light, grey)
    for found, expected in ((tilted, 6), (dataclasses.replace(tilted, landmarks=None), 5)):
        (reading,) = scripted_pipeline([found]).step(Frame(grey, 0.0, 0)).readings
        assert int(np.argmax(reading.probabilities)) == expected


def test_a_hit_in_yunets_padding_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lying picture leaves the lower part of the square empty, a standing one the right part."""

    class Net:
        def detect(self, square: np.ndarray) -> tuple[int, np.ndarray]:
            rows = np.full((3, 15), 0.9, np.float32)
            rows[:, :4] = [(100, 250, 40, 40), (250, 100, 40, 40), (100, 205, 40, 60)]
            rows[:, 4:14] = rows[:, [0, 1] * 5] + (LANDMARK_TEMPLATE * 40 / 48).ravel()
            return 3, rows

    monkeypatch.setattr(cv2.FaceDetectorYN, "create", lambda *arguments: Net())
    (tmp_path / "yunet.onnx").touch()
    yunet = detectors.open_detector(DetectorSettings(driver="yunet", model=str(tmp_path / "yunet.onnx")))
    pipeline = Pipeline(yunet, ScriptedClassifier(), Settings(), EN)
    step = pipeline.step(Frame(picture("happy"), 0.0, 0))
    assert sorted((person.face.box.x, person.face.box.y) for person in step.tracks) == [(200, 410), (500, 200)]
    assert [reading.reason for reading in step.readings] == [""] * 2
    step = pipeline.step(Frame(picture("happy", (480, 640)), 0.1, 1))
    assert sorted((person.face.box.x, person.face.box.y) for person in step.tracks) == [(200, 410), (200, 500)]


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_every_reason_fits_into_eight_words(locale: str) -> None:
    language = phrases.load(locale)
    for reason in phrases.TABLES["reasons"]:
        for where in ("", *phrases.TABLES["where"]):
            assert len(language.announcement(Sentence.CANNOT_TELL, where=where, reason=reason).split()) <= 8


def test_what_is_no_longer_true_is_withdrawn() -> None:
    pipeline = Pipeline(
        ScriptedDetector(lambda frame: [face(280)]),
        ScriptedClassifier(),
        dataclasses.replace(Settings(), announcements=AnnouncementSettings(expressions=("happy",))),
        EN,
    )
    withdrawn = [
        topic
        for frame in (*shots("happy", 15), *shots("sad", 15, 15), *shots("fear", 15, 30))
        for topic in pipeline.step(frame).withdrawn
    ]
    assert withdrawn == ["person 1"], "sad is announced in its place, fear is not announced"


def test_the_end_of_a_smile_does_not_sound_like_a_smile() -> None:
    settings = Settings(announcements=AnnouncementSettings(expressions=("happy",)))
    pipeline = Pipeline(ScriptedDetector(lambda frame: [face(280)]), ScriptedClassifier(), settings, EN)
    expected = [
        each for frame in (*shots("happy", 15), *shots("sad", 15, 15)) for each in pipeline.step(frame).utterances
    ]
    assert [(each.text, each.earcon) for each in expected] == [
        ("One person looks happy.", "happy"),
        ("No longer looking happy.", ""),
    ]


def test_an_announcement_that_was_not_heard_may_be_repeated() -> None:
    pipeline = scripted_pipeline()
    (first,) = [each for frame in shots("happy", 12) for each in pipeline.step(frame).utterances]
    pipeline.ended(first, Fate.EXPIRED)
    (second,) = [each for frame in shots("neutral", 15, 12) for each in pipeline.step(frame).utterances]
    assert second.text == "One person looks neutral."
    pipeline.ended(second, Fate.SPOKEN)
    pipeline.ended(second, Fate.EXPIRED)
    (third,) = [each for frame in shots("happy", 15, 27) for each in pipeline.step(frame).utterances]
    assert third.text == "Looks happy."


def test_an_interrupted_announcement_counts_as_heard() -> None:
    pipeline = scripted_pipeline()
    (first,) = [each for frame in shots("happy", 12) for each in pipeline.step(frame).utterances]
    pipeline.ended(first, Fate.INTERRUPTED)
    (second,) = [each for frame in shots("neutral", 15, 12) for each in pipeline.step(frame).utterances]
    assert second.text == "Looks neutral.", "the arrival counts as announced"


def test_all_announcements_have_one_priority_for_what_a_minute_is_spent_on_is_decided_before() -> None:
    detector = ScriptedDetector(lambda frame: [face(280)])
    pipeline = Pipeline(detector, ScriptedClassifier(), Settings(), EN)
    (arrived,) = [each for frame in shots("happy", 12) for each in pipeline.step(frame).utterances]
    assert arrived.priority is Priority.CHANGE
    detector.script = lambda frame: []
    (gone,) = [each for frame in shots("happy", 30, 12) for each in pipeline.step(frame).utterances]
    assert (gone.text, gone.priority) == ("Nobody in view.", Priority.CHANGE)
    unnamed = scripted_pipeline()
    (person,) = [each for frame in shots("fear", 22) for each in unnamed.step(frame).utterances]
    assert (person.text, person.priority) == ("One person.", Priority.CHANGE)


@pytest.mark.parametrize("verbosity", ["quiet", "smiles", "brief", "normal", "full"])
def test_too_many_faces_are_announced_only_where_more_than_expressions_are(verbosity: str) -> None:
    faces = [face(90 * number) for number in range(6)]
    settings = Settings(announcements=AnnouncementSettings(verbosity=verbosity))
    pipeline = Pipeline(ScriptedDetector(lambda frame: faces), ScriptedClassifier(), settings, EN)
    expected = [each.text for frame in shots("happy", 15) for each in pipeline.step(frame).status]
    assert expected == ([EN.status("many_faces")] if verbosity in ("normal", "full") else [])
    assert pipeline.answer(Command.ASK, 1.4).utterance.text.startswith("Looks happy. More than four people.")


def test_no_more_faces_are_looked_at_than_asked() -> None:
    faces = [face(120 * number) for number in range(5)]
    settings = Settings(detector=DetectorSettings(max_faces=2))
    pipeline = Pipeline(ScriptedDetector(lambda frame: faces), ScriptedClassifier(), settings, EN)
    for frame in shots("happy", 5):
        step = pipeline.step(frame)
        assert [person.face.box.x for person in step.tracks] == [0, 120]
        assert len(step.readings) == 2


def test_a_track_lasts_as_long_as_the_dwell_time_asks_for() -> None:
    settings = dataclasses.replace(Settings(), decisions=dataclasses.replace(Settings().decisions, dwell_s=5.0))
    pipeline = Pipeline(
        ScriptedDetector(lambda frame: [] if 20 <= frame < 60 else [face(280)]), ScriptedClassifier(), settings, EN
    )
    expected = [each.text for frame in shots("neutral", 120) for each in pipeline.step(frame).utterances]
    assert expected == ["One person looks neutral."]


def test_at_full_verbosity_announcements_and_answers_name_the_hour() -> None:
    def announced(shape: tuple[int, int], fov_deg: float, one: Face) -> tuple[str, str]:
        settings = Settings(
            camera=CameraSettings(fov_deg=fov_deg), announcements=AnnouncementSettings(verbosity="full")
        )
        pipeline = Pipeline(ScriptedDetector(lambda frame: [one]), ScriptedClassifier(), settings, EN)
        grey = picture("happy", shape)
        (expected,) = [
            each for number in range(12) for each in pipeline.step(Frame(grey, number / 10, number)).utterances
        ]
        return expected.text, pipeline.answer(Command.ASK, 1.1).utterance.text

    right = face(560)
    assert announced((640, 480), 62, right) == (
        "One person at one o'clock looks happy.", "Looks happy. At one o'clock, close."
    )  # fmt: skip
    assert announced((640, 480), 120, right) == (
        "One person at two o'clock looks happy.", "Looks happy. At two o'clock, close."
    )  # fmt: skip
    # worn on its side a camera sees less from left to right: the same pixels are fewer degrees, and farther away
    aside = face(335, size=60)
    assert announced((480, 640), 62, aside) == ("One person ahead looks happy.", "Looks happy. Ahead.")


def test_the_status_reports_what_works() -> None:
    pipeline = pipeline_with_occlusion(ScriptedOcclusionModel(0, 1))
    assert pipeline.snapshot is None
    for frame in shots("happy", 40):
        pipeline.step(frame)
        status = pipeline.status
        assert status.occlusion_error == ("the model returned nan" if frame.seq == 0 else "")
    assert (status.has_classifier, status.has_occlusion_classifier, status.model_failure) == (True, True, None)
    assert (status.is_lens_covered, status.partner, status.people_count) == (False, 1, 1)
    bare = Pipeline(ScriptedDetector(lambda frame: []), None, Settings(), EN).status
    assert (bare.has_classifier, bare.has_occlusion_classifier, bare.occlusion_error) == (False, False, "")
    assert (bare.partner, bare.people_count) == (None, 0)


def test_a_model_failure_holds_when_it_began_and_ends_with_the_next_probabilities() -> None:
    classifier = Failing(range(3, 7))
    pipeline, failures = scripted_pipeline(classifier=classifier), []
    for frame in shots("happy", 10):
        (reading,) = pipeline.step(frame).readings
        assert (reading.probabilities is None) == (frame.seq in classifier.fails)
        failures.append(pipeline.status.model_failure)
    assert failures[:3] == failures[7:] == [None] * 3
    assert failures[3:7] == [
        ModelFailure(pytest.approx(0.3), f"crop {number}", pytest.approx(number / 10)) for number in range(3, 7)
    ]


def test_without_its_classifier_a_pipeline_finds_faces_and_calls_them_unclear() -> None:
    pipeline = scripted_pipeline(classifier=Failing(range(5, 6)))
    for frame in shots("happy", 6):
        pipeline.step(frame)
    pipeline.drop_classifier()
    assert (pipeline.status.has_classifier, pipeline.status.model_failure) == (False, None)
    (reading,) = pipeline.step(shots("happy", 1, 6)[0]).readings
    assert (reading.probabilities, reading.reason) == (None, "unclear")


def test_an_injected_source_of_readings_takes_the_place_of_the_classifier() -> None:
    class Recorded:
        labels, thresholds = ("sad", "happy"), Thresholds()

        def read(self, frame: Frame, grey: np.ndarray, tracks: Sequence[Track]) -> tuple[Reading, ...]:
            return tuple(Reading(track.track_id, frame.at, (0.1, 0.9)) for track in tracks)

    faces = [face(280)]
    pipeline = Pipeline(ScriptedDetector(lambda frame: faces), None, Settings(), EN, readings=Recorded())
    expected = [each.text for frame in shots("sad", 20) for each in pipeline.step(frame).utterances]
    assert expected == ["One person looks happy."]
