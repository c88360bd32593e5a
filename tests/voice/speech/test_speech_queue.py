"""The laws of the speech queue, on any sequence of events."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Fate, FaultName, Priority, Utterance, UtteranceKind
from assistant.voice.speech.speech_queue import AGAIN_S, MAX_WAITING, SpeechQueue

FAULT, ANSWER, PAUSE, CHANGE, STATUS = sorted(Priority, reverse=True)


class Heard:
    """A queue, its fates, and a mouth that obeys it at once."""

    def __init__(self) -> None:
        self.fates: list[tuple[Utterance, Fate, float]] = []
        self.queue = SpeechQueue(lambda *ended: self.fates.append(ended))

    def put(self, utterance: Utterance, now: float = 0.0) -> bool:
        must_cut = self.queue.put(utterance, now)
        if must_cut:
            self.queue.finish(Fate.INTERRUPTED, now)
        return must_cut

    def speak(self, now: float = 0.0) -> str | None:
        utterance = self.queue.take(now)
        return utterance.text if utterance else None

    def fate(self, utterance: Utterance) -> list[Fate]:
        return [fate for other, fate, _ in self.fates if other is utterance]


def say(text: str, priority: Priority, topic: str = "", expires_at: float | None = None) -> Utterance:
    return Utterance(text, priority, topic or text, expires_at)


def test_the_most_important_first_and_the_oldest_of_these() -> None:
    heard = Heard()
    for text, priority in (
        ("c1", CHANGE), ("p1", PAUSE), ("f1", FAULT), ("c2", CHANGE), ("a1", ANSWER), ("f2", FAULT),
    ):  # fmt: skip
        heard.put(say(text, priority))
    order = []
    while (spoken := heard.speak()) is not None:
        order.append(spoken)
        heard.queue.finish(Fate.SPOKEN, 0)
    assert order == ["f1", "f2", "a1", "p1", "c1", "c2"]


@pytest.mark.parametrize("speaking", Priority)
@pytest.mark.parametrize("new", Priority)
def test_who_cuts_off_whom(speaking: Priority, new: Priority) -> None:
    heard = Heard()
    first = say("first", speaking)
    heard.put(first)
    heard.speak()
    cuts = {(FAULT, other) for other in Priority if other is not FAULT}
    cuts |= {(ANSWER, other) for other in Priority if other is not FAULT}
    assert heard.put(say("second", new)) is ((new, speaking) in cuts)
    assert heard.fate(first) == ([Fate.INTERRUPTED] if (new, speaking) in cuts else [])


@pytest.mark.parametrize("old", Priority)
@pytest.mark.parametrize("new", Priority)
def test_of_one_topic_only_what_matters_as_much_replaces(old: Priority, new: Priority) -> None:
    heard = Heard()
    first, second = say("first", old, "topic"), say("second", new, "topic")
    heard.put(first)
    heard.put(second)
    assert len(heard.queue) == 1
    assert heard.fate(first) == ([Fate.SUPERSEDED] if new >= old else [])
    assert heard.fate(second) == ([] if new >= old else [Fate.DROPPED])


def test_a_newer_answer_replaces_one_that_waits_behind_a_fault() -> None:
    heard = Heard()
    old = say("old", ANSWER)
    heard.put(say("fault", FAULT))
    heard.speak()
    heard.put(old)
    heard.put(say("new", ANSWER))
    assert heard.fate(old) == [Fate.SUPERSEDED]
    assert len(heard.queue) == 1


def test_what_is_being_spoken_is_not_superseded() -> None:
    heard = Heard()
    first = say("first", CHANGE, "topic")
    heard.put(first)
    heard.speak()
    heard.put(say("second", CHANGE, "topic"))
    assert heard.fate(first) == []
    assert heard.queue.speaking is first


def test_at_most_four_in_a_minute_unasked_and_the_last_is_no_status() -> None:
    heard, order = Heard(), []
    for number in range(6):
        heard.put(say(f"status {number}", STATUS), number)
        heard.put(say(f"change {number}", CHANGE), number)
        heard.put(say(f"answer {number}", ANSWER), number)
        while (spoken := heard.speak(number)) is not None:
            order.append(spoken)
            heard.queue.finish(Fate.SPOKEN, number)
    assert [text for text in order if "answer" not in text] == ["change 0", "status 0", "change 1", "change 2"]
    assert [text for text in order if "answer" in text] == [f"answer {number}" for number in range(6)]
    heard.put(say("fault", FAULT), 7)
    assert heard.speak(7) == "fault"
    heard.queue.finish(Fate.SPOKEN, 7)
    heard.put(say("just too early", CHANGE), 59.9)
    assert heard.speak(59.9) is None
    heard.put(say("after a minute", CHANGE), 60)
    assert heard.speak(60) == "after a minute"


def test_a_pause_is_heard_though_enough_was_said_and_takes_no_change_its_turn() -> None:
    heard, order = Heard(), []
    for number in range(6):
        heard.put(say(f"pause {number}", PAUSE), number)
        heard.put(say(f"change {number}", CHANGE), number)
        while (spoken := heard.speak(number)) is not None:
            order.append(spoken)
            heard.queue.finish(Fate.SPOKEN, number)
    assert [text for text in order if "pause" in text] == [f"pause {number}" for number in range(6)]
    assert [text for text in order if "change" in text] == [f"change {number}" for number in range(4)]


def test_a_pause_that_waits_is_not_lost_to_an_answer_nor_to_mute() -> None:
    heard = Heard()
    for text, priority in (("fault", FAULT), ("pause", PAUSE), ("asked", ANSWER), ("asked again", ANSWER)):
        heard.put(say(text, priority))
        heard.speak()
    heard.queue.withdraw(None, 0)
    order = []
    while heard.queue.speaking is not None:
        order.append(heard.queue.speaking.text)
        heard.queue.finish(Fate.SPOKEN, 0)
        heard.speak()
    assert order == ["fault", "asked again", "pause"]


@pytest.mark.parametrize("is_heard", [False, True])
def test_the_end_of_a_pause_is_told_to_who_heard_of_it(is_heard: bool) -> None:
    heard = Heard()
    if not is_heard:
        heard.put(say("an answer", ANSWER))
        heard.speak()
    heard.put(say("covered", PAUSE, "lens"))
    heard.speak()
    heard.put(Utterance("uncovered", PAUSE, "lens", is_over=True))
    heard.queue.finish(Fate.SPOKEN, 1)
    assert heard.speak(1) == ("uncovered" if is_heard else None)


def test_the_limit_holds_on_any_day() -> None:
    heard, order = Heard(), []
    changes = [say(f"change {number}", CHANGE) for number in range(6)]
    for number, change in enumerate(changes):
        now = 86_400.0 + 5 * number
        heard.put(change, now)
        order += [spoken for spoken in [heard.speak(now)] if spoken]
        if heard.queue.speaking:
            heard.queue.finish(Fate.SPOKEN, now)
    assert order == ["change 0", "change 1", "change 2", "change 3"]
    assert heard.fates[-2:] == [(changes[4], Fate.DROPPED, 86_420.0), (changes[5], Fate.DROPPED, 86_425.0)]


def test_a_fate_tells_when_it_came() -> None:
    heard = Heard()
    heard.put(say("old", CHANGE, "a"), 1)
    heard.put(say("new", CHANGE, "a"), 2)
    heard.queue.withdraw("a", 3)
    heard.put(say("late", CHANGE, expires_at=4), 4)
    assert heard.speak(5) is None
    heard.put(_fault("lost"), 6)
    heard.put(_fault("back", is_over=True), 7)
    for number in range(MAX_WAITING + 1):
        heard.put(say(f"{number}", FAULT), 8)
    assert [(each.text, fate, at) for each, fate, at in heard.fates] == [
        ("old", Fate.SUPERSEDED, 2), ("new", Fate.SUPERSEDED, 3), ("late", Fate.EXPIRED, 5),
        ("lost", Fate.SUPERSEDED, 7), ("back", Fate.DROPPED, 7), ("0", Fate.DROPPED, 8),
    ]  # fmt: skip


def test_what_is_withdrawn_is_not_said_unless_it_was_asked_for() -> None:
    heard = Heard()
    spoken, waits, asked = say("spoken", CHANGE, "a"), say("waits", CHANGE, "b"), say("asked", ANSWER, "c")
    heard.put(spoken)
    heard.speak()
    heard.put(waits)
    heard.queue.put(asked, 0)
    for topic in "abc":
        heard.queue.withdraw(topic, 1)
    assert heard.fate(spoken) == heard.fate(asked) == []
    assert heard.fate(waits) == [Fate.SUPERSEDED]


def test_expiry_is_judged_when_taken_and_never_on_a_fault() -> None:
    heard = Heard()
    change = say("change", CHANGE, expires_at=3)
    heard.put(change, 2)
    heard.put(say("fault", FAULT, expires_at=3), 2)
    assert heard.fate(change) == []
    assert heard.speak(9) == "fault"
    heard.queue.finish(Fate.SPOKEN, 10)
    assert heard.speak(10) is None
    assert heard.fate(change) == [Fate.EXPIRED]
    heard.put(say("just", CHANGE, expires_at=11), 11)
    assert heard.speak(11) == "just"


def test_a_flood_drops_the_oldest_that_matters_least() -> None:
    heard = Heard()
    for number in range(MAX_WAITING - 1):
        heard.put(say(f"fault {number}", FAULT))
    changes = [say(f"change {number}", CHANGE) for number in range(3)]
    for change in changes:
        heard.put(change)
    assert [heard.fate(change) for change in changes] == [[Fate.DROPPED], [Fate.DROPPED], []]
    last = say("last fault", FAULT)
    heard.put(last)
    assert heard.fate(changes[2]) == [Fate.DROPPED]
    heard.put(say("one more", FAULT))
    assert heard.fates[-1][0].text == "fault 0"
    assert len(heard.queue) == MAX_WAITING


def test_close_drops_all_that_waits_and_all_that_comes() -> None:
    heard = Heard()
    spoken, waits, late = say("spoken", CHANGE), say("waits", FAULT), say("late", FAULT)
    heard.put(spoken)
    heard.speak()
    heard.queue.put(waits, 1)
    heard.queue.close(2)
    heard.queue.put(late, 3)
    heard.queue.finish(Fate.SPOKEN, 4)
    assert [(each.text, fate, at) for each, fate, at in heard.fates] == [
        ("waits", Fate.DROPPED, 2), ("late", Fate.DROPPED, 3), ("spoken", Fate.SPOKEN, 4),
    ]  # fmt: skip


def test_the_same_utterance_twice_has_two_fates() -> None:
    heard = Heard()
    twice = say("again", CHANGE)
    heard.put(twice)
    heard.put(twice)
    assert heard.speak() == "again"
    heard.queue.finish(Fate.SPOKEN, 1)
    assert heard.fate(twice) == [Fate.SUPERSEDED, Fate.SPOKEN]


def test_only_one_is_spoken_at_a_time_and_nothing_ends_that_was_not_taken() -> None:
    heard = Heard()
    with pytest.raises(RuntimeError, match="without an utterance"):
        heard.queue.finish(Fate.SPOKEN, 0)
    heard.put(say("one", CHANGE))
    heard.put(say("two", CHANGE))
    assert heard.speak() == "one"
    assert heard.speak() is None
    assert len(heard.queue) == 1


utterances = st.builds(
    lambda priority, topic, life: (priority, topic, life),
    st.sampled_from(list(Priority)), st.sampled_from("abcd"), st.none() | st.floats(0, 4),
)  # fmt: skip
events = st.lists(
    st.tuples(st.floats(0, 2), st.one_of(utterances, st.just("take"), st.just("finish"), st.just("withdraw"))),
    max_size=80,
)
talk = st.lists(st.tuples(st.floats(0, 20), utterances), min_size=5, max_size=30).map(
    lambda said: [each for pause, utterance in said for each in ((pause, utterance), (0.0, "take"), (0.0, "finish"))]
)
"""Everything is said as it comes: only so enough is said to be too much."""


@given(events | talk, st.booleans())
def test_laws(script: list[tuple[float, Any]], should_close: bool) -> None:
    heard, now = Heard(), 0.0
    put: list[Utterance] = []
    begun: list[float] = []
    for pause, event in script:
        now += pause
        queue = heard.queue
        waiting = list(queue._waiting)
        if event == "take":
            before = queue.speaking
            taken = queue.take(now)
            if taken is not None:
                assert before is None
                assert taken.priority is FAULT or taken.expires_at is None or taken.expires_at >= now, "stale"
                alive = [each for each in waiting if each.priority is FAULT or (each.expires_at or now) >= now]
                first = next(each for each in alive if each.priority == max(e.priority for e in alive))
                assert taken is first or heard.fate(first) == [Fate.DROPPED]
                begun += [now] if taken.priority < PAUSE else []
                assert sum(at > now - 60 for at in begun) <= 4, "babble"
                assert heard.fate(taken) == [], "withdrawn"
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
            if heard.put(utterance, now):
                assert speaking is not None
                assert speaking.priority is not FAULT
        topics = Counter(each.topic for each in queue._waiting)
        assert all(count == 1 for count in topics.values())
        assert len(queue) <= MAX_WAITING
    heard.queue.close(now)
    if heard.queue.speaking is not None:
        heard.queue.finish(Fate.SPOKEN, now)
    assert [heard.fate(each) for each in put if len(heard.fate(each)) != 1] == []
    for each, fate, _ in heard.fates:
        assert fate is not Fate.EXPIRED or each.priority is not FAULT
        assert fate is not Fate.INTERRUPTED or each.priority is not FAULT


@given(st.lists(st.sampled_from([ANSWER, PAUSE, CHANGE, STATUS]), max_size=40), st.integers(0, 40))
def test_a_fault_is_the_next_thing_heard_whatever_floods_the_queue(flood: list[Priority], where: int) -> None:
    heard = Heard()
    fault = say("fault", FAULT)
    for number, priority in enumerate(flood):
        if number == where:
            heard.put(fault)
        heard.put(say(f"{number}", priority))
        if number < where:
            heard.queue.take(0)
    if where >= len(flood):
        heard.put(fault)
    assert heard.queue.speaking is None or heard.queue.speaking is fault
    assert heard.queue.speaking is fault or heard.queue.take(1) is fault


def _fault(text: str, *, is_over: bool = False) -> Utterance:
    return Utterance(text, FAULT, "fault camera", is_over=is_over)


def test_a_fault_that_began_and_ended_unheard_vanishes() -> None:
    heard = Heard()
    heard.put(say("something else", FAULT))
    heard.speak()
    lost, back = _fault("lost"), _fault("back", is_over=True)
    heard.put(lost)
    heard.put(back)
    assert (heard.fate(lost), heard.fate(back)) == ([Fate.SUPERSEDED], [Fate.DROPPED])
    heard.queue.finish(Fate.SPOKEN, 0)
    assert heard.speak() is None


@pytest.mark.parametrize("fate", [Fate.SPOKEN, Fate.INTERRUPTED, Fate.FAILED])
def test_the_end_of_a_fault_is_told_to_who_heard_of_it(fate: Fate) -> None:
    heard = Heard()
    heard.put(_fault("lost"))
    assert heard.speak() == "lost"
    heard.queue.finish(fate, 0)
    heard.put(_fault("still lost"))  # said again, and overtaken by the end
    heard.put(_fault("back", is_over=True))
    assert heard.speak() == (None if fate is Fate.FAILED else "back")


def test_a_fault_that_was_heard_at_the_second_saying_has_an_end() -> None:
    heard = Heard()
    heard.put(say("something else", FAULT))
    heard.speak()
    heard.put(_fault("lost"))
    heard.put(_fault("still lost"))
    heard.queue.finish(Fate.SPOKEN, 0)
    assert heard.speak() == "still lost"
    heard.queue.finish(Fate.SPOKEN, 0)
    heard.put(_fault("back", is_over=True))
    assert heard.speak() == "back"


def test_a_pair_that_vanished_leaves_nothing_behind() -> None:
    heard = Heard()
    heard.put(_fault("lost"))
    heard.put(_fault("back", is_over=True))
    assert heard.speak() is None
    heard.put(_fault("back from what another voice told", is_over=True))
    assert heard.speak() == "back from what another voice told"


def test_the_end_of_what_another_voice_told_is_told() -> None:
    heard = Heard()
    heard.put(_fault("back", is_over=True))
    assert heard.speak() == "back"


def test_a_fault_that_comes_again_is_told_again() -> None:
    heard = Heard()
    for _ in range(2):
        heard.put(_fault("lost"))
        assert heard.speak() == "lost"
        heard.queue.finish(Fate.SPOKEN, 0)
        heard.put(_fault("back", is_over=True))
        assert heard.speak() == "back"
        heard.queue.finish(Fate.SPOKEN, 0)
    heard.put(say("else", FAULT))
    heard.speak()
    heard.put(_fault("lost"))
    heard.put(_fault("back", is_over=True))
    heard.queue.finish(Fate.SPOKEN, 0)
    assert heard.speak() is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["camera", "model", "take", "finish", "answer", "ask"]), st.integers(0, 90)),
        max_size=20,
    )
)
def test_when_all_is_said_the_wearer_knows_what_stands(script: list[tuple[str, int]]) -> None:
    """However often a fault begins and ends while others are told, and whatever of that is never said, or cut off."""
    heard, standing, believed, now = Heard(), set(), set(), 0.0

    def finish() -> None:
        spoken = heard.queue.speaking
        if spoken is not None:
            heard.queue.finish(Fate.SPOKEN, now)
            if spoken.priority is FAULT:
                (believed.discard if spoken.is_over else believed.add)(spoken.topic)

    for event, wait in script:
        now += wait
        if event == "take":
            heard.queue.take(now)
        elif event == "finish":
            finish()
        elif event == "ask":
            _ask(heard, "an answer", now)
        elif event == "answer":
            heard.queue.put(say("answer", ANSWER), now)
            if heard.queue.speaking is not None and heard.queue.speaking.priority is ANSWER:
                heard.queue.finish(Fate.INTERRUPTED, now)
        else:
            is_over = event in standing
            standing ^= {event}
            heard.put(Utterance(f"{event} {now}", FAULT, event, is_over=is_over), now)
    while heard.queue.speaking is not None or heard.queue.take(now) is not None:
        finish()
    assert believed == standing


def _ask(heard: Heard, question: str = "", now: float = 0.0) -> None:
    """The wearer asks, and what is being spoken ends; then the answer is put, if there is one yet."""
    heard.queue.give_way()
    if heard.queue.speaking is not None:
        heard.queue.finish(Fate.INTERRUPTED, now)
    if question:
        heard.put(say(question, ANSWER, "answer"), now)


def _rest(heard: Heard, now: float = 0.0) -> list[str]:
    """All that is said from now on."""
    said = []
    while (text := heard.speak(now)) is not None:
        said.append(text)
        heard.queue.finish(Fate.SPOKEN, now)
    return said


def test_a_fault_that_a_question_cut_off_is_said_once_after_the_answer() -> None:
    heard = Heard()
    lost = _fault("lost")
    heard.put(lost)
    heard.speak()
    heard.put(say("Looks happy.", CHANGE))
    _ask(heard)
    assert heard.queue.has_next, "the change"
    assert heard.speak() == "Looks happy.", "the fault waits for the answer, which is not there yet"
    heard.queue.finish(Fate.SPOKEN, 0)
    assert not heard.queue.has_next
    assert heard.speak() is None
    heard.put(say("Looks sad.", CHANGE))
    heard.put(say("One person.", ANSWER))
    assert _rest(heard) == ["One person.", "lost", "Looks sad."]
    assert heard.fate(lost) == [Fate.SPOKEN]
    heard.put(_fault("still lost"), AGAIN_S - 1)
    assert _rest(heard, AGAIN_S - 1) == [], "heard it is"


def test_a_fault_waits_while_the_wearer_asks_again_and_again() -> None:
    heard = Heard()
    heard.put(_fault("lost"))
    for number in range(20):
        heard.speak(number)
        _ask(heard, f"answer {number}", number)
        if number % 2:  # each second answer is heard, and the fault begins
            assert heard.speak(number) == f"answer {number}"
            heard.queue.finish(Fate.SPOKEN, number)
        assert len(heard.queue) <= 2, "nothing piles up"
    assert _rest(heard, 20) == ["lost"]
    assert [fate for each, fate, _ in heard.fates if each.text == "lost"] == [Fate.SPOKEN]


def test_of_a_fault_that_was_cut_off_and_is_over_only_that_is_said() -> None:
    heard = Heard()
    heard.put(_fault("lost"))
    heard.speak()
    _ask(heard, "answer")
    heard.put(_fault("back", is_over=True))
    assert _rest(heard) == ["back", "answer"]


def test_the_end_of_a_fault_that_a_question_cut_off_is_said_too() -> None:
    heard = Heard()
    for text in ("lost", "back"):
        heard.put(_fault(text, is_over=text == "back"))
        assert heard.speak() == text
        heard.queue.finish(Fate.SPOKEN, 0) if text == "lost" else _ask(heard, "answer")
    assert _rest(heard) == ["answer", "back"]
    heard.put(_fault("lost"))
    assert heard.speak() == "lost", "it is news again"


def test_a_fault_that_was_cut_off_and_is_told_of_anew_is_said_once() -> None:
    heard = Heard()
    heard.put(_fault("lost"))
    heard.speak()
    _ask(heard, "answer")
    heard.put(_fault("lost, says who was started anew"), 1)
    assert sorted(_rest(heard, 1)) == ["answer", "lost, says who was started anew"]


@pytest.mark.parametrize("is_lost_again", [True, False])
def test_a_fault_that_was_over_before_it_was_cut_off_is_not_said_again_but_is_not_known_either(
    is_lost_again: bool,
) -> None:
    heard = Heard()
    heard.put(_fault("lost"))
    heard.speak()
    heard.put(_fault("back", is_over=True))
    _ask(heard, "answer")
    if is_lost_again:
        heard.put(_fault("lost again"))
    assert _rest(heard) == ["lost again" if is_lost_again else "back", "answer"]


def test_a_fault_that_comes_while_another_waits_for_the_answer_cuts_in() -> None:
    heard = Heard()
    heard.put(_fault("lost"))
    heard.speak()
    _ask(heard, "answer")
    assert heard.speak() == "answer"
    assert heard.put(say("power", FAULT))
    assert _rest(heard) == ["power", "lost"]


def test_who_has_a_fault_repeated_that_was_cut_off_by_that_hears_it_once() -> None:
    heard = Heard()
    lost = _fault("lost")
    heard.put(lost)
    heard.speak()
    _ask(heard, "lost")
    assert _rest(heard) == ["lost"]
    assert heard.fate(lost) == [Fate.SPOKEN]
    heard.put(_fault("back", is_over=True))
    assert _rest(heard) == ["back"]


@pytest.mark.parametrize("is_stopping", [True, False])
def test_a_fault_that_was_cut_off_for_no_answer_is_not_said_again(is_stopping: bool) -> None:
    heard = Heard()
    lost = _fault("lost")
    heard.put(lost)
    heard.speak()
    if is_stopping:  # asked at the last moment
        heard.queue.give_way()
        heard.queue.close(0)
    heard.queue.finish(Fate.INTERRUPTED, 0)
    assert heard.fate(lost) == [Fate.INTERRUPTED]
    assert _rest(heard) == []


def test_what_gave_way_comes_before_a_pause_that_waits_for_longer() -> None:
    heard = Heard()
    heard.put(_fault("lost"))
    heard.speak()
    heard.put(say("The lens is covered.", Priority.PAUSE, "lens"))
    _ask(heard, "answer")
    assert _rest(heard) == ["answer", "lost", "The lens is covered."]


def test_what_gave_way_once_does_not_do_so_again_for_no_question() -> None:
    heard = Heard()
    lost = _fault("lost")
    heard.put(lost)
    heard.speak()
    _ask(heard, "answer")
    heard.speak()
    heard.queue.finish(Fate.SPOKEN, 0)
    assert heard.speak() == "lost"
    heard.queue.finish(Fate.INTERRUPTED, 0)  # by `cancel`
    assert heard.fate(lost) == [Fate.INTERRUPTED]
    assert _rest(heard) == []


def test_there_is_room_for_every_fault_at_once() -> None:
    others = 6  # silence, a power cut, the volume, three lines of the settings
    assert len(FaultName) + others < MAX_WAITING


def test_a_vision_that_begins_again_and_again_is_not_ready_each_time() -> None:
    ends: list[tuple[str, Fate]] = []
    queue, heard = SpeechQueue(lambda utterance, fate, now: ends.append((utterance.text, fate))), []
    for number in range(100):  # every two seconds
        now = 2.0 * number
        queue.put(Utterance("Ready.", Priority.ANSWER, "status", kind=UtteranceKind.READY), now)
        if queue.take(now):
            heard.append(now)
            queue.finish(Fate.SPOKEN, now)
    assert heard[:3] == [0.0, 2.0, 4.0]
    assert 9 <= len(heard) <= 12, "three a minute"
    assert len(ends) == 100


@pytest.mark.parametrize(
    ("between", "told"), [(UtteranceKind.STATUS, 1), (UtteranceKind.READY, 2), (UtteranceKind.STOPPING, 2)]
)
def test_a_fault_of_a_vision_that_ended_in_order_is_told_anew(between: UtteranceKind, told: int) -> None:
    heard, ends = [], []
    queue = SpeechQueue(lambda utterance, fate, now: ends.append(fate))
    lost, now = "Camera not found.", 0.0
    for text, kind in ((lost, UtteranceKind.FAULT), ("Stopping.", between), (lost, UtteranceKind.FAULT)):
        priority = FAULT if text == lost else Priority.ANSWER
        queue.put(Utterance(text, priority, "camera" if text == lost else "status", kind=kind), now)
        if taken := queue.take(now):
            heard.append(taken.text)
            queue.finish(Fate.SPOKEN, now)
        now += AGAIN_S / 4
    assert heard.count(lost) == told
    assert len(ends) == 3
