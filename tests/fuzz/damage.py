"""Strategies that damage something valid: bytes, and trees of JSON."""

import copy
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

NUMBERS = (0, 1, -1, 2**31 - 1, 2**31, 2**32 - 1, 2**53 + 1, 10**12, -(10**300), 0.5, -0.0, 1e-320, 1e308)
ODD_TEXTS = (
    "",
    "\0",
    "\x1b[2J",
    "\n",
    "\u2028",
    "\ud800",
    "\ufeff",
    "é",
    "x" * 5000,
    "../../etc/passwd",
    "{}",
    "%s%n",
    "happy",
)
Change = tuple[int, int, int]
LARGEST = 70_000
"""Bytes: more than a settings file may have, and less than a socket buffers for a peer that does not read."""


def changes(most: int = 6) -> st.SearchStrategy[list[Change]]:
    """Changes for `damaged`: how, where and with what."""
    return st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2**24 - 1), st.integers(0, 255)), max_size=most)


def damaged(content: bytes, steps: Sequence[Change], tokens: Sequence[bytes] = (b"\0",)) -> bytes:
    """The bytes after these changes; tokens: byte strings that have a meaning in the format."""
    made = bytearray(content)
    for how, where, what in steps:
        at, token = where % (len(made) + 1), tokens[what % len(tokens)]
        if how == 0 and made:
            made[at % len(made)] ^= 1 << what % 8
        elif how == 1 and made:
            made[at % len(made)] = what
        elif how == 2:
            del made[at : at + what % 32 + 1]
        elif how == 3:
            made[at:at] = token
        elif how == 4:
            made[at:at] = (token * (what * 16))[:LARGEST]
        elif how == 5:
            made[at:at] = made[at : at + what]
        elif how == 6:
            del made[at:]
        else:
            made[at : at + len(token)] = token
    return bytes(made[:LARGEST])


def nested(kind: int, depth: int) -> bytes:
    """JSON, or TOML's arrays, so many levels deep; closed or not."""
    opening, middle, closing = ((b"[", b"1", b"]"), (b'{"a":', b"1", b"}"), (b"[", b"", b""))[kind % 3]
    return opening * depth + middle + closing * depth


def values() -> st.SearchStrategy[Any]:
    """Anything that JSON can hold, most of it unexpected."""
    return st.one_of(
        st.sampled_from(NUMBERS),
        st.sampled_from(ODD_TEXTS),
        st.sampled_from((None, True, False, [], {}, float("nan"), float("inf"), [[]], [None] * 100, {"a": {"a": []}})),
        st.integers(),
        st.floats(),
        st.text(max_size=12),
        st.lists(st.one_of(st.integers(), st.floats(), st.text(max_size=4)), max_size=9),
    )


def trees(valid: Sequence[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A valid tree in which up to three places hold something else, or nothing, or have another name."""
    step = st.tuples(st.integers(0, 3), st.lists(st.integers(0, 63), max_size=4), values())
    return st.builds(_changed, st.sampled_from(valid), st.lists(step, max_size=3))


def _changed(tree: dict[str, Any], steps: Sequence[tuple[int, Sequence[int], Any]]) -> dict[str, Any]:
    tree = copy.deepcopy(tree)
    for how, way, value in steps:
        node: Any = tree
        for turn in way[:-1]:
            inner = list(node.values()) if isinstance(node, dict) else node
            below = [each for each in inner if isinstance(each, dict | list)]
            if not below:
                break
            node = below[turn % len(below)]
        keys: Any = list(node) if isinstance(node, dict) else range(len(node))
        if not len(keys):
            continue
        key = keys[(way[-1] if way else 0) % len(keys)]
        if how == 0:
            del node[key]
        elif how == 1 and isinstance(node, dict):
            node[str(value)] = node.pop(key)
        else:
            node[key] = copy.deepcopy(value)
    return tree
