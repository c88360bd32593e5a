"""`python -m tests.peers`: see the package."""

import argparse
import datetime
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from convert.machine import machine
from convert.tflite import card_file
from convert.training import provenance
from tests.peers import counted, environments, measure, report, scenes, table
from tests.peers.player import PlayerError
from tests.peers.table import Peer


def main() -> int:
    """Install or measure; returns the exit code."""
    parser = argparse.ArgumentParser(prog="tests.peers", description=__doc__)
    parser.add_argument("--install", action="store_true", help="make the environments that are missing, and end")
    parser.add_argument("--environments", type=Path, metavar="DIR", help="where they lie; default: $EMOTION_PEERS")
    parser.add_argument("--only", nargs="+", metavar="KEY", help="these peers of peers.toml, beside ours")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core that all run on")
    parser.add_argument(
        "--instructions", action="store_true", help="instead: instructions a frame, by valgrind (minutes); printed"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    parser.add_argument("--readme", type=Path, metavar="FILE", help="write the tables into this file, else print them")
    options = parser.parse_args()
    try:
        return _run(options)
    except (AssistantError, PlayerError, ValueError) as err:
        print(f"peers: {err}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    home, (peers, missing) = environments.folder(options.environments), table.read()
    if options.only:
        peers = [peer for peer in peers if peer.key in options.only or peer.group == "ours"]
    if options.readme:
        card_file.check_between(options.readme, report.MARKERS)
    if options.install:
        for peer in peers:
            print(f"{peer.name}: installing", flush=True)
            environments.install(peer, home)
        return 0
    clips = os.environ.get("EMOTION_VIDEOS")
    if not clips:
        raise ValueError("EMOTION_VIDEOS names no folder: it holds the clips")
    held, skipped = _available(peers, home)
    # Of the code that is measured, before the table changes a file of it.
    about = {"commit": provenance.revision(), "date": datetime.datetime.now(datetime.UTC).date().isoformat()}
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        written = {scene.key: scenes.write(scene, Path(clips), Path(folder)) for scene in scenes.SCENES}
        logs = home / "logs"
        logs.mkdir(exist_ok=True)
        if options.instructions:
            print(report.instructions(held, counted.count(held, written, home, options.core, logs)))
            return 0
        found = measure.measure(held, written, home, options.core, logs)
    told: dict[str, Any] = {
        **about,
        "machine": machine(),
        "core": options.core,
        "peers": measure.summary(found),
        "installed_mb": {peer.key: environments.installed_mb(peer, home) for peer in held},
        "skipped": skipped,
    }
    if options.json:
        options.json.write_text(json.dumps({**told, "pieces": found}, indent=1) + "\n", "utf-8")
    text = report.markdown(told, held, missing)
    if options.readme:
        card_file.replace_between(options.readme, report.MARKERS, text)
    else:
        print(text)
    return 0


def _available(peers: list[Peer], home: Path) -> tuple[list[Peer], dict[str, str]]:
    """The peers that can be measured, and by name why others cannot."""
    held, skipped = [], {}
    for peer in peers:
        try:
            table.arguments(peer, home)
        except ValueError as err:
            skipped[peer.name] = str(err)
            continue
        if environments.is_installed(peer, home):
            held.append(peer)
        else:
            skipped[peer.name] = "not installed: --install"
    if not any(peer.group == "ours" for peer in held):
        raise ValueError(f"{home}: ours is not installed there; run --install")
    return held, skipped


if __name__ == "__main__":
    sys.exit(main())
