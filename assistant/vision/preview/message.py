"""What the vision process sends to the window of the preview: a picture, the faces in it, and the last sentence.

4 bytes  length of the header, big-endian
header   JSON
pixels   of the picture, row by row
"""

import json
import struct
from dataclasses import asdict
from typing import IO

import numpy as np
from numpy.typing import NDArray

from assistant.dataclass import dataclass
from assistant.errors import IPCError
from assistant.records import Box
from assistant.vision.overlay.draw import MarkedFace

LENGTH = struct.Struct(">I")
MAX_HEADER_BYTES = 1 << 16
"""A longer header is refused; one of sixteen faces has 8 kB."""
MAX_PIXEL_BYTES = 3 * 4096 * 4096
"""A larger picture is refused."""


@dataclass(frozen=True)
class Preview:
    """What is shown at one moment."""

    picture: NDArray[np.uint8]
    """uint8 [H, W] or BGR [H, W, 3]."""
    faces: tuple[MarkedFace, ...] = ()
    said: str = ""
    """The last sentence that was given to the voice, for about as long as it takes."""


def encoded(preview: Preview) -> tuple[bytes, memoryview]:
    """The message: its beginning, and the pixels, which are not copied where they lie in one piece."""
    picture = np.ascontiguousarray(preview.picture)
    header = {"shape": picture.shape, "faces": [asdict(face) for face in preview.faces], "said": preview.said}
    text = json.dumps(header).encode()
    return LENGTH.pack(len(text)) + text, picture.data.cast("B")


def read(stream: IO[bytes]) -> Preview | None:
    """The next message; None: the sender has gone. Raises IPCError where what comes is none."""
    start = stream.read(LENGTH.size)
    if len(start) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(start)
    if length > MAX_HEADER_BYTES:
        raise IPCError(f"preview: a header of {length} bytes")
    text = stream.read(length)
    if len(text) < length:
        return None
    try:
        header = json.loads(text)
        shape = tuple(int(side) for side in header["shape"])
        count = int(np.prod(shape, dtype=np.int64))
        if len(shape) not in (2, 3) or not 0 < count <= MAX_PIXEL_BYTES or shape[2:] not in ((), (3,)):
            raise ValueError(f"a picture of {shape}")
        faces = tuple(_face(each) for each in header["faces"])
        said = str(header["said"])
    except (ValueError, TypeError, KeyError) as err:
        raise IPCError(f"preview: not a message: {err}") from err
    pixels = stream.read(count)
    if len(pixels) < count:
        return None
    return Preview(np.frombuffer(pixels, np.uint8).reshape(shape), faces, said)


def _face(fields: dict[str, object]) -> MarkedFace:
    box, bars = fields.pop("box"), fields.pop("bars")
    return MarkedFace(Box(*map(float, box)), bars=tuple((str(name), float(p)) for name, p in bars), **fields)  # type: ignore[call-overload, arg-type, attr-defined]
