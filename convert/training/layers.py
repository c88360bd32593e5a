"""Subclasses of Keras layers that call faster kernels of the backend, and fake quantization of weights and maps.

Keras 3 computes batch normalization in some ten elementary float32 operations, and for Torch copies every feature map
to another memory layout before and after each convolution and pooling. TensorFlow's fused normalization, and Torch's
kernels on permuted views of the same memory, avoid both: on one core a training step of
`models/recipes/emotion-small.toml` takes .34 of the time on TensorFlow and .28 on Torch, that of a network of dense 3x3
convolutions .69 on TensorFlow. Where neither applies, Keras's own implementation runs. Saved weights have Keras's form.
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


def _is_torch_data(x: Any) -> bool:
    """Whether `x` is a Torch tensor with values: to infer shapes, Keras calls layers with tensors on "meta"."""
    return _BACKEND == "torch" and x.device.type != "meta"


def _to_channels_first(x: Any) -> Any:
    """A view of [N, H, W, C] as [N, C, H, W], in Torch's memory format channels_last."""
    return x.permute(0, 3, 1, 2)


def _to_channels_last(x: Any) -> Any:
    """A view of [N, C, H, W] as [N, H, W, C]."""
    return x.permute(0, 2, 3, 1)


def _conv_same(x: Any, kernel: Any, stride: int, groups: int = 1) -> Any:
    """Torch convolution of [N, H, W, C] with [filters, C / groups, size, size] and TensorFlow's "same" padding, which
    puts an odd zero at the end."""
    x, size = _to_channels_first(x), kernel.shape[2]
    pad_y, pad_x = (max((-(-side // stride) - 1) * stride + size - side, 0) for side in x.shape[2:])
    if size % 2 and (stride == 1 or groups > 1):
        # the gradient of a strided depthwise convolution takes eight times as long as that of one without a stride
        output = functional.conv2d(x, kernel, padding=size // 2, groups=groups)
        output = output[:, :, size // 2 - pad_y // 2 :: stride, size // 2 - pad_x // 2 :: stride]
        return _to_channels_last(output.contiguous(memory_format=torch.channels_last))
    x = functional.pad(x, (pad_x // 2, pad_x - pad_x // 2, pad_y // 2, pad_y - pad_y // 2))
    return _to_channels_last(functional.conv2d(x, kernel, stride=stride, groups=groups))


def fake_quantize(values: Any, low: Any, high: Any, steps: int) -> Any:
    """Values rounded to the nearest of `steps` + 1 equally spaced levels from low to high, one of which is zero.

    Straight-through gradient (Bengio et al. 2013): that of the identity within the range, 0 outside of it (Jacob et al.
    2018).
    """
    low, high = ops.minimum(low, 0.0), ops.maximum(high, 1e-6)
    step = (high - low) / steps
    first = ops.round(low / step)
    within = ops.clip(values, first * step, (first + steps) * step)
    return within + ops.stop_gradient(ops.round(within / step) * step - within)


def fake_quantize_kernel(kernel: Any, axis: int) -> Any:
    """A convolution kernel rounded to int8: symmetric, -127 to 127, with one scale per channel along `axis`. Batch
    normalization scales whole channels, so folding it into the kernel later does not change the rounding error."""
    others = tuple(each for each in range(4) if each != axis)
    most = ops.stop_gradient(ops.max(ops.abs(kernel), axis=others, keepdims=True))
    return fake_quantize(kernel, -most, most, 254)


@keras.saving.register_keras_serializable(_PACKAGE)
class FakeQuantize(layers.Layer):
    """A feature map rounded to 256 levels between the smallest and the largest value of the batch."""

    def call(self, inputs: Any) -> Any:
        low, high = ops.stop_gradient(ops.min(inputs)), ops.stop_gradient(ops.max(inputs))
        return fake_quantize(inputs, low, high, 255)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@keras.saving.register_keras_serializable(_PACKAGE)
class Conv2D(layers.Conv2D):
    """A convolution of [N, H, W, C], by default without a bias and with padding "same". is_quantized: its kernel is
    rounded to int8 in the forward pass."""

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, *, is_quantized: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(filters, kernel_size, strides, **{"padding": "same", "use_bias": False} | kwargs)
        self.is_quantized = is_quantized

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "is_quantized": self.is_quantized}

    def call(self, inputs: Any) -> Any:
        is_native = _is_torch_data(inputs) and self.padding == "same"
        if not self.is_quantized:
            if not is_native:
                return super().call(inputs)
            return _conv_same(inputs, self.kernel.value.permute(3, 2, 0, 1), self.strides[0])
        kernel = fake_quantize_kernel(ops.convert_to_tensor(self.kernel), axis=3)
        if not is_native:
            return ops.conv(inputs, kernel, strides=self.strides, padding=self.padding)
        return _conv_same(inputs, kernel.permute(3, 2, 0, 1), self.strides[0])


@keras.saving.register_keras_serializable(_PACKAGE)
class DepthwiseConv2D(layers.DepthwiseConv2D):
    """A depthwise convolution of [N, H, W, C], by default without a bias and with padding "same". is_quantized: its
    kernel is rounded to int8 in the forward pass."""

    def __init__(self, kernel_size: Any, strides: Any = 1, *, is_quantized: bool = False, **kwargs: Any) -> None:
        super().__init__(kernel_size, strides, **{"padding": "same", "use_bias": False} | kwargs)
        self.is_quantized = is_quantized

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "is_quantized": self.is_quantized}

    def call(self, inputs: Any) -> Any:
        if not self.is_quantized:
            if not _is_torch_data(inputs):
                return super().call(inputs)
            return _conv_same(inputs, self.kernel.value.permute(2, 3, 0, 1), self.strides[0], groups=inputs.shape[3])
        kernel = fake_quantize_kernel(ops.convert_to_tensor(self.kernel), axis=2)
        if not _is_torch_data(inputs):
            return ops.depthwise_conv(inputs, kernel, strides=self.strides, padding=self.padding)
        return _conv_same(inputs, kernel.permute(2, 3, 0, 1), self.strides[0], groups=inputs.shape[3])


@keras.saving.register_keras_serializable(_PACKAGE)
class BatchNormalization(layers.BatchNormalization):
    """Batch normalization of [N, H, W, C] (Ioffe and Szegedy 2015). As in Keras, a layer that is not trainable does not
    update its moving statistics. In an equivariant network both channels of a pair have the same statistics."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        training = bool(training) and self.trainable
        if _is_torch_data(inputs):
            # autograd keeps these tensors; with a MirrorConstraint they are changed again, so it gets copies
            is_constrained = training and isinstance(self.gamma_constraint, MirrorConstraint)
            statistics = [moving.value.detach() for moving in (self.moving_mean, self.moving_variance)]
            mean, variance = [each.clone() for each in statistics] if is_constrained else statistics
            output = _to_channels_last(
                functional.batch_norm(
                    _to_channels_first(inputs), mean, variance, self.gamma.value, self.beta.value,
                    training, 1 - self.momentum, self.epsilon,
                )
            )  # fmt: skip
            if is_constrained:
                self._set_statistics(mean, variance)
            return output
        if _BACKEND == "tensorflow" and training:
            output, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
                x=inputs, scale=self.gamma.value, offset=self.beta.value, mean=[], variance=[], epsilon=self.epsilon
            )
            share = 1 - self.momentum
            self._set_statistics(
                self.moving_mean * self.momentum + mean * share, self.moving_variance * self.momentum + variance * share
            )
            return output
        output = super().call(inputs, training=training, mask=mask)
        if training:
            self._set_statistics(self.moving_mean, self.moving_variance)
        return output

    def _set_statistics(self, mean: Any, variance: Any) -> None:
        """Set the moving statistics, with the mirror constraint where there is one."""
        is_constrained = isinstance(self.gamma_constraint, MirrorConstraint)
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(self.gamma_constraint(new) if is_constrained else new)


@keras.saving.register_keras_serializable(_PACKAGE)
class MaxPooling2D(layers.MaxPooling2D):
    """2x2 max pooling of [N, H, W, C] with stride 2."""

    def call(self, inputs: Any) -> Any:
        return (
            _to_channels_last(functional.max_pool2d(_to_channels_first(inputs), 2))
            if _is_torch_data(inputs)
            else super().call(inputs)
        )
