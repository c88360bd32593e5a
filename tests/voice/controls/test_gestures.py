"""Gestures: each press is exactly one of them, contacts that bounce make none, and the map uses them without harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ipc.commands import Command
from assistant.voice.controls.button_map import BUTTONS, KEY_CODES, MEDIA_KEYS
from assistant.voice.controls.gestures import (
    DEBOUNCE_S,
    DOUBLE_PRESS_GAP_S,
    LONG_PRESS_S,
    VERY_LONG_PRESS_S,
    Gesture,
    GestureRecognizer,
)

SHORT, DOUBLE, LONG, VERY_LONG = Gesture
Found = list[tuple[float, Gesture]]
NEVER = 1e6
MS = 0.001

wanted_sets = st.sets(st.sampled_from([DOUBLE, LONG, VERY_LONG])).map(lambda some: some | {SHORT})
# milliseconds, so that sums are what they seem; none within a millisecond of a threshold
lengths = st.one_of(st.integers(60, 798), st.integers(802, 4997), st.integers(5003, 9000)).map(lambda ms: ms * MS)
gaps = st.one_of(st.integers(60, 398), st.integers(402, 3000)).map(lambda ms: ms * MS)
presses = st.lists(st.tuples(gaps, lengths), max_size=8)


def edges(some: list[tuple[float, float]]) -> list[tuple[bool, float]]:
    """(gap before, length) of presses → what a recognizer without bounces does."""
    at, found = 10.0, []
    for gap, length in some:
        found += [(True, at + gap), (False, at + gap + length)]
        at += gap + length
    return found


def run(recognizer: GestureRecognizer, moves: list[tuple[bool, float]], *, until: float = NEVER) -> Found:
    """All gestures with the time at which they are known, the clock being looked at only when it is due."""
    found: Found = []
    for level, at in [*moves, (None, until)]:
        while recognizer.next_deadline is not None and recognizer.next_deadline <= at:
            due = recognizer.next_deadline
            found += [(due, gesture) for gesture in recognizer.poll(due)]
        if level is not None:
            found += [(at, gesture) for gesture in recognizer.feed(level, at)]
    return found


def kinds(found: Found) -> list[Gesture]:
    return [gesture for _, gesture in found]


def expected(some: list[tuple[float, float]], wanted: set[Gesture]) -> list[Gesture]:
    """The rules once more, press by press."""
    found: list[Gesture] = []
    can_double = False
    for gap, length in some:
        if wanted == {SHORT}:
            gesture = SHORT
        elif length >= VERY_LONG_PRESS_S and VERY_LONG in wanted:
            gesture = VERY_LONG
        elif length >= LONG_PRESS_S and LONG in wanted:
            gesture = LONG
        else:
            gesture = DOUBLE if can_double and gap <= DOUBLE_PRESS_GAP_S else SHORT
        can_double = gesture is SHORT and DOUBLE in wanted
        found.append(gesture)
    return found


@given(presses, wanted_sets)
def test_every_press_is_exactly_one_gesture(some: list[tuple[float, float]], wanted: set[Gesture]) -> None:
    assert kinds(run(GestureRecognizer(wanted), edges(some))) == expected(some, wanted)
    assert kinds(run(GestureRecognizer(wanted, debounce_s=0.0), edges(some))) == expected(some, wanted)


@given(presses, st.data())
def test_bouncing_contacts_change_nothing(some: list[tuple[float, float]], data: st.DataObject) -> None:
    moves = []
    for level, at in edges(some):  # the recognizer chatters for at most 20 ms before it is where it goes
        chatter = data.draw(st.lists(st.integers(0, 20), unique=True, max_size=6).map(sorted))
        chatter = chatter[: len(chatter) // 2 * 2]
        moves += [(level == (number % 2 == 0), at - 0.021 + ms * MS) for number, ms in enumerate(chatter)]
        moves.append((level, at))
    assert kinds(run(GestureRecognizer(Gesture), moves)) == kinds(run(GestureRecognizer(Gesture), edges(some)))


@given(st.lists(st.tuples(st.integers(50, 300), st.integers(1, 29)), max_size=10))
def test_spikes_shorter_than_the_debounce_time_are_no_presses(some: list[tuple[int, int]]) -> None:
    moves = edges([(gap * MS, length * MS) for gap, length in some])
    assert run(GestureRecognizer(Gesture), moves) == []


@given(presses, st.lists(st.floats(10, 60), max_size=20))
def test_polling_more_often_changes_nothing(some: list[tuple[float, float]], looks: list[float]) -> None:
    recognizer, found = GestureRecognizer(Gesture), []
    moves = [(at, level) for level, at in edges(some)]
    for at, level in sorted([*moves, *((look, None) for look in looks), (NEVER, None)], key=lambda item: item[0]):
        found += recognizer.poll(at) if level is None else recognizer.feed(level, at)
    assert found == kinds(run(GestureRecognizer(Gesture), edges(some)))


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=30), wanted_sets)
def test_there_are_never_more_gestures_than_presses(moves: list[tuple[bool, float]], wanted: set[Gesture]) -> None:
    moves = sorted(moves, key=lambda move: move[1])
    found = run(GestureRecognizer(wanted), moves)
    assert len(found) <= sum(level for level, _ in moves)
    assert set(kinds(found)) <= wanted


def test_a_short_press_acts_on_release() -> None:
    ((at, gesture),) = run(GestureRecognizer(Gesture), [(True, 10.0), (False, 10.12)])
    assert gesture is SHORT
    assert at - 10.12 <= DEBOUNCE_S + 1e-9, "no waiting for a second press: the answer must begin within half a second"


def test_a_very_long_press_acts_while_it_is_held_and_only_once() -> None:
    recognizer = GestureRecognizer(Gesture)
    assert recognizer.feed(True, 10.0) == []
    assert recognizer.poll(10.1) == []
    assert recognizer.next_deadline == 15.0
    assert recognizer.poll(14.9) == []
    assert recognizer.poll(15.0) == [VERY_LONG]
    assert recognizer.next_deadline is None
    assert recognizer.poll(100.0) == []
    assert recognizer.feed(False, 100.0) + recognizer.poll(200.0) == [], "letting go is not a long press too"


def test_what_follows_a_very_long_or_double_press_begins_anew() -> None:
    taps = [(True, 16.0), (False, 16.1)]
    assert kinds(run(GestureRecognizer(Gesture), [(True, 10.0), (False, 15.9), *taps])) == [VERY_LONG, SHORT]
    four = edges([(0.1, 0.1)] * 4)
    assert kinds(run(GestureRecognizer(Gesture), four)) == [SHORT, DOUBLE, SHORT, DOUBLE]
    assert kinds(run(GestureRecognizer({SHORT, LONG}), four)) == [SHORT] * 4


def test_a_button_with_one_action_acts_as_it_goes_down() -> None:
    recognizer = GestureRecognizer({SHORT}, debounce_s=0.0)
    assert recognizer.feed(True, 10.0) == [SHORT]
    assert recognizer.feed(False, 12.0) == []


def test_a_reset_forgets_the_press() -> None:
    recognizer = GestureRecognizer(Gesture, debounce_s=0.0)
    recognizer.feed(True, 10.0)
    recognizer.reset()
    assert recognizer.next_deadline is None
    assert recognizer.poll(100.0) == []
    assert recognizer.feed(False, 101.0) == []
    assert recognizer.feed(True, 102.0) + recognizer.feed(False, 102.1) == [SHORT]


ROWS = {
    **{f"button {number} of {count}": row for count, rows in BUTTONS.items() for number, row in enumerate(rows, 1)},
    **MEDIA_KEYS,
}


@pytest.mark.parametrize("name", ROWS)
def test_the_map(name: str) -> None:
    row = ROWS[name]
    assert set(row.values()) <= set(Command)
    assert SHORT in row
    assert LONG in row or VERY_LONG not in row, "else 0.8 to 5 s would be a short press"
    harmless = {("ask", "repeat_instead"), ("why", "aim"), ("why", "skills")}
    if DOUBLE in row:
        assert (row[SHORT], row[DOUBLE]) in harmless, "the short action is done before the double one"
    assert (row.get(VERY_LONG) == "shutdown") == (row[SHORT] == "ask"), "held by mistake, nothing else ends the box"


def test_the_button_map_is_complete() -> None:
    assert {count: len(rows) for count, rows in BUTTONS.items()} == {1: 1, 2: 2, 3: 3, 4: 4}
    assert set(KEY_CODES.values()) == set(MEDIA_KEYS)
    with_four = {command for row in BUTTONS[4] for command in row.values()}
    assert set(Command) - with_four == {
        "more", "repeat", "mute", "unmute", "status", "cancel", "facts", "guide", "guide_keys",
        "what", "what_more", "find", "describe", "read", "teach_friend", "said",
    }  # fmt: skip
    assert not {114, 115} & set(KEY_CODES), "volume keys are the system's"


def test_a_key_without_a_long_press_acts_as_it_goes_down_the_second_time_too() -> None:
    recognizer = GestureRecognizer({SHORT, DOUBLE}, 0.0)
    assert recognizer.feed(True, 1.0) == [SHORT]
    assert recognizer.feed(False, 3.0) == []
    assert recognizer.feed(True, 3.0 + DOUBLE_PRESS_GAP_S) == [DOUBLE]
    assert recognizer.feed(False, 4.0) == []
    assert recognizer.feed(True, 4.1) == [SHORT], "a third press begins anew"
    assert recognizer.feed(False, 4.2) == []
    assert recognizer.feed(True, 4.3 + DOUBLE_PRESS_GAP_S) == [SHORT], "too late"
