"""Networks of keras.applications as backbones, without their top layers, with random or pre-trained weights."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import keras
from keras import applications

from convert.training.recipe_file import RecipeError

NONE, IMAGENET = "none", "imagenet"
"""Values of `weights` that name no file."""
FETCH_FAILURE = re.compile(r"URL fetch failure on (\S+): ")
"""Keras's message where a file of weights could not be fetched; it says from where."""


def vgg16(pixels: Any, *, weights: str = NONE) -> Any:
    """VGG16 (Simonyan and Zisserman 2014)."""
    return _features(applications.VGG16, pixels, weights)


def vgg19(pixels: Any, *, weights: str = NONE) -> Any:
    """VGG19 (Simonyan and Zisserman 2014)."""
    return _features(applications.VGG19, pixels, weights)


def resnet50(pixels: Any, *, weights: str = NONE) -> Any:
    """ResNet-50 (He et al. 2015)."""
    return _features(applications.ResNet50, pixels, weights)


def resnet50v2(pixels: Any, *, weights: str = NONE) -> Any:
    """ResNet-50 with normalization before each convolution (He et al. 2016)."""
    return _features(applications.ResNet50V2, pixels, weights)


def mobilenetv2(pixels: Any, *, weights: str = NONE, alpha: float = 1.0) -> Any:
    """MobileNetV2 (Sandler et al. 2018). alpha: factor of the numbers of channels."""
    return _features(applications.MobileNetV2, pixels, weights, alpha=alpha)


def efficientnetv2b0(pixels: Any, *, weights: str = NONE) -> Any:
    """EfficientNetV2-B0 (Tan and Le 2021); it scales grey levels 0 to 255 itself."""
    return _features(applications.EfficientNetV2B0, pixels, weights)


def _features(make: Callable[..., keras.Model], pixels: Any, weights: str, **options: Any) -> Any:
    """The last feature map [N, h, w, C] of a network of keras.applications. Raises RecipeError where the weights cannot
    be fetched, or are not those of this network."""
    held = IMAGENET if weights == IMAGENET else None
    try:
        network = make(
            include_top=False, weights=held, input_tensor=pixels, input_shape=tuple(pixels.shape[1:]), **options
        )
    except Exception as err:  # Keras raises plain Exception for a failed download
        if held is None or (failure := FETCH_FAILURE.match(str(err))) is None:
            raise
        raise RecipeError(cannot_fetch(failure[1])) from err
    if weights not in (NONE, IMAGENET):
        _load(network, Path(weights))
    return network.output


def cannot_fetch(url: str) -> str:
    """What to do where the ImageNet weights at `url` cannot be fetched."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    return (
        f"the ImageNet weights cannot be fetched; fetch {url} elsewhere and put it there as "
        f"{home / 'models' / Path(urlsplit(url).path).name}, or name the file as network.weights"
    )


def _load(network: keras.Model, file: Path) -> None:
    """Load the weights of a network without its top layers. Raises RecipeError."""
    if not file.is_file():
        raise RecipeError(f"{file}: no such file of weights (network.weights)")
    try:
        network.load_weights(file)
    except (OSError, ValueError, KeyError) as err:
        reason = (str(err).splitlines() or [type(err).__name__])[0]
        raise RecipeError(f"{file}: not the weights of {network.name} without its top layers: {reason}") from err
