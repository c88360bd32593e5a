"""The messages between the vision and the voice process, as lines of JSON; all that comes in is checked.

The types are a closed list, each with exactly its fields. Times are CLOCK_MONOTONIC, which all processes share, so that
the moment at which an utterance expires is sent as it is.
"""

import json
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import fields
from enum import StrEnum
from typing import Any

from assistant.dataclass import dataclass
from assistant.errors import IPCError
from assistant.ipc.commands import QUESTIONS, SKILL_QUESTIONS, Command
from assistant.ipc.socket_paths import MAX_LINE_BYTES
from assistant.records import Fate, Fault, FaultName, Priority, Utterance, UtteranceKind

MAX_CHARACTERS = {
    "text": 300, "log_note": 300, "detail": 300, "topic": 60, "earcon": 60, "argument": 60, "spoken_name": 60,
    "name_sound": 60,
}  # fmt: skip
"""The longest text of each field: `encode` cuts what is longer, `decode` refuses it. The longest message that has
these stays below MAX_LINE_BYTES."""
VERBOSITIES = ("", "quiet", "smiles", "brief", "normal", "full")
"""What a Verbosity may be."""
MAX_NUMBER = 1e12
"""Numbers beyond this, either way, are refused."""


@dataclass(frozen=True)
class Heartbeat:
    """The sender works: vision completed a step at `at`, or the voice process went through its main loop."""

    at: float
    """Monotonic seconds."""
    is_camera_open: bool = False
    """Of vision: it has the camera open."""
    faults: tuple[FaultName, ...] = ()
    """Of vision: its active faults, oldest first."""
    is_lens_covered: bool = False
    """Of vision: it pauses, because the lens is covered."""


@dataclass(frozen=True)
class Question:
    """The wearer asks something that vision answers."""

    question_id: int
    command: Command
    """One of QUESTIONS or SKILL_QUESTIONS. One of the latter cancels the question that a skill still answers."""
    argument: str = ""
    """What a skill is asked for by name, e.g. "cup"."""


@dataclass(frozen=True)
class Answer:
    """Vision answers the question of that id."""

    question_id: int
    utterance: Utterance


class Press(StrEnum):
    """What the wearer, or a friend, presses while a skill answers."""

    YES = "yes"
    """A short press of the main button: go on, I agree, pause or go on reading."""
    BACK = "back"
    """A double press: one step, or one sentence, back."""


@dataclass(frozen=True)
class SkillAnswer:
    """A skill answers the question of that id: an utterance of several, in the order in which they are to be spoken.
    AimPosition may come between them."""

    question_id: int
    utterance: Utterance | None
    """None: there is nothing more to say."""
    is_last: bool = False
    has_failed: bool = False
    """is_last: whether the skill has ended; has_failed: because it could not answer, and it has spoken why."""


@dataclass(frozen=True)
class SkillPress:
    """The wearer, or a friend, has pressed a key while a skill answers."""

    press: Press


@dataclass(frozen=True)
class SkillCancel:
    """Nobody wants the skill's answer any more."""


@dataclass(frozen=True)
class Withdraw:
    """Waiting announcements of this topic are no longer true, and nothing takes their place."""

    topic: str


@dataclass(frozen=True)
class Verbosity:
    """How much the wearer wants to hear unasked, for vision."""

    verbosity: str
    """One of VERBOSITIES; empty: what is configured."""


@dataclass(frozen=True)
class Stop:
    """Vision ends; the voice process is to end too, after it has spoken what waits."""


@dataclass(frozen=True)
class UtteranceEnded:
    """The voice process reports the fate of an utterance."""

    utterance: Utterance
    fate: Fate
    at: float
    """Monotonic seconds at which it was decided."""


@dataclass(frozen=True)
class AimPosition:
    """Vision reports, for each frame while the wearer aims, where the face is; or where the thing is that a skill looks
    for."""

    x: float | None
    """-1 at the left edge of the picture, 1 at the right one; None where there is no face."""
    y: float | None
    """-1 at the upper edge, 1 at the lower one; None where there is no face."""


@dataclass(frozen=True)
class AimEnded:
    """The face is in the middle, or the time for aiming is over."""

    utterance: Utterance
    """Its last words."""


Message = (
    Utterance
    | Fault
    | Heartbeat
    | Answer
    | Withdraw
    | Verbosity
    | Stop
    | UtteranceEnded
    | Question
    | AimPosition
    | AimEnded
    | SkillAnswer
    | SkillPress
    | SkillCancel
)

