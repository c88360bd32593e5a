"""The sound of a replay: each sentence at its time, cut off by a more urgent one, with its subtitle."""

import threading

import numpy as np
import pytest

from assistant.app.annotation.soundtrack import RATE, Cue, Soundtrack
from assistant.app.annotation.subtitles import srt, srt_time
from assistant.app.simulated_speaker import UTTERANCE_PAUSE_S, SimulatedSpeaker
from assistant.records import Priority, Utterance, UtteranceKind
from assistant.voice.audio.player import Pcm, Player
from assistant.voice.speech.fallback_voice import FallbackVoice

QUIET_S = 0.25
"""Near silence before the words of the stand-in's speech."""


class SecondAWord:
    """A voice that takes a quarter of a second to begin, and one second for each word."""

    name = "stand-in"

    def __init__(self, player: Player) -> None:
        self._player = player

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        quiet = np.full(round(QUIET_S * RATE), 20, np.int16)
        words = np.full(len(text.split()) * RATE, 9000, np.int16)
        return self._player.play(Pcm(np.concatenate([quiet, words]).tobytes(), RATE), cancel)

    def close(self) -> None:
        pass


def samples_of(pcm: Pcm) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.frombuffer(pcm.samples, np.int16)


def soundtrack(changes: str = "words") -> Soundtrack:
    return Soundtrack(lambda player: FallbackVoice([SecondAWord(player)]), samples_of, changes=changes)


def utterance(text: str, priority: Priority = Priority.CHANGE, **more: object) -> Utterance:
    return Utterance(text, priority, text, None, **more)  # type: ignore[arg-type]


def spans(samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> list[tuple[float, float]]:
    """Where there is sound, in seconds."""
    edges = np.flatnonzero(np.diff((np.abs(samples.astype(int)) > 300).astype(int), prepend=0, append=0))
    return [(start / RATE, end / RATE) for start, end in edges.reshape(-1, 2)]


def test_a_sentence_is_heard_at_its_time_and_its_subtitle_from_its_first_word_to_its_last() -> None:
    track = soundtrack()
    assert track.begin(utterance("Looks happy."), 3.0) == pytest.approx(2.25 + UTTERANCE_PAUSE_S)
    assert track.cues == [Cue(3.25, 5.25, "Looks happy.")]
    assert spans(track.take(10.0)) == [(3.25, 5.25)]
    assert [track.text_at(at) for at in (3.0, 3.25, 5.2, 5.25)] == ["", "Looks happy.", "Looks happy.", ""]


def test_what_is_taken_piece_by_piece_is_the_same_as_at_once() -> None:
    whole, pieces = soundtrack(), soundtrack()
    for track in (whole, pieces):
        track.begin(utterance("One."), 0.5)
        track.begin(utterance("Two words."), 2.5)
    taken = [pieces.take(until) for until in (0.2, 0.75, 0.75, 1.0, 3.33, 9.0)]
    assert [len(each) for each in taken[:3]] == [round(0.2 * RATE), round(0.55 * RATE), 0]
    assert np.array_equal(np.concatenate(taken), whole.take(9.0))


def test_a_more_urgent_sentence_cuts_off_the_sound_and_the_subtitle() -> None:
    track = soundtrack()
    ends: list[tuple[str, str, float]] = []
    speaker = SimulatedSpeaker(175, lambda each, fate, at: ends.append((each.text, str(fate), at)), track)
    speaker.say(utterance("One two three."), 1.0)
    speaker.say(utterance("Fire!", Priority.FAULT), 2.5)
    speaker.advance(100.0)
    assert [(text, at) for text, _, at in ends] == [("One two three.", 2.5), ("Fire!", pytest.approx(3.95))]
    assert track.cues == [Cue(1.25, 2.5, "One two three."), Cue(2.75, 3.75, "Fire!")]
    assert spans(track.take(10.0)) == [(1.25, 2.5), (2.75, 3.75)]
    assert track.ends_at == 3.75


def test_a_sentence_that_is_cut_off_before_its_first_word_has_no_subtitle() -> None:
    track = soundtrack()
    speaker = SimulatedSpeaker(175, lambda each, fate, at: None, track)
    speaker.say(utterance("One."), 1.0)
    speaker.say(utterance("Fire!", Priority.FAULT), 1.1)
    assert [cue.text for cue in track.cues] == ["Fire!"]


def test_a_sound_that_stands_for_words_is_marked() -> None:
    track = soundtrack("sounds")
    track.begin(utterance("Looks happy.", earcon="happy"), 0.0)
    track.begin(utterance("Facing you.", kind=UtteranceKind.CUE), 5.0)
    track.begin(utterance("Ready."), 9.0)
    assert [cue.text for cue in track.cues] == ["♪ Looks happy.", "♪ Facing you.", "Ready."]


def test_a_voice_that_makes_no_sound_leaves_silence(caplog: pytest.LogCaptureFixture) -> None:
    track = Soundtrack(lambda player: FallbackVoice([]), samples_of)
    assert track.begin(utterance("One."), 1.0) == UTTERANCE_PAUSE_S
    track.cut_off(1.1)
    assert track.cues == []
    assert not track.take(2.0).any()


def test_subtitles_as_srt() -> None:
    assert srt([]) == ""
    text = srt([(0.8, 2.1234, "One person."), (3661.0, 3662.0, "यह")])
    assert text == ("1\n00:00:00,800 --> 00:00:02,123\nOne person.\n\n2\n01:01:01,000 --> 01:01:02,000\nयह\n")
    assert srt_time(0.9996) == "00:00:01,000"
