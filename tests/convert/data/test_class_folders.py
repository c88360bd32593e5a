"""FER-2013 as folders of pictures: the usual names and pixels are read; else one line says what was found."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.data import fer2013
from convert.data.fer2013_labels import LABELS, DatasetError
from tests.support import drawn_faces

FACES = drawn_faces.dataset(1, 1)


def write(folder: Path, names: tuple[str, ...] = LABELS, splits: tuple[str, str] = ("train", "test")) -> Path:
    """Write the data set in class folders of these names."""
    for row, (image, label, split) in enumerate(zip(FACES.images, FACES.labels, FACES.split, strict=True)):
        place = folder / splits[min(split, 1)] / names[label]
        place.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(place / f"{'PublicTest' if split == 1 else 'x'}_{row}.png"), image)
    return folder


def found_in(folder: Path) -> list[tuple[bytes, int, int]]:
    faces = fer2013.load(folder)
    return sorted(
        (i.tobytes(), int(a), int(b)) for i, a, b in zip(faces.images, faces.labels, faces.split, strict=True)
    )


WHOLE = sorted((i.tobytes(), int(a), int(b)) for i, a, b in zip(FACES.images, FACES.labels, FACES.split, strict=True))


@pytest.mark.parametrize("names", [
    LABELS, tuple(name.upper() for name in LABELS),
    ("Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise", "Neutral"),
    ("angry", "disgusted", "fearful", "happy", "sad", "surprised", "neutral"),
])  # fmt: skip
@pytest.mark.parametrize("splits", [("train", "test"), ("Train", "TEST")])
def test_the_usual_names_of_folders_are_read(tmp_path: Path, names: tuple[str, ...], splits: tuple[str, str]) -> None:
    assert found_in(write(tmp_path, names, splits)) == WHOLE


def test_what_programs_leave_behind_is_skipped_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path)
    for name in ("train/.ipynb_checkpoints", "__MACOSX", "train/happy/more"):
        (tmp_path / name).mkdir()
    (tmp_path / "train" / ".ipynb_checkpoints" / "a.png").write_bytes(b"")
    for name in ("train/.DS_Store", "train/happy/Thumbs.db"):
        (tmp_path / name).write_bytes(b"")
    assert found_in(tmp_path) == WHOLE
    assert "3 files that are no pictures are left out, such as train/.DS_Store" in caplog.text
    assert "__MACOSX: this folder is not used" in caplog.text


@pytest.mark.parametrize(("name", "expected"), [
    ("train/0/a.png", r"train/0: expected one folder for each of angry, .*; numbers stand for other expressions"),
    ("train/agry/a.png", r"train/agry: expected one folder for each of .*; did you mean angry\?"),
    ("agry/a.png", r"agry: expected one folder for each of .*; did you mean angry\?"),
    ("3/a.png", r"3: expected one folder for each of .*; numbers stand for other expressions"),
    ("train/images/happy/a.png", "train/images: expected one folder for each of"),
    ("train/a.png", r"train/a\.png: lies in no folder of an emotion; wanted train/<emotion>/"),
    ("train/happy/a.gif", r"no pictures; found: 1 other files, such as train/happy/a\.gif; wanted .*\.jpg"),
    ("train/happy/a.png", r"train/happy/a\.png: not a picture that can be read"),
    ("images/train/happy/a.png", "no fer2013.npz, .* or class folders in this folder; give .*/images$"),
    ("mine/fer2013.csv", "in this folder; give .*/mine$"),
    ("archive.zip", "in this folder; unpack archive.zip$"),
    ("a/b", "in this folder; found: a$"),
])  # fmt: skip
def test_what_cannot_be_read_is_refused_with_what_was_found(tmp_path: Path, name: str, expected: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises(DatasetError, match=expected) as caught:
        fer2013.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_symbolic_link_to_itself_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "train" / "happy" / "zz.png").symlink_to("zz.png")
    with pytest.raises(DatasetError, match=r"zz\.png: cannot be read: Too many levels of symbolic links"):
        fer2013.load(tmp_path)
    with pytest.raises(DatasetError, match="cannot be read: File name too long"):
        fer2013.load(tmp_path / ("a" * 300))


def test_a_name_of_other_bytes_than_utf8_is_shown_escaped(tmp_path: Path) -> None:
    (write(tmp_path) / os.fsdecode(b"train/fr\xf6hlich\n")).mkdir()
    with pytest.raises(DatasetError, match=r"train/fr\\xf6hlich\\n: expected one folder"):
        fer2013.load(tmp_path)


@pytest.mark.parametrize("mode", ["1", "LA", "P", "RGBA", "I;16"])
def test_pictures_of_all_kinds_of_pixels_are_read(tmp_path: Path, mode: str) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed: pip install -e .[demo]")
    levels = np.where(FACES.images[0] > 100, 255, 0).astype(np.uint8)
    given = image.fromarray(levels.astype(np.uint16) * 257) if mode == "I;16" else image.fromarray(levels).convert(mode)
    (tmp_path / "train" / "happy").mkdir(parents=True)
    given.save(tmp_path / "train" / "happy" / "a.png")
    np.testing.assert_array_equal(fer2013.load(tmp_path).images[0], levels)
