"""What is stated of an input, and what a model's own shape says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ModelError
from assistant.vision.faces.input_format import SCALINGS, InputFormat
from convert.foreign import stated_input
from convert.foreign.stated_input import StatedInput


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("128-rgb", StatedInput(128, None, "rgb")),
        ("128x128x3", StatedInput(128, 3)),
        ("48x48 gray", StatedInput(48, None, "grey")),
        ("BGR", StatedInput(None, None, "bgr")),
        ("224", StatedInput(224)),
    ],
)
def test_side_and_colours_are_read(text: str, stated: StatedInput) -> None:
    assert stated_input.parse(text) == stated


@pytest.mark.parametrize("text", ["", " ", "128x64", "red", "128x128x4", "128.5", "-128"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no input|is not square"):
        stated_input.parse(text)


@pytest.mark.parametrize(
    ("text", "scaling"),
    [("-1..1", "-1..1"), ("0-1", "0..1"), ("tf", "-1..1"), ("Torch", "imagenet"), ("caffe", "imagenet-bgr"),
     ("none", "0..255"), ("own", "(grey - 128) / 64"), ("(grey - 128) / 64", "(grey - 128) / 64")],
)  # fmt: skip
def test_scalings_have_other_names(text: str, scaling: str) -> None:
    assert stated_input.parse_scaling(text) == scaling


def test_a_scaling_that_is_unknown_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"'imagnet' is no scaling; did you mean imagenet\? allowed: "):
        stated_input.parse_scaling("imagnet")


@pytest.mark.parametrize(
    ("shape", "text", "scaling", "wanted"),
    [
        ((128, 128, 3), "rgb", "-1..1", InputFormat(128, 3, "rgb", "-1..1")),
        ((128, 128, 3), "", "-1..1", InputFormat(128, 3, "rgb", "-1..1")),
        ((128, 128, 3), "", "imagenet-bgr", InputFormat(128, 3, "bgr", "imagenet-bgr")),
        ((64, 64, 3), "grey", "0..1", InputFormat(64, 3, "grey", "0..1")),
        ((48, 48, 1), "", "0..1", InputFormat(48, 1, "grey", "0..1")),
        ((None, None, 3), "96", "0..255", InputFormat(96, 3, "rgb", "0..255")),
        ((None, None, None), "96-grey", "0..255", InputFormat(96, 1, "grey", "0..255")),
    ],
)
def test_the_format_follows_from_shape_and_statement(
    shape: tuple[int | None, ...], text: str, scaling: str, wanted: InputFormat
) -> None:
    stated = stated_input.parse(text) if text else StatedInput()
    assert stated_input.complete("x", shape, stated, scaling) == wanted


@pytest.mark.parametrize(
    ("shape", "text", "said"),
    [
        ((128, 128, 3), "96-rgb", "x: has a side of 128, but --input says 96"),
        ((48, 48, 1), "rgb", "x: takes one channel, which is grey, but --input says rgb"),
        ((48, 48, 1), "48x48x3", "x: has channels of 1, but --input says 3"),
        ((None, None, 3), "rgb", "x: leaves the side of its pictures open; state it, as in --input 128-rgb"),
        ((128, 64, 3), "", "x: takes [128, 64, 3], which is not square"),
        ((32, 32, 3), "", "x: takes pictures of 32x32 pixels; allowed: 48 to 224"),
        ((256, 256, 3), "", "x: takes pictures of 256x256 pixels; allowed: 48 to 224"),
        ((3, 128, 128), "", "x: takes [3, 128, 128], channels first; export it with channels last"),
        ((2304,), "", "x: takes [2304]; the assistant gives pictures"),
        ((64, 64, 2), "", "x: 2 channels; allowed: 1 or 3"),
    ],
)
def test_what_the_assistant_cannot_give_is_one_line(shape: tuple[int | None, ...], text: str, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        stated_input.complete("x", shape, stated_input.parse(text) if text else StatedInput(), "0..1")
    assert str(caught.value).startswith(said)


@given(st.text(max_size=20), st.sampled_from(sorted(SCALINGS)), st.tuples(*[st.none() | st.integers(0, 300)] * 3))
def test_whatever_is_typed_makes_a_format_or_is_refused(text: str, scaling: str, shape: tuple) -> None:
    try:
        made = stated_input.complete("x", shape, stated_input.parse(text), scaling)
    except (ValueError, ModelError):
        return
    assert all(of_model in (None, of_made) for of_model, of_made in zip(shape, made.shape[1:], strict=True))
