"""The fallback: the earcons first, then the voices from the best to the last; a preempted voice has no fallback."""

import threading
from pathlib import Path

import pytest

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Fate, Priority, Utterance, UtteranceKind
from assistant.voice import voices
from assistant.voice.audio.loudness import with_volume
from assistant.voice.audio.player import Pcm, with_lead_in
from assistant.voice.speech.earcons import three_beeps
from assistant.voice.speech.fallback_voice import FallbackVoice, PlaybackError, PreemptedError, UnknownTextError
from assistant.voice.voices.earcon import EarconVoice, earcon_player
from tests.support.captured_audio import CapturingPlayer
from tests.support.fake_voices import FakeVoice

CUES = ("came", "over", "facing_you", "turned_away")


def utterance(sound: str = "", priority: Priority = Priority.CHANGE) -> Utterance:
    kind = UtteranceKind.CUE if sound in CUES else UtteranceKind.ANNOUNCEMENT
    kind = UtteranceKind.IDLE_TICK if sound == "still_here" else kind
    return Utterance("Looks happy.", priority, "face", None, "", sound, kind=kind)


class Presentation:
    """An utterance presented by a FallbackVoice of one voice: the sounds, the texts and the fate."""

    def __init__(self, changes: str, utterance: Utterance, error: Exception | None = None) -> None:
        self.sounds: list[str] = []
        self.errors: list[str] = []
        voice = FakeVoice("voice")

        def play(name: str, cancel: threading.Event) -> bool:
            if error:
                raise error
            self.sounds.append(name)
            return True

        fallback = FallbackVoice([voice], EarconVoice(VoiceSettings(changes=changes), play))
        self.fate = fallback.speak(utterance, threading.Event(), lambda: 0.0, self.errors.append)
        self.texts = [text for text, _ in voice.spoken]


@pytest.mark.parametrize(
    ("changes", "priority", "sound", "sounds", "texts"),
    [
        ("words", Priority.CHANGE, "happy", 0, 1),
        ("sounds", Priority.CHANGE, "happy", 1, 0),
        ("both", Priority.CHANGE, "happy", 1, 1),
        ("sounds", Priority.CHANGE, "", 0, 1),
        ("sounds", Priority.CHANGE, "contempt", 0, 1),
        ("words", Priority.STATUS, "still_here", 1, 0),
        ("both", Priority.STATUS, "still_here", 1, 0),
        ("words", Priority.CHANGE, "over", 1, 0),
        ("both", Priority.CHANGE, "over", 1, 0),
        ("words", Priority.STATUS, "facing_you", 1, 0),
        ("both", Priority.STATUS, "turned_away", 1, 0),
        ("sounds", Priority.FAULT, "alarm", 0, 1),
        ("both", Priority.FAULT, "still_here", 0, 1),
    ],
)
def test_what_is_presented_by_earcons_and_what_by_words(
    changes: str, priority: Priority, sound: str, sounds: int, texts: int
) -> None:
    presented = Presentation(changes, utterance(sound, priority))
    assert presented.fate is Fate.SPOKEN
    assert (presented.sounds, presented.texts) == ([sound] * sounds, ["Looks happy."] * texts)


@pytest.mark.parametrize("error", [VoiceError("no card"), ZeroDivisionError()])
def test_an_earcon_that_cannot_be_played_becomes_words(error: Exception) -> None:
    presented = Presentation("sounds", utterance("happy"), error)
    assert (presented.fate, presented.texts) == (Fate.SPOKEN, ["Looks happy."])
    assert presented.errors == [f"sounds: {str(error) or 'ZeroDivisionError'}"]


def test_an_earcon_that_is_cut_off_is_not_followed_by_words() -> None:
    voice, cancel = FakeVoice("voice"), threading.Event()

    def play(name: str, cancel: threading.Event) -> bool:
        cancel.set()
        return False

    fallback = FallbackVoice([voice], EarconVoice(VoiceSettings(changes="both"), play))
    assert fallback.speak(utterance("happy"), cancel, lambda: 0.0, print) is Fate.INTERRUPTED
    assert voice.spoken == []


def test_earcons_have_the_configured_volume_and_lead_in() -> None:
    from assistant.voice.speech.earcons import earcon

    player = CapturingPlayer()
    play = earcon_player(VoiceSettings(volume=50, lead_in_ms=200), player)
    assert play("sad", threading.Event()) is True
    (played,) = player.sounds
    assert played == with_lead_in(with_volume(earcon("sad"), 50), 200)
    assert isinstance(played, Pcm)


def test_every_voice_that_is_made_has_earcons(capsys: pytest.CaptureFixture[str]) -> None:
    fallback = voices.make_voice(VoiceSettings(engine="printed", changes="sounds"), "en", CapturingPlayer())
    assert fallback.speak(utterance("happy"), threading.Event(), lambda: 0.0, print) is Fate.SPOKEN
    assert capsys.readouterr().out == "♪ happy\n"
    player = CapturingPlayer()
    fallback = voices.make_voice(VoiceSettings(engine="espeak"), "en", player)
    assert (
        fallback.speak(utterance("still_here", Priority.STATUS), threading.Event(), lambda: 0.0, print) is Fate.SPOKEN
    )
    assert [round(pcm.seconds, 2) for pcm in player.sounds] == [0.05]
    fallback.close()


