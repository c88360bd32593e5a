"""What the page answers: each function takes what the visitor chose and gives HTML. A mistake is told, never raised."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.errors import AssistantError, VoiceError
from assistant.system.progress import duration
from assistant.vision.cameras import Camera
from assistant.vision.cameras.demo import photograph
from assistant.vision.cameras.picture_file import read_picture
from convert.playground import clip, markup, picture, picture_view, speech, timeline_view
from convert.playground.choices import Choice
from convert.playground.clip import ClipProgress, ClipResult
from convert.playground.jobs import Job, Jobs, updates
from convert.playground.live import LiveSession
from convert.playground.picture import PictureResult
from convert.scenarios.script import ground_truth
from convert.scenarios.script.ground_truth import GroundTruth

PHOTOGRAPHS = {"astronaut": "Eileen Collins (NASA)", "hopper": "Grace Hopper (US Navy)"}
"""The demo's photographs, and their names on the page."""
PHOTOGRAPH, DEMO = "photograph:", "demo:"
"""Before the name of a demo photograph, and for the demo's walk over both, where else the path of a file stands."""
REFRESH_S = 0.4
"""Seconds between two reports of how far a clip is."""


class Responses:
    """The answers of one playground."""

    def __init__(self, uploads: Path, yunet: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """uploads: the private folder. yunet: the file of the detector YuNet."""
        self.jobs = Jobs()
        self._uploads, self._yunet, self._clock = uploads, yunet, clock

    def picture(self, source: str, choice: Choice, second: str = "") -> str:
        """What one or two models make of a picture. source: a path, or PHOTOGRAPH and its name; empty: none is chosen.
        second: another model, as in Choice; empty: none."""
        if not source:
            return ""
        try:
            image = _image(source)
        except AssistantError as err:
            return markup.problem(_without_folder(err, source))
        models = dict.fromkeys(filter(None, (choice.model, second)))
        results = {_title(model): self._look(image, choice, model) for model in models}
        voices = [each.voice for each in results.values() if isinstance(each, PictureResult)]
        return (voice_problem(voices[0]) if voices else "") + picture_view.as_html(results)

    def clip(self, visitor: str, source: str, truth: str, choice: Choice) -> Iterator[str]:
        """What is said of a clip: how far the work is, again and again, and the result at last.

        source: a path, or DEMO; empty: none is chosen. truth: the path of a truth.json; empty: one beside the clip
        counts.
        """
        if not source:
            yield markup.problem("Choose a clip first.")
            return
        try:
            stated = _truth(source, truth)
            camera, seconds = self._open(source, choice)
        except AssistantError as err:
            yield markup.problem(_without_folder(err, source, truth))
            return

        def work(stop: threading.Event, note: Callable[[ClipProgress], None]) -> ClipResult:
            return clip.watch(camera, seconds, choice.settings(self._yunet), stop, on_progress=note, truth=stated)

        job = self.jobs.begin(visitor, Job(work, ClipProgress(0.0, seconds)))
        began = self._clock()
        for at in updates(job, REFRESH_S):
            yield _progress(at, self._clock() - began)
        try:
            result = job.outcome()
            yield voice_problem(result.voice) + timeline_view.as_html(result)
        except clip.StoppedError:
            yield markup.note(f"Stopped at {job.progress.seconds:.0f} s of the clip; nothing is left of it.")
        except AssistantError as err:
            yield markup.problem(_without_folder(err, source))

    def camera(
        self, image: NDArray[np.uint8] | None, session: LiveSession | None, choice: Choice
    ) -> tuple[LiveSession | None, str, str | None]:
        """One picture of the camera, BGR uint8 [H, W, 3]: the session to go on with, what was seen, and what is said
        now; None: nothing new is said."""
        if image is None:
            return session, "", None
        settings = choice.settings(self._yunet)
        try:
            if session is None or session.settings != settings:
                session = LiveSession(settings, self._clock)
            view = session.step(image)
        except AssistantError as err:
            return None, markup.problem(str(err)), None
        said = None
        if view.spoken:
            text = view.spoken[-1]
            said = f'<p class="said">{escape(text)}</p>{markup.sound(text, session.phrases.voice, is_played=True)}'
        return session, markup.picture(view.image, view.faces) + picture_view.faces(view.faces), said

    def adopt_models(self, files: Sequence[str]) -> list[str]:
        """The paths of uploaded models, each in a folder with its card. Raises AssistantError where one has none."""
        folder = self._uploads / "models"
        cards = {Path(file).stem: Path(file) for file in files if file.endswith(".json")}
        models = [Path(file) for file in files if file.endswith(".tflite")]
        if not models:
            raise AssistantError("no model among these files; give a .tflite file together with its card, a .json file")
        for model in models:
            if model.stem not in cards:
                raise AssistantError(f"{model.name}: its card {model.stem}.json is missing; give both files together")
        folder.mkdir(exist_ok=True)
        for file in (*models, *(cards[model.stem] for model in models)):
            shutil.copyfile(file, folder / file.name)
        return [str(folder / model.name) for model in models]

    def _look(self, image: NDArray[np.uint8], choice: Choice, model: str) -> PictureResult | str:
        try:
            settings = Choice(model, choice.detector, choice.locale).settings(self._yunet)
            return picture.look(image, settings)
        except AssistantError as err:
            return _without_folder(err, model)

    def _open(self, source: str, choice: Choice) -> tuple[Camera, float]:
        if source == DEMO:
            return clip.open_demo(choice.settings(self._yunet))
        return clip.open_clip(Path(source))


def status(html: str) -> str:
    """The first words of a result, for a screen reader: what is said, or what is wrong."""
    for mark in ('<p class="problem" role="alert">', '<p class="said">', '<p class="note">'):
        _, found, rest = html.partition(mark)
        if found:
            return rest.partition("</p>")[0]
    return ""


def voice_problem(language: str) -> str:
    """A message where no voice can speak that language, else nothing."""
    try:
        speech.wav("1", language)
    except VoiceError as err:
        return markup.problem(f"There is no sound: {err}")
    return ""


def _image(source: str) -> NDArray[np.uint8]:
    if source.startswith(PHOTOGRAPH):
        return photograph(source.removeprefix(PHOTOGRAPH))
    return read_picture(Path(source), colour=True)


def _truth(source: str, truth: str) -> GroundTruth | None:
    """The ground truth of a clip: the given one, else one beside it, else None. Raises DatasetError."""
    beside = Path(source).with_name("truth.json")
    file = Path(truth) if truth else beside if source != DEMO and beside.is_file() else None
    return None if file is None else ground_truth.read(file, Path(source).stem)


def _title(model: str) -> str:
    return Path(model).name


def _without_folder(err: Exception, *paths: str) -> str:
    """The message of an error without the folder of an upload, which nobody knows."""
    text = str(err)
    for path in filter(None, paths):
        text = text.replace(f"{Path(path).parent}/", "")
    return text


def _progress(at: ClipProgress, spent_s: float) -> str:
    """How far the work is, and the newest picture."""
    view = f'<div class="preview">{markup.picture(*at.view)}</div>' if at.view else ""
    return _bar(at, spent_s) + view


def _bar(at: ClipProgress, spent_s: float) -> str:
    if not at.of_seconds:
        return f'<p class="note">Watched {at.seconds:.0f} s.</p><progress aria-label="Progress"></progress>'
    share = min(1.0, at.seconds / at.of_seconds)
    left = f", about {duration(spent_s / share * (1 - share))} left" if share > 0.02 else ""
    rate = f", {at.seconds / spent_s:.1f} s of the clip each second" if spent_s > 0 else ""
    return (
        f'<p class="note">Watched {at.seconds:.0f} of {at.of_seconds:.0f} s{rate}{left}.</p>'
        f'<progress max="1" value="{share:.3f}" aria-label="Progress"></progress>'
    )
