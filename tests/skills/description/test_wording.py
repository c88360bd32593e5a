"""The two sentences of a description: what comes first, what is left out, and that they are short in every language."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import phrases
from assistant.people import PersonView
from assistant.phrases import MAX_WORDS, SPOKEN_EXPRESSIONS
from assistant.records import Box
from assistant.skills.description import vocabulary
from assistant.skills.description.wording import Scene, compose
from assistant.skills.things.detection import Thing
from assistant.skills.things.labels import COCO
from tests.support import locale_lint

EN = phrases.load("en")
TABLE, CUP = Thing("dining_table", 0.9, Box(200, 200, 300, 200)), Thing("cup", 0.9, Box(20, 200, 60, 80))
BODY = Thing("person", 0.9, Box(250, 50, 60, 300))


def person(number: int, state: str = "happy", where: str = "ahead", facing: str = "you") -> PersonView:
    return PersonView(number, Box(300, 100, 80 - number, 80), state, state, 0.9, where=where, facing=facing)


def test_people_then_things_then_the_light() -> None:
    scene = Scene((person(1),), {}, [TABLE, CUP], 640, "dim")
    assert compose(EN, scene) == [
        "One person, ahead, looks happy, facing you.",
        "Table ahead, cup on the left, dim light.",
    ]


def test_friends_by_their_names() -> None:
    assert compose(EN, Scene((person(1),), {1: "Anna"})) == ["Anna, ahead, looks happy, facing you."]
    both = Scene((person(1), person(2, where="left")), {1: "Anna", 2: "Ben"})
    assert compose(EN, both) == ["Two people, among them Anna and Ben."]
    assert compose(EN, Scene((person(1), person(2)), {2: "Ben"})) == ["Two people, among them Ben, ahead."]


def test_several_people_with_the_nearests_expression() -> None:
    assert compose(EN, Scene((person(1), person(2)))) == ["Two people, ahead, the nearest: looks happy."]
    assert compose(EN, Scene((person(1, "cannot tell"), person(2, where="left")))) == ["Two people."]


def test_people_whose_faces_are_not_seen() -> None:
    assert compose(EN, Scene(things=[BODY])) == ["One person, ahead."]
    two = [BODY, BODY._replace(box=Box(20, 50, 60, 300))]
    assert compose(EN, Scene(things=two)) == ["At least two people."]
    assert compose(EN, Scene((person(1),), {}, two)) == ["At least two people, ahead."]


def test_without_people_two_sentences_of_things() -> None:
    clock = Thing("clock", 0.9, Box(500, 0, 40, 40))
    assert compose(EN, Scene(things=[TABLE, CUP, clock])) == ["Table ahead, cup on the left.", "Clock on the right."]
    assert compose(EN, Scene(light="dark")) == ["Too dark."]
    assert compose(EN, Scene()) == ["Nothing I am sure of."]


PEOPLE = st.lists(
    st.builds(
        person,
        st.integers(0, 5),
        st.sampled_from([*sorted(SPOKEN_EXPRESSIONS), "cannot tell"]),
        st.sampled_from(["left", "ahead", "right"]),
        st.sampled_from(["you", "left", "right", ""]),
    ),
    max_size=5,
)
THINGS = st.lists(
    st.builds(
        Thing,
        st.sampled_from(COCO),
        st.just(0.9),
        st.builds(Box, st.floats(0, 600), st.floats(0, 400), st.floats(1, 300), st.floats(1, 300)),
    ),
    max_size=5,
)


@given(PEOPLE, THINGS, st.sampled_from(["", "dim", "dark"]), st.sampled_from(phrases.known_locales()), st.booleans())
def test_at_most_two_sentences_of_eight_words(
    people: list[PersonView], things: list[Thing], light: str, locale: str, has_names: bool
) -> None:
    core = phrases.load(locale)
    names = {each.track_id: "Anna" for each in people} if has_names else {}
    told = compose(core, Scene(people, names, things, 640, light))
    assert 1 <= len(told) <= 2
    for sentence in told:
        assert len(sentence.split()) <= MAX_WORDS, sentence
        assert sentence.endswith(core.stop)
        assert sentence[0] == sentence[0].upper()


@pytest.mark.parametrize("locale", phrases.known_locales())
def test_no_part_says_what_no_sentence_may(locale: str) -> None:
    core = phrases.load(locale)
    never = locale_lint.Language.of(core).never
    for text in itertools.chain.from_iterable(table.values() for table in vocabulary.load(locale).tables.values()):
        assert not locale_lint.tokens(text) & never, text
