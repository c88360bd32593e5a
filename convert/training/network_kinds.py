"""The networks that a recipe can name as `network.kind`: for each its function, its options and the input it expects.

To add one, write a function of its name, from pixels to features, in `backbones`, `ancestors` or `applications`, and
add its line to KINDS. Needs no Keras.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistant.vision.faces.input_format import OWN_FORMAT, InputFormat
from convert.training.network_options import (
    FRACTION,
    MAX_BLOCKS,
    MAX_CHANNELS,
    RATE,
    STAGES,
    SWITCH,
    WEIGHTS,
    Option,
    count,
    counts,
)


@dataclass(frozen=True)
class Kind:
    """One kind of network."""

    module: str
    """Module of `convert.training` with the function of the kind's name: float [N, side, side, channels] and the
    options to a feature map [N, h, w, C], which is pooled, or to features [N, C]."""
    options: Mapping[str, Option]
    """Options of that function; the heads add theirs (`HEAD_OPTIONS`)."""
    expects: InputFormat = OWN_FORMAT
    """The input where [input] of a recipe says nothing else."""
    is_any_side: bool = False
    """Whether it can be trained on smaller pictures first: it neither flattens its last map nor needs an exact side."""
    stage_lists: Mapping[str, int] = field(default_factory=dict)
    """Options that have a number for each stage, with the lengths of their defaults (`network_options.check`)."""


HEAD_OPTIONS: Mapping[str, Option] = {"dropout": RATE, "equivariant": SWITCH}
"""Options of every kind, used by `networks.build` itself."""

_CNN = {"stem": count(1, MAX_CHANNELS), "widths": counts(1, MAX_CHANNELS), "blocks": counts(1, MAX_BLOCKS)}
_PLAIN = {
    "widths": counts(1, MAX_CHANNELS), "convs": counts(1, MAX_BLOCKS), "separable": SWITCH, "spatial_dropout": RATE,
}  # fmt: skip
_MOBILENETV2_48 = {
    "stem": count(1, MAX_CHANNELS), "stem_stride": count(1, 2), "stages": STAGES, "top": count(1, MAX_CHANNELS),
}  # fmt: skip
_PRETRAINED = {"weights": WEIGHTS}
_GREY = InputFormat(scaling="0..1")
_CAFFE = InputFormat(channels=3, scaling="imagenet-bgr")
_INCEPTION = InputFormat(channels=3, scaling="-1..1")
_LEVELS = InputFormat(channels=3, scaling="0..255")

KINDS: Mapping[str, Kind] = {
    "cnn": Kind("backbones", _CNN, is_any_side=True, stage_lists={"widths": 4, "blocks": 4}),
    "plain": Kind("backbones", _PLAIN, is_any_side=True, stage_lists={"widths": 4, "convs": 4}),
    "mobilenetv2_48": Kind("backbones", _MOBILENETV2_48, is_any_side=True),
    "cnn4": Kind("ancestors", {}, _GREY),
    "cnn654k": Kind("ancestors", {}, _GREY),
    "mini_xception": Kind("ancestors", {}, InputFormat(scaling="-1..1")),
    "vgg16": Kind("applications", _PRETRAINED, _CAFFE),
    "vgg19": Kind("applications", _PRETRAINED, _CAFFE),
    "resnet50": Kind("applications", _PRETRAINED, _CAFFE),
    "resnet50v2": Kind("applications", _PRETRAINED, _INCEPTION),
    "mobilenetv2": Kind("applications", {**_PRETRAINED, "alpha": FRACTION}, _INCEPTION),
    "efficientnetv2b0": Kind("applications", _PRETRAINED, _LEVELS),
}
"""Every kind. Those of `backbones` are the project's own; `ancestors` has the networks of older projects, and
`applications` those of keras.applications, with the scaling that their weights were trained with."""

OWN_MOBILENETV2 = frozenset(_MOBILENETV2_48)
"""Options by which a recipe of kind "mobilenetv2" means the project's own "mobilenetv2_48", which had that name before
Keras's MobileNetV2 came: recipes and run folders of that time go on working."""


def kind_of(network: Mapping[str, object]) -> str:
    """The kind in [network] of a recipe; "" where it names none that there is."""
    kind = network.get("kind")
    if kind == "mobilenetv2" and OWN_MOBILENETV2 & network.keys():
        return "mobilenetv2_48"
    return kind if isinstance(kind, str) and kind in KINDS else ""
