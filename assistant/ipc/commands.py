"""The commands of the wearer, which come from buttons, media keys and the control socket, and the reply to each."""

from collections.abc import Mapping
from enum import Flag, StrEnum, auto
from typing import NamedTuple, Self


class CommandFlag(Flag):
    """How a command is treated."""

    NONE = 0
    VISION = auto()
    """The vision process answers it."""
    INTERRUPTS = auto()
    """It cuts off what is being spoken, a fault too."""
    SKILL = auto()
    """A skill answers it, in the vision process, with any number of utterances."""


_NONE, _VISION, _INTERRUPTS = CommandFlag.NONE, CommandFlag.VISION, CommandFlag.INTERRUPTS
_SKILL = CommandFlag.SKILL


class Command(StrEnum):
    """What the wearer can ask for. The value of a member is its name on the control socket and on the link."""

    flags: CommandFlag
    help_text: str
    """What --help says of the verb of this name; empty where the command line has no verb of its own for it."""

    def __new__(cls, value: str, flags: CommandFlag = _NONE, help_text: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.flags, member.help_text = flags, help_text
        return member

    ASK = "ask", _VISION | _INTERRUPTS
    """Who is there, and how the nearest person or the partner looks."""
    MORE = "more", _VISION | _INTERRUPTS
    """The same for everybody in view."""
    REPEAT = "repeat", _INTERRUPTS, "have the running assistant say the last thing again"
    REPEAT_INSTEAD = "repeat_instead", _INTERRUPTS
    """The second tap of a double press, whose first tap has asked: repeat the utterance before that question."""
    MUTE = "mute", _NONE, "silence the running assistant; faults and answers are still spoken"
    UNMUTE = "unmute", _NONE, "let the running assistant speak unasked again"
    TOGGLE_MUTE = "toggle_mute", _NONE
    LOUDER = "louder", _NONE, "make the running assistant louder"
    QUIETER = "quieter", _NONE, "make the running assistant quieter"
    FASTER = "faster", _NONE, "make the running assistant speak faster"
    SLOWER = "slower", _NONE, "make the running assistant speak slower"
    WHY = (
        "why",
        _VISION | _INTERRUPTS,
        "ask the running assistant how sure it is of the last expression, and since when",
    )
    WRONG = "wrong", _VISION | _INTERRUPTS, "tell the running assistant that the last expression was wrong"
    AIM = "aim", _VISION | _INTERRUPTS
    """Where to turn so that the face is in the middle of the picture."""
    STATUS = "status", _NONE, "ask the running assistant how it is"
    FACTS = "facts", _NONE
    """The state of the assistant for programs; nothing is spoken."""
    SHUTDOWN = "shutdown", _NONE, "shut the box down, as the very long press does; it has to be asked twice"
    GUIDE = "guide", _NONE
    """Tell how the assistant works, step by step, with practice."""
    GUIDE_KEYS = "guide_keys", _NONE
    """Let each press say what it does, instead of doing it."""
    CANCEL = "cancel", _INTERRUPTS
    """Only cut off what is being spoken."""
    WHAT = "what", _SKILL | _INTERRUPTS
    """What is in front."""
    WHAT_MORE = "what_more", _SKILL | _INTERRUPTS
    """The next things of the last answer to `what`."""
    FIND = "find", _SKILL | _INTERRUPTS
    """Where a thing is; the argument of the question names it."""
    DESCRIBE = "describe", _SKILL | _INTERRUPTS
    """People, things and light in two sentences."""
    READ = "read", _SKILL | _INTERRUPTS
    """The text before the camera."""
    TEACH_FRIEND = "teach_friend", _SKILL | _INTERRUPTS
    """Learn a friend, with their consent."""

    SKILLS = "skills", _INTERRUPTS
    """Let the keys ask the skills until some seconds have passed without a press."""
    SAID = "said"
    """What a skill has said in answer to a question, for programs; nothing is spoken."""

    @property
    def is_answered_by_vision(self) -> bool:
        """Whether the vision process answers it at once, with one utterance."""
        return CommandFlag.VISION in self.flags

    @property
    def is_answered_by_skill(self) -> bool:
        """Whether a skill answers it, in the vision process; the voice process carries out what neither answers."""
        return CommandFlag.SKILL in self.flags

    @property
    def is_about_skills(self) -> bool:
        """Whether it asks a skill, or is about its keys or what it has said."""
        return self.is_answered_by_skill or self in (Command.SKILLS, Command.SAID)

    @property
    def interrupts(self) -> bool:
        """Whether it cuts off what is being spoken."""
        return CommandFlag.INTERRUPTS in self.flags

    @property
    def is_public(self) -> bool:
        """Whether the command line has a verb of its own for it."""
        return bool(self.help_text)


ASKED_BY_NAME = (Command.ASK, Command.MORE, Command.AIM)
"""The questions that the verb `ask` of the command line takes."""
QUESTIONS = tuple(command for command in Command if command.is_answered_by_vision)
"""The commands that the vision process answers at once."""
SKILL_QUESTIONS = tuple(command for command in Command if command.is_answered_by_skill)
"""The commands that a skill answers."""
SKILL_SECTIONS: Mapping[Command, str] = {
    Command.WHAT: "things", Command.WHAT_MORE: "things", Command.FIND: "things", Command.DESCRIBE: "describe",
    Command.READ: "read", Command.TEACH_FRIEND: "friends",
}  # fmt: skip
"""The section of the settings of the skill that answers each of SKILL_QUESTIONS."""

NOT_ALLOWED = "not_allowed"
"""The fact in the reply to a user who may not use the assistant."""

Facts = Mapping[str, str | int | float | bool | list[str]]
"""The state of the assistant for programs, e.g. {"muted": True}."""


class Reply(NamedTuple):
    """The result of a command."""

    ok: bool
    text: str = ""
    """One line for a person."""
    facts: Facts = {}  # noqa: RUF012 - a Mapping, which nobody changes
    """For a program."""