def test_a_voice_preempted_by_another_program_has_no_fallback_that_talks_over_it() -> None:
    first, second, errors = FakeVoice("first", PreemptedError("the screen reader speaks")), FakeVoice("second"), []
    fallback = FallbackVoice([first, second])
    assert fallback.speak(utterance(), threading.Event(), lambda: 0.0, errors.append) is Fate.INTERRUPTED
    assert (second.spoken, errors) == ([], [])
    assert fallback.speak(utterance(), threading.Event(), lambda: 0.0, errors.append) is Fate.INTERRUPTED
    assert first.spoken == [("Looks happy.", Priority.CHANGE)] * 2, "it stays the first"


def test_a_fallback_voice_is_the_sequence_of_its_voices() -> None:
    first, second = FakeVoice("first"), FakeVoice("second")
    fallback = FallbackVoice.of([first, second])
    assert (fallback[0], list(fallback[1:]), len(fallback)) == (first, [second], 2)
    assert FallbackVoice.of(fallback) is fallback
    fallback.close()
    assert (first.close_count, second.close_count) == (1, 1)


def test_a_voice_that_cannot_speak_one_text_is_tried_with_the_next() -> None:
    broken, knows, last = (
        FakeVoice("broken", VoiceError("gone")),
        FakeVoice("knows", UnknownTextError("not this")),
        FakeVoice("last"),
    )
    fallback, errors = FallbackVoice([broken, knows, last]), []
    for known in (False, True):
        knows.outcome = known or UnknownTextError("not this")
        fate = fallback.speak(utterance(), threading.Event(), lambda: 0.0, errors.append)
        assert fate is Fate.SPOKEN
    assert (len(broken.spoken), len(knows.spoken), len(last.spoken)) == (1, 2, 1)
    assert errors == ["broken: gone"], "a text that it cannot speak is no error"


@pytest.mark.parametrize("then", [True, VoiceError("gone again"), PlaybackError("gone again")])
def test_if_sound_comes_back_between_two_attempts_words_follow_the_beeps(then: bool | Exception) -> None:
    first, second, beeps = (
        FakeVoice("first", PlaybackError("no card")),
        FakeVoice("second", PlaybackError("no card")),
        FakeVoice("beeps"),
    )
    fallback, say = FallbackVoice([first, second, beeps]), beeps.say

    def sound_returns(text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        first.outcome = then
        return say(text, cancel, priority=priority)

    beeps.say = sound_returns
    assert fallback.speak(utterance(), threading.Event(), lambda: 0.0, lambda error: None) is Fate.SPOKEN
    assert (len(first.spoken), len(second.spoken), len(beeps.spoken)) == (2, 1, 1)


def test_beeps_are_not_followed_by_a_voice_that_has_failed() -> None:
    broken, beeps = FakeVoice("broken", VoiceError("not installed")), FakeVoice("beeps")
    assert FallbackVoice([broken, beeps]).speak(utterance(), threading.Event(), lambda: 0.0, print) is Fate.SPOKEN
    assert len(broken.spoken) == 1


@pytest.mark.parametrize(("error", "fate"), [(PlaybackError, Fate.FAILED), (VoiceError, Fate.INTERRUPTED)])
def test_what_could_not_be_played_was_not_cut_off(error: type[VoiceError], fate: Fate) -> None:
    """A press while a card is tried in vain: nothing was played that could be cut off."""
    first, second, cancel = FakeVoice("first"), FakeVoice("second"), threading.Event()
    second.outcome = False

    def fails(text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        cancel.set()
        raise error("no card")

    first.say = fails  # type: ignore[method-assign]
    assert FallbackVoice([first, second]).speak(utterance(), cancel, lambda: 0.0, lambda message: None) is fate


def test_words_that_follow_the_beeps_can_be_cut_off() -> None:
    texts, beeps, cancel = FakeVoice("words", PlaybackError("no card")), FakeVoice("beeps"), threading.Event()
    fallback, say = FallbackVoice([texts, beeps]), beeps.say

    def sound_returns(text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        texts.outcome = False
        cancel.set()
        return say(text, cancel, priority=priority)

    beeps.say = sound_returns
    assert fallback.speak(utterance(), cancel, lambda: 0.0, print) is Fate.INTERRUPTED


@pytest.mark.parametrize("beeps_work", [False, True])
def test_the_real_voices_speak_the_words_after_the_beeps(
    beeps_work: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_ASSISTANT_RECORDED", str(tmp_path))
    captured, errors = CapturingPlayer(), []

    class LoosePlug:
        """Fails so often, then plays."""

        fails = 99

        def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
            self.fails -= 1
            if self.fails >= 0:
                raise VoiceError("no such device")
            return captured.play(pcm, cancel)

    player = LoosePlug()
    fallback = voices.make_voice(VoiceSettings(engine="espeak", lead_in_ms=0), "en", player)
    player.fails = len(fallback) - 1 - beeps_work  # there are no recordings
    fate = fallback.speak(utterance(), threading.Event(), lambda: 0.0, errors.append)
    fallback.close()
    if beeps_work:
        beeps, texts = captured.sounds
        assert (fate, beeps.samples) == (Fate.SPOKEN, three_beeps().samples)
        assert texts.seconds > 0.5
    else:
        assert (fate, captured.sounds) == (Fate.FAILED, [])
