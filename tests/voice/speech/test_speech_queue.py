"""The rules of the speech queue: each by an example, and all of them for any sequence of events."""

import dataclasses
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Fate, FaultName, Priority, Utterance, UtteranceKind
from assistant.voice.speech.speech_queue import MAX_CUES, MAX_WAITING, REPEAT_SUPPRESSION_S, SpeechQueue

FAULT, ANSWER, PAUSE, CHANGE, STATUS = sorted(Priority, reverse=True)


class Bench:
    """A queue, the fates, and a speaker that obeys the queue at once."""

    def __init__(self) -> None:
        self.fates: list[tuple[Utterance, Fate, float]] = []
        self.queue = SpeechQueue(lambda *ended: self.fates.append(ended))

    def put(self, utterance: Utterance, now: float = 0.0) -> bool:
        is_cut_off = self.queue.put(utterance, now)
        if is_cut_off:
            self.queue.finish(Fate.INTERRUPTED, now)
        return is_cut_off

    def speak(self, now: float = 0.0) -> str | None:
        utterance = self.queue.take(now)
        return utterance.text if utterance else None

    def fate(self, utterance: Utterance) -> list[Fate]:
        return [fate for other, fate, _ in self.fates if other is utterance]


def say(text: str, priority: Priority, topic: str = "", expires_at: float | None = None) -> Utterance:
    return Utterance(text, priority, topic or text, expires_at)


def test_utterances_are_taken_by_priority_and_oldest_first_within_one() -> None:
    bench = Bench()
    for text, priority in (
        ("c1", CHANGE), ("p1", PAUSE), ("f1", FAULT), ("c2", CHANGE), ("a1", ANSWER), ("f2", FAULT),
    ):  # fmt: skip
        bench.put(say(text, priority))
    order = []
    while (spoken := bench.speak()) is not None:
        order.append(spoken)
        bench.queue.finish(Fate.SPOKEN, 0)
    assert order == ["f1", "f2", "a1", "p1", "c1", "c2"]


@pytest.mark.parametrize("speaking", Priority)
@pytest.mark.parametrize("new", Priority)
def test_which_priority_cuts_off_which(speaking: Priority, new: Priority) -> None:
    bench = Bench()
    first = say("first", speaking)
    bench.put(first)
    bench.speak()
    cuts = {(FAULT, other) for other in Priority if other is not FAULT}
    cuts |= {(ANSWER, other) for other in Priority if other is not FAULT}
    assert bench.put(say("second", new)) is ((new, speaking) in cuts)
    assert bench.fate(first) == ([Fate.INTERRUPTED] if (new, speaking) in cuts else [])


@pytest.mark.parametrize(("cause", "fate"), [(FAULT, Fate.SUPERSEDED), (ANSWER, Fate.INTERRUPTED)])
def test_an_announcement_that_a_fault_cut_off_was_not_heard(cause: Priority, fate: Fate) -> None:
    """An answer that cuts it off tells the wearer how things are; a fault does not."""
    bench = Bench()
    first = Utterance("One person looks happy.", CHANGE, "person 1", kind=UtteranceKind.ANNOUNCEMENT)
    bench.put(first)
    bench.speak()
    assert bench.put(say("second", cause))
    assert bench.fate(first) == [fate]


@pytest.mark.parametrize("old", Priority)
@pytest.mark.parametrize("new", Priority)
def test_within_a_topic_only_an_equal_or_higher_priority_replaces(old: Priority, new: Priority) -> None:
    bench = Bench()
    first, second = say("first", old, "topic"), say("second", new, "topic")
    bench.put(first)
    bench.put(second)
    assert len(bench.queue) == 1
    assert bench.fate(first) == ([Fate.SUPERSEDED] if new >= old else [])
    assert bench.fate(second) == ([] if new >= old else [Fate.DROPPED])


def test_a_newer_answer_replaces_an_answer_that_waits_behind_a_fault() -> None:
    bench = Bench()
    old = say("old", ANSWER)
    bench.put(say("fault", FAULT))
    bench.speak()
    bench.put(old)
    bench.put(say("new", ANSWER))
    assert bench.fate(old) == [Fate.SUPERSEDED]
    assert len(bench.queue) == 1


def test_the_utterance_that_is_being_spoken_is_not_superseded() -> None:
    bench = Bench()
    first = say("first", CHANGE, "topic")
    bench.put(first)
    bench.speak()
    bench.put(say("second", CHANGE, "topic"))
    assert bench.fate(first) == []
    assert bench.queue.speaking is first


