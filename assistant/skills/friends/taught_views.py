"""Five views of a friend-to-be by spoken aiming: what to do next, and what is wrong with a view."""

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from assistant.records import Face, Utterance
from assistant.skills.friends.dialogue import Dialogue, spoken_s
from assistant.skills.friends.enrolment import Enrolment
from assistant.skills.friends.friend import MAX_VIEWS
from assistant.skills.friends.gates import Refusal
from assistant.skills.friends.view_taking import take_view
from assistant.skills.session import Look, Press, SkillName

PROMPTS = ("look", "turn_left", "turn_right", "chin_up", "closer")
"""What the friend is asked to do for each view, keys of [teach]."""
VIEWS_LIMIT_S = 75.0
"""Seconds for all views."""
LOOK_GAP_S = 0.4
"""Seconds between two looks, so that a head has moved."""
ADVICE_GAP_S = 1.5
"""Seconds of silence after a sentence before the next advice."""
EMBED_LIMIT_S = 5.0
"""Seconds for the engine to embed a face."""


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
    faces = [Face(person.box, 1.0, person.landmarks) for person in people]

    def embed(aligned: NDArray[np.uint8]) -> NDArray[np.float32]:
        answer = dialogue.session.ask(SkillName.FRIENDS, {"op": "embed"}, aligned, limit_s=EMBED_LIMIT_S)
        return np.array(answer["embedding"], np.float32)

    return take_view(enrolment, look.image, faces, f"view {len(enrolment.views) + 1}", embed)
