"""What a frame brought: the record that a step of the pipeline makes."""

from dataclasses import field
from typing import NamedTuple

from assistant.dataclass import dataclass
from assistant.records import Change, Reading, Track, Utterance
from assistant.vision.decisions.announcement_log import Announcement


class Work(NamedTuple):
    """What was done with a frame."""

    is_processed: bool = True
    """It went through the stages of the pipeline; else it was skipped."""
    is_searched: bool = True
    """Faces were searched for."""
    is_read: bool = True
    """A face was read: its expression, or why that cannot be told."""


EVERYTHING = Work()


@dataclass(frozen=True)
class Step:
    """The results of one frame."""

    tracks: tuple[Track, ...] = ()
    """The tracked faces that are processed (`detector.max_faces`), the nearest first."""
    readings: tuple[Reading, ...] = ()
    """One for each track."""
    changes: tuple[Change, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    utterances: tuple[Utterance, ...] = ()
    """One for each announcement."""
    deferred: tuple[tuple[Announcement, Utterance], ...] = ()
    """Announcements that the minute does not allow, and the utterance of each; they are tried again."""
    withdrawn: tuple[str, ...] = ()
    """Topics whose waiting utterances are no longer true."""
    status: tuple[Utterance, ...] = ()
    """Utterances about the assistant itself."""
    stage_ms: dict[str, float] = field(default_factory=dict)
    """Milliseconds that each stage took: grey, motion (the comparison with the last frame), detect, track, names (where
    friends are named), for each face crop, quality and classify, decide, snapshot. Others add their own: capture,
    health, queue."""
    is_skipped: bool = False
    """Whether the frame was skipped, because it came too soon or shows what the one before did: `tracks` and `readings`
    are those of the frame before."""
    is_searched: bool = False
    """Whether faces were searched for in this frame."""
    new_readings: int = 0
    """How many of the readings were made of this frame; the others are of faces that have not changed."""

    @property
    def work(self) -> Work:
        """What was done with the frame."""
        return Work(not self.is_skipped, self.is_searched, self.new_readings > 0)