def test_at_most_four_unasked_utterances_a_minute_and_the_last_is_not_a_status() -> None:
    bench, order = Bench(), []
    for number in range(6):
        bench.put(say(f"status {number}", STATUS), number)
        bench.put(say(f"change {number}", CHANGE), number)
        bench.put(say(f"answer {number}", ANSWER), number)
        while (spoken := bench.speak(number)) is not None:
            order.append(spoken)
            bench.queue.finish(Fate.SPOKEN, number)
    assert [text for text in order if "answer" not in text] == ["change 0", "status 0", "change 1", "change 2"]
    assert [text for text in order if "answer" in text] == [f"answer {number}" for number in range(6)]
    bench.put(say("fault", FAULT), 7)
    assert bench.speak(7) == "fault"
    bench.queue.finish(Fate.SPOKEN, 7)
    bench.put(say("just too early", CHANGE), 59.9)
    assert bench.speak(59.9) is None
    bench.put(say("after a minute", CHANGE), 60)
    assert bench.speak(60) == "after a minute"


def test_a_cue_has_no_words_and_so_does_not_count_towards_the_limit() -> None:
    bench, order = Bench(), []
    for number in range(6):
        bench.put(dataclasses.replace(say(f"cue {number}", CHANGE), kind=UtteranceKind.CUE), number)
        bench.put(say(f"change {number}", CHANGE), number)
        while (spoken := bench.speak(number)) is not None:
            order.append(spoken)
            bench.queue.finish(Fate.SPOKEN, number)
    assert [text for text in order if "cue" in text] == [f"cue {number}" for number in range(6)]
    assert [text for text in order if "cue" not in text] == [f"change {number}" for number in range(4)]


def test_a_cue_does_not_count_as_a_sentence_and_has_a_limit_of_its_own() -> None:
    bench = Bench()

    def speak(kind: UtteranceKind, now: float) -> bool:
        bench.put(Utterance(f"{kind} {now}", STATUS, f"{kind} {now}", kind=kind), now)
        spoken = bench.speak(now) is not None
        if spoken:
            bench.queue.finish(Fate.SPOKEN, now)
        return spoken

    cues = [speak(UtteranceKind.CUE, now) for now in range(MAX_CUES + 2)]
    assert cues == [True] * MAX_CUES + [False] * 2
    assert [speak(UtteranceKind.ANNOUNCEMENT, 20.0 + now) for now in range(4)] == [True, True, True, False]
    assert speak(UtteranceKind.CUE, 60.5) is True, "the first cue is a minute ago"


def test_a_pause_is_not_rate_limited_and_does_not_count_towards_the_limit() -> None:
    bench, order = Bench(), []
    for number in range(6):
        bench.put(say(f"pause {number}", PAUSE), number)
        bench.put(say(f"change {number}", CHANGE), number)
        while (spoken := bench.speak(number)) is not None:
            order.append(spoken)
            bench.queue.finish(Fate.SPOKEN, number)
    assert [text for text in order if "pause" in text] == [f"pause {number}" for number in range(6)]
    assert [text for text in order if "change" in text] == [f"change {number}" for number in range(4)]


def test_a_waiting_pause_survives_answers_and_mute() -> None:
    bench = Bench()
    for text, priority in (("fault", FAULT), ("pause", PAUSE), ("asked", ANSWER), ("asked again", ANSWER)):
        bench.put(say(text, priority))
        bench.speak()
    bench.queue.withdraw(None, 0)
    order = []
    while bench.queue.speaking is not None:
        order.append(bench.queue.speaking.text)
        bench.queue.finish(Fate.SPOKEN, 0)
        bench.speak()
    assert order == ["fault", "asked again", "pause"]


@pytest.mark.parametrize("is_beginning_spoken", [False, True])
def test_the_end_of_a_pause_is_spoken_only_if_its_beginning_was(is_beginning_spoken: bool) -> None:
    bench = Bench()
    if not is_beginning_spoken:
        bench.put(say("an answer", ANSWER))
        bench.speak()
    bench.put(say("covered", PAUSE, "lens"))
    bench.speak()
    bench.put(Utterance("uncovered", PAUSE, "lens", is_over=True))
    bench.queue.finish(Fate.SPOKEN, 1)
    assert bench.speak(1) == ("uncovered" if is_beginning_spoken else None)


