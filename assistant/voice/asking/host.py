"""The skills in the voice process: which are on by the settings, and what comes in about them."""

import time
from collections.abc import Callable

from assistant.config.settings import Settings
from assistant.ipc.commands import SKILL_SECTIONS, Command, Reply
from assistant.ipc.messages import AimPosition, Message, SkillAnswer
from assistant.records import Fate, Utterance
from assistant.voice.asking.asking import Asking, AskingPhrases, AskingSpeaker, Search
from assistant.voice.asking.asking_keys import AskingKeys
from assistant.voice.controls import RunCommand
from assistant.voice.controls.button_map import Press


def enabled_questions(settings: Settings) -> tuple[Command, ...]:
    """The questions whose skills are on, in the order in which the keys step through them."""
    order = (
        Command.WHAT, Command.WHAT_MORE, Command.DESCRIBE, Command.READ, Command.TEACH_FRIEND, Command.FIND,
    )  # fmt: skip
    return tuple(command for command in order if getattr(settings, SKILL_SECTIONS[command]).enabled)


class AskingHost:
    """Asking by control, and by key. Every method may be called from any thread."""

    def __init__(
        self,
        settings: Settings,
        phrases: AskingPhrases,
        speaker: AskingSpeaker,
        send: Callable[[Message], None],
        *,
        search: Search,
        run_command: RunCommand,
        spoken_name: Callable[[str], str] = str,
        is_vision_alive: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """See `Asking` and `AskingKeys`."""
        enabled = enabled_questions(settings)
        self._asking = Asking(
            phrases, speaker, send, search, enabled=enabled, is_vision_alive=is_vision_alive, clock=clock
        )
        self._keys = AskingKeys(
            phrases, speaker.put, self._asking, run_command, enabled=enabled,
            favourites=settings.things.favourites, spoken_name=spoken_name, clock=clock,
        )  # fmt: skip

    def before(self, command: Command) -> None:
        """A command is about to be carried out: it may end the question that is not over."""
        self._asking.before(command)

    def carry_out(self, command: Command, argument: str) -> Reply:
        """Carry out a command that is about the skills."""
        if command is Command.SKILLS:
            return self._keys.enter()
        return self._asking.said(argument) if command is Command.SAID else self._asking.ask(command, argument)

    def take_press(self, press: Press) -> bool:
        """A press that is for a skill, or for its keys; False: its command is to be carried out."""
        return self._keys.take_press(press)

    def take(self, message: Message) -> bool:
        """A message of vision; False: it is not about a question to a skill."""
        if isinstance(message, SkillAnswer):
            self._asking.answered(message)
            return True
        return isinstance(message, AimPosition) and self._asking.moved(message)

    def ended(self, utterance: Utterance, fate: Fate) -> None:
        """Take in the fate of an utterance."""
        self._asking.ended(utterance, fate)
        self._keys.ended(utterance)

    def vision_is_gone(self) -> None:
        """The vision process is no longer connected."""
        self._asking.vision_is_gone()

    def poll(self) -> None:
        """Time has passed."""
        self._asking.poll()
        self._keys.poll()
