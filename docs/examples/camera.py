"""What would be said of the people in front of this machine's camera, with the settings of this machine."""

from assistant import load_settings, watch

for utterance in watch(load_settings()):
    print(utterance.text)
