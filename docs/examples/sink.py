"""Announcements as JSON, a line each, for another program instead of a voice: python sink.py SOURCE | your-program."""

import json
import sys

from assistant import AssistantError, Settings, watch, with_source

if len(sys.argv) != 2:
    sys.exit(__doc__)
try:
    for utterance in watch(with_source(Settings(), sys.argv[1])):
        print(json.dumps({"text": utterance.text, "topic": utterance.topic, "why": utterance.log_note}), flush=True)
except AssistantError as err:
    sys.exit(str(err))
