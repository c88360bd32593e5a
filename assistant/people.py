"""Who is in view: what is known of a person at one moment, for announcements and answers."""

from assistant.dataclass import dataclass
from assistant.records import Box


@dataclass(frozen=True)
class KnownName:
    """What the looks at a face have told of who it is."""

    text: str = ""
    """The name as it is spoken; empty for a stranger."""
    is_certain: bool = True
    """False: "Maybe Anna."."""
    is_stranger: bool = False
    """Whether it is surely none of the friends; that is only told in answers."""
    friend_id: str = ""
    """The friend, as the store knows them; empty for a stranger."""
    sound: str = ""
    """The voice tag that is played as the name; empty where there is none."""


@dataclass(frozen=True)
class PersonView:
    """What is known of one person in view at one moment; answers are made of it."""

    track_id: int
    box: Box
    state: str
    """An expression, CANNOT_TELL, or NOBODY for a track that has just begun."""
    expression: str = ""
    """The expression of the state, else the likeliest one; empty where none is likely."""
    probability: float = 0.0
    """Mean probability of `expression`."""
    since: float = 0.0
    """When the state began, on the clock of a frame's `at`."""
    reason: str = ""
    """Why there is no state, a key of [reasons]; empty where there is one."""
    where: str = "ahead"
    """ "left", "ahead" or "right"."""
    hour: str = "12"
    """The direction on a clock face whose twelve lies ahead: "10" to "2"."""
    distance: str = ""
    """ "near", "far", or empty between the two."""
    facing: str = ""
    """ "you", "left", "right", or empty where that is not known."""
    is_partner: bool = False
    """Whether the wearer is facing this person and talking to them."""
    landmarks: tuple[tuple[float, float], ...] | None = None
    """As in `records.Face`; None also where this is the view of an earlier frame."""
    known: KnownName | None = None
    """Who it is; None where nobody has looked, or the looks did not tell."""
