"""What a skill has while it answers a question, whether a wearer asks or a command at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from assistant.dataclass import dataclass
from assistant.ipc.messages import AimPosition, Press
from assistant.people import PersonView
from assistant.records import Utterance

if TYPE_CHECKING:
    import threading

    import numpy as np
    from numpy.typing import NDArray

    from assistant.config.settings import Settings
    from assistant.phrases import Phrases


__all__ = ["AnswerFunction", "Engine", "Look", "OpenEngine", "Press", "Session", "SkillName"]


class SkillName(StrEnum):
    """Each skill by its section of the settings."""

    FRIENDS = "friends"
    THINGS = "things"
    DESCRIBE = "describe"
    READ = "read"


@dataclass(frozen=True)
class Look:
    """The scene at one moment, in colour."""

    image: NDArray[np.uint8]
    """uint8 [H, W, 3] BGR; the three channels are equal where the camera gives no colour."""
    at: float
    """Monotonic seconds at the exposure; in a recording, its own time."""
    people: tuple[PersonView, ...] = ()
    """Who is in view, the nearest first."""
    names: Mapping[int, str] = field(default_factory=dict)
    """The name of each person who was recognized, by track_id."""
    has_colour: bool = True


class Engine(Protocol):
    """The heavy part of a skill, in its own process: `open_engine(settings)` in the module `engine` of its folder."""

    def handle(self, request: Mapping[str, Any], image: NDArray[np.uint8] | None) -> dict[str, Any]:
        """The answer to a request, both of what JSON can hold. image: uint8 [H, W, 3] BGR or [H, W]; None where the
        request has none. Raises SkillError for a request or a picture with which it cannot work."""
        ...

    def close(self) -> None: ...


OpenEngine = Callable[["Settings"], Engine]
"""Loads the libraries and weights of a skill. Raises SkillError where they are missing or wrong."""


class Session(Protocol):
    """One question, from the press to the last word. A skill whose session was cancelled gets SkillCancelledError
    from whichever call it waits in, and lets it pass."""

    settings: Settings
    phrases: Phrases
    argument: str
    """What was asked for by name, e.g. "cup"; else empty."""
    memory: dict[str, Any]
    """What the skill keeps from one question to the next; empty after a start."""
    cancel: threading.Event
    """Set once nobody wants the answer any more."""

    def now(self) -> float:
        """Seconds on the clock of `Look.at`."""
        ...

    def look(self, after: float | None = None) -> Look:
        """The newest view, of a frame exposed later than `after`. Raises SkillError where the camera gives none within
        two seconds."""
        ...

    def ask(
        self,
        skill: SkillName,
        request: Mapping[str, Any],
        image: NDArray[np.uint8] | None = None,
        *,
        limit_s: float,
    ) -> dict[str, Any]:
        """What the engine of a skill answers. Raises SkillError where the engine cannot be started, refuses, ends, or
        has not answered within limit_s: then it is killed."""
        ...

    def press(self, limit_s: float) -> Press | None:
        """The next press, those before this call too; None: there was none within limit_s."""
        ...


AnswerFunction = Callable[[Session], Iterator[Utterance | AimPosition]]
"""Answers one question to a skill: yields utterances (spoken one after the other) and, while something is looked for,
where it lies. Lets a SkillError of its session pass: who runs it says in words what is wrong."""
