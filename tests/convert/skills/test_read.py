"""The figures of reading: how they are counted, what is promised of the shared photographs, and the samples."""

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import AssistantError
from assistant.skills.reading.engine import ReadingEngine
from assistant.vision.cameras.picture_file import read_picture
from convert.skills.read import read_aloud, readers, score, words_of
from convert.skills.text_samples import samples

SAMPLES = ("letter_clean", "letter_cam", "pack_clean", "pack_cam", "sign_clean", "sign_cam")
LEAST_RECALL = {
    "tesseract": dict.fromkeys(SAMPLES, 0.95) | {"pack_cam": 0.80},
    "rapidocr": dict.fromkeys(SAMPLES, 0.95),
}
"""What is promised, of the words that are there."""
LEAST_PRECISION = 0.8


def test_words_are_counted_as_often_as_they_are_there() -> None:
    assert words_of("Film-coated, 400 mg: the Größe") == ["film", "coated", "400", "mg", "the", "größe"]
    found = score([("the cat the", "the cat sat"), ("", "on it")])
    assert found == {"words": 5, "said": 3, "recall": 0.4, "precision": 0.667}
    assert score([("", "word")])["precision"] == 1.0


def test_samples_are_the_same_each_time_and_hard_ones_are_others() -> None:
    first, again, hard = (next(samples(1, hard=each)) for each in (False, False, True))
    assert np.array_equal(first.image, again.image)
    assert not np.array_equal(first.image, hard.image)
    assert first.image.shape == (480, 640, 3)
    assert {each.locale for each in samples(1)} == {"de", "en", "es", "fr", "it", "pt"}


@pytest.fixture
def texts(things_folder: Path) -> Path:
    """The folder of the photographed texts."""
    return things_folder.parent / "text"


@pytest.mark.parametrize("name", sorted(LEAST_RECALL))
def test_the_shared_photographs_are_read_as_promised(name: str, texts: Path) -> None:
    try:
        found = readers()
    except AssistantError as err:
        pytest.skip(str(err))
    if name not in found:
        pytest.skip(f"{name} is not installed")
    engine = ReadingEngine(found[name])
    for sample, least in LEAST_RECALL[name].items():
        (file,) = texts.glob(f"{sample}.*")
        truth = (texts / f"{sample.partition('_')[0]}.txt").read_text("utf-8")
        figures = score([(read_aloud(engine, read_picture(file, colour=True), "en"), truth)])
        assert figures["recall"] >= least, sample
        assert figures["precision"] >= LEAST_PRECISION, sample
