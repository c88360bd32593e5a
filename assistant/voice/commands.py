"""Carries out the commands of the wearer, speaks the result and replies to the control that a command came from.

Commands come from buttons, media keys and the control socket, on their threads. Questions are sent to vision over the
link; where no answer comes within ANSWER_TIMEOUT_S, that is spoken: no press stays without a sound.
"""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from assistant.earcon_names import AIM
from assistant.ipc.commands import Command, Facts, Reply
from assistant.ipc.messages import Question
from assistant.records import Fate, FaultName, Priority, Utterance, UtteranceKind
from assistant.voice.persistent_settings import PersistentSettings
from assistant.voice.repetition import NOT_REPEATED, repeated

log = logging.getLogger(__name__)

ANSWER_TIMEOUT_S = 0.4
"""Seconds to wait for an answer of vision, which takes milliseconds; the wearer hears within half a second that there
is none."""
CONFIRM_S = 15.0
"""Seconds within which a shutdown must be confirmed: the button has to be held for five seconds again."""
SHUTDOWN_DRAIN_S = 3.0
"""Longest time that a shutdown waits for its announcement, seconds."""
RATE_STEP, RATE_MIN, RATE_MAX = 25, 80, 450
"""Step and limits of the speech rate, words a minute."""
VOLUME_STEP, VOLUME_MIN, VOLUME_MAX = 10, 10, 100
"""Step and limits of the volume, percent."""
KEEPS_SHUTDOWN_PENDING = (Command.SHUTDOWN, Command.FACTS, Command.SAID)
"""Any other command calls off a shutdown that waits to be confirmed."""


class CommandPhrases(Protocol):
    """The part of Phrases that commands need."""

    def status(self, name: str) -> str: ...

    def fault(self, name: FaultName) -> str: ...


class SpeakerLike(Protocol):
    """The part of the speaker that commands need."""

    def put(self, utterance: Utterance) -> None: ...

    def interrupt(self, *, is_for_answer: bool = False) -> Utterance | None: ...

    def withdraw(self, topic: str | None = None) -> None: ...

    def drain(self, timeout_s: float) -> bool: ...


class GuideLike(Protocol):
    """The part of the guide that commands need."""

    def before(self, command: Command) -> None: ...

    def start(self, command: Command) -> Reply: ...


class AskingLike(Protocol):
    """The part of the skills' questions that commands need."""

    def before(self, command: Command) -> None: ...

    def carry_out(self, command: Command, argument: str) -> Reply: ...


