"""`python -m convert` is `emotion-convert`."""

import sys

from convert.cli import main

sys.exit(main())
