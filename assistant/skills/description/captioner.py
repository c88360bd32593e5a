"""A program of the user's that describes a picture (`describe.command`), e.g. a vision-language model.

It is run once for each picture, and gets on its standard input one line of JSON:

    {"picture": "…", "format": "png", "encoding": "base64", "width": 640, "height": 480, "locale": "en", "limit_s": 9.0}

It writes {"text": "…"}: one or two short sentences in that language, of which MAX_CHARACTERS are spoken. The picture is
never written to a disk, and no shell is started. A program that is late is killed, with all that it has started.
"""

import base64
import json
import shlex
import threading

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.errors import SkillError, printable
from assistant.system.child_process import run_child_unchecked

MAX_CHARACTERS = 200
"""What is longer is cut at a word: nobody listens to more, and nobody can check it."""
REPLY_S = 2.0
"""Seconds for the picture to go to the engine, and for the text to come back."""


def parse_command(command: str) -> list[str]:
    """The program and its arguments, with quotes as in a shell. Raises SkillError where there is none."""
    try:
        words = shlex.split(command)
    except ValueError as err:
        raise SkillError(f"describe.command: {err}", "missing") from err
    if not words:
        raise SkillError("describe.command is empty; name a program there, see docs/change-it.md", "missing")
    return words


def caption(command: list[str], image: NDArray[np.uint8], locale: str, limit_s: float) -> str:
    """What the program says of an image, uint8 [H, W, 3] BGR or [H, W]. Raises SkillError."""
    is_encoded, png = cv2.imencode(".png", image)
    if not is_encoded:
        raise SkillError("describe.command: the picture could not be encoded")
    request = {
        "picture": base64.b64encode(png.tobytes()).decode("ascii"), "format": "png", "encoding": "base64",
        "width": image.shape[1], "height": image.shape[0], "locale": locale, "limit_s": limit_s,
    }  # fmt: skip
    try:
        ended = run_child_unchecked(command, json.dumps(request).encode() + b"\n", limit_s, threading.Event())
    except OSError as err:
        raise SkillError(f"describe.command: {command[0]} could not be started: {err.strerror}", "missing") from err
    if ended.is_flood:
        raise SkillError("describe.command: wrote more than a text and was killed")
    if ended.code is None:
        raise SkillError(f"describe.command: did not end within {limit_s:g} s and was killed", "late")
    if ended.code != 0:
        last = ended.errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise SkillError(f"describe.command: failed with exit code {ended.code}: {printable(last)[:200]}")
    return text_of(ended.output)


def text_of(output: bytes) -> str:
    """The text in what a program has written. Raises SkillError where there is none."""
    try:
        text = json.loads(output.decode("utf-8"))["text"]
        if not isinstance(text, str):
            raise TypeError("text is no text")
    except (ValueError, KeyError, TypeError, RecursionError) as err:
        raise SkillError(f'describe.command: wrote no {{"text": …}}: {printable(str(err))[:100]}') from err
    words = "".join(char if char.isprintable() else " " for char in text).split()
    if not words:
        raise SkillError("describe.command: wrote an empty text")
    kept = words[:1]
    for word in words[1:]:
        if len(" ".join([*kept, word])) > MAX_CHARACTERS:
            break
        kept.append(word)
    return " ".join(kept)[:MAX_CHARACTERS]
