"""Whether the libraries can be imported and work with each other, as after an upgrade. Runs in a child process.

Each is used a little: a NumPy that another library was not built for may import well, and fail, or end the process, at
the first array that passes between them.
"""

import importlib
import importlib.util
import platform
from collections.abc import Callable

from assistant.config.settings import Settings
from assistant.doctor.finding import Finding, bad, good
from assistant.vision.cameras import driver_of


def imports(settings: Settings, trying: Callable[[str], None]) -> Finding:
    """Import and use all that these settings need. trying(name): called before each, so that one that
    ends the process is known."""
    steps: dict[str, Callable[[], str]] = {"numpy": _numpy, "cv2": _cv2, "the TFLite runtime": _runtime}
    if driver_of(settings.camera) == "picamera2":
        steps["picamera2"] = _picamera2
    versions = [f"Python {platform.python_version()}"]
    for name, step in steps.items():
        trying(name)
        try:
            versions.append(step())
        except Exception as err:  # a library built for another one may raise anything
            return bad("imports_broken", "install", detail=f"{name}: {type(err).__name__}: {err}")
    return good("imports", detail=", ".join(versions))


def _numpy() -> str:
    import numpy as np

    if int(np.ones((3, 3), np.uint8).sum()) != 9:
        raise RuntimeError("it adds wrongly")
    return f"numpy {np.__version__}"


def _cv2() -> str:
    import cv2
    import numpy as np

    if cv2.resize(np.full((4, 4), 7, np.uint8), (2, 2), interpolation=cv2.INTER_AREA).tolist() != [[7, 7], [7, 7]]:
        raise RuntimeError("it resizes wrongly")
    return f"cv2 {cv2.__version__}"


def _runtime() -> str:
    from assistant.vision.inference import runtime

    return runtime.find_runtime()[0]


def _picamera2() -> str:
    importlib.import_module("picamera2")
    return "picamera2"
