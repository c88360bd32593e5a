"""From settings to a pipeline: strictly for a command, with the best parts that can be loaded for a running assistant.

A command at a terminal stops at the first file that is missing or wrong. The running assistant announces the fault and
goes on with the next best: another shipped model, the Haar detector, or people without expressions.
"""

import dataclasses
import functools
import threading
from collections.abc import Collection
from pathlib import Path

from assistant import phrases
from assistant.config.settings import Settings
from assistant.dataclass import dataclass
from assistant.errors import DetectorError, ModelError
from assistant.ipc import socket_paths
from assistant.phrases import Phrases
from assistant.records import FaultName
from assistant.system.account import account_of_service
from assistant.vision import detectors
from assistant.vision.detectors import FaceDetector
from assistant.vision.detectors.on_demand import OnDemandDetector
from assistant.vision.detectors.rescan import ACCEPT_SCORE, VIEW_SCORE_THRESHOLD, Rescan
from assistant.vision.detectors.tflite import TFLiteFaceDetector
from assistant.vision.inference.expression import ExpressionClassifier
from assistant.vision.inference.model_file import find_model
from assistant.vision.inference.occlusion import OcclusionClassifier
from assistant.vision.names import NameSource
from assistant.vision.pace import Pace
from assistant.vision.pipeline import Pipeline
from assistant.vision.readings import ExpressionModel, OcclusionModel

FALLBACK_MODELS = ("emotion-cnn-int8", "emotion-small-int8", "emotion-mobilenetv2-int8")
"""Shipped expression models to fall back on, best first."""
LOOK_LIMIT_S = 3.0
"""Seconds that the engine of the friends has for one look once it is loaded; SFace takes 80 ms on a Pi 4B."""
RESCAN_SCALE, RESCAN_MAX_LONG_SIDE = 2, 1280
"""The fine views of a rescan, while nobody is in view, are searched at so many times the detector's `long_side`, but no
more than so many pixels: that finds people farther away."""


@dataclass(frozen=True)
class VisionParts:
    """The loaded models of a pipeline. They keep nothing from frame to frame, but for the rescan, which begins anew
    with each pipeline: pipelines that are used one after the other may share them."""

    detector: FaceDetector
    classifier: ExpressionModel | None = None
    """None: no model can be used, and no expression is announced."""
    occlusion: OcclusionModel | None = None
    """None: no face counts as occluded."""
    rescan: Rescan | None = None
    """None: there is no second search while nobody is in view."""

    @property
    def needs_colour(self) -> bool:
        """Whether the detector or the expression model sees more in BGR than in grey."""
        return self.detector.needs_colour or (self.classifier is not None and not self.classifier.input.is_grey)

    def pipeline(
        self, settings: Settings, names: NameSource | None = None, sentences: Phrases | None = None
    ) -> Pipeline:
        """A new pipeline of these parts. names: tells who the people are. sentences: those of the settings' language,
        where they are loaded already. Raises LocaleError."""
        return Pipeline(
            self.detector,
            self.classifier,
            settings,
            sentences or load_phrases(settings),
            occlusion=self.occlusion,
            rescan=self.rescan,
            names=names,
            pace=Pace(),
        )


def load_phrases(settings: Settings) -> Phrases:
    """The sentences of the settings' language. Raises LocaleError."""
    return phrases.load(settings.announcements.locale, settings.announcements.wording)


def make_pipeline(settings: Settings) -> Pipeline:
    """The pipeline that the settings ask for, in which friends are recognized by this process, each look at once.
    Raises DetectorError or ModelError, in one line."""
    return parts(settings).pipeline(settings, names_at_once(settings))


def names_at_once(settings: Settings) -> NameSource | None:
    """The names of friends, for recordings; None where friends are not to be recognized. Nothing is loaded before there
    is somebody to look at. As root on a device they are the service's friends, as for the command that teaches them."""
    if not settings.friends.enabled:
        return None
    from assistant.skills import registry
    from assistant.skills.session import SkillName
    from assistant.vision import friend_names

    engine = functools.cache(lambda: registry.engine_opener(SkillName.FRIENDS)(settings))
    return friend_names.open_names(
        settings,
        lambda aligned: engine().handle({"op": "embed"}, aligned),
        friend_names.at_once,
        account_of_service(),
    )


