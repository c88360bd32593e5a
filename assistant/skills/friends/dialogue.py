"""How the skill of friends speaks with the wearer and the friend: a sentence, then a press within some seconds."""

from collections.abc import Generator

from assistant.people import KnownName
from assistant.records import Priority, Utterance, UtteranceKind
from assistant.skills.friends import vocabulary
from assistant.skills.friends.friend import Friend
from assistant.skills.session import Press, Session

SECONDS_A_WORD = 0.45
"""For how long a sentence is heard before its press is waited for: the slowest usual rate has 135 words a minute."""
ANSWER_S = 12.0
"""Seconds for an answer: the button may be in another hand."""
OFFER_S = 5.0
"""Seconds for a press after an offer, before the next one is made."""


class Dialogue:
    """Speaks the words of the friends in the language of a session."""

    def __init__(self, session: Session) -> None:
        self.session, self.words = session, vocabulary.load(session.phrases.locale)

    def say(self, table: str, key: str, friend: Friend | KnownName | None = None) -> Utterance:
        """A sentence. friend: whose name is in it."""
        if friend is None:
            return utterance(self.words.text(table, key))
        name, tag = (friend.name, friend.tag) if isinstance(friend, Friend) else (friend.text, friend.sound)
        return utterance(self.words.text(table, key, name=name), name if tag else "", tag)

    def ask(self, said: Utterance, limit_s: float = ANSWER_S) -> Generator[Utterance, None, Press | None]:
        """Speak a question; the generator's value is the press, None where there was none within limit_s of its end. A
        press before the question is no answer to it."""
        while self.session.press(0.0) is not None:
            pass
        yield said
        return self.session.press(spoken_s(said) + limit_s)

    def tell(self, said: Utterance) -> Generator[Utterance, None, bool]:
        """Speak a sentence to its end; the generator's value is whether a double press stopped it."""
        yield said
        return self.session.press(spoken_s(said)) is Press.BACK


def utterance(text: str, spoken_name: str = "", name_sound: str = "") -> Utterance:
    """A line of the answer."""
    return Utterance(
        text,
        Priority.ANSWER,
        "answer",
        None,
        "friends",
        kind=UtteranceKind.ANSWER,
        spoken_name=spoken_name,
        name_sound=name_sound,
    )


def spoken_s(said: Utterance) -> float:
    """About how long it takes to say."""
    return SECONDS_A_WORD * len(said.text.split())
