"""What `--input` and `--scaling` state of a foreign classifier, and the format that follows with the model's own
shape."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.config.schema import quoted
from assistant.errors import ModelError
from assistant.vision.faces.input_format import MAX_SIDE, MIN_SIDE, SCALINGS, InputFormat
from assistant.vision.faces.preprocess import INPUT_SCALING

FORM = re.compile(r"(?:(\d{1,4})(?:x(\d{1,4}))?(?:x([13]))?)?[-, ]?(grey|gray|rgb|bgr)?")
"""As in `128-rgb`, `48x48x1`, `rgb`."""
OTHER_NAMES = {
    "own": INPUT_SCALING, "0-1": "0..1", "0,1": "0..1", "-1-1": "-1..1", "-1,1": "-1..1", "0-255": "0..255",
    "0,255": "0..255", "none": "0..255", "inside": "0..255", "tf": "-1..1", "torch": "imagenet",
    "caffe": "imagenet-bgr",
}  # fmt: skip
"""Other names of scalings; tf, torch and caffe are the modes of `preprocess_input` of Keras."""


@dataclass(frozen=True)
class StatedInput:
    """What the command line says of an input; None or empty: nothing."""

    side: int | None = None
    channels: int | None = None
    colour: str = ""


def parse(text: str) -> StatedInput:
    """The value of `--input`. Raises ValueError."""
    found = FORM.fullmatch(text.strip().lower())
    if not found or not text.strip():
        raise ValueError(f"{quoted(text)} is no input; say its side and colours, as in 128-rgb, 48-grey or 224x224-bgr")
    width, height, channels, colour = found.groups()
    if height and height != width:
        raise ValueError(f"{quoted(text)} is not square; the assistant gives square crops of faces")
    return StatedInput(
        int(width) if width else None, int(channels) if channels else None, (colour or "").replace("gray", "grey")
    )


def parse_scaling(text: str) -> str:
    """The value of `--scaling`: a name in SCALINGS. Raises ValueError."""
    name = text.strip().lower().replace(" ", "") if text.strip() not in SCALINGS else text.strip()
    if (name := OTHER_NAMES.get(name, name)) in SCALINGS:
        return name
    near = difflib.get_close_matches(name, [*SCALINGS, *OTHER_NAMES], 1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ValueError(f"{quoted(text)} is no scaling; {hint}allowed: {', '.join(SCALINGS)}")


def complete(name: str, shape: Sequence[int | None], stated: StatedInput, scaling: str) -> InputFormat:
    """The format of a model whose input is [height, width, channels], None where it leaves one open. Raises ModelError
    where the assistant cannot give it, or where something else was stated."""
    if len(shape) != 3:
        raise ModelError(f"{name}: takes {_text(shape)}; the assistant gives pictures [side, side, 1 or 3]")
    height, width, channels = shape
    if channels not in (None, 1, 3) and height in (1, 3):
        raise ModelError(f"{name}: takes {_text(shape)}, channels first; export it with channels last")
    side = _agreed(name, "a side", height, stated.side)
    if side is None:
        raise ModelError(f"{name}: leaves the side of its pictures open; state it, as in --input 128-rgb")
    if width not in (None, side):
        raise ModelError(
            f"{name}: takes {_text(shape)}, which is not square; the assistant gives square crops of faces"
        )
    if not MIN_SIDE <= side <= MAX_SIDE:
        raise ModelError(f"{name}: takes pictures of {side}x{side} pixels; allowed: {MIN_SIDE} to {MAX_SIDE}")
    of_colour = None if not stated.colour else 1 if stated.colour == "grey" and stated.channels != 3 else 3
    channels = _agreed(name, "channels", channels, stated.channels) or of_colour or 3
    if channels == 1 and stated.colour not in ("", "grey"):
        raise ModelError(f"{name}: takes one channel, which is grey, but --input says {stated.colour}")
    usual = "grey" if channels == 1 else "bgr" if scaling == "imagenet-bgr" else "rgb"
    try:
        return InputFormat(side, channels, stated.colour or usual, scaling)
    except ValueError as err:
        raise ModelError(f"{name}: {err}") from err


def _agreed(name: str, what: str, of_model: int | None, stated: int | None) -> int | None:
    """What the model has, or else what was stated of it. Raises ModelError where these differ."""
    if of_model is not None and stated not in (None, of_model):
        raise ModelError(f"{name}: has {what} of {of_model}, but --input says {stated}")
    return stated if of_model is None else of_model


def _text(shape: Sequence[int | None]) -> str:
    return f"[{', '.join('any' if each is None else str(each) for each in shape)}]"
