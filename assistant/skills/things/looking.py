"""How the questions look for things: two looks a second apart, by the engine of the things."""

from assistant.dataclass import dataclass
from assistant.errors import SkillError
from assistant.records import Box
from assistant.skills.session import Look, Session, SkillName
from assistant.skills.things.agreement import agreeing, largest_first
from assistant.skills.things.detection import Thing
from assistant.skills.things.labels import PERSON
from assistant.skills.things.thresholds import MIN_SCORES
from assistant.vision.faces import geometry

DETECT_LIMIT_S = 8.0
"""For one picture, with the start of the engine: a Pi 4B needs some 0.3 s for the picture."""
LOOKS_APART_S = 1.0
LOWEST_SCORE = 0.2
"""Of one look; the mean of two decides."""


@dataclass(frozen=True)
class Found:
    """Things in one look."""

    things: list[Thing]
    detector: str
    """A key of MIN_SCORES."""


@dataclass(frozen=True)
class Group:
    """The things of one class in one direction, which are said together."""

    label: str
    where: str
    """ "left", "ahead" or "right"."""
    boxes: tuple[Box, ...]
    """The largest first."""


def detect(session: Session, look: Look) -> Found:
    """The things in one look. Raises SkillError."""
    request = {"op": "detect", "min_score": LOWEST_SCORE}
    answer = session.ask(SkillName.THINGS, request, look.image, limit_s=DETECT_LIMIT_S)
    try:
        things = [Thing(str(label), float(score), Box(*map(float, box))) for label, score, *box in answer["things"]]
        return Found(things, str(answer["detector"]))
    except (KeyError, TypeError, ValueError) as err:
        raise SkillError(f"things: an answer of the engine that is none: {err}") from err


def two_looks(session: Session, first: Look | None = None) -> tuple[Look, list[Thing]]:
    """The second look, and what it and the first agree on, each sure enough to be said. Raises SkillError.

    first: the first look; None: taken now.
    """
    first = first or session.look()
    before = detect(session, first)
    second = session.look(after=first.at + LOOKS_APART_S)
    now = detect(session, second)
    return second, sure(agreeing(before.things, now.things), now.detector)


def sure(things: list[Thing], detector: str) -> list[Thing]:
    """Those that may be said: of MIN_SCORES, and with that score."""
    least = MIN_SCORES.get(detector, {})
    return [thing for thing in things if thing.score >= least.get(thing.label, 2.0)]


def groups(things: list[Thing], width: int) -> list[Group]:
    """What is said of the things in a picture of that width: one group for each class and direction, that with the
    largest box first."""
    found: dict[tuple[str, str], list[Box]] = {}
    for thing in largest_first(things):
        found.setdefault((thing.label, geometry.direction(thing.box, width)), []).append(thing.box)
    return [Group(label, where, tuple(boxes)) for (label, where), boxes in found.items()]


def people_in(things: list[Thing]) -> int:
    """How many people are among the things."""
    return sum(thing.label == PERSON for thing in things)
