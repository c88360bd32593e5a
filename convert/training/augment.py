"""Data augmentation of face crops, on any Keras backend: a layer that does nothing outside training.

Rotation, zoom, shift, flip, brightness and the erased rectangle are drawn for each picture of a batch separately. The
labels do not change.
"""

import math
from typing import Any

import keras
from keras import ops

from convert.training.recipe_file import AugmentConfig


@keras.saving.register_keras_serializable("emotion_assistant")
class Augment(keras.layers.Layer):
    """Float32 [N, S, S, 1 or 3] to the same shape, augmented if `training`, unchanged otherwise.

    config: fields of an AugmentConfig; missing ones have their defaults. seed: of the random numbers.
    """

    def __init__(self, config: dict[str, Any] | None = None, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(dtype="float32", **kwargs)
        self.config = AugmentConfig(**(config or {}))
        self.seed = keras.random.SeedGenerator(seed)
        self._start_seed = seed

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("dtype", None)
        return {**config, "config": dict(vars(self.config)), "seed": self._start_seed}

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def call(self, images: Any, training: bool = False) -> Any:
        if not training:
            return images
        return self.random_erase(self.photometric(self.geometric(images)))

    def _draw(self, count: Any, low: float, high: float) -> Any:
        return keras.random.uniform((count,), low, high, seed=self.seed)

    def geometric(self, images: Any) -> Any:
        """Rotate, zoom and mirror pictures about their centre and shift them; pixels from outside repeat the edge."""
        v, count, side = self.config, ops.shape(images)[0], images.shape[1]
        angle = self._draw(count, -v.rotation_deg, v.rotation_deg) * (math.pi / 180)
        scale = 1 / (1 + self._draw(count, -v.zoom, v.zoom))
        mirror = ops.where(self._draw(count, 0, 1) < (0.5 if v.horizontal_flip else 0.0), -1.0, 1.0)
        shift_x = self._draw(count, -v.shift, v.shift) * side
        shift_y = self._draw(count, -v.shift, v.shift) * side
        cos, sin, centre = ops.cos(angle) * scale, ops.sin(angle) * scale, (side - 1) / 2
        line = ops.arange(side, dtype="float32")[None] - centre
        x, y = line[:, None, :], line[:, :, None]
        cos, sin, mirror, shift_x, shift_y = (each[:, None, None] for each in (cos, sin, mirror, shift_x, shift_y))
        # source coordinates of each output pixel
        return _sample_bilinear(
            images,
            mirror * cos * x - sin * y + shift_x + centre,
            mirror * sin * x + cos * y + shift_y + centre,
        )

    def photometric(self, images: Any) -> Any:
        """Change contrast and brightness and blur some pictures; clipped to the range of a normalized grey picture."""
        v, count = self.config, ops.shape(images)[0]
        result = images
        if v.blur_probability > 0:
            blurred = _blurred(images)
            result = ops.where(_per_picture(self._draw(count, 0, 1)) < v.blur_probability, blurred, images)
        contrast = _per_picture(self._draw(count, 1 - v.contrast, 1 + v.contrast))
        brightness = _per_picture(self._draw(count, -v.brightness, v.brightness))
        return ops.clip(result * contrast + brightness, -2.0, 127 / 64)

    def random_erase(self, images: Any) -> Any:
        """Random erasing (Zhong et al. 2020): a rectangle of one random grey in a share of the pictures."""
        v, count, side = self.config, ops.shape(images)[0], images.shape[1]
        area = self._draw(count, 0.04, 0.25)
        aspect = ops.exp(self._draw(count, -math.log(2), math.log(2)))
        half_height, half_width = ops.sqrt(area * aspect) * side / 2, ops.sqrt(area / aspect) * side / 2
        centre_y, centre_x = self._draw(count, 0, side), self._draw(count, 0, side)
        line = ops.arange(side, dtype="float32")
        in_rows = ops.abs(line[None, :] - centre_y[:, None]) < half_height[:, None]
        in_columns = ops.abs(line[None, :] - centre_x[:, None]) < half_width[:, None]
        chosen = self._draw(count, 0, 1) < v.erase_probability
        patch = in_rows[:, :, None, None] & in_columns[:, None, :, None] & _per_picture(chosen)
        return ops.where(patch, _per_picture(self._draw(count, -2.0, 2.0)), images)


def _blurred(images: Any) -> Any:
    """Pictures [N, S, S, C] through a 3x3 binomial filter."""
    kernel = ops.reshape(ops.convert_to_tensor([1, 2, 1, 2, 4, 2, 1, 2, 1], "float32") / 16, (3, 3, 1, 1))
    padded = ops.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
    if images.shape[-1] == 1:
        return ops.conv(padded, kernel)
    return ops.depthwise_conv(padded, ops.tile(kernel, (1, 1, images.shape[-1], 1)))


def _sample_bilinear(images: Any, x: Any, y: Any) -> Any:
    """Pictures [N, S, S, C] sampled bilinearly at the coordinates x and y [N, S, S], which are clipped to the edge.

    Four gathers for the whole batch: on Torch, Keras's affine transform works on one picture at a time.
    """
    count, side, channels = ops.shape(images)[0], images.shape[1], images.shape[-1]
    if channels > 1:
        planes = [_sample_bilinear(images[..., each : each + 1], x, y) for each in range(channels)]
        return ops.concatenate(planes, axis=-1)
    x, y = (ops.reshape(ops.clip(each, 0, side - 1), (count, side * side)) for each in (x, y))
    left, top = (ops.floor(each) for each in (x, y))
    right, bottom = (ops.minimum(each + 1, side - 1) for each in (left, top))
    flat = ops.reshape(images, (count, side * side))

    def at(row: Any, column: Any) -> Any:
        return ops.take_along_axis(flat, ops.cast(row * side + column, "int32"), axis=1)

    upper = at(top, left) * (1 - (x - left)) + at(top, right) * (x - left)
    lower = at(bottom, left) * (1 - (x - left)) + at(bottom, right) * (x - left)
    return ops.reshape(upper * (1 - (y - top)) + lower * (y - top), ops.shape(images))


def _per_picture(values: Any) -> Any:
    return values[:, None, None, None]
