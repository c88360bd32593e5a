"""Friends in one encrypted file, to move them to another box: scrypt makes a key of a passphrase, AES-GCM encrypts.

The first line says in words what the file is. The library `cryptography` is needed for nothing else.
"""

import base64
import binascii
import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.dataclass import dataclass
from assistant.errors import SkillError, shown
from assistant.skills.friends import friends_file
from assistant.skills.friends.friend import Friend
from assistant.system.atomic_files import write_atomically
from assistant.system.friends_folder import MAX_TAG_BYTES
from assistant.system.regular_file import read_bytes

HEADER = (
    b"Friends of emotion-assistant, encrypted with a passphrase. To use it: emotion-assistant friends import FILE\n"
)
SCRYPT_N, SCRYPT_R, SCRYPT_P = 1 << 15, 8, 1
"""Cost of the key: 32 MiB and 0.1 s on a desktop, half a second on a Pi (RFC 7914; OWASP asks for 2^15 and r 8 with p
3 where somebody may try passphrases at leisure)."""
MAX_SCRYPT_N = 1 << 17
MIN_PASSPHRASE = 8
"""Characters."""
MAX_FILE_BYTES = 64 << 20


class TransferError(SkillError):
    """An export that cannot be written or read."""


@dataclass(frozen=True)
class Exported:
    """A friend, and the WAV file in which somebody says the name; empty where there is none."""

    friend: Friend
    tag: bytes = b""


def write_export(file: Path, exported: Sequence[Exported], passphrase: str) -> None:
    """Write friends into a file that only its owner may read. Raises TransferError, also where there is such a file."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise TransferError(f"a passphrase has at least {MIN_PASSPHRASE} characters")
    if file.exists():
        raise TransferError(f"{shown(file)}: there is such a file already; name another one")
    held = {
        "friends": friends_file.encode([each.friend for each in exported]).decode(),
        "tags": {each.friend.friend_id: _base64(each.tag) for each in exported if each.tag},
    }
    salt, nonce = os.urandom(16), os.urandom(12)
    about = {"format": 1, "n": SCRYPT_N, "r": SCRYPT_R, "p": SCRYPT_P, "salt": _base64(salt), "nonce": _base64(nonce)}
    start = HEADER + json.dumps(about).encode() + b"\n"
    sealed = _cipher(passphrase, salt, about)[0].encrypt(nonce, json.dumps(held).encode(), start)
    try:
        write_atomically({file: start + _wrapped(sealed)}, mode=0o600)
    except OSError as err:
        raise TransferError(f"{shown(file)}: cannot be written: {err.strerror}") from err


def read_export(file: Path, passphrase: str) -> tuple[Exported, ...]:
    """The friends in a file that `write_export` wrote. Raises TransferError."""
    try:
        content = read_bytes(file, MAX_FILE_BYTES)
    except OSError as err:
        raise TransferError(f"{shown(file)}: cannot be read: {err.strerror}") from err
    if not content.startswith(HEADER):
        raise TransferError(f"{shown(file)}: not an export of friends")
    line, _, sealed = content.removeprefix(HEADER).partition(b"\n")
    try:
        about = json.loads(line)
        salt, nonce = base64.b64decode(about["salt"]), base64.b64decode(about["nonce"])
        costs = [about[key] for key in ("n", "r", "p")]
        if about["format"] != 1 or not all(type(cost) is int for cost in costs):
            raise ValueError("of another version")
        if not 2 <= costs[0] <= MAX_SCRYPT_N or not 1 <= costs[1] <= 16 or not 1 <= costs[2] <= 8 or len(nonce) != 12:
            raise ValueError("with a key that costs too much")
        if costs[0] & (costs[0] - 1):
            raise ValueError("with a cost that is no power of two")
        secret = base64.b64decode(sealed, validate=False)
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as err:
        raise TransferError(f"{shown(file)}: damaged or cut; copy it again") from err
    cipher, wrong = _cipher(passphrase, salt, about)
    try:
        held = cipher.decrypt(nonce, secret, HEADER + line + b"\n")
    except (wrong, ValueError) as err:
        raise TransferError(f"{shown(file)}: the passphrase is wrong, or the file is damaged") from err
    try:
        plain = json.loads(held)
        tags = {friend_id: base64.b64decode(tag) for friend_id, tag in plain["tags"].items()}
        friends = friends_file.decode(plain["friends"].encode())
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise TransferError(f"{shown(file)}: of another version of the assistant: {err}") from err
    return tuple(Exported(friend, tags.get(friend.friend_id, b"")[:MAX_TAG_BYTES]) for friend in friends)


def _cipher(passphrase: str, salt: bytes, about: dict[str, Any]) -> tuple[Any, type[Exception]]:
    """AES-256-GCM with the key of a passphrase, and the exception that it raises for another key. Raises TransferError
    where the library is missing."""
    try:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as err:
        raise TransferError(
            "cryptography is not installed; sudo apt install python3-cryptography, or pip install "
            "'emotion-assistant[friends]'"
        ) from err
    n, r, p = (about[key] for key in ("n", "r", "p"))
    key = hashlib.scrypt(
        passphrase.encode("utf-8", "surrogateescape"),
        salt=salt,
        n=n,
        r=r,
        p=p,
        maxmem=256 * n * r + (1 << 20),
        dklen=32,
    )
    return AESGCM(key), InvalidTag


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _wrapped(content: bytes) -> bytes:
    """Base64 in lines of 76 characters."""
    return re.sub(rb"(.{76})", rb"\1\n", base64.b64encode(content)) + b"\n"
