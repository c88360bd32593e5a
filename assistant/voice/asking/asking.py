"""Puts one question at a time to a skill, and speaks the answer; what the main key means meanwhile.

Works on the threads of the controls, the link, the speaker and the main loop of the voice process. A control has its
reply at once; the answer follows in lines, each an answer of its own that is put when the one before has ended.
"""

import dataclasses
import itertools
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from assistant.ipc.commands import SKILL_SECTIONS, Command, Reply
from assistant.ipc.messages import AimPosition, Message, Press, Question, SkillAnswer, SkillCancel, SkillPress
from assistant.records import Fate, Priority, Utterance, UtteranceKind
from assistant.voice.asking.dialogue import MOMENT_S, PRESSED, Dialogue, Due, Ending
from assistant.voice.controls.button_map import Press as KeyPress
from assistant.voice.controls.gestures import Gesture

log = logging.getLogger(__name__)

TOPIC = "skill"
"""The topic of the words about the skills."""
KEEPS_QUESTION = (
    Command.LOUDER, Command.QUIETER, Command.FASTER, Command.SLOWER, Command.FACTS, Command.STATUS, Command.SAID,
    Command.UNMUTE,
)  # fmt: skip
"""Any other command ends the question that a skill still answers."""
PRESSES = {Command.ASK: Press.YES, Command.REPEAT_INSTEAD: Press.BACK}
"""What the short and the double press of the main key are for a skill."""
MAX_SAID_BYTES = 2500
"""The lines in one reply to SAID have no more, but for the first one: a longer reply would lose its facts."""
LATE, NO_VISION, NONE_ON = ("skill_failures", "late"), ("status", "no_answer"), ("doctor", "skills_none")
"""The sentences, by table and name, of a question that is given up, or that nobody can answer."""


class AskingPhrases(Protocol):
    """The part of Phrases that asking needs."""

    def text(self, table: str, name: str) -> str: ...


class AskingSpeaker(Protocol):
    """The part of the speaker that asking needs."""

    def put(self, utterance: Utterance) -> None: ...

    def cut_off(self, utterance: Utterance) -> None: ...

    @property
    def is_quiet(self) -> bool: ...


class Search(Protocol):
    """The tone by which the wearer is led to a thing."""

    @property
    def is_on(self) -> bool: ...

    def begin_search(self, words: Utterance) -> None:
        """Play the tone; words: in its place where it cannot be played."""
        ...

    def take(self, message: AimPosition) -> None: ...

    def stop(self) -> None: ...


