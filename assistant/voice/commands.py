"""What the wearer can ask for: each command as it is carried out, spoken, and answered to who gave it.

Commands come from buttons, keys and the control socket, on their threads. What only vision knows is asked of it over
the link, and missed after ANSWER_S: a press is never met by silence.
"""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from assistant.ipc.messages import Ask
from assistant.records import Fate, FaultName, Priority, Utterance, UtteranceKind
from assistant.voice.controls import Facts, Reply
from assistant.voice.persistent_settings import PersistentSettings

log = logging.getLogger(__name__)

ANSWER_S = 0.4
"""Vision answers within milliseconds; who asked hears by half a second that it does not."""
CONFIRM_S = 15.0
"""So long a shutdown waits to be confirmed: the button has to be held for five seconds again."""
LAST_WORDS_S = 3.0
"""For the words that it shuts down to be heard."""
RATE_STEP, RATE_MIN, RATE_MAX = 25, 80, 450
VOLUME_STEP, VOLUME_MIN, VOLUME_MAX = 10, 10, 100
NOT_REPEATED = (UtteranceKind.COMMAND_REPLY, UtteranceKind.IDLE_TICK)
"""Kinds of utterances that `repeat` passes over."""
ASKED = ("describe", "more", "why", "aim", "wrong")
"""Commands that vision answers."""
CUTTING = (*ASKED, "repeat", "repeat_instead", "cancel")
"""Commands that cut off what is being spoken, a fault too."""


class Words(Protocol):
    """The words of a language, as far as the desk needs them."""

    def status(self, name: str) -> str: ...

    def fault(self, name: FaultName) -> str: ...


class Mouth(Protocol):
    """The speaker, as far as the desk needs it."""

    def put(self, utterance: Utterance) -> None: ...

    def interrupt(self, *, is_for_answer: bool = False) -> Utterance | None: ...

    def withdraw(self, topic: str | None = None) -> None: ...

    def drain(self, timeout_s: float) -> bool: ...


