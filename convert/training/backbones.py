"""The project's own backbones, for 48x48 grey faces: feature maps for the heads of the expression models and the
occlusion classifier.

Only ReLU and ReLU6, plain and depthwise convolutions and max pooling: operations for which every TFLite runtime
has fast int8 kernels.
"""

from collections.abc import Sequence
from typing import Any

from keras import layers

from convert.training.layers import BatchNormalization, Conv2D, DepthwiseConv2D, MaxPooling2D


def _conv(x: Any, filters: int, size: int, stride: int, name: str) -> Any:
    return BatchNormalization(name=f"{name}_norm")(Conv2D(filters, size, stride, name=name)(x))


def cnn(
    pixels: Any, *, stem: int = 32, widths: Sequence[int] = (32, 64, 128, 256), blocks: Sequence[int] = (1, 2, 3, 1)
) -> Any:
    """A residual network (He et al. 2015, basic blocks) for 48x48 pictures.

    The 5x5 stem of stride 2 covers a mouth corner; each later stage halves the map and has more channels.
    stem: channels of the stem. widths, blocks: channels and number of blocks of each stage.
    """
    x = layers.ReLU(name="stem_relu")(_conv(pixels, stem, 5, 2, "stem"))
    for stage, (width, count) in enumerate(zip(widths, blocks, strict=True)):
        for block in range(count):
            name = f"stage{stage + 1}_{block + 1}"
            stride = 2 if stage and not block else 1
            y = layers.ReLU(name=f"{name}_relu1")(_conv(x, width, 3, stride, f"{name}_conv1"))
            y = _conv(y, width, 3, 1, f"{name}_conv2")
            if stride != 1 or x.shape[-1] != width:
                x = _conv(x, width, 1, stride, f"{name}_skip")
            x = layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([x, y]))
    return x


def plain(
    pixels: Any, *, widths: Sequence[int] = (32, 48, 96, 192), convs: Sequence[int] = (2, 2, 2, 2),
    separable: bool = False, spatial_dropout: float = 0.0,
) -> Any:  # fmt: skip
    """A VGG-style network: stages of 3x3 convolutions with 2x2 max pooling between them (Simonyan and Zisserman 2014).

    No convolution has a stride. widths, convs: channels and number of convolutions of each stage. separable: all but
    the first convolution are depthwise separable. spatial_dropout: rate of the SpatialDropout2D after each stage.
    """
    x = pixels
    for stage, (width, count) in enumerate(zip(widths, convs, strict=True)):
        for conv in range(count):
            name = f"stage{stage + 1}_{conv + 1}"
            if separable and (stage or conv):
                x = BatchNormalization(name=f"{name}_depthwise_norm")(DepthwiseConv2D(3, name=f"{name}_depthwise")(x))
            size = 1 if separable and (stage or conv) else 3
            x = layers.ReLU(name=f"{name}_relu")(_conv(x, width, size, 1, f"{name}_conv"))
        if stage < len(widths) - 1:
            x = MaxPooling2D(name=f"stage{stage + 1}_pool")(x)
            if spatial_dropout:
                x = layers.SpatialDropout2D(spatial_dropout, name=f"stage{stage + 1}_drop")(x)
    return x


def mobilenetv2_48(
    pixels: Any,
    *,
    stem: int = 24,
    stem_stride: int = 1,
    stages: Sequence[Sequence[int]] = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 48, 3, 2), (6, 80, 3, 2)),
    top: int = 320,
) -> Any:
    """MobileNetV2 (Sandler et al. 2018) with a stem and strides for 48x48 pictures.

    stem, top: channels of the first and of the last convolution. stages: rows of (expansion, width, blocks, stride).
    Three strides of 2 in all are enough: the five of the ImageNet network would leave a map of two by two pixels.
    """
    x = layers.ReLU(6.0, name="stem_relu")(_conv(pixels, stem, 3, stem_stride, "stem"))
    for stage, (expansion, width, count, first_stride) in enumerate(stages):
        for block in range(count):
            name, stride, skip = f"stage{stage + 1}_{block + 1}", first_stride if not block else 1, x
            if expansion != 1:
                x = _conv(x, expansion * x.shape[-1], 1, 1, f"{name}_expand")
                x = layers.ReLU(6.0, name=f"{name}_expand_relu")(x)
            x = DepthwiseConv2D(3, stride, name=f"{name}_depthwise")(x)
            x = BatchNormalization(name=f"{name}_depthwise_norm")(x)
            x = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(x)
            x = _conv(x, width, 1, 1, f"{name}_project")
            if stride == 1 and skip.shape[-1] == width:
                x = layers.Add(name=f"{name}_add")([skip, x])
    return layers.ReLU(6.0, name="top_relu")(_conv(x, top, 1, 1, "top"))