class Asking:
    """One question at a time. Every method may be called from any thread."""

    def __init__(
        self,
        phrases: AskingPhrases,
        speaker: AskingSpeaker,
        send: Callable[[Message], None],
        search: Search,
        *,
        enabled: Collection[Command],
        is_vision_alive: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """send: to vision. enabled: the questions whose skills are on."""
        self._phrases, self._speaker, self._send, self._search = phrases, speaker, send, search
        self._enabled, self._is_vision_alive, self._clock = enabled, is_vision_alive, clock
        self._lock = threading.RLock()
        self._ids = itertools.count(1)
        self._dialogue: Dialogue | None = None  # the last one, over or not
        self._serial = 0
        self._utterance: Utterance | None = None  # the line that was put and has not ended
        self._is_cut = False
        self._last_words: Mapping[Ending, Utterance] = {
            Ending.GIVEN_UP: self._line(*LATE),
            Ending.LOST: self._line(*NO_VISION),
        }

    @property
    def pending(self) -> Command | None:
        """The question that is not over; None: there is none."""
        dialogue = self._dialogue
        return None if dialogue is None or dialogue.ending is not None else dialogue.command

    def ask(self, command: Command, argument: str = "") -> Reply:
        """Put a question, in place of one that is not over. The reply has its number, for SAID."""
        if command not in self._enabled:
            return self.say(
                *(("skill_failures", f"off_{SKILL_SECTIONS[command]}") if self._enabled else NONE_ON), ok=False
            )
        if not self._is_vision_alive():
            return self.say(*NO_VISION, ok=False)
        with self._lock:
            self._leave()
            dialogue = Dialogue(next(self._ids), command, self._last_words, self._clock())
            self._dialogue, self._serial, self._is_cut = dialogue, 0, False
            self._send(Question(dialogue.question_id, command, argument.strip()))
        timer = threading.Timer(MOMENT_S, self.poll)
        timer.daemon = True
        timer.start()
        return Reply(True, "", {"question": dialogue.question_id})

    def said(self, argument: str) -> Reply:
        """What has been said of a question, for programs. argument: its number, and how many lines are known."""
        number, _, known = argument.partition(" ")
        with self._lock:
            dialogue = self._dialogue
            if not (number.isdecimal() and known.isdecimal()):
                return Reply(False, "said: name a question and how many of its lines are known, as in: 3 0")
            if dialogue is None or dialogue.question_id != int(number):
                return Reply(True, "", {"said": [], "ending": Ending.LEFT})
            begun = [line.text for line in dialogue.lines[: dialogue.begun][int(known) :]]
            ends = itertools.accumulate(len(text.encode("utf-8", "replace")) for text in begun)
            lines = [text for text, end in zip(begun, ends, strict=True) if text is begun[0] or end <= MAX_SAID_BYTES]
            is_whole = len(lines) == len(begun)
            return Reply(True, "", {"said": lines, "ending": dialogue.ending or "" if is_whole else ""})

    def before(self, command: Command) -> None:
        """A command is about to be carried out: it may end the question."""
        if command not in KEEPS_QUESTION:
            self.leave()

    def leave(self) -> None:
        """The wearer wants no more of the answer."""
        with self._lock:
            self._leave()

    def take_press(self, press: KeyPress) -> bool:
        """A press that is for the question that is not over; False: its command is to be carried out."""
        with self._lock:
            dialogue, wanted = self._dialogue, PRESSES.get(press.command)
            if dialogue is None or dialogue.ending is not None:
                return False
            if press.command is Command.TOGGLE_MUTE and press.gesture is Gesture.LONG:
                self._leave()
                self.say("skills", "ended")
                return True
            if wanted is not None and dialogue.command in PRESSED:
                self._send(SkillPress(wanted))
                return True
            if wanted is None or not dialogue.press(wanted, self._clock()):
                return False
            self._is_cut = False
            if dialogue.is_paused:
                self.say("skills", "paused")
            self._go_on()
            return True

    def answered(self, message: SkillAnswer) -> None:
        """A skill says something; what belongs to another question is not said."""
        with self._lock:
            dialogue = self._dialogue
            if dialogue is not None and dialogue.question_id == message.question_id:
                dialogue.answered(message.utterance, is_last=message.is_last, has_failed=message.has_failed)
                self._go_on()

    def moved(self, position: AimPosition) -> bool:
        """Where the thing lies that is looked for; False: no thing is looked for."""
        with self._lock:
            dialogue = self._dialogue
            if dialogue is None or dialogue.ending is not None or dialogue.command is not Command.FIND:
                return False
            dialogue.searching()
            if not self._search.is_on and dialogue.line is None and self._speaker.is_quiet:
                self._search.begin_search(self._line("skills", "finding"))
            self._search.take(position)
            return True

    def ended(self, utterance: Utterance, fate: Fate) -> None:
        """Take in the fate of an utterance."""
        with self._lock:
            if utterance is not self._utterance or self._dialogue is None:
                return
            self._utterance = None
            if fate in (Fate.INTERRUPTED, Fate.SUPERSEDED):
                self._is_cut = True
            elif fate is Fate.DROPPED:  # the speaker is closing
                self._leave()
            else:
                self._dialogue.said()
                self._go_on()

    def vision_is_gone(self) -> None:
        """The vision process is no longer connected."""
        with self._lock:
            if self._dialogue is not None:
                self._dialogue.vision_is_gone()
                self._go_on()

    def poll(self) -> None:
        """Time has passed."""
        if not self._is_vision_alive():
            self.vision_is_gone()
        with self._lock:
            dialogue, now = self._dialogue, self._clock()
            if dialogue is not None and dialogue.ending is None:
                due = dialogue.poll(now)
                if due is Due.MOMENT:
                    self.say("skills", "one_moment")
                elif due is Due.GIVING_UP:
                    log.warning("%s: no complete answer in time", dialogue.command)
                    self._send(SkillCancel())
                if self._is_cut and self._speaker.is_quiet:
                    self._is_cut = False
                    dialogue.cut_off()
                self._go_on()

    def say(self, table: str, name: str, *, ok: bool = True) -> Reply:
        """Say a sentence of the locale file, about the skills, as the reply to a command."""
        text, kind = self._phrases.text(table, name), UtteranceKind.COMMAND_REPLY
        self._speaker.put(Utterance(text, Priority.ANSWER, TOPIC, None, name, kind=kind))
        return Reply(ok, text)

    def _go_on(self) -> None:
        """Say the line that is to be begun, if there is one; a line that is still being said is cut off."""
        dialogue = self._dialogue
        if dialogue is None or dialogue.serial == self._serial:
            self._stop_line_if_silent()
            return
        self._serial, self._is_cut = dialogue.serial, False
        before, line = self._utterance, dialogue.line
        self._utterance = None if line is None else dataclasses.replace(line)  # each time that it is said has its fate
        if self._utterance is not None:
            self._search.stop()
            self._speaker.put(self._utterance)
        if before is not None:
            self._speaker.cut_off(before)

    def _stop_line_if_silent(self) -> None:
        """Cut off a line that is no longer to be said, because the wearer pauses."""
        if self._utterance is not None and (self._dialogue is None or self._dialogue.line is None):
            before, self._utterance = self._utterance, None
            self._speaker.cut_off(before)

    def _leave(self) -> None:
        """End the question, if it is not over."""
        dialogue = self._dialogue
        if dialogue is None or dialogue.ending is not None:
            return
        dialogue.leave()
        self._send(SkillCancel())
        self._search.stop()
        self._is_cut = False
        self._stop_line_if_silent()

    def _line(self, table: str, name: str) -> Utterance:
        text = self._phrases.text(table, name)
        return Utterance(text, Priority.ANSWER, TOPIC, None, name, kind=UtteranceKind.ANSWER)
