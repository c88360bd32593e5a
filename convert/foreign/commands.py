"""`emotion-convert import`: a classifier that another program made becomes one that the assistant runs."""

import argparse
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import ModelError, shown
from assistant.vision.faces.input_format import SCALINGS, InputFormat
from convert.cli_arguments import command, data, labelled_faces, skip_unreadable, whole_number
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import DatasetError
from convert.foreign import label_names, stated_input
from convert.foreign.stated_input import StatedInput
from convert.tflite import card_file

Value = TypeVar("Value")
EXAMPLES = """\
labels, in the order of its outputs: names separated by commas (most usual ones are known), a file with one a line or
JSON, or the name of an order:
  fer2013   angry, disgust, fear, happy, sad, surprise, neutral (the numbers 0 to 6 of the table)
  folders   angry, disgust, fear, happy, neutral, sad, surprise (Keras reads class folders by the alphabet)
  ferplus   neutral, happy, surprise, sad, angry, disgust, fear, contempt

scaling, what the model takes of the pixels 0 to 255:
  0..1, -1..1           as after x / 255, and x / 127.5 - 1 (MobileNetV2 and ResNet50V2 of Keras)
  0..255                as they are: layers inside of the model scale them
  imagenet              less means, over deviations, red first (PyTorch)
  imagenet-bgr          less means, blue first (VGG16, VGG19 and ResNet50 of Keras)
  own                   (grey - 128) / 64, as this project's networks

examples:
  emotion-convert import mine.keras --labels folders --input rgb --scaling -1..1
  emotion-convert import downloaded.tflite --labels labels.txt --scaling own
  emotion-assistant replay clip.mp4 --model mine-int8.tflite
"""
NEGATIVE = re.compile(r"^-\d[\d.,-]*$")
"""Arguments that begin with a minus and are no options: the scaling -1..1."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    made = command(
        commands, "import", _import, "make a model that the assistant runs of a classifier that another program made"
    )
    made.formatter_class, made.epilog = argparse.RawDescriptionHelpFormatter, EXAMPLES
    made._negative_number_matcher = NEGATIVE
    made.add_argument("file", type=Path, metavar="FILE", help="a .keras, .h5 or .tflite file with 7 or 8 classes")
    made.add_argument(
        "model",
        type=Path,
        nargs="?",
        metavar="MODEL",
        help="the .tflite file to write, with its card; default: FILE-int8.tflite (FILE-float.tflite with --float), or "
        "of a .tflite file its card alone",
    )
    made.add_argument("--labels", required=True, help="what each output means, see below")
    made.add_argument(
        "--input",
        type=_read_by(stated_input.parse),
        default=StatedInput(),
        help="side and colours (grey, rgb or bgr) of its pictures, as in 128-rgb; default: by its shape, rgb where it "
        "has three channels",
    )
    made.add_argument(
        "--scaling",
        type=_read_by(stated_input.parse_scaling),
        required=True,
        help=f"what it takes of the pixels, see below: {', '.join(SCALINGS)}".replace("%", "%%"),
    )
    made.add_argument("--float", dest="is_float", action="store_true", help="keep a Keras network float32, not int8")
    made.add_argument(
        "--limit",
        type=whole_number(50, 1_000_000),
        metavar="N",
        help="compare and calibrate it by so many pictures alone: a large network takes long",
    )
    skip_unreadable(made)
    made.add_argument("--force", action="store_true", help="replace a shipped model, or a .json that is no card")


def _read_by(parse: Callable[[str], Value]) -> Callable[[str], Value]:
    """The type of an argument that a function reads which raises ValueError."""

    def convert(text: str) -> Value:
        try:
            return parse(text)
        except ValueError as err:
            raise argparse.ArgumentTypeError(str(err)) from err

    return convert


def _import(options: argparse.Namespace) -> int:
    from convert.foreign import importing

    file, labels = options.file, label_names.parse(options.labels)
    if not os.path.isfile(file):  # noqa: PTH113 - Path.is_file raises for a name that is too long
        raise ModelError(f"{shown(file)}: no such file, or no regular one")
    model = options.model or _default_model(file, is_float=options.is_float)
    if model.suffix != ".tflite":
        options.usage_error("MODEL must end in .tflite")
    _check_replaceable(model, force=options.force)
    stated = importing.Statement(labels, options.input, options.scaling)
    source = _loader(options)
    made = importing.import_model(file, model, stated, source, is_float=options.is_float, limit=options.limit)
    print(as_text(model, made))
    return 0


def _default_model(file: Path, *, is_float: bool) -> Path:
    if file.suffix.lower() == ".tflite":
        return Path(file)
    return file.with_name(f"{file.stem}-{'float' if is_float else 'int8'}.tflite")


def _check_replaceable(model: Path, *, force: bool) -> None:
    """Raises ModelError for a shipped model, and for a .json beside the model that is no card of one."""
    card_file.check_overwritten(model, force=force)
    card = card_file.path_of(model)
    if os.path.lexists(card) and not force:
        try:
            is_card = "sha256" in card_file.load(model)
        except ModelError:
            is_card = False
        if not is_card:
            raise ModelError(f"{card}: is there, and no model card; name another MODEL, or add --force to replace it")


def _loader(options: argparse.Namespace) -> Callable[[InputFormat], Faces] | None:
    """Reads the labelled pictures; None where none are named."""
    try:
        data(options)
    except DatasetError:
        return None
    return lambda input_format: labelled_faces(options, input_format)


def as_text(model: Path, made: Any) -> str:
    """What was made, in lines."""
    about = made.card
    taken, given = about["input"], about["output"]
    side, colour = taken["shape"][1], taken.get("colour", "grey")
    size = f"{about['bytes'] / 1e6:.2f} MB, {about['macs'] / 1e6:.1f} MMAC"
    lines = [
        f"{model}: {side}x{side} {colour}, {taken['dtype']}, scaling {taken['scaling']}; {size}",
        f"{given['values']} of {', '.join(about['labels'])}",
    ]
    if tried := about.get("tried"):
        lines.append(
            f"the original reads {tried['accuracy']:.1%} of {tried['pictures']} pictures of PublicTest right, as many "
            "of each expression"
        )
    if compared := about.get("comparison"):
        loss = compared.get("macro_f1_loss_points")
        fall = "" if loss is None else f", macro-F1 falls by {loss:.2f} points"
        lines.append(f"same answer as the original on {compared['same_answer']:.1%} of {compared['pictures']}{fall}")
    if "temperature" in about:
        lines.append(f"calibrated on PublicTest: temperature {about['temperature']}")
    if not tried:
        lines.append("not tried on any face, and not calibrated: give FER-2013 with --data for that")
    lines += [f"WARNING: {each}" for each in made.warnings]
    lines.append(f"try it: emotion-assistant replay CLIP --model {model}; measure it: emotion-convert evaluate {model}")
    return "\n".join(lines)
