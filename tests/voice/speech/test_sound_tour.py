"""The spoken tour of the sounds."""

import threading
from pathlib import Path

import pytest

from assistant import phrases
from assistant.app import cli
from assistant.config.settings import VoiceSettings
from assistant.voice.speech.earcons import earcon
from assistant.voice.speech.sound_tour import tour
from assistant.voice.voices.earcon import EarconVoice, tones
from tests.support.captured_audio import Ear, FakeTool

PRINTED = """\
These are the sounds.
Looks angry.
♪ angry
Looks disgusted.
♪ disgust
Looks afraid.
♪ fear
Looks happy.
♪ happy
Looks sad.
♪ sad
Looks surprised.
♪ surprise
Looks neutral.
♪ neutral
Still here, nothing to say.
♪ still here
Speech is broken.
♪ alarm
"""


class Reader:
    """A voice that plays nothing and keeps the texts, among the sounds that the ear heard before."""

    name = "reader"

    def __init__(self, ear: Ear) -> None:
        self.texts: list[tuple[str, int]] = []
        self._ear = ear

    def say(self, text: str, cancel: threading.Event, **ignored: object) -> bool:
        self.texts.append((text, len(self._ear.heard)))
        return not cancel.is_set()

    def close(self) -> None:
        pass


def test_each_meaning_comes_before_its_sound() -> None:
    ear = Ear()
    reader = Reader(ear)
    sounds = EarconVoice(VoiceSettings(), tones(VoiceSettings(), ear))
    assert tour(phrases.load("en", "movement"), reader, sounds, threading.Event()) is True
    names = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", "still_here", "alarm")
    assert ear.heard == [earcon(name) for name in names]
    assert reader.texts[0] == ("These are the sounds.", 0)
    assert [before for _, before in reader.texts[1:]] == list(range(len(names)))
    assert reader.texts[4] == ("Smiling.", 3)


def test_a_tour_that_is_cut_off_ends() -> None:
    ear, cancel = Ear(), threading.Event()
    cancel.set()
    reader = Reader(ear)
    assert tour(phrases.load("en"), reader, EarconVoice(VoiceSettings(), tones(VoiceSettings(), ear)), cancel) is False
    assert (len(reader.texts), ear.heard) == (1, [])


def test_the_command_prints_sounds_where_words_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sounds", "--voice", "printed"]) == 0
    assert capsys.readouterr() == (PRINTED, "")


def test_the_command_fails_in_one_line_where_nothing_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tool = FakeTool(tmp_path, monkeypatch)
    tool.install("failing", "espeak-ng")
    assert cli.main(["sounds", "--voice", "espeak"]) == 1
    assert capsys.readouterr().err == "emotion-assistant: espeak-ng failed with exit code 1: cannot find card\n"
