"""A clip or a folder of pictures through the whole assistant, at full speed, in the clip's own time.

Pipeline and speech queue are the real ones; only the speaker is simulated: an utterance lasts as long as its words take
at the set rate. The same input and settings give the same lines.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from assistant.app import fates
from assistant.app.fates import FateReasons, counted, transcript_line
from assistant.app.simulated_speaker import SimulatedSpeaker, Sound
from assistant.config.settings import Settings
from assistant.dataclass import dataclass
from assistant.errors import CameraError, ModelError
from assistant.ipc.commands import Command
from assistant.people import PersonView
from assistant.records import Box, Change, Fate, Frame, Utterance
from assistant.vision.cameras import Camera
from assistant.vision.decisions.announcement_log import Announcement
from assistant.vision.pipeline import Pipeline
from assistant.vision.step import Step

SAME_ATTEMPT_S = 20.0
"""Seconds of the clip. The same words about the same person within this time of an announcement that was not said are a
further attempt at it; later ones are a new announcement."""


@dataclass
class AnnouncementOutcome:
    """One announcement of a replay, its utterance and how that ended."""

    announcement: Announcement
    utterance: Utterance
    box: Box | None = None
    """The person's face where it was last found before the change was noticed; None if it never was."""
    fate: Fate | None = None
    """None while it is not decided; `replay` yields only decided ones."""
    started_at: float | None = None
    """Seconds of the clip at which its words began; None if they never did."""
    made_at: float = 0.0
    """Seconds of the clip at which it was put into the queue; later than the change where it was tried before."""
    reason: str = ""
    """Why it was not said to its end, in plain words; empty where it was."""

    @property
    def change(self) -> Change:
        """The change of state that is announced; its `at` is when it was noticed, seconds of the clip."""
        return self.announcement.change

    def as_json(self) -> dict[str, Any]:
        """The line of `replay --json`. `at`: when the change was noticed, `spoken_at_s`: when the words began, None if
        they never did; seconds of the clip. `is_sound`: a sound stood for the text."""
        return {
            "at": round(self.change.at, 3),
            "spoken_at_s": None if self.started_at is None else round(self.started_at, 3),
            "track_id": self.change.track_id,
            "from": self.change.old,
            "to": self.change.new,
            "text": self.utterance.text,
            "is_sound": self.announcement.is_cue,
            "fate": str(self.fate),
            "reason": self.reason,
        }

    def __str__(self) -> str:
        at = self.change.at if self.started_at is None else self.started_at
        return transcript_line(at, self.utterance, self.reason)


@dataclass
class AnswerOutcome:
    """One answer of a replay to a question of the wearer, and how its utterance ended."""

    at: float
    """When the question was asked, seconds of the clip."""
    command: Command
    """The question: one of QUESTIONS."""
    utterance: Utterance
    person: PersonView | None = None
    """The person whom the answer is about; None where nobody is in view."""
    reason: str = ""
    """Why the expression cannot be told: a key of [reasons]; empty where it can."""
    fate: Fate | None = None
    """None while it is not decided; `replay` yields only decided ones."""
    started_at: float | None = None
    """Seconds of the clip at which its words began; None if they never did."""


@dataclass(frozen=True)
class ReplaySummary:
    """The last item of a replay."""

    frames: int
    """How many frames were processed."""
    seconds: float
    """From the first frame to the last."""
    people: int
    """How many people were in view for at least a second."""

    def __str__(self) -> str:
        frames, people = counted(self.frames, "frame", "frames"), counted(self.people, "person", "people")
        return f"{frames}, {self.seconds:.1f} s, {people}"


Outcome = AnnouncementOutcome | AnswerOutcome | ReplaySummary


def replay(
    camera: Camera,
    pipeline: Pipeline,
    settings: Settings,
    questions: Sequence[tuple[float, Command]] = (),
    on_step: Callable[[Frame, Step], None] = lambda frame, step: None,
    *,
    sound: Sound | None = None,
) -> Iterator[Outcome]:
    """Play a recording through the pipeline. Yields the outcome of each announcement and of each answer, in the
    order in which they were made, then the summary. An announcement that was made again because it was not said is
    one outcome.

    questions: what the wearer asks: seconds of the clip and one of QUESTIONS, in the order of their time. on_step:
    called with each frame and the step made of it. sound: makes what is said heard, and tells how long it takes.

    Raises CameraError where the clip cannot be read on, ModelError where the model fails.
    """
    return one_line_each(attempts(camera, pipeline, settings, questions, on_step, sound=sound))


