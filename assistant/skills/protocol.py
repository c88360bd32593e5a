"""What goes over the socket of an engine; one request a connection, all that comes in is checked.

client → service   a JSON object on a line, then the bytes of the picture where there is one
service → client   {"ready": true} once the engine is loaded, then the answer or the error, a JSON object a line
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assistant.dataclass import dataclass
from assistant.errors import SkillError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_REQUEST_BYTES = 64 * 1024
"""Longest line of a request."""
MAX_REPLY_BYTES = 1024 * 1024
"""Longest line of a reply: a page of text with the place of each word takes a tenth."""
MAX_PIXELS = 12_000_000
"""Of a picture, as in `cameras.capture`."""
START_LIMIT_S = 20.0
"""Seconds for loading an engine: the slowest board reads its libraries from the card."""
MAX_LIMIT_S = 60.0
"""Longest time limit of a request, seconds; with START_LIMIT_S below the watchdog of the unit."""
REASONS = ("missing", "failed", "late", "memory", "no_picture", "off")
"""What SkillError.reason may be: the keys of [skill_failures]."""
READY = {"ready": True}


@dataclass(frozen=True)
class Header:
    """The line of a request."""

    request: Mapping[str, Any]
    shape: tuple[int, ...] | None
    """Of the uint8 picture behind the line; None: there is none."""
    limit_s: float
    """Seconds for the work, once the engine is loaded."""

    @property
    def picture_bytes(self) -> int:
        """How many bytes follow the line."""
        if self.shape is None:
            return 0
        height, width, channels = (*self.shape, 1)[:3]
        return height * width * channels


def encode_request(request: Mapping[str, Any], image: NDArray[np.uint8] | None, limit_s: float) -> bytes:
    """A request as it is sent. Raises SkillError if the service would refuse it."""
    shape = None if image is None else list(image.shape)
    line = _line({"request": dict(request), "shape": shape, "limit_s": limit_s})
    decode_header(line)
    return line + b"\n" + (b"" if image is None else image.tobytes())


def decode_header(line: bytes) -> Header:
    """The header in a line. Raises SkillError for anything else."""
    table = _table(line, MAX_REQUEST_BYTES)
    if table.keys() != {"request", "shape", "limit_s"}:
        raise SkillError("a request whose fields are not request, shape, limit_s")
    request, shape, limit_s = table["request"], table["shape"], table["limit_s"]
    if not isinstance(request, dict):
        raise SkillError("a request that is no object")
    if isinstance(limit_s, bool) or not isinstance(limit_s, int | float) or not 0 < limit_s <= MAX_LIMIT_S:
        raise SkillError(f"a time limit that is not above 0 and up to {MAX_LIMIT_S:g} s")
    if shape is not None:
        _check_shape(shape)
    return Header(request, None if shape is None else tuple(shape), float(limit_s))


def picture(header: Header, content: bytes) -> NDArray[np.uint8] | None:
    """The picture behind a header: uint8 [H, W, 3] BGR or [H, W]; None where there is none."""
    if header.shape is None:
        return None
    import numpy as np  # the client and what only reads headers need no NumPy

    return np.frombuffer(content, np.uint8).reshape(header.shape)


def encode_answer(answer: Mapping[str, Any]) -> bytes:
    """An engine's answer as a line. Raises SkillError for what JSON cannot hold, or is too long."""
    line = _line({"answer": dict(answer)})
    if len(line) > MAX_REPLY_BYTES:
        raise SkillError(f"an answer of more than {MAX_REPLY_BYTES} bytes")
    return line + b"\n"


def encode_error(err: SkillError) -> bytes:
    """An error as a line."""
    return _line({"error": str(err)[:300], "reason": err.reason if err.reason in REASONS else "failed"}) + b"\n"


def encode_ready() -> bytes:
    """The line that says that the engine is loaded."""
    return _line(READY) + b"\n"


def decode_reply(line: bytes) -> dict[str, Any] | None:
    """The answer in a line; None: the engine is ready, and the answer is still to come. Raises the SkillError that the
    line holds, or that says what is wrong with the line."""
    table = _table(line, MAX_REPLY_BYTES)
    if table == READY:
        return None
    if table.keys() == {"answer"} and isinstance(table["answer"], dict):
        answer: dict[str, Any] = table["answer"]
        return answer
    if table.keys() == {"error", "reason"} and table["reason"] in REASONS and isinstance(table["error"], str):
        raise SkillError(table["error"][:300], table["reason"])
    raise SkillError("a reply that is neither ready, answer nor error")


def _check_shape(shape: Any) -> None:
    if not isinstance(shape, list) or len(shape) not in (2, 3):
        raise SkillError("a picture that is neither [H, W] nor [H, W, 3]")
    if not all(isinstance(side, int) and not isinstance(side, bool) and side > 0 for side in shape):
        raise SkillError("a picture whose sides are not whole numbers above 0")
    if len(shape) == 3 and shape[2] != 3:
        raise SkillError(f"a picture of {shape[2]} channels, not 3")
    if shape[0] * shape[1] > MAX_PIXELS:
        raise SkillError(f"a picture of more than {MAX_PIXELS // 10**6} million pixels")


def _table(line: bytes, max_bytes: int) -> dict[str, Any]:
    if len(line) > max_bytes:
        raise SkillError(f"a line of more than {max_bytes} bytes")
    try:
        table = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as err:
        raise SkillError(f"a line that is not JSON: {type(err).__name__}") from err
    if not isinstance(table, dict):
        raise SkillError("a line that is no JSON object")
    return table


def _line(table: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(table, allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as err:
        raise SkillError(f"what JSON cannot hold: {err}") from err
