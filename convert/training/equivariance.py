"""Mirror equivariance: networks that say the same of a face and of its mirror image.

A face has no preferred side, but a network that learns from pictures has one: it reads many a face otherwise in a
mirror. Here it cannot. The channels of every map are pairs, c and c + C / 2, and what one half of them finds in a
picture the other half finds in its mirror image: a convolution whose kernels are each other's mirror images keeps it so
(Cohen and Welling 2016, with the group of the two sides), the mean over the map sees no sides, and a head weighs both
of a pair alike. It is the same network, with half as many free weights: nothing of it needs to be exported otherwise.
"""

from typing import Any

import keras
from keras import ops

_PACKAGE = "emotion_assistant"


@keras.saving.register_keras_serializable(_PACKAGE)
class MirrorConstraint(keras.constraints.Constraint):
    """Weights that are what they are in the mirror: the mean of both, after every step.

    pairs: the axes along which the first half of the channels and the second change places. across: the axis from left
    to right, of a kernel. A step along the gradient and this mean are together a step of the free weights.
    """

    def __init__(self, pairs: tuple[int, ...], across: int | None = None) -> None:
        self.pairs, self.across = tuple(pairs), across

    def __call__(self, w: Any) -> Any:
        return (w + self.mirrored(w)) / 2

    def mirrored(self, w: Any) -> Any:
        """The weights that do with a mirror image what `w` does with the picture."""
        w = ops.convert_to_tensor(w)
        for axis in self.pairs:
            w = ops.roll(w, w.shape[axis] // 2, axis)
        return w if self.across is None else ops.flip(w, self.across)

    def get_config(self) -> dict[str, Any]:
        return {"pairs": self.pairs, "across": self.across}


def make_equivariant(network: keras.Model) -> None:
    """Make a network of float32 [N, H, W, 1] say the same of mirror images from now on, while it learns too.

    Raises ValueError for a network that cannot: an odd number of channels, or steps of two pixels, which begin at the
    left side of a picture.
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
            held = {"kernel": layer.kernel_constraint}
        elif isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma_constraint = layer.beta_constraint = MirrorConstraint((0,))
            held = dict.fromkeys(("gamma", "beta"), layer.gamma_constraint)
        elif isinstance(layer, keras.layers.Dense):
            layer.kernel_constraint = MirrorConstraint((0,))
            held = {"kernel": layer.kernel_constraint}
        else:
            continue
        for name, constraint in held.items():
            weights = getattr(layer, name)
            if any(weights.shape[axis] % 2 for axis in constraint.pairs):
                raise ValueError(f"{layer.name}: its channels must be even in number to be pairs")
            weights.constraint = constraint
            weights.assign(constraint(weights))