def names_from_engine(settings: Settings, cancel: threading.Event) -> NameSource | None:
    """The names of friends, from looks that the engine's own process makes; None where friends are not to be
    recognized. cancel: set at the end."""
    if not settings.friends.enabled:
        return None
    from assistant.skills.client import EngineClient
    from assistant.skills.session import SkillName
    from assistant.vision import friend_names

    engines = EngineClient(socket_paths.skills_folder())
    return friend_names.open_names(
        settings,
        lambda aligned: engines.ask(SkillName.FRIENDS, {"op": "embed"}, aligned, LOOK_LIMIT_S, cancel),
        friend_names.on_a_thread,
    )


def parts(settings: Settings) -> VisionParts:
    """The parts that the settings ask for. Raises DetectorError or ModelError, in one line."""
    classifier = ExpressionClassifier(find_model(settings.model.file), settings.model.threads)
    classifier.check_answers()
    detector = detectors.open_detector(settings.detector)
    return VisionParts(detector, classifier, OcclusionClassifier(), _rescan(detector, settings))


def best_parts(
    settings: Settings, failed_models: Collection[Path] = (), error: str = ""
) -> tuple[VisionParts, dict[FaultName, str]]:
    """The best parts that can be loaded, and what is wrong with them: fault names with the detail for the log.

    failed_models: model files that have failed at work; error: how the last of them did. Raises DetectorError where not
    even the Haar detector works: then no face can be found.
    """
    faults: dict[FaultName, str] = {}
    detector = _best_detector(settings, faults)
    if failed_models:
        faults[FaultName.MODEL] = error
    classifier = _best_classifier(settings, faults, failed_models)
    occlusion: OcclusionClassifier | None = None
    try:
        occlusion = OcclusionClassifier()
    except ModelError as err:  # better to classify occluded faces like others, announced as a fault, than none at all
        faults[FaultName.OCCLUSION] = str(err)
    return VisionParts(detector, classifier, occlusion, _rescan(detector, settings)), faults


def _rescan(detector: FaceDetector, settings: Settings) -> Rescan | None:
    """A rescan with the TFLite detector; the others are slow, or search at one scale."""
    if not isinstance(detector, TFLiteFaceDetector):
        return None
    long_side = min(RESCAN_SCALE * settings.detector.long_side, RESCAN_MAX_LONG_SIDE)
    far = dataclasses.replace(settings.detector, score_threshold=VIEW_SCORE_THRESHOLD, long_side=long_side)
    # A higher threshold in the settings holds here too.
    min_score = max(ACCEPT_SCORE, settings.detector.score_threshold)
    fine = OnDemandDetector(lambda: detectors.open_detector(far), detector)
    return Rescan(fine, detector, min_score)


def _best_detector(settings: Settings, faults: dict[FaultName, str]) -> FaceDetector:
    try:
        return detectors.open_detector(settings.detector)
    except DetectorError as err:
        if settings.detector.driver == "haar":
            raise
        faults[FaultName.DETECTOR_FALLBACK] = str(err)
        return detectors.open_detector(dataclasses.replace(settings.detector, driver="haar"))


def _best_classifier(
    settings: Settings, faults: dict[FaultName, str], failed: Collection[Path]
) -> ExpressionClassifier | None:
    for name in dict.fromkeys((settings.model.file, *FALLBACK_MODELS)):
        try:
            file = find_model(name)
            if file in failed:
                continue
            classifier = ExpressionClassifier(file, settings.model.threads)
            classifier.check_answers()
        except ModelError as err:
            faults.setdefault(FaultName.MODEL, str(err))
            continue
        if faults.get(FaultName.MODEL):
            faults[FaultName.MODEL_FALLBACK] = faults.pop(FaultName.MODEL)
        return classifier
    return None
