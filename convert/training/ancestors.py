"""Networks of older FER-2013 projects, from their published descriptions, so that they can be compared with ours.

The heads are those of every expression model here (`networks.build`): dropout and a linear layer for each set of labels
in the place of the one softmax layer that each of these networks ended with.
"""

from typing import Any

from keras import layers

from convert.training.layers import BatchNormalization, Conv2D


def cnn4(pixels: Any) -> Any:
    """The four convolutions of atulapra/Emotion-detection, which reached 63.2 % in 50 epochs: 2.3 M parameters, of
    which nine tenths are in the dense layer. Without normalization, so that it wants a small learning rate."""
    x = _relu_conv(_relu_conv(pixels, 32, "conv1"), 64, "conv2")
    x = layers.Dropout(0.25, name="drop1")(layers.MaxPooling2D(name="pool1")(x))
    x = layers.MaxPooling2D(name="pool2")(_relu_conv(x, 128, "conv3"))
    x = layers.MaxPooling2D(name="pool3")(_relu_conv(x, 128, "conv4"))
    x = layers.Dropout(0.25, name="drop2")(x)
    return layers.Dense(1024, activation="relu", name="dense")(layers.Flatten(name="flatten")(x))


def cnn654k(pixels: Any) -> Any:
    """A network in the place of one trained from scratch to about 50 %, of which 654,335 parameters are all that is
    described. Three convolutions and a dense layer are ours, its width chosen for the count: with one head of seven
    labels 653,967 parameters at 48x48, 0.06 % fewer."""
    x = pixels
    for index, width in enumerate((32, 64, 128), 1):
        x = layers.MaxPooling2D(name=f"pool{index}")(_relu_conv(x, width, f"conv{index}"))
    return layers.Dense(273, activation="relu", name="dense")(layers.Flatten(name="flatten")(x))


def mini_xception(pixels: Any) -> Any:
    """mini-Xception (Arriaga et al. 2017): two convolutions, then four residual modules of depthwise separable
    convolutions, 0.06 M parameters."""
    x = pixels
    for index in (1, 2):
        x = _norm_relu(Conv2D(8, 3, padding="valid", name=f"stem{index}")(x), f"stem{index}")
    for index, width in enumerate((16, 32, 64, 128), 1):
        name = f"module{index}"
        # instead of a stride of 2, with which TensorFlow 2.21 corrupts memory: gradient of a 1x1 kernel, few channels
        skip = Conv2D(width, 1, name=f"{name}_skip")(layers.MaxPooling2D(1, 2, padding="same", name=f"{name}_half")(x))
        skip = BatchNormalization(name=f"{name}_skip_norm")(skip)
        x = _norm_relu(_separable(x, width, f"{name}_conv1"), f"{name}_conv1")
        x = BatchNormalization(name=f"{name}_conv2_norm")(_separable(x, width, f"{name}_conv2"))
        x = layers.MaxPooling2D(3, 2, padding="same", name=f"{name}_pool")(x)
        x = layers.Add(name=f"{name}_add")([x, skip])
    return x


def _relu_conv(x: Any, filters: int, name: str) -> Any:
    return layers.Conv2D(filters, 3, activation="relu", name=name)(x)


def _separable(x: Any, filters: int, name: str) -> Any:
    return layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)


def _norm_relu(x: Any, name: str) -> Any:
    return layers.ReLU(name=f"{name}_relu")(BatchNormalization(name=f"{name}_norm")(x))
