"""The speaker's thread: every utterance gets one fate, a voice that fails is replaced, and none can end the thread."""

import contextlib
import threading
import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue

import pytest

from assistant.errors import VoiceError
from assistant.records import Fate, Priority, Utterance
from assistant.voice.speech.speaker import UTTERANCE_LIMIT_S, Speaker
from tests.support.fake_voices import WAIT_S, FakeVoice, SpeakerBench, until_cancelled, utterance

pytestmark = pytest.mark.timed

FAULT, ANSWER, CHANGE, STATUS = Priority.FAULT, Priority.ANSWER, Priority.CHANGE, Priority.STATUS


@pytest.fixture
def bench() -> Iterator[SpeakerBench]:
    with contextlib.closing(SpeakerBench()) as bench:
        yield bench


def test_it_speaks_and_reports_the_fate(bench: SpeakerBench) -> None:
    voice = FakeVoice()
    speaker = bench.speaker(voice)
    speaker.put(utterance("one"))
    assert bench.fate() == ("one", Fate.SPOKEN)
    assert voice.next() == "one"
    assert bench.errors == []


def test_the_moment_at_which_it_begins_is_told_before_the_voice_speaks() -> None:
    events: list[tuple[str, float]] = []
    now = 5.0

    def speak(cancel: threading.Event) -> bool:
        nonlocal now
        events.append(("voice", now))
        now = 7.0
        return True

    speaker = Speaker(
        [FakeVoice(outcome=speak)],
        on_start=lambda utterance, at: events.append((f"{utterance.text} begins", at)),
        on_fate=lambda utterance, fate, at: events.append((f"{utterance.text} {fate}", at)),
        clock=lambda: now,
    )
    speaker.put(utterance("one"))
    assert speaker.drain(WAIT_S)
    speaker.close(WAIT_S)
    assert events == [("one begins", 5.0), ("voice", 5.0), ("one spoken", 7.0)]


def test_a_fault_interrupts_and_the_interrupted_voice_has_not_failed(bench: SpeakerBench) -> None:
    voice, second = FakeVoice(outcome=until_cancelled), FakeVoice("second")
    speaker = bench.speaker(voice, second)
    speaker.put(utterance("change"))
    assert voice.next() == "change"
    voice.outcome = lambda cancel: True
    speaker.put(utterance("fault", FAULT))
    assert [bench.fate(), bench.fate()] == [("change", Fate.INTERRUPTED), ("fault", Fate.SPOKEN)]
    assert bench.errors == []
    assert second.began.empty()


def test_a_voice_that_raises_because_it_was_cancelled_has_not_failed(bench: SpeakerBench) -> None:
    def killed(cancel: threading.Event) -> bool:
        until_cancelled(cancel)
        raise VoiceError("aplay was killed")

    voice, second = FakeVoice(outcome=killed), FakeVoice("second")
    speaker = bench.speaker(voice, second)
    speaker.put(utterance("change"))
    voice.next()
    speaker.interrupt()
    assert bench.fate() == ("change", Fate.INTERRUPTED)
    assert bench.errors == []
    assert second.began.empty()


def test_a_fault_that_a_question_interrupts_is_spoken_after_the_answer(bench: SpeakerBench) -> None:
    voice = FakeVoice(outcome=until_cancelled)
    speaker = bench.speaker(voice)
    speaker.put(utterance("fault", FAULT))
    assert voice.next() == "fault"
    voice.outcome = lambda cancel: True
    cut = speaker.interrupt(is_for_answer=True)
    assert cut is not None
    assert cut.text == "fault"
    speaker.put(utterance("answer", ANSWER))
    assert [bench.fate(), bench.fate()] == [("answer", Fate.SPOKEN), ("fault", Fate.SPOKEN)]


def test_a_fault_that_waits_for_an_answer_costs_no_cpu(bench: SpeakerBench) -> None:
    takes, voice = 0, FakeVoice(outcome=until_cancelled)
    speaker = bench.speaker(voice)
    takeable = speaker._queue._takeable

    def counted(*now: float) -> list[Utterance]:
        nonlocal takes
        takes += 1
        return takeable(*now)

    speaker._queue._takeable = counted  # type: ignore[method-assign]
    speaker.put(utterance("fault", FAULT))
    voice.next()
    voice.outcome = lambda cancel: True
    speaker.interrupt(is_for_answer=True)
    assert not speaker.drain(0.2), "an answer is on its way"
    assert takes < 20
    speaker.put(utterance("answer", ANSWER))
    assert speaker.drain(WAIT_S)


