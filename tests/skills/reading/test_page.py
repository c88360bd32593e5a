"""A photographed text as a page: level, dark on white, of one size."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assistant.skills.reading.page import GLYPH_PX, MAX_SIDE_PX, PAPER, flattened, noise, prepared
from assistant.vision.faces.preprocess import to_grey
from tests.support.drawn_text import drawn_text, seen

LINES = [
    "Please bring your health card",
    "and the list of all medicines",
    "that you take in the morning",
    "to the second floor",
]


def test_dark_text_becomes_dark_text_on_white_paper_of_one_size() -> None:
    page = prepared(drawn_text(LINES))
    assert page.image.dtype == np.uint8
    assert np.median(page.image) > 220
    assert page.image.min() < 80
    assert 12 <= page.glyph_px <= 24
    small, large = prepared(drawn_text(LINES, size=0.5, step=30)), prepared(drawn_text(["Health card"], size=2.2))
    assert large.glyph_px > page.glyph_px > small.glyph_px


def test_light_text_on_dark_paper_becomes_dark_on_white() -> None:
    page = prepared(drawn_text(LINES, paper=60, ink=230))
    assert np.median(page.image) > 220
    assert page.image.min() < 60


def test_a_shadow_is_taken_away() -> None:
    light = np.linspace(0.35, 1.0, 640)
    picture = np.asarray(drawn_text(LINES, paper=240) * light[None, :, None], np.uint8)
    relief = flattened(to_grey(picture))
    paper = relief[430]
    assert np.ptp(paper[20:-20].astype(int)) < 12
    assert paper.mean() == pytest.approx(PAPER / 2, abs=4)


def test_lines_of_a_turned_page_are_level() -> None:
    page = prepared(seen(drawn_text(LINES), degrees=-12, lean=0.1))
    ink = (page.image < 110).sum(axis=1)
    assert (ink == 0).sum() > 0.2 * len(ink)  # white stands between the lines
    assert page.image.shape[0] < page.image.shape[1]


def test_a_point_of_the_page_is_found_in_the_picture() -> None:
    page = prepared(seen(drawn_text(LINES), degrees=8))
    point = np.array([200.0, 150.0, 1.0])
    there = page.to_page @ point
    assert page.in_picture(*(there[:2] / there[2])) == pytest.approx((200, 150))


def test_noise_is_measured_in_grey_levels() -> None:
    rng = np.random.default_rng(1)
    noisy = np.clip(128 + rng.normal(0, 7, (200, 200)), 0, 255).astype(np.uint8)
    assert noise(noisy) == pytest.approx(7, abs=0.7)
    assert noise(np.full((50, 50), 90, np.uint8)) == 0


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((480, 640, 3), np.uint8),
        np.full((480, 640), 255, np.uint8),
        np.zeros((1, 1), np.uint8),
        np.zeros((1, 3000, 3), np.uint8),
        np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8),
        np.tile(np.array([[0, 255], [255, 0]], np.uint8), (240, 320)),
    ],
    ids=["black", "white", "one pixel", "a line", "noise", "chequered"],
)
def test_any_picture_becomes_a_page_of_bounded_size(picture: np.ndarray) -> None:  # type: ignore[type-arg]
    page = prepared(picture)
    assert page.image.ndim == 2
    assert 1 <= min(page.image.shape) <= max(page.image.shape) <= MAX_SIDE_PX
    assert np.isfinite(page.to_page).all()


@given(arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60))))
def test_no_small_picture_is_too_strange(picture: np.ndarray) -> None:  # type: ignore[type-arg]
    assert max(prepared(picture).image.shape) <= MAX_SIDE_PX


def test_a_large_picture_is_not_enlarged() -> None:
    large = cv2.resize(drawn_text(LINES), (3200, 2400), interpolation=cv2.INTER_CUBIC)
    page = prepared(np.asarray(large, np.uint8))
    assert max(page.image.shape) <= MAX_SIDE_PX
    assert page.glyph_px > 2 * GLYPH_PX
