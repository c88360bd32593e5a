"""Pictures by row behave as an array of them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.vision.faces.input_format import InputFormat
from convert.data import pictures
from convert.data.pictures import PicturesByRow

ARRAY = np.arange(7 * 48 * 48, dtype=np.uint32).astype(np.uint8).reshape(7, 48, 48)


@pytest.fixture(params=["all", "some"])
def both(request: pytest.FixtureRequest) -> tuple[PicturesByRow, NDArray[np.uint8]]:
    """Pictures by row, and an array of the same."""
    made = PicturesByRow(lambda rows: ARRAY[rows], np.arange(7), (48, 48))
    keep = np.array([True, False, True, True, False, True, True])
    return (made, ARRAY) if request.param == "all" else (made.where(keep), ARRAY[keep])


@pytest.mark.parametrize(
    "rows", [0, -1, np.int64(2), slice(1, 3), slice(0, 0), [3, 0, 3], np.array([1, 2]), slice(None)]
)
def test_rows_are_those_of_an_array(both: tuple[PicturesByRow, NDArray[np.uint8]], rows: object) -> None:
    by_row, array = both
    np.testing.assert_array_equal(by_row[rows], array[rows])


def test_length_shape_order_and_masks(both: tuple[PicturesByRow, NDArray[np.uint8]]) -> None:
    by_row, array = both
    assert (len(by_row), by_row.shape) == (len(array), array.shape)
    np.testing.assert_array_equal(np.stack(list(by_row)), array)
    np.testing.assert_array_equal(np.concatenate(list(pictures.chunks(by_row, 2))), array)
    mask = np.arange(len(array)) % 2 == 0
    np.testing.assert_array_equal(by_row[mask], array[mask])
    with pytest.raises(IndexError):
        by_row[len(array)]


def test_a_fitted_picture_is_made_of_its_original() -> None:
    form = InputFormat(96, 3, "rgb", "0..1")
    made = pictures.fitted(ARRAY, form)
    assert made.shape == (7, 96, 96, 3)
    np.testing.assert_array_equal(made[2], form.fit(ARRAY[2]))
    kept = pictures.where(made, np.arange(7) > 4)
    np.testing.assert_array_equal(kept[:], np.stack([form.fit(each) for each in ARRAY[5:]]))
    np.testing.assert_array_equal(pictures.original(kept)[:], ARRAY[5:])
    assert pictures.fitted(ARRAY, InputFormat()) is ARRAY
