"""The speaker's thread: down the ladder, every utterance one fate, and nothing that a voice does ends it."""

import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue

import pytest

from assistant.errors import VoiceError
from assistant.records import Fate, Priority, Utterance
from assistant.voice.speech.speaker import UTTERANCE_LIMIT_S, Speaker

FAULT, ANSWER, CHANGE, STATUS = Priority.FAULT, Priority.ANSWER, Priority.CHANGE, Priority.STATUS
WAIT_S = 5.0
"""For what comes at once; only a failed test waits so long."""


def say(text: str, priority: Priority = CHANGE, expires_at: float | None = None) -> Utterance:
    return Utterance(text, priority, text, expires_at)


class Stub:
    """A voice that does what the test says, by default at once; `began` gets every text that it is given."""

    def __init__(self, name: str = "stub", act: Callable[[threading.Event], bool] = lambda cancel: True) -> None:
        self.name, self.act = name, act
        self.began: SimpleQueue[str] = SimpleQueue()
        self.closed = threading.Event()

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = ANSWER) -> bool:
        self.began.put(text)
        return self.act(cancel)

    def close(self) -> None:
        self.closed.set()

    def next(self) -> str:
        return self.began.get(timeout=WAIT_S)


def fail(error: Exception) -> Callable[[threading.Event], bool]:
    def act(cancel: threading.Event) -> bool:
        raise error

    return act


def until_cancelled(cancel: threading.Event) -> bool:
    assert cancel.wait(WAIT_S)
    return False


class Bench:
    """A speaker with a clock of the test's own, its fates and its troubles."""

    def __init__(self) -> None:
        self.now = 100.0
        self.fates: SimpleQueue[tuple[str, Fate]] = SimpleQueue()
        self.troubles: list[str] = []
        self.speakers: list[Speaker] = []

    def speaker(self, *voices: Stub) -> Speaker:
        speaker = Speaker(
            voices,
            on_fate=lambda utterance, fate, at: self.fates.put((utterance.text, fate)),
            on_error=self.troubles.append,
            clock=lambda: self.now,
        )
        self.speakers.append(speaker)
        return speaker

    def fate(self) -> tuple[str, Fate]:
        return self.fates.get(timeout=WAIT_S)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    for speaker in bench.speakers:
        speaker.close(1.0)


def test_speaks_and_tells(bench: Bench) -> None:
    voice = Stub()
    speaker = bench.speaker(voice)
    speaker.put(say("one"))
    assert bench.fate() == ("one", Fate.SPOKEN)
    assert voice.next() == "one"
    assert bench.troubles == []


def test_a_fault_cuts_in_and_the_cut_off_voice_is_not_a_failed_one(bench: Bench) -> None:
    voice, second = Stub(act=until_cancelled), Stub("second")
    speaker = bench.speaker(voice, second)
    speaker.put(say("change"))
    assert voice.next() == "change"
    voice.act = lambda cancel: True
    speaker.put(say("fault", FAULT))
    assert [bench.fate(), bench.fate()] == [("change", Fate.INTERRUPTED), ("fault", Fate.SPOKEN)]
    assert bench.troubles == []
    assert second.began.empty()


def test_a_voice_that_raises_because_it_was_cancelled_is_not_a_failed_one(bench: Bench) -> None:
    def killed(cancel: threading.Event) -> bool:
        until_cancelled(cancel)
        raise VoiceError("aplay was killed")

    voice, second = Stub(act=killed), Stub("second")
    speaker = bench.speaker(voice, second)
    speaker.put(say("change"))
    voice.next()
    speaker.interrupt()
    assert bench.fate() == ("change", Fate.INTERRUPTED)
    assert bench.troubles == []
    assert second.began.empty()


def test_a_fault_that_a_question_cuts_off_is_said_after_the_answer(bench: Bench) -> None:
    voice = Stub(act=until_cancelled)
    speaker = bench.speaker(voice)
    speaker.put(say("fault", FAULT))
    assert voice.next() == "fault"
    voice.act = lambda cancel: True
    cut = speaker.interrupt(is_for_answer=True)
    assert cut is not None
    assert cut.text == "fault"
    speaker.put(say("answer", ANSWER))
    assert [bench.fate(), bench.fate()] == [("answer", Fate.SPOKEN), ("fault", Fate.SPOKEN)]


