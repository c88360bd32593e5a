"""The face detector's network: a grey picture to maps of scores, boxes and landmarks at three strides.

Anchor-free: each cell of a map is responsible for the faces whose centre lies in or near it. Strides 8, 16 and 32 are
for small, medium and large faces. The layers are plain and depthwise convolutions with ReLU6. There is no feature
pyramid from coarse to fine maps: 5x5 depthwise kernels (as in BlazeFace, Bazarevsky et al. 2019) give the fine map a
large enough receptive field, and the exported graph runs at any picture size.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from assistant.vision.detectors.decode import STRIDES
from convert.training.layers import BatchNormalization, Conv2D, DepthwiseConv2D

OUTPUTS = {"score": 1, "box": 4, "landmarks": 10}
"""Channels of each head: a logit; centre and log size; five points (all as `decode` defines them)."""
INITIAL_SCORE_LOGIT = -4.6
"""Initial bias of the score heads, a probability of 0.01, so that the many empty cells do not dominate the loss in the
first steps (Lin et al. 2017, focal loss)."""


def build(
    *,
    stem: int = 12,
    widths: Sequence[int] = (20, 48, 64, 96),
    blocks: Sequence[int] = (0, 2, 3, 2),
    height: int | None = None,
    width: int | None = None,
    batch: int | None = None,
) -> keras.Model:
    """A model from float32 [N, H, W, 1] (`preprocess.scale_grey`) to {"score8": [N, H/8, W/8, 1], "box8": ...}.

    stem, widths: channels of the maps of stride 2, and of 4, 8, 16 and 32. blocks: number of residual blocks after each
    of these four reductions. height, width, batch: of the input; None for any size.
    """
    pixels = keras.Input((height, width, 1), batch_size=batch, name="picture")
    x = _relu(_conv(pixels, stem, 3, 2, "stem"), "stem")
    outputs = {}
    for stage, (channels, count) in enumerate(zip(widths, blocks, strict=True)):
        stride = 4 << stage
        name = f"reduce{stride}"
        x = _relu(_last_reduction(x, channels, name) if stride == 32 else _conv(x, channels, 3, 2, name), name)
        for block in range(count):
            name = f"block{stride}_{block + 1}"
            y = _depthwise_separable(x, channels, 5, name)
            x = _relu(layers.Add(name=f"{name}_add")([x, y]), name)
        if stride in STRIDES:
            y = _relu(_depthwise_separable(x, channels, 3, f"head{stride}"), f"head{stride}")
            for head, size in OUTPUTS.items():
                start = keras.initializers.Constant(INITIAL_SCORE_LOGIT if head == "score" else 0.0)
                outputs[f"{head}{stride}"] = layers.Conv2D(
                    size, 1, bias_initializer=start, dtype="float32", name=f"{head}{stride}"
                )(y)
    return keras.Model(pixels, outputs, name="face_detector")


def _conv(x: Any, filters: int, size: int, stride: int, name: str) -> Any:
    x = Conv2D(filters, size, stride, name=f"{name}_conv")(x)
    return BatchNormalization(name=f"{name}_norm")(x)


def _last_reduction(x: Any, filters: int, name: str) -> Any:
    """The reduction to stride 32. Its input may have an odd size, for which padding "same" would shift cells by a
    half."""
    x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    x = Conv2D(filters, 3, 2, padding="valid", name=f"{name}_conv")(x)
    return BatchNormalization(name=f"{name}_norm")(x)


def _depthwise_separable(x: Any, filters: int, size: int, name: str) -> Any:
    x = DepthwiseConv2D(size, name=f"{name}_depthwise")(x)
    x = BatchNormalization(name=f"{name}_depthwise_norm")(x)
    return _conv(x, filters, 1, 1, name)


def _relu(x: Any, name: str) -> Any:
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