def test_the_rate_limit_holds_at_any_time_of_the_clock() -> None:
    bench, order = Bench(), []
    changes = [say(f"change {number}", CHANGE) for number in range(6)]
    for number, change in enumerate(changes):
        now = 86_400.0 + 5 * number
        bench.put(change, now)
        order += [spoken for spoken in [bench.speak(now)] if spoken]
        if bench.queue.speaking:
            bench.queue.finish(Fate.SPOKEN, now)
    assert order == ["change 0", "change 1", "change 2", "change 3"]
    assert bench.fates[-2:] == [(changes[4], Fate.DROPPED, 86_420.0), (changes[5], Fate.DROPPED, 86_425.0)]


def test_each_fate_has_the_time_of_the_call_that_caused_it() -> None:
    bench = Bench()
    bench.put(say("old", CHANGE, "a"), 1)
    bench.put(say("new", CHANGE, "a"), 2)
    bench.queue.withdraw("a", 3)
    bench.put(say("late", CHANGE, expires_at=4), 4)
    assert bench.speak(5) is None
    bench.put(_fault("lost"), 6)
    bench.put(_fault("back", is_over=True), 7)
    for number in range(MAX_WAITING + 1):
        bench.put(say(f"{number}", FAULT), 8)
    assert [(each.text, fate, at) for each, fate, at in bench.fates] == [
        ("old", Fate.SUPERSEDED, 2), ("new", Fate.SUPERSEDED, 3), ("late", Fate.EXPIRED, 5),
        ("lost", Fate.SUPERSEDED, 7), ("back", Fate.DROPPED, 7), ("0", Fate.DROPPED, 8),
    ]  # fmt: skip


def test_withdraw_drops_what_waits_unasked_but_neither_answers_nor_what_is_being_spoken() -> None:
    bench = Bench()
    spoken, waits, asked = say("spoken", CHANGE, "a"), say("waits", CHANGE, "b"), say("asked", ANSWER, "c")
    bench.put(spoken)
    bench.speak()
    bench.put(waits)
    bench.queue.put(asked, 0)
    for topic in "abc":
        bench.queue.withdraw(topic, 1)
    assert bench.fate(spoken) == bench.fate(asked) == []
    assert bench.fate(waits) == [Fate.SUPERSEDED]


def test_expiry_is_checked_when_an_utterance_is_taken_and_never_for_a_fault() -> None:
    bench = Bench()
    change = say("change", CHANGE, expires_at=3)
    bench.put(change, 2)
    bench.put(say("fault", FAULT, expires_at=3), 2)
    assert bench.fate(change) == []
    assert bench.speak(9) == "fault"
    bench.queue.finish(Fate.SPOKEN, 10)
    assert bench.speak(10) is None
    assert bench.fate(change) == [Fate.EXPIRED]
    bench.put(say("just", CHANGE, expires_at=11), 11)
    assert bench.speak(11) == "just"


def test_a_full_queue_drops_the_oldest_of_the_lowest_priority() -> None:
    bench = Bench()
    for number in range(MAX_WAITING - 1):
        bench.put(say(f"fault {number}", FAULT))
    changes = [say(f"change {number}", CHANGE) for number in range(3)]
    for change in changes:
        bench.put(change)
    assert [bench.fate(change) for change in changes] == [[Fate.DROPPED], [Fate.DROPPED], []]
    last = say("last fault", FAULT)
    bench.put(last)
    assert bench.fate(changes[2]) == [Fate.DROPPED]
    bench.put(say("one more", FAULT))
    assert bench.fates[-1][0].text == "fault 0"
    assert len(bench.queue) == MAX_WAITING


def test_close_drops_what_waits_and_what_is_put_later() -> None:
    bench = Bench()
    spoken, waits, late = say("spoken", CHANGE), say("waits", FAULT), say("late", FAULT)
    bench.put(spoken)
    bench.speak()
    bench.queue.put(waits, 1)
    bench.queue.close(2)
    bench.queue.put(late, 3)
    bench.queue.finish(Fate.SPOKEN, 4)
    assert [(each.text, fate, at) for each, fate, at in bench.fates] == [
        ("waits", Fate.DROPPED, 2), ("late", Fate.DROPPED, 3), ("spoken", Fate.SPOKEN, 4),
    ]  # fmt: skip


