"""What goes over an engine's socket: what is written is read again, and everything else is refused in one line."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import SkillError
from assistant.skills import protocol

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
finite = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
tables = st.dictionaries(st.text(max_size=9), finite, max_size=4)


@given(tables, st.sampled_from([None, (2, 3), (5, 4, 3)]), st.floats(0.01, 60))
def test_a_request_survives(request: dict[str, Any], shape: tuple[int, ...] | None, limit_s: float) -> None:
    image = None if shape is None else np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    line, _, rest = protocol.encode_request(request, image, limit_s).partition(b"\n")
    header = protocol.decode_header(line)
    assert (header.request, header.limit_s, header.picture_bytes) == (request, limit_s, len(rest))
    seen = protocol.picture(header, rest)
    assert seen is None if image is None else np.array_equal(image, seen)


@given(tables)
def test_an_answer_survives(answer: dict[str, Any]) -> None:
    line = protocol.encode_answer(answer)
    assert line.count(b"\n") == 1
    assert protocol.decode_reply(line[:-1]) == answer


@given(st.text(), st.text())
def test_an_error_survives_with_a_reason_that_has_words(message: str, reason: str) -> None:
    for name in (reason, *protocol.REASONS):
        with pytest.raises(SkillError) as caught:
            protocol.decode_reply(protocol.encode_error(SkillError(message, name))[:-1])
        assert str(caught.value) == message[:300]
        assert caught.value.reason == (name if name in protocol.REASONS else "failed")


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_hostile_lines_are_refused(line: bytes) -> None:
    with pytest.raises(SkillError):
        protocol.decode_header(line)
    with pytest.raises(SkillError):
        protocol.decode_reply(line)


@pytest.mark.parametrize(
    "table",
    [
        {"shape": [0, 3]},
        {"shape": [4]},
        {"shape": [4, 4, 4]},
        {"shape": [4, 4, 3, 1]},
        {"shape": [True, 4]},
        {"shape": [4.0, 4]},
        {"shape": [4000, 4000]},
        {"shape": "4x4"},
        {"limit_s": 0},
        {"limit_s": True},
        {"limit_s": 1e9},
        {"limit_s": "1"},
        {"request": []},
        {"more": 1},
    ],
)
def test_a_header_with_a_wrong_field_is_refused(table: dict[str, Any]) -> None:
    good = {"request": {}, "shape": [4, 4, 3], "limit_s": 1.0}
    assert protocol.decode_header(json.dumps(good).encode()).picture_bytes == 48
    with pytest.raises(SkillError):
        protocol.decode_header(json.dumps({**good, **table}).encode())


def test_what_json_cannot_hold_is_an_error() -> None:
    for value in (float("nan"), {1, 2}, np.float32(1)):
        with pytest.raises(SkillError, match="JSON"):
            protocol.encode_answer({"value": value})
