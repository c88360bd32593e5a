"""While no sound can be played it is tried again; afterwards the duration is announced and lost faults are spoken."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Fate, Priority, Utterance, UtteranceKind
from assistant.voice.speech.outage import RETRY_S, AudioOutage
from assistant.voice.speech.speech_queue import SpeechQueue


class Phrases:
    def outage(self, seconds: float) -> str:
        return f"No sound for {seconds:.0f} s."


class Bench:
    """A queue whose utterances are spoken while `works`, and the AudioOutage that receives their fates."""

    def __init__(self) -> None:
        self.now, self.works, self.spoken = 0.0, True, []
        self.attempts = self.cuts = 0
        self.outage = AudioOutage(Phrases(), self.put, lambda: self.now)
        self.queue = SpeechQueue(lambda utterance, fate, now: self.ends.append((utterance, fate, now)))
        self.ends: list[tuple[Utterance, Fate, float]] = []

    def put(self, utterance: Utterance) -> None:
        self.queue.put(utterance, self.now)

    def go(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += 0.25
            self.outage.poll()
            while self.queue.take(self.now):
                text = self.queue.speaking.text if self.queue.speaking else ""
                self.attempts += 1
                fate = Fate.FAILED if not self.works else Fate.INTERRUPTED if self.cuts else Fate.SPOKEN
                self.cuts -= fate is Fate.INTERRUPTED
                self.spoken += [text] if fate is Fate.SPOKEN else []
                self.queue.finish(fate, self.now)
                while self.ends:
                    self.outage.on_fate(*self.ends.pop(0))
            while self.ends:
                self.outage.on_fate(*self.ends.pop(0))


def fault(text: str, *, is_over: bool = False) -> Utterance:
    return Utterance(text, Priority.FAULT, "fault camera", None, text, is_over=is_over)


READY = Utterance("Ready.", Priority.ANSWER, "status", kind=UtteranceKind.READY)
HAPPY = Utterance("Looks happy.", Priority.CHANGE, "person 1", None, "happy")


def outage(*utterances: Utterance, seconds: float = 20.0, then: Callable[[Bench], None] = lambda bench: None) -> Bench:
    """A bench on which these utterances have failed."""
    bench = Bench()
    bench.works = False
    for utterance in utterances:
        bench.put(utterance)
        bench.go(0.25)
    then(bench)
    bench.go(seconds)
    return bench


def test_once_sound_is_back_the_outage_is_announced_and_lost_faults_are_spoken() -> None:
    bench = outage(READY, fault("Camera lost."), HAPPY)
    assert bench.outage.is_active
    assert 20 / RETRY_S - 4 <= bench.attempts - 3 <= 20 / RETRY_S + 1
    bench.works = True
    bench.go(RETRY_S + 0.5)
    assert not bench.outage.is_active
    assert bench.spoken[0].startswith("No sound for 2")
    assert sorted(bench.spoken[1:]) == ["Camera lost.", "Ready."], "an expression of then is no longer true"
    bench.go(60)
    assert len(bench.spoken) == 3


def test_a_fault_that_began_and_ended_during_the_outage_is_not_spoken() -> None:
    bench = outage(fault("Camera lost."), then=lambda bench: bench.put(fault("Camera is back.", is_over=True)))
    bench.works = True
    bench.go(RETRY_S + 0.5)
    assert len(bench.spoken) == 1
    assert bench.spoken[0].startswith("No sound")


def pause(text: str, *, is_over: bool = False) -> Utterance:
    return Utterance(text, Priority.PAUSE, "lens", None, text, is_over=is_over)


def test_a_pause_that_was_lost_is_spoken_later_unless_it_is_over() -> None:
    for is_over, spoken in ((False, ["Covered."]), (True, [])):
        end = pause("I can see.", is_over=True)
        bench = outage(
            pause("Covered."), then=lambda bench, endings=(end,) * is_over: [bench.put(each) for each in endings]
        )
        bench.works = True
        bench.go(RETRY_S + 0.5)
        assert bench.spoken[1:] == spoken


def test_an_attempt_that_was_cut_off_proves_nothing_and_is_repeated() -> None:
    bench = outage(fault("Camera lost."), seconds=0.25)
    bench.works, bench.cuts = True, 2
    bench.go(2 * RETRY_S + 0.25)
    assert (bench.spoken, bench.cuts, bench.outage.is_active) == ([], 0, True)
    bench.go(RETRY_S + 0.5)
    assert bench.spoken[0].startswith("No sound")
    assert bench.spoken[1:] == ["Camera lost."]
    assert not bench.outage.is_active


def test_any_utterance_that_is_spoken_ends_the_outage() -> None:
    bench = outage(fault("Camera lost."), seconds=0.25)
    bench.works = True
    bench.put(HAPPY)
    bench.go(1.0)
    assert bench.spoken[0] == "Looks happy."
    assert sorted(bench.spoken[1:]) == ["Camera lost.", "No sound for 0 s."]


@given(st.floats(1.0, 3600.0))
def test_sound_is_found_again_within_two_seconds_of_its_return(seconds: float) -> None:
    bench = outage(HAPPY, seconds=min(seconds, 60.0))
    bench.works = True
    began = bench.now
    while not bench.spoken:
        bench.go(0.25)
    assert bench.now - began <= 2.0


def test_without_a_failure_nothing_is_added() -> None:
    bench = Bench()
    for utterance in (READY, HAPPY, fault("Camera lost.")):
        bench.put(utterance)
        bench.go(100.0)
    assert bench.spoken == ["Ready.", "Looks happy.", "Camera lost."]
