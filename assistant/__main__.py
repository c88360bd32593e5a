"""`python -m assistant` is `emotion-assistant`."""

import sys

from assistant.cli import main

sys.exit(main())
