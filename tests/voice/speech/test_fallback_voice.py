"""The fallback: the sounds first, then the voices from the best to the last, and who gives way to other programs."""

import threading
from pathlib import Path

import pytest

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Fate, Priority, Utterance
from assistant.voice import voices
from assistant.voice.audio.player import Pcm, with_lead_in, with_volume
from assistant.voice.speech.earcons import three_beeps
from assistant.voice.speech.fallback_voice import FallbackVoice, PlaybackError, PreemptedError, UnknownTextError
from assistant.voice.voices.earcon import EarconVoice, earcon_player
from tests.support.captured_audio import Ear


class Stub:
    """A voice that keeps what it was given and does what it was told to."""

    def __init__(self, name: str, does: bool | Exception = True) -> None:
        self.name, self.does = name, does
        self.said: list[tuple[str, Priority]] = []
        self.closed = 0

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        self.said.append((text, priority))
        if isinstance(self.does, Exception):
            raise self.does
        return self.does

    def close(self) -> None:
        self.closed += 1


def utterance(sound: str = "", priority: Priority = Priority.CHANGE) -> Utterance:
    return Utterance("Looks happy.", priority, "face", None, "", sound)


class Heard:
    """What a fallback with one voice made of an utterance."""

    def __init__(self, changes: str, utterance: Utterance, trouble: Exception | None = None) -> None:
        self.sounds: list[str] = []
        self.troubles: list[str] = []
        voice = Stub("voice")

        def play(name: str, cancel: threading.Event) -> bool:
            if trouble:
                raise trouble
            self.sounds.append(name)
            return True

        fallback = FallbackVoice([voice], EarconVoice(VoiceSettings(changes=changes), play))
        self.fate = fallback.speak(utterance, threading.Event(), lambda: 0.0, self.troubles.append)
        self.words = [text for text, _ in voice.said]


@pytest.mark.parametrize(
    ("changes", "priority", "sound", "sounds", "words"),
    [
        ("words", Priority.CHANGE, "happy", 0, 1),
        ("sounds", Priority.CHANGE, "happy", 1, 0),
        ("both", Priority.CHANGE, "happy", 1, 1),
        ("sounds", Priority.CHANGE, "", 0, 1),
        ("sounds", Priority.CHANGE, "contempt", 0, 1),
        ("words", Priority.STATUS, "still_here", 1, 0),
        ("both", Priority.STATUS, "still_here", 1, 0),
        ("sounds", Priority.FAULT, "alarm", 0, 1),
        ("both", Priority.FAULT, "still_here", 0, 1),
    ],
)
def test_what_is_told_by_sounds_and_what_by_words(
    changes: str, priority: Priority, sound: str, sounds: int, words: int
) -> None:
    heard = Heard(changes, utterance(sound, priority))
    assert heard.fate is Fate.SPOKEN
    assert (heard.sounds, heard.words) == ([sound] * sounds, ["Looks happy."] * words)


@pytest.mark.parametrize("error", [VoiceError("no card"), ZeroDivisionError()])
def test_a_sound_that_cannot_be_played_becomes_words(error: Exception) -> None:
    heard = Heard("sounds", utterance("happy"), error)
    assert (heard.fate, heard.words) == (Fate.SPOKEN, ["Looks happy."])
    assert heard.troubles == [f"sounds: {str(error) or 'ZeroDivisionError'}"]


def test_a_sound_that_is_cut_off_is_not_followed_by_words() -> None:
    voice, cancel = Stub("voice"), threading.Event()

    def play(name: str, cancel: threading.Event) -> bool:
        cancel.set()
        return False

    fallback = FallbackVoice([voice], EarconVoice(VoiceSettings(changes="both"), play))
    assert fallback.speak(utterance("happy"), cancel, lambda: 0.0, print) is Fate.INTERRUPTED
    assert voice.said == []


def test_sounds_are_as_loud_as_set_and_come_after_the_lead_in() -> None:
    from assistant.voice.speech.earcons import earcon

    ear = Ear()
    play = earcon_player(VoiceSettings(volume=50, lead_in_ms=200), ear)
    assert play("sad", threading.Event()) is True
    (heard,) = ear.heard
    assert heard == with_lead_in(with_volume(earcon("sad"), 50), 200)
    assert isinstance(heard, Pcm)


def test_every_fallback_voice_that_is_made_has_sounds(capsys: pytest.CaptureFixture[str]) -> None:
    fallback = voices.make_voice(VoiceSettings(engine="printed", changes="sounds"), "en", Ear())
    assert fallback.speak(utterance("happy"), threading.Event(), lambda: 0.0, print) is Fate.SPOKEN
    assert capsys.readouterr().out == "♪ happy\n"
    ear = Ear()
    fallback = voices.make_voice(VoiceSettings(engine="espeak"), "en", ear)
    assert (
        fallback.speak(utterance("still_here", Priority.STATUS), threading.Event(), lambda: 0.0, print) is Fate.SPOKEN
    )
    assert [round(pcm.seconds, 2) for pcm in ear.heard] == [0.05]
    fallback.close()


