"""The ladder: the sounds first, then the voices from the best to the last, and who gives way to other programs."""

import threading

import pytest

from assistant import config
from assistant.records import Fate, Priority, Utterance, VoiceError
from assistant.voice import voices
from assistant.voice.ladder import Ladder, UnknownTextError, YieldedError
from assistant.voice.sound import Pcm, with_lead_in, with_volume
from assistant.voice.voices.sounding import Sounding, tones
from tests.hearing import Ear


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
    """What a ladder with one voice made of an utterance."""

    def __init__(self, changes: str, utterance: Utterance, trouble: Exception | None = None) -> None:
        self.sounds: list[str] = []
        self.troubles: list[str] = []
        voice = Stub("voice")

        def play(name: str, cancel: threading.Event) -> bool:
            if trouble:
                raise trouble
            self.sounds.append(name)
            return True

        ladder = Ladder([voice], Sounding(config.Voice(changes=changes), play))
        self.fate = ladder.tell(utterance, threading.Event(), lambda: 0.0, self.troubles.append)
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

    ladder = Ladder([voice], Sounding(config.Voice(changes="both"), play))
    assert ladder.tell(utterance("happy"), cancel, lambda: 0.0, print) is Fate.INTERRUPTED
    assert voice.said == []


def test_sounds_are_as_loud_as_set_and_come_after_the_lead_in() -> None:
    from assistant.voice.earcons import earcon

    ear = Ear()
    play = tones(config.Voice(volume=50, lead_in_ms=200), ear)
    assert play("sad", threading.Event()) is True
    (heard,) = ear.heard
    assert heard == with_lead_in(with_volume(earcon("sad"), 50), 200)
    assert isinstance(heard, Pcm)


def test_every_ladder_that_is_made_has_sounds(capsys: pytest.CaptureFixture[str]) -> None:
    ladder = voices.make(config.Voice(engine="printed", changes="sounds"), "en", Ear())
    assert ladder.tell(utterance("happy"), threading.Event(), lambda: 0.0, print) is Fate.SPOKEN
    assert capsys.readouterr().out == "♪ happy\n"
    ear = Ear()
    ladder = voices.make(config.Voice(engine="espeak"), "en", ear)
    assert ladder.tell(utterance("still_here", Priority.STATUS), threading.Event(), lambda: 0.0, print) is Fate.SPOKEN
    assert [round(pcm.seconds, 2) for pcm in ear.heard] == [0.05]
    ladder.close()


def test_who_gives_way_to_another_program_has_no_second_who_talks_into_it() -> None:
    first, second, troubles = Stub("first", YieldedError("the screen reader speaks")), Stub("second"), []
    ladder = Ladder([first, second])
    assert ladder.tell(utterance(), threading.Event(), lambda: 0.0, troubles.append) is Fate.INTERRUPTED
    assert (second.said, troubles) == ([], [])
    assert ladder.tell(utterance(), threading.Event(), lambda: 0.0, troubles.append) is Fate.INTERRUPTED
    assert first.said == [("Looks happy.", Priority.CHANGE)] * 2, "it stays the first"


def test_a_ladder_is_its_voices() -> None:
    first, second = Stub("first"), Stub("second")
    ladder = Ladder.of([first, second])
    assert (ladder[0], list(ladder[1:]), len(ladder)) == (first, [second], 2)
    assert Ladder.of(ladder) is ladder
    ladder.close()
    assert (first.closed, second.closed) == (1, 1)


def test_a_text_that_one_voice_cannot_tell_does_not_cost_the_next_one_that_voice() -> None:
    broken, knows, last = Stub("broken", VoiceError("gone")), Stub("knows", UnknownTextError("not this")), Stub("last")
    ladder, troubles = Ladder([broken, knows, last]), []
    for known in (False, True):
        knows.does = known or UnknownTextError("not this")
        told = ladder.tell(utterance(), threading.Event(), lambda: 0.0, troubles.append)
        assert told is Fate.SPOKEN
    assert (len(broken.said), len(knows.said), len(last.said)) == (1, 2, 1)
    assert troubles == ["broken: gone"], "it is well"
