"""`emotion-convert playground`: a page on this computer that shows what the assistant makes of pictures and clips."""

import argparse
from pathlib import Path
from typing import Any

from assistant.errors import DetectorError, ModelError
from assistant.vision.inference.model_file import find_model, read_card
from convert.cli_arguments import command, whole_number, yunet

DEFAULT_PORT = 7860
MAX_PORT = 65535


def add(commands: Any) -> None:
    """Add the command `playground` to the command line."""
    made = command(
        commands,
        "playground",
        _playground,
        "try models on pictures, the camera and clips, in the browser and on this computer alone",
        data=False,
    )
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.epilog = (
        "It needs pip install 'emotion-assistant[playground]'. Nothing that it is given leaves this computer,\n"
        "and nothing is stored: uploads lie in a private folder, which is deleted at the end, or at the next\n"
        "start after a crash.\n\n"
        "  emotion-convert playground\n"
        "  emotion-convert playground --port 8000 --model mine-int8.tflite"
    )
    made.add_argument(
        "--port",
        type=whole_number(0, MAX_PORT),
        default=DEFAULT_PORT,
        metavar="N",
        help="port of 127.0.0.1; 0: any that is free; default: %(default)s",
    )
    made.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="FILE",
        help="a .tflite file with its card beside it, offered beside the shipped models; may be given several times",
    )
    made.add_argument(
        "--scenes",
        type=Path,
        metavar="DIR",
        help="offer the clips of a folder of scenes with their truth.json, as `scenarios --write` makes one",
    )
    made.add_argument(
        "--yunet", type=Path, metavar="FILE", help="offer the detector YuNet too; default: $EMOTION_YUNET"
    )


def _playground(options: argparse.Namespace) -> int:
    from convert.playground.offer import Offer
    from convert.playground.server import serve

    models = [_checked(name) for name in options.model]
    if (detector := yunet(options)) is not None and not detector.is_file():
        raise DetectorError(f"{detector}: no such file; give YuNet's ONNX file with --yunet")
    return serve(Offer(models, detector, options.scenes), options.port)


def _checked(name: str) -> str:
    """The name of a shipped model, or the path of a file. Raises ModelError for one that reads no expressions."""
    file = find_model(name)
    if "labels" not in read_card(file):
        raise ModelError(f"{name}: reads no expressions, its card names no labels; choose another model")
    return str(file) if name.endswith(".tflite") else name
