"""What would be said of a clip or a folder of pictures, and when: python clip.py SOURCE."""

import sys

from assistant import AssistantError, Settings, make_pipeline, open_camera, replay, with_source

if len(sys.argv) != 2:
    sys.exit(__doc__)
try:
    settings = with_source(Settings(), sys.argv[1])
    for outcome in replay(open_camera(settings.camera), make_pipeline(settings), settings):
        print(outcome)
except AssistantError as err:
    sys.exit(str(err))
