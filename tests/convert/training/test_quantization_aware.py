"""Quantization-aware training: rounding in the forward pass, straight-through gradient, shared weights."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")
tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install -e .[convert]")

from convert.expression import networks, recipe
from convert.expression.recipe import RecipeError
from convert.expression.train import backbone, train
from convert.training.callbacks import CheckpointCallback
from convert.training.layers import FakeQuantize, fake_quantize, fake_quantize_kernel
from convert.training.quantization_aware import quantization_aware
from convert.training.run_folder import Run
from tests.support import drawn_faces

NETWORKS = {
    "plain": {"widths": [8, 16], "convs": [2, 2], "separable": True},
    "cnn": {"stem": 8, "widths": [8, 16], "blocks": [1, 1]},
    "mobilenetv2_48": {"stem": 8, "stages": [[1, 8, 1, 1], [3, 16, 2, 2]], "top": 32},
}
numbers = st.floats(-50, 50, width=32).map(lambda number: number if abs(number) > 1e-3 else 0.0)
maps = arrays.arrays(np.float32, (2, 3, 3, 4), elements=numbers)


@given(maps)
def test_a_map_is_rounded_to_256_levels_including_zero(values: np.ndarray) -> None:
    made = np.asarray(FakeQuantize()(values))
    low, high = min(values.min(), 0.0), max(values.max(), 1e-6)
    step = (high - low) / 255
    steps = made / step
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-2)
    assert np.ptp(np.round(steps)) <= 255
    assert np.abs(made - values).max() <= step * 1.01, (
        "half a step, and another half at an end of the range, since zero is exact"
    )
    np.testing.assert_array_equal(np.asarray(FakeQuantize()(np.zeros((1, 2, 2, 1), np.float32))), 0)


@given(maps)
def test_kernels_are_rounded_to_255_levels_with_one_scale_per_channel(kernel: np.ndarray) -> None:
    for axis in (2, 3):
        made = np.asarray(fake_quantize_kernel(kernel, axis))
        for channel in range(kernel.shape[axis]):
            rounded, exact = made.take(channel, axis), kernel.take(channel, axis)
            step = max(np.abs(exact).max(), 1e-6) / 127
            np.testing.assert_allclose(rounded, np.round(exact / step) * step, atol=step * 1.01)
            assert np.abs(rounded - exact).max() <= step * 0.51
        scaled = np.asarray(fake_quantize_kernel(kernel * [[[[1, 10, 100, 1000]]]], 3))
        np.testing.assert_allclose(
            scaled, np.asarray(fake_quantize_kernel(kernel, 3)) * [[[[1, 10, 100, 1000]]]], rtol=1e-3
        )


def test_the_gradient_is_straight_through_and_zero_outside_the_range() -> None:
    values = tf.Variable([-3.0, -1.0, 0.26, 0.9, 2.0])
    with tf.GradientTape() as tape:
        made = tf.reduce_sum(fake_quantize(values, -1.0, 1.0, 4) * [1.0, 2.0, 3.0, 4.0, 5.0])
    np.testing.assert_allclose(tape.gradient(made, values), [0, 2, 3, 4, 0])
    np.testing.assert_allclose(fake_quantize(values, -1.0, 1.0, 4), [-1, -1, 0.5, 1, 1])


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_model_shares_the_weights_of_the_network_and_rounds_maps(kind: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    network = networks.build(kind, **NETWORKS[kind])
    pictures = np.random.default_rng(1).integers(-128, 128, (4, 48, 48, 1)).astype(np.float32) / 64
    before = network.predict(pictures, verbose=0)
    made = quantization_aware(network)
    after = made.predict(pictures, verbose=0)
    for head, logits in before.items():
        difference = np.abs(logits - after[head]).max()
        assert 0 < difference < 0.05 * np.abs(logits).max(), head
    assert all(a is b for a, b in zip(made.weights, network.weights, strict=True))
    made.save_weights(tmp_path / "made.weights.h5")
    again = networks.build(kind, **NETWORKS[kind])
    again.load_weights(tmp_path / "made.weights.h5")
    np.testing.assert_allclose(again.predict(pictures, verbose=0)["ferplus"], before["ferplus"], atol=1e-5)
    made.save(tmp_path / "made.keras")
    held = keras.models.load_model(tmp_path / "made.keras")
    np.testing.assert_allclose(held.predict(pictures, verbose=0)["ferplus"], after["ferplus"], atol=1e-5)


def test_training_reduces_the_loss_by_rounding() -> None:
    keras.utils.set_random_seed(2)
    network = networks.build("plain", dropout=0.0, **NETWORKS["plain"])
    pictures = np.random.default_rng(3).integers(-128, 128, (32, 48, 48, 1)).astype(np.float32) / 64
    for layer in network.layers:  # make one weight of each channel much larger than the others
        if type(layer).__name__ == "Conv2D":
            kernel = layer.kernel.numpy()
            kernel[0, 0, 0] = 4 * np.abs(kernel).max()
            layer.kernel.assign(kernel)
    wanted = network.predict(pictures, verbose=0)
    made, scale = quantization_aware(network), {head: 1 / float(logits.var()) for head, logits in wanted.items()}

    def rounding_loss() -> float:
        rounded = made.predict(pictures, verbose=0)
        return sum(float(np.square(rounded[head] - wanted[head]).mean()) * scale[head] for head in wanted)

    before = rounding_loss()
    for layer in made.layers:  # only the kernels are trained, not the normalization
        layer.trainable = "Normalization" not in type(layer).__name__
    made.compile(keras.optimizers.Adam(1e-5), dict.fromkeys(wanted, "mse"), loss_weights=scale)
    made.fit(pictures, wanted, epochs=60, batch_size=32, verbose=0)
    assert rounding_loss() < 0.3 * before


def test_a_quantization_aware_run_starts_from_another_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_faces.write_npz(drawn_faces.dataset(), tmp_path)
    first, second = tmp_path / "tiny.toml", tmp_path / "tiny-aware.toml"
    first.write_text(drawn_faces.TINY_RECIPE)
    second.write_text(drawn_faces.TINY_RECIPE + "[quantization]\naware = true\n")
    trained = []
    monkeypatch.setattr(CheckpointCallback, "on_train_end", lambda self, logs=None: trained.append(self.model))
    run = train(recipe.read(first), first, tmp_path, tmp_path / "first")
    finished = train(recipe.read(second), second, tmp_path, tmp_path / "second", start=run)
    assert len(finished.history()) == 2
    for held, is_aware in ((trained[0], False), (trained[-1], True)):
        assert any(isinstance(layer, FakeQuantize) for layer in backbone(held).layers) is is_aware
    weights = [networks.restore(Run(each.path)).get_weights() for each in (run, finished)]
    assert any(not np.array_equal(a, b) for a, b in zip(*weights, strict=True))
    (tmp_path / "wrong.toml").write_text(second.read_text().replace("float32", "mixed_bfloat16"))
    with pytest.raises(RecipeError, match=r"quantization\.aware needs schedule\.precision float32"):
        recipe.read(tmp_path / "wrong.toml")
