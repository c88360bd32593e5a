"""Soft labels and the views they are about: the same for everybody, small, and found by the picture alone."""

from pathlib import Path

import numpy as np
import pytest

from convert.data.fer2013_labels import DatasetError
from convert.expression import soft_labels
from convert.expression.soft_labels import SHIFT, fixed_view
from tests.support import drawn_faces


def _pictures(count: int) -> np.ndarray:
    return np.stack([drawn_faces.picture(index % 7, index) for index in range(count)])


def _said(count: int, views: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    heads = rng.dirichlet(np.full(7, 0.3), (count, views)), rng.dirichlet(np.full(8, 0.3), (count, views))
    return np.concatenate(heads, axis=2).astype(np.float32)


def test_a_view_is_the_same_every_time_and_another_for_every_number() -> None:
    picture = drawn_faces.picture(3, 5)
    np.testing.assert_array_equal(fixed_view(picture, 0), picture)
    np.testing.assert_array_equal(fixed_view(picture, 1), picture[:, ::-1])
    made = [fixed_view(picture, number) for number in range(6)]
    for number, one in enumerate(made):
        np.testing.assert_array_equal(one, fixed_view(picture.copy(), number))
        assert one.shape == (48, 48)
        assert one.dtype == np.uint8
        assert not any(np.array_equal(one, other) for other in made[:number])


def test_views_move_a_face_no_farther_than_they_say_and_mirror_half() -> None:
    dot = np.zeros((48, 48), np.uint8)
    places, left = [], 0
    for number in range(2, 202):
        dot[23:25, 23:25] = 255
        moved = fixed_view(dot, number).astype(float)
        line = np.arange(48)
        places.append([(moved.sum(axis=axis) * line).sum() / moved.sum() - 23.5 for axis in (0, 1)])
        face = np.zeros((48, 48), np.uint8)
        face[20:28, 4:20] = 200
        seen = fixed_view(face, number)
        left += bool(seen[:, :24].sum() > seen[:, 24:].sum())
    assert np.abs(places).max() <= SHIFT * 48 + 0.6
    assert np.abs(places).max() > SHIFT * 48 * 0.8
    assert 70 < left < 130


def test_what_is_kept_is_what_was_said_to_two_hundredths(tmp_path: Path) -> None:
    pictures, said = _pictures(40), _said(40, 3)
    soft_labels.write(soft_labels.pack(pictures, said, {"teachers": ["one"]}), tmp_path / "soft.npz")
    held = soft_labels.read(tmp_path / "soft.npz")
    assert (held.views, held.about) == (3, {"teachers": ["one"]})
    order = np.random.default_rng(2).permutation(40)
    found, known = held.of(pictures[order])
    assert known.all()
    assert np.abs(found - said[order]).max() < 0.025
    np.testing.assert_allclose(found[:, :, :7].sum(axis=2), 1, atol=1e-5)
    np.testing.assert_allclose(found[:, :, 7:].sum(axis=2), 1, atol=1e-5)


def test_a_picture_that_the_teachers_did_not_see_is_known_to_be_one() -> None:
    pictures = _pictures(20)
    found, known = soft_labels.pack(pictures[:12], _said(12, 2), {}).of(pictures)
    assert known.tolist() == [True] * 12 + [False] * 8
    np.testing.assert_allclose(found[12:, :, :7], 1 / 7, atol=1e-6)


def test_twins_are_kept_once() -> None:
    pictures = _pictures(6)
    pictures[3] = pictures[0]
    assert len(soft_labels.pack(pictures, _said(6, 2), {}).pictures) == 5


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not an archive"])
def test_another_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "soft.npz").write_bytes(content)
    with pytest.raises(DatasetError, match=r"soft\.npz: not a file of soft labels"):
        soft_labels.read(tmp_path / "soft.npz")
    with pytest.raises(DatasetError, match="not a file of soft labels"):
        soft_labels.read(tmp_path / "none.npz")


def test_an_archive_of_something_else_is_one_line(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", pictures=np.zeros(3), codes=np.zeros((2, 2, 3), np.uint8), about="{}")
    with pytest.raises(DatasetError, match="no soft labels"):
        soft_labels.read(tmp_path / "other.npz")
