"""What would be said of a clip or a folder of pictures, and when: python clip.py SOURCE."""

import sys

from assistant import Settings, make_pipeline, open_camera, replay, with_source

settings = with_source(Settings(), sys.argv[1])
for outcome in replay(open_camera(settings.camera), make_pipeline(settings), settings):
    print(outcome)
