"""What nobody asked for waits for a gap in talk: the rules of the queue, by a clock that only the test moves, and the
thread that speaks."""

import contextlib
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Fate, Priority, Utterance, UtteranceKind
from assistant.voice.speech.speech_queue import HOLD_MARGIN_S, MAX_HOLD_S, SpeechQueue
from tests.support.fake_voices import FakeVoice, SpeakerBench, utterance

FAULT, ANSWER, PAUSE, CHANGE, STATUS = sorted(Priority, reverse=True)
UNASKED = (CHANGE, STATUS)


class Bench:
    """A queue and its fates."""

    def __init__(self, is_talk: bool | None = True) -> None:
        self.fates: dict[str, Fate] = {}
        self.queue = SpeechQueue(lambda utterance, fate, now: self.fates.__setitem__(utterance.text, fate))
        self.queue.hear(is_talk)

    def taken(self, now: float) -> str | None:
        taken = self.queue.take(now)
        return taken.text if taken else None


@pytest.mark.parametrize("priority", UNASKED)
def test_what_is_unasked_waits_for_a_gap(priority: Priority) -> None:
    bench = Bench()
    bench.queue.put(utterance("Looks happy.", priority, expires_at=3.0), 0.0)
    assert bench.taken(0.0) is None
    assert bench.queue.wait_s(0.5) == pytest.approx(MAX_HOLD_S - 0.5)
    assert bench.taken(1.0) is None
    bench.queue.hear(is_talk=False)
    assert bench.queue.wait_s(1.0) == 0
    assert bench.taken(1.0) == "Looks happy."


@pytest.mark.parametrize("priority", UNASKED)
def test_two_seconds_of_talk_are_the_most_that_it_waits(priority: Priority) -> None:
    bench = Bench()
    bench.queue.put(utterance("Looks happy.", priority), 0.0)
    assert bench.taken(MAX_HOLD_S - 0.01) is None
    assert bench.taken(MAX_HOLD_S) == "Looks happy."


def test_it_is_spoken_before_it_expires_rather_than_not_at_all() -> None:
    bench = Bench()
    bench.queue.put(utterance("Looks happy.", expires_at=1.5), 0.0)
    assert bench.taken(1.5 - HOLD_MARGIN_S - 0.01) is None
    assert bench.queue.wait_s(0.0) == pytest.approx(1.5 - HOLD_MARGIN_S)
    assert bench.taken(1.5 - HOLD_MARGIN_S) == "Looks happy."


def test_one_that_was_old_when_it_came_still_expires() -> None:
    bench = Bench()
    bench.queue.put(utterance("Looks happy.", expires_at=0.5), 0.6)
    assert bench.taken(0.6) is None
    assert bench.fates == {"Looks happy.": Fate.EXPIRED}


@pytest.mark.parametrize("priority", [FAULT, ANSWER, PAUSE])
def test_faults_answers_and_pauses_never_wait(priority: Priority) -> None:
    bench = Bench()
    bench.queue.put(utterance("Looks happy."), 0.0)
    bench.queue.put(utterance("at once", priority), 0.1)
    assert bench.queue.wait_s(0.1) == 0
    assert bench.taken(0.1) == "at once"
    bench.queue.finish(Fate.SPOKEN, 1.0)
    assert bench.taken(1.0) is None, "the other one still waits"
    assert bench.taken(MAX_HOLD_S) == "Looks happy."


def test_where_nobody_listens_nothing_waits_and_nothing_is_made_ahead() -> None:
    bench = Bench(is_talk=None)
    bench.queue.put(utterance("Looks happy."), 0.0)
    assert bench.queue.upcoming(0.0) is None
    assert bench.taken(0.0) == "Looks happy."


def test_a_microphone_that_goes_releases_what_waits() -> None:
    bench = Bench()
    bench.queue.put(utterance("Looks happy."), 0.0)
    bench.queue.hear(None)
    assert bench.taken(0.1) == "Looks happy."


def test_what_is_no_longer_true_when_the_gap_comes_is_not_spoken() -> None:
    bench = Bench()
    for text, topic in (("Looks happy.", "person 1"), ("One more person.", "count")):
        bench.queue.put(Utterance(text, CHANGE, topic), 0.0)
    bench.queue.put(Utterance("No longer looking happy.", CHANGE, "person 1"), 0.5)
    bench.queue.withdraw("count", 0.6)
    bench.queue.hear(is_talk=False)
    assert bench.taken(0.7) == "No longer looking happy."
    bench.queue.finish(Fate.SPOKEN, 1.5)
    assert bench.taken(1.5) is None
    assert bench.fates["Looks happy."] is bench.fates["One more person."] is Fate.SUPERSEDED


def test_a_shutdown_drops_what_waits() -> None:
    bench = Bench()
    bench.queue.put(utterance("Looks happy."), 0.0)
    bench.queue.close(0.1)
    assert bench.queue.wait_s(0.1) is None
    assert bench.fates == {"Looks happy.": Fate.DROPPED}


