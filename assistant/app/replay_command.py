"""The command `replay`: prints what would be said of a recording, as lines or as JSON; with --profile, its cost too."""

import argparse
import contextlib
import dataclasses
import json
import sys

from assistant.app.api import with_source
from assistant.app.replay import AnswerOutcome, ReplaySummary, replay
from assistant.app.replay_profile import ReplayProfile
from assistant.config.settings import Settings
from assistant.errors import SourceError
from assistant.vision import factory
from assistant.vision.cameras import open_camera


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Carry out the command; returns the exit code. Raises AssistantError."""
    if not options.recording:
        raise SourceError("SOURCE is empty; give a clip, a picture or a folder of pictures")
    settings = with_source(settings, options.recording)
    pipeline = factory.make_pipeline(settings)
    with contextlib.closing(open_camera(settings.camera)) as camera:
        profile = ReplayProfile(camera)
        for item in replay(profile, pipeline, settings, on_step=profile.on_step):
            if isinstance(item, AnswerOutcome):
                continue
            if options.json:
                record = {"summary": dataclasses.asdict(item)} if isinstance(item, ReplaySummary) else item.as_json()
                print(json.dumps(record, ensure_ascii=False), flush=True)
            else:
                print(item, flush=True)
    if options.profile:
        print(profile.table(), file=sys.stderr)
    return 0
