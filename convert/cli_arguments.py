"""Arguments and output that the desktop commands share."""

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.config.schema import quoted
from assistant.errors import AssistantError
from assistant.vision.faces.input_format import OWN_FORMAT, InputFormat
from convert.data.fer2013 import Faces, load
from convert.data.fer2013_labels import DatasetError
from convert.training import recipe_file

BACKENDS = ("tensorflow", "jax", "torch")
"""Keras backends; without KERAS_BACKEND the first that is installed is used."""
MAX_DIGITS = 18
"""Longer numbers are refused unread: Python converts none of more than 4300 digits."""

MAX_CORE_HOURS = 100_000
"""Largest budget of a training."""


def command(commands: Any, name: str, function: Any, text: str, data: bool = True) -> argparse.ArgumentParser:
    """A new command that calls `function`. text: its help. data: whether it has the option --data."""
    made: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    made.set_defaults(command=function, when_stopped="", usage_error=made.error)
    made.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show a traceback if the command fails"
    )
    if data:
        text = (
            "FER-2013 as a CSV file, an NPZ file or a folder, the folder of one, or a folder with one for each class; "
            "default: $EMOTION_DATA"
        )
        made.add_argument("--data", type=Path, metavar="PATH", help=text)
    return made


def skip_unreadable(*commands: argparse.ArgumentParser) -> None:
    """Give commands that read faces by `labelled_faces` the option to leave out damaged ones."""
    for each in commands:
        each.add_argument("--skip-unreadable", action="store_true", help="leave out picture files that cannot be read")


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """The type of an argument that must be a whole number from `low`, which is not negative, to `high`. It raises
    ArgumentTypeError."""

    def convert(text: str) -> int:
        if not text.isdecimal() or len(text) > MAX_DIGITS or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{quoted(text)} is no whole number from {low} to {high}")
        return int(text)

    return convert


def core_hours(text: str) -> float:
    """The type of an argument that is a number of core hours. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= MAX_CORE_HOURS:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no number of hours above 0, up to {MAX_CORE_HOURS}")
    return value


seed = whole_number(0, recipe_file.MAX_SEED)
"""The type of a random seed."""
epochs = whole_number(1, recipe_file.MAX_EPOCHS)
"""The type of a number of epochs."""
processes = whole_number(1, 256)
"""The type of a number of processes or threads."""


def html_file(text: str) -> Path:
    """The type of an argument that names a page to write: its ending keeps it from being a data set or a picture, which
    would be replaced. Raises ArgumentTypeError."""
    if not text.lower().endswith((".html", ".htm")):
        raise argparse.ArgumentTypeError(f"{quoted(text)} does not end in .html")
    return Path(text)


def png_file(text: str) -> Path:
    """The type of an argument that names a chart to write: its ending keeps it from being a clip, which would be
    replaced. Raises ArgumentTypeError."""
    if not text.lower().endswith(".png"):
        raise argparse.ArgumentTypeError(f"{quoted(text)} does not end in .png")
    return Path(text)


def run_folder(text: str) -> Path:
    """The type of an argument that names a run folder, existing or not. Raises ArgumentTypeError for a file."""
    if os.path.isfile(text):  # noqa: PTH113 - Path.is_file raises for a name that is too long
        what = f"{quoted(text)} is a file; name the folder of a run that `emotion-convert train` has written"
        if text.endswith((".keras", ".h5", ".hdf5", ".onnx", ".pb", ".pt")):
            what += (
                ". Of a classifier of another program, in a .keras, .h5 or .tflite file, `emotion-convert import` "
                "makes one that the assistant runs"
            )
        raise argparse.ArgumentTypeError(what)
    return Path(text)


def data(options: argparse.Namespace) -> Path:
    """The path of --data, else $EMOTION_DATA. Raises DatasetError where neither is given."""
    if options.data:
        return Path(options.data)
    if os.environ.get("EMOTION_DATA"):
        return Path(os.environ["EMOTION_DATA"])
    raise DatasetError("no data; give FER-2013 with --data, or set EMOTION_DATA to its folder")


def labelled_faces(options: argparse.Namespace, input_format: InputFormat = OWN_FORMAT) -> Faces:
    """The labelled faces of `data`, as crops of a format. Raises DatasetError, also for a damaged picture unless the
    command has, and was given, --skip-unreadable."""
    return load(data(options), input_format, skip_unreadable=getattr(options, "skip_unreadable", False))


def muxspace(options: argparse.Namespace) -> Path | None:
    """The folder `muxspace` beside the data, None where it is missing. Raises DatasetError where no data is given."""
    place = data(options)
    folder = (place if place.is_dir() else place.parent) / "muxspace"
    return folder if folder.is_dir() else None


def detection_faces(options: argparse.Namespace) -> Path | None:
    """The folder `faces/train` beside the data, None where it is missing or holds no boxes.csv. Raises DatasetError
    where no data is given."""
    place = data(options)
    folder = (place if place.is_dir() else place.parent) / "faces" / "train"
    return folder if (folder / "boxes.csv").is_file() else None


def yunet(options: argparse.Namespace) -> Path | None:
    """Path of YuNet's ONNX file: --yunet, else $EMOTION_YUNET, else None."""
    named = os.environ.get("EMOTION_YUNET")
    file = getattr(options, "yunet", None) or (Path(named) if named else None)
    return Path(file) if file else None


def make_folder(folder: Path) -> None:
    """Create a folder for what a command writes at its end, before the work, which takes minutes or hours. Raises
    AssistantError, also where nothing can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as err:
        raise AssistantError(f"{folder}: no folder that can be written into: {err.strerror}") from err


def check_backend() -> None:
    """Raises AssistantError where KERAS_BACKEND is not one of BACKENDS."""
    chosen = os.environ.get("KERAS_BACKEND") or BACKENDS[0]
    if chosen not in BACKENDS:
        raise AssistantError(f"KERAS_BACKEND is {chosen!r}; set one of {', '.join(BACKENDS)}, or leave it unset")


def show(report: dict[str, Any], as_text: Any, options: argparse.Namespace) -> None:
    """Print a report: as JSON alone with --json, else as text. as_text: function from report to text."""
    print(json.dumps(report, indent=1, ensure_ascii=False) if options.json else as_text(report))
