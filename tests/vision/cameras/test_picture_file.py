"""The picture reader: every format's size before decoding, right levels, any file name, one line for the rest."""

import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import shown
from assistant.vision.cameras.picture_file import (
    MAX_FILE_BYTES,
    MAX_PIXELS,
    PictureError,
    is_picture,
    picture_size,
    read_picture,
)

RAMP = np.linspace(0, 255, 48 * 40).reshape(40, 48)
LEVELS = np.round(RAMP).astype(np.uint8)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge_png(side: int) -> bytes:
    """A PNG of side x side black pixels, one bit each: 49 kB for 20,000."""
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".tiff", ".pgm"])
def test_the_size_of_every_format_is_known_before_decoding(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a{suffix}"
    assert cv2.imwrite(str(file), LEVELS)
    assert picture_size(file.read_bytes()[:2048]) == (48, 40)
    assert np.abs(read_picture(file, colour=False).astype(int) - LEVELS).mean() < 3
    assert read_picture(file, colour=True).shape == (40, 48, 3)


@pytest.mark.parametrize("parameter", [0, 100])
def test_lossy_and_lossless_webp(tmp_path: Path, parameter: int) -> None:
    file = tmp_path / "a.webp"
    assert cv2.imwrite(str(file), cv2.merge([LEVELS] * 3), [cv2.IMWRITE_WEBP_QUALITY, parameter + 1])
    assert picture_size(file.read_bytes()) == (48, 40)


@pytest.mark.parametrize(("name", "pixels"), [
    ("sixteen.png", np.round(RAMP * 257).astype(np.uint16)),
    ("sixteen.tiff", np.round(RAMP * 257).astype(np.uint16)),
    ("float.tiff", (RAMP / 255).astype(np.float32)),
])  # fmt: skip
def test_more_than_eight_bits_are_scaled(tmp_path: Path, name: str, pixels: np.ndarray) -> None:
    assert cv2.imwrite(str(tmp_path / name), pixels)
    assert np.abs(read_picture(tmp_path / name, colour=False).astype(int) - LEVELS).max() <= 1
    assert np.abs(read_picture(tmp_path / name, colour=True)[..., 1].astype(int) - LEVELS).max() <= 1


def test_floating_point_pixels_of_another_range_are_refused_by_name(tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / "float.tiff"), RAMP.astype(np.float32))
    with pytest.raises(PictureError, match=r"float\.tiff: float32 pixels from 0 to 255"):
        read_picture(tmp_path / "float.tiff", colour=False)


def test_a_small_file_of_many_pixels_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bomb.png").write_bytes(huge_png(8000))
    monkeypatch.setattr(cv2, "imdecode", lambda *arguments: pytest.fail("decoded"))
    with pytest.raises(PictureError, match="8000x8000 pixels are more than 50 million"):
        read_picture(tmp_path / "bomb.png", colour=True)
    assert MAX_PIXELS < 8000 * 8000


