"""A friend: somebody who agreed to be recognized, and what is kept of them. Imports no NumPy."""

from enum import StrEnum

from assistant.dataclass import dataclass

Embedding = tuple[float, ...]
"""A vector of length 1, as a recognizer makes it of an aligned face."""
MAX_DIMENSIONS = 4096
"""Largest length of an embedding; SFace has 128, others up to 512."""

MAX_VIEWS = 5
"""Embeddings that are kept of each friend. With one picture 89 % were named right, with three 97, with five 98 (0095;
strangers named in 0.1 to 0.2 % of the looks)."""
MIN_VIEWS = 3
"""Fewer are no enrolment."""


class ConsentWay(StrEnum):
    """How a friend agreed."""

    BUTTON = "button"
    """The friend pressed the button, asked by the box."""
    TERMINAL = "terminal"
    """Asked aloud by whoever was at the terminal, who typed the friend's answer."""
    SAID_BY_USER = "said by the user"
    """The user said that the friend had agreed, of pictures or a clip."""


@dataclass(frozen=True)
class Friend:
    """What is kept of a friend. No picture is."""

    friend_id: str
    """Constant, also when the friend is renamed."""
    name: str
    """As it is spoken; where there is a voice tag, for lists alone."""
    mean: Embedding
    """The mean of all views of the enrolment, of length 1."""
    views: tuple[Embedding, ...]
    """MAX_VIEWS of them at the most."""
    model: str
    """SHA-256 of the recognizer's file: with another recognizer the friend has to be taught again."""
    consent: ConsentWay
    consent_on: str
    """The date as 2026-11-30; empty where the clock was not synchronized, so that no date was known."""
    is_adult: bool | None = None
    """None: it was not said."""
    tag: str = ""
    """Name of the file with the spoken name, beside the list of friends; empty: there is none."""
    is_strict: bool = False
    """The wearer said "Not Anna.": the bar is higher from then on."""
    kept_on: str = ""
    """The last date on which the wearer was asked whether to keep this friend; empty: never."""
