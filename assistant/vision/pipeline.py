"""One frame through all stages, in the order in which they stand here. The file to open first.

    frame → grey → faces → tracks → readings → changes → announcements → utterances
                                ├─→ names ───────────────────┘
                                        └──────────────→ snapshot → answers to the wearer's questions

Everything that touches hardware reaches the pipeline as an argument; `step` knows no clock, no thread and no queue.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.ipc.commands import Command
from assistant.phrases import Phrases
from assistant.records import CANNOT_TELL, Fate, Frame, Reading, Track, Utterance
from assistant.vision import utterances
from assistant.vision.decisions.announcement_log import Announcement, Answered
from assistant.vision.decisions.naming import SaidName
from assistant.vision.decisions.scene import Scene
from assistant.vision.decisions.stabilizer import Stabilizer, TrackEstimate
from assistant.vision.detectors import FaceDetector
from assistant.vision.detectors.rescan import Rescan
from assistant.vision.faces.face_limit import FaceLimit
from assistant.vision.faces.grey_plane import GreyPlane
from assistant.vision.faces.tracker import Tracker, expiry_s
from assistant.vision.lens_watch import LensWatch
from assistant.vision.names import Names, NameSource
from assistant.vision.pace import Pace
from assistant.vision.pipeline_status import PipelineStatus
from assistant.vision.queries.answers import AnswerResult, Answers
from assistant.vision.queries.snapshot import SceneSnapshot, SnapshotBuilder
from assistant.vision.readings import ExpressionModel, FaceReader, OcclusionModel, ReadingSource
from assistant.vision.stage_times import StageTimes
from assistant.vision.step import Step
from assistant.vision.still_scene import StillScene

MIN_FRAME_INTERVAL_S = 0.01
"""Seconds. A frame that was taken less than this after the last processed one is skipped: in clips of variable rate,
and where a driver delivers frames in bursts, it shows the same moment again. If each counted, moments that come
seven times would outvote the others, and an expression would be announced a second later or not at all."""
MAX_PENDING_UTTERANCES = 64
"""Most utterances whose fate is awaited. Where there are more the voice process has ended, and the oldest one counts as
spoken."""


class Pipeline:
    """The chain of stages, with the memory that they keep from frame to frame. `step` takes the frames, on one thread;
    `answer`, `reject_last` and `snapshot` may be used from any."""

    def __init__(
        self,
        detector: FaceDetector,
        classifier: ExpressionModel | None,
        settings: Settings,
        phrases: Phrases,
        *,
        occlusion: OcclusionModel | None = None,
        rescan: Rescan | None = None,
        readings: ReadingSource | None = None,
        names: NameSource | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Put the stages together.

        classifier: without it people are still found and announced. occlusion: without it no face counts as occluded.
        rescan: looks for people while nobody is in view. readings: a source of readings to use instead of classifier
        and occlusion classifier. names: tells who the people are. pace: without it no frame is skipped for what it
        shows, every frame is searched, and every face is read.
        """
        announcing, fov_deg = settings.announcements, settings.camera.fov_deg
        self._detector, self._phrases, self._occlusion = detector, phrases, occlusion
        self._max_faces = settings.detector.max_faces
        self._lens = LensWatch(phrases)
        self._face_limit = FaceLimit(self._max_faces)
        self._is_cue_sound, self._announcing = announcing.attention == "sound", announcing
        self._tracker = Tracker(expiry_s(settings.decisions.dwell_s))
        self._times, self._grey_plane = StageTimes(), GreyPlane()
        self._reader = FaceReader(classifier, occlusion, detector.crop_margin, self._times.lap)
        self._readings = readings or self._reader
        self._names = names
        self._stabilizer = Stabilizer(settings.decisions, self._readings.labels, self._readings.thresholds)
        self._scene = Scene(announcing, fov_deg)
        self.set_verbosity("")
        self._snapshots = SnapshotBuilder(rescan, occlusion, self._max_faces, fov_deg)
        self._answers = Answers(phrases, announcing.expressions, is_by_clock=announcing.verbosity == "full")
        self._snapshot: SceneSnapshot | None = None
        self._pending: dict[Utterance, Announcement] = {}
        self._at: float | None = None
        self._seen: tuple[tuple[Track, ...], tuple[Reading, ...]] = (), ()
        self._still = StillScene(pace, self._readings)
        self._decided: tuple[Frame, bool] | None = None

    def set_verbosity(self, verbosity: str) -> None:
        """Announce as much as the wearer has chosen (announcements.verbosity); empty: as configured."""
        wanted = dataclasses.replace(self._announcing, verbosity=verbosity or self._announcing.verbosity)
        self._announces_face_limit = wanted.verbosity not in ("quiet", "smiles", "brief")
        self._scene.set_verbosity(wanted)

    def set_least_interval(self, seconds: float) -> None:
        """See Pace.least_interval_s."""
        self._still.set_least_interval(seconds)

    def is_due(self, frame: Frame, *, is_wanted: bool = False) -> bool:
        """Whether `step` will process a new frame; else it skips it. Decided once. is_wanted: somebody waits for it."""
        if self._decided is None or self._decided[0] is not frame:
            self._times.begin()
            self._decided = frame, self._decide(frame, is_wanted=is_wanted)
        return self._decided[1]

    def will_search(self, frame: Frame) -> bool:
        """Whether a frame will be searched for faces."""
        return self.is_due(frame) and not self._still.has_current_faces(frame.at)

    def step(self, frame: Frame) -> Step:
        """Process one frame, or skip it where `is_due` says so; frames must come in the order of their time."""
        if not self.is_due(frame):
            return Step(*self._seen, is_skipped=True, stage_ms=self._times.ms)
        step = self._process(frame)
        has_faces = self._stabilizer.has_tracks and not self._lens.is_covered
        is_settled, is_searching = self._is_settled_after(step), self._snapshots.is_searching
        self._still.processed(frame.at, has_faces=has_faces, is_settled=is_settled, is_next_due=is_searching)
        self._decided = frame, False
        return step

    def _decide(self, frame: Frame, *, is_wanted: bool) -> bool:
        """Whether to process a frame. One that is skipped as a repeat makes the snapshot as new as itself."""
        if self._at is not None and 0 <= frame.at - self._at < MIN_FRAME_INTERVAL_S:
            return False
        if not self._still.has_pace:
            return True
        grey = self.grey(frame)
        self._times.lap("grey")
        is_due, is_repeat = self._still.is_due(grey, frame.at, is_wanted=is_wanted)
        if not is_due and is_repeat and self._snapshot is not None:
            self._snapshot = dataclasses.replace(self._snapshot, at=frame.at)
            self._lens.repeat(frame.at)
        self._times.lap("motion")
        return is_due

    def _is_settled_after(self, step: Step) -> bool:
        """Whether the same picture again would change nothing."""
        if self._lens.is_covered or not self._lens.is_settled:
            return self._lens.is_settled
        is_news = step.changes or step.announcements or step.deferred or step.withdrawn
        return not is_news and self._stabilizer.is_settled and self._scene.is_settled

    def _process(self, frame: Frame) -> Step:
        times, grey = self._times, self.grey(frame)
        times.skip()
        is_uncovered = self._lens.update(self._still.shrunk(grey), frame.at)
        status = self._lens.status(frame.at)
        times.lap("grey")
        elapsed_s, self._at = frame.at - (frame.at if self._at is None else self._at), frame.at
        if self._lens.is_covered:
            self._still.lens_covered()
            self._snapshot, self._seen = SceneSnapshot(frame.at, is_lens_covered=True), ((), ())
            return Step(status=status, stage_ms=times.ms)
        if self._lens.is_in_question:
            self._wait(frame, grey, elapsed_s)
            self._seen = (), ()
            return Step(status=status, stage_ms=times.ms)
        if is_uncovered:
            self._forget_tracks(frame.at)
        found, is_searched = self._still.find(lambda: self._detector.find(frame.image, grey), frame.at)
        if self._face_limit.update(len(found), frame.at) and self._announces_face_limit:
            status += (utterances.of_too_many_faces(self._phrases, len(found), frame.at),)
        times.lap("detect")
        tracks = self._tracker.update(found[: self._max_faces], frame.at)
        times.lap("track")
        names = Names()
        if self._names is not None:
            names = self._names.update(grey, tracks, frame.at)
            times.lap("names")
        readings, new_readings = self._still.read(frame, grey, tracks, self._stabilizer.settled())
        self._seen = tracks, readings
        if self._readings is not self._reader:  # which has laps of its own
            times.lap("read")
        changes = self._still.decide(self._stabilizer.update, frame.at, readings)
        faded = self._stabilizer.faded(frame.at)
        self._scene.naming.update(*names, frame.at)
        announcements, deferred, withdrawn, cues = self._scene.update(changes, tracks, grey.shape, frame.at, faded)
        spoken = tuple(self._utterance(announcement, frame.at) for announcement in announcements)
        is_sound = self._is_cue_sound
        spoken += tuple(utterances.of_cue(self._phrases, each, frame.at, is_sound=is_sound) for each in cues)
        unspoken = tuple((each, utterances.of_announcement(self._phrases, each, frame.at)) for each in deferred)
        times.lap("decide")
        partner = self._scene.partner.track_id
        known = self._scene.naming.known
        self._snapshot = self._snapshots.build(
            frame, grey, tracks, self._estimate, partner, found=len(found), known=known
        )
        times.lap("snapshot")
        topics = tuple(map(utterances.topic_of, withdrawn))
        made = (*announcements, *cues)
        parts = (tracks, readings, changes, made, spoken, unspoken, topics, status, times.ms)
        return Step(*parts, is_searched=is_searched, new_readings=new_readings)

    def grey(self, frame: Frame) -> NDArray[np.uint8]:
        """The grey picture uint8 [H, W] of a frame, made once; it holds until that of another frame is made."""
        return self._grey_plane.of(frame)

    @property
    def snapshot(self) -> SceneSnapshot | None:
        """What the last frame showed; None before the first one."""
        return self._snapshot

    @property
    def status(self) -> PipelineStatus:
        """The state of the pipeline at this moment."""
        occlusion = self._occlusion
        return PipelineStatus(
            is_lens_covered=self._lens.is_covered,
            has_classifier=self._reader.has_classifier,
            model_failure=self._reader.failure,
            has_occlusion_classifier=occlusion is not None,
            occlusion_error=occlusion.error if occlusion is not None else "",
            partner=self._scene.partner.track_id,
            people_count=self._tracker.steady_count,
            has_names=self._names is not None,
            names_error=self._names.error if self._names is not None else "",
        )

    def drop_classifier(self) -> None:
        """Go on without the expression classifier: people are still found and announced, every face is unclear."""
        self._reader.drop_classifier()

    def answer(self, question: Command, now: float) -> AnswerResult:
        """The answer to one of QUESTIONS, asked at `now` (seconds of the frames' clock)."""
        last = self._scene.last(now)
        self._still.wake(now)
        result = self._answers.answer(question, self._snapshot, now, last.track_id if last else None)
        if question is not Command.AIM:
            self._note_answer(question, result, now)
        return result

    def reject_last(self, now: float) -> Utterance:
        """The wearer calls the expression that was named last wrong: it is not named for that track for a while. A name
        that was said after it is called wrong in its place."""
        if (said := self._scene.reject_name(now)) is not None:
            return self._reject(said)
        return self._answers.status("rejected" if self._scene.reject_last(now) else "nothing_to_reject")

    def reject_name(self, now: float) -> Utterance:
        """The wearer calls the name that was said last wrong, whatever was said since: it is not said of that person
        again, and that friend is named only with a better likeness from now on."""
        said = self._scene.naming.reject_last(now)
        return self._answers.status("nothing_to_reject") if said is None else self._reject(said)

    def _reject(self, said: SaidName) -> Utterance:
        if self._names is not None:
            self._names.reject(said.track_id, said.name.friend_id)
        return self._answers.not_named(said.name)

    def ended(self, utterance: Utterance, fate: Fate) -> None:
        """Take in the fate of an utterance: an announcement that was not heard does not count as made."""
        announcement = self._pending.pop(utterance, None)
        if announcement is not None:
            self._scene.ended(announcement, is_heard=fate in (Fate.SPOKEN, Fate.INTERRUPTED))

    def _note_answer(self, question: Command, result: AnswerResult, now: float) -> None:
        """Tell the scene what an answer said, so that it is not announced again right after it."""
        person, snapshot = result.person, self._snapshot
        if person is None:
            if question in (Command.ASK, Command.MORE) and result.says_nobody:
                self._scene.answered(Answered(now))
            return
        counted = snapshot.people if snapshot is not None and question is not Command.WHY else ()
        people = tuple(each.track_id for each in counted) or (person.track_id,)
        expression = "" if result.reason else person.expression
        is_state = bool(expression) and person.state == expression
        self._scene.answered(Answered(now, people, person.track_id, expression, is_state, result.names))

    def _wait(self, frame: Frame, grey: NDArray[np.uint8], elapsed_s: float) -> None:
        """While it is undecided whether the lens is covered, no track and no state grows older."""
        for stage in (self._tracker, self._stabilizer, self._scene):
            stage.wait(elapsed_s)
        self._snapshot = self._snapshots.build(frame, grey, (), self._estimate, None, found=0)

    def _forget_tracks(self, at: float) -> None:
        """After a pause every face in view begins a new track."""
        self._tracker.forget()
        self._stabilizer.forget()
        self._scene.forget(at)

    def _estimate(self, track_id: int) -> TrackEstimate:
        """The estimate of a track, without an expression that the wearer called wrong."""
        estimate = self._stabilizer.estimate(track_id)
        if self._scene.is_rejected(track_id, estimate.expression):
            return TrackEstimate(CANNOT_TELL, "", 0.0, "rejected", estimate.since)
        return estimate

    def _utterance(self, announcement: Announcement, at: float) -> Utterance:
        utterance = utterances.of_announcement(self._phrases, announcement, at)
        self._pending[utterance] = announcement
        if len(self._pending) > MAX_PENDING_UTTERANCES:
            self.ended(next(iter(self._pending)), Fate.SPOKEN)
        return utterance
