"""A recording's replay as a clip: the boxes, words and bars, the speech, and the sentences as subtitles.

The clip is written into a file without a name, whose content takes the name at the end: nothing is left of it where the
program is killed.
"""

import contextlib
import dataclasses
import mmap
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from assistant.app.annotation.clip_writer import ClipWriter, at_track_rate
from assistant.app.annotation.film import Film
from assistant.app.annotation.soundtrack import Soundtrack
from assistant.app.annotation.subtitles import srt
from assistant.app.replay import Outcome, replay
from assistant.config.settings import Settings, VoiceSettings
from assistant.errors import AssistantError, shown
from assistant.records import Frame
from assistant.system.atomic_files import check_replaceable, write_atomically
from assistant.system.progress import Progress
from assistant.vision import factory, marks
from assistant.vision.cameras import expected_frames, open_camera
from assistant.vision.overlay.lettering import Lettering
from assistant.vision.step import Step
from assistant.voice import voices

UNHEARD_ENGINES = ("printed", "speechd")
"""Voices whose sound cannot be had: espeak-ng speaks in their place."""


class AnnotationError(AssistantError):
    """A clip that cannot be written."""


def annotate(settings: Settings, out: Path, faces: str = "all") -> Iterator[Outcome]:
    """Replay the recording of the settings' camera and write the clip `out` (.mp4) with its subtitles beside it (.srt),
    once all outcomes, which are those of `replay`, were taken. A sentence lasts as long as its sound.

    faces: which are drawn, one of `marks.FACES`.

    Raises CameraError and ModelError like `replay`, LetteringError, and AnnotationError where PyAV is missing or the
    files cannot be written; then there are none, or those from before.
    """
    subtitles = out.with_suffix(".srt")
    parts, phrases = factory.parts(settings), factory.load_phrases(settings)
    pipeline = parts.pipeline(settings, factory.names_at_once(settings))
    labels = parts.classifier.labels if parts.classifier is not None else ()
    lettering = Lettering(settings.announcements.locale, marks.letters_of(phrases))
    voice = _audible(settings.voice)
    soundtrack = Soundtrack(
        lambda player: voices.make_voice(voice, phrases.voice, player), at_track_rate, changes=voice.changes
    )
    with contextlib.ExitStack() as stack:
        stack.callback(soundtrack.close)
        file = stack.enter_context(_unnamed_file((out, subtitles), settings.camera.source))
        camera = stack.enter_context(contextlib.closing(open_camera(settings.camera, colour=True)))
        progress = stack.enter_context(Progress(f"writing {shown(out.name)}", expected_frames(camera), "frames"))
        film = Film(ClipWriter(file), soundtrack, lettering)

        def add(frame: Frame, step: Step) -> None:
            drawn = marks.marked_faces(step, pipeline.snapshot, labels, phrases, faces)
            with _explained(out):
                film.add(frame, drawn)
            progress.update()

        yield from replay(camera, pipeline, settings, on_step=add, sound=soundtrack)
        words = srt((cue.start, cue.end, cue.text) for cue in soundtrack.cues)
        with _explained(out):
            film.finish()
            file.flush()
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                write_atomically({out: content, subtitles: words.encode()})


def _audible(settings: VoiceSettings) -> VoiceSettings:
    engine = "espeak" if settings.engine in UNHEARD_ENGINES else settings.engine
    return dataclasses.replace(settings, engine=engine)


@contextlib.contextmanager
def _unnamed_file(targets: tuple[Path, ...], source: str) -> Iterator[IO[bytes]]:
    """An empty file without a name in the folder of the targets. Raises AnnotationError where there is no such folder,
    and where a target is the recording itself."""
    for target in targets:
        with _explained(target):
            if target.exists() and target.samefile(source):
                raise AnnotationError(f"{shown(target)}: is the recording itself; give another name")
            check_replaceable(target)
    with contextlib.ExitStack() as stack:
        with _explained(targets[0]):
            file = tempfile.TemporaryFile(dir=targets[0].parent)  # noqa: SIM115
        stack.callback(_close, file)
        yield file


def _close(file: IO[bytes]) -> None:
    """Close it. On a full disk this fails like the writing before, which has been told by the name of the clip."""
    with contextlib.suppress(OSError):
        file.close()


@contextlib.contextmanager
def _explained(target: Path) -> Iterator[None]:
    """An error of the system becomes one line that names the clip."""
    try:
        yield
    except OSError as err:
        raise AnnotationError(f"{shown(target)}: cannot be written: {err.strerror or err}") from err
