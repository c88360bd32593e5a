"""The memory of a running assistant with a face in view, by the default settings and by the profile zero2w.

    python -m tests.endurance.footprint [--seconds 100]

Fails where vision and voice together have more than the limits. A page of a file that other programs map too counts in
part: run it while no other assistant runs.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import cv2

from assistant.vision.cameras.demo import photograph
from convert.start_cost.measure import memory_mb
from convert.start_cost.running import running

LIMITS_MB = {"pi4": 90.0, "zero2w": 75.0}
"""Of vision and voice together (PSS), by the profile."""


def main() -> int:
    """Measure, print a line a profile, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=100.0, help="from ready to the measurement")
    options = parser.parse_args()
    is_within = True
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        cv2.imwrite(str(folder / "face.png"), photograph("astronaut"))
        settings = folder / "settings.toml"
        for profile, limit_mb in LIMITS_MB.items():
            settings.write_text(
                f'[camera]\ndriver = "folder"\nsource = "{folder}"\npicture_s = 60\n[power]\nprofile = "{profile}"\n'
            )
            total_mb = _measure(profile, settings, options.seconds)
            is_within &= total_mb <= limit_mb
            print(f"{profile}: vision and voice {total_mb:.1f} MB, at most {limit_mb:g}")
    return 0 if is_within else 1


def _measure(profile: str, settings: Path, seconds: float) -> float:
    camera = ("--camera", "folder", "--source", str(settings.parent))
    with running(None, options=("--config", str(settings), *camera)) as assistant:
        time.sleep(seconds)
        held = {part: memory_mb(number) for part, number in assistant.parts().items()}
    for part, of_part in held.items():
        print(f"{profile}: {part:6} " + ", ".join(f"{name} {mb:.1f} MB" for name, mb in of_part.items()))
    return held["vision"]["pss"] + held["voice"]["pss"]


if __name__ == "__main__":
    sys.exit(main())
