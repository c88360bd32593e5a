"""Pictures of one's own in class folders: any size and colour, splits by hash, damaged files, cache, flat memory."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.vision.faces.input_format import InputFormat
from convert.data import class_folders, fer2013, picture_cache, picture_folder
from convert.data.fer2013_labels import LABELS, DatasetError
from convert.data.pictures import PicturesByRow
from tests.support import drawn_faces

NAMES = ("0_Anger", "disgusted", "afraid", "smiling", "sadness", "Surprised", "calm")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Pictures in colour of 64x68 pixels, 40 of each class."""
    return drawn_faces.write_class_folders(tmp_path / "own", 40, NAMES)


def test_class_folders_are_read_and_split_by_hash(own: Path, caplog: pytest.LogCaptureFixture) -> None:
    faces = fer2013.load(own)
    assert faces.images.shape == (280, 48, 48)
    assert np.bincount(faces.labels).tolist() == [40] * 7
    counts = np.bincount(faces.split)
    assert counts[0] > 200
    assert (counts[1:] > 10).all()
    stated = f"a tenth is taken for each, by the hash of the files: {counts[0]} Training, {counts[1]} PublicTest"
    assert stated in caplog.text
    # Another folder with the same pictures under other names, and some more: each stays where it was.
    before = {image.tobytes(): split for image, split in zip(faces.images, faces.split, strict=True)}
    (own / "calm").rename(own / "Neutral")
    for number, file in enumerate(sorted((own / "Neutral").iterdir())):
        file.rename(file.with_name(f"{99 - number}.jpg"))
    drawn_faces.write_class_folders(own.parent / "more", 44)
    for name in ("angry", "happy"):
        (own.parent / "more" / name / "00043.jpg").rename(own / NAMES[LABELS.index(name)] / "new.jpg")
    after = fer2013.load(own)
    assert len(after) == 282
    moved = [key for key in map(bytes, after.images) if key in before]
    assert len(moved) == 280
    assert all(before.get(image.tobytes(), split) == split
               for image, split in zip(after.images, after.split, strict=True))  # fmt: skip


def test_validation_and_test_folders_are_kept(tmp_path: Path) -> None:
    for split, count in (("train", 12), ("val", 2), ("Test", 3)):
        drawn_faces.write_class_folders(tmp_path / split, count)
    assert np.bincount(fer2013.load(tmp_path).split).tolist() == [84, 14, 21]


def test_pictures_become_crops_of_the_format(own: Path) -> None:
    form = InputFormat(96, 3, "rgb", "0..1")
    crops = fer2013.load(own, form).images
    assert crops.shape == (280, 96, 96, 3)
    first = cv2.imread(str(own / "0_Anger" / "00000.jpg"))
    np.testing.assert_array_equal(crops[0], form.fit(first))


def test_an_empty_class_contempt_and_other_folders_are_said(own: Path, caplog: pytest.LogCaptureFixture) -> None:
    for file in (own / "afraid").iterdir():
        file.unlink()
    (own / "notes").mkdir()
    (own / "readme.txt").write_text("mine")
    (own / "Contempt").mkdir()
    (own / "calm" / "00000.jpg").rename(own / "Contempt" / "a.jpg")
    assert len(fer2013.load(own)) == 239
    assert "no Training picture of fear: no model learns it here" in caplog.text
    assert "notes: this folder is not used; it holds no pictures" in caplog.text
    assert "1 files that are no pictures are left out, such as readme.txt" in caplog.text
    assert "1 pictures are left out: FER-2013's classes have no Contempt" in caplog.text


def test_a_class_that_nobody_knows_is_refused(own: Path) -> None:
    (own / "smiling").rename(own / "Hapyness")
    with pytest.raises(DatasetError, match=r"own/Hapyness: expected one folder for each .*; did you mean happiness\?$"):
        fer2013.load(own)


