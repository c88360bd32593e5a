"""The list of friends as the text of a file, and back. A text that was cut or changed anywhere is refused."""

import base64
import binascii
import dataclasses
import hashlib
import json
import math
import sys
import unicodedata
from array import array
from collections.abc import Sequence
from typing import Any

from assistant.config.schema import quoted
from assistant.skills.friends.friend import MAX_DIMENSIONS, MAX_VIEWS, ConsentWay, Embedding, Friend

ABOUT = "The friends of emotion-assistant: numbers computed from their faces, by which it names them. No picture."
FORMAT = 1
MAX_BYTES = 4 << 20
"""Thirty friends take 130 KiB."""
MAX_FRIENDS = 30
"""With three times as many friends a stranger is taken for one of them three times as often."""
MAX_NAME = 40
"""Characters."""


def encode(friends: Sequence[Friend]) -> bytes:
    """The file's content."""
    held = [{**dataclasses.asdict(each), **_packed(each)} for each in friends]
    return json.dumps(
        {"about": ABOUT, "format": FORMAT, "friends": held, "sha256": _digest(held)}, indent=1, ensure_ascii=False
    ).encode() + b"\n"  # fmt: skip


def decode(content: bytes) -> tuple[Friend, ...]:
    """The friends of a file's content. Raises ValueError, with the reason, for anything that `encode` did not make."""
    try:
        held = json.loads(content.decode("utf-8"))
        if held["format"] != FORMAT:
            raise ValueError(f"its format is {str(held['format'])[:20]}, not {FORMAT}: it is of another version")
        if held["sha256"] != _digest(held["friends"]):
            raise ValueError("its checksum is not that of its content")
        friends = tuple(_friend(each) for each in held["friends"])
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError, binascii.Error) as err:
        raise ValueError(f"not a list of friends ({type(err).__name__})") from err
    if not content.endswith(b"\n"):
        raise ValueError("its end is missing")
    if len({friend.friend_id for friend in friends}) < len(friends) or len(friends) > MAX_FRIENDS:
        raise ValueError("a friend is in it twice, or there are too many")
    return friends


def name_mistake(name: str) -> str:
    """What is wrong with a friend's name, in a sentence that shows it; empty where nothing is."""
    why = ""
    if not any(map(str.isalpha, name)) or name != name.strip():
        why = "a name has at least one letter, and no blank at its ends"
    elif not _is_line(name):
        why = f"a name is one line of at most {MAX_NAME} characters"
    return f"{quoted(name)}: {why}" if why else ""


def _is_line(name: str) -> bool:
    return bool(name) and name.isprintable() and len(name) <= MAX_NAME


def is_same_name(one: str, other: str) -> bool:
    """Whether two names are heard as the same one: capital letters, and how accents are encoded, cannot be heard."""
    return _key(one) == _key(other)


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _friend(held: dict[str, Any]) -> Friend:
    values = {field.name: held[field.name] for field in dataclasses.fields(Friend)}
    values["mean"], values["views"] = _unpacked(held["mean"]), tuple(map(_unpacked, held["views"]))
    values["consent"] = ConsentWay(held["consent"])
    friend = Friend(**values)
    texts = (friend.friend_id, friend.name, friend.model, friend.consent_on, friend.tag, friend.kept_on)
    if not all(isinstance(text, str) for text in texts) or friend.is_adult not in (True, False, None):
        raise ValueError("a value has another type")
    if not _is_line(friend.name) or not friend.friend_id or not isinstance(friend.is_strict, bool):
        raise ValueError("a name or a value is not allowed")
    if not friend.tag.isascii() or "/" in friend.tag or friend.tag.startswith("."):
        raise ValueError("a voice tag is not a file beside the list")
    if not 1 <= len(friend.views) <= MAX_VIEWS or {len(each) for each in friend.views} != {len(friend.mean)}:
        raise ValueError("views of different lengths, or too many")
    return friend


def _packed(friend: Friend) -> dict[str, Any]:
    return {"mean": _as_base64(friend.mean), "views": [_as_base64(each) for each in friend.views]}


def _as_base64(embedding: Embedding) -> str:
    return base64.b64encode(_little_endian(array("f", embedding)).tobytes()).decode("ascii")


def _unpacked(text: str) -> Embedding:
    values = array("f")
    values.frombytes(base64.b64decode(text, validate=True))
    embedding = tuple(_little_endian(values))
    length = math.hypot(*embedding)
    if not 2 <= len(embedding) <= MAX_DIMENSIONS or not math.isfinite(length) or abs(length - 1) > 0.01:
        raise ValueError("an embedding is not of length 1")
    return embedding


def _little_endian(values: "array[float]") -> "array[float]":
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values


def _digest(held: Any) -> str:
    text = json.dumps(held, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
