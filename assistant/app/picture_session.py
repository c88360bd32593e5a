"""A skill's answer to a picture, a folder of pictures or a clip, without a running assistant: what would be said.

The functions and engines are those of the running assistant; the engine works in this process. Time is the recording's
own: a picture lasts as long as the skill looks.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from assistant.app.api import with_source
from assistant.config.settings import Settings
from assistant.errors import CameraError, SkillError
from assistant.ipc.commands import Command
from assistant.ipc.messages import AimPosition, Press
from assistant.phrases import Phrases
from assistant.skills import registry
from assistant.skills.session import Engine, Look, SkillName
from assistant.vision import factory
from assistant.vision.cameras import Camera, open_camera
from assistant.vision.looks import in_colour, look_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.records import Frame
    from assistant.vision.pipeline import Pipeline

LOOK_INTERVAL_S = 0.5
"""Seconds of the recording from one look to the next: as a board manages, and a search of 30 s stays short."""
PEOPLE_S = 2.0
"""So many seconds are watched before the first look where people are to be described: an expression takes one."""


def answer(command: Command, argument: str, source: str, settings: Settings) -> Iterator[str]:
    """What would be said of a recording in answer to one of SKILL_QUESTIONS, sentence by sentence; what is said again
    right after itself is left out. The skill need not be switched on.

    Raises SkillError where a library or weights are missing, CameraError where the recording cannot be read.
    """
    settings = with_source(_switched_on(settings, registry.skill_of(command)), source)
    phrases = factory.load_phrases(settings)
    with contextlib.ExitStack() as stack:
        camera = stack.enter_context(contextlib.closing(open_camera(settings.camera, colour=True)))
        pipeline = factory.make_pipeline(settings) if command is Command.DESCRIBE else None
        session = PictureSession(settings, phrases, argument, camera, pipeline)
        stack.callback(session.close)
        if command is Command.WHAT_MORE:  # more than what was told first
            for _ in registry.answer_function(Command.WHAT)(session):
                pass
        before = ""
        for said in registry.answer_function(command)(session):
            if not isinstance(said, AimPosition) and said.text != before:
                before = said.text
                yield before


class PictureSession:
    """See `session.Session`; its looks are a recording's."""

    def __init__(
        self, settings: Settings, phrases: Phrases, argument: str, camera: Camera, pipeline: Pipeline | None = None
    ) -> None:
        """pipeline: finds the people; None: they are not looked for."""
        self.settings, self.phrases, self.argument = settings, phrases, argument
        self.memory: dict[str, Any] = {}
        self.cancel = threading.Event()
        self._camera, self._pipeline = camera, pipeline
        self._engines: dict[SkillName, Engine] = {}
        self._frame: Frame | None = None
        self._now = 0.0
        self._is_at_end = False

    def now(self) -> float:
        """The time of the last look, seconds of the recording."""
        return self._now

    def look(self, after: float | None = None) -> Look:
        """The next look; after the end of the recording its last picture again. Raises CameraError, SkillError."""
        is_first = self._frame is None
        until = (
            PEOPLE_S if is_first and self._pipeline is not None else 0.0 if is_first else self._now + LOOK_INTERVAL_S
        )
        until = until if after is None else max(until, after + 1e-3)
        frame = self._advance()
        while frame.at < until:
            frame = self._advance()
        self._now = frame.at
        snapshot = self._pipeline.snapshot if self._pipeline is not None else None
        if snapshot is not None:
            return look_of(frame, snapshot)
        image, has_colour = in_colour(frame.image, frame.colour)
        return Look(image, frame.at, has_colour=has_colour)

    def ask(
        self,
        skill: SkillName,
        request: Mapping[str, Any],
        image: NDArray[np.uint8] | None = None,
        *,
        limit_s: float,
    ) -> dict[str, Any]:
        """See `session.Session`; the engine has as long as it takes."""
        if skill not in self._engines:
            self._engines[skill] = registry.engine_opener(skill)(self.settings)
        return self._engines[skill].handle(request, image)

    def press(self, limit_s: float) -> Press | None:
        """Nobody presses."""
        return None

    def close(self) -> None:
        """Close the engines."""
        for engine in self._engines.values():
            engine.close()

    def _advance(self) -> Frame:
        """The next frame; at the end the last one again, later."""
        frame = None if self._is_at_end else self._camera.read()
        if frame is None:
            self._is_at_end = True
            if self._frame is None:
                raise CameraError(f"{self.settings.camera.source}: no picture in it")
            step_s = 1 / self.settings.camera.fps
            frame = dataclasses.replace(self._frame, at=self._frame.at + step_s, seq=self._frame.seq + 1)
        self._frame = frame
        if self._pipeline is not None:
            self._pipeline.step(frame)
        return frame


def _switched_on(settings: Settings, skill: SkillName) -> Settings:
    """The settings with that skill on; a description has the things too, if they are set up."""
    wanted = [skill]
    if skill is SkillName.DESCRIBE:
        with contextlib.suppress(SkillError):
            registry.check_of(SkillName.THINGS)(settings)
            wanted.append(SkillName.THINGS)
    for each in wanted:
        section = dataclasses.replace(getattr(settings, each), enabled=True)
        settings = dataclasses.replace(settings, **{each.value: section})
    return settings
