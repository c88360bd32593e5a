"""What vision sends to the window arrives as it was, and nothing else is taken for it."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import IPCError
from assistant.records import Box
from assistant.vision.overlay.draw import MarkedFace
from assistant.vision.preview import message
from assistant.vision.preview.message import Preview

NUMBERS = st.floats(-1e6, 1e6)
FACES = st.builds(
    MarkedFace,
    st.builds(Box, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.text(max_size=10),
    st.lists(st.tuples(st.text(max_size=5), st.floats(0, 1)), max_size=3).map(tuple),
    st.text(max_size=5),
    st.booleans(),
)
SHAPES = st.one_of(
    st.tuples(st.integers(1, 9), st.integers(1, 9)), st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))
)


def sent(*previews: Preview) -> io.BytesIO:
    return io.BytesIO(b"".join(bytes(part) for preview in previews for part in message.encoded(preview)))


@settings(max_examples=20)
@given(SHAPES, st.lists(FACES, max_size=3), st.text(max_size=30))
def test_a_message_arrives_as_it_was(shape: tuple[int, ...], faces: list[MarkedFace], said: str) -> None:
    picture = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    stream = sent(Preview(picture[:, ::-1], tuple(faces), said), Preview(picture))
    first, second = message.read(stream), message.read(stream)
    assert first is not None
    assert second is not None
    assert np.array_equal(first.picture, picture[:, ::-1])
    assert (first.faces, first.said) == (tuple(faces), said)
    assert np.array_equal(second.picture, picture)
    assert message.read(stream) is None


@given(st.integers(0, 200))
def test_a_sender_that_ends_in_the_middle_is_one_that_has_gone(length: int) -> None:
    whole = sent(Preview(np.zeros((9, 9), np.uint8), said="Ready.")).getvalue()
    assert message.read(io.BytesIO(whole[: min(length, len(whole) - 1)])) is None


@pytest.mark.parametrize(
    "header",
    [
        b"no JSON", b"[]", b"{}", b'{"shape": [0, 4], "faces": [], "said": ""}',
        b'{"shape": [99999, 99999], "faces": [], "said": ""}', b'{"shape": [4, 4, 4], "faces": [], "said": ""}',
        b'{"shape": [4], "faces": [], "said": ""}', b'{"shape": [1, 1], "faces": [{}], "said": ""}',
        b'{"shape": [1, 1], "faces": [{"box": [1], "bars": []}], "said": ""}',
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(header: bytes) -> None:
    with pytest.raises(IPCError, match="preview: "):
        message.read(io.BytesIO(struct.pack(">I", len(header)) + header + bytes(999)))


def test_a_header_without_end_is_refused() -> None:
    with pytest.raises(IPCError, match="a header of 4294967295 bytes"):
        message.read(io.BytesIO(b"\xff\xff\xff\xff"))
