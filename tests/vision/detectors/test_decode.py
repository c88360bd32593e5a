"""Decoding of the TFLite detector's output maps, and its non-maximum suppression."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.vision.detectors import decode


@pytest.mark.parametrize(("height", "width", "cells"), [(240, 320, 1200 + 300 + 80), (160, 96, 240 + 60 + 15)])
def test_the_cells_tile_the_picture(height: int, width: int, cells: int) -> None:
    points, strides = decode.cell_centers(height, width)
    assert points.shape == (cells, 2)
    assert strides.shape == (cells,)
    for stride in decode.STRIDES:
        own = points[strides == stride]
        np.testing.assert_array_equal(own[0], [stride / 2, stride / 2])
        assert own[1, 0] - own[0, 0] == stride  # columns first
        assert own[:, 0].max() + stride / 2 >= width
        assert own[:, 1].max() + stride / 2 >= height
        assert own[:, 1].max() - stride / 2 < height


@given(
    st.floats(0, 200), st.floats(0, 200), st.floats(16, 200), st.floats(16, 200), st.integers(0, 1579)
)  # fmt: skip
def test_a_box_is_decoded_from_its_encoded_numbers(x: float, y: float, width: float, height: float, cell: int) -> None:
    points, strides = (part[cell : cell + 1] for part in decode.cell_centers(240, 320))
    offset = (np.array([[x + width / 2, y + height / 2]]) - points) / strides[:, None]
    numbers = np.concatenate([offset, np.log([[width, height]] / strides[:, None])], axis=1).astype(np.float32)
    np.testing.assert_allclose(decode.boxes_of(numbers, points, strides), [[x, y, width, height]], rtol=1e-4, atol=1e-2)


def test_landmarks_are_offsets_in_strides() -> None:
    numbers = np.arange(10, dtype=np.float32)[None]
    points = decode.landmarks_of(numbers, np.array([[100, 50]], np.float32), np.array([8], np.float32))
    np.testing.assert_array_equal(points[0], [[100, 58], [116, 74], [132, 90], [148, 106], [164, 122]])


def test_scores_are_probabilities() -> None:
    np.testing.assert_allclose(decode.scores_of(np.array([0, -100, 100], np.float32)), [0.5, 0, 1], atol=1e-6)


def test_decoded_values_are_the_nearest_floats_on_every_processor() -> None:
    """float32 exponentials and sums are off by their last bit, on each processor by another: a face cut out by them
    would be another one there. The expected value is the exact result, rounded once."""
    draw = np.random.default_rng(0)
    logits = draw.normal(0, 3, 500).astype(np.float32)
    exact = [np.float32(1 / (1 + math.exp(-logit))) for logit in logits.tolist()]
    np.testing.assert_array_equal(decode.scores_of(logits), exact)

    numbers = draw.normal(0, 1, (500, 4)).astype(np.float32)
    points, strides = draw.integers(0, 300, (500, 2)).astype(np.float32), np.full(500, 8, np.float32)
    exact = [
        [x + dx * 8 - math.exp(w) * 4, y + dy * 8 - math.exp(h) * 4, math.exp(w) * 8, math.exp(h) * 8]
        for (x, y), (dx, dy, w, h) in zip(points.tolist(), numbers.tolist(), strict=True)
    ]
    np.testing.assert_array_equal(decode.boxes_of(numbers, points, strides), np.array(exact).astype(np.float32))

    hits = (np.array([40, 30, 100, 100]) + draw.normal(0, 3, (500, 4))).astype(np.float32)
    scores, five = draw.uniform(0.1, 1, 500).astype(np.float32), draw.uniform(0, 200, (500, 5, 2)).astype(np.float32)
    [(box, _, mean)] = decode.weighted_nms(hits, scores, five, 0.3)
    for merged, parts in ((box, hits), (mean.ravel(), five.reshape(500, 10))):
        sums = [math.fsum(np.multiply(scores, part, dtype=np.float64)) for part in parts.T]
        np.testing.assert_array_equal(merged, (np.array(sums) / math.fsum(scores)).astype(np.float32))


def test_nms_averages_the_hits_of_one_face_and_keeps_two_faces_apart() -> None:
    boxes = np.array([[0, 0, 40, 40], [4, 0, 40, 40], [100, 100, 40, 40]], np.float32)
    scores = np.array([0.6, 0.2, 0.9], np.float32)
    points = np.arange(30, dtype=np.float32).reshape(3, 5, 2)
    first, second = decode.weighted_nms(boxes, scores, points, 0.4)
    np.testing.assert_allclose(first[0], boxes[2])
    assert first[1] == pytest.approx(0.9)
    np.testing.assert_allclose(second[0], [1, 0, 40, 40], atol=1e-5)  # a quarter of the weight on the second
    assert second[1] == pytest.approx(0.6)
    np.testing.assert_allclose(second[2], points[0] * 0.75 + points[1] * 0.25)


def test_nms_of_no_hits_is_empty() -> None:
    assert decode.weighted_nms(np.empty((0, 4)), np.empty(0), np.empty((0, 5, 2)), 0.4) == []


@given(st.lists(st.tuples(*[st.floats(0, 300)] * 2, *[st.floats(5, 100)] * 2, st.floats(0.01, 1)), max_size=20))
def test_nms_gives_the_best_hits_first_and_none_that_was_not_there(rows: list[tuple[float, ...]]) -> None:
    table = np.array(rows, np.float32).reshape(-1, 5)
    merged = decode.weighted_nms(table[:, :4], table[:, 4], np.zeros((len(table), 5, 2), np.float32), 0.4)
    scores = [score for _, score, _ in merged]
    assert scores == sorted(scores, reverse=True)
    assert len(merged) <= len(table)
    for box, _, _ in merged:
        assert (box[:2] >= table[:, :2].min(axis=0) - 1e-3).all()
        assert (box[:2] <= table[:, :2].max(axis=0) + 1e-3).all()
