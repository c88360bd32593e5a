"""Face crops of any input format as a training model takes them. Needs no Keras."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from assistant.vision.faces.input_format import MIN_SIDE, InputFormat
from assistant.vision.faces.preprocess import scale_grey
from convert.data.pictures import Pictures, original


def to_train_on(images: Pictures, input_format: InputFormat) -> tuple[Pictures, InputFormat]:
    """The pictures of the batches of a training, and their format. images: `Faces.images`, as crops of the network's
    `input_format`. Pictures that were enlarged to it go into the batches as they were before: the training model
    enlarges them, and until then they take less time and memory."""
    source = original(images)
    side = min(source.shape[1:3])
    if side >= input_format.side:
        return images, input_format
    return source, replace(input_format, side=max(MIN_SIDE, side))


def in_grey_steps(crops: NDArray[np.uint8], shown: InputFormat) -> NDArray[np.float32]:
    """Crops uint8 [N, *shown.crop_shape] in the steps of `preprocess.normalize`, whatever the network expects: float32
    [N, S, S, 1 or 3]. Colours are BGR."""
    values = scale_grey(crops)
    return values[..., np.newaxis] if shown.is_grey else values
