"""The one reader of picture files, on the device and on the desktop: any file name, a size limit before decoding, and
right scaling of 16-bit and floating-point pixels."""

import os
import stat
import struct
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.errors import SourceError, shown

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".pgm", ".ppm", ".tif", ".tiff"})
"""Endings of the names of picture files, in lower case."""
MAX_PIXELS = 50_000_000
"""Pictures with more pixels are refused before they are decoded: 50 megapixels are the largest photographs of phones,
and 150 MB in memory. A 49 kB PNG can hold 400 megapixels, which took 2.4 GB and 150 s."""
MAX_FILE_BYTES = 8 * MAX_PIXELS
"""Larger files are refused before they are read: 400 MB hold MAX_PIXELS of four channels of 16 bits uncompressed."""
NETPBM_HEADER_BYTES = 1024
"""The size of a PGM or PPM file stands in this many first bytes, comments included."""


class PictureError(SourceError):
    """A file that is no picture, or one that must not be decoded."""


def is_picture(file: Path) -> bool:
    """Whether a file's name is that of a picture. Names that begin with a dot are not: macOS leaves such files."""
    return file.suffix.lower() in SUFFIXES and not file.name.startswith(".")


def read_picture(file: Path, *, colour: bool) -> NDArray[np.uint8]:
    """The picture in a file: uint8 [H, W, 3] BGR, or [H, W] grey. Turned upright where its EXIF data say so.

    The name may be any bytes: OpenCV crashes on names that are not UTF-8, so it is given the content. 16-bit pixels are
    divided by 256 and cut, or by 257 and rounded, as OpenCV does it for the format; floating-point ones must lie in
    0..1 and are multiplied by 255. Raises PictureError, in one line.
    """
    return decode_picture(read_content(file), file, colour=colour)


def decode_picture(content: bytes, file: Path, *, colour: bool) -> NDArray[np.uint8]:
    """As `read_picture`, of the content of a file; `file` is named in errors. Raises PictureError."""
    size = picture_size(content)
    if size is None:
        raise PictureError(f"{shown(file)}: not a picture that can be read; remove it or convert it to JPEG or PNG")
    if size[0] * size[1] > MAX_PIXELS:
        limit = f"{MAX_PIXELS // 1_000_000} million"
        raise PictureError(f"{shown(file)}: {size[0]}x{size[1]} pixels are more than {limit}; make it smaller")
    data = np.frombuffer(content, np.uint8)
    mode = cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE
    try:
        image = cv2.imdecode(data, mode) if not _is_tiff(content) else _tiff(file, data, mode)
    except cv2.error as err:
        raise PictureError(f"{shown(file)}: cannot be decoded: {err.err}") from err
    if image is None:
        raise PictureError(f"{shown(file)}: a damaged picture; remove it or convert it to JPEG or PNG")
    return np.asarray(image, np.uint8)