def test_who_gives_way_to_another_program_has_no_second_who_talks_into_it() -> None:
    first, second, troubles = Stub("first", PreemptedError("the screen reader speaks")), Stub("second"), []
    fallback = FallbackVoice([first, second])
    assert fallback.speak(utterance(), threading.Event(), lambda: 0.0, troubles.append) is Fate.INTERRUPTED
    assert (second.said, troubles) == ([], [])
    assert fallback.speak(utterance(), threading.Event(), lambda: 0.0, troubles.append) is Fate.INTERRUPTED
    assert first.said == [("Looks happy.", Priority.CHANGE)] * 2, "it stays the first"


def test_a_fallback_voice_is_its_voices() -> None:
    first, second = Stub("first"), Stub("second")
    fallback = FallbackVoice.of([first, second])
    assert (fallback[0], list(fallback[1:]), len(fallback)) == (first, [second], 2)
    assert FallbackVoice.of(fallback) is fallback
    fallback.close()
    assert (first.closed, second.closed) == (1, 1)


def test_a_text_that_one_voice_cannot_tell_does_not_cost_the_next_one_that_voice() -> None:
    broken, knows, last = Stub("broken", VoiceError("gone")), Stub("knows", UnknownTextError("not this")), Stub("last")
    fallback, troubles = FallbackVoice([broken, knows, last]), []
    for known in (False, True):
        knows.does = known or UnknownTextError("not this")
        told = fallback.speak(utterance(), threading.Event(), lambda: 0.0, troubles.append)
        assert told is Fate.SPOKEN
    assert (len(broken.said), len(knows.said), len(last.said)) == (1, 2, 1)
    assert troubles == ["broken: gone"], "it is well"


@pytest.mark.parametrize("then", [True, VoiceError("gone again"), PlaybackError("gone again")])
def test_sound_that_comes_back_between_two_tries_is_not_left_at_beeps(then: bool | Exception) -> None:
    first, second, beeps = (
        Stub("first", PlaybackError("no card")),
        Stub("second", PlaybackError("no card")),
        Stub("beeps"),
    )
    fallback, say = FallbackVoice([first, second, beeps]), beeps.say

    def well(text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        first.does = then
        return say(text, cancel, priority=priority)

    beeps.say = well
    assert fallback.speak(utterance(), threading.Event(), lambda: 0.0, lambda trouble: None) is Fate.SPOKEN
    assert (len(first.said), len(second.said), len(beeps.said)) == (2, 1, 1)


def test_beeps_are_not_followed_by_a_voice_that_is_not_well() -> None:
    broken, beeps = Stub("broken", VoiceError("not installed")), Stub("beeps")
    assert FallbackVoice([broken, beeps]).speak(utterance(), threading.Event(), lambda: 0.0, print) is Fate.SPOKEN
    assert len(broken.said) == 1


@pytest.mark.parametrize(("trouble", "fate"), [(PlaybackError, Fate.FAILED), (VoiceError, Fate.INTERRUPTED)])
def test_what_could_not_be_played_was_not_cut_off(trouble: type[VoiceError], fate: Fate) -> None:
    """A press while a card is tried in vain: nobody heard anything that could be cut off."""
    first, second, cancel = Stub("first"), Stub("second"), threading.Event()
    second.does = False

    def fails(text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        cancel.set()
        raise trouble("no card")

    first.say = fails  # type: ignore[method-assign]
    assert FallbackVoice([first, second]).speak(utterance(), cancel, lambda: 0.0, lambda message: None) is fate


def test_words_that_follow_their_beeps_can_be_cut_off() -> None:
    words, beeps, cancel = Stub("words", PlaybackError("no card")), Stub("beeps"), threading.Event()
    fallback, say = FallbackVoice([words, beeps]), beeps.say

    def well(text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        words.does = False
        cancel.set()
        return say(text, cancel, priority=priority)

    beeps.say = well
    assert fallback.speak(utterance(), cancel, lambda: 0.0, print) is Fate.INTERRUPTED


@pytest.mark.parametrize("beeps_work", [False, True])
def test_the_real_fallback_voice_says_words_after_its_beeps(
    beeps_work: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_ASSISTANT_RECORDED", str(tmp_path))
    ear, troubles = Ear(), []

    class Loose:
        """A plug that holds at last."""

        fails = 99

        def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
            self.fails -= 1
            if self.fails >= 0:
                raise VoiceError("no such device")
            return ear.play(pcm, cancel)

    player = Loose()
    fallback = voices.make_voice(VoiceSettings(engine="espeak", lead_in_ms=0), "en", player)
    player.fails = len(fallback) - 1 - beeps_work  # there are no recordings
    fate = fallback.speak(utterance(), threading.Event(), lambda: 0.0, troubles.append)
    fallback.close()
    if beeps_work:
        beeps, words = ear.heard
        assert (fate, beeps.samples) == (Fate.SPOKEN, three_beeps().samples)
        assert words.seconds > 0.5
    else:
        assert (fate, ear.heard) == (Fate.FAILED, [])
