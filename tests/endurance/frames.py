"""Frames through the vision loop, one after the other: ten a simulated second with scripted faces; two with the real
models, as few as the settings allow, so that there are hours enough to see whether memory grows.

The camera delivers a frame when the last one has been taken, and all clocks follow it. The scripted run is a day of
ten-minute scenes: people come, change and go, a hand covers the lens, the picture is garbage for a while, the detector
fails, now and then the model does. Utterances go to the real queue and a simulated speaker that takes its time.
"""

import itertools
import threading
from collections import Counter
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import CameraSettings, Settings
from assistant.errors import ModelError
from assistant.ipc.commands import Command
from assistant.records import Fate, Frame, Priority, Utterance, UtteranceKind
from assistant.vision import factory
from assistant.vision.cameras.capture import Capture
from assistant.vision.loop import VisionLoop
from assistant.vision.pipeline import Pipeline
from assistant.voice.speech.speech_queue import SpeechQueue
from tests.endurance.resource_usage import Outcome, UsageMonitor
from tests.support.drawn_faces import picture as drawn_face
from tests.support.standins import LABELS, ScriptedClassifier, ScriptedDetector, face, picture

FPS, REAL_FPS = 10.0, 2.0
SCENE_S = 600.0
SIZE = (160, 120)
MODEL_FAILS_EVERY = 6
"""Scenes."""
SPEAKS_S = 1.6
"""Duration of an utterance."""
COUNTED = ("lens_covered", "lens_uncovered")
"""Statuses that are counted beside the faults; counts of all utterances would grow themselves."""
ANSWERS_EVERY = 1000
"""Frames."""


class SteppedCapture(Capture):
    """The real capture, whose camera waits until its last frame was taken. on_frame: called before each."""

    def __init__(
        self,
        shots: Callable[[int], NDArray[np.uint8]],
        count: int,
        on_frame: Callable[[int], None],
        fps: float = FPS,
    ) -> None:
        self.turn, self.frame, self.on_frame, self.fps = threading.Semaphore(0), -1, on_frame, fps
        super().__init__(lambda: _Camera(self, shots, count), clock=self.now, repeat=False)

    def now(self) -> float:
        """Seconds of simulated time."""
        return self.frame / self.fps

    def take(self, timeout_s: float) -> Frame | None:
        self.on_frame(self.frame + 1)
        self.turn.release()
        return super().take(60.0)


class DirectCapture(SteppedCapture):
    """The same without the capture thread, which would take longer than the loop."""

    def __init__(self, shots: Callable[[int], NDArray[np.uint8]], count: int, on_frame: Callable[[int], None]) -> None:
        super().__init__(shots, count, on_frame)
        self._shots, self._count = shots, count

    def take(self, timeout_s: float) -> Frame | None:
        self.on_frame(self.frame + 1)
        self.has_ended = self.frame + 1 >= self._count
        if self.has_ended:
            return None
        self.frame += 1
        return Frame(self._shots(self.frame), self.now(), self.frame)


class _Camera:
    is_live = True

    def __init__(self, capture: SteppedCapture, shots: Callable[[int], NDArray[np.uint8]], count: int) -> None:
        self._capture, self._shots, self._count = capture, shots, count

    def read(self) -> Frame | None:
        self._capture.turn.acquire()
        if self._capture.frame + 1 >= self._count:
            return None
        self._capture.frame += 1
        return Frame(self._shots(self._capture.frame), self._capture.now(), self._capture.frame)

    def close(self) -> None:
        pass


