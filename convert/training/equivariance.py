"""Mirror equivariance: networks whose output is the same for a face and for its mirror image.

A network trained in the ordinary way gives many faces another label when they are mirrored. Here the weights are
constrained so that this is impossible. The channels of every feature map are pairs, c and c + C / 2: mirroring the
picture mirrors the maps and swaps the two channels of each pair. Convolutions whose kernels are mirror images of each
other preserve this (Cohen and Welling 2016, for the group of two elements), global average pooling removes left and
right, and a head has equal weights for both channels of a pair. The layers are the ordinary ones, with half as many
free weights, so export needs no change.
"""

from typing import Any

import keras
from keras import ops

_PACKAGE = "emotion_assistant"


@keras.saving.register_keras_serializable(_PACKAGE)
class MirrorConstraint(keras.constraints.Constraint):
    """Weights that equal their own mirror image: after every step, replaced by the mean of the two.

    pairs: the channel axes, along which the first and the second half are swapped. across: the horizontal axis of a
    kernel, None for weights without one. A gradient step followed by this mean is a gradient step of the free weights.
    """

    def __init__(self, pairs: tuple[int, ...], across: int | None = None) -> None:
        self.pairs, self.across = tuple(pairs), across

    def __call__(self, w: Any) -> Any:
        return (w + self.mirrored(w)) / 2

    def mirrored(self, w: Any) -> Any:
        """The weights that give for a mirrored input the mirrored output of `w`."""
        w = ops.convert_to_tensor(w)
        for axis in self.pairs:
            w = ops.roll(w, w.shape[axis] // 2, axis)
        return w if self.across is None else ops.flip(w, self.across)

    def get_config(self) -> dict[str, Any]:
        return {"pairs": self.pairs, "across": self.across}


def make_equivariant(network: keras.Model) -> None:
    """Constrain a network of float32 [N, H, W, 1], now and in training, to the same output for mirrored pictures.

    Raises ValueError for a network that cannot be constrained: one with an odd number of channels, or with strides,
    which start at the left edge of a picture.
    """
    for layer in network.layers:
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
            if max(layer.strides) > 1:
                raise ValueError(
                    f"{layer.name}: a stride has a left and a right; use pooling in an equivariant network"
                )
            is_depthwise, channels = isinstance(layer, keras.layers.DepthwiseConv2D), layer.kernel.shape[2]
            pairs = (2,) if is_depthwise else (2, 3) if channels > 1 else (3,)
            layer.kernel_constraint = layer.depthwise_constraint = MirrorConstraint(pairs, across=1)
            constraints = {"kernel": layer.kernel_constraint}
        elif isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma_constraint = layer.beta_constraint = MirrorConstraint((0,))
            constraints = dict.fromkeys(("gamma", "beta"), layer.gamma_constraint)
        elif isinstance(layer, keras.layers.Dense):
            layer.kernel_constraint = MirrorConstraint((0,))
            constraints = {"kernel": layer.kernel_constraint}
        else:
            continue
        for name, constraint in constraints.items():
            weights = getattr(layer, name)
            if any(weights.shape[axis] % 2 for axis in constraint.pairs):
                raise ValueError(f"{layer.name}: its channels must be even in number to be pairs")
            weights.constraint = constraint
            weights.assign(constraint(weights))
