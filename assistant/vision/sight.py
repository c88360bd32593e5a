"""What one frame showed of everybody in it, put together for whoever asks. Pure."""

from dataclasses import dataclass

from assistant.records import CANNOT_TELL, Person, Seen
from assistant.vision import place
from assistant.vision.stabilizer import Glance


@dataclass(frozen=True)
class Sight:
    """What one frame showed. at: seconds; people in it, the nearest first; trouble: why nobody could be seen in it, a
    key of [reasons]; is_lens_covered: nothing can be; width, height: of the frame in pixels."""

    at: float
    people: tuple[Seen, ...] = ()
    trouble: str = ""
    is_lens_covered: bool = False
    width: int = 640
    height: int = 480


def seen(person: Person, glance: Glance, width: int, fov_deg: float, partner: int | None) -> Seen:
    """A person in a frame `width` pixels wide. Who has no track (a number below 0) is too far to be read."""
    box = person.face.box
    is_far = person.id < 0
    reason = "far" if is_far else glance.reason
    return Seen(
        person.id,
        box,
        CANNOT_TELL if is_far else glance.state,
        glance.likely,
        glance.probability,
        glance.since,
        reason,
        place.where(box, width),
        place.hour(box, width, fov_deg),
        place.distance(box, width, fov_deg),
        place.facing(person.face),
        person.id == partner,
    )
