"""Plays frames to one peer, in the peer's own environment: `driver.py MODULE [ARGUMENT…]`.

Lines of JSON: {"bgr": FILE, "width": …, "height": …, "fps": …, "is_paced": …} begins a scene, {"play": N} plays N more
of its frames, {"end": true} ends it. The answers begin with "@ ". The CPU time of reading the files is not counted.

The module has `Reader`: its instance's `play(frames)` takes (image uint8 [H, W, 3] BGR, seconds) one after the other,
and returns how many changes a wearer would hear.
"""

import importlib
import itertools
import json
import os
import sys
import time


def changes(labels):
    """How often the label of a frame differs from that of the last frame that had one. labels: a text or None each."""
    known = [label for label in labels if label is not None]
    return sum(label != before for before, label in itertools.pairwise(known))


def largest(faces):
    """The label of the largest of some faces, (area, label) each; None where there is none."""
    return max(faces, default=(0, None), key=lambda face: face[0])[1]


def peak_kib():
    """The largest resident memory of this process so far, KiB."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


class Frames:
    """The frames of a scene, as the parent process asks for them."""

    def __init__(self, scene, lines, answer):
        self.scene, self.lines, self.answer, self.is_first = scene, lines, answer, True

    def __iter__(self):
        import numpy as np

        scene = self.scene
        shape = scene["height"], scene["width"], 3
        number = 0
        with open(scene["bgr"], "rb", buffering=0) as file:
            for line in self.lines:
                asked = json.loads(line)
                if "play" not in asked:
                    return
                cpu, wall, reading = time.process_time(), time.perf_counter(), 0.0
                for turn in range(asked["play"]):
                    if scene["is_paced"]:
                        time.sleep(max(0.0, wall + turn / scene["fps"] - time.perf_counter()))
                    began = time.process_time()
                    image = np.empty(shape, np.uint8)
                    file.readinto(image)
                    reading += time.process_time() - began
                    yield image, number / scene["fps"]
                    number += 1
                spent = time.process_time() - cpu - reading
                self.answer({
                    "cpu_s": spent, "wall_s": time.perf_counter() - wall, "frames": asked["play"],
                    "total_cpu_s": time.process_time(), "peak_kib": peak_kib(),
                })  # fmt: skip


def main():
    # What a peer prints goes to standard error.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(told):
        out.write(f"@ {json.dumps(told)}\n")
        out.flush()

    reader = importlib.import_module(sys.argv[1].removesuffix(".py")).Reader(*sys.argv[2:])
    for line in sys.stdin:
        answer({"changes": reader.play(Frames(json.loads(line), sys.stdin, answer))})


if __name__ == "__main__":
    main()
