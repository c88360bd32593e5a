"""The networks: a backbone for 48x48 grey faces and two linear heads on it.

The *fer2013* head has FER-2013's seven labels and exists to be compared with published figures; the *ferplus* head has
FER+'s eight and learns what ten people would say. Only ReLU and ReLU6, plain and depthwise convolutions, global average
pooling: operations whose int8 form every TFLite runtime runs fast. All heads give logits.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers

from assistant.vision.faces.preprocess import CROP_SIDE, normalize
from convert.data import fer2013
from convert.data.fer2013 import FERPLUS_LABELS, LABELS, Faces
from convert.training import equivariance
from convert.training.layers import BatchNormalization, Conv2D, DepthwiseConv2D, MaxPooling2D
from convert.training.run_folder import Run, RunError

HEADS = {"fer2013": LABELS, "ferplus": FERPLUS_LABELS}


def build(kind: str, *, side: int | None = None, mirrored: bool = False, **options: Any) -> keras.Model:
    """A model of float32 [N, side, side, 1] (`preprocess.normalize`) to {"fer2013": [N, 7], "ferplus": [N, 8]}.

    kind is "cnn", "plain" or "mobilenetv2"; options are those of the function of that name; side None accepts any size.
    mirrored: it says the same of a face and of its mirror image (`symmetry`). Raises ValueError or TypeError.
    """
    makers: dict[str, Callable[..., Any]] = {"cnn": cnn, "plain": plain, "mobilenetv2": mobilenetv2}
    if kind not in makers:
        raise ValueError(f"unknown network {kind!r}; known: {', '.join(makers)}")
    dropout = options.pop("dropout", 0.25)
    pixels = keras.Input((side, side, 1), name="face")
    features = layers.GlobalAveragePooling2D(name="pool", dtype="float32")(makers[kind](pixels, **options))
    features = layers.Dropout(dropout, name="dropout", dtype="float32")(features)
    heads = {name: layers.Dense(len(labels), name=name, dtype="float32")(features) for name, labels in HEADS.items()}
    network = keras.Model(pixels, heads, name=kind)
    if mirrored:
        equivariance.mirror(network)
    return network


def restore(run: Run, precision: str = "float32") -> keras.Model:
    """The two-headed network of a run with the weights of its best epoch. Raises RunError."""
    run.best()
    keras.mixed_precision.set_global_policy(precision)  # the run may have been trained in another
    network = build(**run.recipe().network)
    try:
        network.load_weights(run.weights)
    except (OSError, ValueError) as err:
        raise RunError(f"{run.weights}: not the weights of this recipe: {str(err).splitlines()[0]}") from err
    return network


def accuracies(network: keras.Model, public: Faces) -> dict[str, float]:
    """Share of pictures on which each head is right: the original label, and the clear majority of the FER+ votes."""
    logits = network.predict(normalize(public.images), batch_size=512, verbose=0)
    majority, clear = fer2013.ferplus_majority(public.votes)
    ferplus = (logits["ferplus"].argmax(1) == majority)[clear]
    return {
        "fer2013": float((logits["fer2013"].argmax(1) == public.labels).mean()),
        "ferplus": float(ferplus.mean()) if clear.any() else 0.0,
    }


def with_head(model: keras.Model, head: str) -> keras.Model:
    """The part of a two-headed model that serves one head: [N, 48, 48, 1] to probabilities [N, classes].

    The input has its fixed size and softmax is part of the graph: this is what is exported.
    """
    pixels = keras.Input((CROP_SIDE, CROP_SIDE, 1), batch_size=1, name="face")
    logits = model(pixels, training=False)[head]
    return keras.Model(
        pixels, layers.Softmax(name="probabilities", dtype="float32")(logits), name=f"{model.name}_{head}"
    )


def _conv(x: Any, filters: int, size: int, stride: int, name: str) -> Any:
    return BatchNormalization(name=f"{name}_norm")(Conv2D(filters, size, stride, name=name)(x))


def cnn(
    pixels: Any, *, stem: int = 32, widths: Sequence[int] = (32, 64, 128, 256), blocks: Sequence[int] = (1, 2, 3, 1)
) -> Any:
    """A residual network (He et al. 2015, basic blocks) cut for small pictures.

    A 5x5 stem of stride 2 sees a mouth corner at once; each later stage halves the map and widens.
    """
    x = layers.ReLU(name="stem_relu")(_conv(pixels, stem, 5, 2, "stem"))
    for stage, (width, count) in enumerate(zip(widths, blocks, strict=True)):
        for block in range(count):
            name = f"stage{stage + 1}_{block + 1}"
            stride = 2 if stage and not block else 1
            y = layers.ReLU(name=f"{name}_relu1")(_conv(x, width, 3, stride, f"{name}_conv1"))
            y = _conv(y, width, 3, 1, f"{name}_conv2")
            if stride != 1 or x.shape[-1] != width:
                x = _conv(x, width, 1, stride, f"{name}_skip")
            x = layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([x, y]))
    return x


def plain(
    pixels: Any, *, widths: Sequence[int] = (32, 48, 96, 192), convs: Sequence[int] = (2, 2, 2, 2),
    separable: bool = False, drop: float = 0.0,
) -> Any:  # fmt: skip
    """Convolutions of 3x3 in a row and the largest of every two by two between stages (Simonyan and Zisserman 2014).

    It looks at every pixel before it halves the map. separable: all but the first convolution are a depthwise and a
    pointwise one. drop: the share of channels left out after each stage while training.
    """
    x = pixels
    for stage, (width, count) in enumerate(zip(widths, convs, strict=True)):
        for conv in range(count):
            name = f"stage{stage + 1}_{conv + 1}"
            if separable and (stage or conv):
                x = BatchNormalization(name=f"{name}_depthwise_norm")(DepthwiseConv2D(3, name=f"{name}_depthwise")(x))
            size = 1 if separable and (stage or conv) else 3
            x = layers.ReLU(name=f"{name}_relu")(_conv(x, width, size, 1, f"{name}_conv"))
        if stage < len(widths) - 1:
            x = MaxPooling2D(name=f"stage{stage + 1}_pool")(x)
            if drop:
                x = layers.SpatialDropout2D(drop, name=f"stage{stage + 1}_drop")(x)
    return x


def mobilenetv2(
    pixels: Any,
    *,
    stem: int = 24,
    stem_stride: int = 1,
    stages: Sequence[Sequence[int]] = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 48, 3, 2), (6, 80, 3, 2)),
    top: int = 320,
) -> Any:
    """MobileNetV2 (Sandler et al. 2018) with stem and strides fit for 48x48.

    stages  rows of (expansion, width, blocks, stride). Three reductions in all are enough, wherever they stand: the
    five of ImageNet would leave two pixels a side to the last blocks.
    """
    x = layers.ReLU(6.0, name="stem_relu")(_conv(pixels, stem, 3, stem_stride, "stem"))
    for stage, (expansion, width, count, first_stride) in enumerate(stages):
        for block in range(count):
            name, stride, skip = f"stage{stage + 1}_{block + 1}", first_stride if not block else 1, x
            if expansion != 1:
                x = _conv(x, expansion * x.shape[-1], 1, 1, f"{name}_expand")
                x = layers.ReLU(6.0, name=f"{name}_expand_relu")(x)
            x = DepthwiseConv2D(3, stride, name=f"{name}_depthwise")(x)
            x = BatchNormalization(name=f"{name}_depthwise_norm")(x)
            x = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(x)
            x = _conv(x, width, 1, 1, f"{name}_project")
            if stride == 1 and skip.shape[-1] == width:
                x = layers.Add(name=f"{name}_add")([skip, x])
    return layers.ReLU(6.0, name="top_relu")(_conv(x, top, 1, 1, "top"))
