"""Before Ray is imported, which reads its token once: the clusters of these tests let nobody else in."""

import os
import secrets

os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
