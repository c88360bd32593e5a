"""What one frame showed of everybody in it, put together for whoever asks. Pure."""

from dataclasses import dataclass

from assistant.records import PersonView, Track
from assistant.vision.decisions.stabilizer import Glance
from assistant.vision.faces import geometry


@dataclass(frozen=True)
class Sight:
    """What one frame showed. at: seconds; people in it, the nearest first, or who was in the one of `seen_at`, a moment
    before; count: how many faces were found, where those are more than are looked at; trouble: why nobody could be seen
    in it, a key of [reasons]; is_lens_covered: nothing can be; width, height: of the frame in pixels."""

    at: float
    people: tuple[PersonView, ...] = ()
    count: int = 0
    seen_at: float | None = None
    trouble: str = ""
    is_lens_covered: bool = False
    width: int = 640
    height: int = 480


def seen(person: Track, glance: Glance, width: int, fov_deg: float, partner: int | None) -> PersonView:
    """A person in a frame `width` pixels wide."""
    box = person.face.box
    return PersonView(
        person.track_id,
        box,
        glance.state,
        glance.likely,
        glance.probability,
        glance.since,
        glance.reason,
        geometry.direction(box, width),
        geometry.clock_hour(box, width, fov_deg),
        geometry.distance_band(box, width, fov_deg),
        geometry.facing(person.face),
        person.track_id == partner,
    )