def test_an_utterance_that_is_put_twice_has_two_fates() -> None:
    bench = Bench()
    twice = say("again", CHANGE)
    bench.put(twice)
    bench.put(twice)
    assert bench.speak() == "again"
    bench.queue.finish(Fate.SPOKEN, 1)
    assert bench.fate(twice) == [Fate.SUPERSEDED, Fate.SPOKEN]


def test_one_utterance_at_a_time_and_finish_needs_one() -> None:
    bench = Bench()
    with pytest.raises(RuntimeError, match="without an utterance"):
        bench.queue.finish(Fate.SPOKEN, 0)
    bench.put(say("one", CHANGE))
    bench.put(say("two", CHANGE))
    assert bench.speak() == "one"
    assert bench.speak() is None
    assert len(bench.queue) == 1


utterances = st.builds(
    lambda priority, topic, life: (priority, topic, life),
    st.sampled_from(list(Priority)), st.sampled_from("abcd"), st.none() | st.floats(0, 4),
)  # fmt: skip
events = st.lists(
    st.tuples(st.floats(0, 2), st.one_of(utterances, st.just("take"), st.just("finish"), st.just("withdraw"))),
    max_size=80,
)
talk = st.lists(st.tuples(st.floats(0, 20), utterances), min_size=5, max_size=30).map(
    lambda sequence: [
        each for pause, utterance in sequence for each in ((pause, utterance), (0.0, "take"), (0.0, "finish"))
    ]
)
"""Everything is spoken as it comes: this is how the rate limit is reached."""


@given(events | talk, st.booleans())
def test_the_rules_hold_for_any_sequence_of_events(script: list[tuple[float, Any]], should_close: bool) -> None:
    bench, now = Bench(), 0.0
    put: list[Utterance] = []
    begun: list[float] = []
    for pause, event in script:
        now += pause
        queue = bench.queue
        waiting = list(queue._waiting)
        if event == "take":
            before = queue.speaking
            taken = queue.take(now)
            if taken is not None:
                assert before is None
                assert taken.priority is FAULT or taken.expires_at is None or taken.expires_at >= now, "stale"
                alive = [each for each in waiting if each.priority is FAULT or (each.expires_at or now) >= now]
                first = next(each for each in alive if each.priority == max(e.priority for e in alive))
                assert taken is first or bench.fate(first) == [Fate.DROPPED]
                begun += [now] if taken.priority < PAUSE else []
                assert sum(at > now - 60 for at in begun) <= 4, "too many unasked"
                assert bench.fate(taken) == [], "withdrawn"
        elif event == "withdraw":
            queue.withdraw("a", now)
            assert all(each.topic != "a" or each.priority >= PAUSE for each in queue._waiting)
        elif event == "finish":
            if queue.speaking is not None:
                queue.finish(Fate.SPOKEN, now)
        else:
            priority, topic, life = event
            utterance = Utterance(f"{len(put)}", priority, topic, None if life is None else now + life)
            put.append(utterance)
            speaking = queue.speaking
            if bench.put(utterance, now):
                assert speaking is not None
                assert speaking.priority is not FAULT
        topics = Counter(each.topic for each in queue._waiting)
        assert all(count == 1 for count in topics.values())
        assert len(queue) <= MAX_WAITING
    bench.queue.close(now)
    if bench.queue.speaking is not None:
        bench.queue.finish(Fate.SPOKEN, now)
    assert [bench.fate(each) for each in put if len(bench.fate(each)) != 1] == []
    for each, fate, _ in bench.fates:
        assert fate is not Fate.EXPIRED or each.priority is not FAULT
        assert fate is not Fate.INTERRUPTED or each.priority is not FAULT


@given(st.lists(st.sampled_from([ANSWER, PAUSE, CHANGE, STATUS]), max_size=40), st.integers(0, 40))
def test_a_fault_is_spoken_next_whatever_else_is_put(flood: list[Priority], where: int) -> None:
    bench = Bench()
    fault = say("fault", FAULT)
    for number, priority in enumerate(flood):
        if number == where:
            bench.put(fault)
        bench.put(say(f"{number}", priority))
        if number < where:
            bench.queue.take(0)
    if where >= len(flood):
        bench.put(fault)
    assert bench.queue.speaking is None or bench.queue.speaking is fault
    assert bench.queue.speaking is fault or bench.queue.take(1) is fault


def _fault(text: str, *, is_over: bool = False) -> Utterance:
    return Utterance(text, FAULT, "fault camera", is_over=is_over)