def attempts(
    camera: Camera,
    pipeline: Pipeline,
    settings: Settings,
    questions: Sequence[tuple[float, Command]] = (),
    on_step: Callable[[Frame, Step], None] = lambda frame, step: None,
    *,
    sound: Sound | None = None,
) -> Iterator[Outcome]:
    """Like `replay`, but each attempt at an announcement is an outcome of its own."""
    undecided: deque[AnnouncementOutcome | AnswerOutcome] = deque()
    by_utterance: dict[int, AnnouncementOutcome | AnswerOutcome] = {}
    waiting, reasons = deque(questions), FateReasons()

    def settle(utterance: Utterance, fate: Fate, at: float) -> None:
        pipeline.ended(utterance, fate)
        item = by_utterance.pop(id(utterance), None)
        if item is not None:
            item.fate = fate
        if isinstance(item, AnnouncementOutcome):
            item.reason = reasons.why(utterance, fate, at)

    def begin(utterance: Utterance, at: float) -> None:
        reasons.started(utterance, at)
        if id(utterance) in by_utterance:
            by_utterance[id(utterance)].started_at = at

    def add(item: AnnouncementOutcome | AnswerOutcome, at: float) -> None:
        by_utterance[id(item.utterance)] = item
        undecided.append(item)
        speaker.say(item.utterance, at)

    speaker = SimulatedSpeaker(settings.voice.rate_wpm, settle, sound)
    speaker.on_start = begin
    boxes: dict[int, Box] = {}
    frames, first, last = 0, 0.0, 0.0
    try:
        while (frame := camera.read()) is not None:
            first, last, frames = (frame.at if not frames else first), frame.at, frames + 1
            speaker.advance(frame.at)
            step = pipeline.step(frame)
            if (failure := pipeline.status.model_failure) is not None:
                raise ModelError(failure.error)
            on_step(frame, step)
            boxes.update((track.track_id, track.face.box) for track in step.tracks)
            for topic in step.withdrawn:
                speaker.queue.withdraw(topic, frame.at)
            for announcement, utterance in zip(step.announcements, step.utterances, strict=True):
                box = boxes.get(announcement.change.track_id)
                add(AnnouncementOutcome(announcement, utterance, box, made_at=frame.at), frame.at)
            undecided.extend(_deferred(step, boxes, frame.at))
            for utterance in step.status:
                speaker.say(utterance, frame.at)
            while waiting and waiting[0][0] <= frame.at:
                at, command = waiting.popleft()
                answered = pipeline.answer(command, frame.at)
                add(AnswerOutcome(at, command, answered.utterance, answered.person, answered.reason), frame.at)
            while undecided and undecided[0].fate is not None:
                yield undecided.popleft()
    except (CameraError, ModelError):  # announcements made before the failure are still yielded
        speaker.advance(math.inf)
        yield from undecided
        raise
    speaker.advance(math.inf)
    yield from undecided
    yield ReplaySummary(frames, round(last - first, 3), pipeline.status.people_count)


def _deferred(step: Step, boxes: Mapping[int, Box], at: float) -> list[AnnouncementOutcome]:
    """The outcomes of the announcements of a step that the minute did not allow."""
    return [
        AnnouncementOutcome(
            announcement, utterance, boxes.get(announcement.change.track_id), Fate.DROPPED, None, at, fates.TOO_MANY
        )
        for announcement, utterance in step.deferred
    ]


def one_line_each(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """The outcomes, with all attempts at one announcement merged into one: the change of the first attempt, the fate of
    the last one.

    An announcement that was not said, and the outcomes that follow it, are held back until it is clear that no further
    attempt comes.
    """
    held: list[Outcome] = []
    open_ids: set[int] = set()  # of those in `held` that may be tried again
    try:
        for outcome in outcomes:
            held.append(_merge(held, open_ids, outcome) if isinstance(outcome, AnnouncementOutcome) else outcome)
            if isinstance(outcome, ReplaySummary):
                open_ids.clear()
            while held and id(held[0]) not in open_ids:
                yield held.pop(0)
    except Exception:  # the outcomes from before the error
        yield from held
        raise
    yield from held


def _merge(held: list[Outcome], open_ids: set[int], outcome: AnnouncementOutcome) -> AnnouncementOutcome:
    """The outcome, with the first attempt's change if there was an earlier attempt, which is removed."""
    for before in [each for each in held if id(each) in open_ids]:
        assert isinstance(before, AnnouncementOutcome)
        is_of_same = before.utterance.topic == outcome.utterance.topic
        is_late = outcome.made_at - before.made_at > SAME_ATTEMPT_S
        if not is_of_same and not is_late:
            continue
        open_ids.discard(id(before))
        if is_of_same and not is_late and before.utterance.text == outcome.utterance.text:
            held[:] = [each for each in held if each is not before]
            outcome = replace(outcome, announcement=before.announcement)
    if outcome.started_at is None:
        open_ids.add(id(outcome))
    return outcome
