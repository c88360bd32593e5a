"""The messages between vision and voice as lines of JSON, and back; nothing that comes in is believed.

The kinds are a closed list, each with exactly its fields. Times are CLOCK_MONOTONIC, which all processes share, so that
the moment at which an utterance expires travels as it is.
"""

import json
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any

from assistant.errors import IPCError
from assistant.records import Fate, Fault, FaultName, Priority, Utterance, UtteranceKind

MAX_LINE = 4096
"""Bytes."""
LENGTHS = {"text": 300, "log_note": 300, "detail": 300, "topic": 60, "earcon": 60}
"""Characters of each text; `encode` cuts what is longer, `decode` refuses it. Together they stay below MAX_LINE."""
MAX_NUMBER = 1e12
ASKS = ("describe", "more", "why", "aim", "wrong")
"""What a wearer may ask."""


@dataclass(frozen=True)
class Heartbeat:
    """Whoever sends it is at work: vision completed a step at `at`, or the voice looked after things. camera: vision
    has it open; faults: those that are active in vision; is_covered: vision pauses, for its
    lens is."""

    at: float
    camera: bool = False
    faults: tuple[FaultName, ...] = ()
    is_covered: bool = False


@dataclass(frozen=True)
class Answer:
    """What vision answers to the question of that number."""

    number: int
    utterance: Utterance


@dataclass(frozen=True)
class Withdraw:
    """What waits of this topic is no longer true, and nothing takes its place."""

    topic: str


@dataclass(frozen=True)
class Stop:
    """Vision ends, and the voice with it, once it has said what waits."""


@dataclass(frozen=True)
class Ended:
    """What became of an utterance."""

    utterance: Utterance
    fate: Fate
    at: float


@dataclass(frozen=True)
class Ask:
    """The wearer asks; what: one of ASKS."""

    number: int
    what: str


Message = Utterance | Fault | Heartbeat | Answer | Withdraw | Stop | Ended | Ask

KINDS: dict[str, type[Message]] = {
    "utterance": Utterance, "fault": Fault, "heartbeat": Heartbeat, "answer": Answer, "withdraw": Withdraw,
    "stop": Stop, "fate": Ended, "ask": Ask,
}  # fmt: skip


def encode(message: Message) -> bytes:
    """The message as a line, texts cut to their lengths and without control characters.

    Raises IPCError if the other side would refuse it even so.
    """
    kind = next(kind for kind, form in KINDS.items() if type(message) is form)
    line = json.dumps({"type": kind, **_table(message)}, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    decode(line)
    return line


def decode(line: bytes) -> Message:
    """The message in a line. Raises IPCError if it is not exactly one of KINDS."""
    if len(line) > MAX_LINE:
        raise IPCError(f"a line of more than {MAX_LINE} bytes")
    try:
        table = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as err:
        raise IPCError(f"a line that is not JSON: {type(err).__name__}") from err
    kind = table.pop("type", None) if isinstance(table, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise IPCError(f"a message of unknown type; known: {', '.join(KINDS)}")
    message: Message = _record(KINDS[kind], table, kind)
    return message


def _table(record: Any) -> dict[str, Any]:
    table = {}
    for item in fields(record):
        value = getattr(record, item.name)
        if isinstance(value, Utterance):
            value = _table(value)
        elif isinstance(value, Priority):
            value = value.name
        elif isinstance(value, tuple):
            value = list(value)
        elif isinstance(value, str) and item.name in LENGTHS:
            value = "".join(" " if _is_control(char) else char for char in value[: LENGTHS[item.name]])
        table[item.name] = value
    return table


def _record(form: Any, table: Any, kind: str) -> Any:
    names = {item.name for item in fields(form)}
    if not isinstance(table, dict) or table.keys() != names:
        raise IPCError(f"{kind}: its fields must be {', '.join(sorted(names)) or 'none'}")
    for name, value in table.items():
        if name != "utterance" and not CHECKS[name](value):
            raise IPCError(f"{kind}: a wrong value of {name}")
    values = dict(table)
    if "utterance" in values:
        values["utterance"] = _record(Utterance, values["utterance"], kind)
    if "priority" in values:
        values["priority"] = Priority[values["priority"]]
    if "name" in values:
        values["name"] = FaultName(values["name"])
    if "faults" in values:
        values["faults"] = tuple(map(FaultName, values["faults"]))
    if "kind" in values:
        values["kind"] = UtteranceKind(values["kind"])
    if "fate" in values:
        values["fate"] = Fate(values["fate"])
    return form(**values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -MAX_NUMBER < value < MAX_NUMBER


def _is_text(length: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and len(value) <= length and not any(map(_is_control, value))


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
    **{name: _is_text(length) for name, length in LENGTHS.items()},
    "at": _is_number,
    "expires_at": lambda value: value is None or _is_number(value),
    "is_over": lambda value: isinstance(value, bool),
    "camera": lambda value: isinstance(value, bool),
    "is_covered": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int) and _is_number(value) and value >= 0,
    "priority": _is_one_of(Priority.__members__),
    "name": _is_one_of(FaultName),
    "faults": _is_list_of(FaultName),
    "kind": _is_one_of(UtteranceKind),
    "fate": _is_one_of(Fate),
    "what": _is_one_of(ASKS),
}
"""What each field may be; a field that stands in several messages means the same in all of them."""
