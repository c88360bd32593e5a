"""A friend's voice tag stands in a sentence where the name is, and words stand there where it cannot be played."""

import array
import math
import threading
from pathlib import Path

import pytest

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Fate, Priority, Utterance
from assistant.voice.audio.player import Pcm, to_wav
from assistant.voice.speech.fallback_voice import FallbackVoice
from assistant.voice.voices import make_voice
from assistant.voice.voices.voice_tags import VoiceTags

RATE = 16000
TAG = "0123abcd.wav"


def tone(seconds: float = 0.5, hertz: float = 440.0) -> Pcm:
    values = (round(6000 * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(round(seconds * RATE)))
    return Pcm(array.array("h", values).tobytes(), RATE)


def says(text: str, name: str = "Friend 3", tag: str = TAG) -> Utterance:
    return Utterance(text, Priority.CHANGE, "person 1", spoken_name=name, name_sound=tag)


class Captured:
    """A voice and a player whose words and sounds are kept in one order."""

    def __init__(self, folder: Path) -> None:
        self.heard: list[str | Pcm] = []
        self.error: VoiceError | None = None
        self.is_whole, self.name = True, "captured"
        self._voices = FallbackVoice((self,), None, VoiceTags(VoiceSettings(), folder), self.play)

    def speak(self, utterance: Utterance) -> Fate:
        return self._voices.speak(utterance, threading.Event(), lambda: 0.0, lambda message: None)

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        self.heard.append(text)
        return True

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        if self.error is not None:
            raise self.error
        self.heard.append(pcm)
        return self.is_whole

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / TAG).write_bytes(to_wav(tone()))
    return tmp_path


@pytest.fixture
def captured(folder: Path) -> Captured:
    return Captured(folder)


@pytest.mark.parametrize(
    ("text", "around"),
    [
        ("Friend 3.", ("", "")),
        ("Friend 3 looks happy.", ("", "looks happy.")),
        ("On the left: Friend 3 looks happy.", ("On the left.", "looks happy.")),
        ("Maybe Friend 3. Looks happy.", ("Maybe.", "Looks happy.")),
        ("À gauche, Friend 3, l'air heureux.", ("À gauche.", "l'air heureux.")),
    ],
)
def test_the_tag_is_played_between_the_words(captured: Captured, text: str, around: tuple[str, str]) -> None:
    assert captured.speak(says(text)) is Fate.SPOKEN
    words = [each for each in captured.heard if isinstance(each, str)]
    assert words == [each for each in around if each]
    (place,) = [number for number, each in enumerate(captured.heard) if isinstance(each, Pcm)]
    assert place == bool(around[0])
    (tag,) = [each for each in captured.heard if isinstance(each, Pcm)]
    assert tag.seconds >= 0.5
    assert "Friend" not in " ".join(words)


@pytest.mark.parametrize("tag", ["", "ffffffff.wav", "../0123abcd.wav", "friends.json"])
def test_without_a_tag_the_words_are_spoken(captured: Captured, tag: str) -> None:
    assert captured.speak(says("Friend 3 looks happy.", tag=tag)) is Fate.SPOKEN
    assert captured.heard == ["Friend 3 looks happy."]


def test_a_damaged_tag_is_spoken(captured: Captured, folder: Path) -> None:
    (folder / TAG).write_bytes(b"RIFF")
    assert captured.speak(says("Friend 3.")) is Fate.SPOKEN
    assert captured.heard == ["Friend 3."]


def test_where_the_tag_cannot_be_played_its_words_are_spoken(captured: Captured) -> None:
    captured.error = VoiceError("no sound card")
    assert captured.speak(says("Friend 3 looks happy.")) is Fate.SPOKEN
    assert captured.heard == ["Friend 3.", "looks happy."]


def test_a_tag_that_is_cut_off_ends_the_sentence(captured: Captured) -> None:
    captured.is_whole = False
    assert captured.speak(says("Friend 3 looks happy.")) is Fate.INTERRUPTED
    assert [type(each) for each in captured.heard] == [Pcm]


def test_every_voice_of_a_running_assistant_knows_the_tags(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    kept = folder / "emotion-assistant" / "friends"
    kept.mkdir(parents=True)
    (kept / TAG).write_bytes(to_wav(tone()))
    heard: list[Pcm] = []

    class Player:
        def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
            heard.append(pcm)
            return True

    voice = make_voice(VoiceSettings(engine="espeak"), "en", Player())
    assert voice.speak(says("Friend 3."), threading.Event(), lambda: 0.0, lambda message: None) is Fate.SPOKEN
    assert [round(each.seconds, 1) for each in heard] == [pytest.approx(0.5, abs=0.4)]
    assert {each.rate for each in heard} == {RATE}
