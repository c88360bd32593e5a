"""What is in front: at most three things, the largest first, each with its direction; then the next three.

Every thing has its own short sentence, and of several of one kind in one direction only one is spoken of: "Chair,
ahead." is true of four chairs, too. People are counted, at least: a detector merges those who stand close together.
"""

from collections.abc import Iterator
from typing import NamedTuple

from assistant.phrases import Phrases
from assistant.records import Priority, Utterance, UtteranceKind
from assistant.skills.session import Session
from assistant.skills.things import vocabulary
from assistant.skills.things.labels import PERSON
from assistant.skills.things.looking import Group, groups, two_looks
from assistant.skills.words import Words

MAX_THINGS = 3
"""Things in one answer."""
MAX_COUNTED = 4
"""People are counted up to here; beyond, there are more."""
MORE_S = 60.0
"""For so long after an answer `what_more` goes on with it; later it looks again."""
MEMORY = "what"


class Rest(NamedTuple):
    """What an answer has left out."""

    sentences: tuple[str, ...]
    at: float


def what(session: Session) -> Iterator[Utterance]:
    """Answers "what is in front". Lets SkillError pass."""
    session.memory.pop(MEMORY, None)
    language = vocabulary.load(session.phrases.locale)
    look, things = two_looks(session)
    said = [sentence(session.phrases, language, each) for each in groups(things, look.image.shape[1])]
    yield _answer(session, said or [language.text("sentences", "nothing")])


def what_more(session: Session) -> Iterator[Utterance]:
    """Answers with the next things of the last answer; without one, like `what`. Lets SkillError pass."""
    rest = session.memory.pop(MEMORY, None)
    if not isinstance(rest, Rest) or session.now() - rest.at > MORE_S:
        yield from what(session)
        return
    language = vocabulary.load(session.phrases.locale)
    yield _answer(session, list(rest.sentences) or [language.text("sentences", "no_more")])


def sentence(phrases: Phrases, language: Words, group: Group) -> str:
    """E.g. "Cup, on the left.", "At least two people, ahead."."""
    return phrases.join((name(phrases, language, group.label, len(group.boxes)), phrases.place(group.where)))


def name(phrases: Phrases, language: Words, label: str, count: int) -> str:
    """The words for things of one class; people are counted."""
    if label != PERSON or count == 1:
        return language.tables["things"][label]
    people = phrases.count(count)
    return people if count > MAX_COUNTED else language.tables["sentences"]["at_least"].format(count=people)


def _answer(session: Session, said: list[str]) -> Utterance:
    session.memory[MEMORY] = Rest(tuple(said[MAX_THINGS:]), session.now())
    return Utterance(" ".join(said[:MAX_THINGS]), Priority.ANSWER, "answer", None, MEMORY, kind=UtteranceKind.ANSWER)