def test_a_fault_that_waits_for_an_answer_keeps_no_core_busy(bench: Bench) -> None:
    looks, voice = 0, Stub(act=until_cancelled)
    speaker = bench.speaker(voice)
    takeable = speaker._queue._takeable

    def counted() -> list[Utterance]:
        nonlocal looks
        looks += 1
        return takeable()

    speaker._queue._takeable = counted  # type: ignore[method-assign]
    speaker.put(say("fault", FAULT))
    voice.next()
    voice.act = lambda cancel: True
    speaker.interrupt(is_for_answer=True)
    assert not speaker.drain(0.2), "an answer is on its way"
    assert looks < 20
    speaker.put(say("answer", ANSWER))
    assert speaker.drain(WAIT_S)


def test_what_was_spoken_to_the_end_is_spoken_even_if_cancelled_then(bench: Bench) -> None:
    voice = Stub(act=lambda cancel: cancel.wait(WAIT_S))
    speaker = bench.speaker(voice)
    speaker.put(say("change"))
    voice.next()
    speaker.interrupt()
    assert bench.fate() == ("change", Fate.SPOKEN)


def test_a_voice_that_never_comes_back_is_no_working_speaker(bench: Bench) -> None:
    free = threading.Event()
    voice = Stub(act=lambda cancel: free.wait(WAIT_S))
    speaker = bench.speaker(voice)
    bench.now += UTTERANCE_LIMIT_S
    assert speaker.is_working, "in silence no time runs"
    for _ in range(2):
        free.clear()
        speaker.put(say("long"))
        voice.next()
        bench.now += UTTERANCE_LIMIT_S - 1
        assert speaker.is_working
        bench.now += 1
        assert not speaker.is_working
        free.set()
        assert bench.fate() == ("long", Fate.SPOKEN)
        assert speaker.is_working, "late, but back"
    speaker.close(1.0)
    assert not speaker.is_working


def test_an_interrupt_in_silence_harms_nothing_that_comes_later(bench: Bench) -> None:
    speaker = bench.speaker(Stub(act=lambda cancel: not cancel.is_set()))
    speaker.interrupt()
    speaker.put(say("later"))
    assert bench.fate() == ("later", Fate.SPOKEN)


@pytest.mark.parametrize("error", [VoiceError("no card"), OSError("disk"), ValueError("odd"), ZeroDivisionError()])
def test_any_failure_goes_down_the_ladder(bench: Bench, error: Exception) -> None:
    first, second = Stub("first", fail(error)), Stub("second")
    speaker = bench.speaker(first, second)
    speaker.put(say("one"))
    assert bench.fate() == ("one", Fate.SPOKEN)
    assert second.next() == "one"
    assert bench.troubles == [f"first: {str(error) or 'ZeroDivisionError'}"]


def test_a_voice_that_stops_by_itself_failed(bench: Bench) -> None:
    first, second = Stub("first", lambda cancel: False), Stub("second")
    bench.speaker(first, second).put(say("one"))
    assert bench.fate() == ("one", Fate.SPOKEN)
    assert second.next() == "one"
    assert bench.troubles == ["first: ended before it had spoken"]


def test_all_failed_and_the_thread_goes_on(bench: Bench) -> None:
    first, second = Stub("first", fail(OSError("x"))), Stub("second", fail(VoiceError("y")))
    speaker = bench.speaker(first, second)
    speaker.put(say("one"))
    assert bench.fate() == ("one", Fate.FAILED)
    second.act = lambda cancel: True
    speaker.put(say("two"))
    assert bench.fate() == ("two", Fate.SPOKEN)
    assert bench.troubles == ["first: x", "second: y"]


def test_no_voice_at_all_is_a_failure_not_a_silence(bench: Bench) -> None:
    bench.speaker().put(say("one"))
    assert bench.fate() == ("one", Fate.FAILED)


def test_a_dead_voice_is_left_alone_for_a_while_then_tried_again(bench: Bench) -> None:
    first, second = Stub("first", fail(VoiceError("gone"))), Stub("second")
    speaker = bench.speaker(first, second, Stub("beeps"))
    for text in ("one", "two"):
        speaker.put(say(text))
        assert bench.fate() == (text, Fate.SPOKEN)
    assert [first.next(), first.began.empty(), second.next(), second.next()] == ["one", True, "one", "two"]
    first.act = lambda cancel: True
    bench.now += 5.0
    for text in ("three", "four"):
        speaker.put(say(text))
        assert bench.fate() == (text, Fate.SPOKEN)
    assert [first.next(), first.next(), second.began.empty()] == ["three", "four", True]


