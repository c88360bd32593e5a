"""What is drawn on a picture: readable at any size, over no face, in every language."""

import builtins
from typing import Any

import numpy as np
import pytest

from assistant.phrases import known_locales, load
from assistant.records import Box
from assistant.vision import marks
from assistant.vision.overlay import draw
from assistant.vision.overlay.draw import MarkedFace
from assistant.vision.overlay.lettering import Lettering, LetteringError
from assistant.vision.overlay.subtitle import lines_of

pytest.importorskip("PIL")

LETTERING = Lettering()
BARS = (("neutral", 0.1), ("happy", 0.9), ("sad", 0.0))
SIZES = [(180, 320), (480, 640), (640, 360), (2160, 3840)]


def background(shape: tuple[int, int], level: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.full((*shape, 3), level, np.uint8)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_face_stays_free_of_what_is_drawn_to_it_on_any_picture(shape: tuple[int, int], level: int) -> None:
    height, width = shape
    box = Box(width * 0.4, height * 0.4, width * 0.15, width * 0.15)
    drawn = draw.draw_faces(background(shape, level), [MarkedFace(box, "looks happy", BARS, "happy")], LETTERING)
    rim = 2 * max(2, draw.text_size(drawn) // 8)
    inside = drawn[int(box.y) + rim : int(box.y + box.height) - rim, int(box.x) + rim : int(box.x + box.width) - rim]
    assert (inside == level).all()
    changed = (drawn != level).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert rows[0] < box.y - rim
    assert columns[-1] > box.x + box.width + rim


def test_words_are_light_on_dark_on_a_white_picture_too() -> None:
    """At least 7 to 1, the enhanced contrast of WCAG."""
    box = Box(200, 200, 100, 100)
    drawn = draw.draw_faces(background((480, 640), 255), [MarkedFace(box, "looks happy")], LETTERING)
    label = drawn[160:195, 200:300].max(axis=2).astype(float) / 255
    light, dark = label.max(), np.median(label)

    def luminance(level: float) -> float:
        return level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4

    assert (luminance(float(light)) + 0.05) / (luminance(float(dark)) + 0.05) >= 7


def test_bars_that_would_cover_a_face_are_left_out() -> None:
    face = MarkedFace(Box(0, 0, 640, 480), "", BARS)
    with_bars = draw.draw_faces(background((480, 640), 90), [face], LETTERING)
    without = draw.draw_faces(background((480, 640), 90), [MarkedFace(face.box)], LETTERING)
    assert (with_bars == without).all()


def test_a_grey_picture_and_a_box_partly_outside_are_drawn() -> None:
    grey = np.full((50, 41), 90, np.uint8)
    drawn = draw.draw_faces(grey, [MarkedFace(Box(-20, 30, 40, 60), "wirkt überrascht", BARS, "happy")], LETTERING)
    assert drawn.shape == (50, 41, 3)
    assert (grey == 90).all()


def test_the_strip_is_as_high_without_a_sentence() -> None:
    picture = background((480, 640), 90)
    empty, full = (draw.with_subtitle(picture, text, LETTERING) for text in ("", "One person looks happy."))
    assert empty.shape == full.shape == (480 + draw.strip_height(picture, LETTERING), 640, 3)
    assert (full[:480] == picture).all()
    assert full[480:].max() == 255
    assert empty[480:].max() < 32


def test_a_long_sentence_is_written_smaller_then_cut() -> None:
    assert lines_of("", 300, 2, 20, LETTERING) == ([], 20)
    assert lines_of("One person.", 300, 2, 20, LETTERING) == (["One person."], 20)
    lines, size = lines_of("One person on the left looks neither happy nor sad.", 200, 2, 20, LETTERING)
    assert " ".join(lines) == "One person on the left looks neither happy nor sad."
    assert size < 20
    lines, size = lines_of("word " * 200, 200, 2, 20, LETTERING)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert size == 10
    lines, _ = lines_of("x" * 500, 200, 2, 20, LETTERING)
    assert len(lines) == 1
    assert LETTERING.width(lines[0], 10) <= 200


@pytest.mark.parametrize("locale", known_locales())
def test_every_language_can_be_written(locale: str) -> None:
    phrases = load(locale)
    try:
        lettering = Lettering(locale, marks.letters_of(phrases))
    except LetteringError as err:
        pytest.skip(str(err))
    happy = lettering.shape(phrases.expression("happy"), 20)
    assert happy.max() > 200
    assert happy.shape[0] == lettering.line_height(20)
    assert lettering.width("Anna happy", 20) > 40  # a name may be in Latin letters in any of them
    assert not np.array_equal(happy, lettering.shape(phrases.expression("sad"), 20))


def test_without_pillow_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "PIL":
            raise ModuleNotFoundError("No module named 'PIL'", name="PIL")
        return usual(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(LetteringError, match=r"Pillow is not installed; pip install 'emotion-assistant\[convert\]'"):
        Lettering()


def test_a_script_without_a_font_is_refused_in_one_line() -> None:
    with pytest.raises(LetteringError, match="no font here has its letters; install one"):
        Lettering("xx", "\u1b83")  # Sundanese
