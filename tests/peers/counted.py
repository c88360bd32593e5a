"""Instructions a frame, counted by valgrind: a check of the ratios that does not depend on what else the machine does.

Two processes play the frames that warm up, one of them CHUNK more: the difference is what those cost. valgrind runs the
machine's code as a processor without AVX-512 would, and cannot run every program: ours and those of group `built`.
"""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.peers.player import Player, PlayerError
from tests.peers.scenes import CHUNK, SCENES, Frames
from tests.peers.table import Peer

VALGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
GROUPS = ("ours", "built")
COLLECTED = re.compile(r"Collected\s*:\s*(\d+)")


def count(
    peers: Sequence[Peer], frames: Mapping[str, Frames], home: Path, core: int, logs: Path
) -> dict[str, dict[str, float]]:
    """By peer and scene: millions of instructions a frame. Raises PlayerError."""
    held = [peer for peer in peers if peer.group in GROUPS]
    counted: dict[str, dict[str, float]] = {peer.key: {} for peer in held}
    with ThreadPoolExecutor(2) as pool:
        for scene in (each for each in SCENES if not each.is_paced):
            warm = scene.warm_up * CHUNK
            runs = [(peer, count) for peer in held for count in (warm, warm + CHUNK)]
            totals = pool.map(
                lambda run, key=scene.key: _total(
                    run[0], key, run[1], frames[key], home, core, logs / f"{run[0].key}-{run[1]}.valgrind"
                ),
                runs,
            )
            of = {(peer.key, count): total for (peer, count), total in zip(runs, totals, strict=True)}
            for peer in held:
                counted[peer.key][scene.key] = (of[peer.key, warm + CHUNK] - of[peer.key, warm]) / CHUNK / 1e6
    return counted


def _total(peer: Peer, key: str, number: int, frames: Frames, home: Path, core: int, log: Path) -> int:
    scene = next(each for each in SCENES if each.key == key)
    with Player(peer, home, core, log, VALGRIND) as player:
        player.begin(scene, frames)
        player.play(number)
        player.end()
    found = COLLECTED.search(log.read_text("utf-8", "replace"))
    if found is None:
        raise PlayerError(f"{peer.name}: valgrind counted nothing; all of it is in {log}")
    return int(found[1])
