"""Answers to the wearer's questions: short, hedged, fresh, with a reason where an expression cannot be told."""

import dataclasses
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assistant import phrases
from assistant.ipc.commands import Command
from assistant.people import PersonView
from assistant.phrases import TABLES
from assistant.records import CANNOT_TELL, EXPRESSIONS, NOBODY, Box, Priority, Track
from assistant.vision.decisions.stabilizer import TrackEstimate
from assistant.vision.queries import snapshot
from assistant.vision.queries.answers import Answers, duration
from assistant.vision.queries.snapshot import MAX_AGE_S, SceneSnapshot
from tests.support.standins import face

EN = phrases.load("en")
ANSWERS = Answers(EN, ("happy", "neutral"))


def person_view(state: str = "happy", probability: float = 0.9, **facts: Any) -> PersonView:
    expression = facts.pop("expression", state if state in EXPRESSIONS else "")
    return PersonView(1, Box(280, 200, 80, 80), state, expression, probability, 0.0, **facts)


def asked(*people: PersonView, what: Command = Command.ASK, now: float = 5.0, **facts: Any) -> str:
    return ANSWERS.answer(what, SceneSnapshot(5.0, people, **facts), now).utterance.text


def test_one_person() -> None:
    assert asked(person_view()) == "Looks happy. Ahead."
    assert asked(person_view(distance="near", facing="you")) == "Looks happy. Ahead, close, facing you."
    assert asked(person_view("neutral", where="left", distance="far")) == "Looks neutral. On the left, far away."


def test_an_unsure_or_untrusted_expression_is_only_maybe() -> None:
    assert asked(person_view("sad", 0.95)) == "Maybe looks sad. Ahead."
    assert asked(person_view("happy", 0.5)) == "Maybe looks happy. Ahead."
    assert asked(person_view(NOBODY, 0.5, expression="happy", reason="unclear")) == "Maybe looks happy. Ahead."
    unsure = person_view(CANNOT_TELL, 0.3, expression="", reason="unclear")
    assert asked(unsure) == "Cannot tell, face is unclear. Ahead."
    assert "annot tell" in asked(person_view("contempt", 0.9))


def test_the_answer_names_the_reason_where_the_expression_cannot_be_told() -> None:
    for reason, part in EN.tables["reasons"].items():
        if reason != "unclear":
            answer = ANSWERS.answer(Command.ASK, SceneSnapshot(5.0, (person_view("happy", reason=reason),)), 5.0)
            assert answer.utterance.text.startswith(f"Cannot tell, {part}.")
            assert answer.reason == reason
    turned = person_view(CANNOT_TELL, reason="side_on", facing="left")
    assert asked(turned) == "Cannot tell, face turned away. Ahead."


def test_several_people() -> None:
    people = (person_view("neutral", where="left"), dataclasses.replace(person_view(), track_id=2, where="right"))
    assert asked(*people) == "Looks neutral. Two people. Nearest, on the left."
    partner = (people[0], dataclasses.replace(people[1], is_partner=True))
    assert asked(*partner) == "Looks happy. Two people. Nearest, on the right."
    larger = (dataclasses.replace(people[0], box=Box(0, 100, 200, 200)), partner[1])
    assert asked(*larger) == "Looks happy. Two people. On the right.", "the partner need not be the nearest"
    assert asked(*people, what=Command.MORE) == "Two people. On the left: Looks neutral. On the right: Looks happy."
    assert asked(*[person_view()] * 6).startswith("Looks happy. More than four people.")


def test_an_empty_view_and_a_snapshot_that_is_too_old() -> None:
    assert asked() == "Nobody in view."
    assert asked(problem="dark") == "Cannot tell, too dark."
    assert asked(is_lens_covered=True) == EN.status("lens_covered")
    assert asked(person_view(), now=5.0 + MAX_AGE_S + 0.01) == EN.status("no_picture")
    assert ANSWERS.answer(Command.ASK, None, 5.0).utterance.text == EN.status("no_picture")


def test_a_person_seen_a_moment_before_is_answered_about_for_no_longer_than_that() -> None:
    held = {"seen_at": 4.5}
    assert asked(person_view(), now=5.4, **held) == "Looks happy. Ahead."
    assert asked(person_view(), now=5.6, **held) == "Nobody in view."


def test_more_faces_than_are_looked_at_are_counted() -> None:
    four = [dataclasses.replace(person_view(), track_id=number) for number in range(1, 5)]
    assert asked(*four).startswith("Looks happy. Four people.")
    assert asked(*four, count=6).startswith("Looks happy. More than four people.")
    assert asked(person_view(), count=3).startswith("Looks happy. Three people. Nearest, ahead.")


