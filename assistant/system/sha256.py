"""SHA-256 by Python's own code: `hashlib` loads OpenSSL for it, 3 MB that the vision process needs for nothing else."""

import importlib
from collections.abc import Callable
from typing import Any


def _find() -> Callable[[bytes], Any]:
    for module in ("_sha2", "_sha256"):  # of Python 3.12 and later, and of 3.11
        try:
            found: Callable[[bytes], Any] = importlib.import_module(module).sha256
        except ImportError:  # a Python that was built without
            continue
        return found
    import hashlib

    return hashlib.sha256


sha256 = _find()
"""sha256(content).hexdigest(): the 64 digits."""