class SimulatedSpeaker:
    """The real queue with a voice that takes SPEAKS_S for each utterance; reports each fate to the loop."""

    def __init__(self) -> None:
        self.loop: VisionLoop | None = None
        self.put_count, self.fates = 0, Counter[Fate]()
        self.announced = Counter[tuple[str, bool]]()
        self.lost: list[str] = []
        self._spoken_faults: dict[str, bool] = {}
        self._now, self._ends = 0.0, 0.0
        self._queue = SpeechQueue(self._ended)

    def put(self, utterance: Utterance) -> None:
        """Queue an utterance."""
        self.put_count += 1
        if utterance.kind is UtteranceKind.FAULT or utterance.log_note in COUNTED:
            name = utterance.log_note if utterance.log_note in COUNTED else utterance.topic
            self.announced[name, utterance.is_over] += 1
        if self._queue.put(utterance, self._now):
            self._queue.finish(Fate.INTERRUPTED, self._now)

    def withdraw(self, topic: str) -> None:
        """Drop the waiting utterances of the topic."""
        self._queue.withdraw(topic, self._now)

    def at(self, now: float) -> None:
        """Advance to `now` (seconds): finish and take utterances that are due."""
        self._now = now
        if self._queue.speaking is not None and now >= self._ends:
            self._queue.finish(Fate.SPOKEN, now)
        if self._queue.take(now) is not None:
            self._ends = now + SPEAKS_S

    def close(self) -> None:
        """Speak what waits, and note what was lost."""
        while len(self._queue) or self._queue.speaking is not None:
            self.at(self._now + SPEAKS_S)
        self.lost += [f"{topic}: its end was not spoken" for topic, is_lost in self._spoken_faults.items() if is_lost]
        if self.put_count != self.fates.total():
            self.lost.append(f"{self.put_count} utterances, {self.fates.total()} fates")

    def _ended(self, utterance: Utterance, fate: Fate, now: float) -> None:
        self.fates[fate] += 1
        assert self.loop is not None
        self.loop.ended(utterance, fate)
        if utterance.topic.startswith("fault ") and fate in (Fate.SPOKEN, Fate.INTERRUPTED):
            self._spoken_faults[utterance.topic] = not utterance.is_over
        if utterance.priority is Priority.FAULT and fate in (Fate.EXPIRED, Fate.FAILED, Fate.INTERRUPTED):
            self.lost.append(f"{utterance.topic} {fate} at {now:.1f} s")


