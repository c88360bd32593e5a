"""Rerun of the decisions of a scene with other settings on its recorded detections and readings; transcripts."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.app.replay import AnnouncementOutcome, attempts
from assistant.config.settings import Settings
from assistant.records import Face, Frame, Reading, Thresholds, Track
from assistant.vision import factory
from assistant.vision.pipeline import Pipeline
from convert.data.fer2013_labels import LABELS
from convert.scenarios.run import FrameRecord, Outcome, transcript_line
from convert.scenarios.score.figures import DEGRADED
from convert.scenarios.score.transcript import ObservedFace, SceneTranscript, TranscriptLine

MID_GREY = 128
"""Grey level of the frames in a rerun."""


class _Recorded:
    """A face detector and a source of readings that return the recorded results of one frame after the other."""

    crop_margin, needs_colour, has_landmarks = 0.0, False, True

    def __init__(self, records: Sequence[FrameRecord], labels: tuple[str, ...], thresholds: Thresholds) -> None:
        self._records = iter(records)
        self.labels, self.thresholds = labels, thresholds
        self._readings: dict[Face, Reading] = {}

    def find(self, image: NDArray[np.uint8], grey: NDArray[np.uint8]) -> list[Face]:
        record = next(self._records)
        self._readings = dict(zip(record.faces, record.readings, strict=True))
        return list(record.faces)

    def read(self, frame: Frame, grey: NDArray[np.uint8], tracks: Sequence[Track]) -> tuple[Reading, ...]:
        # looked up by face, since with other settings the same person may have another track_id
        return tuple(dataclasses.replace(self._readings[each.face], track_id=each.track_id) for each in tracks)


class _BlankCamera:
    """A camera of uniformly grey frames at the recorded times."""

    is_live = False

    def __init__(self, moments: Sequence[float], size: tuple[int, int]) -> None:
        self._moments = iter(moments)
        self._grey = np.full(size, MID_GREY, np.uint8)

    def read(self) -> Frame | None:
        at = next(self._moments, None)
        return None if at is None else Frame(self._grey, at, 0)

    def close(self) -> None:
        """Nothing is open."""


def rerun(outcome: Outcome, settings: Settings, thresholds: Thresholds | None = None) -> tuple[TranscriptLine, ...]:
    """The announcements with other [decisions] and [announcements] settings.

    thresholds: replace the classifier's.
    """
    recorded = _Recorded(outcome.records, outcome.labels, thresholds or outcome.thresholds)
    pipeline = Pipeline(recorded, None, settings, factory.load_phrases(settings), readings=recorded)
    camera = _BlankCamera([each.at for each in outcome.records], outcome.size)
    lines = attempts(camera, pipeline, settings, outcome.truth.questions)
    return tuple(transcript_line(line) for line in lines if isinstance(line, AnnouncementOutcome))


def transcripts(outcomes: Sequence[Outcome], settings: Settings) -> list[SceneTranscript]:
    """The transcript of each scene, with a rerun in which all expressions are announced, and one with the cues of
    attention (by sound, where they are off)."""
    announcements = dataclasses.replace(settings.announcements, expressions=LABELS)
    with_all_expressions = dataclasses.replace(settings, announcements=announcements)
    attention = settings.announcements.attention
    cued = dataclasses.replace(settings.announcements, attention="sound" if attention == "off" else attention)
    with_cues = dataclasses.replace(settings, announcements=cued)
    return [
        SceneTranscript(
            outcome.truth,
            outcome.lines,
            () if outcome.truth.kind == DEGRADED else rerun(outcome, with_all_expressions),
            outcome.answers,
            tuple(
                ObservedFace(record.at, face.box, reading.reason)
                for record in outcome.records
                for face, reading in zip(record.faces, record.readings, strict=True)
            ),
            outcome.friends,
            rerun(outcome, with_cues),
        )
        for outcome in outcomes
    ]
