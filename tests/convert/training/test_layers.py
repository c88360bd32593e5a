"""The layers that call the backend's kernels give what Keras's give there, in training and in use."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

COMPARED = """
import keras, numpy as np
from keras import layers, ops
from convert.training import layers as ours

keras.utils.set_random_seed(4)
pictures = np.random.default_rng(1).normal(1.5, 2.0, (6, 7, 10, 5)).astype(np.float32)
pairs = []
for size, stride in [(1, 1), (3, 1), (5, 2), (3, 2), (1, 2), (2, 1)]:
    pairs.append((ours.Conv2D(4, size, stride), layers.Conv2D(4, size, stride, padding="same", use_bias=False)))
    plain = layers.DepthwiseConv2D(size, stride, padding="same", use_bias=False)
    pairs.append((ours.DepthwiseConv2D(size, stride), plain))
pairs += [(ours.BatchNormalization(), layers.BatchNormalization()), (ours.MaxPooling2D(), layers.MaxPooling2D())]
for mine, theirs in pairs:
    mine.build(pictures.shape), theirs.build(pictures.shape)
    theirs.set_weights(mine.get_weights())
    for training in (True, True, False):
        options = {"training": training} if "Norm" in type(mine).__name__ else {}
        found, expected = (ops.convert_to_numpy(layer(pictures, **options)) for layer in (mine, theirs))
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5, err_msg=f"{mine.get_config()}")
    for held, kept in zip(mine.get_weights(), theirs.get_weights(), strict=True):
        # the kernels move the variance by the unbiased estimate: n / (n - 1) of 420
        np.testing.assert_allclose(held, kept, rtol=3e-3, atol=1e-4)
mine, theirs = ours.BatchNormalization(trainable=False), layers.BatchNormalization(trainable=False)
found, expected = (ops.convert_to_numpy(layer(pictures, training=True)) for layer in (mine, theirs))
np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5, err_msg="not trainable")
assert not np.any(ops.convert_to_numpy(mine.moving_mean))
print(len(pairs), "alike")
"""


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_they_are_what_keras_says_they_are(backend: str) -> None:
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", COMPARED],
        check=False, capture_output=True, text=True,
        env=os.environ | {"KERAS_BACKEND": backend}, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("14 alike\n")
