"""The keys that ask the skills: says what they step through, and has the chosen question put."""

import threading
import time
from collections.abc import Callable, Sequence

from assistant.ipc.commands import Command, Reply
from assistant.records import Priority, Utterance, UtteranceKind
from assistant.voice.asking.asking import NONE_ON, TOPIC, Asking, AskingPhrases
from assistant.voice.asking.dialogue import PAGED
from assistant.voice.asking.skill_keys import READING_KEY, Act, Item, SkillKeys
from assistant.voice.controls import RunCommand
from assistant.voice.controls.button_map import MEDIA_KEYS, Press


class AskingKeys:
    """The presses of one wearer. Every method may be called from any thread."""

    def __init__(
        self,
        phrases: AskingPhrases,
        put: Callable[[Utterance], None],
        asking: Asking,
        run_command: RunCommand,
        *,
        enabled: Sequence[Command],
        favourites: Sequence[str] = (),
        spoken_name: Callable[[str], str] = str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """put(utterance): has it spoken next. run_command: carries out what a key asks, as if a control had sent it;
        called without a lock held. enabled: the questions whose skills are on, in the order in which the keys step
        through them. favourites: names of things to find; spoken_name(name): how each is said."""
        self._phrases, self._put, self._asking, self._run_command = phrases, put, asking, run_command
        self._spoken_name, self._clock = spoken_name, clock
        self._keys = SkillKeys(enabled, favourites)
        self._lock = threading.Lock()

    @property
    def is_on(self) -> bool:
        """Whether the keys ask the skills now."""
        return self._keys.is_on

    def enter(self) -> Reply:
        """Let the keys ask the skills."""
        if not self._keys.items:
            return self._asking.say(*NONE_ON, ok=False)
        with self._lock:
            self._keys.enter(self._clock())
        return self._asking.say("skills", "entered")

    def take_press(self, press: Press) -> bool:
        """A press that is for a skill, or chooses one; False: its command is to be carried out."""
        if self._asking.take_press(press):
            return True
        if press.key == READING_KEY and self._asking.pending in PAGED:
            return False
        with self._lock:
            meaning = self._keys.press(press, self._clock())
        if meaning is None:
            return self._is_second_tap(press)
        if meaning.act is Act.LEAVE:
            self._asking.say("skills", "over")
        elif meaning.act is Act.NAME and meaning.item is not None:
            self._asking.leave()
            self._put(self._name_of(meaning.item))
        elif meaning.act is Act.ASK and meaning.item is not None:
            self._run_command(meaning.item.command, meaning.item.argument)
        return True

    def ended(self, utterance: Utterance) -> None:
        """An utterance has ended; the seconds without a press count from the last word about the skills."""
        if utterance.topic == TOPIC:
            with self._lock:
                self._keys.keep(self._clock())

    def poll(self) -> None:
        """Time has passed: the keys may become the usual ones again."""
        with self._lock:
            if self._asking.pending is not None:
                self._keys.keep(self._clock())
            is_over = self._keys.poll(self._clock())
        if is_over:
            self._asking.say("skills", "over")

    def _is_second_tap(self, press: Press) -> bool:
        """Where no skill is on, the second tap of a double press of a headset's key does what the first one does."""
        if press.command is not Command.SKILLS or self._keys.items or press.key not in MEDIA_KEYS:
            return False
        self._run_command(Command.WHY)
        return True

    def _name_of(self, item: Item) -> Utterance:
        name = self._spoken_name(item.argument) if item.argument else ""
        text = f"{name[:1].upper()}{name[1:]}." if name else self._phrases.text("skills", item.command)
        return Utterance(text, Priority.ANSWER, TOPIC, None, item.command, kind=UtteranceKind.COMMAND_REPLY)