class Desk:
    """Carries out commands, one at a time. ask(message) sends a question to vision; change(rate_wpm, volume) makes the
    voices so; is_seeing() tells whether vision lives; facts() what else a program may know; switch_off() switches the
    box off and tells why it could not; None: it never may.

    Muted, only faults, answers to commands, the tick and that vision pauses are heard: a lens that something slipped
    over would be told as a fault, were it not taken for a wish. A new start is never mute. Rate and volume are kept.
    """

    def __init__(
        self,
        words: Words,
        mouth: Mouth,
        ask: Callable[[Ask], None],
        change: Callable[[int, int], None],
        kept: PersistentSettings,
        *,
        is_seeing: Callable[[], bool] = lambda: True,
        facts: Callable[[], Mapping[str, bool | list[str]]] = dict,
        switch_off: Callable[[], str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._words, self._mouth, self._ask, self._change, self._kept = words, mouth, ask, change, kept
        self._is_seeing, self._facts, self._switch_off, self._clock = is_seeing, facts, switch_off, clock
        self._numbers = itertools.count(1)
        self._one_at_a_time = threading.Lock()
        self._answered = threading.Condition()
        self._expected, self._answer = 0, None  # type: tuple[int, Utterance | None]
        self._shutdown_until: float | None = None
        self.going: threading.Thread | None = None
        self.is_muted = False
        self.last: Utterance | None = None
        self._before_asking: Utterance | None = None

    def do(self, command: str) -> Reply:
        """Carry out a command; within ANSWER_S and a little. An unknown one is refused."""
        with self._one_at_a_time:
            action = getattr(self, f"_do_{command}", None) if command.isidentifier() else None
            if command not in ASKED and action is None:
                return Reply(False, f"unknown command {command[:40]!r}")
            if command in CUTTING:
                self._cut_off(is_for_answer=command != "cancel")
            if command not in ("shutdown", "facts") and self._shutdown_until is not None:
                self._stay_on()
            return action() if action else self._from_vision(command)

    def look(self) -> None:
        """Compare the clock with the moment until which a shutdown waits to be confirmed."""
        if self._shutdown_until is None:
            return
        with self._one_at_a_time:
            if self._shutdown_until is not None and self._clock() > self._shutdown_until:
                self._stay_on()

    def passes(self, utterance: Utterance) -> bool:
        """Whether something that vision has to say is heard now."""
        return not self.is_muted or utterance.priority >= Priority.PAUSE

    def answered(self, number: int, utterance: Utterance) -> None:
        """Vision answers the question of that number; a late answer is not spoken."""
        with self._answered:
            if number == self._expected:
                self._answer = utterance
                self._answered.notify_all()

    def ended(self, utterance: Utterance, fate: Fate) -> None:
        """Something was told, if only its beginning: it can be repeated."""
        if fate in (Fate.SPOKEN, Fate.INTERRUPTED) and utterance.kind not in NOT_REPEATED:
            self.last = utterance

    def _from_vision(self, what: str) -> Reply:
        self._before_asking = self.last
        with self._answered:
            self._expected, self._answer = next(self._numbers), None
            self._ask(Ask(self._expected, what))
            self._answered.wait_for(lambda: self._answer is not None, ANSWER_S)
            answer, self._expected = self._answer, 0
        if answer is None:
            return self._say("no_answer", ok=False)
        if what == "wrong":
            self.last = answer  # not what is wrong
        self._mouth.put(answer)
        return Reply(True, answer.text)

    def _do_repeat(self) -> Reply:
        return self._again(self.last)

    def _do_repeat_instead(self) -> Reply:
        """A double press: its first tap has asked, and what was said before that is meant, not the answer."""
        return self._again(self._before_asking)

    def _again(self, last: Utterance | None) -> Reply:
        if last is None:
            return self._say("nothing_said")
        again = Utterance(last.text, Priority.ANSWER, "answer", None, "repeated", kind=UtteranceKind.ANSWER)
        self._mouth.put(again)
        return Reply(True, again.text)

    def _cut_off(self, *, is_for_answer: bool) -> None:
        """What is being spoken can be repeated; is_for_answer: one comes in its place."""
        cut = self._mouth.interrupt(is_for_answer=is_for_answer)
        if cut is not None and cut.kind not in NOT_REPEATED:
            self.last = cut

    def _do_mute(self) -> Reply:
        self.is_muted = True
        self._mouth.withdraw()
        return self._say("muted")  # which cuts off all but faults

    def _do_unmute(self) -> Reply:
        self.is_muted = False
        return self._say("unmuted")

    def _do_toggle_mute(self) -> Reply:
        return self._do_unmute() if self.is_muted else self._do_mute()

    def _do_louder(self) -> Reply:
        return self._turn("volume", VOLUME_STEP, "louder", "loudest")

    def _do_quieter(self) -> Reply:
        return self._turn("volume", -VOLUME_STEP, "quieter", "quietest")

    def _do_faster(self) -> Reply:
        return self._turn("rate_wpm", RATE_STEP, "faster", "fastest")

    def _do_slower(self) -> Reply:
        return self._turn("rate_wpm", -RATE_STEP, "slower", "slowest")

    def _turn(self, name: str, step: int, word: str, limit_word: str) -> Reply:
        """The sentence is spoken in the new way."""
        low, high = (VOLUME_MIN, VOLUME_MAX) if name == "volume" else (RATE_MIN, RATE_MAX)
        old: int = getattr(self._kept, name)
        new = min(high, max(low, old + step))
        if new != old:
            self._kept.update(**{name: new})
            self._change(self._kept.rate_wpm, self._kept.volume)
        return self._say(limit_word if new in (low, high) else word)

    def _do_status(self) -> Reply:
        lives, known = self._is_seeing(), self._facts()
        faults = known.get("faults", []) if lives else []
        assert isinstance(faults, list)
        is_covered = lives and bool(known.get("covered"))
        state = (
            "no_answer" if not lives else "lens_covered" if is_covered else "running" if known.get("sees", True) else ""
        )
        state = state or ("" if faults else "no_picture")
        text = [self._words.status(state)] if state else []
        text += (self._words.fault(FaultName(name)) for name in faults)
        text += [self._words.status("muted")] if self.is_muted else []
        utterance = Utterance(" ".join(text), Priority.ANSWER, "desk", None, "status", kind=UtteranceKind.COMMAND_REPLY)
        self._mouth.put(utterance)
        facts: Facts = {
            "vision": lives,
            "camera": bool(known.get("camera", lives)),
            "covered": is_covered,
            "faults": faults,
            "muted": self.is_muted,
            "volume": self._kept.volume,
            "rate_wpm": self._kept.rate_wpm,
        }
        return Reply(True, utterance.text, facts)

    def _do_facts(self) -> Reply:
        """For programs: how it is, without a word."""
        return Reply(True, "", {"vision": self._is_seeing(), "muted": self.is_muted, **self._facts()})

    def _do_cancel(self) -> Reply:
        return Reply(True, "")

    def _do_shutdown(self) -> Reply:
        """The first time asks, the second within CONFIRM_S does it; any other command in between calls it off."""
        now = self._clock()
        if self._shutdown_until is None or now > self._shutdown_until:
            self._shutdown_until = now + CONFIRM_S
            return self._say("shutdown_ask")
        self._shutdown_until = None
        if self._switch_off is None:
            return self._say("shutdown_failed", ok=False)
        reply = self._say("shutdown")
        self.going = threading.Thread(target=self._go, args=(self._switch_off,), name="shutdown", daemon=True)
        self.going.start()
        return reply

    def _stay_on(self) -> None:
        """No shutdown any more: that is heard before whatever has called it off is answered."""
        self._shutdown_until = None
        kept = self._words.status("shutdown_kept")
        kind = UtteranceKind.COMMAND_REPLY
        self._mouth.put(Utterance(kept, Priority.FAULT, "shutdown", None, "shutdown_kept", is_over=True, kind=kind))

    def _go(self, switch_off: Callable[[], str]) -> None:
        self._mouth.drain(LAST_WORDS_S)
        if trouble := switch_off():
            log.warning("shutdown: %s", trouble)
            self._say("shutdown_failed", ok=False)

    def _say(self, status: str, *, ok: bool = True) -> Reply:
        kind = UtteranceKind.COMMAND_REPLY
        utterance = Utterance(self._words.status(status), Priority.ANSWER, "desk", None, status, kind=kind)
        self._mouth.put(utterance)
        return Reply(ok, utterance.text)
