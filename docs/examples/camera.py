"""What would be said of the people in front of this machine's camera, with the settings of this machine."""

import sys

from assistant import AssistantError, load_settings, watch

try:
    for utterance in watch(load_settings()):
        print(utterance.text, flush=True)
except AssistantError as err:  # no camera, a wrong setting: one line says what and what to do
    sys.exit(str(err))
except KeyboardInterrupt:
    pass
