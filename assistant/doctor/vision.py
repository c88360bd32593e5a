"""Camera, face detector and both classifiers at work, as the assistant uses them. Runs in a child process."""

import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np

from assistant.config.settings import DetectorSettings, ModelSettings, Settings
from assistant.doctor.finding import Finding, bad, good
from assistant.errors import DetectorError, ModelError
from assistant.records import Frame
from assistant.vision import detectors
from assistant.vision.cameras import image_health, open_camera
from assistant.vision.cameras.capture import OPEN_TIMEOUT_S, Capture
from assistant.vision.detectors import FaceDetector
from assistant.vision.faces import preprocess, quality
from assistant.vision.inference import self_test
from assistant.vision.inference.expression import ExpressionClassifier
from assistant.vision.inference.model_file import find_model
from assistant.vision.inference.occlusion import OcclusionClassifier

WATCH_S, MIN_FRAMES = 3.0, 5
"""Longest time for which a face is looked for, seconds, and frames that are read at least: a face in the first one must
not hide a camera that stops after one picture."""
SLOW_MS = 200
"""Milliseconds for one face from which the model is too slow to follow one person. Small boards need some 20 ms."""
TIMED_RUNS = 15
"""Runs of a model that are timed; the first fifth of them is a warm-up and does not count."""
ADVICE = {"black": "lens", "blank": "lens", "blurred": "focus"}
"""The advice, a key of [advice], for each fault of a picture."""


def camera(settings: Settings, trying: Callable[[str], None]) -> Finding:
    """A picture, its brightness, and whether there is a face in it."""
    try:
        detector: FaceDetector | None = detectors.open_detector(settings.detector)
    except DetectorError:  # the check `detector` reports it
        detector = None
    trying("to open the camera")
    colour = detector is not None and detector.needs_colour
    opened = partial(open_camera, settings.camera, colour=colour)
    capture = Capture(opened, rotate_deg=settings.camera.rotate, repeat=False).start()
    frame, frames, faces, seconds = _watch(capture, detector)
    capture.close()
    if capture.is_busy:
        return bad("faults.camera_busy", "memory", detail=capture.error)
    if capture.is_torn:
        return bad("faults.torn", "camera", detail=f"{frames} whole pictures in {seconds:.1f} s")
    if frame is None or capture.error:
        return bad("camera_none", "camera", detail=capture.error or f"no picture within {OPEN_TIMEOUT_S:g} s")
    grey = preprocess.to_grey(frame.image)
    height, width = grey.shape
    detail = f"{width}x{height}, brightness {grey.mean():.0f} of 255, {frames} pictures in {seconds:.1f} s"
    for name, is_present in image_health.assess_image(grey).items():
        if is_present:
            return bad(f"faults.{name}", ADVICE[name], detail=detail)
    light = {"dark": "dim", "bright": "glare"}.get(quality.frame_rejection_reason(grey), "bright_enough")
    face = () if detector is None else ("face" if faces else "face_none",)
    return good("camera", light, *face, detail=f"{detail}, faces in the last: {faces}")


def _watch(capture: Capture, detector: FaceDetector | None) -> tuple[Frame | None, int, int, float]:
    """Read frames for WATCH_S at most; returns the last one, their number, the number of faces in the last, and the
    seconds from the first to the last."""
    newest: Frame | None = None
    frames, faces, began, first_at = 0, 0, time.monotonic(), 0.0
    while True:
        frame, now = capture.take(0.25), time.monotonic()
        if frame is not None:
            newest, frames, first_at = frame, frames + 1, first_at or frame.at
            faces = len(detector.find(frame.image, preprocess.to_grey(frame.image))) if detector else 0
        elif capture.has_ended:
            break
        if now - began >= OPEN_TIMEOUT_S if newest is None else newest.at - first_at >= WATCH_S:
            break
        if faces and frames >= MIN_FRAMES:
            break
    return newest, frames, faces, (newest.at - first_at) if newest else 0.0


def detector(settings: Settings, trying: Callable[[str], None]) -> Finding:
    """The face detector, opened and used; and whether it tells what announcements.attention needs."""
    trying("to open the face detector")
    picture = np.add.outer(np.arange(480) % 200, np.arange(640) % 50).astype(np.uint8)
    colour = np.repeat(picture[..., np.newaxis], 3, axis=2)
    try:
        opened = detectors.open_detector(settings.detector)
        spent_ms = _median_ms(partial(opened.find, colour, picture))
    except (DetectorError, ModelError) as err:
        chosen, shipped = settings.detector, DetectorSettings()
        advice = "install" if (chosen.driver, chosen.model) == (shipped.driver, shipped.model) else "settings"
        return bad("faults.detector", advice, detail=str(err))
    detail, attention = f"{settings.detector.driver}, {spent_ms:.1f} ms a picture", settings.announcements.attention
    if attention != "off" and not opened.has_landmarks:
        return bad("detector_turns", "detector", detail=f"{detail}, no landmarks for announcements.attention")
    return good("detector", detail=detail)


def occlusion(_settings: Settings, trying: Callable[[str], None]) -> Finding:
    """The occlusion classifier: its hash, and how long it takes."""
    trying("to open the occlusion classifier")
    try:
        classifier = OcclusionClassifier()
        spent_ms = _median_ms(partial(classifier.score, self_test.test_images()[0]))
    except ModelError as err:
        return bad("faults.occlusion", "install", detail=str(err))
    return good("occlusion", detail=f"{classifier.path.name}, {spent_ms:.1f} ms a face")


def model(settings: Settings, trying: Callable[[str], None]) -> Finding:
    """The expression model: its hash, its self-test, and how long it takes."""
    trying("to open the expression model")
    try:
        classifier = ExpressionClassifier(find_model(settings.model.file), settings.model.threads)
        classifier.check_answers()
        spent_ms = _median_ms(partial(classifier.probabilities, self_test.crops(classifier.input)[0]))
    except ModelError as err:
        advice = "install" if settings.model.file == ModelSettings().file else "settings"
        return bad("faults.model", advice, detail=str(err))
    detail, number = f"{classifier.path.name}, {classifier.runtime}, {spent_ms:.1f} ms a face", max(1, round(spent_ms))
    if spent_ms > SLOW_MS:
        return bad("model_slow", "smaller", number=number, detail=detail)
    return good("model", number=number, detail=detail)


def _median_ms(work: Callable[[], object]) -> float:
    """Median of the milliseconds that `work` takes, over the last four fifths of TIMED_RUNS."""
    times = []
    for _ in range(TIMED_RUNS):
        began = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - began))
    return median(times[TIMED_RUNS // 5 :])
