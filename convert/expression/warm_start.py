"""Warm start: a run folder made from the two .tflite files of a shipped model.

Run folders are not kept, the shipped files are. An int8 weight is known to half a step of its channel's scale. Batch
normalization, which was folded into the convolutions, is unfolded: each convolution is rescaled so that its output has
variance one over some training pictures, and the normalization after it, with the mean and variance of these pictures,
undoes the rescaling. So the network has the outputs of the shipped files, and trains as if it had never been folded.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from math import prod
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.vision.faces.input_format import OWN_FORMAT
from assistant.vision.faces.preprocess import normalize
from convert.data import fer2013
from convert.data.fer2013 import Faces
from convert.expression import card, networks
from convert.expression import recipe as recipes
from convert.expression.soft_labels import fixed_view
from convert.tflite import card_file, graph
from convert.training import checkpoint
from convert.training.layers import BatchNormalization
from convert.training.recipe_file import RECIPES
from convert.training.run_folder import Run, RunError, columns

PICTURES = 2048
"""Number of training pictures over which mean and variance of the normalizations are measured."""
BATCH_SIZE = 128
VIEW = 2
"""The fixed view (`soft_labels.fixed_view`) of these pictures that is used."""
MIN_VARIANCE = 1e-6
"""Channels with less variance are constant and are not rescaled."""
LAYER_NAME = re.compile(r"/(\w+?)(?:_1)?/(?:convolution|depthwise|MatMul)\b")
"""The Keras layer's name in the name that the converter gives to a tensor."""

Array = NDArray[np.float32]


def warm_start(model: Path, faces: Faces, folder: Path, recipe_files: Path = RECIPES) -> Run:
    """Write a run folder with the weights of a shipped model. model: the file of the ferplus head.

    recipe_files: the folder with the recipe that the model's card names. The run's history has one row, with the
    accuracies on PublicTest. Raises ModelError, also where the two heads are of different runs, DatasetError, or
    RunError where the folder exists, where `model` has no ferplus head, or where the recipe is missing or has a network
    of other layers.
    """
    run, about = Run(folder), card_file.load(model)
    if os.path.lexists(folder):  # Path.exists raises for a name that is too long
        raise RunError(f"{folder}: exists; choose another --run folder")
    if about.get("head") != "ferplus":
        raise RunError(f"{model}: holds no ferplus head; give the .tflite file of an expression model that speaks")
    files, name = card.both_heads(model), card_file.entry(about, model, "recipe.name", str)
    epoch, training_facts = (
        card_file.entry(about, model, "recipe.best_epoch", int),
        card_file.entry(about, model, "training", dict),
    )
    recipe_file = recipe_files / f"{name}.toml"
    if not recipe_file.is_file():
        raise RunError(f"{recipe_file}: the recipe of {model.name} is missing")
    recipe = recipes.read(recipe_file)
    if recipe.kind.module != "backbones" or recipe.input_format != OWN_FORMAT:
        raise RunError(f"{model}: is a {recipe.network['kind']}; only the project's own networks can be started from")
    keras.mixed_precision.set_global_policy("float32")
    network = networks.of_recipe(recipe)
    _load_weights(network, files)
    training = faces.of("Training")
    chosen = training.images[fer2013.is_trainable(training)][:PICTURES]
    _unfold_normalization(network, normalize(np.stack([fixed_view(image, VIEW) for image in chosen])))
    reached = networks.accuracies(network, faces.of("PublicTest"))
    sha256 = {head: hashlib.sha256(path.read_bytes()).hexdigest() for head, path in files.items()}
    run.begin(recipe_file, training_facts | {"recipe": name, "warm_start": sha256}, columns(tuple(networks.HEADS)))
    checkpoint.replace(run.weights, checkpoint.weights_file(network))
    run.add((epoch, "nan", f"{reached['fer2013']:.6f}", f"{reached['ferplus']:.6f}", 0, 0, 0, 0))
    return run


def _load_weights(network: keras.Model, files: dict[str, Path]) -> None:
    """Load the weights of the files; the folded bias of a convolution becomes the offset of its normalization."""
    norm_by_input = {layer.input.name: layer for layer in network.layers if isinstance(layer, BatchNormalization)}
    layers = {layer.name: layer for layer in network.layers if hasattr(layer, "kernel")}
    missing = set(layers)
    for head, path in files.items():
        for name, kernel, bias in layer_weights(path):
            name = head if kernel.ndim == 2 else name  # the only dense layer of a file is its head
            if name not in layers:
                raise RunError(f"{path}: holds a layer {name!r} that its recipe does not have")
            layer = layers[name]
            missing.discard(name)
            if kernel.size != prod(layer.kernel.shape):
                raise RunError(f"{path}: {name!r} has {kernel.size} weights, by its recipe {prod(layer.kernel.shape)}")
            if name in networks.HEADS:
                layer.set_weights([kernel.T, bias])
                continue
            layer.set_weights([kernel.transpose(1, 2, 3, 0).reshape(layer.kernel.shape)])
            norm = norm_by_input[layer.output.name]
            one = np.ones_like(bias)
            norm.set_weights([one, bias, 0 * one, (1 - norm.epsilon) * one])
    if missing:
        raise RunError(f"{files['ferplus']}: has no {', '.join(sorted(missing))}, which its recipe asks for")


def layer_weights(path: Path) -> Iterator[tuple[str, Array, Array]]:
    """Name, kernel (axes in the file's order) and bias of each layer of a .tflite file with weights, dequantized."""
    for operator in graph.weights(path):
        found = LAYER_NAME.search(operator.name)
        if found is None:
            raise ModelError(f"{path}: a layer's name is missing in {operator.name!r}")
        yield found[1], operator.kernel, operator.bias


def _unfold_normalization(network: keras.Model, pictures: Array) -> None:
    """Rescale every convolution to outputs of variance one over `pictures`; the normalization after it undoes that."""
    norms = [layer for layer in network.layers if isinstance(layer, BatchNormalization)]
    before = keras.Model(network.input, [norm.input for norm in norms])
    sums = [np.zeros((2, norm.gamma.shape[0])) for norm in norms]
    for first in range(0, len(pictures), BATCH_SIZE):
        shown = pictures[first : first + BATCH_SIZE]
        for held, made in zip(sums, before.predict_on_batch(shown), strict=True):
            share = len(shown) / len(pictures)
            held += share * np.stack([each.mean((0, 1, 2), np.float64) for each in (made, np.square(made))])
    convolutions = {layer.output.name: layer for layer in network.layers if hasattr(layer, "kernel")}
    for norm, held in zip(norms, sums, strict=True):
        mean, square = held
        variance = square - mean**2
        spread = np.sqrt(np.where(variance > MIN_VARIANCE, variance, 1.0))
        layer = convolutions[norm.input.name]
        (kernel,), (_, bias, _, _) = layer.get_weights(), norm.get_weights()
        layer.set_weights([kernel / spread.reshape(kernel.shape[2:] if kernel.shape[3] == 1 else -1)])
        variance = variance / spread**2
        norm.set_weights([spread * np.sqrt(variance + norm.epsilon), bias + mean, mean / spread, variance])
