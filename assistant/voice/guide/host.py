"""The guide in the voice process: how it is started and ended, and the question at the first start."""

import os
from collections.abc import Callable, Mapping

from assistant.ipc.commands import Command, Reply
from assistant.records import Fate, Utterance, UtteranceKind
from assistant.voice.controls.button_map import GestureCommands, Press
from assistant.voice.guide import script
from assistant.voice.guide.machine import GuideMachine, Outcome, Step
from assistant.voice.guide.runner import GuideRunner, GuideSpeaker
from assistant.voice.guide.steps import OFFER, SMILES, USUAL
from assistant.voice.persistent_settings import PersistentSettings

SETS_VOICE = (Command.LOUDER, Command.QUIETER, Command.FASTER, Command.SLOWER)
"""Commands that are carried out while the guide speaks, so that it can be heard well."""
KEEPS_GUIDE = (*SETS_VOICE, Command.FACTS, Command.SAID, Command.STATUS, Command.GUIDE, Command.GUIDE_KEYS)
"""Every other command ends the guide."""


class GuideHost:
    """Starts the guide, and offers it once where the box starts for the first time."""

    def __init__(
        self,
        phrases: script.GuidePhrases,
        speaker: GuideSpeaker,
        settings: PersistentSettings,
        keys: Callable[[], Mapping[str, GestureCommands]],
        clock: Callable[[], float],
        *,
        verbosity: str = "normal",
        offers: bool | None = None,
        has_typing: bool = False,
        has_skills: bool = False,
        names_friends: bool = False,
    ) -> None:
        """keys(): the keys that there are now. verbosity: as configured. offers: whether the guide is offered at the
        first start; None: where this is the installed service. has_typing, has_skills, names_friends: see
        `script.guide`."""
        self._phrases, self._settings, self._keys, self._verbosity = phrases, settings, keys, verbosity
        self._has_typing, self._has_skills, self._names_friends = has_typing, has_skills, names_friends
        is_service = "STATE_DIRECTORY" in os.environ
        self._offers = (is_service if offers is None else offers) and not settings.is_guide_known
        self._is_ready = False
        self.outcome: Outcome | None = None
        """How the last guide ended; None: none has ended."""
        self._runner = GuideRunner(speaker, clock, self._on_over)

    @property
    def is_running(self) -> bool:
        """Whether the guide, or the question at the first start, is not over."""
        return self._runner.machine is not None

    def start(self, command: Command) -> Reply:
        """Begin the guide (GUIDE), or the explanation of the keys (GUIDE_KEYS)."""
        keys = self._keys()
        if command is Command.GUIDE:
            is_smiles = (self._settings.verbosity or self._verbosity) == SMILES
            steps = script.guide(
                self._phrases, keys, is_smiles=is_smiles, has_typing=self._has_typing, has_skills=self._has_skills,
                names_friends=self._names_friends,
            )  # fmt: skip
            ends = "finished", "left"
        else:
            steps, ends = script.key_help(self._phrases, keys), ("keys_over", "keys_over")
        self._begin(steps, *ends)
        machine = self._runner.machine
        return Reply(True, machine.line.text if machine and machine.line else "")

    def take_press(self, press: Press) -> bool:
        """A press while the guide runs is the guide's; False: its command is to be carried out."""
        machine = self._runner.machine
        if machine is None or machine.outcome is not None:
            return False
        if not machine.explains_keys and press.command in (*SETS_VOICE, Command.SHUTDOWN) and not machine.wants(press):
            return False
        return self._runner.press(press)

    def leave(self) -> None:
        """The wearer does not want to hear more."""
        self._runner.leave()

    def before(self, command: Command) -> None:
        """A command is about to be carried out: it may end the guide."""
        if command not in KEEPS_GUIDE:
            self.leave()

    def ended(self, utterance: Utterance, fate: Fate) -> None:
        """Take in the fate of an utterance."""
        if utterance.kind is UtteranceKind.READY and fate in (Fate.SPOKEN, Fate.INTERRUPTED):
            self._is_ready = True
        self._runner.ended(utterance, fate)

    def poll(self) -> None:
        """Go on, or offer the guide where that is due: once "Ready." was heard, and there is a key to answer with."""
        self._runner.poll()
        if self._offers and self._is_ready and not self.is_running and (keys := self._keys()):
            self._offers = False
            self._begin(script.offer(self._phrases, keys), "", "declined")

    def _begin(self, steps: tuple[Step, ...], finished: str, left: str) -> None:
        """finished, left: keys of [guide] for the last words; empty: none."""
        finished_words, left_words = (script.last_words(self._phrases, name) for name in (finished, left))
        self._runner.begin(lambda at: GuideMachine(steps, finished_words, left_words, at))

    def _on_over(self, machine: GuideMachine) -> None:
        self.outcome = machine.outcome
        if machine.outcome is Outcome.UNHEARD:
            return
        changes: dict[str, str | bool] = {} if self._settings.is_guide_known else {"is_guide_known": True}
        if SMILES in machine.chosen or USUAL in machine.chosen:
            usual = "normal" if self._verbosity == SMILES else ""
            changes["verbosity"] = SMILES if SMILES in machine.chosen else usual
        if changes:
            self._settings.update(**changes)
        if OFFER in machine.chosen:
            self.start(Command.GUIDE)
