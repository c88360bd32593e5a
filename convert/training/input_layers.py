"""Layers between the batches of a training and its network: another size, another scaling."""

from typing import Any

import keras
from keras import ops

from assistant.vision.faces.input_format import SCALINGS, InputFormat
from assistant.vision.faces.preprocess import GREY_STEP, MID_GREY

_PACKAGE = "emotion_assistant"


@keras.saving.register_keras_serializable(_PACKAGE)
class Resize(keras.layers.Layer):
    """Float32 [N, S, S, C] to [N, side, side, C]: early epochs are faster on small pictures, and a network of a larger
    input needs larger ones."""

    def __init__(self, side: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.side = side

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "side": self.side}

    def call(self, images: Any) -> Any:
        if images.shape[1] == self.side:
            return images
        return ops.image.resize(images, (self.side, self.side), interpolation="bilinear", antialias=True)


@keras.saving.register_keras_serializable(_PACKAGE)
class Rescale(keras.layers.Layer):
    """Float32 [N, S, S, 1 or 3] of `crops.in_grey_steps` to [N, S, S, channels], scaled as an input format says."""

    def __init__(self, side: int, channels: int, colour: str, scaling: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_format = InputFormat(side, channels, colour, scaling)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **vars(self.input_format)}

    def call(self, images: Any) -> Any:
        scaling, ones = SCALINGS[self.input_format.scaling], ops.ones((self.input_format.channels,), "float32")
        mean, step = (ops.convert_to_tensor(each, "float32") * ones for each in (scaling.mean, scaling.step))
        if self.input_format.colour == "rgb":
            images = ops.flip(images, axis=-1)
        return images * (GREY_STEP / step) + (MID_GREY - mean) / step  # grey is repeated in each channel

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.input_format.channels)
