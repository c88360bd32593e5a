"""Equivariant networks: the same output for a face and its mirror image before and after training."""

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="keras is not installed: pip install -e .[convert]")

from convert.expression import networks  # noqa: E402
from convert.training.equivariance import MirrorConstraint  # noqa: E402

OPTIONS = {"widths": [8, 16], "convs": [1, 2], "dropout": 0.2}
RNG = np.random.default_rng(5)
FACES = RNG.normal(size=(48, 16, 16, 1)).astype(np.float32)
TARGETS = {
    head: np.eye(len(names), dtype=np.float32)[RNG.integers(len(names), size=48)]
    for head, names in networks.HEADS.items()
}


def build(equivariant: bool = True, separable: bool = False) -> "keras.Model":
    keras.utils.set_random_seed(3)
    keras.mixed_precision.set_global_policy("float32")
    return networks.build("plain", **OPTIONS, separable=separable, equivariant=equivariant)


def trained(network: "keras.Model") -> "keras.Model":
    losses = {head: keras.losses.CategoricalCrossentropy(from_logits=True) for head in networks.HEADS}
    network.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True, weight_decay=0.01), losses)
    network.fit(FACES, TARGETS, batch_size=16, epochs=2, verbose=0)
    return network


def mirror_difference(network: "keras.Model") -> float:
    """Largest difference between the logits of faces and of their mirror images, relative to their range."""
    unmirrored, mirrored = (network.predict(faces, verbose=0)["ferplus"] for faces in (FACES, FACES[:, :, ::-1]))
    return float(np.abs(unmirrored - mirrored).max() / np.ptp(unmirrored, axis=0).max())


@pytest.mark.parametrize("separable", [False, True])
def test_an_equivariant_network_stays_equivariant_in_training_and_when_loaded(separable: bool, tmp_path: Path) -> None:
    network = build(separable=separable)
    assert mirror_difference(network) < 1e-4
    before = network.get_weights()
    assert mirror_difference(trained(network)) < 1e-4
    assert not any(np.array_equal(*each) for each in zip(before, network.get_weights(), strict=True) if each[0].any())
    network.save(tmp_path / "on.keras")
    assert mirror_difference(trained(keras.models.load_model(tmp_path / "on.keras"))) < 1e-4, (
        "a loaded network stays equivariant in training"
    )


def test_an_ordinary_network_differs_for_mirror_images() -> None:
    assert mirror_difference(build(equivariant=False)) > 0.01


def test_both_channels_of_a_pair_have_the_same_normalization() -> None:
    network = trained(build())
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            for weights in layer.get_weights():
                half = len(weights) // 2
                np.testing.assert_array_equal(weights[:half], weights[half:])
                assert np.ptp(weights) > 0, "the weights have changed in training"


def test_a_constrained_kernel_is_the_mirror_image_of_that_of_the_paired_channels() -> None:
    kernel = RNG.normal(size=(3, 3, 4, 6)).astype(np.float32)
    constrained = keras.ops.convert_to_numpy(MirrorConstraint((2, 3), across=1)(kernel))
    for output, input_ in np.ndindex(6, 4):
        partner = constrained[:, ::-1, (input_ + 2) % 4, (output + 3) % 6]
        np.testing.assert_array_equal(constrained[:, :, input_, output], partner)
        expected = (kernel[:, :, input_, output] + kernel[:, ::-1, (input_ + 2) % 4, (output + 3) % 6]) / 2
        np.testing.assert_allclose(constrained[:, :, input_, output], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [("mobilenetv2_48", {}, "stride"), ("cnn", {}, "stride"), ("plain", {"widths": [7], "convs": [1]}, "even")],
)
def test_a_network_that_cannot_be_equivariant_is_refused(kind: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        networks.build(kind, **options, equivariant=True)
