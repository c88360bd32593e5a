"""A picture through the assistant: the face, its probabilities, and the words."""

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.playground import picture
from convert.playground.choices import Choice


@pytest.mark.parametrize("model", ["emotion-cnn-int8", "emotion-small-int8"])
def test_the_astronaut_looks_happy(astronaut: NDArray[np.uint8], model: str) -> None:
    found = picture.look(astronaut, Choice(model).settings())
    (face,) = found.faces
    assert face.probabilities is not None
    assert next(iter(face.probabilities)) == "happy"
    assert sum(face.probabilities.values()) == pytest.approx(1.0, abs=1e-3)
    assert list(face.probabilities.values()) == sorted(face.probabilities.values(), reverse=True)
    assert face.words == "Looks happy."
    assert found.answer.startswith("Looks happy.")
    assert found.unasked == ("One person looks happy.",)


def test_it_is_said_in_the_language_that_was_chosen(astronaut: NDArray[np.uint8]) -> None:
    found = picture.look(astronaut, Choice(locale="de").settings())
    assert "fröhlich" in found.answer
    assert found.voice == "de"


def test_a_picture_without_a_face_has_an_answer() -> None:
    grey = np.random.default_rng(1).integers(100, 140, (240, 320, 3), np.uint8)
    found = picture.look(grey, Choice().settings())
    assert found.faces == ()
    assert found.answer
    assert found.unasked == ()


def test_a_large_picture_is_shrunk_with_its_boxes(astronaut: NDArray[np.uint8]) -> None:
    large = np.kron(astronaut, np.ones((5, 5, 1), np.uint8))
    found = picture.look(large, Choice().settings())
    assert max(found.image.shape[:2]) == picture.MAX_SIDE
    box = found.faces[0].box
    assert 0.3 < (box.x + box.width / 2) / found.image.shape[1] < 0.6


def test_a_picture_is_shown_as_long_as_a_folder_shows_one(astronaut: NDArray[np.uint8]) -> None:
    settings = Choice().settings()
    camera, frames = picture.StillCamera(astronaut, settings), []
    while (frame := camera.read()) is not None:
        frames.append(frame)
    assert len(frames) == settings.camera.picture_s * settings.camera.fps
    assert frames[-1].at == pytest.approx(settings.camera.picture_s - 1 / settings.camera.fps)
