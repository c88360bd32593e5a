"""One setting: its default, its comment and what it may be; what is wrong with a value, and how it is written."""

import dataclasses
import difflib
import json
from collections.abc import Callable
from typing import Any


def setting(
    default: Any,
    doc: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    most: int | None = None,
) -> Any:
    """A field with its comment, its limits (both included) or its choices. For a list they are those of each item, and
    a list of numbers has at the most so many, all different."""
    limits = {"low": low, "high": high, "choices": choices, "most": most}
    return dataclasses.field(default=default, metadata={"doc": doc, **limits})


def mistake(item: "dataclasses.Field[Any]", value: Any) -> str:
    """What is wrong with the value of a setting, or nothing."""
    is_right, allowed = _rule(item)
    return "" if is_right(value) else f"allowed: {allowed}"


def _rule(item: "dataclasses.Field[Any]") -> tuple[Callable[[Any], bool], str]:
    """Whether a value may stand for a setting, and the words for what may."""
    low, high, choices, most = (item.metadata[key] for key in ("low", "high", "choices", "most"))

    def is_whole(value: Any) -> bool:
        return type(value) is int and low <= value <= high

    def is_list(value: Any) -> bool:
        return isinstance(value, list) and all(isinstance(each, str) and each in choices for each in value)

    def is_whole_list(value: Any) -> bool:
        return isinstance(value, list) and all(map(is_whole, value)) and len(set(value)) == len(value) <= most

    match item.default:
        case tuple():
            whole = f"a list of at most {most} different whole numbers from {low} to {high}"
            return (is_whole_list, whole) if most else (is_list, f"a list of {', '.join(choices)}")
        case str() if choices:
            return lambda value: isinstance(value, str) and value in choices, ", ".join(choices)
        case str():
            return lambda value: isinstance(value, str) and value.isprintable(), "a text in quotes"
        case bool():
            return lambda value: isinstance(value, bool), "true or false"
        case int():
            return is_whole, f"a whole number from {low} to {high}"
    return lambda value: type(value) in (int, float) and low <= value <= high, f"a number from {low} to {high}"


def unknown(name: str, known: list[str]) -> str:
    """What to say of a name that is none of the known ones."""
    name = name if name.isprintable() else ascii(name)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"unknown setting {name}" + (f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}")


def limits(item: "dataclasses.Field[Any]") -> str:
    """What a setting may be, in brackets, for its comment."""
    if item.metadata["choices"]:
        return f" ({' | '.join(item.metadata['choices'])})"
    return f" ({item.metadata['low']} to {item.metadata['high']})" if item.metadata["high"] is not None else ""


def toml(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, tuple):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # else the same escapes as JSON's
    return str(value)
