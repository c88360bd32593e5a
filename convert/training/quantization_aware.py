"""Quantization-aware training: weights and feature maps are rounded to 8 bits in the forward pass, as in int8 models.

For models that lose too much by post-training quantization: a few epochs with a small learning rate from the weights of
a run (`[quantization] aware = true` and a `[start]` in the recipe). The trained layers are the same, so the run is like
any other; the ranges of activations are still measured when it is quantized.
"""

from typing import Any

import keras
from keras import layers

from convert.training.layers import Conv2D, DepthwiseConv2D, FakeQuantize

QUANTIZED_INPUTS = (Conv2D, DepthwiseConv2D, layers.Add, layers.GlobalAveragePooling2D, layers.Dense)
"""Layers whose inputs are rounded. Batch normalization and ReLU are fused into the operator before them, and the output
of max pooling is rounded if its input is."""


def quantization_aware(network: keras.Model) -> keras.Model:
    """A model of the same layer objects with `FakeQuantize` on the inputs of QUANTIZED_INPUTS, but not on the pictures.

    Also sets `is_quantized` on the convolutions, so that their kernels are rounded wherever these layers are used; the
    kernels of the heads are not rounded.
    """

    def call_quantized(layer: keras.layers.Layer, *inputs: Any, **options: Any) -> Any:
        rounded = inputs[0]
        if isinstance(layer, QUANTIZED_INPUTS):
            rounded = (
                [rounded_to_int8(each) for each in rounded]
                if isinstance(rounded, (list, tuple))
                else rounded_to_int8(rounded)
            )
        return layer(rounded, *inputs[1:], **options)

    def rounded_to_int8(values: Any) -> Any:
        return values if values is pixels else FakeQuantize(dtype="float32")(values)

    pixels = network.inputs[0]
    for layer in network.layers:
        if isinstance(layer, (Conv2D, DepthwiseConv2D)):
            layer.is_quantized = True
    return keras.models.clone_model(
        network, input_tensors=pixels, clone_function=lambda layer: layer, call_function=call_quantized
    )
