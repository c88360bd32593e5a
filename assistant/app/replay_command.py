"""The command `replay`: prints what would be said of a recording, as lines or as JSON; its cost too, or a clip beside
it that can be seen and heard."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assistant.app.api import with_source
from assistant.app.replay import AnswerOutcome, Outcome, ReplaySummary, replay
from assistant.app.replay_profile import ReplayProfile
from assistant.errors import SourceError, shown
from assistant.vision import factory
from assistant.vision.cameras import open_camera

if TYPE_CHECKING:
    import argparse

    from assistant.config.settings import Settings


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Carry out the command; returns the exit code. Raises AssistantError."""
    if not options.recording:
        raise SourceError("SOURCE is empty; give a clip, a picture or a folder of pictures")
    settings = with_source(settings, options.recording)
    for item in _outcomes(options, settings):
        if isinstance(item, AnswerOutcome):
            continue
        if options.json:
            record = {"summary": dataclasses.asdict(item)} if isinstance(item, ReplaySummary) else item.as_json()
            print(json.dumps(record, ensure_ascii=False), flush=True)
        else:
            print(item, flush=True)
    if options.annotate and not options.json:
        print(f"What is seen and heard is in {shown(options.annotate)}, its subtitles beside it.")
    return 0


def _outcomes(options: argparse.Namespace, settings: Settings) -> Iterator[Outcome]:
    if options.annotate:
        from assistant.app.annotation.annotate import annotate

        yield from annotate(settings, options.annotate, options.faces)
        return
    pipeline = factory.make_pipeline(settings)
    with contextlib.closing(open_camera(settings.camera)) as camera:
        profile = ReplayProfile(camera)
        yield from replay(profile, pipeline, settings, on_step=profile.on_step)
    if options.profile:
        print(profile.table(), file=sys.stderr)
