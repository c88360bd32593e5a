"""Small classes: weights of pictures, and how often each class is seen in an epoch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.training.class_balance import Balance, counts, epoch_rows, picture_weights

LABELS = np.repeat(np.arange(4), (100, 40, 10, 1))
"""Of a class with many pictures, two with fewer, and one with a single one."""


@pytest.mark.parametrize(
    ("balance", "expected"),
    [
        (Balance(), [100, 40, 10, 1]),
        (Balance(cap=30), [30, 30, 10, 1]),
        (Balance(oversampling=0.5), [100, 50, 50, 50]),
        (Balance(oversampling=1.0, cap=20), [20, 20, 20, 20]),
        (Balance(oversampling=0.5, cap=20), [20, 20, 10, 10]),
    ],
)
def test_an_epoch_has_as_many_pictures_of_a_class_as_the_recipe_says(balance: Balance, expected: list[int]) -> None:
    rows = epoch_rows(LABELS, balance, np.random.default_rng(1))
    assert np.bincount(LABELS[rows]).tolist() == counts(LABELS, balance).tolist() == expected


def test_without_settings_an_epoch_is_a_permutation_of_all_pictures() -> None:
    rows = epoch_rows(LABELS, Balance(), np.random.default_rng((3, 1)))
    np.testing.assert_array_equal(rows, np.random.default_rng((3, 1)).permutation(len(LABELS)))


def test_over_time_a_capped_class_shows_all_its_pictures() -> None:
    seen = {
        int(row) for epoch in range(40) for row in epoch_rows(LABELS, Balance(cap=20), np.random.default_rng(epoch))
    }
    assert seen == set(range(len(LABELS)))


@given(
    labels=st.lists(st.integers(0, 6), min_size=1, max_size=60), power=st.floats(0, 1), seed=st.integers(0, 9),
    oversampling=st.floats(0, 1), cap=st.integers(0, 30),
)  # fmt: skip
def test_weights_have_a_mean_of_one_and_rows_exist(
    labels: list[int], power: float, seed: int, oversampling: float, cap: int
) -> None:
    known, balance = np.array(labels), Balance(oversampling=oversampling, cap=cap)
    weights = picture_weights(np.eye(7, dtype=np.float32)[known], power)
    assert weights.mean() == pytest.approx(1, rel=1e-4)
    assert (weights > 0).all()
    rows = epoch_rows(known, balance, np.random.default_rng(seed))
    assert set(known[rows]) == set(known)  # no class is lost
    assert len(rows) == counts(known, balance).sum()


def test_with_full_weights_each_class_counts_the_same() -> None:
    weights = picture_weights(np.eye(4, dtype=np.float32)[LABELS], 1.0)
    sums = [float(weights[label == LABELS].sum()) for label in range(4)]
    assert sums == pytest.approx([sums[0]] * 4, rel=1e-4)
