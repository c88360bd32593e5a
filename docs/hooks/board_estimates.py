"""The tables of the boards' profiles in docs/set-it-up.md: what a frame costs on each, how long a battery lasts, and
the basis of both.

    python docs/hooks/board_estimates.py     writes it anew, after a change of a profile or of a model

None of it was measured on a board. Milliseconds are derived from the multiplications of the networks and published
rates, and for the rest of a step from its instructions; watts are published ones.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from assistant.config.profiles import PROFILES  # noqa: E402
from assistant.vision.detectors.tflite import DEFAULT_MODEL as DETECTOR  # noqa: E402
from assistant.vision.inference.model_file import find_model  # noqa: E402
from assistant.vision.inference.occlusion import DEFAULT_MODEL as OCCLUSION  # noqa: E402
from convert.tflite import card_file, graph  # noqa: E402

PAGE = ROOT / "docs" / "set-it-up.md"
MARKERS = ("<!-- boards -->", "<!-- /boards -->")
BASIS_MARKERS = ("<!-- boards-basis -->", "<!-- /boards-basis -->")
REST_MILLION = 4.0
"""Millions of instructions of a step beside its calls of networks, grey and resize, with one face in 640x480, counted
on x86-64 (`make gate`: 3.5 at 79cdbd6), rounded up. That Arm takes about as many is an assumption."""
PACK_WH = 37.0
"""Watt-hours of a battery pack of 10,000 mAh."""
NARROW = 0.5
"""Share of the rate that networks with few channels reach: quarter-width MobileNetV1 ran at half the rate of the full
one (TensorFlow Lite's hosted models, Pixel 3)."""


class Board(NamedTuple):
    """Published figures of a board."""

    name: str
    gmac_s: tuple[float, float]
    """Int8 multiply-accumulates of one core in 1e9 a second, lowest and highest: XNNPACK's and Arm's MobileNet and
    ResNet figures for four cores, divided by 2.9, the gain that SSDLite showed on the Pi 3 and 4."""
    operator_us: float
    """Microseconds that an operator costs beside its multiplications: an assumption."""
    ghz: float
    """Clock of a core."""
    per_cycle: tuple[float, float]
    """Instructions a cycle in Python and OpenCV, lowest and highest: an assumption, by the width of the core."""
    idle_w: tuple[float, float]
    """Watts at idle, lowest and highest (Raspberry Pi Dramble, CNX Software)."""
    loaded_w: tuple[float, float]
    """The same with four busy cores."""


BOARDS = {
    "zero2w": Board("Zero 2 W", (2.5, 3.0), 30, 1.0, (0.4, 0.8), (0.6, 0.6), (2.5, 2.5)),
    "pi3": Board("Pi 3B+", (3.5, 4.3), 30, 1.4, (0.4, 0.8), (1.9, 3.1), (5.1, 5.6)),
    "pi4": Board("Pi 4", (6.0, 8.0), 15, 1.5, (0.7, 1.4), (1.6, 2.7), (5.0, 6.4)),
    "pi5": Board("Pi 5", (26.0, 59.0), 5, 2.4, (1.2, 2.5), (2.4, 3.3), (8.9, 9.8)),
}
"""By the name of the profile. The rate of the Zero 2 W is that of the Pi 3B+, scaled by its clock."""


def network_ms(board: Board, model: str) -> tuple[float, float]:
    """Milliseconds of one call of a shipped model on one core, lowest and highest."""
    made = graph.read(find_model(model))
    overhead = len(made.operators) * board.operator_us / 1000
    low, high = board.gmac_s
    return made.macs / high / 1e6 + overhead, made.macs / (low * NARROW) / 1e6 + overhead


def rest_ms(board: Board) -> tuple[float, float]:
    """Milliseconds of a step beside its networks, grey and resize, lowest and highest: tracks, crops, decisions."""
    low, high = board.per_cycle
    return REST_MILLION / board.ghz / high, REST_MILLION / board.ghz / low


def row(profile: str) -> str:
    """The line of a profile for one face in view."""
    board, values = BOARDS[profile], PROFILES[profile]
    fps, model = values["camera.fps"], values["model.file"]
    costs = [*(network_ms(board, each) for each in (DETECTOR, model, OCCLUSION)), rest_ms(board)]
    low, high = (sum(each) for each in zip(*costs, strict=True))
    shares = [min(1.0, each * fps / 1000) for each in (low, high)]
    watts = [
        idle + share * (loaded - idle) / 4
        for idle, loaded, share in zip(board.idle_w, board.loaded_w, shares, strict=True)
    ]
    cells = (
        f"`{profile}`", board.name, f"{fps:g}", f"`{model.removeprefix('emotion-')}`",
        *(between(least, most) for least, most in costs),
        f"{shares[0]:.0%} to {shares[1]:.0%}", between(*watts),
        f"{PACK_WH / watts[1]:.0f} to {PACK_WH / watts[0]:.0f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def between(low: float, high: float) -> str:
    """A range in words."""
    return f"{low:.1f}" if low == high else f"{low:.1f} to {high:.1f}"


def table() -> str:
    """The table of the profiles in Markdown."""
    heads = (
        "profile", "board", "frames a second", "model", "detector, ms", "model, ms a face", "cover, ms a face",
        "rest of a step, ms", "share of a core", "watts", f"hours of {PACK_WH:g} Wh",
    )  # fmt: skip
    return rows(heads, map(row, BOARDS))


def basis() -> str:
    """The table of what the other one is derived from, in Markdown."""
    heads = ("board", "int8 GMAC/s of a core", "GHz", "instructions a cycle", "watts at idle", "four busy cores")
    lines = (
        f"| {board.name} | {between(*board.gmac_s)} | {board.ghz:g} | {between(*board.per_cycle)} | "
        f"{between(*board.idle_w)} | {between(*board.loaded_w)} |"
        for board in BOARDS.values()
    )
    return rows(heads, lines)


def rows(heads: Sequence[str], lines: Iterable[str]) -> str:
    """A table in Markdown."""
    return "\n".join((f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|", *lines))


def main() -> int:
    for markers, text in ((MARKERS, table()), (BASIS_MARKERS, basis())):
        card_file.replace_between(PAGE, markers, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
