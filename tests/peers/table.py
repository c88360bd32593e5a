"""The table of peers: `peers.toml`, read and checked."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FILE = Path(__file__).with_name("peers.toml")
ADAPTERS = Path(__file__).with_name("adapters")
KINDS = ("pip", "npm", "checkout")
GROUPS = ("ours", "built", "package", "ancestor")


@dataclass(frozen=True)
class Peer:
    """One program to measure."""

    key: str
    name: str
    kind: str
    adapter: tuple[str, ...]
    """File in ADAPTERS, and arguments."""
    group: str
    note: str
    install: tuple[str, ...] = ()
    separate: tuple[str, ...] = ()
    prepare: str = ""
    """File in ADAPTERS that is run once with the environment's folder; empty: none."""
    needs: tuple[str, ...] = ()
    environment: str = ""
    """Key of the peer whose environment it shares; its own where it has one."""


@dataclass(frozen=True)
class Missing:
    """A program that cannot be measured here, and why."""

    name: str
    checked: str
    reason: str


def read(file: Path = FILE) -> tuple[list[Peer], list[Missing]]:
    """The peers of a table in its order, and those that are missing. Raises ValueError for a wrong entry."""
    held = tomllib.loads(file.read_text("utf-8"))
    peers: dict[str, Peer] = {}
    for key, values in held["peers"].items():
        peer = _peer(key, values, peers)
        if peer.kind not in KINDS or peer.group not in GROUPS or not (ADAPTERS / peer.adapter[0]).is_file():
            raise ValueError(f"{file}: peers.{key}: unknown kind, group or adapter")
        peers[key] = peer
    return list(peers.values()), [Missing(**each) for each in held["missing"]]


def _peer(key: str, values: dict[str, Any], known: dict[str, Peer]) -> Peer:
    told = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    shared = known.get(told.get("environment", ""))
    if shared is not None:
        told |= {"kind": shared.kind, "install": shared.install, "separate": shared.separate}
    return Peer(key, **{"environment": key, **told})


def arguments(peer: Peer, home: Path) -> list[str]:
    """The arguments of a peer's adapter, with the files that it needs. home: where the environments lie. Raises
    ValueError, with what to set, where a file is missing."""
    for name in peer.needs:
        if not Path(os.environ.get(name, "")).is_file():
            raise ValueError(f"{name} names no file")
    named = {**os.environ, "environment": str(home / peer.environment)}
    return [each.format_map(named) for each in peer.adapter[1:]]
