"""The sentences of every language, spoken by its espeak-ng voice: all of their words sound."""

import functools
import shutil
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from assistant import phrases
from assistant.config.settings import VoiceSettings
from assistant.ipc.commands import Command
from assistant.people import PersonView
from assistant.phrases import SPOKEN_EXPRESSIONS, Phrases
from assistant.records import Box
from assistant.sentences import Sentence
from assistant.vision.queries.answers import Answers
from assistant.vision.queries.snapshot import SceneSnapshot
from assistant.voice.audio.player import Pcm
from assistant.voice.voices.espeak import EspeakLibrary, EspeakProgram, EspeakVoice, Synthesizer
from tests.support import locale_lint
from tests.support.captured_audio import CapturingPlayer, loudness

if TYPE_CHECKING:
    from tests.support.spoken_times import SpokenTimes

SETTINGS = VoiceSettings()
LONGEST_UNASKED_S = 2.0
"""Nobody who talks to somebody can listen for longer to what was not asked for."""
INFORMATIVE_WITHIN_S = 0.5
"""In an answer, from the first sound to the word by which expressions differ. Before it 0.2 s pass at the most, see
tests/voice/test_first_sound.py."""
Speak = Callable[[Phrases, str], Pcm]


@functools.cache
def play(make: Callable[[str, int], Synthesizer], voice: str, text: str) -> Pcm:
    player = CapturingPlayer()
    assert EspeakVoice(make(voice, SETTINGS.rate_wpm), SETTINGS, player).say(text, threading.Event()) is True
    (sound,) = player.sounds
    return sound


@pytest.fixture
def by_program() -> Speak:
    if shutil.which("espeak-ng") is None:
        pytest.skip("the program espeak-ng is not installed")
    return lambda language, text: play(EspeakProgram, language.voice, text)


@pytest.fixture
def by_library() -> Speak:
    pytest.importorskip("espeakng_loader")
    return lambda language, text: play(EspeakLibrary, language.voice, text)


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


def unasked_about_people(language: Phrases) -> list[str]:
    """What is said of a person unasked where there is one, each expression in each sentence that names it."""
    named = (Sentence.ARRIVED, Sentence.LOOKS, Sentence.NO_LONGER)
    known = [language.announcement(each, expression=name) for each in named for name in sorted(SPOKEN_EXPRESSIONS)]
    counted = [language.announcement(Sentence.PEOPLE, people=people) for people in range(1, 6)]
    others = [each for each in Sentence if each.is_presence and each is not Sentence.PEOPLE]
    return [*known, *counted, *(language.announcement(each) for each in others)]


@pytest.mark.parametrize("wording", ["emotion", "movement"])
@pytest.mark.parametrize("locale", phrases.known_locales())
def test_what_is_said_unasked_takes_less_than_two_seconds(locale: str, wording: str) -> None:
    language = phrases.load(locale, wording)
    texts = unasked_about_people(language)
    seconds = {text: each.ends - each.begins for text, each in zip(texts, spoken(language, texts), strict=True)}
    assert {text: lasts for text, lasts in seconds.items() if lasts >= LONGEST_UNASKED_S} == {}


@pytest.mark.parametrize("wording", ["emotion", "movement"])
@pytest.mark.parametrize("locale", phrases.known_locales())
def test_an_answer_about_two_people_begins_with_what_it_tells(locale: str, wording: str) -> None:
    language, names = phrases.load(locale, wording), tuple(sorted(SPOKEN_EXPRESSIONS))
    texts = []
    for name in names:
        people = tuple(
            PersonView(number, Box(200 * number, 200, 80, 80), name, name, 0.9, 0.0, where=where)
            for number, where in enumerate(("left", "right"), 1)
        )
        texts.append(Answers(language, names).answer(Command.ASK, SceneSnapshot(5.0, people), 5.0).utterance.text)
    assert all(language.capitalize(language.text("counts", "2")) in text for text in texts)
    late = {}
    for text, times in zip(texts, spoken(language, texts), strict=True):
        differs_at = max(same_characters(text, other) for other in texts if other != text)
        at_s = times.words[max(at for at in times.words if at <= differs_at)]
        if at_s > INFORMATIVE_WITHIN_S:
            late[text] = at_s
    assert late == {}


def same_characters(text: str, other: str) -> int:
    """How many characters of both are the same before they differ."""
    return next(at for at, (one, two) in enumerate(zip(text, other, strict=False)) if one != two)


def spoken(language: Phrases, texts: list[str]) -> "list[SpokenTimes]":
    pytest.importorskip("espeakng_loader")
    from tests.support.spoken_times import spoken_times

    return spoken_times(texts, language.voice, SETTINGS.rate_wpm)
