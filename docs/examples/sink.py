"""Announcements as JSON, a line each, for another program instead of a voice: python sink.py SOURCE | your-program."""

import json
import sys

from assistant import Settings, watch, with_source

for utterance in watch(with_source(Settings(), sys.argv[1])):
    print(json.dumps({"text": utterance.text, "topic": utterance.topic, "why": utterance.log_note}), flush=True)
