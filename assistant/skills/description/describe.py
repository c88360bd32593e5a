"""What is before the wearer, in two sentences: people, things, light; then, where there is one, a program's guess."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from assistant.errors import SkillCancelledError, SkillError
from assistant.records import Priority, Utterance, UtteranceKind
from assistant.skills.description import vocabulary, wording
from assistant.skills.description.captioner import REPLY_S
from assistant.skills.description.wording import Scene
from assistant.skills.session import Look, Session, SkillName
from assistant.skills.things.detection import Thing
from assistant.skills.things.looking import two_looks
from assistant.vision.faces import preprocess, quality

DIM_MEAN = 50.0
"""Mean grey level of a frame below which the light is dim; a camera that adapts to the light reaches 90 to 140.
Estimated, not measured: no pictures of rooms come with their light in lux."""
NOTE = "describe"


def describe(session: Session) -> Iterator[Utterance]:
    """Answers "describe". Lets SkillError pass."""
    look, things, problem = _looked(session)
    scene = Scene(look.people, look.names, things, look.image.shape[1], light_of(look.image))
    note = f"{NOTE}: without things: {problem}" if problem else NOTE
    yield _answer(" ".join(wording.compose(session.phrases, scene)), note)
    if session.settings.describe.command:
        limit_s = session.settings.describe.command_s
        answer = session.ask(SkillName.DESCRIBE, {"op": "caption"}, look.image, limit_s=limit_s + REPLY_S)
        guess = vocabulary.load(session.phrases.locale).text("parts", "guess", text=str(answer.get("text", "")))
        yield _answer(guess, NOTE)


def _looked(session: Session) -> tuple[Look, list[Thing], str]:
    """A look, the things in it, and why these are unknown; with people in view a description without things is better
    than none. Raises SkillError."""
    first = session.look()
    if not session.settings.things.enabled:
        return first, [], ""
    try:
        look, things = two_looks(session, first)
    except SkillCancelledError:
        raise
    except SkillError as err:
        if not first.people:
            raise
        return first, [], str(err)
    return look, things, ""


def light_of(image: NDArray[np.uint8]) -> str:
    """How a picture uint8 [H, W, 3] BGR or [H, W] shows the light, see `Scene.light`."""
    grey = preprocess.to_grey(image)
    reason = quality.frame_rejection_reason(grey)
    return reason or ("dim" if quality.frame_brightness(grey).mean < DIM_MEAN else "")


def _answer(text: str, note: str) -> Utterance:
    return Utterance(text, Priority.ANSWER, "answer", None, note, kind=UtteranceKind.ANSWER)