def test_why_is_about_the_person_whose_expression_was_named_last() -> None:
    people = (person_view(), dataclasses.replace(person_view("sad"), track_id=2))
    snapshot = SceneSnapshot(5.0, people)
    why = [ANSWERS.answer(Command.WHY, snapshot, 5.0, last).utterance.text for last in (None, 1, 2, 3)]
    assert [text.split(",")[0] for text in why] == ["Looks happy", "Looks happy", "Looks sad", "Looks happy"]
    assert ANSWERS.answer(Command.ASK, snapshot, 5.0, 2).utterance.text.startswith("Looks happy.")


def test_why_has_the_sureness_and_the_duration() -> None:
    assert asked(person_view(), what=Command.WHY, now=5.0) == "Looks happy, quite sure, for some seconds."
    assert asked(person_view("sad"), what=Command.WHY) == "Looks sad, not sure, for some seconds."
    assert asked(person_view(probability=0.65), what=Command.WHY) == "Looks happy, fairly sure, for some seconds."
    unsure = {"facing": "left", "distance": "far"}
    why = "Looks happy, fairly sure, for some seconds."
    assert asked(person_view(probability=0.65, **unsure), what=Command.WHY) == f"{why} Turned left, far away."
    assert asked(person_view(probability=0.65, facing="you", distance="near"), what=Command.WHY) == why
    assert asked(person_view(**unsure), what=Command.WHY) == "Looks happy, quite sure, for some seconds."
    assert asked(person_view(CANNOT_TELL, reason="dark"), what=Command.WHY) == "Cannot tell, too dark."
    assert asked(person_view(CANNOT_TELL, reason="unclear"), what=Command.WHY) == "Cannot tell, face is unclear."
    maybe = person_view(CANNOT_TELL, 0.7, expression="happy", reason="unclear")
    assert asked(maybe) == "Maybe looks happy. Ahead."
    assert asked(maybe, what=Command.WHY) == "Looks happy, not sure, for some seconds."
    assert [duration(s) for s in (0, 3, 20, 60, 120)] == ["moment", "seconds", "half_minute", "minute", "minutes"]


def test_aim() -> None:
    assert asked(person_view(), what=Command.AIM) == "The face is straight ahead."
    left = dataclasses.replace(person_view(), box=Box(0, 200, 80, 80))
    assert asked(left, what=Command.AIM) == "Turn a little left."
    assert asked(what=Command.AIM) == "Nobody in view."


def test_by_the_clock() -> None:
    by_clock = Answers(EN, ("happy",), is_by_clock=True)
    for hour, part in (("12", "ahead"), ("1", "at one o'clock"), ("10", "at ten o'clock")):
        text = by_clock.answer(Command.ASK, SceneSnapshot(5.0, (person_view(hour=hour),)), 5.0).utterance.text
        assert text == f"Looks happy. {part.capitalize()}."


@given(
    st.lists(
        st.builds(
            person_view,
            st.sampled_from([*EXPRESSIONS, CANNOT_TELL, NOBODY]),
            st.floats(0, 1),
            expression=st.sampled_from(["", *EXPRESSIONS]),
            where=st.sampled_from(sorted(TABLES["where"])),
            distance=st.sampled_from(["", "near", "far"]),
            facing=st.sampled_from(["", "you", "left", "right"]),
            reason=st.sampled_from(["", *sorted(TABLES["reasons"])]),
        ),
        max_size=5,
    ),
    st.sampled_from([Command.ASK, Command.MORE, Command.WHY, Command.AIM]),
    st.sampled_from(phrases.known_locales()),
    st.sampled_from(["emotion", "movement"]),
)
def test_no_sentence_has_more_than_eight_words(
    people: list[PersonView], what: Command, locale: str, wording: str
) -> None:
    part = phrases.load(locale, wording)
    utterance = Answers(part, ("happy",)).answer(what, SceneSnapshot(5.0, tuple(people)), 5.0).utterance
    assert utterance.priority is Priority.ANSWER
    for sentence in utterance.text.removesuffix(part.stop).split(f"{part.stop} "):
        assert 0 < len(sentence.split()) <= 8, sentence


def test_a_person_view_is_put_together_from_face_and_estimate() -> None:
    estimate = TrackEstimate("happy", "happy", 0.8, "", 2.0)
    person = snapshot.person_view(Track(3, face(480)), estimate, 640, 62.0, partner=3)
    assert (person.state, person.expression, person.probability, person.since) == ("happy", "happy", 0.8, 2.0)
    assert (person.where, person.hour, person.distance, person.is_partner) == ("right", "1", "near", True)
    why = TrackEstimate(CANNOT_TELL, "", 0.0, "far", 0.0)
    distant = snapshot.person_view(Track(-1, face(300, size=25)), why, 640, 62.0, partner=None)
    assert distant.state == CANNOT_TELL
    assert (distant.reason, distant.distance, distant.is_partner) == ("far", "far", False)
