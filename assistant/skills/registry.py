"""Which function answers the question of a skill, and which module has its engine; both are imported only when asked
for."""

import importlib
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

from assistant.config.settings import Settings
from assistant.ipc.commands import SKILL_SECTIONS, Command
from assistant.skills.session import AnswerFunction, OpenEngine, SkillName


class FunctionName(NamedTuple):
    """Where an `AnswerFunction` is."""

    module: str
    """In assistant.skills."""
    function: str


ANSWER_FUNCTIONS: dict[Command, FunctionName] = {
    Command.WHAT: FunctionName("things.what", "what"),
    Command.WHAT_MORE: FunctionName("things.what", "what_more"),
    Command.FIND: FunctionName("things.find", "find"),
    Command.DESCRIBE: FunctionName("description.describe", "describe"),
    Command.READ: FunctionName("reading.read", "read"),
    Command.TEACH_FRIEND: FunctionName("friends.teach", "teach"),
}
"""What answers each of SKILL_QUESTIONS."""
ENGINES: dict[SkillName, str] = {
    SkillName.FRIENDS: "friends.engine",
    SkillName.THINGS: "things.engine",
    SkillName.DESCRIBE: "description.engine",
    SkillName.READ: "reading.engine",
}
"""The module of each engine. `describe` asks that of things too; its own runs the program of describe.command."""
CHECKS: dict[SkillName, str] = {
    SkillName.FRIENDS: "friends.check",
    SkillName.THINGS: "things.check",
    SkillName.DESCRIBE: "description.check",
    SkillName.READ: "reading.check",
}
"""The module with `check(settings)` of each skill: what `doctor` calls; it is quick. A skill without it needs nothing
that could be missing."""


def is_enabled(settings: Settings, skill: SkillName) -> bool:
    """Whether the settings turn a skill on."""
    return bool(getattr(settings, skill).enabled)


def enabled_skills(settings: Settings) -> tuple[SkillName, ...]:
    """The skills that are on."""
    return tuple(skill for skill in SkillName if is_enabled(settings, skill))


def skill_of(command: Command) -> SkillName:
    """The skill that answers one of SKILL_QUESTIONS."""
    return SkillName(SKILL_SECTIONS[command])


def answer_function(command: Command) -> AnswerFunction:
    """The function that answers one of SKILL_QUESTIONS. Imports its module."""
    name = ANSWER_FUNCTIONS[command]
    function: AnswerFunction = getattr(_module(name.module), name.function)
    return function


def engine_opener(skill: SkillName) -> OpenEngine:
    """The function that opens the engine of one of ENGINES. Imports its module."""
    function: OpenEngine = _module(ENGINES[skill]).open_engine
    return function


def check_of(skill: SkillName) -> Callable[[Settings], None]:
    """The function that raises SkillError where a library or the weights of a skill are missing or wrong."""
    if importlib.util.find_spec(f"assistant.skills.{CHECKS[skill]}") is None:
        return lambda settings: None
    function: Callable[[Settings], None] = _module(CHECKS[skill]).check
    return function


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"assistant.skills.{name}")