def test_a_fault_that_began_and_ended_unspoken_is_never_spoken() -> None:
    bench = Bench()
    bench.put(say("something else", FAULT))
    bench.speak()
    lost, back = _fault("lost"), _fault("back", is_over=True)
    bench.put(lost)
    bench.put(back)
    assert (bench.fate(lost), bench.fate(back)) == ([Fate.SUPERSEDED], [Fate.DROPPED])
    bench.queue.finish(Fate.SPOKEN, 0)
    assert bench.speak() is None


@pytest.mark.parametrize("fate", [Fate.SPOKEN, Fate.INTERRUPTED, Fate.FAILED])
def test_the_end_of_a_fault_is_spoken_only_if_its_beginning_was(fate: Fate) -> None:
    bench = Bench()
    bench.put(_fault("lost"))
    assert bench.speak() == "lost"
    bench.queue.finish(fate, 0)
    bench.put(_fault("still lost"))  # announced again, and replaced by the end
    bench.put(_fault("back", is_over=True))
    assert bench.speak() == (None if fate is Fate.FAILED else "back")


def test_the_end_is_spoken_if_the_second_announcement_of_a_fault_was() -> None:
    bench = Bench()
    bench.put(say("something else", FAULT))
    bench.speak()
    bench.put(_fault("lost"))
    bench.put(_fault("still lost"))
    bench.queue.finish(Fate.SPOKEN, 0)
    assert bench.speak() == "still lost"
    bench.queue.finish(Fate.SPOKEN, 0)
    bench.put(_fault("back", is_over=True))
    assert bench.speak() == "back"


def test_a_fault_that_was_never_spoken_does_not_suppress_a_later_end() -> None:
    bench = Bench()
    bench.put(_fault("lost"))
    bench.put(_fault("back", is_over=True))
    assert bench.speak() is None
    bench.put(_fault("back, says another process", is_over=True))
    assert bench.speak() == "back, says another process"


def test_the_end_of_a_fault_that_another_process_announced_is_spoken() -> None:
    bench = Bench()
    bench.put(_fault("back", is_over=True))
    assert bench.speak() == "back"


def test_a_fault_that_comes_back_is_spoken_again() -> None:
    bench = Bench()
    for _ in range(2):
        bench.put(_fault("lost"))
        assert bench.speak() == "lost"
        bench.queue.finish(Fate.SPOKEN, 0)
        bench.put(_fault("back", is_over=True))
        assert bench.speak() == "back"
        bench.queue.finish(Fate.SPOKEN, 0)
    bench.put(say("else", FAULT))
    bench.speak()
    bench.put(_fault("lost"))
    bench.put(_fault("back", is_over=True))
    bench.queue.finish(Fate.SPOKEN, 0)
    assert bench.speak() is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["camera", "model", "take", "finish", "answer", "ask"]), st.integers(0, 90)),
        max_size=20,
    )
)
def test_in_the_end_the_wearer_knows_which_faults_are_active(script: list[tuple[str, int]]) -> None:
    """However often faults begin and end while others are spoken, and whatever of that is dropped or cut off."""
    bench, standing, believed, now = Bench(), set(), set(), 0.0

    def finish() -> None:
        spoken = bench.queue.speaking
        if spoken is not None:
            bench.queue.finish(Fate.SPOKEN, now)
            if spoken.priority is FAULT:
                (believed.discard if spoken.is_over else believed.add)(spoken.topic)

    for event, wait in script:
        now += wait
        if event == "take":
            bench.queue.take(now)
        elif event == "finish":
            finish()
        elif event == "ask":
            _ask(bench, "an answer", now)
        elif event == "answer":
            bench.queue.put(say("answer", ANSWER), now)
            if bench.queue.speaking is not None and bench.queue.speaking.priority is ANSWER:
                bench.queue.finish(Fate.INTERRUPTED, now)
        else:
            is_over = event in standing
            standing ^= {event}
            bench.put(Utterance(f"{event} {now}", FAULT, event, is_over=is_over), now)
    while bench.queue.speaking is not None or bench.queue.take(now) is not None:
        finish()
    assert believed == standing


def _ask(bench: Bench, question: str = "", now: float = 0.0) -> None:
    """The wearer asks, and what is being spoken ends; then the answer is put, if there is one yet."""
    bench.queue.expect_answer()
    if bench.queue.speaking is not None:
        bench.queue.finish(Fate.INTERRUPTED, now)
    if question:
        bench.put(say(question, ANSWER, "answer"), now)


