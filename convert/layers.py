"""The layers of the networks: Keras's own, which call the backend's kernels where Keras takes a longer way.

Keras 3 normalizes in some ten elementary steps of float32, and serves Torch by copying every map into another layout
around each convolution and pooling. TensorFlow's fused normalization, and Torch's kernels on views of the same memory,
do neither: on one core a training step of `models/recipes/emotion-small.toml` takes .34 of its time on TensorFlow and
.28 on Torch, one of a net of dense 3x3 convolutions .69 on TensorFlow. Elsewhere, and in what is saved, they are
Keras's.
"""

from typing import Any

import keras
from keras import layers

_BACKEND = keras.backend.backend()
if _BACKEND == "torch":
    import torch
    from torch.nn import functional
elif _BACKEND == "tensorflow":
    import tensorflow as tf

_PACKAGE = "emotion_assistant"


def _is_native(x: Any) -> bool:
    """Whether there are numbers to work on: Keras asks for shapes with tensors that hold none."""
    return _BACKEND == "torch" and x.device.type != "meta"


def _first(x: Any) -> Any:
    """[N, H, W, C] seen as [N, C, H, W]; in memory it is what Torch calls channels_last."""
    return x.permute(0, 3, 1, 2)


def _last(x: Any) -> Any:
    return x.permute(0, 2, 3, 1)


def _convolved(x: Any, kernel: Any, stride: int, groups: int = 1) -> Any:
    """[N, H, W, C] convolved with [filters, C / groups, size, size], padded as "same": the odd zeros last."""
    x, size = _first(x), kernel.shape[2]
    tall, wide = (max((-(-side // stride) - 1) * stride + size - side, 0) for side in x.shape[2:])
    if size % 2 and (stride == 1 or groups > 1):
        # channel by channel, the gradient of a stride takes eight times as long as that of every pixel
        made = functional.conv2d(x, kernel, padding=size // 2, groups=groups)
        made = made[:, :, size // 2 - tall // 2 :: stride, size // 2 - wide // 2 :: stride]
        return _last(made.contiguous(memory_format=torch.channels_last))
    x = functional.pad(x, (wide // 2, wide - wide // 2, tall // 2, tall - tall // 2))
    return _last(functional.conv2d(x, kernel, stride=stride, groups=groups))


@keras.saving.register_keras_serializable(_PACKAGE)
class Conv2D(layers.Conv2D):
    """A convolution of [N, H, W, C] without a bias, by default padded as "same"."""

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, **kwargs: Any) -> None:
        super().__init__(filters, kernel_size, strides, **{"padding": "same", "use_bias": False} | kwargs)

    def call(self, inputs: Any) -> Any:
        if not _is_native(inputs) or self.padding != "same":
            return super().call(inputs)
        return _convolved(inputs, self.kernel.value.permute(3, 2, 0, 1), self.strides[0])


@keras.saving.register_keras_serializable(_PACKAGE)
class DepthwiseConv2D(layers.DepthwiseConv2D):
    """A convolution of every channel of [N, H, W, C] for itself, padded as "same", without a bias."""

    def __init__(self, kernel_size: Any, strides: Any = 1, **kwargs: Any) -> None:
        super().__init__(kernel_size, strides, **{"padding": "same", "use_bias": False} | kwargs)

    def call(self, inputs: Any) -> Any:
        if not _is_native(inputs):
            return super().call(inputs)
        return _convolved(inputs, self.kernel.value.permute(2, 3, 0, 1), self.strides[0], groups=inputs.shape[3])


@keras.saving.register_keras_serializable(_PACKAGE)
class BatchNormalization(layers.BatchNormalization):
    """Batch normalization of the channels of [N, H, W, C] (Ioffe and Szegedy 2015)."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if _is_native(inputs):
            mean, variance = self.moving_mean.value.detach(), self.moving_variance.value.detach()
            return _last(
                functional.batch_norm(
                    _first(inputs), mean, variance, self.gamma.value, self.beta.value,
                    bool(training), 1 - self.momentum, self.epsilon,
                )
            )  # fmt: skip
        if _BACKEND == "tensorflow" and training:
            made, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
                x=inputs, scale=self.gamma.value, offset=self.beta.value, mean=[], variance=[], epsilon=self.epsilon
            )
            for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + new * (1 - self.momentum))
            return made
        return super().call(inputs, training=training, mask=mask)


@keras.saving.register_keras_serializable(_PACKAGE)
class MaxPooling2D(layers.MaxPooling2D):
    """The largest of every two by two of [N, H, W, C]."""

    def call(self, inputs: Any) -> Any:
        return _last(functional.max_pool2d(_first(inputs), 2)) if _is_native(inputs) else super().call(inputs)
