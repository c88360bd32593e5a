"""The measurement: all peers run at the same time, each waits while another one plays its piece of a scene."""

import contextlib
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.system.progress import track
from tests.peers.player import Player
from tests.peers.scenes import CHUNK, FPS, PEOPLE, SCENES, Frames
from tests.peers.table import Peer

STARTS = 3
"""Times that each peer is started; the median counts."""


def measure(
    peers: Sequence[Peer], frames: Mapping[str, Frames], home: Path, core: int, logs: Path
) -> dict[str, dict[str, Any]]:
    """By peer: {"ready_cpu_s": [...], "ms": {scene: [CPU milliseconds a frame of each counted piece]}, "wall_ms": the
    same, "changes": {scene: number}, "peak_mib": …}. frames: by scene. logs: a folder for what the peers print.

    Raises PlayerError.
    """
    found: dict[str, dict[str, Any]] = {
        peer.key: {"ready_cpu_s": [], "ms": {}, "wall_ms": {}, "changes": {}} for peer in peers
    }
    with contextlib.ExitStack() as running:
        for start in track(range(STARTS), "starts", "rounds"):
            for peer in peers:
                player = Player(peer, home, core, logs / f"{peer.key}.log")
                if start == STARTS - 1:
                    running.enter_context(player)
                    found[peer.key]["player"] = player
                found[peer.key]["ready_cpu_s"].append(_ready(player, frames))
                if start < STARTS - 1:
                    player.__exit__(None, None, None)
        players = [(each, each.pop("player")) for each in found.values()]
        for scene in track(SCENES, "peers", "scenes"):
            for _, player in players:
                player.begin(scene, frames[scene.key])
            for piece in range(scene.chunks):
                turned = players[piece % len(players) :] + players[: piece % len(players)]
                for told, player in turned:
                    spent = player.play(CHUNK)
                    told["peak_mib"] = spent["peak_kib"] / 1024
                    if piece >= scene.warm_up:
                        for kind, name in (("ms", "cpu_s"), ("wall_ms", "wall_s")):
                            told[kind].setdefault(scene.key, []).append(1000 * spent[name] / spent["frames"])
            for told, player in players:
                told["changes"][scene.key] = player.end()
    return found


def _ready(player: Player, frames: Mapping[str, Frames]) -> float:
    """CPU seconds from a process's start until it has read its first frame: some load their networks only then."""
    scene = next(each for each in SCENES if each.key == PEOPLE[-1])
    player.begin(scene, frames[scene.key])
    ready = float(player.play(1)["total_cpu_s"])
    player.end()
    return ready


def summary(found: Mapping[str, dict[str, Any]], ours: str = "ours") -> dict[str, dict[str, Any]]:
    """The figures of a report, by peer. found: as `measure` gives it; `ours` is the key of the one that the others are
    compared with."""
    base = found[ours]
    told = {}
    for key, each in found.items():
        minute = statistics.mean(statistics.median(each["ms"][scene]) for scene in PEOPLE) * FPS * 60 / 1000
        ready = statistics.median(each["ready_cpu_s"])
        heard = [each["changes"][scene] for scene in PEOPLE]
        told[key] = {
            "ms": {scene: statistics.median(times) for scene, times in each["ms"].items()},
            "ratio": {scene: spread(ratios(times, base["ms"][scene])) for scene, times in each["ms"].items()},
            "people_ratio": spread([one for scene in PEOPLE for one in ratios(each["ms"][scene], base["ms"][scene])]),
            "minute_cpu_s": minute,
            "fps": 600 / minute,
            "ready_cpu_s": ready,
            "whole_cpu_s": ready + minute,
            "peak_mib": each["peak_mib"],
            "changes_a_minute": None if None in heard else sum(heard) / (_seconds() / 60),
        }
    return told


def _seconds() -> float:
    return sum(scene.chunks for scene in SCENES if scene.key in PEOPLE) * CHUNK / FPS


def ratios(times: Sequence[float], base: Sequence[float]) -> list[float]:
    """The ratio of each piece to the same piece of another peer, which ran beside it."""
    return [one / other for one, other in zip(times, base, strict=True)]


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, lowest and highest."""
    return statistics.median(values), min(values), max(values)