def _speak_all(bench: Bench, now: float = 0.0) -> list[str]:
    """Everything that is spoken from now on."""
    sequence = []
    while (text := bench.speak(now)) is not None:
        sequence.append(text)
        bench.queue.finish(Fate.SPOKEN, now)
    return sequence


def test_a_fault_that_a_question_cut_off_is_spoken_once_after_the_answer() -> None:
    bench = Bench()
    lost = _fault("lost")
    bench.put(lost)
    bench.speak()
    bench.put(say("Looks happy.", CHANGE))
    _ask(bench)
    assert bench.queue.wait_s(0) == 0, "the change"
    assert bench.speak() == "Looks happy.", "the fault waits for the answer, which is not there yet"
    bench.queue.finish(Fate.SPOKEN, 0)
    assert bench.queue.wait_s(0) is None
    assert bench.speak() is None
    bench.put(say("Looks sad.", CHANGE))
    bench.put(say("One person.", ANSWER))
    assert _speak_all(bench) == ["One person.", "lost", "Looks sad."]
    assert bench.fate(lost) == [Fate.SPOKEN]
    bench.put(_fault("still lost"), REPEAT_SUPPRESSION_S - 1)
    assert _speak_all(bench, REPEAT_SUPPRESSION_S - 1) == [], "it counts as spoken"


def test_a_postponed_fault_waits_while_more_questions_come() -> None:
    bench = Bench()
    bench.put(_fault("lost"))
    for number in range(20):
        bench.speak(number)
        _ask(bench, f"answer {number}", number)
        if number % 2:  # each second answer is spoken, and the fault begins
            assert bench.speak(number) == f"answer {number}"
            bench.queue.finish(Fate.SPOKEN, number)
        assert len(bench.queue) <= 2, "nothing piles up"
    assert _speak_all(bench, 20) == ["lost"]
    assert [fate for each, fate, _ in bench.fates if each.text == "lost"] == [Fate.SPOKEN]


def test_a_postponed_fault_that_is_over_is_replaced_by_its_end() -> None:
    bench = Bench()
    bench.put(_fault("lost"))
    bench.speak()
    _ask(bench, "answer")
    bench.put(_fault("back", is_over=True))
    assert _speak_all(bench) == ["back", "answer"]


def test_the_end_of_a_fault_is_postponed_too() -> None:
    bench = Bench()
    for text in ("lost", "back"):
        bench.put(_fault(text, is_over=text == "back"))
        assert bench.speak() == text
        bench.queue.finish(Fate.SPOKEN, 0) if text == "lost" else _ask(bench, "answer")
    assert _speak_all(bench) == ["answer", "back"]
    bench.put(_fault("lost"))
    assert bench.speak() == "lost", "it is announced again"


def test_a_postponed_fault_that_is_reported_again_is_spoken_once() -> None:
    bench = Bench()
    bench.put(_fault("lost"))
    bench.speak()
    _ask(bench, "answer")
    bench.put(_fault("lost, says a process that was restarted"), 1)
    assert sorted(_speak_all(bench, 1)) == ["answer", "lost, says a process that was restarted"]


@pytest.mark.parametrize("is_lost_again", [True, False])
def test_a_fault_that_ended_before_it_was_cut_off_is_neither_postponed_nor_known(
    is_lost_again: bool,
) -> None:
    bench = Bench()
    bench.put(_fault("lost"))
    bench.speak()
    bench.put(_fault("back", is_over=True))
    _ask(bench, "answer")
    if is_lost_again:
        bench.put(_fault("lost again"))
    assert _speak_all(bench) == ["lost again" if is_lost_again else "back", "answer"]


def test_a_new_fault_cuts_off_the_answer_for_which_another_one_was_postponed() -> None:
    bench = Bench()
    bench.put(_fault("lost"))
    bench.speak()
    _ask(bench, "answer")
    assert bench.speak() == "answer"
    assert bench.put(say("power", FAULT))
    assert _speak_all(bench) == ["power", "lost"]


def test_a_fault_that_was_cut_off_by_repeat_is_spoken_once() -> None:
    bench = Bench()
    lost = _fault("lost")
    bench.put(lost)
    bench.speak()
    _ask(bench, "lost")
    assert _speak_all(bench) == ["lost"]
    assert bench.fate(lost) == [Fate.SPOKEN]
    bench.put(_fault("back", is_over=True))
    assert _speak_all(bench) == ["back"]


