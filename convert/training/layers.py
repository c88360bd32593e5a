"""The layers of the networks: Keras's own, which call the backend's kernels where Keras takes a longer way.

Keras 3 normalizes in some ten elementary steps of float32, and serves Torch by copying every map into another layout
around each convolution and pooling. TensorFlow's fused normalization, and Torch's kernels on views of the same memory,
do neither: on one core a training step of `models/recipes/emotion-small.toml` takes .34 of its time on TensorFlow and
.28 on Torch, one of a net of dense 3x3 convolutions .69 on TensorFlow. Elsewhere, and in what is saved, they are
Keras's.
"""

from typing import Any

import keras
from keras import layers, ops

from convert.training.equivariance import MirrorConstraint

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


def fake_quantize(values: Any, low: Any, high: Any, steps: int) -> Any:
    """Values as whole numbers tell them: of `steps` steps from low to high, one of which is zero, the nearest.

    The gradient is that of the values themselves, as if nothing were rounded (Bengio et al. 2013), but none where they
    lie beyond (Jacob et al. 2018).
    """
    low, high = ops.minimum(low, 0.0), ops.maximum(high, 1e-6)
    step = (high - low) / steps
    first = ops.round(low / step)
    within = ops.clip(values, first * step, (first + steps) * step)
    return within + ops.stop_gradient(ops.round(within / step) * step - within)


def fake_quantize_kernel(kernel: Any, axis: int) -> Any:
    """The weights of a convolution as int8 tells them: from -127 to 127 steps, with a scale for each channel along
    `axis`. Normalization scales whole channels, so it changes nothing of what is lost."""
    others = tuple(each for each in range(4) if each != axis)
    most = ops.stop_gradient(ops.max(ops.abs(kernel), axis=others, keepdims=True))
    return fake_quantize(kernel, -most, most, 254)


@keras.saving.register_keras_serializable(_PACKAGE)
class FakeQuantize(layers.Layer):
    """A map as int8 tells it: 256 values from the least to the largest of its batch."""

    def call(self, inputs: Any) -> Any:
        low, high = ops.stop_gradient(ops.min(inputs)), ops.stop_gradient(ops.max(inputs))
        return fake_quantize(inputs, low, high, 255)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@keras.saving.register_keras_serializable(_PACKAGE)
class Conv2D(layers.Conv2D):
    """A convolution of [N, H, W, C] without a bias, by default padded as "same". is_quantized: weights as in int8."""

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, *, is_quantized: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(filters, kernel_size, strides, **{"padding": "same", "use_bias": False} | kwargs)
        self.is_quantized = is_quantized

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "is_quantized": self.is_quantized}

    def call(self, inputs: Any) -> Any:
        is_native = _is_native(inputs) and self.padding == "same"
        if not self.is_quantized:
            if not is_native:
                return super().call(inputs)
            return _convolved(inputs, self.kernel.value.permute(3, 2, 0, 1), self.strides[0])
        kernel = fake_quantize_kernel(ops.convert_to_tensor(self.kernel), axis=3)
        if not is_native:
            return ops.conv(inputs, kernel, strides=self.strides, padding=self.padding)
        return _convolved(inputs, kernel.permute(3, 2, 0, 1), self.strides[0])


@keras.saving.register_keras_serializable(_PACKAGE)
class DepthwiseConv2D(layers.DepthwiseConv2D):
    """A convolution of every channel of [N, H, W, C] for itself, padded as "same", without a bias. is_quantized: its
    weights as in int8."""

    def __init__(self, kernel_size: Any, strides: Any = 1, *, is_quantized: bool = False, **kwargs: Any) -> None:
        super().__init__(kernel_size, strides, **{"padding": "same", "use_bias": False} | kwargs)
        self.is_quantized = is_quantized

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "is_quantized": self.is_quantized}

    def call(self, inputs: Any) -> Any:
        if not self.is_quantized:
            if not _is_native(inputs):
                return super().call(inputs)
            return _convolved(inputs, self.kernel.value.permute(2, 3, 0, 1), self.strides[0], groups=inputs.shape[3])
        kernel = fake_quantize_kernel(ops.convert_to_tensor(self.kernel), axis=2)
        if not _is_native(inputs):
            return ops.depthwise_conv(inputs, kernel, strides=self.strides, padding=self.padding)
        return _convolved(inputs, kernel.permute(2, 3, 0, 1), self.strides[0], groups=inputs.shape[3])


@keras.saving.register_keras_serializable(_PACKAGE)
class BatchNormalization(layers.BatchNormalization):
    """Batch normalization of the channels of [N, H, W, C] (Ioffe and Szegedy 2015). One that is not trainable takes no
    statistics either, as Keras's; those of a mirrored one are the same for both of a pair."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        training = bool(training) and self.trainable
        if _is_native(inputs):
            # Torch keeps what it is given for the gradient: a mirrored one's statistics are changed once more
            is_changed = training and isinstance(self.gamma_constraint, MirrorConstraint)
            held = [moving.value.detach() for moving in (self.moving_mean, self.moving_variance)]
            mean, variance = [each.clone() for each in held] if is_changed else held
            made = _last(
                functional.batch_norm(
                    _first(inputs), mean, variance, self.gamma.value, self.beta.value,
                    training, 1 - self.momentum, self.epsilon,
                )
            )  # fmt: skip
            if is_changed:
                self._take(mean, variance)
            return made
        if _BACKEND == "tensorflow" and training:
            made, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
                x=inputs, scale=self.gamma.value, offset=self.beta.value, mean=[], variance=[], epsilon=self.epsilon
            )
            share = 1 - self.momentum
            self._take(
                self.moving_mean * self.momentum + mean * share, self.moving_variance * self.momentum + variance * share
            )
            return made
        made = super().call(inputs, training=training, mask=mask)
        if training:
            self._take(self.moving_mean, self.moving_variance)
        return made

    def _take(self, mean: Any, variance: Any) -> None:
        """The statistics from now on."""
        is_mirrored = isinstance(self.gamma_constraint, MirrorConstraint)
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(self.gamma_constraint(new) if is_mirrored else new)


@keras.saving.register_keras_serializable(_PACKAGE)
class MaxPooling2D(layers.MaxPooling2D):
    """The largest of every two by two of [N, H, W, C]."""

    def call(self, inputs: Any) -> Any:
        return _last(functional.max_pool2d(_first(inputs), 2)) if _is_native(inputs) else super().call(inputs)