def test_the_last_resort_is_never_kept(bench: Bench) -> None:
    first, last = Stub("first", fail(VoiceError("gone"))), Stub("beeps")
    speaker = bench.speaker(first, last)
    for text in ("one", "two"):
        speaker.put(say(text))
        assert bench.fate() == (text, Fate.SPOKEN)
    assert [first.next(), first.next(), last.next(), last.next()] == ["one", "two", "one", "two"]


def test_when_the_lower_voice_fails_too_the_better_one_is_tried_at_once(bench: Bench) -> None:
    first, second = Stub("first", fail(VoiceError("gone"))), Stub("second")
    speaker = bench.speaker(first, second, Stub("beeps"))
    speaker.put(say("one"))
    assert bench.fate() == ("one", Fate.SPOKEN)
    first.act, second.act = second.act, first.act
    speaker.put(say("two"))
    assert bench.fate() == ("two", Fate.SPOKEN)
    assert [first.next(), first.next(), second.next(), second.next()] == ["one", "two", "one", "two"]


def test_a_trouble_is_told_once_until_that_voice_speaks_again(bench: Bench) -> None:
    errors = iter(["done after 0.01 s", "done after 0.02 s", "no card", "", "done after 0.03 s"])

    def act(cancel: threading.Event) -> bool:
        if error := next(errors):
            raise VoiceError(error)
        return True

    speaker = bench.speaker(Stub("first", act), Stub("second"))
    for number in range(5):
        speaker.put(say(f"{number}", Priority.ANSWER))
        assert bench.fate() == (f"{number}", Fate.SPOKEN)
        bench.now += 5.0
    assert bench.troubles == ["first: done after 0.01 s", "first: no card", "first: done after 0.03 s"]


def test_a_listener_that_fails_does_not_make_it_dumb(caplog: pytest.LogCaptureFixture) -> None:
    fates: SimpleQueue[Fate] = SimpleQueue()

    def listen(utterance: Utterance, fate: Fate, at: float) -> None:
        fates.put(fate)
        raise BrokenPipeError("nobody reads")

    def fail_too(message: str) -> None:
        raise ValueError(message)

    speaker = Speaker([Stub("first", fail(OSError("x"))), Stub()], on_fate=listen, on_error=fail_too)
    for text in ("one", "two"):
        speaker.put(say(text))
        assert fates.get(timeout=WAIT_S) is Fate.SPOKEN
    speaker.close(1.0)
    assert "a callback of the speaker failed" in caplog.text


def test_put_never_waits_for_a_voice_and_expiry_is_judged_late(bench: Bench) -> None:
    let_go = threading.Event()
    voice = Stub(act=lambda cancel: let_go.wait(WAIT_S))
    speaker = bench.speaker(voice)
    speaker.put(say("first"))
    voice.next()
    began = time.monotonic()
    speaker.put(say("stale", expires_at=101.0))
    speaker.put(say("fresh", expires_at=200.0))
    assert time.monotonic() - began < 0.1
    bench.now += 50
    let_go.set()
    assert [bench.fate() for _ in range(3)] == [
        ("first", Fate.SPOKEN), ("stale", Fate.EXPIRED), ("fresh", Fate.SPOKEN),
    ]  # fmt: skip


def test_what_is_withdrawn_while_it_waits_is_not_said(bench: Bench) -> None:
    let_go = threading.Event()
    voice = Stub(act=lambda cancel: let_go.wait(WAIT_S))
    speaker = bench.speaker(voice)
    speaker.put(say("first"))
    voice.next()
    speaker.put(say("second"))
    speaker.withdraw("second")
    assert bench.fate() == ("second", Fate.SUPERSEDED)
    let_go.set()
    assert bench.fate() == ("first", Fate.SPOKEN)


def test_what_expires_alone_leaves_the_speaker_waiting(bench: Bench) -> None:
    speaker = bench.speaker(Stub())
    speaker.put(say("stale", expires_at=99.0))
    assert bench.fate() == ("stale", Fate.EXPIRED)
    speaker.put(say("fresh"))
    assert bench.fate() == ("fresh", Fate.SPOKEN)