def test_a_name_that_is_not_utf8_is_read(tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    cv2.imwrite(str(tmp_path / "x.png"), LEVELS)
    (tmp_path / "x.png").rename(file)
    assert np.array_equal(read_picture(file, colour=False), LEVELS)
    file.write_bytes(b"no picture")
    with pytest.raises(PictureError) as caught:
        read_picture(file, colour=False)
    assert "caf\\xe9.png" in str(caught.value)
    str(caught.value).encode("utf-8")


@given(st.binary(max_size=400))
def test_whatever_a_header_says_its_size_is_a_size_or_none(header: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"RIFF0000WEBP", b"II*\0", b"MM\0*", b"P5 "):
        size = picture_size(start + header)
        assert size is None or (size[0] > 0 and size[1] > 0)


@given(st.data())
def test_a_picture_that_is_cut_or_damaged_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    suffix = data.draw(st.sampled_from([".png", ".jpg", ".bmp", ".tiff", ".webp"]))
    content = bytearray(cv2.imencode(suffix, LEVELS)[1].tobytes())
    content = content[: data.draw(st.integers(0, len(content)))]
    for at in data.draw(st.lists(st.integers(0, max(0, len(content) - 1)), max_size=3)) if content else []:
        content[at] ^= 0xFF
    file = tmp_path_factory.mktemp("damaged") / f"a{suffix}"
    file.write_bytes(content)
    message, image = "", np.zeros((1, 1), np.uint8)
    try:
        image = read_picture(file, colour=False)
    except PictureError as err:
        message = str(err)
    assert "\n" not in message
    assert image.dtype == np.uint8
    assert image.size <= MAX_PIXELS


def test_a_size_far_behind_the_first_bytes_is_found(tmp_path: Path) -> None:
    """Phones put depth maps of more than 1 MiB before a JPEG's size; libtiff writes the directory behind the pixels."""
    noise = np.random.default_rng(0).integers(0, 256, (1100, 1000), np.uint8)
    assert cv2.imwrite(str(tmp_path / "a.tiff"), noise)
    assert np.array_equal(read_picture(tmp_path / "a.tiff", colour=False), noise)
    jpeg = cv2.imencode(".jpg", LEVELS)[1].tobytes()
    segment = b"\xff\xe2" + struct.pack(">H", 65535) + bytes(65533)
    (tmp_path / "a.jpg").write_bytes(jpeg[:2] + 17 * segment + jpeg[2:])
    expected = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(read_picture(tmp_path / "a.jpg", colour=False), expected)


def test_of_repeated_tiff_tags_the_first_counts_as_in_the_decoder() -> None:
    tags = struct.pack("<HHIIHHIIHHII", 256, 4, 1, 30_000, 256, 4, 1, 8, 257, 4, 1, 30_000)
    assert picture_size(b"II*\0" + struct.pack("<IH", 8, 3) + tags) == (30_000, 30_000)


def test_a_number_that_the_end_of_the_header_cuts_is_no_size() -> None:
    start = b"P5\n30000 3"
    assert picture_size(start) is None
    assert picture_size(start.replace(b"\n", b"\n".ljust(1024 - len(start) + 1)) + b"0000\n255\n") is None


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_pixels_are_those_of_opencv_turned_upright(tmp_path: Path, orientation: int, colour: bool) -> None:
    jpeg = cv2.imencode(".jpg", cv2.merge([LEVELS, LEVELS.T.reshape(40, 48), 255 - LEVELS]))[1].tobytes()
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIHHI", 1, 0x112, 3, 1, orientation, 0, 0)
    file = tmp_path / "a.jpg"
    file.write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(exif)) + exif + jpeg[2:])
    picture = read_picture(file, colour=colour)
    assert picture.shape[:2] == ((48, 40) if orientation > 4 else (40, 48))
    assert np.array_equal(picture, cv2.imread(str(file), cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE))


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.png")
    (tmp_path / "device.png").symlink_to("/dev/zero")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(PictureError, match=r"fifo\.png: not a regular file"):
        read_picture(tmp_path / "fifo.png", colour=True)
    with pytest.raises(PictureError, match=r"device\.png: not a regular file"):
        read_picture(tmp_path / "device.png", colour=True)
    with pytest.raises(PictureError, match=r"folder\.png: cannot be read: Is a directory"):
        read_picture(tmp_path / "folder.png", colour=True)


def test_a_file_larger_than_any_picture_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "a.png", "wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)  # a sparse file
    with pytest.raises(PictureError, match=r"a\.png: larger than 400 MB; make it smaller"):
        read_picture(tmp_path / "a.png", colour=True)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(PictureError, match=r"none\.png: cannot be read: No such file"):
        read_picture(Path("none.png"), colour=True)


def test_files_that_systems_leave_behind_are_no_pictures() -> None:
    assert is_picture(Path("a/b.JPG"))
    assert not any(map(is_picture, (Path("a/.DS_Store"), Path("a/._b.jpg"), Path("Thumbs.db"))))


def test_a_name_that_can_be_shown_is_shown_as_it_is() -> None:
    assert shown(Path("café/happy.png")) == "café/happy.png"
