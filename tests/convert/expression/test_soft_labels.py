"""Soft labels and fixed views: deterministic views, stored precision, look-up by picture."""

from pathlib import Path

import numpy as np
import pytest

from convert.data.fer2013_labels import DatasetError
from convert.expression import soft_labels
from convert.expression.soft_labels import SHIFT, fixed_view
from tests.support import drawn_faces


def _pictures(count: int) -> np.ndarray:
    return np.stack([drawn_faces.picture(index % 7, index) for index in range(count)])


def _probabilities(count: int, views: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    heads = rng.dirichlet(np.full(7, 0.3), (count, views)), rng.dirichlet(np.full(8, 0.3), (count, views))
    return np.concatenate(heads, axis=2).astype(np.float32)


def test_a_view_is_deterministic_and_differs_for_each_number() -> None:
    picture = drawn_faces.picture(3, 5)
    np.testing.assert_array_equal(fixed_view(picture, 0), picture)
    np.testing.assert_array_equal(fixed_view(picture, 1), picture[:, ::-1])
    made = [fixed_view(picture, number) for number in range(6)]
    for number, one in enumerate(made):
        np.testing.assert_array_equal(one, fixed_view(picture.copy(), number))
        assert one.shape == (48, 48)
        assert one.dtype == np.uint8
        assert not any(np.array_equal(one, other) for other in made[:number])


def test_views_shift_at_most_by_the_limit_and_mirror_half_of_the_pictures() -> None:
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


def test_probabilities_are_stored_with_an_error_below_0_025(tmp_path: Path) -> None:
    pictures, probabilities = _pictures(40), _probabilities(40, 3)
    soft_labels.write(soft_labels.pack(pictures, probabilities, {"teachers": ["one"]}), tmp_path / "soft.npz")
    held = soft_labels.read(tmp_path / "soft.npz")
    assert (held.views, held.about) == (3, {"teachers": ["one"]})
    order = np.random.default_rng(2).permutation(40)
    found, known = held.of(pictures[order])
    assert known.all()
    assert np.abs(found - probabilities[order]).max() < 0.025
    np.testing.assert_allclose(found[:, :, :7].sum(axis=2), 1, atol=1e-5)
    np.testing.assert_allclose(found[:, :, 7:].sum(axis=2), 1, atol=1e-5)


def test_a_picture_without_soft_labels_is_marked_and_uniform() -> None:
    pictures = _pictures(20)
    found, known = soft_labels.pack(pictures[:12], _probabilities(12, 2), {}).of(pictures)
    assert known.tolist() == [True] * 12 + [False] * 8
    np.testing.assert_allclose(found[12:, :, :7], 1 / 7, atol=1e-6)


def test_duplicate_pictures_are_stored_once() -> None:
    pictures = _pictures(6)
    pictures[3] = pictures[0]
    assert len(soft_labels.pack(pictures, _probabilities(6, 2), {}).pictures) == 5


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not an archive"])
def test_another_file_is_a_dataset_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "soft.npz").write_bytes(content)
    with pytest.raises(DatasetError, match=r"soft\.npz: not a file of soft labels"):
        soft_labels.read(tmp_path / "soft.npz")
    with pytest.raises(DatasetError, match="not a file of soft labels"):
        soft_labels.read(tmp_path / "none.npz")


def test_an_archive_with_other_content_is_a_dataset_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", pictures=np.zeros(3), codes=np.zeros((2, 2, 3), np.uint8), about="{}")
    with pytest.raises(DatasetError, match="no soft labels"):
        soft_labels.read(tmp_path / "other.npz")
