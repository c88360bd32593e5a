"""FER-2013: its three forms, votes, the calibration list, and facts about the real data set."""

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from convert.data import fer2013 as datasets
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import FERPLUS_LABELS, LABELS, DatasetError
from convert.expression import calibration_set
from tests.support import drawn_faces


def _rows(data: Faces) -> list[tuple[bytes, int, int]]:
    return sorted(zip((image.tobytes() for image in data.images), data.labels, data.split, strict=True))


def test_csv_folder_and_npz_give_the_same_faces(tmp_path: Path) -> None:
    made = drawn_faces.dataset(3, 2)
    npz = datasets.load(drawn_faces.write_npz(made, tmp_path))
    table = datasets.load(drawn_faces.write_csv(made, tmp_path))
    (tmp_path / "folder").mkdir()
    folder = datasets.load(drawn_faces.write_folder(made, tmp_path / "folder"))
    assert _rows(npz) == _rows(table) == _rows(folder) == _rows(made)
    np.testing.assert_array_equal(npz.votes, made.votes)
    np.testing.assert_array_equal(table.votes, made.votes)
    assert not folder.votes.any()
    assert datasets.load(tmp_path).images.shape == (49, 48, 48)


@pytest.mark.parametrize(("part", "number"), [("labels", -1), ("labels", 7), ("split", -1), ("split", 3)])
def test_labels_and_splits_out_of_range_are_refused(tmp_path: Path, part: str, number: int) -> None:
    made = drawn_faces.dataset(3, 2)
    getattr(made, part)[0] = number
    with pytest.raises(DatasetError, match="labels must be 0 to 6 and usages 0 to 2"):
        datasets.load(drawn_faces.write_npz(made, tmp_path))


@pytest.mark.parametrize("changed", [
    {"usage": np.zeros((3, 1), int)},
    {"missing": np.zeros(1, bool)},
    {"labels": np.array([0, 1.5, 2])},
    {"labels": np.array(["a", "b", "c"])},
    {"labels": np.array(3)},
    {"votes": np.zeros((3, 8))},
    {"votes": np.zeros(3)},
    {"votes": np.full((3, 10), np.nan)},
    {"votes": np.full((3, 10), -1)},
])  # fmt: skip
def test_arrays_of_other_shapes_or_impossible_values_are_refused(
    tmp_path: Path, changed: dict[str, NDArray[Any]]
) -> None:
    whole = {"images": np.zeros((3, 48, 48), np.uint8), "labels": np.arange(3), "usage": np.arange(3)}
    np.savez(tmp_path / "fer2013.npz", **whole)
    assert len(datasets.load(tmp_path)) == 3
    np.savez(tmp_path / "fer2013.npz", **(whole | changed))
    with pytest.raises(DatasetError, match=r"fer2013\.npz: not FER-2013 as NPZ or CSV \((Value|Type)Error: "):
        datasets.load(tmp_path)


def test_an_array_alone_is_no_data_set(tmp_path: Path) -> None:
    with open(tmp_path / "fer2013.npz", "wb") as file:
        np.save(file, np.zeros((3, 48, 48), np.uint8))
    with pytest.raises(DatasetError, match="not FER-2013 as NPZ or CSV"):
        datasets.load(tmp_path)


def test_class_folders_in_capitals_and_links_are_read_and_a_fifo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train" / "HAPPY").mkdir(parents=True)
    assert cv2.imwrite(str(tmp_path / "train" / "HAPPY" / "a.png"), np.zeros((48, 48), np.uint8))
    (tmp_path / "train" / "Sad").symlink_to(tmp_path / "train" / "HAPPY")
    assert datasets.load(tmp_path).labels.tolist() == [LABELS.index("happy"), LABELS.index("sad")]
    os.mkfifo(tmp_path / "train" / "HAPPY" / "b.png")
    with pytest.raises(DatasetError, match=r"b\.png: not a regular file"):
        datasets.load(tmp_path)


def test_the_calibration_pictures_are_found_in_any_order(tmp_path: Path) -> None:
    made = drawn_faces.dataset(6, 2)
    chosen = calibration_set.choose(made, per_class=3)
    assert [name for _, name in chosen] == sorted((name for _, name in chosen), key=datasets.LABELS.index)
    assert len(set(chosen)) == 21
    shuffled = np.random.default_rng(1).permutation(len(made))
    other = Faces(made.images[shuffled], made.labels[shuffled], made.split[shuffled], made.votes[shuffled])
    assert calibration_set.choose(other, per_class=3) == chosen
    np.testing.assert_array_equal(calibration_set.find(other, chosen), calibration_set.find(made, chosen))
    calibration_set.write(chosen, tmp_path / "list.txt")
    assert calibration_set.read(tmp_path / "list.txt") == chosen
    private = {image.tobytes() for image in made.of("PrivateTest").images}
    assert not private & {image.tobytes() for image in calibration_set.find(made, chosen)}


