"""A tiny engine in a real process of its own: adds up pictures, and misbehaves when told to.

python -m tests.support.skill_engine [FD [LIMIT_MIB]], without FD at the socket that systemd passes.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import SkillError
from assistant.skills import limits, service


class TinyEngine:
    """Answers {"sum": …} to a picture; other requests name what goes wrong."""

    def handle(self, request: Mapping[str, Any], image: NDArray[np.uint8] | None) -> dict[str, Any]:
        match request.get("do", "sum"):
            case "sum":
                return {
                    "sum": 0 if image is None else int(image.sum(dtype=np.int64)),
                    "shape": None if image is None else list(image.shape),
                    "pid": os.getpid(),
                    "nice": os.getpriority(os.PRIO_PROCESS, 0),
                    "oom_score_adj": int(Path("/proc/self/oom_score_adj").read_text("ascii")),
                }
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "hang":
                time.sleep(600)
            case "eat":
                return {"ate": len([np.ones(16 << 20, np.uint8) for _ in range(64)])}
            case "refuse":
                raise SkillError("too dark", "no_picture")
            case "bug":
                raise ZeroDivisionError("of the engine")
            case "long":
                return {"text": "x" * (2 << 20)}
        return {}

    def close(self) -> None: ...


def open_engine() -> TinyEngine:
    """The engine; $TINY_ENGINE_MISSING: what it says in place of opening."""
    if why := os.environ.get("TINY_ENGINE_MISSING"):
        raise SkillError(why, "missing")
    return TinyEngine()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        limits.set_limits(int(sys.argv[2]) << 20)
    descriptor = int(sys.argv[1]) if len(sys.argv) > 1 else None
    service.serve(service.passed_socket(descriptor), open_engine, threading.Event())
