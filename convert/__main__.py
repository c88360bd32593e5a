"""`python -m convert` is `emotion-convert`."""

import sys

from emotion_assistant import convert

sys.exit(convert())
