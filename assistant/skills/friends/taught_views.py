"""Five views of a friend-to-be by spoken aiming: what to do next, and what is wrong with a view."""

from collections.abc import Generator

import numpy as np

from assistant.people import PersonView
from assistant.records import Face, Utterance
from assistant.skills.friends import gates
from assistant.skills.friends.alignment import align
from assistant.skills.friends.dialogue import Dialogue, spoken_s
from assistant.skills.friends.enrolment import Enrolment, View
from assistant.skills.friends.friend import MAX_VIEWS
from assistant.skills.friends.gates import Refusal
from assistant.skills.session import Look, Press, SkillName
from assistant.vision.faces.preprocess import to_grey

PROMPTS = ("look", "turn_left", "turn_right", "chin_up", "closer")
"""What the friend is asked to do for each view, keys of [teach]."""
VIEWS_LIMIT_S = 75.0
"""Seconds for all views."""
LOOK_GAP_S = 0.4
"""Seconds between two looks, so that a head has moved."""
ADVICE_GAP_S = 1.5
"""Seconds of silence after a sentence before the next advice."""
EMBED_LIMIT_S = 5.0
SECOND_FACE = 0.4
"""As in view_collector: a second face of this share of the nearest one's area makes it unclear who is meant."""


def collect(dialogue: Dialogue, enrolment: Enrolment) -> Generator[Utterance, None, bool]:
    """Collect up to MAX_VIEWS views within VIEWS_LIMIT_S; the generator's value is False where a double press stopped
    it. Raises SkillError."""
    session = dialogue.session
    began = after = session.now()
    spoken = dialogue.say("teach", PROMPTS[0])
    yield spoken
    silent_until = began + spoken_s(spoken) + ADVICE_GAP_S
    while session.now() - began < VIEWS_LIMIT_S:
        if session.press(0.0) is Press.BACK:
            return False
        look = session.look(after)
        after = look.at + LOOK_GAP_S
        refused = _take(dialogue, look, enrolment)
        if len(enrolment.views) >= MAX_VIEWS:
            break
        if refused is None:
            spoken = dialogue.say("teach", PROMPTS[len(enrolment.views)])
        elif session.now() >= silent_until:
            spoken = dialogue.say("refusals", refused)
        else:
            continue
        silent_until = session.now() + spoken_s(spoken) + ADVICE_GAP_S
        yield spoken
    return True


def _take(dialogue: Dialogue, look: Look, enrolment: Enrolment) -> Refusal | None:
    """Make a view of a look, unless it is refused."""
    people = sorted(look.people, key=lambda each: -each.box.area)
    if len(people) > 1 and people[1].box.area >= SECOND_FACE * people[0].box.area:
        return Refusal.SEVERAL
    if not people:
        return Refusal.NO_FACE
    face, grey = _face(people[0]), to_grey(look.image)
    if (refused := gates.refusal(face, grey, gates.ENROLMENT_WIDTH_PX)) is not None:
        return refused
    if (aligned := align(look.image, face)) is None:
        return Refusal.NO_FACE
    answer = dialogue.session.ask(SkillName.FRIENDS, {"op": "embed"}, aligned, limit_s=EMBED_LIMIT_S)
    embedding = np.array(answer["embedding"], np.float32)
    if not enrolment.is_new(embedding):
        return Refusal.SAME_VIEW
    enrolment.views.append(View(f"view {len(enrolment.views) + 1}", embedding, gates.view_quality(face, grey)))
    return None


def _face(person: PersonView) -> Face:
    return Face(person.box, 1.0, person.landmarks)
