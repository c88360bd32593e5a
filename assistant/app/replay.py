"""A clip or a folder of pictures through the whole assistant, at full speed, in the clip's own time.

Pipeline and queue are the real ones; only the mouth is a model: an utterance lasts as long as its words at the set
rate. The same input and settings give the same lines.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.config.settings import Settings
from assistant.errors import CameraError, ModelError
from assistant.ipc.commands import Command
from assistant.records import Box, Change, Fate, Frame, PersonView, Utterance
from assistant.vision.cameras import Camera
from assistant.vision.decisions.announcement_log import Announcement
from assistant.vision.pipeline import Pipeline, Step
from assistant.voice.speech.speech_queue import SpeechQueue

PAUSE_S = 0.2
"""Added to an utterance's words: the time from queue to first sound and the breath after it."""


@dataclass
class Line:
    """What became of one announcement; started_at: seconds of the clip at which its words began, None if they never
    did. box: where the person's face was last seen when the change was noticed."""

    announcement: Announcement
    utterance: Utterance
    box: Box | None = None
    fate: Fate | None = None
    started_at: float | None = None

    @property
    def change(self) -> Change:
        return self.announcement.change

    def record(self) -> dict[str, Any]:
        """The line as `replay --json` prints it; `at` is when the change was noticed, seconds of the clip."""
        return {
            "at": round(self.change.at, 3),
            "track_id": self.change.track_id,
            "from": self.change.old,
            "to": self.change.new,
            "text": self.utterance.text,
            "fate": str(self.fate),
        }


@dataclass
class Reply:
    """What became of an answer to a question that was asked at `at` seconds of the clip. seen: the person whom it is
    about, None where nobody is in view; reason: why an expression cannot be told, empty where it can."""

    at: float
    command: Command
    utterance: Utterance
    seen: PersonView | None = None
    reason: str = ""
    fate: Fate | None = None
    started_at: float | None = None


@dataclass(frozen=True)
class Summary:
    """frames looked at, seconds from the first to the last, and people who were in view for at least a second."""

    frames: int
    seconds: float
    people: int


class Mouth:
    """Speaks in clip time: says nothing, takes as long as the words would."""

    def __init__(self, rate_wpm: int, on_fate: Callable[[Utterance, Fate, float], None]) -> None:
        self._rate_wpm = rate_wpm
        self.queue = SpeechQueue(on_fate)
        self._ends_at = 0.0
        self.on_start: Callable[[Utterance, float], None] = lambda utterance, at: None

    def duration_s(self, text: str) -> float:
        """Seconds that a text takes to say."""
        return len(text.split()) * 60 / self._rate_wpm + PAUSE_S

    def say(self, utterance: Utterance, at: float) -> None:
        """Queue something at `at` seconds of the clip."""
        if self.queue.put(utterance, at):
            self.queue.finish(Fate.INTERRUPTED, at)
        if self.queue.speaking is None:
            self._begin(at)

    def advance(self, at: float) -> None:
        """Let time pass up to `at`: what has been said ends, what waits begins."""
        while self.queue.speaking is not None and self._ends_at <= at:
            self.queue.finish(Fate.SPOKEN, self._ends_at)
            self._begin(self._ends_at)

    def _begin(self, at: float) -> None:
        utterance = self.queue.take(at)
        if utterance is not None:
            self._ends_at = at + self.duration_s(utterance.text)
            self.on_start(utterance, at)


def replay(
    camera: Camera,
    pipeline: Pipeline,
    settings: Settings,
    asks: Sequence[tuple[float, Command]] = (),
    on_step: Callable[[Frame, Step], None] = lambda frame, step: None,
) -> Iterator[Line | Reply | Summary]:
    """The lines of a clip and the replies to `asks` (seconds of the clip and one of QUESTIONS, in order), in the
    order in which they came up, then the summary. on_step: called with each frame and what came of it.

    Raises CameraError where the clip cannot be read on, ModelError where the model fails.
    """
    open_lines: deque[Line | Reply] = deque()
    by_utterance: dict[int, Line | Reply] = {}
    questions = deque(asks)

    def settle(utterance: Utterance, fate: Fate, _at: float) -> None:
        pipeline.ended(utterance, fate)
        if id(utterance) in by_utterance:
            by_utterance.pop(id(utterance)).fate = fate

    def begin(utterance: Utterance, at: float) -> None:
        if id(utterance) in by_utterance:
            by_utterance[id(utterance)].started_at = at

    def add(line: Line | Reply, at: float) -> None:
        by_utterance[id(line.utterance)] = line
        open_lines.append(line)
        mouth.say(line.utterance, at)

    mouth = Mouth(settings.voice.rate_wpm, settle)
    mouth.on_start = begin
    boxes: dict[int, Box] = {}
    frames, first, last = 0, 0.0, 0.0
    try:
        while (frame := camera.read()) is not None:
            first, last, frames = (frame.at if not frames else first), frame.at, frames + 1
            mouth.advance(frame.at)
            step = pipeline.step(frame)
            if (failure := pipeline.status.model_failure) is not None:
                raise ModelError(failure.error)
            on_step(frame, step)
            boxes.update((track.track_id, track.face.box) for track in step.tracks)
            for topic in step.withdrawn:
                mouth.queue.withdraw(topic, frame.at)
            for announcement, utterance in zip(step.announcements, step.utterances, strict=True):
                add(Line(announcement, utterance, boxes.get(announcement.change.track_id)), frame.at)
            for utterance in step.status:
                mouth.say(utterance, frame.at)
            while questions and questions[0][0] <= frame.at:
                at, command = questions.popleft()
                answered = pipeline.answer(command, frame.at)
                add(Reply(at, command, answered.utterance, answered.person, answered.reason), frame.at)
            while open_lines and open_lines[0].fate is not None:
                yield open_lines.popleft()
    except (CameraError, ModelError):  # what was noticed before is still told
        mouth.advance(math.inf)
        yield from open_lines
        raise
    mouth.advance(math.inf)
    yield from open_lines
    yield Summary(frames, round(last - first, 3), pipeline.status.people_count)