def test_drain_waits_for_the_last_fate(bench: Bench) -> None:
    let_go = threading.Event()
    voice = Stub(act=lambda cancel: let_go.wait(WAIT_S))
    speaker = bench.speaker(voice)
    assert speaker.drain(0) is True
    speaker.put(say("one"))
    speaker.put(say("two"))
    voice.next()
    assert speaker.drain(0.01) is False
    let_go.set()
    assert speaker.drain(WAIT_S) is True
    assert [bench.fates.get_nowait(), bench.fates.get_nowait()] == [("one", Fate.SPOKEN), ("two", Fate.SPOKEN)]


def test_close_cuts_off_drops_and_closes_the_voices(bench: Bench) -> None:
    voice, second = Stub(act=until_cancelled), Stub("second")

    def close() -> None:
        raise OSError("cannot close")

    voice.close = close  # type: ignore[method-assign]
    speaker = bench.speaker(voice, second)
    speaker.put(say("spoken"))
    voice.next()
    speaker.put(say("waits"))
    speaker.close(WAIT_S)
    assert {bench.fates.get_nowait(), bench.fates.get_nowait()} == {
        ("waits", Fate.DROPPED), ("spoken", Fate.INTERRUPTED),
    }  # fmt: skip
    assert second.closed.is_set()
    speaker.put(say("late", FAULT))
    assert bench.fates.get_nowait() == ("late", Fate.DROPPED)


def test_close_leaves_a_stuck_voice_behind_in_time(bench: Bench) -> None:
    let_go, left = threading.Event(), threading.Event()

    def stuck(cancel: threading.Event) -> bool:
        let_go.wait(WAIT_S)
        return True

    voice = Stub(act=stuck)
    voice.close = left.set  # type: ignore[method-assign]
    speaker = bench.speaker(voice)
    speaker.put(say("stuck"))
    voice.next()
    began = time.monotonic()
    speaker.close(0.1)
    assert time.monotonic() - began < 0.5
    assert bench.fates.get_nowait() == ("stuck", Fate.INTERRUPTED)
    let_go.set()
    assert left.wait(WAIT_S), "the thread ends when the voice does"
    with pytest.raises(Empty):
        bench.fates.get_nowait()


def test_other_voices_from_the_next_utterance_on_and_the_old_ones_are_closed_when_idle(bench: Bench) -> None:
    let_go = threading.Event()
    old, new = Stub("old", lambda cancel: let_go.wait(WAIT_S)), Stub("new")
    speaker = bench.speaker(old)
    speaker.put(say("one"))
    assert old.next() == "one"
    speaker.put(say("two"))
    began = time.monotonic()
    speaker.use_voice([new])
    assert time.monotonic() - began < 0.1
    assert not old.closed.is_set(), "it is still speaking"
    let_go.set()
    assert [bench.fate(), bench.fate()] == [("one", Fate.SPOKEN), ("two", Fate.SPOKEN)]
    assert new.next() == "two"
    assert old.closed.is_set()
    assert old.began.empty()
    assert not new.closed.is_set()


def test_idle_voices_are_closed_at_once_and_all_of_them(bench: Bench) -> None:
    first, second, third = Stub("first"), Stub("second"), Stub("third")
    speaker = bench.speaker(first)
    speaker.use_voice([second])
    assert first.closed.wait(WAIT_S)
    speaker.use_voice([third])
    assert second.closed.wait(WAIT_S)
    speaker.put(say("one"))
    assert bench.fate() == ("one", Fate.SPOKEN)
    assert third.next() == "one"
    speaker.close(WAIT_S)
    assert third.closed.is_set()
    late = Stub("late")
    speaker.use_voice([late])
    assert late.closed.is_set(), "nobody is left who would close them later"


def test_what_the_queue_knows_the_voice_is_told(bench: Bench) -> None:
    priorities: SimpleQueue[Priority] = SimpleQueue()

    class Listening(Stub):
        def say(self, text: str, cancel: threading.Event, *, priority: Priority = ANSWER) -> bool:
            priorities.put(priority)
            return True

    speaker = bench.speaker(Listening())
    for priority in (STATUS, CHANGE, ANSWER, FAULT):
        speaker.put(say("text", priority))
        assert bench.fate() == ("text", Fate.SPOKEN)
    assert [priorities.get(timeout=WAIT_S) for _ in range(4)] == [STATUS, CHANGE, ANSWER, FAULT]
