"""Runs the guide: speaks its lines one after the other, and gives it the presses, the time and the fates of its lines.

A line that something else cuts off, a fault or "Louder.", is said again as soon as nothing else is spoken.
"""

import threading
from collections.abc import Callable
from typing import Protocol

from assistant.records import Fate, Priority, Utterance, UtteranceKind
from assistant.voice.controls.button_map import Press
from assistant.voice.guide.machine import GuideMachine, Outcome

TOPIC = "guide"
"""The topic of every line."""


class GuideSpeaker(Protocol):
    """The part of the speaker that the guide needs."""

    def put(self, utterance: Utterance) -> None: ...

    def cut_off(self, utterance: Utterance) -> None: ...

    def hold_unasked(self, *, is_held: bool) -> None: ...

    @property
    def is_quiet(self) -> bool: ...


class GuideRunner:
    """Runs one guide at a time. Every method may be called from any thread."""

    def __init__(
        self, speaker: GuideSpeaker, clock: Callable[[], float], on_over: Callable[[GuideMachine], None]
    ) -> None:
        """on_over(machine): all is said; it may begin another one."""
        self._speaker, self._clock, self._on_over = speaker, clock, on_over
        self._lock = threading.RLock()
        self._machine: GuideMachine | None = None
        self._serial = 0
        self._utterance: Utterance | None = None
        self._is_cut = False

    @property
    def machine(self) -> GuideMachine | None:
        """The guide that runs; None: none does."""
        return self._machine

    def begin(self, make: Callable[[float], GuideMachine]) -> None:
        """Begin a guide, in place of one that runs. make(at): the guide as it begins now."""
        with self._lock:
            self._machine, self._serial = make(self._clock()), 0
            self._speaker.hold_unasked(is_held=True)
        self._change(lambda machine, at: None)

    def press(self, press: Press) -> bool:
        """Give the guide a press; False: none runs."""
        return self._change(lambda machine, at: machine.press(press, at))

    def leave(self) -> bool:
        """End the guide that runs, with its last words; False: none runs."""
        return self._change(lambda machine, at: machine.leave(at))

    def poll(self) -> None:
        """Tell the guide that time has passed, and say again a line that was cut off."""
        self._change(lambda machine, at: machine.poll(at))
        with self._lock:
            if self._machine:  # what waits and has expired is reported, so that vision may announce what is true now
                self._speaker.hold_unasked(is_held=True)
            if self._is_cut and self._machine and self._speaker.is_quiet:
                self._say(self._machine)

    def ended(self, utterance: Utterance, fate: Fate) -> None:
        """Take in the fate of an utterance."""
        with self._lock:
            if utterance is not self._utterance or self._machine is None:
                return
            self._utterance = None
            if fate is Fate.FAILED:
                self._change(lambda machine, at: machine.give_up())
            elif fate is Fate.SPOKEN or self._machine.outcome is Outcome.FINISHED:
                self._change(lambda machine, at: machine.spoken(at))
            else:
                self._is_cut = True

    def _change(self, change: Callable[[GuideMachine, float], None]) -> bool:
        """Change the state of the guide, and say its line if it is a new one; False: none runs."""
        with self._lock:
            machine = self._machine
            if machine is None:
                return False
            change(machine, self._clock())
            if machine.serial != self._serial:
                self._serial = machine.serial
                self._say(machine)
            if machine.is_over:
                self._machine = None
                self._speaker.hold_unasked(is_held=False)
                self._on_over(machine)
            return True

    def _say(self, machine: GuideMachine) -> None:
        """Say the current line; a line of the guide that is still being said is cut off."""
        before, line = self._utterance, machine.line
        self._utterance, self._is_cut = None, False
        if line is not None:
            kind = UtteranceKind.SOUND_SAMPLE if line.earcon else UtteranceKind.GUIDE
            self._utterance = Utterance(line.text, Priority.PAUSE, TOPIC, None, machine.step, line.earcon, kind=kind)
            self._speaker.put(self._utterance)
        if before is not None:
            self._speaker.cut_off(before)