def test_what_was_spoken_to_the_end_is_spoken_even_if_cancelled_meanwhile(bench: SpeakerBench) -> None:
    voice = FakeVoice(outcome=lambda cancel: cancel.wait(WAIT_S))
    speaker = bench.speaker(voice)
    speaker.put(utterance("change"))
    voice.next()
    speaker.interrupt()
    assert bench.fate() == ("change", Fate.SPOKEN)


def test_with_a_stuck_voice_the_speaker_is_not_working(bench: SpeakerBench) -> None:
    free = threading.Event()
    voice = FakeVoice(outcome=lambda cancel: free.wait(WAIT_S))
    speaker = bench.speaker(voice)
    bench.now += UTTERANCE_LIMIT_S
    assert speaker.is_working, "in silence no time runs"
    for _ in range(2):
        free.clear()
        speaker.put(utterance("long"))
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


def test_an_interrupt_in_silence_does_not_affect_what_comes_later(bench: SpeakerBench) -> None:
    speaker = bench.speaker(FakeVoice(outcome=lambda cancel: not cancel.is_set()))
    speaker.interrupt()
    speaker.put(utterance("later"))
    assert bench.fate() == ("later", Fate.SPOKEN)


@pytest.mark.parametrize("error", [VoiceError("no card"), OSError("disk"), ValueError("odd"), ZeroDivisionError()])
def test_any_error_makes_the_next_voice_speak(bench: SpeakerBench, error: Exception) -> None:
    first, second = FakeVoice("first", error), FakeVoice("second")
    speaker = bench.speaker(first, second)
    speaker.put(utterance("one"))
    assert bench.fate() == ("one", Fate.SPOKEN)
    assert second.next() == "one"
    assert bench.errors == [f"first: {str(error) or 'ZeroDivisionError'}"]


def test_a_voice_that_ends_early_by_itself_has_failed(bench: SpeakerBench) -> None:
    first, second = FakeVoice("first", lambda cancel: False), FakeVoice("second")
    bench.speaker(first, second).put(utterance("one"))
    assert bench.fate() == ("one", Fate.SPOKEN)
    assert second.next() == "one"
    assert bench.errors == ["first: ended before it had spoken"]


def test_if_all_voices_fail_the_thread_goes_on(bench: SpeakerBench) -> None:
    first, second = FakeVoice("first", OSError("x")), FakeVoice("second", VoiceError("y"))
    speaker = bench.speaker(first, second)
    speaker.put(utterance("one"))
    assert bench.fate() == ("one", Fate.FAILED)
    second.outcome = lambda cancel: True
    speaker.put(utterance("two"))
    assert bench.fate() == ("two", Fate.SPOKEN)
    assert bench.errors == ["first: x", "second: y"]


def test_without_any_voice_the_utterance_has_failed(bench: SpeakerBench) -> None:
    bench.speaker().put(utterance("one"))
    assert bench.fate() == ("one", Fate.FAILED)


def test_a_failed_voice_is_not_tried_for_a_while_then_again(bench: SpeakerBench) -> None:
    first, second = FakeVoice("first", VoiceError("gone")), FakeVoice("second")
    speaker = bench.speaker(first, second, FakeVoice("beeps"))
    for text in ("one", "two"):
        speaker.put(utterance(text))
        assert bench.fate() == (text, Fate.SPOKEN)
    assert [first.next(), first.began.empty(), second.next(), second.next()] == ["one", True, "one", "two"]
    first.outcome = lambda cancel: True
    bench.now += 5.0
    for text in ("three", "four"):
        speaker.put(utterance(text))
        assert bench.fate() == (text, Fate.SPOKEN)
    assert [first.next(), first.next(), second.began.empty()] == ["three", "four", True]


