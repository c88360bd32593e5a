"""Quantization-aware training: weights and feature maps are rounded to 8 bits in the forward pass, as they will ship.

For where quantization after training costs too much: some epochs with small steps, from the weights of a run
(`[quantization] aware = true` and a `[start]` in the recipe). What is trained are the same layers, so the run is like
any other; its ranges are measured when it is quantized.
"""

from typing import Any

import keras
from keras import layers

from convert.training.layers import Conv2D, DepthwiseConv2D, FakeQuantize

QUANTIZED_INPUTS = (Conv2D, DepthwiseConv2D, layers.Add, layers.GlobalAveragePooling2D, layers.Dense)
"""The layers whose inputs are int8 in the shipped model. Normalization and ReLU are part of what stands before them,
and the largest of four rounded values is one of them."""


def quantization_aware(network: keras.Model) -> keras.Model:
    """The same layers, with the same weights, between which everything is rounded; the pictures are as they come.

    Their weights, and not those of a head, are rounded too from now on, wherever these layers are used.
    """

    def called(layer: keras.layers.Layer, *inputs: Any, **options: Any) -> Any:
        given = inputs[0]
        if isinstance(layer, QUANTIZED_INPUTS):
            given = [as_int8(each) for each in given] if isinstance(given, (list, tuple)) else as_int8(given)
        return layer(given, *inputs[1:], **options)

    def as_int8(values: Any) -> Any:
        return values if values is pixels else FakeQuantize(dtype="float32")(values)

    pixels = network.inputs[0]
    for layer in network.layers:
        if isinstance(layer, (Conv2D, DepthwiseConv2D)):
            layer.is_quantized = True
    return keras.models.clone_model(
        network, input_tensors=pixels, clone_function=lambda layer: layer, call_function=called
    )
