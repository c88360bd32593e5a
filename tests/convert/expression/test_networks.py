"""Networks of the expression models: shapes, number of parameters, kinds of layers."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

from convert.expression import networks, recipe
from convert.training.network_kinds import KINDS

RECIPES = Path(__file__).parents[3] / "models" / "recipes"
ALLOWED_LAYERS = {
    *("InputLayer", "Conv2D", "DepthwiseConv2D", "BatchNormalization", "ReLU", "Add"),
    *("MaxPooling2D", "SpatialDropout2D", "GlobalAveragePooling2D", "Dropout", "Dense"),
}


@pytest.fixture(autouse=True)
def in_float32() -> None:
    keras.mixed_precision.set_global_policy("float32")


@pytest.mark.parametrize("kind", [kind for kind in recipe.NETWORKS if KINDS[kind].module == "backbones"])
def test_a_network_has_two_heads_of_logits_at_any_size(kind: str) -> None:
    model = networks.build(kind)
    for side in (32, 48):
        logits = model(np.zeros((2, side, side, 1), np.float32))
        assert {head: tuple(values.shape) for head, values in logits.items()} == {"fer2013": (2, 7), "ferplus": (2, 8)}
    assert {type(layer).__name__ for layer in model.layers} <= ALLOWED_LAYERS


@pytest.mark.parametrize("head", networks.HEADS)
def test_the_exported_model_of_a_head_gives_probabilities_of_one_picture(head: str) -> None:
    both = networks.build("cnn", stem=8, widths=[8, 16], blocks=[1, 1])
    exported = networks.with_head(both, head)
    assert exported.input_shape == (1, 48, 48, 1)
    pixels = np.random.default_rng(1).normal(size=(1, 48, 48, 1)).astype(np.float32)
    scores = np.asarray(exported(pixels))
    assert scores.shape == (1, len(networks.HEADS[head]))
    logits = np.asarray(both(pixels, training=False)[head])
    np.testing.assert_allclose(scores, np.exp(logits) / np.exp(logits).sum(), rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("emotion-cnn", 2.0e6),
        ("emotion-cnn-dense", 2.0e6),
        ("emotion-cnn-dense-aware", 2.0e6),
        ("emotion-cnn-mirrored", 2.0e6),
        ("emotion-cnn-mirrored-consistent", 2.0e6),
        ("emotion-cnn-separable", 2.0e6),
        ("emotion-cnn-separable-second", 2.0e6),
        ("emotion-mobilenetv2-full", 1.0e6),
        ("emotion-mobilenetv2-full-distilled", 1.0e6),
        ("emotion-mobilenetv2-labels", 1.0e6),
        ("emotion-mobilenetv2-consistent", 1.0e6),
        ("emotion-mobilenetv2-consistent-second", 1.0e6),
        ("emotion-small", 0.2e6),
        ("emotion-small-second", 0.2e6),
        ("emotion-small-consistent", 0.2e6),
    ],
)
def test_the_networks_of_the_shipped_recipes_have_few_enough_parameters(name: str, limit: float) -> None:
    model = networks.of_recipe(recipe.read(RECIPES / f"{name}.toml"))
    assert 0.15 * limit < model.count_params() <= limit


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown network 'vgg'; known: cnn, plain, mobilenetv2_48, cnn4"):
        networks.build("vgg")