EVENTS = st.lists(
    st.tuples(
        st.floats(0.0, 1.5),
        st.sampled_from(["talk", "gap", "nobody", "put", "put", "fault", "withdraw"]),
        st.sampled_from(["a", "b", "c"]),
    ),
    max_size=30,
)


@given(EVENTS)
def test_whatever_is_heard_nothing_waits_longer_and_nothing_is_begun_in_talk_early(
    events: list[tuple[float, str, str]],
) -> None:
    """The speaker takes whenever `wait_s` says so: each utterance has one fate, an unasked one begins in a gap or once
    it has waited as long as it may, and a fault begins at once."""
    now, is_talk = 0.0, None  # type: float, bool | None
    put_at: dict[int, float] = {}
    ends: list[int] = []
    queue, kept = SpeechQueue(lambda utterance, fate, at: ends.append(id(utterance))), []

    def advance(to: float) -> None:
        nonlocal now
        while (wait := queue.wait_s(now)) is not None and now + wait <= to:
            now += wait
            taken = queue.take(now)
            if taken is None:
                continue
            waited = now - put_at[id(taken)]
            assert waited <= MAX_HOLD_S + 1e-6
            if taken.priority < PAUSE and is_talk:
                assert waited >= min(MAX_HOLD_S, 3.0 - HOLD_MARGIN_S) - 1e-6
            if taken.priority is FAULT:
                assert waited == 0
            queue.finish(Fate.SPOKEN, now)
        now = to

    for after, event, topic in events:
        advance(now + after)
        if event in ("talk", "gap", "nobody"):
            is_talk = {"talk": True, "gap": False, "nobody": None}[event]
            queue.hear(is_talk)
        elif event == "withdraw":
            queue.withdraw(topic, now)
        else:
            made = Utterance(topic, FAULT if event == "fault" else CHANGE, topic, now + 3.0)
            kept.append(made)
            put_at[id(made)] = now
            queue.put(made, now)
        advance(now)
    advance(now + 10.0)
    assert sorted(ends) == sorted(map(id, kept)), "each has one fate"


class PreparingVoice(FakeVoice):
    """A voice that makes speech ahead; `preparing`: what that does."""

    def __init__(self) -> None:
        super().__init__()
        self.prepared: list[str] = []
        self.is_prepared = threading.Event()
        self.error: Exception | None = None
        self.lasts = False

    def prepare(self, text: str, cancel: threading.Event) -> None:
        self.prepared.append(text)
        self.is_prepared.set()
        if self.lasts:
            assert cancel.wait(5.0)
        if self.error:
            raise self.error


@pytest.fixture
def bench() -> Iterator[SpeakerBench]:
    with contextlib.closing(SpeakerBench()) as bench:
        yield bench


def test_the_speaker_makes_the_speech_while_it_waits_and_speaks_in_the_gap(bench: SpeakerBench) -> None:
    voice = PreparingVoice()
    speaker = bench.speaker(voice)
    speaker.hear(is_talk=True)
    speaker.put(utterance("Looks happy."))
    assert voice.is_prepared.wait(5.0)
    assert voice.spoken == []
    speaker.hear(is_talk=False)
    assert bench.fate() == ("Looks happy.", Fate.SPOKEN)
    assert voice.prepared == ["Looks happy."]


def test_a_fault_does_not_wait_for_speech_that_is_being_made(bench: SpeakerBench) -> None:
    voice = PreparingVoice()
    voice.lasts = True
    speaker = bench.speaker(voice)
    speaker.hear(is_talk=True)
    speaker.put(utterance("Looks happy."))
    assert voice.is_prepared.wait(5.0)
    speaker.put(utterance("Camera lost.", FAULT))
    assert bench.fate() == ("Camera lost.", Fate.SPOKEN)


def test_speech_that_cannot_be_made_ahead_costs_nothing(bench: SpeakerBench) -> None:
    voice = PreparingVoice()
    voice.error = RuntimeError("no memory")
    speaker = bench.speaker(voice)
    speaker.hear(is_talk=False)
    speaker.put(utterance("Looks happy."))
    assert bench.fate() == ("Looks happy.", Fate.SPOKEN)
    assert bench.errors == []


def test_a_voice_that_makes_nothing_ahead_speaks_in_the_gap(bench: SpeakerBench) -> None:
    voice = FakeVoice()
    speaker = bench.speaker(voice)
    speaker.hear(is_talk=True)
    speaker.put(utterance("Looks happy."))
    speaker.put(Utterance("Camera lost.", FAULT, "camera", kind=UtteranceKind.FAULT))
    assert bench.fate() == ("Camera lost.", Fate.SPOKEN), "the other one waits"
    speaker.hear(is_talk=False)
    assert bench.fate() == ("Looks happy.", Fate.SPOKEN)


def test_after_two_seconds_the_speaker_speaks_into_talk(bench: SpeakerBench) -> None:
    voice = PreparingVoice()
    speaker = bench.speaker(voice)
    speaker.hear(is_talk=True)
    speaker.put(utterance("Looks happy."))
    assert voice.is_prepared.wait(5.0)
    bench.now += MAX_HOLD_S
    speaker.hear(is_talk=True)
    assert bench.fate() == ("Looks happy.", Fate.SPOKEN)
