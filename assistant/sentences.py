"""The sentences of announcements, by name; `phrases` has their words."""

from enum import StrEnum


class Sentence(StrEnum):
    """The sentences of announcements: the keys of [sentences], where those with a place have a form <key>_where too."""

    ARRIVED = "arrived"
    """The first person in view, and how they look."""
    LOOKS = "looks"
    """The expression of a person."""
    ONE_PERSON = "one_person"
    """The first person in view, without an expression."""
    ONE_MORE_PERSON = "one_more_person"
    """A person who joined others, without an expression."""
    NO_LONGER = "no_longer"
    """An announced expression has ended, and no other one is to be announced."""
    CANNOT_TELL = "cannot_tell"
    """Why the expression of a person cannot be told."""
    PERSON_LEFT = "person_left"
    """One of several people left."""
    PEOPLE = "people"
    """How many people are in view now: several arrived together, or an arrival was not told in time, or one left."""
    NOBODY_IN_VIEW = "nobody_in_view"
    """The last person left."""
    FACING_YOU = "facing_you"
    """A person has turned to the wearer."""
    TURNED_AWAY = "turned_away"
    """A person who faced the wearer has turned away."""
    NAMED = "named"
    """Who a person is that was announced without a name. It has no form without one, and none in [sentences]."""

    @property
    def names_expression(self) -> bool:
        """Whether it says which expression a person has now."""
        return self in (Sentence.ARRIVED, Sentence.LOOKS)

    @property
    def is_presence(self) -> bool:
        """True for a sentence about a person coming or leaving, without an expression."""
        return self in PRESENCE


WITHOUT_PLACE = (Sentence.PERSON_LEFT, Sentence.PEOPLE, Sentence.NOBODY_IN_VIEW)
"""Sentences that have no form with a place."""
PRESENCE = (Sentence.ONE_PERSON, Sentence.ONE_MORE_PERSON, *WITHOUT_PLACE)
ATTENTION = (Sentence.FACING_YOU, Sentence.TURNED_AWAY)
"""Sentences about which way a person has turned."""
