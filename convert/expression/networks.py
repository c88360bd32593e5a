"""The networks of the expression models: a backbone for 48x48 grey faces with two linear heads.

The *fer2013* head has FER-2013's seven labels, for comparison with published figures. The *ferplus* head has FER+'s
eight and is trained on the distribution of the votes of ten annotators. Both give logits, from the globally average
pooled features of a backbone (`convert.training.backbones`).
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from assistant.vision.faces.preprocess import CROP_SIDE, normalize
from convert.data import fer2013
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import FERPLUS_LABELS, LABELS
from convert.expression import recipe as recipes
from convert.training import backbones, equivariance
from convert.training.loop import load_best_weights
from convert.training.run_folder import Run

HEADS = {"fer2013": LABELS, "ferplus": FERPLUS_LABELS}
"""Labels of each head."""


def build(kind: str, *, side: int | None = None, equivariant: bool = False, **options: Any) -> keras.Model:
    """A model: float32 [N, side, side, 1] (`preprocess.normalize`) to logits {"fer2013": [N, 7], "ferplus": [N, 8]}.

    kind: "cnn", "plain" or "mobilenetv2". side: None for any size. equivariant: same output for a face and its mirror
    image (`equivariance`). options: `dropout`, and those of the function called `kind` in `backbones`. Raises
    ValueError or TypeError for options that cannot be built.
    """
    makers: dict[str, Callable[..., Any]] = {
        "cnn": backbones.cnn,
        "plain": backbones.plain,
        "mobilenetv2": backbones.mobilenetv2,
    }
    if kind not in makers:
        raise ValueError(f"unknown network {kind!r}; known: {', '.join(makers)}")
    dropout = options.pop("dropout", 0.25)
    pixels = keras.Input((side, side, 1), name="face")
    features = layers.GlobalAveragePooling2D(name="pool", dtype="float32")(makers[kind](pixels, **options))
    features = layers.Dropout(dropout, name="dropout", dtype="float32")(features)
    heads = {name: layers.Dense(len(labels), name=name, dtype="float32")(features) for name, labels in HEADS.items()}
    network = keras.Model(pixels, heads, name=kind)
    if equivariant:
        equivariance.make_equivariant(network)
    return network


def restore(run: Run, precision: str = "float32") -> keras.Model:
    """The two-headed network of a run with the weights of its best epoch. Raises RunError."""
    run.best()
    keras.mixed_precision.set_global_policy(precision)  # the run may have been trained with another
    network = build(**recipes.of_run(run).network)
    load_best_weights(network, run)
    return network


def accuracies(network: keras.Model, public: Faces) -> dict[str, float]:
    """Accuracy of each head: by the original labels, and by the majority of the FER+ votes where there is one."""
    logits = network.predict(normalize(public.images), batch_size=512, verbose=0)
    majority, clear = fer2013.ferplus_majority(public.votes)
    ferplus = (logits["ferplus"].argmax(1) == majority)[clear]
    return {
        "fer2013": float((logits["fer2013"].argmax(1) == public.labels).mean()),
        "ferplus": float(ferplus.mean()) if clear.any() else 0.0,
    }


def with_head(model: keras.Model, head: str) -> keras.Model:
    """The model to export for one head of a two-headed model: [1, 48, 48, 1] to probabilities [1, classes].

    The input has a fixed size, and softmax is part of the graph.
    """
    pixels = keras.Input((CROP_SIDE, CROP_SIDE, 1), batch_size=1, name="face")
    logits = model(pixels, training=False)[head]
    return keras.Model(
        pixels, layers.Softmax(name="probabilities", dtype="float32")(logits), name=f"{model.name}_{head}"
    )
