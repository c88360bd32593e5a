"""What can be chosen: shipped and own models, detectors, languages."""

from pathlib import Path

import pytest

from assistant.errors import ModelError
from convert.playground import choices
from convert.playground.choices import Choice


def test_a_choice_becomes_the_assistants_settings() -> None:
    settings = Choice("emotion-small-int8", "haar", "de").settings()
    assert (settings.model.file, settings.detector.driver, settings.announcements.locale) == (
        "emotion-small-int8",
        "haar",
        "de",
    )


def test_yunets_file_goes_to_yunet_alone() -> None:
    file = Path("yunet.onnx")
    assert Choice(detector="yunet").settings(file).detector.model == "yunet.onnx"
    assert Choice(detector="tflite").settings(file).detector.model == ""


def test_the_default_model_stands_first() -> None:
    assert choices.shipped_models()[0] == Choice.model
    assert next(iter(choices.model_names())) == Choice.model


def test_own_models_stand_before_the_shipped_ones_and_two_of_one_name_are_told_apart() -> None:
    names = choices.model_names(["a/mine.tflite", "b/mine.tflite", "emotion-small-int8"])
    assert list(names)[:3] == ["mine.tflite", "b/mine.tflite", "emotion-small-int8"]
    assert names["mine.tflite"] == "a/mine.tflite"
    assert list(names.values()).count("emotion-small-int8") == 1


def test_yunet_is_offered_with_its_file_alone() -> None:
    assert list(choices.detector_names(has_yunet=False).values()) == ["tflite", "haar"]
    assert "yunet" in choices.detector_names(has_yunet=True).values()


def test_every_language_has_its_name_and_a_voice() -> None:
    assert set(choices.LANGUAGES) == set(choices.languages())
    assert next(iter(choices.language_names().values())) == "en"
    assert {"en", "de"} <= choices.voices()


def test_a_model_that_reads_no_expressions_is_refused_in_words() -> None:
    with pytest.raises(ModelError, match="reads no expressions"):
        choices.load_parts(Choice("face-detector-int8").settings())
