"""Layers with faster kernels give the outputs and statistics of Keras's layers, in training and in inference."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

COMPARISON = """
import keras, numpy as np
from keras import layers, ops
from convert.training import layers as fast

keras.utils.set_random_seed(4)
pictures = np.random.default_rng(1).normal(1.5, 2.0, (6, 7, 10, 5)).astype(np.float32)
pairs = []
for size, stride in [(1, 1), (3, 1), (5, 2), (3, 2), (1, 2), (2, 1)]:
    pairs.append((fast.Conv2D(4, size, stride), layers.Conv2D(4, size, stride, padding="same", use_bias=False)))
    plain = layers.DepthwiseConv2D(size, stride, padding="same", use_bias=False)
    pairs.append((fast.DepthwiseConv2D(size, stride), plain))
pairs += [(fast.BatchNormalization(), layers.BatchNormalization()), (fast.MaxPooling2D(), layers.MaxPooling2D())]
for layer, reference in pairs:
    layer.build(pictures.shape), reference.build(pictures.shape)
    reference.set_weights(layer.get_weights())
    for training in (True, True, False):
        options = {"training": training} if "Norm" in type(layer).__name__ else {}
        found, expected = (ops.convert_to_numpy(each(pictures, **options)) for each in (layer, reference))
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5, err_msg=f"{layer.get_config()}")
    for weights, expected in zip(layer.get_weights(), reference.get_weights(), strict=True):
        # the fused kernels update the variance by the unbiased estimate: n / (n - 1) of 420
        np.testing.assert_allclose(weights, expected, rtol=3e-3, atol=1e-4)
layer, reference = fast.BatchNormalization(trainable=False), layers.BatchNormalization(trainable=False)
found, expected = (ops.convert_to_numpy(each(pictures, training=True)) for each in (layer, reference))
np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5, err_msg="not trainable")
assert not np.any(ops.convert_to_numpy(layer.moving_mean))
print(len(pairs), "alike")
"""


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_layers_give_the_outputs_and_statistics_of_keras(backend: str) -> None:
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", COMPARISON],
        check=False, capture_output=True, text=True,
        env=os.environ | {"KERAS_BACKEND": backend}, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("14 alike\n")