def read_content(file: Path) -> bytes:
    """The bytes of a regular file. A FIFO must not block the reader, a device must not fill the memory. Raises
    PictureError."""
    try:
        with open(file, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as source:
            status = os.fstat(source.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise PictureError(f"{shown(file)}: not a regular file; remove it")
            if status.st_size > MAX_FILE_BYTES:
                raise PictureError(f"{shown(file)}: larger than {MAX_FILE_BYTES // 1_000_000} MB; make it smaller")
            return source.read()
    except OSError as err:
        raise PictureError(f"{shown(file)}: cannot be read: {err.strerror}") from err


def _tiff(file: Path, data: NDArray[np.uint8], mode: int) -> NDArray[np.uint8] | None:
    """TIFF files may hold floating-point pixels, which OpenCV does not convert."""
    raw = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if raw is None or raw.dtype in (np.uint8, np.uint16):
        image: NDArray[np.uint8] | None = cv2.imdecode(data, mode)
        return image
    if raw.dtype not in (np.float32, np.float64) or not (raw.min() >= 0 and raw.max() <= 1):
        raise PictureError(
            f"{shown(file)}: {raw.dtype} pixels from {raw.min():g} to {raw.max():g}; 8 or 16 bits, or 0..1, are known"
        )
    levels = np.round(raw * 255).astype(np.uint8)
    if mode == cv2.IMREAD_GRAYSCALE:
        return levels if levels.ndim == 2 else np.asarray(cv2.cvtColor(levels[..., :3], cv2.COLOR_BGR2GRAY), np.uint8)
    return np.asarray(cv2.cvtColor(levels, cv2.COLOR_GRAY2BGR), np.uint8) if levels.ndim == 2 else levels[..., :3]


def picture_size(header: bytes) -> tuple[int, int] | None:
    """Width and height in pixels that the first bytes of a PNG, JPEG, BMP, WebP, TIFF, PGM or PPM file name; None for
    anything else, and for a header that is cut off. Sources: the formats' specifications.

    A JPEG may hold previews of any length before its size, and a TIFF its directory at the end: they need the file.
    """
    for kind in (_png_size, _jpeg_size, _bmp_size, _webp_size, _tiff_size, _netpbm_size):
        try:
            size = kind(header)
        except (struct.error, IndexError, ValueError):
            size = None
        if size is not None and size[0] > 0 and size[1] > 0:
            return size
    return None


def _png_size(header: bytes) -> tuple[int, int] | None:
    if header[:8] != b"\x89PNG\r\n\x1a\n" or header[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", header[16:24])
    return width, height


def _jpeg_size(header: bytes) -> tuple[int, int] | None:
    """Of the first start-of-frame segment: markers C0 to CF but for the tables C4, C8 and CC."""
    if header[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while True:
        while header[at] == 0xFF and header[at + 1] == 0xFF:  # fill bytes
            at += 1
        if header[at] != 0xFF:
            return None
        marker, length = header[at + 1], int(struct.unpack(">H", header[at + 2 : at + 4])[0])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", header[at + 5 : at + 9])
            return width, height
        at += 2 + length


def _bmp_size(header: bytes) -> tuple[int, int] | None:
    if header[:2] != b"BM":
        return None
    if struct.unpack("<I", header[14:18])[0] == 12:
        width, height = struct.unpack("<HH", header[18:22])
    else:
        width, height = struct.unpack("<ii", header[18:26])
    return width, abs(height)  # negative: the rows stand from top to bottom


def _webp_size(header: bytes) -> tuple[int, int] | None:
    if header[:4] != b"RIFF" or header[8:12] != b"WEBP":
        return None
    kind = header[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(header[24:27], "little"), 1 + int.from_bytes(header[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(header[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", header[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _is_tiff(header: bytes) -> bool:
    return header[:4] in (b"II*\0", b"MM\0*")


def _tiff_size(header: bytes) -> tuple[int, int] | None:
    """Of the first directory: tags 256 (width) and 257 (height), 16 or 32 bits each."""
    if not _is_tiff(header):
        return None
    order = "<" if header[:2] == b"II" else ">"
    at = int(struct.unpack(f"{order}I", header[4:8])[0])
    found: dict[int, int] = {}
    for index in range(struct.unpack(f"{order}H", header[at : at + 2])[0]):
        entry = header[at + 2 + 12 * index : at + 14 + 12 * index]
        tag, kind = struct.unpack(f"{order}HH", entry[:4])
        if tag in (256, 257):
            (value,) = struct.unpack(f"{order}{'H' if kind == 3 else 'I'}", entry[8 : 10 if kind == 3 else 12])
            found.setdefault(tag, value)  # as libtiff: of repeated tags the first one counts
    return (found[256], found[257]) if len(found) == 2 else None


def _netpbm_size(header: bytes) -> tuple[int, int] | None:
    if header[:2] not in (b"P2", b"P3", b"P5", b"P6"):
        return None
    lines = (line.partition(b"#")[0] for line in header[2:NETPBM_HEADER_BYTES].splitlines())
    width, height, _ = b" ".join(lines).split()[:3]  # the third one shows that the second one was not cut
    return int(width), int(height)
