"""The networks of the expression models: a backbone with two linear heads.

The *fer2013* head has FER-2013's seven labels, for comparison with published figures. The *ferplus* head has FER+'s
eight and is trained on the distribution of the votes of ten annotators. Both give logits, from the features of a
backbone (`convert.training.network_kinds`); a feature map is globally average pooled.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from assistant.vision.faces.input_format import OWN_FORMAT, InputFormat
from convert.data import fer2013
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import FERPLUS_LABELS, LABELS
from convert.data.pictures import Pictures, chunks, fitted
from convert.expression import recipe as recipes
from convert.expression.recipe import Recipe
from convert.training import equivariance
from convert.training.loop import load_best_weights
from convert.training.network_kinds import KINDS
from convert.training.run_folder import Run

HEADS = {"fer2013": LABELS, "ferplus": FERPLUS_LABELS}
"""Labels of each head."""


BATCH_PIXELS = 512 * OWN_FORMAT.side**2
"""Pixels of a batch of predictions: 512 crops of 48x48, or fewer larger ones."""


def build(
    kind: str, *, input_format: InputFormat = OWN_FORMAT, equivariant: bool = False, dropout: float = 0.25,
    **options: Any,
) -> keras.Model:  # fmt: skip
    """A model: float32 [N, side, side, channels] (`input_format.tensor`) to logits {"fer2013": [N, 7], "ferplus":
    [N, 8]}; a kind of any side takes other sides too.

    kind: one of KINDS. equivariant: same output for a face and its mirror image (`equivariance`). dropout: rate before
    the heads. options: those of the kind. Raises ValueError or TypeError for options that cannot be built, RecipeError
    for weights that cannot be loaded.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown network {kind!r}; known: {', '.join(KINDS)}")
    chosen = KINDS[kind]
    side = None if chosen.is_any_side else input_format.side
    pixels = keras.Input((side, side, input_format.channels), name="face")
    features = getattr(import_module(f"convert.training.{chosen.module}"), kind)(pixels, **options)
    if len(features.shape) == 4:
        features = layers.GlobalAveragePooling2D(name="pool", dtype="float32")(features)
    features = layers.Dropout(dropout, name="dropout", dtype="float32")(features)
    heads = {name: layers.Dense(len(labels), name=name, dtype="float32")(features) for name, labels in HEADS.items()}
    network = keras.Model(pixels, heads, name=kind)
    if equivariant:
        equivariance.make_equivariant(network)
    return network


def of_recipe(recipe: Recipe, weights: str = "none") -> keras.Model:
    """The network of a recipe. weights: "imagenet" or a file, instead of random ones, for a kind that takes them.
    Raises as `build`."""
    options = {name: value for name, value in recipe.network.items() if name != "weights"}
    if weights != "none":
        options["weights"] = weights
    return build(**options, input_format=recipe.input_format)


def restore(run: Run, precision: str = "float32") -> keras.Model:
    """The two-headed network of a run with the weights of its best epoch. Raises RunError."""
    run.best()
    keras.mixed_precision.set_global_policy(precision)  # the run may have been trained with another
    network = of_recipe(recipes.of_run(run))
    load_best_weights(network, run)
    return network


def accuracies(network: keras.Model, public: Faces, input_format: InputFormat = OWN_FORMAT) -> dict[str, float]:
    """Accuracy of each head: by the original labels, and by the majority of the FER+ votes where there is one.

    input_format: the network's.
    """
    answers = logits(network, public.images, input_format)
    majority, clear = fer2013.ferplus_majority(public.votes)
    ferplus = (answers["ferplus"].argmax(1) == majority)[clear]
    return {
        "fer2013": float((answers["fer2013"].argmax(1) == public.labels).mean()),
        "ferplus": float(ferplus.mean()) if clear.any() else 0.0,
    }


def logits(
    network: keras.Model, pictures: Pictures, input_format: InputFormat = OWN_FORMAT
) -> dict[str, NDArray[np.float32]]:
    """Logits float32 [N, classes] of each head for pictures of faces alone, which are fitted to the network's input,
    `input_format`. Only a batch of them is in memory."""
    parts = [network.predict_on_batch(each) for each in _tensors(pictures, input_format)]
    return {head: np.concatenate([keras.ops.convert_to_numpy(each[head]) for each in parts]) for head in HEADS}


def _tensors(pictures: Pictures, input_format: InputFormat) -> Iterator[NDArray[np.float32]]:
    for chunk in chunks(pictures, max(1, BATCH_PIXELS // (input_format.side**2 * input_format.channels))):
        yield input_format.tensor(fitted(chunk, input_format)[:])


def with_head(model: keras.Model, head: str, input_format: InputFormat = OWN_FORMAT) -> keras.Model:
    """The model to export for one head of a two-headed model: [1, side, side, channels] to probabilities [1, classes].

    input_format: its own. The input has a fixed size, and softmax is part of the graph.
    """
    pixels = keras.Input(tuple(input_format.shape[1:]), batch_size=1, name="face")
    answers = model(pixels, training=False)[head]
    return keras.Model(
        pixels, layers.Softmax(name="probabilities", dtype="float32")(answers), name=f"{model.name}_{head}"
    )
