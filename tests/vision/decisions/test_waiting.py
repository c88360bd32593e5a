"""Announcements that wait for the speaker, and are no longer true when their turn comes."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.app.simulated_speaker import UTTERANCE_PAUSE_S, SimulatedSpeaker
from assistant.config.settings import Settings
from assistant.records import Face, Fate, Frame, Priority, Utterance
from assistant.vision.pipeline import Pipeline
from convert.scenarios.score.announcements import TOLERANCE_S
from tests.support.scripted_pipeline import EN
from tests.support.standins import LABELS, ScriptedClassifier, ScriptedDetector, face, picture, probabilities

BEGINS_S, ENDS_S = 6.0, 13.0
UNSURE = tuple(1 / len(LABELS) for _ in LABELS)
AFTER = {"sad": probabilities("sad"), "fear": probabilities("fear"), "unsure": UNSURE, "gone": None}


class Acted(ScriptedClassifier):
    """Gives the probabilities in `now`."""

    now: tuple[float, ...] = probabilities("neutral")

    def probabilities(self, crop: np.ndarray) -> np.ndarray:
        return np.array(self.now, np.float32)


def smile(seconds: float, after: str, asked_at: float, answer_s: float, fps: float) -> list[tuple[str, float]]:
    """(text, seconds) of every utterance that begins while a person smiles from BEGINS_S on and an answer is spoken."""
    faces: list[Face] = [face(280)]
    classifier = Acted()
    pipeline = Pipeline(ScriptedDetector(lambda frame: faces), classifier, Settings(), EN)
    speaker = SimulatedSpeaker(175, lambda utterance, fate, at: pipeline.ended(utterance, fate))
    begun: list[tuple[str, float]] = []
    speaker.on_start = lambda utterance, at: begun.append((utterance.text, at))
    answer = Utterance(" ".join(["word"] * round((answer_s - UTTERANCE_PAUSE_S) * 175 / 60)), Priority.ANSWER, "answer")
    is_asked = False
    for number in range(round(ENDS_S * fps)):
        at = number / fps
        speaker.advance(at)
        if at >= BEGINS_S + seconds:
            classifier.now, faces[:] = AFTER[after] or UNSURE, [] if after == "gone" else [face(280)]
        elif at >= BEGINS_S:
            classifier.now = probabilities("happy", 0.95)
        step = pipeline.step(Frame(picture("angry"), at, number))
        for topic in step.withdrawn:
            speaker.queue.withdraw(topic, at)
        for utterance in step.utterances:
            speaker.say(utterance, at)
        if not is_asked and at >= asked_at:
            is_asked = True
            speaker.say(answer, at)
    return begun


@settings(max_examples=12, deadline=None)
@given(
    st.floats(0.6, 3.0), st.sampled_from(sorted(AFTER)), st.floats(BEGINS_S - 1, BEGINS_S + 2), st.floats(0.5, 5.0),
    st.sampled_from([5.0, 10.0, 15.0]),
)  # fmt: skip
def test_no_smile_is_announced_long_after_it_ended(
    seconds: float, after: str, asked_at: float, answer_s: float, fps: float
) -> None:
    late = [at - BEGINS_S - seconds for text, at in smile(seconds, after, asked_at, answer_s, fps) if "s happy" in text]
    assert all(each <= TOLERANCE_S for each in late), late


def test_a_smile_that_lasts_is_announced_after_the_answer() -> None:
    spoken = smile(5.0, "gone", BEGINS_S + 0.3, 2.0, 10.0)
    assert "Looks happy." in [text for text, _ in spoken]


def _fates(steps: Sequence[tuple[float, bool]]) -> list[tuple[str, Fate]]:
    """The fates of the announcements about one person; each step is (time in s, whether the person is in view from then
    on). Another announcement is being spoken all the time."""
    pipeline, fates = Pipeline(ScriptedDetector(lambda frame: faces), ScriptedClassifier(), Settings(), EN), []
    faces: list[Face] = []

    def ended(utterance: Utterance, fate: Fate, _at: float) -> None:
        pipeline.ended(utterance, fate)
        fates.append((utterance.text, fate))

    speaker = SimulatedSpeaker(175, ended)
    for number in range(120):
        at = number / 10
        speaker.advance(at)
        faces[:] = [face(280)] if next(there for since, there in reversed(steps) if at >= since) else []
        step = pipeline.step(Frame(picture("happy"), at, number))
        for topic in step.withdrawn:
            speaker.queue.withdraw(topic, at)
        for utterance in step.utterances:
            if utterance.text == "Nobody in view.":
                speaker.say(Utterance("one two three four five six seven eight", Priority.ANSWER, "answer"), at)
            speaker.say(utterance, at)
    return fates


def test_an_empty_view_is_not_announced_once_a_face_is_in_view() -> None:
    fates = _fates([(0.0, True), (3.0, False), (5.5, True)])
    assert ("Nobody in view.", Fate.SUPERSEDED) in fates
    assert ("Nobody in view.", Fate.SPOKEN) not in fates
    assert fates[-1] == ("One person looks happy.", Fate.SPOKEN)