@pytest.mark.parametrize("is_stopping", [True, False])
def test_a_fault_that_was_cut_off_without_a_question_is_not_postponed(is_stopping: bool) -> None:
    bench = Bench()
    lost = _fault("lost")
    bench.put(lost)
    bench.speak()
    if is_stopping:  # asked at the last moment
        bench.queue.expect_answer()
        bench.queue.close(0)
    bench.queue.finish(Fate.INTERRUPTED, 0)
    assert bench.fate(lost) == [Fate.INTERRUPTED]
    assert _speak_all(bench) == []


def test_a_postponed_fault_comes_before_a_pause_that_waits_for_longer() -> None:
    bench = Bench()
    bench.put(_fault("lost"))
    bench.speak()
    bench.put(say("The lens is covered.", Priority.PAUSE, "lens"))
    _ask(bench, "answer")
    assert _speak_all(bench) == ["answer", "lost", "The lens is covered."]


def test_a_fault_is_not_postponed_again_without_another_question() -> None:
    bench = Bench()
    lost = _fault("lost")
    bench.put(lost)
    bench.speak()
    _ask(bench, "answer")
    bench.speak()
    bench.queue.finish(Fate.SPOKEN, 0)
    assert bench.speak() == "lost"
    bench.queue.finish(Fate.INTERRUPTED, 0)  # by `cancel`
    assert bench.fate(lost) == [Fate.INTERRUPTED]
    assert _speak_all(bench) == []


def test_the_queue_has_room_for_every_fault_at_once() -> None:
    others = 6  # an outage, a power cut, the volume, three lines of the settings
    assert len(FaultName) + others < MAX_WAITING


def test_ready_is_spoken_three_times_a_minute_at_the_most() -> None:
    ends: list[tuple[str, Fate]] = []
    queue, spoken = SpeechQueue(lambda utterance, fate, now: ends.append((utterance.text, fate))), []
    for number in range(100):  # every two seconds
        now = 2.0 * number
        queue.put(Utterance("Ready.", Priority.ANSWER, "status", kind=UtteranceKind.READY), now)
        if queue.take(now):
            spoken.append(now)
            queue.finish(Fate.SPOKEN, now)
    assert spoken[:3] == [0.0, 2.0, 4.0]
    assert 9 <= len(spoken) <= 12, "three a minute"
    assert len(ends) == 100


@pytest.mark.parametrize(
    ("between", "times_spoken"), [(UtteranceKind.STATUS, 1), (UtteranceKind.READY, 2), (UtteranceKind.STOPPING, 2)]
)
def test_a_fault_is_spoken_again_once_vision_was_ready_or_stopping_in_between(
    between: UtteranceKind, times_spoken: int
) -> None:
    spoken, ends = [], []
    queue = SpeechQueue(lambda utterance, fate, now: ends.append(fate))
    lost, now = "Camera not found.", 0.0
    for text, kind in ((lost, UtteranceKind.FAULT), ("Stopping.", between), (lost, UtteranceKind.FAULT)):
        priority = FAULT if text == lost else Priority.ANSWER
        queue.put(Utterance(text, priority, "camera" if text == lost else "status", kind=kind), now)
        if taken := queue.take(now):
            spoken.append(taken.text)
            queue.finish(Fate.SPOKEN, now)
        now += REPEAT_SUPPRESSION_S / 4
    assert spoken.count(lost) == times_spoken
    assert len(ends) == 3


def test_while_the_guide_speaks_what_is_unasked_waits_and_expires() -> None:
    bench = Bench()
    bench.queue.hold_unasked(0.0, is_held=True)
    late, fresh = say("late", CHANGE, expires_at=5.0), say("fresh", CHANGE, expires_at=50.0)
    for utterance in (
        late,
        fresh,
        say("tick", STATUS),
        say("guide", PAUSE),
        say("answer", ANSWER),
        say("fault", FAULT),
    ):
        bench.put(utterance)
    for text in ("fault", "answer", "guide"):
        assert bench.speak() == text
        bench.queue.finish(Fate.SPOKEN, 1.0)
    assert bench.queue.wait_s(0) is None
    assert bench.speak() is None
    bench.queue.hold_unasked(10.0, is_held=False)
    assert bench.fate(late) == [Fate.EXPIRED]
    assert bench.speak(10.0) == "fresh"