def test_the_last_voice_never_goes_first(bench: SpeakerBench) -> None:
    first, last = FakeVoice("first", VoiceError("gone")), FakeVoice("beeps")
    speaker = bench.speaker(first, last)
    for text in ("one", "two"):
        speaker.put(utterance(text))
        assert bench.fate() == (text, Fate.SPOKEN)
    assert [first.next(), first.next(), last.next(), last.next()] == ["one", "two", "one", "two"]


def test_if_the_fallback_fails_too_the_better_voice_is_tried_at_once(bench: SpeakerBench) -> None:
    first, second = FakeVoice("first", VoiceError("gone")), FakeVoice("second")
    speaker = bench.speaker(first, second, FakeVoice("beeps"))
    speaker.put(utterance("one"))
    assert bench.fate() == ("one", Fate.SPOKEN)
    first.outcome, second.outcome = second.outcome, first.outcome
    speaker.put(utterance("two"))
    assert bench.fate() == ("two", Fate.SPOKEN)
    assert [first.next(), first.next(), second.next(), second.next()] == ["one", "two", "one", "two"]


def test_an_error_is_reported_once_until_that_voice_speaks_again(bench: SpeakerBench) -> None:
    errors = iter(["done after 0.01 s", "done after 0.02 s", "no card", "", "done after 0.03 s"])

    def act(cancel: threading.Event) -> bool:
        if error := next(errors):
            raise VoiceError(error)
        return True

    speaker = bench.speaker(FakeVoice("first", act), FakeVoice("second"))
    for number in range(5):
        speaker.put(utterance(f"{number}", Priority.ANSWER))
        assert bench.fate() == (f"{number}", Fate.SPOKEN)
        bench.now += 5.0
    assert bench.errors == ["first: done after 0.01 s", "first: no card", "first: done after 0.03 s"]


def test_a_callback_that_fails_does_not_silence_it(caplog: pytest.LogCaptureFixture) -> None:
    fates: SimpleQueue[Fate] = SimpleQueue()

    def listen(utterance: Utterance, fate: Fate, at: float) -> None:
        fates.put(fate)
        raise BrokenPipeError("nobody reads")

    def fail_too(message: str) -> None:
        raise ValueError(message)

    speaker = Speaker([FakeVoice("first", OSError("x")), FakeVoice()], on_fate=listen, on_error=fail_too)
    for text in ("one", "two"):
        speaker.put(utterance(text))
        assert fates.get(timeout=WAIT_S) is Fate.SPOKEN
    speaker.close(1.0)
    assert "a callback of the speaker failed" in caplog.text


def test_put_never_blocks_and_expiry_is_checked_when_its_turn_comes(bench: SpeakerBench) -> None:
    released = threading.Event()
    voice = FakeVoice(outcome=lambda cancel: released.wait(WAIT_S))
    speaker = bench.speaker(voice)
    speaker.put(utterance("first"))
    voice.next()
    began = time.monotonic()
    speaker.put(utterance("stale", expires_at=101.0))
    speaker.put(utterance("fresh", expires_at=200.0))
    assert time.monotonic() - began < 0.1
    bench.now += 50
    released.set()
    assert [bench.fate() for _ in range(3)] == [
        ("first", Fate.SPOKEN), ("stale", Fate.EXPIRED), ("fresh", Fate.SPOKEN),
    ]  # fmt: skip


def test_an_utterance_that_is_withdrawn_while_it_waits_is_not_spoken(bench: SpeakerBench) -> None:
    released = threading.Event()
    voice = FakeVoice(outcome=lambda cancel: released.wait(WAIT_S))
    speaker = bench.speaker(voice)
    speaker.put(utterance("first"))
    voice.next()
    speaker.put(utterance("second"))
    speaker.withdraw("second")
    assert bench.fate() == ("second", Fate.SUPERSEDED)
    released.set()
    assert bench.fate() == ("first", Fate.SPOKEN)


def test_what_expires_alone_leaves_the_speaker_waiting(bench: SpeakerBench) -> None:
    speaker = bench.speaker(FakeVoice())
    speaker.put(utterance("stale", expires_at=99.0))
    assert bench.fate() == ("stale", Fate.EXPIRED)
    speaker.put(utterance("fresh"))
    assert bench.fate() == ("fresh", Fate.SPOKEN)


