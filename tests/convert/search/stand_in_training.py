"""Stands in for `emotion-convert train` where the search's own logic is tested: a run folder without TensorFlow.

The score is best at a learning rate of 0.1 and rises with the epochs. Each epoch that is really trained is a line of
`worked.txt` beside the run folder, or of $WORKED. $HOLD, such as "0002/3", is the trial, or * for each, and the epoch
at which the training stops for good, once it has written the file $HELD.
"""

import math
import os
import signal
import sys
import tomllib
from pathlib import Path

from convert.training.run_folder import Run, columns

COLUMNS = columns(("fer2013",))
REFUSED = 13
"""A batch size that cannot be trained."""
WHY_REFUSED = "[network] cannot be built: no room for 13"
DIVERGES_ABOVE = 5.0
"""A learning rate."""


def row(epoch: int, rate: float, seed: int) -> dict[str, float]:
    """What an epoch brings."""
    score = 0.5 - 0.1 * abs(math.log10(rate / 0.1)) + 0.01 * epoch + 0.001 * seed
    loss = math.nan if rate > DIVERGES_ABOVE else 1 / epoch
    return {"epoch": epoch, "loss": loss, "fer2013": round(score, 6), "learning_rate": rate}


def main() -> None:
    """Train by the arguments of `train`."""
    options = dict(zip(sys.argv[2::2], sys.argv[3::2], strict=True))
    recipe_file, run = Path(options["--recipe"]), Run(Path(options["--run"]))
    recipe = tomllib.loads(recipe_file.read_text("utf-8"))
    schedule = recipe["schedule"]
    if schedule["batch_size"] == REFUSED:
        sys.exit(f"emotion-convert: {WHY_REFUSED}")
    epochs = int(options.get("--epochs", schedule["epochs"]))
    seed = int(options.get("--seed", 1))
    run.begin(recipe_file, {"epochs": epochs, "seed": seed}, COLUMNS)
    with run.lock():
        done = len(run.history())
        if 0 < done < epochs and not run.checkpoint.is_file():
            sys.exit("emotion-convert: the checkpoint is missing")
        for epoch in range(done + 1, epochs + 1):
            if os.environ.get("HOLD") in (f"{run.path.parent.name}/{epoch}", f"*/{epoch}"):
                Path(os.environ["HELD"]).touch()
                signal.pause()
            with open(os.environ.get("WORKED") or run.path.with_name("worked.txt"), "a", encoding="ascii") as worked:
                worked.write(f"{run.path.name if not os.environ.get('WORKED') else recipe['name']} {epoch}\n")
            made = row(epoch, schedule["learning_rate"], seed)
            run.weights.write_text(str(epoch))
            run.checkpoint.write_text(str(epoch))
            run.add([made.get(name, 1.0) for name in COLUMNS])


if __name__ == "__main__":
    main()
