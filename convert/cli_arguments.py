"""Arguments and output that the desktop commands share."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from convert.data.fer2013_labels import DatasetError

BACKENDS = ("tensorflow", "jax", "torch")
"""Keras backends; without KERAS_BACKEND the first that is installed is used."""


def command(commands: Any, name: str, function: Any, text: str, data: bool = True) -> argparse.ArgumentParser:
    """A new command that calls `function`. text: its help. data: whether it has the option --data."""
    made: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    made.set_defaults(command=function, when_stopped="", usage_error=made.error)
    made.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show a traceback if the command fails"
    )
    if data:
        text = "FER-2013 as a CSV file, an NPZ file or a folder, or the folder of one; default: $EMOTION_DATA"
        made.add_argument("--data", type=Path, metavar="PATH", help=text)
    return made


def at_least_one(text: str) -> int:
    """The value of an argument that must be a whole number of 1 or more. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of 1 or more")
    return int(text)


def data(options: argparse.Namespace) -> Path:
    """The path of --data, else $EMOTION_DATA. Raises DatasetError where neither is given."""
    if options.data:
        return Path(options.data)
    if os.environ.get("EMOTION_DATA"):
        return Path(os.environ["EMOTION_DATA"])
    raise DatasetError("no data; give FER-2013 with --data, or set EMOTION_DATA to its folder")


def muxspace(options: argparse.Namespace) -> Path | None:
    """The folder `muxspace` beside the data, None where it is missing. Raises DatasetError where no data is given."""
    place = data(options)
    folder = (place if place.is_dir() else place.parent) / "muxspace"
    return folder if folder.is_dir() else None


def yunet(options: argparse.Namespace) -> Path | None:
    """Path of YuNet's ONNX file: --yunet, else $EMOTION_YUNET, else None."""
    named = os.environ.get("EMOTION_YUNET")
    file = getattr(options, "yunet", None) or (Path(named) if named else None)
    return Path(file) if file else None


def check_backend() -> None:
    """Raises AssistantError where KERAS_BACKEND is not one of BACKENDS."""
    chosen = os.environ.get("KERAS_BACKEND") or BACKENDS[0]
    if chosen not in BACKENDS:
        raise AssistantError(f"KERAS_BACKEND is {chosen!r}; set one of {', '.join(BACKENDS)}, or leave it unset")


def show(report: dict[str, Any], as_text: Any, options: argparse.Namespace) -> None:
    """Print a report: as JSON alone with --json, else as text. as_text: function from report to text."""
    print(json.dumps(report, indent=1, ensure_ascii=False) if options.json else as_text(report))
