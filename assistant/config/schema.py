"""The schema of one setting: its default, the comment that is printed beside it, and the values that are allowed."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import field
from typing import Any

MAX_QUOTED = 80
"""Characters of a value in an error message."""

MAX_NAME = 40
"""Characters of a name in a list of texts; what is longer is no name."""


def setting(
    default: Any,
    doc: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    most: int | None = None,
    texts: int | None = None,
) -> Any:
    """A dataclass field for one setting.

    doc: the comment that is printed beside it. low, high: its limits, both included. choices: what it may be; of a
    list, what each item may be. most: how many different numbers a list may hold. texts: how many texts.
    """
    metadata = {"doc": doc, "low": low, "high": high, "choices": choices, "most": most, "texts": texts}
    return field(default=default, metadata=metadata)


def mistake(item: "dataclasses.Field[Any]", value: Any) -> str:
    """What is wrong with the value of a setting; empty where it is allowed."""
    is_right, allowed = _rule(item)
    return "" if is_right(value) else f"allowed: {allowed}"


def quoted(value: Any) -> str:
    """A value as an error message quotes it: in one line, and not all of a long one."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits; lists in lists in lists
        return f"a huge {type(value).__name__}"
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"


def limits(item: "dataclasses.Field[Any]") -> str:
    """The allowed values of a setting, as they are printed behind its comment."""
    if item.metadata["choices"]:
        return f" ({' | '.join(item.metadata['choices'])})"
    return f" ({item.metadata['low']} to {item.metadata['high']})" if item.metadata["high"] is not None else ""


def as_toml(value: Any) -> str:
    """A value of a setting in TOML."""
    if isinstance(value, tuple):
        return "[" + ", ".join(as_toml(each) for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # else the same escapes as JSON's
    return str(value)


def _rule(item: "dataclasses.Field[Any]") -> tuple[Callable[[Any], bool], str]:
    """A test of whether a value is allowed, and the allowed values in words."""
    low, high, choices, most, texts = (item.metadata[key] for key in ("low", "high", "choices", "most", "texts"))
    rules: dict[type, tuple[Callable[[Any], bool], str]] = {
        tuple: (lambda value: _is_list(value, lambda each: each in choices), f"a list of {', '.join(choices)}"),
        str: (lambda value: isinstance(value, str) and value.isprintable(), "a text in quotes"),
        bool: (lambda value: isinstance(value, bool), "true or false"),
        int: (lambda value: type(value) is int and low <= value <= high, f"a whole number from {low} to {high}"),
        float: (lambda value: type(value) in (int, float) and low <= value <= high, f"a number from {low} to {high}"),
    }
    if type(item.default) is str and choices:
        return lambda value: isinstance(value, str) and value in choices, ", ".join(choices)
    if texts is not None:
        return (
            lambda value: _is_list(value, _is_name) and len(set(value)) == len(value) <= texts,
            f"a list of at most {texts} different names in quotes, each of {MAX_NAME} characters at the most",
        )
    if most is not None:
        return (
            lambda value: (
                _is_list(value, lambda each: type(each) is int and low <= each <= high)
                and len(set(value)) == len(value) <= most
            ),
            f"a list of at most {most} different whole numbers from {low} to {high}",
        )
    return rules[type(item.default)]


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value.strip()) <= len(value) <= MAX_NAME


def _is_list(value: Any, is_right: Callable[[Any], bool]) -> bool:
    return isinstance(value, list | tuple) and all(map(is_right, value))
