"""Settings to a pipeline that can look: strictly for a command, with what is left for a running assistant.

A command at a terminal stops at the first file that is missing or wrong. The running assistant tells the fault and goes
on with the next best: the other shipped model, the built-in detector, or people without expressions.
"""

import dataclasses
from collections.abc import Collection
from pathlib import Path

from assistant import phrases
from assistant.config.settings import Settings
from assistant.errors import DetectorError, ModelError
from assistant.phrases import Phrases
from assistant.vision import detectors
from assistant.vision.detectors import Detector
from assistant.vision.detectors.rescan import FAINT, SOMEBODY, Search
from assistant.vision.detectors.tflite import Own
from assistant.vision.inference.expression import Classifier
from assistant.vision.inference.model_file import find
from assistant.vision.inference.occlusion import Cover
from assistant.vision.pipeline import Pipeline

SECOND_MODELS = ("emotion-cnn-int8", "emotion-small-int8", "emotion-mobilenetv2-int8")
"""Shipped models to fall back on, best first."""
FARTHER = 2
"""With nobody in view the search is that much finer, now and then."""


def words(settings: Settings) -> Phrases:
    """The words of the settings' language. Raises LocaleError."""
    return phrases.load(settings.words.locale, settings.words.wording)


def pipeline(settings: Settings) -> Pipeline:
    """The pipeline that the settings ask for. Raises DetectorError or ModelError, in one line."""
    reader = Classifier(find(settings.model.file), settings.model.threads)
    return _with(detectors.make(settings.detector), reader, settings, Cover())


def best_pipeline(
    settings: Settings, broken: Collection[Path] = (), detail: str = ""
) -> tuple[Pipeline, dict[str, str]]:
    """The best pipeline that can be had, and what is wrong with it: fault names with the detail for the log.

    broken: model files that have failed at work; detail: how the last of them did. Raises DetectorError where not even
    the built-in detector works: then nobody can be seen.
    """
    troubles: dict[str, str] = {}
    detector = _best_detector(settings, troubles)
    if broken:
        troubles["model"] = detail
    reader = _best_reader(settings, troubles, broken)
    try:
        cover: Cover | None = Cover()
    except ModelError as err:  # better to read covered faces like others, and say so, than none at all
        troubles["cover"], cover = str(err), None
    return _with(detector, reader, settings, cover), troubles


def _with(detector: Detector, reader: Classifier | None, settings: Settings, cover: Cover | None) -> Pipeline:
    search = None
    if isinstance(detector, Own):  # the others are slow or of one size
        faint = dataclasses.replace(settings.detector, score=FAINT)
        farther = dataclasses.replace(faint, long_side=min(FARTHER * faint.long_side, 1280))
        least = max(SOMEBODY, settings.detector.score)  # who asks for surer faces shall have them here too
        search = Search(detectors.make(farther), detectors.make(faint), least)
    return Pipeline(detector, reader, settings, words(settings), covered=cover, search=search)


def _best_detector(settings: Settings, troubles: dict[str, str]) -> Detector:
    try:
        return detectors.make(settings.detector)
    except DetectorError as err:
        if settings.detector.driver == "haar":
            raise
        troubles["detector_second"] = str(err)
        return detectors.make(dataclasses.replace(settings.detector, driver="haar"))


def _best_reader(settings: Settings, troubles: dict[str, str], broken: Collection[Path]) -> Classifier | None:
    for name in dict.fromkeys((settings.model.file, *SECOND_MODELS)):
        try:
            file = find(name)
            if file in broken:
                continue
            reader = Classifier(file, settings.model.threads)
        except ModelError as err:
            troubles.setdefault("model", str(err))
            continue
        if troubles.get("model"):
            troubles["model_second"] = troubles.pop("model")
        return reader
    return None