class CommandHandler:
    """Carries out commands, one at a time.

    While muted, only faults, answers, replies to commands, the idle tick and the pauses of vision are spoken. A pause
    is among them because an object that slips over the lens is taken for the wearer's hand, and would otherwise be a
    fault. The assistant is never muted after a start. Rate and volume are persistent.
    """

    def __init__(
        self,
        phrases: CommandPhrases,
        speaker: SpeakerLike,
        ask_vision: Callable[[Question], None],
        set_voice: Callable[[int, int], None],
        settings: PersistentSettings,
        *,
        is_vision_alive: Callable[[], bool] = lambda: True,
        facts: Callable[[], Mapping[str, bool | str | list[str]]] = dict,
        power_off: Callable[[], str] | None = None,
        guide: GuideLike | None = None,
        asking: AskingLike | None = None,
        begin_aiming: Callable[[Utterance], Utterance] = lambda answer: answer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """set_voice(rate_wpm, volume) changes the voices. facts() is the state of vision and controls for programs.
        power_off() shuts the device down and returns why it could not; None: it may not be shut down. guide: commands
        start it, and end it. asking: carries out what is about the skills; None: there are none. begin_aiming(answer):
        the answer to `aim` has come; returns what to speak in its place."""
        self._phrases, self._speaker, self._ask_vision, self._set_voice = phrases, speaker, ask_vision, set_voice
        self._settings, self._is_vision_alive, self._facts, self._asking = settings, is_vision_alive, facts, asking
        self._power_off, self._guide, self._begin_aiming, self._clock = power_off, guide, begin_aiming, clock
        self._actions: dict[Command, Callable[[], Reply]] = {
            Command.REPEAT: lambda: self._repeat(self.last),
            Command.REPEAT_INSTEAD: lambda: self._repeat(self._last_before_question),
            Command.MUTE: self._mute,
            Command.UNMUTE: self._unmute,
            Command.TOGGLE_MUTE: lambda: self._unmute() if self.is_muted else self._mute(),
            Command.LOUDER: lambda: self._change_volume(VOLUME_STEP, "louder", "loudest"),
            Command.QUIETER: lambda: self._change_volume(-VOLUME_STEP, "quieter", "quietest"),
            Command.FASTER: lambda: self._change_rate(RATE_STEP, "faster", "fastest"),
            Command.SLOWER: lambda: self._change_rate(-RATE_STEP, "slower", "slowest"),
            Command.STATUS: self._report_status,
            Command.FACTS: self._report_facts,
            Command.SHUTDOWN: self._shut_down,
            Command.GUIDE: lambda: self._start_guide(Command.GUIDE),
            Command.GUIDE_KEYS: lambda: self._start_guide(Command.GUIDE_KEYS),
            Command.CANCEL: lambda: Reply(True),
        }
        self._question_ids = itertools.count(1)
        self._one_at_a_time = threading.Lock()
        self._answer_came = threading.Condition()
        self._open_question_id = 0
        self._answer: Utterance | None = None
        self._confirm_until: float | None = None
        self.shutdown_thread: threading.Thread | None = None
        self.is_muted = False
        self.last: Utterance | None = None
        """The utterance that `repeat` repeats."""
        self._last_before_question: Utterance | None = None

    def handle(self, name: str, argument: str = "") -> Reply:
        """Carry out a command, within ANSWER_TIMEOUT_S and a little. An unknown one is refused."""
        with self._one_at_a_time:
            try:
                command = Command(name)
            except ValueError:
                return Reply(False, f"unknown command {name[:40]!r}")
            if self._guide:
                self._guide.before(command)
            if self._asking:
                self._asking.before(command)
            if command.interrupts:
                self._interrupt(is_for_answer=command is not Command.CANCEL)
            if self._confirm_until is not None and command not in KEEPS_SHUTDOWN_PENDING:
                self._call_off_shutdown()
            if command.is_answered_by_vision or command.is_answered_by_skill:
                self._last_before_question = self.last
            if command.is_about_skills:
                return self._asking.carry_out(command, argument) if self._asking else Reply(False, "no skills here")
            return self._question(command) if command.is_answered_by_vision else self._actions[command]()

    def poll(self) -> None:
        """Call off a shutdown that was not confirmed in time."""
        if self._confirm_until is None:
            return
        with self._one_at_a_time:
            if self._confirm_until is not None and self._clock() > self._confirm_until:
                self._call_off_shutdown()

    def allows(self, utterance: Utterance) -> bool:
        """Whether an utterance of vision is spoken now, muted or not."""
        return not self.is_muted or utterance.priority >= Priority.PAUSE

    def answered(self, question_id: int, utterance: Utterance) -> None:
        """Vision has answered a question; a late answer is not spoken."""
        with self._answer_came:
            if question_id == self._open_question_id:
                self._answer = self._begin_aiming(utterance) if utterance.earcon == AIM else utterance
                self._answer_came.notify_all()

    def ended(self, utterance: Utterance, fate: Fate) -> None:
        """Take in the fate of an utterance: it can be repeated if at least its beginning was spoken."""
        if fate in (Fate.SPOKEN, Fate.INTERRUPTED) and utterance.kind not in NOT_REPEATED:
            self.last = utterance

    def _question(self, command: Command) -> Reply:
        with self._answer_came:
            self._open_question_id, self._answer = next(self._question_ids), None
            self._ask_vision(Question(self._open_question_id, command))
            self._answer_came.wait_for(lambda: self._answer is not None, ANSWER_TIMEOUT_S)
            answer, self._open_question_id = self._answer, 0
        if answer is None:
            return self._say("no_answer", ok=False)
        if command is Command.WRONG:
            self.last = answer  # not the announcement that was wrong
        self._speaker.put(answer)
        return Reply(True, answer.text)

    def _repeat(self, last: Utterance | None) -> Reply:
        if last is None:
            return self._say("nothing_to_repeat")
        answer = repeated(last)
        self._speaker.put(answer)
        return Reply(True, answer.text)

    def _interrupt(self, *, is_for_answer: bool) -> None:
        """Cut off what is being spoken; it can be repeated. is_for_answer: an answer follows."""
        interrupted = self._speaker.interrupt(is_for_answer=is_for_answer)
        if interrupted is not None and interrupted.kind not in NOT_REPEATED:
            self.last = interrupted

    def _mute(self) -> Reply:
        self.is_muted = True
        self._speaker.withdraw()
        return self._say("muted")  # which cuts off everything but a fault

    def _unmute(self) -> Reply:
        self.is_muted = False
        return self._say("unmuted")

    def _change_volume(self, step: int, status: str, status_at_limit: str) -> Reply:
        old = self._settings.volume
        new = min(VOLUME_MAX, max(VOLUME_MIN, old + step))
        if new != old:
            self._settings.update(volume=new)
            self._set_voice(self._settings.rate_wpm, new)
        return self._say(status_at_limit if new in (VOLUME_MIN, VOLUME_MAX) else status)  # already with the new volume

    def _change_rate(self, step: int, status: str, status_at_limit: str) -> Reply:
        old = self._settings.rate_wpm
        new = min(RATE_MAX, max(RATE_MIN, old + step))
        if new != old:
            self._settings.update(rate_wpm=new)
            self._set_voice(new, self._settings.volume)
        return self._say(status_at_limit if new in (RATE_MIN, RATE_MAX) else status)  # already at the new rate

    def _report_status(self) -> Reply:
        is_alive, vision = self._is_vision_alive(), self._facts()
        faults = vision.get("faults", []) if is_alive else []
        assert isinstance(faults, list)
        is_covered = is_alive and bool(vision.get("lens_covered"))
        sentences: list[str] = []
        if not is_alive:
            sentences.append(self._phrases.status("no_answer"))
        elif is_covered:
            sentences.append(self._phrases.status("lens_covered"))
        elif vision.get("seeing", True):
            sentences.append(self._phrases.status("running"))
        elif not faults:
            sentences.append(self._phrases.status("no_picture"))
        sentences += (self._phrases.fault(FaultName(name)) for name in faults)
        sentences += [self._phrases.status("muted")] if self.is_muted else []
        text = " ".join(sentences)
        self._speaker.put(Utterance(text, Priority.ANSWER, "command", None, "status", kind=UtteranceKind.COMMAND_REPLY))
        facts: Facts = {
            "vision": is_alive,
            "camera": bool(vision.get("camera", is_alive)),
            "lens_covered": is_covered,
            "faults": faults,
            "muted": self.is_muted,
            "volume": self._settings.volume,
            "rate_wpm": self._settings.rate_wpm,
        }
        return Reply(True, text, facts)

    def _report_facts(self) -> Reply:
        return Reply(True, "", {"vision": self._is_vision_alive(), "muted": self.is_muted, **self._facts()})

    def _shut_down(self) -> Reply:
        """The first command asks for a confirmation, a second one within CONFIRM_S shuts the device down."""
        now = self._clock()
        if self._confirm_until is None or now > self._confirm_until:
            self._confirm_until = now + CONFIRM_S
            return self._say("shutdown_confirm")
        self._confirm_until = None
        if self._power_off is None:
            return self._say("shutdown_failed", ok=False)
        reply = self._say("shutdown")
        self.shutdown_thread = threading.Thread(
            target=self._power_off_after_speech, args=(self._power_off,), name="shutdown", daemon=True
        )
        self.shutdown_thread.start()
        return reply

    def _start_guide(self, command: Command) -> Reply:
        if self._guide is None:
            return Reply(False, "there is no guide here")
        return self._guide.start(command)

    def _call_off_shutdown(self) -> None:
        """Announced with the priority of a fault, so that it comes before the reply to what called it off."""
        self._confirm_until = None
        text = self._phrases.status("shutdown_cancelled")
        note, kind = "shutdown_cancelled", UtteranceKind.COMMAND_REPLY
        self._speaker.put(Utterance(text, Priority.FAULT, "shutdown", None, note, is_over=True, kind=kind))

    def _power_off_after_speech(self, power_off: Callable[[], str]) -> None:
        self._speaker.drain(SHUTDOWN_DRAIN_S)
        if error := power_off():
            log.warning("shutdown: %s", error)
            self._say("shutdown_failed", ok=False)

    def _say(self, status: str, *, ok: bool = True) -> Reply:
        text, kind = self._phrases.status(status), UtteranceKind.COMMAND_REPLY
        self._speaker.put(Utterance(text, Priority.ANSWER, "command", None, status, kind=kind))
        return Reply(ok, text)
