"""The questions of skills in the running assistant: each on a thread of its own, one at a time, the newer one first.

The expression loop goes on beside it, whatever a skill or its engine does.
"""

from __future__ import annotations

import dataclasses
import logging
import queue
import textwrap
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from assistant.errors import SkillCancelledError, SkillError
from assistant.ipc import socket_paths
from assistant.ipc.messages import MAX_CHARACTERS, AimPosition, Message, Press, Question, SkillAnswer
from assistant.records import Priority, Utterance, UtteranceKind
from assistant.skills.session import Look, Session, SkillName
from assistant.vision.looks import Looks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.config.settings import Settings
    from assistant.phrases import Phrases
    from assistant.skills.client import EngineClient

log = logging.getLogger(__name__)

LOOK_LIMIT_S = 2.0
"""Seconds within which a look must come: as for a camera that is at fault (`loop.FRAME_TIMEOUT_S`)."""
MAX_PRESSES = 8
"""More presses than these that nobody takes are forgotten."""


class SkillSessions:
    """Starts and ends the sessions. Its methods may be called from any thread, and return at once."""

    def __init__(
        self,
        settings: Settings,
        phrases: Phrases,
        looks: Looks,
        send: Callable[[Message], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """send(message): sends it to the voice process; must not block."""
        self._settings, self._phrases, self._looks, self._send, self._clock = settings, phrases, looks, send, clock
        self._lock = threading.Lock()
        self._current: _RunningSession | None = None
        self._memory: dict[str, Any] = {}
        self._engines: EngineClient | None = None

    def ask(self, question: Question) -> None:
        """Answer a question of SKILL_QUESTIONS; the one that is still being answered is cancelled."""
        session = _RunningSession(self._settings, self._phrases, question.argument, self._memory, self)
        with self._lock:
            before, self._current = self._current, session
        if before is not None:
            self._end(before)
        threading.Thread(
            target=self._run, args=(question, session), name=f"skill {question.command}", daemon=True
        ).start()

    def press(self, press: Press) -> None:
        """A key was pressed, for the session that runs."""
        with self._lock:
            if self._current is not None:
                self._current.pressed(press)

    def cancel(self) -> None:
        """Nobody wants the answer any more."""
        with self._lock:
            before, self._current = self._current, None
        if before is not None:
            self._end(before)

    def look(self, after: float | None, cancel: threading.Event) -> Look:
        """See Session.look."""
        return self._looks.take(after, LOOK_LIMIT_S, cancel)

    def now(self) -> float:
        """See Session.now."""
        return self._clock()

    def engines(self) -> EngineClient:
        """The client of the engines, made when a skill first asks one."""
        from assistant.skills.client import EngineClient

        if self._engines is None:
            self._engines = EngineClient(socket_paths.skills_folder())
        return self._engines

    def _end(self, session: _RunningSession) -> None:
        session.cancel.set()
        session.pressed(None)
        self._looks.wake()

    def _run(self, question: Question, session: _RunningSession) -> None:
        from assistant.skills import registry  # not before the first question

        skill, has_failed = registry.skill_of(question.command), False
        try:
            if not registry.is_enabled(self._settings, skill):
                raise SkillError(f"{skill}.enabled is false", "off")
            for said in registry.answer_function(question.command)(session):
                if session.cancel.is_set():
                    break
                if isinstance(said, AimPosition):
                    self._send(said)
                else:
                    self._speak(question, said)
        except SkillCancelledError:
            pass
        except SkillError as err:
            has_failed = True
            self._fail(question, session, skill, err)
        except Exception as err:  # a mistake in a skill must not end the assistant
            has_failed = True
            log.warning("%s failed", question.command, exc_info=True)
            self._fail(question, session, skill, SkillError(f"{type(err).__name__}: {err}"))
        with self._lock:
            if self._current is session:
                self._current = None
        if not session.cancel.is_set():
            self._send(SkillAnswer(question.question_id, None, is_last=True, has_failed=has_failed))

    def _fail(self, question: Question, session: _RunningSession, skill: SkillName, err: SkillError) -> None:
        log.warning("%s: %s", question.command, err)
        if not session.cancel.is_set():
            text = self._phrases.skill_failure(err.reason, skill)
            self._speak(question, Utterance(text, Priority.ANSWER, "answer", None, kind=UtteranceKind.ANSWER))

    def _speak(self, question: Question, utterance: Utterance) -> None:
        """Send an utterance, in parts where its text is longer than one message holds."""
        for text in textwrap.wrap(utterance.text, MAX_CHARACTERS["text"], break_on_hyphens=False) or [""]:
            self._send(SkillAnswer(question.question_id, dataclasses.replace(utterance, text=text)))


class _RunningSession(Session):
    """See `session.Session`."""

    def __init__(
        self, settings: Settings, phrases: Phrases, argument: str, memory: dict[str, Any], sessions: SkillSessions
    ) -> None:
        self.settings, self.phrases, self.argument, self.memory = settings, phrases, argument, memory
        self.cancel = threading.Event()
        self._sessions = sessions
        self._presses: queue.Queue[Press | None] = queue.Queue(MAX_PRESSES)

    def now(self) -> float:
        return self._sessions.now()

    def look(self, after: float | None = None) -> Look:
        return self._sessions.look(after, self.cancel)

    def ask(
        self,
        skill: SkillName,
        request: Mapping[str, Any],
        image: NDArray[np.uint8] | None = None,
        *,
        limit_s: float,
    ) -> dict[str, Any]:
        from assistant.skills import registry

        if not registry.is_enabled(self.settings, skill):
            raise SkillError(f"{skill}.enabled is false", "off")
        return self._sessions.engines().ask(skill, request, image, limit_s, self.cancel)

    def press(self, limit_s: float) -> Press | None:
        until = time.monotonic() + limit_s
        while True:
            try:
                press = self._presses.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return None
            if self.cancel.is_set():
                raise SkillCancelledError("cancelled")
            if press is not None:
                return press

    def pressed(self, press: Press | None) -> None:
        """A key was pressed; None: the session is cancelled."""
        while True:
            try:
                self._presses.put_nowait(press)
            except queue.Full:
                try:
                    self._presses.get_nowait()
                except queue.Empty:
                    continue
            else:
                return
