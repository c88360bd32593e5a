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
from assistant.records import FaultName
from assistant.vision import detectors
from assistant.vision.detectors import FaceDetector
from assistant.vision.detectors.rescan import ACCEPT_SCORE, VIEW_SCORE_THRESHOLD, Rescan
from assistant.vision.detectors.tflite import TFLiteFaceDetector
from assistant.vision.inference.expression import ExpressionClassifier
from assistant.vision.inference.model_file import find_model
from assistant.vision.inference.occlusion import OcclusionClassifier
from assistant.vision.pipeline import Pipeline

SECOND_MODELS = ("emotion-cnn-int8", "emotion-small-int8", "emotion-mobilenetv2-int8")
"""Shipped models to fall back on, best first."""
FARTHER = 2
"""With nobody in view the search is that much finer, now and then."""


def words(settings: Settings) -> Phrases:
    """The words of the settings' language. Raises LocaleError."""
    return phrases.load(settings.announcements.locale, settings.announcements.wording)


def pipeline(settings: Settings) -> Pipeline:
    """The pipeline that the settings ask for. Raises DetectorError or ModelError, in one line."""
    reader = ExpressionClassifier(find_model(settings.model.file), settings.model.threads)
    return _with(detectors.open_detector(settings.detector), reader, settings, OcclusionClassifier())


def best_pipeline(
    settings: Settings, broken: Collection[Path] = (), detail: str = ""
) -> tuple[Pipeline, dict[FaultName, str]]:
    """The best pipeline that can be had, and what is wrong with it: fault names with the detail for the log.

    broken: model files that have failed at work; detail: how the last of them did. Raises DetectorError where not even
    the built-in detector works: then nobody can be seen.
    """
    troubles: dict[FaultName, str] = {}
    detector = _best_detector(settings, troubles)
    if broken:
        troubles[FaultName.MODEL] = detail
    reader = _best_reader(settings, troubles, broken)
    try:
        cover: OcclusionClassifier | None = OcclusionClassifier()
    except ModelError as err:  # better to read covered faces like others, and say so, than none at all
        troubles[FaultName.OCCLUSION], cover = str(err), None
    return _with(detector, reader, settings, cover), troubles


def _with(
    detector: FaceDetector, reader: ExpressionClassifier | None, settings: Settings, cover: OcclusionClassifier | None
) -> Pipeline:
    search = None
    if isinstance(detector, TFLiteFaceDetector):  # the others are slow or of one size
        faint = dataclasses.replace(settings.detector, score_threshold=VIEW_SCORE_THRESHOLD)
        farther = dataclasses.replace(faint, long_side=min(FARTHER * faint.long_side, 1280))
        least = max(
            ACCEPT_SCORE, settings.detector.score_threshold
        )  # who asks for surer faces shall have them here too
        search = Rescan(detectors.open_detector(farther), detectors.open_detector(faint), least)
    return Pipeline(detector, reader, settings, words(settings), covered=cover, search=search)


def _best_detector(settings: Settings, troubles: dict[FaultName, str]) -> FaceDetector:
    try:
        return detectors.open_detector(settings.detector)
    except DetectorError as err:
        if settings.detector.driver == "haar":
            raise
        troubles[FaultName.DETECTOR_FALLBACK] = str(err)
        return detectors.open_detector(dataclasses.replace(settings.detector, driver="haar"))


def _best_reader(
    settings: Settings, troubles: dict[FaultName, str], broken: Collection[Path]
) -> ExpressionClassifier | None:
    for name in dict.fromkeys((settings.model.file, *SECOND_MODELS)):
        try:
            file = find_model(name)
            if file in broken:
                continue
            reader = ExpressionClassifier(file, settings.model.threads)
        except ModelError as err:
            troubles.setdefault(FaultName.MODEL, str(err))
            continue
        if troubles.get(FaultName.MODEL):
            troubles[FaultName.MODEL_FALLBACK] = troubles.pop(FaultName.MODEL)
        return reader
    return None
