"""Aiming by ear on the voice's side: the tone, the words for the side with one channel, the last words, a press."""

from assistant.earcon_names import AIM
from assistant.records import Fate, Priority, Utterance, UtteranceKind
from assistant.voice.aiming import AimingVoice
from assistant.voice.audio.aim_tone import AimTone

ANSWER = Utterance("Turn a little left.", Priority.ANSWER, "answer", None, "asked", AIM, kind=UtteranceKind.ANSWER)
LAST = Utterance("Centred.", Priority.ANSWER, "answer", None, AIM, "centred", kind=UtteranceKind.ANSWER)


class Phrases:
    def text(self, table: str, name: str) -> str:
        return f"{table}.{name}"


class Bench:
    def __init__(self, *, is_mono: bool = False) -> None:
        self.tone, self.put = AimTone(), list[Utterance]()
        self.aiming = AimingVoice(self.tone, Phrases(), self.put.append, lambda: is_mono)
        self.first = self.aiming.begin(ANSWER)


def test_with_two_sides_the_answer_is_the_tone_and_ends_in_the_last_words() -> None:
    bench = Bench()
    assert bench.first is ANSWER
    bench.aiming.move(-0.8, 0.0)
    bench.aiming.move(0.8, 0.0)
    assert (bench.tone.is_wanted, bench.put) == (True, [])
    bench.aiming.end(LAST)
    bench.aiming.ended(ANSWER, Fate.INTERRUPTED)
    assert (bench.tone.is_wanted, bench.put) == (False, [LAST])


def test_after_a_press_the_last_words_are_not_spoken() -> None:
    bench = Bench()
    bench.aiming.ended(ANSWER, Fate.INTERRUPTED)
    assert not bench.tone.is_wanted
    bench.aiming.end(LAST)
    assert bench.put == []


def test_with_one_side_the_words_come_before_the_tone_and_when_the_side_has_changed() -> None:
    bench = Bench(is_mono=True)
    assert (bench.first.text, bench.first.earcon) == (ANSWER.text, "")
    bench.aiming.move(-0.8, 0.0)
    bench.aiming.ended(bench.first, Fate.SPOKEN)
    (tone,) = bench.put
    assert tone.earcon == AIM
    bench.aiming.move(-0.1, 0.0)
    bench.aiming.move(0.5, 0.0)
    words = bench.put[1]
    assert (words.text, words.earcon) == ("aim.right", "")
    bench.aiming.ended(tone, Fate.INTERRUPTED)
    assert bench.tone.is_wanted, "the words cut it off, not a press"
    bench.aiming.ended(words, Fate.SPOKEN)
    assert (len(bench.put), bench.put[2].earcon) == (3, AIM)
    bench.aiming.ended(bench.put[2], Fate.INTERRUPTED)
    assert not bench.tone.is_wanted


def test_another_utterance_does_not_end_the_aiming() -> None:
    bench = Bench()
    bench.aiming.ended(Utterance("Ready.", Priority.STATUS, "status"), Fate.SPOKEN)
    assert bench.tone.is_wanted


def test_where_the_ticks_cannot_be_played_the_words_for_them_are_said_once() -> None:
    bench = Bench()
    bench.aiming.begin_search(Utterance("I am looking for it.", Priority.ANSWER, "answer"))
    (words,) = bench.put
    bench.aiming.ended(words, Fate.SPOKEN)
    assert bench.aiming.is_on, "else the next look would begin the search again"
    bench.aiming.move(-0.8, 0.0)
    bench.aiming.move(0.8, 0.0)
    assert bench.put == [words]
    bench.aiming.stop()
    assert not bench.aiming.is_on
