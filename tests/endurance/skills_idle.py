"""What skills that are on, but not asked, cost the expression loop: memory and CPU time of two real vision
processes at once, one with every skill on, one with all off.

    python -m tests.endurance.skills_idle [--rounds 5] [--seconds 20]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from assistant.config.settings import Settings
from assistant.config.settings_file import override_settings, to_toml
from assistant.skills.session import SkillName
from tests.faults.box import empty_room

ROOT = Path(__file__).parents[2]
WARM_UP_S = 8.0
"""Seconds from the start until libraries are imported and the first pictures are through."""
PICTURES = 40
"""Pictures of a room in each folder: noise, so that no two are alike."""


def main() -> None:
    """Measure, and print a line a round and the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each round, after the start")
    options = parser.parse_args()
    ratios: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _furnish(folder)
        for number in range(options.rounds):
            names = ("off", "on") if number % 2 else ("on", "off")  # neither always starts first
            used = _measured(folder, names, options.seconds)
            memory, cpu = (used["on"][column] / used["off"][column] for column in (0, 1))
            ratios.append((memory, cpu))
            print(
                f"off {used['off'][0]:.1f} MiB {used['off'][1]:.1f} % of a core, "
                f"on {used['on'][0]:.1f} MiB {used['on'][1]:.1f} %: memory {memory - 1:+.1%}, processor {cpu - 1:+.1%}",
                flush=True,
            )
    memory, cpu = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"median of {len(ratios)} rounds: memory {memory - 1:+.1%}, processor {cpu - 1:+.1%}")


def _furnish(folder: Path) -> None:
    noise = np.random.default_rng(5)
    (folder / "pictures").mkdir()
    for index in range(PICTURES):
        image = np.clip(empty_room() + noise.normal(0, 4, (480, 640, 1)), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"pictures/{index:02}.png"), image)
    camera = {"driver": "folder", "source": str(folder / "pictures"), "picture_s": 0.1}
    for name, skills in (("off", ()), ("on", tuple(SkillName))):
        chosen = {"camera": camera, **{skill: {"enabled": True} for skill in skills}}
        (folder / f"{name}.toml").write_text(to_toml(override_settings(Settings(), chosen)))


def _measured(folder: Path, names: tuple[str, ...], seconds: float) -> dict[str, tuple[float, float]]:
    """Of each vision process, all at once: resident MiB, and percent of a core."""
    environment = {**os.environ, "EMOTION_ASSISTANT_SOCKET": str(folder / "nobody.sock")}
    command = [sys.executable, "-m", "assistant", "vision", "--config"]
    children = {
        name: subprocess.Popen([*command, str(folder / f"{name}.toml")], cwd=ROOT, env=environment) for name in names
    }
    try:
        time.sleep(WARM_UP_S)
        before = {name: _cpu_s(child.pid) for name, child in children.items()}
        time.sleep(seconds)
        return {
            name: (_resident_mib(child.pid), 100 * (_cpu_s(child.pid) - before[name]) / seconds)
            for name, child in children.items()
        }
    finally:
        for child in children.values():
            child.terminate()
            child.wait(10)


def _cpu_s(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


if __name__ == "__main__":
    main()
