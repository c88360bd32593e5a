"""Replay: the whole assistant in a clip's own time, on scripted scenes and on real clips."""

import dataclasses
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from assistant import phrases
from assistant.app.replay import ReplaySummary, replay
from assistant.app.simulated_speaker import UTTERANCE_PAUSE_S, SimulatedSpeaker
from assistant.config.settings import Settings
from assistant.records import Fate, Frame, Priority, Utterance
from assistant.vision import factory
from assistant.vision.cameras import open_camera
from assistant.vision.pipeline import Pipeline
from tests.support.standins import ScriptedCamera, ScriptedClassifier, ScriptedDetector, face, picture


def lines(source: Path) -> tuple[list[dict], ReplaySummary]:
    settings = Settings()
    camera = open_camera(dataclasses.replace(settings.camera, driver="opencv", source=str(source)))
    *made, summary = replay(camera, factory.make_pipeline(settings), settings)
    return [line.as_json() for line in made], summary


def test_two_people_at_once_are_announced_one_after_the_other() -> None:
    settings = Settings()
    frames = [Frame(picture("happy"), number / 10, number) for number in range(40)]
    detector = ScriptedDetector(lambda frame: [face(40), face(520)])
    line = Pipeline(detector, ScriptedClassifier(), settings, phrases.load("en"))
    first, second, summary = replay(ScriptedCamera(frames, is_live=False), line, settings)
    assert [first.as_json()["fate"], second.as_json()["fate"]] == ["spoken", "spoken"]
    assert first.started_at == pytest.approx(0.8)
    spoken_s = len(first.utterance.text.split()) * 60 / settings.voice.rate_wpm + UTTERANCE_PAUSE_S
    assert second.started_at == pytest.approx(first.started_at + spoken_s)
    assert summary == ReplaySummary(40, 3.9, 2)
    assert first.as_json() | {"text": ""} == {
        "at": 0.8, "spoken_at_s": 0.8, "track_id": 1, "from": "nobody", "to": "happy", "text": "", "is_sound": False,
        "fate": "spoken", "reason": "",
    }  # fmt: skip


def test_an_expired_utterance_is_not_spoken() -> None:
    ends: list[tuple[str, Fate, float]] = []
    speaker = SimulatedSpeaker(60, lambda utterance, fate, at: ends.append((utterance.text, fate, round(at, 2))))
    speaker.say(Utterance("one two three four", Priority.CHANGE, "a", None), 0.0)
    speaker.say(Utterance("late", Priority.CHANGE, "b", 2.0), 0.5)
    speaker.say(Utterance("later", Priority.CHANGE, "c", 9.0), 0.6)
    speaker.advance(100.0)
    assert ends == [("one two three four", Fate.SPOKEN, 4.2), ("late", Fate.EXPIRED, 4.2), ("later", Fate.SPOKEN, 5.4)]


def test_a_fault_cuts_in() -> None:
    ends: list[tuple[str, Fate, float]] = []
    speaker = SimulatedSpeaker(60, lambda utterance, fate, at: ends.append((utterance.text, fate, round(at, 2))))
    speaker.say(Utterance("one two", Priority.CHANGE, "a", None), 0.0)
    speaker.say(Utterance("fire", Priority.FAULT, "b", None), 1.0)
    speaker.advance(100.0)
    assert ends == [("one two", Fate.INTERRUPTED, 1.0), ("fire", Fate.SPOKEN, 2.2)]


def test_nothing_is_announced_in_an_empty_room() -> None:
    settings = Settings()
    frames = [Frame(np.zeros((480, 640), np.uint8), number / 10, number) for number in range(50)]
    made = list(replay(ScriptedCamera(frames, is_live=False), factory.make_pipeline(settings), settings))
    assert made == [ReplaySummary(50, 4.9, 0)]


@pytest.mark.videos
def test_a_smile_is_announced_and_nothing_worse(clips: Path) -> None:
    made, summary = lines(clips / "one-person-smiling.mp4")
    states = Counter(line["to"] for line in made)
    assert 1 <= states["happy"] <= 2
    assert not {"sad", "angry", "fear", "disgust"} & set(states)
    assert summary.people == 1
    assert lines(clips / "one-person-smiling.mp4") == (made, summary)
    assert all(json.loads(json.dumps(line)) == line for line in made)


@pytest.mark.videos
def test_people_who_approach_are_counted_and_get_few_announcements(clips: Path) -> None:
    made, summary = lines(clips / "three-people-approaching.mp4")
    assert summary.people == 3
    counts = Counter(line["track_id"] for line in made if line["fate"] == "spoken")
    assert 1 <= len(counts) <= 3
    assert max(counts.values()) <= 2


@pytest.mark.videos
@pytest.mark.parametrize("word", ["help", "no"])
def test_a_skull_on_a_jumper_is_not_announced(clips: Path, word: str) -> None:
    made, summary = lines(clips / f"one-person-signing-{word}.mkv")
    assert summary.people == 1
    assert {line["track_id"] for line in made if line["fate"] == "spoken"} == {1}