MESSAGE_TYPES: dict[str, type[Message]] = {
    "utterance": Utterance,
    "fault": Fault,
    "heartbeat": Heartbeat,
    "answer": Answer,
    "withdraw": Withdraw,
    "verbosity": Verbosity,
    "stop": Stop,
    "utterance_ended": UtteranceEnded,
    "question": Question,
    "aim_position": AimPosition,
    "aim_ended": AimEnded,
    "skill_answer": SkillAnswer,
    "skill_press": SkillPress,
    "skill_cancel": SkillCancel,
}
"""The class of each value of "type"."""


def encode(message: Message) -> bytes:
    """The message as a line, its texts cut to MAX_CHARACTERS and without control characters.

    Raises IPCError if the receiver would refuse it even so.
    """
    type_name = next(name for name, form in MESSAGE_TYPES.items() if type(message) is form)
    line = json.dumps({"type": type_name, **_to_table(message)}, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    decode(line)
    return line


def decode(line: bytes) -> Message:
    """The message in a line. Raises IPCError if it is not exactly one of MESSAGE_TYPES."""
    if len(line) > MAX_LINE_BYTES:
        raise IPCError(f"a line of more than {MAX_LINE_BYTES} bytes")
    try:
        table = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as err:
        raise IPCError(f"a line that is not JSON: {type(err).__name__}") from err
    type_name = table.pop("type", None) if isinstance(table, dict) else None
    if not isinstance(type_name, str) or type_name not in MESSAGE_TYPES:
        raise IPCError(f"a message of unknown type; known: {', '.join(MESSAGE_TYPES)}")
    message: Message = _to_record(MESSAGE_TYPES[type_name], table, type_name)
    return message


def _to_table(record: Any) -> dict[str, Any]:
    table = {}
    for item in fields(record):
        value = getattr(record, item.name)
        if isinstance(value, Utterance):
            value = _to_table(value)
        elif isinstance(value, Priority):
            value = value.name
        elif isinstance(value, tuple):
            value = list(value)
        elif isinstance(value, str) and item.name in MAX_CHARACTERS:
            value = "".join(" " if _is_control(char) else char for char in value[: MAX_CHARACTERS[item.name]])
        table[item.name] = value
    return table


def _to_record(form: Any, table: Any, type_name: str) -> Any:
    names = {item.name for item in fields(form)}
    if not isinstance(table, dict) or table.keys() != names:
        raise IPCError(f"{type_name}: its fields must be {', '.join(sorted(names)) or 'none'}")
    values = {}
    for name, value in table.items():
        if name == "utterance" and not (value is None and form is SkillAnswer and table["is_last"] is True):
            values[name] = _to_record(Utterance, value, type_name)
        elif CHECKS[name](value):
            values[name] = CONVERSIONS[name](value) if name in CONVERSIONS else value
        else:
            raise IPCError(f"{type_name}: a wrong value of {name}")
    return form(**values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -MAX_NUMBER < value < MAX_NUMBER


def _is_text(length: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and len(value) <= length and not any(map(_is_control, value))


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_one_of(choices: Iterable[str]) -> Callable[[Any], bool]:
    known = frozenset(choices)
    return lambda value: isinstance(value, str) and value in known


def _is_list_of(choices: Iterable[str]) -> Callable[[Any], bool]:
    """A list of known names, each once."""
    is_known = _is_one_of(choices)
    return lambda value: isinstance(value, list) and all(map(is_known, value)) and len(set(value)) == len(value)


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs")


CHECKS: dict[str, Callable[[Any], bool]] = {
    **{name: _is_text(length) for name, length in MAX_CHARACTERS.items()},
    "at": _is_number,
    **dict.fromkeys(("x", "y", "expires_at"), lambda value: value is None or _is_number(value)),
    "is_over": _is_bool,
    "is_last": _is_bool,
    "has_failed": _is_bool,
    "utterance": lambda value: value is None,
    "is_camera_open": _is_bool,
    "is_lens_covered": _is_bool,
    "question_id": lambda value: isinstance(value, int) and _is_number(value) and value >= 0,
    "priority": _is_one_of(Priority.__members__),
    "name": _is_one_of(FaultName),
    "faults": _is_list_of(FaultName),
    "kind": _is_one_of(UtteranceKind),
    "fate": _is_one_of(Fate),
    "command": _is_one_of((*QUESTIONS, *SKILL_QUESTIONS)),
    "press": _is_one_of(Press),
    "verbosity": _is_one_of(VERBOSITIES),
}
"""Whether a value is allowed in a field. A field that stands in several messages means the same in all of them."""

CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "priority": Priority.__getitem__,
    "name": FaultName,
    "faults": lambda names: tuple(map(FaultName, names)),
    "kind": UtteranceKind,
    "fate": Fate,
    "command": Command,
    "press": Press,
}
"""How the JSON value of a field becomes that of the record, where the two differ."""