def test_drain_waits_for_the_last_fate(bench: SpeakerBench) -> None:
    released = threading.Event()
    voice = FakeVoice(outcome=lambda cancel: released.wait(WAIT_S))
    speaker = bench.speaker(voice)
    assert speaker.drain(0) is True
    speaker.put(utterance("one"))
    speaker.put(utterance("two"))
    voice.next()
    assert speaker.drain(0.01) is False
    released.set()
    assert speaker.drain(WAIT_S) is True
    assert [bench.fates.get_nowait(), bench.fates.get_nowait()] == [("one", Fate.SPOKEN), ("two", Fate.SPOKEN)]


def test_close_cuts_off_drops_and_closes_the_voices(bench: SpeakerBench) -> None:
    voice, second = FakeVoice(outcome=until_cancelled), FakeVoice("second")

    def close() -> None:
        raise OSError("cannot close")

    voice.close = close  # type: ignore[method-assign]
    speaker = bench.speaker(voice, second)
    speaker.put(utterance("spoken"))
    voice.next()
    speaker.put(utterance("waits"))
    speaker.close(WAIT_S)
    assert {bench.fates.get_nowait(), bench.fates.get_nowait()} == {
        ("waits", Fate.DROPPED), ("spoken", Fate.INTERRUPTED),
    }  # fmt: skip
    assert second.closed.is_set()
    speaker.put(utterance("late", FAULT))
    assert bench.fates.get_nowait() == ("late", Fate.DROPPED)


def test_close_abandons_a_stuck_voice_in_time(bench: SpeakerBench) -> None:
    released, left = threading.Event(), threading.Event()

    def stuck(cancel: threading.Event) -> bool:
        released.wait(WAIT_S)
        return True

    voice = FakeVoice(outcome=stuck)
    voice.close = left.set  # type: ignore[method-assign]
    speaker = bench.speaker(voice)
    speaker.put(utterance("stuck"))
    voice.next()
    began = time.monotonic()
    speaker.close(0.1)
    assert time.monotonic() - began < 0.5
    assert bench.fates.get_nowait() == ("stuck", Fate.INTERRUPTED)
    released.set()
    assert left.wait(WAIT_S), "the thread ends when the voice does"
    with pytest.raises(Empty):
        bench.fates.get_nowait()


def test_other_voices_speak_from_the_next_utterance_on_and_the_old_ones_are_closed_when_idle(
    bench: SpeakerBench,
) -> None:
    released = threading.Event()
    old, new = FakeVoice("old", lambda cancel: released.wait(WAIT_S)), FakeVoice("new")
    speaker = bench.speaker(old)
    speaker.put(utterance("one"))
    assert old.next() == "one"
    speaker.put(utterance("two"))
    began = time.monotonic()
    speaker.use_voice([new])
    assert time.monotonic() - began < 0.1
    assert not old.closed.is_set(), "it is still speaking"
    released.set()
    assert [bench.fate(), bench.fate()] == [("one", Fate.SPOKEN), ("two", Fate.SPOKEN)]
    assert new.next() == "two"
    assert old.closed.is_set()
    assert old.began.empty()
    assert not new.closed.is_set()


def test_idle_voices_are_closed_at_once_and_all_of_them(bench: SpeakerBench) -> None:
    first, second, third = FakeVoice("first"), FakeVoice("second"), FakeVoice("third")
    speaker = bench.speaker(first)
    speaker.use_voice([second])
    assert first.closed.wait(WAIT_S)
    speaker.use_voice([third])
    assert second.closed.wait(WAIT_S)
    speaker.put(utterance("one"))
    assert bench.fate() == ("one", Fate.SPOKEN)
    assert third.next() == "one"
    speaker.close(WAIT_S)
    assert third.closed.is_set()
    late = FakeVoice("late")
    speaker.use_voice([late])
    assert late.closed.is_set(), "the thread that would close them later has ended"


def test_a_voice_gets_the_priority_of_the_utterance(bench: SpeakerBench) -> None:
    voice = FakeVoice()
    speaker = bench.speaker(voice)
    for priority in (STATUS, CHANGE, ANSWER, FAULT):
        speaker.put(utterance("text", priority))
        assert bench.fate() == ("text", Fate.SPOKEN)
    assert voice.spoken == [("text", STATUS), ("text", CHANGE), ("text", ANSWER), ("text", FAULT)]
