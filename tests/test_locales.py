"""The sentences of every language, spoken by its espeak-ng voice: all of their words are heard."""

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
Heard = Callable[[Phrases, str], Pcm]


def hear(make: Callable[[str, int], Synthesizer], words: Phrases, text: str) -> Pcm:
    player = CapturingPlayer()
    assert EspeakVoice(make(words.voice, SETTINGS.rate_wpm), SETTINGS, player).say(text, threading.Event()) is True
    (heard,) = player.sounds
    return heard


@pytest.fixture
def by_program() -> Heard:
    if shutil.which("espeak-ng") is None:
        pytest.skip("the program espeak-ng is not installed")
    return lambda words, text: hear(EspeakProgram, words, text)


@pytest.fixture
def by_library() -> Heard:
    pytest.importorskip("espeakng_loader")
    return lambda words, text: hear(EspeakLibrary, words, text)


def sample(words: Phrases) -> list[str]:
    """A sentence of each kind, and the longest two."""
    return [
        words.announcement(Sentence.ARRIVED, expression="happy", where="left"),
        words.announcement(Sentence.NO_LONGER, expression="surprise"),
        words.announcement(Sentence.CANNOT_TELL, where="11", reason="dark"),
        words.answer("maybe", expression=words.expression("sad")),
        words.status("shutdown_confirm"),
        words.fault("model"),
        words.finding("model", 24),
        words.text("advice", "camera"),
        *sorted(locale_lint.unasked(words), key=len)[-2:],
    ]


@pytest.mark.parametrize("wording", ["emotion", "movement"])
@pytest.mark.parametrize("locale", phrases.known_locales())
def test_a_sentence_sounds_for_as_long_as_its_words_take(locale: str, wording: str, by_program: Heard) -> None:
    words = phrases.load(locale, wording)
    for text in sample(words):
        heard = by_program(words, text)
        assert 0.2 < heard.seconds / len(text.split()) < 1.1, text
        assert loudness(heard) > 500, text


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_every_two_words_add_to_the_sound(locale: str, by_program: Heard) -> None:
    words = phrases.load(locale)
    text = words.announcement(Sentence.CANNOT_TELL, where="10", reason="occluded").split()
    seconds = [by_program(words, " ".join(text[:count])).seconds for count in range(1, len(text) + 1)]
    assert len(seconds) > 4
    assert all(seconds[at + 2] > seconds[at] + 0.1 for at in range(len(seconds) - 2)), seconds


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_the_library_has_the_voice_too(locale: str, by_library: Heard) -> None:
    words = phrases.load(locale)
    heard = by_library(words, words.announcement(Sentence.ARRIVED, expression="happy"))
    assert 0.8 < heard.seconds < 4
    assert loudness(heard) > 500
