"""From tracked faces to readings: crop each face, check that it can be read, classify its expression.

`FaceReader` is what a running assistant uses. Anything else that has a reading for each track (recorded ones, for
example) can be given to the pipeline in its place: see `ReadingSource`.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.dataclass import dataclass
from assistant.errors import ModelError
from assistant.records import Frame, Reading, Thresholds, Track
from assistant.vision.faces import quality
from assistant.vision.faces.input_format import OWN_FORMAT, InputFormat
from assistant.vision.stage_times import Lap

FAILURE_GAP_S = 2.5
"""Seconds without a crop to classify after which a failure of the classifier is a new one: what failed once, before
everybody left, has not failed since."""


class ExpressionModel(Protocol):
    """Classifies the expression of a face crop: `ExpressionClassifier`, or a stand-in."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The expression of each probability, in order."""

    @property
    def thresholds(self) -> Thresholds:
        """What the model's card asks of each expression."""

    @property
    def input(self) -> InputFormat:
        """The crops that the model takes."""

    def probabilities(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities float32 [labels] of a face crop uint8 `input.crop_shape`. Raises ModelError."""


class OcclusionModel(Protocol):
    """Classifies whether a face is occluded (mask, hand, scarf): `OcclusionClassifier`, or a stand-in."""

    error: str
    """Why the last crop could not be classified; empty if it could."""

    def __call__(self, crop: NDArray[np.uint8]) -> bool:
        """Whether the face in a crop uint8 [48, 48] is occluded. Never raises: see `error`."""


class ReadingSource(Protocol):
    """Gives the reading of each track of a frame: `FaceReader`, or recorded readings."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The expression of each probability, in order."""

    @property
    def thresholds(self) -> Thresholds:
        """What the model asks of each expression."""

    def read(self, frame: Frame, grey: NDArray[np.uint8], tracks: Sequence[Track]) -> tuple[Reading, ...]:
        """One reading for each track of a frame, in their order. grey: the frame as uint8 [H, W]."""


@dataclass(frozen=True)
class ModelFailure:
    """The expression classifier has returned no probabilities since `since`."""

    since: float
    """`at` of the first frame without probabilities."""
    error: str
    """What went wrong last."""
    last_at: float
    """`at` of the last such frame in which there was a face to classify."""


class FaceReader:
    """Reads the expression of faces with a classifier, which may be missing or be dropped: then every face is unclear.

    In every second frame the mirror image of each face is classified. A face has no preferred side, but a model has:
    the mean over the window of the stabilizer is then one of both sides, which is right more often, at no further cost.
    """

    def __init__(
        self,
        classifier: ExpressionModel | None,
        occlusion: OcclusionModel | None,
        margin: float,
        lap: Lap = lambda stage: None,
    ) -> None:
        """Set up the reader.

        classifier: None where no model can be used. occlusion: without it no face counts as occluded. margin: added to
        each side of a face's box before it is cropped, as a share of the box; the detector knows how much it needs.
        lap: called at the end of each stage: crop, quality and classify.
        """
        self.labels: tuple[str, ...] = classifier.labels if classifier else ()
        self.thresholds = classifier.thresholds if classifier else Thresholds()
        self._input = classifier.input if classifier else OWN_FORMAT
        self.failure: ModelFailure | None = None
        """Set while the classifier returns no probabilities."""
        self._classifier, self._occlusion, self._margin, self._lap = classifier, occlusion, margin, lap
        self._is_mirrored = True

    @property
    def has_classifier(self) -> bool:
        """Whether faces are classified at all."""
        return self._classifier is not None

    def drop_classifier(self) -> None:
        """Classify nothing from now on; every face is unclear. Labels and thresholds stay."""
        self._classifier = self.failure = None

    def read(self, frame: Frame, grey: NDArray[np.uint8], tracks: Sequence[Track]) -> tuple[Reading, ...]:
        """One reading for each track of a frame, in their order. grey: the frame as uint8 [H, W]."""
        self._is_mirrored = not self._is_mirrored
        return tuple(self._read(frame, grey, track) for track in tracks)

    def _read(self, frame: Frame, grey: NDArray[np.uint8], track: Track) -> Reading:
        at = frame.at
        if self._classifier is None:
            return Reading(track.track_id, at, None, "unclear")
        crop, reason = quality.assess_face(
            grey,
            track.face,
            self._margin,
            self._occlusion,
            image=frame.image,
            input_format=self._input,
            lap=self._lap,
        )
        if reason:
            return Reading(track.track_id, at, None, reason)
        try:
            probabilities = self._classifier.probabilities(crop[:, ::-1] if self._is_mirrored else crop)
        except ModelError as err:
            is_on = self.failure is not None and 0 <= at - self.failure.last_at <= FAILURE_GAP_S
            self.failure = ModelFailure(self.failure.since if self.failure and is_on else at, str(err), at)
            return Reading(track.track_id, at, None, "unclear")
        self.failure = None
        reading = Reading(track.track_id, at, tuple(probabilities.tolist()))
        self._lap("classify")
        return reading