def test_too_few_calibration_pictures_are_refused(tmp_path: Path) -> None:
    made = drawn_faces.dataset(4, 2)
    with pytest.raises(DatasetError, match="only 3 Training pictures of 'angry' are fit to calibrate; 4 needed"):
        calibration_set.choose(made, per_class=4)  # one of the four has a copy in PrivateTest
    with pytest.raises(DatasetError, match="only 0 of 350 calibration pictures are in this data set"):
        calibration_set.find(made, calibration_set.read())
    (tmp_path / "list.txt").write_text("three words here\n")
    with pytest.raises(DatasetError, match="not a list of calibration pictures"):
        calibration_set.read(tmp_path / "list.txt")


def test_the_shipped_list_is_balanced() -> None:
    pinned = calibration_set.read()
    assert len({picture for picture, _ in pinned}) == 350
    assert {name: sum(label == name for _, label in pinned) for name in datasets.LABELS} == dict.fromkeys(
        datasets.LABELS, 50
    )
    assert all(len(picture) == 16 and int(picture, 16) >= 0 for picture, _ in pinned)


def test_votes_become_distribution_and_majority() -> None:
    votes = np.zeros((4, 10), np.float32)
    votes[0, [0, 1, 2]] = [6, 3, 1]  # the single vote for surprise is dropped
    votes[1, [0, 1]] = [5, 5]  # no majority
    votes[2, [9, 3]] = [7, 3]  # mostly "not a face"
    shared, voted = datasets.vote_distribution(votes)
    np.testing.assert_allclose(shared[0], [6 / 9, 3 / 9, 0, 0, 0, 0, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(shared.sum(axis=1), 1, rtol=1e-6)
    assert voted.tolist() == [True, True, True, False]
    top, clear = datasets.ferplus_majority(votes)
    assert clear.tolist() == [True, False, False, False]
    assert FERPLUS_LABELS[top[0]] == "neutral"


def test_uniform_pictures_and_those_without_votes_are_not_trainable() -> None:
    made = drawn_faces.dataset(2, 1)
    made.images[0] = 7
    made.votes[1] = 0
    assert np.flatnonzero(~datasets.is_trainable(made)).tolist() == [0, 1]
    made.votes[:] = 0
    assert np.flatnonzero(~datasets.is_trainable(made)).tolist() == [0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("fer2013.csv", b"emotion,pixels,Usage\n0,1 2 3,Training\n"),
        ("fer2013.csv", b"emotion,pixels,Usage\n0\n"),
        ("fer2013.csv", b"emotion,pixels,Usage\n0," + b" ".join([b"300"] * 2304) + b",Training\n"),
        ("fer2013.csv", b"emotion,pixels,Usage\n9," + b" ".join([b"3"] * 2304) + b",Training\n"),
        ("fer2013.csv", b"emotion,pixels,Usage\n"),
        ("fer2013.csv", b"\xff\xfe\x00"),
        ("fer2013.npz", b""),
        ("fer2013.npz", b"PK\x03\x04 cut in half"),
        ("fer2013.npz", b"a text"),
    ],
)
def test_an_invalid_file_is_a_one_line_error(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(
        DatasetError, match=r"not FER-2013 as NPZ or CSV|fer2013\.csv: line 2, (pixels|row|emotion): "
    ) as caught:
        datasets.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_missing_paths_and_foreign_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such file; give FER-2013 with --data"):
        datasets.load(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="no fer2013.npz, fer2013.csv, train/ or class folders"):
        datasets.load(tmp_path)
    (tmp_path / "train" / "glad").mkdir(parents=True)
    (tmp_path / "train" / "glad" / "a.png").write_bytes(b"")
    with pytest.raises(DatasetError, match="one folder for each of"):
        datasets.load(tmp_path)
    (tmp_path / "train" / "glad").rename(tmp_path / "train" / "happy")
    with pytest.raises(DatasetError, match="1 of 1 pictures cannot be read: train/happy/a.png: not a picture"):
        datasets.load(tmp_path)
    with pytest.raises(DatasetError, match="none of the 1 pictures can be read"):
        datasets.load(tmp_path, skip_unreadable=True)


@pytest.fixture(scope="module")
def fer2013(data: Path) -> Faces:
    return datasets.load(data)


@pytest.mark.data
def test_sizes_and_duplicates_of_the_real_data_set(fer2013: Faces) -> None:
    assert np.bincount(fer2013.split).tolist() == [28709, 3589, 3589]
    training, public, private = (fer2013.of(split) for split in datasets.SPLITS)
    assert np.bincount(private.labels).tolist() == [491, 55, 528, 879, 594, 416, 626]
    assert datasets.is_twin(public.images, training.images).sum() == 280
    assert datasets.is_twin(private.images, training.images).sum() == 288
    assert (~datasets.is_twin(private.images, training.images)).sum() == 3301
    assert datasets.ferplus_majority(private.votes)[1].sum() == 3152


@pytest.mark.data
def test_the_shipped_list_is_that_of_choose(fer2013: Faces) -> None:
    assert calibration_set.choose(fer2013) == calibration_set.read()
    pictures = calibration_set.find(fer2013, calibration_set.read())
    assert pictures.shape == (350, 48, 48)
