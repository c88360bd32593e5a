"""`python -m assistant` is `emotion-assistant`."""

import sys

try:
    from assistant.app.main import main

    sys.exit(main())
except KeyboardInterrupt:  # while the first modules are still being imported
    sys.exit(130)
