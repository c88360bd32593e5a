"""The input of an expression model, as its card states it: side, channels, colour and scaling of the face crops.

The project's own models take `OWN_FORMAT`; models of other makers bring another one. Device, training, evaluation and
calibration turn crops into input tensors by `InputFormat.tensor` alone.
"""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.dataclass import dataclass
from assistant.records import Face
from assistant.vision.faces import preprocess
from assistant.vision.faces.preprocess import CROP_SIDE, GREY_STEP, INPUT_SCALING, MID_GREY, to_grey

MIN_SIDE, MAX_SIDE = 48, 224
"""Sides in pixels of the square crops that a model may take."""


@dataclass(frozen=True)
class Scaling:
    """How pixel values 0 to 255 become the numbers that a model takes: (value - mean) / step, for each channel."""

    mean: tuple[float, ...]
    """One for each channel, or one for all of them; in the order of the model's channels."""
    step: tuple[float, ...]


SCALINGS: Mapping[str, Scaling] = {
    INPUT_SCALING: Scaling((MID_GREY,), (GREY_STEP,)),
    "0..255": Scaling((0.0,), (1.0,)),
    "0..1": Scaling((0.0,), (255.0,)),
    "-1..1": Scaling((127.5,), (127.5,)),
    "imagenet": Scaling((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "imagenet-bgr": Scaling((103.939, 116.779, 123.68), (1.0,)),
}
"""The scalings that a card may state as `input.scaling`. "imagenet": means and standard deviations of red, green and
blue in ImageNet (ResNet of PyTorch, for example); "imagenet-bgr": the means alone, blue first (VGG16 and ResNet50 of
Keras)."""
COLOURS = ("grey", "rgb", "bgr")
"""What the channels of an input hold. Grey in three channels is the same grey in each."""


@dataclass(frozen=True)
class InputFormat:
    """The input of a model: a square face crop as a tensor [N, side, side, channels]."""

    side: int = CROP_SIDE
    """Pixels, MIN_SIDE to MAX_SIDE."""
    channels: int = 1
    """1 or 3."""
    colour: str = "grey"
    """One of COLOURS; with one channel always "grey"."""
    scaling: str = INPUT_SCALING
    """One of the names in SCALINGS."""

    def __post_init__(self) -> None:
        """Raises ValueError for values that do not go together."""
        if not MIN_SIDE <= self.side <= MAX_SIDE:
            raise ValueError(f"a side of {self.side} pixels; allowed: {MIN_SIDE} to {MAX_SIDE}")
        if self.channels not in (1, 3):
            raise ValueError(f"{self.channels} channels; allowed: 1 or 3")
        if self.colour not in COLOURS or (self.channels == 1 and self.colour != "grey"):
            raise ValueError(f"colour {self.colour!r} in {self.channels} channels; allowed: {', '.join(COLOURS)}")
        if self.scaling not in SCALINGS:
            raise ValueError(f"scaling {self.scaling!r}; allowed: {', '.join(map(repr, SCALINGS))}")
        if len(SCALINGS[self.scaling].mean) > self.channels:
            raise ValueError(f"scaling {self.scaling!r} is for three channels")

    @property
    def is_grey(self) -> bool:
        """Whether its crops are cut out of the grey picture."""
        return self.colour == "grey"

    @property
    def shape(self) -> list[int]:
        """Shape of the tensor of one crop: [1, side, side, channels]."""
        return [1, self.side, self.side, self.channels]

    @property
    def crop_shape(self) -> tuple[int, ...]:
        """Shape of one crop: (side, side), or (side, side, 3), blue first, for a model that takes colours."""
        return (self.side, self.side) if self.is_grey else (self.side, self.side, 3)

    def tensor(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Model input float32 [..., side, side, channels] of crops uint8 [..., *crop_shape]; colour crops are BGR, as
        OpenCV's. Raises ValueError."""
        expected = self.crop_shape
        if crops.dtype != np.uint8 or crops.shape[-len(expected) :] != expected:
            raise ValueError(f"expected crops uint8 {['...', *expected]}, got {crops.dtype} {list(crops.shape)}")
        if self.is_grey:
            pixels = crops[..., np.newaxis]
        else:
            pixels = crops[..., ::-1] if self.colour == "rgb" else crops
        scaling = SCALINGS[self.scaling]
        mean, step = np.array(scaling.mean, np.float32), np.array(scaling.step, np.float32)
        values = (pixels.astype(np.float32) - mean) / step
        if values.shape[-1] != self.channels:
            values = np.repeat(values, self.channels, axis=-1)
        return np.asarray(values, np.float32)

    def fit(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The crop uint8 `crop_shape` of a picture of a face alone, of a shape that `preprocess.to_grey` takes:
        resized, colours dropped, or a grey picture's grey in each channel."""
        picture = to_grey(picture) if self.is_grey else _to_bgr(picture)
        if picture.shape[:2] == (self.side, self.side):
            return picture
        interpolation = cv2.INTER_AREA if min(picture.shape[:2]) > self.side else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(picture, (self.side, self.side), interpolation=interpolation), np.uint8)

    def face_crop(self, picture: NDArray[np.uint8], face: Face, margin: float = 0.0) -> NDArray[np.uint8]:
        """The crop uint8 `crop_shape` of a face of a picture, which has a shape that `preprocess.to_grey` takes;
        margin: as for `preprocess.face_crop`."""
        return self.fit(preprocess.face_crop(picture, face, margin, self.side))

    def limits(self) -> tuple[float, float]:
        """The least and the greatest number that a tensor can hold."""
        scaling = SCALINGS[self.scaling]
        means, steps = (np.array(each, np.float64) for each in (scaling.mean, scaling.step))
        return float(((0 - means) / steps).min()), float(((255 - means) / steps).max())

    def as_card(self) -> dict[str, Any]:
        """The format as entries of `input` in a model card; `from_card` reads them."""
        entries: dict[str, Any] = {"shape": self.shape, "scaling": self.scaling}
        return entries if self.channels == 1 else {**entries, "colour": self.colour}


def _to_bgr(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if picture.ndim == 3 and picture.shape[2] >= 3:
        return picture[:, :, :3]
    return np.asarray(cv2.cvtColor(to_grey(picture), cv2.COLOR_GRAY2BGR), np.uint8)


OWN_FORMAT = InputFormat()
"""The input of the project's own models: 48x48 grey, `preprocess.normalize`."""


def from_card(entries: Mapping[str, Any]) -> InputFormat:
    """The format that `input` of a model card states: shape, scaling and, with three channels, colour. Raises
    ValueError for one that this program cannot give."""
    shape, scaling = entries["shape"], entries["scaling"]
    if (
        not isinstance(shape, list)
        or len(shape) != 4
        or not all(type(each) is int for each in shape)
        or shape[0] != 1
        or shape[1] != shape[2]
    ):
        raise ValueError("a shape other than [1, side, side, 1 or 3]")
    return InputFormat(shape[1], shape[3], str(entries.get("colour", "grey")), str(scaling))
