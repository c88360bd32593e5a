"""Peak memory of a training on pictures on disk, and of the same training on a set many times larger: two processes,
each of which reads its set, and trains some steps of a tiny network with all augmentation on.

    python -m tests.endurance.training_memory [--pictures 28700] [--factor 20] [--steps 200] [--side 48] [--rgb]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from convert.data.fer2013_labels import LABELS
from tests.support import drawn_faces

DRAWN = 100
"""Pictures of each class that are drawn; the others are further names (hard links) of the same files."""


def main() -> None:
    """Measure, and print a line a set and the growth."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=28_700)
    parser.add_argument("--factor", type=int, default=20)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--side", type=int, default=48)
    parser.add_argument("--rgb", action="store_true")
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        print(json.dumps(_train(options.train, options.steps)))
        return
    with tempfile.TemporaryDirectory() as place:
        peaks = [
            _measure(Path(place), options, count) for count in (options.pictures, options.factor * options.pictures)
        ]
    bytes_each = options.side**2 * (3 if options.rgb else 1)
    more = (options.factor - 1) * options.pictures
    print(
        f"{peaks[1] - peaks[0]:+.0f} MiB ({peaks[1] / peaks[0] - 1:+.1%}) for {more} pictures more: "
        f"{(peaks[1] - peaks[0]) * 2**20 / more:.0f} bytes each, of {bytes_each} that a crop has"
    )


def _measure(place: Path, options: argparse.Namespace, count: int) -> float:
    """Peak memory in MiB of a training on `count` pictures."""
    folder = write_links(place / f"pictures-{count}", count // len(LABELS), options.side)
    recipe = place / "tiny.toml"
    shown = 'channels = 3\ncolour = "rgb"\nscaling = "-1..1"\n' if options.rgb else ""
    text = drawn_faces.TINY_RECIPE.replace("batch_size = 8", "batch_size = 64").replace("epochs = 2", "epochs = 1")
    text = text.replace("sizes = [[0.0, 32], [0.5, 48]]", f"sizes = [[0.0, {options.side}]]")
    recipe.write_text(f"{text}\n[input]\nside = {options.side}\n{shown}")
    environment = {**os.environ, "XDG_CACHE_HOME": str(place / "cache"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-m", __spec__.name, "--train", str(folder), "--steps", str(options.steps)],
        env=environment, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    figures = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{figures['pictures']} Training pictures, {figures['steps']} steps: peak {figures['peak_mib']:.0f} MiB",
        flush=True,
    )
    return float(figures["peak_mib"])


def write_links(folder: Path, per_class: int, side: int) -> Path:
    """Class folders of `per_class` pictures of `side` pixels each, few of which differ; returns the folder."""
    drawn_faces.write_class_folders(folder, min(DRAWN, per_class), side=side)
    for name in LABELS:
        for number in range(DRAWN, per_class):
            os.link(folder / name / f"{number % DRAWN:05d}.jpg", folder / name / f"{number:06d}.jpg")
    return folder


def _train(folder: Path, steps: int) -> dict[str, float]:
    from convert.data import fer2013
    from convert.expression import recipe as recipes
    from convert.expression.train import train
    from convert.training.limits import Limits

    file = folder.parent / "tiny.toml"
    run = folder.parent / f"run-{folder.name}"
    train(recipes.read(file), file, folder, run, limits=Limits(steps=steps, evaluated=500))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"pictures": len(fer2013.load(folder).of("Training")), "steps": steps, "peak_mib": peak}


if __name__ == "__main__":
    main()
