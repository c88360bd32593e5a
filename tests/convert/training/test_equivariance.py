"""Networks that say the same of a face and of its mirror image: exactly, before, while and after they learn."""

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="keras is not installed: pip install -e .[convert]")

from convert.expression import networks  # noqa: E402
from convert.training.equivariance import MirrorConstraint  # noqa: E402

OPTIONS = {"widths": [8, 16], "convs": [1, 2], "dropout": 0.2, "side": 16}
RNG = np.random.default_rng(5)
FACES = RNG.normal(size=(48, 16, 16, 1)).astype(np.float32)
TARGETS = {
    head: np.eye(len(names), dtype=np.float32)[RNG.integers(len(names), size=48)]
    for head, names in networks.HEADS.items()
}


def made(equivariant: bool = True, separable: bool = False) -> "keras.Model":
    keras.utils.set_random_seed(3)
    keras.mixed_precision.set_global_policy("float32")
    return networks.build("plain", **OPTIONS, separable=separable, equivariant=equivariant)


def taught(network: "keras.Model") -> "keras.Model":
    losses = {head: keras.losses.CategoricalCrossentropy(from_logits=True) for head in networks.HEADS}
    network.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True, weight_decay=0.01), losses)
    network.fit(FACES, TARGETS, batch_size=16, epochs=2, verbose=0)
    return network


def differs(network: "keras.Model") -> float:
    """How differently faces and their mirror images are read, as a share of how differently faces are."""
    seen, turned = (network.predict(faces, verbose=0)["ferplus"] for faces in (FACES, FACES[:, :, ::-1]))
    return float(np.abs(seen - turned).max() / np.ptp(seen, axis=0).max())


@pytest.mark.parametrize("separable", [False, True])
def test_a_mirrored_network_says_the_same_of_mirror_images_whatever_it_learns(separable: bool, tmp_path: Path) -> None:
    network = made(separable=separable)
    assert differs(network) < 1e-4
    before = network.get_weights()
    assert differs(taught(network)) < 1e-4
    assert not any(np.array_equal(*each) for each in zip(before, network.get_weights(), strict=True) if each[0].any())
    network.save(tmp_path / "on.keras")
    assert differs(taught(keras.models.load_model(tmp_path / "on.keras"))) < 1e-4, "what goes on learning stays so"


def test_a_network_that_is_not_mirrored_has_a_preferred_side() -> None:
    assert differs(made(equivariant=False)) > 0.01


def test_statistics_of_a_mirrored_network_are_those_of_both_of_a_pair() -> None:
    network = taught(made())
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            for weights in layer.get_weights():
                half = len(weights) // 2
                np.testing.assert_array_equal(weights[:half], weights[half:])
                assert np.ptp(weights) > 0, "something was learned"


def test_the_mirror_image_of_a_mirrored_kernel_is_that_of_its_pair() -> None:
    kernel = RNG.normal(size=(3, 3, 4, 6)).astype(np.float32)
    tied = keras.ops.convert_to_numpy(MirrorConstraint((2, 3), across=1)(kernel))
    for taker, giver in np.ndindex(6, 4):
        there = tied[:, ::-1, (giver + 2) % 4, (taker + 3) % 6]
        np.testing.assert_array_equal(tied[:, :, giver, taker], there)
        want = (kernel[:, :, giver, taker] + kernel[:, ::-1, (giver + 2) % 4, (taker + 3) % 6]) / 2
        np.testing.assert_allclose(tied[:, :, giver, taker], want, rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "options", "what"),
    [("mobilenetv2", {}, "stride"), ("cnn", {}, "stride"), ("plain", {"widths": [7], "convs": [1]}, "even")],
)
def test_a_network_that_cannot_be_mirrored_is_refused(kind: str, options: dict[str, object], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        networks.build(kind, **options, equivariant=True)
