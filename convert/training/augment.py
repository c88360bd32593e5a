"""Data augmentation of face crops, on any Keras backend: a layer that does nothing outside training.

Every picture of a batch gets its own rotation, zoom, shift, flip, brightness and erased patch. Labels never change: a
mirrored or darker smile is a smile.
"""

import math
from typing import Any

import keras
from keras import ops

from convert.training.recipe_file import AugmentConfig


@keras.saving.register_keras_serializable("emotion_assistant")
class Augment(keras.layers.Layer):
    """Float32 [N, S, S, 1] in, the same shape out, augmented while training.

    config: the fields of an AugmentConfig, those that are left out at their defaults.
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
        return self.erased(self.lit(self.moved(images)))

    def _draw(self, count: Any, low: float, high: float) -> Any:
        return keras.random.uniform((count,), low, high, seed=self.seed)

    def moved(self, images: Any) -> Any:
        """Rotated, zoomed, shifted and mirrored about the centre; what comes in from outside repeats the edge."""
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
        # from where in the picture an output pixel comes
        return _sampled(
            images,
            mirror * cos * x - sin * y + shift_x + centre,
            mirror * sin * x + cos * y + shift_y + centre,
        )

    def lit(self, images: Any) -> Any:
        """Contrast, brightness and softness changed; the range stays that of a grey picture."""
        v, count = self.config, ops.shape(images)[0]
        soft = images
        if v.blur_probability > 0:
            kernel = ops.reshape(ops.convert_to_tensor([1, 2, 1, 2, 4, 2, 1, 2, 1], "float32") / 16, (3, 3, 1, 1))
            blurred = ops.conv(ops.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric"), kernel)
            soft = ops.where(_per_picture(self._draw(count, 0, 1)) < v.blur_probability, blurred, images)
        contrast = _per_picture(self._draw(count, 1 - v.contrast, 1 + v.contrast))
        brightness = _per_picture(self._draw(count, -v.brightness, v.brightness))
        return ops.clip(soft * contrast + brightness, -2.0, 127 / 64)

    def erased(self, images: Any) -> Any:
        """A rectangle of one random grey over a share of the pictures, as hands, hair and glasses cover faces."""
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


def _sampled(images: Any, x: Any, y: Any) -> Any:
    """Pictures [N, S, S, 1] read between their pixels at the places x and y [N, S, S]; beyond the edge is the edge.

    Bilinear, by four gathers: Keras's affine transform goes picture by picture on Torch.
    """
    count, side = ops.shape(images)[0], images.shape[1]
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
