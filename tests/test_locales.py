"""The sentences of every language, spoken by its espeak-ng voice: all of their words sound."""

import shutil
import threading
from collections.abc import Callable

import pytest

from assistant import phrases
from assistant.config.settings import VoiceSettings
from assistant.phrases import Phrases, Sentence
from assistant.voice.audio.player import Pcm
from assistant.voice.voices.espeak import EspeakLibrary, EspeakProgram, EspeakVoice, Synthesizer
from tests.support import locale_lint
from tests.support.captured_audio import CapturingPlayer, loudness

SETTINGS = VoiceSettings()
Speak = Callable[[Phrases, str], Pcm]


def play(make: Callable[[str, int], Synthesizer], language: Phrases, text: str) -> Pcm:
    player = CapturingPlayer()
    assert EspeakVoice(make(language.voice, SETTINGS.rate_wpm), SETTINGS, player).say(text, threading.Event()) is True
    (sound,) = player.sounds
    return sound


@pytest.fixture
def by_program() -> Speak:
    if shutil.which("espeak-ng") is None:
        pytest.skip("the program espeak-ng is not installed")
    return lambda language, text: play(EspeakProgram, language, text)


@pytest.fixture
def by_library() -> Speak:
    pytest.importorskip("espeakng_loader")
    return lambda language, text: play(EspeakLibrary, language, text)


def sample(language: Phrases) -> list[str]:
    """A sentence of each kind, and the longest two."""
    return [
        language.announcement(Sentence.ARRIVED, expression="happy", where="left"),
        language.announcement(Sentence.NO_LONGER, expression="surprise"),
        language.announcement(Sentence.CANNOT_TELL, where="11", reason="dark"),
        language.answer("maybe", expression=language.expression("sad")),
        language.status("shutdown_confirm"),
        language.fault("model"),
        language.finding("model", 24),
        language.text("advice", "camera"),
        *sorted(locale_lint.unasked(language), key=len)[-2:],
    ]


@pytest.mark.parametrize("wording", ["emotion", "movement"])
@pytest.mark.parametrize("locale", phrases.known_locales())
def test_a_sentence_sounds_for_as_long_as_its_words_take(locale: str, wording: str, by_program: Speak) -> None:
    language = phrases.load(locale, wording)
    for text in sample(language):
        sound = by_program(language, text)
        assert 0.2 < sound.seconds / len(text.split()) < 1.1, text
        assert loudness(sound) > 500, text


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_every_two_words_add_to_the_sound(locale: str, by_program: Speak) -> None:
    language = phrases.load(locale)
    text = language.announcement(Sentence.CANNOT_TELL, where="10", reason="occluded").split()
    seconds = [by_program(language, " ".join(text[:count])).seconds for count in range(1, len(text) + 1)]
    assert len(seconds) > 4
    assert all(seconds[at + 2] > seconds[at] + 0.1 for at in range(len(seconds) - 2)), seconds


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_the_library_has_the_voice_too(locale: str, by_library: Speak) -> None:
    language = phrases.load(locale)
    sound = by_library(language, language.announcement(Sentence.ARRIVED, expression="happy"))
    assert 0.8 < sound.seconds < 4
    assert loudness(sound) > 500
