"""What is said of friends, when, and how often."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import phrases
from assistant.people import KnownName
from assistant.records import CANNOT_TELL, MAX_UNASKED, NOBODY
from assistant.sentences import Sentence
from assistant.vision import utterances
from assistant.vision.decisions.announcement_budget import DEFER_S
from assistant.vision.decisions.announcement_log import Answered
from assistant.vision.decisions.empty_view import RETRY_S
from assistant.vision.decisions.naming import NAME_WAIT_S
from tests.vision.decisions.test_scene import Stage

EN = phrases.load("en")
ANNA, BEN = KnownName("Anna", friend_id="1"), KnownName("Ben", friend_id="2")
MAYBE_ANNA = KnownName("Anna", is_certain=False, friend_id="1")
STRANGER = KnownName(is_stranger=True)


class Meeting(Stage):
    """A stage on which some people are known."""

    def __init__(self, verbosity: str = "normal") -> None:
        super().__init__(verbosity)
        self.known: dict[int, KnownName] = {}
        self.awaited: set[int] = set()

    def say(self, *changes: tuple[int, str, str]) -> list[str]:
        """The texts of the announcements of one frame, which are heard."""
        self.scene.naming.update(self.known, self.awaited, self.at)
        before = len(self.made)
        self.step(*changes)
        for each in self.made[before:]:
            self.scene.ended(each, is_heard=True)
        return [utterances.of_announcement(EN, each, self.at).text for each in self.made[before:]]

    def listen(self, seconds: float) -> list[str]:
        return [text for _ in range(round(seconds * 10)) for text in self.say()]


@pytest.fixture
def meeting() -> Meeting:
    made = Meeting()
    made.people = {1: 320}
    made.known = {1: ANNA}
    return made


def test_a_friend_is_named_in_place_of_one_person_once(meeting: Meeting) -> None:
    assert meeting.say((1, NOBODY, CANNOT_TELL)) == ["Anna."]
    assert meeting.listen(20) == []
    assert meeting.say((1, CANNOT_TELL, "happy")) == ["Looks happy."]
    assert meeting.say((1, "happy", "contempt")) == ["No longer looking happy."]


def test_a_friend_who_comes_with_an_expression(meeting: Meeting) -> None:
    assert meeting.say((1, NOBODY, "happy")) == ["Anna looks happy."]
    assert meeting.listen(5) == []


def test_an_arrival_waits_for_the_name_but_not_for_long(meeting: Meeting) -> None:
    meeting.known, meeting.awaited = {}, {1}
    assert meeting.say((1, NOBODY, "happy")) == []
    assert meeting.listen(0.4) == []
    meeting.known, meeting.awaited = {1: ANNA}, set()
    assert meeting.say() == ["Anna looks happy."]


def test_the_person_is_announced_without_a_name_after_that_and_the_name_follows(meeting: Meeting) -> None:
    meeting.known, meeting.awaited = {}, {1}
    assert meeting.say((1, NOBODY, CANNOT_TELL)) == []
    assert meeting.listen(NAME_WAIT_S + 0.1) == ["One person."]
    meeting.known, meeting.awaited = {1: ANNA}, set()
    assert meeting.listen(10) == ["Anna."]


def test_where_nobody_is_looked_at_nothing_waits(meeting: Meeting) -> None:
    meeting.known = {}
    assert meeting.say((1, NOBODY, "happy")) == ["One person looks happy."]


def test_below_the_bar_it_is_maybe_anna_once(meeting: Meeting) -> None:
    meeting.known = {1: MAYBE_ANNA}
    assert meeting.say((1, NOBODY, "happy")) == ["Maybe Anna. Looks happy."]
    meeting.people[2] = 60
    meeting.say((2, NOBODY, CANNOT_TELL))
    assert meeting.listen(3) == ["On the left: one more person."]
    assert meeting.say((1, "happy", "sad")) == ["Ahead: looks sad."]


def test_a_stranger_stays_one_person(meeting: Meeting) -> None:
    meeting.known = {1: STRANGER}
    assert meeting.say((1, NOBODY, CANNOT_TELL)) == ["One person."]
    assert meeting.listen(10) == []


def test_in_company_it_is_said_who_and_where(meeting: Meeting) -> None:
    assert meeting.say((1, NOBODY, CANNOT_TELL)) == ["Anna."]
    meeting.people[2], meeting.known[2] = 60, BEN
    assert meeting.listen(1.3) == []
    assert meeting.say((2, NOBODY, "happy")) == ["On the left: Ben looks happy."]
    assert meeting.say((2, "happy", "contempt")) == ["Ben: no longer looking happy."]


def test_two_friends_who_come_together_are_not_counted_but_named(meeting: Meeting) -> None:
    meeting.people[2], meeting.known[2] = 60, BEN
    meeting.say((1, NOBODY, CANNOT_TELL), (2, NOBODY, CANNOT_TELL))
    assert [text for text in meeting.listen(5) if "people" in text] == []
    said = [each.name.text for each in meeting.made if each.name]
    assert sorted(said) == ["Anna", "Ben"]


def test_who_of_several_left_is_told_where_departures_are() -> None:
    meeting = Meeting("full")
    meeting.people, meeting.known = {1: 320, 2: 60}, {1: ANNA, 2: BEN}
    meeting.say((1, NOBODY, "happy"))
    meeting.listen(2)
    meeting.say((2, NOBODY, "happy"))
    meeting.listen(2)
    del meeting.people[2], meeting.known[2]
    assert "Ben left." in [*meeting.say((2, "happy", NOBODY)), *meeting.listen(3)]


@pytest.mark.parametrize("verbosity", ["quiet", "smiles", "brief"])
def test_names_alone_are_not_announced_where_people_are_not(verbosity: str) -> None:
    meeting = Meeting(verbosity)
    meeting.people, meeting.known = {1: 320}, {1: ANNA}
    assert meeting.say((1, NOBODY, CANNOT_TELL)) == []
    assert meeting.listen(5) == []


def test_who_smiles_is_named_where_only_smiles_are_announced() -> None:
    meeting = Meeting("smiles")
    meeting.people, meeting.known = {1: 320}, {1: ANNA}
    assert meeting.say((1, NOBODY, "happy")) == ["Anna looks happy."]


def test_a_name_that_was_not_heard_is_said_again(meeting: Meeting) -> None:
    meeting.known = {}
    meeting.say((1, NOBODY, CANNOT_TELL))
    meeting.scene.naming.update({1: ANNA}, (), meeting.at)
    assert meeting.step() == [(Sentence.NAMED, "")]
    meeting.ended(is_heard=False)
    meeting.known = {1: ANNA}
    assert meeting.listen(RETRY_S + 0.2) == ["Anna."]


def test_a_name_waits_until_the_minute_allows_it(meeting: Meeting) -> None:
    meeting.known = {}
    meeting.say((1, NOBODY, CANNOT_TELL))
    for expression in ("happy", "surprise", "sad", "angry", "happy", "sad"):
        meeting.say((1, CANNOT_TELL, expression))
    meeting.known = {1: ANNA}
    said = meeting.listen(60 + 2 * DEFER_S)
    assert [each for each in said if "Anna" in each] == ["Anna looks sad."]


def test_what_an_answer_named_is_not_announced(meeting: Meeting) -> None:
    meeting.known = {}
    meeting.say((1, NOBODY, CANNOT_TELL))
    meeting.scene.answered(Answered(meeting.at, (1,), 1, names={1: ANNA}))
    meeting.known = {1: ANNA}
    assert meeting.listen(10) == []


def test_a_name_that_was_called_wrong_is_not_said_again(meeting: Meeting) -> None:
    assert meeting.say((1, NOBODY, CANNOT_TELL)) == ["Anna."]
    said = meeting.scene.reject_name(meeting.at)
    assert said is not None
    assert (said.track_id, said.name) == (1, ANNA)
    assert meeting.scene.reject_name(meeting.at) is None
    assert meeting.listen(10) == []
    assert meeting.scene.naming.known == {}
    del meeting.people[1]
    meeting.say((1, CANNOT_TELL, NOBODY))
    meeting.people, meeting.known = {3: 320}, {3: ANNA}
    assert "Anna." in [*meeting.say((3, NOBODY, CANNOT_TELL)), *meeting.listen(2)]


def test_of_a_name_with_an_expression_first_the_expression_is_called_wrong(meeting: Meeting) -> None:
    assert meeting.say((1, NOBODY, "happy")) == ["Anna looks happy."]
    assert meeting.scene.reject_name(meeting.at) is None
    assert meeting.scene.reject_last(meeting.at)
    assert meeting.scene.reject_name(meeting.at) is not None


def test_after_a_pause_a_friend_is_named_anew(meeting: Meeting) -> None:
    meeting.say((1, NOBODY, CANNOT_TELL))
    meeting.scene.forget(meeting.at)
    meeting.people, meeting.known = {2: 320}, {2: ANNA}
    assert meeting.say((2, NOBODY, CANNOT_TELL)) == ["Anna."]


STATES = (NOBODY, CANNOT_TELL, "happy", "sad", "neutral")
NAMES: tuple[KnownName | None, ...] = (None, None, ANNA, BEN, MAYBE_ANNA, STRANGER)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from(STATES), st.sampled_from(NAMES), st.floats(0.1, 3.0)), max_size=25
    ),
    st.sampled_from(["quiet", "smiles", "brief", "normal", "full"]),
)
def test_a_name_is_introduced_once_for_each_arrival_and_the_budget_holds(
    events: list[tuple[int, str, KnownName | None, float]], verbosity: str
) -> None:
    meeting, states, introduced = Meeting(verbosity), dict[int, str](), set[tuple[int, str]]()
    made_at: list[float] = []
    for track_id, state, name, seconds in events:
        old = states.get(track_id, NOBODY)
        if state != NOBODY:
            meeting.people[track_id] = 100.0 * track_id
        if name is not None:
            meeting.known[track_id] = name
        before = len(meeting.made)
        if state != old:
            meeting.say((track_id, old, state))
            states[track_id] = state
        if state == NOBODY:
            meeting.people.pop(track_id, None)
            meeting.known.pop(track_id, None)
            introduced = {each for each in introduced if each[0] != track_id}
            meeting.scene.naming._said.pop(track_id, None)
        meeting.listen(seconds)
        for each in meeting.made[before:]:
            made_at += [] if each.is_cue else [each.change.at]
            if each.name is None or each.is_cue or each.sentence is Sentence.PERSON_LEFT:
                continue
            key = (each.change.track_id, each.name.friend_id)
            is_again = bool(each.where) and each.sentence in (Sentence.LOOKS, Sentence.NO_LONGER)
            assert key not in introduced or is_again
            introduced.add(key)
            assert not each.name.is_stranger
    assert all(len([at for at in made_at if start <= at < start + 60]) <= MAX_UNASKED for start in made_at)


def _announcements(known: Mapping[int, KnownName], events: list[tuple[int, str, float]]) -> list[object]:
    meeting, states = Meeting(), dict[int, str]()
    for track_id, state, seconds in events:
        old = states.get(track_id, NOBODY)
        meeting.people[track_id] = 100.0 * track_id
        meeting.known = dict(known)
        if state != old:
            meeting.say((track_id, old, state))
            states[track_id] = state
        meeting.listen(seconds)
    return list(meeting.made)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from(STATES[1:]), st.floats(0.1, 2.0)), max_size=15),
)
def test_where_nobody_is_known_every_announcement_is_as_without_friends(events: list[tuple[int, str, float]]) -> None:
    strangers = dict.fromkeys((1, 2, 3), STRANGER)
    assert _announcements({}, events) == _announcements(strangers, events)
