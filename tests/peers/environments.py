"""Environments of peers, each of its own, outside the repository; what they take on the disk beside an empty one."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.peers.table import ADAPTERS, ROOT, Peer

STAMP = "installed.json"
"""File in an environment's folder: what was installed, and the MB that it takes. It is written last."""


def folder(named: Path | None) -> Path:
    """Where the environments lie. Raises ValueError where that is in this checkout."""
    home = named or Path(os.environ.get("EMOTION_PEERS") or Path.home() / ".cache/emotion-assistant/peers")
    if home.resolve().is_relative_to(ROOT):
        raise ValueError(
            f"{home}: the environments of the peers lie outside this checkout; give another --environments"
        )
    return home


def install(peer: Peer, home: Path) -> None:
    """Make the environment of a peer, unless it is there. Raises ValueError with the last line of what failed."""
    here = home / peer.environment
    if peer.kind == "checkout" or is_installed(peer, home):
        return
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir(parents=True)
    if peer.kind == "npm":
        _run(
            peer,
            ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(here), *peer.install],
        )
        taken = size_mb(here)
    else:
        made = [_venv(peer, folder) for folder in (here, home / "empty")]
        asked = [each.format(root=ROOT) for each in peer.install]
        for packages, options in ((asked, ()), (peer.separate, ("--no-deps",))):
            if packages:
                _run(peer, [str(made[0]), "-m", "pip", "install", "--quiet", *options, *packages])
        taken = size_mb(here) - size_mb(home / "empty")
    if peer.prepare:
        _run(peer, [sys.executable, str(ADAPTERS / peer.prepare), str(here)])
    (here / STAMP).write_text(json.dumps({"asked": _asked(peer), "mb": round(taken)}), "utf-8")


def is_installed(peer: Peer, home: Path) -> bool:
    """Whether a peer's environment is there, with what its table asks for."""
    stamp = home / peer.environment / STAMP
    return peer.kind == "checkout" or (
        stamp.is_file() and json.loads(stamp.read_text("utf-8"))["asked"] == _asked(peer)
    )


def installed_mb(peer: Peer, home: Path) -> int | None:
    """Megabytes that a peer's environment takes beside an empty one; None for that of the checkout."""
    stamp = home / peer.environment / STAMP
    return None if peer.kind == "checkout" else int(json.loads(stamp.read_text("utf-8"))["mb"])


def program(peer: Peer, home: Path) -> list[str]:
    """The interpreter of a peer."""
    if peer.kind == "npm":
        return ["node"]
    return [sys.executable if peer.kind == "checkout" else str(home / peer.environment / "bin/python")]


def size_mb(of: Path) -> float:
    """Megabytes of the files in a folder, in blocks as the disk counts them."""
    found = (os.lstat(Path(top) / name) for top, _, names in os.walk(of) for name in names)
    return sum({each.st_ino: each.st_blocks * 512 for each in found}.values()) / 1e6


def _asked(peer: Peer) -> list[str]:
    """What decides whether an environment has to be made anew; for ours the packages that it asks for."""
    own = (ROOT / "setup.cfg").read_text("utf-8").partition("install_requires")[2].partition("[")[0]
    return [own if each == "{root}" else each for each in (*peer.install, *peer.separate)]


def _venv(peer: Peer, to: Path) -> Path:
    if not (to / "bin/python").exists():
        _run(peer, [sys.executable, "-m", "venv", str(to)])
    return to / "bin/python"


def _run(peer: Peer, command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as err:
        raise ValueError(f"{peer.name}: {command[0]}: {err.strerror}") from err
    if done.returncode:
        raise ValueError(f"{peer.name}: {' '.join(command[:4])}: {done.stderr.strip().rpartition(chr(10))[2]}")
