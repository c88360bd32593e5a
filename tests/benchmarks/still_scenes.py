"""What the pace brings: CPU time and instructions of still and moving scenes, with it and with every frame.

    python -m tests.benchmarks.still_scenes [--seconds N] [--rounds N] [--instructions] [--grey]

Three scenes of ten frames a second at 640x480, each with a sensor's noise (standard deviation of 3 grey levels): a room
with nobody in it, a face that holds still, and one that moves all the time. They are made of the photographs of
`emotion-assistant demo`. The rounds of both ways take turns in one process, so that other load on the machine affects
both alike. Half a minute is played before each round, unmeasured: tracks begin, and states settle. --grey: the camera
gives grey pictures.
--instructions: counted by valgrind in processes of their own, one with the measured seconds and one without.
"""

import argparse
import os
import re
import statistics
import subprocess
import time

import cv2
import numpy as np

from assistant.config.settings import Settings
from assistant.records import Frame
from assistant.system.child_process import english_environment, python_command
from assistant.vision import factory
from assistant.vision.cameras import demo
from assistant.vision.cameras.image_health import ImageHealth
from assistant.vision.pipeline import Pipeline
from assistant.vision.step import Work

SCENES = ("empty room", "still face", "moving face")
FPS, NOISE, WARM_UP_S = 10, 3.0, 30
DIFFERENT = 40
"""Frames of a scene, which come again and again: noise and places."""
VIEWS = {"empty room": (0.12, 0.84, 0.30), "still face": (0.45, 0.30, 0.75), "moving face": (0.45, 0.30, 0.75)}
COLLECTED = re.compile(r"Collected\s*:\s*(\d+)")


class Scene:
    """The frames of a scene, without end."""

    def __init__(self, name: str, *, is_grey: bool) -> None:
        random, moves = np.random.default_rng(1), name == "moving face"
        photo = demo.photograph("astronaut")
        height, width = photo.shape[:2]
        x, y, share = VIEWS[name]
        scale = 480 / (share * height)
        self._pictures, self._number = [], 0
        for number in range(DIFFERENT):
            angle = 2 * np.pi * number / DIFFERENT
            dx, dy = (30 * np.sin(angle), 15 * np.sin(2 * angle)) if moves else (0, 0)
            to_view = np.array([[scale, 0, 320 - x * width * scale + dx], [0, scale, 240 - y * height * scale + dy]])
            view = cv2.warpAffine(photo, to_view, (640, 480), borderMode=cv2.BORDER_REPLICATE)
            view = cv2.cvtColor(view, cv2.COLOR_BGR2GRAY) if is_grey else view
            noisy = view + random.normal(0, NOISE, view.shape)
            self._pictures.append(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))

    def play(self, pipeline: Pipeline, health: ImageHealth, seconds: float) -> tuple[float, list[Work]]:
        """CPU seconds of the next frames, as the loop takes them, and what was done with each."""
        done: list[Work] = []
        began = time.process_time()
        for _ in range(round(seconds * FPS)):
            frame = Frame(self._pictures[self._number % DIFFERENT], self._number / FPS, self._number)
            self._number += 1
            health.update(pipeline.grey(frame) if pipeline.will_search(frame) else None, frame.at)
            done.append(pipeline.step(frame).work)
        return time.process_time() - began, done


def pipeline_of(parts: factory.VisionParts, *, has_pace: bool) -> Pipeline:
    """A pipeline, with the pace or without."""
    settings = Settings()
    if has_pace:
        return parts.pipeline(settings)
    phrases = factory.load_phrases(settings)
    return Pipeline(parts.detector, parts.classifier, settings, phrases, occlusion=parts.occlusion, rescan=parts.rescan)


def measure(name: str, seconds: float, rounds: int, *, is_grey: bool) -> str:
    """A row of the table."""
    every_ms, paced_ms, ratios, work = list[float](), list[float](), list[float](), list[Work]()
    for _ in range(rounds):
        spent = {}
        for has_pace in (False, True):
            scene, health = Scene(name, is_grey=is_grey), ImageHealth()
            pipeline = pipeline_of(factory.parts(Settings()), has_pace=has_pace)
            scene.play(pipeline, health, WARM_UP_S)
            spent[has_pace], done = scene.play(pipeline, health, seconds)
            work = done if has_pace else work
        every_ms.append(1000 * spent[False] / seconds)
        paced_ms.append(1000 * spent[True] / seconds)
        ratios.append(spent[True] / spent[False])
    shares = [sum(each) / len(work) for each in zip(*work, strict=True)]
    middle, low, high = statistics.median(ratios), min(ratios), max(ratios)
    return (
        f"{name:12} {statistics.median(every_ms):10.1f} {statistics.median(paced_ms):10.1f}   {middle:.2f} "
        f"({low:.2f} to {high:.2f})  " + "  ".join(f"{share:7.0%}" for share in shares)
    )


def count(name: str, seconds: float, *, is_grey: bool) -> str:
    """The instructions of a second, in millions, with every frame and with the pace."""
    counts = []
    for has_pace in (0, 1):
        both = [_collected(name, played, has_pace, int(is_grey)) for played in (0.0, seconds)]
        counts.append((both[1] - both[0]) / seconds / 1e6)
    return f"{name:12} {counts[0]:10.1f} {counts[1]:10.1f}   {counts[1] / counts[0]:.2f}"


def _collected(name: str, seconds: float, has_pace: int, is_grey: int) -> int:
    arguments = ("-m", "tests.benchmarks.still_scenes", "--count", name, *map(str, (seconds, has_pace, is_grey)))
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *python_command(*arguments)]
    environment = {**english_environment(), "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    found = COLLECTED.search(done.stderr)
    assert found is not None, done.stderr
    return int(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.benchmarks.still_scenes")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--grey", action="store_true")
    parser.add_argument("--count", nargs=4, metavar=("SCENE", "SECONDS", "PACE", "GREY"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.count:
        name, seconds, has_pace, is_grey = options.count
        scene, health = Scene(name, is_grey=is_grey == "1"), ImageHealth()
        pipeline = pipeline_of(factory.parts(Settings()), has_pace=has_pace == "1")
        scene.play(pipeline, health, 3.0)
        scene.play(pipeline, health, float(seconds))
        return
    if options.instructions:
        print(f"{'millions of instructions a second':12}\n{'scene':12} {'every':>10} {'pace':>10}   ratio")
        for name in SCENES:
            print(count(name, options.seconds, is_grey=options.grey), flush=True)
        return
    print(f"ms of CPU time a second\n{'scene':12} {'every':>10} {'pace':>10}   {'ratio':20}  processed searched read")
    for name in SCENES:
        print(measure(name, options.seconds, options.rounds, is_grey=options.grey), flush=True)


if __name__ == "__main__":
    main()
