"""The input of a model, as its card states it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Box, Face
from assistant.vision.faces import input_format, preprocess
from assistant.vision.faces.input_format import OWN_FORMAT, SCALINGS, InputFormat


def crops(form: InputFormat, count: int = 3) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, *form.crop_shape), dtype=np.uint8)


FORMATS = [
    InputFormat(),
    InputFormat(96, 3, "grey", "-1..1"),
    InputFormat(128, 3, "rgb", "0..1"),
    InputFormat(224, 3, "bgr", "imagenet-bgr"),
    InputFormat(224, 3, "rgb", "imagenet"),
    InputFormat(64, 1, "grey", "0..255"),
]


def test_own_format_is_the_projects_preprocessing() -> None:
    pictures = crops(OWN_FORMAT)
    np.testing.assert_array_equal(OWN_FORMAT.tensor(pictures), preprocess.normalize(pictures))


@pytest.mark.parametrize("form", FORMATS)
def test_tensor_has_its_shape_and_lies_within_its_limits(form: InputFormat) -> None:
    tensor = form.tensor(crops(form))
    assert tensor.dtype == np.float32
    assert list(tensor.shape) == [3, *form.shape[1:]]
    low, high = form.limits()
    assert low - 1e-6 <= tensor.min() < tensor.max() <= high + 1e-6


def test_rgb_and_bgr_differ_in_the_order_of_the_channels_alone() -> None:
    pictures = crops(InputFormat(48, 3, "rgb", "0..1"))
    rgb, bgr = (InputFormat(48, 3, colour, "0..1").tensor(pictures) for colour in ("rgb", "bgr"))
    np.testing.assert_array_equal(rgb, bgr[..., ::-1])
    np.testing.assert_allclose(rgb[..., 0], pictures[..., 2] / np.float32(255), rtol=1e-6)


def test_scaling_by_channel_follows_the_models_order() -> None:
    white = np.full((1, 48, 48, 3), 255, np.uint8)
    made = InputFormat(48, 3, "bgr", "imagenet-bgr").tensor(white)[0, 0, 0]
    np.testing.assert_allclose(made, [255 - 103.939, 255 - 116.779, 255 - 123.68], rtol=1e-5)


def test_grey_in_three_channels_is_the_same_in_each() -> None:
    form = InputFormat(48, 3, "grey", "-1..1")
    made = form.tensor(crops(form))
    np.testing.assert_array_equal(made[..., 0], made[..., 1])
    np.testing.assert_array_equal(made[..., 0], made[..., 2])


@pytest.mark.parametrize("form", FORMATS)
def test_a_card_keeps_the_format(form: InputFormat) -> None:
    assert input_format.from_card(form.as_card()) == form


@given(
    st.integers(-5, 400), st.integers(-1, 5), st.sampled_from(["grey", "rgb", "hsv", ""]),
    st.sampled_from([*SCALINGS, "0..2"]),
)  # fmt: skip
def test_a_format_is_refused_or_can_be_used(side: int, channels: int, colour: str, scaling: str) -> None:
    try:
        form = InputFormat(side, channels, colour, scaling)
    except ValueError:
        return
    assert form.tensor(np.zeros((1, *form.crop_shape), np.uint8)).shape == tuple(form.shape)


@pytest.mark.parametrize(
    "entries", [
        {"shape": [1, 48, 64, 1], "scaling": "0..1"}, {"shape": "48", "scaling": "0..1"},
        {"shape": [2, 48, 48, 1], "scaling": "0..1"}, {"shape": [1, 48.0, 48.0, 1], "scaling": "0..1"},
        {"shape": [1, 48, 48, 1], "scaling": ["0..1"]}, {"shape": [1, 48, 48, 3], "scaling": "0..1", "colour": "red"},
    ],
)  # fmt: skip
def test_a_card_with_another_input_is_refused(entries: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="shape|scaling|colour"):
        input_format.from_card(entries)


def test_crops_of_two_sides_show_the_same_part_of_a_picture() -> None:
    """A smooth picture, cropped at 96 pixels and halved, is the crop at 48, whether aligned or cut out by the box."""
    y, x = np.mgrid[:240, :320]
    grey = (127 + 60 * np.sin(x / 30) + 60 * np.cos(y / 25)).astype(np.uint8)
    landmarks = ((130.0, 100.0), (170.0, 102.0), (150.0, 125.0), (133.0, 145.0), (167.0, 146.0))
    for face in (Face(Box(105, 70, 90, 110), 0.9, landmarks), Face(Box(105, 70, 90, 110), 0.9)):
        small, large = preprocess.face_crop(grey, face, 0.1), preprocess.face_crop(grey, face, 0.1, side=96)
        halved = large.reshape(48, 2, 48, 2).mean(axis=(1, 3))
        assert np.abs(halved - small).max() < 4


def test_crops_of_colours_are_the_crops_of_each_channel() -> None:
    picture = np.random.default_rng(2).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    box = Box(-10, 20, 90, 80)  # reaches beyond the edge
    made = preprocess.crop(picture, box, 0.1, 64)
    for channel in range(3):
        expected = preprocess.crop(np.ascontiguousarray(picture[..., channel]), box, 0.1, 64)
        np.testing.assert_array_equal(made[..., channel], expected)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("shape", [(48, 48), (300, 200), (48, 48, 3), (300, 200, 3)])
def test_any_picture_of_a_face_becomes_a_crop(form: InputFormat, shape: tuple[int, ...]) -> None:
    grey_level = form.fit(np.full(shape, 90, np.uint8))
    assert grey_level.shape == form.crop_shape
    assert grey_level.dtype == np.uint8
    assert set(np.unique(grey_level)) == {90}
