"""Stand-ins for hardware inside the real processes, steered by the test through small files: a video device, and what
may go wrong in a step or at the start. Python loads this by itself, where it lies on PYTHONPATH.

The folder is $FAULTS. `camera` names how the device misbehaves, `step` what goes wrong in a step; without such a
file all works.
"""

import importlib.util
import os
import sys
import time
from pathlib import Path

FOLDER = Path(os.environ["FAULTS"])
DEVICES = FOLDER / "sys/class/video4linux"
LEAKED = []
"""Memory and files that were leaked on purpose."""


def steered(name: str) -> str:
    """The misbehaviour that the test wants of a part now; empty: none."""
    try:
        return (FOLDER / name).read_text("utf-8")
    except OSError:
        return ""


def block() -> None:
    """Hang until the test opens the pipe, or for ever."""
    with open(FOLDER / "pipe", "rb") as pipe:
        pipe.read(1)


def patch_video_capture(cv2) -> None:
    """cv2.VideoCapture of a device: a picture with a sensor's noise, ten times a second."""
    import numpy as np

    real = cv2.VideoCapture

    class Device:
        def __init__(self, target, api) -> None:
            self.target = target
            self.pictures = {file.stem: cv2.imread(str(file)) for file in FOLDER.glob("*.png")}
            self.random, self.count = np.random.default_rng(1), 0

        def isOpened(self) -> bool:
            return steered("camera") != "absent"

        def set(self, key, value) -> bool:
            return True

        def get(self, key) -> float:
            return 0.0  # no form of pictures that is told

        def release(self) -> None:
            pass

        def grain(self, image, sigma=2.0):
            noise = self.random.normal(0, sigma, image.shape[:2])[..., None]
            return np.clip(image + noise, 0, 255).astype(np.uint8)

        def marked(self, image):
            """With noise, but for the rows that hold the canary of the test."""
            made = self.grain(image)
            for row in (100, 300):
                made[row] = image[row]
            return made

        def read(self):
            how = steered("camera")
            time.sleep(1.5 if how == "slow" else 0.0 if how == "flood" else 0.1)
            self.count += 1
            face = self.pictures["face"]
            if how == "hangs":
                block()
            is_there = isinstance(self.target, str) or (DEVICES / f"video{self.target}").exists()
            if how == "gone" or not is_there or (how == "torn" and self.count % 3):
                return False, None
            return True, {
                "frozen": lambda: face,
                "black": lambda: self.grain(np.zeros_like(face), 1.5),
                "white": lambda: np.full_like(face, 255),
                "garbage": lambda: self.random.integers(0, 256, face.shape).astype(np.uint8),
                "blurred": lambda: self.grain(cv2.GaussianBlur(face, (0, 0), 14), 0.5),
                "room": lambda: self.grain(self.pictures["room"]),
                "many": lambda: self.grain(self.pictures["many"]),
                "page": lambda: self.grain(self.pictures["page"]),
                "exact": lambda: self.marked(face),
                "flapping": lambda: self.grain(self.pictures["room" if self.count % 2 else "face"]),
                "empty": lambda: np.empty((0, 0, 3), np.uint8),
                "floats": lambda: face.astype(np.float64),
                "huge": lambda: np.broadcast_to(np.uint8(7), (4320, 7680, 3)),
            }.get(how, lambda: self.grain(face))()

    cv2.VideoCapture = lambda target, api: Device(target, api) if api == cv2.CAP_V4L2 else real(target, api)


def patch_step(pipeline) -> None:
    """Pipeline.step with something that goes wrong in it."""
    original = pipeline.Pipeline.step

    def step(self, frame):
        match steered("step"):
            case "raises":
                raise ZeroDivisionError("division by zero")
            case "hangs":
                block()
            case "is slow":
                time.sleep(1.2)
            case "leaks memory":
                LEAKED.append(bytearray(os.urandom(1 << 20) * 24))
            case "leaks files":
                LEAKED.extend(os.open("/dev/null", os.O_RDONLY) for _ in range(20))
        return original(self, frame)

    pipeline.Pipeline.step = step


def patch_expression_model(expression) -> None:
    """A model that returns nonsense."""
    original = expression.ExpressionClassifier.probabilities

    def probabilities(self, crop):
        if steered("step") == "nan" and "cnn" in str(self.path):
            raise expression.ModelError("the model returned nan")
        return original(self, crop)

    expression.ExpressionClassifier.probabilities = probabilities


def patch_occlusion_model(occlusion) -> None:
    """An occlusion classifier that returns nonsense."""
    original = occlusion.OcclusionClassifier.score

    def score(self, crop):
        if steered("step") == "occlusion fails":
            raise occlusion.ModelError("the model returned nan")
        return original(self, crop)

    occlusion.OcclusionClassifier.score = score


def patch_start(process) -> None:
    """A vision process that starts slowly, or crashes at its start."""
    original = process.run_vision

    def slowly(*given, **named):
        match steered("start"):
            case "takes long":
                block()
            case "crashes":
                os.abort()
        return original(*given, **named)

    process.run_vision = slowly


def limit_memory() -> None:
    """An engine that may allocate no more than so many MiB."""
    if "skill" in sys.orig_argv and (limit := steered("memory")):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (int(limit) << 20, int(limit) << 20))


PATCHES = {
    "cv2": patch_video_capture, "assistant.vision.pipeline": patch_step,
    "assistant.vision.inference.expression": patch_expression_model,
    "assistant.vision.inference.occlusion": patch_occlusion_model, "assistant.vision.process": patch_start,
}  # fmt: skip


class Patcher:
    """Patches a module once it has been loaded."""

    def find_spec(self, name, path=None, target=None):
        if name not in PATCHES:
            return None
        patch = PATCHES.pop(name)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module) -> None:
            load(module)
            patch(module)

        spec.loader.exec_module = exec_module
        return spec


exists = Path.exists
Path.exists = lambda path, **named: str(path).startswith("/dev/video") or exists(path, **named)
sys.meta_path.insert(0, Patcher())
limit_memory()
if steered("no espeak library"):
    sys.modules["espeakng_loader"] = None
if shift := float(steered("clock") or 0):
    wall = time.time
    time.time = lambda: wall() + shift