def test_damaged_pictures_are_named_and_counted_and_left_out_on_request(
    own: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = own / "smiling" / "00017.jpg"
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(
        DatasetError,
        match=r"own: 1 of 280 pictures cannot be read: smiling/00017.jpg: a damaged picture; .*; --skip-unreadable",
    ):
        fer2013.load(own)
    (own / "calm" / "00003.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"2 of 280 pictures .*, and 1 more; --skip-unreadable leaves them out$"):
        fer2013.load(own)
    assert len(fer2013.load(own, skip_unreadable=True)) == 278
    assert "2 of 280 pictures cannot be read: calm/00003.jpg" in caplog.text


@pytest.fixture
def cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of the cache, in which every set of pictures is put."""
    monkeypatch.setattr(picture_folder, "MIN_BYTES", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "emotion-assistant"


def test_the_cache_gives_the_same_crops_and_facts(own: Path, cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own / "calm" / "00003.jpg").write_bytes(b"")
    first = fer2013.load(own, skip_unreadable=True)
    assert isinstance(first.images, PicturesByRow)
    assert sorted(path.suffix for path in cached.iterdir()) == [".npz", ".rows"]
    assert {oct(path.stat().st_mode & 0o777) for path in (cached, *cached.iterdir())} == {"0o700", "0o600"}
    with monkeypatch.context() as patched:
        patched.setattr(picture_folder, "decode_picture", None)  # would fail if a picture were opened again
        second = fer2013.load(own, skip_unreadable=True)
    np.testing.assert_array_equal(second.images[:], first.images[:])
    np.testing.assert_array_equal(second.split, first.split)
    monkeypatch.setattr(picture_folder, "MIN_BYTES", 10**9)
    in_memory = fer2013.load(own, skip_unreadable=True)
    np.testing.assert_array_equal(in_memory.images, first.images[:])
    np.testing.assert_array_equal(in_memory.labels, first.labels)


def test_a_changed_picture_is_read_again(own: Path, cached: Path) -> None:
    before = fer2013.load(own).images[:]
    assert cv2.imwrite(str(own / "0_Anger" / "00000.jpg"), np.full((50, 50), 200, np.uint8))
    after = fer2013.load(own).images[:]
    assert (after[0] == 200).all()
    np.testing.assert_array_equal(after[1:], before[1:])


@pytest.mark.parametrize("torn", ["cut", "other", "empty"])
def test_a_torn_cache_is_made_anew(own: Path, cached: Path, torn: str) -> None:
    before = fer2013.load(own).images[:]
    index, rows = sorted(cached.iterdir())
    if torn == "cut":
        os.truncate(rows, 5000)
    else:
        index.write_bytes(b"other" if torn == "other" else b"")
    np.testing.assert_array_equal(fer2013.load(own).images[:], before)
    assert rows.stat().st_size == 280 * 48 * 48


def test_the_cache_is_bounded(own: Path, cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_cache, "MAX_BYTES", 280 * 48 * 48 + 1)
    first = fer2013.load(own)
    (own / "calm" / "00003.jpg").unlink()
    fer2013.load(own)
    assert len(list(cached.glob("*.rows"))) == 1
    assert len(first.images[:]) == 280  # which an open file still holds


def test_what_has_no_room_is_decoded_from_the_files(
    own: Path, cached: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    expected = fer2013.load(own).images[:]
    for file in cached.iterdir():
        file.unlink()
    monkeypatch.setattr(picture_cache, "MIN_FREE_BYTES", 10**18)
    faces = fer2013.load(own)
    np.testing.assert_array_equal(faces.images[:], expected)
    assert "no room for 0 MB of crops in the cache" in caplog.text
    assert not list(cached.iterdir())
    (own / "calm" / "00003.jpg").unlink()
    with pytest.raises(DatasetError, match=r"00003.jpg: cannot be read: No such file"):
        faces.images[:]


def test_a_full_disk_gives_the_cache_up(own: Path, cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    expected = fer2013.load(own).images[:]
    for file in cached.iterdir():
        file.unlink()
    import signal

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        np.testing.assert_array_equal(fer2013.load(own).images[:], expected)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert not list(cached.iterdir())


def test_hash_splits_leave_given_ones_alone(tmp_path: Path) -> None:
    digests = (np.linspace(0, 0.999, 1000) * 2.0**64).astype(np.uint64)
    made = class_folders.complete_splits(tmp_path, np.zeros(1000, np.int64), digests)
    assert np.bincount(made).tolist() == [800, 100, 100]
    given = np.repeat([0, 2], 500)
    made = class_folders.complete_splits(tmp_path, given, np.tile(digests[::2], 2))
    assert (made[500:] == 2).all()
    assert np.bincount(made[:500]).tolist() == [450, 50]


MEMORY = """
import resource, sys
from pathlib import Path
from assistant.vision.faces.input_format import InputFormat
from convert.data import fer2013
import numpy as np
faces = fer2013.load(Path(sys.argv[1]), InputFormat(224, 3, "rgb", "0..1"))
order = np.random.default_rng(1).permutation(len(faces))
for start in range(0, len(order), 32):
    assert faces.images[order[start : start + 32]].shape[1:] == (224, 224, 3)
print(len(faces), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_set(tmp_path: Path) -> None:
    """Five times as many pictures, which would be 170 MB more as an array, take less than 8 MB more."""
    peaks = []
    for count in (40, 200):
        folder = drawn_faces.write_class_folders(tmp_path / str(count), count, side=48)
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, str(folder)],
            capture_output=True, text=True, check=True, env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        )  # fmt: skip
        pictures, peak_kb = map(int, done.stdout.split())
        assert pictures == count * len(LABELS)
        peaks.append(peak_kb)
    assert peaks[1] - peaks[0] < 8_000


def test_a_small_set_has_pictures_in_every_split(tmp_path: Path) -> None:
    """None of its hashes may lie in the tenth of a split: those next to it are taken."""
    low = np.array([1, 2, 3, 3, 2, 1], np.uint64)
    assert class_folders.complete_splits(tmp_path, np.zeros(6, np.int64), low).tolist() == [0, 2, 1, 1, 2, 0]
    same = np.full(6, 3, np.uint64)
    assert class_folders.complete_splits(tmp_path, np.zeros(6, np.int64), same).tolist() == [0] * 6