class _Script:
    """The script: the picture of each frame, the faces in it, and what fails."""

    def __init__(self) -> None:
        self._pictures = [[np.roll(picture(label, SIZE), shift, 1) for shift in (0, 10, 20)] for label in LABELS]
        random = np.random.default_rng(5)
        self._noise = [random.integers(0, 256, SIZE[::-1]).astype(np.uint8) for _ in range(3)]
        self._hand = np.full(SIZE[::-1], 9, np.uint8)
        self._near, self._other = face(50, 30, 50), face(100, 35, 40)

    def shot(self, frame: int) -> NDArray[np.uint8]:
        """The picture of a frame."""
        at, variant = frame / FPS % SCENE_S, frame % 3
        if 300 <= at < 310:
            return self._hand
        if 330 <= at < 340:
            return self._noise[variant]
        return self._pictures[int(at // 25) % len(LABELS)][variant]

    def faces(self, frame: int) -> list:
        """The faces in it. Raises while the detector is to fail."""
        at = frame / FPS % SCENE_S
        if 360 <= at < 363:
            raise RuntimeError("the detector fails")
        if at < 60 or 300 <= at < 350 or at >= 560:
            return []
        return [self._near, self._other] if 200 <= at < 260 else [self._near]

    def is_model_failing(self, frame: int) -> bool:
        """For eight seconds of every sixth scene."""
        scene, at = divmod(frame / FPS, SCENE_S)
        return scene % MODEL_FAILS_EVERY == 1 and 400 <= at < 408


def scripted(count: int) -> Outcome:
    """Run `count` frames with scripted faces."""
    script, usage, speaker, stop = (
        _Script(),
        UsageMonitor("frames, scripted", count),
        SimulatedSpeaker(),
        threading.Event(),
    )
    settings, phrases = Settings(), factory.load_phrases(Settings())

    class FailingClassifier(ScriptedClassifier):
        """Fails where the script has it."""

        def probabilities(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
            if script.is_model_failing(capture.frame):
                raise ModelError("no probabilities")
            return super().probabilities(crop)

    def line() -> Pipeline:
        return Pipeline(ScriptedDetector(lambda _: script.faces(capture.frame)), FailingClassifier(), settings, phrases)

    def on_frame(frame: int) -> None:
        now = frame / FPS
        speaker.at(now)
        usage.sample(frame, now / 3600)
        if frame % ANSWERS_EVERY == 0 and not loop.answer(Command.ASK).text:
            speaker.lost.append(f"no answer at {now:.0f} s")

    capture = DirectCapture(script.shot, count, on_frame)
    loop = VisionLoop(
        capture, line(), phrases, speaker.put, stop, speaker.withdraw, clock=capture.now,
        next_pipeline=lambda detail: (line(), {"model_fallback": detail}),
    )  # fmt: skip
    speaker.loop = loop
    loop.run()
    speaker.close()
    scenes = (count / FPS - 363) // SCENE_S + 1
    for name in ("fault blank", "fault step"):
        for is_over in (False, True):
            if speaker.announced[name, is_over] < scenes:
                speaker.lost.append(f"{name}: {speaker.announced[name, is_over]} of {scenes:.0f}, end: {is_over}")
    for status in COUNTED:
        if (times := speaker.announced[status, status == "lens_uncovered"]) < scenes:
            speaker.lost.append(f"{status}: {times} of {scenes:.0f}")
    failed = round(scenes * 3 * FPS)
    if not count - 1 - failed <= loop.steps <= count:
        speaker.lost.append(f"{loop.steps} steps of {count} frames")
    lost = [each for each in speaker.lost if each != "fault model_fallback: its end was not spoken"]  # it stays active
    note = f"{speaker.put_count} utterances, {speaker.announced['fault model_fallback', False]} times a second model"
    return usage.outcome(count / FPS / 3600, lost, note)


def real(count: int) -> Outcome:
    """Run `count` frames of drawn faces that move in front of noise through the real detectors and models."""
    usage, speaker, stop = UsageMonitor("frames, real", count), SimulatedSpeaker(), threading.Event()
    settings = Settings(camera=CameraSettings(fps=REAL_FPS))
    line, phrases = factory.make_pipeline(settings), factory.load_phrases(settings)
    faces = [cv2.resize(drawn_face(label, 1), (150, 150)) for label in range(7)]
    rooms = [np.roll(picture(), shift, 1) for shift in (0, 3, 6, 9)]
    seen = itertools.count()
    found = 0

    def shot(frame: int) -> NDArray[np.uint8]:
        image = rooms[frame % 4].copy()
        if frame / REAL_FPS % 60 < 50:
            x, y = 240 + int(150 * np.sin(frame / 18)), 160 + int(60 * np.cos(frame / 14))
            image[y : y + 150, x : x + 150] = faces[frame // 30 % 7]
        return image

    def on_frame(frame: int) -> None:
        speaker.at(frame / REAL_FPS)
        usage.sample(frame, frame / REAL_FPS / 3600)
        if frame % 20 == 0 and not loop.answer(Command.ASK).text:
            speaker.lost.append(f"no answer at {frame / REAL_FPS:.0f} s")

    def note(step) -> None:
        nonlocal found
        next(seen)
        found += bool(step is not None and step.tracks)

    capture = SteppedCapture(shot, count, on_frame, REAL_FPS)
    loop = VisionLoop(capture, line, phrases, speaker.put, stop, speaker.withdraw, on_step=note, clock=capture.now)
    speaker.loop = loop
    capture.start()
    loop.run()
    capture.close()
    speaker.close()
    if loop.steps != count:
        speaker.lost.append(f"{loop.steps} steps of {count} frames")
    if not found:
        speaker.lost.append("nobody was ever found")
    return usage.outcome(
        count / REAL_FPS / 3600, speaker.lost, f"people in {found} of them, {speaker.put_count} utterances"
    )
